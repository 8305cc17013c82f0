//! What is taken up: one task, the tasks of a group, or whatever is tagged; and how much of it each reach moves.
use std::collections::{BTreeSet, HashMap, HashSet};

use crate::model::bytes::escape;
use crate::model::id::{GroupId, GroupKey, Pid, TaskKey, Tid};
use crate::model::snapshot::Snapshot;
use crate::model::task::Task;
use crate::plan::intent::Scope;
use crate::plan::words::count;

use super::super::scale::name_of;
use super::super::state::State;
use super::super::tasks;
use super::{Choice, Moving, Reach, Source};

/// Takes up what is tagged, else the task under the cursor in the tasks panel, else the tasks of the selected group. What is
/// dragged and not tagged is taken up alone.
///
/// # Errors
/// Why there is nothing to move.
pub fn take_up(state: &State, dragging: bool) -> Result<Moving, String> {
    let snapshot = state.snapshot().ok_or("nothing has been read yet")?;
    let task = state.selected_task();
    let grabbed = match task {
        Some(key) => state.task_tags.contains(&key),
        None => state.tree.cursor.is_some_and(|key| state.tree.tags.contains(&key)),
    };
    let any = !state.task_tags.is_empty() || !state.tree.tags.is_empty();
    let (source, choices) = if any && (grabbed || !dragging) {
        (Source::Tagged, tagged(state, snapshot)?)
    } else if let Some(key) = task {
        (Source::Task(key), of_task(snapshot, key)?)
    } else {
        let id = state.selected().ok_or("no group is selected")?;
        let key = snapshot.structure.group(id).ok_or("the group is gone")?.key;
        let choices = of_group(state, snapshot, id, dragging);
        match choices {
            // What is dragged is a group: that it stays where it is has to be said even where it is empty.
            Err(why) if !dragging => return Err(why),
            choices => (Source::Group(key), choices.unwrap_or_default()),
        }
    };
    // A thread that is a row of its own moves alone, all else as processes.
    let alone =
        task.filter(|_| state.threads).and_then(|key| snapshot.tasks.get(key)).is_some_and(|t| t.key.tid != t.tgid);
    let wanted = if alone && source != Source::Tagged { Reach::Thread } else { Reach::Process };
    let choice = choices.iter().find(|choice| choice.reach == wanted).or(choices.first());
    let reach = choice.map_or(Reach::Process, |choice| choice.reach);
    let tasks = choice.map(|choice| choice.tasks.clone()).unwrap_or_default();
    let mut from = groups_of(state, &tasks, reach.scope());
    if let (Source::Group(key), true) = (&source, from.is_empty()) {
        from.insert(*key);
    }
    Ok(Moving {
        source,
        reach,
        tasks,
        from,
        ended: false,
        choices,
        dragging,
        target: None,
        lit: None,
        probe: None,
        drawn: None,
        hover: None,
        unfolded: Vec::new(),
        preview: None,
    })
}

/// The groups of the hierarchy on screen that these tasks are in, with all threads of their processes.
#[must_use]
pub fn groups_of(state: &State, keys: &[TaskKey], scope: Scope) -> BTreeSet<GroupKey> {
    let mut from = BTreeSet::new();
    let Some(snapshot) = state.snapshot() else { return from };
    let tids: HashSet<Tid> = keys.iter().map(|key| key.tid).collect();
    let processes: HashSet<Pid> = keys.iter().filter_map(|&key| Some(snapshot.tasks.get(key)?.tgid)).collect();
    for (row, &id) in snapshot.groups.ids.iter().enumerate() {
        let Some(group) = snapshot.structure.group(id).filter(|group| Some(group.key.hierarchy) == state.hierarchy)
        else {
            continue;
        };
        let mut here = snapshot.groups.tasks[row].value().into_iter().flatten();
        let moves = |tid: &Tid| {
            tids.contains(tid)
                || scope == Scope::Process
                    && snapshot.tasks.by_tid(*tid).is_some_and(|task| processes.contains(&task.tgid))
        };
        if here.any(moves) {
            from.insert(group.key);
        }
    }
    from
}

