//! The columns of the tree: fixed widths for numbers, the rest for the name and the bar.
use crate::model::bytes::escape;

use super::super::area::Area;
use super::super::sort::Column;
use super::super::state::State;
use super::super::text::width;

/// A column and where it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cells {
    /// Which.
    pub column: Column,
    /// Leftmost cell.
    pub x: u16,
    /// Cells; a blank after them is not counted.
    pub width: u16,
}

/// Cells that a row is indented by: two a level down to the third, then one.
#[must_use]
pub fn indent(depth: u16) -> u16 {
    2 * depth.min(3) + depth.saturating_sub(3).min(20)
}

/// Cells before the sign of a row at the left: the border, the mark of the cursor, the mark of a tag.
pub const SIGN: u16 = 3;

/// Cells of OWED as old → new.
const BOTH: u16 = 18;

/// Cells of a column of numbers.
fn fixed(column: Column, moving: bool) -> u16 {
    match column {
        Column::Owed if moving => BOTH,
        Column::Rule | Column::Children | Column::State => 6,
        Column::Owed | Column::Gets => 8,
        Column::Verdict => 2,
        Column::Wait => 5,
        Column::Enough => 14,
        // WEIGHT with the mark of the order.
        Column::Weight | Column::Tasks => 7,
        Column::Group | Column::Bar => 0,
    }
}

/// Least and most cells of the bar: five for the difference and a blank, the rest to see.
const BAR: (u16, u16) = (12, 46);

/// Least cells of what is said of a target.
const SAID: u16 = 24;

/// Least cells of the name.
const NAME: u16 = 16;

/// Places the columns into the width of the tree.
pub(super) fn place(state: &State, tree: Area, first_row: usize) -> Vec<Cells> {
    let moving = state.moving.is_some() && state.has_cpu();
    // What counts then is what would be owed, and what is said of each target, where else the bar is.
    let columns: &[Column] = if moving && tree.width < 100 {
        &[Column::Group, Column::Rule, Column::Owed, Column::Bar]
    } else if moving {
        &[Column::Group, Column::Weight, Column::Rule, Column::Owed, Column::Bar]
    } else {
        Column::of(state, tree.width)
    };
    let numbers: u16 = columns.iter().map(|&column| fixed(column, moving)).sum();
    let blanks = u16::try_from(columns.len()).unwrap_or(0);
    let free = tree.width.saturating_sub(numbers + blanks + 2);
    let longest = state
        .flat
        .rows
        .iter()
        .skip(first_row)
        .take(usize::from(tree.height))
        .map(|row| {
            let group = state.snapshot().filter(|_| !row.gone).and_then(|s| s.structure.group(row.id));
            let name = group.map_or(0, |group| {
                // A name longer than any terminal need not be measured to its end.
                let end = group.name.len().min(512);
                let name = width(&escape(&group.name[..end])).max(5);
                if state.tree.list { name + 8 * usize::from(group.depth) } else { name }
            });
            usize::from(SIGN + indent(row.depth)) + 2 + name
        })
        .max()
        .unwrap_or(0);
    let longest = u16::try_from(longest).unwrap_or(u16::MAX);
    let has_bar = columns.contains(&Column::Bar);
    let (name, bar) = if has_bar {
        let least = if moving { SAID } else { BAR.0 };
        let name = longest.clamp(NAME, free.saturating_sub(least).max(NAME));
        let bar = free.saturating_sub(name).min(BAR.1);
        (free - bar, bar)
    } else {
        (longest.clamp(NAME, 60).min(free), 0)
    };
    let mut x = tree.x;
    columns
        .iter()
        .map(|&column| {
            let width = match column {
                Column::Group => name,
                Column::Bar => bar,
                other => fixed(other, moving),
            };
            let cells = Cells { column, x, width };
            x += width + 1;
            cells
        })
        .collect()
}
