//! `cgrove freeze GROUP` and `cgrove thaw GROUP`: hold all tasks of a group, and let them go on.
use std::ffi::OsString;

use anyhow::Result;

use super::exit::Code;
use super::verb::{self, How};
use crate::plan::intent::{Intent, Target};

/// Arguments of `cgrove freeze` and `cgrove thaw`.
#[derive(Clone, Debug, clap::Args)]
pub struct Freeze {
    /// The group: PATH, or H:PATH. All tasks in it and below are meant.
    pub group: OsString,
    /// How it is done.
    #[command(flatten)]
    pub how: How,
}

/// Runs `cgrove freeze`.
///
/// # Errors
/// See [`verb::run`].
pub fn freeze(args: &Freeze) -> Result<Code> {
    verb::run(&args.how, |scene| Ok(Intent::Hold { target: Target::Group(scene.group(&args.group)?) }))
}

/// Runs `cgrove thaw`.
///
/// # Errors
/// See [`verb::run`].
pub fn thaw(args: &Freeze) -> Result<Code> {
    verb::run(&args.how, |scene| Ok(Intent::Resume { target: Target::Group(scene.group(&args.group)?) }))
}
