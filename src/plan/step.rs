//! The alphabet of changes: every change cgrove makes is a sequence of these.
use serde::{Deserialize, Serialize};

use crate::model::bytes::Bytes;
use crate::model::id::{GroupKey, TaskKey};
use crate::model::mounting::Mounting;
use crate::model::place::Place;
use crate::model::scheduling::Attribute;
use crate::model::workload::Launch;

use super::intent::{Scope, Setting};
use super::managers::Owned;

mod signal;

pub use signal::{Became, Signal};

/// One change, as small as a system call (or a bounded loop of one).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Step {
    /// `mkdir`.
    MakeGroup {
        /// Where.
        at: Place,
    },
    /// `rmdir`, retried briefly on EBUSY while exited tasks are still leaving (at most 100 ms).
    RemoveGroup {
        /// Where.
        at: Place,
        /// The group that the plan means; `None` if the plan itself makes it.
        key: Option<GroupKey>,
        /// Its knobs as they stand, in the order in which a new group takes them: what undo sets again.
        settings: Vec<Setting>,
    },
    /// `rename` to another name below the same parent (v1).
    Rename {
        /// Which, by the name that it has.
        at: Place,
        /// The group that the plan means; `None` if the plan itself makes it.
        key: Option<GroupKey>,
        /// Its new name.
        #[serde(with = "crate::model::bytes::text")]
        name: Bytes,
    },
    /// One `write` into a file of a group, then a read of what the kernel stored.
    Write {
        /// The group.
        at: Place,
        /// The group that the plan means; `None` if the plan itself makes it.
        key: Option<GroupKey>,
        /// The file.
        file: Box<str>,
        /// What is written.
        #[serde(with = "crate::model::bytes::text")]
        data: Bytes,
        /// What the survey read there; `None` for a group that the plan makes, or a file that cannot be read.
        #[serde(with = "crate::model::bytes::text_option")]
        prior: Option<Bytes>,
        /// Other values that this write makes the kernel forget (`cpu.idle` resets `cpu.shares`), as they stand, in the
        /// order in which undo writes them after `prior`.
        disturbs: Vec<Prior>,
    },
    /// A task or process into a group, its start time compared right before, its membership read back after.
    Move {
        /// Which task.
        task: TaskKey,
        /// The thread alone or its process.
        scope: Scope,
        /// Where it is.
        from: Place,
        /// Where it goes.
        to: Place,
    },
    /// All tasks that are in `from`, also those that fork meanwhile: at most 50 rounds.
    Drain {
        /// Where they are.
        from: Place,
        /// Where they go.
        to: Place,
    },
    /// SIGKILL to every process in the group and below, also to those that fork meanwhile, until none is left there: by
    /// `cgroup.kill` where there is one, else at most 50 rounds.
    KillAll {
        /// The group.
        at: Place,
        /// The group that the plan means.
        key: Option<GroupKey>,
    },
    /// `mkdir` of a directory to mount something at; no group.
    MakeDirectory {
        /// Its path.
        #[serde(with = "crate::model::bytes::text")]
        path: Bytes,
    },
    /// `rmdir` of such a directory; one that is not empty stays.
    RemoveDirectory {
        /// Its path.
        #[serde(with = "crate::model::bytes::text")]
        path: Bytes,
    },
    /// `mount`, then a look into mountinfo.
    Mount {
        /// What, where and how.
        mounting: Mounting,
    },
    /// `umount`, then a look whether the hierarchy lives on.
    Unmount {
        /// The mount, as undo makes it again.
        mounting: Mounting,
        /// The plan expects that the hierarchy ends with it: groups that were removed a moment ago must have gone first, for
        /// which there is a wait of at most 100 ms.
        ends: bool,
        /// Detach it also while somebody is inside.
        lazy: bool,
        /// Knobs of the top group, where the hierarchy ends with it: what undo sets again.
        settings: Vec<Setting>,
    },
    /// One process under the supervisor.
    Launch {
        /// What and where.
        launch: Launch,
        /// The workload that ended and that this one stands for again: undo and redo follow it.
        again: Option<TaskKey>,
    },
    /// A signal to a process, its start time compared right before.
    Signal {
        /// Which.
        process: TaskKey,
        /// Which signal.
        signal: Signal,
    },
    /// An attribute of scheduling, of a thread or of every thread of a process, also of those that it starts meanwhile; the
    /// start times compared right before, the values read back after.
    Schedule {
        /// The thread, or a thread of the process.
        task: TaskKey,
        /// The thread alone or its process.
        scope: Scope,
        /// What.
        to: Attribute,
        /// What the survey read of it; `None` where threads differ, or it could not be read.
        prior: Option<Attribute>,
    },
}

