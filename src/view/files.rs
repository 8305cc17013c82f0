//! The panel Files: name, mode and value of every file of the selected group.
use crate::app::area::Area;
use crate::app::files;
use crate::app::state::State;

use super::paint::Painter;

/// Columns of a name.
const NAME: u16 = 30;

/// Paints the panel; the place of the cursor if the arrows are here.
pub(super) fn draw(painter: &mut Painter<'_>, state: &State) -> Option<(u16, u16)> {
    let theme = painter.theme;
    let panel = state.layout.panel;
    painter.side(panel);
    let rows = match files::rows(state) {
        Ok(rows) => rows,
        Err(why) => {
            let area = panel.line(0);
            painter.put(Area::new(area.x + 2, area.y, area.width.saturating_sub(2), 1), &why, theme.quiet);
            return None;
        }
    };
    let mut cursor = None;
    for n in 0..panel.height {
        let index = state.layout.panel_top + usize::from(n);
        let Some(row) = rows.get(index) else { break };
        let area = panel.line(n);
        let selected = index == state.panel_cursor && state.in_panel;
        if selected {
            painter.put(Area::new(area.x + 1, area.y, 1, 1), ">", theme.mark);
        }
        painter.put(Area::new(area.x + 3, area.y, NAME - 1, 1), &row.name, theme.text);
        painter.put(Area::new(area.x + 3 + NAME, area.y, 2, 1), row.mode, theme.quiet);
        let x = area.x + 6 + NAME;
        let style = if row.known { theme.text } else { theme.quiet };
        let room = area.right().saturating_sub(x);
        let used = painter.put(Area::new(x, area.y, room, 1), &row.value, style);
        if let Some(words) = &row.words {
            // "100000 = 100 ms" after "100000" says the number twice.
            let words =
                words.strip_prefix(row.value.as_str()).and_then(|rest| rest.strip_prefix(" = ")).unwrap_or(words);
            let at = x + used + 2;
            painter.put(Area::new(at, area.y, area.right().saturating_sub(at), 1), &format!("= {words}"), theme.quiet);
        }
        if selected {
            painter.tint(Area::new(area.x + 1, area.y, area.width - 1, 1), theme.selected);
            cursor = Some((area.x + 1, area.y));
        }
    }
    cursor
}
