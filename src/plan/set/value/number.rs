//! Whole numbers: decimal, in range, without the kernel's octal and hexadecimal traps.
use crate::catalog::{Entry, Unit};
use crate::model::bytes::escape;

use super::super::super::rules::numbers::{self, Number};
use super::Wrong;

/// A plain decimal number in range, or what stands against it.
pub(super) fn number(entry: &Entry, file: &str, text: &str) -> Result<(String, Vec<String>), Wrong> {
    let mut notes = Vec::new();
    let value = match numbers::read(text) {
        // tc writes these as 0xMAJORMINOR: here hexadecimal is what is meant.
        Number::Hex { kernel } if entry.unit == Some(Unit::Class) => {
            notes.push(format!("{text} is {kernel}, which is what {file} will read."));
            kernel
        }
        _ => decimal(file, text)?,
    };
    if value < 0 && entry.min.is_none_or(|min| min >= 0) {
        return Err(Wrong::new(format!("{file} takes no negative number. ({})", refused_with(file))));
    }
    if value > i128::from(u64::MAX) {
        return Err(Wrong::new(format!("{text} is more than the kernel can hold in 64 bits. (ERANGE)")));
    }
    let clamped = value.clamp(entry.min.map_or(i128::MIN, i128::from), entry.max.map_or(i128::MAX, i128::from));
    if clamped == value {
        return Ok((value.to_string(), notes));
    }
    let range = entry.range().unwrap_or_default();
    if entry.clamps {
        let note = format!("Asked {value}, the kernel stores {clamped}: {file} goes from {range}.");
        return Ok((value.to_string(), vec![note]));
    }
    let rule = match entry.unit {
        Some(Unit::Class) => format!("{file} takes {range}; of {value} the kernel would keep the lower 32 bits only."),
        _ => format!("{file} takes {range}; the kernel refuses {value}. ({})", refused_with(file)),
    };
    Err(Wrong::new(rule).or(clamped.to_string()))
}

/// The errno for a number out of range.
pub(super) fn refused_with(file: &str) -> &'static str {
    let erange = file.starts_with("cpu.weight") || file.starts_with("cgroup.max.") || file.contains(".bfq.weight");
    if erange { "ERANGE" } else { "EINVAL" }
}

/// The number that a text looks like, if that is also what the kernel reads.
pub(super) fn decimal(file: &str, text: &str) -> Result<i128, Wrong> {
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
            let wrong =
                Wrong::new(format!("{file} takes whole numbers only, written in digits; {text} is none. (EINVAL)"));
            Err(match whole(text, 1.0) {
                Some(whole) => wrong.or(whole),
                None => wrong,
            })
        }
        Number::Not => {
            Err(Wrong::new(format!("{file} takes a number; \"{}\" is none. (EINVAL)", escape(text.as_bytes()))))
        }
    }
}

/// A decimal fraction or a power of ten, times `unit`, as the nearest whole number; `None` where that says something else.
pub(super) fn whole(text: &str, unit: f64) -> Option<String> {
    let value = text.parse::<f64>().ok()? * unit;
    // Above 2^53 the nearest whole number of a double is another one.
    (1.0..=9_007_199_254_740_992.0).contains(&value).then(|| format!("{value:.0}"))
}
