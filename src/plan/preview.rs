//! What a plan would do to the split, before it is done.
//!
//! A [`Stage`] is a contest with the names of its nodes: the caller lays it out from its snapshot or its experiment.
//! [`Stage::after`] applies a plan's steps to a copy; [`crate::split::solve::solve`] on both gives before → after.
//!
//! It is a preview: who wants how much CPU is taken to stay the same; what is launched wants its duty; what is held wants
//! nothing, and what is resumed wants what [`Stage::wants`] says, else a whole CPU. Steps that say nothing about the CPU, or
//! lie in another hierarchy, change nothing.
//!
//! Not here: groups without the cpu controller (v2), which the caller lays out as transparent; a plan that enables the
//! controller there changes who competes with whom, and only a new layout can tell.
use std::collections::BTreeMap;

use crate::model::cgroup::Quota;
use crate::model::hierarchy::Version;
use crate::model::id::{HierarchyId, Pid, TaskKey};
use crate::model::place::Place;
use crate::model::scheduling::Attribute;
use crate::model::task::Policy;
use crate::model::workload::{Launch, Program};
use crate::split::contest::{Contest, Node, NodeIx, NodeKind};
use crate::split::weight;

use super::intent::Scope;
use super::step::{Signal, Step};

/// A contest with the names of its nodes.
#[derive(Clone, Debug, PartialEq)]
pub struct Stage {
    /// The contest.
    pub contest: Contest,
    /// The hierarchy that carries cpu.
    pub hierarchy: HierarchyId,
    /// Its version: what a written weight means.
    pub version: Version,
    /// The groups of the contest.
    pub groups: BTreeMap<Place, GroupNode>,
    /// Its tasks.
    pub tasks: BTreeMap<TaskKey, TaskNode>,
    /// What steps launched: the group and the node of each task.
    pub launched: Vec<(Place, NodeIx)>,
}

/// A group of the contest.
#[derive(Clone, Debug, PartialEq)]
pub struct GroupNode {
    /// Its node; a transparent group has that of the nearest ancestor with the cpu controller.
    pub node: NodeIx,
    /// Its weight as the kernel prints it.
    pub weight: u64,
    /// Whether it is idle.
    pub idle: bool,
    /// Its bandwidth limit; `period_us` also where there is no quota.
    pub quota: Quota,
}

/// A task of the contest.
#[derive(Clone, Debug, PartialEq)]
pub struct TaskNode {
    /// Its node.
    pub node: NodeIx,
    /// Its process.
    pub process: Pid,
    /// The group it is in.
    pub group: Place,
    /// What it wants when it is not held, in CPUs, if that is known.
    pub wants: Option<f64>,
}

impl Stage {
    /// The stage as it will be after these steps.
    #[must_use]
    pub fn after(&self, steps: &[Step]) -> Self {
        let mut stage = self.clone();
        for step in steps {
            stage.apply(step);
        }
        stage
    }

    /// What a task that is resumed wants, in CPUs.
    #[must_use]
    pub fn wants(task: &TaskNode) -> f64 {
        task.wants.unwrap_or(1.0)
    }

    fn apply(&mut self, step: &Step) {
        match step {
            Step::MakeGroup { at } => self.make(at),
            Step::RemoveGroup { at, .. } => {
                self.groups.remove(at);
            }
            Step::Rename { at, name, .. } => {
                let to = at.sibling(name);
                for (place, group) in std::mem::take(&mut self.groups) {
                    self.groups.insert(place.renamed(at, &to), group);
                }
                for task in self.tasks.values_mut() {
                    task.group = task.group.renamed(at, &to);
                }
            }
            Step::Write { at, file, data, .. } => self.write(at, file, String::from_utf8_lossy(data).trim()),
            Step::Move { task, scope, to, .. } => {
                let process = self.tasks.get(task).map(|node| node.process);
                self.move_where(to, |key, node| match scope {
                    Scope::Thread => key == task,
                    Scope::Process => key == task || Some(node.process) == process || node.process == task.tid,
                });
            }
            Step::MakeDirectory { .. } | Step::RemoveDirectory { .. } | Step::Mount { .. } | Step::Unmount { .. } => {}
            Step::Drain { from, to } => self.move_where(to, |_, node| node.group == *from),
            Step::KillAll { at, .. } => {
                let inside: Vec<TaskNode> =
                    self.tasks.values().filter(|node| node.group.is_within(at)).cloned().collect();
                for task in &inside {
                    self.demand(task.node, 0.0);
                }
            }
            Step::Launch { launch, .. } => self.launch(launch),
            Step::Signal { process, signal } => {
                let wants: fn(&TaskNode) -> f64 = match signal {
                    Signal::Continue => Self::wants,
                    Signal::Stop | Signal::Kill | Signal::Terminate => |_| 0.0,
                    // What the program makes of it, nobody knows.
                    _ => return,
                };
                let tasks: Vec<TaskNode> =
                    self.tasks.values().filter(|node| node.process == process.tid).cloned().collect();
                for task in tasks {
                    self.demand(task.node, wants(&task));
                }
            }
            Step::Schedule { task, scope, to, .. } => self.schedule(task, *scope, to),
        }
    }

