//! Dialogs: a question with its answers. Every dialog shows one [`Face`], so one painter and one layout serve all.
//!
//! Arrows and Tab move the focus, Enter takes it, Esc leaves without doing anything; a click takes an answer. There are
//! no letter keys inside, except that `u` confirms what `u` asked.

pub mod ahead;
pub mod confirm;
pub mod controllers;
pub mod editor;
pub mod experiments;
pub mod help;
pub mod leave;
pub mod left;
pub mod mount;
pub mod palette;
pub mod refused;
pub mod schedule;
pub mod signals;
pub mod workload;

use crossterm::event::{KeyCode, KeyEvent};

use crate::plan::refusal::Refusal;
use crate::plan::step::Plan;

use super::command::Command;
use super::state::State;

/// A dialog.
#[derive(Clone, Debug)]
pub enum Dialog {
    /// A plan to confirm.
    Confirm(confirm::Asked),
    /// A refusal and its ways out.
    Refused(refused::Refused),
    /// A file to set.
    Editor(Box<editor::Editor>),
    /// Controllers to enable and disable.
    Controllers(controllers::Controllers),
    /// A workload to start.
    Workload(workload::Launching),
    /// What to mount or unmount.
    Mount(mount::Mounting),
    /// A signal to send.
    Signals(signals::Menu),
    /// Affinity, nice value and policy.
    Schedule(schedule::Scheduling),
    /// Experiments to open, or the one that was read, or what to do with the one that runs.
    Experiments(experiments::Picker),
    /// The receipt.
    Leave(leave::Receipt),
    /// What an earlier visit left.
    Left(left::Offer),
    /// Every command by name.
    Palette(palette::Palette),
    /// Help; the first line on screen.
    Help(help::Help),
}

/// How a dialog looks.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Face {
    /// On the upper border.
    pub title: String,
    /// What it says, not wrapped yet.
    pub lines: Vec<Line>,
    /// The answers.
    pub options: Vec<Choice>,
    /// Which answer (or, below the number of fields, which field) has the focus.
    pub focus: Focus,
    /// On the lower border.
    pub foot: &'static str,
    /// First line on screen, where the lines are more than fit.
    pub top: usize,
    /// Take the whole width that there is.
    pub wide: bool,
    /// The answers one below the other, also where they would fit beside each other.
    pub column: bool,
}

/// What has the focus.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Focus {
    /// An answer.
    Option(usize),
    /// A line that can be edited, by its number among the lines.
    Line(usize),
    /// Nothing.
    None,
}

impl Default for Focus {
    fn default() -> Self {
        Self::Option(0)
    }
}

/// One line of a dialog.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// The text.
    pub text: String,
    /// How it is meant.
    pub tone: Tone,
}

/// How a line is meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tone {
    /// As it is.
    Plain,
    /// Beside the point.
    Quiet,
    /// A shell line: cut at the end of the line, not wrapped.
    Shell,
    /// To be noticed.
    Warning,
    /// A heading.
    Heading,
    /// A word and what it means; what goes on the next line begins at this column.
    Entry(usize),
    /// A field to edit; the cursor's column in the text, if it has one.
    Field(Option<usize>),
}

impl Line {
    /// A plain line.
    pub fn plain(text: impl Into<String>) -> Self {
        Self { text: text.into(), tone: Tone::Plain }
    }

    /// A line with a tone.
    pub fn toned(text: impl Into<String>, tone: Tone) -> Self {
        Self { text: text.into(), tone }
    }
}

/// One answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Choice {
    /// What it says.
    pub text: String,
    /// Why it cannot be taken, if so.
    pub off: Option<String>,
}

impl Choice {
    /// An answer that can be taken.
    pub fn new(text: impl Into<String>) -> Self {
        Self { text: text.into(), off: None }
    }
}

/// What a dialog does with a key: the dialog that is open afterwards, and what to do.
pub type Reply = (Option<Dialog>, Vec<Command>);

impl Dialog {
    /// Asks for a plan to be confirmed.
    #[must_use]
    pub fn confirm(plan: Plan, again: bool, state: &State) -> Self {
        Self::Confirm(confirm::Asked::new(plan, again, state))
    }

    /// Says why something cannot be done.
    #[must_use]
    pub fn refused(refusal: Refusal) -> Self {
        Self::Refused(refused::Refused { refusal, focus: 0 })
    }

