//! Taking journal entries back, the newest first; taking an undo back is redo, by the same rules.
//!
//! Each step that was done (or perhaps done, after a crash) is inverted in the world as it will be after the inverses so
//! far. A value, a group or a task that somebody changed since is left as it is and said; the rest is undone. The journal
//! names groups by identity: [`bindings`] knows which group of today stands for one that was removed and made again.
//!
//! Not here: what a step's inverse needs from the kernel at that moment (`effect` reads back and reports).
use std::collections::BTreeSet;

use crate::catalog::{self, Format};
use crate::model::id::{GroupKey, HierarchyId, TaskKey};
use crate::model::mounting::Mounting;
use crate::model::place::Place;

use super::draft::Draft;
use super::intent::{Intent, Needs, Scope, Setting};
use super::journal::{Entry, Record, State};
use super::lineage::Lineage;
use super::refusal::Refusal;
use super::remove;
use super::rules::tasks;
use super::step::{Confirm, Outcome, Plan, Prior, Step};
use super::survey::Survey;
use super::words;

pub mod bindings;
mod launches;
mod limits;
mod mounts;
mod moves;
mod scheduling;
mod values;

use bindings::{Bindings, made_at};

/// The plan that takes the entries with these numbers back, the newest first. `journal` holds all entries, oldest first.
///
/// # Errors
/// A refusal where there is no such entry, or all are undone already. Where nothing of them is left to take back, a plan
/// without steps.
pub fn plan(survey: &Survey, journal: &[Entry], numbers: &[u64]) -> Result<Plan, Refusal> {
    let numbers: BTreeSet<u64> = numbers.iter().copied().collect();
    let title = title(journal, &numbers);
    let lineage = Lineage::of(journal);
    let mut undo = Undo {
        draft: Draft::new(survey, title.clone())?.unwatched(),
        journal,
        bindings: Bindings::of(&lineage.today(journal)),
        lineage,
        ended: launches::launched_in(journal, &numbers),
        pending: Vec::new(),
        stays: false,
    };
    let mut notes = Vec::new();
    let mut stood = false;
    for &number in numbers.iter().rev() {
        match journal.iter().find(|entry| entry.number == number) {
            None => return Err(undo.draft.refuse(format!("There is no entry {number} in the journal of this visit."))),
            Some(entry) if entry.undone_by.is_some() => notes.push(format!("\"{}\" is undone already.", entry.title)),
            Some(entry) => {
                stood = true;
                undo.entry(entry)?;
            }
        }
    }
    for note in notes {
        undo.draft.warn(note);
    }
    if !stood {
        return Err(Refusal::new(format!("nothing to do: {title}"), undo.draft.finish("").warnings.join(" ")));
    }
    if undo.draft.steps.is_empty() && undo.stays {
        return Err(stays(undo.draft, &title, journal, &numbers));
    }
    if undo.draft.steps.is_empty() {
        // A plan all the same: what is marked as undone stands in nobody's way to the changes before it.
        undo.draft.warn("Nothing of it is left to take back.");
    }
    undo.draft.ask(Confirm::Enter);
    Ok(undo.draft.finish(title))
}

/// The refusal where all that is left are groups that others have filled: once they are empty, undo removes them.
fn stays(draft: Draft<'_>, title: &str, journal: &[Entry], numbers: &BTreeSet<u64>) -> Refusal {
    let refusal = Refusal::new(format!("nothing to do: {title}"), draft.finish("").warnings.join(" "));
    let oldest = numbers.first().copied().unwrap_or_default();
    let mut before = journal.iter().rev().filter(|entry| entry.number < oldest && entry.undoes.is_empty());
    match before.find(|entry| entry.stands()) {
        Some(entry) => refusal
            .way(format!("leave that, undo: {}", entry.title), vec![Intent::Undo { entries: vec![entry.number] }]),
        None => refusal,
    }
}

fn title(journal: &[Entry], numbers: &BTreeSet<u64>) -> String {
    let only = numbers.first().filter(|_| numbers.len() == 1);
    match only.and_then(|number| journal.iter().find(|entry| entry.number == *number)) {
        Some(entry) => match entry.title.strip_prefix("undo: ") {
            Some(title) => format!("redo: {title}"),
            None if !entry.undoes.is_empty() => format!("redo {}", words::count(entry.undoes.len(), "change")),
            None => format!("undo: {}", entry.title.strip_prefix("redo: ").unwrap_or(&entry.title)),
        },
        None => format!("undo {}", words::count(numbers.len(), "change")),
    }
}