/// A value as it stood before a plan.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Prior {
    /// The group.
    pub at: Place,
    /// File and value.
    pub setting: Setting,
}

/// What a step did, read back from the kernel.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Outcome {
    /// The group was made; its identity.
    Made(GroupKey),
    /// The group is gone.
    Removed,
    /// The group has its new name, and is the same.
    Renamed,
    /// What the file reads now; the kernel may have stored something else than was asked.
    Stored(#[serde(with = "crate::model::bytes::text_option")] Option<Bytes>),
    /// Where each moved task was, and where it is now.
    Moved(Vec<Moved>),
    /// The workload's process.
    Launched(TaskKey),
    /// The directory was made.
    DirectoryMade,
    /// The directory is gone.
    DirectoryRemoved,
    /// It is mounted.
    Mounted {
        /// The top group: the number of the hierarchy, and its inode.
        top: GroupKey,
        /// The mount made the hierarchy: there was none.
        new: bool,
    },
    /// It is not mounted there any more.
    Unmounted(Life),
    /// The signal was delivered.
    Signalled,
    /// It was delivered, and a moment later the process was this.
    Became(Became),
    /// What each thread had, and has now; the kernel may have stored something else than was asked.
    Scheduled(Vec<Scheduled>),
    /// These processes were in the group and are ended; where `cgroup.kill` did it, those that were seen before.
    Killed(Vec<TaskKey>),
    /// Nothing was to be done: the task ended, the group was gone, the value stood already. The reason.
    Nothing(String),
}

/// What became of a hierarchy that was unmounted somewhere.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Life {
    /// It is mounted elsewhere, too.
    Mounted,
    /// It lives on, mounted nowhere that is seen from here: mounting it again shows it as it was.
    Hidden,
    /// It is gone; its controllers, if it had some, are free.
    Gone,
}

/// One task's move, verified.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Moved {
    /// Which task.
    pub task: TaskKey,
    /// Where it was.
    pub from: Place,
    /// Where `/proc/TID/cgroup` says it is now.
    pub now: Place,
    /// When, in clock ticks since boot, as start times count; 0 where that is not known. What started since, and is where it
    /// is, came after it.
    #[serde(default)]
    pub at: u64,
}

/// One thread's attribute, read before and after.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Scheduled {
    /// Which thread.
    pub task: TaskKey,
    /// What it had.
    pub was: Attribute,
    /// What it has now.
    pub now: Attribute,
}

/// What will be done, to be shown and confirmed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plan {
    /// One line: "hold cg3: 1 process".
    pub title: String,
    /// The steps in order.
    pub steps: Vec<Step>,
    /// The same as shell lines, one or more a step, quoted; paths whole.
    pub shell: Vec<String>,
    /// What to know before: consequences that are not the aim, such as "asked 0, the kernel stores 2".
    pub warnings: Vec<String>,
    /// Managers that own something of what it touches, and what that means.
    pub owned: Vec<Owned>,
    /// What must be asked first.
    pub confirm: Confirm,
    /// It touches what cgrove did not make: the visit must be armed for it.
    pub foreign: bool,
    /// Whether undo can take all of it back; otherwise what it cannot.
    pub irrevocable: Option<String>,
}

impl Plan {
    /// Whether it can be tried for a while: all that it does is write values over values, which can be set back.
    #[must_use]
    pub fn can_be_tried(&self) -> bool {
        let value = |step: &Step| match step {
            Step::Write { key: Some(_), prior: Some(_), file, .. } => {
                !matches!(&**file, "cgroup.subtree_control" | "cgroup.type")
            }
            _ => false,
        };
        self.irrevocable.is_none() && !self.steps.is_empty() && self.steps.iter().all(value)
    }
}

impl Step {
    /// The groups that it touches.
    #[must_use]
    pub fn places(&self) -> Vec<&Place> {
        match self {
            Self::MakeGroup { at }
            | Self::RemoveGroup { at, .. }
            | Self::Write { at, .. }
            | Self::Rename { at, .. }
            | Self::KillAll { at, .. } => vec![at],
            Self::Move { from, to, .. } | Self::Drain { from, to } => vec![from, to],
            Self::Launch { launch, .. } => launch.groups.iter().collect(),
            _ => Vec::new(),
        }
    }
}

/// How a plan is confirmed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Confirm {
    /// In the stage and undoable: the key that asked is enough.
    None,
    /// Shown; Enter does it.
    Enter,
    /// It touches what cgrove did not make: shown, the focus stands on Leave.
    Foreign,
    /// Many or irrevocable: this number must be typed.
    Type(u32),
}
