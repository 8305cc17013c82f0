//! What is wrong with an experiment file, and where.
use std::fmt;

/// The first thing that is wrong with a file. The file's name is the caller's to say, before it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub struct FileError {
    /// Line, from 1.
    pub line: usize,
    /// Column in characters, from 1.
    pub column: usize,
    /// What is wrong and what is right, one sentence.
    pub message: String,
}

impl fmt::Display for FileError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}: {}", self.line, self.message)
    }
}

impl FileError {
    /// An error at byte `offset` of `text`. An offset behind the end is the end; the end right after a newline counts to
    /// the last line that has something in it.
    #[must_use]
    pub fn at(text: &str, offset: usize, message: String) -> Self {
        let mut offset = offset.min(text.len());
        if offset == text.len() {
            offset = text.trim_end().len();
        }
        while !text.is_char_boundary(offset) {
            offset -= 1;
        }
        let before = &text[..offset];
        let start = before.rfind('\n').map_or(0, |newline| newline + 1);
        Self {
            line: before.bytes().filter(|&byte| byte == b'\n').count() + 1,
            column: before[start..].chars().count() + 1,
            message,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::FileError;

    fn position(text: &str, offset: usize) -> (usize, usize) {
        let error = FileError::at(text, offset, String::new());
        (error.line, error.column)
    }

    #[test]
    fn lines_and_columns_count_from_one_and_in_characters() {
        assert_eq!(position("ab\ncd", 0), (1, 1));
        assert_eq!(position("ab\ncd", 4), (2, 2));
        assert_eq!(position("ab\r\ncd", 4), (2, 1));
        assert_eq!(position("é = 1", 3), (1, 3), "é is two bytes and one character");
    }

    #[test]
    fn the_end_of_the_file_is_its_last_line_with_text() {
        assert_eq!(position("ab\ncd\n\n\n", 9), (2, 3));
        assert_eq!(position("", 0), (1, 1));
        assert_eq!(position("é", 1), (1, 1), "inside a character: its start");
    }
}
