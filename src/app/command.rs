//! What the app wants done: everything it cannot do itself, because it is pure.
use std::time::Duration;

use crate::model::interest::Interest;
use crate::plan::intent::Intent;
use crate::plan::step::Plan;

use super::experiment::{Control, Source};
use super::message::Token;
use super::others::compare::Change;

/// Something to do outside of the app. The runtime does them in order and never makes the app wait.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Command {
    /// What the next sampling should read; it replaces the older one and samples at once.
    Interest(Interest),
    /// Survey what the intent needs and plan it; answered by `Message::Planned` or `NotPlanned`.
    Plan(Token, Intent),
    /// Carry out a plan that was confirmed; answered by `Message::Done` (or `Planned`, if the second survey differs).
    Execute(Token, Box<Plan>),
    /// The same for so long: then it is taken back, unless it is kept.
    Try(Token, Box<Plan>, Duration),
    /// End what is on trial: keep it, or take it back at once.
    EndTrial {
        /// Keep it.
        keep: bool,
    },
    /// Put text on the clipboard (OSC 52) and into a file whose name is said; answered by `Message::Copied`.
    Copy(String),
    /// Write text into a file of this name, in the directory of what is copied; answered by `Message::Copied`.
    Keep {
        /// The file's name.
        name: String,
        /// The text.
        text: String,
    },
    /// Take back what visits left that did not come to their end; answered by `Message::Left`.
    CleanUp,
    /// Who did this, by the journals of other cgroves that run; answered by `Message::Known` where one did.
    Who(Vec<(u64, Change)>),
    /// Read and check an experiment; answered by `Message::Experiment`.
    LoadExperiment(Source),
    /// Drive the experiment that was loaded.
    Experiment(Control),
    /// Start the measuring window anew: what `0` does.
    MeasureAnew,
    /// Time between two samplings.
    Delay(Duration),
    /// Foreign groups may be changed from now on (`!`), or not.
    Arm(bool),
    /// Take the mouse, or leave it to the terminal.
    MouseCapture(bool),
    /// Stop like any job (Ctrl-Z): terminal restored, SIGTSTP to ourselves; on return everything is drawn anew.
    Suspend,
    /// Clear the terminal and draw everything anew.
    Redraw,
    /// Leave.
    Quit(Leave),
}

/// How to leave.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Leave {
    /// Undo everything of this visit and end the workloads.
    Restore,
    /// The same for the stage; what was changed on groups that cgrove did not make stays, and is said. What SIGHUP and SIGTERM do:
    /// nobody was asked.
    Stage,
    /// Keep groups and settings; the workloads end with cgrove all the same.
    Keep,
}
