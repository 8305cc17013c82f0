//! What was done: the record that undo, the receipt and `cgrove cleanup` work from.
//!
//! `effect` writes one JSON line for each change of an entry, `intend` before the deed and `done` after it, so that after
//! a crash the file says of every step whether it was certainly not begun, perhaps done, or done.
use super::step::{Outcome, Step};

/// One plan that was begun.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Its number in this journal, from 1.
    pub number: u64,
    /// Wall-clock time in milliseconds since 1970, for people; nothing computes with it.
    pub time_ms: u64,
    /// The plan's title.
    pub title: String,
    /// Its shell lines.
    pub shell: Vec<String>,
    /// Its steps and what became of each.
    pub steps: Vec<Record>,
    /// The entry that undid this one.
    pub undone_by: Option<u64>,
    /// This entry undid that one.
    pub undoes: Option<u64>,
}

/// One step and what became of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    /// The step.
    pub step: Step,
    /// What became of it.
    pub state: State,
}

/// What became of a step.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum State {
    /// Not begun.
    Planned,
    /// Begun; whether it was done is not known (cgrove was killed between).
    Begun,
    /// Done.
    Done(Outcome),
    /// Refused by the kernel: the whole message.
    Failed(String),
    /// Done, and then rolled back because a later step failed.
    RolledBack,
}
