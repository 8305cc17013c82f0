//! The app as a pure function: [`update`] takes a [`message::Message`] and answers with [`command::Command`]s.
//!
//! # How a call flows
//! The runtime makes a [`state::State`] from a [`setup::Setup`], calls [`start`] once, and then [`update`] for everything
//! that happens. After each batch it asks [`state::State::take_dirty`], and if so lets `view::draw` paint the state.
//! `update` stores, decides, and ends by computing the layout: rectangles, visible rows and what a click hits. The view
//! paints that layout and the mouse is looked up in it, so what is seen is what is hit.
//!
//! # One change
//! A key makes an intent: `Command::Plan(token, intent)`. `Message::Planned` brings a plan or a refusal. A plan that
//! needs no question goes back at once as `Command::Execute(token, plan)`; else a dialog asks first. `Message::Done`
//! brings the report; its shell lines stay on the bottom.
//!
//! # Who did what
//! `Message::Journal` brings what this visit did; [`log`] lists it. Each frame is compared with the one before: what the journal
//! does not explain, [`others`] did, and [`kept`] watches whether values on foreign groups stay. [`trial`] counts down what is
//! only tried, [`left`] is what earlier visits left.
//!
//! # What is not here
//! No clock (time comes in messages), no terminal, no file, no thread; no colour and no drawing (`view`); no rule about
//! what the kernel allows (`plan`).

pub mod act;
pub mod amount;
pub mod area;
pub mod change;
pub mod command;
pub mod consequence;
pub mod dialog;
pub mod drag;
pub mod experiment;
pub mod files;
pub mod filter;
pub mod frame;
pub mod interest;
pub mod kept;
pub mod keymap;
pub mod layout;
pub mod left;
pub mod log;
pub mod message;
pub mod mouse;
pub mod others;
pub mod prompt;
pub mod scale;
pub mod screen;
pub mod setup;
pub mod sort;
pub mod state;
pub mod tasks;
#[cfg(test)]
pub mod testing;
#[cfg(test)]
mod tests;
pub mod text;
pub mod tree;
pub mod trial;
pub mod weight;
pub mod why;

use crossterm::event::{KeyCode, KeyEvent, KeyEventKind, KeyModifiers};

use crate::plan::refusal::Refusal;
use crate::plan::step::Plan;

use command::Command;
use dialog::Dialog;
use keymap::Action;
use layout::Layout;
use message::Message;
use state::{Panel, Shown, State};

/// How long something said stays on the bottom: eight seconds, in nanoseconds.
const NOTICE: u64 = 8_000_000_000;
/// How long the pressed key is shown: two seconds, in nanoseconds.
const PRESSED: u64 = 2_000_000_000;

/// What to do right after the start, before the first message.
#[must_use]
pub fn start(state: &mut State) -> Vec<Command> {
    let mut commands = Vec::new();
    if let Some(source) = state.setup.open.clone() {
        commands.push(Command::LoadExperiment(source));
    }
    settle(state, &mut commands);
    commands
}

/// Takes in what happened and says what to do.
#[must_use]
pub fn update(state: &mut State, message: Message) -> Vec<Command> {
    let mut commands = take(state, message);
    // Keys that waited for a change go on as soon as it is done.
    while !change::keys_wait(state)
        && let Some((key, _)) = state.typed_ahead.pop_front()
    {
        tree::Flat::refresh(state);
        commands.extend(press(state, &key));
    }
    if state.dirty {
        settle(state, &mut commands);
    }
    commands.extend(drag::probe::ask(state));
    commands.extend(dialog::ahead::ask(state));
    commands.extend(others::ask(state));
    commands
}

