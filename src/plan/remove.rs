//! Removing a group: an empty one, or one with all that is in it and below, which [`recursive`] plans. What stands in the way
//! is told, with the ways out.
use crate::model::bytes::escape;
use crate::model::id::Tid;
use crate::model::place::Place;

use super::draft::Draft;
use super::intent::{Inside, Intent};
use super::refusal::Refusal;
use super::rules::{knobs, signals, tasks};
use super::step::{Plan, Step};
use super::survey::Survey;
use super::words;

mod recursive;

/// The plan to remove the group at `place`.
///
/// # Errors
/// A refusal: it is the top, it holds tasks or groups (with the ways to empty it), no right to remove it.
pub fn plan(survey: &Survey, place: &Place, inside: Inside) -> Result<Plan, Refusal> {
    let mut draft = Draft::new(survey, format!("remove {}", words::group(place)))?;
    let Some(facts) = survey.group(place) else { return Err(draft.gone(place)) };
    let Some(parent) = place.parent() else {
        return Err(draft
            .refuse("The top group is the hierarchy itself; it goes only when the hierarchy is unmounted. (EBUSY)"));
    };
    draft.may_change(&parent)?;
    if !facts.children.is_empty() || !tasks::in_group(survey, place).is_empty() {
        return match inside {
            Inside::Nothing => Err(in_the_way(&draft, place)),
            _ => recursive::plan(draft, place, inside),
        };
    }
    add(&mut draft, place)?;
    draft.ask_if_foreign(place);
    Ok(draft.finish(format!("remove {}", words::group(place))))
}

/// Adds the step, with what undo needs to make the group again.
///
/// # Errors
/// A refusal where `--only` forbids it.
pub(super) fn add(draft: &mut Draft<'_>, place: &Place) -> Result<(), Refusal> {
    let mut knobs = knobs::of(&draft.world, place);
    let own = draft.survey.host.uid;
    if let Some(facts) = draft.world.survey.group(place).filter(|facts| facts.owner != own) {
        // A delegated group: its directory and some of its files are somebody else's.
        knobs.lost.push(format!("its owner (user {}; it will belong to user {own})", facts.owner));
    }
    if !knobs.lost.is_empty() {
        draft.cannot_undo(format!(
            "Undo makes {} again, but cannot restore {}.",
            words::group(place),
            words::list(&knobs.lost)
        ));
    }
    let key = draft.key(place);
    draft.push(Step::RemoveGroup { at: place.clone(), key, settings: knobs.settings })
}

fn in_the_way(draft: &Draft<'_>, place: &Place) -> Refusal {
    let survey = draft.survey;
    let groups: Vec<&Place> = tasks::subtree(survey, place).collect();
    let tids: Vec<Tid> = groups.iter().flat_map(|group| tasks::in_group(survey, group)).collect();
    let children: Vec<String> =
        survey.group(place).map_or(Vec::new(), |f| f.children.iter().map(|name| words::clip(&escape(name))).collect());
    let name = words::group(place);
    let has_tasks = format!("{} ({})", words::count(tids.len(), "task"), words::tasks(survey, &tids));
    let has_groups = format!("{} ({})", words::count(children.len(), "child group"), words::list(&children));
    let has = match (children.len(), tids.len()) {
        (0, _) => has_tasks,
        (_, 0) => has_groups,
        _ => format!("{has_groups} with {has_tasks}"),
    };
    let refusal =
        draft.refuse(format!("rmdir needs a group without tasks and without child groups. {name} has {has}. (EBUSY)"));
    let remove = |inside| vec![Intent::Remove { group: place.clone(), inside }];
    let whole = if groups.len() == 1 { name.clone() } else { format!("all {}", groups.len()) };
    if tids.is_empty() {
        return refusal.way(format!("remove {whole}, the lowest first"), remove(Inside::Move));
    }
    let mut refusal = refusal;
    if let Some(to) = recursive::refuge(draft, place) {
        let tasks = if tids.len() == 1 { "the task goes" } else { "the tasks go" };
        refusal = refusal.way(format!("remove {whole}, {tasks} to {}", words::group(&to)), remove(Inside::Move));
    }
    let pids = tasks::processes(survey, &tids);
    if pids.iter().any(|&pid| signals::never(survey, pid).is_some()) {
        return refusal;
    }
    let own = pids.iter().all(|&pid| tasks::is_own(survey, pid));
    let (verb, noun) = if own { ("end", "workload") } else { ("kill", "process") };
    let what = if pids.len() == 1 { format!("the {noun}") } else { format!("the {}", words::count(pids.len(), noun)) };
    refusal.way(format!("remove {whole} and {verb} {what}"), remove(Inside::Kill))
}
