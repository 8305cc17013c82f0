//! One value on one line: a number with its steps, bytes, a quota in CPUs, any text.
use crossterm::event::{Event, KeyCode, KeyEvent, KeyModifiers};
use tui_input::Input;
use tui_input::backend::crossterm::EventHandler;

use crate::catalog::{Entry, Format, human_quota};

use super::super::super::prompt::cap_us;
use super::super::super::state::State;
use super::super::super::{files, weight};
use super::super::{Line, Tone};

/// Columns of the word before a field.
pub(super) const LABEL: usize = 8;

/// A text field. The old value gives way to the first character that is typed.
#[derive(Clone, Debug)]
pub(super) struct Field {
    input: Input,
    fresh: bool,
}

impl Field {
    pub(super) fn new(text: &str) -> Self {
        Self { input: Input::new(text.to_owned()), fresh: true }
    }

    /// One in which typing goes on where the text ends.
    pub(super) fn going_on(text: &str) -> Self {
        Self { fresh: false, ..Self::new(text) }
    }

    pub(super) fn text(&self) -> &str {
        self.input.value().trim()
    }

    pub(super) fn set(&mut self, text: &str) {
        *self = Self::going_on(text);
    }

    /// A line with the text behind a word; the cursor where it is typed.
    pub(super) fn line(&self, label: &str, focused: bool) -> Line {
        let at = LABEL + self.input.visual_cursor();
        Line::toned(format!("{label:<LABEL$}{}", self.input.value()), Tone::Field(focused.then_some(at)))
    }

    /// A key; whether it was one for a text.
    pub(super) fn key(&mut self, key: &KeyEvent) -> bool {
        let control = key.modifiers.contains(KeyModifiers::CONTROL);
        let edits = matches!(
            key.code,
            KeyCode::Char(_)
                | KeyCode::Backspace
                | KeyCode::Delete
                | KeyCode::Left
                | KeyCode::Right
                | KeyCode::Home
                | KeyCode::End
        );
        if !edits || self.input.value().len() >= 4096 && matches!(key.code, KeyCode::Char(_)) {
            return false;
        }
        if std::mem::take(&mut self.fresh) && matches!(key.code, KeyCode::Char(_)) && !control {
            self.input.reset();
        }
        self.input.handle_event(&Event::Key(*key));
        true
    }

    /// The number in it one unit of its leading digit up or down, a unit behind it kept; whether there is one.
    pub(super) fn step(&mut self, up: bool, low: u64, high: u64) -> bool {
        let text = self.text().to_owned();
        let end = text.bytes().take_while(u8::is_ascii_digit).count();
        let (digits, unit) = text.split_at(end);
        let octal = digits.len() > 1 && digits.starts_with('0');
        let Some(number) = digits.parse::<u64>().ok().filter(|_| !octal && unit.len() <= 3) else { return false };
        let next = weight::step_within(number, up, low, high);
        self.set(&format!("{next}{unit}"));
        true
    }
}

/// One value.
#[derive(Clone, Debug)]
pub(super) struct Text {
    field: Field,
    entry: Option<&'static Entry>,
    /// The period in which a quota of v1 holds.
    period_us: u64,
}

impl Text {
    pub(super) fn new(entry: Option<&'static Entry>, state: &State, file: &str, before: &str) -> Self {
        let period = |name: &str| {
            let files = files::sampled(state).ok()?;
            let file = files.iter().find(|file| *file.name == *name.as_bytes())?;
            std::str::from_utf8(file.content.value()?).ok()?.trim().parse().ok()
        };
        let period_us = match file {
            "cpu.rt_runtime_us" => period("cpu.rt_period_us").unwrap_or(1_000_000),
            _ => period("cpu.cfs_period_us").unwrap_or(100_000),
        };
        Self { field: Field::new(before), entry, period_us }
    }

    /// A part of a CPU of a period: quotas of v1 and budgets of real-time tasks.
    fn is_part(&self) -> bool {
        self.entry.is_some_and(|entry| entry.format == Format::Quota || &*entry.name == "cpu.rt_runtime_us")
    }

    pub(super) fn data(&self) -> String {
        let text = self.field.text();
        if self.is_part()
            && let Some(quota) = quota_us(text, self.period_us)
        {
            return quota.to_string();
        }
        text.to_owned()
    }

    pub(super) fn line(&self, focused: bool) -> Line {
        self.field.line("value", focused)
    }

    pub(super) fn words(&self, data: &str) -> Option<String> {
        let entry = self.entry?;
        if self.is_part()
            && let Ok(quota) = data.parse::<i64>()
        {
            return Some(human_quota(u64::try_from(quota).ok(), self.period_us));
        }
        files::in_words(entry, data)
    }

