//! Affinity, nice value and policy of tasks: one thread, or whole processes. Which of the two is always said.
use crate::model::cpu_set::CpuSet;
use crate::model::id::{TaskKey, Tid};
use crate::model::scheduling::{Attribute, NICE_MAX, NICE_MIN, PRIORITY_MAX};
use crate::model::task::Policy;

use super::draft::Draft;
use super::intent::{Intent, Scope};
use super::refusal::Refusal;
use super::rules::{real_time, scheduling, signals, tasks};
use super::step::{Confirm, Plan, Step};
use super::survey::{Survey, TaskFacts};
use super::words;

/// The plan to set `to`, in this order.
///
/// # Errors
/// A refusal: a task that ended or has no such thing, CPUs that its cpuset has not, a group without real-time budget, a value
/// that the kernel does not know, nothing to change.
pub fn plan(survey: &Survey, keys: &[TaskKey], scope: Scope, to: &[Attribute]) -> Result<Plan, Refusal> {
    let asked = to.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
    let mut draft = Draft::new(survey, format!("set {asked} of {}", words::subject(survey, keys, scope)))?;
    for attribute in to {
        check_value(&draft, attribute)?;
    }
    let mut seen = Vec::new();
    let mut ended = Vec::new();
    let mut already: Vec<String> = Vec::new();
    for &key in keys {
        let Some(facts) = tasks::alive(survey, key) else {
            ended.push(key.tid);
            continue;
        };
        let subject = if scope == Scope::Process { facts.task.tgid } else { key.tid };
        if seen.contains(&subject) {
            continue;
        }
        seen.push(subject);
        let task = if scope == Scope::Process { tasks::process_key(survey, subject).unwrap_or(key) } else { key };
        for attribute in to {
            if let Some(stands) = one(&mut draft, keys, task, facts, scope, attribute, to)?
                && !already.contains(&stands.to_string())
            {
                already.push(stands.to_string());
            }
        }
    }
    if seen.is_empty() {
        return Err(draft.refuse(match ended.as_slice() {
            [tid] => format!("Task {tid} ended, or its number belongs to another task now. (ESRCH)"),
            all => format!("All {} tasks have ended meanwhile. (ESRCH)", all.len()),
        }));
    }
    if draft.steps.is_empty() {
        let what = words::subject(survey, keys, scope);
        let has = if seen.len() == 1 { "has" } else { "have" };
        let mut rule = format!("{what} {has} {} already.", already.join(", "));
        for warning in draft.finish("").warnings {
            rule = format!("{rule} {warning}");
        }
        return Err(Refusal::new("nothing to do", rule));
    }
    if !ended.is_empty() {
        let numbers: Vec<String> = ended.iter().map(ToString::to_string).collect();
        draft.warn(format!("{} ended meanwhile.", words::list(&numbers)));
    }
    let foreign = seen.iter().filter(|&&tid| !tasks::is_own(survey, tid)).count();
    if foreign > 0 {
        draft.ask(Confirm::Foreign);
    }
    if foreign > 1 {
        draft.ask(Confirm::Type(u32::try_from(foreign).unwrap_or(u32::MAX)));
    }
    Ok(draft.finish(format!("set {asked} of {}", words::subject(survey, keys, scope))))
}

fn check_value(draft: &Draft<'_>, to: &Attribute) -> Result<(), Refusal> {
    let rule = match to {
        Attribute::Cpus(cpus) if cpus.is_empty() => {
            "A task runs on one CPU at least: the list is empty. (EINVAL)".to_owned()
        }
        Attribute::Nice(nice) if !(NICE_MIN..=NICE_MAX).contains(nice) => {
            format!("Nice values go from {NICE_MIN} (most weight) to {NICE_MAX} (least).")
        }
        Attribute::Policy { policy: Policy::Deadline | Policy::Unknown(_), .. } => {
            "cgrove shows tasks of this policy and makes none: it takes a promise of runtime and deadline.".to_owned()
        }
        Attribute::Policy { policy, priority } if policy.is_real_time() && !(1..=PRIORITY_MAX).contains(priority) => {
            format!("{policy} takes a priority from 1 to {PRIORITY_MAX} (the highest). (EINVAL)")
        }
        Attribute::Policy { policy, priority } if !policy.is_real_time() && *priority != 0 => {
            format!("{policy} has no priority: only FIFO and RR have one. (EINVAL)")
        }
        _ => return Ok(()),
    };
    Err(draft.refuse(rule))
}

