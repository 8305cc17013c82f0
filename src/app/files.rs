//! The panel Files, as rows: every file of the selected group with what it reads, grouped by controller.
//!
//! What there is comes from readdir and mode bits; what it means from the catalog ([`detail`]). Files of several lines can be
//! unfolded, a row a line.
use std::collections::BTreeSet;

use crate::catalog::{self, Entry, Kind};
use crate::model::bytes::{Bytes, escape};
use crate::model::field::Field;
use crate::model::hierarchy::Version;
use crate::model::snapshot::{File, Snapshot};

use super::state::{Panel, State};

pub mod detail;

/// How the panel is looked at.
#[derive(Clone, Debug, Default)]
pub struct FilesView {
    /// Words that a file's name or meaning must have.
    pub filter: String,
    /// Files whose lines are rows of their own.
    pub unfolded: BTreeSet<String>,
    /// Files that read otherwise in the sample before.
    pub changed: BTreeSet<Bytes>,
}

/// One row of the panel.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileRow {
    /// Heading, file or line.
    pub what: What,
    /// Name of the file, escaped; of a line its key; of a heading the controller.
    pub name: String,
    /// `rw`, `r-` or `-w` for its owner.
    pub mode: &'static str,
    /// What it reads, lines joined with ` · `, escaped; or why it cannot be said, in a word.
    pub value: String,
    /// Whether `value` is a value.
    pub known: bool,
    /// The value in words, where that says more; what it is, for a counter or a command.
    pub words: Option<String>,
    /// It reads otherwise than in the sample before.
    pub changed: bool,
    /// How many lines it has.
    pub lines: usize,
}

/// What a row is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum What {
    /// The controller of the files below.
    Heading,
    /// A file.
    File,
    /// A line of the file above.
    Line,
}

/// What is done with a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// A value is set.
    Knob,
    /// The kernel writes it.
    Counter,
    /// A write acts.
    Command,
    /// The catalog does not have it.
    Unknown,
}

/// The role of a file. A counter that a write resets is one, too.
#[must_use]
pub fn role(entry: Option<&Entry>) -> Role {
    match entry.map(|entry| entry.kind) {
        Some(Kind::Knob) => Role::Knob,
        Some(Kind::Counter) => Role::Counter,
        Some(Kind::Command) => Role::Command,
        None => Role::Unknown,
    }
}

/// The files of the selected group as they were sampled last.
///
/// # Errors
/// Why they are not known.
pub fn sampled(state: &State) -> Result<&[File], String> {
    let snapshot = state.snapshot().ok_or("the first sample is on its way")?;
    let id = state.selected().ok_or("no group is selected")?;
    let files = snapshot.files.as_ref().filter(|files| files.group == id).ok_or("being read …")?;
    match &files.entries {
        Field::Value { v, .. } => Ok(v),
        other => Err(word(other).to_owned()),
    }
}

/// The entry of the catalog for a file of the hierarchy on screen.
#[must_use]
pub fn entry(state: &State, name: &[u8]) -> Option<&'static Entry> {
    catalog::entry_for(version(state), std::str::from_utf8(name).ok()?)
}

fn version(state: &State) -> Version {
    state.shown_hierarchy().map_or(Version::V1, |h| h.version)
}

/// The number of files.
#[must_use]
pub fn count(state: &State) -> Option<usize> {
    Some(sampled(state).ok()?.len())
}

/// The rows, or why there are none, in words.
///
/// # Errors
/// Why the files are not known.
pub fn rows(state: &State) -> Result<Vec<FileRow>, String> {
    let files = sampled(state)?;
    let mut rows = Vec::new();
    for controller in controllers(state, files) {
        let of_it = files.iter().filter(|file| controller_of(&file.name) == controller && is_wanted(state, file));
        for (n, file) in of_it.enumerate() {
            if n == 0 && state.full_page {
                rows.push(heading(controller));
            }
            let row = row(state, file);
            let unfolded = state.files.unfolded.contains(&row.name);
            rows.push(row);
            if unfolded {
                rows.extend(lines(state, file));
            }
        }
    }
    if rows.is_empty() && !state.files.filter.is_empty() {
        return Err(format!(
            "no file here has \"{}\"; / changes it, Esc ends it",
            escape(state.files.filter.as_bytes())
        ));
    }
    Ok(rows)
}

