//! RULE, OWED and GETS as strips on one ruler.
use crate::app::area::Area;
use crate::app::scale::name_of;
use crate::app::state::State;
use crate::model::id::GroupId;
use crate::view::format;
use crate::view::paint::Painter;

use super::Leaf;

/// How many times 100 % the strips are wide: once, or all CPUs where one CPU is 100 % and there is more than that to show.
pub(super) fn full(state: &State, leaves: &[Leaf]) -> usize {
    let owed: f64 = leaves.iter().filter_map(|leaf| leaf.owed).sum();
    let gets: f64 = leaves.iter().filter_map(|leaf| leaf.gets).sum();
    if owed.max(gets) > 105.0 { state.snapshot().map_or(1, |snapshot| snapshot.host.cpus()) } else { 1 }
}

/// `0  25  50  75  100` over the strips.
pub(super) fn scale_line(painter: &mut Painter<'_>, area: Area, full: usize) {
    let quiet = painter.theme.quiet;
    for part in 0..4_u16 {
        let x = area.x + area.width * part / 4;
        let text = (usize::from(part) * 25 * full).to_string();
        painter.put(Area::new(x, area.y, 6, 1), &text, quiet);
    }
    painter.put_right(area, &(100 * full).to_string(), quiet);
}

/// Which of the three.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Strip {
    Rule,
    Owed,
    Gets,
}

/// Column of a part (0 to 1) in a strip.
fn column(area: Area, part: f64) -> u16 {
    // Clamped to the width of the terminal.
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "0 to 1 of the width of the terminal")]
    let x = (part.clamp(0.0, 1.0) * f64::from(area.width)).round() as u16;
    area.x + x
}

/// One line of a strip; `named`: with names and numbers in it.
pub(super) fn strip(painter: &mut Painter<'_>, area: Area, leaves: &[Leaf], which: Strip, named: bool, times: usize) {
    let theme = painter.theme;
    let side = painter.sign("│", "|");
    let mut sum = 0.0;
    painter.put(area, side, theme.border);
    for (n, leaf) in leaves.iter().enumerate() {
        let (part, text) = match which {
            Strip::Rule => (leaf.rule, &leaf.rule_text),
            Strip::Owed => (leaf.owed.map(|percent| percent / 100.0 / times as f64), &leaf.owed_text),
            Strip::Gets => (leaf.gets.map(|percent| percent / 100.0 / times as f64), &leaf.gets_text),
        };
        let Some(part) = part.filter(|part| *part > 0.0) else { continue };
        let from = column(area, sum);
        sum += part;
        let to = column(area, sum);
        let inside = Area::new(from + 1, area.y, to.saturating_sub(from + 1), 1);
        let style = theme.strips[n % theme.strips.len()];
        match which {
            Strip::Gets => {
                let all: String = std::iter::repeat_n(fill(n, painter.ascii), usize::from(inside.width)).collect();
                painter.put(inside, &all, style);
                let label = format!(" {} ", leaf.name);
                if named && usize::from(inside.width) > crate::app::text::width(&label) + 1 {
                    painter.put(Area::new(inside.x + 1, inside.y, inside.width - 1, 1), &label, theme.text);
                }
            }
            // A leaf right below the base is named in the line above.
            Strip::Rule if leaf.outermost => {}
            _ if named => {
                painter.put(inside, &format!(" {} {text}", leaf.name), style);
            }
            _ => {}
        }
        if to > from {
            painter.put(Area::new(to.min(area.right()), area.y, 1, 1), side, theme.border);
        }
    }
    painter.put(Area::new(area.right(), area.y, 1, 1), side, theme.border);
}

fn fill(n: usize, ascii: bool) -> &'static str {
    let signs: [&str; 4] = if ascii { ["#", "=", "%", "-"] } else { ["█", "▒", "▓", "░"] };
    signs[n % signs.len()]
}

/// The groups right below the base, over what their leaves have in RULE.
pub(super) fn parents(painter: &mut Painter<'_>, state: &State, area: Area, leaves: &[Leaf]) {
    let theme = painter.theme;
    let Some((snapshot, base)) = state.snapshot().zip(state.base()) else { return };
    let structure = &snapshot.structure;
    let ratio = state.split(base).and_then(|row| row.configured);
    let mut sum = 0.0;
    let line = painter.sign("─", "-");
    let mut last: Option<GroupId> = None;
    let mut began = 0.0;
    painter.put(area, painter.sign("├", "+"), theme.border);
    let close = |painter: &mut Painter<'_>, top: GroupId, from: f64, to: f64| {
        let (from, to) = (column(area, from), column(area, to));
        let inside = Area::new(from + 1, area.y, to.saturating_sub(from + 1), 1);
        let all: String = std::iter::repeat_n(line, usize::from(inside.width)).collect();
        painter.put(inside, &all, theme.border);
        let rule = format::rule(state.split(top).and_then(|row| row.configured), ratio);
        let label = format!(" {} {rule} ", name_of(state, top));
        painter.put(Area::new(inside.x + 1, inside.y, inside.width.saturating_sub(2), 1), &label, theme.heading);
        let corner = if to >= area.right() { painter.sign("┤", "+") } else { painter.sign("┼", "+") };
        painter.put(Area::new(to.min(area.right()), area.y, 1, 1), corner, theme.border);
    };
    for leaf in leaves {
        let Some(id) = leaf.id else { continue };
        // The ancestor right below the base.
        let top = structure.ancestors(id).take_while(|&above| above != base).last();
        if top != last {
            if let Some(top) = last {
                close(painter, top, began, sum);
            }
            began = sum;
            last = top;
        }
        sum += leaf.rule.unwrap_or(0.0);
    }
    if let Some(top) = last {
        close(painter, top, began, sum);
    }
}
