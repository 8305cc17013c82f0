//! What the app is told: everything that happens outside of it.
use std::sync::Arc;

use crossterm::event::{KeyEvent, MouseEvent};

use crate::model::id::GroupKey;
use crate::model::snapshot::Snapshot;
use crate::model::time::{Mono, Wall};
use crate::model::workload::Workload;
use crate::plan::journal::Entry;
use crate::plan::refusal::{Refusal, Way};
use crate::plan::step::Plan;
use crate::split::table::Table;

use super::experiment::{Loaded, Progress};
use super::left::Left;
use super::trial::Trial;

/// Number of a request, from [`super::command::Command`]; the answer carries it back. Never used twice in a visit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Token(pub u64);

/// Something that happened.
#[derive(Clone, Debug)]
pub enum Message {
    /// A sampling with its split. `now` is when it was handed over.
    Frame {
        /// What was sampled.
        snapshot: Arc<Snapshot>,
        /// What the split says of it.
        table: Arc<Table>,
        /// When it was handed over, by the same clock as [`Message::Tick`].
        now: Mono,
    },
    /// A key was pressed (or repeats). Releases may be sent, they are ignored.
    Key {
        /// Which.
        key: KeyEvent,
        /// When.
        now: Mono,
    },
    /// The mouse did something; columns and rows from 0.
    Mouse {
        /// What.
        event: MouseEvent,
        /// When.
        now: Mono,
    },
    /// Text was pasted (bracketed paste). It goes into an open prompt and nowhere else.
    Paste(String),
    /// The terminal has this size.
    Resize {
        /// Columns.
        columns: u16,
        /// Rows.
        rows: u16,
    },
    /// Time passes; about four times a second, and nothing is drawn for it unless something shown depends on it.
    Tick(Mono),
    /// Answer to [`super::command::Command::Plan`]. The runtime also sends it, unasked, for an `Execute` whose second
    /// survey gave other steps: then it is to be confirmed again.
    Planned {
        /// Of the request.
        token: Token,
        /// What will be done, or why not.
        answer: Result<Plan, Refusal>,
    },
    /// The request could not even be planned (the survey failed): operation, path, errno, in words.
    NotPlanned {
        /// Of the request.
        token: Token,
        /// Why.
        why: String,
    },
    /// A step of an `Execute` begins: shown with its age if it takes long.
    Step {
        /// Of the request.
        token: Token,
        /// Which step, from 0.
        step: usize,
        /// When it began.
        now: Mono,
    },
    /// Answer to [`super::command::Command::Execute`].
    Done {
        /// Of the request.
        token: Token,
        /// What became of it.
        report: Report,
    },
    /// The journal of this visit, oldest first, whenever it changes (after `Done`, and after what an experiment did).
    Journal(Arc<[Entry]>),
    /// The groups that cgrove made in this visit and that still are: everything else is foreign. Whenever it changes.
    Made(Arc<[GroupKey]>),
    /// The effect thread begins to change something, or has ended and told all: before the first deed, and after `Journal`
    /// and `Made`.
    Busy {
        /// It begins.
        on: bool,
        /// When that was received.
        now: Mono,
    },
    /// What visits left that did not come to their end, at the start; or what became of it, after `CleanUp`.
    Left(Left),
    /// Another cgrove did what was seen under these numbers: answer to `Command::Who`.
    Known {
        /// Its process.
        pid: i32,
        /// The numbers.
        numbers: Vec<u64>,
    },
    /// What the wall clock shows, at the start and whenever it was set.
    Wall(Wall),
    /// The workloads of cgrove, whenever they change.
    Workloads(Arc<[Workload]>),
    /// The least busy CPU that cgrove may use, whenever it changes: what `quiet` means in the workload dialog.
    Quiet(u32),
    /// Answer to [`super::command::Command::LoadExperiment`].
    Experiment(Result<Loaded, String>),
    /// How the experiment that runs is doing, whenever that changes.
    Progress(Progress),
    /// Answer to [`super::command::Command::Copy`]: what was done with it, or why not
    /// ("copied; also in /run/user/1000/cgrove.sh").
    Copied(Result<String, String>),
    /// What is on trial, whenever that changes.
    Trial(Option<Trial>),
    /// Something to say once on the bottom.
    Notice(String),
    /// The journal cannot be written, and why: changing is off from now on.
    NoJournal(String),
}

/// What became of a plan.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report {
    /// The journal entry: steps and what became of each. `None` if nothing was begun.
    pub entry: Option<Entry>,
    /// What went wrong, if anything: operation, path, data, errno, what was rolled back, what was not tried.
    pub problem: Option<String>,
    /// What can be done after it went wrong, best first.
    pub instead: Vec<Way>,
}
