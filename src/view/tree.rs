//! The tree: one line a group.
mod bar;
mod mark;
mod target;

use ratatui::style::Style;

use crate::app::area::Area;
use crate::app::drag::preview::{self, Preview};
use crate::app::layout::{SIGN, indent};
use crate::app::scale::{Ruler, name_of};
use crate::app::sort::Column;
use crate::app::state::State;
use crate::app::text::cut_middle;
use crate::app::tree::Row;
use crate::app::{act, files, tasks};
use crate::model::field::Field;
use crate::split::ratio::Ratio;
use crate::split::table::{Enough, Given};

use super::format;
use super::header;
use super::moving;
use super::paint::Painter;
use bar::bar;
use mark::mark;
use target::target;

/// What all rows of a frame share.
struct Common<'a> {
    ruler: Ruler,
    base: Option<Ratio>,
    stale: bool,
    /// What the move that is being aimed would do, where it can be.
    preview: Option<&'a Preview>,
}

/// Paints the tree; the place of the cursor, on the selected row.
pub(super) fn draw(painter: &mut Painter<'_>, state: &State) -> Option<(u16, u16)> {
    header::tree_border(painter, state);
    heading(painter, state);
    let layout = &state.layout;
    let common = Common {
        ruler: Ruler::of(state),
        base: state.base().and_then(|id| state.split(id)).and_then(|row| row.configured),
        stale: state.stale().is_some() || state.paused.is_some(),
        preview: state.moving.as_ref().and_then(|moving| preview::legal(state, moving)),
    };
    let mut cursor = None;
    painter.side(layout.tree);
    for line in 0..layout.tree.height {
        let Some(row) = state.flat.rows.get(layout.first_row + usize::from(line)) else { break };
        let area = layout.tree.line(line);
        row_line(painter, state, &common, row, area);
        if state.tree.cursor == Some(row.key) {
            cursor = Some((area.x + 1, area.y));
        }
    }
    if state.flat.rows.is_empty() {
        let text = match state.snapshot() {
            None => "reading the host …",
            Some(_) if !state.tree.filter.is_empty() => "no group fits the filter; Esc drops it",
            Some(_) => "no group of this hierarchy can be reached: it is mounted nowhere that can be seen",
        };
        let area = layout.tree.line(0);
        let quiet = painter.theme.quiet;
        painter.put(Area::new(area.x + 2, area.y, area.width.saturating_sub(2), 1), text, quiet);
    }
    cursor
}

fn heading(painter: &mut Painter<'_>, state: &State) {
    let theme = painter.theme;
    let line = state.layout.heading;
    painter.side(line);
    let aged = match (state.paused, state.stale()) {
        (Some(_), _) => Some("PAUSED".to_owned()),
        (None, Some(age)) => Some(format!("{age} s AGO")),
        (None, None) => None,
    };
    for cells in &state.layout.cells {
        let area = Area::new(cells.x, line.y, cells.width, 1);
        let order = state.tree.order.filter(|order| order.by == cells.column);
        let mark = match order {
            Some(order) if order.rising => painter.sign("▲", "^"),
            Some(_) => painter.sign("▼", "v"),
            None => "",
        };
        match (cells.column, &aged) {
            (Column::Group, _) => {
                let area = Area::new(area.x + SIGN, area.y, area.width - SIGN, 1);
                painter.put(area, &format!("GROUP{mark}"), theme.heading);
            }
            (Column::Gets, Some(aged)) => painter.put_right(area, aged, theme.warning),
            (Column::Bar, _) if state.moving.is_some() => {}
            (Column::Bar, _) => bar_heading(painter, area, mark),
            (Column::Enough, _) => {
                painter.put(area, &format!("{}{mark}", Column::Enough.title()), theme.heading);
            }
            (column, _) => painter.put_right(area, &format!("{mark}{}", column.title()), theme.heading),
        }
    }
}

/// `vs RULE 0 … 100 %`, the ends above the ends of the bar.
fn bar_heading(painter: &mut Painter<'_>, area: Area, mark: &str) {
    let heading = painter.theme.heading;
    painter.put(area, &format!("vs RULE{mark}"), heading);
    if area.width >= 20 {
        painter.put_right(area, "100 %", heading);
    }
}