fn take(state: &mut State, message: Message) -> Vec<Command> {
    match message {
        Message::Frame { snapshot, table, now } => frame::take(state, Shown { snapshot, table, received: now }),
        Message::Key { key, now } => {
            state.now = state.now.max(now);
            if key.kind == KeyEventKind::Release {
                return Vec::new();
            }
            let leaves = key.code == KeyCode::Char('c') && key.modifiers.contains(KeyModifiers::CONTROL);
            if change::keys_wait(state) && !leaves {
                if state.typed_ahead.len() < 1000 {
                    state.typed_ahead.push_back((key, now));
                }
                return Vec::new();
            }
            return press(state, &key);
        }
        Message::Mouse { event, now } => {
            state.now = state.now.max(now);
            return mouse::mouse(state, &event);
        }
        Message::Paste(text) => prompt::paste(state, &text),
        Message::Resize { columns, rows } => {
            if state.moving.as_ref().is_some_and(|moving| moving.dragging) && state.size != (columns, rows) {
                drag::give_up(state, "the terminal has another size: nothing is moved");
            }
            state.size = (columns, rows);
            state.dirty = true;
        }
        Message::Tick(now) => tick(state, now),
        Message::Planned { token, answer } => {
            if !ahead(state, token, Ok(&answer)) {
                return change::planned(state, token, answer);
            }
        }
        Message::NotPlanned { token, why } => {
            if !ahead(state, token, Err(&why)) {
                change::not_planned(state, token, why);
            }
        }
        Message::Trial(trial) => trial::take_in(state, trial),
        Message::Step { token, step, now } => change::step(state, token, step, now),
        Message::Done { token, report } => return change::done(state, token, report),
        Message::Journal(journal) => {
            let before = std::mem::replace(&mut state.journal, journal);
            others::take_in(state, &before);
            kept::take_in(state);
            state.dirty = true;
        }
        Message::Made(made) => {
            state.made = made;
            kept::take_in(state);
            state.dirty = true;
        }
        Message::Busy { on, now } => others::busy(state, on, now),
        Message::Left(left) => dialog::left::take(state, left),
        Message::Known { pid, numbers } => others::known(state, pid, &numbers),
        Message::Wall(wall) => {
            state.wall = wall;
            state.dirty = true;
        }
        Message::Workloads(workloads) => {
            state.workloads = workloads;
            state.dirty = true;
        }
        Message::Quiet(cpu) => state.quiet = Some(cpu),
        Message::Experiment(Ok(loaded)) => {
            let picker = dialog::experiments::Picker::Ready { loaded, focus: 0 };
            state.dialog = Some(Dialog::Experiments(picker));
            state.dirty = true;
        }
        Message::Experiment(Err(why)) => {
            let title = "the experiment cannot be opened".to_owned();
            let refusal = crate::plan::refusal::Refusal { title, rule: why, instead: Vec::new() };
            state.dialog = Some(Dialog::refused(refusal));
            state.dirty = true;
        }
        Message::Progress(progress) => {
            let gone = progress.phase == experiment::Phase::Gone;
            if gone {
                state.say(format!("{}: taken back", progress.title));
            }
            let stands = |progress: &experiment::Progress| matches!(progress.phase, experiment::Phase::Stands { .. });
            if stands(&progress) && !state.progress.as_ref().is_some_and(stands) {
                // What was changed before it is not the last change any more; what is changed from now on is.
                state.last_change = None;
            }
            state.progress = (!gone).then_some(progress);
            state.dirty = true;
        }
        Message::Copied(Ok(said) | Err(said)) | Message::Notice(said) => state.say(said),
        Message::NoJournal(why) => {
            state.say(format!("the journal cannot be written, so nothing is changed: {why}"));
            state.no_journal = Some(why);
        }
    }
    Vec::new()
}

/// Whether a plan, or why there is none, was asked for only to be shown: by a lit target or by a dialog.
fn ahead(state: &mut State, token: message::Token, answer: Result<&Result<Plan, Refusal>, &str>) -> bool {
    use dialog::ahead::Answer;
    use drag::probe;
    drag::probe::answered(state, token, || match answer {
        Ok(answer) => probe::read(answer),
        Err(why) => probe::Answer::Unknown(why.to_owned()),
    }) || dialog::ahead::answered(state, token, || match answer {
        Ok(answer) => dialog::ahead::read(answer),
        Err(why) => Answer::Unknown(why.to_owned()),
    })
}

