//! What steps would do to the split of the frame on screen: what groups are owed now and would be owed then.
//!
//! The frame's contest and a copy with the steps applied ([`crate::plan::preview`]) are both solved. What the frame shows as
//! owed moves by the difference, so that the old value is the one on screen.
//!
//! It is a preview of the moment: who wants how much CPU is taken to stay the same. Where it cannot be told there is none: not
//! everything was judged yet, or the steps hand the cpu controller down (v2), after which others compete with each other.
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use crate::model::cgroup::Quota;
use crate::model::hierarchy::{Hierarchy, Version};
use crate::model::id::{GroupId, Pid, TaskKey};
use crate::model::place::Place;
use crate::model::snapshot::Snapshot;
use crate::model::structure::Structure;
use crate::plan::preview::{GroupNode, Stage, TaskNode};
use crate::plan::step::Step;
use crate::split::live;
use crate::split::solve::NOTHING;
use crate::split::table::{Owed, Standing, Table};

use super::state::State;

mod say;

/// Differences below this, in CPUs, are rounding.
const SAME: f64 = 1e-6;

/// What would be owed.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Consequence {
    /// Groups that would be owed something else than now.
    pub groups: HashMap<GroupId, Owed>,
    /// Groups that the steps make, with what they would be owed.
    pub made: Vec<(Place, Owed)>,
    /// What all tasks that the steps move are owed now, and would be; `None` where none moves that takes part.
    pub moved: Option<(Owed, Owed)>,
}

impl Consequence {
    /// Of these steps. `None` where it cannot be told.
    #[must_use]
    pub fn of(state: &State, steps: &[Step]) -> Option<Self> {
        let (snapshot, table) = (state.snapshot()?, state.table()?);
        let structure = &snapshot.structure;
        let hierarchy = structure.carrier("cpu")?;
        let standing = table.standing.as_ref()?;
        let touched = Touched::by(steps, structure, hierarchy)?;
        let before = stage(snapshot, standing, hierarchy, &touched);
        let after = before.after(steps);
        if after == before {
            return Some(Self::default());
        }
        sums(table, standing, structure, &before, &after)
    }
}

/// What steps name in the hierarchy that carries cpu.
struct Touched {
    /// Groups that are written to or are a target.
    places: BTreeSet<Place>,
    /// Groups whose tasks are meant, those in groups below too.
    within: BTreeSet<GroupId>,
    tasks: HashSet<TaskKey>,
    processes: HashSet<Pid>,
}

impl Touched {
    /// `None` where the steps change who competes with whom in a way that only a new layout can tell.
    fn by(steps: &[Step], structure: &Structure, hierarchy: &Hierarchy) -> Option<Self> {
        let mut this =
            Self { places: BTreeSet::new(), within: BTreeSet::new(), tasks: HashSet::new(), processes: HashSet::new() };
        for step in steps {
            match step {
                Step::MakeGroup { at } | Step::Rename { at, .. } if at.hierarchy == hierarchy.id => {
                    if hierarchy.version == Version::V2 {
                        return None;
                    }
                    this.places.extend(at.parent());
                    this.places.insert(at.clone());
                    this.inside(structure, at);
                }
                Step::Write { at, file, .. } if at.hierarchy == hierarchy.id => {
                    if &**file == "cgroup.subtree_control" {
                        return None;
                    }
                    this.places.insert(at.clone());
                    if matches!(&**file, "cgroup.freeze" | "freezer.state") {
                        this.inside(structure, at);
                    }
                }
                Step::Move { task, to, .. } => {
                    this.places.insert(to.clone());
                    this.tasks.insert(*task);
                    this.processes.insert(task.tid);
                }
                Step::Drain { from, to } => {
                    this.places.insert(to.clone());
                    this.inside(structure, from);
                }
                Step::KillAll { at, .. } => this.inside(structure, at),
                Step::Launch { launch, .. } => this.places.extend(launch.groups.iter().cloned()),
                Step::Signal { process, .. } => drop(this.processes.insert(process.tid)),
                _ => {}
            }
        }
        this.places.retain(|place| place.hierarchy == hierarchy.id);
        Some(this)
    }

    fn inside(&mut self, structure: &Structure, place: &Place) {
        if let Some(id) = structure.at(place) {
            self.within.extend(structure.subtree(id));
        }
    }
}

