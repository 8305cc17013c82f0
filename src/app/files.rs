//! The panel Files, as rows: every file of the selected group with what it reads.
use crate::model::bytes::escape;
use crate::model::field::Field;
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
        Field::Value { v, .. } => Ok(v.iter().map(row).collect()),
        other => Err(word(other).to_owned()),
    }
}

fn row(file: &File) -> FileRow {
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
    FileRow { name: escape(&file.name), mode, value, known }
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
