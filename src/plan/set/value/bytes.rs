//! Bytes: K, M and G, whole pages, and the overflow that the kernel does not see.
use crate::catalog::{Entry, Format, human_bytes};

use super::super::super::rules::numbers::{self, Number};
use super::number::{decimal, whole};
use super::{Wrong, is_no_limit, no_limit};

/// Bytes of a page. On hosts with larger pages the kernel rounds further; what it stored is always read back.
const PAGE: u64 = 4096;

pub(super) fn bytes(entry: &Entry, file: &str, text: &str) -> Result<(String, Vec<String>), Wrong> {
    let word = entry.format == Format::MaxBytes;
    if entry.acts && (is_no_limit(text) || text.starts_with('-')) {
        return Err(Wrong::new(format!("{file} takes an amount: bytes, with K, M or G if wanted. (EINVAL)")));
    }
    if word && text == "max" || !word && text == "-1" {
        return Ok((text.to_owned(), Vec::new()));
    }
    if !word && (text.eq_ignore_ascii_case("max") || is_no_limit(text)) {
        return Err(Wrong::new(format!("No limit is -1 in {file}; the word max is cgroup v2's. (EINVAL)")).or("-1"));
    }
    if word && is_no_limit(text) {
        return Err(no_limit(file, text));
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
        Some('p') => 50,
        Some('e') => 60,
        Some(_) => {
            let wrong =
                Wrong::new(format!("{file} takes bytes, with K, M or G if wanted; \"{text}\" is none. (EINVAL)"));
            // 10MB, 10MiB: the kernel's suffix is the letter alone.
            let short = text.trim_end_matches(['b', 'B']).trim_end_matches('i');
            let known =
                short.ends_with(|c: char| "kKmMgGtT".contains(c)) && short.starts_with(|c: char| c.is_ascii_digit());
            return Err(if known && short != text { wrong.or(short) } else { wrong });
        }
    };
    if numbers::read(digits) == Number::Fraction {
        let wrong =
            Wrong::new(format!("{file} takes whole numbers, with K, M or G if wanted; {text} is none. (EINVAL)"));
        return Err(match whole(digits, (1_u64 << shift) as f64) {
            Some(whole) => wrong.or(whole),
            None => wrong,
        });
    }
    let value = decimal(file, digits)?;
    if value < 0 {
        return Err(Wrong::new(format!("{file} takes no negative number but -1 where that is no limit. (EINVAL)")));
    }
    let Some(total) = value.checked_mul(1 << shift).filter(|total| *total <= i128::from(i64::MAX)) else {
        let wrong = Wrong::new(format!(
            "{text} is more than 9223372036854775807 bytes. The kernel does not notice an overflow here: it would store some \
             other number, without an error."
        ));
        return Err(wrong.or(if word { "max" } else { "-1" }));
    };
    let Ok(total) = u64::try_from(total) else { return Err(Wrong::new(format!("{text} is no number of bytes."))) };
    let (unit, what) = match huge_page(file) {
        Some(size) => (size, format!("huge pages of {}", human_bytes(size))),
        None => (PAGE, "pages".to_owned()),
    };
    let mut notes = Vec::new();
    if !total.is_multiple_of(unit) {
        let rounded = total - total % unit;
        notes.push(format!("{total} is no whole number of {what}: the kernel rounds it down to {rounded}."));
    }
    Ok((total.to_string(), notes))
}

/// The size that stands in the name of a file of the hugetlb controller: `hugetlb.2MB.max`.
fn huge_page(file: &str) -> Option<u64> {
    let size = file.strip_prefix("hugetlb.")?.split('.').next()?;
    let (digits, shift) = [("KB", 10), ("MB", 20), ("GB", 30)]
        .into_iter()
        .find_map(|(unit, shift)| Some((size.strip_suffix(unit)?, shift)))?;
    digits.parse::<u64>().ok().map(|size| size << shift).filter(|size| *size > 0)
}
