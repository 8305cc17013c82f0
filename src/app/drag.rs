//! Moving tasks: by `m` and Enter, by a click on the target, or by dragging. What is moved is fixed when it begins.
use crate::model::bytes::escape;
use crate::model::cgroup::GroupType;
use crate::model::hierarchy::Version;
use crate::model::id::{GroupId, GroupKey, TaskKey};
use crate::plan::intent::{Intent, Scope};

use super::change::{self, Ask};
use super::command::Command;
use super::scale::name_of;
use super::state::State;
use super::tasks;

/// A move that is being aimed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Moving {
    /// Which tasks: for [`Scope::Process`] one of each process.
    pub tasks: Vec<TaskKey>,
    /// Number of processes they belong to.
    pub processes: usize,
    /// The threads alone, or their whole processes.
    pub scope: Scope,
    /// Where they are.
    pub from: GroupKey,
    /// What moves, in words: "loop 4242", "3 processes of cg2".
    pub what: String,
    /// A button is down: letting go drops.
    pub dragging: bool,
    /// The group that is lit; a drop goes there.
    pub target: Option<GroupKey>,
}

/// Takes up what is selected: the task under the cursor in the tasks panel, else all tasks in the selected group itself.
///
/// # Errors
/// Why there is nothing to move.
pub fn take_up(state: &State, dragging: bool) -> Result<Moving, String> {
    let snapshot = state.snapshot().ok_or("nothing has been read yet")?;
    let id = state.selected().ok_or("no group is selected")?;
    let group = snapshot.structure.group(id).ok_or("the group is gone")?;
    if let Some(key) = state.selected_task() {
        let task = snapshot.tasks.get(key).ok_or("the task has ended")?;
        if task.bound {
            return Err(format!("{} is a kernel thread bound to its CPU: the kernel refuses to move it", task.key.tid));
        }
        let scope = if state.threads && task.key.tid != task.tgid { Scope::Thread } else { Scope::Process };
        let what = format!("{} {}", escape(&task.comm), key.tid);
        return Ok(Moving { tasks: vec![key], processes: 1, scope, from: group.key, what, dragging, target: None });
    }
    let mut seen = Vec::new();
    let mut keys = Vec::new();
    let mut only = None;
    for task in tasks::of(state, id).filter(|task| !task.bound) {
        if !seen.contains(&task.tgid) {
            seen.push(task.tgid);
            keys.push(task.key);
            only = Some(format!("{} {}", escape(&task.comm), task.tgid));
        }
    }
    let name = name_of(state, id);
    if keys.is_empty() {
        return Err(match tasks::counts(state, id) {
            Some((0, 0)) => format!("{name} has no tasks to move"),
            Some((0, below)) => format!("{name} itself has no tasks, groups below it have {below}: select one of them"),
            _ => format!("the tasks of {name} have not been read yet"),
        });
    }
    let what = match (keys.len(), only) {
        (1, Some(only)) => only,
        (n, _) => format!("{n} processes of {name}"),
    };
    let processes = keys.len();
    Ok(Moving { tasks: keys, processes, scope: Scope::Process, from: group.key, what, dragging, target: None })
}

/// Why a group cannot be the target, as far as the frame tells; the plan knows more.
#[must_use]
pub fn illegal(state: &State, moving: &Moving, target: GroupId) -> Option<String> {
    let snapshot = state.snapshot()?;
    let group = snapshot.structure.group(target)?;
    if group.key == moving.from {
        return Some("it is here".to_owned());
    }
    if group.key.hierarchy != moving.from.hierarchy {
        return Some("another hierarchy".to_owned());
    }
    let hierarchy = snapshot.structure.hierarchy(group.key.hierarchy)?;
    if hierarchy.version == Version::V2 {
        let kind = snapshot.groups.get(target).and_then(|v| v.kind.get());
        if kind == Some(GroupType::DomainInvalid) {
            return Some("invalid domain: make it threaded first".to_owned());
        }
        if moving.scope == Scope::Thread && !matches!(kind, Some(GroupType::Threaded | GroupType::DomainThreaded)) {
            return Some("v2 moves single threads only in a threaded subtree".to_owned());
        }
        // A weight in a child says that the controller is enabled in this group.
        let enabled = group
            .children
            .iter()
            .any(|&child| snapshot.groups.get(child).is_some_and(|values| values.weight.get().is_some()));
        if enabled && group.parent.is_some() && !matches!(kind, Some(GroupType::Threaded | GroupType::DomainThreaded)) {
            return Some("v2: no processes beside child groups".to_owned());
        }
    }
    None
}

/// Lights a group as the target.
pub fn aim(state: &mut State, target: Option<GroupKey>) {
    if let Some(moving) = state.moving.as_mut()
        && moving.target != target
    {
        moving.target = target;
        state.dirty = true;
    }
}

/// The processes or the threads alone.
pub fn toggle_scope(state: &mut State) {
    if let Some(moving) = state.moving.as_mut() {
        moving.scope = match moving.scope {
            Scope::Process => Scope::Thread,
            Scope::Thread => Scope::Process,
        };
        state.dirty = true;
    }
}

/// Drops on the group that is lit. On the own group nothing happens; on an illegal one the reason is said and the move
/// goes on (by keys) or ends (by mouse).
pub fn drop(state: &mut State) -> Vec<Command> {
    let Some(moving) = state.moving.take() else { return Vec::new() };
    state.dirty = true;
    let Some(target) = moving.target else { return Vec::new() };
    if target == moving.from {
        return Vec::new();
    }
    let Some(snapshot) = state.snapshot() else { return Vec::new() };
    let Some(id) = snapshot.structure.find(target) else {
        state.say("the target is gone");
        return Vec::new();
    };
    if let Some(reason) = illegal(state, &moving, id) {
        state.say(format!("not there: {reason}"));
        if !moving.dragging {
            state.moving = Some(moving);
        }
        return Vec::new();
    }
    let Some(to) = snapshot.structure.place(id) else { return Vec::new() };
    let intent = Intent::Move { tasks: moving.tasks, to, scope: moving.scope };
    change::begin(state, intent, Ask::AsPlanned)
}
