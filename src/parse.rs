//! Text of the kernel to the model. Pure: what is read comes in as bytes, and the caller knows the path.
//!
//! One file a format, named after it. Names and paths stay bytes; numbers are decimal as the kernel prints them, and
//! nothing else is taken for a number (no sign where there is none, no `0x`, no blanks inside).
//!
//! Every function here returns [`Error`] for text that is not what the kernel documents, and never guesses. A part that
//! a kernel may leave out is an `Option`. What is not here: opening files (`kernel`), and the `0-3,5` list format, which
//! is [`crate::model::cpu_set::CpuSet::parse`].

use crate::model::bytes::escape;

pub mod autogroup;
pub mod cgroups;
pub mod cpu_max;
pub mod cpu_stat;
pub mod flat;
pub mod group_type;
pub mod ids;
pub mod membership;
pub mod mountinfo;
pub mod number;
pub mod passwd;
pub mod schedstat;
pub mod signals;
pub mod stat;
pub mod status;
pub mod unit_file;

/// Text that is not what the kernel documents for this format. The caller adds the path.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// A part of the text reads otherwise than documented.
    #[error("{format}, line {line}: expected {expected}, found `{found}`")]
    Malformed {
        /// The format, by the name of its file: `/proc/PID/stat`.
        format: &'static str,
        /// Line, from 1.
        line: usize,
        /// What belongs there.
        expected: &'static str,
        /// What stands there, escaped and shortened.
        found: Box<str>,
    },
    /// The text ends, or a key is missing, where a part must be.
    #[error("{format}, line {line}: {part} is missing")]
    Missing {
        /// The format, by the name of its file.
        format: &'static str,
        /// Line, from 1.
        line: usize,
        /// What is missing.
        part: &'static str,
    },
}

impl Error {
    pub(crate) fn malformed(format: &'static str, line: usize, expected: &'static str, found: &[u8]) -> Self {
        Self::Malformed { format, line, expected, found: shorten(found) }
    }

    pub(crate) fn missing(format: &'static str, line: usize, part: &'static str) -> Self {
        Self::Missing { format, line, part }
    }
}

/// The first 60 characters of `text`, escaped for a screen, with `…` if there is more.
#[must_use]
pub fn shorten(text: &[u8]) -> Box<str> {
    let escaped = escape(text.trim_ascii_end());
    if escaped.chars().nth(60).is_none() {
        return escaped.into_boxed_str();
    }
    escaped.chars().take(60).chain(['…']).collect::<String>().into_boxed_str()
}

/// The lines of `text` with their numbers from 1, without their newlines. The last newline ends a line, it begins none.
pub(crate) fn lines(text: &[u8]) -> impl Iterator<Item = (usize, &[u8])> {
    let text = text.strip_suffix(b"\n").unwrap_or(text);
    let none = text.is_empty();
    text.split(|&byte| byte == b'\n').skip(usize::from(none)).enumerate().map(|(index, line)| (index + 1, line))
}

/// The words of a line: what stands between spaces and tabs.
pub(crate) fn words(line: &[u8]) -> impl Iterator<Item = &[u8]> {
    line.split(|byte| matches!(byte, b' ' | b'\t')).filter(|word| !word.is_empty())
}

#[cfg(test)]
mod tests {
    use super::{lines, shorten, words};

    #[test]
    fn lines_are_numbered_and_the_last_newline_begins_none() {
        assert_eq!(lines(b"a\n\nb\n").collect::<Vec<_>>(), [(1, &b"a"[..]), (2, b""), (3, b"b")]);
        assert_eq!(lines(b"").count(), 0);
        assert_eq!(lines(b"a").count(), 1);
    }

    #[test]
    fn words_skip_any_run_of_blanks() {
        assert_eq!(words(b" a\t\tb  c ").collect::<Vec<_>>(), [b"a", b"b", b"c"]);
    }

    #[test]
    fn found_text_is_escaped_and_cut_at_sixty() {
        assert_eq!(&*shorten(b"a\x1bb\n"), "a\\x1bb");
        assert_eq!(shorten(&[b'x'; 100]).chars().count(), 61);
        assert_eq!(shorten(&[b'x'; 60]).chars().count(), 60);
    }
}
