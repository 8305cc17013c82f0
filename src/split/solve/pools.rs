//! Which CPUs are shared as one.
//!
//! Tasks with the same set of usable CPUs form a class. CPUs that a class joins are one pool. After a filling, a maximum
//! flow from the classes to the CPUs tells whether the amounts fit; if not, the minimum cut names CPUs that are owed more
//! than they have (or, where all fits, all that they have to classes that have nothing else). These become a pool of their
//! own, and the tasks that may run elsewhere stay elsewhere. Each split takes CPUs away from a class, so there is an end.
use std::collections::{BTreeMap, VecDeque};

use crate::model::cpu_set::CpuSet;
use crate::split::contest::{Contest, NodeKind};

use super::NOTHING;
use super::entries::Filling;

/// No class: a group, or a task that wants nothing or may run nowhere.
pub(super) const NONE: u32 = u32::MAX;

/// The CPUs of a contest and how they are pooled.
pub(super) struct Pools {
    /// Number and capacity of each usable CPU.
    pub(super) cpus: Vec<(u32, f64)>,
    /// Class of each node of the contest, or [`NONE`].
    pub(super) class_of: Vec<u32>,
    /// CPUs of each class, as indices into `cpus`, rising. Splits take some away.
    classes: Vec<Vec<usize>>,
    /// Pool of each class.
    pub(super) pool_of_class: Vec<u32>,
    /// Pool of each CPU.
    pool_of_cpu: Vec<u32>,
    /// CPUs of each pool, as indices into `cpus`.
    pub(super) groups: Vec<Vec<usize>>,
}

impl Pools {
    /// Classes and pools of those who want something.
    pub(super) fn new(contest: &Contest) -> Self {
        let cpus: Vec<(u32, f64)> = contest.capacity.iter().filter(|&(_, &c)| c > 0.0).map(|(&n, &c)| (n, c)).collect();
        let mut class_of = vec![NONE; contest.nodes.len()];
        let mut classes = Vec::new();
        let mut known: BTreeMap<&CpuSet, u32> = BTreeMap::new();
        let mut last: Option<(&CpuSet, u32)> = None;
        for (node, class) in contest.nodes.iter().zip(&mut class_of) {
            let NodeKind::Task { demand, cpus: allowed, .. } = &node.kind else { continue };
            if *demand <= 0.0 {
                continue;
            }
            if let Some((set, number)) = last
                && set == allowed
            {
                *class = number;
                continue;
            }
            let number = *known.entry(allowed).or_insert_with(|| {
                let usable: Vec<usize> = (0..cpus.len()).filter(|&ix| allowed.contains(cpus[ix].0)).collect();
                if usable.is_empty() {
                    return NONE;
                }
                classes.push(usable);
                u32::try_from(classes.len() - 1).unwrap_or(NONE)
            });
            last = Some((allowed, number));
            *class = number;
        }
        let mut pools =
            Self { cpus, class_of, classes, pool_of_class: Vec::new(), pool_of_cpu: Vec::new(), groups: Vec::new() };
        pools.join();
        pools
    }

    /// What a pool has to give, in CPUs.
    pub(super) fn capacity(&self, pool: usize) -> f64 {
        self.groups[pool].iter().map(|&ix| self.cpus[ix].1).sum()
    }

    /// Whether tasks roam over several CPUs in this pool.
    pub(super) fn is_fluid(&self, pool: usize) -> bool {
        self.groups[pool].len() > 1
    }

    /// The pools in which a task could run by its own mask, if they are several CPUs.
    pub(super) fn roams_in(&self, contest: &Contest, node: usize) -> impl Iterator<Item = usize> {
        let NodeKind::Task { cpus: allowed, .. } = &contest.nodes[node].kind else { return Vec::new().into_iter() };
        let usable: Vec<usize> = (0..self.cpus.len()).filter(|&ix| allowed.contains(self.cpus[ix].0)).collect();
        if usable.len() < 2 {
            return Vec::new().into_iter();
        }
        let mut pools: Vec<usize> = usable.iter().map(|&ix| self.pool_of_cpu[ix] as usize).collect();
        pools.dedup();
        pools.into_iter()
    }