/// The step for one attribute of one task; or the value that it has, where that is what the kernel would store.
fn one(
    draft: &mut Draft<'_>,
    keys: &[TaskKey],
    task: TaskKey,
    facts: &TaskFacts,
    scope: Scope,
    to: &Attribute,
    whole: &[Attribute],
) -> Result<Option<Attribute>, Refusal> {
    let survey = draft.survey;
    let threads = threads(survey, facts, scope);
    let has: Vec<Option<Attribute>> = threads.iter().map(|facts| to.of(&facts.task)).collect();
    check_kind(draft, facts, scope, to)?;
    check_owner(draft, facts)?;
    let stored = match to {
        Attribute::Cpus(cpus) => Attribute::Cpus(check_cpus(draft, keys, task.tid, scope, cpus, whole)?),
        Attribute::Policy { policy, .. } if policy.is_real_time() => {
            check_budget(draft, &threads)?;
            to.clone()
        }
        _ => to.clone(),
    };
    if has.iter().all(|has| has.as_ref() == Some(&stored)) {
        return Ok(Some(stored));
    }
    consequences(draft, facts, &threads, scope, to);
    let prior = has.first().cloned().flatten().filter(|first| has.iter().all(|has| has.as_ref() == Some(first)));
    draft.push(Step::Schedule { task, scope, to: to.clone(), prior })?;
    Ok(None)
}

/// The threads that are meant, as far as they were surveyed.
fn threads<'a>(survey: &'a Survey, facts: &'a TaskFacts, scope: Scope) -> Vec<&'a TaskFacts> {
    let all: Vec<&TaskFacts> = match scope {
        Scope::Thread => Vec::new(),
        Scope::Process => facts.threads.iter().filter_map(|&key| tasks::alive(survey, key)).collect(),
    };
    if all.is_empty() { vec![facts] } else { all }
}

fn check_kind(draft: &Draft<'_>, facts: &TaskFacts, scope: Scope, to: &Attribute) -> Result<(), Refusal> {
    let task = &facts.task;
    let name = words::task(draft.survey, task.key.tid);
    let rule = if matches!(task.state, 'Z' | 'X') && (scope == Scope::Thread || facts.threads.len() <= 1) {
        format!("{name} is a zombie: it has ended and runs no more.")
    } else if task.policy == Policy::Deadline {
        format!("{name} is a DEADLINE task: what was promised to it is its own affair, and cgrove only shows it.")
    } else if task.bound && matches!(to, Attribute::Cpus(_)) {
        format!("{name} is a kernel thread bound to its CPU; the kernel never moves it. (EINVAL)")
    } else {
        return Ok(());
    };
    Err(draft.refuse(rule))
}

fn check_owner(draft: &Draft<'_>, facts: &TaskFacts) -> Result<(), Refusal> {
    let (survey, task) = (draft.survey, &facts.task);
    if scheduling::may_schedule_all(survey) || [task.uid, task.saved_uid].contains(&survey.host.uid) {
        return Ok(());
    }
    Err(draft.refuse(format!(
        "{} belongs to user {}, and this is user {}: only its owner, or CAP_SYS_NICE, changes how it is scheduled. (EPERM)",
        words::task(survey, task.key.tid),
        task.uid,
        survey.host.uid
    )))
}

/// The CPUs that the kernel keeps of those that are asked.
fn check_cpus(
    draft: &mut Draft<'_>,
    keys: &[TaskKey],
    tid: Tid,
    scope: Scope,
    asked: &CpuSet,
    whole: &[Attribute],
) -> Result<CpuSet, Refusal> {
    let survey = draft.survey;
    let (allowed, cpuset) = scheduling::allowed(survey, tid);
    let whose = cpuset.map_or_else(|| "this host".to_owned(), |place| format!("its cpuset {}", words::group(place)));
    let kept = asked.intersection(&allowed);
    if kept.is_empty() {
        let instead = |attribute: &Attribute| match attribute {
            Attribute::Cpus(_) => Attribute::Cpus(allowed.clone()),
            other => other.clone(),
        };
        let to = whole.iter().map(instead).collect();
        return Err(draft
            .refuse(format!(
                "{} may run on the CPUs {allowed} ({whose} has no others), and {asked} has none of them. (EINVAL)",
                words::task(survey, tid)
            ))
            .way(format!("set CPUs {allowed}"), vec![Intent::Schedule { tasks: keys.to_vec(), scope, to }]));
    }
    if kept != *asked {
        draft.warn(format!(
            "Asked {asked}, the kernel keeps {kept} for {}: {whose} has {allowed}. It remembers the rest, for when the task \
             comes where those are allowed.",
            words::task(survey, tid)
        ));
    }
    Ok(kept)
}

