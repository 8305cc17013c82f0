//! What an error of the kernel means, after the deed: operation, path, data, errno, the rule behind it, what to do.
//!
//! [`explain`] is the sentence, [`Meaning`] its parts; [`failed`] adds the ways on, for a dialog. The rules are those
//! of kernel-facts C1 to C6 and J, one function a kind of step. Most of them are refused before anything is written;
//! what gets here happened between the survey and the deed, or is something that only the kernel can know.
use crate::model::bytes::escape;
use crate::model::errno::Errno;
use crate::model::hierarchy::Version;
use crate::model::place::Place;

use super::intent::{Intent, Scope};
use super::journal::Entry;
use super::plan_with;
use super::refusal::Way;
use super::rules::tasks;
use super::step::Step;
use super::survey::Survey;
use super::{shell, words};

mod mount;
mod scheduling;
mod write;

/// What an errno means for a step.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Meaning {
    /// The rule of the kernel, one sentence.
    pub rule: String,
    /// What to do, one sentence; empty where there is nothing.
    pub remedy: String,
    /// What cgrove can do, best first.
    pub ways: Vec<Way>,
}

impl Meaning {
    fn new(rule: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self { rule: rule.into(), remedy: remedy.into(), ways: Vec::new() }
    }

    /// Rule and remedy.
    #[must_use]
    pub fn text(&self) -> String {
        if self.remedy.is_empty() { self.rule.clone() } else { format!("{} {}", self.rule, self.remedy) }
    }
}

/// What an errno means for a step of the plan for `intent`, and the ways on, as things stand after the failure: `survey` is
/// what was found then, `journal` that of the visit.
///
/// What stands in the way by now is what a second plan would be refused for: that refusal names it and has the ways. If
/// there would be a plan again, the machine was only for a moment as it was, and it can be tried again.
#[must_use]
pub fn failed(intent: &Intent, step: &Step, errno: Errno, survey: &Survey, journal: &[Entry]) -> Meaning {
    let mut meaning = meaning(step, errno, survey);
    match plan_with(intent, survey, journal) {
        Err(refusal) if refusal.is_nothing_to_do() => {
            // Somebody else did it, or it was there before.
            meaning.remedy = refusal.rule;
            meaning.ways.clear();
        }
        Err(refusal) => {
            if refusal.rule.contains(&format!("({errno})")) {
                meaning.rule = refusal.rule;
                meaning.remedy.clear();
            } else {
                meaning.remedy = refusal.rule;
            }
            meaning.ways = refusal.instead;
        }
        Ok(_) => {
            for way in meaning.ways.iter_mut().filter(|way| way.go_on) {
                way.intents.push(intent.clone());
                way.go_on = false;
            }
            if may_pass(errno) {
                meaning.ways.push(Way::new("try it again", vec![intent.clone()]));
            }
        }
    }
    meaning
}

/// Whether what the kernel answered with may be otherwise the next time: a race, a limit, exited tasks that are still leaving.
fn may_pass(errno: Errno) -> bool {
    errno.is_gone() || matches!(errno, Errno::EAGAIN | Errno::EBUSY | Errno::ENOMEM | Errno::EEXIST)
}

/// The whole message: "rmdir /sys/fs/cgroup/cpu/cg1: EBUSY. A group with tasks or child groups cannot be removed. …".
#[must_use]
pub fn explain(step: &Step, errno: Errno, survey: &Survey) -> String {
    format!("{}: {errno}. {}", operation(step, survey), meaning(step, errno, survey).text())
}

