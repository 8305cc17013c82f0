//! The contest of a host: the hierarchy that carries cpu, its tasks and what they want, laid out for the solver.
use std::collections::{BTreeMap, HashMap};

use crate::model::cpu_set::CpuSet;
use crate::model::field::Field;
use crate::model::hierarchy::Version;
use crate::model::id::{GroupId, TaskKey};
use crate::model::snapshot::{GroupValues, Snapshot};
use crate::model::task::{Policy, Task};
use crate::model::time::Mono;
use crate::split::contest::{Contest, Node, NodeIx, NodeKind};
use crate::split::keyed::Keyed;
use crate::split::measured::Ring;
use crate::split::table::{Demand, Standing};
use crate::split::weight;

use super::SMALL;

/// The hierarchy that carries cpu, as far as a snapshot has it.
pub(super) struct Carrier {
    /// v1 or v2.
    pub(super) version: Version,
    /// Its top group.
    pub(super) top: GroupId,
    /// Its groups, parents before children.
    pub(super) groups: Vec<GroupId>,
    /// The top is the kernel's root group, not the top of what a namespace or a bind mount shows.
    pub(super) is_root: bool,
    /// By slot: the group or one above it is frozen.
    frozen: Vec<bool>,
    /// By slot: its row in the columns of the snapshot.
    rows: Vec<Option<usize>>,
}

impl Carrier {
    /// Finds it.
    pub(super) fn of(snapshot: &Snapshot) -> Option<Self> {
        let hierarchy = snapshot.structure.carrier("cpu")?;
        let top = hierarchy.root?;
        let groups: Vec<GroupId> = snapshot.structure.subtree(top).collect();
        let whole = hierarchy.best_mount().is_none_or(|mount| &*mount.root == b"/");
        let is_root = whole && snapshot.host.in_cgroup_namespace != Some(true);
        let mut rows = vec![None; snapshot.structure.slots()];
        for (row, id) in snapshot.groups.ids.iter().enumerate() {
            if let Some(slot) = rows.get_mut(id.0 as usize) {
                *slot = Some(row);
            }
        }
        let mut frozen = vec![false; snapshot.structure.slots()];
        for &id in &groups {
            let above = snapshot.structure.group(id).and_then(|group| group.parent);
            let inherited = above.is_some_and(|above| frozen[above.0 as usize]);
            let row = rows[id.0 as usize].and_then(|row| snapshot.groups.row(row));
            let own = row.and_then(|values| values.frozen.get()).unwrap_or(false);
            frozen[id.0 as usize] = inherited || own;
        }
        Some(Self { version: hierarchy.version, top, groups, is_root, frozen, rows })
    }

    /// The values of a group, if it was of interest.
    pub(super) fn values<'a>(&self, snapshot: &'a Snapshot, id: GroupId) -> Option<GroupValues<'a>> {
        snapshot.groups.row(self.rows.get(id.0 as usize).copied().flatten()?)
    }

    /// Whether a group is frozen, or one above it.
    pub(super) fn is_frozen(&self, id: GroupId) -> bool {
        self.frozen.get(id.0 as usize).copied().unwrap_or(false)
    }
}

/// A task in the layout.
pub(super) struct Placed {
    pub(super) key: TaskKey,
    pub(super) group: GroupId,
    /// Its node; `None` if it takes no part in the fair contest.
    pub(super) node: Option<NodeIx>,
    /// What it takes before the fair contest begins, in CPUs: real-time and deadline tasks.
    pub(super) first: f64,
}

/// The contest, and what stands where in it.
pub(super) struct Laid {
    pub(super) contest: Contest,
    /// By slot: the node in which the group's tasks compete. For a transparent group that of its ancestor.
    pub(super) node_of: Vec<Option<NodeIx>>,
    /// By slot: it has no cpu controller.
    pub(super) transparent: Vec<bool>,
    /// By node: the group, if it is one.
    group_of: Vec<Option<GroupId>>,
    pub(super) tasks: Vec<Placed>,
    /// What small roaming tasks use on each CPU where they were put.
    pub(super) roamers: BTreeMap<u32, f64>,
    /// Something that takes part could not be read, or was read only once: nothing can be judged.
    pub(super) blind: bool,
    /// It was read only once.
    pub(super) early: bool,
}

/// Lays out the contest.
pub(super) fn lay(
    snapshot: &Snapshot,
    host: &Carrier,
    demands: &Keyed<TaskKey, Demand>,
    ring: &Ring,
    since: Mono,
) -> Laid {
    let slots = snapshot.structure.slots();
    let capacity = snapshot.host.online.iter().map(|cpu| (cpu, 1.0)).collect();
    let mut laid = Laid {
        contest: Contest::new(capacity),
        node_of: vec![None; slots],
        transparent: vec![false; slots],
        group_of: Vec::new(),
        tasks: Vec::new(),
        roamers: BTreeMap::new(),
        blind: false,
        early: false,
    };
    // As long as nobody could be judged, nothing is known.
    let mut judged = demands.is_empty();
    for &id in &host.groups {
        laid.group(snapshot, host, id);
        let Some(node) = laid.node_of[id.0 as usize] else { continue };
        let Some(values) = host.values(snapshot, id) else { continue };
        match values.tasks {
            Field::Denied(errno) if !errno.is_gone() => laid.blind = true,
            Field::Malformed(_) => laid.blind = true,
            _ => {}
        }
        let mut sessions: HashMap<u64, NodeIx> = HashMap::new();
        for task in values.tasks.value().into_iter().flatten().filter_map(|&tid| snapshot.tasks.by_tid(tid)) {
            let demand = demands.get(&task.key).copied().unwrap_or(Demand::Unknown);
            judged |= demand != Demand::Unknown;
            laid.blind |= task.state == 'R' && !matches!(task.sched, Field::Value { .. });
            let node = match task.autogroup {
                Field::Value { v, .. } if id == host.top && host.is_root && snapshot.host.autogroup && !task.kernel => {
                    *sessions.entry(v.id).or_insert_with(|| laid.contest.group(node, weight::of_nice(v.nice), None))
                }
                _ => node,
            };
            laid.task(task, id, node, demand, ring, since);
        }
    }
    laid.early = !judged && !laid.blind;
    laid.blind |= !judged;
    laid
}

