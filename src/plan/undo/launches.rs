//! The inverses of a launch and of a signal.
use std::collections::BTreeSet;

use crate::model::id::TaskKey;
use crate::model::place::Place;
use crate::model::scheduling::Attribute;
use crate::model::workload::{Launch, Program};

use super::super::journal::{Entry, Record, State};
use super::super::refusal::Refusal;
use super::super::rules::{signals, target, tasks};
use super::super::step::{Outcome, Signal, Step};
use super::super::words;
use super::Undo;
use super::bindings::Bindings;

/// The workloads that these entries launched, as they stand today.
pub(super) fn launched_in(journal: &[Entry], numbers: &BTreeSet<u64>) -> BTreeSet<TaskKey> {
    let bindings = Bindings::of(journal);
    let entries = journal.iter().filter(|entry| numbers.contains(&entry.number));
    entries
        .flat_map(|entry| &entry.steps)
        .filter_map(|record| match record.state {
            State::Done(Outcome::Launched(key)) => Some(bindings.task(key)),
            _ => None,
        })
        .collect()
}

/// How the workload was launched, if these records know it: with the groups that it was in at last.
fn launch_of(records: impl Iterator<Item = Record>, bindings: &Bindings, process: TaskKey) -> Option<Launch> {
    let today = bindings.task(process);
    let mut found: Option<Launch> = None;
    for record in records {
        match (record.step, record.state) {
            (Step::Launch { launch, .. }, State::Done(Outcome::Launched(key))) if bindings.task(key) == today => {
                found = Some(launch);
            }
            (_, State::Done(Outcome::Scheduled(list))) => {
                for set in list.iter().filter(|set| bindings.task(set.task) == today) {
                    match (&mut found, &set.now) {
                        (Some(launch), Attribute::Cpus(cpus)) => launch.cpus = Some(cpus.clone()),
                        (Some(launch), Attribute::Nice(nice)) => launch.nice = *nice,
                        _ => {}
                    }
                }
            }
            (_, State::Done(Outcome::Moved(list))) => {
                for moved in list.iter().filter(|moved| bindings.task(moved.task) == today) {
                    if let Some(launch) = &mut found {
                        into(launch, &moved.now);
                    }
                }
            }
            _ => {}
        }
    }
    found
}

/// The groups that a workload ever was in, as they are called in this journal.
pub(super) fn whereabouts(journal: &[Entry], bindings: &Bindings, process: TaskKey) -> Vec<Place> {
    let today = bindings.task(process);
    let mut places = Vec::new();
    for record in journal.iter().flat_map(|entry| &entry.steps) {
        match (&record.step, &record.state) {
            (Step::Launch { launch, .. }, State::Done(Outcome::Launched(key))) if bindings.task(*key) == today => {
                places.extend(launch.groups.iter().cloned());
            }
            (_, State::Done(Outcome::Moved(list))) => {
                let its = list.iter().filter(|moved| bindings.task(moved.task) == today);
                places.extend(its.map(|moved| moved.now.clone()));
            }
            _ => {}
        }
    }
    places
}

fn into(launch: &mut Launch, place: &Place) {
    launch.groups.retain(|group| group.hierarchy != place.hierarchy);
    launch.groups.push(place.clone());
}

