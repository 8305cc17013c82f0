//! What leaving means: what ends by itself, what stays, what was changed on groups that cgrove did not make.
//!
//! [`of`] reads it from the journal and a survey that [`needs`] asked for; the plan for "remove and restore" in it is the
//! undo of everything that stands.
use crate::model::bytes::{Bytes, escape};
use crate::model::id::TaskKey;
use crate::model::place::Place;
use crate::model::scheduling::Attribute;
use crate::model::workload::WorkloadState;

use super::intent::Needs;
use super::journal::{Entry, State, all_undo, can_return};
use super::lineage::Lineage;
use super::refusal::Refusal;

use super::step::{Outcome, Plan, Step};
use super::survey::Survey;
use super::undo::{self, bindings::Bindings};
use super::{rules::tasks, words};

/// What leaving means.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Receipt {
    /// Workloads that end with cgrove, as "4242 (cgrove) in cg2".
    pub ends: Vec<String>,
    /// Groups that cgrove made and that are still there: they stay unless removed. Parents before children.
    pub groups: Vec<Place>,
    /// Values changed on groups that cgrove did not make.
    pub changed: Vec<Changed>,
    /// Tasks that are no workloads, and were moved.
    pub moved: Vec<MovedTask>,
    /// Groups that cgrove did not make, and removed.
    pub removed: Vec<Place>,
    /// Processes that are still held.
    pub held: Vec<String>,
    /// What is scheduled otherwise than before, of tasks that are no workloads: "4242 (nginx): nice 0 → nice 5".
    pub scheduled: Vec<String>,
    /// Titles of entries of which nothing can be taken back: processes that were ended or signalled.
    pub lost: Vec<String>,
    /// Numbers of the entries that "remove and restore" takes back, newest first.
    pub entries: Vec<u64>,
    /// The plan for "remove and restore"; `None` where there is nothing to take back. Its warnings say what cannot.
    pub restore: Option<Result<Plan, Refusal>>,
}

/// A value that was changed on a foreign group.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Changed {
    /// The group.
    pub at: Place,
    /// The file.
    pub file: Box<str>,
    /// What it was before the first change; `None` if that is not known.
    pub before: Option<Bytes>,
    /// What it is now; `None` if that cannot be read.
    pub now: Option<Bytes>,
}

/// A task that was moved.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MovedTask {
    /// Which.
    pub task: TaskKey,
    /// Its number and name.
    pub name: String,
    /// Where it was first.
    pub from: Place,
    /// Where it is.
    pub now: Place,
}

/// What must be known for a receipt.
#[must_use]
pub fn needs(journal: &[Entry]) -> Needs {
    undo::needs(journal, &all_undo(journal))
}

/// The receipt.
#[must_use]
pub fn of(survey: &Survey, written: &[Entry]) -> Receipt {
    let journal = &*Lineage::of(written).today(written);
    let mut receipt = Receipt { entries: all_undo(journal), ..Receipt::default() };
    let lost = journal.iter().filter(|entry| entry.undoes.is_empty() && entry.stands() && !can_return(journal, entry));
    receipt.lost = lost.map(|entry| entry.title.clone()).collect();
    let bindings = Bindings::of(journal);
    for workload in survey.workloads.iter().filter(|workload| workload.state == WorkloadState::Running) {
        let name = words::task(survey, workload.process.tid);
        let group = survey
            .tasks
            .get(&workload.process.tid)
            .and_then(|facts| Some(facts.groups.get(&workload.launch.groups.first()?.hierarchy)?.clone()))
            .or_else(|| workload.launch.groups.first().cloned());
        receipt.ends.push(group.map_or_else(|| name.clone(), |group| format!("{name} in {}", words::group(&group))));
    }
    receipt.groups = survey.groups.keys().filter(|place| survey.is_ours(place)).cloned().collect();
    let mut first: Vec<(TaskKey, Attribute)> = Vec::new();
    for record in standing(journal) {
        match (&record.step, &record.state) {
            (Step::Write { at, key: Some(key), file, prior, .. }, _) => {
                let same = survey.group(at).is_some_and(|facts| bindings.same(facts.key, *key));
                if same && !survey.is_ours(at) {
                    change(&mut receipt, survey, at, file, prior.as_ref());
                }
            }
            (_, State::Done(Outcome::Moved(list))) => {
                for moved in list {
                    let key = bindings.task(moved.task);
                    move_of(&mut receipt, survey, key, &moved.from, &moved.now);
                }
            }
            (_, State::Done(Outcome::Scheduled(list))) => {
                for set in list.iter().filter(|set| !tasks::is_own(survey, set.task.tid)) {
                    let kind = std::mem::discriminant(&set.was);
                    if !first.iter().any(|(task, was)| *task == set.task && std::mem::discriminant(was) == kind) {
                        first.push((set.task, set.was.clone()));
                    }
                }
            }
            (Step::RemoveGroup { at, .. }, State::Done(Outcome::Removed)) if survey.group(at).is_none() => {
                let ours = journal.iter().flat_map(|entry| &entry.steps).any(|record| match &record.step {
                    Step::MakeGroup { at: made } => made == at,
                    _ => false,
                });
                if !ours && !receipt.removed.contains(at) {
                    receipt.removed.push(at.clone());
                }
            }
            (Step::Signal { process, .. }, _) => {
                let key = bindings.task(*process);
                let held = tasks::alive(survey, key).is_some_and(|facts| facts.task.state == 'T');
                let name = words::task(survey, key.tid);
                if held && !receipt.held.contains(&name) {
                    receipt.held.push(name);
                }
            }
            _ => {}
        }
    }
    // Back at what it was: nothing to tell.
    for (task, was) in first {
        let now = tasks::alive(survey, task).and_then(|facts| was.of(&facts.task));
        if let Some(now) = now.filter(|now| *now != was) {
            receipt.scheduled.push(format!("{}: {was} → {now}", words::task(survey, task.tid)));
        }
    }
    receipt.changed.retain(|changed| changed.before != changed.now || changed.now.is_none());
    receipt.moved.retain(|moved| moved.from != moved.now);
    if !receipt.entries.is_empty() {
        receipt.restore = Some(undo::plan(survey, written, &receipt.entries));
    }
    receipt
}

