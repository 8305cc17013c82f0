//! What `predict` and `verify` say: the JSON that others script against, and where its numbers come from.
//!
//! The order of the fields is the order of the JSON. Fields may be added, never changed or dropped. Parts have six digits,
//! points four; what is not known is null, never 0. [`table`] prints the same for a reader.
pub mod table;

use std::collections::BTreeMap;

use serde::Serialize;

use crate::model::bytes::escape;
use crate::model::id::Pid;
use crate::split::contest::{NodeIx, Solution};
use crate::split::ratio::Ratio;
use crate::split::solve::solve;

use super::contest::{Entrants, Process, entrants};
use super::setup::{Setup, number};

/// The answer of `predict` and `verify`.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Report {
    /// The experiment's title.
    pub experiment: String,
    /// Where it was built; null in a prediction.
    pub hierarchy: Option<Built>,
    /// How long it was (will be) measured, in seconds.
    pub seconds: f64,
    /// What the workloads really had on each CPU, in CPUs; null in a prediction.
    pub capacity: Option<BTreeMap<u32, f64>>,
    /// Something else took a fifth of a CPU or more from the workloads.
    pub disturbed: bool,
    /// The groups: parents before children, otherwise in the order of the file.
    pub groups: Vec<GroupRow>,
    /// The processes in the order of the file.
    pub workloads: Vec<WorkloadRow>,
    /// The largest difference between measured and expected over groups and workloads, in percentage points.
    pub max_error_pp: Option<f64>,
    /// Whether that is within the file's tolerance.
    pub within_tolerance: Option<bool>,
    /// Whether everything that was made is gone again; null in a prediction.
    pub cleaned_up: Option<bool>,
    /// The version whose weights these are, 1 or 2.
    pub version: u8,
    /// The file's tolerance in percentage points.
    pub tolerance: f64,
    /// Who ran beside the workloads on a disturbed host, the busiest first.
    pub beside: Vec<String>,
    /// What was converted, and what else should be known.
    pub notes: Vec<String>,
}

/// The hierarchy that an experiment was built in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Built {
    /// 1 or 2.
    pub version: u8,
    /// Its controllers.
    pub controllers: Vec<String>,
    /// Its mount point, escaped.
    pub mount: String,
    /// The stage's path in it, escaped.
    pub under: String,
}

/// One group.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct GroupRow {
    /// Path below the stage, escaped.
    pub path: String,
    /// Its weight as written, or the kernel's default.
    pub weight: u64,
    /// Part of the stage by the weights alone.
    pub configured: f64,
    /// The same as a reduced ratio.
    pub configured_ratio: String,
    /// Part that it is owed of what all workloads get together; null if they get nothing.
    pub expected: Option<f64>,
    /// Part that it got.
    pub measured: Option<f64>,
    /// What it is owed, in CPUs.
    pub expected_cpus: f64,
    /// What it got, in CPUs.
    pub measured_cpus: Option<f64>,
    /// Whether measured is as expected.
    pub verdict: Option<Verdict>,
    /// Whether it is owed all it wants.
    pub state: State,
    /// Whether expected is exact: nothing that may run on several CPUs takes part.
    pub exact: bool,
    /// `cpu.idle`: in expected it weighs 3.
    pub idle: bool,
}

/// One process of a workload.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct WorkloadRow {
    /// Path of its group, escaped.
    pub group: String,
    /// `spin`.
    pub kind: &'static str,
    /// Its process id.
    pub pid: Option<Pid>,
    /// CPUs it may run on.
    pub cpus: Vec<u32>,
    /// Its nice value.
    pub nice: i8,
    /// Part that it is owed of what all workloads get together; null if they get nothing.
    pub expected: Option<f64>,
    /// Part that it got.
    pub measured: Option<f64>,
    /// What it is owed, in CPUs, all threads together.
    pub expected_cpus: f64,
    /// What it got, in CPUs.
    pub measured_cpus: Option<f64>,
    /// Whether measured is as expected.
    pub verdict: Option<Verdict>,
    /// Whether it is owed all it wants.
    pub state: State,
    /// Its threads.
    pub threads: u32,
    /// Part of a CPU that each thread wants.
    pub duty: f64,
}

