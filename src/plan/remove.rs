//! Removing an empty group, or teaching what stands in the way.
use crate::model::bytes::escape;
use crate::model::hierarchy::Version;
use crate::model::id::{TaskKey, Tid};
use crate::model::place::Place;

use super::draft::Draft;
use super::intent::{Intent, Scope};
use super::refusal::Refusal;
use super::rules::{knobs, tasks};
use super::step::{Plan, Step};
use super::survey::Survey;
use super::words;

/// The plan to remove the group at `place`.
///
/// # Errors
/// A refusal: it is the top, it holds tasks or groups (with the ways to empty it), no right to remove it.
pub fn plan(survey: &Survey, place: &Place) -> Result<Plan, Refusal> {
    let mut draft = Draft::new(survey, format!("remove {}", words::group(place)))?;
    let Some(facts) = survey.group(place) else { return Err(draft.gone(place)) };
    let Some(parent) = place.parent() else {
        return Err(draft
            .refuse("The top group is the hierarchy itself; it goes only when the hierarchy is unmounted. (EBUSY)"));
    };
    draft.may_change(&parent)?;
    let inside = tasks::in_group(survey, place);
    if !facts.children.is_empty() || !inside.is_empty() {
        return Err(in_the_way(&draft, place, &parent));
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
    let knobs = knobs::of(&draft.world, place);
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

fn in_the_way(draft: &Draft<'_>, place: &Place, parent: &Place) -> Refusal {
    let survey = draft.survey;
    let groups: Vec<&Place> = tasks::subtree(survey, place).collect();
    let all: Vec<(Tid, &Place)> = groups
        .iter()
        .flat_map(|&group| tasks::in_group(survey, group).into_iter().map(move |tid| (tid, group)))
        .collect();
    let children: Vec<String> =
        survey.group(place).map_or(Vec::new(), |f| f.children.iter().map(|name| escape(name)).collect());
    let tids: Vec<Tid> = all.iter().map(|(tid, _)| *tid).collect();
    let name = words::group(place);
    let has_tasks = format!("{} ({})", words::count(tids.len(), "task"), words::tasks(survey, &tids));
    let has = match (children.len(), tids.len()) {
        (0, _) => has_tasks,
        (n, 0) => format!("{} child group{} ({})", n, if n == 1 { "" } else { "s" }, words::list(&children)),
        (n, _) => {
            format!("{} child group{} ({}) with {has_tasks}", n, if n == 1 { "" } else { "s" }, words::list(&children))
        }
    };
    let mut refusal =
        draft.refuse(format!("rmdir needs a group without tasks and without child groups. {name} has {has}. (EBUSY)"));
    // Children first: the kernel removes only empty groups.
    let removals: Vec<Intent> = groups.iter().rev().map(|&group| Intent::Remove { group: group.clone() }).collect();
    let whole = if removals.len() == 1 { name.clone() } else { format!("all {}", removals.len()) };
    if tids.is_empty() {
        return refusal.way(format!("remove {whole}, the lowest first"), removals);
    }
    // v2: a group that hands controllers down holds no processes; the top may.
    let parent_may = parent.is_top()
        || draft.world.version(parent) == Version::V1
        || survey.group(parent).is_some_and(|facts| facts.words("cgroup.subtree_control").next().is_none());
    let to = if parent_may { parent.clone() } else { Place::top(parent.hierarchy) };
    let mut intents = moves(survey, &groups, &to);
    intents.extend(removals.iter().cloned());
    refusal = refusal.way(format!("remove {whole}, the tasks go to {}", words::group(&to)), intents);
    if tids.iter().all(|&tid| tasks::is_own(survey, tid)) {
        let pids = tasks::processes(survey, &tids);
        let processes: Vec<TaskKey> = pids.iter().filter_map(|&pid| tasks::process_key(survey, pid)).collect();
        if processes.len() == pids.len() {
            let mut intents = vec![Intent::Stop { processes }];
            intents.extend(removals);
            refusal =
                refusal.way(format!("remove {whole} and end the {}", words::count(pids.len(), "workload")), intents);
        }
    }
    refusal
}

fn moves(survey: &Survey, groups: &[&Place], to: &Place) -> Vec<Intent> {
    let of = |group: &&Place| {
        let pids = tasks::processes(survey, &tasks::in_group(survey, group));
        let keys: Vec<TaskKey> = pids.iter().filter_map(|&pid| tasks::process_key(survey, pid)).collect();
        (!keys.is_empty()).then(|| Intent::Move { tasks: keys, to: to.clone(), scope: Scope::Process })
    };
    groups.iter().filter_map(of).collect()
}
