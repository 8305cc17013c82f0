//! What the split says of every group and task of one frame: the input of the screens, of `tree` and of `why`.
use std::collections::HashMap;
use std::sync::Arc;

use crate::model::id::{GroupId, TaskKey};
use crate::model::time::Mono;

use super::contest::{Contest, NodeIx};
use super::ratio::Ratio;

/// The split of one frame.
#[derive(Clone, Debug, Default)]
pub struct Table {
    /// Rows of the groups of the hierarchy that carries cpu.
    pub groups: HashMap<GroupId, Row>,
    /// Rows of their tasks.
    pub tasks: HashMap<TaskKey, TaskRow>,
    /// When the sample was taken.
    pub at: Mono,
    /// Moments at which windows of rows started anew, and why; those that rows of this frame still count from, oldest first.
    pub restarts: Vec<Restart>,
    /// What the amounts owed were solved from, for previews; `None` where nothing could be judged.
    pub standing: Option<Arc<Standing>>,
}

/// A contest with what stands where in it.
#[derive(Clone, Debug, PartialEq)]
pub struct Standing {
    /// The contest.
    pub contest: Contest,
    /// By slot: the node in which the group's own tasks compete.
    pub groups: Vec<Option<NodeIx>>,
    /// The tasks that take part in the fair contest: each with its group and its node.
    pub tasks: Vec<(TaskKey, GroupId, NodeIx)>,
}

/// A moment at which windows started anew.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Restart {
    /// When.
    pub at: Mono,
    /// What was seen to change then, what a person did first.
    pub causes: Vec<Cause>,
}

/// Something that changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cause {
    /// The group where it happened; `None` for something that a person did.
    pub group: Option<GroupId>,
    /// In words: "hold cg3", "loop 42 wants the CPU". Names in it are escaped.
    pub what: String,
}

/// Since when some rows are measured together.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Window<'a> {
    /// Its length in seconds: 0 right after a change.
    pub seconds: f64,
    /// What began it, if it was not the first sample.
    pub because: Option<&'a str>,
}

impl Table {
    /// The window that all of these rows have in common: from the last time that what one of them is owed moved, else from
    /// the first sample. Of several causes that of a person comes first, then one in these groups. `None` without a row.
    #[must_use]
    pub fn window(&self, groups: &[GroupId]) -> Option<Window<'_>> {
        let sinces = || groups.iter().filter_map(|id| self.groups.get(id)).map(|row| row.since);
        // A group that was made meanwhile has a window of its own, and what others are owed did not move.
        let moved = self.restarts.iter().rev().find(|restart| sinces().any(|since| since == restart.at));
        let since = moved.map(|restart| restart.at).or_else(|| sinces().min())?;
        let causes = moved.map(|restart| &restart.causes);
        let nearest = causes.and_then(|causes| {
            let here = |cause: &&Cause| cause.group.is_some_and(|group| groups.contains(&group));
            causes.iter().find(|cause| cause.group.is_none()).or_else(|| causes.iter().find(here)).or(causes.first())
        });
        Some(Window { seconds: self.at.seconds_since(since), because: nearest.map(|cause| &*cause.what) })
    }
}

/// What the split says of one group.
#[derive(Clone, Debug, PartialEq)]
pub struct Row {
    /// By the weights alone, as a part of the top of its hierarchy; `None` where a weight on the way could not be read, or
    /// for a group without the cpu controller (it is transparent).
    pub configured: Option<Ratio>,
    /// What it is owed now.
    pub expected: Owed,
    /// What it got.
    pub measured: Got,
    /// What to think of it.
    pub verdict: Verdict,
    /// Since when it is measured: what it is owed has been the same from then on.
    pub since: Mono,
    /// The CPUs where its tasks and those below that want the CPU compete, ascending: the default scale where it is the base.
    pub contested: Vec<u32>,
    /// What it is owed on other CPUs than those, in CPUs.
    pub elsewhere: f64,
    /// Tasks in the group itself.
    pub own_tasks: u32,
    /// Tasks in groups below.
    pub tasks_below: u32,
    /// Tasks in it and below that want the CPU.
    pub hungry: u32,
    /// Part of the time that its tasks which want the CPU waited for it, 0 to 1; `None` if none wants it or it is unread.
    pub wait: Option<f64>,
}

/// What the split says of one task.
#[derive(Clone, Debug, PartialEq)]
pub struct TaskRow {
    /// The group it is in, in the hierarchy that carries cpu.
    pub group: GroupId,
    /// What it wants.
    pub demand: Demand,
    /// What it is owed now.
    pub expected: Owed,
    /// What it got.
    pub measured: Got,
    /// Part of the time that it waited, 0 to 1.
    pub wait: Option<f64>,
}

/// What a task wants of the CPU (kernel-documentation terms do not exist; see `split::demand`).
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Demand {
    /// It never sleeps: it wants a whole CPU.
    Hungry,
    /// It sleeps at times and takes what it wants.
    Satisfied {
        /// What it used, in CPUs.
        run: f64,
        /// What it would use alone if it did not catch up: run / (1 − wait).
        alone: f64,
    },
    /// It is held (stopped or frozen).
    Held,
    /// Not known: one sample only, or the counters could not be read.
    Unknown,
}

/// What the kernel owes, in CPUs.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Owed {
    /// Exact in the steady state: everything that matters is pinned, or there is one CPU.
    Exact(f64),
    /// An estimate (≈): tasks that may run on several CPUs take part.
    About(f64),
    /// It cannot be judged: something it depends on could not be read.
    Unknown,
}

impl Owed {
    /// The amount in CPUs, if it is known.
    #[must_use]
    pub fn cpus(self) -> Option<f64> {
        match self {
            Self::Exact(cpus) | Self::About(cpus) => Some(cpus),
            Self::Unknown => None,
        }
    }
}

/// What the counters say, in CPUs.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Got {
    /// Measured.
    Cpus {
        /// CPU-seconds per second.
        cpus: f64,
        /// Half-width of the uncertainty in CPUs: counter ticks over the window.
        plus_minus: f64,
        /// Only a lower bound: tasks may have exited between samples and no group counter exists.
        at_least: bool,
    },
    /// Only one sample so far (`…`).
    TooEarly,
    /// It could not be read (`?`).
    Unknown,
}

impl Got {
    /// The amount in CPUs, if it was measured.
    #[must_use]
    pub fn cpus(self) -> Option<f64> {
        match self {
            Self::Cpus { cpus, .. } => Some(cpus),
            _ => None,
        }
    }
}

/// Two different things: does the kernel give what it owes, and does the group have enough.
#[derive(Clone, Debug, PartialEq)]
pub struct Verdict {
    /// Measured against expected.
    pub given: Given,
    /// Whether it has enough.
    pub enough: Enough,
    /// One sentence or two: why it is owed what it is owed, and why it got what it got.
    pub because: String,
}

/// Measured against expected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Given {
    /// They agree within the stated uncertainty (✓).
    Agrees,
    /// They do not (≠).
    Differs,
    /// It is too early, or one of them is not known.
    CannotTell,
}

/// Whether a group has enough.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Enough {
    /// It gets all it wants.
    Enough,
    /// It wants more and is owed no more.
    Short,
    /// It wants more and a quota stands against it: its own or that of an ancestor.
    Capped(GroupId),
    /// It is held.
    Held,
    /// It wants nothing.
    Idle,
    /// Not known.
    Unknown,
}