/// Measured against expected.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Verdict {
    /// Within the tolerance.
    Agrees,
    /// Not.
    Differs,
}

/// Whether somebody is owed all it wants.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum State {
    /// All it wants.
    Enough,
    /// It wants more than it is owed.
    Short,
    /// It wants more, and a quota stands against it: its own or one above.
    Capped,
    /// It is held, or all that is in it is.
    Held,
    /// Nothing is in it.
    Empty,
}

/// What was measured, in the order of the processes of [`Entrants`].
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Measured {
    /// Length of the window in seconds.
    pub seconds: f64,
    /// What each process got, in CPUs.
    pub cpus: Vec<f64>,
    /// Their process ids.
    pub pids: Vec<Pid>,
    /// What the workloads really had on each CPU, in CPUs.
    pub capacity: BTreeMap<u32, f64>,
    /// Whether too much of it was taken by others.
    pub disturbed: bool,
    /// Who they are.
    pub beside: Vec<String>,
}

impl Report {
    /// The report of an experiment: a prediction, or with `measured` also what came of it.
    #[must_use]
    pub fn new(setup: &Setup, measured: Option<&Measured>) -> Self {
        let none = BTreeMap::new();
        let entrants = entrants(setup, measured.map_or(&none, |measured| &measured.capacity));
        let solution = solve(&entrants.contest);
        let sums = Sums::new(&entrants, &solution, measured);
        let experiment = &setup.experiment;
        let configured = setup.configured();
        let groups: Vec<GroupRow> =
            configured.iter().enumerate().map(|(group, &part)| sums.group(setup, group, part)).collect();
        let workloads: Vec<WorkloadRow> =
            entrants.processes.iter().enumerate().map(|(index, process)| sums.process(setup, index, process)).collect();
        let errors = groups.iter().map(|row| (row.measured, row.expected));
        let errors = errors.chain(workloads.iter().map(|row| (row.measured, row.expected)));
        let max_error_pp = errors
            .filter_map(|(measured, expected)| Some((measured? - expected?).abs() * 100.0))
            .reduce(f64::max)
            .map(|error| round(error, 4));
        Self {
            experiment: experiment.title.clone(),
            hierarchy: None,
            seconds: round(measured.map_or(experiment.seconds, |measured| measured.seconds), 3),
            capacity: measured.map(|m| m.capacity.iter().map(|(&cpu, &had)| (cpu, round(had, 4))).collect()),
            disturbed: measured.is_some_and(|measured| measured.disturbed),
            groups,
            workloads,
            max_error_pp,
            within_tolerance: max_error_pp.map(|error| error <= experiment.tolerance),
            cleaned_up: None,
            version: number(setup.version),
            tolerance: experiment.tolerance,
            beside: measured.map(|measured| measured.beside.clone()).unwrap_or_default(),
            notes: setup.notes.clone(),
        }
    }
}

/// The solution and the measurement, added up.
struct Sums<'a> {
    entrants: &'a Entrants,
    solution: &'a Solution,
    /// What all workloads are owed together, in CPUs.
    owed: f64,
    /// What each process got, and all together.
    got: Option<(&'a Measured, f64)>,
}

impl<'a> Sums<'a> {
    fn new(entrants: &'a Entrants, solution: &'a Solution, measured: Option<&'a Measured>) -> Self {
        let got = measured.map(|measured| (measured, measured.cpus.iter().sum()));
        Self { entrants, solution, owed: solution.cpus[0], got }
    }

