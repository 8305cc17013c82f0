//! What one version of cgroups does not allow of an experiment that is valid for the other.
use crate::model::hierarchy::Version;

use super::file::Experiment;
use super::weights;

/// Something in an experiment that a version does not allow.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violation {
    /// Line of the file; `None` if it is about a group that the file does not list.
    pub line: Option<usize>,
    /// The rule, one sentence.
    pub rule: String,
    /// Which rule.
    pub kind: Kind,
}

/// Which rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A weight outside the version's range.
    Weight,
    /// v2: a task in a group that has child groups.
    InnerTasks,
    /// v1: a quota larger than that of a group above.
    Quota,
}

/// Everything that `version` does not allow, in the order of the groups, then of the workloads.
#[must_use]
pub fn violations(experiment: &Experiment, version: Version) -> Vec<Violation> {
    let mut found = Vec::new();
    let range = weights::range(version);
    for (index, group) in experiment.groups.iter().enumerate() {
        if let Some(weight) = group.weight.filter(|weight| !range.contains(weight)) {
            let rule = format!(
                "the weight of {} is {weight}: {} takes {} to {}",
                group.path,
                weights::file(version),
                range.start(),
                range.end()
            );
            found.push(Violation { line: group.line, rule, kind: Kind::Weight });
        }
        if version == Version::V1 {
            found.extend(quota_above(experiment, index));
        }
    }
    if version == Version::V2 {
        for workload in &experiment.workloads {
            if experiment.children(Some(workload.group)).next().is_some() {
                let path = &experiment.groups[workload.group].path;
                let rule = format!(
                    "a workload runs in {path}, which has child groups: on cgroup v2 only groups without child groups may \
                     hold processes when they divide the CPU"
                );
                found.push(Violation { line: Some(workload.line), rule, kind: Kind::InnerTasks });
            }
        }
    }
    found
}

/// v1: `cpu.cfs_quota_us` / `cpu.cfs_period_us` of a group may not be above that of any group above it (EINVAL).
fn quota_above(experiment: &Experiment, index: usize) -> Option<Violation> {
    let group = &experiment.groups[index];
    let own = group.quota?.cpus()?;
    let above = std::iter::successors(group.parent, |&parent| experiment.groups[parent].parent)
        .map(|parent| &experiment.groups[parent])
        .find(|parent| parent.quota.and_then(|quota| quota.cpus()).is_some_and(|cpus| own > cpus))?;
    let rule = format!(
        "the quota of {} is larger than that of {} above it: cgroup v1 refuses that (EINVAL)",
        group.path, above.path
    );
    Some(Violation { line: group.line, rule, kind: Kind::Quota })
}

#[cfg(test)]
mod tests {
    use super::{Kind, violations};
    use crate::experiment::parse::{Options, parse};
    use crate::model::hierarchy::Version;

    fn kinds(text: &str, version: Version) -> Vec<(Kind, Option<usize>)> {
        let experiment = parse(text.as_bytes(), Options::default()).unwrap();
        violations(&experiment, version).into_iter().map(|v| (v.kind, v.line)).collect()
    }

    #[test]
    fn weights_fit_one_version_or_the_other() {
        let low = "[[group]]\npath = \"a\"\nweight = 1\n";
        assert_eq!(kinds(low, Version::V1), [(Kind::Weight, Some(1))]);
        assert_eq!(kinds(low, Version::V2), []);
        let high = "\n[[group]]\npath = \"a\"\nweight = 10001\n";
        assert_eq!(kinds(high, Version::V1), []);
        assert_eq!(kinds(high, Version::V2), [(Kind::Weight, Some(2))]);
    }

    #[test]
    fn tasks_in_inner_groups_are_for_v1_only() {
        let text = "[[group]]\npath = \"a/b\"\n[[workload]]\ngroup = \"a\"\n[[workload]]\ngroup = \"a/b\"\n";
        assert_eq!(kinds(text, Version::V1), []);
        assert_eq!(kinds(text, Version::V2), [(Kind::InnerTasks, Some(3))]);
    }

    #[test]
    fn quotas_shrink_downwards_on_v1_only() {
        let text = "[[group]]\npath = \"a\"\nquota = 0.2\n[[group]]\npath = \"a/b/c\"\nquota = 0.5\nperiod_ms = 10\n";
        assert_eq!(kinds(text, Version::V1), [(Kind::Quota, Some(4))]);
        assert_eq!(kinds(text, Version::V2), []);
        assert_eq!(kinds(&text.replace("0.5", "0.2"), Version::V1), [], "equal is allowed");
    }
}
