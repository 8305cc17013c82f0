//! What stands against a task's affinity, nice value and policy: its cpuset, its group's real-time budget, rights.
use crate::model::cpu_set::CpuSet;
use crate::model::hierarchy::Version;
use crate::model::id::Tid;
use crate::model::place::Place;

use super::super::survey::Survey;

/// `CAP_KILL`.
const CAP_KILL: u32 = 5;
/// `CAP_SYS_NICE`.
const CAP_SYS_NICE: u32 = 23;

/// Whether cgrove may signal processes of other users.
#[must_use]
pub fn may_signal_all(survey: &Survey) -> bool {
    has(survey, CAP_KILL)
}

/// Whether cgrove may lower nice values, make real-time tasks, and change those of other users.
#[must_use]
pub fn may_schedule_all(survey: &Survey) -> bool {
    has(survey, CAP_SYS_NICE)
}

fn has(survey: &Survey, capability: u32) -> bool {
    survey.host.capabilities >> capability & 1 == 1
}

/// The group that a task is in, in the hierarchy that carries `controller`.
#[must_use]
pub fn group_of<'a>(survey: &'a Survey, tid: Tid, controller: &str) -> Option<&'a Place> {
    let hierarchy = survey.hierarchies.iter().find(|hierarchy| hierarchy.has(controller))?;
    survey.tasks.get(&tid)?.groups.get(&hierarchy.id)
}

/// The group of the cpu hierarchy that a task is in.
#[must_use]
pub fn cpu_group(survey: &Survey, tid: Tid) -> Option<&Place> {
    group_of(survey, tid, "cpu")
}

/// v1 with `CONFIG_RT_GROUP_SCHED`: a group in which no task can become a real-time one.
#[must_use]
pub fn is_without_budget(survey: &Survey, place: &Place) -> bool {
    survey.group(place).and_then(|facts| facts.text("cpu.rt_runtime_us")) == Some("0")
}

/// The CPUs that a task may be given: those of its cpuset, else those that are online. And the cpuset, if it is one.
#[must_use]
pub fn allowed(survey: &Survey, tid: Tid) -> (CpuSet, Option<&Place>) {
    let found = group_of(survey, tid, "cpuset").and_then(|place| {
        let version = survey.hierarchy(place.hierarchy)?.version;
        // v2: a group without the controller has the CPUs of the nearest group above that has it.
        let above = std::iter::successors(Some(place.clone()), Place::parent);
        let files: &[&str] = match version {
            Version::V1 => &["cpuset.effective_cpus", "cpuset.cpus"],
            Version::V2 => &["cpuset.cpus.effective"],
        };
        let read = |at: &Place| {
            let facts = survey.group(at)?;
            files.iter().find_map(|file| CpuSet::parse(facts.text(file)?).filter(|set| !set.is_empty()))
        };
        above.take(if version == Version::V1 { 1 } else { usize::MAX }).find_map(|at| read(&at)).map(|set| (set, place))
    });
    match found {
        Some((set, place)) => (set, Some(place)),
        None => (survey.host.online.clone(), None),
    }
}
