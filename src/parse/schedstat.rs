//! `/proc/TID/schedstat`: `run wait slices`, the first two in nanoseconds.
use crate::model::task::SchedStat;

use super::number::digits;
use super::{Error, words};

const FORMAT: &str = "/proc/PID/schedstat";

/// Reads the line. Whatever a later kernel appends is left alone.
///
/// # Errors
/// If one of the three numbers is missing or none.
pub fn schedstat(text: &[u8]) -> Result<SchedStat, Error> {
    let mut fields = words(text.trim_ascii_end());
    let mut next = |part| {
        let word = fields.next().ok_or_else(|| Error::missing(FORMAT, 1, part))?;
        digits(word).ok_or_else(|| Error::malformed(FORMAT, 1, "a decimal number", word))
    };
    let run_ns = next("the time on a CPU")?;
    let wait_ns = next("the time waited")?;
    Ok(SchedStat { run_ns, wait_ns, slices: next("the number of slices")? })
}

#[cfg(test)]
mod tests {
    use super::{SchedStat, schedstat};

    #[test]
    fn three_numbers() {
        assert_eq!(schedstat(b"123 45 6\n"), Ok(SchedStat { run_ns: 123, wait_ns: 45, slices: 6 }));
        assert_eq!(schedstat(b"0 0 0\n"), Ok(SchedStat::default()));
        assert_eq!(schedstat(b"1 2 3 4\n").unwrap().slices, 3);
    }

    #[test]
    fn missing_and_malformed_parts_are_named() {
        for (text, said) in [
            ("", "/proc/PID/schedstat, line 1: the time on a CPU is missing"),
            ("1 2\n", "/proc/PID/schedstat, line 1: the number of slices is missing"),
            ("1 -2 3\n", "/proc/PID/schedstat, line 1: expected a decimal number, found `-2`"),
        ] {
            assert_eq!(schedstat(text.as_bytes()).unwrap_err().to_string(), said);
        }
    }
}
