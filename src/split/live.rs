//! The split of a live host, frame by frame: snapshots in, a [`Table`] out.
//!
//! # The flow of one snapshot
//! [`Engine::push`]: [`Ring`] takes the counters → [`changes`] tells what changed since the last one and what each task wants
//! → [`lay`] makes a contest of the hierarchy that carries cpu → [`solve`], [`sure`] → [`rows`] and [`judge`] put expected, measured, configured
//! and the verdict of each group and task side by side.
//!
//! # Windows
//! Measured and expected can be compared only while what is owed stays the same. So each row has a window of its own, which
//! starts anew when its owed amount moves ([`windows`]), and all start anew when [`Engine::restart`] is called. What changed
//! elsewhere and moves no row disturbs none. [`Table::restarts`] tells what was seen to change when windows started anew: what
//! a person did ([`Engine::done`]), a setting, a task that wants the CPU and came, went, moved, was held or resumed. In the
//! frame in which a row's window starts anew it still shows what it got until then, without a verdict.
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
use std::collections::HashSet;
use std::sync::Arc;

use crate::model::id::TaskKey;
use crate::model::snapshot::Snapshot;
use crate::model::time::Mono;

use super::contest::{Contest, Solution};
use super::keyed::Keyed;
use super::measured::Ring;
use super::solve::solve;
use super::table::{Cause, Demand, Restart, Table};

mod changes;
mod judge;
mod lay;
mod rows;
mod sure;
#[cfg(test)]
mod tests;
mod windows;

/// For so many snapshots what a person did explains what moves: a workload is known to want the CPU after two.
const EFFECTS: u8 = 3;

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
    windows: windows::Windows,
    /// When a setting changed last: what a task used before tells nothing of what it wants now.
    settings: Mono,
    /// When windows started anew, and why.
    restarts: Vec<Restart>,
    /// All windows are to start anew at the next push.
    asked: Option<String>,
    /// What a person did, and for how many more pushes it explains what moves.
    done: Option<(String, u8)>,
}

impl Engine {
    /// An engine that has seen nothing yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Starts all windows anew with the next snapshot, for this reason ("measure anew").
    pub fn restart(&mut self, reason: String) {
        self.asked = Some(reason);
    }

    /// Somebody did something ("hold cg3"): if that moves what rows are owed, it is the cause that is named.
    pub fn done(&mut self, what: String) {
        self.done = Some((what, EFFECTS));
    }

    /// Takes in a snapshot and tells the split as it is now. Without a hierarchy that carries cpu the table is empty.
    pub fn push(&mut self, snapshot: &Arc<Snapshot>) -> Table {
        let Some(host) = lay::Carrier::of(snapshot) else { return Table::default() };
        self.ring.push(snapshot, &host.groups);
        let changes = self.seen.compare(snapshot, &host, &self.ring, &mut self.demands);
        if changes.setting.is_some() {
            self.settings = snapshot.at;
        }
        let asked = self.asked.take();
        if asked.is_some() {
            self.windows.all = snapshot.at;
        }
        let laid = lay::lay(snapshot, &host, &self.demands, &self.ring, self.windows.all.max(self.settings));
        let mut solution = solve(&laid.contest);
        let plus_minus = sure::settle(&laid.contest, &mut solution);
        let frame = rows::Frame {
            snapshot,
            host: &host,
            ring: &self.ring,
            demands: &self.demands,
            laid: &laid,
            solution: &solution,
            plus_minus: &plus_minus,
            number: snapshot.number,
        };
        let (mut table, moved) = frame.table(&mut self.windows);
        let done = self.done.as_ref().map(|(what, _)| what.clone());
        if asked.is_some() || moved {
            let by_hand = asked.or(done).map(|what| Cause { group: None, what });
            let causes: Vec<Cause> = by_hand.into_iter().chain(changes.causes()).collect();
            self.restarts.push(Restart { at: snapshot.at, causes });
        }
        self.done = self.done.take().and_then(|(what, left)| Some((what, left.checked_sub(1).filter(|&n| n > 0)?)));
        let used: HashSet<Mono> = table.groups.values().map(|row| row.since).collect();
        self.restarts.retain(|restart| used.contains(&restart.at));
        table.restarts.clone_from(&self.restarts);
        table.at = snapshot.at;
        table.standing = laid.standing().map(Arc::new);
        table
    }
}

/// What each node of a live contest is owed, and which of the answers are exact: as for a frame, for previews.
#[must_use]
pub fn owed(contest: &Contest) -> Solution {
    let mut solution = solve(contest);
    sure::settle(contest, &mut solution);
    solution
}