/// The contest of the frame with the names that the steps use.
fn stage(snapshot: &Snapshot, standing: &Standing, hierarchy: &Hierarchy, touched: &Touched) -> Stage {
    let structure = &snapshot.structure;
    let node_of = |id: GroupId| standing.groups.get(id.0 as usize).copied().flatten();
    let mut groups = BTreeMap::new();
    for place in &touched.places {
        let Some((id, node)) = structure.at(place).and_then(|id| Some((id, node_of(id)?))) else { continue };
        let values = snapshot.groups.get(id);
        let quota = values.and_then(|values| values.quota.get());
        groups.insert(
            place.clone(),
            GroupNode {
                node,
                weight: values.and_then(|values| values.weight.get()).unwrap_or(0),
                idle: values.and_then(|values| values.idle.get()).unwrap_or(false),
                quota: quota.unwrap_or(Quota { quota_us: None, period_us: 100_000 }),
            },
        );
    }
    let process = |key: TaskKey| snapshot.tasks.get(key).map_or(key.tid, |task| task.tgid);
    // A process moves by the number of any of its tasks.
    let moved: HashSet<Pid> = touched.tasks.iter().map(|&key| process(key)).collect();
    let mut tasks = BTreeMap::new();
    for &(key, group, node) in &standing.tasks {
        let process = process(key);
        let meant = touched.within.contains(&group) || moved.contains(&process) || touched.processes.contains(&process);
        if let (true, Some(group)) = (meant, structure.place(group)) {
            tasks.insert(key, TaskNode { node, process, group, wants: None });
        }
    }
    Stage {
        contest: standing.contest.clone(),
        hierarchy: hierarchy.id,
        version: hierarchy.version,
        groups,
        tasks,
        launched: Vec::new(),
    }
}

/// What the tasks are owed after it, summed for every group.
fn sums(
    table: &Table,
    standing: &Standing,
    structure: &Structure,
    before: &Stage,
    after: &Stage,
) -> Option<Consequence> {
    let solution = live::owed(&after.contest);
    let owed_then = |node: usize| {
        let cpus = solution.cpus.get(node).copied()?;
        Some((cpus, cpus <= NOTHING || solution.exact.get(node).copied().unwrap_or(false)))
    };
    let mut differences = vec![(0.0, true); structure.slots()];
    let mut made: BTreeMap<&Place, (f64, bool)> =
        after.groups.keys().filter(|place| structure.at(place).is_none()).map(|place| (place, (0.0, true))).collect();
    let mut moved: Option<(f64, f64, bool)> = None;
    let mut add = |place: Option<&Place>, id: Option<GroupId>, cpus: f64, exact: bool| {
        // A group that the steps make is no row yet: its lowest group above that is one has the sum.
        let mut at = place.cloned();
        while let Some(place) = at.take().filter(|place| structure.at(place).is_none()) {
            if let Some(sum) = made.get_mut(&place) {
                *sum = (sum.0 + cpus, sum.1 && exact);
            }
            at = place.parent();
        }
        let lowest =
            id.or_else(|| std::iter::successors(place.cloned(), Place::parent).find_map(|place| structure.at(&place)));
        for id in lowest.into_iter().flat_map(|id| structure.ancestors(id)) {
            if let Some(difference) = differences.get_mut(id.0 as usize) {
                *difference = (difference.0 + cpus, difference.1 && exact);
            }
        }
    };
    for &(key, group, node) in &standing.tasks {
        let old = table.tasks.get(&key)?.expected.cpus()?;
        let there = after.tasks.get(&key);
        let (new, exact) = owed_then(there.map_or(node, |task| task.node))?;
        add(None, Some(group), -old, true);
        let goes = there.filter(|task| before.tasks.get(&key).is_none_or(|was| was.group != task.group));
        match goes {
            Some(task) => {
                add(Some(&task.group), None, new, exact);
                let sums = moved.get_or_insert((0.0, 0.0, true));
                *sums = (sums.0 + old, sums.1 + new, sums.2 && exact);
            }
            None => add(None, Some(group), new, exact),
        }
    }
    for (place, node) in &after.launched {
        let (new, exact) = owed_then(*node)?;
        add(Some(place), None, new, exact);
    }
    let made = made.into_iter().map(|(place, (cpus, exact))| (place.clone(), owed(cpus, exact))).collect();
    let changed = |(&id, row): (&GroupId, &crate::split::table::Row)| {
        let (difference, exact) = differences.get(id.0 as usize).copied()?;
        let exact = exact && matches!(row.expected, Owed::Exact(_));
        let cpus = row.expected.cpus()? + difference;
        (difference.abs() > SAME).then(|| (id, owed(cpus.max(0.0), exact)))
    };
    let groups = table.groups.iter().filter_map(changed).collect();
    Some(Consequence { groups, made, moved: moved.map(|(old, new, exact)| (owed(old, exact), owed(new, exact))) })
}

fn owed(cpus: f64, exact: bool) -> Owed {
    // Who wants nothing is owed just that, wherever others roam.
    if exact || cpus < SAME { Owed::Exact(cpus) } else { Owed::About(cpus) }
}