/// v1 with `CONFIG_RT_GROUP_SCHED`: in a group without budget no task becomes a real-time one.
fn check_budget(draft: &Draft<'_>, threads: &[&TaskFacts]) -> Result<(), Refusal> {
    let survey = draft.survey;
    for facts in threads {
        let Some(place) = scheduling::cpu_group(survey, facts.task.key.tid) else { continue };
        if real_time::is_without(draft, place) {
            let (say, first) = real_time::give(draft, place);
            return Err(draft
                .refuse(format!(
                    "{} is in {}, which has no time for real-time tasks (cpu.rt_runtime_us 0). (EPERM)",
                    words::task(survey, facts.task.key.tid),
                    words::group(place)
                ))
                .first(say, first));
        }
    }
    Ok(())
}

/// What to know before, and what undo may not be allowed to do.
fn consequences(draft: &mut Draft<'_>, facts: &TaskFacts, threads: &[&TaskFacts], scope: Scope, to: &Attribute) {
    let survey = draft.survey;
    let (task, process) = (&facts.task, facts.task.tgid);
    let name = words::task(survey, process);
    let free = scheduling::may_schedule_all(survey);
    match (scope, facts.threads.len()) {
        (_, 0 | 1) => {}
        (Scope::Process, n) => draft.warn(format!("All {n} threads of {name} are set.")),
        (Scope::Thread, n) => draft.warn(format!("One thread of {n} is set; the others of {name} stay as they are.")),
    }
    if let Some(why) = signals::never(survey, process) {
        draft.warn(format!("{name}: {why}."));
        draft.ask(Confirm::Foreign);
    }
    match to {
        Attribute::Nice(nice) => {
            if task.policy != Policy::Other && task.policy != Policy::Batch {
                draft.warn(format!("{name} is {}: its nice value counts only under OTHER and BATCH.", task.policy));
            }
            let in_root = scheduling::cpu_group(survey, task.key.tid).is_none_or(crate::model::place::Place::is_top);
            if survey.host.autogroup && in_root {
                draft.warn(format!(
                    "{name} is in the top group, where autogroup is on: nice counts only among the tasks of its session."
                ));
            }
            let lowers = threads.iter().any(|facts| facts.task.nice > *nice);
            let raises = threads.iter().any(|facts| facts.task.nice < *nice);
            if !free && lowers {
                draft.warn(format!(
                    "To lower a nice value takes CAP_SYS_NICE, or an RLIMIT_NICE of {}. (EACCES)",
                    20 - i32::from(*nice)
                ));
            }
            if !free && raises {
                draft.cannot_undo(format!("nice of {name}: to lower it again takes CAP_SYS_NICE or RLIMIT_NICE."));
            }
        }
        Attribute::Policy { policy, .. } if policy.is_real_time() => {
            draft.warn(format!(
                "While {name} wants the CPU, no ordinary task runs there, but for what the kernel keeps for them: its \
                 group's cpu.rt_runtime_us, or 50 ms of every second."
            ));
            if !free {
                draft.warn("Real-time policies take CAP_SYS_NICE or RLIMIT_RTPRIO. (EPERM)".to_owned());
            }
        }
        Attribute::Policy { policy: Policy::Idle, .. } if !free => {
            draft.cannot_undo(format!("policy IDLE of {name}: to leave it takes CAP_SYS_NICE or RLIMIT_NICE."));
        }
        Attribute::Policy { .. } if !free && task.policy.is_real_time() => {
            draft.cannot_undo(format!("policy {} of {name}: to have it again takes CAP_SYS_NICE.", task.policy));
        }
        _ => {}
    }
}
