//! The screen Log: what was done in this visit, and what others changed meanwhile.
//!
//! ```text
//! ┌ this visit: 3 changes, 1 by others ───────────────── newest below ─
//! │  TIME      WHERE    WHAT                            STATE
//! │> 14:02:07  stage    make /cg1                       done
//! │  14:02:20  others   /web: cpu.weight 100 → 50       somebody else
//! ├ make /cg1 ────────────────────────────────────── Enter full page ─
//! │ 1  make /cg1: made
//! │ $ mkdir …/cg1
//! ```
//! The newest stands below, as in a shell's history and in the script that the visit can be written as: what is read is read
//! in the order in which it was done. The cursor begins on the newest and stays on it until it is moved.
//!
//! On a busy host others change much that has nothing to do with what is looked at: rows of others are those of the tree on
//! screen (its hierarchy, at or below its base), the rest is counted, and `*` lists it.
//!
//! An undo and its redo are no rows of their own: they stand in the row, and below it, of what they took back. What others
//! did cannot be undone here. The big view has no log: [`super::act::off`] says so.
use std::collections::HashSet;

use crate::model::bytes::escape;
use crate::model::id::GroupKey;
use crate::model::place::Place;
use crate::plan::journal::{Entry, Record, State as StepState};
use crate::plan::step::{Outcome, Step};
use crate::plan::tell::{self, Standing};

use super::area::Area;
use super::kept;
use super::layout::{Layout, Target, keep_visible};
use super::others::{self, Seen};
use super::state::State;
use super::text::wrap;

mod details;
#[cfg(test)]
mod tests;

pub use details::{Detail, Tone, details};

/// How the log is looked at.
#[derive(Clone, Debug, Default)]
pub struct LogView {
    /// The selected row; `None`: the newest.
    pub cursor: Option<Key>,
    /// First row on screen.
    pub top: usize,
    /// First line of the details on screen.
    pub detail_top: usize,
    /// The details have the full page, and the arrows scroll them.
    pub full: bool,
    /// What others did outside of the tree on screen is listed, too.
    pub elsewhere: bool,
}

/// What a row is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Key {
    /// An entry of the journal, by number.
    Own(u64),
    /// What others did, by number.
    Seen(u64),
}

/// One row.
#[derive(Clone, Copy, Debug)]
pub enum Row<'a> {
    /// An entry that is no undo.
    Own(&'a Entry),
    /// What somebody else did.
    Seen(&'a Seen),
}

impl Row<'_> {
    /// What it is of.
    #[must_use]
    pub fn key(&self) -> Key {
        match self {
            Self::Own(entry) => Key::Own(entry.number),
            Self::Seen(seen) => Key::Seen(seen.number),
        }
    }

    /// When: milliseconds since 1970.
    #[must_use]
    pub fn ms(&self) -> u64 {
        match self {
            Self::Own(entry) => entry.time_ms,
            Self::Seen(seen) => seen.ms,
        }
    }

    /// Where it was done, in a word: `stage`, `foreign`, `others`.
    #[must_use]
    pub fn place(&self, state: &State) -> &'static str {
        match self {
            Self::Own(entry) if is_foreign(state, entry) => "foreign",
            Self::Own(_) => "stage",
            Self::Seen(_) => "others",
        }
    }

    /// What was done.
    #[must_use]
    pub fn what(&self) -> String {
        match self {
            Self::Own(entry) => entry.title.replace('\n', "; "),
            Self::Seen(seen) => seen.short.clone(),
        }
    }

    /// How it stands.
    #[must_use]
    pub fn state(&self, state: &State) -> String {
        match self {
            Self::Own(entry) => {
                let standing = Standing::of(entry);
                if let Standing::Undone { by } = standing {
                    let when = state.journal.iter().find(|undo| undo.number == by);
                    return match when {
                        Some(undo) => format!("undone {}", state.wall.clock(undo.time_ms)),
                        None => "undone".to_owned(),
                    };
                }
                if let Some(fate) = kept::of_entry(state, entry.number) {
                    return fate;
                }
                let redone = tell::chain(&state.journal, entry.number).pop().filter(|_| standing == Standing::Done);
                match redone {
                    Some(redo) => format!("redone {}", state.wall.clock(redo.time_ms)),
                    None => standing.words(entry.steps.len()),
                }
            }
            Self::Seen(seen) => seen.by.to_string(),
        }
    }
}

/// The rows, oldest first. What others did elsewhere than in the tree on screen is among them only where that is wanted.
#[must_use]
pub fn rows(state: &State) -> Vec<Row<'_>> {
    let base = others::base(state);
    let near = |seen: &&Seen| state.log.elsewhere || base.as_ref().is_some_and(|base| seen.place.is_within(base));
    let own = state.journal.iter().filter(|entry| entry.undoes.is_empty()).map(Row::Own);
    let mut rows: Vec<Row<'_>> = own.chain(state.others.seen.iter().filter(near).map(Row::Seen)).collect();
    rows.sort_by_key(Row::ms);
    rows
}

