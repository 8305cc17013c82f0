//! Numbers as the kernel reads them: with `kstrtoull(…, 0, …)`, which takes a leading 0 for octal and 0x for hexadecimal.

/// What a text is, as a number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Number {
    /// A plain decimal number; a leading plus sign is dropped.
    Plain(i128),
    /// Leading zeros: the kernel would read octal.
    Octal {
        /// What the kernel would store; `None` where a digit is not octal (EINVAL).
        kernel: Option<i128>,
        /// The decimal reading.
        decimal: i128,
    },
    /// `0x…`: the kernel would read hexadecimal.
    Hex {
        /// What the kernel would store.
        kernel: i128,
    },
    /// A decimal fraction or a power of ten (`1.5`, `1e3`), which the kernel does not take.
    Fraction,
    /// No number.
    Not,
}

/// Reads `text`.
#[must_use]
pub fn read(text: &str) -> Number {
    let (negative, digits) = match text.as_bytes().first() {
        Some(b'-') => (true, &text[1..]),
        Some(b'+') => (false, &text[1..]),
        _ => (false, text),
    };
    let sign = |value: i128| if negative { -value } else { value };
    if let Some(hex) = digits.strip_prefix("0x").or_else(|| digits.strip_prefix("0X")) {
        return match i128::from_str_radix(hex, 16) {
            Ok(value) if !hex.starts_with(['+', '-']) => Number::Hex { kernel: sign(value) },
            _ => Number::Not,
        };
    }
    if !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit()) {
        let Ok(decimal) = digits.parse::<i128>() else { return Number::Not };
        if digits.len() > 1 && digits.starts_with('0') {
            return Number::Octal { kernel: i128::from_str_radix(digits, 8).ok().map(sign), decimal: sign(decimal) };
        }
        return Number::Plain(sign(decimal));
    }
    if digits.starts_with(|c: char| c.is_ascii_digit() || c == '.') && digits.parse::<f64>().is_ok() {
        return Number::Fraction;
    }
    Number::Not
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_traps_are_seen() {
        assert_eq!(read("600"), Number::Plain(600));
        assert_eq!(read("+7"), Number::Plain(7));
        assert_eq!(read("-1"), Number::Plain(-1));
        assert_eq!(read("0"), Number::Plain(0));
        assert_eq!(read("0400"), Number::Octal { kernel: Some(256), decimal: 400 });
        assert_eq!(read("0900"), Number::Octal { kernel: None, decimal: 900 });
        assert_eq!(read("0x10"), Number::Hex { kernel: 16 });
        assert_eq!((read("1.5"), read("1e3"), read(".5")), (Number::Fraction, Number::Fraction, Number::Fraction));
        for text in ["", "max", "-", "0x", "0x+1", "1 2", "inf", "nan", "12k"] {
            assert_eq!(read(text), Number::Not, "{text}");
        }
    }
}
