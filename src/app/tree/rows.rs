//! The tree as rows: flattened once per change of structure, folds, filter or order, then only looked at.
//!
//! While something is moved, rows do not change places: sorted ones keep the order they have, and under a hand that drags
//! nothing comes, goes or shifts but what the hand unfolds.
use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use crate::model::bytes::escape;
use crate::model::id::{GroupId, GroupKey, HierarchyId};
use crate::model::snapshot::Snapshot;
use crate::model::structure::Structure;

use super::super::filter::Filter;
use super::super::sort::{Order, compare};
use super::super::state::State;
use super::Row;

/// The rows, and what they were made from.
#[derive(Clone, Debug, Default)]
pub struct Flat {
    /// The rows in order.
    pub rows: Vec<Row>,
    /// Names of groups that vanished under a hand that drags: their rows stay until it lets go.
    pub gone: HashMap<GroupKey, String>,
    made_from: Option<MadeFrom>,
}

/// Row numbers.
type Places = HashMap<GroupKey, usize>;

#[derive(Clone, Debug, PartialEq)]
struct MadeFrom {
    generation: u64,
    hierarchy: Option<HierarchyId>,
    base: Option<GroupKey>,
    edits: u64,
    list: bool,
    filter: Filter,
    order: Option<Order>,
    /// Number of the snapshot, where the rows depend on values.
    values: Option<u64>,
    ghost: Option<GroupKey>,
    /// A hand drags over the rows.
    dragging: bool,
}

impl Flat {
    /// Makes the rows anew if something they were made from changed.
    pub fn refresh(state: &mut State) {
        let Some(shown) = state.shown.clone() else { return };
        let snapshot: &Arc<Snapshot> = &shown.snapshot;
        let tree = &state.tree;
        let by_value = tree.filter.needs_values() || tree.order.is_some();
        let made_from = MadeFrom {
            generation: snapshot.structure.generation,
            hierarchy: state.hierarchy,
            base: tree.base,
            edits: tree.edits,
            list: tree.list,
            filter: tree.filter.clone(),
            order: tree.order,
            values: by_value.then_some(snapshot.number),
            ghost: state.ghost.as_ref().map(|ghost| ghost.row.key),
            dragging: state.moving.as_ref().is_some_and(|moving| moving.dragging),
        };
        if state.flat.made_from.as_ref() == Some(&made_from) {
            return;
        }
        // Rows do not change places while something is moved.
        let mut places = None;
        if state.moving.is_some()
            && let Some(old) = &state.flat.made_from
            && old.is_same_view(&made_from)
        {
            if made_from.dragging {
                let rows = under_the_hand(state, &snapshot.structure);
                (state.flat.rows, state.flat.made_from) = (rows, Some(made_from));
                return;
            }
            if (MadeFrom { values: old.values, ..made_from.clone() }) == *old {
                return;
            }
            places = Some(state.flat.rows.iter().zip(0..).map(|(row, at)| (row.key, at)).collect());
        }
        let mut rows = match state.base() {
            Some(base) if state.tree.list => list(state, &snapshot.structure, base, places.as_ref()),
            Some(base) => flatten(state, &snapshot.structure, (base, 0), places.as_ref()),
            None => Vec::new(),
        };
        if let Some(ghost) = &state.ghost {
            let at = ghost.index.min(rows.len());
            rows.insert(at, Row { gone: true, inner: false, folded: false, ..ghost.row });
        }
        state.flat = Flat { rows, gone: HashMap::new(), made_from: Some(made_from) };
    }

    /// The row number of a group.
    #[must_use]
    pub fn position(&self, key: GroupKey) -> Option<usize> {
        self.rows.iter().position(|row| row.key == key)
    }
}

impl MadeFrom {
    /// Whether what somebody chose to see is the same.
    fn is_same_view(&self, other: &Self) -> bool {
        (self.hierarchy, self.base, self.list, &self.filter, self.order)
            == (other.hierarchy, other.base, other.list, &other.filter, other.order)
    }
}

