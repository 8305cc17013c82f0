//! Where a dialog is: its lines wrapped, its answers placed, its cursor.
use super::super::area::Area;
use super::super::dialog::{Face, Focus, Tone};
use super::super::text::{cut, width, wrap, wrap_entry};

/// A dialog with its places.
#[derive(Clone, Debug)]
pub struct FaceLayout {
    /// The whole of it, with its border.
    pub area: Area,
    /// What it shows.
    pub face: Face,
    /// Lines as drawn: where, text, tone, and whether it has the focus.
    pub lines: Vec<(Area, String, Tone, bool)>,
    /// Answers: where, and which.
    pub options: Vec<(Area, usize)>,
    /// Where the hardware cursor belongs, if something is typed.
    pub cursor: Option<(u16, u16)>,
    /// More lines are above, below.
    pub more: (bool, bool),
    /// First line that is drawn.
    pub top: usize,
}

impl FaceLayout {
    /// Places a dialog in the middle of the screen.
    pub(super) fn of(face: Face, whole: Area, ascii: bool) -> Self {
        let most = whole.width.saturating_sub(4);
        let columns = if face.wide { most.min(110) } else { most.min(72) };
        let inner = usize::from(columns.saturating_sub(4));

        // Lines: wrapped, but for shell lines and fields, which are cut.
        let mut wrapped: Vec<(String, Tone, Option<usize>)> = Vec::new();
        for (n, line) in face.lines.iter().enumerate() {
            match line.tone {
                Tone::Shell | Tone::Field(_) => wrapped.push((cut(&line.text, inner, ascii), line.tone, Some(n))),
                Tone::Entry(column) => wrapped
                    .extend(wrap_entry(&line.text, column, inner).into_iter().map(|text| (text, line.tone, None))),
                _ => wrapped.extend(wrap(&line.text, inner).into_iter().map(|text| (text, line.tone, None))),
            }
        }
        // Answers: beside each other where they fit and all can be taken.
        let beside: usize = face.options.iter().map(|choice| width(&choice.text) + 5).sum();
        let in_a_row =
            !face.column && !face.options.is_empty() && beside <= inner && face.options.iter().all(|c| c.off.is_none());
        let option_rows = if in_a_row { 1 } else { face.options.len() };
        let gap = usize::from(!wrapped.is_empty() && !face.options.is_empty());
        let room = usize::from(whole.height.saturating_sub(4));
        let shown_options = option_rows.min(room.saturating_sub(gap + 1).max(1));
        let room_for_lines = room.saturating_sub(shown_options + gap);
        let shown_lines = wrapped.len().min(room_for_lines);
        let top = face.top.min(wrapped.len() - shown_lines);

        let height = u16::try_from(shown_lines + gap + shown_options + 2).unwrap_or(u16::MAX);
        let area = whole.centred(columns, height);
        let x = area.x + 2;
        let text_width = area.width.saturating_sub(4);
        let mut layout = Self {
            area,
            lines: Vec::new(),
            options: Vec::new(),
            cursor: None,
            more: (top > 0, top + shown_lines < wrapped.len()),
            top,
            face,
        };
        let mut y = area.y + 1;
        for (text, tone, of) in wrapped.into_iter().skip(top).take(shown_lines) {
            let focused = of.is_some_and(|n| layout.face.focus == Focus::Line(n));
            if let Tone::Field(Some(column)) = tone {
                let column = u16::try_from(column).unwrap_or(u16::MAX).min(text_width);
                layout.cursor = Some((x + column, y));
            }
            layout.lines.push((Area::new(x, y, text_width, 1), text, tone, focused));
            y += 1;
        }
        y += u16::try_from(gap).unwrap_or(0);
        if in_a_row {
            let mut at = x;
            for (n, choice) in layout.face.options.iter().enumerate() {
                let w = u16::try_from(width(&choice.text) + 2).unwrap_or(u16::MAX);
                layout.options.push((Area::new(at, y, w, 1), n));
                at += w + 3;
            }
        } else {
            let focus = match layout.face.focus {
                Focus::Option(n) => n,
                _ => 0,
            };
            let first = super::keep_visible(0, focus, shown_options);
            for n in first..(first + shown_options).min(layout.face.options.len()) {
                layout.options.push((Area::new(x, y, text_width, 1), n));
                y += 1;
            }
        }
        layout
    }
}
