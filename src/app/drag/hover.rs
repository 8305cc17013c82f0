//! The pointer while dragging: what lies under it, and what happens where it rests. At the first and last row the tree
//! scrolls, also while nothing moves but time; a folded group unfolds.
use crate::model::id::GroupKey;
use crate::model::time::Mono;

use super::super::layout::Target;
use super::super::state::State;

/// A pointer that rests so long on a folded group unfolds it: 600 ms.
const UNFOLD: u64 = 600_000_000;
/// A pointer must be at an edge for so long before the tree scrolls, so that one that only passes scrolls nothing: 200 ms.
const EDGE: u64 = 200_000_000;
/// Then a row every 60 ms.
const ROW: u64 = 60_000_000;
/// After so long at an edge it goes faster, so many rows at a time: hundreds of groups are a few seconds away.
const FASTER: [(u64, usize); 2] = [(4_000_000_000, 8), (2_000_000_000, 3)];

/// Where the pointer is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Hover {
    /// Column and row.
    at: (u16, u16),
    /// Since when the row under it is the same.
    since: Mono,
    /// The edge it is at, if it is at one.
    edge: Option<Edge>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Edge {
    lower: bool,
    /// Since when it is there.
    since: Mono,
    /// When a row was scrolled last, as far as counting goes.
    last: Mono,
}

impl Edge {
    /// Rows to scroll now.
    fn rows(self, now: Mono) -> usize {
        let steps = usize::try_from(now.nanos_since(self.last) / ROW).unwrap_or(usize::MAX);
        let here = now.nanos_since(self.since);
        let speed = FASTER.iter().find(|(after, _)| here >= *after).map_or(1, |&(_, rows)| rows);
        steps.saturating_mul(speed)
    }
}

/// The pointer is here now.
pub fn at(state: &mut State, x: u16, y: u16) {
    let edge = edge_at(state, x, y);
    let now = state.now;
    let Some(moving) = state.moving.as_mut() else { return };
    let old = moving.hover;
    let since = old.filter(|old| old.at.1 == y).map_or(now, |old| old.since);
    let edge = edge.map(|lower| match old.and_then(|old| old.edge) {
        Some(edge) if edge.lower == lower => edge,
        // The first row comes after EDGE, the others every ROW.
        _ => Edge { lower, since: now, last: Mono(now.0 + (EDGE - ROW)) },
    });
    moving.hover = Some(Hover { at: (x, y), since, edge });
    pass(state);
}

/// The wheel turned: other rows lie under the pointer.
pub fn scroll(state: &mut State, (x, y): (u16, u16), by: isize) {
    let most = state.flat.rows.len().saturating_sub(usize::from(state.layout.tree.height));
    state.tree.top = state.tree.top.saturating_add_signed(by).min(most);
    state.dirty = true;
    if let Some(moving) = state.moving.as_mut() {
        moving.hover = None;
    }
    at(state, x, y);
}

/// Whether the pointer is on the name of a hierarchy.
#[must_use]
pub fn is_on_bar(state: &State, hover: Hover) -> bool {
    matches!(state.layout.hit(hover.at.0, hover.at.1), Some(Target::Hierarchy(_)))
}

/// Time passed.
pub fn pass(state: &mut State) {
    let now = state.now;
    let Some(mut hover) = state.moving.as_ref().filter(|moving| moving.dragging).and_then(|moving| moving.hover) else {
        return;
    };
    if let Some(edge) = hover.edge {
        let rows = edge.rows(now);
        if rows > 0 {
            let most = state.flat.rows.len().saturating_sub(usize::from(state.layout.tree.height));
            let top = if edge.lower {
                (state.tree.top.saturating_add(rows)).min(most)
            } else {
                state.tree.top.saturating_sub(rows)
            };
            hover.edge = Some(Edge { last: now, ..edge });
            if top != state.tree.top {
                state.tree.top = top;
                state.dirty = true;
                hover.since = now;
            }
        }
    }
    let row = row_at(state, hover.at).and_then(|index| state.flat.rows.get(index)).filter(|row| !row.gone).copied();
    if let Some(row) = row.filter(|row| row.inner && row.folded)
        && now.nanos_since(hover.since) >= UNFOLD
    {
        unfold(state, row.key);
        hover.since = now;
    }
    super::aim(state, row.map(|row| row.key));
    if let Some(moving) = state.moving.as_mut() {
        moving.hover = Some(hover);
    }
}

fn unfold(state: &mut State, key: GroupKey) {
    if state.tree.folds.remove(&key) {
        state.tree.edits += 1;
        state.dirty = true;
        if let Some(moving) = state.moving.as_mut() {
            moving.unfolded.push(key);
        }
    }
}

/// The number of the row at a cell, by where the tree is scrolled to now.
fn row_at(state: &State, (x, y): (u16, u16)) -> Option<usize> {
    let tree = state.layout.tree;
    tree.contains(x, y).then(|| state.tree.top + usize::from(y - tree.y))
}

/// The first row and the line above it, the last and the line below it, where there is more to be seen.
fn edge_at(state: &State, x: u16, y: u16) -> Option<bool> {
    let tree = state.layout.tree;
    if x < tree.x || x >= tree.right() || tree.height < 2 {
        return None;
    }
    match y {
        y if y == tree.y || y + 1 == tree.y => Some(false),
        y if y + 1 == tree.bottom() || y == tree.bottom() => Some(true),
        _ => None,
    }
}
