//! Numbers as text. Decimals only where the uncertainty is under half a point; what is not known is `?` or `…`.
pub use crate::app::amount::{owed, percent};
use crate::app::scale::Ruler;
use crate::split::ratio::Ratio;
use crate::split::table::{Given, Got, Row};

/// Half a point: below it a measured percentage gets a decimal.
pub const HALF: f64 = 0.5;

/// RULE: the part of the base, as a ratio where its denominator is at most 99.
#[must_use]
pub fn rule(configured: Option<Ratio>, base: Option<Ratio>) -> String {
    let relative = configured.and_then(|ratio| ratio.within(base.unwrap_or(Ratio::ONE)));
    match relative {
        None => "?".to_owned(),
        Some(ratio) if ratio.is_small() => ratio.to_string(),
        Some(ratio) => percent(ratio.as_f64() * 100.0, true),
    }
}

/// GETS in percent.
#[must_use]
pub fn gets(ruler: &Ruler, got: Got, ascii: bool) -> String {
    match (got, ruler.gets_percent(got)) {
        (Got::TooEarly, _) => if ascii { "..." } else { "…" }.to_owned(),
        (Got::Cpus { plus_minus, at_least, .. }, Some(value)) => {
            let fine = ruler.gets.is_some_and(|whole| plus_minus / whole * 100.0 < HALF);
            let sign = match (at_least, ascii) {
                (false, _) => "",
                (true, false) => "≥",
                (true, true) => ">",
            };
            format!("{sign}{}", fixed(value, fine))
        }
        _ => "?".to_owned(),
    }
}

/// A measured percentage: with its decimal, also where it is 0, so that it does not jump about.
fn fixed(value: f64, decimal: bool) -> String {
    if decimal && value.abs() >= 0.05 { format!("{value:.1} %") } else { format!("{:.0} %", value.round() + 0.0) }
}

/// The verdict's sign.
#[must_use]
pub fn given(given: Given, ascii: bool) -> &'static str {
    match (given, ascii) {
        (Given::Agrees, false) => "✓",
        (Given::Agrees, true) => "ok",
        (Given::Differs, false) => "≠",
        (Given::Differs, true) => "!=",
        (Given::CannotTell, _) => "",
    }
}

/// GETS − RULE in whole points: `=`, `+50`, `-25`. Differences under one point are `=`.
#[must_use]
pub fn beside_rule(ruler: &Ruler, row: &Row, base: Option<Ratio>) -> Option<String> {
    if !ruler.beside_rule {
        return None;
    }
    let rule = row.configured?.within(base.unwrap_or(Ratio::ONE))?.as_f64() * 100.0;
    let difference = (ruler.gets_percent(row.measured)? - rule).round();
    Some(if difference.abs() < 1.0 { "=".to_owned() } else { format!("{difference:+.0}") })
}

/// Tasks: own + below for an inner group, own alone for a leaf.
#[must_use]
pub fn tasks(counts: Option<(u32, u32)>, inner: bool) -> String {
    match counts {
        None => "?".to_owned(),
        Some((own, below)) if inner => format!("{own}+{below}"),
        Some((own, _)) => own.to_string(),
    }
}

/// A number in groups of three: `3,012`.
#[must_use]
pub fn thousands(number: usize) -> String {
    let digits = number.to_string();
    let mut out = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::thousands;

    #[test]
    fn long_numbers_are_grouped() {
        assert_eq!([0, 999, 1000, 3012, 1_234_567].map(thousands), ["0", "999", "1,000", "3,012", "1,234,567"]);
    }
}
