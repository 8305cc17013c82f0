//! Every command by name: what fits the selection first, the rest with the reason why not.
use crossterm::event::{KeyCode, KeyEvent};

use super::super::act;
use super::super::keymap::{Action, BINDINGS, Binding};
use super::super::state::State;
use super::{Choice, Dialog, Face, Focus, Line, Reply, Tone};

/// The palette on screen.
#[derive(Clone, Debug, Default)]
pub struct Palette {
    /// What was typed.
    pub typed: String,
    /// Which of the commands that fit has the focus.
    pub focus: usize,
}

impl Palette {
    /// The commands that fit what was typed: those that can be used first, in the order of the table.
    fn entries(&self, state: &State) -> Vec<(&'static Binding, Option<String>)> {
        let typed = self.typed.trim().to_lowercase();
        let fits =
            |b: &&Binding| typed.is_empty() || b.word.starts_with(&typed) || b.help.to_lowercase().contains(&typed);
        let shown = |b: &&Binding| !matches!(b.action, Action::Palette | Action::Up | Action::Down);
        let mut entries: Vec<_> =
            BINDINGS.iter().filter(shown).filter(fits).map(|b| (b, act::off(state, b.action))).collect();
        // The word itself before words that only begin with it, those before mentions; what cannot be used last.
        entries.sort_by_key(|(b, off)| (off.is_some(), b.word != typed, !b.word.starts_with(&typed)));
        entries
    }

    /// How it looks.
    #[must_use]
    pub fn face(&self, state: &State) -> Face {
        let entries = self.entries(state);
        let text = format!(":{}", self.typed);
        let cursor = text.chars().count();
        let options: Vec<Choice> = entries
            .into_iter()
            .map(|(b, off)| Choice { text: format!("{:<10} {:<9} {}", b.word, b.keys, b.help), off })
            .collect();
        let none = options.is_empty().then(|| Line::toned("no such command", Tone::Warning));
        let lines = std::iter::once(Line::toned(text, Tone::Field(Some(cursor)))).chain(none).collect();
        Face {
            title: "every command".to_owned(),
            lines,
            options,
            focus: Focus::Option(self.focus),
            foot: "type · ↑↓ Enter · Esc",
            wide: true,
            ..Face::default()
        }
    }

    /// A key.
    pub(super) fn key(mut self, state: &mut State, key: &KeyEvent) -> Reply {
        let last = self.entries(state).len().saturating_sub(1);
        match key.code {
            KeyCode::Esc => return (None, Vec::new()),
            KeyCode::Enter => {
                let focus = self.focus;
                return self.choose(state, focus);
            }
            KeyCode::Up | KeyCode::BackTab => self.focus = self.focus.saturating_sub(1),
            KeyCode::Down | KeyCode::Tab => self.focus = (self.focus + 1).min(last),
            KeyCode::Home => self.focus = 0,
            KeyCode::End => self.focus = last,
            KeyCode::Backspace => {
                self.focus = 0;
                if self.typed.pop().is_none() {
                    return (None, Vec::new());
                }
            }
            KeyCode::Char(c) if self.typed.len() < 100 => {
                self.focus = 0;
                self.typed.push(c);
            }
            _ => {}
        }
        (Some(Dialog::Palette(self)), Vec::new())
    }

    /// A command.
    pub(super) fn choose(self, state: &mut State, option: usize) -> Reply {
        match self.entries(state).into_iter().nth(option) {
            Some((_, Some(reason))) => {
                state.say(reason);
                (Some(Dialog::Palette(self)), Vec::new())
            }
            Some((binding, None)) => {
                let commands = act::act(state, binding.action);
                (state.dialog.take(), commands)
            }
            None => (Some(Dialog::Palette(self)), Vec::new()),
        }
    }
}