impl Undo<'_> {
    /// The inverse of a launch: the process and all that descend from it are ended.
    pub(super) fn end(&mut self, launched: TaskKey) -> Result<(), Refusal> {
        let key = self.bindings.task(launched);
        let survey = &self.draft.world.survey;
        // Once it has ended nothing descends from it any more, and its number may be somebody else's.
        if tasks::alive(survey, key).is_none() {
            return Ok(());
        }
        let mut all = vec![key];
        for facts in survey.tasks.values() {
            let task = &facts.task;
            let is_process = task.key.tid == task.tgid && task.key != key;
            if is_process && descends(survey, task.tgid, key.tid) {
                all.push(task.key);
            }
        }
        for process in all {
            self.draft.push(Step::Signal { process, signal: Signal::Kill })?;
        }
        Ok(())
    }

    /// The inverse of a signal.
    pub(super) fn signal(
        &mut self,
        entry: &Entry,
        index: usize,
        process: TaskKey,
        signal: Signal,
    ) -> Result<(), Refusal> {
        let key = self.bindings.task(process);
        let state = tasks::alive(&self.draft.world.survey, key).map(|facts| facts.task.state);
        match (signal, state) {
            (Signal::Stop, Some('T')) => self.draft.push(Step::Signal { process: key, signal: Signal::Continue }),
            (Signal::Continue, Some(state)) if state != 'T' && state != 'Z' => {
                if let Some(why) = signals::never(&self.draft.world.survey, key.tid) {
                    let name = words::task(&self.draft.world.survey, key.tid);
                    self.draft.warn(format!("{name} is not stopped again: {why}."));
                    return Ok(());
                }
                self.draft.push(Step::Signal { process: key, signal: Signal::Stop })
            }
            (Signal::Stop | Signal::Continue, _) => Ok(()),
            // It lives: what it made of the signal, nobody knows.
            (_, Some(state)) if !matches!(state, 'Z' | 'X') => {
                let name = words::task(&self.draft.world.survey, key.tid);
                self.draft.warn(format!("What SIG{} made of {name} cannot be taken back.", signal.name()));
                Ok(())
            }
            (_, _) => self.again(entry, index, process),
        }
    }

    /// Launches a workload again that was ended, in the groups in which it was then, as they are called at this point.
    fn again(&mut self, entry: &Entry, index: usize, process: TaskKey) -> Result<(), Refusal> {
        let today = self.bindings.task(process);
        if self.ended.contains(&today) || self.pending.iter().any(|(pending, _)| *pending == today) {
            return Ok(());
        }
        let Some(launch) = launch_of(self.records_before(entry, index), &self.bindings, process) else {
            let known = |step: &Step| match step {
                Step::Signal { process, .. } => {
                    launch_of(self.records_before(entry, index), &self.bindings, *process).is_some()
                }
                _ => false,
            };
            // What descends from a workload comes back with it, by itself.
            if !entry.steps.iter().any(|record| known(&record.step)) {
                self.draft.cannot_undo(format!("Process {} has ended and cannot return.", process.tid));
            }
            return Ok(());
        };
        // The top is always there, and not looked at where nothing else needs it.
        let gone = |group: &&Place| !group.is_top() && self.draft.world.survey.group(group).is_none();
        let place = launch.groups.iter().find(gone);
        if let Some(gone) = place {
            self.draft.warn(format!("Workload {} cannot be launched again: {gone} is gone.", process.tid));
            return Ok(());
        }
        if let Some(held) = self.held(&launch) {
            self.draft.warn(held);
            return Ok(());
        }
        if let Program::Command(_) = launch.program {
            self.draft.warn(format!(
                "The command of {} is launched anew, as a new process; what it had done does not come back.",
                words::task(self.draft.survey, process.tid)
            ));
        }
        self.pending.push((today, self.draft.steps.len()));
        self.draft.push(Step::Launch { launch, again: Some(today) })
    }

    /// What the journal says of workloads before this step, with groups as they are called at this point.
    fn records_before<'a>(&'a self, entry: &'a Entry, index: usize) -> impl Iterator<Item = Record> + 'a {
        let earlier = self.journal.iter().take_while(|other| other.number <= entry.number);
        earlier.flat_map(move |other| {
            let end = if other.number == entry.number { index } else { other.steps.len() };
            let records = other.steps[..end].iter().enumerate();
            let of_workloads = records.filter(|(_, record)| {
                matches!(record.state, State::Done(Outcome::Launched(_) | Outcome::Moved(_) | Outcome::Scheduled(_)))
            });
            of_workloads.map(|(index, record)| self.lineage.record(other.number, index, record))
        })
    }

    /// Why a workload cannot start in its groups: what is held executes nothing.
    fn held(&self, launch: &Launch) -> Option<String> {
        let by = launch.groups.iter().find_map(|group| target::held_by(&self.draft, group))?;
        Some(format!(
            "A workload is not launched again: {} is held, and what is launched there never starts.",
            words::group(&by)
        ))
    }

    /// If this plan launches the workload again, it starts in `from` at once; it must, since its number is not known yet.
    pub(super) fn relaunch_elsewhere(&mut self, task: TaskKey, from: &Place) -> Result<bool, Refusal> {
        let today = self.bindings.task(task);
        let Some(slot) = self.pending.iter().position(|(pending, _)| *pending == today) else {
            return Ok(false);
        };
        let (_, index) = self.pending.remove(slot);
        let Step::Launch { mut launch, again } = self.draft.steps.remove(index) else { return Ok(false) };
        for (_, other) in &mut self.pending {
            if *other > index {
                *other -= 1;
            }
        }
        // What was renamed since it was to start.
        for step in &self.draft.steps[index..] {
            if let Step::Rename { at, name, .. } = step {
                let to = at.sibling(name);
                launch.groups.iter_mut().for_each(|group| *group = group.renamed(at, &to));
            }
        }
        into(&mut launch, from);
        if let Some(gone) = launch.groups.iter().find(|group| self.draft.world.survey.group(group).is_none()) {
            self.draft.warn(format!("Workload {} cannot be launched again: {gone} is gone.", task.tid));
            return Ok(true);
        }
        if let Some(held) = self.held(&launch) {
            self.draft.warn(held);
            return Ok(true);
        }
        // At the end, because the group may only now exist again.
        self.pending.push((today, self.draft.steps.len()));
        self.draft.push(Step::Launch { launch, again })?;
        Ok(true)
    }
}

fn descends(survey: &super::super::survey::Survey, mut pid: i32, from: i32) -> bool {
    for _ in 0..64 {
        match survey.tasks.get(&pid) {
            Some(facts) if facts.task.parent == from => return true,
            Some(facts) if facts.task.parent > 1 => pid = facts.task.parent,
            _ => return false,
        }
    }
    false
}