    /// Pool of a node of the contest, if it is a task that wants something and may run somewhere.
    pub(super) fn pool_of(&self, node: usize) -> Option<usize> {
        let class = self.class_of[node];
        (class != NONE).then(|| self.pool_of_class[class as usize] as usize)
    }

    /// Makes the pools: the CPUs that classes join, in order of their first CPU.
    fn join(&mut self) {
        let mut leader: Vec<usize> = (0..self.cpus.len()).collect();
        for class in &self.classes {
            for &ix in class {
                let (a, b) = (find(&mut leader, class[0]), find(&mut leader, ix));
                leader[a.max(b)] = a.min(b);
            }
        }
        let mut number = vec![NONE; self.cpus.len()];
        self.groups.clear();
        for ix in 0..self.cpus.len() {
            let first = find(&mut leader, ix);
            if number[first] == NONE {
                number[first] = u32::try_from(self.groups.len()).unwrap_or(NONE);
                self.groups.push(Vec::new());
            }
            self.groups[number[first] as usize].push(ix);
            number[ix] = number[first];
        }
        self.pool_of_class = self.classes.iter().map(|class| number[class[0]]).collect();
        self.pool_of_cpu = number;
    }

    /// Splits off CPUs that are owed more than they have. Whether there were any.
    pub(super) fn split(&mut self, filling: &Filling) -> bool {
        let mut owed = vec![0.0; self.classes.len()];
        for (node, amount) in filling.tasks() {
            owed[self.class_of[node] as usize] += amount;
        }
        let mut changed = false;
        for pool in 0..self.groups.len() {
            let members: Vec<usize> =
                (0..self.classes.len()).filter(|&class| self.pool_of_class[class] as usize == pool).collect();
            if members.len() < 2 {
                continue;
            }
            let tight = self.too_tight(&members, &owed);
            if tight.is_empty() {
                continue;
            }
            for &class in &members {
                let set = &mut self.classes[class];
                if set.iter().any(|ix| !tight.contains(ix)) {
                    let before = set.len();
                    set.retain(|ix| !tight.contains(ix));
                    changed |= set.len() < before;
                }
            }
        }
        if changed {
            self.join();
        }
        changed
    }

    /// CPUs, rising, that belong to the classes that have nothing else: because these are owed more than the CPUs have, or
    /// all of it. Empty if there are none but the whole pool.
    fn too_tight(&self, members: &[usize], owed: &[f64]) -> Vec<usize> {
        let mut flow = Flow::new(self, members, owed);
        flow.place_small_first();
        while let Some(start) = (0..members.len()).find(|&member| flow.left[member] > NOTHING) {
            match flow.search(start) {
                Reached::Room(path) => flow.augment(start, &path),
                Reached::Only(tight) => return tight,
            }
        }
        // All fits. Classes that have no other way fill their CPUs exactly: by themselves they are better known.
        let whole = self.groups[self.pool_of_class[members[0]] as usize].len();
        (0..members.len())
            .find_map(|start| match flow.search(start) {
                Reached::Only(tight) if tight.len() < whole => Some(tight),
                _ => None,
            })
            .unwrap_or_default()
    }
}

/// A flow from the classes of one pool to its CPUs.
struct Flow<'a> {
    /// CPUs of each member.
    sets: Vec<&'a [usize]>,
    /// What each member has on each of its CPUs, in the order of its set.
    given: Vec<Vec<f64>>,
    /// What is not placed yet.
    left: Vec<f64>,
    /// What each CPU still has.
    free: Vec<f64>,
}

