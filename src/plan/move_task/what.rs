//! What a move is about: in words, and task by task.
use crate::model::id::TaskKey;
use crate::model::place::Place;
use crate::plan::intent::Scope;
use crate::plan::rules::tasks;
use crate::plan::survey::{Survey, TaskFacts};

/// The task that is written for it.
pub(super) fn leader(facts: &TaskFacts, scope: Scope) -> TaskKey {
    match scope {
        Scope::Thread => facts.task.key,
        Scope::Process => {
            facts.threads.iter().find(|key| key.tid == facts.task.tgid).copied().unwrap_or(facts.task.key)
        }
    }
}

/// The threads of its process that have not ended. A main thread that has is in no group any more, whatever the kernel prints
/// for it.
pub(super) fn living<'a>(survey: &'a Survey, facts: &'a TaskFacts) -> Vec<&'a TaskFacts> {
    facts.threads.iter().filter_map(|&key| tasks::alive(survey, key)).filter(|facts| !has_ended(facts)).collect()
}

/// Whether it is a zombie, or less.
pub(super) fn has_ended(facts: &TaskFacts) -> bool {
    matches!(facts.task.state, 'Z' | 'X')
}

/// The tasks that move with this one.
pub(super) fn moving<'a>(survey: &'a Survey, facts: &'a TaskFacts, scope: Scope) -> Vec<&'a TaskFacts> {
    match scope {
        Scope::Thread => vec![facts],
        Scope::Process => {
            let threads = living(survey, facts);
            if threads.is_empty() { vec![facts] } else { threads }
        }
    }
}

/// Where what moves with this task comes from: a group that is not the target, if some of it is in one.
pub(super) fn source<'a>(survey: &'a Survey, facts: &'a TaskFacts, to: &Place, scope: Scope) -> Option<&'a Place> {
    let moving = moving(survey, facts, scope);
    let mut places = moving.iter().filter_map(|facts| facts.groups.get(&to.hierarchy));
    let first = places.clone().next();
    places.find(|place| *place != to).or(first)
}

/// Whether all that moves with this task is there already.
pub(super) fn is_there(survey: &Survey, facts: &TaskFacts, to: &Place, scope: Scope) -> bool {
    moving(survey, facts, scope).iter().all(|f| f.groups.get(&to.hierarchy) == Some(to))
}
