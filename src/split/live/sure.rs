//! Answers that hold wherever the roaming tasks are.
//!
//! A loop that may run on several CPUs makes all who compete with it an estimate (≈), even a group beside which it weighs
//! nothing. So the contest is solved again as it would be with all such loops elsewhere, and with all of them on the CPU in
//! question. Where the two answers for somebody who is pinned there differ by less than [`SURE`], the balancer cannot change
//! what is owed: the middle is exact enough to be called so. How far the answers are apart is the uncertainty of what is
//! owed, also where they differ by more.
//!
//! Only for a few contested CPUs: each costs a solution.
use crate::model::cpu_set::CpuSet;
use crate::split::contest::{Contest, NodeIx, NodeKind, Solution};
use crate::split::solve::solve;

/// Answers that differ by less than this, in CPUs, are the same to the screen: half a point.
const SURE: f64 = 0.005;

/// What an estimate may be off by where there are no two answers to compare, as a part of it: the balancer lets one CPU have
/// 17 % more than another (`imbalance_pct` of a scheduling domain is 117), which is 8 to 9 % off their middle.
const BALANCE: f64 = 0.09;

/// So many contested CPUs are looked at.
const MOST: usize = 4;

/// Where the tasks of a node that want the CPU are pinned.
#[derive(Clone, Copy, PartialEq)]
enum Home {
    Nowhere,
    One(u32),
    Several,
}

/// Makes exact what does not depend on where the roaming tasks are. How uncertain the answer is then, in CPUs, for each node.
pub(super) fn settle(contest: &Contest, solution: &mut Solution) -> Vec<f64> {
    let known = sharpen(contest, solution);
    let answers = solution.cpus.iter().zip(&solution.exact).zip(known);
    answers.map(|((cpus, exact), known)| known.unwrap_or(if *exact { 0.0 } else { cpus * BALANCE })).collect()
}

/// Solves with the roaming tasks elsewhere and here; how far the answer may be off, where that tells.
fn sharpen(contest: &Contest, solution: &mut Solution) -> Vec<Option<f64>> {
    let mut known = vec![None; contest.nodes.len()];
    let usable = |cpus: &CpuSet| contest.capacity.keys().filter(|&&cpu| cpus.contains(cpu)).count();
    let roaming: Vec<NodeIx> = (0..contest.nodes.len())
        .filter(|&node| match &contest.nodes[node].kind {
            NodeKind::Task { cpus, .. } => !solution.exact[node] && solution.wants_more(node) && usable(cpus) > 1,
            NodeKind::Group { .. } => false,
        })
        .collect();
    if roaming.is_empty() {
        return known;
    }
    let homes = homes(contest);
    let mut contested: Vec<u32> = (homes.iter().zip(&solution.exact))
        .filter_map(|(home, exact)| match home {
            Home::One(cpu) if !exact => Some(*cpu),
            _ => None,
        })
        .collect();
    contested.sort_unstable();
    contested.dedup();
    if contested.is_empty() || contested.len() > MOST {
        return known;
    }
    let elsewhere = solve(&with(contest, &roaming, None)).cpus;
    for cpu in contested {
        let here = solve(&with(contest, &roaming, Some(cpu))).cpus;
        for node in 0..homes.len() {
            if homes[node] != Home::One(cpu) || solution.exact[node] {
                continue;
            }
            let (low, high) = (here[node].min(elsewhere[node]), here[node].max(elsewhere[node]));
            if high - low < SURE {
                solution.cpus[node] = f64::midpoint(low, high);
                solution.exact[node] = true;
            }
            let answer = solution.cpus[node];
            known[node] = Some((answer - low).max(high - answer).max(0.0));
        }
    }
    known
}

/// The contest with the roaming tasks on this CPU (those that may run there), or nowhere.
fn with(contest: &Contest, roaming: &[NodeIx], here: Option<u32>) -> Contest {
    let mut changed = contest.clone();
    for &node in roaming {
        if let NodeKind::Task { demand, cpus, .. } = &mut changed.nodes[node].kind {
            match here {
                Some(cpu) if cpus.contains(cpu) => *cpus = CpuSet::one(cpu),
                Some(_) => {}
                None => *demand = 0.0,
            }
        }
    }
    changed
}

fn homes(contest: &Contest) -> Vec<Home> {
    let mut homes = vec![Home::Nowhere; contest.nodes.len()];
    for (node, from) in contest.nodes.iter().enumerate().rev() {
        if let NodeKind::Task { demand, cpus, .. } = &from.kind
            && *demand > 0.0
        {
            homes[node] = match (cpus.len(), cpus.first()) {
                (1, Some(cpu)) => Home::One(cpu),
                _ => Home::Several,
            };
        }
        let own = homes[node];
        if let Some(parent) = from.parent {
            homes[parent] = match (homes[parent], own) {
                (home, Home::Nowhere) | (Home::Nowhere, home) => home,
                (one, other) if one == other => one,
                _ => Home::Several,
            };
        }
    }
    homes
}

#[cfg(test)]
mod tests {
    use super::settle;
    use crate::model::cpu_set::CpuSet;
    use crate::split::contest::Contest;
    use crate::split::solve::solve;

    /// A stage of this weight with two loops on CPU 1 (1 : 2), and four loops that roam over both CPUs.
    fn beside_builds(weight: f64) -> Contest {
        let mut contest = Contest::new([(0, 1.0), (1, 1.0)].into());
        let stage = contest.group(0, weight, None);
        for inner in [100.0, 200.0] {
            let group = contest.group(stage, inner, None);
            contest.task(group, 1024.0, 1.0, CpuSet::one(1));
        }
        for _ in 0..4 {
            contest.task(0, 1024.0, 1.0, CpuSet::parse("0-1").unwrap());
        }
        contest
    }

    #[test]
    fn a_heavy_stage_does_not_depend_on_where_the_others_are() {
        let contest = beside_builds(1_048_576.0);
        let mut solution = solve(&contest);
        assert!(!solution.exact[1]);
        let plus_minus = settle(&contest, &mut solution);
        // Alone 1, with all four 1048576 / 1052672 = .9961: the middle is .998.
        assert!(solution.exact[1] && (solution.cpus[1] - 0.998).abs() < 1e-3);
        assert!(solution.exact[3] && (solution.cpus[3] - 0.998 / 3.0).abs() < 1e-3);
        assert!(!solution.exact[6], "what roams is an estimate");
        assert!(!solution.exact[0]);
        // Half of what the two answers differ by: .0039 / 2, and a third of that.
        assert!((plus_minus[1] - 0.00195).abs() < 1e-4, "{plus_minus:?}");
        assert!((plus_minus[3] - 0.00065).abs() < 1e-4, "{plus_minus:?}");
    }

    #[test]
    fn a_light_one_does() {
        let contest = beside_builds(1024.0);
        let mut solution = solve(&contest);
        let before = solution.clone();
        let plus_minus = settle(&contest, &mut solution);
        assert_eq!(solution, before);
        // Alone it has all of CPU 1, beside all four a fifth: what is owed in between is off by no more than the farther.
        assert!(plus_minus[1] >= 0.4 - 1e-9, "{plus_minus:?}");
        assert!((plus_minus[0] - 2.0 * 0.09).abs() < 1e-9, "the top: {plus_minus:?}");
    }
}