/// Operation, path and data of a step: "write 600 to /sys/fs/cgroup/cpu/cg1/cpu.shares".
#[must_use]
pub fn operation(step: &Step, survey: &Survey) -> String {
    let directory = |place: &Place| escape(&shell::directory(survey, place));
    let path = |place: &Place, file: &str| escape(&shell::path(survey, place, file));
    match step {
        Step::MakeGroup { at, .. } => format!("mkdir {}", directory(at)),
        Step::RemoveGroup { at, .. } => format!("rmdir {}", directory(at)),
        Step::Rename { at, name, .. } => format!("rename {} to {}", directory(at), escape(name)),
        Step::Write { at, file, data, .. } => format!("write \"{}\" to {}", escape(data.trim_ascii()), path(at, file)),
        Step::Move { task, to, scope, .. } => {
            format!("write {} to {}", task.tid, path(to, shell::member_file(survey, to, *scope)))
        }
        Step::Drain { from, to } => format!("move the tasks of {} to {}", directory(from), directory(to)),
        Step::KillAll { at, .. } => format!("kill all processes in {}", directory(at)),
        Step::MakeDirectory { path } => format!("mkdir {}", escape(path)),
        Step::RemoveDirectory { path } => format!("rmdir {}", escape(path)),
        Step::Mount { mounting } => format!("mount {} at {}", mounting.source.words(), escape(&mounting.point)),
        Step::Unmount { mounting, .. } => format!("umount {}", escape(&mounting.point)),
        Step::Launch { launch, .. } => match launch.groups.first() {
            Some(group) => format!("launch into {}", directory(group)),
            None => "launch".to_owned(),
        },
        Step::Signal { process, signal } => format!("send SIG{} to process {}", signal.name(), process.tid),
        Step::Schedule { task, scope: Scope::Thread, to, .. } => format!("set {to} of thread {}", task.tid),
        Step::Schedule { task, to, .. } => format!("set {to} of process {}", task.tid),
    }
}

/// What an errno means for a step.
#[must_use]
pub fn meaning(step: &Step, errno: Errno, survey: &Survey) -> Meaning {
    match step {
        Step::MakeGroup { at, .. } => make(at, errno, survey),
        Step::RemoveGroup { at, .. } => remove(at, errno, survey),
        Step::Rename { at, name, .. } => rename(at, &escape(name), errno),
        Step::Write { at, file, data, .. } => write::meaning(at, file, &String::from_utf8_lossy(data), errno, survey),
        Step::Move { task, scope, to, .. } => enter(Some(task.tid), *scope, to, errno, survey),
        Step::Drain { to, .. } => enter(None, Scope::Process, to, errno, survey),
        Step::KillAll { at, .. } => kill(at, errno),
        Step::MakeDirectory { path } => mount::make_directory(path, errno),
        Step::RemoveDirectory { path } => mount::remove_directory(path, errno),
        Step::Mount { mounting } => mount::mount(mounting, errno, survey),
        Step::Unmount { mounting, .. } => mount::unmount(mounting, errno, survey),
        Step::Launch { launch, .. } => run(launch.groups.first(), errno, survey),
        Step::Signal { process, .. } => match errno {
            Errno::ESRCH => Meaning::new(format!("Process {} has ended.", process.tid), "Nothing is left to do."),
            Errno::EPERM => Meaning::new(
                format!("Process {} belongs to another user.", process.tid),
                "Its owner or root can send the signal.",
            ),
            _ => unknown(errno),
        },
        Step::Schedule { task, to, .. } => scheduling::meaning(task.tid, to, errno, survey),
    }
}

/// C2.
fn rename(at: &Place, name: &str, errno: Errno) -> Meaning {
    match errno {
        Errno::EPERM => Meaning::new(
            "The kernel renames no group of v2.",
            "Make a group of the new name, move the processes and remove the old one.",
        ),
        Errno::EEXIST => {
            Meaning::new(format!("{name} exists already, or it is the name of a control file."), "Choose another name.")
        }
        Errno::ENOTDIR => Meaning::new(
            format!("{name} is a control file, and no group takes the place of a file."),
            "Choose another name.",
        ),
        Errno::EIO => Meaning::new(
            "A group keeps its parent: rename gives another name and moves nothing.",
            "Make a group there, move the processes and remove the old one.",
        ),
        Errno::EINVAL => Meaning::new("A group's name may not contain a newline.", "Choose another name."),
        Errno::ENOENT | Errno::ENODEV => vanished(&words::group(at)),
        _ => rights(&words::group(at), "rename", errno),
    }
}

fn kill(at: &Place, errno: Errno) -> Meaning {
    let name = words::group(at);
    match errno {
        Errno::EPERM => Meaning::new(
            format!("A process in {name} belongs to another user."),
            "Its owner or root can end it; nothing was removed.",
        ),
        Errno::EOPNOTSUPP => Meaning::new(
            format!("{name} is threaded, and only the domain of a threaded subtree can be killed as a whole."),
            "Kill its processes one by one, or the group that is its domain.",
        ),
        Errno::ENOENT | Errno::ENODEV => vanished(&name),
        _ => rights(&name, "kill the processes of", errno),
    }
}

