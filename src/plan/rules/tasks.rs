//! Whose tasks are whose.
use crate::model::id::{Pid, TaskKey, Tid};
use crate::model::place::Place;
use crate::model::workload::WorkloadState;

use super::super::survey::{Survey, TaskFacts};

/// The workload processes of cgrove that still run.
pub fn own_processes(survey: &Survey) -> impl Iterator<Item = TaskKey> {
    survey.workloads.iter().filter(|w| w.state == WorkloadState::Running).map(|w| w.process)
}

/// Whether the task is of a workload of cgrove, or of a process that descends from one.
#[must_use]
pub fn is_own(survey: &Survey, tid: Tid) -> bool {
    let own: Vec<Pid> = own_processes(survey).map(|key| key.tid).collect();
    let mut next = survey.tasks.get(&tid).map_or(tid, |facts| facts.task.tgid);
    // A chain of parents ends at PID 1; a survey read while processes ended could hold a loop.
    for _ in 0..64 {
        if own.contains(&next) {
            return true;
        }
        match survey.tasks.get(&next) {
            Some(facts) if facts.task.parent > 1 => next = facts.task.parent,
            _ => return false,
        }
    }
    false
}

/// Whether the process is one that cgrove never holds or ends: itself, its ancestors, its terminal, sshd, PID 1.
#[must_use]
pub fn is_guarded(survey: &Survey, pid: Pid) -> bool {
    let sshd = |facts: &TaskFacts| matches!(&*facts.task.comm, b"sshd" | b"sshd-session" | b"sshd-auth" | b"dropbear");
    pid == 1 || pid == survey.host.pid || survey.guarded.contains(&pid) || survey.tasks.get(&pid).is_some_and(sshd)
}

/// The process of a task, by the facts, else the task itself.
#[must_use]
pub fn process_of(survey: &Survey, tid: Tid) -> Pid {
    survey.tasks.get(&tid).map_or(tid, |facts| facts.task.tgid)
}

/// The task as surveyed if it is still the one that `key` names.
#[must_use]
pub fn alive(survey: &Survey, key: TaskKey) -> Option<&TaskFacts> {
    survey.tasks.get(&key.tid).filter(|facts| facts.task.key == key)
}

/// Tasks in the group at `place` itself that are no zombies, by TID; empty where they could not be read.
#[must_use]
pub fn in_group(survey: &Survey, place: &Place) -> Vec<Tid> {
    let tasks = survey.group(place).and_then(|facts| facts.tasks.value()).cloned().unwrap_or_default();
    let zombie = |tid: &Tid| survey.tasks.get(tid).is_some_and(|facts| matches!(facts.task.state, 'Z' | 'X'));
    tasks.into_iter().filter(|tid| *tid != 0 && !zombie(tid)).collect()
}

/// The group at `place` and all surveyed groups below it, parents before children.
pub fn subtree<'a>(survey: &'a Survey, place: &'a Place) -> impl Iterator<Item = &'a Place> {
    survey.groups.keys().filter(move |other| other.is_within(place))
}

/// The processes of `tids`, each once, rising.
#[must_use]
pub fn processes(survey: &Survey, tids: &[Tid]) -> Vec<Pid> {
    let mut pids: Vec<Pid> = tids.iter().map(|&tid| process_of(survey, tid)).collect();
    pids.sort_unstable();
    pids.dedup();
    pids
}

/// The identity of a process: that of its main thread.
#[must_use]
pub fn process_key(survey: &Survey, pid: Pid) -> Option<TaskKey> {
    survey.tasks.get(&pid).map(|facts| facts.task.key).or_else(|| {
        survey.tasks.values().find(|f| f.task.tgid == pid)?.threads.iter().find(|key| key.tid == pid).copied()
    })
}
