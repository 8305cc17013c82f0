//! Quotas and periods: microseconds, the least and the largest, and the word for none.
use crate::catalog::Entry;

use super::Wrong;
use super::number::decimal;

/// v1: microseconds, at least 1000, or -1.
pub(super) fn quota(entry: &Entry, file: &str, text: &str) -> Result<(String, Vec<String>), Wrong> {
    if matches!(text, "max" | "none" | "unlimited") {
        return Err(Wrong::new(format!("No limit is -1 in {file}; the word max is cgroup v2's. (EINVAL)")).or("-1"));
    }
    match decimal(file, text)? {
        ..=-1 => Ok(("-1".to_owned(), Vec::new())),
        value => in_range(entry, value, "-1").map(|text| (text, Vec::new())),
    }
}

/// A quota that is neither under the least one nor over the largest; `none` is the word for no limit.
fn in_range(entry: &Entry, value: i128, none: &str) -> Result<String, Wrong> {
    let min = entry.min.map_or(1000, i128::from);
    if value < min {
        let rule =
            format!("A quota is at least {min} us a period, or {none} for none; the kernel refuses {value}. (EINVAL)");
        return Err(Wrong::new(rule).or(min.to_string()).or(none));
    }
    if let Some(max) = entry.max.map(i128::from).filter(|max| value > *max) {
        let rule =
            format!("A quota is at most {max} us, which is more than any host has; {value} is refused. (EINVAL)");
        return Err(Wrong::new(rule).or(none));
    }
    Ok(value.to_string())
}

/// v2: `QUOTA|max [PERIOD]`.
pub(super) fn pair(entry: &Entry, file: &str, text: &str) -> Result<(String, Vec<String>), Wrong> {
    let mut words = text.split_ascii_whitespace();
    let (Some(first), second, None) = (words.next(), words.next(), words.next()) else {
        return Err(Wrong::new(format!("{file} takes a quota or max, and a period, in microseconds. (EINVAL)")));
    };
    let rest = second.map_or_else(String::new, |period| format!(" {period}"));
    // What stands instead of the quota leaves the period as it was typed.
    let with_period = |wrong: Wrong| Wrong {
        instead: wrong
            .instead
            .into_iter()
            .map(|(_, data)| (format!("write {data}{rest}"), format!("{data}{rest}")))
            .collect(),
        ..wrong
    };
    let mut out = if first == "max" {
        first.to_owned()
    } else if super::is_no_limit(first) {
        return Err(Wrong::new(format!("No limit is the word max in {file}. (EINVAL)")).or(format!("max{rest}")));
    } else {
        let value = decimal(file, first).map_err(with_period)?;
        if value < 0 {
            return Err(Wrong::new(format!("A quota is not negative; none is the word max in {file}. (EINVAL)"))
                .or(format!("max{rest}")));
        }
        in_range(entry, value, "max").map_err(with_period)?
    };
    if let Some(period) = second {
        let of_pair = |wrong: Wrong| Wrong {
            instead: wrong
                .instead
                .into_iter()
                .map(|(_, data)| (format!("write {out} {data}"), format!("{out} {data}")))
                .collect(),
            ..wrong
        };
        let period = decimal(file, period).map_err(of_pair)?;
        if !(1000..=1_000_000).contains(&period) {
            let nearest = period.clamp(1000, 1_000_000);
            return Err(Wrong::new(format!(
                "A period is 1000 to 1000000 us (1 ms to 1 s); the kernel refuses {period}. (EINVAL)"
            ))
            .or(format!("{out} {nearest}")));
        }
        out.push(' ');
        out.push_str(&period.to_string());
    }
    Ok((out, Vec::new()))
}
