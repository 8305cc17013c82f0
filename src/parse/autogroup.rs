//! `/proc/PID/autogroup`: `/autogroup-N nice M`, or nothing for a task that has none.
use crate::model::task::Autogroup;

use super::number::{digits, signed};
use super::{Error, words};

const FORMAT: &str = "/proc/PID/autogroup";

/// The autogroup; `None` where the kernel prints nothing (kernel threads, and tasks of the root's own group).
///
/// # Errors
/// If there is text that does not read as documented.
pub fn autogroup(text: &[u8]) -> Result<Option<Autogroup>, Error> {
    let text = text.trim_ascii_end();
    if text.is_empty() {
        return Ok(None);
    }
    let bad = || Error::malformed(FORMAT, 1, "/autogroup-N nice M", text);
    let mut fields = words(text);
    let id = fields.next().and_then(|word| digits(word.strip_prefix(b"/autogroup-")?)).ok_or_else(bad)?;
    if fields.next() != Some(b"nice") {
        return Err(bad());
    }
    let nice = fields.next().and_then(signed).and_then(|nice| i8::try_from(nice).ok()).ok_or_else(bad)?;
    Ok(Some(Autogroup { id, nice }))
}

#[cfg(test)]
mod tests {
    use super::{Autogroup, autogroup};

    #[test]
    fn a_number_and_a_nice_value() {
        assert_eq!(autogroup(b"/autogroup-25 nice 0\n"), Ok(Some(Autogroup { id: 25, nice: 0 })));
        assert_eq!(autogroup(b"/autogroup-1 nice -11\n"), Ok(Some(Autogroup { id: 1, nice: -11 })));
    }

    #[test]
    fn nothing_is_none() {
        assert_eq!((autogroup(b""), autogroup(b"\n")), (Ok(None), Ok(None)));
    }

    #[test]
    fn anything_else_is_malformed() {
        for text in
            ["/autogroup-", "/autogroup-x nice 0", "/autogroup-1 nice", "/autogroup-1 mean 0", "autogroup-1 nice 0"]
        {
            assert!(autogroup(text.as_bytes()).is_err(), "{text}");
        }
    }
}
