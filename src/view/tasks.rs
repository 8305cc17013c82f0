//! The panel Tasks: one line a thread or a process of the selected group.
use crate::app::area::Area;
use crate::app::layout::panel_heading;
use crate::app::scale::Ruler;
use crate::app::state::{Panel, State};
use crate::app::text::{left, right};
use crate::app::{files, tasks};
use crate::model::bytes::escape;
use crate::model::field::Field;
use crate::model::task::{Policy, Task};
use crate::split::table::Demand;

use super::format;
use super::paint::Painter;

/// Paints the panel; the place of the cursor if the arrows are here.
pub(super) fn draw(painter: &mut Painter<'_>, state: &State) -> Option<(u16, u16)> {
    let theme = painter.theme;
    let panel = state.layout.panel;
    painter.side(panel);
    let words = Words::of(panel.width);
    let (state_title, nice) = if words == Words::Long { ("STATE", "POLICY") } else { ("S", "NICE") };
    let cpu = if words == Words::Long { "CPUS" } else { "CPU" };
    let titles = ["TID", "PID", "COMMAND", state_title, nice, cpu, "OWED", "GETS", "WAIT", ""];
    let titles = line_of(titles, panel.width, painter.ascii);
    painter.put(panel.line(0), &titles, theme.heading);
    painter.side(panel.line(0));
    let heading = u16::try_from(panel_heading(Panel::Tasks)).unwrap_or(1);
    let rows = tasks::rows(state);
    if rows.is_empty() {
        let area = panel.line(heading);
        painter.put(Area::new(area.x + 2, area.y, area.width.saturating_sub(2), 1), &nothing(state), theme.quiet);
        return None;
    }
    let ruler = Ruler::of(state);
    let mut cursor = None;
    for n in heading..panel.height {
        let index = state.layout.panel_top + usize::from(n - heading);
        let Some(row) = rows.get(index) else { break };
        let Some(task) = state.snapshot().and_then(|s| s.tasks.get(row.key)) else { continue };
        let area = panel.line(n);
        let selected = index == state.panel_cursor;
        let held = task.state == 'T' || is_held(state, task);
        let style = if held { theme.held } else { theme.text };
        painter.put(area, &line(state, task, row, &ruler, area.width, selected, painter.ascii), style);
        painter.side(area);
        if selected && state.in_panel {
            let inside = Area::new(area.x + 1, area.y, area.width - 1, 1);
            painter.tint(inside, theme.selected);
            cursor = Some((inside.x, area.y));
        }
    }
    cursor
}

fn is_held(state: &State, task: &Task) -> bool {
    state.table().and_then(|table| table.tasks.get(&task.key)).is_some_and(|row| row.demand == Demand::Held)
}

fn nothing(state: &State) -> String {
    match state.selected().and_then(|id| state.values(id)).map(|values| values.tasks) {
        None | Some(Field::Unread) => "being read …".to_owned(),
        Some(Field::Value { v, .. }) if v.is_empty() => "no tasks in this group itself".to_owned(),
        Some(Field::Value { v, .. }) => format!("{} tasks; being read …", v.len()),
        Some(other) => files::word(other).to_owned(),
    }
}

