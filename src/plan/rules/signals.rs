//! Who is never signalled, and what keeps a signal from being taken at once.
use crate::model::hierarchy::Version;
use crate::model::id::Pid;
use crate::model::place::Place;

use super::super::survey::{Survey, TaskFacts};
use super::super::words;
use super::tasks;

/// Why cgrove never ends or holds a process; `None` if it may.
#[must_use]
pub fn never(survey: &Survey, pid: Pid) -> Option<String> {
    let facts = survey.tasks.get(&pid);
    let comm = facts.map(|facts| &*facts.task.comm);
    Some(match pid {
        1 => "it keeps every other process of this host".to_owned(),
        _ if pid == survey.host.pid => "it is cgrove itself".to_owned(),
        _ if tasks::is_guarded(survey, pid) => match comm {
            Some(comm) if comm.starts_with(b"sshd") => "sessions come through sshd, perhaps this one".to_owned(),
            Some(comm) if comm.starts_with(b"tmux") || comm.eq_ignore_ascii_case(b"screen") => {
                "cgrove's terminal is in it".to_owned()
            }
            _ => "cgrove runs under it, or in one terminal with it".to_owned(),
        },
        _ if facts.is_some_and(|facts| facts.task.kernel) => "it is a thread of the kernel".to_owned(),
        _ => return None,
    })
}

/// The group that keeps a task frozen, the highest, and whether even SIGKILL waits for it (v1).
#[must_use]
pub fn frozen<'a>(survey: &'a Survey, facts: &'a TaskFacts) -> Option<(Place, bool)> {
    facts.groups.values().find_map(|place| {
        let v1 = survey.hierarchy(place.hierarchy).is_some_and(|h| h.version == Version::V1);
        let is = |at: &Place| {
            let group = survey.group(at)?;
            if v1 {
                // A group below one that is frozen reads FROZEN, too.
                let own = group.text("freezer.self_freezing").map(|text| text == "1");
                Some(own.unwrap_or_else(|| group.text("freezer.state") == Some("FROZEN")))
            } else {
                Some(group.text("cgroup.freeze") == Some("1"))
            }
        };
        let above = std::iter::successors(Some(place.clone()), Place::parent);
        above.filter(|at| is(at) == Some(true)).last().map(|at| (at, v1))
    })
}

/// Processes by name, with what they are called: "process 42 (sh)", "3 processes".
#[must_use]
pub fn subject(survey: &Survey, pids: &[Pid]) -> String {
    match pids {
        [pid] => format!("process {}", words::task(survey, *pid)),
        _ => words::count(pids.len(), "process"),
    }
}
