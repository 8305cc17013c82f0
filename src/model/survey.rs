//! What was found when it was looked at afresh, right before planning and again right before doing.
//!
//! Plain facts, here because `kernel` fills them and `plan` reads them (as `plan::survey`). `kernel` leaves `made`,
//! `workloads` and `limits` empty: these are `effect`'s to fill.
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::bytes::Bytes;
use super::errno::Errno;
use super::field::Field;
use super::hierarchy::{Controller, Hierarchy};
use super::host::Host;
use super::id::{GroupKey, HierarchyId, Pid, TaskKey, Tid};
use super::place::Place;
use super::snapshot::File;
use super::task::Task;
use super::workload::Workload;

/// What must be known to plan an intent. `kernel` reads exactly this, afresh.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Needs {
    /// Groups: their facts, children, tasks and all readable files. A place that does not exist is simply not in the
    /// survey. The groups on the way to the top that do exist are always included (also for a place that does not), as
    /// facts without the tasks' own facts.
    pub groups: Vec<Place>,
    /// Groups to read with all groups below them. For these and `groups`, the facts of every task in them are read too.
    pub subtrees: Vec<Place>,
    /// Groups whose child groups are read, each by itself, without the facts of the tasks in them: the siblings of what changes.
    pub children_of: Vec<Place>,
    /// Tasks: their facts and their group in every hierarchy, also of all threads of their processes; and the facts of
    /// the groups that they are in.
    pub tasks: Vec<Tid>,
    /// Also the groups, in every hierarchy, of the tasks that are in `groups` and `subtrees`.
    pub whereabouts: bool,
    /// Paths at which something is to be mounted or unmounted: what is there, what is mounted, who uses it.
    pub points: Vec<Bytes>,
}

/// Fresh facts for planning. What is not in `groups` or `tasks` did not exist when it was looked for.
#[derive(Clone, Debug)]
pub struct Survey {
    /// The host.
    pub host: Arc<Host>,
    /// Its hierarchies (their `root` slots mean nothing here).
    pub hierarchies: Vec<Hierarchy>,
    /// Every controller and where it is.
    pub controllers: Vec<Controller>,
    /// Groups by place.
    pub groups: BTreeMap<Place, GroupFacts>,
    /// Tasks by TID.
    pub tasks: BTreeMap<Tid, TaskFacts>,
    /// What is at the paths that were asked for, by the path as it was asked.
    pub points: BTreeMap<Bytes, PointFacts>,
    /// File system types that the kernel knows; empty if no path was asked for.
    pub filesystems: Vec<Box<str>>,
    /// Mounts that cgrove made, by hierarchy and mount point: every other is foreign.
    pub mounted: BTreeSet<(HierarchyId, Bytes)>,
    /// Directories that cgrove made to mount something at.
    pub directories: BTreeSet<Bytes>,
    /// Groups that cgrove made in this visit, by identity: everything else is foreign.
    pub made: BTreeSet<GroupKey>,
    /// The root of cgrove's cgroup namespace, where v2 is mounted with `nsdelegate`: nothing moves across it, and its values are
    /// its owner's. `None`: there is no such border, or it is not visible from here.
    pub border: Option<Place>,
    /// cgrove's own workloads.
    pub workloads: Vec<Workload>,
    /// cgrove's own process, its ancestors, its terminal's processes: never moved, frozen or killed unasked.
    pub guarded: BTreeSet<Pid>,
    /// Groups that hold one of them, but for process 1: what limits these limits the terminal that is typed in.
    pub guarded_in: BTreeSet<Place>,
    /// What is not allowed in this visit.
    pub limits: Limits,
}