/// Whether the groups that they were in were read and list none of them, and no other group does. What was not read proves
/// nothing.
#[must_use]
pub fn have_ended(state: &State, moving: &Moving) -> bool {
    let Some(snapshot) = state.snapshot().filter(|_| !moving.tasks.is_empty()) else { return false };
    let read = |key: &GroupKey| {
        let values = snapshot.structure.find(*key).and_then(|id| snapshot.groups.get(id));
        values.is_none_or(|values| values.tasks.value().is_some())
    };
    moving.from.iter().all(read) && groups_of(state, &moving.tasks, moving.reach.scope()).is_empty()
}

/// One task: its thread alone, its process, and that with all processes that descend from it.
fn of_task(snapshot: &Snapshot, key: TaskKey) -> Result<Vec<Choice>, String> {
    let task = snapshot.tasks.get(key).ok_or("the task has ended")?;
    if task.bound {
        return Err(format!("{} is a kernel thread bound to its CPU: the kernel never moves it (EINVAL)", key.tid));
    }
    let process = called(snapshot, task.tgid);
    let threads = snapshot.tasks.all().iter().filter(|other| other.tgid == task.tgid).count();
    let mut choices = Vec::new();
    if threads > 1 {
        let what = if key.tid == task.tgid {
            format!("the main thread of process {process}")
        } else {
            format!("thread {} of process {process}", key.tid)
        };
        choices.push(choice(Reach::Thread, what, format!("thread {} alone", key.tid), vec![key]));
    }
    let (what, short) = match threads {
        0 | 1 => (format!("process {process}"), "the process".to_owned()),
        n => (format!("process {process} with its {n} threads"), format!("the process, {n} threads")),
    };
    choices.push(choice(Reach::Process, what, short, vec![key]));
    let mut below = vec![key];
    below.extend(descendants(snapshot, &[task.tgid]));
    if let n @ 1.. = below.len() - 1 {
        let what = format!("process {process} and {} below it", count(n, "process"));
        choices.push(choice(Reach::Below, what, format!("{} with those below", n + 1), below));
    }
    Ok(choices)
}

/// The tasks of a group: single threads, its own processes, and those with the processes of groups below.
fn of_group(state: &State, snapshot: &Snapshot, id: GroupId, all_below: bool) -> Result<Vec<Choice>, String> {
    let name = name_of(state, id);
    let own: Vec<&Task> = tasks::of(state, id).filter(|task| !task.bound).collect();
    let below = || snapshot.structure.subtree(id).flat_map(|id| tasks::of(state, id)).filter(|task| !task.bound);
    let all: Vec<&Task> = below().collect();
    let (processes, with_below) = (one_each(&own), one_each(&all));
    let many = format!("the {} processes in {name} and below", with_below.len());
    if processes.is_empty() && all_below && !with_below.is_empty() {
        let short = format!("{} below", with_below.len());
        return Ok(vec![choice(Reach::Below, many, short, with_below)]);
    }
    if processes.is_empty() {
        return Err(match tasks::counts(state, id) {
            Some((0, 0)) => format!("{name} has no tasks to move"),
            Some((0, below)) => format!("{name} itself has no tasks, groups below it have {below}: select one of them"),
            Some(_) if own.is_empty() => format!("no task of {name} can be moved, or they have not been read yet"),
            _ => format!("the tasks of {name} have not been read yet"),
        });
    }
    let mut choices = Vec::new();
    if own.len() > processes.len() {
        let keys: Vec<TaskKey> = own.iter().map(|task| task.key).collect();
        let short = format!("{} own threads", keys.len());
        choices.push(choice(Reach::Thread, format!("the {} threads of {name}", keys.len()), short, keys));
    }
    let what = match processes.as_slice() {
        [one] => {
            let process = snapshot.tasks.get(*one).map_or(one.tid, |task| task.tgid);
            format!("process {}", called(snapshot, process))
        }
        several => format!("the {} own processes of {name}", several.len()),
    };
    let short = match processes.len() {
        1 => "its own process".to_owned(),
        n => format!("its {n} own processes"),
    };
    choices.push(choice(Reach::Process, what, short, processes.clone()));
    if with_below.len() > processes.len() {
        choices.push(choice(Reach::Below, many, format!("{} with those below", with_below.len()), with_below));
    }
    Ok(choices)
}