    /// Real-time tasks take no part in the split by weight: a task that becomes one, or was one, stays as it is here.
    fn schedule(&mut self, task: &TaskKey, scope: Scope, to: &Attribute) {
        let process = self.tasks.get(task).map(|node| node.process);
        let is = |key: &TaskKey, node: &TaskNode| {
            key == task || scope == Scope::Process && (Some(node.process) == process || node.process == task.tid)
        };
        let nodes: Vec<NodeIx> =
            self.tasks.iter().filter(|(key, node)| is(key, node)).map(|(_, node)| node.node).collect();
        for node in nodes {
            let Some(Node { weight, kind: NodeKind::Task { cpus, .. }, .. }) = self.contest.nodes.get_mut(node) else {
                continue;
            };
            match to {
                Attribute::Cpus(asked) => cpus.clone_from(asked),
                // An idle task weighs the same at every nice value.
                Attribute::Nice(nice) if *weight > weight::IDLE => *weight = weight::of_nice(*nice),
                Attribute::Policy { policy: Policy::Idle, .. } => *weight = weight::IDLE,
                Attribute::Policy { .. } if *weight <= weight::IDLE => *weight = weight::of_nice(0),
                Attribute::Nice(_) | Attribute::Policy { .. } => {}
            }
        }
    }

    fn make(&mut self, at: &Place) {
        let Some(parent) = at.parent().and_then(|parent| self.groups.get(&parent)).map(|group| group.node) else {
            return;
        };
        let weight = if self.version == Version::V1 { 1024 } else { 100 };
        let quota = Quota { quota_us: None, period_us: 100_000 };
        let node = self.push(parent, weight::of_group(self.version, weight, false), NodeKind::Group { quota: None });
        self.groups.insert(at.clone(), GroupNode { node, weight, idle: false, quota });
    }

    fn push(&mut self, parent: NodeIx, weight: f64, kind: NodeKind) -> NodeIx {
        self.contest.nodes.push(Node { parent: Some(parent), weight, kind });
        self.contest.nodes.len() - 1
    }

    fn write(&mut self, at: &Place, file: &str, text: &str) {
        if matches!(file, "cgroup.freeze" | "freezer.state") {
            self.freeze(at, matches!(text, "1" | "FROZEN"));
            return;
        }
        let default = if self.version == Version::V1 { 1024 } else { 100 };
        let Some(group) = self.groups.get_mut(at) else { return };
        let number = text.parse::<u64>().ok();
        match (file, number) {
            ("cpu.shares", Some(shares)) => group.weight = weight::clamp_shares(shares),
            ("cpu.weight", Some(weight)) => group.weight = weight,
            ("cpu.idle", Some(0)) if group.idle => (group.idle, group.weight) = (false, default),
            ("cpu.idle", Some(1)) => group.idle = true,
            ("cpu.cfs_quota_us", quota) => group.quota.quota_us = quota,
            ("cpu.cfs_period_us", Some(period)) => group.quota.period_us = period,
            ("cpu.max", _) => {
                let mut words = text.split_ascii_whitespace();
                group.quota.quota_us = words.next().and_then(|quota| quota.parse().ok());
                if let Some(period) = words.next().and_then(|period| period.parse().ok()) {
                    group.quota.period_us = period;
                }
            }
            _ => return,
        }
        let (node, weight, limit) =
            (group.node, weight::of_group(self.version, group.weight, group.idle), group.quota.cpus());
        if let Some(Node { weight: old, kind: NodeKind::Group { quota }, .. }) = self.contest.nodes.get_mut(node) {
            (*old, *quota) = (weight, limit);
        }
    }

    /// Every task in the group and below wants nothing, or wants again.
    fn freeze(&mut self, at: &Place, hold: bool) {
        let tasks: Vec<TaskNode> = self.tasks.values().filter(|node| node.group.is_within(at)).cloned().collect();
        for task in tasks {
            self.demand(task.node, if hold { 0.0 } else { Self::wants(&task) });
        }
    }

