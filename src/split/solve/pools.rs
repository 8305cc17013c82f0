//! Which CPUs are shared as one.
//!
//! Tasks with the same set of usable CPUs form a class. CPUs that a class joins are one pool. After a filling, a maximum
//! flow from the classes to the CPUs tells whether the amounts fit; if not, the minimum cut names CPUs that are owed more
//! than they have. These become a pool of their own, and the tasks that may run elsewhere stay elsewhere. Each split takes
//! CPUs away from a class, so there is an end.
use std::collections::{BTreeMap, VecDeque};

use crate::model::cpu_set::CpuSet;
use crate::split::contest::{Contest, NodeKind};

use super::NOTHING;
use super::fill::Filling;

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
    /// CPUs of each pool, as indices into `cpus`.
    pub(super) pools: Vec<Vec<usize>>,
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
        let mut pools = Self { cpus, class_of, classes, pool_of_class: Vec::new(), pools: Vec::new() };
        pools.join();
        pools
    }

    /// What a pool has to give, in CPUs.
    pub(super) fn capacity(&self, pool: usize) -> f64 {
        self.pools[pool].iter().map(|&ix| self.cpus[ix].1).sum()
    }

    /// Whether tasks roam over several CPUs in this pool.
    pub(super) fn is_fluid(&self, pool: usize) -> bool {
        self.pools[pool].len() > 1
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
        self.pools.clear();
        for ix in 0..self.cpus.len() {
            let first = find(&mut leader, ix);
            if number[first] == NONE {
                number[first] = u32::try_from(self.pools.len()).unwrap_or(NONE);
                self.pools.push(Vec::new());
            }
            self.pools[number[first] as usize].push(ix);
        }
        self.pool_of_class = self.classes.iter().map(|class| number[find(&mut leader, class[0])]).collect();
    }

    /// Splits off CPUs that are owed more than they have. Whether there were any.
    pub(super) fn split(&mut self, filling: &Filling) -> bool {
        let mut owed = vec![0.0; self.classes.len()];
        for (node, amount) in filling.tasks() {
            owed[self.class_of[node] as usize] += amount;
        }
        let mut changed = false;
        for pool in 0..self.pools.len() {
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

    /// The CPUs, rising, that cannot give what is owed to the classes that have nothing else; empty if all fits.
    fn too_tight(&self, members: &[usize], owed: &[f64]) -> Vec<usize> {
        let mut free: Vec<f64> = self.cpus.iter().map(|&(_, capacity)| capacity).collect();
        // What each member has on each of its CPUs, in the order of its set.
        let mut given: Vec<Vec<f64>> = members.iter().map(|&class| vec![0.0; self.classes[class].len()]).collect();
        let mut left: Vec<f64> = members.iter().map(|&class| owed[class]).collect();
        let mut order: Vec<usize> = (0..members.len()).collect();
        order.sort_by_key(|&member| self.classes[members[member]].len());
        for member in order {
            for (slot, &ix) in self.classes[members[member]].iter().enumerate() {
                let amount = left[member].min(free[ix]);
                given[member][slot] += amount;
                left[member] -= amount;
                free[ix] -= amount;
            }
        }
        // Small classes first fits nested sets at once; overlapping ones need augmenting paths.
        loop {
            let Some(start) = (0..members.len()).find(|&member| left[member] > NOTHING) else { return Vec::new() };
            let mut from_cpu: Vec<Option<(usize, usize)>> = vec![None; self.cpus.len()];
            let mut from_member: Vec<Option<usize>> = vec![None; members.len()];
            let mut queue = VecDeque::from([start]);
            let mut seen = vec![false; members.len()];
            seen[start] = true;
            let mut end = None;
            'search: while let Some(member) = queue.pop_front() {
                for (slot, &ix) in self.classes[members[member]].iter().enumerate() {
                    if from_cpu[ix].is_some() {
                        continue;
                    }
                    from_cpu[ix] = Some((member, slot));
                    if free[ix] > NOTHING {
                        end = Some(ix);
                        break 'search;
                    }
                    for other in 0..members.len() {
                        let slot = self.classes[members[other]].binary_search(&ix);
                        if !seen[other] && slot.is_ok_and(|slot| given[other][slot] > NOTHING) {
                            seen[other] = true;
                            from_member[other] = Some(ix);
                            queue.push_back(other);
                        }
                    }
                }
            }
            let Some(end) = end else {
                return (0..self.cpus.len()).filter(|&ix| from_cpu[ix].is_some()).collect();
            };
            // Walk back twice: how much, then move it.
            let mut amount = left[start].min(free[end]);
            let mut path = Vec::new();
            let mut ix = end;
            while let Some((member, slot)) = from_cpu[ix] {
                let Some(before) = from_member[member] else {
                    path.push((member, slot, None));
                    break;
                };
                let taken = self.classes[members[member]].binary_search(&before).unwrap_or_default();
                amount = amount.min(given[member][taken]);
                path.push((member, slot, Some(taken)));
                ix = before;
            }
            for (member, slot, taken) in path {
                given[member][slot] += amount;
                if let Some(taken) = taken {
                    given[member][taken] -= amount;
                }
            }
            left[start] -= amount;
            free[end] -= amount;
        }
    }
}

fn find(leader: &mut [usize], mut ix: usize) -> usize {
    while leader[ix] != ix {
        leader[ix] = leader[leader[ix]];
        ix = leader[ix];
    }
    ix
}