#[expect(clippy::too_many_lines, reason = "one arm a column")]
fn row_line(painter: &mut Painter<'_>, state: &State, common: &Common<'_>, row: &Row, area: Area) {
    let theme = painter.theme;
    let selected = state.tree.cursor == Some(row.key);
    let split = state.split(row.id).filter(|_| !row.gone);
    let held = !row.gone && act::is_held(state, row.id);
    let base_style = if row.gone {
        theme.gone
    } else if !row.fits {
        theme.quiet
    } else if held {
        theme.held
    } else {
        theme.text
    };
    let amount_style = if common.stale { theme.quiet } else { base_style };
    for cells in &state.layout.cells {
        let cell = Area::new(cells.x, area.y, cells.width, 1);
        match cells.column {
            Column::Group => name(painter, state, row, cell, held, base_style),
            Column::Weight if !row.gone => painter.put_right(cell, &weight(state, row), base_style),
            Column::Rule => {
                if let Some(split) = split {
                    painter.put_right(cell, &format::rule(split.configured, common.base), base_style);
                }
            }
            Column::Owed => {
                if let Some(split) = split {
                    let now = format::owed(&common.ruler, split.expected, painter.ascii);
                    match would_be(row, common, &now, painter.ascii) {
                        Some(both) => painter.put_right(cell, &both, theme.warning),
                        None => painter.put_right(cell, &now, amount_style),
                    }
                }
            }
            Column::Gets => {
                if let Some(split) = split {
                    painter.put_right(cell, &format::gets(&common.ruler, split.measured, painter.ascii), amount_style);
                }
            }
            Column::Verdict => {
                if let Some(split) = split {
                    let style = match split.verdict.given {
                        Given::Agrees => theme.good,
                        Given::Differs => theme.bad,
                        Given::CannotTell => theme.quiet,
                    };
                    painter.put_right(cell, format::given(split.verdict.given, painter.ascii), style);
                }
            }
            Column::Bar if state.moving.is_some() => {}
            Column::Bar => {
                if let Some(split) = split {
                    bar(painter, common, split, cell, amount_style);
                }
            }
            Column::Wait => {
                if let Some(wait) = split.and_then(|split| split.wait) {
                    painter.put_right(cell, &format::percent(wait * 100.0, false), amount_style);
                }
            }
            Column::Enough => {
                if let Some(split) = split {
                    let style = match split.verdict.enough {
                        Enough::Short | Enough::Capped(_) => theme.warning,
                        _ => theme.quiet,
                    };
                    painter.put(cell, &enough(state, row, split.verdict.enough), style);
                }
            }
            Column::Tasks if !row.gone => {
                let text = match (held, split.map(|split| split.verdict.enough)) {
                    (true, _) | (_, Some(Enough::Held)) if !row.inner => {
                        format!("held {}", format::tasks(tasks::counts(state, row.id), false))
                    }
                    _ => format::tasks(tasks::counts(state, row.id), row.inner),
                };
                painter.put_right(cell, &text, base_style);
            }
            Column::Children if !row.gone => {
                let group = state.snapshot().and_then(|s| s.structure.group(row.id));
                let text = match group {
                    Some(group) if group.unlisted.is_some() => "denied".to_owned(),
                    Some(group) => group.children.len().to_string(),
                    None => "?".to_owned(),
                };
                painter.put_right(cell, &text, base_style);
            }
            Column::State if !row.gone => {
                let text = match state.values(row.id).map(|values| values.frozen) {
                    Some(Field::Value { v: true, .. }) => "frozen",
                    Some(Field::Value { v: false, .. }) => "runs",
                    Some(Field::Absent) => "",
                    Some(other) => files::word(other),
                    None => "…",
                };
                painter.put_right(cell, text, base_style);
            }
            Column::Weight | Column::Tasks | Column::Children | Column::State => {}
        }
    }
    if row.gone && state.moving.is_none() {
        let age = state.ghost.as_ref().map_or(0, |ghost| state.now.nanos_since(ghost.since) / 1_000_000_000);
        let text = format!("gone {age} s ago, not by cgrove");
        let last = state.layout.cells.first().map_or(area.x, |cells| cells.x + cells.width + 1);
        painter.put(Area::new(last, area.y, area.right().saturating_sub(last), 1), &text, theme.warning);
    }
    mark(painter, state, row, area);
    target(painter, state, row, area);
    if selected && state.moving.is_none() {
        let style = if state.in_panel { theme.selected_elsewhere } else { theme.selected };
        painter.tint(inside(area), style);
    }
}

