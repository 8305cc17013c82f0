//! A group that is dragged: the kernel moves tasks, never groups.
use crate::model::id::GroupKey;
use crate::model::place::Place;
use crate::plan::intent::Intent;
use crate::plan::refusal::Refusal;

use super::super::scale::name_of;
use super::super::state::State;
use super::{Moving, Reach};

/// What to say of a group that was dropped on another: that it stays, and that its tasks can move. `None` if one is gone.
#[must_use]
pub fn refusal(state: &State, moving: &Moving, group: GroupKey, to: &Place) -> Option<Refusal> {
    let structure = &state.snapshot()?.structure;
    let name = name_of(state, structure.find(group)?);
    let target = name_of(state, structure.at(to)?);
    let mut refusal = Refusal::new(
        format!("cannot move the group {name} into {target}"),
        "A group stays below the group where it was made: rename(2) gives it another name there on v1, never another parent \
         (EIO), and does nothing at all on v2 (EPERM). Tasks move.",
    );
    for choice in moving.choices.iter().filter(|choice| choice.reach != Reach::Thread) {
        let intent = Intent::Move { tasks: choice.tasks.clone(), to: to.clone(), scope: choice.reach.scope() };
        refusal = refusal.way(format!("move {} into {target}", choice.what), vec![intent]);
    }
    Some(refusal)
}
