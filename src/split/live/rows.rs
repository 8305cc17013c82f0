//! The rows of a frame: expected, measured, configured and the verdict of each group and task, side by side.
use crate::model::id::{GroupId, TaskKey};
use crate::model::snapshot::Snapshot;
use crate::model::time::Mono;
use crate::split::contest::{NodeIx, Solution};
use crate::split::keyed::Keyed;
use crate::split::measured::{Raw, Ring};
use crate::split::solve::NOTHING;
use crate::split::table::{Demand, Got, Owed, Row, Table, TaskRow};
use crate::split::verdict::Count;

use super::ROAMERS;
use super::judge::Judge;
use super::lay::{Carrier, Laid};
use super::windows::{Due, Since, Windows, since};

/// Everything of one frame.
pub(super) struct Frame<'a> {
    pub(super) snapshot: &'a Snapshot,
    pub(super) host: &'a Carrier,
    pub(super) ring: &'a Ring,
    pub(super) demands: &'a Keyed<TaskKey, Demand>,
    pub(super) laid: &'a Laid,
    pub(super) solution: &'a Solution,
    /// How uncertain the solution is, in CPUs, by node.
    pub(super) plus_minus: &'a [f64],
    pub(super) number: u64,
}

/// Sums over a group and all below it.
#[derive(Clone, Debug, Default)]
pub(super) struct Sum {
    /// Tasks in the group itself, and those of them that want the CPU.
    own: u32,
    pub(super) own_hungry: u32,
    pub(super) count: Count,
    /// Tasks that use the CPU at all.
    running: u32,
    pub(super) owed: f64,
    /// What it is owed may be off by this much: the sum over its tasks.
    plus_minus: f64,
    /// Where its tasks that want the CPU compete.
    pools: Vec<u32>,
    wait: f64,
    measured: f64,
    at_least: bool,
    /// Some task is owed less than it wants.
    pub(super) wants_more: bool,
    inexact: bool,
    pub(super) capped_by: Option<NodeIx>,
}

impl Sum {
    fn compete_in(&mut self, pool: u32) {
        if !self.pools.contains(&pool) {
            self.pools.push(pool);
        }
    }
}

