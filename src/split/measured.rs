//! What the kernel gave: counters over a window, each divided by its own read times.
//!
//! # The ring
//! [`Ring::push`] takes the counters out of a snapshot: a [`Look`] at each task, and for each group the kernel's own counter
//! where there is one. Where there is none, the group's is kept here: at every sampling each task's rate since its previous
//! look, times the time between the two samplings, is added to the group in which the task **was** at the previous one. So
//! it is always a sum of differences and never a difference of sums: a task that is moved takes nothing along, one that exits
//! leaves what it had, one that is first seen counts from then. Part of the truth is lost with a task that comes or goes
//! between two samplings: then the group's value is a lower bound and says so.
//!
//! # The window
//! A row's window starts where its [`Ring`] was told to forget, at most [`LONGEST_NS`] ago, and grows until then.
//!
//! # The uncertainty
//! The counters of a running task stand still between two ticks of the scheduler. On each CPU one task runs at a time, so at
//! either end of the window a row may lack up to one tick for each CPU on which it may be running: the error of the
//! difference is within ± 1 tick on one CPU, always. Several CPUs are independent of each other; their errors add up like
//! the root of their number (± 1 tick × √n is 2.4 standard deviations). Divided by the window, that is the half-width.
use std::collections::VecDeque;

use crate::model::id::{GroupId, GroupKey, TaskKey};
use crate::model::snapshot::Snapshot;
use crate::model::task::Task;
use crate::model::time::Mono;

use super::demand::{Look, Rates};
use super::keyed::Keyed;
use super::table::Got;

/// The longest window in nanoseconds.
pub const LONGEST_NS: u64 = 10_000_000_000;

/// Samplings closer than this to the one before last replace the last: the ring stays small when hints come often.
const CLOSE_NS: u64 = 250_000_000;

/// The counters of one task.
#[derive(Clone, Debug)]
pub struct TaskTrack {
    /// Its looks, oldest first.
    looks: VecDeque<Look>,
    /// The group it was in at the last sampling.
    pub group: GroupKey,
    /// When the sampling began in which it was last looked at anew.
    sampled: Mono,
    /// The last sampling that saw it at all.
    seen: u64,
}

/// The counters of one group.
#[derive(Clone, Debug, Default)]
pub struct GroupTrack {
    /// The kernel's counter, subtree, nanoseconds.
    usage: VecDeque<(Mono, u64)>,
    /// Our own sum for the tasks in the group itself, in nanoseconds, by the time of the sampling.
    own: VecDeque<(Mono, u64)>,
    /// When a task last came or went unmeasured.
    lost: Option<Mono>,
    seen: u64,
}

/// Counters over time.
#[derive(Clone, Debug, Default)]
pub struct Ring {
    tasks: Keyed<TaskKey, TaskTrack>,
    groups: Keyed<GroupKey, GroupTrack>,
    pushes: u64,
    last: Option<Mono>,
}

/// A row's raw measure before its uncertainty is known.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Raw {
    /// CPU-seconds per second.
    pub cpus: f64,
    /// Length of its window in seconds.
    pub seconds: f64,
    /// A lower bound.
    pub at_least: bool,
}

impl Raw {
    /// With the uncertainty of a row that may be running on this many CPUs at a time.
    #[must_use]
    pub fn got(self, tick_ns: u64, running_on: usize) -> Got {
        let ticks = (running_on as f64).sqrt() * tick_ns as f64 / 1e9;
        Got::Cpus { cpus: self.cpus, plus_minus: ticks / self.seconds, at_least: self.at_least }
    }
}

