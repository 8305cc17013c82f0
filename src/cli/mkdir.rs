//! `cgrove mkdir GROUP [FILE=VALUE…]`: make a group and those on the way to it, with its first values.
use std::ffi::OsString;

use anyhow::Result;

use super::exit::{Code, Coded};
use super::verb::scene::{Scene, setting};
use super::verb::{self, How};
use crate::effect::directories::Directories;
use crate::model::place::Place;
use crate::plan::intent::Intent;

/// Arguments of `cgrove mkdir`.
#[derive(Clone, Debug, clap::Args)]
pub struct Mkdir {
    /// The group: PATH, or H:PATH. Groups on the way that are missing are made, too.
    pub group: OsString,
    /// First values, such as cpu.shares=600. On v2 the controllers that they need are enabled on the way.
    #[arg(value_name = "FILE=VALUE")]
    pub settings: Vec<OsString>,
    /// v2: enable this controller for the group (may be given several times).
    #[arg(long = "controller", value_name = "NAME")]
    pub controllers: Vec<Box<str>>,
    /// How it is done.
    #[command(flatten)]
    pub how: How,
}

/// Runs the command.
///
/// # Errors
/// See [`verb::run`].
pub fn run(args: &Mkdir) -> Result<Code> {
    verb::run(&args.how, |scene| {
        let place = scene.place(&args.group)?;
        if place.is_top() {
            return Err(Coded::usage(format!("{} is the top group, which is there already", scene.named(&place))));
        }
        let settings = args.settings.iter().map(|text| setting(text)).collect::<Result<_>>()?;
        let parent = lowest_that_is(scene, &place);
        let path = place.path[parent.path.len()..].strip_prefix(b"/").unwrap_or(&place.path[parent.path.len()..]);
        Ok(Intent::Create { parent, path: path.into(), settings, controllers: args.controllers.clone() })
    })
}

/// The lowest group above `place` that is there, or the top.
fn lowest_that_is(scene: &Scene<'_>, place: &Place) -> Place {
    let is = |place: &Place| scene.hierarchies.directory(place).is_some_and(|path| path.is_dir());
    let mut above = std::iter::successors(place.parent(), Place::parent);
    above.find(|above| above.is_top() || is(above)).unwrap_or_else(|| Place::top(place.hierarchy))
}
