//! The split of a live host, frame by frame: snapshots in, a [`Table`] out.
//!
//! # The flow of one snapshot
//! [`Engine::push`]: [`Ring`] takes the counters → [`changes`] tells what changed since the last one and what each task wants
//! → [`lay`] makes a contest of the hierarchy that carries cpu → [`solve`], [`sure`] → [`rows`] and [`judge`] put expected, measured, configured
//! and the verdict of each group and task side by side.
//!
//! # Windows
//! Measured and expected can be compared only while what is owed stays the same. So each row has a window of its own, which
//! starts anew when its owed amount moves by more than [`MOVED`]; all start anew when a weight, a quota, `cpu.idle` or the
//! freezer changed, and when [`Engine::restart`] is called. [`Table::since`] and [`Table::restarted_by`] tell the last change
//! that moved any row: a setting, or a task that wants the CPU and came, went, moved, was held or resumed. A task that sleeps
//! most of its time may come and go as it likes. In the frame in which a row's window starts anew because others came or went,
//! it still shows what it got until then, without a verdict.
//!
//! # Rules of the contest
//! * Every fair task of the host takes part, kernel threads too: the hungry want a CPU each, the satisfied what they use, the
//!   held nothing.
//! * Tasks in the root compete beside its groups; where autogroup is on, those of a session together as one hidden group of
//!   weight 1024 (or its nice value's). Groups without the cpu controller are transparent: their tasks compete with those of
//!   the nearest ancestor that has it.
//! * Real-time and deadline tasks run first: what they used is taken off the capacity of the CPU where they were last seen.
//! * A CPU has 1.0 to give. What interrupts, a hypervisor and tasks too short to be seen take shows as a shortfall of all.
//! * A satisfied task that may run on several CPUs and uses less than [`SMALL`] is put on the CPU where it was last seen: it
//!   wakes where there is room, and if it is not there the error is no more than its use. Answers on a CPU stay exact while
//!   such tasks use at most [`ROAMERS`] of it together, and are ≈ beyond. Larger ones roam in the solver's fluid model, and
//!   make all ≈ who compete with them and for whom it matters where they are ([`sure`]).
use std::sync::Arc;

use crate::model::id::{GroupKey, TaskKey};
use crate::model::snapshot::Snapshot;
use crate::model::time::Mono;

use super::keyed::Keyed;
use super::measured::Ring;
use super::solve::solve;
use super::table::{Demand, Table};

mod changes;
mod judge;
mod lay;
mod rows;
mod sure;
#[cfg(test)]
mod tests;

/// A row's window starts anew when what it is owed moves by more than this, in CPUs.
const MOVED: f64 = super::verdict::DRIFT;

/// Satisfied roaming tasks that use less than this, in CPUs, count where they were last seen.
const SMALL: f64 = 0.05;

/// As long as these use no more than this of a CPU together, answers on it are exact.
const ROAMERS: f64 = 0.02;

/// How far back a task's demand is judged from, in nanoseconds: quick to see a change, long against the tick.
const RECENT_NS: u64 = 900_000_000;

/// Turns snapshots into tables.
#[derive(Debug, Default)]
pub struct Engine {
    ring: Ring,
    seen: changes::Seen,
    /// What each task wanted at the last push.
    demands: Keyed<TaskKey, Demand>,
    windows: Windows,
}

/// Since when rows are measured.
#[derive(Debug, Default)]
struct Windows {
    /// No row is measured from before this.
    all: Mono,
    /// When any row's window started anew, and why.
    last: Option<(Mono, Option<String>)>,
    groups: Keyed<GroupKey, Window>,
    tasks: Keyed<TaskKey, Window>,
    /// To be done at the next push.
    asked: Option<String>,
}

/// A row's window.
#[derive(Clone, Copy, Debug)]
struct Window {
    since: Mono,
    /// What it was owed then, if it could be judged.
    owed: Option<f64>,
    /// The push that last used it.
    seen: u64,
}

impl Engine {
    /// An engine that has seen nothing yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Starts all windows anew with the next snapshot; `reason` becomes [`Table::restarted_by`] ("hold cg3").
    pub fn restart(&mut self, reason: String) {
        self.windows.asked = Some(reason);
    }

    /// Takes in a snapshot and tells the split as it is now. Without a hierarchy that carries cpu the table is empty.
    pub fn push(&mut self, snapshot: &Arc<Snapshot>) -> Table {
        let Some(host) = lay::Carrier::of(snapshot) else { return Table::default() };
        self.ring.push(snapshot, &host.groups);
        let mut changes = self.seen.compare(snapshot, &host, &self.ring, &mut self.demands);
        if self.windows.last.is_none() {
            self.windows.last = Some((snapshot.at, None));
        }
        let reason = self.windows.asked.take().or(changes.setting.take());
        let anew = reason.is_some();
        if anew {
            self.windows.all = snapshot.at;
            self.windows.last = Some((snapshot.at, reason));
        }
        let laid = lay::lay(snapshot, &host, &self.demands, &self.ring, self.windows.all);
        let mut solution = solve(&laid.contest);
        sure::settle(&laid.contest, &mut solution);
        let frame = rows::Frame {
            snapshot,
            host: &host,
            ring: &self.ring,
            demands: &self.demands,
            laid: &laid,
            solution: &solution,
            number: snapshot.number,
        };
        let (mut table, moved) = frame.table(&mut self.windows);
        if !moved.is_empty()
            && !anew
            && let Some(reason) = changes.reason(&moved)
        {
            self.windows.last = Some((snapshot.at, Some(reason)));
        }
        if let Some((since, reason)) = &self.windows.last {
            table.since = Some(*since);
            table.window = snapshot.at.seconds_since(*since);
            table.restarted_by.clone_from(reason);
        }
        table
    }
}
