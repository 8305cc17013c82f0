//! Keys while the arrows are among the files: fold, find, edit.
use super::super::command::Command;
use super::super::dialog::Dialog;
use super::super::dialog::editor::Editor;
use super::super::experiment::Phase;
use super::super::files::{self, Role, What};
use super::super::keymap::Action;
use super::super::prompt::{Kind, Prompt};
use super::super::state::{Panel, State};
use super::off;

/// What a key means there; `None` if it means what it always means.
pub(super) fn among_files(state: &mut State, action: Action) -> Option<Vec<Command>> {
    if state.panel != Panel::Files || !state.in_panel || state.moving.is_some() {
        return None;
    }
    match action {
        Action::Right | Action::Unfold if files::set_fold(state, false) => {}
        Action::Left | Action::Fold if files::set_fold(state, true) => {}
        Action::Right | Action::Unfold => state.say("one line, or unfolded already"),
        Action::Left | Action::Fold => {
            state.in_panel = state.full_page;
        }
        Action::Enter if waits(state) => return None,
        Action::Enter | Action::Weight => return Some(edit(state)),
        Action::Filter => {
            let before = state.files.filter.clone();
            state.prompt = Some(Prompt::new(Kind::Files { before: before.clone() }, &before));
        }
        Action::Back if !state.files.filter.is_empty() => files::keep(state, |state| state.files.filter.clear()),
        Action::Page => page(state),
        _ => return None,
    }
    Some(Vec::new())
}

/// An experiment that is built step by step waits for Enter.
fn waits(state: &State) -> bool {
    state.progress.as_ref().is_some_and(|progress| matches!(progress.phase, Phase::Building { next: Some(_), .. }))
}

/// The panel on the full page, and back; the cursor stays on its file.
fn page(state: &mut State) {
    files::keep(state, |state| state.full_page = !state.full_page);
}

/// The editor of the selected file; for what cannot be set, what there is instead.
fn edit(state: &mut State) -> Vec<Command> {
    if let Err(why) = files::rows(state) {
        state.say(why);
        return Vec::new();
    }
    let Some(row) = files::selected(state).filter(|row| row.what != What::Heading) else { return Vec::new() };
    let Some(file) = files::selected_file(state).cloned() else { return Vec::new() };
    let entry = files::entry(state, &file.name);
    match (files::role(entry), entry) {
        (Role::Counter, Some(entry)) if !entry.resets => {
            // It is read, not set: all of its lines.
            if !state.full_page || !state.files.unfolded.contains(&row.name) {
                files::set_fold(state, false);
            }
            page(state);
            return Vec::new();
        }
        (Role::Command, Some(entry)) if !entry.acts => {
            let how = match entry.verb.as_deref() {
                Some("move") => "m moves into this group, with all that it takes",
                Some("kill") => "x ends what is in this group",
                _ => "cgrove does not write it",
            };
            state.say(format!("{} is a command: {how}", row.name));
            return Vec::new();
        }
        _ => {}
    }
    if let Some(why) = off(state, Action::New) {
        state.say(why);
        return Vec::new();
    }
    if file.mode & 0o222 == 0 {
        state.say(format!("{} is only for reading", row.name));
        return Vec::new();
    }
    if let Some(name) = file.name.utf8() {
        if name == "cgroup.subtree_control" {
            return super::act(state, Action::Controllers);
        }
        match Editor::open(state, name) {
            Some(editor) => state.dialog = Some(Dialog::Editor(Box::new(editor))),
            None => state.say("the group is gone"),
        }
    } else {
        state.say("its name is not text, and cgrove writes no such file");
    }
    Vec::new()
}

/// Bytes that may be text.
trait Utf8 {
    fn utf8(&self) -> Option<&str>;
}

impl Utf8 for [u8] {
    fn utf8(&self) -> Option<&str> {
        std::str::from_utf8(self).ok()
    }
}
