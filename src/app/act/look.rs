//! What only changes what is looked at: cursor, panels, base, hierarchy, order, pause.
use super::super::change::{self, Ask};
use super::super::command::Command;
use super::super::experiment::{Control, Phase};
use super::super::files;
use super::super::filter::Filter;
use super::super::frame;
use super::super::keymap::Action;
use super::super::log;
use super::super::scale::Scale;
use super::super::screen::{self, Tab};
use super::super::sort::{Column, Order};
use super::super::state::{Panel, State};
use super::super::tree;
use crate::model::id::{GroupKey, HierarchyId};
use crate::plan::intent::Intent;

pub(super) fn go(state: &mut State, by: isize) {
    if state.in_panel {
        let last = state.layout.panel_lines.saturating_sub(1);
        if state.panel == Panel::Why {
            state.panel_top = state.panel_top.saturating_add_signed(by).min(last);
        } else {
            state.panel_cursor = state.panel_cursor.saturating_add_signed(by).min(last);
        }
        if state.panel == Panel::Files {
            files::pass_headings(state, by > 0);
        }
        return;
    }
    let index = tree::cursor_index(state).saturating_add_signed(by);
    tree::go_to(state, index);
}

/// What an action means on the log; `None` if it means there what it always means.
pub(super) fn in_log(state: &mut State, action: Action) -> Option<Vec<Command>> {
    let height = if state.log.full { state.layout.panel.height } else { state.layout.tree.height };
    let page = isize::try_from(height.saturating_sub(1).max(1)).unwrap_or(1);
    match action {
        Action::Up => log::go(state, -1),
        Action::Down => log::go(state, 1),
        Action::PageUp => log::go(state, -page),
        Action::PageDown => log::go(state, page),
        Action::HalfUp => log::go(state, -(page / 2).max(1)),
        Action::HalfDown => log::go(state, (page / 2).max(1)),
        Action::First => log::go(state, isize::MIN / 2),
        Action::Last => log::go(state, isize::MAX / 2),
        Action::Left | Action::Right => {}
        Action::FoldAll => state.log.elsewhere = !state.log.elsewhere,
        Action::Enter => {
            state.log.full = !state.log.full;
            state.log.detail_top = 0;
        }
        Action::Back if state.log.full => {
            state.log.full = false;
            state.log.detail_top = 0;
        }
        Action::Back => screen::show(state, Tab::Tree),
        Action::Copy => return log::shell(state).map(|lines| vec![Command::Copy(lines)]),
        Action::Undo => {
            let entries = vec![log::selected_entry(state)?.number];
            let commands = change::begin(state, Intent::Undo { entries }, Ask::Always);
            state.undo_asked = !commands.is_empty();
            return Some(commands);
        }
        _ => return None,
    }
    Some(Vec::new())
}

pub(super) fn page(state: &State) -> isize {
    let rows = if state.in_panel { state.layout.panel.height } else { state.layout.tree.height };
    isize::try_from(rows.saturating_sub(1).max(1)).unwrap_or(1)
}

/// The next step of an experiment that waits for one, else the panel on the full page.
pub(super) fn enter(state: &mut State) -> Vec<Command> {
    let waits = |phase: &Phase| matches!(phase, Phase::Building { next: Some(_), .. });
    if state.progress.as_ref().is_some_and(|progress| waits(&progress.phase)) {
        return vec![Command::Experiment(Control::Next)];
    }
    full_page(state);
    Vec::new()
}

/// The panel on the full page, and back.
pub(super) fn full_page(state: &mut State) {
    files::keep(state, |state| {
        state.full_page = !state.full_page;
        state.in_panel = state.full_page;
    });
}

/// One back: full page, panel, big view, filter, tags, base.
pub(super) fn back(state: &mut State) {
    if state.full_page {
        files::keep(state, |state| {
            state.full_page = false;
            state.in_panel = false;
        });
    } else if state.in_panel {
        state.in_panel = false;
    } else if state.big {
        state.big = false;
    } else if !state.tree.filter.is_empty() {
        state.tree.filter = Filter::default();
    } else if !state.tree.tags.is_empty() {
        state.tree.tags.clear();
    } else if state.tree.base.is_some() {
        base_out(state);
    }
}

pub(super) fn base_out(state: &mut State) {
    let above = state.base().and_then(|base| {
        let structure = &state.snapshot()?.structure;
        let parent = structure.group(structure.group(base)?.parent?)?;
        parent.parent.is_some().then_some(parent.key)
    });
    if above.is_none() && state.scale == Scale::Base {
        state.scale = Scale::Contest;
    }
    state.tree.base = above;
}

pub(super) fn next_panel(state: &mut State, by: usize) {
    let at = Panel::ALL.iter().position(|&panel| panel == state.panel).unwrap_or(0);
    open_panel(state, Panel::ALL[(at + by) % Panel::ALL.len()]);
}

/// Opens a panel. The arrows go into one that has lines to choose.
pub fn open_panel(state: &mut State, panel: Panel) {
    state.panel = panel;
    state.panel_top = 0;
    state.panel_cursor = 0;
    state.in_panel = panel != Panel::Why || state.full_page;
    state.dirty = true;
}

pub(super) fn next_hierarchy(state: &mut State, forward: bool) {
    let Some(snapshot) = state.snapshot() else { return };
    let all = &snapshot.structure.hierarchies;
    let at = all.iter().position(|h| Some(h.id) == state.hierarchy).unwrap_or(0);
    let next = if forward { (at + 1) % all.len() } else { (at + all.len() - 1) % all.len() };
    let id = all[next].id;
    show_hierarchy(state, id);
}

/// Shows another hierarchy, as it was left.
pub fn show_hierarchy(state: &mut State, id: HierarchyId) {
    if state.hierarchy == Some(id) {
        return;
    }
    let tree = state.other_trees.remove(&id).unwrap_or_default();
    let old = std::mem::replace(&mut state.tree, tree);
    if let Some(before) = state.hierarchy.replace(id) {
        state.other_trees.insert(before, old);
    }
    state.ghost = None;
    state.moving = None;
    state.panel_top = 0;
    state.panel_cursor = 0;
    state.in_panel = false;
    state.dirty = true;
}

/// By the next column; after the last by name again.
pub(super) fn next_order(state: &mut State) {
    let columns = Column::of(state, state.size.0);
    let now = state.tree.order.map_or(Column::Group, |order| order.by);
    let at = columns.iter().position(|&column| column == now).unwrap_or(0);
    let after = columns[at + 1..].iter().copied().find(|&column| column != Column::Verdict);
    sort_by(state, after.unwrap_or(Column::Group));
}

/// Sorts by a column: its first order, or the other one if it is the order already.
pub fn sort_by(state: &mut State, column: Column) {
    state.tree.order = match state.tree.order {
        Some(order) if order.by == column => Some(Order { rising: !order.rising, ..order }),
        None if column == Column::Group => Some(Order { by: column, rising: false }),
        _ if column == Column::Group => None,
        _ => Some(Order::first(column)),
    };
    state.dirty = true;
}

pub(super) fn pause(state: &mut State) {
    if state.paused.take().is_some() {
        if let Some(shown) = state.held_back.take() {
            frame::show(state, shown);
        }
    } else {
        state.paused = Some(state.now);
    }
}

/// Puts the cursor on a group, wherever it is.
pub fn select(state: &mut State, key: GroupKey) {
    tree::select(state, key);
    state.dirty = true;
}
