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
    /// group or a `SCHED_IDLE` task, the nice table for other tasks (see [`super::weight`]). The root's is not used.
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
        /// The part of its weight that counts where the kernel divides a group's weight over CPUs, 0 to 1: about the
        /// part of the time that it is runnable. 1 for loops, and by convention for the `duty` tasks of experiments.
        load: f64,
        /// Where it may run.
        cpus: CpuSet,
    },
}

impl Contest {
    /// A contest of the root group alone, over these CPUs.
    #[must_use]
    pub fn new(capacity: BTreeMap<u32, f64>) -> Self {
        let root = Node { parent: None, weight: super::weight::NICE_0, kind: NodeKind::Group { quota: None } };
        Self { nodes: vec![root], capacity }
    }

    /// Adds a group below `parent`; its index.
    pub fn group(&mut self, parent: NodeIx, weight: f64, quota: Option<f64>) -> NodeIx {
        self.push(Node { parent: Some(parent), weight, kind: NodeKind::Group { quota } })
    }

    /// Adds a task to `parent`, its whole weight counting as load; its index.
    pub fn task(&mut self, parent: NodeIx, weight: f64, demand: f64, cpus: CpuSet) -> NodeIx {
        self.push(Node { parent: Some(parent), weight, kind: NodeKind::Task { demand, load: 1.0, cpus } })
    }

    /// Adds a node whose parent is there already; its index.
    pub fn push(&mut self, node: Node) -> NodeIx {
        debug_assert!(node.parent.is_some_and(|parent| parent < self.nodes.len()), "parents come before children");
        self.nodes.push(node);
        self.nodes.len() - 1
    }
}

/// Who is owed what.
#[derive(Clone, Debug, PartialEq)]
pub struct Solution {
    /// CPUs owed to each node, groups with all below them.
    pub cpus: Vec<f64>,
    /// What each node could use, in CPUs: a task's demand; for a group the sum of what is below it, each part after its own
    /// quota, and at most the group's own.
    pub demand: Vec<f64>,
    /// Whether the answer is exact for each node: no task that may run on several CPUs takes part where it matters.
    pub exact: Vec<bool>,
    /// The group whose quota binds for each node (itself or the nearest ancestor), if one does.
    pub capped_by: Vec<Option<NodeIx>>,
    /// The CPUs as they were shared: each pool is one CPU where tasks are pinned, several where tasks roam over them.
    pub pools: Vec<Pool>,
    /// What each node is owed in each pool, node by node.
    pub(super) parts: Vec<Part>,
    /// Where the parts of each node begin; one more at the end.
    pub(super) first_part: Vec<u32>,
}

/// CPUs that were shared as one.
#[derive(Clone, Debug, PartialEq)]
pub struct Pool {
    /// Its CPUs.
    pub cpus: CpuSet,
    /// What they have to give together, in CPUs.
    pub capacity: f64,
    /// What was owed to all together, in CPUs.
    pub owed: f64,
}

/// What a node is owed in one pool.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Part {
    /// Index into [`Solution::pools`].
    pub pool: u32,
    /// CPUs.
    pub cpus: f64,
}

impl Solution {
    /// What `node` is owed in each pool where it wants something.
    #[must_use]
    pub fn parts(&self, node: NodeIx) -> &[Part] {
        match (self.first_part.get(node), self.first_part.get(node + 1)) {
            (Some(&from), Some(&to)) => &self.parts[from as usize..to as usize],
            _ => &[],
        }
    }

    /// What `node` is owed on `cpu`; `None` where it shares that CPU as one of several, so that nobody can tell.
    #[must_use]
    pub fn on_cpu(&self, node: NodeIx, cpu: u32) -> Option<f64> {
        for part in self.parts(node) {
            let pool = &self.pools[part.pool as usize];
            if pool.cpus.contains(cpu) {
                return (pool.cpus.len() == 1).then_some(part.cpus);
            }
        }
        Some(0.0)
    }

    /// Whether `node` is owed less than it could use.
    #[must_use]
    pub fn wants_more(&self, node: NodeIx) -> bool {
        self.cpus[node] < self.demand[node] - super::solve::NOTHING
    }
}
