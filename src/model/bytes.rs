//! Names as the kernel has them: bytes, not text.
//!
//! A group name may be any bytes but `/`, NUL and newline; a command line may hold anything. They stay bytes until
//! `view` escapes them for the screen or `plan` quotes them for a shell.

/// A kernel name or path: any bytes.
pub type Bytes = Box<[u8]>;

/// `bytes` as text for messages: printable UTF-8 stays, every other byte, C0, C1, bidirectional and zero-width character
/// becomes `\xNN` (of its UTF-8 bytes), a backslash becomes `\\`. Two different names never print alike.
#[must_use]
pub fn escape(bytes: &[u8]) -> String {
    let mut out = String::with_capacity(bytes.len());
    for chunk in bytes.utf8_chunks() {
        for c in chunk.valid().chars() {
            if c == '\\' {
                out.push_str("\\\\");
            } else if is_unsafe_for_a_screen(c) {
                let mut buffer = [0; 4];
                for byte in c.encode_utf8(&mut buffer).bytes() {
                    push_hex(&mut out, byte);
                }
            } else {
                out.push(c);
            }
        }
        for &byte in chunk.invalid() {
            push_hex(&mut out, byte);
        }
    }
    out
}

fn push_hex(out: &mut String, byte: u8) {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    out.push_str("\\x");
    out.push(char::from(DIGITS[usize::from(byte >> 4)]));
    out.push(char::from(DIGITS[usize::from(byte & 15)]));
}

/// Whether `c` could move the cursor, hide text or reorder it: C0, DEL, C1, bidirectional controls, zero-width characters
/// and the byte order mark, line and paragraph separators, variation selectors and tags.
#[must_use]
pub fn is_unsafe_for_a_screen(c: char) -> bool {
    matches!(c,
        '\0'..='\u{1f}' | '\u{7f}'..='\u{9f}' | '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}'
        | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}'
        | '\u{e0000}'..='\u{e0fff}')
}

#[cfg(test)]
mod tests {
    use super::escape;

    #[test]
    fn printable_text_stays() {
        assert_eq!(escape("café ☃ a:b".as_bytes()), "café ☃ a:b");
    }

    #[test]
    fn controls_bidi_and_broken_utf8_are_escaped() {
        assert_eq!(escape(b"a\x1b[2J\xff\xfe\n"), "a\\x1b[2J\\xff\\xfe\\x0a");
        assert_eq!(escape("a\u{202e}b\u{200b}".as_bytes()), "a\\xe2\\x80\\xaeb\\xe2\\x80\\x8b");
    }

    #[test]
    fn different_names_never_print_alike() {
        assert_ne!(escape(b"\\xff"), escape(b"\xff"));
    }
}
