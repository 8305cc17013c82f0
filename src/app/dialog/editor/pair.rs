//! A quota and its period (`cpu.max`): two fields, each as people say it.
use crossterm::event::{KeyCode, KeyEvent};

use super::super::Line;
use super::text::{Field, quota_us, time_us};

/// Quota and period.
#[derive(Clone, Debug)]
pub(super) struct Pair {
    quota: Field,
    period: Field,
}

impl Pair {
    pub(super) fn new(before: &str) -> Self {
        let mut words = before.split_ascii_whitespace();
        let quota = words.next().unwrap_or("max");
        let period = words.next().unwrap_or("100000");
        Self { quota: Field::new(quota), period: Field::new(period) }
    }

    fn period(&self) -> String {
        time_us(self.period.text()).map_or_else(|| self.period.text().to_owned(), |us| us.to_string())
    }

    pub(super) fn data(&self) -> String {
        let period = self.period();
        let us = period.parse().unwrap_or(100_000);
        let quota = match self.quota.text() {
            "" => "max".to_owned(),
            text => quota_us(text, us).map_or_else(|| text.to_owned(), |us| us.to_string()),
        };
        format!("{quota} {period}").trim_end().to_owned()
    }

    pub(super) fn lines(&self, field: Option<usize>) -> Vec<Line> {
        vec![self.quota.line("quota", field == Some(0)), self.period.line("period", field == Some(1))]
    }

    pub(super) fn key(&mut self, field: usize, key: &KeyEvent) -> bool {
        // No quota steps down to all of one CPU.
        if field == 0 && key.code == KeyCode::Down && self.quota.text() == "max" {
            let period = self.period();
            self.quota.set(&period);
            return true;
        }
        let (at, high) = if field == 0 { (&mut self.quota, 1_000_000_000) } else { (&mut self.period, 1_000_000) };
        match key.code {
            KeyCode::Up => at.step(true, 1000, high),
            KeyCode::Down => at.step(false, 1000, high),
            _ => at.key(key),
        }
    }
}
