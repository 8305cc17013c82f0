//! An experiment written for one version of cgroups, made into one for the other.
//!
//! Weights by the kernel's formula ([`crate::split::weight`]), which keeps ratios up to rounding and its limits. Tasks in
//! inner groups, which v2 does not allow, each get a leaf group of their own with the weight that the task had beside the
//! groups. What was changed is said, note by note; the prediction is made for the converted experiment, so it holds for
//! what is really built.
use crate::model::hierarchy::Version;
use crate::split::weight::{of_nice, shares_of_weight, weight_of_shares};

use super::file::{Experiment, GroupSpec, WorkloadSpec};
use super::reader::show;
use super::weights;

/// Turns all weights of `experiment` from one version's into the other's. Groups without a weight keep the default, which
/// means the same in both. Returns one note a changed weight.
pub fn convert_weights(experiment: &mut Experiment, from: Version, to: Version) -> Vec<String> {
    if from == to {
        return Vec::new();
    }
    let mut notes = Vec::new();
    for group in &mut experiment.groups {
        let Some(weight) = group.weight else { continue };
        let converted = match to {
            Version::V2 => weight_of_shares(weight),
            Version::V1 => shares_of_weight(weight),
        };
        let exact = match to {
            Version::V2 => converted * 1024 == weight * 100,
            Version::V1 => converted * 100 == weight * 1024,
        };
        let about = if exact { "" } else { " (rounded or at the limit: the ratio changes a little)" };
        notes.push(format!(
            "{}: {} {weight} becomes {} {converted}{about}",
            show(&group.path),
            weights::file(from),
            weights::file(to)
        ));
        group.weight = Some(converted);
    }
    experiment.version = Some(to);
    notes
}

/// Gives each process of an inner group a leaf group of its own, as v2 wants it. Returns one note a process.
pub fn move_tasks_to_leaves(experiment: &mut Experiment) -> Vec<String> {
    let mut notes = Vec::new();
    let workloads = std::mem::take(&mut experiment.workloads);
    for workload in workloads {
        if experiment.children(Some(workload.group)).next().is_none() {
            experiment.workloads.push(workload);
            continue;
        }
        for _ in 0..workload.count {
            let leaf = leaf(experiment, &workload);
            let path = show(&leaf.path);
            let above = show(&experiment.groups[workload.group].path);
            let weight = leaf.weight.unwrap_or_default();
            notes.push(format!("the workload in {above} gets a group of its own, {path}, cpu.weight {weight}"));
            experiment.groups.push(leaf);
            let group = experiment.groups.len() - 1;
            experiment.workloads.push(WorkloadSpec { group, count: 1, ..workload.clone() });
        }
    }
    notes
}

/// A new leaf group below the group of `workload`, for one process of it.
fn leaf(experiment: &Experiment, workload: &WorkloadSpec) -> GroupSpec {
    let above = &experiment.groups[workload.group].path;
    let taken = |path: &str| experiment.groups.iter().any(|group| group.path == path);
    let path = (1..=u32::MAX).map(|n| format!("{above}/tasks-{n}")).find(|path| !taken(path)).unwrap_or_default();
    // A process with several threads competes with the weight of each of them.
    let shares = of_nice(workload.nice) * f64::from(workload.spin.threads);
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "15 to 88761 times a count; `as` saturates"
    )]
    let weight = weight_of_shares(shares.round() as u64);
    GroupSpec {
        path,
        parent: Some(workload.group),
        line: None,
        weight: Some(weight),
        quota: None,
        idle: false,
        set: Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::{convert_weights, move_tasks_to_leaves};
    use crate::experiment::parse::{Options, parse};
    use crate::experiment::rules::violations;
    use crate::model::hierarchy::Version;

    #[test]
    fn weights_go_by_the_kernels_formula_and_say_so() {
        let text =
            "[[group]]\npath = \"a\"\nweight = 2048\n[[group]]\npath = \"b\"\nweight = 600\n[[group]]\npath = \"c\"\n";
        let mut e = parse(text.as_bytes(), Options::default()).unwrap();
        let notes = convert_weights(&mut e, Version::V1, Version::V2);
        assert_eq!(e.groups.iter().map(|g| g.weight).collect::<Vec<_>>(), [Some(200), Some(59), None]);
        assert_eq!(
            notes,
            [
                "a: cpu.shares 2048 becomes cpu.weight 200",
                "b: cpu.shares 600 becomes cpu.weight 59 (rounded or at the limit: the ratio changes a little)"
            ]
        );
        convert_weights(&mut e, Version::V2, Version::V1);
        assert_eq!(e.groups[0].weight, Some(2048));
    }

    #[test]
    fn inner_tasks_get_leaves_that_weigh_what_they_weighed() {
        let text = "[[group]]\npath = \"a/tasks-1\"\n[[workload]]\ngroup = \"a\"\ncount = 2\nnice = 5\n\
                    [[workload]]\ngroup = \"a/tasks-1\"\n";
        let mut e = parse(text.as_bytes(), Options::default()).unwrap();
        assert_eq!(move_tasks_to_leaves(&mut e).len(), 2);
        let groups: Vec<_> = e.groups.iter().map(|g| (g.path.as_str(), g.parent, g.weight)).collect();
        // nice 5 is 335 of 1024, that is 32.7 of 100.
        assert_eq!(groups[2..], [("a/tasks-2", Some(0), Some(33)), ("a/tasks-3", Some(0), Some(33))]);
        assert_eq!(e.workloads.iter().map(|w| (w.group, w.count)).collect::<Vec<_>>(), [(2, 1), (3, 1), (1, 1)]);
        assert!(violations(&e, Version::V2).is_empty());
    }
}
