//! What is typed, in the form that the format of the file asks for.
use crossterm::event::KeyEvent;

use crate::catalog::{self, Entry, Format};

use super::super::super::files;
use super::super::super::state::State;
use super::super::Line;
use super::keyed::Keyed;
use super::list::List;
use super::pair::Pair;
use super::text::Text;

/// What is typed.
#[derive(Clone, Debug)]
pub(super) enum Shape {
    /// One value on one line: a number, bytes, a word.
    Text(Text),
    /// A quota and its period.
    Pair(Pair),
    /// CPUs or memory nodes.
    List(List),
    /// One of a few values; which it is now.
    Choice(Vec<String>, Option<usize>),
    /// Lines of a key and its value.
    Keyed(Keyed),
}

impl Shape {
    /// The shape for a file that reads `before`.
    pub(super) fn of(state: &State, entry: Option<&'static Entry>, file: &str, before: &str) -> Self {
        let Some(entry) = entry else { return Self::Text(Text::new(None, state, file, before)) };
        let choice = |values: Vec<String>, now: &str| {
            let now = values.iter().position(|value| value == now);
            Self::Choice(values, now)
        };
        match entry.format {
            _ if entry.resets => choice(vec!["0".to_owned()], ""),
            Format::Flag => choice(vec!["0".to_owned(), "1".to_owned()], before),
            // The word alone: a partition reads "root invalid (…)".
            Format::Choice => {
                let now = before.split_ascii_whitespace().next().unwrap_or_default();
                choice(entry.values.iter().map(ToString::to_string).collect(), now)
            }
            Format::Keyed if file == "memory.oom_control" => {
                let now = if before.contains("oom_kill_disable 1") { "1" } else { "0" };
                choice(vec!["0".to_owned(), "1".to_owned()], now)
            }
            Format::Keyed => Self::Keyed(Keyed::new(state, file, before)),
            Format::QuotaPair => Self::Pair(Pair::new(before)),
            Format::List => Self::List(List::new(state, entry, file, before)),
            _ => Self::Text(Text::new(Some(entry), state, file, before)),
        }
    }

    /// Fields that have the focus one after the other.
    pub(super) fn fields(&self) -> usize {
        match self {
            Self::Text(_) => 1,
            Self::Pair(_) => 2,
            Self::List(list) => list.fields(),
            Self::Choice(..) => 0,
            Self::Keyed(keyed) => keyed.fields(),
        }
    }

    /// The values to choose from.
    pub(super) fn values(&self) -> Vec<String> {
        if let Self::Choice(values, _) = self { values.clone() } else { Vec::new() }
    }

    /// A value to choose.
    pub(super) fn value(&self, n: usize) -> Option<String> {
        self.values().into_iter().nth(n)
    }

    /// Which of the values it is now.
    pub(super) fn chosen(&self) -> Option<usize> {
        if let Self::Choice(_, now) = self { *now } else { None }
    }

    /// The writes that it takes, as they are typed.
    pub(super) fn data(&self) -> Vec<String> {
        match self {
            Self::Text(text) => vec![text.data()],
            Self::Pair(pair) => vec![pair.data()],
            Self::List(list) => vec![list.data()],
            Self::Choice(..) => Vec::new(),
            Self::Keyed(keyed) => keyed.data(),
        }
    }

    /// Whether nothing was typed that is not there, lines of a key counted.
    pub(super) fn is_kept(&self) -> bool {
        if let Self::Keyed(keyed) = self { keyed.data().is_empty() } else { true }
    }

    /// The fields as lines; `field` has the focus.
    pub(super) fn lines(&self, field: Option<usize>, ascii: bool) -> Vec<Line> {
        match self {
            Self::Text(text) => vec![text.line(field.is_some())],
            Self::Pair(pair) => pair.lines(field),
            Self::List(list) => list.lines(field, ascii),
            Self::Choice(..) => Vec::new(),
            Self::Keyed(keyed) => keyed.lines(field),
        }
    }

    /// A key in a field; whether it took it.
    pub(super) fn key(&mut self, field: usize, key: &KeyEvent) -> bool {
        match self {
            Self::Text(text) => text.key(key),
            Self::Pair(pair) => pair.key(field, key),
            Self::List(list) => list.key(field, key),
            Self::Choice(..) => false,
            Self::Keyed(keyed) => keyed.key(field, key),
        }
    }

    /// The value in words.
    pub(super) fn words(&self, entry: Option<&Entry>, data: &[String]) -> Option<String> {
        let [data] = data else { return None };
        match self {
            Self::Text(text) => text.words(data),
            Self::Keyed(_) => catalog::human_line(entry?, data),
            _ => files::in_words(entry?, data.trim()),
        }
    }

    /// What the keys do.
    pub(super) fn foot(&self) -> &'static str {
        match self {
            Self::Text(text) if text.steps() => "↑↓ step · Tab answers · Enter sets · Esc",
            Self::Pair(_) => "↑↓ step · Tab · Enter sets · Esc",
            Self::List(_) => "↑↓ · Space on a CPU · Enter sets · Esc",
            Self::Keyed(_) => "↑↓ lines · Del removes · Enter sets · Esc",
            _ => "Tab answers · Enter sets · Esc",
        }
    }
}
