//! Lines of a key and its value, one row a line as it reads; one more row for another.
use crossterm::event::{KeyCode, KeyEvent};
use std::collections::BTreeSet;

use crate::catalog::removal;
use crate::model::bytes::escape;

use super::super::super::files;
use super::super::super::state::State;
use super::super::{Line, Tone};
use super::text::Field;

/// Lines.
#[derive(Clone, Debug)]
pub(super) struct Keyed {
    file: Box<str>,
    rows: Vec<Row>,
    /// Keys that other files of the group have: disks.
    known: BTreeSet<String>,
}

#[derive(Clone, Debug)]
struct Row {
    before: String,
    field: Field,
    removed: bool,
}

impl Keyed {
    pub(super) fn new(state: &State, file: &str, before: &str) -> Self {
        let row = |line: &str| Row { before: line.to_owned(), field: Field::going_on(line), removed: false };
        let mut rows: Vec<Row> = before.lines().map(str::trim).filter(|line| !line.is_empty()).map(row).collect();
        rows.push(row(""));
        Self { file: file.into(), rows, known: disks(state) }
    }

    pub(super) fn fields(&self) -> usize {
        self.rows.len()
    }

    /// One write a row that was changed.
    pub(super) fn data(&self) -> Vec<String> {
        let mut out = Vec::new();
        for row in &self.rows {
            let key = row.before.split_ascii_whitespace().next().unwrap_or_default();
            if row.removed {
                out.push(removal(&self.file, key));
            } else if row.field.text() != row.before {
                out.push(row.field.text().to_owned());
            }
        }
        out
    }

    pub(super) fn lines(&self, field: Option<usize>) -> Vec<Line> {
        let mut lines = Vec::new();
        for (n, row) in self.rows.iter().enumerate() {
            let label = if row.before.is_empty() { "another" } else { "line" };
            if row.removed {
                let key = row.before.split_ascii_whitespace().next().unwrap_or_default();
                let text = format!("removed {}, by writing \"{}\"", row.before, removal(&self.file, key));
                lines.push(Line::toned(text, Tone::Field((field == Some(n)).then_some(0))));
            } else {
                lines.push(row.field.line(label, field == Some(n)));
            }
        }
        if !self.known.is_empty() {
            let known: Vec<&str> = self.known.iter().map(String::as_str).take(8).collect();
            lines.push(Line::toned(format!("disks   {}", known.join(" ")), Tone::Quiet));
        }
        lines
    }

    pub(super) fn key(&mut self, field: usize, key: &KeyEvent) -> bool {
        let Some(row) = self.rows.get_mut(field) else { return false };
        match key.code {
            KeyCode::Delete if !row.before.is_empty() && !row.before.starts_with("default") => {
                row.removed = !row.removed;
                true
            }
            _ if row.removed => false,
            _ => row.field.key(key),
        }
    }
}

/// Disks that files of the group, or of its parent, have lines for.
fn disks(state: &State) -> BTreeSet<String> {
    let above = state.snapshot().and_then(|snapshot| snapshot.files_above.as_ref()?.entries.value());
    let own = files::sampled(state).unwrap_or_default();
    let all = own.iter().chain(above.into_iter().flatten());
    let texts = all.filter(|file| file.name.starts_with(b"io.") || file.name.starts_with(b"blkio."));
    let lines = texts.filter_map(|file| file.content.value()).flat_map(|text| text.split(|&byte| byte == b'\n'));
    lines.filter_map(|line| disk(&escape(line))).collect()
}

fn disk(line: &str) -> Option<String> {
    let key = line.split_ascii_whitespace().next()?;
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let (major, minor) = key.split_once(':')?;
    (digits(major) && digits(minor)).then(|| key.to_owned())
}
