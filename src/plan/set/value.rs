//! One value by itself: is it what it looks like, and does the kernel take it?
use crate::catalog::{Entry, Format};
use crate::model::bytes::escape;
use crate::model::cpu_set::CpuSet;

use super::super::rules::numbers::{self, Number};

/// A value that must not be written as it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wrong {
    /// The rule.
    pub rule: String,
    /// What to write instead: in words, and the data.
    pub instead: Vec<(String, String)>,
}

impl Wrong {
    fn new(rule: impl Into<String>) -> Self {
        Self { rule: rule.into(), instead: Vec::new() }
    }

    fn or(mut self, data: impl Into<String>) -> Self {
        let data = data.into();
        self.instead.push((format!("write {data}"), data));
        self
    }
}

/// The value as it is to be written, and what to say before.
///
/// # Errors
/// What is wrong with it and what to write instead.
pub fn check(entry: &Entry, file: &str, data: &[u8]) -> Result<(String, Vec<String>), Wrong> {
    let Ok(text) = std::str::from_utf8(data) else {
        return Err(Wrong::new(format!("\"{}\" is not text. (EINVAL)", escape(data))));
    };
    let text = text.trim();
    if text.contains('\0') || (text.contains('\n') && entry.format != Format::Text) {
        return Err(Wrong::new("One write holds one value, on one line. (EINVAL)"));
    }
    if text.len() >= 4096 {
        return Err(Wrong::new(format!(
            "The value has {} bytes; the kernel takes less than a page. (E2BIG)",
            text.len()
        )));
    }
    let plain = |text: String| Ok((text, Vec::new()));
    match entry.format {
        Format::Number | Format::Signed => number(entry, file, text),
        Format::Flag => match text {
            "0" | "1" => plain(text.to_owned()),
            _ => Err(Wrong::new(format!("{file} takes 0 (off) or 1 (on), not \"{}\". (EINVAL)", escape(data)))
                .or("0")
                .or("1")),
        },
        Format::Max if text == "max" => plain(text.to_owned()),
        Format::Max => number(entry, file, text).map_err(|wrong| if_word(wrong, text)),
        Format::Bytes | Format::MaxBytes => bytes(entry, file, text),
        Format::Quota => quota(entry, file, text),
        Format::QuotaPair => pair(entry, file, text),
        Format::List => list(file, text),
        Format::Choice => {
            if entry.values.iter().any(|value| **value == *text) {
                return plain(text.to_owned());
            }
            let mut wrong =
                Wrong::new(format!("{file} takes {}, not \"{}\". (EINVAL)", entry.values.join(" or "), escape(data)));
            if let Some(meant) = entry.values.iter().find(|value| value.eq_ignore_ascii_case(text)) {
                wrong = wrong.or(&**meant);
            }
            Err(wrong)
        }
        Format::Percent => match text {
            "max" => plain(text.to_owned()),
            _ if text.parse::<f64>().is_ok_and(|value| (0.0..=100.0).contains(&value)) => plain(text.to_owned()),
            _ => Err(Wrong::new(format!("{file} takes a percentage from 0 to 100, or max. (EINVAL or ERANGE)"))),
        },
        _ if text.is_empty() => Err(Wrong::new("An empty text changes nothing.")),
        _ => plain(text.to_owned()),
    }
}

/// What people write for "no limit" where the kernel wants the word max.
fn is_no_limit(text: &str) -> bool {
    text.eq_ignore_ascii_case("max") || matches!(text, "none" | "unlimited" | "infinity" | "-1")
}

fn if_word(wrong: Wrong, text: &str) -> Wrong {
    if is_no_limit(text) {
        return Wrong::new(format!("No limit is the word max, in small letters, not \"{text}\". (EINVAL)")).or("max");
    }
    wrong
}