/// What a group is owed now and would be owed after the move that is being aimed, where that is not the same.
fn would_be(row: &Row, common: &Common<'_>, now: &str, ascii: bool) -> Option<String> {
    let new = format::owed(&common.ruler, *common.preview?.groups.get(&row.id)?, ascii);
    (new != now).then(|| moving::both(now, &new, ascii))
}

/// A line without its border.
fn inside(area: Area) -> Area {
    Area::new(area.x + 1, area.y, area.width.saturating_sub(1), 1)
}

/// Mark, indent, sign and name.
fn name(painter: &mut Painter<'_>, state: &State, row: &Row, cell: Area, held: bool, style: Style) {
    let theme = painter.theme;
    let selected = state.tree.cursor == Some(row.key);
    let tagged = state.tree.tags.contains(&row.key);
    if selected {
        painter.put(Area::new(cell.x + 1, cell.y, 1, 1), ">", theme.mark);
    }
    if tagged {
        painter.put(Area::new(cell.x + 2, cell.y, 1, 1), painter.sign("▪", "#"), theme.key);
    }
    let x = cell.x + SIGN + indent(row.depth);
    let room = cell.right().saturating_sub(x);
    let counts = tasks::counts(state, row.id);
    let sign = if row.inner && row.folded {
        painter.sign("▸", "+")
    } else if row.inner && !state.tree.list {
        painter.sign("▾", "-")
    } else if held {
        painter.sign("‖", "=")
    } else if counts.is_some_and(|(own, _)| own == 0) || row.gone {
        painter.sign("○", "o")
    } else {
        painter.sign("●", "*")
    };
    painter.put(Area::new(x, cell.y, room.min(1), 1), sign, style);
    let text = if row.gone {
        let ghost = state.ghost.as_ref().filter(|ghost| ghost.row.key == row.key).map(|ghost| &ghost.name);
        ghost.or_else(|| state.flat.gone.get(&row.key)).cloned().unwrap_or_default()
    } else if state.tree.list {
        state.snapshot().and_then(|s| s.structure.place(row.id)).map(|p| p.to_string()).unwrap_or_default()
    } else {
        name_of(state, row.id)
    };
    let room = room.saturating_sub(2);
    let text = cut_middle(&text, usize::from(room), painter.ascii);
    let style = if row.fits && !row.gone && !held { style.patch(theme.text) } else { style };
    painter.put(Area::new(x + 2, cell.y, room, 1), &text, style);
}

fn weight(state: &State, row: &Row) -> String {
    let top = state.snapshot().and_then(|s| s.structure.group(row.id)).is_some_and(|group| group.parent.is_none());
    if top {
        return if state.setup.ascii { "-" } else { "–" }.to_owned();
    }
    if let Some(weight) = state.weight(row.id) {
        return weight.to_string();
    }
    match state.values(row.id).map(|values| values.weight) {
        None => "…".to_owned(),
        // No weight: the controller is not enabled here, its tasks compete one by one.
        Some(Field::Absent) => "none".to_owned(),
        Some(Field::Malformed(_)) => "?".to_owned(),
        Some(other) => files::word(other).to_owned(),
    }
}

/// Whether a group has enough, in a word, and by whose cap not.
fn enough(state: &State, row: &Row, enough: Enough) -> String {
    match enough {
        Enough::Enough => "enough".to_owned(),
        Enough::Short => "short".to_owned(),
        Enough::Capped(by) if by == row.id => "capped".to_owned(),
        Enough::Capped(by) => format!("capped: {}", name_of(state, by)),
        Enough::Held => "held".to_owned(),
        Enough::Idle => "idle".to_owned(),
        Enough::Unknown => String::new(),
    }
}