/// What a search found.
enum Reached {
    /// A CPU with room: the members on the way from there back to the start, each with the slot of its set that gets more
    /// and the one that gets less (the start: none).
    Room(Vec<(usize, usize, Option<usize>)>),
    /// No room: all CPUs that were reached, rising.
    Only(Vec<usize>),
}

impl<'a> Flow<'a> {
    fn new(pools: &'a Pools, members: &[usize], owed: &[f64]) -> Self {
        let sets: Vec<&[usize]> = members.iter().map(|&class| pools.classes[class].as_slice()).collect();
        let given = sets.iter().map(|set| vec![0.0; set.len()]).collect();
        let left = members.iter().map(|&class| owed[class]).collect();
        let free = pools.cpus.iter().map(|&(_, capacity)| capacity).collect();
        Self { sets, given, left, free }
    }

    /// Small sets first: fits nested sets at once. Overlapping ones need [`Flow::augment`].
    fn place_small_first(&mut self) {
        let mut order: Vec<usize> = (0..self.sets.len()).collect();
        order.sort_by_key(|&member| self.sets[member].len());
        for member in order {
            for (slot, &ix) in self.sets[member].iter().enumerate() {
                let amount = self.left[member].min(self.free[ix]);
                self.given[member][slot] += amount;
                self.left[member] -= amount;
                self.free[ix] -= amount;
            }
        }
    }

    /// From a member along its CPUs, from a CPU to the members that have something there, and so on.
    fn search(&self, start: usize) -> Reached {
        let mut from_cpu: Vec<Option<(usize, usize)>> = vec![None; self.free.len()];
        let mut from_member: Vec<Option<usize>> = vec![None; self.sets.len()];
        let mut seen = vec![false; self.sets.len()];
        seen[start] = true;
        let mut queue = VecDeque::from([start]);
        while let Some(member) = queue.pop_front() {
            for (slot, &ix) in self.sets[member].iter().enumerate() {
                if from_cpu[ix].is_some() {
                    continue;
                }
                from_cpu[ix] = Some((member, slot));
                if self.free[ix] > NOTHING {
                    return Reached::Room(self.way_back(ix, &from_cpu, &from_member));
                }
                for other in 0..self.sets.len() {
                    let has_some =
                        || self.sets[other].binary_search(&ix).is_ok_and(|slot| self.given[other][slot] > NOTHING);
                    if !seen[other] && has_some() {
                        seen[other] = true;
                        from_member[other] = Some(ix);
                        queue.push_back(other);
                    }
                }
            }
        }
        Reached::Only((0..self.free.len()).filter(|&ix| from_cpu[ix].is_some()).collect())
    }

    fn way_back(
        &self,
        end: usize,
        from_cpu: &[Option<(usize, usize)>],
        from_member: &[Option<usize>],
    ) -> Vec<(usize, usize, Option<usize>)> {
        let mut path = Vec::new();
        let mut ix = end;
        while let Some((member, slot)) = from_cpu[ix] {
            let Some(before) = from_member[member] else {
                path.push((member, slot, None));
                break;
            };
            path.push((member, slot, self.sets[member].binary_search(&before).ok()));
            ix = before;
        }
        path
    }

    /// Moves as much as goes along a path.
    fn augment(&mut self, start: usize, path: &[(usize, usize, Option<usize>)]) {
        let Some(&(member, slot, _)) = path.first() else { return };
        let end = self.sets[member][slot];
        let mut amount = self.left[start].min(self.free[end]);
        for &(member, _, less) in path {
            amount = less.map_or(amount, |slot| amount.min(self.given[member][slot]));
        }
        for &(member, more, less) in path {
            self.given[member][more] += amount;
            if let Some(less) = less {
                self.given[member][less] -= amount;
            }
        }
        self.left[start] -= amount;
        self.free[end] -= amount;
    }
}

fn find(leader: &mut [usize], mut ix: usize) -> usize {
    while leader[ix] != ix {
        leader[ix] = leader[leader[ix]];
        ix = leader[ix];
    }
    ix
}
