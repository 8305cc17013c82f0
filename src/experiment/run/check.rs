//! What must hold before a run touches anything, and after it has taken everything back.
use std::collections::BTreeMap;

use crate::experiment::file::Experiment;
use crate::experiment::groups;
use crate::experiment::report::Built;
use crate::experiment::setup::{Setup, Unfit, number};
use crate::model::bytes::escape;
use crate::model::errno::Errno;
use crate::model::hierarchy::Version;
use crate::model::id::{GroupKey, TaskKey};
use crate::model::place::Place;
use crate::model::workload::WorkloadState;
use crate::plan::intent::Needs;
use crate::plan::survey::Survey;

use super::{Facts, build};

/// `CAP_SYS_NICE`.
const CAP_SYS_NICE: u32 = 23;

/// A run needs something to run.
pub(super) fn worth_it(file: &str, experiment: &Experiment) -> Result<(), String> {
    if experiment.workloads.is_empty() {
        return Err(format!("{file}: there is no [[workload]], so there is nothing to measure"));
    }
    Ok(())
}

/// Why an experiment does not fit, and what would help.
#[must_use]
pub fn explain(file: &str, unfit: &Unfit) -> String {
    match unfit {
        Unfit::Rule { convertible: true, .. } => {
            format!("{file}: {unfit}\n  --convert converts it by the kernel's formula")
        }
        Unfit::Rule { .. } | Unfit::Cpu { .. } => format!("{file}: {unfit}"),
    }
}

/// What must be looked at: the stage and every group of the experiment.
pub(super) fn needs(setup: &Setup, facts: &Facts) -> Needs {
    groups::needs(setup, &facts.stage)
}

/// Whether the experiment can be built; true if the stage exists already.
///
/// # Errors
/// What stands against it and what would permit it: exit 3.
pub(super) fn check(setup: &Setup, facts: &Facts, survey: &Survey) -> Result<bool, String> {
    if facts.hierarchy.best_mount().is_none() {
        return Err("the hierarchy that carries cpu is mounted nowhere: mount it first \
                    (v1: mount -t cgroup -o cpu none /sys/fs/cgroup/cpu; v2: mount -t cgroup2 none /sys/fs/cgroup)"
            .to_owned());
    }
    if !facts.hierarchy.has("cpu") {
        let label = facts.hierarchy.label();
        return Err(format!(
            "the hierarchy {label} does not carry cpu: an experiment divides the CPU, so it is built in one that does"
        ));
    }
    if survey.limits.read_only {
        return Err("nothing may be changed (--read-only)".to_owned());
    }
    if let Some(why) = &survey.limits.no_journal {
        return Err(format!("the journal cannot be written, so nothing is changed: {why}"));
    }
    let negative = setup.experiment.workloads.iter().find(|workload| workload.nice < 0);
    if let Some(workload) = negative
        && facts.host.capabilities >> CAP_SYS_NICE & 1 == 0
    {
        let mut message = format!(
            "{}: line {}: nice {} needs CAP_SYS_NICE, which {} has not",
            facts.file, workload.line, workload.nice, facts.host.user
        );
        if facts.host.uid != 0 {
            message.push_str("\n  sudo ");
            message.push_str(&facts.command);
        }
        return Err(message);
    }
    let exists = (0..setup.experiment.groups.len())
        .map(|group| build::place(setup, facts, group))
        .find(|place| survey.group(place).is_some());
    if let Some(place) = exists {
        return Err(format!(
            "the group {place} exists already, and no group is entered that was not made for the run\n  \
             --under GROUP builds it below another group"
        ));
    }
    let Some(stage) = survey.group(&facts.stage) else {
        if facts.make_stage {
            return Ok(false);
        }
        return Err(format!("there is no group {} to build below\n  --under GROUP names another", facts.stage));
    };
    match stage.refused {
        Some(errno) => Err(not_allowed(facts, &escape(&stage.directory), errno)),
        None => Ok(true),
    }
}

/// Why groups cannot be made in the stage, and what would permit it.
fn not_allowed(facts: &Facts, directory: &str, errno: Errno) -> String {
    let mut message = format!("no groups can be made in {directory} by {} ({errno})", facts.host.user);
    if errno == Errno::EROFS {
        message.push_str("\n  it is mounted read-only");
        return message;
    }
    if facts.host.uid != 0 {
        message.push_str("\n  sudo ");
        message.push_str(&facts.command);
    }
    if facts.hierarchy.version == Version::V2 && facts.host.systemd {
        message.push_str("\n  --delegate instead of --under: in a scope of your own (if cpu is delegated to users)");
    }
    message.push_str("\n  --under GROUP builds below a group that is yours");
    message
}

/// What of a run is still there: groups by path (nothing was at these paths before, and a rollback may have made one anew),
/// processes by number.
pub(super) fn left(survey: &Survey, made: &BTreeMap<Place, GroupKey>, launched: &[TaskKey]) -> Vec<String> {
    let groups = made.keys().filter(|place| survey.group(place).is_some()).map(|place| format!("group {place}"));
    let processes = survey
        .workloads
        .iter()
        .filter(|workload| launched.contains(&workload.process) && workload.state == WorkloadState::Running)
        .map(|workload| format!("process {}", workload.process.tid));
    groups.chain(processes).collect()
}

/// The hierarchy as the report names it.
pub(super) fn built(facts: &Facts) -> Built {
    Built {
        version: number(facts.hierarchy.version),
        controllers: facts.hierarchy.controllers.iter().map(ToString::to_string).collect(),
        mount: facts.hierarchy.best_mount().map(|mount| escape(&mount.point)).unwrap_or_default(),
        under: facts.stage.to_string(),
    }
}