/// Time passes. The screen is drawn again only if something on it counts seconds.
fn tick(state: &mut State, now: crate::model::time::Mono) {
    let before = shown_seconds(state);
    let last = state.now;
    state.now = state.now.max(now);
    state.dirty |= trial::ticked(state, last);
    if state.notice.as_ref().is_some_and(|(_, since)| state.now.nanos_since(*since) >= NOTICE) {
        state.notice = None;
        state.dirty = true;
    }
    if state.pressed_key.is_some_and(|(_, since)| state.now.nanos_since(since) >= PRESSED) {
        state.pressed_key = None;
        state.dirty = true;
    }
    frame::tick(state);
    others::tick(state);
    drag::hover::pass(state);
    if shown_seconds(state) != before {
        state.dirty = true;
    }
}

/// Every number of seconds that is on screen and moves by itself.
fn shown_seconds(state: &State) -> [Option<u64>; 5] {
    let since = |moment| state.now.nanos_since(moment) / 1_000_000_000;
    [
        state.stale(),
        state.aged(),
        state.paused.map(since),
        state.flight.as_ref().map(|flight| since(flight.since)),
        state.ghost.as_ref().map(|ghost| since(ghost.since)),
    ]
}

/// A key, now that nothing has to be waited for.
fn press(state: &mut State, key: &KeyEvent) -> Vec<Command> {
    state.dirty = true;
    // What was said has been read; the words on the key line come back.
    state.notice = None;
    let control = key.modifiers.contains(KeyModifiers::CONTROL);
    if control && key.code == KeyCode::Char('z') {
        // Where the button is let go meanwhile is not told.
        if state.moving.as_ref().is_some_and(|moving| moving.dragging) {
            drag::cancel(state);
        }
        return vec![Command::Suspend];
    }
    // As in a prompt: it ends what is being aimed, and nothing else.
    if control && key.code == KeyCode::Char('c') && state.dialog.is_none() && state.moving.is_some() {
        drag::cancel(state);
        return Vec::new();
    }
    if control
        && key.code == KeyCode::Char('c')
        && state.dialog.is_some()
        && !matches!(state.dialog, Some(Dialog::Leave(_)))
    {
        state.dialog = None;
        if state.flight.as_ref().is_some_and(|flight| flight.phase == change::Phase::Asking) {
            change::abandon(state);
        }
    }
    if state.dialog.is_some() {
        return dialog::key(state, key);
    }
    if state.prompt.is_some() {
        return prompt::key(state, key);
    }
    let Some(action) = keymap::action(key) else { return Vec::new() };
    if let Some(commands) = while_moving(state, action) {
        return commands;
    }
    if let Some(binding) = keymap::binding(action)
        && binding.about == keymap::About::Change
    {
        state.pressed_key = Some((binding.keys, state.now));
    }
    let action = if state.layout.screen == layout::Screen::Big { in_big_view(state, action) } else { Some(action) };
    action.map(|action| act::act(state, action)).unwrap_or_default()
}

/// In the big view the arrows go from leaf to leaf, and the panels are not there.
fn in_big_view(state: &mut State, action: Action) -> Option<Action> {
    state.in_panel = false;
    let forward = match action {
        Action::Right | Action::Down => true,
        Action::Left | Action::Up => false,
        other => return Some(other),
    };
    let at = tree::cursor_index(state);
    let leaf = |index: &usize| state.flat.rows.get(*index).is_some_and(|row| !row.inner || row.folded);
    let next = if forward { (at + 1..state.flat.rows.len()).find(leaf) } else { (0..at).rev().find(leaf) };
    if let Some(next) = next {
        tree::go_to(state, next);
    }
    None
}

