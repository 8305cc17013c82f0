//! Flat keyed files: `key value` lines (`cpu.stat`, `cgroup.events`, `pids.events`).
use super::number::digits;
use super::{Error, lines, words};

const FORMAT: &str = "flat keyed file";

/// The number of `key`; `None` if no line has that key.
///
/// # Errors
/// [`Error::Malformed`] if the line has no number, or more than one.
pub fn get(text: &[u8], key: &str) -> Result<Option<u64>, Error> {
    for (number, line) in lines(text) {
        let mut fields = words(line);
        if fields.next() != Some(key.as_bytes()) {
            continue;
        }
        return match (fields.next(), fields.next()) {
            (Some(value), None) => {
                digits(value).map(Some).ok_or_else(|| Error::malformed(FORMAT, number, "a decimal number", value))
            }
            _ => Err(Error::malformed(FORMAT, number, "a key and a value", line)),
        };
    }
    Ok(None)
}

/// The number of `key`, which the file must have.
///
/// # Errors
/// As [`get`]; [`Error::Missing`] naming `key` if no line has it.
pub fn need(text: &[u8], key: &'static str) -> Result<u64, Error> {
    get(text, key)?.ok_or_else(|| Error::missing(FORMAT, 1, key))
}

/// `cgroup.events`: whether the group is frozen; `None` on a kernel without the freezer of v2 (before 5.2).
///
/// # Errors
/// As [`get`].
pub fn frozen(text: &[u8]) -> Result<Option<bool>, Error> {
    Ok(get(text, "frozen")?.map(|number| number != 0))
}

#[cfg(test)]
mod tests {
    use super::{frozen, get, need};

    const EVENTS: &[u8] = b"populated 1\nfrozen 0\n";

    #[test]
    fn keys_are_whole_words() {
        assert_eq!(get(EVENTS, "populated"), Ok(Some(1)));
        assert_eq!(get(EVENTS, "popul"), Ok(None));
        assert_eq!(get(b"", "a"), Ok(None));
        assert_eq!(need(EVENTS, "frozen"), Ok(0));
        assert_eq!(
            (frozen(EVENTS), frozen(b"frozen 1\n"), frozen(b"populated 0\n")),
            (Ok(Some(false)), Ok(Some(true)), Ok(None))
        );
    }

    #[test]
    fn missing_and_malformed_lines_are_named() {
        assert_eq!(need(EVENTS, "x").unwrap_err().to_string(), "flat keyed file, line 1: x is missing");
        for (text, said) in [
            ("a\n", "flat keyed file, line 1: expected a key and a value, found `a`"),
            ("b 1\na 1 2\n", "flat keyed file, line 2: expected a key and a value, found `a 1 2`"),
            ("a max\n", "flat keyed file, line 1: expected a decimal number, found `max`"),
        ] {
            assert_eq!(get(text.as_bytes(), "a").unwrap_err().to_string(), said);
        }
    }
}
