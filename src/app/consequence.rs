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

use super::amount;
use super::scale::{Ruler, name_of};
use super::state::State;

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

    /// As a sentence for a dialog, at most three groups, those first that change most; `None` where nothing changes.
    #[must_use]
    pub fn text(&self, state: &State, steps: &[Step]) -> Option<String> {
        let structure = &state.snapshot()?.structure;
        let table = state.table()?;
        let (ruler, ascii) = (Ruler::of(state), state.setup.ascii);
        let words = |owed| amount::owed(&ruler, owed, ascii);
        let arrow = if ascii { "->" } else { "→" };
        let goes: HashSet<&Place> = steps
            .iter()
            .filter_map(|step| if let Step::RemoveGroup { at, .. } = step { Some(at) } else { None })
            .collect();
        let meant = |place: &Place| {
            steps.iter().any(|step| match step {
                Step::Write { at, .. } => at == place,
                Step::Move { from, to, .. } | Step::Drain { from, to } => from == place || to == place,
                _ => false,
            })
        };
        let mut changes: Vec<(f64, bool, String)> = Vec::new();
        for (&id, &new) in &self.groups {
            let (Some(row), Some(place)) = (table.groups.get(&id), structure.place(id)) else { continue };
            let (old, new_text) = (words(row.expected), words(new));
            if old == new_text || goes.contains(&place) {
                continue;
            }
            let by = row.expected.cpus().unwrap_or(0.0) - new.cpus().unwrap_or(0.0);
            // To a tenth of a percent of one CPU: what differs by less changes alike.
            let by = (by.abs() * 1000.0).round();
            changes.push((by, meant(&place), format!("{} {old} {arrow} {new_text}", name_of(state, id))));
        }
        // Of those that change alike what the steps name comes first.
        changes.sort_by(|a, b| b.0.total_cmp(&a.0).then(b.1.cmp(&a.1)).then_with(|| a.2.cmp(&b.2)));
        let more = changes.len().saturating_sub(3);
        let mut parts: Vec<String> = Vec::new();
        if let Some((old, new)) = self.moved
            && words(old) != words(new)
        {
            parts.push(format!("what moves {} {arrow} {}", words(old), words(new)));
        }
        parts.extend(
            self.made
                .iter()
                .filter(|(_, owed)| owed.cpus().is_some_and(|cpus| cpus > SAME))
                .map(|(place, owed)| format!("{} {}", crate::plan::words::group(place), words(*owed))),
        );
        parts.extend(changes.into_iter().take(3).map(|(_, _, text)| text));
        if more > 0 {
            parts.push(format!("{more} more"));
        }
        (!parts.is_empty()).then(|| format!("Owed then, by a preview: {}.", parts.join(", ")))
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::testing::{CPU, World, figure, setup};
    use crate::model::cpu_set::CpuSet;
    use crate::model::workload::{Launch, Program, Spin};
    use crate::plan::step::Signal;

    fn place(path: &str) -> Place {
        Place::new(CPU, path.as_bytes())
    }

    fn write(path: &str, file: &str, data: &str) -> Step {
        let data = data.as_bytes().into();
        Step::Write { at: place(path), key: None, file: file.into(), data, prior: None, disturbs: Vec::new() }
    }

    fn said(world: &mut World, steps: &[Step]) -> Option<String> {
        let state = world.state(setup(), 80, 24);
        Consequence::of(&state, steps)?.text(&state, steps)
    }

    #[test]
    fn removing_a_group_lets_its_loops_compete_above() {
        let drain = |from| Step::Drain { from: place(from), to: place("/") };
        let remove = |at| Step::RemoveGroup { at: place(at), key: None, settings: Vec::new() };
        let steps = [drain("/cg1/cg3"), drain("/cg1/cg2"), remove("/cg1/cg3"), remove("/cg1/cg2"), remove("/cg1")];
        // Two loops of weight 1024 each beside cg4 with 200.
        let said = said(&mut figure(), &steps).unwrap();
        assert_eq!(said, "Owed then, by a preview: what moves 75 % → 91.1 %, cg4 25 % → 8.9 %.");
    }

    #[test]
    fn a_weight_a_cap_and_a_hold() {
        let weight = said(&mut figure(), &[write("/cg4", "cpu.shares", "600")]).unwrap();
        assert_eq!(weight, "Owed then, by a preview: cg4 25 % → 50 %, cg1 75 % → 50 %, cg3 50 % → 33.3 %, 1 more.");
        let cap = said(&mut figure(), &[write("/cg1", "cpu.cfs_quota_us", "10000")]).unwrap();
        assert!(cap.starts_with("Owed then, by a preview: cg1 75 % → 10 %, cg4 25 % → 90 %, "), "{cap}");
        let mut world = figure();
        let process = world.tasks[&world.groups[&place("/cg1/cg3")].tasks[0]].key;
        let hold = [Step::Signal { process, signal: Signal::Stop }];
        let hold = said(&mut world, &hold).unwrap();
        assert_eq!(hold, "Owed then, by a preview: cg2 25 % → 75 %, cg3 50 % → 0 %.");
    }

    #[test]
    fn what_is_made_and_launched_is_told_by_its_name() {
        let program = Program::Spin(Spin::default());
        let launch = Launch { groups: vec![place("/cg5")], program, cpus: Some(CpuSet::one(3)), nice: 0 };
        let steps = [
            Step::MakeGroup { at: place("/cg5") },
            write("/cg5", "cpu.shares", "800"),
            Step::Launch { launch, again: None },
        ];
        let said = said(&mut figure(), &steps).unwrap();
        assert!(said.starts_with("Owed then, by a preview: cg5 50 %, cg1 75 % → 37.5 %, "), "{said}");
    }

    #[test]
    fn what_moves_nothing_says_nothing() {
        assert_eq!(said(&mut figure(), &[Step::MakeGroup { at: place("/cg5") }]), None);
        assert_eq!(said(&mut figure(), &[write("/cg4", "notify_on_release", "1")]), None);
        assert_eq!(said(&mut figure(), &[]), None);
    }
}
