//! Paints the layout that `app` computed. Decides nothing: what is visible, where it is and what a click hits stands in
//! the state; what a number looks like stands here ([`format`]).
//!
//! One file a panel; each has one function that takes a [`paint::Painter`] and the state. Meaning is carried by words and
//! signs; [`theme`] adds colour to it and can be empty.

mod big;
mod change;
mod dialog;
mod digits;
mod files;
pub mod format;
mod header;
mod keys;
mod log;
mod moving;
mod paint;
pub mod plain;
mod tasks;
pub mod theme;
mod tree;
mod why;

#[cfg(test)]
mod tests;

use ratatui::Frame;

use crate::app::layout::Screen;
use crate::app::state::{Panel, State};

use paint::Painter;

/// Draws the whole screen, and sets the hardware cursor on the selected row or into what is typed.
pub fn draw(frame: &mut Frame<'_>, state: &State) {
    let mut painter = Painter::new(frame.buffer_mut(), state);
    let mut cursor = None;
    match state.layout.screen {
        Screen::TooSmall => too_small(&mut painter, state),
        Screen::Big => {
            cursor = big::draw(&mut painter, state);
            cursor = keys::draw(&mut painter, state).or(cursor);
        }
        Screen::Log => {
            header::draw(&mut painter, state);
            cursor = log::draw(&mut painter, state);
            cursor = keys::draw(&mut painter, state).or(cursor);
        }
        Screen::Tree => {
            header::draw(&mut painter, state);
            cursor = tree::draw(&mut painter, state);
            header::panel_border(&mut painter, state);
            let in_panel = match state.panel {
                Panel::Why => {
                    why::draw(&mut painter, state);
                    None
                }
                Panel::Tasks => tasks::draw(&mut painter, state),
                Panel::Files => files::draw(&mut painter, state),
            };
            cursor = in_panel.or(cursor);
            change::draw(&mut painter, state);
            cursor = keys::draw(&mut painter, state).or(cursor);
        }
    }
    if let Some(face) = &state.layout.face {
        cursor = dialog::draw(&mut painter, face);
    }
    if let Some((x, y)) = cursor {
        let area = frame.area();
        if x < area.width && y < area.height {
            frame.set_cursor_position((x, y));
        }
    }
}

fn too_small(painter: &mut Painter<'_>, state: &State) {
    let whole = state.layout.whole;
    let theme = painter.theme;
    painter.put(whole.line(0), &format!("{}x{}: at least 58x16 is needed", state.size.0, state.size.1), theme.text);
    painter.put(whole.line(1), "q leaves", theme.quiet);
}
