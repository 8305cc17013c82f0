//! v2 `cpu.max` (`QUOTA|max PERIOD`) and v1 `cpu.cfs_quota_us` with `cpu.cfs_period_us`, all in microseconds.
use crate::model::cgroup::Quota;

use super::number::{digits, single, single_signed};
use super::{Error, words};

const FORMAT: &str = "cpu.max";

/// v2 `cpu.max`.
///
/// # Errors
/// If it is not two values, or one is no number (nor `max` for the first).
pub fn cpu_max(text: &[u8]) -> Result<Quota, Error> {
    let mut fields = words(text.trim_ascii_end());
    let mut next = |part| fields.next().ok_or_else(|| Error::missing(FORMAT, 1, part));
    let (quota, period) = (next("the quota")?, next("the period")?);
    if let Some(more) = fields.next() {
        return Err(Error::malformed(FORMAT, 1, "two values", more));
    }
    let quota_us = match quota {
        b"max" => None,
        _ => Some(digits(quota).ok_or_else(|| Error::malformed(FORMAT, 1, "a decimal number or max", quota))?),
    };
    let period_us = digits(period).ok_or_else(|| Error::malformed(FORMAT, 1, "a decimal number", period))?;
    Ok(Quota { quota_us, period_us })
}

/// v1: the texts of `cpu.cfs_quota_us` (any negative number is no limit) and `cpu.cfs_period_us`.
///
/// # Errors
/// If one of them is not one number.
pub fn cfs(quota: &[u8], period: &[u8]) -> Result<Quota, Error> {
    Ok(Quota { quota_us: u64::try_from(single_signed(quota)?).ok(), period_us: single(period)? })
}

#[cfg(test)]
mod tests {
    use super::{Quota, cfs, cpu_max};

    #[test]
    fn a_limit_and_none() {
        assert_eq!(cpu_max(b"20000 100000\n"), Ok(Quota { quota_us: Some(20_000), period_us: 100_000 }));
        assert_eq!(cpu_max(b"max 100000\n"), Ok(Quota { quota_us: None, period_us: 100_000 }));
        assert_eq!(cfs(b"-1\n", b"100000\n"), Ok(Quota { quota_us: None, period_us: 100_000 }));
        assert_eq!(cfs(b"1000\n", b"5000\n"), Ok(Quota { quota_us: Some(1000), period_us: 5000 }));
    }

    #[test]
    fn missing_and_malformed_parts_are_named() {
        for (text, said) in [
            ("", "cpu.max, line 1: the quota is missing"),
            ("max\n", "cpu.max, line 1: the period is missing"),
            ("-1 100000\n", "cpu.max, line 1: expected a decimal number or max, found `-1`"),
            ("1000 max\n", "cpu.max, line 1: expected a decimal number, found `max`"),
            ("1 2 3\n", "cpu.max, line 1: expected two values, found `3`"),
        ] {
            assert_eq!(cpu_max(text.as_bytes()).unwrap_err().to_string(), said);
        }
        assert!(cfs(b"max\n", b"100000\n").is_err() && cfs(b"1\n", b"-1\n").is_err());
    }
}
