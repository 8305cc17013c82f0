//! `cgrove rmdir GROUP…`: remove groups.
use std::ffi::OsString;

use anyhow::Result;

use super::exit::Code;
use super::verb::{self, How};
use crate::plan::intent::{Inside, Intent};

/// What becomes of the tasks in groups that are removed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Tasks {
    /// They go to the nearest group above that may hold them.
    Parent,
    /// They are killed.
    Kill,
}

/// Arguments of `cgrove rmdir`.
#[derive(Clone, Debug, clap::Args)]
pub struct Rmdir {
    /// The groups: PATH, or H:PATH each. Several are removed in this order, all or none.
    #[arg(required = true, value_name = "GROUP")]
    pub groups: Vec<OsString>,
    /// Remove the groups below, too. Tasks inside go where `--tasks` says.
    #[arg(short, long)]
    pub recursive: bool,
    /// With -r: what becomes of the tasks inside.
    #[arg(long, value_enum, default_value_t = Tasks::Parent, requires = "recursive")]
    pub tasks: Tasks,
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
        let inside = match args.tasks {
            _ if !args.recursive => Inside::Nothing,
            Tasks::Parent => Inside::Move,
            Tasks::Kill => Inside::Kill,
        };
        let remove = |text: &OsString| Ok(Intent::Remove { group: scene.group(text)?, inside });
        let intents = args.groups.iter().map(remove).collect::<Result<Vec<_>>>()?;
        Ok(verb::together(format!("remove {} groups", intents.len()), intents))
    })
}
