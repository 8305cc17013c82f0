//! What the scheduler sees of an experiment.
//!
//! The root of the contest is the stage. Every group of the experiment is a group of the contest, every thread of every
//! process a task: an idle group weighs 3, a task that uses a part of a CPU wants that part with its full weight, a held
//! one wants nothing.
use std::collections::BTreeMap;
use std::ops::Range;

use crate::split::contest::{Contest, Node, NodeIx, NodeKind};
use crate::split::weight::{of_group, of_nice};

use super::setup::Setup;

/// A contest, and which of its nodes is what in the experiment.
#[derive(Clone, Debug, PartialEq)]
pub struct Entrants {
    /// The contest.
    pub contest: Contest,
    /// The node of each group of the experiment.
    pub groups: Vec<NodeIx>,
    /// The processes, workload by workload.
    pub processes: Vec<Process>,
}

/// One process of a workload.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Process {
    /// Index of its workload in the experiment.
    pub workload: usize,
    /// Index of its group in the experiment.
    pub group: usize,
    /// The nodes of its threads.
    pub threads: Range<NodeIx>,
}

/// The contest of an experiment. `capacity` is what each CPU has to give; a CPU that is not in it has 1.
#[must_use]
pub fn entrants(setup: &Setup, capacity: &BTreeMap<u32, f64>) -> Entrants {
    let experiment = &setup.experiment;
    let capacity = setup.all_cpus().iter().map(|cpu| (cpu, capacity.get(&cpu).copied().unwrap_or(1.0))).collect();
    let mut contest = Contest::new(capacity);
    let mut groups = Vec::with_capacity(experiment.groups.len());
    for (index, group) in experiment.groups.iter().enumerate() {
        let parent = group.parent.map_or(0, |parent| groups[parent]);
        let weight = of_group(setup.version, setup.weight(index), group.idle);
        groups.push(contest.group(parent, weight, group.quota.and_then(|quota| quota.cpus())));
    }
    let mut processes = Vec::new();
    for (index, (workload, cpus)) in experiment.workloads.iter().zip(&setup.cpus).enumerate() {
        let (demand, load) = if workload.held { (0.0, 0.0) } else { (workload.spin.duty(), 1.0) };
        for _ in 0..workload.count {
            let first = contest.nodes.len();
            for _ in 0..workload.spin.threads {
                contest.push(Node {
                    parent: Some(groups[workload.group]),
                    weight: of_nice(workload.nice),
                    kind: NodeKind::Task { demand, load, cpus: cpus.clone() },
                });
            }
            processes.push(Process { workload: index, group: workload.group, threads: first..contest.nodes.len() });
        }
    }
    Entrants { contest, groups, processes }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::entrants;
    use crate::experiment::parse::{Options, parse};
    use crate::experiment::setup::Setup;
    use crate::model::cpu_set::CpuSet;
    use crate::model::hierarchy::Version;
    use crate::split::contest::NodeKind;

    const TEXT: &str = "cpus = [3]\n[[group]]\npath = \"a/b\"\nweight = 50\nquota = 0.5\n[[group]]\npath = \"c\"\nidle = true\n\
                        [[workload]]\ngroup = \"a/b\"\ncount = 2\nthreads = 2\nnice = 5\nduty = 0.25\n\
                        [[workload]]\ngroup = \"c\"\nheld = true\ncpus = [0, 1]\n";

    #[test]
    fn groups_come_first_and_threads_are_tasks() {
        let e = parse(TEXT.as_bytes(), Options::default()).unwrap();
        let setup = Setup::imagined(e, Some(Version::V2)).unwrap();
        let entrants = entrants(&setup, &BTreeMap::from([(1, 0.9), (7, 0.1)]));
        let nodes = &entrants.contest.nodes;
        let tree: Vec<_> = nodes.iter().skip(1).map(|n| (n.parent, n.weight.to_string())).collect();
        let expect = |parent, weight: &str| (Some(parent), weight.to_owned());
        let task = expect(2, "335");
        assert_eq!(
            tree,
            [
                expect(0, "1024"),
                expect(1, "512"),
                expect(0, "3"),
                task.clone(),
                task.clone(),
                task.clone(),
                task,
                expect(3, "1024")
            ],
            "cpu.weight 50 is 512 of the task's units, idle is 3, nice 5 is 335"
        );
        assert_eq!(nodes[2].kind, NodeKind::Group { quota: Some(0.5) });
        assert_eq!(nodes[5].kind, NodeKind::Task { demand: 0.25, load: 1.0, cpus: CpuSet::one(3) });
        assert_eq!(nodes[8].kind, NodeKind::Task { demand: 0.0, load: 0.0, cpus: CpuSet::parse("0-1").unwrap() });
        assert_eq!(entrants.groups, [1, 2, 3]);
        let processes: Vec<_> = entrants.processes.iter().map(|p| (p.workload, p.group, p.threads.clone())).collect();
        assert_eq!(processes, [(0, 1, 4..6), (0, 1, 6..8), (1, 2, 8..9)]);
        assert_eq!(entrants.contest.capacity, BTreeMap::from([(0, 1.0), (1, 0.9), (3, 1.0)]));
    }
}
