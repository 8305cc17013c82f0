//! SVG to PNG, with fonts that are loaded from files: a renderer leaves out silently what no font has.

use crate::shapes;
use anyhow::{Context, Result, bail, ensure};
use resvg::tiny_skia::{Pixmap, Transform};
use resvg::usvg::{Options, Tree, fontdb};
use std::path::Path;
use std::sync::Arc;

/// Pixels of the picture for one of the SVG.
const SCALE: f32 = 2.0;

/// `DejaVu Sans Mono`, regular and bold.
pub(crate) struct Fonts {
    database: Arc<fontdb::Database>,
    regular: Vec<u8>,
}

impl Fonts {
    /// Loads them from a folder.
    pub(crate) fn load(folder: &Path) -> Result<Self> {
        let mut database = fontdb::Database::new();
        let mut load = |name: &str| -> Result<Vec<u8>> {
            let file = folder.join(name);
            let data =
                std::fs::read(&file).with_context(|| format!("{}: install fonts-dejavu-core", file.display()))?;
            database.load_font_data(data.clone());
            Ok(data)
        };
        let regular = load("DejaVuSansMono.ttf")?;
        load("DejaVuSansMono-Bold.ttf")?;
        ensure!(database.len() == 2, "the fonts of {} cannot be used", folder.display());
        Ok(Self { database: Arc::new(database), regular })
    }

    /// Whether every character of a screen can be drawn.
    pub(crate) fn check(&self, screen: &vt100::Screen) -> Result<()> {
        let face = ttf_parser::Face::parse(&self.regular, 0).context("DejaVu Sans Mono")?;
        let mut missing: Vec<char> = screen
            .contents()
            .chars()
            .filter(|&c| c != '\n' && shapes::parts(c).is_none() && face.glyph_index(c).is_none())
            .collect();
        missing.sort_unstable();
        missing.dedup();
        if !missing.is_empty() {
            bail!("DejaVu Sans Mono has no glyph for {missing:?}");
        }
        Ok(())
    }

    /// The picture as a PNG file.
    pub(crate) fn render(&self, svg: &str) -> Result<Vec<u8>> {
        let options = Options { fontdb: Arc::clone(&self.database), ..Options::default() };
        let tree = Tree::from_str(svg, &options)?;
        let size = tree.size().to_int_size().scale_by(SCALE).context("the picture has no size")?;
        let mut pixmap = Pixmap::new(size.width(), size.height()).context("the picture is too large")?;
        resvg::render(&tree, Transform::from_scale(SCALE, SCALE), &mut pixmap.as_mut());
        Ok(pixmap.encode_png()?)
    }
}
