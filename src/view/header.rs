//! The first lines: which host, who, what may be changed, how fresh; the hierarchies; the borders with their words.
use std::fmt::Write as _;

use crate::app::area::Area;
use crate::app::change::Phase;
use crate::app::scale::{Ruler, Scale, name_of};
use crate::app::state::{Panel, State};
use crate::app::text::width;
use crate::model::bytes::escape;
use crate::model::hierarchy::Mode;
use crate::model::id::GroupId;
use crate::split::table::Window;

use super::format;
use super::paint::Painter;

/// Header, second line and hierarchy bar.
pub(super) fn draw(painter: &mut Painter<'_>, state: &State) {
    let theme = painter.theme;
    let layout = &state.layout;
    let area = layout.header;
    let right = freshness(state);
    let screens = layout.screens.first().map_or(area.right(), |name| name.area.x);
    let free = Area::new(area.x, area.y, screens.saturating_sub(area.x + 1), 1);
    painter.pieces(
        Area::new(free.x + 1, free.y, free.width.saturating_sub(1), 1),
        &[("cgrove", theme.heading), ("  ", theme.text), (&who(state), theme.text)],
    );
    if !right.is_empty() {
        let text = format!(" {right} ");
        painter.put_right(free, &text, theme.on);
    }
    for name in &layout.screens {
        let style = if name.on { theme.on } else { theme.text };
        let (open, close) = if name.on { ("[", "]") } else { (" ", " ") };
        painter.put(name.area, &format!("{open}{}{close}", name.text), style);
    }
    let area = layout.second;
    let known = state.setup.stage.is_some() || state.table().is_some();
    let right = if known { window(state) } else { String::new() };
    let columns = |text: &str| u16::try_from(width(text)).unwrap_or(u16::MAX);
    let taken = columns(&right).min(area.width / 2 + 4);
    let (line, room) = (Area::new(area.x + 1, area.y, area.width - 1, 1), area.width.saturating_sub(taken + 1));
    painter.put_right(Area::new(line.x + room, line.y, taken.min(area.width - 2), 1), &right, theme.quiet);
    let room = room.saturating_sub(2);
    let text = first_that_fits(stage(state), usize::from(room));
    painter.put(Area::new(line.x, line.y, room, 1), &text, theme.quiet);
    for name in &layout.bar {
        let (open, close) = if name.on { (painter.sign("‹", "<"), painter.sign("›", ">")) } else { (" ", " ") };
        let style = if name.on { theme.on } else { theme.text };
        painter.put(name.area, &format!("{open}{}{close}", name.text), style);
    }
    if let Some(first) = layout.bar.first() {
        let y = first.area.y;
        if layout.bar_more.0 {
            painter.put(Area::new(0, y, 1, 1), painter.sign("◂", "<"), theme.key);
        }
        if layout.bar_more.1 {
            painter.put(Area::new(layout.whole.width - 1, y, 1, 1), painter.sign("▸", ">"), theme.key);
        }
    }
}

/// `host · v1 · user, may change …`.
pub(super) fn who(state: &State) -> String {
    let Some(snapshot) = state.snapshot() else { return "reading the host …".to_owned() };
    let host = &snapshot.host;
    let dot = if state.setup.ascii { "-" } else { "·" };
    let versions = match host.mode {
        Mode::Legacy => "v1",
        Mode::Hybrid => "v1 + v2",
        Mode::Unified => "v2",
        Mode::None => "no cgroups mounted",
    };
    let name = escape(host.name.as_bytes());
    let user = escape(host.user.as_bytes());
    format!("{name} {dot} {versions} {dot} {user}, {}", may(state))
}

fn may(state: &State) -> String {
    if state.setup.limits.read_only {
        "--read-only".to_owned()
    } else if state.no_journal.is_some() {
        "may change nothing: no journal".to_owned()
    } else if let Some(only) = &state.setup.limits.only {
        format!("only {only}")
    } else if state.armed {
        "ARMED: may change everything".to_owned()
    } else if state.setup.stage.is_some() {
        "may change STAGE only (! all)".to_owned()
    } else {
        "LOOKING (! to change)".to_owned()
    }
}

