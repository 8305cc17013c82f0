//! The panel Why.
use crate::app::area::Area;
use crate::app::state::State;
use crate::app::text::wrap;
use crate::app::why;

use super::paint::Painter;

/// Paints the panel.
pub(super) fn draw(painter: &mut Painter<'_>, state: &State) {
    let theme = painter.theme;
    let panel = state.layout.panel;
    let columns = usize::from(panel.width.saturating_sub(2));
    let lines: Vec<String> = why::paragraphs(state).iter().flat_map(|text| wrap(text, columns)).collect();
    painter.side(panel);
    for n in 0..panel.height {
        let line = panel.line(n);
        if let Some(text) = lines.get(state.layout.panel_top + usize::from(n)) {
            painter.put(Area::new(line.x + 2, line.y, line.width.saturating_sub(2), 1), text, theme.text);
        }
    }
    let below = lines.len().saturating_sub(state.layout.panel_top + usize::from(panel.height));
    if below > 0 && panel.height > 0 {
        let line = panel.line(panel.height - 1);
        painter.put_right(line, &format!(" {below} more: Enter "), theme.key);
    }
}
