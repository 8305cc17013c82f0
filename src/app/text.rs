//! Text by the columns it takes on a screen: width, cutting, wrapping. For text that was escaped already.
use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

/// Columns that `text` takes.
#[must_use]
pub fn width(text: &str) -> usize {
    UnicodeWidthStr::width(text)
}

/// `text` cut to at most `columns`; what is cut ends in `…` (or `~`, if `ascii`).
#[must_use]
pub fn cut(text: &str, columns: usize, ascii: bool) -> String {
    if width(text) <= columns {
        return text.to_owned();
    }
    let Some(room) = columns.checked_sub(1) else { return String::new() };
    let mut out = String::new();
    let mut used = 0;
    for c in text.chars() {
        let w = c.width().unwrap_or(0);
        if used + w > room {
            break;
        }
        used += w;
        out.push(c);
    }
    out.push(if ascii { '~' } else { '…' });
    out
}

/// `text` cut to at most `columns` from its left: the end stays, which in a path says more.
#[must_use]
pub fn cut_left(text: &str, columns: usize, ascii: bool) -> String {
    if width(text) <= columns {
        return text.to_owned();
    }
    let Some(room) = columns.checked_sub(1) else { return String::new() };
    let mut used = 0;
    let mut start = text.len();
    for (at, c) in text.char_indices().rev() {
        let w = c.width().unwrap_or(0);
        if used + w > room {
            break;
        }
        used += w;
        start = at;
    }
    format!("{}{}", if ascii { '~' } else { '…' }, &text[start..])
}

/// `text` with its middle cut out, so that it takes at most `columns`: container ids differ at both ends.
#[must_use]
pub fn cut_middle(text: &str, columns: usize, ascii: bool) -> String {
    if width(text) <= columns || columns < 8 {
        return cut(text, columns, ascii);
    }
    let tail = columns / 3;
    let head = cut(text, columns - tail, ascii);
    let end = cut_left(text, tail + 1, ascii);
    let end: String = end.chars().skip(1).collect();
    format!("{head}{end}")
}

/// `text` padded with blanks on its right to exactly `columns`, cut if it is longer.
#[must_use]
pub fn left(text: &str, columns: usize, ascii: bool) -> String {
    let mut out = cut(text, columns, ascii);
    out.extend(std::iter::repeat_n(' ', columns - width(&out)));
    out
}

/// `text` padded with blanks on its left to exactly `columns`, cut if it is longer.
#[must_use]
pub fn right(text: &str, columns: usize, ascii: bool) -> String {
    let out = cut(text, columns, ascii);
    let mut padded: String = std::iter::repeat_n(' ', columns - width(&out)).collect();
    padded.push_str(&out);
    padded
}

/// `text` in lines of at most `columns`, broken at blanks; a word longer than a line is broken where it must be. Newlines
/// break too. Blanks at the beginning of a paragraph indent all its lines. Empty text gives no line.
#[must_use]
pub fn wrap(text: &str, columns: usize) -> Vec<String> {
    let columns = columns.max(1);
    let mut lines = Vec::new();
    for paragraph in text.split('\n') {
        let words = paragraph.trim_start_matches(' ');
        let indent = (paragraph.len() - words.len()).min(columns / 2);
        wrap_paragraph(words, " ".repeat(indent).as_str(), columns, &mut lines);
    }
    lines
}

/// Wraps a line whose first `column` columns hold a word: what follows begins there on each line.
#[must_use]
pub fn wrap_entry(text: &str, column: usize, columns: usize) -> Vec<String> {
    let at = break_at(text, column);
    let (head, body) = text.split_at(at);
    let mut lines = wrap(body, columns.saturating_sub(column));
    for (n, line) in lines.iter_mut().enumerate() {
        let indent = if n == 0 { head.to_owned() } else { " ".repeat(column) };
        line.insert_str(0, &indent);
    }
    lines
}

fn wrap_paragraph(text: &str, indent: &str, columns: usize, lines: &mut Vec<String>) {
    let columns = columns - indent.len();
    let mut line = String::new();
    let mut used = 0;
    for word in text.split(' ') {
        let mut word = word;
        let mut w = width(word);
        if used > 0 && used + 1 + w > columns {
            lines.push(format!("{indent}{}", std::mem::take(&mut line).trim_end()));
            used = 0;
        }
        while w > columns {
            let at = break_at(word, columns);
            lines.push(format!("{indent}{}", &word[..at]));
            word = &word[at..];
            w = width(word);
        }
        if used > 0 {
            line.push(' ');
            used += 1;
        }
        line.push_str(word);
        used += w;
    }
    if used > 0 {
        lines.push(format!("{indent}{}", line.trim_end()));
    }
}

/// Byte index after the last character that fits into `columns`; at least one character.
fn break_at(word: &str, columns: usize) -> usize {
    let mut used = 0;
    for (at, c) in word.char_indices() {
        used += c.width().unwrap_or(0);
        if used > columns && at > 0 {
            return at;
        }
    }
    word.len()
}

#[cfg(test)]
mod tests {
    use super::{cut, cut_left, cut_middle, left, right, width, wrap, wrap_entry};

    #[test]
    fn an_entry_hangs_under_its_meaning() {
        assert_eq!(wrap_entry("  RULE  what weights say", 8, 18), ["  RULE  what", "        weights", "        say"]);
    }

    #[test]
    fn cutting_counts_columns_not_bytes() {
        assert_eq!(cut("cart", 4, false), "cart");
        assert_eq!(cut("carts", 4, false), "car…");
        assert_eq!(cut("carts", 4, true), "car~");
        assert_eq!(cut("日本語", 5, false), "日本…");
        assert_eq!(cut("日本語", 4, false), "日…");
        assert_eq!(cut("ab", 0, false), "");
        assert_eq!(cut_left("/sys/fs/cgroup", 7, false), "…cgroup");
        let middle = cut_middle("docker-0123456789abcdef.scope", 16, false);
        assert!(width(&middle) <= 16 && middle.starts_with("docker-") && middle.ends_with("scope"), "{middle}");
    }

    #[test]
    fn padding_is_exact() {
        assert_eq!(left("日", 4, false), "日  ");
        assert_eq!(right("75 %", 6, false), "  75 %");
        assert_eq!(right("日本", 3, false), "日…");
    }

    #[test]
    fn wrapping_keeps_every_word() {
        assert_eq!(wrap("cg3 wants nothing (held)", 10), ["cg3 wants", "nothing", "(held)"]);
        assert_eq!(wrap("abcdefgh ij", 3), ["abc", "def", "gh", "ij"]);
        assert_eq!(wrap("", 10), Vec::<String>::new());
        assert_eq!(wrap("a\nb", 10), ["a", "b"]);
        assert_eq!(wrap("  make cg1 now", 8), ["  make", "  cg1", "  now"]);
        assert_eq!(wrap("n   new", 20), ["n   new"], "columns of a table stay");
    }
}