/// A key while a target is looked for; `None` if it means what it always means.
fn while_moving(state: &mut State, action: Action) -> Option<Vec<Command>> {
    let dragging = state.moving.as_ref()?.dragging;
    match action {
        Action::Back => drag::cancel(state),
        Action::Leave if dragging => {
            drag::cancel(state);
            return None;
        }
        Action::NextPanel | Action::Threads => drag::next_reach(state, false),
        Action::PreviousPanel => drag::next_reach(state, true),
        _ if dragging => {}
        Action::Enter => return Some(drag::drop(state)),
        Action::Up
        | Action::Down
        | Action::PageUp
        | Action::PageDown
        | Action::HalfUp
        | Action::HalfDown
        | Action::First
        | Action::Last
        | Action::Left
        | Action::Right => {
            // The big view has no folds to see: there every arrow goes from group to group.
            let action = match action {
                Action::Left if state.layout.screen == layout::Screen::Big => Action::Up,
                Action::Right if state.layout.screen == layout::Screen::Big => Action::Down,
                other => other,
            };
            let commands = act::act(state, action);
            tree::Flat::refresh(state);
            drag::aim(state, state.tree.cursor);
            return Some(commands);
        }
        Action::PreviousHierarchy | Action::NextHierarchy => {
            let said = drag::say::one_hierarchy(state);
            state.say(said);
        }
        Action::Leave | Action::Suspend | Action::Redraw => return None,
        _ => state.say("moving: choose a group, Enter drops, Tab how much, Esc leaves"),
    }
    Some(Vec::new())
}

/// Makes rows, scrolling and layout fit the state.
fn settle(state: &mut State, commands: &mut Vec<Command>) {
    drag::yield_to_question(state);
    tree::Flat::refresh(state);
    drag::refresh(state);
    let rows = state.flat.rows.len();
    if rows > 0 && state.tree.cursor.is_none_or(|key| state.flat.position(key).is_none()) {
        // The row was filtered or folded away: the nearest one above that is left.
        let above = state.selected().and_then(|id| {
            let structure = &state.snapshot()?.structure;
            structure
                .ancestors(id)
                .filter_map(|id| structure.group(id))
                .map(|g| g.key)
                .find_map(|key| state.flat.position(key))
        });
        tree::go_to(state, above.unwrap_or(0));
    }
    state.layout = Layout::of(state);
    if state.layout.screen == layout::Screen::Log {
        (state.log.top, state.log.detail_top) = (state.layout.first_row, state.layout.panel_top);
        return ask_interest(state, commands);
    }
    let height = usize::from(state.layout.tree.height);
    let cursor = tree::cursor_index(state);
    let dragging = state.moving.as_ref().is_some_and(|moving| moving.dragging);
    let mut top = state.tree.top.min(rows.saturating_sub(height));
    if !dragging {
        top = layout::keep_visible(top, cursor, height);
    }
    // Files that are being read anew, after another group was chosen, are mostly the same.
    if state.panel != Panel::Why && (state.panel != Panel::Files || files::sampled(state).is_ok()) {
        state.panel_cursor = state.panel_cursor.min(state.layout.panel_lines.saturating_sub(1));
    }
    if top != state.tree.top || state.panel_top != state.layout.panel_top {
        state.tree.top = top;
        state.layout = Layout::of(state);
        state.panel_top = state.layout.panel_top;
    }
    if let Some(Dialog::Help(help)) = &mut state.dialog
        && let Some(face) = &state.layout.face
        && !face.more.1
    {
        // Scrolling beyond the end must not have to be scrolled back.
        help.top = help.top.min(face.top);
    }
    ask_interest(state, commands);
}

/// Says what is of interest now if that changed.
fn ask_interest(state: &mut State, commands: &mut Vec<Command>) {
    let interest = interest::of(state);
    if state.interest.as_ref() != Some(&interest) {
        state.interest = Some(interest.clone());
        commands.push(Command::Interest(interest));
    }
}
