//! A second solver that shares nothing with the first: it plays one period as a sequence of events.
//!
//! At every moment each CPU is handed down from the root to whoever is still running there, by weight; time jumps to the
//! next moment at which a task has had what it wants or a quota is used up. Pinned tasks only. Slow, and easy to believe.
use crate::split::contest::{Contest, NodeIx, NodeKind};

pub(super) fn simulate(contest: &Contest) -> Vec<f64> {
    let count = contest.nodes.len();
    let cpus: Vec<(u32, f64)> = contest.capacity.iter().map(|(&cpu, &capacity)| (cpu, capacity)).collect();
    let weights: Vec<Vec<f64>> = weights(contest, &cpus);
    let mut had = vec![0.0; count];
    let mut done = vec![false; count];
    let mut now = 0.0;
    while now < 1.0 {
        let mut rate = vec![0.0; count];
        for (at, &(cpu, capacity)) in cpus.iter().enumerate() {
            hand_down(contest, 0, cpu, at, capacity, &weights, &done, &mut rate);
        }
        let mut step = 1.0 - now;
        let mut next = None;
        for node in 0..count {
            let limit = limit(contest, node);
            if !done[node] && rate[node] > 0.0 && limit.is_finite() {
                let until = ((limit - had[node]) / rate[node]).max(0.0);
                if until < step {
                    step = until;
                    next = Some(node);
                }
            }
        }
        for node in 0..count {
            had[node] += rate[node] * step;
        }
        now += step;
        match next {
            Some(node) => done[node] = true,
            None => break,
        }
    }
    had
}

fn limit(contest: &Contest, node: NodeIx) -> f64 {
    match contest.nodes[node].kind {
        NodeKind::Task { demand, .. } => demand,
        NodeKind::Group { quota } => quota.unwrap_or(f64::INFINITY),
    }
}

fn children(contest: &Contest, group: NodeIx) -> impl Iterator<Item = NodeIx> + '_ {
    (0..contest.nodes.len()).filter(move |&node| contest.nodes[node].parent == Some(group))
}

/// Whether something at or below `node` still wants `cpu`.
fn runs(contest: &Contest, node: NodeIx, cpu: u32, done: &[bool]) -> bool {
    match &contest.nodes[node].kind {
        _ if done[node] || limit(contest, node) <= 0.0 => false,
        NodeKind::Task { cpus, .. } => cpus.contains(cpu),
        NodeKind::Group { .. } => children(contest, node).any(|child| runs(contest, child, cpu, done)),
    }
}

#[expect(clippy::too_many_arguments, reason = "a recursion that carries its whole state is the plainest here")]
fn hand_down(
    contest: &Contest,
    node: NodeIx,
    cpu: u32,
    at: usize,
    amount: f64,
    weights: &[Vec<f64>],
    done: &[bool],
    rate: &mut [f64],
) {
    if !runs(contest, node, cpu, done) {
        return;
    }
    rate[node] += amount;
    let running: Vec<NodeIx> = children(contest, node).filter(|&child| runs(contest, child, cpu, done)).collect();
    let total: f64 = running.iter().map(|&child| weights[child][at]).sum();
    for child in running {
        hand_down(contest, child, cpu, at, amount * weights[child][at] / total, weights, done, rate);
    }
}

/// The weight of each node on each CPU: a group's is divided by the weight that it has queued there.
fn weights(contest: &Contest, cpus: &[(u32, f64)]) -> Vec<Vec<f64>> {
    let mut weights = vec![vec![0.0; cpus.len()]; contest.nodes.len()];
    for node in (0..contest.nodes.len()).rev() {
        let from = &contest.nodes[node];
        match &from.kind {
            NodeKind::Task { demand, cpus: allowed, .. } => {
                for (at, &(cpu, _)) in cpus.iter().enumerate() {
                    if *demand > 0.0 && allowed.contains(cpu) {
                        weights[node][at] = from.weight;
                    }
                }
            }
            NodeKind::Group { .. } => {
                let queued: Vec<f64> =
                    (0..cpus.len()).map(|at| children(contest, node).map(|child| weights[child][at]).sum()).collect();
                let total: f64 = queued.iter().sum();
                for (at, queued) in queued.iter().enumerate() {
                    if *queued > 0.0 {
                        weights[node][at] = (from.weight * queued / total).max(2.0);
                    }
                }
            }
        }
    }
    weights
}
