//! Applies one step: the few functions of cgrove that write into the kernel.
//!
//! Every function opens the group first, compares its identity where the step names one, acts relative to the open directory,
//! and reads back what the kernel made of it. One file a kind of step.
use std::time::Instant;

use crate::effect::directories::Directories;
use crate::effect::failure::Failure;
use crate::effect::supervisor::Launcher;
use crate::model::id::TaskKey;
use crate::model::workload::{Workload, WorkloadState};
use crate::plan::step::{Outcome, Signal, Step};

mod drain;
mod group;
mod interrupt;
mod kill_all;
mod mount;
mod relocate;
mod schedule;
mod signal;
mod write;

pub use group::inode;
pub use interrupt::{INTERRUPTED, Interruptible};
pub use relocate::place_of;
pub(in crate::effect) use write::put;

/// Applies steps, one at a time.
pub trait Executor {
    /// Applies a step and reads back what became of it.
    ///
    /// # Errors
    /// The kernel refused it; nothing of this step stands then.
    fn apply(&mut self, step: &Step) -> Result<Outcome, Failure>;

    /// What became of a step that takes a while to show (a signal), looked at until it shows, or until `until`. `None` where
    /// there is no more to tell.
    fn look(&mut self, _step: &Step, _until: Instant) -> Option<Outcome> {
        None
    }
}

/// The executor that changes the machine.
pub struct Kernel<'a> {
    /// Where hierarchies are mounted.
    pub directories: &'a dyn Directories,
    /// Who launches.
    pub launcher: &'a mut dyn Launcher,
}

impl Kernel<'_> {
    fn is_running_workload(&self, process: TaskKey) -> bool {
        let running = |w: &&Workload| w.process == process && w.state == WorkloadState::Running;
        self.launcher.workloads().iter().any(|workload| running(&workload))
    }
}

impl Executor for Kernel<'_> {
    fn apply(&mut self, step: &Step) -> Result<Outcome, Failure> {
        let directories = self.directories;
        match step {
            Step::MakeGroup { at } => group::make(directories, at),
            Step::RemoveGroup { at, key, .. } => group::remove(directories, at, *key),
            Step::Rename { at, key, name } => group::rename(directories, at, *key, name),
            Step::Write { at, key, file, data, .. } => write::write(directories, at, *key, file, data),
            Step::Move { task, scope, from, to } => relocate::relocate(directories, *task, *scope, from, to),
            Step::Drain { from, to } => drain::drain(directories, from, to),
            Step::MakeDirectory { path } => mount::make_directory(path),
            Step::RemoveDirectory { path } => mount::remove_directory(path),
            Step::Mount { mounting } => mount::mount(directories, mounting),
            Step::Unmount { mounting, ends, lazy, .. } => mount::unmount(directories, mounting, *ends, *lazy),
            Step::KillAll { at, key } => kill_all::kill_all(directories, at, *key),
            Step::Launch { launch, .. } => self.launcher.launch(launch, directories).map(Outcome::Launched),
            // Of a workload the whole tree is meant: a loop's threads end with it, what a command forked does not.
            Step::Signal { process, signal: Signal::Kill } if self.is_running_workload(*process) => {
                self.launcher.end(*process).map(|()| Outcome::Signalled)
            }
            Step::Signal { process, signal } => signal::signal(*process, *signal),
            Step::Schedule { task, scope, to, .. } => schedule::schedule(*task, *scope, to),
        }
    }

    fn look(&mut self, step: &Step, until: Instant) -> Option<Outcome> {
        let Step::Signal { process, signal } = step else { return None };
        Some(Outcome::Became(signal::look(*process, *signal, until)))
    }
}
