//! What a move would do to the split, old → new, for every group: solved once for each target, reach and frame.
use std::collections::{HashMap, HashSet};

use crate::model::cgroup::Quota;
use crate::model::id::{GroupId, GroupKey, Pid, TaskKey};
use crate::plan::intent::Scope;
use crate::plan::preview::{GroupNode, Stage, TaskNode};
use crate::plan::step::Step;
use crate::split::live;
use crate::split::solve::NOTHING;
use crate::split::table::{Owed, Table};

use super::super::state::State;
use super::{Moving, Reach};

/// A preview.
#[derive(Clone, Debug, PartialEq)]
pub struct Preview {
    /// What it is the preview of.
    pub of: Of,
    /// What groups would be owed, where that is something else than now.
    pub groups: HashMap<GroupId, Owed>,
    /// What all that moves is owed now, and would be owed there; `None` where it cannot be told, or nothing moves.
    pub moved: Option<(Owed, Owed)>,
}

/// What a preview was made from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Of {
    /// The target.
    pub target: Option<GroupKey>,
    /// How much moves.
    pub reach: Reach,
    /// Number of the snapshot.
    pub frame: Option<u64>,
}

impl Preview {
    /// The preview of a move.
    #[must_use]
    pub fn new(state: &State, moving: &Moving, of: Of) -> Self {
        let nothing = Self { of, groups: HashMap::new(), moved: None };
        let target = of.target.filter(|&target| !moving.is_in(target));
        target.and_then(|target| solved(state, moving, of, target)).unwrap_or(nothing)
    }
}

/// The preview of a move, unless its target is known to be none.
#[must_use]
pub fn legal<'a>(state: &State, moving: &'a Moving) -> Option<&'a Preview> {
    let preview = moving.preview.as_ref()?;
    let target = preview.of.target.and_then(|key| state.snapshot()?.structure.find(key))?;
    super::illegal(state, moving, target).is_none().then_some(preview)
}

fn solved(state: &State, moving: &Moving, of: Of, target: GroupKey) -> Option<Preview> {
    let (snapshot, table) = (state.snapshot()?, state.table()?);
    let structure = &snapshot.structure;
    let hierarchy = structure.carrier("cpu").filter(|hierarchy| hierarchy.id == target.hierarchy)?;
    let standing = table.standing.as_ref()?;
    let to = structure.find(target)?;
    let place = structure.place(to)?;
    let node = standing.groups.get(to.0 as usize).copied().flatten()?;
    let process = |key: TaskKey| snapshot.tasks.get(key).map_or(key.tid, |task| task.tgid);
    let keys: HashSet<TaskKey> = moving.tasks.iter().copied().collect();
    let processes: HashSet<Pid> = match moving.reach.scope() {
        Scope::Process => moving.tasks.iter().map(|&key| process(key)).collect(),
        Scope::Thread => HashSet::new(),
    };
    // A move looks at the target and at what moves, and at nothing else of the stage.
    let quota = Quota { quota_us: None, period_us: 100_000 };
    let group = GroupNode { node, weight: 0, idle: false, quota };
    let mut stage = Stage {
        contest: standing.contest.clone(),
        hierarchy: hierarchy.id,
        version: hierarchy.version,
        groups: std::iter::once((place.clone(), group)).collect(),
        tasks: std::collections::BTreeMap::new(),
    };
    let mut steps = Vec::new();
    for &(key, group, node) in &standing.tasks {
        if group != to && (keys.contains(&key) || processes.contains(&process(key))) {
            let from = structure.place(group)?;
            stage.tasks.insert(key, TaskNode { node, process: process(key), group: from.clone(), wants: None });
            steps.push(Step::Move { task: key, scope: Scope::Thread, from, to: place.clone() });
        }
    }
    let after = stage.after(&steps);
    let solution = live::owed(&after.contest);
    let mut preview = Preview { of, groups: HashMap::new(), moved: None };
    let mut differences = vec![(0.0, true); structure.slots()];
    let mut sums = (0.0, 0.0, true);
    for &(key, group, node) in &standing.tasks {
        let old = owed_now(table, key)?;
        let moved = after.tasks.get(&key);
        let node = moved.map_or(node, |task| task.node);
        let new = solution.cpus.get(node).copied()?;
        let exact = new <= NOTHING || solution.exact.get(node).copied().unwrap_or(false);
        let there = if moved.is_some() { to } else { group };
        for id in structure.ancestors(group) {
            differences.get_mut(id.0 as usize)?.0 -= old;
        }
        for id in structure.ancestors(there) {
            let difference = differences.get_mut(id.0 as usize)?;
            *difference = (difference.0 + new, difference.1 && exact);
        }
        if moved.is_some() {
            sums = (sums.0 + old, sums.1 + new, sums.2 && exact);
        }
    }
    for (&id, row) in &table.groups {
        let (difference, exact) = differences.get(id.0 as usize).copied()?;
        preview.groups.extend(changed(row.expected, difference, exact).map(|owed| (id, owed)));
    }
    if !steps.is_empty() {
        preview.moved = Some((owed(sums.0, sums.2), owed(sums.1, sums.2)));
    }
    Some(preview)
}

fn owed_now(table: &Table, key: TaskKey) -> Option<f64> {
    table.tasks.get(&key)?.expected.cpus()
}

fn owed(cpus: f64, exact: bool) -> Owed {
    // Who wants nothing is owed just that, wherever others roam.
    if exact || cpus < 1e-6 { Owed::Exact(cpus) } else { Owed::About(cpus) }
}

/// What a group would be owed, if that differs by more than rounding.
fn changed(now: Owed, difference: f64, exact: bool) -> Option<Owed> {
    let cpus = now.cpus()?;
    let exact = exact && matches!(now, Owed::Exact(_));
    (difference.abs() > 1e-6).then(|| owed((cpus + difference).max(0.0), exact))
}
