//! One sampling of the host: shared structure, values as columns.
use std::collections::HashMap;
use std::sync::Arc;

use super::bytes::Bytes;
use super::cgroup::{GroupType, Quota, Throttle};
use super::field::Field;
use super::host::Host;
use super::id::{GroupId, GroupKey, TaskKey, Tid};
use super::structure::Structure;
use super::task::Task;
use super::time::Mono;

/// What one sampling saw.
#[derive(Clone, Debug)]
pub struct Snapshot {
    /// Rises by one with every sampling.
    pub number: u64,
    /// When the sampling began. Rates never use this, but the time of each value's own read.
    pub at: Mono,
    /// The host's facts.
    pub host: Arc<Host>,
    /// Hierarchies and groups.
    pub structure: Arc<Structure>,
    /// Values of groups of interest.
    pub groups: GroupColumns,
    /// Tasks of interest.
    pub tasks: TaskColumns,
    /// All files of the group whose files are of interest.
    pub files: Option<Files>,
    /// Single files: those of interest, and those that a watch saw written since the last sampling.
    pub written: Vec<Written>,
    /// The files of its parent, if they are of interest.
    pub files_above: Option<Files>,
    /// What could not be done as wanted, to be said once ("inotify watches are used up: polling").
    pub notices: Vec<Notice>,
    /// What the sampling cost.
    pub cost: Cost,
}

/// Values of groups, one row a group, rows in the order of `ids`.
#[derive(Clone, Debug, Default)]
pub struct GroupColumns {
    /// The groups, rising.
    pub ids: Vec<GroupId>,
    /// `cpu.shares` or `cpu.weight`, as the kernel prints it.
    pub weight: Vec<Field<u64>>,
    /// `cpu.idle`.
    pub idle: Vec<Field<bool>>,
    /// The bandwidth limit.
    pub quota: Vec<Field<Quota>>,
    /// Its counters.
    pub throttle: Vec<Field<Throttle>>,
    /// CPU time of the group and all below, in nanoseconds: v2 `cpu.stat` `usage_usec`, v1 `cpuacct.usage` where the
    /// hierarchy carries cpuacct. Absent otherwise: then the tasks' own counters are summed.
    pub usage_ns: Vec<Field<u64>>,
    /// `cgroup.type` (v2).
    pub kind: Vec<Field<GroupType>>,
    /// Frozen: v2 `cgroup.events`, v1 `freezer.state` where the hierarchy carries freezer.
    pub frozen: Vec<Field<bool>>,
    /// The tasks in the group itself, in the order of its `tasks` (v1) or `cgroup.threads` (v2) file.
    pub tasks: Vec<Field<Vec<Tid>>>,
}

/// One row of [`GroupColumns`], borrowed.
#[derive(Clone, Copy, Debug)]
pub struct GroupValues<'a> {
    /// See [`GroupColumns::weight`].
    pub weight: &'a Field<u64>,
    /// See [`GroupColumns::idle`].
    pub idle: &'a Field<bool>,
    /// See [`GroupColumns::quota`].
    pub quota: &'a Field<Quota>,
    /// See [`GroupColumns::throttle`].
    pub throttle: &'a Field<Throttle>,
    /// See [`GroupColumns::usage_ns`].
    pub usage_ns: &'a Field<u64>,
    /// See [`GroupColumns::kind`].
    pub kind: &'a Field<GroupType>,
    /// See [`GroupColumns::frozen`].
    pub frozen: &'a Field<bool>,
    /// See [`GroupColumns::tasks`].
    pub tasks: &'a Field<Vec<Tid>>,
}

/// One row of [`GroupColumns`], owned: what a builder pushes. Everything starts [`Field::Unread`].
#[derive(Clone, Debug)]
pub struct GroupRow {
    /// See [`GroupColumns::weight`].
    pub weight: Field<u64>,
    /// See [`GroupColumns::idle`].
    pub idle: Field<bool>,
    /// See [`GroupColumns::quota`].
    pub quota: Field<Quota>,
    /// See [`GroupColumns::throttle`].
    pub throttle: Field<Throttle>,
    /// See [`GroupColumns::usage_ns`].
    pub usage_ns: Field<u64>,
    /// See [`GroupColumns::kind`].
    pub kind: Field<GroupType>,
    /// See [`GroupColumns::frozen`].
    pub frozen: Field<bool>,
    /// See [`GroupColumns::tasks`].
    pub tasks: Field<Vec<Tid>>,
}

