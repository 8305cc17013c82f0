//! An experiment with what its file leaves open: the version whose weights it has, and the CPUs.
use std::collections::BTreeMap;

use crate::model::cpu_set::CpuSet;
use crate::model::hierarchy::Version;
use crate::split::ratio::Ratio;

use super::convert::{convert_weights, move_tasks_to_leaves};
use super::cpus::{CpuFacts, NotAllowed, imagine_cpus, resolve_cpus};
use super::file::Experiment;
use super::rules::{Kind, Violation, violations};
use super::weights;

/// An experiment, ready to be predicted or built.
#[derive(Clone, Debug, PartialEq)]
pub struct Setup {
    /// The experiment, converted if that was asked for and needed.
    pub experiment: Experiment,
    /// The version whose weights it has.
    pub version: Version,
    /// The CPUs of each workload, never empty.
    pub cpus: Vec<CpuSet>,
    /// What was changed or should be known, one sentence each.
    pub notes: Vec<String>,
}

/// Why an experiment cannot be set up.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unfit {
    /// A version does not allow something in it.
    #[error("{}", with_line(*.line, .rule))]
    Rule {
        /// Line of the file, where there is one.
        line: Option<usize>,
        /// The rule.
        rule: String,
        /// Whether `--convert` would help.
        convertible: bool,
    },
    /// A CPU may not be used.
    #[error("line {line}: {source}")]
    Cpu {
        /// Line of the workload.
        line: usize,
        /// Which CPU, and which may be used.
        source: NotAllowed,
    },
}

fn with_line(line: Option<usize>, rule: &str) -> String {
    line.map_or_else(|| rule.to_owned(), |line| format!("line {line}: {rule}"))
}

impl Setup {
    /// For a prediction without a host. `version` (the command line's) goes before the file's, and that before v1.
    ///
    /// # Errors
    /// [`Unfit::Rule`] for a weight that the version does not have. What else the version's kernel would refuse can be
    /// predicted all the same, and is noted.
    pub fn imagined(experiment: Experiment, version: Option<Version>) -> Result<Self, Unfit> {
        let version = version.or(experiment.version).unwrap_or(Version::V1);
        let mut notes = Vec::new();
        for violation in violations(&experiment, version) {
            if violation.kind == Kind::Weight {
                return Err(unfit(violation));
            }
            notes.push(format!("verify would refuse this: {}", with_line(violation.line, &violation.rule)));
        }
        let cpus = experiment.workloads.iter().map(|workload| imagine_cpus(&workload.cpus)).collect();
        Ok(Self { experiment, version, cpus, notes })
    }

    /// For a host whose cpu controller is on a hierarchy of `found` version. With `convert`, what that version does not
    /// allow is converted.
    ///
    /// # Errors
    /// [`Unfit`]: a rule of the version that stands against it, or a CPU that may not be used.
    pub fn found(mut experiment: Experiment, found: Version, convert: bool, host: &CpuFacts) -> Result<Self, Unfit> {
        let mut notes = Vec::new();
        let wrong_weight = violations(&experiment, found).into_iter().any(|v| v.kind == Kind::Weight);
        let from = experiment.version.unwrap_or(if wrong_weight { other(found) } else { found });
        if convert {
            notes.extend(convert_weights(&mut experiment, from, found));
            if found == Version::V2 {
                notes.extend(move_tasks_to_leaves(&mut experiment));
            }
        } else if experiment.version.is_some_and(|version| version != found) {
            let rule = format!(
                "the weights of this file are {} (version = {}), and here the cpu controller is on cgroup v{}, which has {}",
                weights::file(from),
                number(from),
                number(found),
                weights::file(found)
            );
            return Err(Unfit::Rule { line: None, rule, convertible: true });
        }
        if let Some(violation) = violations(&experiment, found).into_iter().next() {
            return Err(unfit(violation));
        }
        let cpus = experiment
            .workloads
            .iter()
            .map(|workload| {
                resolve_cpus(&workload.cpus, host).map_err(|source| Unfit::Cpu { line: workload.line, source })
            })
            .collect::<Result<_, _>>()?;
        Ok(Self { experiment, version: found, cpus, notes })
    }

    /// The weight of a group as it is or will be in its file: what the experiment writes, else the kernel's default.
    #[must_use]
    pub fn weight(&self, group: usize) -> u64 {
        self.experiment.groups[group].weight.unwrap_or_else(|| weights::default(self.version))
    }

    /// Each group's part of the stage by the written weights of the experiment's groups alone.
    #[must_use]
    pub fn configured(&self) -> Vec<Ratio> {
        let groups = &self.experiment.groups;
        let mut siblings: BTreeMap<Option<usize>, u128> = BTreeMap::new();
        for (index, group) in groups.iter().enumerate() {
            *siblings.entry(group.parent).or_default() += u128::from(self.weight(index));
        }
        let mut parts: Vec<Ratio> = Vec::with_capacity(groups.len());
        for (index, group) in groups.iter().enumerate() {
            let part = Ratio::new(u128::from(self.weight(index)), siblings[&group.parent]).unwrap_or(Ratio::ZERO);
            parts.push(group.parent.map_or(part, |parent| parts[parent].times(part)));
        }
        parts
    }

    /// All CPUs on which workloads may run.
    #[must_use]
    pub fn all_cpus(&self) -> CpuSet {
        self.cpus.iter().flat_map(CpuSet::iter).collect()
    }
}

fn unfit(violation: Violation) -> Unfit {
    let convertible = violation.kind != Kind::Quota;
    Unfit::Rule { line: violation.line, rule: violation.rule, convertible }
}

fn other(version: Version) -> Version {
    match version {
        Version::V1 => Version::V2,
        Version::V2 => Version::V1,
    }
}

/// The version as a file writes it.
#[must_use]
pub fn number(version: Version) -> u8 {
    match version {
        Version::V1 => 1,
        Version::V2 => 2,
    }
}
