//! Moving tasks: one thread, or whole processes. Which of the two is always said.
use crate::model::hierarchy::Version;
use crate::model::id::{Pid, TaskKey, Tid};
use crate::model::place::Place;
use crate::model::task::Policy;

use super::draft::Draft;
use super::intent::{Intent, Scope};
use super::refusal::Refusal;
use super::rules::{real_time, target, tasks};
use super::step::{Confirm, Plan, Step};
use super::survey::{Survey, TaskFacts};
use super::words;

mod what;

use what::{has_ended, is_there, leader, living, moving, source};
use words::subject;

/// The plan to move `keys` into the group at `to`.
///
/// # Errors
/// A refusal: a task that ended or cannot be moved, a group that takes none, nothing to move.
pub fn plan(survey: &Survey, keys: &[TaskKey], to: &Place, scope: Scope) -> Result<Plan, Refusal> {
    let what = subject(survey, keys, scope);
    let mut draft = Draft::new(survey, format!("move {what} to {}", words::group(to)))?;
    if survey.group(to).is_none() {
        return Err(draft.absent(to));
    }
    let go_on = |place: &Place| Intent::Move { tasks: keys.to_vec(), to: place.clone(), scope };
    target::check(&draft, to, &go_on)?;
    let mut seen: Vec<Pid> = Vec::new();
    let mut already = 0;
    let mut ended: Vec<Tid> = Vec::new();
    for &key in keys {
        let Some(facts) = tasks::alive(survey, key) else {
            ended.push(key.tid);
            continue;
        };
        if scope == Scope::Process {
            if seen.contains(&facts.task.tgid) {
                continue;
            }
            seen.push(facts.task.tgid);
        }
        let Some(from) = source(survey, facts, to, scope) else {
            return Err(draft.refuse(format!(
                "Where {} is in this hierarchy cannot be seen from here: it lies outside this cgroup namespace, and a move \
                 across its border is refused. (ENOENT)",
                words::task(survey, key.tid)
            )));
        };
        if is_there(survey, facts, to, scope) {
            already += 1;
            continue;
        }
        check_kind(&draft, facts, to, scope).map_err(|refusal| without(&draft, refusal, keys, key, to, scope))?;
        target::border(&draft, from, to)?;
        target::rights(&draft, from, to, scope)?;
        check_owner(&draft, facts, to).map_err(|refusal| without(&draft, refusal, keys, key, to, scope))?;
        check_real_time(&draft, facts, to, scope)?;
        if scope == Scope::Thread {
            check_domain(&draft, facts, from, to)?;
        }
        consequences(&mut draft, facts, from, to, scope);
        let task = leader(facts, scope);
        draft.push(Step::Move { task, scope, from: from.clone(), to: to.clone() })?;
    }
    if let (Some(tid), true) = (ended.first(), ended.len() == keys.len()) {
        let text = if keys.len() == 1 {
            format!("Task {tid} ended, or its number belongs to another task now. (ESRCH)")
        } else {
            format!("All {} tasks have ended meanwhile. (ESRCH)", keys.len())
        };
        return Err(draft.refuse(text));
    }
    if draft.steps.is_empty() {
        let verb = if already == 1 { "is" } else { "are" };
        return Err(Refusal::new("nothing to do", format!("{what} {verb} in {} already.", words::group(to))));
    }
    if !draft.is_ours(to) {
        draft.ask(Confirm::Foreign);
    }
    crowd(&mut draft, to);
    if already > 0 {
        let verb = if already == 1 { "is" } else { "are" };
        draft.warn(format!("{already} of them {verb} in {} already.", words::group(to)));
    }
    if !ended.is_empty() {
        let numbers: Vec<String> = ended.iter().map(ToString::to_string).collect();
        let verb = if ended.len() == 1 { "has" } else { "have" };
        draft.warn(format!("{} {verb} ended meanwhile and stays out of it.", words::list(&numbers)));
    }
    let moved: Vec<TaskKey> = draft
        .steps
        .iter()
        .filter_map(|step| if let Step::Move { task, .. } = step { Some(*task) } else { None })
        .collect();
    let what = subject(survey, &moved, scope);
    let from = match draft.steps.as_slice() {
        [Step::Move { from, .. }] => format!(" from {}", words::group(from)),
        _ => String::new(),
    };
    Ok(draft.finish(format!("move {what}{from} to {}", words::group(to))))
}