    fn group(&self, setup: &Setup, group: usize, configured: Ratio) -> GroupRow {
        let node = self.entrants.groups[group];
        let inside = |process: &Process| setup.experiment.is_within(process.group, group);
        let got = self.got.map(|(measured, all)| {
            let inside = self.entrants.processes.iter().zip(&measured.cpus).filter(|(process, _)| inside(process));
            (inside.map(|(_, cpus)| cpus).sum::<f64>(), all)
        });
        let numbers = Numbers::new(self.solution.cpus[node], self.owed, got, setup.experiment.tolerance);
        let mut tasks = self.entrants.processes.iter().filter(|process| inside(process)).peekable();
        let state = if tasks.peek().is_none() {
            State::Empty
        } else {
            let held = tasks.all(|process| setup.experiment.workloads[process.workload].held);
            self.state(node, held)
        };
        GroupRow {
            path: escape(setup.experiment.groups[group].path.as_bytes()),
            weight: setup.weight(group),
            configured: round(configured.as_f64(), 6),
            configured_ratio: configured.to_string(),
            expected: numbers.expected,
            measured: numbers.measured,
            expected_cpus: numbers.expected_cpus,
            measured_cpus: numbers.measured_cpus,
            verdict: numbers.verdict,
            state,
            exact: self.solution.exact[node],
            idle: setup.experiment.groups[group].idle,
        }
    }

    fn process(&self, setup: &Setup, index: usize, process: &Process) -> WorkloadRow {
        let spec = &setup.experiment.workloads[process.workload];
        let owed: f64 = self.solution.cpus[process.threads.clone()].iter().sum();
        let got = self.got.map(|(measured, all)| (measured.cpus.get(index).copied().unwrap_or_default(), all));
        let numbers = Numbers::new(owed, self.owed, got, setup.experiment.tolerance);
        WorkloadRow {
            group: escape(setup.experiment.groups[process.group].path.as_bytes()),
            kind: "spin",
            pid: self.got.and_then(|(measured, _)| measured.pids.get(index).copied()),
            cpus: setup.cpus[process.workload].iter().collect(),
            nice: spec.nice,
            expected: numbers.expected,
            measured: numbers.measured,
            expected_cpus: numbers.expected_cpus,
            measured_cpus: numbers.measured_cpus,
            verdict: numbers.verdict,
            state: self.state(process.threads.start, spec.held),
            threads: spec.spin.threads,
            duty: spec.spin.duty(),
        }
    }

    fn state(&self, node: NodeIx, held: bool) -> State {
        if held {
            State::Held
        } else if self.solution.capped_by[node].is_some() {
            State::Capped
        } else if self.solution.wants_more(node) {
            State::Short
        } else {
            State::Enough
        }
    }
}

/// The numbers of one row.
struct Numbers {
    expected: Option<f64>,
    measured: Option<f64>,
    expected_cpus: f64,
    measured_cpus: Option<f64>,
    verdict: Option<Verdict>,
}

impl Numbers {
    /// From what is owed to the row and to all, and what the row and all got.
    fn new(owed: f64, all_owed: f64, got: Option<(f64, f64)>, tolerance: f64) -> Self {
        let part = |cpus: f64, all: f64| (all > 0.0).then(|| round(cpus / all, 6));
        let expected = part(owed, all_owed);
        let measured = got.and_then(|(cpus, all)| part(cpus, all));
        let verdict = measured.zip(expected).map(|(measured, expected)| {
            let apart = round((measured - expected).abs() * 100.0, 4);
            if apart <= tolerance { Verdict::Agrees } else { Verdict::Differs }
        });
        Self {
            expected,
            measured,
            expected_cpus: round(owed, 6),
            measured_cpus: got.map(|(cpus, _)| round(cpus, 6)),
            verdict,
        }
    }
}

/// `value` with so many digits after the point, and no -0.
pub(super) fn round(value: f64, digits: i32) -> f64 {
    let scale = 10_f64.powi(digits);
    (value * scale).round() / scale + 0.0
}
