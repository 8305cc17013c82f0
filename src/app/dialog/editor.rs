//! A file to set: an editor that knows the format.
//!
//! # How it works
//! [`Shape`] holds what is typed, in the form that the catalog's format asks for. What is typed is checked by the rules of
//! `plan::set` at every key: a value by itself at once ([`value::check`]), among the others by asking for its plan
//! ([`Ahead`]). What is wrong stands in the dialog before Enter, and the ways out are its answers. Enter makes an
//! `Intent::Set`, so foreign groups ask as always.
use crossterm::event::{KeyCode, KeyEvent};

use crate::catalog::{self, Entry};
use crate::model::bytes::escape;
use crate::model::place::Place;
use crate::plan::intent::{Intent, Setting};
use crate::plan::set::value::{self, Wrong};

use super::super::change::{self, Ask};
use super::super::files;
use super::super::state::State;
use super::ahead::{self, Ahead, Answer};
use super::{Choice, Dialog, Face, Focus, Line, Reply, Tone, refused};
use shape::Shape;

mod keyed;
mod list;
mod pair;
mod shape;
mod text;

/// A file that is being edited.
#[derive(Clone, Debug)]
pub struct Editor {
    /// The group.
    pub group: Place,
    /// Its file.
    pub file: Box<str>,
    entry: Option<&'static Entry>,
    before: String,
    shape: Shape,
    focus: At,
    pub(super) ahead: Ahead,
}

/// What has the focus.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum At {
    Field(usize),
    Answer(usize),
}

/// An answer.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Answers {
    /// Write what is typed.
    Set,
    /// Write one of the values that there are.
    Value(String),
    /// Write this instead of what is typed.
    Instead(String, String),
    /// A way out of the refusal, by number.
    Way(usize, String),
    Leave,
}

/// What stands in the fields.
enum Typed {
    /// What stands in the file already.
    Same,
    /// One write each; what to know of them.
    Good(Vec<String>, Vec<String>),
    Bad(Wrong),
}

impl Editor {
    /// The editor of a file of the selected group; `None` if the group is gone.
    #[must_use]
    pub fn open(state: &State, file: &str) -> Option<Self> {
        let group = state.selected_place()?;
        let entry = files::entry(state, file.as_bytes());
        let read = files::sampled(state).ok()?.iter().find(|other| *other.name == *file.as_bytes())?;
        let before = read.content.value().map_or(String::new(), |bytes| text_of(bytes));
        let shape = Shape::of(state, entry, file, &before);
        let focus = match shape.fields() {
            0 => At::Answer(shape.chosen().unwrap_or(0)),
            _ => At::Field(0),
        };
        Some(Self { group, file: file.into(), entry, before, shape, focus, ahead: Ahead::default() })
    }

    /// What is typed, checked by itself.
    fn typed(&self) -> Typed {
        let data = match self.focus {
            At::Answer(n) if self.shape.fields() == 0 => self.shape.value(n).into_iter().collect(),
            _ => self.shape.data(),
        };
        let (mut good, mut notes) = (Vec::new(), Vec::new());
        for data in data {
            match self.entry {
                Some(entry) => match value::check(entry, &self.file, data.as_bytes()) {
                    Ok((data, more)) => {
                        good.push(data);
                        notes.extend(more);
                    }
                    Err(wrong) => return Typed::Bad(wrong),
                },
                None => good.push(data),
            }
        }
        let stands = |data: &String| data.trim() == self.before && self.before.lines().count() < 2;
        if good.iter().all(stands) && self.shape.is_kept() { Typed::Same } else { Typed::Good(good, notes) }
    }

    fn setting(&self, data: &str) -> Intent {
        let setting = Setting { file: self.file.clone(), data: data.as_bytes().into() };
        Intent::Set { group: self.group.clone(), setting }
    }

    /// What Enter would ask for; `None` while that is wrong, or stands already.
    #[must_use]
    pub fn intent(&self, _state: &State) -> Option<Intent> {
        let Typed::Good(data, _) = self.typed() else { return None };
        let mut intents: Vec<Intent> = data.iter().map(|data| self.setting(data)).collect();
        if intents.len() > 1 {
            let title = format!("set {} of {}", self.file, self.group);
            return Some(Intent::Together { title, intents });
        }
        intents.pop()
    }