/// The selected row, if the arrows are in this panel.
#[must_use]
pub fn selected(state: &State) -> Option<FileRow> {
    if state.panel != Panel::Files || !state.in_panel {
        return None;
    }
    rows(state).ok()?.into_iter().nth(state.panel_cursor)
}

/// The file of the selected row, also where that is one of its lines.
#[must_use]
pub fn selected_file(state: &State) -> Option<&File> {
    if state.panel != Panel::Files || !state.in_panel {
        return None;
    }
    let rows = rows(state).ok()?;
    let at = rows.iter().take(state.panel_cursor + 1).rev().find(|row| row.what != What::Line)?;
    sampled(state).ok()?.iter().find(|file| at.what == What::File && escape(&file.name) == at.name)
}

/// Does something to the rows, and keeps the cursor on its file.
pub fn keep(state: &mut State, change: impl FnOnce(&mut State)) {
    let name = selected_file(state).map(|file| escape(&file.name));
    change(state);
    let rows = rows(state).unwrap_or_default();
    let at = rows.iter().position(|row| row.what == What::File && Some(&row.name) == name.as_ref());
    state.panel_cursor = at.unwrap_or_else(|| usize::from(rows.first().is_some_and(|row| row.what == What::Heading)));
    state.dirty = true;
}

/// Unfolds or folds the lines of the selected file; whether that changed anything.
pub fn set_fold(state: &mut State, fold: bool) -> bool {
    let Some(name) = selected_file(state).map(|file| escape(&file.name)) else { return false };
    let many = rows(state).is_ok_and(|rows| rows.iter().any(|row| row.name == name && row.lines > 1));
    if fold != state.files.unfolded.contains(&name) || (!fold && !many) {
        return false;
    }
    keep(state, |state| {
        if fold {
            state.files.unfolded.remove(&name);
        } else {
            state.files.unfolded.insert(name);
        }
    });
    true
}

/// A heading is passed over.
pub fn pass_headings(state: &mut State, down: bool) {
    let Ok(rows) = rows(state) else { return };
    let at = state.panel_cursor.min(rows.len().saturating_sub(1));
    if rows.get(at).is_some_and(|row| row.what == What::Heading) {
        state.panel_cursor = if down || at == 0 { (at + 1).min(rows.len() - 1) } else { at - 1 };
    }
}

/// Which files of a group changed between two samples.
#[must_use]
pub fn changes(before: &Snapshot, now: &Snapshot) -> BTreeSet<Bytes> {
    let (Some(old), Some(new)) = (&before.files, &now.files) else { return BTreeSet::new() };
    let key = |snapshot: &Snapshot, id| snapshot.structure.group(id).map(|group| group.key);
    if key(before, old.group) != key(now, new.group) {
        return BTreeSet::new();
    }
    let (Some(old), Some(new)) = (old.entries.value(), new.entries.value()) else { return BTreeSet::new() };
    let read = |file: &File| file.content.value().cloned();
    new.iter()
        .filter(|file| old.iter().any(|other| other.name == file.name && read(other) != read(file)))
        .map(|file| file.name.clone())
        .collect()
}

/// The first part of the name; `None` for the core files.
fn controller_of(name: &[u8]) -> Option<&str> {
    catalog::controller_of(std::str::from_utf8(name).ok()?)
}

/// The controllers in the order of the hierarchy, others by name, the core files last.
fn controllers<'a>(state: &'a State, files: &'a [File]) -> Vec<Option<&'a str>> {
    let known: Vec<&str> =
        state.shown_hierarchy().map(|h| h.controllers.iter().map(|c| &**c).collect()).unwrap_or_default();
    let mut all: Vec<Option<&str>> = files.iter().map(|file| controller_of(&file.name)).collect();
    all.sort_by_key(|controller| match controller {
        Some(name) => (known.iter().position(|c| c == name).unwrap_or(known.len()), *name),
        None => (usize::MAX, ""),
    });
    all.dedup();
    all
}

fn is_wanted(state: &State, file: &File) -> bool {
    let name = escape(&file.name).to_lowercase();
    let meaning = entry(state, &file.name).map_or(String::new(), |entry| entry.meaning.to_lowercase());
    let filter = state.files.filter.to_lowercase();
    filter.split_whitespace().all(|word| name.contains(word) || meaning.contains(word))
}

