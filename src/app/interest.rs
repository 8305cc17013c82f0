//! What the next sampling should read: what is on screen, and a little more.
use crate::model::interest::{Interest, Rows};

use super::dialog::Dialog;
use super::state::{Panel, State};

/// Up to so many groups all are read: totals are then right, and scrolling shows no blanks.
const FEW: usize = 300;

/// The interest of the screen as it is.
#[must_use]
pub fn of(state: &State) -> Interest {
    let by_value = state.tree.filter.needs_values() || state.tree.order.is_some();
    let few = state.snapshot().is_none_or(|snapshot| snapshot.structure.slots() <= FEW);
    let groups = if few || by_value {
        Rows::All
    } else {
        // One page more on each side, for the next scroll.
        let page = usize::from(state.layout.tree.height);
        let from = state.layout.first_row.saturating_sub(page);
        let rows = state.flat.rows.iter().skip(from).take(3 * page);
        let mut keys: Vec<_> = rows.filter(|row| !row.gone).map(|row| row.key).collect();
        keys.extend(state.tree.cursor.filter(|key| !keys.contains(key)));
        keys.extend(state.tree.tags.iter().filter(|key| !keys.contains(key)).copied().collect::<Vec<_>>());
        Rows::These(keys)
    };
    // What a group may choose is what its parent has.
    let in_dialog = matches!(state.dialog, Some(Dialog::Controllers(_)));
    let top = state.selected_place().is_some_and(|place| place.is_top());
    let tasks = state.panel == Panel::Tasks || !top;
    Interest {
        hierarchy: state.hierarchy,
        groups,
        tasks_of: state.tree.cursor.filter(|_| tasks),
        files_of: state.tree.cursor.filter(|_| state.panel == Panel::Files || in_dialog),
        files_above: state.panel == Panel::Files || in_dialog,
        // What descends from a process may be anywhere.
        written: super::kept::interest(state),
        contest: state.shown.is_none() || state.has_cpu() || state.moving.is_some(),
    }
}
