//! The big view, for a room or a small terminal: RULE, OWED and GETS as strips on one ruler, and GETS in big digits.
//!
//! The strips show the groups at the bottom of what is unfolded (the leaves), in the order of the tree; RULE has their
//! parents above them. What the leaves do not account for stays blank.
use crate::app::area::Area;
use crate::app::scale::{Ruler, name_of};
use crate::app::state::State;
use crate::app::text::{cut, wrap};
use crate::app::{act, why};
use crate::model::id::GroupId;
use crate::split::ratio::Ratio;
use crate::split::table::Row as SplitRow;

use super::digits;
use super::format;
use super::header;
use super::paint::Painter;

mod strips;

use strips::{Strip, full, parents, scale_line, strip};

/// At most so many segments in a strip; the rest is one, "others".
const MOST: usize = 12;
/// Columns of the labels at the left of the strips.
const LABEL: u16 = 7;

/// One segment of the strips.
struct Leaf {
    id: Option<GroupId>,
    name: String,
    held: bool,
    /// It is right below the base.
    outermost: bool,
    /// Part of the base, 0 to 1.
    rule: Option<f64>,
    rule_text: String,
    /// Percent of the ruler.
    owed: Option<f64>,
    owed_text: String,
    gets: Option<f64>,
    gets_text: String,
    verdict: &'static str,
}

/// Paints the big view; the place of the cursor, on the selected group.
pub(super) fn draw(painter: &mut Painter<'_>, state: &State) -> Option<(u16, u16)> {
    let theme = painter.theme;
    let ruler = Ruler::of(state);
    title(painter, state, &ruler);
    let area = state.layout.tree;
    let mut cursor = None;
    if state.has_cpu() && !state.flat.rows.is_empty() {
        let leaves = leaves(state, &ruler);
        let characters = |leaf: &Leaf| leaf.gets.map_or(1, |percent| if percent >= 99.5 { 3 } else { 2 });
        let plan = Plan::of(area, leaves.len(), leaves.iter().map(characters).max().unwrap_or(2));
        let strips = Area::new(area.x + LABEL, area.y, area.width.saturating_sub(LABEL + 1), area.height);
        let full = full(state, &leaves);
        scale_line(painter, strips.line(0), full);
        parents(painter, state, strips.line(1), &leaves);
        let mut y = 2;
        for (label, which) in [("RULE", Strip::Rule), ("OWED", Strip::Owed), ("GETS", Strip::Gets)] {
            // RULE is named where it begins: at the groups above.
            let at = area.line(if which == Strip::Rule { 1 } else { y });
            painter.put(Area::new(at.x + 1, at.y, LABEL - 1, 1), label, theme.heading);
            for thick in 0..plan.thick {
                strip(painter, strips.line(y + thick), &leaves, which, thick == 0, full);
            }
            y += plan.thick;
        }
        let top = y + plan.gap;
        let below = Area::new(area.x, area.y + top, area.width, area.height.saturating_sub(top));
        cursor = numbers(painter, state, below, &leaves, &plan);
    } else {
        let text = if state.snapshot().is_none() {
            "reading the host …"
        } else {
            "this hierarchy has no cpu controller: , and . change the hierarchy"
        };
        painter.put(Area::new(area.x + 1, area.y + 1, area.width.saturating_sub(1), 1), text, theme.text);
    }
    reason(painter, state);
    cursor
}

fn title(painter: &mut Painter<'_>, state: &State, ruler: &Ruler) {
    let theme = painter.theme;
    let area = state.layout.header;
    let fresh = header::freshness(state);
    let right = if fresh.is_empty() { header::window(state) } else { fresh.clone() };
    let style = if fresh.is_empty() { theme.quiet } else { theme.on };
    let name = state.progress.as_ref().map_or_else(
        || state.snapshot().map_or_else(|| "cgrove".to_owned(), |s| s.host.name.clone()),
        |progress| progress.title.clone(),
    );
    let name = crate::model::bytes::escape(name.as_bytes());
    // Where it does not fit, what stands behind the semicolon can be left out.
    let whole = format!("100 % = {}", ruler.name);
    let short = usize::from(area.width) < whole.len() + right.len() + name.len() + 8;
    let scale = if short { format!("100 % = {}", ruler.short_name()) } else { whole };
    let room = usize::from(area.width).saturating_sub(scale.len() + right.len() + 8);
    painter.pieces(
        Area::new(area.x + 1, area.y, area.width.saturating_sub(1), 1),
        &[(&cut(&name, room.max(4), painter.ascii), theme.heading), ("   ", theme.text), (&scale, theme.text)],
    );
    painter.put_right(area, &format!(" {right} "), style);
}