fn line(
    state: &State,
    task: &Task,
    of: &tasks::TaskRow,
    ruler: &Ruler,
    width: u16,
    selected: bool,
    ascii: bool,
) -> String {
    let row = state.table().and_then(|table| table.tasks.get(&task.key));
    let words = Words::of(width);
    let long = words == Words::Long;
    let marks = marks(state, task, of.threads, long);
    let policy = match task.policy {
        Policy::Other => task.nice.to_string(),
        Policy::Batch | Policy::Fifo | Policy::RoundRobin if long => {
            let number = if task.policy == Policy::Batch { i32::from(task.nice) } else { task.rt_priority.into() };
            format!("{} {number}", task.policy)
        }
        other if long => other.to_string(),
        Policy::Batch => format!("b{}", task.nice),
        Policy::Idle => "idle".to_owned(),
        Policy::Fifo => format!("F{}", task.rt_priority),
        Policy::RoundRobin => format!("R{}", task.rt_priority),
        Policy::Deadline => "dl".to_owned(),
        Policy::Unknown(number) => format!("p{number}"),
    };
    let cpu = match &task.allowed {
        Field::Value { v, .. } if v.len() == 1 => v.to_string(),
        Field::Value { v, .. } if long => format!("{v} ({})", task.last_cpu),
        Field::Value { .. } => format!("({})", task.last_cpu),
        Field::Denied(_) => "denied".to_owned(),
        _ => "?".to_owned(),
    };
    let letter = if long { state_word(task.state).to_owned() } else { task.state.to_string() };
    let comm = format!("{}{}", branch(of.depth, ascii), escape(&task.comm));
    let cell = |value: Option<String>| value.unwrap_or_else(|| "?".to_owned());
    let owed = cell(row.map(|row| format::owed(ruler, row.expected, ascii)));
    let gets = cell(row.map(|row| format::gets(ruler, row.measured, ascii)));
    let wait = row.and_then(|row| row.wait).map(|wait| format::percent(wait * 100.0, false)).unwrap_or_default();
    let mut text = line_of(
        [&task.key.tid.to_string(), &task.tgid.to_string(), &comm, &letter, &policy, &cpu, &owed, &gets, &wait, &marks],
        width,
        ascii,
    );
    if selected {
        text.replace_range(1..2, ">");
    }
    if state.task_tags.contains(&task.key) {
        text.replace_range(2..3, if ascii { "#" } else { "▪" });
    }
    text
}

/// What is said of a task beside its numbers, what matters most first: the line may end before the rest.
fn marks(state: &State, task: &Task, threads: u32, long: bool) -> String {
    let ours = tasks::is_workload(state, task);
    let mut marks: Vec<String> = Vec::new();
    match task.state {
        'T' if ours => marks.push("held".to_owned()),
        // Its own cell says it where there is room.
        'Z' | 'X' | 'T' | 't' if long => {}
        'Z' | 'X' | 'T' | 't' => marks.push(state_word(task.state).to_owned()),
        _ if is_held(state, task) => marks.push("held".to_owned()),
        _ => {}
    }
    match (task.kernel, task.bound) {
        (true, true) => marks.push("bound kernel thread".to_owned()),
        (true, false) => marks.push("kernel thread".to_owned()),
        (false, true) => marks.push("bound".to_owned()),
        (false, false) => {}
    }
    if threads > 1 {
        marks.push(format!("{threads} threads"));
    }
    if ours {
        marks.push("ours".to_owned());
    }
    marks.join(", ")
}

/// How much room cells have.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Words {
    /// Letters and short numbers.
    Short,
    /// States and policies in words, the CPUs as a list.
    Long,
}

impl Words {
    fn of(width: u16) -> Self {
        if width >= 110 { Self::Long } else { Self::Short }
    }

    /// Widths of the state, the policy and the CPUs.
    fn widths(self) -> (usize, usize, usize) {
        match self {
            Self::Short => (1, 4, 5),
            Self::Long => (8, 8, 10),
        }
    }
}

/// A state letter in a word.
fn state_word(letter: char) -> &'static str {
    match letter {
        'R' => "runs",
        'S' => "sleeps",
        'D' => "blocked",
        'T' => "stopped",
        't' => "traced",
        'Z' => "zombie",
        'X' => "dead",
        'I' => "idle",
        'P' => "parked",
        _ => "?",
    }
}

/// What stands before the name of a process whose parent is above it.
fn branch(depth: u16, ascii: bool) -> String {
    match depth {
        0 => String::new(),
        n => format!("{}{}", " ".repeat(usize::from(n - 1).min(4)), if ascii { "`" } else { "└" }),
    }
}

/// One line of cells; the last takes what is left.
fn line_of(cells: [&str; 10], width: u16, ascii: bool) -> String {
    let [tid, pid, comm, state, nice, cpu, owed, gets, wait, marks] = cells;
    let (state_width, nice_width, cpu_width) = Words::of(width).widths();
    let r = |text: &str, columns| right(text, columns, ascii);
    let fixed = format!(
        "   {} {}  {} {} {} {} {} {} {} ",
        r(tid, 7),
        r(pid, 7),
        left(comm, 15, ascii),
        left(state, state_width, ascii),
        r(nice, nice_width),
        r(cpu, cpu_width),
        r(owed, 7),
        r(gets, 7),
        r(wait, 5)
    );
    let room = usize::from(width).saturating_sub(crate::app::text::width(&fixed).min(usize::from(width)));
    format!("{fixed}{}", crate::app::text::cut(marks, room, ascii))
}
