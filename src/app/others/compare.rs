//! What differs between two frames, by whomever.
//!
//! Structure: every hierarchy that both frames have. Values: the columns of groups that both frames read, and the files that
//! a watch saw written in between. Tasks: those that both frames saw, in another group of the same hierarchy now; a fork or an
//! exit moves nobody.
use std::collections::{BTreeMap, HashMap, HashSet};

use crate::model::bytes::Bytes;
use crate::model::cgroup::{GroupType, Quota};
use crate::model::field::Field;
use crate::model::hierarchy::Version;
use crate::model::id::{GroupId, GroupKey, HierarchyId, TaskKey, Tid};
use crate::model::place::Place;
use crate::model::snapshot::{Snapshot, Written};
use crate::model::structure::Structure;

/// Without their start times, tasks of two frames at most so far apart are taken for the same by their numbers: two seconds,
/// in nanoseconds. A number comes again only after all others were used.
const SAME: u64 = 2_000_000_000;

/// One difference.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change {
    /// A group is there that was not.
    Made {
        /// Which.
        key: GroupKey,
        /// Where.
        place: Place,
    },
    /// A group is gone.
    Removed {
        /// Which.
        key: GroupKey,
        /// Where it was.
        place: Place,
        /// The group above, if it is still there.
        parent: Option<GroupKey>,
    },
    /// A group has another name.
    Renamed {
        /// Which.
        key: GroupKey,
        /// Where it was.
        from: Place,
        /// Where it is.
        to: Place,
    },
    /// A value of the columns.
    Value {
        /// Of which group.
        key: GroupKey,
        /// Where it is.
        place: Place,
        /// What was written to have this: any of these files, here or (for some) above.
        column: Column,
        /// What it was, for people.
        before: String,
        /// What it is, for people.
        now: String,
        /// What the files read for it, one of them.
        raw: Vec<String>,
    },
    /// A file that was written.
    File {
        /// Of which group.
        key: GroupKey,
        /// Where it is.
        place: Place,
        /// Which.
        file: Box<str>,
        /// What it read when it was seen last, if it was.
        before: Option<Bytes>,
        /// What it reads; `None` where it cannot be read.
        now: Option<Bytes>,
    },
    /// A task is in another group.
    Moved {
        /// Its number.
        tid: Tid,
        /// Its identity, where that was read.
        task: Option<TaskKey>,
        /// Its name, where that was read.
        comm: Option<Bytes>,
        /// Where it was.
        from: (GroupKey, Place),
        /// Where it is.
        to: (GroupKey, Place),
    },
}

/// The columns that are compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Column {
    /// `cpu.shares`, `cpu.weight`.
    Weight(Version),
    /// `cpu.cfs_quota_us` with its period, `cpu.max`.
    Quota(Version),
    /// `cpu.idle`.
    Idle,
    /// `freezer.state`, `cgroup.freeze`: here or above.
    Frozen(Version),
    /// `cgroup.type`: here, above or below.
    Kind,
}

impl Column {
    /// The file by which it is named.
    #[must_use]
    pub fn file(self) -> &'static str {
        match self {
            Self::Weight(Version::V1) => "cpu.shares",
            Self::Weight(Version::V2) => "cpu.weight",
            Self::Quota(Version::V1) => "cpu.cfs_quota_us",
            Self::Quota(Version::V2) => "cpu.max",
            Self::Idle => "cpu.idle",
            Self::Frozen(Version::V1) => "freezer.state",
            Self::Frozen(Version::V2) => "cgroup.freeze",
            Self::Kind => "cgroup.type",
        }
    }
}

/// Files that the columns show: a write to them is told by the column.
fn in_columns(file: &str) -> bool {
    matches!(
        file,
        "cpu.shares"
            | "cpu.weight"
            | "cpu.weight.nice"
            | "cpu.cfs_quota_us"
            | "cpu.cfs_period_us"
            | "cpu.max"
            | "cpu.idle"
            | "freezer.state"
            | "cgroup.freeze"
            | "cgroup.type"
    )
}