    /// Whether ↑↓ step.
    pub(super) fn steps(&self) -> bool {
        self.entry.is_some_and(|entry| {
            matches!(
                entry.format,
                Format::Number | Format::Signed | Format::Max | Format::Bytes | Format::MaxBytes | Format::Quota
            )
        })
    }

    pub(super) fn key(&mut self, key: &KeyEvent) -> bool {
        if !matches!(key.code, KeyCode::Up | KeyCode::Down) {
            return self.field.key(key);
        }
        let up = key.code == KeyCode::Up;
        let Some(entry) = self.entry.filter(|_| self.steps()) else { return false };
        if !up && matches!(self.field.text(), "max" | "-1") {
            // From no limit down to something to begin with.
            let first = match entry.format {
                Format::Quota => self.period_us.to_string(),
                Format::Bytes | Format::MaxBytes => "1G".to_owned(),
                Format::Max => entry.max.map_or(1000, |max| max.min(1000)).to_string(),
                _ => return false,
            };
            self.field.set(&first);
            return true;
        }
        let bound = |bound: Option<i64>, other: u64| bound.and_then(|bound| u64::try_from(bound).ok()).unwrap_or(other);
        if entry.min.is_some_and(|min| min < 0) && entry.max.is_some() {
            // A few numbers around 0: one by one.
            let Ok(number) = self.field.text().parse::<i64>() else { return false };
            let next = (if up { number.saturating_add(1) } else { number.saturating_sub(1) })
                .clamp(entry.min.unwrap_or(number), entry.max.unwrap_or(number));
            self.field.set(&next.to_string());
            return true;
        }
        self.field.step(up, bound(entry.min, 0), bound(entry.max, u64::MAX / 16))
    }
}

/// A quota written as a part of a CPU (`0.5`, `0.5 CPU`, `50%`) or as a time (`50 ms`), in microseconds; `None` for anything
/// else, a plain number of microseconds too.
pub(super) fn quota_us(text: &str, period_us: u64) -> Option<u64> {
    let lower = text.trim().to_ascii_lowercase();
    if let Some(us) = time_us(&lower) {
        return Some(us);
    }
    let is_part = lower.ends_with('%') || lower.contains("cpu") || (lower.contains('.') && !lower.contains('e'));
    if !is_part {
        return None;
    }
    let number = lower.trim_end_matches("cpus").trim_end_matches("cpu");
    cap_us(period_us, number).ok().flatten()
}

/// A time with its unit (`50 ms`, `1s`, `20000us`), in microseconds.
pub(super) fn time_us(text: &str) -> Option<u64> {
    let text = text.trim().to_ascii_lowercase();
    let (number, unit) = [("us", 1.0), ("ms", 1e3), ("s", 1e6)]
        .into_iter()
        .find_map(|(unit, us)| Some((text.strip_suffix(unit)?.trim_end(), us)))?;
    let number: f64 = number.parse().ok().filter(|number: &f64| (0.0..=1e6).contains(number))?;
    // At most 10^12 and not negative.
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "bounded, see above")]
    Some((number * unit).round() as u64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_too_large_steps_to_what_is_possible() {
        let up = KeyEvent::from(KeyCode::Up);
        let mut nice =
            Text { field: Field::new("9223372036854775807"), entry: catalog("cpu.weight.nice"), period_us: 100_000 };
        assert!(nice.key(&up));
        assert_eq!(nice.data(), "19");
        let mut weight = Text { field: Field::new("18446744073709551615"), entry: catalog("cpu.weight"), period_us: 1 };
        assert!(weight.key(&up));
        assert_eq!(weight.data(), "10000");
    }

    fn catalog(file: &str) -> Option<&'static Entry> {
        let found = crate::catalog::entry(file);
        assert!(found.is_some());
        found
    }

    #[test]
    fn a_quota_is_typed_as_people_say_it() {
        for (text, us) in [
            ("0.5", Some(50_000)),
            ("0.5 CPU", Some(50_000)),
            ("2 CPUs", Some(200_000)),
            ("50%", Some(50_000)),
            ("50 ms", Some(50_000)),
            ("50000", None),
            ("max", None),
            ("-1", None),
            ("1e3", None),
            ("0x10", None),
        ] {
            assert_eq!(quota_us(text, 100_000), us, "{text}");
        }
        assert_eq!(
            (time_us("1s"), time_us("20000us"), time_us("100"), time_us("s")),
            (Some(1_000_000), Some(20_000), None, None)
        );
    }
}