impl Default for GroupRow {
    fn default() -> Self {
        Self {
            weight: Field::Unread,
            idle: Field::Unread,
            quota: Field::Unread,
            throttle: Field::Unread,
            usage_ns: Field::Unread,
            kind: Field::Unread,
            frozen: Field::Unread,
            tasks: Field::Unread,
        }
    }
}

impl GroupColumns {
    /// Adds a row. Rows must come with rising ids.
    ///
    /// # Panics
    /// In debug builds, if `id` does not come after the last one.
    pub fn push(&mut self, id: GroupId, row: GroupRow) {
        debug_assert!(self.ids.last().is_none_or(|&last| last < id), "rows come in rising order");
        self.ids.push(id);
        self.weight.push(row.weight);
        self.idle.push(row.idle);
        self.quota.push(row.quota);
        self.throttle.push(row.throttle);
        self.usage_ns.push(row.usage_ns);
        self.kind.push(row.kind);
        self.frozen.push(row.frozen);
        self.tasks.push(row.tasks);
    }

    /// The values of a group; `None` if it was not of interest.
    #[must_use]
    pub fn get(&self, id: GroupId) -> Option<GroupValues<'_>> {
        self.row(self.ids.binary_search(&id).ok()?)
    }

    /// The values in a row, counted as [`GroupColumns::ids`] is.
    #[must_use]
    pub fn row(&self, row: usize) -> Option<GroupValues<'_>> {
        self.ids.get(row)?;
        Some(GroupValues {
            weight: &self.weight[row],
            idle: &self.idle[row],
            quota: &self.quota[row],
            throttle: &self.throttle[row],
            usage_ns: &self.usage_ns[row],
            kind: &self.kind[row],
            frozen: &self.frozen[row],
            tasks: &self.tasks[row],
        })
    }
}

/// Tasks, sorted by TID. Which group a task is in stands in [`GroupColumns::tasks`].
#[derive(Clone, Debug, Default)]
pub struct TaskColumns {
    rows: Vec<Task>,
    by_tid: HashMap<Tid, usize>,
}

impl TaskColumns {
    /// From tasks in any order; of two with one TID the later stays.
    #[must_use]
    pub fn new(mut rows: Vec<Task>) -> Self {
        rows.reverse();
        rows.sort_by_key(|task| task.key.tid);
        rows.dedup_by_key(|task| task.key.tid);
        let by_tid = rows.iter().enumerate().map(|(row, task)| (task.key.tid, row)).collect();
        Self { rows, by_tid }
    }

    /// The task with this TID.
    #[must_use]
    pub fn by_tid(&self, tid: Tid) -> Option<&Task> {
        self.by_tid.get(&tid).map(|&row| &self.rows[row])
    }

    /// The task with this identity.
    #[must_use]
    pub fn get(&self, key: TaskKey) -> Option<&Task> {
        self.by_tid(key.tid).filter(|task| task.key == key)
    }

    /// All tasks, by TID.
    #[must_use]
    pub fn all(&self) -> &[Task] {
        &self.rows
    }
}

/// Every file of one group.
#[derive(Clone, Debug)]
pub struct Files {
    /// The group.
    pub group: GroupId,
    /// The files by name, as readdir and mode bits give them.
    pub entries: Field<Vec<File>>,
}

/// One file of a group.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct File {
    /// Its name.
    pub name: Bytes,
    /// Permission bits (0o444, 0o644, 0o200 …).
    pub mode: u32,
    /// Its content as it stands, at most 64 KiB; `Unread` if it is only for writing.
    pub content: Field<Bytes>,
}

/// One file of a group that was written: by us, or by somebody else.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Written {
    /// The group.
    pub group: GroupKey,
    /// The file.
    pub file: Box<str>,
    /// What it reads now.
    pub content: Field<Bytes>,
    /// A watch saw a write to it since the last sampling, by whomever.
    pub told: bool,
}

/// Something to tell the user once.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Notice(pub String);

/// What a sampling cost.
#[derive(Clone, Copy, Debug, Default)]
pub struct Cost {
    /// CPU time of the sampling thread, in nanoseconds.
    pub cpu_ns: u64,
    /// Groups read.
    pub groups: u32,
    /// Tasks read.
    pub tasks: u32,
}