/// What differs. `written` are the files that were written in between, `known` what single files read before.
#[must_use]
pub fn compare(
    before: &Snapshot,
    now: &Snapshot,
    written: &[Written],
    known: &BTreeMap<(GroupKey, Box<str>), Bytes>,
) -> Vec<Change> {
    let mut changes = Vec::new();
    if before.structure.generation != now.structure.generation {
        groups(&before.structure, &now.structure, &mut changes);
    }
    values(before, now, &mut changes);
    files(before, now, written, known, &mut changes);
    tasks(before, now, &mut changes);
    changes
}

fn both(before: &Structure, now: &Structure) -> HashSet<HierarchyId> {
    let ids = now.hierarchies.iter().map(|hierarchy| hierarchy.id);
    ids.filter(|&id| before.hierarchy(id).is_some_and(|hierarchy| hierarchy.root.is_some())).collect()
}

fn groups(before: &Structure, now: &Structure, changes: &mut Vec<Change>) {
    let both = both(before, now);
    for (id, group) in now.iter().filter(|(_, group)| both.contains(&group.key.hierarchy)) {
        let key = group.key;
        let Some(place) = now.place(id) else { continue };
        match before.find(key).and_then(|id| Some((before.group(id)?, id))) {
            None if group.parent.is_some() => changes.push(Change::Made { key, place }),
            Some((old, id)) if old.name != group.name => {
                if let Some(from) = before.place(id) {
                    changes.push(Change::Renamed { key, from, to: place });
                }
            }
            _ => {}
        }
    }
    // A hierarchy whose top cannot be reached any more was unmounted, not emptied.
    let reached = |id: HierarchyId| now.hierarchy(id).is_some_and(|hierarchy| hierarchy.root.is_some());
    for (id, group) in before.iter().filter(|(_, group)| both.contains(&group.key.hierarchy)) {
        if now.find(group.key).is_none()
            && reached(group.key.hierarchy)
            && group.parent.is_some()
            && let Some(place) = before.place(id)
        {
            let parent = group.parent.and_then(|id| before.group(id)).map(|group| group.key);
            let parent = parent.filter(|&key| now.find(key).is_some());
            changes.push(Change::Removed { key: group.key, place, parent });
        }
    }
}

fn values(before: &Snapshot, now: &Snapshot, changes: &mut Vec<Change>) {
    let mut frozen: HashSet<GroupId> = HashSet::new();
    for &id in &now.groups.ids {
        let Some(group) = now.structure.group(id) else { continue };
        let Some(old) = before.structure.find(group.key).and_then(|id| before.groups.get(id)) else { continue };
        let Some(new) = now.groups.get(id) else { continue };
        let version = now.structure.hierarchy(group.key.hierarchy).map_or(Version::V2, |hierarchy| hierarchy.version);
        let key = group.key;
        let structure = &now.structure;
        let mut push = |column, before: String, now: String, raw: Vec<String>| {
            // Few groups change: the place of the others is not asked for.
            if let Some(place) = structure.place(id) {
                changes.push(Change::Value { key, place, column, before, now, raw });
            }
        };
        if let Some((a, b)) = differ(old.weight, new.weight) {
            push(Column::Weight(version), a.to_string(), b.to_string(), vec![b.to_string()]);
        }
        if let Some((a, b)) = differ(old.idle, new.idle) {
            push(Column::Idle, number(*a), number(*b), vec![number(*b)]);
        }
        if let Some((a, b)) = differ(old.quota, new.quota) {
            push(Column::Quota(version), cap(a), cap(b), quota(b));
        }
        if let Some((a, b)) = differ(old.kind, new.kind) {
            push(Column::Kind, kind(*a).to_owned(), kind(*b).to_owned(), vec![kind(*b).to_owned()]);
        }
        if let Some((a, b)) = differ(old.frozen, new.frozen) {
            frozen.insert(id);
            // With a group all below it are held: that is one deed.
            if !group.parent.is_some_and(|parent| frozen.contains(&parent)) {
                push(Column::Frozen(version), held(*a).to_owned(), held(*b).to_owned(), Vec::new());
            }
        }
    }
}

