//! The screen Log: a line a change, and below what is told of the selected one.
use std::fmt::Write as _;

use crate::app::area::Area;
use crate::app::kept;
use crate::app::log::{self, Row, Tone};
use crate::app::state::State;
use crate::app::text::{cut, wrap};
use crate::plan::journal::State as StepState;
use crate::plan::words;

use super::paint::Painter;

/// Paints it; the place of the cursor, on the selected row.
pub(super) fn draw(painter: &mut Painter<'_>, state: &State) -> Option<(u16, u16)> {
    let theme = painter.theme;
    let layout = &state.layout;
    let rows = log::rows(state);
    let selected = log::selected(state, &rows);
    let others = rows.iter().filter(|row| matches!(row, Row::Seen(_))).count();
    let mut title = format!("this visit: {}", words::count(rows.len() - others, "change"));
    if others > 0 {
        let _ = write!(title, ", {others} by others");
    }
    let elsewhere = state.others.seen.len() - others;
    if elsewhere > 0 {
        let _ = write!(title, ", {elsewhere} elsewhere (* shows)");
    } else if state.log.elsewhere {
        title.push_str(", everywhere (* hides)");
    }
    painter.border(layout.tree_border, "┌", &title, "newest below");
    painter.side(layout.heading);
    for (area, name) in log::columns(layout.heading).into_iter().zip(["TIME", "WHERE", "WHAT", "STATE"]) {
        painter.put(area, name, theme.heading);
    }
    painter.side(layout.tree);
    let mut cursor = None;
    for line in 0..layout.tree.height {
        let index = layout.first_row + usize::from(line);
        let Some(row) = rows.get(index) else { break };
        let area = layout.tree.line(line);
        row_line(painter, state, row, area);
        if index == selected {
            painter.put(Area::new(area.x + 1, area.y, 1, 1), ">", theme.mark);
            let style = if state.log.full { theme.selected_elsewhere } else { theme.selected };
            painter.tint(Area::new(area.x + 1, area.y, area.width.saturating_sub(1), 1), style);
            cursor = Some((area.x + 1, area.y));
        }
    }
    details(painter, state, rows.get(selected));
    cursor
}

fn row_line(painter: &mut Painter<'_>, state: &State, row: &Row<'_>, area: Area) {
    let theme = painter.theme;
    let [time, place, what, how] = log::columns(area);
    let taken_back = |entry: &crate::plan::journal::Entry| entry.undone_by.is_some();
    let fine = |entry: &crate::plan::journal::Entry| {
        entry.steps.iter().all(|record| matches!(record.state, StepState::Done(_))) && kept::stays(state, entry.number)
    };
    let (text, word) = match row {
        Row::Own(entry) if taken_back(entry) => (theme.quiet, theme.quiet),
        Row::Own(entry) if fine(entry) => (theme.text, theme.text),
        Row::Own(_) | Row::Seen(_) => (theme.text, theme.warning),
    };
    painter.put(time, &state.wall.clock(row.ms()), theme.quiet);
    painter.put(place, row.place(state), word);
    painter.put(what, &cut(&row.what(), usize::from(what.width), painter.ascii), text);
    painter.put(how, &cut(&row.state(state), usize::from(how.width), painter.ascii), word);
}

fn details(painter: &mut Painter<'_>, state: &State, row: Option<&Row<'_>>) {
    let theme = painter.theme;
    let layout = &state.layout;
    let right = if state.log.full { "Esc back" } else { "Enter full page" };
    let room = usize::from(layout.panel_border.width).saturating_sub(right.len() + 8);
    painter.border(layout.panel_border, "├", &cut(&log::title(state), room, painter.ascii), right);
    painter.side(layout.panel);
    let columns = usize::from(layout.panel.width.saturating_sub(4));
    let lines = log::details(state, row);
    let lines = lines.iter().flat_map(|line| wrap(&line.text, columns).into_iter().map(move |text| (text, line.tone)));
    let lines: Vec<(String, Tone)> = lines.collect();
    for n in 0..layout.panel.height {
        let Some((text, tone)) = lines.get(layout.panel_top + usize::from(n)) else { break };
        let style = match tone {
            Tone::Plain => theme.text,
            Tone::Quiet => theme.quiet,
            Tone::Warning => theme.warning,
            Tone::Shell => theme.shell,
        };
        let line = layout.panel.line(n);
        painter.put(Area::new(line.x + 2, line.y, line.width.saturating_sub(3), 1), text, style);
    }
    let below = lines.len().saturating_sub(layout.panel_top + usize::from(layout.panel.height));
    if below > 0 && layout.panel.height > 0 {
        let line = layout.panel.line(layout.panel.height - 1);
        painter.put_right(line, &format!(" {below} more "), theme.key);
    }
}
