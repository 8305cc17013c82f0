//! What a move that is being aimed says of itself.
use crate::model::hierarchy::{Hierarchy, Version};
use crate::plan::intent::Scope;
use crate::split::table::Owed;

use super::super::scale::name_of;
use super::super::state::State;
use super::hover::is_on_bar;
use super::probe::{self, Answer};
use super::{Moving, Source, illegal};

/// What would happen now: what moves, as threads or processes, where to. The numbers are the view's to write.
#[derive(Clone, Debug, PartialEq)]
pub struct Said {
    /// "process 4242 (loop) → cg3", or why not.
    pub text: String,
    /// What all that moves is owed, now and there.
    pub owed: Option<(Owed, Owed)>,
    /// It would happen; else the text says why not.
    pub legal: bool,
}

/// What a drop would do now.
#[must_use]
pub fn outcome(state: &State, moving: &Moving) -> Said {
    let arrow = if state.setup.ascii { "->" } else { "→" };
    let no = |text: String| Said { text, owed: None, legal: false };
    let what = moving.what();
    if moving.ended && !what.is_empty() {
        let have = if moving.tasks.len() == 1 { "has" } else { "have" };
        return no(format!("{what} {have} ended meanwhile"));
    }
    let Some(id) = moving.target.and_then(|key| state.snapshot()?.structure.find(key)) else {
        return no(match (&moving.source, what) {
            _ if moving.hover.is_some_and(|hover| is_on_bar(state, hover)) => one_hierarchy(state),
            (Source::Group(_), "") => "a group is never moved, and this one has no tasks".to_owned(),
            _ => format!("{what}: no group is lit"),
        });
    };
    let target = name_of(state, id);
    if moving.target.is_some_and(|target| moving.is_in(target)) && !what.is_empty() {
        return no(format!("{what} is in {target} already"));
    }
    if let Some(why) = illegal(state, moving, id) {
        return no(format!("{what} not {arrow} {target}: {why}"));
    }
    if let (true, Source::Group(group)) = (moving.dragging, &moving.source) {
        let name =
            state.snapshot().and_then(|s| s.structure.find(*group)).map_or_else(String::new, |id| name_of(state, id));
        if what.is_empty() {
            return no(format!("{name} stays: the kernel moves tasks, never a group, and it has none"));
        }
        let owed = moving.preview.as_ref().and_then(|preview| preview.moved);
        return Said { text: format!("{name} stays (EIO); asks: {what} {arrow} {target}"), owed, legal: true };
    }
    let owed = moving.preview.as_ref().and_then(|preview| preview.moved);
    Said { text: format!("{what} {arrow} {target}"), owed, legal: true }
}

/// That nothing moves from one hierarchy into another.
#[must_use]
pub fn one_hierarchy(state: &State) -> String {
    let label = state.shown_hierarchy().map(Hierarchy::label).unwrap_or_default();
    format!("a task is in a group of each hierarchy: a move stays in {label}")
}

/// What the plan of the lit target says: why it refuses and what else could be done, or what to know before.
#[must_use]
pub fn notes(state: &State, moving: &Moving) -> Vec<String> {
    let Some(target) = moving.target else { return Vec::new() };
    match probe::of(moving, target) {
        None => Vec::new(),
        Some(Answer::Warns(warnings)) => warnings.clone(),
        Some(Answer::Unknown(why)) => vec![format!("The move could not be looked at: {why}")],
        Some(Answer::Refused(refusal)) => {
            let or = if moving.dragging { "Let go, or Enter with m, offers: " } else { "Enter offers: " };
            let ways: Vec<String> = refusal.instead.iter().map(|way| way.say.clone()).collect();
            let dash = if state.setup.ascii { "; or " } else { " · " };
            let ways = (!ways.is_empty()).then(|| format!("{or}{}.", ways.join(dash)));
            std::iter::once(refusal.rule.clone()).chain(ways).collect()
        }
    }
}

/// The choices that Tab goes through; the chosen one in marks.
#[must_use]
pub fn choices(state: &State, moving: &Moving) -> String {
    let (open, close) = if state.setup.ascii { ("[", "]") } else { ("‹", "›") };
    let each = moving.choices.iter().map(|choice| {
        if choice.reach == moving.reach { format!("{open}{}{close}", choice.short) } else { choice.short.clone() }
    });
    each.collect::<Vec<_>>().join(" / ")
}

/// Which file of the target is written, once a process or once a thread.
#[must_use]
pub fn file(state: &State, moving: &Moving) -> &'static str {
    match (moving.reach.scope(), state.shown_hierarchy().map(|hierarchy| hierarchy.version)) {
        (Scope::Process, _) => "cgroup.procs: whole processes",
        (Scope::Thread, Some(Version::V2)) => "cgroup.threads: threads alone",
        (Scope::Thread, _) => "tasks: threads alone",
    }
}
