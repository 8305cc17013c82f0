//! `cgrove rename GROUP NAME`: another name for a group of v1.
use std::ffi::OsString;
use std::os::unix::ffi::OsStrExt;

use anyhow::Result;

use super::exit::Code;
use super::verb::{self, How};
use crate::plan::intent::Intent;

/// Arguments of `cgrove rename`.
#[derive(Clone, Debug, clap::Args)]
pub struct Rename {
    /// The group: PATH, or H:PATH.
    #[arg(value_name = "GROUP")]
    pub group: OsString,
    /// Its new name: one component, no path.
    #[arg(value_name = "NAME")]
    pub name: OsString,
    /// How it is done.
    #[command(flatten)]
    pub how: How,
}

/// Runs the command.
///
/// # Errors
/// See [`verb::run`].
pub fn run(args: &Rename) -> Result<Code> {
    verb::run(&args.how, |scene| {
        Ok(Intent::Rename { group: scene.group(&args.group)?, name: args.name.as_bytes().into() })
    })
}