/// What is known of a path at which something is to be mounted, or is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PointFacts {
    /// The path without links; what of it does not exist stands at its end as it was asked.
    pub path: Bytes,
    /// How many of its last components do not exist.
    pub missing: usize,
    /// Whether the last component that exists is a directory.
    pub directory: bool,
    /// Names in the directory at the path, if it exists: the first few.
    pub entries: Vec<Bytes>,
    /// Type of the file system that the last directory that exists lies on.
    pub on: Bytes,
    /// Type of the file system that is mounted at the path itself.
    pub mounted: Option<Bytes>,
    /// Mount points below it.
    pub below: Vec<Bytes>,
    /// Whether cgrove may make a directory in the last one that exists: `None` if so, else why not.
    pub refused: Option<Errno>,
    /// Processes that have their working directory, their root or an open file in what is mounted there.
    pub users: Vec<User>,
}

/// A process that keeps a mount busy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct User {
    /// Which.
    pub pid: Pid,
    /// Its name.
    pub comm: Bytes,
    /// With what.
    pub by: Hold,
}

/// What of a process keeps a mount busy.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Hold {
    /// Its working directory.
    Directory,
    /// Its root directory.
    Root,
    /// An open file.
    File,
}

/// What the command line forbids.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Limits {
    /// `--read-only`: nothing at all.
    pub read_only: bool,
    /// `--only GROUP`: nothing outside this group; both ends of a move must lie in it.
    pub only: Option<Place>,
    /// Where cgrove builds: a group that is made elsewhere, in a group that is not cgrove's, is asked for. `None`: anywhere.
    pub stage: Option<Place>,
    /// The journal cannot be written, and why: changing is off.
    pub no_journal: Option<String>,
}

/// What is known of one group.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GroupFacts {
    /// Identity.
    pub key: GroupKey,
    /// Its directory in the file system, for messages and shell lines.
    pub directory: Bytes,
    /// Owner of the directory.
    pub owner: u32,
    /// Whether cgrove may make and remove groups in it: `None` if so, else why not (EACCES, EROFS).
    pub refused: Option<Errno>,
    /// Whether cgrove may write its `cgroup.procs`, as a move into it does, and on v2 one below it: `None` if so, else why not.
    pub closed: Option<Errno>,
    /// systemd has handed the group over (`user.delegate`, `trusted.delegate`, or `Delegate=` of a unit made on demand).
    pub delegated: bool,
    /// Names of its child groups, sorted.
    pub children: Vec<Bytes>,
    /// Tasks in it, as its `tasks` or `cgroup.threads` reads.
    pub tasks: Field<Vec<Tid>>,
    /// Processes in it, as its `cgroup.procs` reads.
    pub processes: Field<Vec<Pid>>,
    /// Its files by name.
    pub files: BTreeMap<Box<str>, File>,
}

impl GroupFacts {
    /// The trimmed text of a file, if it was read.
    #[must_use]
    pub fn text(&self, file: &str) -> Option<&str> {
        std::str::from_utf8(self.files.get(file)?.content.value()?).ok().map(str::trim)
    }

    /// The words of a file (`cgroup.controllers`, `cgroup.subtree_control`).
    pub fn words(&self, file: &str) -> impl Iterator<Item = &str> {
        self.text(file).unwrap_or_default().split_ascii_whitespace()
    }
}

/// What is known of one task.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TaskFacts {
    /// The task.
    pub task: Task,
    /// Its group in each hierarchy that is visible.
    pub groups: BTreeMap<HierarchyId, Place>,
    /// TIDs of all threads of its process.
    pub threads: Vec<TaskKey>,
}

impl Survey {
    /// The hierarchy with this number.
    #[must_use]
    pub fn hierarchy(&self, id: HierarchyId) -> Option<&Hierarchy> {
        self.hierarchies.iter().find(|h| h.id == id)
    }

    /// The facts of a group, if it existed.
    #[must_use]
    pub fn group(&self, place: &Place) -> Option<&GroupFacts> {
        self.groups.get(place)
    }

    /// Whether cgrove made the group at `place`.
    #[must_use]
    pub fn is_ours(&self, place: &Place) -> bool {
        self.group(place).is_some_and(|facts| self.made.contains(&facts.key))
    }
}
