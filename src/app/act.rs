//! What each action does.
use crate::model::id::GroupKey;
use crate::model::place::Place;
use crate::plan::intent::{Intent, Target};
use crate::plan::journal;
use crate::split::table::Enough;

use super::change::{self, Ask, begin};
use super::command::{Command, Leave};
use super::dialog::Dialog;
use super::dialog::experiments::Picker;
use super::dialog::help::Help;
use super::dialog::leave::{self, Receipt};
use super::dialog::palette::Palette;
use super::dialog::signals::Menu;
use super::dialog::workload::Launching;
use super::drag;
use super::experiment::{Control, Phase};
use super::filter::Filter;
use super::keymap::{Action, binding};
use super::prompt::{Kind, Prompt, weight_intent};
use super::scale::{Scale, name_of};
use super::sort::{Column, Order, Set};
use super::state::{Panel, State};
use super::tasks;
use super::tree;
use super::weight;

/// Why an action cannot be used now; `None` if it can.
#[must_use]
pub fn off(state: &State, action: Action) -> Option<String> {
    let changes = binding(action).is_some_and(|b| b.about == super::keymap::About::Change)
        && !matches!(action, Action::Copy | Action::Tag | Action::Untag | Action::Arm);
    if changes {
        if state.setup.limits.read_only {
            return Some("--read-only: nothing is changed in this visit".to_owned());
        }
        if let Some(why) = &state.no_journal {
            return Some(format!("the journal cannot be written: {why}"));
        }
        let needs_group = !matches!(action, Action::Open | Action::Undo | Action::UndoAll | Action::Redo);
        if needs_group && state.ghost.as_ref().is_some_and(|ghost| Some(ghost.row.key) == state.tree.cursor) {
            return Some("the selected group is gone".to_owned());
        }
        if needs_group && state.selected().is_none() {
            return Some("no group is selected".to_owned());
        }
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
        Action::Sibling | Action::Remove if top => Some("the top group has no sibling and stays".to_owned()),
        Action::Undo | Action::UndoAll if state.undoable().next().is_none() => {
            Some("nothing was changed in this visit".to_owned())
        }
        Action::Redo if journal::next_redo(&state.journal).is_none() => Some("nothing was taken back".to_owned()),
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

/// Does an action of the tree screen.
#[expect(clippy::too_many_lines, reason = "one arm an action; each arm is a line or a call")]
pub fn act(state: &mut State, action: Action) -> Vec<Command> {
    state.dirty = true;
    if let Some(reason) = off(state, action) {
        state.say(reason);
        return Vec::new();
    }
    match action {
        Action::Up => go(state, -1),
        Action::Down => go(state, 1),
        Action::PageUp => go(state, -page(state)),
        Action::PageDown => go(state, page(state)),
        Action::HalfUp => go(state, -(page(state) / 2).max(1)),
        Action::HalfDown => go(state, (page(state) / 2).max(1)),
        Action::First => go(state, isize::MIN / 2),
        Action::Last => go(state, isize::MAX / 2),
        Action::Left => {
            if !tree::set_fold(state, true)
                && let Some(parent) = tree::parent_index(state)
            {
                tree::go_to(state, parent);
            }
        }
        Action::Right if !tree::set_fold(state, false) => go(state, 1),
        Action::Right => {}
        Action::Fold => drop(tree::set_fold(state, true)),
        Action::Unfold => drop(tree::set_fold(state, false)),
        Action::FoldAll => tree::fold_all(state),
        Action::Enter => return enter(state),
        Action::Back => back(state),
        Action::Base => {
            let at_top = state.selected().is_some_and(|id| Some(id) == state.shown_hierarchy().and_then(|h| h.root));
            state.tree.base = if at_top { None } else { state.tree.cursor };
            // The base is the group that is 100 %.
            state.scale = if at_top { Scale::Contest } else { Scale::Base };
        }
        Action::BaseOut => base_out(state),
        Action::NextPanel => next_panel(state, 1),
        Action::PreviousPanel => next_panel(state, 2),
        Action::Big => state.big = !state.big,
        Action::PreviousHierarchy => next_hierarchy(state, false),
        Action::NextHierarchy => next_hierarchy(state, true),
        Action::Filter => {
            let text = state.tree.filter.text.clone();
            state.prompt = Some(Prompt::new(Kind::Filter { before: state.tree.filter.clone() }, &text));
        }
        Action::List => state.tree.list = !state.tree.list,
        Action::Sort => next_order(state),
        Action::Invert => {
            let order = state.tree.order.unwrap_or(Order::first(Column::Group));
            state.tree.order = Some(Order { rising: !order.rising, ..order });
        }
        Action::Threads => state.threads = !state.threads,
        Action::Columns => {
            state.columns = match state.columns {
                Set::Class => Set::Host,
                Set::Host => Set::Class,
            };
        }
        Action::Scale => state.scale = state.scale.next(),
        Action::MeasureAnew => return vec![Command::MeasureAnew],
        Action::Delay => {
            let text = format!("{}", state.delay.as_secs_f64());
            state.prompt = Some(Prompt::new(Kind::Delay, &text));
        }
        Action::Pause => pause(state),
        Action::Mouse => {
            state.mouse = !state.mouse;
            state.say(if state.mouse { "the mouse is ours" } else { "the mouse is the terminal's: select text; v" });
            return vec![Command::MouseCapture(state.mouse)];
        }
        Action::Redraw => return vec![Command::Redraw],
        Action::Tag => {
            if let Some(key) = state.tree.cursor {
                if !state.tree.tags.remove(&key) {
                    state.tree.tags.insert(key);
                }
                go(state, 1);
            }
        }
        Action::Untag => state.tree.tags.clear(),
        Action::New => ask_new(state, false),
        Action::Sibling => ask_new(state, true),
        Action::Weight => {
            if let Some((place, weight)) = state.selected_place().zip(state.selected().and_then(|id| state.weight(id)))
            {
                // The old weight is shown as what ↑↓ start from, and gives way to the first digit.
                state.prompt = Some(Prompt::replacing(Kind::Weight { group: place }, &weight.to_string()));
            }
        }
        Action::Less => return step_weight(state, false),
        Action::More => return step_weight(state, true),
        Action::Cap => ask_cap(state),
        Action::Move => match drag::take_up(state, false) {
            Ok(moving) => {
                state.in_panel = false;
                state.moving = Some(moving);
                drag::aim(state, state.tree.cursor);
            }
            Err(why) => state.say(why),
        },
        Action::Workload => {
            let groups = chosen_places(state);
            state.dialog = Some(Dialog::Workload(Launching::new(groups, state)));
        }
        Action::Open => state.dialog = Some(Dialog::Experiments(Picker::open(state))),
        Action::Hold => return hold(state),
        Action::Signal => stop(state),
        Action::Remove => {
            if let Some(group) = state.selected_place() {
                return begin(state, Intent::Remove { group }, Ask::AsPlanned);
            }
        }
        Action::Undo => {
            let newest = journal::next_undo(&state.journal);
            if let Some(number) = newest {
                let commands = begin(state, Intent::Undo { entries: vec![number] }, Ask::Always);
                state.undo_asked = !commands.is_empty();
                return commands;
            }
        }
        Action::UndoAll => {
            let entries = journal::all_undo(&state.journal);
            return begin(state, Intent::Undo { entries }, Ask::Agreed);
        }
        Action::Redo => {
            let taken_back = journal::next_redo(&state.journal);
            if let Some(number) = taken_back {
                return begin(state, Intent::Undo { entries: vec![number] }, Ask::AsPlanned);
            }
        }
        Action::Arm => {
            state.armed = !state.armed;
            state.say(if state.armed {
                "armed: groups that cgrove did not make can be changed; each change still asks"
            } else {
                "looking: groups that cgrove did not make are safe"
            });
            return vec![Command::Arm(state.armed)];
        }
        Action::Copy => {
            if let Some(change) = &state.last_change {
                return vec![Command::Copy(change.shell.join("\n"))];
            }
        }
        Action::Palette => state.dialog = Some(Dialog::Palette(Palette::default())),
        Action::Help => state.dialog = Some(Dialog::Help(Help::default())),
        Action::Leave => return leave(state),
        Action::Suspend => return vec![Command::Suspend],
    }
    Vec::new()
}

fn go(state: &mut State, by: isize) {
    if state.in_panel {
        let last = state.layout.panel_lines.saturating_sub(1);
        if state.panel == Panel::Why {
            state.panel_top = state.panel_top.saturating_add_signed(by).min(last);
        } else {
            state.panel_cursor = state.panel_cursor.saturating_add_signed(by).min(last);
        }
        return;
    }
    let index = tree::cursor_index(state).saturating_add_signed(by);
    tree::go_to(state, index);
}

fn page(state: &State) -> isize {
    let rows = if state.in_panel { state.layout.panel.height } else { state.layout.tree.height };
    isize::try_from(rows.saturating_sub(1).max(1)).unwrap_or(1)
}

/// The next step of an experiment that waits for one, else the panel on the full page.
fn enter(state: &mut State) -> Vec<Command> {
    let waits = |phase: &Phase| matches!(phase, Phase::Building { next: Some(_), .. });
    if state.progress.as_ref().is_some_and(|progress| waits(&progress.phase)) {
        return vec![Command::Experiment(Control::Next)];
    }
    state.full_page = !state.full_page;
    state.in_panel = state.full_page;
    Vec::new()
}

/// One back: full page, panel, big view, filter, tags, base.
fn back(state: &mut State) {
    if state.full_page {
        state.full_page = false;
        state.in_panel = false;
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

fn base_out(state: &mut State) {
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

fn next_panel(state: &mut State, by: usize) {
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

fn next_hierarchy(state: &mut State, forward: bool) {
    let Some(snapshot) = state.snapshot() else { return };
    let all = &snapshot.structure.hierarchies;
    let at = all.iter().position(|h| Some(h.id) == state.hierarchy).unwrap_or(0);
    let next = if forward { (at + 1) % all.len() } else { (at + all.len() - 1) % all.len() };
    let id = all[next].id;
    show_hierarchy(state, id);
}

/// Shows another hierarchy, as it was left.
pub fn show_hierarchy(state: &mut State, id: crate::model::id::HierarchyId) {
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
fn next_order(state: &mut State) {
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

fn pause(state: &mut State) {
    if state.paused.take().is_some() {
        if let Some(shown) = state.held_back.take() {
            super::frame::show(state, shown);
        }
    } else {
        state.paused = Some(state.now);
    }
}

fn ask_new(state: &mut State, sibling: bool) {
    let Some(place) = state.selected_place() else { return };
    let parent = if sibling { place.parent() } else { Some(place) };
    if let Some(parent) = parent {
        state.prompt = Some(Prompt::new(Kind::New { parent }, ""));
    }
}

fn ask_cap(state: &mut State) {
    let Some((id, group)) = state.selected().zip(state.selected_place()) else { return };
    let quota = state.values(id).and_then(|values| values.quota.get());
    let text = quota.and_then(|quota| quota.cpus()).map(|cpus| cpus.to_string()).unwrap_or_default();
    let period_us = quota.map_or(100_000, |quota| quota.period_us);
    state.prompt = Some(Prompt::replacing(Kind::Cap { group, period_us }, &text));
}

fn step_weight(state: &mut State, up: bool) -> Vec<Command> {
    let Some(id) = state.selected() else { return Vec::new() };
    let Some((place, weight)) = state.selected_place().zip(state.weight(id)) else { return Vec::new() };
    let version = state.shown_hierarchy().map_or(crate::model::hierarchy::Version::V1, |h| h.version);
    let next = weight::step(weight, up, version);
    if next == weight {
        state.say(format!("{weight} is as far as the kernel goes"));
        return Vec::new();
    }
    let intent = weight_intent(state, &place, next);
    begin(state, intent, Ask::AsPlanned)
}

/// The tagged groups, else the selected one.
fn chosen_places(state: &State) -> Vec<Place> {
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
pub fn is_held(state: &State, id: crate::model::id::GroupId) -> bool {
    state.split(id).is_some_and(|row| row.verdict.enough == Enough::Held)
        || state.values(id).and_then(|values| values.frozen.get()) == Some(true)
}

fn hold(state: &mut State) -> Vec<Command> {
    if let Some(key) = state.selected_task() {
        let Some(task) = state.snapshot().and_then(|s| s.tasks.get(key)) else { return Vec::new() };
        let Some(workload) = state.workloads.iter().find(|w| w.process.tid == task.tgid) else {
            state.say("cgrove holds single tasks only of its own workloads; Esc, then f holds the group");
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

fn stop(state: &mut State) {
    let Some(id) = state.selected() else { return };
    let mut processes = tasks::workloads_in(state, id);
    if let Some(key) = state.selected_task() {
        let tgid = state.snapshot().and_then(|s| s.tasks.get(key)).map(|task| task.tgid);
        processes.retain(|process| Some(process.tid) == tgid);
    }
    let place = name_of(state, id);
    if processes.is_empty() {
        state.say(format!("no workload of cgrove in {place}: it ends only its own"));
        return;
    }
    state.dialog = Some(Dialog::Signals(Menu { place, processes, focus: 0 }));
}

fn leave(state: &mut State) -> Vec<Command> {
    if leave::nothing_to_tell(state) {
        return vec![Command::Quit(Leave::Keep)];
    }
    if matches!(state.flight.as_ref().map(|flight| flight.phase), Some(change::Phase::Asking)) {
        change::abandon(state);
    }
    state.dialog = Some(Dialog::Leave(Receipt::default()));
    Vec::new()
}

/// Puts the cursor on a group, wherever it is.
pub fn select(state: &mut State, key: GroupKey) {
    tree::select(state, key);
    state.dirty = true;
}
