//! What a move would do to the split, old → new, for every group: solved once for each target, reach and frame.
use std::collections::HashMap;

use crate::model::id::{GroupId, GroupKey, TaskKey};
use crate::plan::step::Step;
use crate::split::table::Owed;

use super::super::consequence::Consequence;
use super::super::state::State;
use super::{Moving, Reach};

/// A preview.
#[derive(Clone, Debug, PartialEq)]
pub struct Preview {
    /// What it is the preview of.
    pub of: Of,
    /// What groups would be owed, where that is something else than now.
    pub groups: HashMap<GroupId, Owed>,
    /// What all that moves is owed now, and would be owed there; `None` where it cannot be told, or nothing moves.
    pub moved: Option<(Owed, Owed)>,
}

/// What a preview was made from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Of {
    /// The target.
    pub target: Option<GroupKey>,
    /// How much moves.
    pub reach: Reach,
    /// Number of the snapshot.
    pub frame: Option<u64>,
}

impl Preview {
    /// The preview of a move.
    #[must_use]
    pub fn new(state: &State, moving: &Moving, of: Of) -> Self {
        let nothing = Self { of, groups: HashMap::new(), moved: None };
        let target = of.target.filter(|&target| !moving.is_in(target));
        target.and_then(|target| solved(state, moving, of, target)).unwrap_or(nothing)
    }
}

/// The preview of a move, unless its target is known to be none.
#[must_use]
pub fn legal<'a>(state: &State, moving: &'a Moving) -> Option<&'a Preview> {
    let preview = moving.preview.as_ref()?;
    let target = preview.of.target.and_then(|key| state.snapshot()?.structure.find(key))?;
    super::illegal(state, moving, target).is_none().then_some(preview)
}

fn solved(state: &State, moving: &Moving, of: Of, target: GroupKey) -> Option<Preview> {
    let structure = &state.snapshot()?.structure;
    structure.carrier("cpu").filter(|hierarchy| hierarchy.id == target.hierarchy)?;
    let to = structure.place(structure.find(target)?)?;
    let scope = moving.reach.scope();
    // Where each task is now is in the frame.
    let step = |&task: &TaskKey| Step::Move { task, scope, from: to.clone(), to: to.clone() };
    let steps: Vec<Step> = moving.tasks.iter().map(step).collect();
    let Consequence { groups, moved, .. } = Consequence::of(state, &steps)?;
    Some(Preview { of, groups, moved })
}
