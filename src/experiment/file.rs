//! An experiment as its file says it, checked.
//!
//! Everything here is valid for at least one version of cgroups; what a given version does not allow is found by
//! [`super::setup`]. Reading the file is [`super::parse`]'s.
use crate::model::cgroup::Quota;
use crate::model::hierarchy::Version;
use crate::model::workload::Spin;
use crate::plan::intent::Setting;

use super::cpus::CpuSpec;

/// An experiment.
#[derive(Clone, Debug, PartialEq)]
pub struct Experiment {
    /// What it shows.
    pub title: String,
    /// Which version's weights the file speaks of; `None`: those of the hierarchy that is found, v1 without a host.
    pub version: Option<Version>,
    /// Measuring time in seconds, above 0.
    pub seconds: f64,
    /// Seconds between the launch and the measuring, 0 or more.
    pub settle: f64,
    /// How many percentage points measured and expected may be apart.
    pub tolerance: f64,
    /// The groups, parents before children, otherwise in the order of the file; parents that the file does not list
    /// stand right before their first child.
    pub groups: Vec<GroupSpec>,
    /// The workloads in the order of the file.
    pub workloads: Vec<WorkloadSpec>,
}

/// A group of an experiment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GroupSpec {
    /// Path below the stage: components joined by `/`, none empty.
    pub path: String,
    /// Index of the group above; `None` for one right below the stage.
    pub parent: Option<usize>,
    /// Line of the file where it begins; `None` for a parent that the file does not list.
    pub line: Option<usize>,
    /// What goes into `cpu.shares` or `cpu.weight`; `None`: the kernel's default stays.
    pub weight: Option<u64>,
    /// What goes into `cpu.cfs_quota_us` and `cpu.cfs_period_us`, or `cpu.max`.
    pub quota: Option<Quota>,
    /// `cpu.idle`.
    pub idle: bool,
    /// Other files to set, in the order of the file.
    pub set: Vec<Setting>,
}

impl GroupSpec {
    /// The last component of the path.
    #[must_use]
    pub fn name(&self) -> &str {
        self.path.rsplit('/').next().unwrap_or_default()
    }

    /// How many components the path has, at least 1.
    #[must_use]
    pub fn depth(&self) -> usize {
        self.path.split('/').count()
    }
}

/// A workload of an experiment: one or more equal processes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WorkloadSpec {
    /// Index of its group in [`Experiment::groups`].
    pub group: usize,
    /// Line of the file where it begins.
    pub line: usize,
    /// What each process runs.
    pub spin: Spin,
    /// How many processes, at least 1.
    pub count: u32,
    /// Nice value, -20 to 19.
    pub nice: i8,
    /// Where it may run.
    pub cpus: CpuSpec,
    /// It is started and then held: it wants nothing, so that its time goes to others.
    pub held: bool,
}

impl Experiment {
    /// Number of processes.
    #[must_use]
    pub fn processes(&self) -> u64 {
        self.workloads.iter().map(|workload| u64::from(workload.count)).sum()
    }

    /// Number of tasks (threads), all processes together.
    #[must_use]
    pub fn tasks(&self) -> u64 {
        self.workloads.iter().map(|w| u64::from(w.count) * u64::from(w.spin.threads)).sum()
    }

    /// Whether `group` is `other` or below it.
    #[must_use]
    pub fn is_within(&self, group: usize, other: usize) -> bool {
        std::iter::successors(Some(group), |&g| self.groups.get(g)?.parent).any(|g| g == other)
    }

    /// Indices of the groups right below `parent` (`None`: below the stage).
    pub fn children(&self, parent: Option<usize>) -> impl Iterator<Item = usize> {
        self.groups.iter().enumerate().filter(move |(_, group)| group.parent == parent).map(|(index, _)| index)
    }
}
