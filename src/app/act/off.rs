//! Which actions cannot be used now, and why not.
use super::super::keymap::{About, Action, binding};
use super::super::layout::Screen;
use super::super::log;
use super::super::screen;
use super::super::state::State;
use crate::model::hierarchy::Version;
use crate::plan::journal;

/// Why an action cannot be used now; `None` if it can.
#[must_use]
pub fn off(state: &State, action: Action) -> Option<String> {
    if let Some(why) = screen::off(state, action) {
        return Some(why);
    }
    let changes = binding(action).is_some_and(|b| b.about == About::Change)
        && !matches!(action, Action::Script | Action::Copy | Action::Tag | Action::Untag | Action::Arm);
    if changes {
        if state.setup.limits.read_only {
            return Some("--read-only: nothing is changed in this visit".to_owned());
        }
        if let Some(why) = &state.no_journal {
            return Some(format!("the journal cannot be written: {why}"));
        }
        let needs_group =
            !matches!(action, Action::Open | Action::Mount | Action::Undo | Action::UndoAll | Action::Redo);
        if needs_group && state.ghost.as_ref().is_some_and(|ghost| Some(ghost.row.key) == state.tree.cursor) {
            return Some("the selected group is gone".to_owned());
        }
        if needs_group && state.selected().is_none() {
            return Some("no group is selected".to_owned());
        }
    }
    if state.layout.screen == Screen::Log
        && let Some(why) = off_in_log(state, action)
    {
        return Some(why);
    }
    let top = state.selected_place().is_some_and(|place| place.is_top());
    match action {
        Action::Weight | Action::Less | Action::More | Action::Cap if !state.has_cpu() => {
            Some("this hierarchy has no cpu controller".to_owned())
        }
        Action::Weight | Action::Less | Action::More | Action::Cap if top => {
            Some("the top group has none: it is 100 %".to_owned())
        }
        Action::Weight | Action::Less | Action::More if state.selected().and_then(|id| state.weight(id)).is_none() => {
            Some("no weight here: the cpu controller is not enabled for this group".to_owned())
        }
        Action::Controllers if state.shown_hierarchy().is_some_and(|h| h.version == Version::V1) => {
            Some("v1: every group of a hierarchy has its controllers; M mounts hierarchies".to_owned())
        }
        Action::Sibling | Action::Remove if top => Some("the top group has no sibling and stays".to_owned()),
        Action::Rename if top => Some("the top group has no name".to_owned()),
        Action::Undo if state.undoable().next().is_some() && journal::next_undo(&state.journal).is_none() => {
            Some("what was done cannot be taken back: it ended or signalled processes".to_owned())
        }
        Action::Mount if state.snapshot().is_some_and(|snapshot| !snapshot.host.may_mount()) => {
            Some("mounting needs the capability CAP_SYS_ADMIN: start cgrove as root".to_owned())
        }
        Action::Mount if state.setup.limits.only.is_some() => {
            Some("--only: a mount is outside of every group".to_owned())
        }
        Action::Undo | Action::UndoAll if state.undoable().next().is_none() => {
            Some("nothing was changed in this visit".to_owned())
        }
        Action::Redo if journal::next_redo(&state.journal).is_none() => Some("nothing was taken back".to_owned()),
        Action::Script if state.journal.is_empty() => Some("nothing was changed in this visit".to_owned()),
        Action::ShowLog if matches!(state.layout.screen, Screen::Big | Screen::TooSmall) && !state.big => {
            Some("the log needs 80x24; in a smaller terminal `cgrove journal` prints it".to_owned())
        }
        Action::Copy if state.layout.screen == Screen::Log => None,
        Action::Copy if state.last_change.is_none() => Some("no change yet, so no shell lines".to_owned()),
        Action::BaseOut if state.tree.base.is_none() => Some("the top is the base".to_owned()),
        Action::NextHierarchy | Action::PreviousHierarchy
            if state.snapshot().is_none_or(|s| s.structure.hierarchies.len() < 2) =>
        {
            Some("this host has one hierarchy".to_owned())
        }
        _ => None,
    }
}

/// On the log, undo and copy are about the selected row.
fn off_in_log(state: &State, action: Action) -> Option<String> {
    if !matches!(action, Action::Undo | Action::Copy) {
        return None;
    }
    let rows = log::rows(state);
    match rows.get(log::selected(state, &rows)) {
        None => Some("nothing was changed in this visit".to_owned()),
        Some(log::Row::Seen(_)) => Some("somebody else did it: cgrove can neither copy nor undo it".to_owned()),
        Some(log::Row::Own(entry)) if action == Action::Copy => {
            entry.shell.is_empty().then(|| "it has no shell lines".to_owned())
        }
        Some(log::Row::Own(entry)) if entry.undone_by.is_some() => {
            Some("it is undone already; ^R does again what was undone last".to_owned())
        }
        Some(log::Row::Own(entry)) => (!entry.stands()).then(|| "nothing of it stands".to_owned()),
    }
}
