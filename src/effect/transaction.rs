//! A plan, step by step, so that it is done as a whole or not at all.
//!
//! For each step: `intend` into the journal (on the disk before the deed), the deed, what it did into the journal. When the
//! kernel refuses a step, or the journal cannot be written, the steps that were done are taken back, the newest first. What
//! cannot be taken back (a process that was killed) is told.
use std::collections::BTreeMap;
use std::fmt;
use std::time::{Duration, Instant};

use super::directories::Directories;
use super::executor::Executor;
use super::failure::Failure;
use super::journal::{Log, now_ms};
use crate::model::id::GroupKey;
use crate::model::place::Place;
use crate::plan::journal::Line;
use crate::plan::refusal::Way;
use crate::plan::step::{Outcome, Plan, Step};

mod inverse;

pub(in crate::effect) use inverse::opposite;
pub use inverse::{Inverse, inverse};

/// How long what takes a moment to show is looked at, all of it together.
const MOMENT: Duration = Duration::from_millis(500);

/// What became of a plan.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Report {
    /// The plan's title.
    pub title: String,
    /// The journal's number for it; `None` if not even the journal could be written, and so nothing was tried.
    pub number: Option<u64>,
    /// Steps that were done and stand, by index, with what the kernel shows.
    pub done: Vec<(usize, Outcome)>,
    /// Why it ended early, and at which step.
    pub failed: Option<(usize, Failure)>,
    /// Steps that were done and taken back.
    pub rolled_back: Vec<usize>,
    /// Steps that were done, should have been taken back, and stand: why.
    pub stuck: Vec<(usize, String)>,
    /// Steps that were not begun.
    pub not_tried: Vec<usize>,
    /// How many steps the plan has.
    pub steps: usize,
    /// What can be done after a failure: filled in by whoever looks at the machine afterwards, not here.
    pub instead: Vec<Way>,
}

impl Report {
    /// Whether every step was done.
    #[must_use]
    pub fn succeeded(&self) -> bool {
        self.failed.is_none()
    }
}

impl fmt::Display for Report {
    /// One line if all was done; else the failure, and what that left.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Some((step, failure)) = &self.failed else { return write!(f, "{}: done", self.title) };
        write!(f, "{}: step {} of {} failed: {failure}", self.title, step + 1, self.steps)?;
        if self.rolled_back.is_empty() && self.stuck.is_empty() {
            f.write_str("\nnothing was changed")?;
        }
        if !self.rolled_back.is_empty() {
            write!(f, "\n{} taken back", count(self.rolled_back.len()))?;
        }
        for (step, why) in &self.stuck {
            write!(f, "\nstep {} stands and could not be taken back: {why}", step + 1)?;
        }
        if !self.not_tried.is_empty() {
            write!(f, "\n{} not tried", count(self.not_tried.len()))?;
        }
        Ok(())
    }
}

fn count(steps: usize) -> String {
    if steps == 1 { "1 step was".to_owned() } else { format!("{steps} steps were") }
}