/// The lowest groups on screen that have a part of their own (RULE): below them, tasks compete one by one.
fn lowest(state: &State) -> Vec<(GroupId, &SplitRow)> {
    let Some(snapshot) = state.snapshot() else { return Vec::new() };
    let has_rule = |id: GroupId| state.split(id).filter(|row| row.configured.is_some());
    let is_lowest = |id: GroupId, folded: bool| {
        folded
            || snapshot
                .structure
                .group(id)
                .is_some_and(|group| group.children.iter().all(|&child| has_rule(child).is_none()))
    };
    let rows = state.flat.rows.iter().filter(|row| !row.gone && is_lowest(row.id, row.folded));
    rows.filter_map(|row| Some((row.id, has_rule(row.id)?))).collect()
}

fn leaves(state: &State, ruler: &Ruler) -> Vec<Leaf> {
    let base = state.base().and_then(|id| state.split(id)).and_then(|row| row.configured);
    let all = lowest(state);
    let keep = if all.len() > MOST { MOST - 1 } else { all.len() };
    let ascii = state.setup.ascii;
    let mut leaves: Vec<Leaf> = all[..keep]
        .iter()
        .map(|&(id, row)| Leaf {
            id: Some(id),
            name: name_of(state, id),
            held: act::is_held(state, id),
            outermost: state.snapshot().and_then(|s| s.structure.group(id)).is_some_and(|g| g.parent == state.base()),
            rule: row.configured.and_then(|r| r.within(base.unwrap_or(Ratio::ONE))).map(Ratio::as_f64),
            rule_text: format::rule(row.configured, base),
            owed: ruler.owed_percent(row.expected),
            owed_text: format::owed(ruler, row.expected, ascii),
            gets: ruler.gets_percent(row.measured),
            gets_text: format::gets(ruler, row.measured, ascii),
            verdict: format::given(row.verdict.given, ascii),
        })
        .collect();
    if all.len() > keep {
        let rest = &all[keep..];
        let sum =
            |amount: &dyn Fn(&SplitRow) -> Option<f64>| rest.iter().filter_map(|(_, row)| amount(row)).sum::<f64>();
        let owed = sum(&|row| ruler.owed_percent(row.expected));
        let gets = sum(&|row| ruler.gets_percent(row.measured));
        let rule = sum(&|row| row.configured?.within(base.unwrap_or(Ratio::ONE)).map(Ratio::as_f64));
        leaves.push(Leaf {
            id: None,
            name: format!("others ({})", format::thousands(rest.len())),
            held: false,
            outermost: false,
            rule: Some(rule),
            rule_text: format::percent(rule * 100.0, false),
            owed: Some(owed),
            owed_text: format::percent(owed, false),
            gets: Some(gets),
            gets_text: format::percent(gets, false),
            verdict: "",
        });
    }
    leaves
}

/// How large things are, by the room there is.
struct Plan {
    /// Lines of a strip.
    thick: u16,
    /// Blank lines between strips and numbers.
    gap: u16,
    /// Size of the digits.
    digits: digits::Scale,
    /// Leaves that have a number.
    shown: usize,
    /// Columns of each.
    slot: u16,
}

impl Plan {
    /// `characters`: of the longest number.
    fn of(area: Area, leaves: usize, characters: u16) -> Self {
        let width = area.width.saturating_sub(2);
        let count = u16::try_from(leaves.max(1)).unwrap_or(u16::MAX);
        // The number, the sign, and the mark before them; for the smallest a name must fit, too.
        let needs = |scale: digits::Scale| (characters * scale.advance() + 6).max(17);
        let fits = |scale: &&digits::Scale| {
            let few = needs(**scale).saturating_mul(count) <= width;
            few && scale.height() + 2 + 6 <= area.height
        };
        let smallest = digits::Scale::ALL[digits::Scale::ALL.len() - 1];
        let digits = digits::Scale::ALL.iter().find(fits).copied().unwrap_or(smallest);
        let shown = leaves.min(usize::from(width / needs(digits)).max(1));
        let slot = width / u16::try_from(shown.max(1)).unwrap_or(1);
        let numbers = digits.height() + 2;
        let spare = area.height.saturating_sub(numbers + 2 + 3);
        let thick = 1 + (spare.saturating_sub(1) / 3).min(3);
        let gap = area.height.saturating_sub(numbers + 2 + 3 * thick).min(2);
        Self { thick, gap, digits, shown, slot: slot.min(needs(digits) + 10) }
    }
}

