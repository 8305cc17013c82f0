//! One value by itself: is it what it looks like, and does the kernel take it?
//!
//! One file a family of formats: [`number`], [`bytes`], [`quota`], [`list`], [`keyed`]; words and flags are here.
use crate::catalog::{Entry, Format};
use crate::model::bytes::escape;

mod bytes;
mod keyed;
mod list;
mod number;
mod quota;

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
    if entry.resets {
        return reset(file, text);
    }
    match entry.format {
        Format::Number | Format::Signed => number::number(entry, file, text),
        Format::Flag => flag(file, text),
        Format::Max if text == "max" => plain(text.to_owned()),
        Format::Max => number::number(entry, file, text).map_err(|wrong| if_word(wrong, file, text)),
        Format::Bytes | Format::MaxBytes => bytes::bytes(entry, file, text),
        Format::Quota => quota::quota(entry, file, text),
        Format::QuotaPair => quota::pair(entry, file, text),
        Format::List => list::list(file, text),
        Format::Keyed => keyed::line(entry, file, text),
        Format::Choice => {
            if entry.values.iter().any(|value| **value == *text) {
                return plain(text.to_owned());
            }
            let rule = format!("{file} takes {}, not \"{}\". (EINVAL)", words(&entry.values), escape(data));
            // FREEZING is what freezer.state reads on the way to FROZEN, and is not taken.
            let meant = entry.values.iter().map(|value| &**value).find(|value| value.eq_ignore_ascii_case(text));
            Err(match meant.or_else(|| text.eq_ignore_ascii_case("freezing").then_some("FROZEN")) {
                Some(meant) => Wrong::new(rule).or(meant),
                // What only removing the group takes back is not offered by the way.
                None if entry.once => Wrong::new(rule),
                None => entry.values.iter().fold(Wrong::new(rule), |wrong, value| wrong.or(&**value)),
            })
        }
        Format::Percent => percent(file, text),
        _ if text.is_empty() => Err(Wrong::new("An empty text changes nothing.")),
        _ => plain(text.to_owned()),
    }
}

/// A counter that a write resets.
fn reset(file: &str, text: &str) -> Result<(String, Vec<String>), Wrong> {
    match (file, text) {
        (_, "0") => Ok((text.to_owned(), Vec::new())),
        ("cpuacct.usage", _) => {
            Err(Wrong::new(format!("{file} is a counter: the only thing to write is 0, which resets it. (EINVAL)"))
                .or("0"))
        }
        _ => Err(Wrong::new(format!("{file} is a counter: whatever is written resets it. Write 0.")).or("0")),
    }
}

/// 0 or 1. What the kernel makes of another number differs from file to file.
fn flag(file: &str, text: &str) -> Result<(String, Vec<String>), Wrong> {
    if matches!(text, "0" | "1") {
        return Ok((text.to_owned(), Vec::new()));
    }
    let shown = escape(text.as_bytes());
    let is_number = text.bytes().all(|byte| byte.is_ascii_digit()) && !text.is_empty();
    let rule = match file {
        _ if !is_number => format!("{file} takes 0 (off) or 1 (on), not \"{shown}\". (EINVAL)"),
        "cgroup.freeze" | "cgroup.pressure" | "cgroup.kill" => {
            format!("{file} takes 0 (off) or 1 (on), not {shown}. (ERANGE)")
        }
        _ if file.starts_with("cpuset.") || matches!(file, "notify_on_release" | "cgroup.clone_children") => {
            format!("{file} takes 0 (off) or 1 (on); for any other number the kernel stores 1.")
        }
        _ => format!("{file} takes 0 (off) or 1 (on), not {shown}. (EINVAL)"),
    };
    Err(Wrong::new(rule).or("0").or("1"))
}

/// A percentage with at most two decimals, or max.
fn percent(file: &str, text: &str) -> Result<(String, Vec<String>), Wrong> {
    let digits = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    let well = match text.split_once('.') {
        Some((whole, rest)) => digits(whole) && digits(rest),
        None => digits(text),
    };
    if text == "max" {
        return Ok((text.to_owned(), Vec::new()));
    }
    if is_no_limit(text) {
        return Err(no_limit(file, text));
    }
    match text.parse::<f64>() {
        Ok(value) if well && value <= 100.0 => Ok((text.to_owned(), Vec::new())),
        Ok(_) if well => {
            Err(Wrong::new(format!("{file} takes a percentage from 0 to 100, or max; {text} is more. (ERANGE)"))
                .or("100"))
        }
        _ => Err(Wrong::new(format!(
            "{file} takes a percentage from 0 to 100 such as 12.5, or max; \"{}\" is none. (EINVAL)",
            escape(text.as_bytes())
        ))),
    }
}

/// What people write for "no limit" where the kernel wants the word max.
fn is_no_limit(text: &str) -> bool {
    text.eq_ignore_ascii_case("max") || matches!(text, "none" | "unlimited" | "infinity" | "-1")
}

fn if_word(wrong: Wrong, file: &str, text: &str) -> Wrong {
    if is_no_limit(text) { no_limit(file, text) } else { wrong }
}

fn no_limit(file: &str, text: &str) -> Wrong {
    let errno = if text == "-1" { number::refused_with(file) } else { "EINVAL" };
    Wrong::new(format!("No limit is the word max, in small letters, not \"{text}\". ({errno})")).or("max")
}

/// "a, b or c".
fn words(values: &[Box<str>]) -> String {
    match values {
        [] => String::new(),
        [one] => one.to_string(),
        [first @ .., last] => format!("{} or {last}", first.join(", ")),
    }
}
