//! Killing every process in a group and below it, also those that fork meanwhile.
//!
//! cgrove's own workloads are ended by name, so that undo launches them again, all others by [`Step::KillAll`].
use crate::model::hierarchy::Version;
use crate::model::id::{Pid, Tid};
use crate::model::place::Place;

use super::draft::Draft;
use super::intent::{Intent, Recipients};
use super::refusal::Refusal;
use super::rules::{signals, tasks};
use super::step::{Confirm, Plan, Signal, Step};
use super::survey::{Survey, TaskFacts};
use super::{stop, words};

/// The plan for the group at `place`.
///
/// # Errors
/// A refusal: nobody in it, a process that is never killed, a threaded group.
pub fn plan(survey: &Survey, place: &Place) -> Result<Plan, Refusal> {
    let name = words::group(place);
    let mut draft = Draft::new(survey, format!("kill all processes of {name}"))?;
    if survey.group(place).is_none() {
        return Err(draft.gone(place));
    }
    check_domain(&draft, place)?;
    let tids: Vec<Tid> = tasks::subtree(survey, place).flat_map(|group| tasks::in_group(survey, group)).collect();
    let pids = tasks::processes(survey, &tids);
    if pids.is_empty() {
        return Err(Refusal::new("nothing to do", format!("There is no process in {name} or below.")));
    }
    let below = tasks::subtree(survey, place).count() > 1;
    let killed = add(&mut draft, place, &pids)?;
    draft.ask(Confirm::Enter);
    if killed > 0 {
        draft.ask(Confirm::Type(u32::try_from(killed).unwrap_or(u32::MAX)));
    }
    let what = if below { format!("{name} and below") } else { name };
    Ok(draft.finish(format!("kill all in {what}: {}", words::count(pids.len(), "process"))))
}

/// v2: only a domain is killed as a whole.
fn check_domain(draft: &Draft<'_>, place: &Place) -> Result<(), Refusal> {
    let kind = |place: &Place| draft.survey.group(place).and_then(|facts| facts.text("cgroup.type"));
    if kind(place) != Some("threaded") {
        return Ok(());
    }
    let name = words::group(place);
    let domain = std::iter::successors(place.parent(), Place::parent).find(|above| kind(above) != Some("threaded"));
    let mut refusal = draft.refuse(format!(
        "{name} is threaded: it holds threads, and cgroup.kill ends whole processes, so the kernel takes it only in the \
         domain of a threaded subtree. (EOPNOTSUPP)"
    ));
    let to = Recipients::Group { group: place.clone(), below: true };
    refusal = refusal.way(
        format!("send SIGKILL to each process that has a thread in {name} or below"),
        vec![Intent::Signal { to, signal: Signal::Kill, pending: false }],
    );
    if let Some(domain) = domain.filter(|domain| !domain.is_top()) {
        let say = format!("kill all in its domain {}", words::group(&domain));
        refusal = refusal.way(say, vec![Intent::KillAll { group: domain }]);
    }
    Err(refusal)
}

/// Adds the steps that end every process of `pids`, which are in the group at `place` or below; how many of them are not
/// cgrove's own.
///
/// # Errors
/// A refusal: a process that is never killed, or `--only`.
pub(super) fn add(draft: &mut Draft<'_>, place: &Place, pids: &[Pid]) -> Result<usize, Refusal> {
    let survey = draft.survey;
    if let Some((pid, why)) = pids.iter().find_map(|&pid| Some((pid, signals::never(survey, pid)?))) {
        return Err(draft.refuse(format!("Process {} is inside, and {why}.", words::task(survey, pid))));
    }
    let workload = |pid: Pid| survey.workloads.iter().find(|w| w.process.tid == pid);
    for workload in pids.iter().filter_map(|&pid| workload(pid)) {
        stop::end(draft, workload)?;
    }
    let others: Vec<Pid> = pids.iter().copied().filter(|&pid| workload(pid).is_none()).collect();
    if !others.is_empty() {
        outside(draft, place, &others);
        permission(draft, place, &others);
        let are = if others.len() == 1 { "is" } else { "are" };
        draft.cannot_undo(format!("{} {are} killed.", words::tasks(survey, &others)));
        if others.iter().any(|&pid| !tasks::is_own(survey, pid)) {
            draft.ask(Confirm::Foreign);
        }
        let key = draft.key(place);
        draft.push(Step::KillAll { at: place.clone(), key })?;
    }
    Ok(others.len())
}

/// A process is killed as a whole, also where some of its threads are elsewhere.
fn outside(draft: &mut Draft<'_>, place: &Place, pids: &[Pid]) {
    let survey = draft.survey;
    for &pid in pids {
        let Some(facts) = survey.tasks.get(&pid) else { continue };
        let is_outside =
            |facts: &TaskFacts| facts.groups.get(&place.hierarchy).is_some_and(|group| !group.is_within(place));
        let count = facts.threads.iter().filter_map(|&key| tasks::alive(survey, key)).filter(|f| is_outside(f)).count();
        if count > 0 {
            draft.warn(format!(
                "{} of {} {} in other groups, and end with it.",
                words::count(count, "thread"),
                words::task(survey, pid),
                if count == 1 { "is" } else { "are" }
            ));
        }
    }
}

/// `cgroup.kill` asks nobody whose processes they are.
fn permission(draft: &mut Draft<'_>, place: &Place, pids: &[Pid]) {
    let survey = draft.survey;
    if draft.world.version(place) == Version::V1 || !draft.world.has(place, "cgroup.kill") {
        return;
    }
    let mut users: Vec<u32> = pids.iter().filter_map(|pid| Some(survey.tasks.get(pid)?.task.uid)).collect();
    users.sort_unstable();
    users.dedup();
    let users: Vec<String> = users.iter().map(ToString::to_string).collect();
    draft.warn(format!(
        "cgroup.kill obeys only the permission of its file: it ends every process in there and below, whoever owns it \
         (user {}), also frozen ones and those that fork meanwhile.",
        words::list(&users)
    ));
}
