//! The last change: its shell lines stay where they can be read and copied.
use crate::app::area::Area;
use crate::app::change::shorten as shorten_paths;
use crate::app::dialog::experiments;
use crate::app::experiment::{Phase, Progress};
use crate::app::state::State;
use crate::app::text::cut_left;
use crate::app::trial::Trial;

use super::paint::Painter;

/// Paints the last change, or what can be done first.
pub(super) fn draw(painter: &mut Painter<'_>, state: &State) {
    let theme = painter.theme;
    let layout = &state.layout;
    let area = layout.change;
    if let Some(moving) = &state.moving {
        super::moving::draw(painter, state, moving);
        return;
    }
    painter.side(area);
    let stands = |progress: &&Progress| matches!(progress.phase, Phase::Stands { .. });
    if let Some(progress) = state.progress.as_ref().filter(|it| state.last_change.is_none() || !stands(it)) {
        let title = crate::model::bytes::escape(progress.title.as_bytes());
        painter.border(layout.change_border, "├", &format!("experiment: {title}"), "o more");
        painter.put(padded(area.line(0)), &experiments::say(&progress.phase), theme.text);
        return;
    }
    let Some(change) = &state.last_change else {
        painter.border(layout.change_border, "├", "how to read it", "");
        let hint = "n makes a group: n cg1=600 Enter.  w starts a loop in it.  o opens the lecture's figure.";
        let alone = state.flat.rows.len() < 2 && state.setup.stage.is_some() && !state.setup.limits.read_only;
        let text = if state.has_cpu() && alone && area.height == 1 {
            "n makes a group (n cg1=600 Enter), w a loop in it, o opens an experiment."
        } else if state.has_cpu() {
            "RULE by the weights alone; OWED by who wants the CPU now; GETS measured."
        } else {
            "Another hierarchy: , and . change; ? helps."
        };
        painter.put(padded(area.line(0)), text, theme.quiet);
        if area.height > 1 && state.has_cpu() {
            painter.put(padded(area.line(1)), hint, theme.quiet);
        }
        return;
    };
    let right = right(state);
    let title = match &change.problem {
        None if on_trial(state).is_some() => {
            format!("on trial, {} s left: {}", on_trial(state).map_or(0, |trial| trial.left(state.now)), change.title)
        }
        Some(_) => format!("last change FAILED: {}", change.title),
        None => format!("last change: {}", change.title),
    };
    let room = usize::from(layout.change_border.width).saturating_sub(right.len() + 8);
    let title = crate::app::text::cut(&title, room, painter.ascii);
    painter.border(layout.change_border, "├", &title, &right);
    let shell: Vec<String> = change.shell.iter().map(|line| shorten_paths(state, line)).collect();
    let width = usize::from(area.width.saturating_sub(4));
    if area.height == 1 {
        let joined = shell.join("; ");
        let text = if joined.is_empty() { change.problem.clone().unwrap_or_default() } else { joined };
        let shown = if change.shell.len() > 1 {
            crate::app::text::cut(&text, width, painter.ascii)
        } else {
            shorten(&text, width, painter.ascii)
        };
        painter.put(padded(area), &format!("$ {shown}"), theme.shell);
        return;
    }
    // The newest lines, those that were done last.
    let skip = change.shell.len().saturating_sub(usize::from(area.height));
    for (n, line) in (0..area.height).zip(shell.iter().skip(skip)) {
        painter.put(padded(area.line(n)), &format!("$ {}", shorten(line, width, painter.ascii)), theme.shell);
    }
}

/// A shell line that is too long keeps its end: the group and the file stand there. With `y` it is copied whole.
fn shorten(line: &str, width: usize, ascii: bool) -> String {
    if crate::app::text::width(line) <= width {
        return line.to_owned();
    }
    match line.split_once(' ') {
        Some((word, rest)) if word.len() + 8 < width => {
            format!("{word} {}", cut_left(rest, width - word.len() - 1, ascii))
        }
        _ => cut_left(line, width, ascii),
    }
}

/// The trial that runs, if it is of the last change.
fn on_trial(state: &State) -> Option<&Trial> {
    let number = state.last_change.as_ref()?.number?;
    state.trial.as_ref().filter(|trial| trial.entry == number)
}

fn right(state: &State) -> String {
    if state.trial.is_some() {
        return "K keeps it  u back now".to_owned();
    }
    let number = state.last_change.as_ref().and_then(|change| change.number);
    let all = state.journal.len();
    let of = number.filter(|_| all > 0).map(|number| format!("{number} of {all}  ")).unwrap_or_default();
    let undo = if state.undoable().next().is_some() { "  u undo" } else { "" };
    format!("{of}y copy{undo}")
}

fn padded(area: Area) -> Area {
    Area::new(area.x + 2, area.y, area.width.saturating_sub(2), area.height)
}
