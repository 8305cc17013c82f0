//! The panel Files, as rows: every file of the selected group with what it reads.
use crate::catalog;
use crate::model::bytes::escape;
use crate::model::field::Field;
use crate::model::hierarchy::Version;
use crate::model::snapshot::File;

use super::state::State;

/// One row of the panel.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileRow {
    /// Name of the file, escaped.
    pub name: String,
    /// `rw`, `r-` or `-w` for its owner.
    pub mode: &'static str,
    /// What it reads, lines joined with ` · `, escaped; or why it cannot be said, in a word.
    pub value: String,
    /// Whether `value` is a value.
    pub known: bool,
    /// The value in words, where that says more.
    pub words: Option<String>,
    /// What the file means, where the catalog has it.
    pub meaning: Option<&'static str>,
}

/// The rows, or why there are none, in words.
///
/// # Errors
/// Why the files are not known.
pub fn rows(state: &State) -> Result<Vec<FileRow>, String> {
    let snapshot = state.snapshot().ok_or("the first sample is on its way")?;
    let id = state.selected().ok_or("no group is selected")?;
    let files = snapshot.files.as_ref().filter(|files| files.group == id).ok_or("being read …")?;
    match &files.entries {
        Field::Value { v, .. } => {
            let version = state.shown_hierarchy().map_or(Version::V1, |h| h.version);
            Ok(v.iter().map(|file| row(file, version)).collect())
        }
        other => Err(word(other).to_owned()),
    }
}

fn row(file: &File, version: Version) -> FileRow {
    let mode = match (file.mode & 0o400 != 0, file.mode & 0o200 != 0) {
        (true, true) => "rw",
        (true, false) => "r-",
        (false, true) => "-w",
        (false, false) => "--",
    };
    let (value, known) = match &file.content {
        Field::Value { v, .. } => {
            let text: Vec<String> =
                v.split(|&b| b == b'\n').filter(|line| !line.is_empty()).take(64).map(escape).collect();
            (if text.is_empty() { "(empty)".to_owned() } else { text.join(" · ") }, true)
        }
        Field::Unread if mode == "-w" => ("only for writing".to_owned(), false),
        other => (word(other).to_owned(), false),
    };
    let entry = std::str::from_utf8(&file.name).ok().and_then(|name| catalog::entry_for(version, name));
    let words = entry.filter(|_| known).map(|entry| catalog::human(entry, &value)).filter(|words| *words != value);
    let meaning = entry.map(|entry| &*entry.meaning);
    FileRow { name: escape(&file.name), mode, value, known, words, meaning }
}

/// Why a field has no value, in a word.
pub fn word<T>(field: &Field<T>) -> &'static str {
    match field {
        Field::Absent => "absent",
        Field::Denied(errno) if errno.is_gone() => "gone",
        Field::Denied(crate::model::errno::Errno::EACCES | crate::model::errno::Errno::EPERM) => "denied",
        Field::Denied(_) => "error",
        Field::Malformed(_) => "not understood",
        Field::Unread => "…",
        Field::Value { .. } => "",
    }
}
