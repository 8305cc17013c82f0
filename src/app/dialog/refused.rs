//! A refusal: the rule, and the ways that are open.
use crossterm::event::KeyEvent;

use crate::plan::intent::Intent;
use crate::plan::refusal::Refusal;

use super::super::change::{self, Ask};
use super::super::state::State;
use super::{Choice, Dialog, Face, Focus, Line, Moved, Reply, Tone, moved};

/// A refusal on screen.
#[derive(Clone, Debug)]
pub struct Refused {
    /// The refusal.
    pub refusal: Refusal,
    /// Which answer has the focus; 0 leaves it.
    pub focus: usize,
}

impl Refused {
    /// How it looks.
    #[must_use]
    pub fn face(&self) -> Face {
        let mut lines = vec![Line::plain(self.refusal.rule.clone())];
        let mut options = vec![Choice::new(if self.refusal.instead.is_empty() { "so be it" } else { "leave it" })];
        for way in &self.refusal.instead {
            if way.intents.is_empty() {
                lines.push(Line::toned(format!("or outside cgrove: {}", way.say), Tone::Quiet));
            } else {
                options.push(Choice::new(way.say.clone()));
            }
        }
        Face {
            title: self.refusal.title.clone(),
            lines,
            options,
            focus: Focus::Option(self.focus),
            foot: "↑↓ Enter · Esc",
            ..Face::default()
        }
    }

    /// A key.
    pub(super) fn key(mut self, state: &mut State, key: &KeyEvent) -> Reply {
        match moved(self.focus, self.face().options.len(), key) {
            Moved::To(focus) => self.focus = focus,
            Moved::Take => {
                let focus = self.focus;
                return self.choose(state, focus);
            }
            Moved::Leave => return (None, Vec::new()),
            Moved::Other => {}
        }
        (Some(Dialog::Refused(self)), Vec::new())
    }

    /// An answer.
    pub(super) fn choose(self, state: &mut State, option: usize) -> Reply {
        match option.checked_sub(1) {
            Some(n) => take(state, self.refusal, n),
            None => (None, Vec::new()),
        }
    }
}

/// Takes a way out of a refusal, counted among those that cgrove can go.
pub(super) fn take(state: &mut State, refusal: Refusal, n: usize) -> Reply {
    match refusal.instead.into_iter().filter(|way| !way.intents.is_empty()).nth(n) {
        Some(way) => {
            // What was asked, with all that it takes: one plan, one question, one undo.
            let title = refusal.title.strip_prefix("cannot ").unwrap_or(&way.say).to_owned();
            let undo = way.intents.iter().any(|intent| matches!(intent, Intent::Undo { .. }));
            let intents = match way.intents {
                intents if intents.len() > 1 && !undo => vec![Intent::Together { title, intents }],
                intents => intents,
            };
            (None, change::begin_all(state, intents.into(), Ask::AsPlanned))
        }
        None => (None, Vec::new()),
    }
}
