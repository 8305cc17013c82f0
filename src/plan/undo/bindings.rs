//! Which group or process of today stands for one that the journal names.
//!
//! Undo and redo make groups and workloads again; the kernel gives them new identities. Everything that the journal says
//! of the old one is then meant for the new one.
use std::collections::BTreeMap;

use crate::model::id::{GroupKey, TaskKey};
use crate::model::place::Place;

use super::super::journal::{Entry, State};
use super::super::step::{Outcome, Step};

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
        // The last group that a step of ours removed at a place.
        let mut removed: BTreeMap<&Place, GroupKey> = BTreeMap::new();
        let mut there: BTreeMap<&Place, GroupKey> = BTreeMap::new();
        for entry in journal {
            for record in &entry.steps {
                match (&record.step, &record.state) {
                    (Step::MakeGroup { at }, State::Done(Outcome::Made(new))) => {
                        if let Some(old) = removed.remove(at)
                            && !entry.undoes.is_empty()
                        {
                            bindings.bind_group(old, *new);
                        }
                        there.insert(at, *new);
                    }
                    (Step::RemoveGroup { at, key, .. }, State::Done(Outcome::Removed)) => {
                        if let Some(key) = key.or_else(|| there.get(at).copied()) {
                            removed.insert(at, key);
                        }
                    }
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

    /// The process that stands for `key` today.
    #[must_use]
    pub fn task(&self, key: TaskKey) -> TaskKey {
        last(&self.tasks, key)
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
