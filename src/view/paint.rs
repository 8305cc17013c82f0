//! A painter: writes text into rectangles, never beyond them.
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;

use crate::app::area::Area;
use crate::app::state::State;
use crate::app::text::{cut, width};

use super::theme::Theme;

/// Writes into a buffer.
pub(super) struct Painter<'a> {
    buffer: &'a mut Buffer,
    /// Styles by meaning.
    pub(super) theme: Theme,
    /// Words instead of signs.
    pub(super) ascii: bool,
}

impl<'a> Painter<'a> {
    /// A painter for a state.
    pub(super) fn new(buffer: &'a mut Buffer, state: &State) -> Self {
        Self { buffer, theme: Theme::of(state.setup.theme), ascii: state.setup.ascii }
    }

    /// `area` cut to the buffer.
    fn within(&self, area: Area) -> Area {
        let whole = self.buffer.area;
        let width = area.width.min(whole.width.saturating_sub(area.x));
        let height = area.height.min(whole.height.saturating_sub(area.y));
        Area::new(area.x, area.y, width, height)
    }

    /// Writes text at the left of the first line of `area`, cut to it. Returns the columns it took.
    pub(super) fn put(&mut self, area: Area, text: &str, style: Style) -> u16 {
        let area = self.within(area);
        if area.width == 0 || area.height == 0 {
            return 0;
        }
        let text = if self.ascii { ascii(text) } else { text.to_owned() };
        let text = cut(&text, usize::from(area.width), self.ascii);
        let (end, _) = self.buffer.set_stringn(area.x, area.y, &text, usize::from(area.width), style);
        end.saturating_sub(area.x)
    }

    /// Writes text at the right of the first line of `area`, cut to it.
    pub(super) fn put_right(&mut self, area: Area, text: &str, style: Style) {
        let text = cut(text, usize::from(area.width), self.ascii);
        let w = u16::try_from(width(&text)).unwrap_or(area.width);
        let x = area.x + area.width.saturating_sub(w);
        self.put(Area::new(x, area.y, w, 1), &text, style);
    }

    /// Writes pieces one after the other.
    pub(super) fn pieces(&mut self, mut area: Area, pieces: &[(&str, Style)]) {
        for (text, style) in pieces {
            let used = self.put(area, text, *style);
            area.x += used;
            area.width -= used.min(area.width);
        }
    }

    /// Lays a style over what is there.
    pub(super) fn tint(&mut self, area: Area, style: Style) {
        let area = self.within(area);
        self.buffer.set_style(rect(area), style);
    }

    /// Empties a rectangle.
    pub(super) fn clear(&mut self, area: Area) {
        let area = self.within(area);
        for y in area.y..area.bottom() {
            for x in area.x..area.right() {
                self.buffer[(x, y)].reset();
            }
        }
    }

    /// One of two texts: the second where there are only words.
    pub(super) fn sign(&self, sign: &'static str, word: &'static str) -> &'static str {
        if self.ascii { word } else { sign }
    }

    /// The left side of a frame.
    pub(super) fn side(&mut self, area: Area) {
        let (sign, style) = (self.sign("│", "|"), self.theme.border);
        for line in 0..area.height {
            self.put(area.line(line), sign, style);
        }
    }

    /// A border with text on its left and on its right. `corner` begins it.
    pub(super) fn border(&mut self, area: Area, corner: &'static str, left: &str, right: &str) {
        let line = self.sign("─", "-");
        let all: String = std::iter::repeat_n(line, usize::from(area.width)).collect();
        let style = self.theme.border;
        self.put(area, &all, style);
        self.put(area, self.sign(corner, "+"), style);
        if !left.is_empty() {
            let taken = if right.is_empty() { 0 } else { width(right) + 3 };
            let room = usize::from(area.width).saturating_sub(taken + 3);
            let text = format!(" {} ", cut(left, room.saturating_sub(1), self.ascii));
            self.put(Area::new(area.x + 1, area.y, area.width.saturating_sub(2), 1), &text, self.theme.text);
        }
        if !right.is_empty() {
            let text = format!(" {right} ");
            let w = u16::try_from(width(&text)).unwrap_or(area.width).min(area.width.saturating_sub(2));
            let room = Area::new(area.right().saturating_sub(w + 1), area.y, w, 1);
            self.put(room, &text, self.theme.quiet);
        }
    }
}

/// Text for a terminal that has only ASCII: our signs become others of the same width, what else there is becomes `?`.
fn ascii(text: &str) -> String {
    if text.is_ascii() {
        return text.to_owned();
    }
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            _ if c.is_ascii() => out.push(c),
            '…' | '≈' => out.push('~'),
            '·' | '–' | '−' => out.push('-'),
            '‹' | '←' => out.push('<'),
            '›' | '→' | '≥' => out.push('>'),
            '↑' => out.push('^'),
            '↓' => out.push('v'),
            '×' => out.push('x'),
            other => out.extend(std::iter::repeat_n('?', width(other.encode_utf8(&mut [0; 4])))),
        }
    }
    out
}

/// The same rectangle for ratatui.
pub(super) fn rect(area: Area) -> Rect {
    Rect::new(area.x, area.y, area.width, area.height)
}
