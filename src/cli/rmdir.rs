//! `cgrove rmdir GROUP…`: remove groups.
use std::ffi::OsString;

use anyhow::Result;

use super::exit::Code;
use super::verb::{self, How};
use crate::plan::intent::Intent;

/// Arguments of `cgrove rmdir`.
#[derive(Clone, Debug, clap::Args)]
pub struct Rmdir {
    /// The groups: PATH, or H:PATH each. Several are removed in this order, all or none.
    #[arg(required = true, value_name = "GROUP")]
    pub groups: Vec<OsString>,
    /// How it is done.
    #[command(flatten)]
    pub how: How,
}

/// Runs the command.
///
/// # Errors
/// See [`verb::run`].
pub fn run(args: &Rmdir) -> Result<Code> {
    verb::run(&args.how, |scene| {
        let remove = |text: &OsString| Ok(Intent::Remove { group: scene.group(text)? });
        let intents = args.groups.iter().map(remove).collect::<Result<Vec<_>>>()?;
        Ok(verb::together(format!("remove {} groups", intents.len()), intents))
    })
}
