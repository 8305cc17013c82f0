//! What cgrove did itself a moment ago, from the journal of the visit: none of it is told as somebody else's.
//!
//! Every step of an entry counts, whatever became of it: a step that was rolled back was seen twice. A value is ours only if
//! it is one that was stored, or that stood before; what somebody writes a moment after us is theirs.
use std::collections::HashSet;

use crate::model::bytes::Bytes;
use crate::model::id::{GroupKey, Tid};
use crate::model::place::Place;
use crate::model::time::Mono;
use crate::plan::journal::{Entry, Record, State as StepState};
use crate::plan::step::{Outcome, Step};

use super::super::state::State;
use super::compare::{Change, Column};

/// How long at least a deed explains what is seen: five seconds, in nanoseconds.
const FRESH: u64 = 5_000_000_000;

/// What cgrove did.
#[derive(Debug, Default)]
pub(super) struct Own {
    deeds: Vec<(Mono, Deed)>,
}

#[derive(Debug)]
enum Deed {
    /// A group was made, removed or renamed here.
    Group(Option<GroupKey>, Place),
    /// A file was written, and may read any of these since.
    Write { key: Option<GroupKey>, place: Place, file: Box<str>, values: Vec<Bytes> },
    /// A write made the kernel forget this.
    Disturbed { place: Place, file: Box<str> },
    /// Tasks were moved or launched.
    Tasks(HashSet<Tid>),
    /// Everything in here was killed.
    Killed(Place),
}

/// The journal changed: what is new in it was done by us, and so was what became of an entry that was there `before`. That an
/// entry was undone since is no deed of its own.
pub fn take_in(state: &mut State, before: &[Entry]) {
    let own = &mut state.others.own;
    let same = |entry: &Entry, old: &Entry| {
        old.number == entry.number && Entry { undone_by: entry.undone_by, ..old.clone() } == *entry
    };
    let new = state.journal.iter().filter(|entry| !before.iter().any(|old| same(entry, old)));
    for entry in new {
        for record in &entry.steps {
            own.step(&record.step, &record.state, state.now);
            if let (Step::RemoveGroup { key: Some(key), .. }, StepState::Done(Outcome::Removed)) =
                (&record.step, &record.state)
            {
                state.removed.push(*key);
            }
        }
    }
}

impl Own {
    /// What these entries did, of whatever journal.
    pub(super) fn of<'a>(entries: impl Iterator<Item = &'a Entry>) -> Self {
        let mut own = Self::default();
        let done = |record: &&Record| matches!(record.state, StepState::Done(_));
        for record in entries.flat_map(|entry| &entry.steps).filter(done) {
            let mut step = record.step.clone();
            if let Step::Write { prior, .. } = &mut step {
                // Whoever writes that again is somebody else.
                *prior = None;
            }
            own.step(&step, &record.state, Mono::default());
        }
        own
    }

    fn step(&mut self, step: &Step, state: &StepState, now: Mono) {
        let done = if let StepState::Done(outcome) = state { Some(outcome) } else { None };
        let mut deed = |deed| self.deeds.push((now, deed));
        match step {
            Step::MakeGroup { at } => {
                let key = if let Some(Outcome::Made(key)) = done { Some(*key) } else { None };
                deed(Deed::Group(key, at.clone()));
            }
            Step::RemoveGroup { at, key, .. } => deed(Deed::Group(*key, at.clone())),
            Step::Rename { at, key, name } => {
                deed(Deed::Group(*key, at.clone()));
                deed(Deed::Group(*key, at.sibling(name)));
            }
            Step::Write { at, key, file, data, prior, disturbs } => {
                let mut values: Vec<Bytes> = vec![data.trim_ascii().into()];
                values.extend(prior.iter().map(|prior| prior.trim_ascii().into()));
                if let Some(Outcome::Stored(Some(stored))) = done {
                    values.push(stored.trim_ascii().into());
                }
                deed(Deed::Write { key: *key, place: at.clone(), file: file.clone(), values });
                for prior in disturbs {
                    deed(Deed::Disturbed { place: prior.at.clone(), file: prior.setting.file.clone() });
                }
            }
            Step::KillAll { at, .. } => deed(Deed::Killed(at.clone())),
            Step::Move { task, .. } => deed(Deed::Tasks(HashSet::from([task.tid]))),
            Step::Drain { .. }
            | Step::Launch { .. }
            | Step::Signal { .. }
            | Step::Schedule { .. }
            | Step::MakeDirectory { .. }
            | Step::RemoveDirectory { .. }
            | Step::Mount { .. }
            | Step::Unmount { .. } => {}
        }
        match done {
            Some(Outcome::Moved(list)) => deed(Deed::Tasks(list.iter().map(|moved| moved.task.tid).collect())),
            Some(Outcome::Launched(process)) => deed(Deed::Tasks(HashSet::from([process.tid]))),
            _ => {}
        }
    }

    /// The work has just ended: what was done explains what is seen from now on.
    pub(super) fn renew(&mut self, now: Mono) {
        for (since, _) in &mut self.deeds {
            if now.nanos_since(*since) < FRESH {
                *since = now;
            }
        }
    }

    /// Forgets what is old.
    pub(super) fn expire(&mut self, now: Mono, patience: u64) {
        self.deeds.retain(|(since, _)| now.nanos_since(*since) < FRESH.max(patience));
    }

    /// Whether something that cgrove did is what was seen.
    pub(super) fn explains(&self, change: &Change) -> bool {
        self.deeds.iter().any(|(_, deed)| deed.explains(change))
    }
}

