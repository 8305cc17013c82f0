//! The command line: one file a subcommand, thin over the library.
//!
//! Calling flow: `main` calls [`main`]; hidden subcommands (the supervisor, a launch, the built-in loop) are dispatched
//! first, before any thread exists and before the command line is parsed; then clap parses, the subcommand runs, and its
//! result becomes an exit code ([`exit::Code`]). Data goes to stdout, messages and progress to stderr.
//!
//! Not here: what the commands do. Each is a caller of `kernel`, `experiment`, `effect` or `runtime`.

pub mod apply;
pub mod args;
pub mod cleanup;
pub mod delegate;
pub mod exit;
pub mod freeze;
pub mod help;
pub mod journal;
pub mod mkdir;
pub mod mount;
pub mod move_tasks;
pub mod output;
pub mod predict;
pub mod rename;
pub mod rmdir;
pub mod schedule;
pub mod set;
pub mod signal;
pub mod target;
pub mod tree;
pub mod tui;
pub mod verb;
pub mod verify;

use std::process::ExitCode;

use clap::Parser;

use exit::{Code, Coded};

/// Runs cgrove on this process's arguments.
#[must_use]
pub fn main() -> ExitCode {
    let arguments: Vec<std::ffi::OsString> = std::env::args_os().collect();
    if let Some(code) = hidden(&arguments) {
        return code;
    }
    let parsed = match args::Cli::try_parse_from(arguments) {
        Ok(parsed) => parsed,
        Err(error) => {
            let code = if error.use_stderr() { Code::Usage } else { Code::Done };
            output::ignore_broken_pipe(error.print());
            return code.into();
        }
    };
    match dispatch(parsed) {
        Ok(code) => code.into(),
        Err(error) => {
            output::message(&format!("cgrove: {error:#}"));
            Coded::of(&error).into()
        }
    }
}

/// The subcommands that cgrove runs itself by: no clap, no thread, no allocation that matters before them.
fn hidden(arguments: &[std::ffi::OsString]) -> Option<ExitCode> {
    use crate::effect;
    match arguments.get(1)?.to_str()? {
        effect::supervisor::SUBCOMMAND => Some(effect::supervisor::main()),
        effect::trial::SUBCOMMAND => Some(effect::trial::main()),
        effect::launch::SUBCOMMAND => Some(effect::launch::main()),
        "spin" => Some(effect::spin::main(effect::spin::parse(&arguments[2..])?)),
        _ => None,
    }
}

fn dispatch(cli: args::Cli) -> anyhow::Result<Code> {
    match cli.command {
        None => tui::run(&cli.tui),
        Some(args::Command::Tree(args)) => tree::run(&args),
        Some(args::Command::Predict(args)) => predict::run(&args),
        Some(args::Command::Verify(args)) => verify::run(&args),
        Some(args::Command::Apply(args)) => apply::apply(&args),
        Some(args::Command::Destroy(args)) => apply::destroy(&args),
        Some(args::Command::Mkdir(args)) => mkdir::run(&args),
        Some(args::Command::Rename(args)) => rename::run(&args),
        Some(args::Command::Rmdir(args)) => rmdir::run(&args),
        Some(args::Command::Set(args)) => set::run(&args),
        Some(args::Command::Move(args)) => move_tasks::run(&args),
        Some(args::Command::Signal(args)) => signal::signal(&args),
        Some(args::Command::Kill(args)) => signal::kill(&args),
        Some(args::Command::Schedule(args)) => schedule::run(&args),
        Some(args::Command::Freeze(args)) => freeze::freeze(&args),
        Some(args::Command::Thaw(args)) => freeze::thaw(&args),
        Some(args::Command::Journal(args)) => journal::run(&args),
        Some(args::Command::Mount(args)) => mount::mount(&args),
        Some(args::Command::Umount(args)) => mount::unmount(&args),
        Some(args::Command::Cleanup(args)) => cleanup::run(&args),
        Some(args::Command::Completions(args)) => help::completions(args),
        Some(args::Command::Man) => help::man(),
    }
}