    fn demand(&mut self, node: NodeIx, wants: f64) {
        if let Some(Node { kind: NodeKind::Task { demand, .. }, .. }) = self.contest.nodes.get_mut(node) {
            *demand = wants;
        }
    }

    /// Tasks leave their nodes behind, wanting nothing: parents must come before children, and a group made by the plan comes
    /// last.
    fn move_where(&mut self, to: &Place, which: impl Fn(&TaskKey, &TaskNode) -> bool) {
        let Some(parent) = self.groups.get(to).map(|group| group.node) else { return };
        let moving: Vec<TaskKey> = self
            .tasks
            .iter()
            .filter(|(key, node)| node.group != *to && which(key, node))
            .map(|(key, _)| *key)
            .collect();
        for key in moving {
            let Some(old) = self.tasks.get(&key).map(|task| task.node) else { continue };
            let Some(Node { weight, kind, .. }) = self.contest.nodes.get(old).cloned() else { continue };
            self.demand(old, 0.0);
            let node = self.push(parent, weight, kind);
            if let Some(task) = self.tasks.get_mut(&key) {
                (task.node, task.group) = (node, to.clone());
            }
        }
    }

    fn launch(&mut self, launch: &Launch) {
        let group = launch.groups.iter().find(|group| group.hierarchy == self.hierarchy);
        let place = group.cloned().unwrap_or_else(|| Place::top(self.hierarchy));
        let Some(parent) = self.groups.get(&place).map(|group| group.node) else { return };
        let (threads, demand) = match &launch.program {
            Program::Spin(spin) => (spin.threads, spin.duty()),
            Program::Command(_) => (1, 1.0),
        };
        let cpus = launch.cpus.clone().unwrap_or_else(|| self.contest.capacity.keys().copied().collect());
        for _ in 0..threads {
            let kind = NodeKind::Task { demand, load: 1.0, cpus: cpus.clone() };
            let node = self.push(parent, weight::of_nice(launch.nice), kind);
            self.launched.push((place.clone(), node));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::cpu_set::CpuSet;
    use crate::model::workload::Spin;
    use crate::split::solve::solve;

    const H: HierarchyId = HierarchyId(1);

    fn place(path: &str) -> Place {
        Place::new(H, path.as_bytes())
    }

    fn made(path: &str) -> Step {
        Step::MakeGroup { at: place(path) }
    }

    fn write(path: &str, file: &str, data: &str) -> Step {
        let data = data.as_bytes().into();
        Step::Write { at: place(path), key: None, file: file.into(), data, prior: None, disturbs: Vec::new() }
    }

    fn launch(path: &str) -> Step {
        let program = Program::Spin(Spin::default());
        Step::Launch {
            launch: Launch { groups: vec![place(path)], program, cpus: Some(CpuSet::one(0)), nice: 0 },
            again: None,
        }
    }

    fn empty() -> Stage {
        let root = Node { parent: None, weight: 1024.0, kind: NodeKind::Group { quota: None } };
        let quota = Quota { quota_us: None, period_us: 100_000 };
        Stage {
            contest: Contest { nodes: vec![root], capacity: BTreeMap::from([(0, 1.0)]) },
            hierarchy: H,
            version: Version::V1,
            groups: BTreeMap::from([(Place::top(H), GroupNode { node: 0, weight: 1024, idle: false, quota })]),
            tasks: BTreeMap::new(),
            launched: Vec::new(),
        }
    }

    /// The lecture's second figure with one loop of known identity in each leaf.
    fn figure() -> Stage {
        let mut stage = empty().after(&[
            made("cg1"),
            write("cg1", "cpu.shares", "600"),
            made("cg1/cg2"),
            write("cg1/cg2", "cpu.shares", "100"),
            made("cg1/cg3"),
            write("cg1/cg3", "cpu.shares", "200"),
            made("cg4"),
            write("cg4", "cpu.shares", "200"),
            launch("cg1/cg2"),
            launch("cg1/cg3"),
            launch("cg4"),
        ]);
        for (node, (tid, group)) in [(42, "cg1/cg2"), (43, "cg1/cg3"), (44, "cg4")].into_iter().enumerate() {
            let task = TaskNode { node: node + 5, process: tid, group: place(group), wants: Some(1.0) };
            stage.tasks.insert(TaskKey { tid, start: 1 }, task);
        }
        stage
    }

    /// What cg2, cg3 and cg4 are owed, in per cent.
    fn owed(stage: &Stage) -> [i64; 3] {
        let solution = solve(&stage.contest);
        ["cg1/cg2", "cg1/cg3", "cg4"].map(|path| {
            let cpus = stage.groups.get(&place(path)).map_or(0.0, |group| solution.cpus[group.node]);
            #[expect(clippy::cast_possible_truncation, reason = "0 to 100")]
            let percent = (cpus * 100.0).round() as i64;
            percent
        })
    }

    #[test]
    fn the_figure_before_it_is_built() {
        assert_eq!(owed(&figure()), [25, 50, 25]);
    }

    #[test]
    fn a_weight_a_quota_and_idle() {
        // 600 of 1200, then 1/3 and 2/3 of it.
        assert_eq!(owed(&figure().after(&[write("cg4", "cpu.shares", "600")])), [17, 33, 50]);
        assert_eq!(owed(&figure().after(&[write("cg4", "cpu.cfs_quota_us", "10000")])), [30, 60, 10]);
        assert_eq!(owed(&figure().after(&[write("cg4", "cpu.idle", "1")])), [33, 66, 0]);
        // Back from idle it has the default weight, 1024 against 600.
        let back = [write("cg4", "cpu.idle", "1"), write("cg4", "cpu.idle", "0")];
        assert_eq!(owed(&figure().after(&back)), [12, 25, 63]);
    }

    #[test]
    fn holding_gives_to_the_sibling_first_and_resuming_takes_it_back() {
        let process = TaskKey { tid: 43, start: 1 };
        let held = figure().after(&[Step::Signal { process, signal: Signal::Stop }]);
        assert_eq!(owed(&held), [75, 0, 25]);
        assert_eq!(owed(&held.after(&[Step::Signal { process, signal: Signal::Continue }])), [25, 50, 25]);
        assert_eq!(owed(&figure().after(&[write("cg1", "freezer.state", "FROZEN")])), [0, 0, 100]);
    }

    #[test]
    fn nice_policy_and_cpus_of_a_task() {
        let set = |to| Step::Schedule { task: TaskKey { tid: 44, start: 1 }, scope: Scope::Process, to, prior: None };
        // A group weighs the same whatever is in it: two tasks in one group.
        let both = Step::Move {
            task: TaskKey { tid: 42, start: 1 },
            scope: Scope::Process,
            from: place("cg1/cg2"),
            to: place("cg4"),
        };
        let together = figure().after(&[both]);
        let of = |stage: &Stage, tid| solve(&stage.contest).cpus[stage.tasks[&TaskKey { tid, start: 1 }].node];
        let part = |stage: &Stage| of(stage, 44) / (of(stage, 42) + of(stage, 44));
        assert!((part(&together) - 0.5).abs() < 1e-6);
        // 335 against 1024, and 3 against 1024.
        assert!((part(&together.after(&[set(Attribute::Nice(5))])) - 335.0 / 1359.0).abs() < 1e-6);
        let idle = set(Attribute::Policy { policy: Policy::Idle, priority: 0 });
        let after = together.after(&[idle, set(Attribute::Nice(-5))]);
        assert!((part(&after) - 3.0 / 1027.0).abs() < 1e-6, "nice counts nothing while it is idle");
        let other = set(Attribute::Policy { policy: Policy::Other, priority: 0 });
        assert!((part(&after.after(&[other])) - 0.5).abs() < 1e-6);
        let moved = together.after(&[set(Attribute::Cpus(CpuSet::one(1)))]);
        assert!(of(&moved, 44) < 1e-6, "CPU 1 is not in the contest");
        let asked = figure().after(&[Step::Signal { process: TaskKey { tid: 44, start: 1 }, signal: Signal::User1 }]);
        assert_eq!(owed(&asked), [25, 50, 25], "what it makes of that, nobody knows");
    }

    #[test]
    fn moving_takes_the_demand_along() {
        let step = Step::Move {
            task: TaskKey { tid: 43, start: 1 },
            scope: Scope::Process,
            from: place("cg1/cg3"),
            to: place("cg4"),
        };
        assert_eq!(owed(&figure().after(&[step])), [75, 0, 25]);
        let drain = Step::Drain { from: place("cg4"), to: place("cg1/cg2") };
        assert_eq!(owed(&figure().after(&[drain])), [33, 67, 0]);
    }

    #[test]
    fn what_is_not_in_the_contest_changes_nothing() {
        let elsewhere = Step::MakeGroup { at: Place::new(HierarchyId(7), b"/x") };
        let unknown = [elsewhere, write("gone", "cpu.shares", "5"), write("cg4", "pids.max", "5"), launch("gone")];
        assert_eq!(figure().after(&unknown), figure());
    }
}
