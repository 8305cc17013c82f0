//! Paints the layout that `app` computed. Decides nothing: what is visible, where it is and what a click hits stands in
//! the state; what a number looks like stands here.

use ratatui::Frame;

use crate::app::state::State;

/// Draws the whole screen, and sets the hardware cursor on the selected row or into the prompt.
pub fn draw(_frame: &mut Frame<'_>, _state: &State) {}
