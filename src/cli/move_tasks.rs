//! `cgrove move GROUP PID…`: move processes, or threads alone, into a group.
use std::ffi::OsString;

use anyhow::Result;

use super::exit::Code;
use super::verb::{self, How};
use crate::plan::intent::{Intent, Scope};

/// Arguments of `cgrove move`.
#[derive(Clone, Debug, clap::Args)]
pub struct Move {
    /// Where to: PATH, or H:PATH.
    pub group: OsString,
    /// Processes by PID; with --threads threads by TID.
    #[arg(required = true, value_name = "PID")]
    pub tasks: Vec<OsString>,
    /// Move these threads alone, not their whole processes (v1 tasks, v2 cgroup.threads).
    #[arg(long)]
    pub threads: bool,
    /// How it is done.
    #[command(flatten)]
    pub how: How,
}

/// Runs the command.
///
/// # Errors
/// See [`verb::run`].
pub fn run(args: &Move) -> Result<Code> {
    verb::run(&args.how, |scene| {
        let to = scene.group(&args.group)?;
        let tasks = scene.tasks(&args.tasks)?;
        let scope = if args.threads { Scope::Thread } else { Scope::Process };
        Ok(Intent::Move { tasks, to, scope })
    })
}
