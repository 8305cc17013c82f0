//! The bottom line: a prompt, what is being moved, something to say, or the keys.
use crate::app::area::Area;
use crate::app::state::State;
use crate::app::text::{cut, cut_left, width};

use super::paint::Painter;

/// Paints it; the place of the cursor if something is typed.
pub(super) fn draw(painter: &mut Painter<'_>, state: &State) -> Option<(u16, u16)> {
    let theme = painter.theme;
    let area = state.layout.keys;
    let inside = Area::new(area.x + 1, area.y, area.width.saturating_sub(1), 1);
    if let Some(prompt) = &state.prompt {
        return Some(typed(painter, prompt, inside));
    }
    if let Some(moving) = state.moving.as_ref().filter(|moving| moving.dragging || state.notice.is_none()) {
        super::moving::outcome(painter, state, moving, inside);
        return None;
    }
    if let Some((said, _)) = &state.notice {
        painter.put(inside, said, theme.warning);
        return None;
    }
    for label in &state.layout.labels {
        painter.pieces(label.area, &[(label.key, theme.key), (" ", theme.text), (label.word, theme.text)]);
    }
    None
}

/// The prompt: question, text with its cursor in sight, and what is wrong or what can be typed.
fn typed(painter: &mut Painter<'_>, prompt: &crate::app::prompt::Prompt, area: Area) -> (u16, u16) {
    let theme = painter.theme;
    let columns = usize::from(area.width);
    let question = cut_left(&prompt.question(), columns / 2, painter.ascii);
    let used = painter.put(area, &question, theme.heading);
    let room = columns - usize::from(used);
    // The part before the cursor is what must be seen.
    let value = prompt.input.value();
    let before: String = value.chars().take(prompt.input.cursor()).collect();
    let after: String = value.chars().skip(prompt.input.cursor()).collect();
    let shown = cut_left(&before, room.saturating_sub(1), painter.ascii);
    let at = used + u16::try_from(width(&shown)).unwrap_or(0);
    let style = if prompt.replace { theme.on } else { theme.text };
    painter.put(Area::new(area.x + used, area.y, area.width - used, 1), &shown, style);
    let rest = Area::new(area.x + at, area.y, area.width.saturating_sub(at), 1);
    painter.put(rest, &after, style);
    let end = at + u16::try_from(width(&after)).unwrap_or(0) + 2;
    let (text, style) = match &prompt.error {
        Some(error) => (error.clone(), theme.bad),
        None => (prompt.hint(), theme.quiet),
    };
    if end < area.width {
        let room = usize::from(area.width - end - 1);
        let text = cut(&text, room, painter.ascii);
        painter.put_right(Area::new(area.x + end, area.y, area.width - end - 1, 1), &text, style);
    }
    (area.x + at, area.y)
}
