//! The mouse: what was drawn at a cell is what a click there means.
use crossterm::event::{MouseButton, MouseEvent, MouseEventKind};

use super::act::{self, act};
use super::command::Command;
use super::dialog;
use super::drag;
use super::keymap::Action;
use super::layout::{Screen, Target};
use super::log;
use super::state::{Panel, State};
use super::tree;

/// Takes in what the mouse did.
pub fn mouse(state: &mut State, event: &MouseEvent) -> Vec<Command> {
    let (x, y) = (event.column, event.row);
    let dragging = state.moving.as_ref().is_some_and(|moving| moving.dragging);
    match event.kind {
        MouseEventKind::Down(MouseButton::Left) => {
            if dragging {
                drag::give_up(state, "the button was let go elsewhere: nothing is moved");
            }
            down(state, x, y)
        }
        MouseEventKind::Down(_) if dragging => {
            drag::give_up(state, "another button: nothing is moved");
            Vec::new()
        }
        // No button is down: where it was let go was not told.
        MouseEventKind::Moved if dragging => {
            drag::give_up(state, "the button was let go elsewhere: nothing is moved");
            Vec::new()
        }
        MouseEventKind::Drag(MouseButton::Left) => {
            dragged(state, x, y);
            Vec::new()
        }
        MouseEventKind::Up(MouseButton::Left) => {
            state.pressed = None;
            if !dragging {
                return Vec::new();
            }
            if state.layout.tree.contains(x, y) {
                return drag::drop(state);
            }
            let said = match state.layout.hit(x, y) {
                Some(Target::Hierarchy(_)) => drag::say::one_hierarchy(state),
                _ => "let go beside the tree: nothing is moved".to_owned(),
            };
            drag::give_up(state, said);
            Vec::new()
        }
        MouseEventKind::ScrollUp => wheel(state, x, y, -3),
        MouseEventKind::ScrollDown => wheel(state, x, y, 3),
        _ => Vec::new(),
    }
}

fn down(state: &mut State, x: u16, y: u16) -> Vec<Command> {
    state.dirty = true;
    let hit = state.layout.hit(x, y);
    if state.dialog.is_some() {
        return match hit {
            Some(Target::Answer(option)) => dialog::choose(state, option),
            _ => Vec::new(),
        };
    }
    if state.prompt.is_some() {
        return Vec::new();
    }
    let aiming = state.moving.is_some();
    match hit {
        Some(Target::Row(_) | Target::Fold(_)) => {}
        Some(Target::Hierarchy(_)) if aiming => {
            let said = drag::say::one_hierarchy(state);
            state.say(said);
            return Vec::new();
        }
        _ if aiming => {
            state.say("moving: click the group that it goes to; Esc leaves");
            return Vec::new();
        }
        _ => {}
    }
    match hit {
        Some(Target::Key(action)) => act(state, action),
        Some(Target::Row(index)) => {
            state.in_panel = false;
            tree::go_to(state, index);
            if aiming {
                drag::aim(state, state.tree.cursor);
                return drag::drop(state);
            }
            state.pressed = Some((x, y));
            Vec::new()
        }
        Some(Target::LogRow(index)) => {
            state.log.full = false;
            log::go_to(state, index);
            Vec::new()
        }
        Some(Target::Screen(tab)) => act(state, tab.action()),
        Some(Target::Fold(index)) => {
            tree::go_to(state, index);
            let fold = state.flat.rows.get(index).is_some_and(|row| !row.folded);
            tree::set_fold(state, fold);
            Vec::new()
        }
        Some(Target::PanelRow(index)) => {
            // A second click on a file is what Enter is.
            let again = state.in_panel && state.panel_cursor == index && state.panel == Panel::Files;
            state.in_panel = true;
            state.panel_cursor = index;
            if again {
                return act(state, Action::Enter);
            }
            if state.panel == Panel::Tasks {
                state.pressed = Some((x, y));
            }
            Vec::new()
        }
        Some(Target::Heading(column)) => {
            act::sort_by(state, column);
            Vec::new()
        }
        // The name of the open panel is the way to its full page, and back.
        Some(Target::Tab(panel)) if panel == state.panel && panel == Panel::Files && state.in_panel => {
            act(state, Action::Page)
        }
        Some(Target::Tab(panel)) => {
            act::open_panel(state, panel);
            Vec::new()
        }
        Some(Target::Hierarchy(id)) => {
            act::show_hierarchy(state, id);
            Vec::new()
        }
        Some(Target::Answer(_)) | None => Vec::new(),
    }
}

fn dragged(state: &mut State, x: u16, y: u16) {
    let Some((_, from_row)) = state.pressed else { return };
    if state.dialog.is_some() || state.prompt.is_some() {
        return;
    }
    if state.moving.is_none() {
        // A hand that trembles within the row drags nothing.
        if y == from_row {
            return;
        }
        match drag::take_up(state, true) {
            Ok(moving) => {
                state.moving = Some(moving);
                state.dirty = true;
            }
            Err(why) => {
                state.pressed = None;
                state.say(why);
                return;
            }
        }
    }
    drag::hover::at(state, x, y);
}

fn wheel(state: &mut State, x: u16, y: u16, by: isize) -> Vec<Command> {
    state.dirty = true;
    if state.dialog.is_some() || state.prompt.is_some() {
        return Vec::new();
    }
    if state.layout.screen == Screen::Log {
        let over = state.layout.panel.contains(x, y);
        let last = state.layout.panel_lines.saturating_sub(usize::from(state.layout.panel.height));
        if over {
            state.log.detail_top = state.log.detail_top.saturating_add_signed(by).min(last);
        } else {
            log::go(state, by);
        }
        return Vec::new();
    }
    if state.moving.as_ref().is_some_and(|moving| moving.dragging) {
        drag::hover::scroll(state, (x, y), by);
    } else if state.layout.panel.contains(x, y) {
        let last = state.layout.panel_lines.saturating_sub(1);
        if state.panel == Panel::Why {
            state.panel_top = state.panel_top.saturating_add_signed(by).min(last);
        } else {
            state.panel_cursor = state.panel_cursor.saturating_add_signed(by).min(last);
        }
    } else {
        let index = tree::cursor_index(state).saturating_add_signed(by);
        tree::go_to(state, index);
        if state.moving.is_some() {
            drag::aim(state, state.tree.cursor);
        }
    }
    Vec::new()
}
