//! Whom a signal or a change of scheduling is for: tagged tasks, the task of the row, or the processes of the group.
use std::collections::BTreeSet;

use super::super::dialog::Dialog;
use super::super::dialog::schedule::Scheduling;
use super::super::dialog::signals::{Choosable, Menu};
use super::super::scale::name_of;
use super::super::state::State;
use super::super::tasks;
use crate::model::bytes::escape;
use crate::model::id::{GroupId, Pid, TaskKey};
use crate::model::snapshot::Snapshot;
use crate::plan::intent::{Recipients, Scope};
use crate::plan::words::count;

pub(super) fn signals(state: &mut State) {
    match menu(state) {
        Ok(menu) => state.dialog = Some(Dialog::Signals(menu)),
        Err(why) => state.say(why),
    }
}

fn menu(state: &State) -> Result<Menu, String> {
    let snapshot = state.snapshot().ok_or("nothing has been read yet")?;
    let own = |pids: &BTreeSet<Pid>| -> Vec<TaskKey> {
        let own = state.workloads.iter().map(|workload| workload.process);
        own.filter(|process| pids.contains(&process.tid)).collect()
    };
    let place = state.selected().map(|id| name_of(state, id)).unwrap_or_default();
    if let Some((keys, what)) = chosen(state, snapshot)? {
        let pids: BTreeSet<Pid> = processes(snapshot, &keys);
        let own = own(&pids);
        // The short way is for own workloads alone.
        let own = if own.len() == pids.len() { own } else { Vec::new() };
        return Ok(Menu::new(vec![Choosable { what, to: Recipients::Processes(keys) }], own, place));
    }
    let id = state.selected().ok_or("no group is selected")?;
    let group = state.selected_place().ok_or("the group is gone")?;
    let name = name_of(state, id);
    let here = processes(snapshot, &keys_in(state, &[id]));
    let below: Vec<GroupId> = snapshot.structure.subtree(id).collect();
    let all = processes(snapshot, &keys_in(state, &below));
    let the = |n: usize| if n == 1 { "the one process".to_owned() } else { format!("the {}", count(n, "process")) };
    let mut choices = Vec::new();
    if !here.is_empty() || all.is_empty() && below.len() == 1 {
        let what = format!("{} in {name}", the(here.len()));
        choices.push(Choosable { what, to: Recipients::Group { group: group.clone(), below: false } });
    }
    if below.len() > 1 {
        let what = format!("{} in {name} and below", the(all.len()));
        choices.push(Choosable { what, to: Recipients::Group { group, below: true } });
    }
    Ok(Menu::new(choices, tasks::workloads_in(state, id), place))
}

pub(super) fn schedule(state: &mut State) {
    match scheduling(state) {
        Ok(dialog) => state.dialog = Some(Dialog::Schedule(dialog)),
        Err(why) => state.say(why),
    }
}

fn scheduling(state: &State) -> Result<Scheduling, String> {
    let snapshot = state.snapshot().ok_or("nothing has been read yet")?;
    if let Some((keys, what)) = chosen(state, snapshot)? {
        let key = keys[0];
        let task = snapshot.tasks.get(key).ok_or("the task has ended")?;
        let alone = keys.len() == 1 && state.threads && key.tid != task.tgid;
        let scope = if alone { Scope::Thread } else { Scope::Process };
        return Ok(Scheduling::new(state, keys, scope, what));
    }
    let id = state.selected().ok_or("no group is selected")?;
    let name = name_of(state, id);
    let keys = one_of_each(snapshot, keys_in(state, &[id]));
    let what = match keys.as_slice() {
        [] => return Err(format!("there is no process in {name} itself")),
        [key] => format!("process {}", called(snapshot, *key)),
        keys => format!("the {} in {name}", count(keys.len(), "process")),
    };
    Ok(Scheduling::new(state, keys, Scope::Process, what))
}

/// The tagged tasks, else the task of the row; `None` in the tree without tags.
fn chosen(state: &State, snapshot: &Snapshot) -> Result<Option<(Vec<TaskKey>, String)>, String> {
    if !state.task_tags.is_empty() {
        let alive = |key: &TaskKey| snapshot.tasks.get(*key).is_some();
        let keys: Vec<TaskKey> = state.task_tags.iter().copied().filter(alive).collect();
        if keys.is_empty() {
            return Err("the tagged tasks have ended".to_owned());
        }
        let keys = one_of_each(snapshot, keys);
        let what = match keys.as_slice() {
            [key] => format!("process {}", called(snapshot, *key)),
            keys => format!("the {} that are tagged", count(keys.len(), "process")),
        };
        return Ok(Some((keys, what)));
    }
    let Some(key) = state.selected_task() else { return Ok(None) };
    let task = snapshot.tasks.get(key).ok_or("the task has ended")?;
    let what = format!("process {} ({})", task.tgid, escape(&process_name(snapshot, key)));
    Ok(Some((vec![key], what)))
}

fn called(snapshot: &Snapshot, key: TaskKey) -> String {
    let pid = snapshot.tasks.get(key).map_or(key.tid, |task| task.tgid);
    format!("{pid} ({})", escape(&process_name(snapshot, key)))
}

/// The name of its main thread, else its own.
fn process_name(snapshot: &Snapshot, key: TaskKey) -> Vec<u8> {
    let own = snapshot.tasks.get(key);
    let main = own.and_then(|task| snapshot.tasks.by_tid(task.tgid));
    main.or(own).map(|task| task.comm.to_vec()).unwrap_or_default()
}

fn processes(snapshot: &Snapshot, keys: &[TaskKey]) -> BTreeSet<Pid> {
    keys.iter().filter_map(|&key| Some(snapshot.tasks.get(key)?.tgid)).collect()
}

/// One task a process, in order.
fn one_of_each(snapshot: &Snapshot, keys: Vec<TaskKey>) -> Vec<TaskKey> {
    let mut seen = BTreeSet::new();
    keys.into_iter().filter(|&key| snapshot.tasks.get(key).is_some_and(|task| seen.insert(task.tgid))).collect()
}

/// The tasks in these groups that were read.
fn keys_in(state: &State, groups: &[GroupId]) -> Vec<TaskKey> {
    groups.iter().flat_map(|&id| tasks::of(state, id)).map(|task| task.key).collect()
}
