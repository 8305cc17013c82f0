//! Reads off a filling: amounts, who is capped by which quota, what is exact.
use crate::model::cpu_set::CpuSet;
use crate::split::contest::{Contest, NodeIx, NodeKind, Part, Pool, Solution};

use super::NOTHING;
use super::fill::Filling;
use super::pools::Pools;

/// The solution of a contest from its last filling.
pub(super) fn solution(contest: &Contest, pools: &Pools, filling: &Filling) -> Solution {
    let count = contest.nodes.len();
    let mut parts = Vec::with_capacity(filling.entries.len());
    let mut first_part = Vec::with_capacity(count + 1);
    let mut cpus = Vec::with_capacity(count);
    for node in 0..count {
        first_part.push(u32::try_from(parts.len()).unwrap_or(u32::MAX));
        let mut sum = 0.0;
        for (entry, pool) in filling.of_node(node) {
            sum += entry.amount;
            parts.push(Part { pool, cpus: entry.amount });
        }
        cpus.push(sum);
    }
    first_part.push(u32::try_from(parts.len()).unwrap_or(u32::MAX));
    let demand = demands(contest, pools);
    let capped_by = capped_by(contest, &cpus, &demand);
    let exact = exact(contest, pools, filling, &cpus, &demand);
    let pools = (0..pools.pools.len())
        .map(|pool| Pool {
            cpus: pools.pools[pool].iter().map(|&ix| pools.cpus[ix].0).collect::<CpuSet>(),
            capacity: pools.capacity(pool),
            owed: filling.ranges[pool].clone().next().map_or(0.0, |root| filling.entries[root].amount),
        })
        .collect();
    Solution { cpus, demand: demand.limited, exact, capped_by, pools, parts, first_part }
}

/// What each node could use, over all CPUs together.
struct Demands {
    /// Without the node's own quota.
    free: Vec<f64>,
    /// With it.
    limited: Vec<f64>,
}

fn demands(contest: &Contest, pools: &Pools) -> Demands {
    let mut free = vec![0.0; contest.nodes.len()];
    let mut limited = vec![0.0; contest.nodes.len()];
    for (node, from) in contest.nodes.iter().enumerate().rev() {
        let wanted = match from.kind {
            NodeKind::Task { demand, .. } => {
                free[node] = if pools.pool_of(node).is_some() { demand.clamp(0.0, 1.0) } else { 0.0 };
                free[node]
            }
            NodeKind::Group { quota } => quota.map_or(free[node], |quota| free[node].min(quota.max(0.0))),
        };
        limited[node] = wanted;
        if let Some(parent) = from.parent {
            free[parent] += wanted;
        }
    }
    Demands { free, limited }
}

/// For each node that wants more: itself or the nearest ancestor whose quota is used up while more is wanted below it.
fn capped_by(contest: &Contest, cpus: &[f64], demand: &Demands) -> Vec<Option<NodeIx>> {
    let mut nearest: Vec<Option<NodeIx>> = Vec::with_capacity(cpus.len());
    let mut capped = Vec::with_capacity(cpus.len());
    for (node, from) in contest.nodes.iter().enumerate() {
        let above = from.parent.and_then(|parent| nearest[parent]);
        let own = match from.kind {
            NodeKind::Group { quota: Some(quota) } => {
                demand.free[node] > quota + NOTHING && cpus[node] >= quota - NOTHING.max(quota * 1e-9)
            }
            _ => false,
        };
        let binding = if own { Some(node) } else { above };
        nearest.push(binding);
        let wants_more = own || cpus[node] < demand.limited[node] - NOTHING;
        capped.push(binding.filter(|_| wants_more));
    }
    capped
}

/// Whether each node's answer is exact. Tasks that roam over several CPUs make it inexact for all who compete with them for
/// CPUs that are used up, and for all who compete elsewhere with a group whose weight is divided between there and here.
fn exact(contest: &Contest, pools: &Pools, filling: &Filling, cpus: &[f64], demand: &Demands) -> Vec<bool> {
    let count = pools.pools.len();
    let used_up: Vec<bool> = (0..count)
        .map(|pool| {
            let root = filling.ranges[pool].clone().next();
            root.is_some_and(|root| filling.entries[root].amount >= pools.capacity(pool) - NOTHING)
        })
        .collect();
    let mut rough: Vec<bool> = (0..count).map(|pool| pools.is_fluid(pool) && used_up[pool]).collect();
    let mut changed = rough.contains(&true);
    while changed {
        changed = false;
        // The root's weight is not used: it carries nothing from one CPU to another.
        for node in 1..contest.nodes.len() {
            let of_node = || filling.of_node(node).map(|(_, pool)| pool as usize);
            if of_node().any(|pool| rough[pool]) {
                for pool in of_node().filter(|&pool| used_up[pool]) {
                    changed |= !rough[pool];
                    rough[pool] = true;
                }
            }
        }
    }
    let mut exact: Vec<bool> = Vec::with_capacity(cpus.len());
    for (node, from) in contest.nodes.iter().enumerate() {
        let in_rough = filling.of_node(node).any(|(_, pool)| rough[pool as usize]);
        // Below a used-up quota the threads of one fluid pool divide it among themselves as the balancer happens to.
        let fluid = filling.of_node(node).any(|(_, pool)| pools.is_fluid(pool as usize));
        let divided = fluid && cpus[node] < demand.limited[node] - NOTHING && from.parent.is_some();
        exact.push(!in_rough && !divided);
    }
    exact
}
