//! A task, or a process with all its threads, into another group.
//!
//! The kernel takes a number and no identity. So: open a pidfd, compare the start time, write, and then look whether the
//! pidfd's process still lives; if it does, the number was its own all the time. What the write did is read from
//! `/proc/TID/cgroup`: for a zombie it succeeds and moves nothing.
use std::path::Path;

use super::group::Group;
use super::write::put;
use crate::effect::directories::Directories;
use crate::effect::failure::Failure;
use crate::effect::process::{self, Held};
use crate::model::errno::Errno;
use crate::model::hierarchy::Version;
use crate::model::id::{HierarchyId, TaskKey, Tid};
use crate::model::place::Place;
use crate::plan::intent::Scope;
use crate::plan::step::{Moved, Outcome};

pub(super) fn relocate(
    directories: &dyn Directories,
    task: TaskKey,
    scope: Scope,
    from: &Place,
    to: &Place,
) -> Result<Outcome, Failure> {
    let tid = task.tid;
    let ended = || Outcome::Nothing(format!("{} {tid} has ended", word(scope)));
    let group = Group::open("move", directories, to, None)?;
    let name = file_name(directories, to, scope)?;
    let path = group.file(name);
    let number = tid.to_string();
    let failed = |errno: Errno| Failure::new("move", &path, errno).with_data(number.as_bytes());

    let held = match Held::open(task) {
        Ok(held) => held,
        Err(Errno::ESRCH) => return Ok(ended()),
        Err(errno) => return Err(Failure::new("move", Path::new(&format!("/proc/{tid}")), errno)),
    };
    let file = group.open_to_write(name).map_err(failed)?;
    let before = places(directories, task, scope, from);
    let at = process::now_ticks();
    if let Err(errno) = put(&file, number.as_bytes()) {
        return match errno {
            Errno::ESRCH if held.has_ended() => Ok(ended()),
            Errno::EOPNOTSUPP if scope == Scope::Thread => {
                Err(failed(errno).because("a single thread moves only between groups of one threaded subtree"))
            }
            Errno::ESRCH => Err(failed(errno).because("the kernel does not know it here: another pid namespace?")),
            _ => Err(failed(errno)),
        };
    }
    if held.has_ended() {
        // The number may have named another task when it was written.
        return match process::stat(tid) {
            Ok(found) if found.key != task && place_of(directories, tid, to) == Some(to.clone()) => {
                let text =
                    format!("{tid} ended at that moment, and another task with its number is in {to} now: look at it");
                Err(failed(Errno::ESRCH).because(text))
            }
            _ => Ok(ended()),
        };
    }
    let mut moved = Vec::new();
    for (key, found) in places(directories, task, scope, from) {
        let Some(now) = found.or_else(|| place_of(directories, key.tid, to)) else {
            return Err(
                Failure::said("move", &path, lost(directories, key.tid, scope, from)).with_data(number.as_bytes())
            );
        };
        let was = before.iter().find(|(known, _)| *known == key).and_then(|(_, place)| place.clone());
        moved.push(Moved { task: key, from: was.unwrap_or_else(|| from.clone()), now, at });
    }
    if moved.is_empty() {
        let text = format!("{} {tid} is a zombie, nothing moved: it has exited and waits to be reaped", word(scope));
        return Ok(Outcome::Nothing(text));
    }
    Ok(Outcome::Moved(moved))
}

/// A task that was written and is not found again goes back: what failed leaves nothing behind.
fn lost(directories: &dyn Directories, tid: Tid, scope: Scope, from: &Place) -> String {
    let back = Group::open("move", directories, from, None).ok().and_then(|group| {
        let file = group.open_to_write(file_name(directories, from, scope).ok()?).ok()?;
        put(&file, tid.to_string().as_bytes()).ok()
    });
    let now = if back.is_some() { format!("it was sent back to {from}") } else { "look at it".to_owned() };
    format!("written, but where {tid} is now cannot be told; {now}")
}

fn word(scope: Scope) -> &'static str {
    match scope {
        Scope::Thread => "thread",
        Scope::Process => "process",
    }
}

/// The file that a move writes to.
pub(super) fn file_name(directories: &dyn Directories, to: &Place, scope: Scope) -> Result<&'static str, Failure> {
    match (directories.version(to.hierarchy), scope) {
        (Some(_), Scope::Process) => Ok("cgroup.procs"),
        (Some(Version::V1), Scope::Thread) => Ok("tasks"),
        (Some(Version::V2), Scope::Thread) => Ok("cgroup.threads"),
        (None, _) => Err(Failure::said("move", Path::new(""), format!("the hierarchy of {to} is not known"))),
    }
}

/// The tasks that a move is about, those that have exited left out, and the group of each.
fn places(directories: &dyn Directories, task: TaskKey, scope: Scope, hint: &Place) -> Vec<(TaskKey, Option<Place>)> {
    let tasks = match scope {
        Scope::Thread => vec![task],
        Scope::Process => process::process_of(task.tid).and_then(process::threads).unwrap_or_default(),
    };
    tasks
        .into_iter()
        .filter(|key| process::stat(key.tid).is_ok_and(|found| found.key == *key && !found.has_ended()))
        .map(|key| (key, place_of(directories, key.tid, hint)))
        .collect()
}

/// The group of a task in the hierarchy of `hint`; where its path cannot be joined to a mount, `hint` itself if that group
/// lists the task. `None` if it cannot be told.
#[must_use]
pub fn place_of(directories: &dyn Directories, tid: Tid, hint: &Place) -> Option<Place> {
    let hierarchy: HierarchyId = hint.hierarchy;
    let path = process::group_path(tid, directories.number(hierarchy)).ok()??;
    if let Some(place) = directories.place(hierarchy, &path) {
        return Some(place);
    }
    let group = Group::open("read", directories, hint, None).ok()?;
    let lists = ["tasks", "cgroup.threads"].iter().find_map(|file| group.numbers(file).ok())?;
    lists.contains(&tid).then(|| hint.clone())
}
