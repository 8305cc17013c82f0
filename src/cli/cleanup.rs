//! `cgrove cleanup`: take back what a cgrove that was killed has left, from its journal.
use anyhow::Result;

use super::exit::{Code, Coded};
use super::output;
use crate::effect::cleanup::cleanup;
use crate::effect::executor::Kernel;
use crate::effect::journal;
use crate::effect::supervisor::NoLauncher;
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
    let found = discover(&RealFs::new()).map_err(|error| Coded::host(error.to_string()))?;
    let boot_id = journal::boot_id().map_err(|failure| Coded::host(failure.to_string()))?;
    let directories = &found.hierarchies[..];
    let mut launcher = NoLauncher;
    let mut executor = Kernel { directories: &directories, launcher: &mut launcher };
    let executor = (!args.dry_run).then_some(&mut executor);
    let done = cleanup(&journal::locations(), &boot_id, &directories, executor.map(|e| e as &mut _));
    output::data(&done.to_string())?;
    Ok(if done.is_complete() { Code::Done } else { Code::Failed })
}
