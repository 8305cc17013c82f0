//! A dialog over the rest of the screen.
use crate::app::area::Area;
use crate::app::dialog::{Focus, Tone};
use crate::app::layout::FaceLayout;

use super::paint::Painter;

/// Paints it; the place of the cursor: what is typed, else the answer with the focus.
pub(super) fn draw(painter: &mut Painter<'_>, face: &FaceLayout) -> Option<(u16, u16)> {
    let theme = painter.theme;
    frame(painter, face);
    for (area, text, tone, focused) in &face.lines {
        let style = match tone {
            Tone::Quiet => theme.quiet,
            Tone::Shell => theme.shell,
            Tone::Warning => theme.warning,
            Tone::Heading => theme.heading,
            Tone::Field(_) if *focused => theme.selected,
            Tone::Plain | Tone::Entry(_) | Tone::Field(_) => theme.text,
        };
        painter.put(*area, text, style);
    }
    let mut cursor = None;
    for (area, option) in &face.options {
        let Some(choice) = face.face.options.get(*option) else { continue };
        let focused = face.face.focus == Focus::Option(*option);
        let style = match (&choice.off, focused) {
            (Some(_), _) => theme.quiet,
            (None, true) => theme.selected,
            (None, false) => theme.text,
        };
        let mark = if focused { ">" } else { " " };
        let text = match &choice.off {
            Some(reason) => format!("{mark} {}: {reason}", choice.text.trim_end()),
            None => format!("{mark} {}", choice.text),
        };
        painter.put(*area, &text, style);
        if focused {
            painter.tint(*area, style);
            cursor = Some((area.x, area.y));
        }
    }
    face.cursor.or(cursor)
}

fn frame(painter: &mut Painter<'_>, face: &FaceLayout) {
    let theme = painter.theme;
    let area = face.area;
    painter.clear(area);
    let line = painter.sign("─", "-");
    let across: String = std::iter::repeat_n(line, usize::from(area.width)).collect();
    let (top, bottom) = (area.line(0), area.line(area.height.saturating_sub(1)));
    painter.put(top, &across, theme.border);
    painter.put(bottom, &across, theme.border);
    for y in area.y..area.bottom() {
        let side = painter.sign("│", "|");
        painter.put(Area::new(area.x, y, 1, 1), side, theme.border);
        painter.put(Area::new(area.right() - 1, y, 1, 1), side, theme.border);
    }
    let corners = [
        (area.x, area.y, "┌"),
        (area.right() - 1, area.y, "┐"),
        (area.x, area.bottom() - 1, "└"),
        (area.right() - 1, area.bottom() - 1, "┘"),
    ];
    for (x, y, corner) in corners {
        painter.put(Area::new(x, y, 1, 1), painter.sign(corner, "+"), theme.border);
    }
    let title = format!(" {} ", face.face.title);
    painter.put(Area::new(area.x + 1, area.y, area.width.saturating_sub(2), 1), &title, theme.heading);
    let foot = if painter.ascii { ascii(face.face.foot) } else { face.face.foot.to_owned() };
    let more = match face.more {
        (_, true) => " more below ",
        (true, false) => " end ",
        (false, false) => "",
    };
    let text = format!("{more} {foot} ");
    painter.put_right(Area::new(area.x + 1, area.bottom() - 1, area.width.saturating_sub(3), 1), &text, theme.quiet);
}

/// The words of a foot without signs.
fn ascii(foot: &str) -> String {
    foot.replace("↑↓", "up/down").replace('·', "-")
}