fn heading(controller: Option<&str>) -> FileRow {
    FileRow {
        what: What::Heading,
        name: controller.map_or("core, in every group".to_owned(), |name| escape(name.as_bytes())),
        mode: "",
        value: String::new(),
        known: true,
        words: None,
        changed: false,
        lines: 0,
    }
}

fn text_lines(content: &[u8]) -> Vec<String> {
    content.split(|&b| b == b'\n').filter(|line| !line.is_empty()).map(escape).collect()
}

/// The lines of a file as rows.
fn lines(state: &State, file: &File) -> Vec<FileRow> {
    let Some(content) = file.content.value() else { return Vec::new() };
    let entry = entry(state, &file.name);
    let line = |text: String| {
        let words = entry.and_then(|entry| catalog::human_line(entry, &text));
        let (name, value) = text.split_once(' ').map_or((text.as_str(), ""), |(name, value)| (name, value.trim()));
        FileRow {
            what: What::Line,
            name: name.to_owned(),
            mode: "",
            value: value.to_owned(),
            known: true,
            words,
            changed: false,
            lines: 0,
        }
    };
    text_lines(content).into_iter().map(line).collect()
}

fn row(state: &State, file: &File) -> FileRow {
    let mode = match (file.mode & 0o400 != 0, file.mode & 0o200 != 0) {
        (true, true) => "rw",
        (true, false) => "r-",
        (false, true) => "-w",
        (false, false) => "--",
    };
    let entry = entry(state, &file.name);
    let name = escape(&file.name);
    let mut count = 0;
    let (value, known) = match &file.content {
        Field::Value { v, .. } => {
            let text = text_lines(v);
            count = text.len();
            match text.len() {
                0 => ("(empty)".to_owned(), true),
                lines if lines > 1 && state.files.unfolded.contains(&name) => (format!("{lines} lines"), true),
                _ => (text.into_iter().take(64).collect::<Vec<_>>().join(" · "), true),
            }
        }
        Field::Unread if mode == "-w" => ("only for writing".to_owned(), false),
        other => (word(other).to_owned(), false),
    };
    let human = entry.filter(|_| known).and_then(|entry| in_words(entry, if count == 0 { "" } else { &value }));
    // One line of a key says its unit at once.
    let human =
        human.or_else(|| entry.filter(|_| known && count == 1).and_then(|entry| catalog::human_line(entry, &value)));
    let changed = state.files.changed.contains(&file.name);
    FileRow { what: What::File, words: words(entry, human), name, mode, value, known, changed, lines: count }
}

fn words(entry: Option<&Entry>, human: Option<String>) -> Option<String> {
    match (role(entry), human) {
        (Role::Knob, human) => human,
        (Role::Counter, human) => {
            let is = detail::read_only(entry?);
            Some(human.map_or_else(|| is.to_owned(), |human| format!("{human}, {is}")))
        }
        (Role::Command, _) => entry.map(|entry| detail::how(entry).to_owned()),
        (Role::Unknown, _) => Some("not in cgrove's catalog".to_owned()),
    }
}

/// A value in words, where they say more than the value.
#[must_use]
pub fn in_words(entry: &Entry, value: &str) -> Option<String> {
    let words = catalog::human(entry, value);
    if words == value {
        return None;
    }
    // "empty: no task may enter" of a list that is set; what is only read says it by being empty.
    match words.strip_prefix("empty: ") {
        Some(rest) => (entry.kind == Kind::Knob).then(|| rest.to_owned()),
        // "100000 = 100 ms" after "100000" would say the number twice.
        None => Some(words.strip_prefix(&format!("{value} = ")).map(str::to_owned).unwrap_or(words)),
    }
}

/// Why a field has no value, in a word.
pub fn word<T>(field: &Field<T>) -> &'static str {
    match field {
        Field::Absent => "absent",
        Field::Denied(errno) if errno.is_gone() => "gone",
        Field::Denied(crate::model::errno::Errno::EACCES | crate::model::errno::Errno::EPERM) => "denied",
        Field::Denied(crate::model::errno::Errno::EOPNOTSUPP) => "not in a threaded group",
        Field::Denied(_) => "error",
        Field::Malformed(_) => "not understood",
        Field::Unread => "…",
        Field::Value { .. } => "",
    }
}
