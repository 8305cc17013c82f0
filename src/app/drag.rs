//! Moving tasks: by `m` and Enter, by a click on the target, or by dragging. What is moved is fixed when it begins.
//!
//! # The flow
//! [`source::take_up`] makes a [`Moving`] of what is tagged, grabbed or selected. Keys [`aim`] it with the cursor; the pointer
//! does through [`hover`], which also scrolls at the edges and unfolds, as time passes. [`refresh`] keeps the [`preview`] of
//! the lit target, [`probe`] asks what its plan would say. [`drop`] asks for the plan; what stands against it is the plan's to
//! say. [`say`] has the words for all of it, [`target`] what the frame already tells against a group.
//!
//! A drag ends without a drop ([`give_up`]) whenever it is no longer certain where the hand would let go: the release was lost,
//! another button went down, the terminal has another size, something else asks for an answer.
//!
//! Not here: the plan (`plan::move_task`), and how it looks (`view::tree::target`, `view::moving`).
use std::collections::BTreeSet;

use crate::model::id::{GroupKey, TaskKey};
use crate::model::time::Mono;
use crate::plan::intent::{Intent, Scope};

use super::change::{self, Ask};
use super::command::Command;
use super::dialog::Dialog;
use super::state::State;

pub mod hover;
pub mod preview;
pub mod probe;
pub mod rename;
pub mod say;
pub mod source;
pub mod target;
#[cfg(test)]
mod tests;

pub use source::take_up;
pub use target::illegal;

/// A move that is being aimed.
#[derive(Clone, Debug)]
pub struct Moving {
    /// What was taken up.
    pub source: Source,
    /// How much of it moves.
    pub reach: Reach,
    /// Which tasks: for [`Scope::Process`] one of each process.
    pub tasks: Vec<TaskKey>,
    /// Where they are, as far as that was read.
    pub from: BTreeSet<GroupKey>,
    /// None of them is there any more, as far as the frame on screen tells.
    pub ended: bool,
    /// How many each reach moves, and in words: what Tab goes through.
    pub choices: Vec<Choice>,
    /// A button is down: letting go drops.
    pub dragging: bool,
    /// The group that is lit.
    pub target: Option<GroupKey>,
    /// Since when it is lit.
    pub lit: Option<Mono>,
    /// What the plan says of it.
    pub probe: Option<probe::Probe>,
    /// The group that was lit when the screen was drawn last: a drop by mouse goes there.
    pub drawn: Option<GroupKey>,
    /// Where the pointer is, while dragging.
    pub hover: Option<hover::Hover>,
    /// Groups that unfolded under the pointer: they fold again unless the drop goes there.
    pub unfolded: Vec<GroupKey>,
    /// What it would do to the split.
    pub preview: Option<preview::Preview>,
}

/// What is moved.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Source {
    /// One task.
    Task(TaskKey),
    /// The tasks of one group.
    Group(GroupKey),
    /// Whatever is tagged.
    Tagged,
}

/// How much of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reach {
    /// Single threads.
    Thread,
    /// Whole processes.
    Process,
    /// Whole processes with those below: the processes that descend from them, or those in groups below.
    Below,
}

/// One of the things that Tab goes through.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Choice {
    /// Which.
    pub reach: Reach,
    /// What it moves: "the 3 own processes of cg2".
    pub what: String,
    /// The same beside the others: "3 own processes".
    pub short: String,
    /// The tasks.
    pub tasks: Vec<TaskKey>,
}

impl Reach {
    /// Threads alone or whole processes.
    #[must_use]
    pub fn scope(self) -> Scope {
        match self {
            Self::Thread => Scope::Thread,
            Self::Process | Self::Below => Scope::Process,
        }
    }
}

impl Moving {
    /// What moves, in words.
    #[must_use]
    pub fn what(&self) -> &str {
        self.choices.iter().find(|choice| choice.reach == self.reach).map_or("", |choice| &choice.what)
    }

    /// Whether all of it is in this group already.
    #[must_use]
    pub fn is_in(&self, group: GroupKey) -> bool {
        self.from.len() == 1 && self.from.contains(&group)
    }
}

/// Lights a group as the target.
pub fn aim(state: &mut State, target: Option<GroupKey>) {
    let now = state.now;
    if let Some(moving) = state.moving.as_mut()
        && moving.target != target
    {
        probe::lit(moving, target, now);
        moving.target = target;
        state.dirty = true;
    }
}