/// What is not as always: paused, old, at work. Empty if all is fresh.
pub(super) fn freshness(state: &State) -> String {
    let seconds = |since| state.now.nanos_since(since) / 1_000_000_000;
    if let Some(since) = state.paused {
        return format!("PAUSED {} s", seconds(since));
    }
    if let Some(age) = state.stale() {
        return format!("NO SAMPLE FOR {age} s");
    }
    match &state.flight {
        Some(flight) => {
            let age = seconds(flight.since);
            let age = if age > 0 { format!(" {age} s") } else { String::new() };
            match flight.phase {
                Phase::Planning => format!("looking{age}"),
                Phase::Doing(step) => format!("step {} of {}{age}", step + 1, flight.steps.max(1)),
                Phase::Asking => String::new(),
            }
        }
        None => state.aged().map_or_else(String::new, |age| format!("sampled {age} s ago")),
    }
}

/// The first of several texts, the longest first, that fits; else the last.
fn first_that_fits(mut texts: Vec<String>, room: usize) -> String {
    let at = texts.iter().position(|text| width(text) <= room).unwrap_or(texts.len().saturating_sub(1));
    if at < texts.len() { texts.swap_remove(at) } else { String::new() }
}

/// Where the stage is and what it gets, the longest way of saying it first.
fn stage(state: &State) -> Vec<String> {
    let Some(place) = &state.setup.stage else {
        return vec![escape(
            state.setup.no_stage.as_deref().unwrap_or("no stage: nothing can be built here").as_bytes(),
        )];
    };
    let label = state
        .snapshot()
        .and_then(|snapshot| snapshot.structure.hierarchy(place.hierarchy))
        .map(crate::model::hierarchy::Hierarchy::label);
    let hierarchy = label.map(|label| format!("{label}:")).unwrap_or_default();
    let tail = format!("{hierarchy}{place}");
    let name = format!("STAGE = {}", crate::app::text::cut_left(&tail, 30, state.setup.ascii));
    // In parts of a group below it, it would have more than all there is.
    let inside = state.scale == Scale::Base && state.base() != state.stage();
    match state.stage().and_then(|id| state.split(id)) {
        Some(row) if state.has_cpu() && !inside => {
            let ruler = Ruler::of(state);
            let gets = format!("{name}, gets {}", format::gets(&ruler, row.measured, state.setup.ascii));
            vec![format!("{gets} of {}", ruler.short_name()), gets, name]
        }
        _ => vec![name],
    }
}

/// Since when is measured, and what began it.
pub(super) fn window(state: &State) -> String {
    let Some((shown, base)) = state.shown.as_ref().zip(state.base()) else {
        let unmounted = state.shown_hierarchy().is_some_and(|hierarchy| hierarchy.root.is_none());
        return if unmounted { String::new() } else { "the first sample is on its way".to_owned() };
    };
    if !state.has_cpu() {
        return String::new();
    }
    let groups: Vec<GroupId> = shown.snapshot.structure.subtree(base).collect();
    match shown.table.window(&groups) {
        Some(Window { seconds, because: Some(what) }) => format!("{seconds:.0} s since: {what}"),
        Some(Window { seconds, because: None }) if seconds > 0.0 => format!("over {seconds:.0} s"),
        _ => "one sample so far".to_owned(),
    }
}

