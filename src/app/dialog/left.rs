//! What a visit that did not come to its end has left: take it back, leave it, or look first.
use crossterm::event::{KeyCode, KeyEvent};

use crate::model::time::Mono;
use crate::plan::words;

use super::super::command::Command;
use super::super::left::{Fate, Left, Visit};
use super::super::others;
use super::super::state::State;
use super::{Choice, Dialog, Face, Focus, Line, Moved, Reply, Tone, moved};

/// Keys in the first 300 ms are ignored: they were meant for the screen that was expected.
const DEAF: u64 = 300_000_000;

/// The offer, or what became of it.
#[derive(Clone, Debug)]
pub struct Offer {
    /// What was left.
    pub left: Left,
    /// Since when it is asked.
    pub since: Mono,
    /// Which answer has the focus.
    pub focus: usize,
    /// Every single thing is listed.
    pub all: bool,
    /// First line on screen.
    pub top: usize,
}

/// Offers what was left, or tells what became of it.
pub fn take(state: &mut State, left: Left) {
    state.dirty = true;
    if left.done {
        // It stands in no journal of this visit.
        others::forget(state);
        state.notice = None;
    } else if state.dialog.is_some() || state.setup.open.is_some() {
        // Something else is asked already.
        return state.say(format!("{}: `cgrove cleanup` takes it back", left.title()));
    }
    state.dialog = Some(Dialog::Left(Offer::new(left, state.now)));
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Answer {
    TakeBack,
    Leave,
    Look,
    Close,
}

impl Offer {
    /// Asks, with the focus on leaving it; or tells what was done.
    #[must_use]
    pub fn new(left: Left, since: Mono) -> Self {
        let (focus, all) = (usize::from(!left.done), left.done);
        Self { left, since, focus, all, top: 0 }
    }

    fn answers(&self) -> Vec<(Answer, &'static str)> {
        let mut answers = Vec::new();
        if self.left.done {
            return vec![(Answer::Close, "so be it")];
        }
        answers.push((Answer::TakeBack, "take it back"));
        answers.push((Answer::Leave, "leave it"));
        if !self.all {
            answers.push((Answer::Look, "look"));
        }
        answers
    }

    /// How it looks.
    #[must_use]
    pub fn face(&self, state: &State) -> Face {
        let mut lines = Vec::new();
        for visit in &self.left.visits {
            let when = state.wall.clock(visit.time_ms);
            lines.push(Line::plain(format!("{}, from {when}: {}", visit.name, summary(visit, self.left.done))));
            if self.all {
                lines.extend(visit.notes.iter().map(|note| {
                    let word = match (note.fate, self.left.done) {
                        (Fate::TakenBack, true) => "done",
                        (Fate::TakenBack, false) => "would do",
                        (Fate::Foreign | Fate::Left, _) => "left",
                    };
                    let tone = if note.fate == Fate::TakenBack { Tone::Quiet } else { Tone::Warning };
                    Line::toned(format!("  {word}: {}", note.text), tone)
                }));
            }
        }
        lines.extend(self.left.failures.iter().map(|why| Line::toned(why.clone(), Tone::Warning)));
        if !self.left.done {
            lines.push(Line::toned(
                "Left, it is asked again at the next start; `cgrove cleanup` does the same.",
                Tone::Quiet,
            ));
        }
        Face {
            title: self.left.title(),
            lines,
            options: self.answers().into_iter().map(|(_, text)| Choice::new(text)).collect(),
            focus: Focus::Option(self.focus),
            foot: if self.all { "PgDn PgUp · Enter · Esc" } else { "Enter · Esc" },
            top: self.top,
            wide: self.all,
            ..Face::default()
        }
    }

    /// A key.
    pub(super) fn key(mut self, state: &mut State, key: &KeyEvent) -> Reply {
        if !self.left.done && state.now.nanos_since(self.since) < DEAF {
            return (Some(Dialog::Left(self)), Vec::new());
        }
        match key.code {
            KeyCode::PageDown => self.top = (self.top + 10).min(self.face(state).lines.len().saturating_sub(1)),
            KeyCode::PageUp => self.top = self.top.saturating_sub(10),
            _ => match moved(self.focus, self.answers().len(), key) {
                Moved::To(focus) => self.focus = focus,
                Moved::Take => {
                    let focus = self.focus;
                    return self.choose(state, focus);
                }
                Moved::Leave => return (None, Vec::new()),
                Moved::Other => {}
            },
        }
        (Some(Dialog::Left(self)), Vec::new())
    }

    /// An answer.
    pub(super) fn choose(mut self, state: &mut State, option: usize) -> Reply {
        match self.answers().get(option).map(|(answer, _)| *answer) {
            Some(Answer::TakeBack) => {
                state.say("taking back what was left …");
                (None, vec![Command::CleanUp])
            }
            Some(Answer::Look) => {
                (self.all, self.focus) = (true, 1);
                (Some(Dialog::Left(self)), Vec::new())
            }
            Some(Answer::Leave | Answer::Close) | None => (None, Vec::new()),
        }
    }
}

/// How much of what kind a visit left.
fn summary(visit: &Visit, done: bool) -> String {
    let count = |fate| visit.notes.iter().filter(|note| note.fate == fate).count();
    let (back, foreign, left) = (count(Fate::TakenBack), count(Fate::Foreign), count(Fate::Left));
    let thing = |number| words::count(number, "thing");
    let mut parts = Vec::new();
    if back > 0 || foreign + left == 0 {
        parts.push(if done {
            format!("{} taken back", thing(back))
        } else {
            format!("{} can be taken back", thing(back))
        });
    }
    if foreign > 0 {
        parts.push(format!("{} changed by others since, left as it is", thing(foreign)));
    }
    if left > 0 {
        parts.push(format!("{} cannot be taken back now", thing(left)));
    }
    parts.join("; ")
}
