//! What each action does.
mod ask;
mod files;
mod look;
mod off;
mod signal;

pub use ask::is_held;
pub use look::{open_panel, select, show_hierarchy, sort_by};
pub use off::off;

use crate::plan::intent::{Inside, Intent};
use crate::plan::journal;

use super::change::{Ask, begin};
use super::command::Command;
use super::dialog::Dialog;
use super::dialog::experiments::Picker;
use super::dialog::help::Help;
use super::dialog::mount::Mounting;
use super::dialog::palette::Palette;
use super::dialog::workload::Launching;
use super::drag;
use super::keymap::Action;
use super::layout::Screen;
use super::prompt::{Kind, Prompt};
use super::scale::Scale;
use super::screen::{self, Tab};
use super::sort::{Column, Order, Set};
use super::state::State;
use super::tree;
use super::trial;
use ask::{ask_cap, ask_controllers, ask_new, ask_rename, chosen_places, hold, leave, step_weight, write_script};
use look::{back, base_out, enter, full_page, go, next_hierarchy, next_order, next_panel, page, pause};

/// Does an action of the tree screen.
#[expect(clippy::too_many_lines, reason = "one arm an action; each arm is a line or a call")]
pub fn act(state: &mut State, action: Action) -> Vec<Command> {
    state.dirty = true;
    if let Some(commands) = files::among_files(state, action) {
        return commands;
    }
    if let Some(reason) = off(state, action) {
        state.say(reason);
        return Vec::new();
    }
    if state.layout.screen == Screen::Log
        && let Some(commands) = look::in_log(state, action)
    {
        return commands;
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
        Action::Page => full_page(state),
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
            if let Some(key) = state.selected_task() {
                if !state.task_tags.remove(&key) {
                    state.task_tags.insert(key);
                }
                go(state, 1);
            } else if let Some(key) = state.tree.cursor {
                if !state.tree.tags.remove(&key) {
                    state.tree.tags.insert(key);
                }
                go(state, 1);
            }
        }
        Action::Untag => {
            state.tree.tags.clear();
            state.task_tags.clear();
        }
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
        Action::Controllers => ask_controllers(state),
        Action::Move => match drag::take_up(state, false) {
            Ok(moving) => {
                state.in_panel = false;
                state.full_page = false;
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
        Action::Signal => signal::signals(state),
        Action::Schedule => signal::schedule(state),
        Action::Rename => ask_rename(state),
        Action::Mount => state.dialog = Some(Dialog::Mount(Mounting::new(state))),
        Action::Remove => {
            if let Some(group) = state.selected_place() {
                return begin(state, Intent::Remove { group, inside: Inside::Nothing }, Ask::AsPlanned);
            }
        }
        Action::KeepTrial => return trial::end(state, true),
        Action::Undo if state.trial.is_some() => return trial::end(state, false),
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
        Action::Script => return vec![write_script(state)],
        Action::ShowTree => screen::show(state, Tab::Tree),
        Action::ShowLog => screen::show(state, Tab::Log),
        Action::Palette => state.dialog = Some(Dialog::Palette(Palette::default())),
        Action::Help => state.dialog = Some(Dialog::Help(Help::default())),
        Action::Leave => return leave(state),
        Action::Suspend => return vec![Command::Suspend],
    }
    Vec::new()
}
