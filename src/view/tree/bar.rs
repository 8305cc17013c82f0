//! The bar of a row: what it gets, and RULE as a mark in it.
use ratatui::style::Style;

use crate::app::area::Area;
use crate::app::text::right;
use crate::split::ratio::Ratio;
use crate::split::table::Row as SplitRow;

use super::super::format;
use super::super::paint::Painter;
use super::Common;

/// GETS − RULE in points, then GETS as a bar with RULE as a mark in it.
pub(super) fn bar(painter: &mut Painter<'_>, common: &Common<'_>, split: &SplitRow, cell: Area, style: Style) {
    let theme = painter.theme;
    let difference = format::beside_rule(&common.ruler, split, common.base).unwrap_or_default();
    painter.put(cell, &right(&difference, 4, painter.ascii), style);
    let bar = Area::new(cell.x + 5, cell.y, cell.width.saturating_sub(5), 1);
    let cells = f64::from(bar.width);
    let (full, half, mark) = (painter.sign("█", "="), painter.sign("▌", "-"), painter.sign(":", ":"));
    if let Some(percent) = common.ruler.gets_percent(split.measured) {
        let halves = (percent / 100.0 * cells * 2.0).round().clamp(0.0, cells * 2.0);
        // At most twice the width of a terminal, and not negative.
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "clamped to the width of the bar")]
        let halves = halves as usize;
        let mut text: String = std::iter::repeat_n(full, halves / 2).collect();
        if halves % 2 == 1 {
            text.push_str(half);
        }
        painter.put(bar, &text, if common.stale { theme.quiet } else { theme.bar });
    }
    if common.ruler.beside_rule
        && let Some(rule) = split.configured.and_then(|ratio| ratio.within(common.base.unwrap_or(Ratio::ONE)))
        && rule != Ratio::ONE
        && bar.width > 0
    {
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a part of the width of the bar")]
        let at = (rule.as_f64() * cells).round() as u16;
        painter.put(Area::new(bar.x + at.min(bar.width - 1), bar.y, 1, 1), mark, theme.mark);
    }
}
