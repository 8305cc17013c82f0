//! What is said while something is being moved: what it is, how much of it, and what a drop would do now.
use crate::app::area::Area;
use crate::app::drag::{Moving, say};
use crate::app::scale::Ruler;
use crate::app::state::{Panel, State};
use crate::app::text::{cut, width};

use super::format;
use super::paint::Painter;

/// Paints it where the last change is told else.
pub(super) fn draw(painter: &mut Painter<'_>, state: &State, moving: &Moving) {
    let layout = &state.layout;
    painter.side(layout.change);
    let room = usize::from(layout.change_border.width).saturating_sub(34);
    let title = cut(&format!("move {}", moving.what()), room, painter.ascii);
    painter.border(layout.change_border, "├", &title, say::file(state, moving));
    let area = layout.change.line(0);
    let inside = Area::new(area.x + 2, area.y, area.width.saturating_sub(2), 1);
    how_much(painter, state, moving, inside);
    // The panel Why tells them itself.
    let notes = if state.panel == Panel::Why { Vec::new() } else { say::notes(state, moving) };
    for (n, note) in (1..layout.change.height).zip(&notes) {
        let line = layout.change.line(n);
        let columns = usize::from(line.width.saturating_sub(3));
        let note = cut(note, columns, painter.ascii);
        painter.put(Area::new(line.x + 2, line.y, line.width.saturating_sub(2), 1), &note, painter.theme.warning);
    }
}

/// The choices of Tab on one line.
pub(super) fn how_much(painter: &mut Painter<'_>, state: &State, moving: &Moving, area: Area) {
    let theme = painter.theme;
    let choices = say::choices(state, moving);
    match moving.choices.len() {
        0 => {}
        1 => drop(painter.put(area, &choices, theme.quiet)),
        _ => painter.pieces(area, &[("Tab", theme.key), (" ", theme.text), (&choices, theme.text)]),
    }
}

/// What a drop would do now, on the bottom line; the keys after it, as far as there is room.
pub(super) fn outcome(painter: &mut Painter<'_>, state: &State, moving: &Moving, area: Area) {
    let theme = painter.theme;
    let said = say::outcome(state, moving);
    let columns = usize::from(area.width);
    let owed = said.owed.map(|(old, new)| {
        let ruler = Ruler::of(state);
        format!(
            ": {}",
            both(&format::owed(&ruler, old, painter.ascii), &format::owed(&ruler, new, painter.ascii), painter.ascii)
        )
    });
    let owed = owed.unwrap_or_default();
    // The numbers stay whatever the names are.
    let text = format!("{}{owed}", cut(&said.text, columns.saturating_sub(width(&owed)), painter.ascii));
    let used = painter.put(area, &text, if said.legal { theme.warning } else { theme.quiet });
    let hints: &[&str] = match (moving.dragging, said.legal) {
        (true, false) => &["Esc leaves"],
        (true, true) => &["let go drops, Esc leaves", "Esc leaves"],
        (false, true) => &["Enter drops, arrows choose, Esc leaves", "Enter drops, Esc leaves", "Enter Esc"],
        (_, false) if moving.target.is_some_and(|target| !moving.is_in(target)) => {
            &["Enter tells the ways out, Esc leaves", "Enter: ways out", "Esc leaves"]
        }
        (_, false) => &["arrows choose, Esc leaves", "Esc leaves"],
    };
    let free = columns.saturating_sub(usize::from(used) + 2);
    if let Some(hint) = hints.iter().find(|hint| hint.len() <= free) {
        painter.put_right(area, hint, theme.quiet);
    }
}

/// `25 % → 17 %`.
pub(super) fn both(old: &str, new: &str, ascii: bool) -> String {
    format!("{old} {} {new}", if ascii { "->" } else { "→" })
}
