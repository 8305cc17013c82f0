//! What a killed cgrove left behind, taken back.
//!
//! Calling flow: [`cleanup`] takes every journal of this boot whose lock is free ([`super::journal::abandoned`]), goes through
//! its entries from the newest step to the oldest, and lets [`take_back`] decide about each from what the machine shows now:
//! settings that still read what cgrove stored get their old value, tasks that are still where cgrove moved them go back,
//! groups that cgrove made and that are empty are removed. Groups are known by their inode, tasks by their start time;
//! whatever others have changed since is named and left.
//!
//! A step that was begun and never reported may or may not have been done (cgrove was killed in between). A group that was
//! announced and is there now, younger than the announcement, ours by its owner, without tasks and groups, is taken for the
//! one that cgrove made. Anything less certain is left and named.
//!
//! Every step that is settled is marked in the journal; a journal in which nothing is left to do is deleted.
//!
//! This is not [`crate::plan::undo`], which also takes entries back. Undo makes one plan from a survey, which is shown,
//! confirmed, and done as a whole or not at all; it knows which entries were undone. Here nobody is asked, a step that fails
//! keeps no other step standing, and the last plan may have stopped anywhere, also in the middle of an undo or a rollback. So
//! the history is walked backwards step by step, undone entries and their undoes included, and each step is judged by what the
//! machine shows. What it costs: a group that was removed and made again by undo is removed and made again once more.
use std::fmt;
use std::path::PathBuf;
use std::thread::sleep;
use std::time::{Duration, Instant};

use super::directories::Directories;
use super::executor::Executor;
use super::failure::Failure;
use super::journal::{Abandoned, Log as _, abandoned};
use super::process;
use crate::model::id::TaskKey;
use crate::plan::journal::{Journal, Line, State};
use crate::plan::lineage::Lineage;
use crate::plan::step::Outcome;

mod take_back;

use take_back::Cleaner;

/// How long the supervisor of a cgrove that died just now may need.
const DYING: Duration = Duration::from_secs(1);

/// What became of one thing that a journal holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Note {
    /// In words, with the path.
    pub text: String,
    /// What was done about it.
    pub fate: Fate,
}

/// What was done about something.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    /// It was taken back, or would be in a dry run.
    TakenBack,
    /// It is not ours any more (changed, moved or made anew by others): named once and left for good.
    Foreign,
    /// It could not be taken back now; the next cleanup tries again.
    Left,
}

/// What was found in one journal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Account {
    /// The journal's file.
    pub journal: PathBuf,
    /// The process that wrote it.
    pub pid: Option<i32>,
    /// Its command line without the program, each word escaped.
    pub command: Vec<String>,
    /// When the visit began: wall-clock time in milliseconds since 1970.
    pub time_ms: u64,
    /// What was done, newest step first.
    pub notes: Vec<Note>,
    /// The journal had nothing left to do and was deleted (never in a dry run).
    pub deleted: bool,
}

/// What a cleanup did.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Cleanup {
    /// One for each journal whose owner is gone, newest first.
    pub accounts: Vec<Account>,
    /// Journals that could not be read or written, and why.
    pub failures: Vec<Failure>,
    /// Nothing was changed: it was only looked what would be.
    pub dry_run: bool,
}

impl Cleanup {
    /// Whether something is left that the next cleanup should try again.
    #[must_use]
    pub fn is_complete(&self) -> bool {
        self.failures.is_empty()
            && self.accounts.iter().flat_map(|account| &account.notes).all(|n| n.fate != Fate::Left)
    }

    /// Whether there was nothing to do at all.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.failures.is_empty() && self.accounts.iter().all(|account| account.notes.is_empty())
    }
}

impl fmt::Display for Cleanup {
    /// For people: a paragraph for each journal that had something to do.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_empty() {
            return writeln!(f, "nothing was left behind");
        }
        for account in self.accounts.iter().filter(|account| !account.notes.is_empty()) {
            match account.pid {
                Some(pid) => writeln!(f, "cgrove {pid}, which did not come to its end:")?,
                None => writeln!(f, "{}:", account.journal.display())?,
            }
            for note in &account.notes {
                let word = match (note.fate, self.dry_run) {
                    (Fate::TakenBack, false) => "done",
                    (Fate::TakenBack, true) => "would do",
                    (Fate::Foreign | Fate::Left, _) => "left",
                };
                writeln!(f, "  {word}: {}", note.text)?;
            }
        }
        self.failures.iter().try_for_each(|failure| writeln!(f, "{failure}"))
    }
}

