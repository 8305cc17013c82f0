//! Which group or process of today stands for one that the journal names.
//!
//! Undo and redo make groups and workloads again; the kernel gives them new identities. Everything that the journal says
//! of the old one is then meant for the new one.
use std::collections::BTreeMap;

use crate::model::id::{GroupKey, TaskKey};
use crate::model::mounting::Mounting;
use crate::model::place::Place;

use super::super::journal::{Entry, Record, State};
use super::super::step::{Outcome, Step};

/// Inode of the top group of every v1 hierarchy: the first that the kernel counts.
pub const TOP: u64 = 1;

/// Old identities and what stands for them.
#[derive(Clone, Debug, Default)]
pub struct Bindings {
    groups: BTreeMap<GroupKey, GroupKey>,
    tasks: BTreeMap<TaskKey, TaskKey>,
}

impl Bindings {
    /// The bindings that a journal has made.
    #[must_use]
    pub fn of(journal: &[Entry]) -> Self {
        let mut bindings = Self::default();
        for entry in journal {
            let mut again: BTreeMap<&Place, Vec<GroupKey>> = BTreeMap::new();
            for record in &entry.steps {
                match (&record.step, &record.state) {
                    (Step::RemoveGroup { key: Some(old), .. }, State::Remade(new)) => bindings.bind_group(*old, *new),
                    (Step::MakeGroup { at }, State::Done(Outcome::Made(new))) if !entry.undoes.is_empty() => {
                        let waiting = again.entry(at).or_insert_with(|| removed_at(journal, entry, at));
                        if let Some(old) = waiting.pop() {
                            bindings.bind_group(old, *new);
                        }
                    }
                    // A hierarchy that ended and was mounted again has another number.
                    (
                        Step::Mount { mounting: Mounting { hierarchy: Some(old), .. } },
                        State::Done(Outcome::Mounted { top, .. }),
                    ) => bindings.bind_group(GroupKey { hierarchy: *old, inode: TOP }, *top),
                    (Step::Launch { again: Some(old), .. }, State::Done(Outcome::Launched(new))) => {
                        bindings.tasks.insert(*old, *new);
                    }
                    _ => {}
                }
            }
        }
        bindings
    }

    /// From now on `new` stands for `old`.
    pub fn bind_group(&mut self, old: GroupKey, new: GroupKey) {
        if old != new {
            self.groups.insert(old, new);
        }
    }

    /// Whether both identities mean the same group.
    #[must_use]
    pub fn same(&self, a: GroupKey, b: GroupKey) -> bool {
        last(&self.groups, a) == last(&self.groups, b)
    }

    /// The group that stands for `key` today.
    #[must_use]
    pub fn group(&self, key: GroupKey) -> GroupKey {
        last(&self.groups, key)
    }

    /// The process that stands for `key` today.
    #[must_use]
    pub fn task(&self, key: TaskKey) -> TaskKey {
        last(&self.tasks, key)
    }
}

/// The groups at `at` that the entries undone by `undo` had removed, in the order in which undo makes them again reversed:
/// the last is the first to be made.
fn removed_at(journal: &[Entry], undo: &Entry, at: &Place) -> Vec<GroupKey> {
    let undone = journal.iter().filter(|entry| undo.undoes.contains(&entry.number));
    undone.flat_map(|entry| (0..entry.steps.len()).filter_map(move |index| removed(entry, index, at))).collect()
}

/// The identity of the group at `at` that a step removed, if it did: it stands in the step, or, if the same plan had made
/// the group, in what that step made.
fn removed(entry: &Entry, index: usize, at: &Place) -> Option<GroupKey> {
    let record = entry.steps.get(index)?;
    match (&record.step, &record.state) {
        (Step::RemoveGroup { at: there, key, .. }, State::Done(Outcome::Removed)) if there == at => {
            key.or_else(|| made_before(entry, index, at))
        }
        _ => None,
    }
}

/// The identity of the group that `entry` made at `at` before its step `index`.
fn made_before(entry: &Entry, index: usize, at: &Place) -> Option<GroupKey> {
    entry.steps[..index].iter().rev().find_map(|record| made_at(record, at))
}

/// The identity of the group that a record made at `at`, if it did.
pub(super) fn made_at(record: &Record, at: &Place) -> Option<GroupKey> {
    match (&record.step, &record.state) {
        (Step::MakeGroup { at: there }, State::Done(Outcome::Made(key))) if there == at => Some(*key),
        _ => None,
    }
}

/// Follows the chain to its end. A key is bound to a newer one only, so that the chain ends; a broken journal cannot make
/// it endless, because no chain is longer than the map.
fn last<K: Copy + Ord>(map: &BTreeMap<K, K>, mut key: K) -> K {
    for _ in 0..=map.len() {
        match map.get(&key) {
            Some(next) => key = *next,
            None => break,
        }
    }
    key
}
