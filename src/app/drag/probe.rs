//! The plan of the lit target, asked for before the drop: what it refuses or warns of is said while there is still a choice.
//!
//! One question at a time, and only about a group that stays lit for a moment, so that a pointer that sweeps over a tree asks
//! nothing. While it stays lit it is asked about anew, since others may change it. Nothing is done with the answer but to show
//! it: a drop asks for its own plan.
use crate::model::id::GroupKey;
use crate::model::time::Mono;
use crate::plan::intent::Intent;
use crate::plan::refusal::Refusal;
use crate::plan::step::Plan;

use super::super::command::Command;
use super::super::message::Token;
use super::super::state::State;
use super::{Moving, Reach};

/// A group must be lit for so long before it is asked about: 100 ms.
const CALM: u64 = 100_000_000;

/// An answer about few tasks is so old before it is asked for anew: 2 s.
const STALE: u64 = 2_000_000_000;
/// So many tasks are few.
const FEW: usize = 50;

/// What was asked last, and what came of it.
#[derive(Clone, Debug)]
pub struct Probe {
    token: Token,
    of: (GroupKey, Reach),
    asked: Mono,
    waits: bool,
    answer: Option<Answer>,
}

/// An answer.
#[derive(Clone, Debug)]
pub enum Answer {
    /// It would be done: what to know before, and whether it asks first.
    Warns(Vec<String>),
    /// It is refused.
    Refused(Refusal),
    /// It could not be looked at, and why.
    Unknown(String),
}

/// Asks about the lit target if that is due.
pub fn ask(state: &mut State) -> Option<Command> {
    if state.setup.limits.read_only || state.flight.is_some() {
        return None;
    }
    let moving = state.moving.as_ref()?;
    let (target, since) = moving.target.zip(moving.lit)?;
    let of = (target, moving.reach);
    let due = state.now.nanos_since(since) >= CALM && !moving.tasks.is_empty() && !moving.is_in(target);
    let stale = |probe: &Probe| state.now.nanos_since(probe.asked) >= STALE && moving.tasks.len() <= FEW;
    let free = moving.probe.as_ref().is_none_or(|probe| !probe.waits && (probe.of != of || stale(probe)));
    if !due || !free {
        return None;
    }
    let structure = &state.snapshot()?.structure;
    let to = structure.place(structure.find(target)?)?;
    let intent = Intent::Move { tasks: moving.tasks.clone(), to, scope: moving.reach.scope() };
    // What is known of the same group is said until the new answer comes.
    let (token, answer) = match &moving.probe {
        Some(probe) => (probe.token, probe.answer.clone().filter(|_| probe.of == of)),
        None => (state.token(), None),
    };
    let asked = state.now;
    state.moving.as_mut()?.probe = Some(Probe { token, of, asked, waits: true, answer });
    Some(Command::Plan(token, intent))
}

/// Takes in an answer; whether it was one to a question asked here.
pub fn answered(state: &mut State, token: Token, answer: impl FnOnce() -> Answer) -> bool {
    let probe = state.moving.as_mut().and_then(|moving| moving.probe.as_mut());
    let Some(probe) = probe.filter(|probe| probe.token == token) else { return false };
    (probe.answer, probe.waits) = (Some(answer()), false);
    state.dirty = true;
    true
}

/// The answer about the lit target, if it came.
#[must_use]
pub fn of(moving: &Moving, target: GroupKey) -> Option<&Answer> {
    moving.probe.as_ref().filter(|probe| probe.of == (target, moving.reach))?.answer.as_ref()
}

/// A plan or a refusal as an answer.
#[must_use]
pub fn read(answer: &Result<Plan, Refusal>) -> Answer {
    match answer {
        Err(refusal) => Answer::Refused(refusal.clone()),
        Ok(plan) => {
            let asks = plan.foreign.then(|| "cgrove did not make all of this: it asks first.".to_owned());
            Answer::Warns(plan.warnings.iter().cloned().chain(asks).collect())
        }
    }
}

/// The name of the errno in a refusal's rule: `ENOSPC` of "… takes no task. (ENOSPC)".
#[must_use]
pub fn errno(rule: &str) -> Option<&str> {
    let word = rule.rsplit('(').next()?.split(')').next()?;
    (word.len() > 2 && word.starts_with('E') && word.chars().all(|c| c.is_ascii_uppercase() || c.is_ascii_digit()))
        .then_some(word)
}

/// The moment a group was lit, kept while it stays lit.
pub(super) fn lit(moving: &mut Moving, target: Option<GroupKey>, now: Mono) {
    if moving.target != target {
        moving.lit = target.map(|_| now);
    }
}