/// The border above the tree: the scale on the left, totals on the right.
pub(super) fn tree_border(painter: &mut Painter<'_>, state: &State) {
    let ruler = Ruler::of(state);
    let tree = &state.tree;
    // First: who does not see the filter misses the rows that it hides.
    let filter = if tree.filter.is_empty() {
        String::new()
    } else {
        format!("filter: {}   ", escape(tree.filter.text.as_bytes()))
    };
    let mut more = String::new();
    if tree.list {
        more.push_str("   list");
    }
    // That the stage is the base goes without saying.
    if let Some(base) = tree.base.and_then(|_| state.base()).filter(|&base| state.stage() != Some(base)) {
        more.push_str("   base ");
        more.push_str(&name_of(state, base));
    }
    if !tree.tags.is_empty() {
        let _ = write!(more, "   {} tagged", tree.tags.len());
    }
    let (area, totals) = (state.layout.tree_border, totals(state));
    let room = usize::from(area.width).saturating_sub(width(&totals) + 7);
    let left = if state.has_cpu() {
        let whole = format!("{filter}100 % = {}{more}", ruler.name);
        let long = format!("{filter}100 % = {} (% changes){more}", ruler.name);
        let short = format!("{filter}100 % = {}{more}", ruler.short_name());
        let mut texts = vec![long, whole, short];
        // Where cpu is, goes without saying, unless it is at several places.
        if let (places, true) = places(state) {
            let with = |place: &String| format!("{}   {place}", texts[2]);
            let named: Vec<String> = places.iter().map(with).collect();
            texts.splice(0..0, named);
        }
        first_that_fits(texts, room)
    } else {
        let mut texts: Vec<String> =
            places(state).0.iter().map(|place| format!("{filter}groups {place}{more}")).collect();
        texts.push(format!("{filter}groups{more}"));
        first_that_fits(texts, room)
    };
    painter.border(area, "┌", &left, &totals);
}

/// Where the hierarchy on screen is mounted, the longest way of saying it first; and whether at several places.
fn places(state: &State) -> (Vec<String>, bool) {
    let mounts = state.shown_hierarchy().map_or(&[][..], |hierarchy| &hierarchy.mounts);
    let points: Vec<String> = mounts.iter().filter(|mount| !mount.hidden).map(|mount| escape(&mount.point)).collect();
    let Some((last, others)) = points.split_last() else {
        return (vec!["that are mounted nowhere (M mounts them)".to_owned()], false);
    };
    if others.is_empty() {
        return (vec![format!("at {last}")], false);
    }
    let mut ways = vec![format!("at {} and {last}", others.join(", "))];
    // As a shell would write it: what all begin with, once.
    let same = |end: &usize| points.iter().all(|point| point.get(..*end) == last.get(..*end));
    let common = last.match_indices('/').map(|(at, _)| at + 1).take_while(same).last();
    if let Some(end) = common.filter(|&end| end > 1) {
        let rest: Vec<&str> = points.iter().map(|point| &point[end..]).collect();
        ways.push(format!("at {}{{{}}}", &last[..end], rest.join(",")));
    }
    ways.push(format!("at {} places", points.len()));
    (ways, true)
}

fn totals(state: &State) -> String {
    let rows = state.flat.rows.iter().filter(|row| row.fits && !row.gone).count();
    let s = |n: usize| if n == 1 { "" } else { "s" };
    let mut text = format!("{} group{}", format::thousands(rows), s(rows));
    if let Some((own, below)) = state.base().and_then(|id| crate::app::tasks::counts(state, id)) {
        let tasks = own.saturating_add(below) as usize;
        let _ = write!(text, ", {} task{}", format::thousands(tasks), s(tasks));
    }
    text
}

/// The border above the panel, with the names of the panels.
pub(super) fn panel_border(painter: &mut Painter<'_>, state: &State) {
    let theme = painter.theme;
    let name = crate::app::frame::selected_name(state);
    let filter = escape(state.files.filter.as_bytes());
    let keys = match (state.in_panel, state.panel) {
        (true, Panel::Files) if !filter.is_empty() => format!("only: {filter}   / changes, Esc ends"),
        (true, Panel::Files) => "/ finds   Z page   Esc back".to_owned(),
        (true, _) => "Tab, Esc back".to_owned(),
        (false, _) => "Tab".to_owned(),
    };
    let used = state.layout.tabs.last().map_or(0, |tab| tab.area.right());
    let room = usize::from(state.layout.panel_border.right().saturating_sub(used + 5));
    // The keys stay whole: the name stands in the tree, too.
    let name = crate::app::text::cut_middle(&name, room.saturating_sub(width(&keys) + 3), state.setup.ascii);
    let right = crate::app::text::cut(&format!("{name}   {keys}"), room, state.setup.ascii);
    painter.border(state.layout.panel_border, "├", "", &right);
    for tab in &state.layout.tabs {
        let style = if tab.on { theme.on } else { theme.text };
        let (open, close) = if tab.on { ("[", "]") } else { (" ", " ") };
        painter.put(tab.area, &format!("{open}{}{close}", tab.text), style);
    }
}