/// The next of: single threads, whole processes, with those below.
pub fn next_reach(state: &mut State, back: bool) {
    let Some(mut moving) = state.moving.take() else { return };
    let count = moving.choices.len();
    let at = moving.choices.iter().position(|choice| choice.reach == moving.reach).unwrap_or(0);
    if let Some(next) = moving.choices.get((at + if back { count - 1 } else { 1 }) % count.max(1)) {
        moving.reach = next.reach;
        moving.tasks.clone_from(&next.tasks);
        moving.from = source::groups_of(state, &moving.tasks, moving.reach.scope());
        moving.preview = None;
    }
    state.moving = Some(moving);
    state.dirty = true;
}

/// Keeps the preview that of the lit target and of the frame on screen.
pub fn refresh(state: &mut State) {
    let Some(mut moving) = state.moving.take() else { return };
    let wanted = preview::Of { target: moving.target, reach: moving.reach, frame: state.snapshot().map(|s| s.number) };
    if moving.preview.as_ref().is_none_or(|preview| preview.of != wanted) {
        moving.ended = source::have_ended(state, &moving);
        moving.preview = Some(preview::Preview::new(state, &moving, wanted));
    }
    state.moving = Some(moving);
}

/// Gives it up: nothing is moved, and what unfolded under the pointer folds again.
pub fn cancel(state: &mut State) {
    // The button may be down still: the same press takes up nothing again.
    state.pressed = None;
    if let Some(moving) = state.moving.take() {
        fold_again(state, &moving.unfolded, None);
        state.dirty = true;
    }
}

/// Gives a drag up and says why.
pub fn give_up(state: &mut State, why: impl Into<String>) {
    cancel(state);
    state.say(why);
}

/// A drag does not go on under a dialog or beside a prompt.
pub fn yield_to_question(state: &mut State) {
    let asked = state.dialog.is_some() || state.prompt.is_some();
    if asked && state.moving.as_ref().is_some_and(|moving| moving.dragging) {
        cancel(state);
    }
}

/// Drops: by keys on the group that is lit, by mouse on the one that was drawn lit last. On the own group and outside nothing
/// happens. Where the frame says that it cannot be, the plan says the same with the ways out, and is never done unasked.
pub fn drop(state: &mut State) -> Vec<Command> {
    let Some(moving) = state.moving.take() else { return Vec::new() };
    state.dirty = true;
    let target = if moving.dragging { moving.drawn } else { moving.target };
    fold_again(state, &moving.unfolded, target);
    let Some(target) = target else {
        if moving.dragging && moving.target.is_some() {
            state.say("let go before a group was lit: nothing is moved");
        }
        return Vec::new();
    };
    if moving.is_in(target) {
        return Vec::new();
    }
    let Some(snapshot) = state.snapshot() else { return Vec::new() };
    let Some((id, to)) = snapshot.structure.find(target).and_then(|id| Some((id, snapshot.structure.place(id)?)))
    else {
        state.say("that group is gone: nothing is moved");
        return Vec::new();
    };
    if moving.dragging
        && let Source::Group(group) = moving.source
    {
        if let Some(refusal) = rename::refusal(state, &moving, group, &to) {
            state.dialog = Some(Dialog::refused(refusal));
        }
        return Vec::new();
    }
    let ask = if illegal(state, &moving, id).is_some() { Ask::Always } else { Ask::AsPlanned };
    let scope = moving.reach.scope();
    change::begin(state, Intent::Move { tasks: moving.tasks, to, scope }, ask)
}

/// Folds what unfolded under the pointer, but what leads to `keep`.
fn fold_again(state: &mut State, unfolded: &[GroupKey], keep: Option<GroupKey>) {
    if unfolded.is_empty() {
        return;
    }
    let Some(shown) = state.shown.clone() else { return };
    let structure = &shown.snapshot.structure;
    let kept: Vec<GroupKey> = keep
        .and_then(|key| structure.find(key))
        .map(|id| structure.ancestors(id).skip(1).filter_map(|id| Some(structure.group(id)?.key)).collect())
        .unwrap_or_default();
    state.tree.folds.extend(unfolded.iter().filter(|key| !kept.contains(key)));
    state.tree.edits += 1;
}
