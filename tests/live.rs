//! Trials on the live kernel.
//!
//! Each trial says what it needs ([`host::Need`]). What this host cannot give is listed as ignored, with the reason. With
//! `CGROVE_LIVE=require` a missing *permission* fails instead; a host of another kind (no v2, one CPU) stays a reason.
//!
//! Flow: [`main`] probes the host and makes the list; the first trial that runs makes the stage, one group named
//! `cgrove-test-PID` of the highest weight, so that what else this host does takes little from it; each trial gets a
//! [`bench::Bench`], a group of its own in there, which ends its processes and removes its groups when it is dropped,
//! panic or not. Trials that measure hold a lock of the whole host and so run one at a time. At the end, and on SIGINT,
//! SIGTERM and SIGHUP, the stage is removed; what a killed run left is removed by the next one.
//!
//! To add trials: a file in `tests/live/` with `pub(crate) fn trials() -> Vec<Entry>`, and a line in [`entries`].

#![expect(clippy::print_stderr, reason = "messages of a test program go there")]

#[path = "live/bench.rs"]
mod bench;
#[path = "live/host.rs"]
mod host;
#[path = "common/pty.rs"]
mod pty;
#[path = "live/spinner.rs"]
mod spinner;
#[path = "live/stage.rs"]
mod stage;

#[path = "live/effect.rs"]
mod effect;
#[path = "live/files.rs"]
mod files;
#[path = "live/groups.rs"]
mod groups;
#[path = "live/guard.rs"]
mod guard;
#[path = "live/journal.rs"]
mod journal;
#[path = "live/mounts.rs"]
mod mounts;
#[path = "live/moves.rs"]
mod moves;
#[path = "live/program.rs"]
mod program;
#[path = "live/random.rs"]
mod random;
#[path = "live/remove.rs"]
mod remove;
#[path = "live/rows.rs"]
mod rows;
#[path = "live/screen.rs"]
mod screen;
#[path = "live/tasks.rs"]
mod tasks;
#[path = "live/threads.rs"]
mod threads;
#[path = "live/tree.rs"]
mod tree;
#[path = "live/undo.rs"]
mod undo;
#[path = "live/verify.rs"]
mod verify;
#[path = "live/weights.rs"]
mod weights;

use bench::Bench;
use host::{Host, Need};
use libtest_mimic::{Arguments, Completion, Failed, Trial};
use stage::Stage;
use std::process::ExitCode;
use std::sync::Arc;

/// One trial as a file of `tests/live/` lists it.
#[derive(Clone, Copy)]
pub(crate) struct Entry {
    /// Name, `file::what_is_tried`.
    pub(crate) name: &'static str,
    /// What the host must have and permit.
    pub(crate) needs: &'static [Need],
    /// It measures CPU time and must be alone on this host.
    pub(crate) measures: bool,
    /// The trial itself.
    pub(crate) run: fn(&mut Bench) -> Result<(), Failed>,
}

/// All trials.
fn entries() -> Vec<Entry> {
    [
        effect::trials(),
        files::trials(),
        groups::trials(),
        journal::trials(),
        guard::trials(),
        mounts::trials(),
        moves::trials(),
        random::trials(),
        remove::trials(),
        rows::trials(),
        screen::trials(),
        threads::trials(),
        tasks::trials(),
        tree::trials(),
        undo::trials(),
        verify::trials(),
        weights::trials(),
    ]
    .into_iter()
    .flatten()
    .collect()
}

fn trial(entry: Entry, stage: &Arc<Stage>, required: bool) -> Trial {
    let stage = Arc::clone(stage);
    Trial::ignorable_test(entry.name, move || {
        for need in entry.needs {
            if let Err(lack) = stage.host().has(*need) {
                if required && lack.permission {
                    return Err(format!("CGROVE_LIVE=require, but {}", lack.reason).into());
                }
                return Ok(Completion::ignored_with(lack.reason));
            }
        }
        let mut bench = Bench::new(&stage, entry.name, entry.measures)?;
        // A bench that cannot be cleared fails its trial; when the trial panics, dropping it clears it.
        let outcome = (entry.run)(&mut bench);
        bench.clear()?;
        outcome.map(|()| Completion::Completed)
    })
}

fn main() -> ExitCode {
    let roles = [spinner::be_one, threads::be_one, rows::become_the_command, undo::be_a_sleeper, undo::be_a_player];
    if let Some(code) = roles.iter().find_map(|role| role()) {
        return code;
    }
    let required = std::env::var_os("CGROVE_LIVE").is_some_and(|value| value == "require");
    let arguments = Arguments::from_args();
    let stage = Arc::new(Stage::new(Host::probe()));
    stage::remove_on_signals(&stage);
    let trials = entries().into_iter().map(|entry| trial(entry, &stage, required)).collect();
    let conclusion = libtest_mimic::run(&arguments, trials);
    if let Err(error) = stage.remove() {
        eprintln!("the trials left something behind: {error}");
        return ExitCode::FAILURE;
    }
    conclusion.exit_code()
}