    /// How it looks now.
    #[must_use]
    pub fn face(&self, state: &State) -> Face {
        match self {
            Self::Confirm(dialog) => dialog.face(state),
            Self::Refused(dialog) => dialog.face(),
            Self::Editor(dialog) => dialog.face(state),
            Self::Controllers(dialog) => dialog.face(state),
            Self::Workload(dialog) => dialog.face(state),
            Self::Mount(dialog) => dialog.face(state),
            Self::Signals(dialog) => dialog.face(state),
            Self::Schedule(dialog) => dialog.face(state),
            Self::Experiments(dialog) => dialog.face(state),
            Self::Leave(dialog) => dialog.face(state),
            Self::Left(dialog) => dialog.face(state),
            Self::Palette(dialog) => dialog.face(state),
            Self::Help(dialog) => dialog.face(state),
        }
    }

    fn key(self, state: &mut State, key: &KeyEvent) -> Reply {
        match self {
            Self::Confirm(dialog) => dialog.key(state, key),
            Self::Refused(dialog) => dialog.key(state, key),
            Self::Editor(dialog) => dialog.key(state, key),
            Self::Controllers(dialog) => dialog.key(state, key),
            Self::Workload(dialog) => dialog.key(state, key),
            Self::Mount(dialog) => dialog.key(state, key),
            Self::Signals(dialog) => dialog.key(state, key),
            Self::Schedule(dialog) => dialog.key(state, key),
            Self::Experiments(dialog) => dialog.key(state, key),
            Self::Leave(dialog) => dialog.key(state, key),
            Self::Left(dialog) => dialog.key(state, key),
            Self::Palette(dialog) => dialog.key(state, key),
            Self::Help(dialog) => dialog.key(key),
        }
    }

    fn choose(self, state: &mut State, option: usize) -> Reply {
        match self {
            Self::Confirm(dialog) => dialog.choose(state, option),
            Self::Refused(dialog) => dialog.choose(state, option),
            Self::Editor(dialog) => dialog.choose(state, option),
            Self::Controllers(dialog) => dialog.choose(state, option),
            Self::Workload(dialog) => dialog.choose(state, option),
            Self::Mount(dialog) => dialog.choose(state, option),
            Self::Signals(dialog) => dialog.choose(state, option),
            Self::Schedule(dialog) => dialog.choose(state, option),
            Self::Experiments(dialog) => dialog.choose(state, option),
            Self::Leave(_) => leave::Receipt::choose(option),
            Self::Left(dialog) => dialog.choose(state, option),
            Self::Palette(dialog) => dialog.choose(state, option),
            Self::Help(_) => (None, Vec::new()),
        }
    }
}

/// A key for the dialog that is open.
pub fn key(state: &mut State, key: &KeyEvent) -> Vec<Command> {
    let Some(dialog) = state.dialog.take() else { return Vec::new() };
    state.dirty = true;
    let (next, commands) = dialog.key(state, key);
    if next.is_some() {
        state.dialog = next;
    }
    commands
}

/// An answer of the dialog that is open was clicked.
pub fn choose(state: &mut State, option: usize) -> Vec<Command> {
    let Some(dialog) = state.dialog.take() else { return Vec::new() };
    state.dirty = true;
    let (next, commands) = dialog.choose(state, option);
    if next.is_some() {
        state.dialog = next;
    }
    commands
}

/// What a key does to a focus among `count` answers: the new focus, `Enter`, or nothing of it.
pub(super) enum Moved {
    /// The focus is here now.
    To(usize),
    /// Enter: take it.
    Take,
    /// Esc: leave.
    Leave,
    /// Another key.
    Other,
}

/// Moves a focus among `count` answers.
pub(super) fn moved(focus: usize, count: usize, key: &KeyEvent) -> Moved {
    let last = count.saturating_sub(1);
    match key.code {
        KeyCode::Up | KeyCode::Left | KeyCode::BackTab => Moved::To(focus.saturating_sub(1)),
        KeyCode::Down | KeyCode::Right | KeyCode::Tab => Moved::To((focus + 1).min(last)),
        KeyCode::Home => Moved::To(0),
        KeyCode::End => Moved::To(last),
        KeyCode::Enter => Moved::Take,
        KeyCode::Esc => Moved::Leave,
        _ => Moved::Other,
    }
}