    fn answers(&self, state: &State) -> Vec<Answers> {
        let mut answers = Vec::new();
        if self.shape.fields() == 0 {
            answers.extend(self.shape.values().into_iter().map(Answers::Value));
        }
        match self.typed() {
            Typed::Bad(wrong) => {
                answers.extend(wrong.instead.into_iter().map(|(say, data)| Answers::Instead(say, data)));
            }
            Typed::Good(..) => {
                let answer = self.intent(state).and_then(|intent| self.ahead.of(&intent).cloned());
                if let Some(Answer::Refused(refusal)) = answer.filter(|answer| !is_nothing(answer)) {
                    let ways = refusal.instead.into_iter().filter(|way| !way.intents.is_empty());
                    answers.extend(ways.enumerate().map(|(n, way)| Answers::Way(n, way.say)));
                } else if self.shape.fields() > 0 {
                    answers.push(Answers::Set);
                }
            }
            Typed::Same => {}
        }
        answers.push(Answers::Leave);
        answers
    }

    /// How it looks.
    #[must_use]
    pub fn face(&self, state: &State) -> Face {
        let mut lines = Vec::new();
        match self.entry {
            Some(entry) => lines.push(Line::toned(entry.meaning.to_string(), Tone::Quiet)),
            None => lines.push(Line::toned(
                "cgrove's catalog does not have this file: the text is written as it is, and the kernel is the judge.",
                Tone::Warning,
            )),
        }
        lines.extend(self.stands());
        let first = lines.len();
        let field = match self.focus {
            At::Field(n) => Some(n),
            At::Answer(_) => None,
        };
        lines.extend(self.shape.lines(field, state.setup.ascii));
        lines.extend(self.says(state));
        let answers = self.answers(state);
        let focus = match self.focus {
            At::Field(n) => Focus::Line(first + n),
            At::Answer(n) => Focus::Option(n.min(answers.len() - 1)),
        };
        let options = answers.into_iter().map(|answer| Choice::new(self.label(answer))).collect();
        let foot = if self.shape.fields() == 0 { "↑↓ Enter · Esc" } else { self.shape.foot() };
        Face {
            title: format!("{} of {}", self.file, name(&self.group)),
            lines,
            options,
            focus,
            foot,
            wide: true,
            ..Face::default()
        }
    }

    /// What stands in the file, and what may.
    fn stands(&self) -> Vec<Line> {
        let mut lines = Vec::new();
        if self.before.lines().count() < 2 {
            let now = if self.before.is_empty() { "(empty)".to_owned() } else { escape(self.before.as_bytes()) };
            let human = self.entry.and_then(|entry| files::in_words(entry, &self.before));
            let human = human.map_or(String::new(), |words| format!(" = {words}"));
            lines.push(Line::plain(format!("now     {now}{human}")));
        }
        let takes = self.entry.map(files::detail::takes).filter(|takes| !takes.is_empty());
        lines.extend(takes.map(|takes| Line::toned(format!("takes   {takes}"), Tone::Entry(8))));
        lines
    }

    /// The value in words, what is wrong with it, what follows from it.
    fn says(&self, state: &State) -> Vec<Line> {
        match self.typed() {
            Typed::Same => vec![Line::toned("That is what it is now.", Tone::Quiet)],
            Typed::Bad(wrong) => vec![Line::toned(wrong.rule, Tone::Warning)],
            Typed::Good(data, notes) => {
                let mut lines = Vec::new();
                // Of a number that the kernel does not store as it is, the words would be wrong.
                let stored = notes.is_empty() || !self.entry.is_some_and(|entry| entry.clamps);
                let words = self.shape.words(self.entry, &data).filter(|_| self.shape.fields() > 0 && stored);
                lines.extend(words.map(|words| Line::plain(format!("      = {words}"))));
                let answer = self.intent(state).and_then(|intent| self.ahead.of(&intent).cloned());
                let said = ahead::say(answer.as_ref(), state);
                let new = notes.into_iter().filter(|note| said.iter().all(|line| line.text != *note));
                lines.extend(new.map(|note| Line::toned(note, Tone::Warning)));
                lines.extend(said);
                lines
            }
        }
    }