/// A plain decimal number in range, or what stands against it.
fn number(entry: &Entry, file: &str, text: &str) -> Result<(String, Vec<String>), Wrong> {
    let value = decimal(file, text)?;
    if value < 0 && entry.min.is_none_or(|min| min >= 0) {
        return Err(Wrong::new(format!("{file} takes no negative number. (EINVAL)")));
    }
    if value > i128::from(u64::MAX) {
        return Err(Wrong::new(format!("{text} is more than the kernel can hold in 64 bits. (ERANGE)")));
    }
    let clamped = value.clamp(entry.min.map_or(i128::MIN, i128::from), entry.max.map_or(i128::MAX, i128::from));
    if clamped == value {
        return Ok((value.to_string(), Vec::new()));
    }
    let range = entry.range().unwrap_or_default();
    if entry.clamps {
        return Ok((
            value.to_string(),
            vec![format!("Asked {value}, the kernel stores {clamped}: {file} goes from {range}.")],
        ));
    }
    Err(Wrong::new(format!("{file} takes {range}; the kernel refuses {value}. ({})", refused_with(file)))
        .or(clamped.to_string()))
}

/// The errno for a number out of range.
fn refused_with(file: &str) -> &'static str {
    if file.starts_with("cpu.weight") || file.starts_with("cgroup.max.") { "ERANGE" } else { "EINVAL" }
}

/// The number that a text looks like, if that is also what the kernel reads.
fn decimal(file: &str, text: &str) -> Result<i128, Wrong> {
    match numbers::read(text) {
        Number::Plain(value) => Ok(value),
        Number::Octal { kernel, decimal } => Err(match kernel {
            Some(kernel) => Wrong::new(format!(
                "The kernel reads a number with a leading 0 as octal: {text} would be stored as {kernel}, not {decimal}."
            ))
            .or(decimal.to_string())
            .or(kernel.to_string()),
            None => Wrong::new(format!(
                "The kernel reads a number with a leading 0 as octal, and {text} is none. (EINVAL)"
            ))
            .or(decimal.to_string()),
        }),
        Number::Hex { kernel } => {
            Err(Wrong::new(format!("The kernel reads 0x as hexadecimal: {text} would be stored as {kernel}."))
                .or(kernel.to_string()))
        }
        Number::Fraction => {
            Err(Wrong::new(format!("{file} takes whole numbers only, written in digits; {text} is none. (EINVAL)")))
        }
        Number::Not => Err(Wrong::new(format!("{file} takes a number; \"{}\" is none. (EINVAL)", escape(text.as_bytes())))),
    }
}

fn bytes(entry: &Entry, file: &str, text: &str) -> Result<(String, Vec<String>), Wrong> {
    let word = entry.format == Format::MaxBytes;
    if word && text == "max" || !word && text == "-1" {
        return Ok((text.to_owned(), Vec::new()));
    }
    if !word && text.eq_ignore_ascii_case("max") {
        return Err(Wrong::new(format!("No limit is -1 in {file}; the word max is cgroup v2's. (EINVAL)")).or("-1"));
    }
    if word && is_no_limit(text) {
        return Err(if_word(Wrong::new(""), text));
    }
    let (digits, unit) = match text.char_indices().last() {
        Some((at, unit)) if unit.is_ascii_alphabetic() && at > 0 && !text.starts_with("0x") => {
            (&text[..at], Some(unit))
        }
        _ => (text, None),
    };
    let shift = match unit.map(|unit| unit.to_ascii_lowercase()) {
        None => 0,
        Some('k') => 10,
        Some('m') => 20,
        Some('g') => 30,
        Some('t') => 40,
        Some(_) => {
            return Err(Wrong::new(format!(
                "{file} takes bytes, with K, M or G if wanted; \"{text}\" is none. (EINVAL)"
            )));
        }
    };
    if numbers::read(digits) == Number::Fraction {
        return Err(Wrong::new(format!(
            "{file} takes whole numbers, with K, M or G if wanted; {text} is none. (EINVAL)"
        )));
    }
    let value = decimal(file, digits)?;
    // The kernel does not see an overflow here: it would store something else.
    let Some(total) = value.checked_mul(1 << shift).filter(|total| (0..=i128::from(i64::MAX)).contains(total)) else {
        return Err(Wrong::new(format!("{file} takes 0 to 9223372036854775807 bytes, not {text}. (EINVAL)")));
    };
    let mut notes = Vec::new();
    if total % 4096 != 0 {
        notes.push(format!(
            "{total} is no whole number of pages: the kernel rounds it down to {}.",
            total - total % 4096
        ));
    }
    Ok((total.to_string(), notes))
}