impl Laid {
    /// The group of a node, if it is one's own.
    pub(super) fn group_of(&self, node: NodeIx) -> Option<GroupId> {
        self.group_of.get(node).copied().flatten()
    }

    /// The node of a group, if it has one of its own.
    pub(super) fn own_node(&self, id: GroupId) -> Option<NodeIx> {
        self.node_of[id.0 as usize].filter(|&node| self.group_of(node) == Some(id))
    }

    /// The contest for previews; `None` where nothing can be judged.
    pub(super) fn standing(self) -> Option<Standing> {
        let tasks =
            self.tasks.into_iter().filter_map(|placed| Some((placed.key, placed.group, placed.node?))).collect();
        (!self.blind).then_some(Standing { contest: self.contest, groups: self.node_of, tasks })
    }

    fn name_node(&mut self, node: NodeIx, group: GroupId) {
        self.group_of.resize(node + 1, None);
        self.group_of[node] = Some(group);
    }

    fn group(&mut self, snapshot: &Snapshot, host: &Carrier, id: GroupId) {
        let slot = id.0 as usize;
        if id == host.top {
            self.node_of[slot] = Some(0);
            self.name_node(0, id);
            return;
        }
        let above = snapshot.structure.group(id).and_then(|group| group.parent);
        let Some(parent) = above.and_then(|above| self.node_of[above.0 as usize]) else { return };
        let Some(values) = host.values(snapshot, id) else {
            // Not of interest: nothing in it wants the CPU. What is below may still stand somewhere.
            self.node_of[slot] = Some(parent);
            return;
        };
        match values.weight {
            Field::Value { v, .. } => {
                let idle = values.idle.get().unwrap_or(false);
                let quota = values.quota.value().and_then(crate::model::cgroup::Quota::cpus);
                let node = self.contest.group(parent, weight::of_group(host.version, *v, idle), quota);
                self.node_of[slot] = Some(node);
                self.name_node(node, id);
            }
            Field::Absent => {
                self.node_of[slot] = Some(parent);
                self.transparent[slot] = true;
            }
            Field::Denied(errno) if errno.is_gone() => {}
            Field::Unread => self.node_of[slot] = Some(parent),
            Field::Denied(_) | Field::Malformed(_) => {
                self.node_of[slot] = Some(parent);
                self.blind = true;
            }
        }
    }

    fn task(&mut self, task: &Task, group: GroupId, parent: NodeIx, demand: Demand, ring: &Ring, since: Mono) {
        let mut placed = Placed { key: task.key, group, node: None, first: 0.0 };
        let rates = ring.task(task.key).and_then(|track| track.rates(since));
        let used = rates.map_or(0.0, |rates| rates.run.min(1.0));
        if !task.policy.is_fair() {
            let run = match demand {
                Demand::Hungry | Demand::Satisfied { .. } => used,
                Demand::Held | Demand::Unknown => 0.0,
            };
            if run > 0.0 {
                placed.first = run;
                if let Some(capacity) = self.contest.capacity.get_mut(&task.last_cpu) {
                    *capacity = (*capacity - run).max(0.0);
                }
            }
            self.tasks.push(placed);
            return;
        }
        let (demand, load) = match demand {
            Demand::Hungry => (1.0, 1.0),
            Demand::Satisfied { run, .. } => {
                let run = if rates.is_some() { used } else { run };
                (run, rates.map_or(run, |rates| (rates.run + rates.wait).clamp(run, 1.0)))
            }
            Demand::Held | Demand::Unknown => (0.0, 0.0),
        };
        if demand > 0.0 {
            let allowed =
                task.allowed.value().cloned().unwrap_or_else(|| self.contest.capacity.keys().copied().collect());
            let roams =
                allowed.len() > 1 && self.contest.capacity.keys().filter(|&&cpu| allowed.contains(cpu)).count() > 1;
            let cpus = if roams && demand < SMALL && load < 1.0 {
                *self.roamers.entry(task.last_cpu).or_default() += demand;
                CpuSet::one(task.last_cpu)
            } else {
                allowed
            };
            let weight = if task.policy == Policy::Idle { weight::IDLE } else { weight::of_nice(task.nice) };
            let kind = NodeKind::Task { demand, load, cpus };
            placed.node = Some(self.contest.push(Node { parent: Some(parent), weight, kind }));
        }
        self.tasks.push(placed);
    }
}