/// Whatever is tagged: tasks, and the tasks of tagged groups.
fn tagged(state: &State, snapshot: &Snapshot) -> Result<Vec<Choice>, String> {
    let groups = state.tagged();
    let alive = |key: &&TaskKey| snapshot.tasks.by_tid(key.tid).is_none_or(|task| task.key == **key);
    let mut keys: Vec<TaskKey> = state.task_tags.iter().filter(alive).copied().collect();
    let mut known: HashSet<TaskKey> = keys.iter().copied().collect();
    for task in groups.iter().flat_map(|&id| tasks::of(state, id)).filter(|task| !task.bound) {
        if known.insert(task.key) {
            keys.push(task.key);
        }
    }
    if keys.is_empty() {
        return Err("what is tagged has no tasks to move; U untags".to_owned());
    }
    let process = |key: TaskKey| snapshot.tasks.get(key).map_or(key.tid, |task| task.tgid);
    let mut seen = HashSet::new();
    let processes: Vec<TaskKey> = keys.iter().copied().filter(|&key| seen.insert(process(key))).collect();
    let pids: Vec<Pid> = processes.iter().map(|&key| process(key)).collect();
    let mut below = processes.clone();
    below.extend(descendants(snapshot, &pids));
    let mut choices = Vec::new();
    if keys.iter().any(|&key| key.tid != process(key)) || keys.len() > processes.len() {
        let n = keys.len();
        choices.push(choice(Reach::Thread, format!("{} tagged", count(n, "thread")), count(n, "thread"), keys));
    }
    let n = processes.len();
    choices.push(choice(Reach::Process, format!("{} tagged", count(n, "process")), count(n, "process"), processes));
    if below.len() > n {
        let what = format!("{} tagged and {} below", count(n, "process"), below.len() - n);
        choices.push(choice(Reach::Below, what, format!("{} with those below", below.len()), below));
    }
    Ok(choices)
}

fn choice(reach: Reach, what: String, short: String, tasks: Vec<TaskKey>) -> Choice {
    Choice { reach, what, short, tasks }
}

/// One task of each process.
fn one_each(tasks: &[&Task]) -> Vec<TaskKey> {
    let mut seen = HashSet::new();
    tasks.iter().filter(|task| seen.insert(task.tgid)).map(|task| task.key).collect()
}

/// One task of each process that descends from these, as far as they were read, parents before children.
fn descendants(snapshot: &Snapshot, of: &[Pid]) -> Vec<TaskKey> {
    let mut children: HashMap<Pid, Vec<&Task>> = HashMap::new();
    for task in snapshot.tasks.all().iter().filter(|task| !task.bound) {
        children.entry(task.parent).or_default().push(task);
    }
    let mut seen: HashSet<Pid> = of.iter().copied().collect();
    let mut pending: Vec<Pid> = of.to_vec();
    let mut found = Vec::new();
    while let Some(parent) = pending.pop() {
        for task in children.get(&parent).into_iter().flatten() {
            if seen.insert(task.tgid) {
                found.push(task.key);
                pending.push(task.tgid);
            }
        }
    }
    found
}

/// `4242 (loop)`.
fn called(snapshot: &Snapshot, process: Pid) -> String {
    match snapshot.tasks.by_tid(process) {
        Some(task) => format!("{process} ({})", escape(&task.comm)),
        None => process.to_string(),
    }
}