impl Ring {
    /// Takes the counters out of a snapshot. `groups` are the groups of the hierarchy that carries cpu.
    pub fn push(&mut self, snapshot: &Snapshot, groups: &[GroupId]) {
        self.pushes += 1;
        let now = snapshot.at;
        let first = self.last.is_none();
        for &id in groups {
            let (Some(group), Some(values)) = (snapshot.structure.group(id), snapshot.groups.get(id)) else { continue };
            let track = self.groups.entry(group.key).or_default();
            track.seen = self.pushes;
            if let Some((&usage, at)) = values.usage_ns.dated() {
                keep(&mut track.usage, at, usage);
            }
            let Some(tids) = values.tasks.value() else { continue };
            for &tid in tids {
                if let Some(task) = snapshot.tasks.by_tid(tid) {
                    self.look_at(task, group.key, now, first);
                }
            }
        }
        let pushes = self.pushes;
        for (key, gone) in self.tasks.extract_if(|_, track| track.seen != pushes) {
            let _ = key;
            self.groups.entry(gone.group).or_default().lost = Some(now);
        }
        self.groups.retain(|_, track| track.seen == pushes);
        // Where the kernel counts, our own sums are not needed.
        for track in self.groups.values_mut().filter(|track| track.usage.is_empty()) {
            let sum = track.own.back().map_or(0, |&(_, sum)| sum);
            match track.own.back() {
                Some(&(at, _)) if at == now => {}
                _ => keep(&mut track.own, now, sum),
            }
        }
        self.last = Some(now);
    }

    fn look_at(&mut self, task: &Task, group: GroupKey, now: Mono, first: bool) {
        let Some((sched, at)) = task.sched.dated() else { return };
        let look = Look { at, run_ns: sched.run_ns, wait_ns: sched.wait_ns, slices: sched.slices, state: task.state };
        let Some(track) = self.tasks.get_mut(&task.key) else {
            let looks = VecDeque::from([look]);
            self.tasks.insert(task.key, TaskTrack { looks, group, sampled: now, seen: self.pushes });
            if !first {
                self.groups.entry(group).or_default().lost = Some(now);
            }
            return;
        };
        track.seen = self.pushes;
        let was = std::mem::replace(&mut track.group, group);
        let Some(&last) = track.looks.back() else { return };
        if let Some(rates) = look.since(&last) {
            #[expect(
                clippy::cast_possible_truncation,
                clippy::cast_sign_loss,
                reason = "a rate that is not negative times some seconds"
            )]
            let ran = (rates.run * now.nanos_since(track.sampled) as f64).round() as u64;
            track.sampled = now;
            track.keep(look);
            if ran > 0 {
                let own = &mut self.groups.entry(was).or_default().own;
                let sum = own.back().map_or(0, |&(_, sum)| sum) + ran;
                match own.back_mut() {
                    Some(last) if last.0 == now => last.1 = sum,
                    _ => keep(own, now, sum),
                }
            }
        } else if let Some(last) = track.looks.back_mut() {
            last.state = look.state;
        }
    }

    /// The counters of a task.
    #[must_use]
    pub fn task(&self, key: TaskKey) -> Option<&TaskTrack> {
        self.tasks.get(&key)
    }

    /// When the last sampling began.
    #[must_use]
    pub fn last(&self) -> Option<Mono> {
        self.last
    }

    /// What the kernel's counter of a group says since `since`; `None` if it has none or was read once only.
    #[must_use]
    pub fn counted(&self, key: GroupKey, since: Mono) -> Option<Raw> {
        let (nanos, seconds) = over(&self.groups.get(&key)?.usage, since)?;
        Some(Raw { cpus: nanos as f64 / 1e9 / seconds, seconds, at_least: false })
    }

    /// Whether anything was booked in this group itself, or lost.
    #[must_use]
    pub fn is_active(&self, key: GroupKey) -> bool {
        self.groups.get(&key).is_some_and(|track| {
            let ends = track.own.front().zip(track.own.back());
            track.lost.is_some() || ends.is_some_and(|(first, last)| first.1 != last.1)
        })
    }

    /// Whether the kernel has a counter for this group.
    #[must_use]
    pub fn has_counter(&self, key: GroupKey) -> bool {
        self.groups.get(&key).is_some_and(|track| !track.usage.is_empty())
    }

    /// What the tasks in the group itself got since `since`, by our own sums.
    #[must_use]
    pub fn summed(&self, key: GroupKey, since: Mono) -> Option<Raw> {
        let track = self.groups.get(&key)?;
        let (nanos, seconds) = over(&track.own, since)?;
        let at_least = track.lost.is_some_and(|lost| lost > since);
        Some(Raw { cpus: nanos as f64 / 1e9 / seconds, seconds, at_least })
    }
}

