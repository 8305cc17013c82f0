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

/// The inverse of [`escape`]: `None` for text that `escape` never makes (a lone backslash, bad digits).
#[must_use]
pub fn unescape(text: &str) -> Option<Bytes> {
    let mut out = Vec::with_capacity(text.len());
    let mut bytes = text.bytes();
    while let Some(byte) = bytes.next() {
        if byte != b'\\' {
            out.push(byte);
            continue;
        }
        match bytes.next()? {
            b'\\' => out.push(b'\\'),
            b'x' => out.push(hex(bytes.next()?)? << 4 | hex(bytes.next()?)?),
            _ => return None,
        }
    }
    Some(out.into_boxed_slice())
}

fn hex(digit: u8) -> Option<u8> {
    char::from(digit).to_digit(16).and_then(|value| u8::try_from(value).ok())
}

/// serde of [`Bytes`] as escaped text, for journals and JSON: `#[serde(with = "text")]`.
pub mod text {
    use super::{Bytes, escape, unescape};
    use serde::{Deserialize, Deserializer, Serializer, de::Error};

    /// Writes bytes as escaped text.
    ///
    /// # Errors
    /// Those of the serializer.
    pub fn serialize<S: Serializer>(bytes: &[u8], serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&escape(bytes))
    }

    /// Reads escaped text as bytes.
    ///
    /// # Errors
    /// Text that [`escape`] never makes.
    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Bytes, D::Error> {
        let text = String::deserialize(deserializer)?;
        unescape(&text).ok_or_else(|| D::Error::custom("a backslash without its escape"))
    }
}

/// serde of an optional [`Bytes`] as escaped text or null.
pub mod text_option {
    use super::{Bytes, escape, unescape};
    use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error};

    /// Writes escaped text or null.
    ///
    /// # Errors
    /// Those of the serializer.
    pub fn serialize<S: Serializer>(bytes: &Option<Bytes>, serializer: S) -> Result<S::Ok, S::Error> {
        bytes.as_deref().map(escape).serialize(serializer)
    }

    /// Reads escaped text or null.
    ///
    /// # Errors
    /// Text that [`escape`] never makes.
    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Bytes>, D::Error> {
        let text = Option::<String>::deserialize(deserializer)?;
        text.map(|text| unescape(&text).ok_or_else(|| D::Error::custom("a backslash without its escape"))).transpose()
    }
}

/// serde of a list of [`Bytes`] as escaped texts.
pub mod text_list {
    use super::{Bytes, escape, unescape};
    use serde::{Deserialize, Deserializer, Serializer, de::Error};

    /// Writes a list of escaped texts.
    ///
    /// # Errors
    /// Those of the serializer.
    pub fn serialize<S: Serializer>(list: &[Bytes], serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(list.iter().map(|bytes| escape(bytes)))
    }

    /// Reads a list of escaped texts.
    ///
    /// # Errors
    /// Text that [`escape`] never makes.
    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<Bytes>, D::Error> {
        let list = Vec::<String>::deserialize(deserializer)?;
        list.iter()
            .map(|text| unescape(text).ok_or_else(|| D::Error::custom("a backslash without its escape")))
            .collect()
    }
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
    use super::{escape, unescape};
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn unescape_is_the_inverse(bytes: Vec<u8>, text: String) {
            prop_assert_eq!(&*unescape(&escape(&bytes)).unwrap(), &bytes[..]);
            prop_assert_eq!(&*unescape(&escape(text.as_bytes())).unwrap(), text.as_bytes());
        }
    }

    #[test]
    fn what_escape_never_makes_is_refused() {
        for text in ["\\", "\\n", "\\x4", "\\xg0"] {
            assert_eq!(unescape(text), None, "{text}");
        }
    }

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
