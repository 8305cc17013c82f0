//! Where something that is being moved may go.
use crate::app::area::Area;
use crate::app::drag;
use crate::app::layout::Cells;
use crate::app::sort::Column;
use crate::app::state::State;
use crate::app::text::left;
use crate::app::tree::Row;

use super::super::paint::Painter;
use super::inside;

/// While something is being moved: the lit target, and why another cannot be one.
pub(super) fn target(painter: &mut Painter<'_>, state: &State, row: &Row, area: Area) {
    let theme = painter.theme;
    let Some(moving) = &state.moving else { return };
    let reason = if row.gone { Some("it is gone".to_owned()) } else { drag::illegal(state, moving, row.id) };
    let lit = moving.target == Some(row.key);
    let text = match (&reason, lit) {
        (None, true) => format!("{} drop", painter.sign("◄", "<-")),
        (Some(reason), _) => reason.clone(),
        (None, false) => String::new(),
    };
    let style = match (&reason, lit) {
        (None, true) => theme.target,
        (Some(_), true) => theme.warning,
        (Some(_), false) => theme.quiet,
        (None, false) => return,
    };
    if reason.is_some() {
        painter.tint(inside(area), theme.quiet);
    }
    if lit || reason.is_some() {
        let at = state.layout.cells.iter().find(|cells| matches!(cells.column, Column::Bar | Column::Children));
        let x = at.map_or(area.x, |Cells { x, .. }| *x);
        let room = area.right().saturating_sub(x);
        let text = left(&text, usize::from(room), painter.ascii);
        painter.put(Area::new(x, area.y, room, 1), &text, style);
    }
    if lit && reason.is_none() {
        painter.tint(inside(area), style);
    }
}
