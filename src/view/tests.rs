//! Whole screens as text, and their styles where a meaning hangs on them.
use ratatui::Terminal;
use ratatui::backend::TestBackend;

use crate::app::setup::{Setup, ThemeChoice};
use crate::app::state::State;
use crate::app::testing::{World, figure, figure_held, setup};

/// The screen as text, lines right-trimmed, and the place of the cursor.
fn screen(state: &State) -> String {
    let mut terminal = Terminal::new(TestBackend::new(state.size.0, state.size.1)).unwrap();
    terminal.draw(|frame| super::draw(frame, state)).unwrap();
    let buffer = terminal.backend().buffer().clone();
    let mut out = String::new();
    for y in 0..buffer.area.height {
        let mut line = String::new();
        let mut skip = 0;
        for x in 0..buffer.area.width {
            let symbol = buffer[(x, y)].symbol();
            if skip == 0 {
                line.push_str(symbol);
                skip = crate::app::text::width(symbol).saturating_sub(1);
            } else {
                skip -= 1;
            }
        }
        out.push_str(line.trim_end());
        out.push('\n');
    }
    out
}

fn small() -> Setup {
    Setup { theme: ThemeChoice::None, ..setup() }
}

#[test]
fn figure_80x24() {
    let mut world = figure();
    let mut state = world.state(small(), 80, 24);
    world.press(&mut state, "jj");
    insta::assert_snapshot!(screen(&state));
}

#[test]
fn figure_held_80x24() {
    let mut world = figure_held();
    let mut state = world.state(small(), 80, 24);
    world.press(&mut state, "jj");
    insta::assert_snapshot!(screen(&state));
}

#[test]
fn figure_held_58x16() {
    let mut world = figure_held();
    let mut state = world.state(small(), 58, 16);
    world.press(&mut state, "jj");
    insta::assert_snapshot!(screen(&state));
}

#[test]
fn figure_120x40() {
    let mut world = figure();
    let mut state = world.state(small(), 120, 40);
    world.press(&mut state, "jj");
    insta::assert_snapshot!(screen(&state));
}

#[test]
fn empty_80x24() {
    let mut world = World::v1();
    let state = world.state(small(), 80, 24);
    insta::assert_snapshot!(screen(&state));
}
