//! Single numbers, decimal only: `cpu.shares`, `cpu.idle`, `pids.max`, and the numbers inside other formats.
use super::Error;

const FORMAT: &str = "single value";

/// A number of digits only, nothing around it.
///
/// `None` for an empty text, a sign, anything but digits, or a number above `u64::MAX`.
#[must_use]
pub fn digits(text: &[u8]) -> Option<u64> {
    if text.is_empty() {
        return None;
    }
    text.iter().try_fold(0_u64, |number, &byte| {
        let digit = byte.is_ascii_digit().then_some(u64::from(byte & 15))?;
        number.checked_mul(10)?.checked_add(digit)
    })
}

/// A number of digits with an optional `-` before it.
#[must_use]
pub fn signed(text: &[u8]) -> Option<i64> {
    match text.strip_prefix(b"-") {
        Some(rest) => 0_i64.checked_sub_unsigned(digits(rest)?),
        None => i64::try_from(digits(text)?).ok(),
    }
}

/// A file that holds one number: digits, then at most a newline.
///
/// # Errors
/// [`Error::Missing`] for an empty file, [`Error::Malformed`] for anything but one number.
pub fn single(text: &[u8]) -> Result<u64, Error> {
    let value = one_line(text)?;
    digits(value).ok_or_else(|| Error::malformed(FORMAT, 1, "a decimal number", value))
}

/// A file that holds one number with a sign, such as v1 `cpu.cfs_quota_us` (-1 is no limit).
///
/// # Errors
/// As [`single`].
pub fn single_signed(text: &[u8]) -> Result<i64, Error> {
    let value = one_line(text)?;
    signed(value).ok_or_else(|| Error::malformed(FORMAT, 1, "a decimal number", value))
}

/// A file that holds a limit: one number, or `max`, which is `None`.
///
/// # Errors
/// As [`single`].
pub fn limit(text: &[u8]) -> Result<Option<u64>, Error> {
    let value = one_line(text)?;
    if value == b"max" {
        return Ok(None);
    }
    digits(value).map(Some).ok_or_else(|| Error::malformed(FORMAT, 1, "a decimal number or max", value))
}

/// A file that holds 0 or 1, such as `cpu.idle`.
///
/// # Errors
/// As [`single`]; any other number is malformed.
pub fn switch(text: &[u8]) -> Result<bool, Error> {
    let value = one_line(text)?;
    match value {
        b"0" => Ok(false),
        b"1" => Ok(true),
        _ => Err(Error::malformed(FORMAT, 1, "0 or 1", value)),
    }
}

fn one_line(text: &[u8]) -> Result<&[u8], Error> {
    let value = text.strip_suffix(b"\n").unwrap_or(text);
    if value.is_empty() { Err(Error::missing(FORMAT, 1, "the value")) } else { Ok(value) }
}

#[cfg(test)]
mod tests {
    use super::{limit, signed, single, single_signed, switch};

    #[test]
    fn numbers_are_decimal() {
        assert_eq!(single(b"1024\n"), Ok(1024));
        assert_eq!(single(b"0"), Ok(0));
        assert_eq!(single(b"18446744073709551615\n"), Ok(u64::MAX));
        assert_eq!(single_signed(b"-1\n"), Ok(-1));
        assert_eq!(signed(b"-9223372036854775808"), Some(i64::MIN));
    }

    #[test]
    fn anything_else_is_malformed() {
        for text in ["-1", "+1", "0x10", "1 ", " 1", "1e3", "1.5", "max", "1\n2", "18446744073709551616"] {
            assert!(single(text.as_bytes()).is_err(), "{text}");
        }
        for text in ["--1", "-", "9223372036854775808"] {
            assert!(single_signed(text.as_bytes()).is_err(), "{text}");
        }
        assert_eq!(
            single(b"12a\n").unwrap_err().to_string(),
            "single value, line 1: expected a decimal number, found `12a`"
        );
    }

    #[test]
    fn an_empty_file_lacks_its_value() {
        for text in [&b""[..], b"\n"] {
            assert_eq!(single(text).unwrap_err().to_string(), "single value, line 1: the value is missing");
        }
    }

    #[test]
    fn max_is_no_limit_where_limits_stand() {
        assert_eq!(limit(b"max\n"), Ok(None));
        assert_eq!(limit(b"0\n"), Ok(Some(0)));
        assert!(limit(b"Max\n").is_err() && limit(b"-1\n").is_err());
    }

    #[test]
    fn a_switch_is_0_or_1() {
        assert_eq!((switch(b"0\n"), switch(b"1\n")), (Ok(false), Ok(true)));
        assert!(switch(b"2\n").is_err() && switch(b"").is_err());
    }
}
