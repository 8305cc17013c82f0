//! What was done: the record that undo, the receipt and `cgrove cleanup` work from.
//!
//! `effect` writes one [`Line`] (a JSON object) for each change of an entry: [`Line::Intend`] before the deed and
//! [`Line::Done`] after it, so that after a crash the file says of every step whether it was certainly not begun, perhaps
//! done, or done. [`Journal::apply`] is the one place where a line becomes a change of an entry: live and on reading.
//!
//! Not here: the file itself, its lock, and clocks (`effect`); what undo makes of the entries ([`super::undo`]).
use serde::{Deserialize, Serialize};

use super::step::{Outcome, Step};
use crate::model::id::{GroupKey, TaskKey};

/// One plan that was begun.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
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
    /// The entries that this one undid.
    pub undoes: Vec<u64>,
    /// Its values were only tried.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trial: Option<Trial>,
}

/// A plan whose values were written for a while.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Trial {
    /// For so many seconds.
    pub seconds: u64,
    /// How it ended; `None`: it runs, or cgrove and its helper were both killed.
    pub end: Option<TrialEnd>,
}

/// How a trial ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TrialEnd {
    /// The values were kept.
    Kept,
    /// They are what they were before.
    Reverted,
    /// Not all of them: others changed one meanwhile, or it could not be written back.
    Left,
}

/// One step and what became of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Record {
    /// The step.
    pub step: Step,
    /// What became of it.
    pub state: State,
}

/// What became of a step.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
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
    /// The same of a group's removal: it was made again, with this identity.
    Remade(GroupKey),
}

/// One line of the journal file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "line", rename_all = "snake_case")]
pub enum Line {
    /// The first line: which visit this is.
    Visit {
        /// Version of this format: [`FORMAT`].
        format: u32,
        /// `/proc/sys/kernel/random/boot_id`: numbers and inodes mean nothing after a reboot.
        boot_id: String,
        /// Process id of cgrove.
        pid: i32,
        /// Wall-clock time in milliseconds since 1970.
        time_ms: u64,
        /// The command line without the program, each word escaped: `apply`, `figure2.toml`; none for the screen.
        #[serde(default)]
        command: Vec<String>,
    },
    /// A plan is begun.
    Begin {
        /// The entry's number.
        number: u64,
        /// Wall-clock time in milliseconds since 1970.
        time_ms: u64,
        /// The plan's title.
        title: String,
        /// Its shell lines.
        shell: Vec<String>,
        /// Its steps, with the values that stood before.
        steps: Vec<Step>,
        /// The entries that it undoes.
        undoes: Vec<u64>,
    },
    /// A step is about to be done.
    Intend {
        /// The entry's number.
        number: u64,
        /// Index of the step.
        step: usize,
    },
    /// A step was done.
    Done {
        /// The entry's number.
        number: u64,
        /// Index of the step.
        step: usize,
        /// What the kernel shows now.
        outcome: Outcome,
    },
    /// The kernel refused a step.
    Failed {
        /// The entry's number.
        number: u64,
        /// Index of the step.
        step: usize,
        /// The whole message.
        message: String,
    },
    /// A step was taken back because a later one failed.
    RolledBack {
        /// The entry's number.
        number: u64,
        /// Index of the step.
        step: usize,
        /// The group that was made again for it, if it had removed one.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        made: Option<GroupKey>,
    },
    /// An entry's values are only tried.
    Tried {
        /// The entry's number.
        number: u64,
        /// For so many seconds.
        seconds: u64,
    },
    /// A trial ended.
    TrialEnded {
        /// The entry's number.
        number: u64,
        /// How.
        how: TrialEnd,
    },
    /// An entry was undone to its end.
    Undone {
        /// The entry's number.
        number: u64,
        /// The entry that undid it.
        by: u64,
    },
    /// The visit came to its end, and its changes were kept on purpose.
    Kept {
        /// Wall-clock time in milliseconds since 1970.
        time_ms: u64,
    },
}

/// Version of the journal's format.
pub const FORMAT: u32 = 1;

impl Line {
    /// The line as one line of JSON, without its newline.
    ///
    /// # Errors
    /// None that is known: every part can be written as JSON. serde wants it said.
    pub fn to_json(&self) -> Result<String, serde_json::Error> {
        serde_json::to_string(self)
    }

    /// A line from JSON.
    ///
    /// # Errors
    /// Text that is not a line of this format.
    pub fn parse(text: &str) -> Result<Self, serde_json::Error> {
        serde_json::from_str(text)
    }
}

/// A journal in memory.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Journal {
    /// Boot id of the visit, from its first line.
    pub boot_id: Option<String>,
    /// Process id of the cgrove that wrote it.
    pub pid: Option<i32>,
    /// When the visit began: wall-clock time in milliseconds since 1970, for people.
    pub time_ms: u64,
    /// The command line without the program, each word escaped.
    pub command: Vec<String>,
    /// When the visit was left with its changes kept on purpose: in milliseconds since 1970.
    pub kept_ms: Option<u64>,
    /// Entries in the order in which they were begun.
    pub entries: Vec<Entry>,
}

/// A journal file that cannot be understood.
#[derive(Debug, thiserror::Error)]
#[error("journal, line {line}: {cause}")]
pub struct Broken {
    /// Number of the line, from 1.
    pub line: usize,
    /// What is wrong with it.
    pub cause: String,
}