impl Deed {
    fn explains(&self, change: &Change) -> bool {
        match (self, change) {
            (Self::Group(own, at), Change::Made { key, place } | Change::Removed { key, place, .. }) => {
                *own == Some(*key) || at == place
            }
            (Self::Group(own, at), Change::Renamed { key, from, to }) => *own == Some(*key) || at == from || at == to,
            (Self::Write { key: own, place: at, file, values }, Change::Value { key, place, column, raw, .. }) => {
                let here = *own == Some(*key) || at == place;
                let above = place.is_within(at);
                match (column, &**file) {
                    // What is enabled above gives the files of it here, with their defaults.
                    (_, "cgroup.subtree_control") | (Column::Frozen(_), "cgroup.freeze" | "freezer.state") => above,
                    (Column::Kind, "cgroup.type") => at.hierarchy == place.hierarchy,
                    // An idle group has the least weight, whatever it had before.
                    (Column::Weight(_), "cpu.idle" | "cpu.weight.nice") => here,
                    (Column::Weight(_), "cpu.shares" | "cpu.weight")
                    | (Column::Idle, "cpu.idle")
                    | (Column::Quota(_), "cpu.max" | "cpu.cfs_quota_us" | "cpu.cfs_period_us") => {
                        here && values.iter().any(|value| is(value, raw))
                    }
                    _ => false,
                }
            }
            (
                Self::Write { key: own, place: at, file, values },
                Change::File { key, place, file: written, now, .. },
            ) => {
                let here = (*own == Some(*key) || at == place) && file == written;
                here && now.as_ref().is_none_or(|now| values.contains(now) || is_list(file))
            }
            (Self::Disturbed { place: at, file }, Change::Value { place, column, .. }) => {
                at == place && column.file() == &**file
            }
            (Self::Disturbed { place: at, file }, Change::File { place, file: written, .. }) => {
                at == place && file == written
            }
            (Self::Tasks(tids), Change::Moved { tid, .. }) => tids.contains(tid),
            (Self::Killed(at), Change::File { place, file, .. }) => place.is_within(at) && &**file == "cgroup.kill",
            _ => false,
        }
    }
}

/// Whether a value that was written is what the column shows: as text, or with more than one part of it.
fn is(value: &Bytes, raw: &[String]) -> bool {
    let text = String::from_utf8_lossy(value);
    raw.iter().any(|raw| *raw == text || raw.split(' ').next() == Some(&*text))
}

/// Files that read as the whole of what was added and taken away.
fn is_list(file: &str) -> bool {
    file == "cgroup.subtree_control"
}