/// The selected row's number among `rows`.
#[must_use]
pub fn selected(state: &State, rows: &[Row<'_>]) -> usize {
    let newest = rows.len().saturating_sub(1);
    let at = |key: Key| rows.iter().position(|row| row.key() == key);
    state.log.cursor.and_then(at).unwrap_or(newest)
}

/// The selected entry; `None` on what others did, and where nothing was done.
#[must_use]
pub fn selected_entry(state: &State) -> Option<&Entry> {
    let rows = rows(state);
    match rows.get(selected(state, &rows)) {
        Some(Row::Own(entry)) => state.journal.iter().find(|own| own.number == entry.number),
        _ => None,
    }
}

/// Moves the cursor, or scrolls the details that have the full page.
pub fn go(state: &mut State, by: isize) {
    if state.log.full {
        let last = state.layout.panel_lines.saturating_sub(usize::from(state.layout.panel.height));
        state.log.detail_top = state.log.detail_top.saturating_add_signed(by).min(last);
        return;
    }
    let rows = rows(state);
    let index = selected(state, &rows).saturating_add_signed(by);
    go_to(state, index);
}

/// Puts the cursor on a row.
pub fn go_to(state: &mut State, index: usize) {
    let rows = rows(state);
    let last = rows.len().saturating_sub(1);
    // On the newest it follows what comes.
    let cursor = rows.get(index).filter(|_| index < last).map(Row::key);
    if state.log.cursor != cursor {
        state.log.detail_top = 0;
    }
    state.log.cursor = cursor;
    state.dirty = true;
}

/// Whether an entry changed what cgrove did not make: a value, a place of tasks, a group.
#[must_use]
pub fn is_foreign(state: &State, entry: &Entry) -> bool {
    // Once for all steps: an entry may have thousands.
    let records = || state.journal.iter().flat_map(|entry| &entry.steps);
    let keys: HashSet<&GroupKey> = records()
        .filter_map(|record| match &record.state {
            StepState::Done(Outcome::Made(made)) => Some(made),
            _ => None,
        })
        .collect();
    let places: HashSet<&Place> = records()
        .filter_map(|record| match &record.step {
            Step::MakeGroup { at } => Some(at),
            _ => None,
        })
        .collect();
    let made = |key: &GroupKey| keys.contains(key);
    let place_made = |place: &Place| place.is_top() || places.contains(place);
    entry.steps.iter().any(|Record { step, .. }| match step {
        Step::Write { key: Some(key), .. }
        | Step::RemoveGroup { key: Some(key), .. }
        | Step::Rename { key: Some(key), .. }
        | Step::KillAll { key: Some(key), .. } => !made(key),
        Step::Move { from, to, .. } | Step::Drain { from, to } => !place_made(from) || !place_made(to),
        Step::MakeGroup { at } => {
            let stage = state.setup.stage.as_ref();
            at.parent().is_some_and(|parent| {
                !stage.is_some_and(|stage| parent.is_within(stage) || stage.is_within(at)) && !place_made(&parent)
            })
        }
        Step::Launch { launch, .. } => !launch.groups.iter().all(place_made),
        Step::Signal { process, .. } | Step::Schedule { task: process, .. } => {
            !state.workloads.iter().any(|workload| workload.process == *process)
        }
        // What a mount shows, and who mounted it, the plan has said.
        Step::MakeDirectory { .. }
        | Step::RemoveDirectory { .. }
        | Step::Mount { .. }
        | Step::Unmount { .. }
        | Step::Write { key: None, .. }
        | Step::RemoveGroup { key: None, .. }
        | Step::Rename { key: None, .. }
        | Step::KillAll { key: None, .. } => false,
    })
}

/// Cells of the time, of where, and of the state.
pub const TIME: u16 = 8;
/// See [`TIME`].
pub const WHERE: u16 = 7;

/// Places the screen.
pub(super) fn place(layout: &mut Layout, state: &State) {
    let mut rest = layout.whole;
    layout.header = rest.take_top(1);
    layout.second = rest.take_top(1);
    layout.keys = rest.take_bottom(1);
    layout.tree_border = rest.take_top(1);
    let rows = rows(state);
    let selected = selected(state, &rows);
    let columns = usize::from(rest.width.saturating_sub(4));
    layout.panel_lines = details(state, rows.get(selected)).iter().map(|line| wrap(&line.text, columns).len()).sum();
    let free = rest.height.saturating_sub(2);
    let wanted = u16::try_from(layout.panel_lines).unwrap_or(u16::MAX);
    let panel = if state.log.full { free.saturating_sub(1) } else { wanted.clamp(3, (free / 2).max(3)) };
    layout.panel = rest.take_bottom(panel);
    layout.panel_border = rest.take_bottom(1);
    layout.heading = rest.take_top(1);
    layout.tree = rest;
    let height = usize::from(layout.tree.height);
    layout.first_row = keep_visible(state.log.top.min(rows.len().saturating_sub(height)), selected, height);
    layout.panel_top = state.log.detail_top.min(layout.panel_lines.saturating_sub(usize::from(layout.panel.height)));
    for line in 0..layout.tree.height {
        let index = layout.first_row + usize::from(line);
        if index < rows.len() {
            layout.target(layout.tree.line(line), Target::LogRow(index));
        }
    }
    layout.place_screens(state);
}

/// Where the columns of a line are: time, where, what, state.
#[must_use]
pub fn columns(line: Area) -> [Area; 4] {
    let states = if line.width >= 100 { 34 } else { 26 };
    let time = Area::new(line.x + 3, line.y, TIME, 1);
    let place = Area::new(time.right() + 2, line.y, WHERE, 1);
    let state = Area::new(line.right().saturating_sub(states + 1), line.y, states, 1);
    let what = place.right() + 2;
    [time, place, Area::new(what, line.y, state.x.saturating_sub(what + 2), 1), state]
}

/// The title of the details: what is selected.
#[must_use]
pub fn title(state: &State) -> String {
    let rows = rows(state);
    rows.get(selected(state, &rows)).map_or_else(|| "nothing yet".to_owned(), Row::what)
}

/// The shell lines that `y` copies: those of the selected entry.
#[must_use]
pub fn shell(state: &State) -> Option<String> {
    selected_entry(state).map(|entry| entry.shell.join("\n")).filter(|lines| !lines.is_empty())
}

/// A name as it stands in a sentence of the log.
pub(super) fn named(name: &[u8]) -> String {
    crate::plan::words::clip(&escape(name))
}