impl Journal {
    /// A journal from the text of its file. A last line without its newline is what a crash left: it is not counted,
    /// its step stays as the line before says.
    ///
    /// # Errors
    /// A whole line that is not of this format, or one of another version.
    pub fn parse(text: &str) -> Result<Self, Broken> {
        let mut journal = Self::default();
        for (index, line) in text.split_inclusive('\n').enumerate() {
            let Some(line) = line.strip_suffix('\n') else { break };
            let broken = |cause: String| Broken { line: index + 1, cause };
            let line = Line::parse(line).map_err(|error| broken(error.to_string()))?;
            if let Line::Visit { format, .. } = &line
                && *format != FORMAT
            {
                return Err(broken(format!("format {format}; this cgrove knows {FORMAT}")));
            }
            journal.apply(line);
        }
        Ok(journal)
    }

    /// Takes a line in. Lines of entries or steps that do not exist change nothing.
    pub fn apply(&mut self, line: Line) {
        match line {
            Line::Visit { boot_id, pid, time_ms, command, .. } => {
                self.boot_id = Some(boot_id);
                self.pid = Some(pid);
                self.time_ms = time_ms;
                self.command = command;
            }
            Line::Begin { number, time_ms, title, shell, steps, undoes } => {
                let steps = steps.into_iter().map(|step| Record { step, state: State::Planned }).collect();
                self.entries.push(Entry { number, time_ms, title, shell, steps, undone_by: None, undoes, trial: None });
            }
            Line::Kept { time_ms } => self.kept_ms = Some(time_ms),
            Line::Intend { number, step } => self.set(number, step, State::Begun),
            Line::Done { number, step, outcome } => self.set(number, step, State::Done(outcome)),
            Line::Failed { number, step, message } => self.set(number, step, State::Failed(message)),
            Line::RolledBack { number, step, made } => {
                self.set(number, step, made.map_or(State::RolledBack, State::Remade));
            }
            Line::Tried { number, seconds } => {
                if let Some(entry) = self.entry(number) {
                    entry.trial = Some(Trial { seconds, end: None });
                }
            }
            Line::TrialEnded { number, how } => {
                if let Some(entry) = self.entry(number) {
                    let seconds = entry.trial.map_or(0, |trial| trial.seconds);
                    entry.trial = Some(Trial { seconds, end: Some(how) });
                }
            }
            Line::Undone { number, by } => {
                for entry in &mut self.entries {
                    if entry.number == number {
                        entry.undone_by = Some(by);
                    } else if entry.undone_by == Some(number) {
                        entry.undone_by = None;
                    }
                }
            }
        }
    }

    fn entry(&mut self, number: u64) -> Option<&mut Entry> {
        self.entries.iter_mut().rev().find(|entry| entry.number == number)
    }

    fn set(&mut self, number: u64, step: usize, state: State) {
        if let Some(record) = self.entry(number).and_then(|entry| entry.steps.get_mut(step)) {
            record.state = state;
        }
    }

    /// The number of the next entry.
    #[must_use]
    pub fn next_number(&self) -> u64 {
        self.entries.last().map_or(1, |entry| entry.number + 1)
    }
}

impl Entry {
    /// Whether something of it may stand: a step that was done or perhaps done, not undone since.
    #[must_use]
    pub fn stands(&self) -> bool {
        self.undone_by.is_none() && self.steps.iter().any(|r| matches!(r.state, State::Done(_) | State::Begun))
    }
}

/// The entry that `u` takes back: the newest that stands, is not itself an undo, and has something that can be taken back.
#[must_use]
pub fn next_undo(entries: &[Entry]) -> Option<u64> {
    let is = |entry: &&Entry| entry.undoes.is_empty() && entry.stands() && can_return(entries, entry);
    entries.iter().rev().find(is).map(|entry| entry.number)
}

/// Whether something of an entry can be taken back. What ended or woke processes that were not launched here cannot: `u` goes
/// past it.
#[must_use]
pub fn can_return(entries: &[Entry], entry: &Entry) -> bool {
    let records = || entries.iter().flat_map(|entry| &entry.steps);
    let launched = |process: &TaskKey| {
        records().any(|record| matches!(&record.state, State::Done(Outcome::Launched(key)) if key == process))
    };
    entry.steps.iter().any(|record| match (&record.step, &record.state) {
        (_, State::Done(Outcome::Nothing(_)) | State::Planned | State::Failed(_) | State::RolledBack)
        | (Step::KillAll { .. }, _) => false,
        (Step::Signal { process, signal }, _) => signal.can_be_taken_back() || launched(process),
        _ => true,
    })
}

/// The undo that a redo takes back: the newest that stands, if nothing new was done since. A redo is not taken back by a
/// redo.
#[must_use]
pub fn next_redo(entries: &[Entry]) -> Option<u64> {
    let is_undo = |number: &u64| entries.iter().any(|entry| entry.number == *number && !entry.undoes.is_empty());
    let newest = entries.iter().rev().find(|entry| entry.stands() && !entry.undoes.iter().any(is_undo))?;
    (!newest.undoes.is_empty()).then_some(newest.number)
}

/// All entries that stand, are no undo and have something that can be taken back, newest first: what "undo all" and the receipt take back.
#[must_use]
pub fn all_undo(entries: &[Entry]) -> Vec<u64> {
    let is = |entry: &&Entry| entry.undoes.is_empty() && entry.stands() && can_return(entries, entry);
    entries.iter().rev().filter(is).map(|entry| entry.number).collect()
}