/// Takes back what the journals in `homes` hold whose owner is gone. Without an executor it is a dry run.
pub fn cleanup<'a>(
    homes: &[PathBuf],
    boot_id: &str,
    directories: &'a dyn Directories,
    executor: Option<&'a mut (dyn Executor + 'a)>,
) -> Cleanup {
    cleanup_of(homes, boot_id, directories, executor, &|_| true)
}

/// The same of those journals only that `is` takes.
pub fn cleanup_of<'a>(
    homes: &[PathBuf],
    boot_id: &str,
    directories: &'a dyn Directories,
    executor: Option<&'a mut (dyn Executor + 'a)>,
    is: &dyn Fn(&Journal) -> bool,
) -> Cleanup {
    let (mut journals, failures) = abandoned(homes, boot_id);
    journals.retain(|journal| is(journal.journal()));
    let mut report = Cleanup { failures, dry_run: executor.is_none(), ..Cleanup::default() };
    for journal in &journals {
        wait_for_workloads(journal.journal());
    }
    for (old, new) in journals.iter().flat_map(|journal| Lineage::of(&journal.journal().entries).numbers()) {
        directories.look_again(Some((old, new)));
    }
    let mut cleaner = Cleaner::new(directories, executor, journals.iter().map(Abandoned::journal));
    while let Some(mut journal) = journals.pop() {
        let notes = one(&mut cleaner, &mut journal, &mut report.failures);
        let complete = notes.iter().all(|note| note.fate != Fate::Left);
        let Journal { pid, command, time_ms, .. } = journal.journal().clone();
        let mut account = Account { journal: journal.path.clone(), pid, command, time_ms, notes, deleted: false };
        if complete && !report.dry_run {
            match journal.delete() {
                Ok(()) => account.deleted = true,
                Err(failure) => report.failures.push(failure),
            }
        }
        report.accounts.push(account);
    }
    report
}

/// The journal from its newest step to its oldest.
fn one(cleaner: &mut Cleaner<'_>, journal: &mut Abandoned, failures: &mut Vec<Failure>) -> Vec<Note> {
    let mut notes = Vec::new();
    let entries = journal.journal().entries.clone();
    // In a dry run nothing gets its old name back: every step is looked up by the name that its group has.
    let entries = if cleaner.is_dry_run() { Lineage::of(&entries).today(&entries).into_owned() } else { entries };
    for entry in entries.into_iter().rev() {
        for (index, record) in entry.steps.iter().enumerate().rev() {
            if !matches!(record.state, State::Done(_) | State::Begun) {
                continue;
            }
            let found = cleaner.take_back(&entry, record);
            let settled = found.iter().all(|note| note.fate != Fate::Left);
            notes.extend(found);
            if settled
                && !cleaner.is_dry_run()
                && let Err(failure) = journal.write(Line::RolledBack { number: entry.number, step: index, made: None })
            {
                failures.push(failure);
            }
        }
    }
    notes
}

/// The lock is free as soon as cgrove is dead; its supervisor needs a moment more to end the workloads.
fn wait_for_workloads(journal: &Journal) {
    let records = journal.entries.iter().flat_map(|entry| &entry.steps);
    let launched: Vec<TaskKey> = records
        .filter_map(|record| match record.state {
            State::Done(Outcome::Launched(process)) => Some(process),
            _ => None,
        })
        .collect();
    let limit = Instant::now() + DYING;
    while launched.iter().any(|&process| lives(process)) && Instant::now() < limit {
        sleep(Duration::from_millis(5));
    }
}

/// Whether a task is there and has not exited.
fn lives(task: TaskKey) -> bool {
    process::stat(task.tid).is_ok_and(|found| found.key == task && !found.has_ended())
}

#[cfg(test)]
mod tests;
