//! Takes pictures of full-screen programs: `cgrove-screenshots SCENES FOLDER [SCENE…]`.
//!
//! A scene ([`scene`]) runs the program in a terminal emulator until its screen is what is wanted; the cells of the screen
//! are written as SVG ([`svg`], with line-drawing characters as shapes, [`shapes`]) in the colours of [`palette`], and that
//! as PNG ([`png`]). `screenshots/run.sh` is the way to call it.

mod palette;
mod png;
#[path = "../../../tests/common/pty.rs"]
mod pty;
mod scene;
mod shapes;
mod svg;

use anyhow::{Context, Result, ensure};
use std::path::Path;

fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [scenes, folder, wanted @ ..] = arguments.as_slice() else {
        anyhow::bail!("usage: cgrove-screenshots SCENES FOLDER [SCENE…]");
    };
    let text = std::fs::read_to_string(scenes).with_context(|| format!("cannot read {scenes}"))?;
    let scenes: scene::Scenes = toml::from_str(&text).with_context(|| format!("cannot use {scenes}"))?;
    for name in wanted {
        ensure!(scenes.scene.iter().any(|scene| scene.name == *name), "there is no scene {name}");
    }
    let fonts = png::Fonts::load(Path::new("/usr/share/fonts/truetype/dejavu"))?;
    for scene in &scenes.scene {
        if !wanted.is_empty() && !wanted.contains(&scene.name) {
            continue;
        }
        let screen = scene.run().with_context(|| format!("scene {}", scene.name))?;
        fonts.check(&screen).with_context(|| format!("scene {}", scene.name))?;
        let svg = svg::draw(&screen);
        let file = Path::new(folder).join(&scene.name);
        for (extension, bytes) in [("svg", svg.clone().into_bytes()), ("png", fonts.render(&svg)?)] {
            let file = file.with_extension(extension);
            std::fs::write(&file, bytes).with_context(|| format!("cannot write {}", file.display()))?;
        }
    }
    Ok(())
}
