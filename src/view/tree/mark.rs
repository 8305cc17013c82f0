//! What is said in a row for a while: what others changed there, and whether a value that this visit wrote stays.
use crate::app::area::Area;
use crate::app::kept;
use crate::app::sort::Column;
use crate::app::state::State;
use crate::app::text::width;
use crate::app::tree::Row;

use super::super::paint::Painter;

/// Says it where else the bar is, or whether the group has enough, or behind the last column.
pub(super) fn mark(painter: &mut Painter<'_>, state: &State, row: &Row, area: Area) {
    if row.gone || state.moving.is_some() {
        return;
    }
    let Some((texts, stays)) = texts(state, row) else { return };
    let cells = &state.layout.cells;
    let place = cells.iter().find(|cells| matches!(cells.column, Column::Bar | Column::Enough));
    let place = match (place, cells.last()) {
        (Some(cells), _) => Area::new(cells.x, area.y, cells.width, 1),
        (None, Some(last)) => {
            let x = last.x + last.width + 2;
            Area::new(x, area.y, area.right().saturating_sub(x), 1)
        }
        (None, None) => return,
    };
    let room = usize::from(place.width);
    let Some(text) = texts.iter().find(|text| width(text) <= room).or(texts.last()) else { return };
    let style = if stays { painter.theme.quiet } else { painter.theme.warning };
    painter.clear(place);
    painter.put(place, text, style);
}

/// What is to be said, the longest way first, and whether it is as it should be.
fn texts(state: &State, row: &Row) -> Option<(Vec<String>, bool)> {
    if let Some(mark) = state.others.marks.get(&row.key) {
        let said = mark.texts.iter().map(|text| format!("! others: {text}"));
        let mut texts: Vec<String> = said.chain(mark.texts.iter().map(|text| format!("! others {text}"))).collect();
        texts.push("! others".to_owned());
        return Some((texts, false));
    }
    kept::of_group(state, row.key)
}
