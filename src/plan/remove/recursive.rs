//! Removing a group with all that is in it and below: first the tasks, then the groups, the lowest first.
//!
//! One plan: confirmed once, done as a whole, undone as one entry. Tasks go to the nearest group above that may hold them
//! ([`refuge`]), also those that fork meanwhile ([`Step::Drain`]); or they are killed, cgrove's own workloads by name, so
//! that undo launches them again, all others by [`Step::KillAll`].
use crate::model::hierarchy::Version;
use crate::model::id::Tid;
use crate::model::place::Place;
use crate::model::task::Policy;

use super::super::draft::Draft;
use super::super::intent::Inside;
use super::super::refusal::Refusal;
use super::super::rules::{real_time, tasks};
use super::super::step::{Confirm, Plan, Step};
use super::super::{kill_all, words};

/// The plan for a group that holds something.
///
/// # Errors
/// A refusal: a group below that may not be removed, tasks that can go nowhere, a process that is never killed.
pub(super) fn plan(mut draft: Draft<'_>, place: &Place, inside: Inside) -> Result<Plan, Refusal> {
    let survey = draft.survey;
    // Parents come first in a subtree: backwards, children do.
    let groups: Vec<&Place> = tasks::subtree(survey, place).collect();
    check_listed(&draft, &groups)?;
    for group in groups.iter().filter_map(|group| group.parent()) {
        draft.may_change(&group)?;
    }
    let tids: Vec<Tid> = groups.iter().flat_map(|group| tasks::in_group(survey, group)).collect();
    let pids = tasks::processes(survey, &tids);
    let name = words::group(place);
    let mut title = if groups.len() > 1 { format!("remove {name} and all below it") } else { format!("remove {name}") };
    let mut killed = 0;
    if !tids.is_empty() {
        if inside == Inside::Kill {
            killed = kill_all::add(&mut draft, place, &pids)?;
        } else {
            let to = relocate(&mut draft, place, &groups, &tids)?;
            title = format!("{title}, the tasks go to {}", words::group(&to));
        }
    }
    let foreign = groups.iter().filter(|group| !draft.is_ours(group)).count();
    for group in groups.iter().rev() {
        super::add(&mut draft, group)?;
    }
    if foreign > 0 {
        draft.ask(Confirm::Foreign);
    }
    draft.ask(Confirm::Enter);
    // What touches much that is not cgrove's must be meant.
    let number = if killed > 0 { killed } else { foreign };
    if killed > 0 || foreign > 1 {
        draft.ask(Confirm::Type(u32::try_from(number).unwrap_or(u32::MAX)));
    }
    let steps = draft.steps.len();
    Ok(draft.finish(format!("{title}: {}", words::count(steps, "step"))))
}

/// The nearest group above that may hold the tasks: on v2 one that hands no controllers down, or the top.
pub(super) fn refuge(draft: &Draft<'_>, place: &Place) -> Option<Place> {
    let may = |above: &Place| {
        let Some(facts) = draft.survey.group(above) else { return false };
        above.is_top()
            || draft.world.version(above) == Version::V1
            || (facts.words("cgroup.subtree_control").next().is_none()
                && facts.text("cgroup.type") != Some("domain invalid"))
    };
    std::iter::successors(place.parent(), Place::parent).find(may)
}

/// What is not known to be empty is not removed with the rest.
fn check_listed(draft: &Draft<'_>, groups: &[&Place]) -> Result<(), Refusal> {
    for group in groups {
        let Some(facts) = draft.survey.group(group) else { continue };
        if facts.tasks.value().is_none() && facts.processes.value().is_none() {
            return Err(draft.refuse(format!("Which tasks are in {group} cannot be read.")));
        }
    }
    Ok(())
}

fn relocate(draft: &mut Draft<'_>, place: &Place, groups: &[&Place], tids: &[Tid]) -> Result<Place, Refusal> {
    let survey = draft.survey;
    let Some(to) = refuge(draft, place) else {
        return Err(draft.refuse(format!("No group above {} may hold its tasks.", words::group(place))));
    };
    for &tid in tids {
        let Some(facts) = survey.tasks.get(&tid) else { continue };
        if facts.task.bound || (tid == 2 && facts.task.kernel) {
            return Err(
                draft.refuse(format!("{} is a kernel thread that never moves. (EINVAL)", words::task(survey, tid)))
            );
        }
        if matches!(facts.task.policy, Policy::Fifo | Policy::RoundRobin) && real_time::is_without(draft, &to) {
            let (say, first) = real_time::give(draft, &to);
            let rule = format!(
                "{} is a real-time task, and {} has no time for such tasks (cpu.rt_runtime_us 0). (EINVAL)",
                words::task(survey, tid),
                words::group(&to)
            );
            return Err(draft.refuse(rule).first(say, first));
        }
    }
    if tids.iter().any(|&tid| !tasks::is_own(survey, tid)) && groups.iter().any(|group| !draft.is_ours(group)) {
        draft.ask(Confirm::Foreign);
    }
    for group in groups.iter().rev().filter(|group| !tasks::in_group(survey, group).is_empty()) {
        draft.push(Step::Drain { from: (*group).clone(), to: to.clone() })?;
    }
    draft.warn(format!(
        "{} ({}) then {} in {}, beside what is there.",
        words::count(tids.len(), "task"),
        words::tasks(survey, tids),
        if tids.len() == 1 { "competes" } else { "compete" },
        words::group(&to)
    ));
    Ok(to)
}
