//! All tasks of a group into another one, also those that fork meanwhile.
use super::group::Group;
use super::relocate::relocate;
use crate::effect::directories::Directories;
use crate::effect::failure::Failure;
use crate::effect::process;
use crate::model::hierarchy::Version;
use crate::model::place::Place;
use crate::plan::intent::Scope;
use crate::plan::step::{Moved, Outcome};

/// How often the group is looked at.
const ROUNDS: usize = 50;

/// Moves until the group lists none. If one cannot be moved, those that were are moved back.
pub(super) fn drain(directories: &dyn Directories, from: &Place, to: &Place) -> Result<Outcome, Failure> {
    let mut moved = Vec::new();
    for _ in 0..ROUNDS {
        match round(directories, from, to, &mut moved) {
            Ok(0) if moved.is_empty() => return Ok(Outcome::Nothing(format!("there was no task in {from}"))),
            Ok(0) => return Ok(Outcome::Moved(moved)),
            Ok(_) => {}
            Err(failure) => return Err(taken_back(directories, &moved, failure)),
        }
    }
    let left = Group::open("move", directories, from, None)?;
    let text = format!("its tasks fork faster than they can be moved ({ROUNDS} rounds)");
    Err(taken_back(directories, &moved, Failure::said("move", &left.path, text)))
}

/// Moves every task that the group lists now; how many those were.
fn round(directories: &dyn Directories, from: &Place, to: &Place, moved: &mut Vec<Moved>) -> Result<usize, Failure> {
    let group = Group::open("move", directories, from, None)?;
    let (file, scope) = how(directories, &group, from);
    let listed = group.numbers(file).map_err(|errno| Failure::new("read", &group.file(file), errno))?;
    for &number in &listed {
        // Gone between the list and here: not our task any more.
        let Ok(stat) = process::stat(number) else { continue };
        if let Outcome::Moved(tasks) = relocate(directories, stat.key, scope, from, to)? {
            moved.extend(tasks);
        }
    }
    Ok(listed.len())
}

/// The list to read, and how its tasks are moved.
fn how(directories: &dyn Directories, group: &Group, from: &Place) -> (&'static str, Scope) {
    match directories.version(from.hierarchy) {
        // v1: one by one, since threads of one process may be in several groups.
        Some(Version::V1) | None => ("tasks", Scope::Thread),
        Some(Version::V2) if group.read("cgroup.type").is_ok_and(|kind| &*kind == b"threaded") => {
            ("cgroup.threads", Scope::Thread)
        }
        Some(Version::V2) => ("cgroup.procs", Scope::Process),
    }
}

fn taken_back(directories: &dyn Directories, moved: &[Moved], failure: Failure) -> Failure {
    let mut lost = 0;
    for task in moved {
        let back = Group::open("move", directories, &task.from, None).and_then(|group| {
            let (_, scope) = how(directories, &group, &task.from);
            relocate(directories, task.task, scope, &task.now, &task.from)
        });
        lost += usize::from(back.is_err());
    }
    let text = match (moved.len(), lost) {
        (0, _) => return failure,
        (count, 0) => format!("{}; the {count} tasks that had been moved were moved back", failure.text),
        (count, lost) => {
            format!("{}; of {count} tasks that had been moved {lost} could not be moved back", failure.text)
        }
    };
    failure.because(text)
}