/// What must be known to undo the entries with these numbers.
#[must_use]
pub fn needs(journal: &[Entry], numbers: &[u64]) -> Needs {
    let lineage = Lineage::of(journal);
    let journal = &*lineage.today(journal);
    let bindings = Bindings::of(journal);
    let mut needs = Needs::default();
    for entry in journal.iter().filter(|entry| numbers.contains(&entry.number)) {
        for record in &entry.steps {
            match &record.step {
                Step::MakeGroup { at } | Step::RemoveGroup { at, .. } | Step::KillAll { at, .. } => {
                    needs.groups.push(at.clone());
                }
                // The group under either name, and all that is called otherwise with it.
                Step::Rename { at, name, .. } => {
                    needs.subtrees.push(at.sibling(name));
                    needs.groups.push(at.clone());
                }
                // Quotas, cpusets and controllers are limited by the groups below.
                Step::Write { at, .. } => needs.subtrees.push(at.clone()),
                Step::Move { task, from, to, .. } => {
                    needs.groups.extend([from.clone(), to.clone()]);
                    needs.tasks.push(bindings.task(*task).tid);
                }
                Step::Drain { from, to } => needs.groups.extend([from.clone(), to.clone()]),
                Step::MakeDirectory { path } | Step::RemoveDirectory { path } => needs.points.push(path.clone()),
                Step::Mount { mounting } | Step::Unmount { mounting, .. } => {
                    needs.points.push(mounting.point.clone());
                    // A controller that v2's groups use cannot be taken from them.
                    needs.groups.push(Place::top(HierarchyId::V2));
                    // With groups in it, a hierarchy does not end with its last mount.
                    needs.subtrees.extend(mounting.hierarchy.map(|id| Place::top(lineage.number(id))));
                }
                Step::Launch { launch, .. } => needs.groups.extend(launch.groups.iter().cloned()),
                Step::Schedule { task, .. } => needs.tasks.push(bindings.task(*task).tid),
                Step::Signal { process, .. } => {
                    needs.tasks.push(bindings.task(*process).tid);
                    needs.groups.extend(launches::whereabouts(journal, &bindings, *process));
                }
            }
            match &record.state {
                State::Done(Outcome::Mounted { top, .. }) => {
                    needs.subtrees.push(Place::top(lineage.number(top.hierarchy)));
                }
                State::Done(Outcome::Launched(key)) => needs.tasks.push(bindings.task(*key).tid),
                State::Done(Outcome::Scheduled(list)) => {
                    needs.tasks.extend(list.iter().map(|set| bindings.task(set.task).tid));
                }
                State::Done(Outcome::Moved(list)) => {
                    needs.tasks.extend(list.iter().map(|moved| bindings.task(moved.task).tid));
                    needs.groups.extend(list.iter().flat_map(|moved| [moved.from.clone(), moved.now.clone()]));
                }
                _ => {}
            }
        }
    }
    // The top's tasks matter to no rule, and there are many.
    needs.groups.retain(|place| !place.is_top() || (place.hierarchy == HierarchyId::V2 && !needs.points.is_empty()));
    for places in [&mut needs.groups, &mut needs.subtrees] {
        places.sort();
        places.dedup();
    }
    needs.tasks.sort_unstable();
    needs.tasks.dedup();
    needs.points.sort();
    needs.points.dedup();
    needs
}

/// An undo in the making.
struct Undo<'a> {
    draft: Draft<'a>,
    journal: &'a [Entry],
    /// What the groups of the journal are called now, and after the steps so far.
    lineage: Lineage,
    bindings: Bindings,
    /// Workloads whose launch is undone too: they are not launched again on the way.
    ended: BTreeSet<TaskKey>,
    /// Workloads that this plan launches again: the process that ended, and the index of the step.
    pending: Vec<(TaskKey, usize)>,
    /// A group that cgrove made stays, because others have filled it.
    stays: bool,
}

