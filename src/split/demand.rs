//! What a task wants of the CPU, from two looks at its counters and its state.
//!
//! # What the counters say
//! `/proc/TID/schedstat` has the time on a CPU and the time on a run queue; what is missing to the time that passed was slept.
//! A task is **hungry** when it never sleeps: run + wait ≈ 1. It wants a whole CPU, and the water-filling says what it is owed.
//! A throttled task books its wait like any other.
//!
//! Two things blur this. A running task's counters move in steps of the scheduler's tick, so the sum is short by up to a tick
//! at each look. And wait is booked only when the task next gets a CPU: at a look, the wait that has not ended is missing. So
//! a task that is runnable at both looks is hungry, too, if what is missing is no more than one wait in progress can be:
//! twice its mean wait. In the extreme it did not run at all: a starving task looks like a sleeping one but for its state.
//!
//! A task that sleeps is **satisfied**: it takes what it wants, something between what it used (an open loop, which catches
//! up) and run / (1 − wait), what it would have used alone (a closed loop, which does not).
use crate::model::time::Mono;

use super::table::Demand;

/// The shortest time between two looks that says anything, in ticks.
const LEAST_TICKS: u64 = 20;

/// Up to this part of the time may be missing from run + wait of a task that never sleeps, beside two ticks: interrupts and
/// the like.
const SLACK: f64 = 0.02;

/// A task that was hungry stays so until more than this part of the time is missing.
const HYSTERESIS: f64 = 0.10;

/// Under this, 1 − wait is too small to divide by.
const TOO_SMALL: f64 = 0.05;

/// One look at a task.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Look {
    /// When its counters were read.
    pub at: Mono,
    /// Time on a CPU so far, in nanoseconds.
    pub run_ns: u64,
    /// Time waited for a CPU so far, in nanoseconds.
    pub wait_ns: u64,
    /// Number of times it was put on a CPU.
    pub slices: u64,
    /// State letter.
    pub state: char,
}

/// Rates between two looks.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Rates {
    /// Seconds between them.
    pub seconds: f64,
    /// CPU-seconds per second.
    pub run: f64,
    /// Seconds waited per second; booked late, so it may exceed 1.
    pub wait: f64,
    /// Times put on a CPU.
    pub slices: u64,
}

impl Look {
    /// The rates from `earlier` to this look; `None` if no time passed. A counter that went back counts as standing still.
    #[must_use]
    pub fn since(&self, earlier: &Self) -> Option<Rates> {
        let nanos = self.at.nanos_since(earlier.at);
        if nanos == 0 {
            return None;
        }
        let part = |now: u64, then: u64| now.saturating_sub(then) as f64 / nanos as f64;
        Some(Rates {
            seconds: nanos as f64 / 1e9,
            run: part(self.run_ns, earlier.run_ns),
            wait: part(self.wait_ns, earlier.wait_ns),
            slices: self.slices.saturating_sub(earlier.slices),
        })
    }
}

/// Whether this state letter says that the task is stopped, by a signal or by its tracer.
#[must_use]
pub fn is_stopped(state: char) -> bool {
    matches!(state, 'T' | 't')
}

/// What a task wants, from two looks. `frozen`: its group is. `was`: what it wanted before, for a little hysteresis.
/// [`Demand::Unknown`] if the looks are too close to each other.
#[must_use]
pub fn judge(first: &Look, last: &Look, frozen: bool, tick_ns: u64, was: Demand) -> Demand {
    if frozen || is_stopped(last.state) {
        return Demand::Held;
    }
    if matches!(last.state, 'Z' | 'X') {
        return Demand::Satisfied { run: 0.0, alone: 0.0 };
    }
    let Some(rates) = last.since(first).filter(|_| last.at.nanos_since(first.at) >= LEAST_TICKS * tick_ns) else {
        return Demand::Unknown;
    };
    if is_hungry(first, last, &rates, tick_ns, was) {
        return Demand::Hungry;
    }
    let run = rates.run.min(1.0);
    let free = 1.0 - rates.wait;
    let alone = if free < TOO_SMALL { 1.0 } else { (run / free).clamp(run, 1.0) };
    Demand::Satisfied { run, alone: if run > 0.0 { alone } else { 0.0 } }
}

fn is_hungry(first: &Look, last: &Look, rates: &Rates, tick_ns: u64, was: Demand) -> bool {
    let ticks = 2.0 * tick_ns as f64 / 1e9 / rates.seconds;
    let missing = 1.0 - rates.run - rates.wait;
    if missing <= SLACK.max(ticks) || (was == Demand::Hungry && missing <= HYSTERESIS.max(ticks)) {
        return true;
    }
    if first.state != 'R' || last.state != 'R' {
        return false;
    }
    if rates.slices == 0 {
        // It waited all the time, or (with run > 0) it was on the CPU at the first look and has waited since.
        return true;
    }
    let mean_wait = rates.wait / rates.slices as f64;
    missing <= 2.0 * mean_wait + ticks
}

#[cfg(test)]
mod tests {
    use super::{Look, judge};
    use crate::model::time::Mono;
    use crate::split::table::Demand;

