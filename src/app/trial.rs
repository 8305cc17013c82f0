//! Values on trial: how long they still stand, and what ends the trial before.
//!
//! The time itself is counted by a helper process (`effect::trial`), which takes the values back whatever becomes of cgrove.
use crate::model::time::Mono;

use super::command::Command;
use super::state::State;

/// What is on trial.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trial {
    /// Its entry in the journal.
    pub entry: u64,
    /// Its title.
    pub title: String,
    /// When it is taken back.
    pub until: Mono,
}

impl Trial {
    /// Whole seconds that are left, begun ones counted.
    #[must_use]
    pub fn left(&self, now: Mono) -> u64 {
        self.until.nanos_since(now).div_ceil(1_000_000_000)
    }
}

/// What is on trial now, or nothing any more.
pub fn take_in(state: &mut State, trial: Option<Trial>) {
    state.trial = trial;
    state.dirty = true;
}

/// Ends it: kept, or taken back at once.
pub fn end(state: &mut State, keep: bool) -> Vec<Command> {
    if state.trial.is_none() {
        state.say("nothing is on trial");
        return Vec::new();
    }
    vec![Command::EndTrial { keep }]
}

/// Time passed: whether what is shown of it changed.
#[must_use]
pub fn ticked(state: &State, before: Mono) -> bool {
    state.trial.as_ref().is_some_and(|trial| trial.left(before) != trial.left(state.now))
}
