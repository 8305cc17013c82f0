//! `cgrove signal SIGNAL PID…` and `cgrove signal SIGNAL --group GROUP`; `cgrove kill GROUP`.
use std::ffi::OsString;

use anyhow::Result;

use super::exit::{Code, Coded};
use super::verb::{self, How};
use crate::plan::intent::{Intent, Recipients};
use crate::plan::step;

/// Arguments of `cgrove signal`.
#[derive(Clone, Debug, clap::Args)]
pub struct Signal {
    /// Name or number: TERM, KILL, STOP, CONT, HUP, INT, QUIT, USR1, USR2, ABRT.
    pub signal: String,
    /// Processes by PID; a TID means its process.
    #[arg(required_unless_present = "group", conflicts_with = "group", value_name = "PID")]
    pub tasks: Vec<OsString>,
    /// To the processes in this group: PATH, or H:PATH.
    #[arg(short, long)]
    pub group: Option<OsString>,
    /// With --group: also to those in the groups below.
    #[arg(short, long, requires = "group")]
    pub recursive: bool,
    /// Also to those that are frozen or stopped, and take it only when they go on.
    #[arg(long)]
    pub pending: bool,
    /// How it is done.
    #[command(flatten)]
    pub how: How,
}

/// Arguments of `cgrove kill`.
#[derive(Clone, Debug, clap::Args)]
pub struct Kill {
    /// The group: PATH, or H:PATH. All processes in it and below are killed, also those that fork meanwhile.
    pub group: OsString,
    /// How it is done.
    #[command(flatten)]
    pub how: How,
}

/// Runs `cgrove signal`.
///
/// # Errors
/// Exit 2 for a signal that is not known; see [`verb::run`].
pub fn signal(args: &Signal) -> Result<Code> {
    let Some(signal) = step::Signal::parse(&args.signal) else {
        let known: Vec<&str> = step::Signal::ALL.iter().map(|signal| signal.name()).collect();
        return Err(Coded::usage(format!(
            "{} is no signal that cgrove sends; there are: {}",
            crate::model::bytes::escape(args.signal.as_bytes()),
            known.join(" ")
        )));
    };
    verb::run(&args.how, |scene| {
        let to = match &args.group {
            Some(group) => Recipients::Group { group: scene.group(group)?, below: args.recursive },
            None => Recipients::Processes(scene.tasks(&args.tasks)?),
        };
        Ok(Intent::Signal { to, signal, pending: args.pending })
    })
}

/// Runs `cgrove kill`.
///
/// # Errors
/// See [`verb::run`].
pub fn kill(args: &Kill) -> Result<Code> {
    verb::run(&args.how, |scene| Ok(Intent::KillAll { group: scene.group(&args.group)? }))
}