    fn label(&self, answer: Answers) -> String {
        match answer {
            Answers::Set => "set".to_owned(),
            Answers::Value(value) => {
                let words = self.entry.map_or(value.clone(), |entry| catalog::human(entry, &value));
                if value == self.before { format!("{words} (now)") } else { words }
            }
            Answers::Instead(say, _) | Answers::Way(_, say) => say,
            Answers::Leave => "leave".to_owned(),
        }
    }

    /// A key.
    pub(super) fn key(mut self: Box<Self>, state: &mut State, key: &KeyEvent) -> Reply {
        let last = self.answers(state).len() - 1;
        match (key.code, self.focus) {
            (KeyCode::Esc, _) => return (None, Vec::new()),
            (KeyCode::Enter, At::Answer(n)) => return self.choose(state, n),
            (KeyCode::Enter, At::Field(_)) => return self.enter(state),
            (KeyCode::Tab, at) => self.focus = self.next(at, last),
            (KeyCode::BackTab, at) => self.focus = self.previous(at),
            (_, At::Field(n)) if self.shape.key(n, key) => {}
            (KeyCode::Down, at) | (KeyCode::Right, at @ At::Answer(_)) => self.focus = self.next(at, last),
            (KeyCode::Up, at) | (KeyCode::Left, at @ At::Answer(_)) => self.focus = self.previous(at),
            // What is typed is meant for the field.
            (KeyCode::Char(_) | KeyCode::Backspace, At::Answer(_)) if self.shape.fields() > 0 => {
                self.focus = At::Field(0);
                self.shape.key(0, key);
            }
            _ => {}
        }
        (Some(Dialog::Editor(self)), Vec::new())
    }

    fn next(&self, at: At, last: usize) -> At {
        match at {
            At::Field(n) if n + 1 < self.shape.fields() => At::Field(n + 1),
            At::Field(_) => At::Answer(0),
            At::Answer(n) => At::Answer((n + 1).min(last)),
        }
    }

    fn previous(&self, at: At) -> At {
        match at {
            At::Field(n) => At::Field(n.saturating_sub(1)),
            At::Answer(0) if self.shape.fields() > 0 => At::Field(self.shape.fields() - 1),
            At::Answer(n) => At::Answer(n.saturating_sub(1)),
        }
    }

    /// Enter in a field: it is set, unless something is to be read first.
    fn enter(self: Box<Self>, state: &mut State) -> Reply {
        let typed = self.typed();
        match typed {
            Typed::Good(..) => {
                let commands = self.intent(state).map(|intent| change::begin(state, intent, Ask::AsPlanned));
                (None, commands.unwrap_or_default())
            }
            Typed::Same => (None, Vec::new()),
            Typed::Bad(_) => {
                state.say("not as it stands: type on, or Tab to an answer");
                (Some(Dialog::Editor(self)), Vec::new())
            }
        }
    }

    /// An answer.
    pub(super) fn choose(self: Box<Self>, state: &mut State, option: usize) -> Reply {
        match self.answers(state).into_iter().nth(option) {
            Some(Answers::Set) => self.enter(state),
            Some(Answers::Value(data)) if data == self.before => (None, Vec::new()),
            Some(Answers::Value(data) | Answers::Instead(_, data)) => {
                (None, change::begin(state, self.setting(&data), Ask::AsPlanned))
            }
            Some(Answers::Way(n, _)) => {
                let answer = self.intent(state).and_then(|intent| self.ahead.of(&intent).cloned());
                match answer {
                    Some(Answer::Refused(refusal)) => refused::take(state, refusal, n),
                    _ => (Some(Dialog::Editor(self)), Vec::new()),
                }
            }
            Some(Answers::Leave) | None => (None, Vec::new()),
        }
    }
}

/// A group by its own name: the whole path stands in the shell line.
pub(super) fn name(group: &Place) -> String {
    if group.is_top() { "the top group".to_owned() } else { escape(group.name()) }
}

fn is_nothing(answer: &Answer) -> bool {
    matches!(answer, Answer::Refused(refusal) if refusal.is_nothing_to_do())
}

fn text_of(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).trim_end_matches('\n').trim().to_owned()
}
