//! Amounts as text: decimals only where they say something, `≈` for what is an estimate, `?` for what is not known.
use crate::split::table::Owed;

use super::scale::Ruler;

/// A percentage: `75 %`, with a decimal where it says something.
#[must_use]
pub fn percent(value: f64, decimal: bool) -> String {
    let whole = (value - value.round()).abs() < 0.05;
    if decimal && !whole { format!("{value:.1} %") } else { format!("{:.0} %", value.round() + 0.0) }
}

/// OWED in percent.
#[must_use]
pub fn owed(ruler: &Ruler, owed: Owed, ascii: bool) -> String {
    match (owed, ruler.owed_percent(owed)) {
        (Owed::Exact(_), Some(value)) => percent(value, true),
        (Owed::About(_), Some(value)) => format!("{}{}", if ascii { "~" } else { "≈" }, percent(value, false)),
        _ => "?".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::percent;

    #[test]
    fn percentages_say_no_more_than_is_known() {
        assert_eq!(percent(75.0, true), "75 %");
        assert_eq!(percent(33.333, true), "33.3 %");
        assert_eq!(percent(33.333, false), "33 %");
        assert_eq!(percent(-0.2, false), "0 %");
        assert_eq!(percent(1085.4, false), "1085 %");
    }
}
