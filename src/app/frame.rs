//! A new frame: stored, or held back while the screen is paused; the selection follows identities.
use crate::model::bytes::escape;
use crate::model::id::GroupKey;
use crate::model::structure::Structure;

use super::scale::{Scale, name_of};
use super::state::{Shown, State};
use super::tree::{self, Flat, Ghost};
use super::{kept, others};

/// How long the row of a selected group that vanished stays: five seconds, in nanoseconds.
const GHOST: u64 = 5_000_000_000;

/// Takes in a frame.
pub fn take(state: &mut State, shown: Shown) {
    state.now = state.now.max(shown.received);
    for notice in &shown.snapshot.notices {
        if !state.said.contains(notice) {
            state.said.insert(notice.clone());
            state.say(notice.0.clone());
        }
    }
    // Also behind a screen that is paused: what others do is told with the time at which it was done.
    kept::look(state, &shown.snapshot);
    others::look(state, &shown.snapshot);
    if state.paused.is_some() && state.shown.is_some() {
        state.held_back = Some(shown);
        return;
    }
    show(state, shown);
}

/// Puts a frame on screen.
pub fn show(state: &mut State, shown: Shown) {
    state.dirty = true;
    let before = state.shown.replace(shown);
    let Some(now) = state.shown.clone() else { return };
    if let Some(before) = &before {
        state.files.changed = super::files::changes(&before.snapshot, &now.snapshot);
    }
    let structure = &now.snapshot.structure;
    if let Some(before) = &before {
        tree::remember_gone(state, &before.snapshot.structure, structure);
    }
    state.stored.retain(|_, (_, at)| now.snapshot.at <= *at);

    if state.hierarchy.is_none_or(|id| structure.hierarchy(id).is_none()) {
        let wanted = state.setup.hierarchy.filter(|&id| structure.hierarchy(id).is_some());
        let first = wanted.or_else(|| structure.hierarchies.first().map(|h| h.id));
        match first {
            Some(id) => super::act::show_hierarchy(state, id),
            None => state.hierarchy = None,
        }
    }
    if let Some(base) = state.tree.base
        && structure.find(base).is_none()
    {
        state.tree.base = None;
        if state.scale == Scale::Base {
            state.scale = Scale::Contest;
        }
    }
    match state.tree.cursor {
        None => first_selection(state),
        Some(key) if structure.find(key).is_none() => missed(state, key, before.as_ref()),
        Some(key) => {
            if state.ghost.as_ref().is_some_and(|ghost| ghost.row.key == key) {
                state.ghost = None;
            }
        }
    }
    // A stage that was made meanwhile is the base, as it would have been from the start.
    if state.tree.base.is_none()
        && let Some(before) = &before
        && stage_in(state, &before.snapshot.structure).is_none()
    {
        state.tree.base = stage_in(state, structure);
    }
    if let Some((key, _)) = state.select_when_seen
        && state.hierarchy != Some(key.hierarchy)
        && structure.find(key).is_some()
    {
        // A hierarchy that was mounted is shown.
        super::act::show_hierarchy(state, key.hierarchy);
    }
    if let Some((key, _)) = state.select_when_seen
        && tree::select(state, key)
    {
        state.select_when_seen = None;
    }
    state.tree.tags.retain(|&key| structure.find(key).is_some());
    state.tree.folds.retain(|&key| structure.find(key).is_some());
}

/// The stage in a structure, where it is in the hierarchy on screen and not its top.
fn stage_in(state: &State, structure: &Structure) -> Option<GroupKey> {
    let place = state.setup.stage.as_ref()?;
    let place = Some(place).filter(|place| Some(place.hierarchy) == state.hierarchy && !place.is_top())?;
    Some(structure.group(structure.at(place)?)?.key)
}

/// The stage where there is one, else the top.
fn first_selection(state: &mut State) {
    let Some(snapshot) = state.snapshot() else { return };
    let stage_key = stage_in(state, &snapshot.structure);
    let root = state.shown_hierarchy().and_then(|h| h.root);
    let root = root.and_then(|id| state.snapshot()?.structure.group(id)).map(|group| group.key);
    if stage_key.is_some() {
        state.tree.base = stage_key;
    }
    state.tree.cursor = stage_key.or(root);
}

/// The selected group is not there any more. If cgrove removed it, the cursor goes on at once; else its row stays.
fn missed(state: &mut State, key: GroupKey, before: Option<&Shown>) {
    if state.ghost.as_ref().is_some_and(|ghost| ghost.row.key == key) {
        return;
    }
    let Some(before) = before else {
        state.tree.cursor = None;
        return first_selection(state);
    };
    let reached = |h: &crate::model::hierarchy::Hierarchy| h.root.is_some();
    if !state.shown_hierarchy().is_some_and(reached) {
        // Unmounted, not removed.
        state.tree.cursor = None;
        return first_selection(state);
    }
    let old = &before.snapshot.structure;
    let index = state.flat.position(key).unwrap_or(0);
    let row = state.flat.rows.get(index).copied();
    let group = old.find(key).and_then(|id| old.group(id));
    let parent = group.and_then(|group| old.group(group.parent?)).map(|group| group.key);
    let (Some(row), Some(group)) = (row, group) else {
        state.tree.cursor = None;
        return first_selection(state);
    };
    if state.removed.contains(&key) {
        let alive = |key: &GroupKey| state.snapshot().is_some_and(|s| s.structure.find(*key).is_some());
        // The next sibling that is left, else the group above.
        let next = state.flat.rows[index + 1..].iter().take_while(|next| next.depth >= row.depth);
        let next = next.filter(|next| next.depth == row.depth).map(|next| next.key).find(alive);
        state.tree.cursor = next.or(parent.filter(alive));
        if state.tree.cursor.is_none() {
            first_selection(state);
        }
        return;
    }
    let name = escape(&group.name);
    state.say(format!("{name} is gone: somebody else removed it"));
    state.ghost = Some(Ghost { row, name, parent, index, since: state.now });
}

/// Time passed: what was there to be seen for a while goes.
pub fn tick(state: &mut State) {
    let over = state.ghost.as_ref().is_some_and(|ghost| state.now.nanos_since(ghost.since) >= GHOST);
    if over && let Some(ghost) = state.ghost.take() {
        state.dirty = true;
        if state.tree.cursor == Some(ghost.row.key) {
            state.tree.cursor = ghost.parent;
            Flat::refresh(state);
            if state.selected().is_none() {
                state.tree.cursor = None;
                first_selection(state);
            }
        }
    }
}

/// The name of the selected group, also of one that is gone.
#[must_use]
pub fn selected_name(state: &State) -> String {
    match (&state.ghost, state.selected()) {
        (_, Some(id)) => name_of(state, id),
        (Some(ghost), None) => ghost.name.clone(),
        (None, None) => "nothing".to_owned(),
    }
}