/// The refusal of one task among several, with the way to move those that can be moved.
fn without(draft: &Draft<'_>, refusal: Refusal, keys: &[TaskKey], one: TaskKey, to: &Place, scope: Scope) -> Refusal {
    let survey = draft.survey;
    let process = tasks::process_of(survey, one.tid);
    let can = |key: &TaskKey| {
        let same = scope == Scope::Process && tasks::process_of(survey, key.tid) == process;
        let may = |facts: &TaskFacts| {
            check_kind(draft, facts, to, scope).and_then(|()| check_owner(draft, facts, to)).is_ok()
        };
        *key != one && !same && tasks::alive(survey, *key).is_some_and(may)
    };
    let others: Vec<TaskKey> = keys.iter().copied().filter(can).collect();
    if others.is_empty() {
        return refusal;
    }
    let say = format!("move the others: {}", subject(survey, &others, scope));
    refusal.way(say, vec![Intent::Move { tasks: others, to: to.clone(), scope }])
}

/// Zombies and kernel threads.
fn check_kind(draft: &Draft<'_>, facts: &TaskFacts, to: &Place, scope: Scope) -> Result<(), Refusal> {
    let task = &facts.task;
    let name = words::task(draft.survey, task.key.tid);
    if has_ended(facts) {
        let others = living(draft.survey, facts).len();
        if scope == Scope::Thread && others > 0 {
            let whole = Intent::Move { tasks: vec![task.key], to: to.clone(), scope: Scope::Process };
            let threads = words::count(others, "other thread");
            let live = if others == 1 { "lives" } else { "live" };
            return Err(draft
                .refuse(format!(
                    "The main thread of {name} has ended while {threads} of the process {live}. The kernel would accept to move \
                     it alone and do nothing."
                ))
                .way(format!("move the process: its {threads}"), vec![whole]));
        }
        if others == 0 {
            return Err(draft.refuse(format!(
                "{name} is a zombie: it has ended and only waits for its parent ({}) to read how. The kernel would accept the \
                 move and do nothing.",
                words::task(draft.survey, task.parent)
            )));
        }
    }
    if task.key.tid == 2 && task.kernel {
        return Err(draft.refuse("Task 2 (kthreadd) makes all kernel threads; the kernel never moves it. (EINVAL)"));
    }
    if task.bound {
        return Err(
            draft.refuse(format!("{name} is a kernel thread bound to its CPU; the kernel never moves it. (EINVAL)"))
        );
    }
    Ok(())
}

/// v1 with `CONFIG_RT_GROUP_SCHED`: a group without real-time budget takes no real-time task; one thread is enough.
fn check_real_time(draft: &Draft<'_>, facts: &TaskFacts, to: &Place, scope: Scope) -> Result<(), Refusal> {
    if !real_time::is_without(draft, to) {
        return Ok(());
    }
    let rt = |f: &&&TaskFacts| matches!(f.task.policy, Policy::Fifo | Policy::RoundRobin);
    let moving = moving(draft.survey, facts, scope);
    let Some(thread) = moving.iter().find(rt) else { return Ok(()) };
    let name = words::group(to);
    let whole = if moving.len() > 1 { ", and not one thread of its process moves then" } else { "" };
    let (say, first) = real_time::give(draft, to);
    Err(draft
        .refuse(format!(
            "{} is a real-time task, and {name} has no time for such tasks (cpu.rt_runtime_us 0){whole}. (EINVAL)",
            words::task(draft.survey, thread.task.key.tid)
        ))
        .first(say, first))
}

/// v1: a task is moved by root, or by the user whose process it is.
fn check_owner(draft: &Draft<'_>, facts: &TaskFacts, to: &Place) -> Result<(), Refusal> {
    let (task, host) = (&facts.task, &draft.survey.host);
    if draft.world.version(to) == Version::V2 || host.uid == 0 || [task.uid, task.saved_uid].contains(&host.uid) {
        return Ok(());
    }
    Err(draft.refuse(format!(
        "On v1 only root and its own user move a process: {} belongs to user {}, and this is user {}. (EACCES) Its user or root \
         can move it.",
        words::task(draft.survey, task.key.tid),
        task.uid,
        host.uid
    )))
}

