//! Time as cgrove counts it: the monotonic clock, in nanoseconds, read where the value is read.
use std::time::Duration;

/// A moment of `CLOCK_MONOTONIC`, in nanoseconds. Only `kernel` and `runtime` make one from the clock.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Mono(pub u64);

impl Mono {
    /// Nanoseconds from `earlier` to `self`; 0 if `earlier` is later.
    #[must_use]
    pub fn nanos_since(self, earlier: Self) -> u64 {
        self.0.saturating_sub(earlier.0)
    }

    /// Seconds from `earlier` to `self`; 0 if `earlier` is later.
    #[must_use]
    pub fn seconds_since(self, earlier: Self) -> f64 {
        self.nanos_since(earlier) as f64 / 1e9
    }

    /// The moment `duration` after this one.
    #[must_use]
    pub fn after(self, duration: Duration) -> Self {
        Self(self.0.saturating_add(u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)))
    }
}

/// What the wall clock showed at a moment, for people: nothing computes with it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Wall {
    /// The moment.
    pub at: Mono,
    /// Milliseconds since 1970 then.
    pub ms: u64,
    /// The time zone, in seconds east of UTC.
    pub offset_s: i32,
}

impl Wall {
    /// Milliseconds since 1970 at a moment.
    #[must_use]
    pub fn ms_at(&self, moment: Mono) -> u64 {
        let later = moment.nanos_since(self.at) / 1_000_000;
        let earlier = self.at.nanos_since(moment) / 1_000_000;
        self.ms.saturating_add(later).saturating_sub(earlier)
    }

    /// A time of the day here: `14:02:07`.
    #[must_use]
    pub fn clock(&self, ms: u64) -> String {
        let seconds = i64::try_from(ms / 1000).unwrap_or(0).saturating_add(i64::from(self.offset_s));
        let of_day = seconds.rem_euclid(86_400);
        format!("{:02}:{:02}:{:02}", of_day / 3600, of_day / 60 % 60, of_day % 60)
    }

    /// The same to the minute: `14:02`.
    #[must_use]
    pub fn minute(&self, ms: u64) -> String {
        let mut clock = self.clock(ms);
        clock.truncate(5);
        clock
    }
}

#[cfg(test)]
mod tests {
    use super::{Mono, Wall};

    #[test]
    fn the_wall_clock_goes_on_from_what_it_showed() {
        let wall = Wall { at: Mono(10_000_000_000), ms: 86_400_000 - 1000, offset_s: -3600 };
        assert_eq!(wall.ms_at(Mono(12_500_000_000)), 86_400_000 + 1500);
        assert_eq!(wall.ms_at(Mono(9_000_000_000)), 86_400_000 - 2000);
        assert_eq!(wall.clock(wall.ms), "22:59:59");
        assert_eq!(wall.minute(wall.ms_at(Mono(12_500_000_000))), "23:00");
        assert_eq!(Wall { offset_s: 7200, ..wall }.clock(wall.ms), "01:59:59");
    }
}
