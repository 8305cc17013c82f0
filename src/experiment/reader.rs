//! A TOML table with a fixed set of keys, read with the place of everything that is wrong in it.
use std::cell::RefCell;
use std::fmt::Display;
use std::ops::{Range, RangeInclusive};

use toml::Spanned;
use toml::de::{DeArray, DeInteger, DeTable, DeValue};

/// A value with its place in the file.
#[derive(Clone, Debug)]
pub(super) struct At<T> {
    /// The value.
    pub(super) value: T,
    /// First byte of its text.
    pub(super) offset: usize,
}

/// Something that is wrong, and where.
#[derive(Clone, Debug)]
pub(super) struct Problem {
    /// First byte of what is wrong.
    pub(super) offset: usize,
    /// The sentence.
    pub(super) message: String,
}

/// Where the readers of one file put what they find wrong.
#[derive(Debug, Default)]
pub(super) struct Problems(RefCell<Vec<Problem>>);

impl Problems {
    /// Notes a problem.
    pub(super) fn add(&self, offset: usize, message: impl Into<String>) {
        self.0.borrow_mut().push(Problem { offset, message: message.into() });
    }

    /// The problem that stands first in the file; of two in one place the one found first.
    pub(super) fn first(&self) -> Option<Problem> {
        self.0.borrow().iter().min_by_key(|problem| problem.offset).cloned()
    }
}

/// One table of the file.
pub(super) struct Reader<'t, 'i> {
    table: &'t DeTable<'i>,
    /// How messages call it: "[[group]]".
    name: &'static str,
    /// Where it begins.
    pub(super) offset: usize,
    problems: &'t Problems,
}

impl<'t, 'i> Reader<'t, 'i> {
    /// Reads `table`, and notes every key that is not in `known`.
    pub(super) fn new(
        table: &'t DeTable<'i>,
        offset: usize,
        name: &'static str,
        known: &[&str],
        problems: &'t Problems,
    ) -> Self {
        for key in table.keys() {
            if !known.contains(&&**key.get_ref()) {
                let hint = closest(key.get_ref(), known)
                    .map_or_else(|| format!("it has {}", list(known)), |known| format!("did you mean `{known}`?"));
                problems.add(key.span().start, format!("`{}` is not a key of {name}: {hint}", show(key.get_ref())));
            }
        }
        Self { table, name, offset, problems }
    }

    /// The value of a key as it is.
    pub(super) fn get(&self, key: &str) -> Option<&'t Spanned<DeValue<'i>>> {
        self.table.get(key)
    }

    /// A text.
    pub(super) fn text(&self, key: &str) -> Option<At<&'t str>> {
        let value = self.get(key)?;
        match value.get_ref() {
            DeValue::String(text) => Some(At { value: &**text, offset: value.span().start }),
            other => self.wrong(key, "a text in quotes", value.span(), other),
        }
    }

    /// A text that must be there.
    pub(super) fn required_text(&self, key: &str, example: &str) -> Option<At<&'t str>> {
        if self.get(key).is_none() {
            self.problems.add(self.offset, format!("{} has no `{key}`: write {key} = \"{example}\"", self.name));
        }
        self.text(key)
    }

    /// true or false.
    pub(super) fn boolean(&self, key: &str) -> Option<bool> {
        let value = self.get(key)?;
        match value.get_ref() {
            DeValue::Boolean(boolean) => Some(*boolean),
            other => self.wrong(key, "true or false", value.span(), other),
        }
    }

    /// A whole number in a range. `why` ends the sentence of a number outside.
    pub(super) fn whole(&self, key: &str, range: &RangeInclusive<i64>, why: &str) -> Option<At<i64>> {
        let value = self.get(key)?;
        let offset = value.span().start;
        let DeValue::Integer(integer) = value.get_ref() else {
            return self.wrong(key, "a whole number", value.span(), value.get_ref());
        };
        let Some(number) = number(integer).filter(|number| range.contains(number)) else {
            let (low, high) = range.clone().into_inner();
            let range = if high == low + 1 { format!("{low} or {high}") } else { format!("{low} to {high}") };
            self.problems.add(offset, format!("`{key}` is {integer}: it must be {range}{why}"));
            return None;
        };
        Some(At { value: number, offset })
    }

    /// A number, whole or not, that `accept` accepts; `must` says what that is ("above 0").
    pub(super) fn number(&self, key: &str, must: &str, accept: impl Fn(f64) -> bool) -> Option<At<f64>> {
        let value = self.get(key)?;
        let offset = value.span().start;
        let (number, shown) = match value.get_ref() {
            DeValue::Integer(integer) => (number(integer).map(|number| number as f64), integer.to_string()),
            DeValue::Float(float) => (float.as_str().parse::<f64>().ok(), float.to_string()),
            other => return self.wrong(key, "a number", value.span(), other),
        };
        let number = number.filter(|number| number.is_finite() && accept(*number));
        if number.is_none() {
            self.problems.add(offset, format!("`{key}` is {shown}: it must be {must}"));
        }
        number.map(|value| At { value, offset })
    }

    /// Tables of an array of tables (`[[key]]`).
    pub(super) fn tables(&self, key: &str) -> Vec<At<&'t DeTable<'i>>> {
        let Some(value) = self.get(key) else { return Vec::new() };
        let expected = format!("a list of tables: write [[{key}]]");
        let array: &DeArray<'i> = match value.get_ref() {
            DeValue::Array(array) => array,
            other => {
                self.wrong::<()>(key, &expected, value.span(), other);
                return Vec::new();
            }
        };
        array
            .iter()
            .filter_map(|element| match element.get_ref() {
                DeValue::Table(table) => Some(At { value: table, offset: element.span().start }),
                other => self.wrong(key, &expected, element.span(), other),
            })
            .collect()
    }

    /// Notes that a value has the wrong type.
    pub(super) fn wrong<T>(&self, key: &str, expected: &str, at: Range<usize>, found: &DeValue<'_>) -> Option<T> {
        self.problems.add(at.start, format!("`{key}` is {}: it must be {expected}", describe(found)));
        None
    }

    /// Notes a problem.
    pub(super) fn problem(&self, offset: usize, message: impl Into<String>) {
        self.problems.add(offset, message);
    }
}