/// v2: a thread moves only within its threaded domain.
fn check_domain(draft: &Draft<'_>, facts: &TaskFacts, from: &Place, to: &Place) -> Result<(), Refusal> {
    if draft.world.version(to) == Version::V1 {
        return Ok(());
    }
    let (mine, its) = (domain(draft, from), domain(draft, to));
    if mine == its {
        return Ok(());
    }
    let whole = Intent::Move { tasks: vec![facts.task.key], to: to.clone(), scope: Scope::Process };
    Err(draft
        .refuse(format!(
            "On v2 one thread moves only between threaded groups of the same domain; {} belongs to the domain {}, {} to {}. \
             (EOPNOTSUPP)",
            words::group(from),
            words::group(&mine),
            words::group(to),
            words::group(&its)
        ))
        .way(format!("move the whole process {}", facts.task.tgid), vec![whole]))
}

/// The domain of a group: itself, or the nearest group above that is not threaded.
fn domain(draft: &Draft<'_>, place: &Place) -> Place {
    let threaded =
        |place: &Place| draft.world.survey.group(place).and_then(|f| f.text("cgroup.type")) == Some("threaded");
    std::iter::successors(Some(place.clone()), Place::parent)
        .find(|place| !threaded(place))
        .unwrap_or_else(|| place.clone())
}

/// Warnings, and what must be asked.
fn consequences(draft: &mut Draft<'_>, facts: &TaskFacts, from: &Place, to: &Place, scope: Scope) {
    let survey = draft.survey;
    let process = facts.task.tgid;
    let name = words::task(survey, process);
    let alive = living(survey, facts);
    let threads = alive.len();
    match scope {
        Scope::Process if threads > 1 => {
            let mut places: Vec<&Place> = alive.iter().filter_map(|f| f.groups.get(&to.hierarchy)).collect();
            places.sort();
            places.dedup();
            if places.len() > 1 {
                let names: Vec<String> = places.iter().map(|place| words::group(place)).collect();
                draft.warn(format!(
                    "The threads of {name} are in {}; all {threads} go to {}.",
                    words::list(&names),
                    words::group(to)
                ));
            } else {
                draft.warn(format!("All {threads} threads of {name} move."));
            }
        }
        Scope::Thread if threads > 1 => {
            let stay = if threads == 2 { "the other stays where it is" } else { "the others stay where they are" };
            draft.warn(format!("One thread of {threads} of process {name} moves; {stay}."));
        }
        _ => {}
    }
    if scope == Scope::Process && survey.tasks.get(&process).is_some_and(has_ended) {
        let others = if threads == 1 { "its other thread moves" } else { "its other threads move" };
        draft.warn(format!("The main thread of {name} has ended; {others}."));
    }
    let own = tasks::is_own(survey, facts.task.key.tid);
    if tasks::is_guarded(survey, process) {
        draft.warn(match process {
            1 => "Process 1 starts and keeps every other process of this host.".to_owned(),
            _ if process == survey.host.pid => {
                format!("This is cgrove itself: from then on it runs under the rules of {}.", words::group(to))
            }
            _ => format!("{name} is one that cgrove itself runs under: its terminal or an ancestor."),
        });
        draft.ask(Confirm::Foreign);
    }
    if facts.task.kernel {
        draft.warn(format!("{name} is a thread of the kernel itself."));
        draft.ask(Confirm::Foreign);
    }
    if !own && !draft.is_ours(from) {
        draft.ask(Confirm::Foreign);
    }
    if target::held_by(draft, to).is_some() {
        draft.warn(format!("{} is held: {name} stops there until it is resumed.", words::group(to)));
    }
}

/// A pids limit does not refuse a move.
fn crowd(draft: &mut Draft<'_>, to: &Place) {
    let number = |file| std::str::from_utf8(&draft.world.read(to, file)?).ok()?.parse::<usize>().ok();
    if let (Some(max), Some(now)) = (number("pids.max"), number("pids.current"))
        && now + draft.steps.len() > max
    {
        draft.warn(format!(
            "{} then holds more tasks than its pids.max of {max}: moves may exceed it, but no task there can fork.",
            words::group(to)
        ));
    }
}