impl Undo<'_> {
    fn entry(&mut self, entry: &Entry) -> Result<(), Refusal> {
        for (index, record) in entry.steps.iter().enumerate().rev() {
            let perhaps = match &record.state {
                State::Done(Outcome::Nothing(_))
                | State::Planned
                | State::Failed(_)
                | State::RolledBack
                | State::Remade(_) => continue,
                State::Done(_) => false,
                State::Begun => true,
            };
            let record = &self.lineage.record(entry.number, index, record);
            self.record(entry, index, record, perhaps)?;
        }
        Ok(())
    }

    fn record(&mut self, entry: &Entry, index: usize, record: &Record, perhaps: bool) -> Result<(), Refusal> {
        match (&record.step, &record.state) {
            (Step::MakeGroup { at }, state) => {
                let made = if let State::Done(Outcome::Made(key)) = state { Some(*key) } else { None };
                let before = self.draft.steps.len();
                self.unmake(at, made)?;
                if self.draft.steps.len() > before {
                    self.lineage.removed(entry.number, index);
                }
                Ok(())
            }
            (Step::RemoveGroup { at, key, settings }, _) => {
                let key = key.or_else(|| self.made_before(entry, index, at));
                self.make_again(at, key, settings, perhaps)?;
                // Also where it was there already, perhaps made by somebody else: it has that name.
                self.lineage.made_again(entry.number, index);
                Ok(())
            }
            (Step::Rename { .. }, _) => self.name_back(entry, index, &record.step, perhaps),
            (Step::Write { at, key: Some(key), file, data, prior, disturbs }, state) => {
                let stored = if let State::Done(Outcome::Stored(now)) = state { now.as_deref() } else { None };
                let write = values::Write { at, file, data, prior: prior.as_deref(), disturbs, stored, perhaps };
                self.value(*key, &write)
            }
            (Step::Move { task, scope, from, to }, state) => match state {
                State::Done(Outcome::Moved(list)) => self.moves(list, *scope),
                _ => self.moves(&self.perhaps_moved(*task, *scope, from, to), *scope),
            },
            (Step::Drain { .. }, State::Done(Outcome::Moved(list))) => self.moves(list, Scope::Process),
            (Step::Drain { from, to }, _) => {
                self.draft.warn(format!(
                    "Which tasks went from {} to {} before cgrove ended is not known; they stay there.",
                    words::group(from),
                    words::group(to)
                ));
                Ok(())
            }
            (Step::MakeDirectory { path }, _) => self.unmake_directory(path),
            (Step::RemoveDirectory { path }, _) => self.make_directory_again(path),
            (Step::Mount { mounting }, state) => {
                let top =
                    if let State::Done(Outcome::Mounted { top, .. }) = state { Some(top.hierarchy) } else { None };
                let top = top.map(|id| self.lineage.number(id));
                let hierarchy = mounting.hierarchy.map(|id| self.lineage.number(id));
                self.unmount(&Mounting { hierarchy, ..mounting.clone() }, top)
            }
            (Step::Unmount { mounting, settings, .. }, _) => self.mount_again(mounting, settings, perhaps),
            (Step::KillAll { at, .. }, state) => {
                let count = if let State::Done(Outcome::Killed(list)) = state { list.len() } else { 0 };
                let what = if count == 0 { "what".to_owned() } else { words::count(count, "process") };
                let was = if count > 1 { "were" } else { "was" };
                self.draft.warn(format!("{what} that {was} killed in {} cannot come back.", words::group(at)));
                Ok(())
            }
            (Step::Launch { .. }, State::Done(Outcome::Launched(key))) => self.end(*key),
            // What the plan made goes as a whole; the supervisor ended what it launched when cgrove ended.
            (Step::Write { key: None, .. } | Step::Launch { .. }, _) => Ok(()),
            (Step::Signal { process, signal }, _) => self.signal(entry, index, *process, *signal),
            (Step::Schedule { scope, .. }, State::Done(Outcome::Scheduled(list))) => {
                self.scheduling(list, *scope, perhaps)
            }
            (Step::Schedule { task, scope, to, prior }, _) => self.perhaps_scheduled(*task, *scope, to, prior.as_ref()),
        }
    }

    /// Whether the group at `at` is the one that the journal calls `key`; says so if it is not.
    fn is_same(&mut self, at: &Place, key: GroupKey) -> bool {
        let Some(found) = self.draft.world.survey.group(at).map(|facts| facts.key) else {
            self.draft.warn(format!("{at} is gone."));
            return false;
        };
        if self.bindings.same(found, key) {
            return true;
        }
        self.draft.warn(format!("{at} is another group now, made by somebody else: it is left as it is."));
        false
    }

    /// The identity of the group that `entry` made before its step `index` and that is at `at` now.
    fn made_before(&self, entry: &Entry, index: usize, at: &Place) -> Option<GroupKey> {
        let records = entry.steps[..index].iter().enumerate().rev();
        records.map(|(index, record)| self.lineage.record(entry.number, index, record)).find_map(|r| made_at(&r, at))
    }

    /// The inverse of a rename: `at` is the name that the group had, `name` the one that it has now.
    fn name_back(&mut self, entry: &Entry, index: usize, step: &Step, perhaps: bool) -> Result<(), Refusal> {
        let Step::Rename { at: was, key, name } = step else { return Ok(()) };
        let now = was.sibling(name);
        let given = match &entry.steps[index].step {
            Step::Rename { name, .. } => name,
            _ => name,
        };
        let key = key.or_else(|| self.made_before(entry, index, &now));
        let found = self.draft.world.survey.group(&now).map(|facts| facts.key);
        // Where it is not known that it was done, only the identity tells.
        if perhaps && found.zip(key).is_none_or(|(found, key)| !self.bindings.same(found, key)) {
            return Ok(());
        }
        if key.is_some_and(|key| !self.is_same(&now, key)) {
            return Ok(());
        }
        let old = words::group(was);
        if name != given {
            let given = crate::model::bytes::escape(given);
            self.draft
                .warn(format!("{given}, once {old}, is called {} by now: it keeps that name.", words::group(&now)));
        } else if self.draft.world.survey.group(was).is_some() {
            self.draft.warn(format!("{now} keeps its name: there is another {old} by now."));
        } else if found.is_none() {
            self.draft.warn(format!("{now} is gone."));
        } else {
            let key = self.draft.key(&now);
            self.lineage.renamed(entry.number, index, was.name());
            return self.draft.push(Step::Rename { at: now, key, name: was.name().into() });
        }
        Ok(())
    }

    /// The inverse of making a group.
    fn unmake(&mut self, at: &Place, made: Option<GroupKey>) -> Result<(), Refusal> {
        let Some(facts) = self.draft.world.survey.group(at) else { return Ok(()) };
        let children: Vec<String> = facts.children.iter().map(|name| crate::model::bytes::escape(name)).collect();
        if let Some(key) = made
            && !self.is_same(at, key)
        {
            return Ok(());
        }
        let name = words::group(at);
        let inside = tasks::in_group(&self.draft.world.survey, at);
        self.stays |= !children.is_empty() || !inside.is_empty();
        if !children.is_empty() {
            self.draft.warn(format!("{name} stays: it has the groups {} by now.", words::list(&children)));
        } else if !inside.is_empty() {
            let tasks = words::tasks(self.draft.survey, &inside);
            self.draft.warn(format!("{name} stays: it holds {} by now ({tasks}).", words::count(inside.len(), "task")));
        } else {
            return remove::add(&mut self.draft, at);
        }
        Ok(())
    }

    /// The inverse of removing a group.
    fn make_again(
        &mut self,
        at: &Place,
        key: Option<GroupKey>,
        settings: &[Setting],
        perhaps: bool,
    ) -> Result<(), Refusal> {
        if let Some(facts) = self.draft.world.survey.group(at) {
            if !(perhaps && key.is_some_and(|key| self.bindings.same(facts.key, key))) {
                self.draft.warn(format!("{at} exists again, made by somebody else: it is left as it is."));
            }
            return Ok(());
        }
        let Some(parent) = at.parent().filter(|parent| self.draft.world.survey.group(parent).is_some()) else {
            self.draft.warn(format!("{at} cannot be made again: the group above it is gone."));
            return Ok(());
        };
        self.draft.may_change(&parent)?;
        let lifted = limits::lift(&mut self.draft, at)?;
        self.draft.push(Step::MakeGroup { at: at.clone() })?;
        for (group, setting) in lifted.into_iter().rev() {
            self.draft.write(&group, &setting, Vec::new())?;
        }
        if let (Some(old), Some(new)) = (key, self.draft.world.survey.group(at).map(|facts| facts.key)) {
            self.bindings.bind_group(old, new);
        }
        for setting in settings {
            if self.draft.world.has(at, &setting.file) {
                self.draft.write(at, setting, Vec::new())?;
            } else {
                self.draft.warn(format!("{} of {at} cannot return: the file is not there any more.", setting.file));
            }
        }
        Ok(())
    }

    /// Writes values back that a write had disturbed.
    fn restore(&mut self, priors: &[Prior]) -> Result<(), Refusal> {
        for Prior { at, setting } in priors {
            if !self.draft.world.has(at, &setting.file) {
                self.draft.warn(format!("{} of {at} cannot return: the file is not there any more.", setting.file));
            } else if self.draft.world.read(at, &setting.file).as_deref() != Some(&*setting.data) {
                self.draft.write(at, setting, Vec::new())?;
            }
        }
        Ok(())
    }

    /// Whether the file is one whose writes add to what is there, or take from it.
    fn format(&self, at: &Place, file: &str) -> Option<Format> {
        catalog::entry_for(self.draft.world.version(at), file).map(|entry| entry.format)
    }
}

#[cfg(test)]
mod tests;