/// GETS in big digits, one slot a leaf; those around the selected one where they are more than fit.
fn numbers(painter: &mut Painter<'_>, state: &State, area: Area, leaves: &[Leaf], plan: &Plan) -> Option<(u16, u16)> {
    let theme = painter.theme;
    let selected = state.selected();
    let at = leaves.iter().position(|leaf| leaf.id == selected && leaf.id.is_some()).unwrap_or(0);
    let first = (at + 1).saturating_sub(plan.shown).min(leaves.len().saturating_sub(plan.shown));
    let mut cursor = None;
    for (n, leaf) in leaves.iter().enumerate().skip(first).take(plan.shown) {
        let x = area.x + 1 + plan.slot * u16::try_from(n - first).unwrap_or(0);
        let cell = Area::new(x, area.y, plan.slot.saturating_sub(1), area.height);
        let chosen = leaf.id.is_some() && leaf.id == selected;
        let held = if leaf.held { " (held)" } else { "" };
        let mark = if chosen { ">" } else { " " };
        let style = if chosen { theme.selected } else { theme.heading };
        let room = usize::from(cell.width).saturating_sub(held.len() + 3);
        let name = crate::app::text::cut_middle(&leaf.name, room, painter.ascii);
        painter.put(cell.line(0), &format!("{mark} {name}{held} "), style);
        if chosen {
            cursor = Some((cell.x, cell.y));
        }
        let text = match leaf.gets {
            Some(percent) => format!("{:.0}", percent.max(0.0)),
            None if leaf.gets_text == "?" => "?".to_owned(),
            None => "…".to_owned(),
        };
        let strip = theme.strips[n % theme.strips.len()];
        let mut dx = 2;
        for c in text.chars().take(4) {
            for (row, pixels) in (1..).zip(digits::rows(c, plan.digits, painter.ascii)) {
                let line = cell.line(row);
                let room = plan.digits.advance().min(line.width.saturating_sub(dx));
                painter.put(Area::new(line.x + dx, line.y, room, line.height), pixels.trim_end(), strip);
            }
            dx += plan.digits.advance();
        }
        if leaf.gets.is_none() {
            dx = cell.width;
        }
        let unit = cell.line(plan.digits.height());
        painter.put(Area::new(unit.x + dx, unit.y, unit.width.saturating_sub(dx), unit.height), "%", theme.text);
        let below = cell.line(plan.digits.height() + 1);
        let line = Area::new(below.x + 2, below.y, below.width.saturating_sub(2), below.height);
        painter.put(line, &format!("owed {}  {}", leaf.owed_text, leaf.verdict), theme.text);
    }
    cursor
}

/// Why, the pressed key, and the last shell line.
fn reason(painter: &mut Painter<'_>, state: &State) {
    let theme = painter.theme;
    let panel = state.layout.panel;
    let columns = usize::from(panel.width.saturating_sub(2));
    let lines: Vec<String> = why::paragraphs(state).iter().flat_map(|text| wrap(text, columns)).collect();
    for (n, text) in (0..panel.height).zip(&lines) {
        let line = panel.line(n);
        let more = n + 1 == panel.height && lines.len() > usize::from(panel.height);
        let text = if more {
            // The last line that fits says that there is more.
            let head = cut(text, columns.saturating_sub(1), painter.ascii);
            let head = head.trim_end_matches(['…', '~', ' ']);
            format!("{head}{}", painter.sign("…", "~"))
        } else {
            text.clone()
        };
        painter.put(Area::new(line.x + 1, line.y, line.width.saturating_sub(1), 1), &text, theme.text);
    }
    let line = state.layout.change;
    let line = Area::new(line.x + 1, line.y, line.width.saturating_sub(1), 1);
    if let Some(moving) = &state.moving {
        super::moving::how_much(painter, state, moving, line);
        return;
    }
    if let Some(change) = &state.last_change {
        let shell = change.shell.last().map(|line| crate::app::change::shorten(state, line)).unwrap_or_default();
        painter.put(line, &format!("$ {shell}"), theme.shell);
    }
    if let Some((key, _)) = state.pressed_key {
        let word = crate::app::keymap::BINDINGS.iter().find(|b| b.keys == key).map_or("", |b| b.word);
        painter.put_right(line, &format!(" {key} {word} "), theme.on);
    }
}