impl Frame<'_> {
    /// The table, and whether what some group is owed moved.
    pub(super) fn table(&self, windows: &mut Windows) -> (Table, bool) {
        let mut table = Table::default();
        let mut sums = vec![Sum::default(); self.snapshot.structure.slots()];
        let rough = self.rough_pools();
        let mut got_in_pool = vec![0.0; self.solution.pools.len()];
        table.tasks.reserve(self.laid.tasks.len());
        for placed in &self.laid.tasks {
            let demand = self.demands.get(&placed.key).copied().unwrap_or(Demand::Unknown);
            let (fair, exact) =
                placed.node.map_or((0.0, true), |node| (self.solution.cpus[node], self.is_exact(node, &rough)));
            let owed = placed.first + fair;
            let expected = self.owed(owed, exact);
            let plus_minus = placed.node.map_or(0.0, |node| self.plus_minus[node]);
            let due = (!self.laid.blind).then_some(Due { cpus: owed, plus_minus });
            let since = since(&mut windows.tasks, placed.key, due, self.snapshot.at, windows.all, self.number);
            let rates = self.ring.task(placed.key).and_then(|track| track.rates(since.at));
            let raw = rates.map(|rates| Raw { cpus: rates.run, seconds: rates.seconds, at_least: false });
            let known = self.ring.task(placed.key).is_some();
            let measured = match raw {
                Some(raw) => raw.got(self.snapshot.host.tick_ns, 1),
                None if known => Got::TooEarly,
                None => Got::Unknown,
            };
            let wait = rates.map(|rates| match demand {
                // Wait is booked late; who never sleeps waits whenever it does not run.
                Demand::Hungry => (1.0 - rates.run).clamp(0.0, 1.0),
                _ => rates.wait.min(1.0),
            });
            let sum = &mut sums[placed.group.0 as usize];
            sum.own += 1;
            sum.count.all += 1;
            match demand {
                Demand::Hungry => {
                    sum.count.hungry += 1;
                    sum.own_hungry += 1;
                    sum.wait += wait.unwrap_or(0.0);
                }
                Demand::Held => sum.count.held += 1,
                Demand::Unknown => sum.count.unknown += 1,
                Demand::Satisfied { .. } => {}
            }
            sum.running += u32::from(owed > 0.0 || measured.cpus().is_some_and(|cpus| cpus > 0.0));
            sum.owed += owed;
            sum.plus_minus += plus_minus;
            sum.inexact |= !exact;
            if let Some(node) = placed.node {
                if demand == Demand::Hungry {
                    self.solution.parts(node).iter().for_each(|part| sum.compete_in(part.pool));
                }
                if self.solution.wants_more(node) {
                    sum.wants_more = true;
                    sum.capped_by = sum.capped_by.or(self.solution.capped_by[node]);
                }
                if fair > NOTHING {
                    for part in self.solution.parts(node) {
                        got_in_pool[part.pool as usize] += measured.cpus().unwrap_or(0.0) * part.cpus / fair;
                    }
                }
            }
            table.tasks.insert(placed.key, TaskRow { group: placed.group, demand, expected, measured, wait });
        }
        self.add_up(&mut sums);
        let sinces: Vec<Option<Since>> = self.sinces(&sums, windows);
        let moved = sinces.iter().flatten().any(|since| since.unsettled);
        self.add_up_measured(&mut sums, &sinces);
        let unseen = self.unseen(&got_in_pool);
        let judge = Judge::new(self, &sums, &unseen);
        table.groups.reserve(self.host.groups.len());
        for (&id, since) in self.host.groups.iter().zip(&sinces) {
            if let Some(since) = since {
                table.groups.insert(id, self.row(id, &sums[id.0 as usize], since, &judge, &rough));
            }
        }
        windows.groups.retain(|_, window| window.seen == self.number);
        windows.tasks.retain(|_, window| window.seen == self.number);
        (table, moved)
    }

    /// The weight of a group, if it is known.
    pub(super) fn weight(&self, id: GroupId) -> Option<u64> {
        self.host.values(self.snapshot, id).and_then(|values| values.weight.get())
    }

    fn owed(&self, cpus: f64, exact: bool) -> Owed {
        if self.laid.blind {
            Owed::Unknown
        } else if exact && self.host.is_root {
            Owed::Exact(cpus)
        } else {
            Owed::About(cpus)
        }
    }

    /// What nobody seen got in each pool that is used up, and what small roaming tasks may have used elsewhere instead.
    fn unseen(&self, got_in_pool: &[f64]) -> Vec<f64> {
        let pools = self.solution.pools.iter().zip(got_in_pool);
        pools
            .map(|(pool, got)| {
                if pool.owed < pool.capacity - 1e-6 {
                    return 0.0;
                }
                let roamers: f64 = pool.cpus.iter().filter_map(|cpu| self.laid.roamers.get(&cpu)).sum();
                roamers + (pool.owed - got).max(0.0)
            })
            .collect()
    }

    /// Pools with a CPU where small roaming tasks use too much to be left out of account.
    fn rough_pools(&self) -> Vec<bool> {
        let rough = |cpu: u32| self.laid.roamers.get(&cpu).is_some_and(|&used| used > ROAMERS);
        self.solution.pools.iter().map(|pool| pool.cpus.iter().any(rough)).collect()
    }

    fn is_exact(&self, node: NodeIx, rough: &[bool]) -> bool {
        let in_rough = || self.solution.parts(node).iter().any(|part| rough[part.pool as usize]);
        self.solution.exact[node] && !(self.solution.wants_more(node) && in_rough())
    }

    /// The CPUs where tasks that want the CPU compete, and what the row is owed elsewhere.
    fn contested(&self, id: GroupId, sum: &Sum) -> (Vec<u32>, f64) {
        let pools = sum.pools.iter().map(|&pool| &self.solution.pools[pool as usize]);
        let mut cpus: Vec<u32> = pools.flat_map(|pool| pool.cpus.iter()).collect();
        cpus.sort_unstable();
        let parts = self.laid.own_node(id).map_or(&[][..], |node| self.solution.parts(node));
        let elsewhere = parts.iter().filter(|part| !sum.pools.contains(&part.pool)).map(|part| part.cpus).sum();
        (cpus, elsewhere)
    }

    /// From the leaves up.
    fn add_up(&self, sums: &mut [Sum]) {
        for &id in self.host.groups.iter().rev() {
            let Some(parent) = self.snapshot.structure.group(id).and_then(|group| group.parent) else { continue };
            let child = sums[id.0 as usize].clone();
            let sum = &mut sums[parent.0 as usize];
            sum.count.all += child.count.all;
            sum.count.hungry += child.count.hungry;
            sum.count.held += child.count.held;
            sum.count.unknown += child.count.unknown;
            sum.running += child.running;
            sum.owed += child.owed;
            sum.plus_minus += child.plus_minus;
            child.pools.iter().for_each(|&pool| sum.compete_in(pool));
            sum.wait += child.wait;
            sum.wants_more |= child.wants_more;
            sum.inexact |= child.inexact;
            sum.capped_by = sum.capped_by.or(child.capped_by);
        }
    }

    fn sinces(&self, sums: &[Sum], windows: &mut Windows) -> Vec<Option<Since>> {
        let of = |id: &GroupId| {
            self.host.values(self.snapshot, *id)?;
            let key = self.snapshot.structure.group(*id)?.key;
            let sum = &sums[id.0 as usize];
            let plus_minus = self.laid.own_node(*id).map_or(sum.plus_minus, |node| self.plus_minus[node]);
            let due = (!self.laid.blind).then_some(Due { cpus: sum.owed, plus_minus });
            Some(since(&mut windows.groups, key, due, self.snapshot.at, windows.all, self.number))
        };
        self.host.groups.iter().map(of).collect()
    }

    /// What groups without a counter of the kernel's got: the sum of what was booked in them and below.
    fn add_up_measured(&self, sums: &mut [Sum], sinces: &[Option<Since>]) {
        let mut since_of: Vec<Option<Mono>> = vec![None; sums.len()];
        for (id, since) in self.host.groups.iter().zip(sinces) {
            since_of[id.0 as usize] = since.as_ref().map(|since| since.at);
        }
        for &id in &self.host.groups {
            let Some(group) = self.snapshot.structure.group(id) else { continue };
            // A group whose tasks nobody read: what is above it got at least what was seen.
            let unread = self.host.values(self.snapshot, id).is_none_or(|values| values.tasks.value().is_none());
            if !unread && !self.ring.is_active(group.key) {
                continue;
            }
            for above in self.snapshot.structure.ancestors(id) {
                let Some(since) = since_of[above.0 as usize] else { continue };
                let sum = &mut sums[above.0 as usize];
                sum.at_least |= unread;
                if let Some(raw) = self.ring.summed(group.key, since) {
                    sum.measured += raw.cpus;
                    sum.at_least |= raw.at_least;
                }
            }
        }
    }

    fn measured(&self, id: GroupId, sum: &Sum, since: &Since) -> (Got, f64) {
        let none = (Got::Unknown, 0.0);
        let Some(key) = self.snapshot.structure.group(id).map(|group| group.key) else { return none };
        let raw = if self.ring.has_counter(key) {
            self.ring.counted(key, since.at)
        } else if self.host.values(self.snapshot, id).is_none_or(|values| values.tasks.value().is_none()) {
            return none;
        } else {
            let own = self.ring.summed(key, since.at);
            own.map(|own| Raw { cpus: sum.measured, at_least: sum.at_least, ..own })
        };
        let running_on = (sum.running as usize).clamp(1, self.cpus_of(id));
        raw.map_or((Got::TooEarly, 0.0), |raw| (raw.got(self.snapshot.host.tick_ns, running_on), raw.seconds))
    }

    /// On how many CPUs its tasks may be running at a time, at least 1.
    fn cpus_of(&self, id: GroupId) -> usize {
        let node = self.laid.node_of[id.0 as usize];
        let pools = node.map_or(&[][..], |node| self.solution.parts(node));
        pools.iter().map(|part| self.solution.pools[part.pool as usize].cpus.len()).sum::<usize>().max(1)
    }

    fn row(&self, id: GroupId, sum: &Sum, since: &Since, judge: &Judge, rough: &[bool]) -> Row {
        let node = self.laid.own_node(id);
        let exact = node.map_or(!sum.inexact, |node| self.is_exact(node, rough));
        let expected = self.owed(sum.owed, exact);
        let (measured, seconds) = self.measured(id, sum, since);
        let (contested, elsewhere) = self.contested(id, sum);
        Row {
            configured: judge.configured(id),
            expected,
            measured,
            verdict: judge.verdict(id, expected, measured, seconds, since),
            since: since.next,
            contested,
            elsewhere,
            own_tasks: sum.own,
            tasks_below: sum.count.all - sum.own,
            hungry: sum.count.hungry,
            wait: (sum.count.hungry > 0).then(|| sum.wait / f64::from(sum.count.hungry)),
        }
    }
}
