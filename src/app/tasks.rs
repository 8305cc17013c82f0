//! The tasks of the selected group, as rows; and how many a group has.
use std::collections::{HashMap, HashSet};

use crate::model::id::{GroupId, Pid, TaskKey};
use crate::model::task::Task;

use super::state::State;

/// One row of the tasks panel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TaskRow {
    /// The task; for a row that stands for a process, its first thread in this group.
    pub key: TaskKey,
    /// Its process.
    pub tgid: Pid,
    /// Threads of the process in this group; 1 for a row a thread.
    pub threads: u32,
    /// How many of its ancestors are in this group, one above the other.
    pub depth: u16,
}

/// The rows of the tasks panel: the tasks that are in the selected group itself and were read. Children stand below their
/// parents, threads below each other; else in the order of the kernel's file.
#[must_use]
pub fn rows(state: &State) -> Vec<TaskRow> {
    let Some((snapshot, id)) = state.snapshot().zip(state.selected()) else { return Vec::new() };
    let Some(tids) = snapshot.groups.get(id).and_then(|values| values.tasks.value()) else { return Vec::new() };
    let mut order: Vec<Pid> = Vec::new();
    let mut processes: HashMap<Pid, Vec<&Task>> = HashMap::new();
    for task in tids.iter().filter_map(|&tid| snapshot.tasks.by_tid(tid)) {
        let threads = processes.entry(task.tgid).or_default();
        if threads.is_empty() {
            order.push(task.tgid);
        }
        threads.push(task);
    }
    let parent =
        |pid: Pid| processes[&pid].first().map(|task| task.parent).filter(|above| processes.contains_key(above));
    let mut children: HashMap<Option<Pid>, Vec<Pid>> = HashMap::new();
    for &pid in &order {
        children.entry(parent(pid).filter(|&above| above != pid)).or_default().push(pid);
    }
    let mut rows: Vec<TaskRow> = Vec::new();
    let mut shown: HashSet<Pid> = HashSet::new();
    // What was read while processes ended could hold a circle: whoever is left is shown without a parent.
    let roots = children.get(&None).into_iter().flatten().chain(&order);
    for &root in roots {
        let mut pending = vec![(root, 0)];
        while let Some((pid, depth)) = pending.pop() {
            if !shown.insert(pid) {
                continue;
            }
            let threads = &processes[&pid];
            if state.threads {
                rows.extend(threads.iter().map(|task| TaskRow { key: task.key, tgid: pid, threads: 1, depth }));
            } else {
                let threads_here = u32::try_from(threads.len()).unwrap_or(u32::MAX);
                rows.push(TaskRow { key: threads[0].key, tgid: pid, threads: threads_here, depth });
            }
            let below = children.get(&Some(pid)).into_iter().flatten().rev();
            pending.extend(below.map(|&child| (child, depth.saturating_add(1))));
        }
    }
    rows
}

/// Tasks in a group itself that were read.
pub fn of(state: &State, id: GroupId) -> impl Iterator<Item = &Task> {
    state
        .snapshot()
        .into_iter()
        .filter_map(move |snapshot| Some((snapshot, snapshot.groups.get(id)?.tasks.value()?)))
        .flat_map(|(snapshot, tids)| tids.iter().filter_map(|&tid| snapshot.tasks.by_tid(tid)))
}

/// Tasks in the group itself and in groups below; `None` where that was not read.
#[must_use]
pub fn counts(state: &State, id: GroupId) -> Option<(u32, u32)> {
    if let Some(row) = state.split(id) {
        return Some((row.own_tasks, row.tasks_below));
    }
    let snapshot = state.snapshot()?;
    let number = |id| Some(u32::try_from(snapshot.groups.get(id)?.tasks.value()?.len()).unwrap_or(u32::MAX));
    let own = number(id)?;
    let mut below = 0_u32;
    for id in snapshot.structure.subtree(id).skip(1) {
        below = below.saturating_add(number(id)?);
    }
    Some((own, below))
}

/// Whether a task is one of cgrove's own workloads, or a thread of one.
#[must_use]
pub fn is_workload(state: &State, task: &Task) -> bool {
    state.workloads.iter().any(|workload| workload.process.tid == task.tgid)
}

/// The processes of cgrove's own workloads that are in a group or below it and still run.
#[must_use]
pub fn workloads_in(state: &State, id: GroupId) -> Vec<TaskKey> {
    use crate::model::workload::WorkloadState;
    let Some(snapshot) = state.snapshot() else { return Vec::new() };
    let inside: HashSet<GroupId> = snapshot.structure.subtree(id).collect();
    let place = snapshot.structure.place(id);
    state
        .workloads
        .iter()
        .filter(|workload| workload.state == WorkloadState::Running)
        .filter(|workload| {
            let tid = workload.process.tid;
            let seen = snapshot.structure.iter().find_map(|(group, g)| {
                let here =
                    g.key.hierarchy == state.hierarchy? && snapshot.groups.get(group)?.tasks.value()?.contains(&tid);
                here.then_some(group)
            });
            match seen {
                Some(group) => inside.contains(&group),
                // Not in the frame yet: where it was put.
                None => place
                    .as_ref()
                    .is_some_and(|place| workload.launch.groups.iter().any(|group| group.is_within(place))),
            }
        })
        .map(|workload| workload.process)
        .collect()
}
