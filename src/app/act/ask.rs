//! What begins a change, or asks what to change: prompts, intents, the receipt.
use super::super::change::{self, Ask, begin};
use super::super::command::{Command, Leave};
use super::super::dialog::Dialog;
use super::super::dialog::controllers::Controllers;
use super::super::dialog::leave::{self, Receipt};
use super::super::prompt::{self, Kind, Prompt, weight_intent};
use super::super::state::State;
use super::super::weight;
use crate::model::bytes;
use crate::model::hierarchy::Version;
use crate::model::id::GroupId;
use crate::model::place::Place;
use crate::plan::intent::{Intent, Target};
use crate::plan::journal::Journal;
use crate::plan::script::script;
use crate::split::table::Enough;

pub(super) fn ask_new(state: &mut State, sibling: bool) {
    let Some(place) = state.selected_place() else { return };
    let parent = match prompt::stage_to_make(state) {
        // Where the stage is still to be made, a group of the top is meant to be in it.
        Some(stage) if !sibling && place == Place::top(stage.hierarchy) => Some(stage.clone()),
        _ if sibling => place.parent(),
        _ => Some(place),
    };
    if let Some(parent) = parent {
        state.prompt = Some(Prompt::new(Kind::New { parent }, ""));
    }
}

pub(super) fn ask_rename(state: &mut State) {
    let Some(group) = state.selected_place() else { return };
    let name = bytes::escape(group.name());
    state.prompt = Some(Prompt::replacing(Kind::Rename { group }, &name));
}

pub(super) fn ask_cap(state: &mut State) {
    let Some((id, group)) = state.selected().zip(state.selected_place()) else { return };
    let quota = state.values(id).and_then(|values| values.quota.get());
    let text = quota.and_then(|quota| quota.cpus()).map(|cpus| cpus.to_string()).unwrap_or_default();
    let period_us = quota.map_or(100_000, |quota| quota.period_us);
    state.prompt = Some(Prompt::replacing(Kind::Cap { group, period_us }, &text));
}

pub(super) fn ask_controllers(state: &mut State) {
    state.dialog = Controllers::open(state).map(Dialog::Controllers);
}

pub(super) fn step_weight(state: &mut State, up: bool) -> Vec<Command> {
    let Some(id) = state.selected() else { return Vec::new() };
    let Some((place, weight)) = state.selected_place().zip(state.weight(id)) else { return Vec::new() };
    let version = state.shown_hierarchy().map_or(Version::V1, |h| h.version);
    let next = weight::step(weight, up, version);
    if next == weight {
        state.say(format!("{weight} is as far as the kernel goes"));
        return Vec::new();
    }
    let intent = weight_intent(state, &place, next);
    begin(state, intent, Ask::AsPlanned)
}

/// The tagged groups, else the selected one.
pub(super) fn chosen_places(state: &State) -> Vec<Place> {
    let Some(snapshot) = state.snapshot() else { return Vec::new() };
    let tagged = state.tagged();
    if tagged.is_empty() {
        state.selected_place().into_iter().collect()
    } else {
        tagged.into_iter().filter_map(|id| snapshot.structure.place(id)).collect()
    }
}

/// Whether a group is held: frozen, or its workloads stopped.
#[must_use]
pub fn is_held(state: &State, id: GroupId) -> bool {
    state.split(id).is_some_and(|row| row.verdict.enough == Enough::Held)
        || state.values(id).and_then(|values| values.frozen.get()) == Some(true)
}

pub(super) fn hold(state: &mut State) -> Vec<Command> {
    if let Some(key) = state.selected_task() {
        let Some(task) = state.snapshot().and_then(|s| s.tasks.get(key)) else { return Vec::new() };
        let Some(workload) = state.workloads.iter().find(|w| w.process.tid == task.tgid) else {
            state.say("f holds a single task only of cgrove's own: x, STOP does it; Esc, then f holds the group");
            return Vec::new();
        };
        let target = Target::Workloads(vec![workload.process]);
        let intent = if task.state == 'T' { Intent::Resume { target } } else { Intent::Hold { target } };
        return begin(state, intent, Ask::AsPlanned);
    }
    let Some((id, place)) = state.selected().zip(state.selected_place()) else { return Vec::new() };
    let target = Target::Group(place);
    let intent = if is_held(state, id) { Intent::Resume { target } } else { Intent::Hold { target } };
    begin(state, intent, Ask::AsPlanned)
}

pub(super) fn leave(state: &mut State) -> Vec<Command> {
    if leave::nothing_to_tell(state) {
        return vec![Command::Quit(Leave::Keep)];
    }
    if matches!(state.flight.as_ref().map(|flight| flight.phase), Some(change::Phase::Asking)) {
        change::abandon(state);
    }
    state.dialog = Some(Dialog::Leave(Receipt::default()));
    Vec::new()
}

/// Has the visit so far written as a shell script.
pub(super) fn write_script(state: &State) -> Command {
    let pid = state.snapshot().map(|snapshot| snapshot.host.pid);
    let journal = Journal {
        pid,
        time_ms: state.journal.first().map_or(0, |entry| entry.time_ms),
        entries: state.journal.to_vec(),
        ..Journal::default()
    };
    let text = script(&journal, &|ms| state.wall.clock(ms));
    Command::Keep { name: format!("cgrove-visit-{}.sh", pid.unwrap_or(0)), text }
}
