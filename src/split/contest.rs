//! A contest for the CPU, stripped of everything but what the kernel's scheduler looks at.
//!
//! A tree of groups with tasks at its leaves (v1 and the root: also beside groups). Live, `split::live` builds one from a
//! snapshot; for an experiment, `experiment` builds one from the file. [`super::solve::solve`] answers who is owed what.
use std::collections::BTreeMap;

use crate::model::cpu_set::CpuSet;

/// Index of a node in its [`Contest`].
pub type NodeIx = usize;

/// A contest. Node 0 is the root group; parents come before children.
#[derive(Clone, Debug, PartialEq)]
pub struct Contest {
    /// The nodes.
    pub nodes: Vec<Node>,
    /// What each CPU has to give to this contest, in CPUs (1.0 a whole one).
    pub capacity: BTreeMap<u32, f64>,
}

/// A group or a task.
#[derive(Clone, Debug, PartialEq)]
pub struct Node {
    /// The group it is in; `None` only for the root.
    pub parent: Option<NodeIx>,
    /// Its weight in units in which a nice-0 task has 1024: v1 `cpu.shares`, v2 `cpu.weight` × 1024 / 100, 3 for an idle
    /// group or a `SCHED_IDLE` task, the nice table for other tasks. The root's is not used.
    pub weight: f64,
    /// What it is.
    pub kind: NodeKind,
}

/// What a node is.
#[derive(Clone, Debug, PartialEq)]
pub enum NodeKind {
    /// A group.
    Group {
        /// Its bandwidth limit in CPUs over all CPUs together, if it has one.
        quota: Option<f64>,
    },
    /// A task.
    Task {
        /// What it wants, in CPUs: 0 to 1.
        demand: f64,
        /// Where it may run.
        cpus: CpuSet,
    },
}

/// Who is owed what.
#[derive(Clone, Debug, PartialEq)]
pub struct Solution {
    /// CPUs owed to each node, groups with all below them.
    pub cpus: Vec<f64>,
    /// The same for each CPU.
    pub per_cpu: Vec<BTreeMap<u32, f64>>,
    /// Whether the answer is exact for each node: no task that may run on several CPUs takes part where it matters.
    pub exact: Vec<bool>,
    /// The group whose quota binds for each node (itself or an ancestor), if one does.
    pub capped_by: Vec<Option<NodeIx>>,
}
