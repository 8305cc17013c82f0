//! The panel Files: name, mode and value of every file of the selected group, and what there is to know of the selected one.
use crate::app::area::Area;
use crate::app::files::{self, FileRow, What, detail};
use crate::app::state::State;
use crate::app::text::{cut_middle, width, wrap};

use super::paint::Painter;

/// Columns of a name: at least, at most.
const NAME: (usize, usize) = (14, 36);

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
            details(painter, state);
            return None;
        }
    };
    let longest = rows.iter().filter(|row| row.what == What::File).map(|row| width(&row.name)).max().unwrap_or(0);
    let most = NAME.1.min(usize::from(panel.width) * 2 / 5);
    let column = u16::try_from(longest.clamp(NAME.0, most.max(NAME.0))).unwrap_or(14) + 1;
    let mut cursor = None;
    for n in 0..panel.height {
        let index = state.layout.panel_top + usize::from(n);
        let Some(row) = rows.get(index) else { break };
        let area = panel.line(n);
        let selected = index == state.panel_cursor && state.in_panel;
        if selected {
            painter.put(Area::new(area.x + 1, area.y, 1, 1), ">", theme.mark);
        }
        paint(painter, row, area, column, state);
        if selected {
            painter.tint(Area::new(area.x + 1, area.y, area.width - 1, 1), theme.selected);
            cursor = Some((area.x + 1, area.y));
        }
    }
    details(painter, state);
    cursor
}

fn paint(painter: &mut Painter<'_>, row: &FileRow, area: Area, column: u16, state: &State) {
    let theme = painter.theme;
    let rest = |x: u16| Area::new(x, area.y, area.right().saturating_sub(x), 1);
    if row.what == What::Heading {
        painter.put(rest(area.x + 2), &row.name, theme.heading);
        return;
    }
    let indent = if row.what == What::Line { 2 } else { 0 };
    let fold = match (row.lines > 1, state.files.unfolded.contains(&row.name)) {
        (false, _) => "",
        (true, false) => painter.sign("▸", "+"),
        (true, true) => painter.sign("▾", "-"),
    };
    painter.put(Area::new(area.x + 2, area.y, 1, 1), fold, theme.quiet);
    let name = cut_middle(&row.name, usize::from(column.saturating_sub(1 + indent)), painter.ascii);
    painter.put(Area::new(area.x + 3 + indent, area.y, column, 1), &name, theme.text);
    painter.put(Area::new(area.x + 3 + column, area.y, 2, 1), row.mode, theme.quiet);
    let x = area.x + 7 + column;
    if row.changed {
        painter.put(Area::new(x - 1, area.y, 1, 1), "*", theme.mark);
    }
    let style = if row.known { theme.text } else { theme.quiet };
    let Some(words) = &row.words else {
        painter.put(rest(x), &row.value, style);
        return;
    };
    // A long value must not push out what it means.
    let room = area.right().saturating_sub(x);
    let wanted = u16::try_from(width(words)).unwrap_or(room) + 4;
    let most = room.saturating_sub(wanted).max(room / 2);
    let used = painter.put(Area::new(x, area.y, most, 1), &row.value, style);
    let says_value = row.known && !["a counter", "only for reading", "not in"].iter().any(|is| words.starts_with(is));
    let sign = if says_value { "= " } else { "" };
    painter.put(rest(x + used + 2), &format!("{sign}{words}"), theme.quiet);
}

/// What there is to know of the selected file.
fn details(painter: &mut Painter<'_>, state: &State) {
    let theme = painter.theme;
    let area = state.layout.detail;
    if area.height == 0 {
        return;
    }
    let beside = area.y == state.layout.panel.y;
    if beside {
        painter.side(area);
    } else {
        painter.side(Area::new(state.layout.panel.x, area.y, 1, area.height));
    }
    let inside = Area::new(area.x + 3, area.y, area.width.saturating_sub(4), area.height);
    let mut paragraphs = detail::paragraphs(state);
    if beside {
        // There is room: one fact a line.
        paragraphs = paragraphs.iter().flat_map(|text| text.split(" · ").map(str::to_owned)).collect();
        if let Some(file) = files::selected_file(state) {
            paragraphs.insert(0, crate::model::bytes::escape(&file.name));
        }
    }
    let columns = usize::from(inside.width);
    // Every paragraph gets a line before any gets two.
    let mut lines: Vec<Vec<String>> = paragraphs.iter().map(|text| wrap(text, columns)).collect();
    let height = usize::from(inside.height);
    while lines.iter().map(Vec::len).sum::<usize>() > height
        && let Some(longest) = lines.iter_mut().rev().filter(|lines| lines.len() > 1).max_by_key(|lines| lines.len())
    {
        let last = longest.pop().unwrap_or_default();
        if let Some(end) = longest.last_mut() {
            *end = crate::app::text::cut(&format!("{end} {last}"), columns, painter.ascii);
        }
    }
    for (n, line) in (0..inside.height).zip(lines.iter().flatten()) {
        let style = if beside && n == 0 { theme.heading } else { theme.text };
        painter.put(inside.line(n), line, style);
    }
}
