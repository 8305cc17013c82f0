//! Since when each row is measured, and what it was owed in that time.
//!
//! A row's window starts anew when what it is owed moves by more than [`MOVED`] and more than what it is owed is uncertain
//! by. Until then what it was owed may still drift a little, or be known more or less well from look to look, so that what
//! it got is compared not with one number but with the range of all it was owed, [`Since::low`] to [`Since::high`].
use std::collections::hash_map::Entry;
use std::hash::Hash;

use crate::model::id::{GroupKey, TaskKey};
use crate::model::time::Mono;
use crate::split::keyed::Keyed;
use crate::split::measured::LONGEST_NS;

/// A row's window starts anew when what it is owed moves by more than this, in CPUs.
const MOVED: f64 = 0.01;

/// The windows of all rows.
#[derive(Debug, Default)]
pub(super) struct Windows {
    /// No row is measured from before this.
    pub(super) all: Mono,
    pub(super) groups: Keyed<GroupKey, Window>,
    pub(super) tasks: Keyed<TaskKey, Window>,
}

/// What a row is owed now, in CPUs.
#[derive(Clone, Copy, Debug)]
pub(super) struct Due {
    pub(super) cpus: f64,
    /// It may be more or less by this much.
    pub(super) plus_minus: f64,
}

/// A row's window.
#[derive(Clone, Copy, Debug)]
pub(super) struct Window {
    since: Mono,
    /// What it was owed when the window began, if it could be judged.
    due: Option<Due>,
    /// All that it was owed since `turned`.
    now: Option<Span>,
    /// And in the time before that, which the samples still reach back to.
    before: Option<Span>,
    turned: Mono,
    /// The push that last used it.
    pub(super) seen: u64,
}

/// From the least to the most, in CPUs.
#[derive(Clone, Copy, Debug)]
struct Span {
    low: f64,
    high: f64,
}

/// Where a row's window begins, and what there is to say of it in this frame.
#[derive(Clone, Copy, Debug)]
pub(super) struct Since {
    /// Measured counts from here.
    pub(super) at: Mono,
    /// What it is owed has just moved: `at` is still where the window before began.
    pub(super) unsettled: bool,
    /// The least and the most that it was owed in its window, in CPUs.
    pub(super) low: f64,
    pub(super) high: f64,
    /// Where the window begins from now on.
    pub(super) next: Mono,
}

/// The window of a row that is owed this much now.
pub(super) fn since<K: Hash + Eq>(
    windows: &mut Keyed<K, Window>,
    key: K,
    due: Option<Due>,
    now: Mono,
    all: Mono,
    number: u64,
) -> Since {
    let fresh = Window { since: now, due, now: due.map(Span::of), before: None, turned: now, seen: number };
    let window = match windows.entry(key) {
        Entry::Occupied(slot) => slot.into_mut(),
        Entry::Vacant(slot) => slot.insert(fresh),
    };
    let at = window.since.max(all);
    let unsettled = all != now
        && due
            .zip(window.due)
            .is_some_and(|(due, then)| (due.cpus - then.cpus).abs() > MOVED + due.plus_minus.max(then.plus_minus));
    if all == now || unsettled {
        *window = fresh;
    }
    window.seen = number;
    window.due = window.due.or(due);
    if now.nanos_since(window.turned) > LONGEST_NS {
        window.before = window.now.take();
        window.turned = now;
    }
    window.now = Span::joined(window.now, due.map(Span::of));
    let span = Span::joined(window.now, window.before).unwrap_or(Span { low: 0.0, high: 0.0 });
    Since { at, unsettled, low: span.low, high: span.high, next: window.since.max(all) }
}

impl Span {
    fn of(due: Due) -> Self {
        Self { low: (due.cpus - due.plus_minus).max(0.0), high: due.cpus + due.plus_minus }
    }

    fn joined(one: Option<Self>, other: Option<Self>) -> Option<Self> {
        match (one, other) {
            (Some(a), Some(b)) => Some(Self { low: a.low.min(b.low), high: a.high.max(b.high) }),
            (a, b) => a.or(b),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Due, since};
    use crate::model::time::Mono;
    use crate::split::keyed::Keyed;

    const SECOND: u64 = 1_000_000_000;

    #[test]
    fn a_window_starts_anew_when_what_is_owed_moves_by_more_than_it_is_uncertain() {
        let mut windows = Keyed::default();
        let mut at = |second: u64, cpus, plus_minus| {
            let due = Some(Due { cpus, plus_minus });
            since(&mut windows, 1_u32, due, Mono(second * SECOND), Mono(0), second)
        };
        at(1, 0.5, 0.0);
        assert!(!at(2, 0.509, 0.0).unsettled);
        let unsure = at(3, 0.53, 0.03);
        assert!(!unsure.unsettled && unsure.at == Mono(SECOND));
        assert!((unsure.low - 0.5).abs() < 1e-9 && (unsure.high - 0.56).abs() < 1e-9, "{unsure:?}");
        let moved = at(4, 0.53, 0.0);
        assert!(moved.unsettled && moved.at == Mono(SECOND) && moved.next == Mono(4 * SECOND));
        let settled = at(5, 0.53, 0.0);
        assert!(!settled.unsettled && settled.at == Mono(4 * SECOND));
        assert!((settled.low - 0.53).abs() < 1e-9 && (settled.high - 0.53).abs() < 1e-9, "{settled:?}");
    }

    #[test]
    fn what_was_owed_before_the_oldest_sample_is_forgotten() {
        let mut windows = Keyed::default();
        let mut high = 1.0;
        for second in 1..=23 {
            let plus_minus = if second == 1 { 0.2 } else { 0.0 };
            let due = Some(Due { cpus: 0.5, plus_minus });
            let since = since(&mut windows, 1_u32, due, Mono(second * SECOND), Mono(0), second);
            // The samples of second 11 still reach back to the first.
            assert!(second > 11 || (since.high - 0.7).abs() < 1e-9, "{second}: {since:?}");
            high = since.high;
        }
        assert!((high - 0.5).abs() < 1e-9, "{high}");
    }
}