/// The rows as they stand while a hand drags over them. Nothing moves under it but by what it does itself: groups that vanished
/// keep their rows, new ones have none yet, and only what unfolds under the pointer comes in between.
fn under_the_hand(state: &State, structure: &Structure) -> Vec<Row> {
    let mut rows = Vec::with_capacity(state.flat.rows.len());
    for old in &state.flat.rows {
        let Some((id, group)) = structure.find(old.key).and_then(|id| Some((id, structure.group(id)?))) else {
            rows.push(Row { gone: true, inner: false, folded: false, ..*old });
            continue;
        };
        let inner = !group.children.is_empty();
        let folded = old.folded && state.tree.folds.contains(&old.key);
        rows.push(Row { id, inner, folded, gone: false, ..*old });
        if old.folded && !folded && inner {
            rows.extend(flatten(state, structure, (id, old.depth), None).into_iter().skip(1));
        }
    }
    rows
}

/// Keeps the names of groups on screen that a frame no longer has, while a hand drags.
pub fn remember_gone(state: &mut State, before: &Structure, now: &Structure) {
    if !state.moving.as_ref().is_some_and(|moving| moving.dragging) {
        return;
    }
    for row in state.flat.rows.iter().filter(|row| now.find(row.key).is_none()) {
        if let Some(group) = before.find(row.key).and_then(|id| before.group(id)) {
            state.flat.gone.insert(row.key, escape(&group.name));
        }
    }
}

/// Sorts groups; those that have places among the rows stay in the order of these, and come first.
fn sort(state: &State, structure: &Structure, order: Order, places: Option<&Places>, ids: &mut [GroupId]) {
    let place = |id| places.and_then(|places| places.get(&structure.group(id)?.key).copied()).unwrap_or(usize::MAX);
    ids.sort_by(|&a, &b| place(a).cmp(&place(b)).then_with(|| compare(state, order, a, b)));
}

fn flatten(state: &State, structure: &Structure, base: (GroupId, u16), places: Option<&Places>) -> Vec<Row> {
    let tree = &state.tree;
    let fitting = (!tree.filter.is_empty()).then(|| {
        let mut shown = HashSet::new();
        let mut fits = HashSet::new();
        for id in structure.subtree(base.0).filter(|&id| tree.filter.fits(state, id)) {
            fits.insert(id);
            for above in structure.ancestors(id) {
                if !shown.insert(above) {
                    break;
                }
            }
        }
        (shown, fits)
    });
    let mut rows = Vec::new();
    let mut stack = vec![base];
    while let Some((id, depth)) = stack.pop() {
        let Some(group) = structure.group(id) else { continue };
        if let Some((shown, _)) = &fitting
            && !shown.contains(&id)
            && id != base.0
        {
            continue;
        }
        let inner = !group.children.is_empty();
        // A filter looks into folded groups too.
        let folded = inner && fitting.is_none() && tree.folds.contains(&group.key);
        let fits = fitting.as_ref().is_none_or(|(_, fits)| fits.contains(&id));
        rows.push(Row { id, key: group.key, depth, inner, folded, fits, gone: false });
        if inner && !folded {
            let mut children = group.children.clone();
            if let Some(order) = tree.order {
                sort(state, structure, order, places, &mut children);
            }
            stack.extend(children.into_iter().rev().map(|child| (child, depth.saturating_add(1))));
        }
    }
    rows
}

fn list(state: &State, structure: &Structure, base: GroupId, places: Option<&Places>) -> Vec<Row> {
    let tree = &state.tree;
    let mut ids: Vec<GroupId> =
        structure.subtree(base).filter(|&id| tree.filter.is_empty() || tree.filter.fits(state, id)).collect();
    if let Some(order) = tree.order {
        sort(state, structure, order, places, &mut ids);
    }
    ids.into_iter()
        .filter_map(|id| {
            let group = structure.group(id)?;
            let inner = !group.children.is_empty();
            Some(Row { id, key: group.key, depth: 0, inner, folded: false, fits: true, gone: false })
        })
        .collect()
}
