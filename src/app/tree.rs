//! The tree of a hierarchy as it is looked at: cursor, folds, filter, order. [`rows`] makes the rows of it.
//!
//! Selection and folds follow identities, so a renamed or moved-up row keeps its cursor, and a group that is removed and
//! made again starts unfolded.
use std::collections::{BTreeSet, HashSet};

use crate::model::id::{GroupId, GroupKey};
use crate::model::time::Mono;

use super::filter::Filter;
use super::sort::Order;
use super::state::State;

mod rows;

pub use rows::{Flat, remember_gone};

/// How the tree of one hierarchy is looked at.
#[derive(Clone, Debug, Default)]
pub struct TreeView {
    /// The selected group.
    pub cursor: Option<GroupKey>,
    /// First row on screen.
    pub top: usize,
    /// Groups that are folded.
    pub folds: HashSet<GroupKey>,
    /// Tagged groups.
    pub tags: BTreeSet<GroupKey>,
    /// A flat list instead of a tree.
    pub list: bool,
    /// What is let through.
    pub filter: Filter,
    /// In which order siblings (in a list: all) stand; `None` is by name.
    pub order: Option<Order>,
    /// The group that is the top and 100 %; `None` is the top of the hierarchy.
    pub base: Option<GroupKey>,
    /// Rises when folds change, so that the flat rows know.
    pub edits: u64,
}

/// One row of the tree.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "independent facts of one row")]
pub struct Row {
    /// Slot of the group in the frame's structure; for a row that is gone, the slot it had.
    pub id: GroupId,
    /// Its identity.
    pub key: GroupKey,
    /// Levels below the base.
    pub depth: u16,
    /// Whether it has groups below.
    pub inner: bool,
    /// Whether they are folded away.
    pub folded: bool,
    /// Whether the filter lets it through (a row that does not fit stands here for one below it).
    pub fits: bool,
    /// The group is gone; the row stays for a while.
    pub gone: bool,
}

/// A selected group that vanished: its row stays for five seconds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ghost {
    /// The row it had.
    pub row: Row,
    /// Its name, escaped.
    pub name: String,
    /// The group that was above it.
    pub parent: Option<GroupKey>,
    /// The row number it had.
    pub index: usize,
    /// When it was missed.
    pub since: Mono,
}

/// Row number of the cursor; 0 where there is none.
#[must_use]
pub fn cursor_index(state: &State) -> usize {
    state.tree.cursor.and_then(|key| state.flat.position(key)).unwrap_or(0)
}

/// Puts the cursor on a row and scrolls so that it is seen.
pub fn go_to(state: &mut State, index: usize) {
    let Some(last) = state.flat.rows.len().checked_sub(1) else { return };
    let index = index.min(last);
    let key = state.flat.rows[index].key;
    if state.tree.cursor != Some(key) {
        state.tree.cursor = Some(key);
        state.panel_top = 0;
        if !state.in_panel {
            state.panel_cursor = 0;
        }
    }
}

/// Puts the cursor on a group, unfolding what hides it. Whether it is there.
pub fn select(state: &mut State, key: GroupKey) -> bool {
    let Some(shown) = state.shown.clone() else { return false };
    let structure = &shown.snapshot.structure;
    let Some(id) = structure.find(key) else { return false };
    if key.hierarchy != state.hierarchy.unwrap_or(key.hierarchy) {
        return false;
    }
    for above in structure.ancestors(id).skip(1) {
        if let Some(group) = structure.group(above)
            && state.tree.folds.remove(&group.key)
        {
            state.tree.edits += 1;
        }
    }
    Flat::refresh(state);
    if state.flat.position(key).is_none() {
        // The filter or the base hides it: what was just made is shown.
        state.tree.filter = Filter::default();
        if state.flat.position(key).is_none() {
            state.tree.base = None;
        }
        Flat::refresh(state);
    }
    state.tree.cursor = Some(key);
    state.panel_top = 0;
    state.panel_cursor = 0;
    true
}

/// Folds or unfolds the group under the cursor. Whether something changed.
pub fn set_fold(state: &mut State, fold: bool) -> bool {
    let index = cursor_index(state);
    let Some(row) = state.flat.rows.get(index).copied() else { return false };
    if !row.inner || row.folded == fold {
        return false;
    }
    if fold {
        state.tree.folds.insert(row.key);
    } else {
        state.tree.folds.remove(&row.key);
    }
    state.tree.edits += 1;
    true
}

/// Folds everything below the group under the cursor, or unfolds it all if something is folded.
pub fn fold_all(state: &mut State) {
    let Some(shown) = state.shown.clone() else { return };
    let structure = &shown.snapshot.structure;
    let Some(id) = state.selected() else { return };
    let inner: Vec<GroupKey> = structure
        .subtree(id)
        .filter_map(|id| structure.group(id))
        .filter(|group| !group.children.is_empty())
        .map(|group| group.key)
        .collect();
    if inner.iter().any(|key| state.tree.folds.contains(key)) {
        for key in inner {
            state.tree.folds.remove(&key);
        }
    } else {
        // The group itself stays open, so that the effect is seen.
        state.tree.folds.extend(inner.into_iter().skip(1));
    }
    state.tree.edits += 1;
}

/// The row of the group above the cursor's.
#[must_use]
pub fn parent_index(state: &State) -> Option<usize> {
    let structure = &state.snapshot()?.structure;
    let parent = structure.group(state.selected()?)?.parent?;
    state.flat.position(structure.group(parent)?.key)
}
