//! The wall clock, for people: what it shows here and now, and what it showed then.
use jiff::Timestamp;
use jiff::tz::TimeZone;

use crate::effect::journal::now_ms;
use crate::model::time::{Mono, Wall};

/// What the wall clock shows now; `at` is the same moment by the monotonic clock.
#[must_use]
pub fn wall(at: Mono) -> Wall {
    let ms = now_ms();
    let offset_s = timestamp(ms).map_or(0, |now| TimeZone::system().to_offset(now).seconds());
    Wall { at, ms, offset_s }
}

/// Day and time here of milliseconds since 1970: `2026-11-27 14:02:07`.
#[must_use]
pub fn date(ms: u64) -> String {
    match timestamp(ms) {
        Some(moment) => moment.to_zoned_datetime(TimeZone::system()).strftime("%Y-%m-%d %H:%M:%S").to_string(),
        None => format!("{ms} ms after 1970"),
    }
}

fn timestamp(ms: u64) -> Option<Timestamp> {
    Timestamp::from_millisecond(i64::try_from(ms).ok()?).ok()
}