fn differ<'a, T: PartialEq>(before: &'a Field<T>, now: &'a Field<T>) -> Option<(&'a T, &'a T)> {
    before.value().zip(now.value()).filter(|(before, now)| before != now)
}

fn number(switch: bool) -> String {
    u8::from(switch).to_string()
}

fn held(frozen: bool) -> &'static str {
    if frozen { "held" } else { "runs" }
}

fn kind(kind: GroupType) -> &'static str {
    match kind {
        GroupType::Domain => "domain",
        GroupType::DomainThreaded => "domain threaded",
        GroupType::DomainInvalid => "domain invalid",
        GroupType::Threaded => "threaded",
    }
}

fn cap(quota: &Quota) -> String {
    match quota.quota_us {
        Some(us) => format!("{us} of {} us", quota.period_us),
        None => "no cap".to_owned(),
    }
}

/// What the files of a cap may read for it.
fn quota(quota: &Quota) -> Vec<String> {
    let us = quota.quota_us.map_or_else(|| "max".to_owned(), |us| us.to_string());
    let v1 = quota.quota_us.map_or_else(|| "-1".to_owned(), |us| us.to_string());
    vec![format!("{us} {}", quota.period_us), v1, quota.period_us.to_string()]
}

fn files(
    before: &Snapshot,
    now: &Snapshot,
    written: &[Written],
    known: &BTreeMap<(GroupKey, Box<str>), Bytes>,
    changes: &mut Vec<Change>,
) {
    let mut seen = HashSet::new();
    // The newest of several writes to one file.
    for one in written.iter().rev().filter(|one| !in_columns(&one.file)) {
        if !seen.insert((one.group, &one.file)) || before.structure.find(one.group).is_none() {
            // The values of a group that was only just made are part of its making.
            continue;
        }
        let Some(place) = now.structure.find(one.group).and_then(|id| now.structure.place(id)) else { continue };
        let (key, file) = (one.group, one.file.clone());
        let old = known.get(&(key, file.clone())).cloned();
        let new: Option<Bytes> = one.content.value().map(|content| content.trim_ascii().into());
        if old.is_some() && old == new {
            continue;
        }
        changes.push(Change::File { key, place, file, before: old, now: new });
    }
}

/// The group of each task that a frame has, by hierarchy.
fn whereabouts(snapshot: &Snapshot) -> HashMap<(HierarchyId, Tid), GroupId> {
    let mut all = HashMap::new();
    for (&id, list) in snapshot.groups.ids.iter().zip(&snapshot.groups.tasks) {
        let (Some(group), Some(list)) = (snapshot.structure.group(id), list.value()) else { continue };
        all.extend(list.iter().map(|&tid| ((group.key.hierarchy, tid), id)));
    }
    all
}

fn tasks(before: &Snapshot, now: &Snapshot, changes: &mut Vec<Change>) {
    let was = whereabouts(before);
    let near = now.at.nanos_since(before.at) <= SAME;
    let mut moved: Vec<Change> = Vec::new();
    for ((hierarchy, tid), id) in whereabouts(now) {
        let Some(&old) = was.get(&(hierarchy, tid)) else { continue };
        let group =
            |snapshot: &Snapshot, id: GroupId| Some((snapshot.structure.group(id)?.key, snapshot.structure.place(id)?));
        // A group that was renamed is the same.
        let (from_key, to_key) = (before.structure.group(old).map(|g| g.key), now.structure.group(id).map(|g| g.key));
        if from_key == to_key {
            continue;
        }
        let (Some(from), Some(to)) = (group(before, old), group(now, id)) else { continue };
        let (then, today) = (before.tasks.by_tid(tid), now.tasks.by_tid(tid));
        let same = match (then, today) {
            (Some(then), Some(today)) => then.key == today.key,
            _ => near,
        };
        if same {
            let (task, comm) = (today.map(|task| task.key), today.map(|task| task.comm.clone()));
            moved.push(Change::Moved { tid, task, comm, from, to });
        }
    }
    moved.sort_by_key(|change| match change {
        Change::Moved { tid, .. } => *tid,
        _ => 0,
    });
    changes.extend(moved);
}