fn standing(journal: &[Entry]) -> impl Iterator<Item = &super::journal::Record> {
    let entries = journal.iter().filter(|entry| entry.stands() && entry.undoes.is_empty());
    entries.flat_map(|entry| &entry.steps).filter(|record| matches!(record.state, State::Done(_) | State::Begun))
}

fn change(receipt: &mut Receipt, survey: &Survey, at: &Place, file: &str, prior: Option<&Bytes>) {
    if receipt.changed.iter().any(|changed| changed.at == *at && *changed.file == *file) {
        return;
    }
    let now = survey.group(at).and_then(|facts| super::draft::trimmed(&facts.files.get(file)?.content));
    receipt.changed.push(Changed { at: at.clone(), file: file.into(), before: prior.cloned(), now });
}

fn move_of(receipt: &mut Receipt, survey: &Survey, task: TaskKey, from: &Place, now: &Place) {
    let Some(facts) = tasks::alive(survey, task) else { return };
    if tasks::is_own(survey, task.tid) {
        return;
    }
    let now = facts.groups.get(&now.hierarchy).unwrap_or(now).clone();
    let known = |moved: &&mut MovedTask| moved.task == task && moved.from.hierarchy == from.hierarchy;
    if let Some(moved) = receipt.moved.iter_mut().find(known) {
        moved.now = now;
    } else {
        let name = words::task(survey, task.tid);
        receipt.moved.push(MovedTask { task, name, from: from.clone(), now });
    }
}

/// Entries of the stage that stand, newest first: those that touch the stage itself, a group that cgrove made, or a workload.
/// What only touches other groups is left where nobody can be asked: see [`stays`].
#[must_use]
pub fn of_stage(entries: &[Entry], stage: Option<&Place>) -> Vec<u64> {
    let steps = || entries.iter().flat_map(|entry| &entry.steps).map(|record| &record.step);
    let mut own: Vec<Place> = steps()
        .filter_map(|step| match step {
            Step::MakeGroup { at } => Some(at.clone()),
            _ => None,
        })
        .collect();
    // A group goes by its new name, too.
    let renamed = steps().filter_map(|step| match step {
        Step::Rename { at, name, .. } if own.contains(at) => Some(at.sibling(name)),
        _ => None,
    });
    let renamed: Vec<Place> = renamed.collect();
    own.extend(renamed);
    let launched: Vec<TaskKey> = entries
        .iter()
        .flat_map(|entry| &entry.steps)
        .filter_map(|record| match record.state {
            State::Done(Outcome::Launched(key)) => Some(key),
            _ => None,
        })
        .collect();
    let is_own = |step: &Step| match step {
        Step::Launch { .. } => true,
        Step::Signal { process, .. } => launched.contains(process),
        Step::Schedule { task, .. } => launched.contains(task),
        step => step.places().iter().any(|&place| Some(place) == stage || own.iter().any(|own| place.is_within(own))),
    };
    let of_stage = |number: &u64| {
        entries.iter().any(|entry| entry.number == *number && entry.steps.iter().any(|record| is_own(&record.step)))
    };
    all_undo(entries).into_iter().filter(of_stage).collect()
}

/// What stands of a visit, by title, oldest first.
#[must_use]
pub fn stays(entries: &[Entry]) -> Vec<String> {
    let standing = entries.iter().filter(|entry| entry.undoes.is_empty() && entry.stands());
    standing.map(|entry| entry.title.clone()).collect()
}

impl Receipt {
    /// The receipt as sentences, for a terminal without dialogs.
    #[must_use]
    pub fn sentences(&self) -> Vec<String> {
        let mut out = Vec::new();
        let mut say = |what: &str, list: &[String]| {
            if !list.is_empty() {
                out.push(format!("{what} {}.", words::list(list)));
            }
        };
        let value = |value: &Option<Bytes>| value.as_deref().map_or_else(|| "?".to_owned(), escape);
        let places = |places: &[Place]| places.iter().map(ToString::to_string).collect::<Vec<_>>();
        say("Ends with cgrove:", &self.ends);
        say("Made here, and still there:", &places(&self.groups));
        let changed: Vec<String> = self
            .changed
            .iter()
            .map(|c| format!("{} {} {} → {}", c.at, c.file, value(&c.before), value(&c.now)))
            .collect();
        say("Changed on groups that were there before:", &changed);
        let moved: Vec<String> = self.moved.iter().map(|m| format!("{} {} → {}", m.name, m.from, m.now)).collect();
        say("Moved:", &moved);
        say("Removed, though cgrove had not made it:", &places(&self.removed));
        say("Still held:", &self.held);
        say("Scheduled otherwise:", &self.scheduled);
        say("Cannot be taken back:", &self.lost);
        if let Some(Ok(plan)) = &self.restore {
            out.extend(plan.warnings.iter().map(|warning| format!("Cannot be as before: {warning}")));
        }
        out
    }
}
