//! The one quoter: a word for a shell, whatever bytes it is made of.
//!
//! Plain words stay bare; others go between single quotes; what holds control characters, invisible characters or broken
//! UTF-8 becomes `$'…'` (bash, zsh, ksh, busybox and POSIX 2024; an old dash does not know it).
use crate::model::bytes::is_unsafe_for_a_screen;

/// `bytes` as one word for a shell, as text that is safe on a screen.
#[must_use]
pub fn word(bytes: &[u8]) -> String {
    let Ok(text) = std::str::from_utf8(bytes) else { return ansi_c(bytes) };
    if text.chars().any(is_unsafe_for_a_screen) {
        return ansi_c(bytes);
    }
    if !text.is_empty() && text.bytes().all(is_plain) {
        return text.to_owned();
    }
    format!("'{}'", text.replace('\'', "'\\''"))
}

/// Bytes that no shell treats in a special way anywhere in a word. `~` and `=` are special in some places.
fn is_plain(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'/' | b'.' | b'_' | b'-' | b'+' | b',' | b':' | b'@' | b'%')
}

fn ansi_c(bytes: &[u8]) -> String {
    let mut out = String::from("$'");
    for chunk in bytes.utf8_chunks() {
        for c in chunk.valid().chars() {
            match c {
                '\'' => out.push_str("\\'"),
                '\\' => out.push_str("\\\\"),
                '\n' => out.push_str("\\n"),
                '\t' => out.push_str("\\t"),
                c if is_unsafe_for_a_screen(c) => {
                    let mut buffer = [0; 4];
                    c.encode_utf8(&mut buffer).bytes().for_each(|byte| octal(&mut out, byte));
                }
                c => out.push(c),
            }
        }
        chunk.invalid().iter().for_each(|&byte| octal(&mut out, byte));
    }
    out.push('\'');
    out
}

/// Three octal digits: unlike `\x`, they end by themselves in every shell.
fn octal(out: &mut String, byte: u8) {
    out.push('\\');
    for shift in [6, 3, 0] {
        out.push(char::from(b'0' + (byte >> shift & 7)));
    }
}

#[cfg(test)]
mod tests {
    use super::word;

    #[test]
    fn words_are_quoted_only_where_they_must_be() {
        assert_eq!(word(b"/sys/fs/cgroup/cpu/cg1"), "/sys/fs/cgroup/cpu/cg1");
        assert_eq!(word(b""), "''");
        assert_eq!(word(b"two words"), "'two words'");
        assert_eq!(word(b"it's $HOME"), "'it'\\''s $HOME'");
        assert_eq!(word(b"~root"), "'~root'");
        assert_eq!(word("café".as_bytes()), "'café'");
        assert_eq!(word(b"a\nb\x1b\xff'\\"), "$'a\\nb\\033\\377\\'\\\\'");
        assert_eq!(word("a\u{202e}b".as_bytes()), "$'a\\342\\200\\256b'");
    }
}
