//! Reads off a filling: amounts, who is capped by which quota, what is exact.
use crate::model::cpu_set::CpuSet;
use crate::split::contest::{Contest, NodeIx, NodeKind, Part, Pool, Solution};

use super::NOTHING;
use super::entries::Filling;
use super::pools::Pools;

/// The solution of a contest from its last filling.
pub(super) fn solution(contest: &Contest, pools: &Pools, filling: &Filling) -> Solution {
    let count = contest.nodes.len();
    let mut cpus: Vec<f64> =
        (0..count).map(|node| filling.of_node(node).map(|(entry, _)| entry.amount).sum()).collect();
    let demand = demands(contest, pools);
    let extra = leftovers(contest, pools, filling, &mut cpus, &demand);
    let mut parts: Vec<Part> = Vec::with_capacity(filling.entries.len() + extra.len());
    let mut first_part = Vec::with_capacity(count + 1);
    for node in 0..count {
        let start = parts.len();
        first_part.push(u32::try_from(start).unwrap_or(u32::MAX));
        parts.extend(filling.of_node(node).map(|(entry, pool)| Part { pool, cpus: entry.amount }));
        for &(_, more) in extra.iter().filter(|(to, _)| *to == node) {
            match parts[start..].iter_mut().find(|part| part.pool == more.pool) {
                Some(part) => part.cpus += more.cpus,
                None => parts.push(more),
            }
        }
    }
    first_part.push(u32::try_from(parts.len()).unwrap_or(u32::MAX));
    let capped_by = capped_by(contest, &cpus, &demand);
    let exact = exact(contest, pools, filling, &cpus, &demand, &extra);
    let pools = (0..pools.groups.len())
        .map(|pool| Pool {
            cpus: pools.groups[pool].iter().map(|&ix| pools.cpus[ix].0).collect::<CpuSet>(),
            capacity: pools.capacity(pool),
            owed: parts_of_root(&parts, &first_part)
                .iter()
                .filter(|part| part.pool as usize == pool)
                .map(|part| part.cpus)
                .sum(),
        })
        .collect();
    Solution { cpus, demand: demand.limited, exact, capped_by, pools, parts, first_part }
}

fn parts_of_root<'a>(parts: &'a [Part], first_part: &[u32]) -> &'a [Part] {
    let end = first_part.get(1).map_or(0, |&end| end as usize);
    &parts[..end]
}

/// CPUs that were split off because too much was owed there may end up with time left, when a quota over several pools is
/// used up elsewhere. It goes to tasks that may run there, want more and are under all their quotas, in the order of the
/// nodes. A corner of the fluid answers; with pinned tasks only there is nothing to do.
fn leftovers(
    contest: &Contest,
    pools: &Pools,
    filling: &Filling,
    cpus: &mut [f64],
    demand: &Demands,
) -> Vec<(NodeIx, Part)> {
    let mut extra = Vec::new();
    let hungry: Vec<NodeIx> = (0..contest.nodes.len())
        .filter(|&node| matches!(contest.nodes[node].kind, NodeKind::Task { .. }))
        .filter(|&node| demand.limited[node] - cpus[node] > NOTHING)
        .collect();
    for (pool, number) in (0..pools.groups.len()).zip(0_u32..) {
        let given: f64 = filling.ranges[pool].clone().next().map_or(0.0, |root| filling.entries[root].amount);
        let mut left = pools.capacity(pool) - given;
        for &node in &hungry {
            if left <= NOTHING {
                break;
            }
            let NodeKind::Task { cpus: allowed, .. } = &contest.nodes[node].kind else { continue };
            let wanted = demand.limited[node] - cpus[node];
            if wanted <= NOTHING || !pools.groups[pool].iter().any(|&ix| allowed.contains(pools.cpus[ix].0)) {
                continue;
            }
            let path = || std::iter::successors(Some(node), |&at| contest.nodes[at].parent);
            let room = path().map(|at| match contest.nodes[at].kind {
                NodeKind::Group { quota: Some(quota) } => quota - cpus[at],
                _ => f64::INFINITY,
            });
            let amount = room.fold(wanted.min(left), f64::min);
            if amount <= NOTHING {
                continue;
            }
            left -= amount;
            for at in path() {
                cpus[at] += amount;
                extra.push((at, Part { pool: number, cpus: amount }));
            }
        }
    }
    extra
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
fn exact(
    contest: &Contest,
    pools: &Pools,
    filling: &Filling,
    cpus: &[f64],
    demand: &Demands,
    extra: &[(NodeIx, Part)],
) -> Vec<bool> {
    let count = pools.groups.len();
    let used_up: Vec<bool> = (0..count)
        .map(|pool| {
            let root = filling.ranges[pool].clone().next();
            root.is_some_and(|root| filling.entries[root].amount >= pools.capacity(pool) - NOTHING)
        })
        .collect();
    // Who could run on several CPUs and wants more may turn up on each of them.
    let mut rough = vec![false; count];
    let mut last: Option<usize> = None;
    for (node, amount) in filling.tasks() {
        let same = last.is_some_and(|last| pools.class_of[last] == pools.class_of[node]);
        if amount < demand.limited[node] - NOTHING && !same {
            last = Some(node);
            for pool in pools.roams_in(contest, node).filter(|&pool| used_up[pool]) {
                rough[pool] = true;
            }
        }
    }
    for (_, part) in extra {
        rough[part.pool as usize] = true;
    }
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
