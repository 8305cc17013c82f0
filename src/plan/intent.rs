//! What somebody wants done.
use serde::{Deserialize, Serialize};

use crate::model::bytes::Bytes;
use crate::model::id::{HierarchyId, TaskKey};
use crate::model::place::Place;
use crate::model::scheduling::Attribute;
pub use crate::model::survey::Needs;
use crate::model::workload::Launch;

use super::step::Signal;

/// What is wanted. Made by a key, a drop, a command line or an experiment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Intent {
    /// Make a group (and the groups on the way to it).
    Create {
        /// Where.
        parent: Place,
        /// Its path below `parent`: one name, or several with slashes.
        path: Bytes,
        /// Files to set in it, in this order.
        settings: Vec<Setting>,
        /// Controllers it needs (v2: enabled along the way, and the plan says for whom that changes the split).
        controllers: Vec<Box<str>>,
    },
    /// Remove a group.
    Remove {
        /// Which.
        group: Place,
        /// What becomes of what it holds.
        inside: Inside,
    },
    /// Give a group another name (v1).
    Rename {
        /// Which.
        group: Place,
        /// The name, without slashes.
        name: Bytes,
    },
    /// Write a value into a file of a group.
    Set {
        /// Which group.
        group: Place,
        /// What.
        setting: Setting,
    },
    /// Move tasks into a group.
    Move {
        /// Which tasks, or one task of each process.
        tasks: Vec<TaskKey>,
        /// Where to.
        to: Place,
        /// The threads alone or their whole processes.
        scope: Scope,
    },
    /// Launch workloads.
    Launch {
        /// One entry a process.
        launches: Vec<Launch>,
    },
    /// Stop the work of a group or of workloads so that it can go on later.
    Hold {
        /// What.
        target: Target,
    },
    /// Let it go on.
    Resume {
        /// What.
        target: Target,
    },
    /// End workloads.
    Stop {
        /// Their processes.
        processes: Vec<TaskKey>,
    },
    /// Send a signal to processes.
    Signal {
        /// Which.
        to: Recipients,
        /// Which signal.
        signal: Signal,
        /// Also to those that take it only when they go on (frozen, or stopped).
        pending: bool,
    },
    /// Kill every process in a group and below, also those that fork meanwhile.
    KillAll {
        /// Which group.
        group: Place,
    },
    /// Set affinity, nice value or policy of tasks.
    Schedule {
        /// Which tasks, or one task of each process.
        tasks: Vec<TaskKey>,
        /// The threads alone or their whole processes.
        scope: Scope,
        /// What, in this order.
        to: Vec<Attribute>,
    },
    /// Mount a hierarchy, at a directory that is made for it where there is none.
    Mount {
        /// What.
        what: What,
        /// Where: an absolute path.
        at: Bytes,
    },
    /// Unmount a hierarchy from one of its mount points.
    Unmount {
        /// Which.
        hierarchy: HierarchyId,
        /// The mount point.
        point: Bytes,
        /// Detach it also while somebody is inside (`MNT_DETACH`): it goes when the last of them has left.
        lazy: bool,
    },
    /// Several things as one plan, in this order: done as a whole or not at all. No undo among them.
    Together {
        /// The title of the plan.
        title: String,
        /// What.
        intents: Vec<Intent>,
    },
    /// Take back what journal entries did, the newest first.
    Undo {
        /// Numbers of the entries.
        entries: Vec<u64>,
    },
}

/// A value for a file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Setting {
    /// Name of the file (`cpu.shares`).
    pub file: Box<str>,
    /// What to write, without a newline.
    #[serde(with = "crate::model::bytes::text")]
    pub data: Bytes,
}

/// What is mounted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum What {
    /// The v1 hierarchy of this name; where there is none, a new one without controllers.
    Named(Bytes),
    /// The v1 hierarchy of exactly these controllers; where there is none, a new one.
    Controllers {
        /// Their names.
        controllers: Vec<Box<str>>,
        /// A name for it beside them.
        name: Option<Bytes>,
    },
    /// A hierarchy that lives, mounted or not.
    Existing(HierarchyId),
}

/// How much of a process moves.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Scope {
    /// The one thread (v1 `tasks`, v2 `cgroup.threads`).
    Thread,
    /// The whole process (`cgroup.procs`).
    Process,
}

/// What becomes of what a group holds when it is removed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Inside {
    /// It must hold nothing.
    #[default]
    Nothing,
    /// The groups below go, too; tasks move to the nearest group above that may hold them.
    Move,
    /// The groups below go, too; processes are killed.
    Kill,
}

/// What a hold or a resume acts on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Target {
    /// All tasks in a group and below.
    Group(Place),
    /// Workloads of cgrove, by process.
    Workloads(Vec<TaskKey>),
}

/// Who gets a signal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Recipients {
    /// The processes of these tasks.
    Processes(Vec<TaskKey>),
    /// The processes that are in a group.
    Group {
        /// Which.
        group: Place,
        /// And in the groups below.
        below: bool,
    },
}