/// Does a plan. `undoes` are the journal entries that it takes back, if it is an undo.
pub fn execute(
    plan: &Plan,
    undoes: &[u64],
    executor: &mut dyn Executor,
    journal: &mut dyn Log,
    directories: &dyn Directories,
) -> Report {
    let mut report = Report { title: plan.title.clone(), steps: plan.steps.len(), ..Report::default() };
    let number = journal.journal().next_number();
    let begin = Line::Begin {
        number,
        time_ms: now_ms(),
        title: plan.title.clone(),
        shell: plan.shell.clone(),
        steps: plan.steps.clone(),
        undoes: undoes.to_vec(),
    };
    if let Err(failure) = journal.write(begin) {
        report.failed = Some((0, failure));
        report.not_tried = (0..plan.steps.len()).collect();
        return report;
    }
    report.number = Some(number);
    for (index, step) in plan.steps.iter().enumerate() {
        let applied = journal.write(Line::Intend { number, step: index }).and_then(|()| executor.apply(step));
        match applied {
            Ok(outcome) => {
                let line = Line::Done { number, step: index, outcome: outcome.clone() };
                report.done.push((index, outcome));
                if let Err(failure) = journal.write(line) {
                    report.failed = Some((index, failure));
                }
            }
            Err(failure) => {
                // The failure is told anyway; the journal may be what failed.
                let _ = journal.write(Line::Failed { number, step: index, message: failure.to_string() });
                report.failed = Some((index, failure));
            }
        }
        if report.failed.is_some() {
            report.not_tried = (index + 1..plan.steps.len()).collect();
            roll_back(plan, number, executor, journal, directories, &mut report);
            return report;
        }
    }
    look(plan, number, executor, journal, &mut report);
    for &undone in undoes {
        // Undo would offer it again, and find that there is nothing to do.
        let _ = journal.write(Line::Undone { number: undone, by: number });
    }
    report
}

/// What takes a moment to show, once all is done.
fn look(plan: &Plan, number: u64, executor: &mut dyn Executor, journal: &mut dyn Log, report: &mut Report) {
    let until = Instant::now() + MOMENT;
    for (index, outcome) in &mut report.done {
        if matches!(outcome, Outcome::Nothing(_)) {
            continue;
        }
        if let Some(shown) = executor.look(&plan.steps[*index], until) {
            *outcome = shown;
            // That it was done stands there already.
            let _ = journal.write(Line::Done { number, step: *index, outcome: outcome.clone() });
        }
    }
}

fn roll_back(
    plan: &Plan,
    number: u64,
    executor: &mut dyn Executor,
    journal: &mut dyn Log,
    directories: &dyn Directories,
    report: &mut Report,
) {
    let mut stand = Vec::new();
    let mut again = Again::default();
    for (index, outcome) in std::mem::take(&mut report.done).into_iter().rev() {
        let taken_back = match inverse(&plan.steps[index], &outcome, directories) {
            Inverse::Nothing => Ok(None),
            Inverse::Steps(steps) => again.apply(steps, executor),
            Inverse::Impossible(why) => Err(why),
        };
        match taken_back {
            Ok(made) => {
                let _ = journal.write(Line::RolledBack { number, step: index, made });
                report.rolled_back.push(index);
            }
            Err(why) => {
                report.stuck.push((index, why));
                stand.push((index, outcome));
            }
        }
    }
    stand.reverse();
    report.done = stand;
}

/// Groups that a rollback made again: what the plan had done to them before is taken back from these.
#[derive(Default)]
struct Again(BTreeMap<Place, GroupKey>);

impl Again {
    /// Applies steps one after the other; the group that they made.
    fn apply(&mut self, steps: Vec<Step>, executor: &mut dyn Executor) -> Result<Option<GroupKey>, String> {
        let mut made = None;
        for mut step in steps {
            if let Step::Write { at, key, .. } | Step::RemoveGroup { at, key, .. } | Step::Rename { at, key, .. } =
                &mut step
                && key.is_some()
                && let Some(new) = self.0.get(at)
            {
                *key = Some(*new);
            }
            let outcome = executor.apply(&step).map_err(|failure| failure.to_string())?;
            match (step, outcome) {
                (Step::MakeGroup { at }, Outcome::Made(key)) => {
                    self.0.insert(at, key);
                    made = Some(key);
                }
                (Step::RemoveGroup { at, .. }, _) => drop(self.0.remove(&at)),
                (Step::Rename { at, name, .. }, _) => {
                    let to = at.sibling(&name);
                    let renamed = std::mem::take(&mut self.0).into_iter();
                    self.0 = renamed.map(|(place, key)| (place.renamed(&at, &to), key)).collect();
                }
                _ => {}
            }
        }
        Ok(made)
    }
}

#[cfg(test)]
mod tests;