    const TICK: u64 = 4_000_000;
    const UNKNOWN: Demand = Demand::Unknown;

    fn at(milliseconds: u64, state: char) -> Look {
        Look { at: Mono(5_000_000_000 + milliseconds * 1_000_000), run_ns: 0, wait_ns: 0, slices: 0, state }
    }

    /// A task that ran and waited these milliseconds of a second, in this many slices; states at the first and last look.
    fn second(run: u64, wait: u64, slices: u64, states: (char, char)) -> Demand {
        let last = Look { run_ns: run * 1_000_000, wait_ns: wait * 1_000_000, slices, ..at(1000, states.1) };
        judge(&at(0, states.0), &last, false, TICK, UNKNOWN)
    }

    /// Measured live: run, wait, slices (per second of wall time, in milliseconds), the state at the looks.
    #[test]
    fn loops_are_hungry_however_little_they_get() {
        let loops = [
            (250, 751, 60, "figure 2, cg2"),
            (500, 500, 60, "figure 2, cg3"),
            (201, 800, 12, "quota 20 %, alone: throttled time is wait"),
            (799, 201, 60, "beside a throttled group"),
            (903, 98, 50, "nice 0 beside nice 10"),
            (96, 905, 25, "nice 10 beside nice 0"),
            (997, 3, 5, "beside SCHED_IDLE"),
            (3, 999, 1, "SCHED_IDLE beside a loop"),
            (14, 760, 4, "nice 19 beside nice 0, its last wait not booked"),
            (0, 0, 0, "starving: neither run nor wait is booked"),
            (992, 0, 0, "alone, two ticks not booked"),
        ];
        for (run, wait, slices, what) in loops {
            assert_eq!(second(run, wait, slices, ('R', 'R')), Demand::Hungry, "{what}");
        }
    }

    #[test]
    fn who_sleeps_is_satisfied() {
        let (run, alone) = match second(233, 227, 60, ('R', 'R')) {
            Demand::Satisfied { run, alone } => (run, alone),
            other => panic!("{other:?}"),
        };
        assert!((run - 0.233).abs() < 1e-9 && (alone - 0.301).abs() < 1e-3);
        // The same at weight 100 against 1024, runnable at both looks by chance.
        match second(89, 706, 25, ('R', 'R')) {
            Demand::Satisfied { alone, .. } => assert!((alone - 0.303).abs() < 1e-3),
            other => panic!("{other:?}"),
        }
        assert_eq!(second(0, 0, 0, ('S', 'S')), Demand::Satisfied { run: 0.0, alone: 0.0 });
        assert_eq!(second(0, 0, 0, ('R', 'S')), Demand::Satisfied { run: 0.0, alone: 0.0 });
    }

    #[test]
    fn an_open_loop_that_cannot_catch_up_is_hungry() {
        assert_eq!(second(88, 905, 25, ('R', 'R')), Demand::Hungry);
        match second(300, 181, 60, ('S', 'R')) {
            Demand::Satisfied { run, alone } => assert!((run - 0.3).abs() < 1e-9 && (alone - 0.366).abs() < 1e-3),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn it_never_divides_by_almost_nothing() {
        // 0.97 waited, 0.004 run: slept 0.026, too much for a hungry one with 200 waits of 5 ms.
        assert_eq!(second(4, 970, 200, ('S', 'S')), Demand::Satisfied { run: 0.004, alone: 1.0 });
    }

    #[test]
    fn held_is_seen_at_once() {
        let last = Look { run_ns: 900_000_000, ..at(1000, 'T') };
        assert_eq!(judge(&at(0, 'R'), &last, false, TICK, UNKNOWN), Demand::Held);
        let last = Look { state: 'S', ..last };
        assert_eq!(judge(&at(0, 'R'), &last, true, TICK, UNKNOWN), Demand::Held);
    }

    #[test]
    fn looks_too_close_say_nothing_and_a_hungry_one_has_some_rope() {
        let last = Look { run_ns: 50_000_000, ..at(50, 'R') };
        assert_eq!(judge(&at(0, 'R'), &last, false, TICK, UNKNOWN), UNKNOWN);
        assert_eq!(judge(&last, &last, false, TICK, UNKNOWN), UNKNOWN);
        // A loop that faulted pages in for 50 ms is still the same loop.
        let last = Look { run_ns: 450_000_000, wait_ns: 500_000_000, slices: 100, ..at(1000, 'R') };
        assert_eq!(judge(&at(0, 'R'), &last, false, TICK, Demand::Hungry), Demand::Hungry);
        assert!(matches!(judge(&at(0, 'R'), &last, false, TICK, UNKNOWN), Demand::Satisfied { .. }));
    }

    #[test]
    fn counters_that_went_back_stand_still() {
        let first = Look { run_ns: 9_000_000_000, ..at(0, 'S') };
        assert_eq!(judge(&first, &at(1000, 'S'), false, TICK, UNKNOWN), Demand::Satisfied { run: 0.0, alone: 0.0 });
    }
}
