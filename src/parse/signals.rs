//! The signal masks of `/proc/PID/status`: `Key:\thexadecimal`, bit n - 1 for signal n.
use super::{Error, lines};

const FORMAT: &str = "/proc/PID/status";

/// The masks; a line that is missing counts as an empty one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Signals {
    /// `SigPnd` and `ShdPnd`: sent, and not taken yet, by the thread or by its process.
    pub pending: u64,
    /// `SigBlk`: not taken as long as it is blocked.
    pub blocked: u64,
    /// `SigIgn`: thrown away.
    pub ignored: u64,
    /// `SigCgt`: the program has a handler.
    pub caught: u64,
}

impl Signals {
    /// Whether signal `number` is in a mask.
    #[must_use]
    pub fn has(mask: u64, number: u8) -> bool {
        number > 0 && number <= 64 && mask >> (number - 1) & 1 == 1
    }
}

/// Reads the lines that are needed.
///
/// # Errors
/// If one of them is no hexadecimal number.
pub fn signals(text: &[u8]) -> Result<Signals, Error> {
    let mut found = Signals::default();
    for (number, line) in lines(text) {
        let Some(colon) = line.iter().position(|&byte| byte == b':') else { continue };
        let mask = match &line[..colon] {
            b"SigPnd" | b"ShdPnd" => &mut found.pending,
            b"SigBlk" => &mut found.blocked,
            b"SigIgn" => &mut found.ignored,
            b"SigCgt" => &mut found.caught,
            _ => continue,
        };
        let value = line[colon + 1..].trim_ascii();
        let bits = std::str::from_utf8(value).ok().and_then(|text| u64::from_str_radix(text, 16).ok());
        *mask |= bits.ok_or_else(|| Error::malformed(FORMAT, number, "a mask of signals", value))?;
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn masks_by_their_names() {
        let text =
            b"Name:\tx\nSigQ:\t0/1\nSigPnd:\t0000000000000001\nShdPnd:\t0000000000004000\nSigBlk:\t0000000000000002\n\
                     SigIgn:\t0000000000001000\nSigCgt:\t0000000180004a02\n";
        let found = signals(text).unwrap();
        assert_eq!((found.pending, found.blocked, found.ignored, found.caught), (0x4001, 2, 0x1000, 0x1_8000_4a02));
        assert!(Signals::has(found.pending, 15) && !Signals::has(found.pending, 9) && !Signals::has(found.pending, 0));
    }

    #[test]
    fn missing_and_malformed_lines() {
        assert_eq!(signals(b"Name:\tx\n").unwrap(), Signals::default());
        let said = signals(b"Name:\tx\nSigIgn:\tzz\n").unwrap_err().to_string();
        assert_eq!(said, "/proc/PID/status, line 2: expected a mask of signals, found `zz`");
    }
}
