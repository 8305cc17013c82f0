//! CPUs and memory nodes: typed as a list, or toggled one by one among those that the parent allows.
use std::fmt::Write;

use crossterm::event::{KeyCode, KeyEvent};

use crate::catalog::{Entry, Unit};
use crate::model::cpu_set::CpuSet;
use crate::model::field::Field as Read;
use crate::model::hierarchy::Version;

use super::super::super::state::State;
use super::super::{Line, Tone};
use super::text::{Field, LABEL};

/// So many numbers are on screen at once.
const SHOWN: usize = 16;

/// A list.
#[derive(Clone, Debug)]
pub(super) struct List {
    field: Field,
    /// What can be toggled: what the parent has, and what is in the list.
    all: Vec<u32>,
    /// Where that is from, in words.
    from: String,
    at: usize,
    word: &'static str,
}

impl List {
    pub(super) fn new(state: &State, entry: &Entry, file: &str, before: &str) -> Self {
        let word = if entry.unit == Some(Unit::Nodes) { "nodes" } else { "CPUs" };
        let (allowed, from) = match above(state, file) {
            Some(set) => (set, "the parent has"),
            None if word == "CPUs" => {
                (state.snapshot().map(|snapshot| snapshot.host.online.clone()).unwrap_or_default(), "this host has")
            }
            None => (CpuSet::default(), "the parent has"),
        };
        let mut all = allowed.clone();
        CpuSet::parse(before).iter().flat_map(CpuSet::iter).for_each(|n| all.insert(n));
        let from = if allowed.is_empty() { String::new() } else { format!("{from} {allowed}") };
        Self { field: Field::new(before), all: all.iter().collect(), from, at: 0, word }
    }

    pub(super) fn fields(&self) -> usize {
        if self.all.is_empty() { 1 } else { 2 }
    }

    pub(super) fn data(&self) -> String {
        self.field.text().to_owned()
    }

    fn chosen(&self) -> Option<CpuSet> {
        CpuSet::parse(self.field.text())
    }

    pub(super) fn lines(&self, field: Option<usize>, ascii: bool) -> Vec<Line> {
        let mut lines = vec![self.field.line("list", field == Some(0))];
        if self.all.is_empty() {
            return lines;
        }
        let chosen = self.chosen().unwrap_or_default();
        let first = self.at.saturating_sub(SHOWN / 2).min(self.all.len().saturating_sub(SHOWN));
        let mut text = format!("{:<LABEL$}", self.word);
        let mut cursor = 0;
        let more = if ascii { "~ " } else { "… " };
        if first > 0 {
            text.push_str(more);
        }
        for (n, number) in self.all.iter().enumerate().skip(first).take(SHOWN) {
            if n == self.at {
                cursor = text.chars().count() + 1;
            }
            let (open, close) = if chosen.contains(*number) { ('[', ']') } else { (' ', ' ') };
            let _ = write!(text, "{open}{number}{close} ");
        }
        if first + SHOWN < self.all.len() {
            text.push_str(more);
        }
        lines.push(Line::toned(text.trim_end().to_owned(), Tone::Field((field == Some(1)).then_some(cursor))));
        if !self.from.is_empty() {
            lines.push(Line::toned(format!("{:<LABEL$}{}", "", self.from), Tone::Quiet));
        }
        lines
    }

    pub(super) fn key(&mut self, field: usize, key: &KeyEvent) -> bool {
        if field == 0 {
            return self.field.key(key);
        }
        match key.code {
            KeyCode::Left => self.at = self.at.saturating_sub(1),
            KeyCode::Right => self.at = (self.at + 1).min(self.all.len().saturating_sub(1)),
            KeyCode::Home => self.at = 0,
            KeyCode::End => self.at = self.all.len().saturating_sub(1),
            KeyCode::Char(' ') => {
                let Some(&number) = self.all.get(self.at) else { return true };
                let chosen = self.chosen().unwrap_or_default();
                let one = CpuSet::one(number);
                let next: CpuSet = if chosen.contains(number) {
                    chosen.difference(&one)
                } else {
                    chosen.iter().chain(one.iter()).collect()
                };
                self.field.set(&next.to_string());
            }
            _ => return false,
        }
        true
    }
}

/// What the parent has of it.
fn above(state: &State, file: &str) -> Option<CpuSet> {
    let version = state.shown_hierarchy().map_or(Version::V1, |h| h.version);
    let files = state.snapshot()?.files_above.as_ref()?;
    let read = |name: &str| {
        let file = files.entries.value()?.iter().find(|file| *file.name == *name.as_bytes())?;
        let Read::Value { v, .. } = &file.content else { return None };
        CpuSet::parse(std::str::from_utf8(v).ok()?).filter(|set| !set.is_empty())
    };
    match version {
        Version::V1 => read(file),
        Version::V2 => read(&format!("{}.effective", file.trim_end_matches(".exclusive"))),
    }
}