/// v1: microseconds, at least 1000, or -1.
fn quota(entry: &Entry, file: &str, text: &str) -> Result<(String, Vec<String>), Wrong> {
    if text == "max" {
        return Err(Wrong::new(format!("No limit is -1 in {file}; the word max is cgroup v2's. (EINVAL)")).or("-1"));
    }
    match decimal(file, text)? {
        ..=-1 => Ok(("-1".to_owned(), Vec::new())),
        value => at_least(entry, value, "-1").map(|text| (text, Vec::new())),
    }
}

/// A quota that is not under the least one; `none` is the word for no limit.
fn at_least(entry: &Entry, value: i128, none: &str) -> Result<String, Wrong> {
    let min = entry.min.map_or(1000, i128::from);
    if value >= min {
        return Ok(value.to_string());
    }
    let rule =
        format!("A quota is at least {min} us a period, or {none} for none; the kernel refuses {value}. (EINVAL)");
    Err(Wrong::new(rule).or(min.to_string()).or(none))
}

/// v2: `QUOTA|max [PERIOD]`.
fn pair(entry: &Entry, file: &str, text: &str) -> Result<(String, Vec<String>), Wrong> {
    let mut words = text.split_ascii_whitespace();
    let (Some(first), second, None) = (words.next(), words.next(), words.next()) else {
        return Err(Wrong::new(format!("{file} takes a quota or max, and a period, in microseconds. (EINVAL)")));
    };
    let mut out = if first == "max" {
        first.to_owned()
    } else if matches!(first, "-1" | "Max" | "MAX" | "none") {
        let rest = second.map_or_else(String::new, |period| format!(" {period}"));
        return Err(Wrong::new(format!("No limit is the word max in {file}. (EINVAL)")).or(format!("max{rest}")));
    } else {
        at_least(entry, decimal(file, first)?, "max")?
    };
    if let Some(period) = second {
        let period = decimal(file, period)?;
        if !(1000..=1_000_000).contains(&period) {
            return Err(Wrong::new(format!(
                "A period is 1000 to 1000000 us (1 ms to 1 s); the kernel refuses {period}. (EINVAL)"
            )));
        }
        out.push(' ');
        out.push_str(&period.to_string());
    }
    Ok((out, Vec::new()))
}

fn list(file: &str, text: &str) -> Result<(String, Vec<String>), Wrong> {
    if text.is_empty() {
        // An empty write does nothing; a newline clears the list.
        return Ok(("\n".to_owned(), Vec::new()));
    }
    if CpuSet::parse(text).is_some() {
        return Ok((text.to_owned(), Vec::new()));
    }
    // `all`, `N` and strides (`0-7:1/2`) are the kernel's own extensions.
    if !text.is_empty()
        && (text == "all" || text.bytes().all(|b| b.is_ascii_digit() || matches!(b, b'-' | b',' | b':' | b'/' | b'N')))
    {
        let reversed = text.split(',').find_map(|part| {
            let (low, high) = part.split_once('-')?;
            let (low, high): (u32, u32) = (low.parse().ok()?, high.parse().ok()?);
            (low > high).then(|| (part.to_owned(), format!("{high}-{low}")))
        });
        return match reversed {
            Some((part, turned)) => Err(Wrong::new(format!("{part} goes backwards: a range rises. (EINVAL)"))
                .or(text.replacen(&part, &turned, 1))),
            None if text.contains([':', 'N', 'a']) => Ok((text.to_owned(), Vec::new())),
            None => Err(Wrong::new(format!("{file} takes a list such as 0-3,5; \"{text}\" is none. (EINVAL)"))),
        };
    }
    Err(Wrong::new(format!("{file} takes a list such as 0-3,5; \"{}\" is none. (EINVAL)", escape(text.as_bytes()))))
}