/// C1.
fn make(at: &Place, errno: Errno, survey: &Survey) -> Meaning {
    let parent = at.parent().map_or_else(|| "the group above".to_owned(), |parent| words::group(&parent));
    match errno {
        Errno::EEXIST => Meaning::new(
            format!("{} exists already, or it is the name of a control file.", words::group(at)),
            "Choose another name, or use the group that is there.",
        ),
        Errno::ENOENT | Errno::ENODEV => vanished(&parent),
        Errno::EINVAL => Meaning::new("A group's name may not contain a newline.", "Choose another name."),
        Errno::EAGAIN => match limiting(at, survey) {
            Some((above, file, limit)) => Meaning::new(
                format!("{file} of {above} is {limit}, and one more group would exceed it."),
                format!("Raise {file} there, or remove a group below it."),
            ),
            None => Meaning::new(
                "cgroup.max.depth or cgroup.max.descendants of a group above does not admit one more group.",
                "Raise the limit there, or remove a group below it.",
            ),
        },
        Errno::ENOSPC => {
            Meaning::new("The kernel has no number left for one more group.", "Remove groups that are not needed.")
        }
        Errno::ENOMEM => no_memory(),
        _ => rights(&parent, "make groups", errno),
    }
}

/// The group above whose limit is a number, nearest first.
fn limiting(at: &Place, survey: &Survey) -> Option<(String, &'static str, usize)> {
    for above in std::iter::successors(at.parent(), Place::parent) {
        let Some(facts) = survey.group(&above) else { continue };
        for file in ["cgroup.max.descendants", "cgroup.max.depth"] {
            if let Some(limit) = facts.text(file).and_then(|text| text.parse().ok()) {
                return Some((words::group(&above), file, limit));
            }
        }
    }
    None
}

/// C2.
fn remove(at: &Place, errno: Errno, survey: &Survey) -> Meaning {
    let name = words::group(at);
    match errno {
        Errno::EBUSY => {
            let inside = tasks::in_group(survey, at);
            let children = survey.group(at).map_or(0, |facts| facts.children.len());
            let has = match (inside.len(), children) {
                (0, 0) => "something came into it, or something is mounted on it".to_owned(),
                (tasks, 0) => format!("it has {}", words::count(tasks, "task")),
                (0, children) => format!("it has {}", words::count(children, "child group")),
                (tasks, children) => {
                    format!("it has {} and {}", words::count(tasks, "task"), words::count(children, "child group"))
                }
            };
            Meaning::new(
                format!("A group with live tasks or child groups cannot be removed: {has}."),
                "Move the tasks to the parent and remove the groups below first; frozen tasks count too.",
            )
        }
        Errno::ENOENT | Errno::ENODEV => {
            Meaning::new(format!("{name} is gone: somebody removed it."), "Nothing is left to do.")
        }
        _ => {
            let parent = at.parent().map_or_else(|| name.clone(), |parent| words::group(&parent));
            rights(&parent, "remove groups", errno)
        }
    }
}