impl TaskTrack {
    fn keep(&mut self, look: Look) {
        let count = self.looks.len();
        // Sleepers need two looks only: since when nothing moved, and now.
        if count >= 2 {
            let (before, last) = (self.looks[count - 2], self.looks[count - 1]);
            let still = |a: &Look, b: &Look| {
                (a.run_ns, a.wait_ns, a.slices, a.state) == (b.run_ns, b.wait_ns, b.slices, b.state)
            };
            let slept = still(&before, &last) && still(&last, &look);
            if slept || look.at.nanos_since(before.at) < CLOSE_NS {
                self.looks.pop_back();
            }
        }
        self.looks.push_back(look);
        while self.looks.len() > 2 && look.at.nanos_since(self.looks[1].at) >= LONGEST_NS {
            self.looks.pop_front();
        }
    }

    /// The newest look.
    #[must_use]
    pub fn last(&self) -> Option<&Look> {
        self.looks.back()
    }

    /// The look at or before `at`: if nothing moved between two looks, one can be had in between.
    fn before(&self, at: Mono) -> Option<Look> {
        let place = self.looks.partition_point(|look| look.at <= at);
        let (Some(&before), after) = (self.looks.get(place.checked_sub(1)?), self.looks.get(place)) else {
            return None;
        };
        match after {
            Some(after) if (after.run_ns, after.wait_ns) == (before.run_ns, before.wait_ns) => {
                Some(Look { at, ..before })
            }
            _ => Some(before),
        }
    }

    /// Two looks to judge what it wants: the newest, and one some `nanos` before it, or the oldest.
    #[must_use]
    pub fn recent(&self, nanos: u64) -> Option<(Look, Look)> {
        let last = *self.looks.back()?;
        let first = self.before(Mono(last.at.0.saturating_sub(nanos))).or_else(|| self.looks.front().copied())?;
        Some((first, last))
    }

    /// Its rates since `since`, or over the longest window if that is shorter; `None` with one look only.
    #[must_use]
    pub fn rates(&self, since: Mono) -> Option<Rates> {
        let last = self.looks.back()?;
        let from = since.max(Mono(last.at.0.saturating_sub(LONGEST_NS)));
        let place = self.looks.partition_point(|look| look.at < from);
        // What began before the window began is not in it, unless nothing moved meanwhile.
        let first = self.before(from).filter(|look| look.at == from).or_else(|| self.looks.get(place).copied())?;
        last.since(&first)
    }
}

/// Keeps a value, forgetting what is out of the longest window or too close.
fn keep(values: &mut VecDeque<(Mono, u64)>, at: Mono, value: u64) {
    let count = values.len();
    if count >= 1 && values[count - 1].0 >= at {
        return;
    }
    if count >= 2 {
        let (before, last) = (values[count - 2], values[count - 1]);
        let slept = before.1 == last.1 && last.1 == value;
        if slept || at.nanos_since(before.0) < CLOSE_NS {
            values.pop_back();
        }
    }
    values.push_back((at, value));
    while values.len() > 2 && at.nanos_since(values[1].0) >= LONGEST_NS {
        values.pop_front();
    }
}

/// Difference and seconds since `since`, over the longest window at most.
fn over(values: &VecDeque<(Mono, u64)>, since: Mono) -> Option<(u64, f64)> {
    let &(end, last) = values.back()?;
    let from = since.max(Mono(end.0.saturating_sub(LONGEST_NS)));
    let place = values.partition_point(|&(at, _)| at < from);
    let slept = |place: usize| {
        let (before, after) = (values.get(place.checked_sub(1)?)?, values.get(place)?);
        (before.1 == after.1).then_some((from, before.1))
    };
    let (start, first) = slept(place).or_else(|| values.get(place).copied())?;
    let seconds = end.seconds_since(start);
    (seconds > 0.0).then(|| (last.saturating_sub(first), seconds))
}
