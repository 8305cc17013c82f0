//! How sentences name things: groups, tasks, lists and counts.
use crate::model::bytes::escape;
use crate::model::errno::Errno;
use crate::model::id::{TaskKey, Tid};
use crate::model::place::Place;
use crate::model::survey::{Hold, User};

use super::intent::Scope;
use super::rules::tasks::{process_of, processes};
use super::step::Life;
use super::survey::Survey;

/// A group by its own name; "the top group" for the top.
#[must_use]
pub fn group(place: &Place) -> String {
    if place.is_top() { "the top group".to_owned() } else { clip(&escape(place.name())) }
}

/// A task by number and, if it is known, name: "4242 (sleep)".
#[must_use]
pub fn task(survey: &Survey, tid: Tid) -> String {
    match survey.tasks.get(&tid) {
        Some(facts) => format!("{tid} ({})", escape(&facts.task.comm)),
        None => tid.to_string(),
    }
}

/// A few tasks by name: "4242 (sleep), 4243 (sh) and 5 more".
#[must_use]
pub fn tasks(survey: &Survey, tids: &[Tid]) -> String {
    list(&tids.iter().map(|&tid| task(survey, tid)).collect::<Vec<_>>())
}

/// What is acted on: "process 4242 (loop)", "thread 4243 of process 4242 (loop)", "3 processes".
#[must_use]
pub fn subject(survey: &Survey, keys: &[TaskKey], scope: Scope) -> String {
    match (keys, scope) {
        ([key], Scope::Process) => format!("process {}", task(survey, process_of(survey, key.tid))),
        ([key], Scope::Thread) => {
            let process = process_of(survey, key.tid);
            if process == key.tid {
                format!("the main thread of process {}", task(survey, process))
            } else {
                format!("thread {} of process {}", key.tid, task(survey, process))
            }
        }
        (keys, Scope::Thread) => count(keys.len(), "thread"),
        (keys, Scope::Process) => {
            let tids: Vec<_> = keys.iter().map(|key| key.tid).collect();
            count(processes(survey, &tids).len(), "process")
        }
    }
}

/// A few names: "a, b, c and 2 more".
#[must_use]
pub fn list(names: &[String]) -> String {
    const SHOWN: usize = 4;
    if names.len() <= SHOWN {
        return names.join(", ");
    }
    let shown = SHOWN - 1;
    format!("{} and {} more", names[..shown].join(", "), names.len() - shown)
}

/// A name as it fits into a title: at most 60 characters, the middle left out.
#[must_use]
pub fn clip(name: &str) -> String {
    const LONGEST: usize = 60;
    let length = name.chars().count();
    if length <= LONGEST {
        return name.to_owned();
    }
    let (head, tail): (String, String) =
        (name.chars().take(LONGEST / 2).collect(), name.chars().skip(length - LONGEST / 4).collect());
    format!("{head}…{tail}")
}

/// A number with its noun: "1 task", "2 processes".
#[must_use]
pub fn count(number: usize, noun: &str) -> String {
    match number {
        1 => format!("1 {noun}"),
        _ if noun.ends_with('s') => format!("{number} {noun}es"),
        _ => format!("{number} {noun}s"),
    }
}

/// What became of a hierarchy that was unmounted.
#[must_use]
pub fn life(life: Life) -> &'static str {
    match life {
        Life::Mounted => "unmounted there; the hierarchy is mounted elsewhere, too",
        Life::Hidden => {
            "unmounted; the hierarchy lives on, hidden, with its groups and tasks: mount it again to reach it"
        }
        Life::Gone => "unmounted; the hierarchy is gone",
    }
}

/// Who keeps a mount busy: "4242 (sh) has its working directory there".
#[must_use]
pub fn users(users: &[User]) -> String {
    let one = |user: &User| {
        let by = match user.by {
            Hold::Directory => "has its working directory in it",
            Hold::Root => "has its root directory in it",
            Hold::File => "has a file in it open",
        };
        format!("{} ({}) {by}", user.pid, escape(&user.comm))
    };
    list(&users.iter().map(one).collect::<Vec<_>>())
}

/// What to do where [`no_permission`] stands in the way, one sentence.
#[must_use]
pub fn get_permission(errno: Errno) -> &'static str {
    match errno {
        Errno::EROFS => "Mount the hierarchy writable, or work from the host.",
        _ => "Work in a group that was delegated to this user, or as root.",
    }
}

/// An errno with its meaning where cgrove may not change things here.
#[must_use]
pub fn no_permission(errno: Errno) -> &'static str {
    match errno {
        Errno::EROFS => "its mount is read-only (EROFS)",
        Errno::EACCES => "its owner did not give this user the right (EACCES)",
        Errno::EPERM => "the kernel does not permit it to this user (EPERM)",
        _ => "it is not writable from here",
    }
}
