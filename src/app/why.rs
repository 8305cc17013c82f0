//! The panel Why, as paragraphs: the verdict's reason, and what else there is to say of the selected group.
use crate::split::way;

use super::drag;
use super::frame::selected_name;
use super::scale::name_of;
use super::state::State;

/// The paragraphs. Text from the system in them is escaped.
#[must_use]
pub fn paragraphs(state: &State) -> Vec<String> {
    if let Some(moving) = &state.moving {
        let notes = drag::say::notes(state, moving);
        if !notes.is_empty() {
            return notes;
        }
    }
    let Some(snapshot) = state.snapshot() else {
        return vec!["The first sample is on its way.".to_owned()];
    };
    let Some(id) = state.selected() else {
        return vec![match &state.ghost {
            Some(ghost) => {
                let age = state.now.nanos_since(ghost.since) / 1_000_000_000;
                format!("{} has been gone for {age} s; cgrove did not remove it.", ghost.name)
            }
            None => "No group is selected.".to_owned(),
        }];
    };
    let name = selected_name(state);
    let mut out = Vec::new();
    if let Some(errno) = snapshot.structure.group(id).and_then(|group| group.unlisted) {
        out.push(format!("The groups below {name} could not be listed ({errno})."));
    }
    if !state.has_cpu() {
        let label = state.shown_hierarchy().map(crate::model::hierarchy::Hierarchy::label).unwrap_or_default();
        let carrier = snapshot.structure.carrier("cpu").map(crate::model::hierarchy::Hierarchy::label);
        let place = snapshot.structure.place(id).map(|place| place.to_string()).unwrap_or_default();
        out.push(match carrier {
            Some(cpu) => format!(
                "{place} in {label}: this hierarchy does not carry the cpu controller, so nothing is owed here. The \
                 CPU is split in {cpu}."
            ),
            None => format!("{place} in {label}: no hierarchy of this host carries the cpu controller."),
        });
        return out;
    }
    let by_weight = state
        .base()
        .and_then(|base| way::by_weight(&snapshot.structure, &snapshot.groups, id, base, &|id| name_of(state, id)));
    match state.split(id) {
        Some(row) if !row.verdict.because.is_empty() => {
            let by_weight = by_weight.map(|way| format!("By weight: {way}. ")).unwrap_or_default();
            out.push(format!("{by_weight}{}", row.verdict.because));
        }
        Some(_) => out.push(format!("{name}: nothing can be said of it yet.")),
        None => out.push(format!("{name} was not of interest for the last sample; the next one reads it.")),
    }
    out
}