/// A TOML integer, if it fits.
pub(super) fn number(integer: &DeInteger<'_>) -> Option<i64> {
    i64::from_str_radix(integer.as_str(), integer.radix()).ok()
}

/// What a value is, in words: "a text (\"x\")".
pub(super) fn describe(value: &DeValue<'_>) -> String {
    match value {
        DeValue::String(text) => format!("the text \"{}\"", show(text)),
        DeValue::Integer(integer) => format!("the number {integer}"),
        DeValue::Float(float) => format!("the number {float}"),
        DeValue::Boolean(boolean) => boolean.to_string(),
        DeValue::Datetime(_) => "a date or time".to_owned(),
        DeValue::Array(_) => "a list".to_owned(),
        DeValue::Table(_) => "a table".to_owned(),
    }
}

/// A text of the file in a message: on one line, without control characters, shortened.
pub(super) fn show(text: &str) -> String {
    const LONGEST: usize = 60;
    let mut shown = crate::model::bytes::escape(text.as_bytes());
    if shown.chars().count() > LONGEST {
        shown = shown.chars().take(LONGEST).chain(['…']).collect();
    }
    shown
}

/// `a`, `b` and `c`.
pub(super) fn list(words: &[impl Display]) -> String {
    let quoted: Vec<String> = words.iter().map(|word| format!("`{word}`")).collect();
    match quoted.as_slice() {
        [] => "nothing".to_owned(),
        [one] => one.clone(),
        [rest @ .., last] => format!("{} and {last}", rest.join(", ")),
    }
}

/// The word that `text` was probably meant to be: at most two edits away, and at most a third of its length.
pub(super) fn closest<'a>(text: &str, words: &[&'a str]) -> Option<&'a str> {
    const LONGEST: usize = 40;
    if text.len() > LONGEST {
        return None;
    }
    words
        .iter()
        .map(|word| (edits(&text.to_lowercase(), &word.to_lowercase()), *word))
        .filter(|&(edits, word)| edits <= 2.min(1 + word.chars().count() / 4))
        .min_by_key(|&(edits, _)| edits)
        .map(|(_, word)| word)
}

/// Levenshtein distance in characters.
fn edits(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, &y) in b.iter().enumerate() {
            let above = row[j + 1];
            row[j + 1] = (diagonal + usize::from(x != y)).min(above + 1).min(row[j] + 1);
            diagonal = above;
        }
    }
    row[b.len()]
}

#[cfg(test)]
mod tests {
    use super::{closest, edits, list, show};

    #[test]
    fn distances_are_those_of_the_textbook() {
        assert_eq!(edits("kitten", "sitting"), 3);
        assert_eq!(edits("", "abc"), 3);
        assert_eq!(edits("weight", "weight"), 0);
        assert_eq!(edits("weigth", "weight"), 2);
    }

    #[test]
    fn only_near_words_are_suggested() {
        let keys = ["weight", "quota", "path", "idle", "set"];
        assert_eq!(closest("weigth", &keys), Some("weight"));
        assert_eq!(closest("Path", &keys), Some("path"));
        assert_eq!(closest("shares", &keys), None);
        assert_eq!(closest("sex", &keys), Some("set"));
        assert_eq!(closest("xy", &keys), None);
    }

    #[test]
    fn lists_and_texts_read_well() {
        assert_eq!(list(&["a", "b", "c"]), "`a`, `b` and `c`");
        assert_eq!(list(&["a"]), "`a`");
        assert_eq!(show("a\nb\u{202e}"), "a\\x0ab\\xe2\\x80\\xae");
        assert_eq!(show(&"x".repeat(100)).chars().count(), 61);
    }
}