/// C3 and J.
fn enter(tid: Option<i32>, scope: Scope, to: &Place, errno: Errno, survey: &Survey) -> Meaning {
    let who = tid.map_or_else(|| "the task".to_owned(), |tid| words::task(survey, tid));
    let name = words::group(to);
    let v1 = survey.hierarchy(to.hierarchy).is_some_and(|h| h.version == Version::V1);
    match errno {
        Errno::ESRCH => {
            Meaning::new(format!("{who} has ended, or is in another pid namespace."), "Nothing is left to do.")
        }
        Errno::EINVAL => match tid.and_then(|tid| survey.tasks.get(&tid)) {
            Some(facts) if facts.task.kernel => Meaning::new(
                format!(
                    "{who} is a thread of the kernel that is bound to its CPU or makes the others; it cannot be moved."
                ),
                "",
            ),
            Some(facts) if v1 && facts.task.rt_priority > 0 => Meaning::new(
                format!("{who} is a real-time task, and {name} has no time for such tasks (cpu.rt_runtime_us 0)."),
                format!("Give {name} cpu.rt_runtime_us first."),
            ),
            _ if v1 => Meaning::new(
                format!(
                    "The kernel takes no bound kernel thread, and no process of which one thread is real-time while \
                     cpu.rt_runtime_us of {name} is 0."
                ),
                format!("Give {name} cpu.rt_runtime_us first, or choose another group."),
            ),
            Some(_) => unknown(errno),
            None => Meaning::new("A thread of the kernel that is bound to its CPU cannot be moved.", ""),
        },
        Errno::ENOSPC => Meaning::new(
            format!("cpuset.cpus or cpuset.mems of {name} is empty, and such a cpuset takes no task."),
            format!("Set cpuset.cpus and cpuset.mems of {name} first."),
        ),
        Errno::EBUSY if v1 => Meaning::new(
            "A deadline task needs more CPU time than this cpuset has.",
            "Give the cpuset more CPUs, or end the task's reservation.",
        ),
        Errno::EBUSY => Meaning::new(
            format!("{name} hands controllers down to its children, and such a group may hold no process itself."),
            "Only leaf groups may hold processes: choose a child.",
        ),
        Errno::EOPNOTSUPP if v1 => unknown(errno),
        Errno::EOPNOTSUPP if scope == Scope::Thread => Meaning::new(
            format!("A single thread moves only between threaded groups of one domain, and {name} is of another."),
            "Move the whole process instead.",
        ),
        Errno::EOPNOTSUPP => Meaning::new(
            format!("{name} is \"domain invalid\": it lies in a threaded subtree without being threaded."),
            "Choose a group outside the threaded subtree, or write threaded to its cgroup.type.",
        ),
        Errno::EACCES if v1 => Meaning::new(
            format!("This user may not write to {name}, or {who} belongs to another user."),
            "The owner of both, or root, can move it.",
        ),
        Errno::EACCES => {
            let above = tid
                .and_then(|tid| survey.tasks.get(&tid)?.groups.get(&to.hierarchy).cloned())
                .map(|from| words::group(&Place::common(&from, to)));
            Meaning::new(
                format!(
                    "A move needs the right to write cgroup.procs of {name} and of the nearest group above both ends{}.",
                    above.map_or_else(String::new, |above| format!(", {above}"))
                ),
                "Move within one delegated subtree, or let root do it.",
            )
        }
        Errno::EPERM => Meaning::new(
            format!("The kernel's security rules do not let this user move {who} into a cpuset."),
            "Its owner or root can move it.",
        ),
        Errno::ENOENT if v1 => vanished(&name),
        Errno::ENOENT => Meaning::new(
            format!("{name} is gone, or one end of the move lies outside this cgroup namespace (nsdelegate)."),
            "Look again; from the initial cgroup namespace the move may be possible.",
        ),
        Errno::ENODEV => vanished(&name),
        Errno::ENOMEM | Errno::EAGAIN => no_memory(),
        Errno::EROFS => rights(&name, "move tasks", errno),
        _ => unknown(errno),
    }
}

fn run(group: Option<&Place>, errno: Errno, survey: &Survey) -> Meaning {
    match (errno, group) {
        (Errno::ENOENT, _) => {
            Meaning::new("The command was not found, or its group is gone.", "Check the name and the PATH.")
        }
        (Errno::EAGAIN, _) => Meaning::new(
            "A pids.max above this group, or the user's process limit, does not admit one more process.",
            "Raise pids.max, or end something there.",
        ),
        (Errno::ENOMEM, _) => no_memory(),
        (Errno::EACCES, None) => Meaning::new("The file is not executable for this user.", "Check its permissions."),
        (_, Some(group)) => enter(None, Scope::Process, group, errno, survey),
        _ => unknown(errno),
    }
}

/// C6: the group went away meanwhile.
fn vanished(name: &str) -> Meaning {
    Meaning::new(format!("{name} vanished: somebody removed it meanwhile."), "Look again.")
}

fn no_memory() -> Meaning {
    Meaning::new("The kernel had no memory for it.", "Free some, then try again.")
}

fn rights(name: &str, what: &str, errno: Errno) -> Meaning {
    match errno {
        Errno::EROFS => {
            Meaning::new(format!("{name} is on a read-only mount, as in a container."), words::get_permission(errno))
        }
        Errno::EACCES | Errno::EPERM => {
            Meaning::new(format!("This user has no right to {what} in {name}."), words::get_permission(errno))
        }
        _ => unknown(errno),
    }
}

fn unknown(errno: Errno) -> Meaning {
    Meaning::new(
        format!("The kernel refused it, and cgrove knows no rule for {errno} here."),
        "Nothing was changed by this step.",
    )
}

#[cfg(test)]
mod tests;
