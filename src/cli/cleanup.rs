//! `cgrove cleanup`: take back what a cgrove that was killed has left, from its journal.
use anyhow::Result;

use super::exit::{Code, Coded};
use super::output;
use crate::effect::cleanup::cleanup;
use crate::effect::executor::{Executor, Kernel};
use crate::effect::journal;
use crate::effect::mounts::Mounts;
use crate::effect::supervisor::Nobody;
use crate::kernel::discover::discover;
use crate::kernel::real::RealFs;

/// Arguments of `cgrove cleanup`.
#[derive(Clone, Debug, clap::Args)]
pub struct Cleanup {
    /// Only say what would be done.
    #[arg(long)]
    pub dry_run: bool,
}

/// Runs the command. What it did goes to stdout.
///
/// # Errors
/// Exit 3 if the host cannot be read; exit 4, said on stdout, if something is left that the next cleanup should try again.
pub fn run(args: &Cleanup) -> Result<Code> {
    let found = discover(&RealFs).map_err(|error| Coded::host(error.to_string()))?;
    let boot_id = journal::boot_id().map_err(|failure| Coded::host(failure.to_string()))?;
    let directories = &Mounts::new(found.hierarchies);
    let mut launcher = Nobody;
    let mut executor = Kernel { directories, launcher: &mut launcher };
    let executor = (!args.dry_run).then_some(&mut executor as &mut dyn Executor);
    let done = cleanup(&journal::locations(), &boot_id, directories, executor);
    output::data(&done.to_string())?;
    Ok(if done.is_complete() { Code::Done } else { Code::Failed })
}
