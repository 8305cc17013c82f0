//! The text of `cgrove tree`, for people.
use std::fmt::Write;

use unicode_width::UnicodeWidthStr;

use super::Part;
use crate::model::bytes::escape;
use crate::model::field::Field;
use crate::model::hierarchy::Hierarchy;
use crate::model::id::{GroupId, Tid};
use crate::runtime::look::Look;
use crate::split::table::{Given, Got, Owed, Row};

/// Columns of the group's name.
const NAME: usize = 34;

/// Appends one hierarchy of a look.
pub(super) fn hierarchy(out: &mut String, look: &Look, part: Part, tasks: bool) {
    let structure = &look.snapshot.structure;
    let it = &structure.hierarchies[part.slot];
    title(out, it);
    let Some(from) = part.from else {
        line(out, "  nothing of it can be reached from here");
        return;
    };
    let cpu = it.has("cpu");
    if cpu {
        line(out, &format!("  {}", scale_words(look)));
        line(
            out,
            &format!(
                "  {} {:>8} {:>9} {:>9} {:>9}    {}",
                pad("GROUP", NAME),
                "WEIGHT",
                "RULE",
                "OWED",
                "GETS",
                "TASKS"
            ),
        );
    } else {
        line(out, &format!("  {} {:>8}", pad("GROUP", NAME), "TASKS"));
    }
    let top = structure.group(from).map_or(0, |group| group.depth);
    for id in structure.subtree(from) {
        let Some(group) = structure.group(id) else { continue };
        let indent = usize::from(group.depth - top) * 2;
        let name = if group.name.is_empty() { "/".to_owned() } else { escape(&group.name) };
        let name = pad(&format!("{:indent$}{name}", ""), NAME);
        if cpu {
            cpu_row(out, look, id, &name);
        } else {
            line(out, &format!("  {name} {:>8}", count(look, id)));
        }
        if tasks {
            task_rows(out, look, id, indent);
        }
    }
}

fn title(out: &mut String, it: &Hierarchy) {
    let mut text = it.label();
    if it.version == crate::model::hierarchy::Version::V2 {
        let list: Vec<&str> = it.controllers.iter().map(AsRef::as_ref).collect();
        let controllers = if list.is_empty() { "no controllers".to_owned() } else { list.join(" ") };
        _ = write!(text, " ({controllers})");
    } else {
        text.push_str(" (v1)");
    }
    let mounts: Vec<String> = it
        .mounts
        .iter()
        .map(|mount| {
            let mut words = escape(&mount.point);
            if &*mount.root != b"/" {
                _ = write!(words, " (shows {})", escape(&mount.root));
            }
            if mount.read_only {
                words.push_str(" (read-only)");
            }
            if mount.hidden {
                words.push_str(" (hidden by another mount)");
            }
            words
        })
        .collect();
    let mounts =
        if mounts.is_empty() { "mounted nowhere; mount it again to reach it".to_owned() } else { mounts.join(", ") };
    line(out, &format!("{text}  {mounts}"));
}

/// How many CPUs are 100 %, and the words for it.
fn scale(look: &Look) -> (f64, String) {
    let top = top(look).and_then(|id| look.table.groups.get(&id));
    let (contested, elsewhere) = top.map_or((&[][..], 0.0), |row| (&*row.contested, row.elsewhere));
    match contested {
        [] => (1.0, "one CPU".to_owned()),
        [one] if elsewhere > 0.005 => (1.0, format!("one CPU, as CPU {one}, where tasks compete")),
        [one] => (1.0, format!("CPU {one}")),
        several => {
            let set: crate::model::cpu_set::CpuSet = several.iter().copied().collect();
            (several.len() as f64, format!("CPUs {set} together"))
        }
    }
}

fn scale_words(look: &Look) -> String {
    format!(
        "100 % = {}; the host has {} CPUs; measured over {:.1} s",
        scale(look).1,
        look.snapshot.host.cpus(),
        top(look).and_then(|id| look.table.window(&[id])).map_or(0.0, |window| window.seconds)
    )
}

/// The top of the hierarchy that carries cpu.
fn top(look: &Look) -> Option<GroupId> {
    look.snapshot.structure.carrier("cpu").and_then(|it| it.root)
}

fn cpu_row(out: &mut String, look: &Look, id: GroupId, name: &str) {
    let weight = match look.snapshot.groups.get(id).map(|values| values.weight) {
        Some(Field::Value { v, .. }) => v.to_string(),
        Some(Field::Denied(errno)) => errno.to_string(),
        Some(Field::Absent) | None => "–".to_owned(),
        Some(Field::Malformed(_) | Field::Unread) => "?".to_owned(),
    };
    let row = look.table.groups.get(&id);
    let (rule, owed, gets, sign) = row.map_or_else(unknown, |row| numbers(row, scale(look).0));
    line(out, &format!("  {name} {weight:>8} {rule:>9} {owed:>9} {gets:>9} {sign}  {}", count(look, id)));
}

fn unknown() -> (String, String, String, &'static str) {
    ("?".to_owned(), "?".to_owned(), "?".to_owned(), " ")
}

fn numbers(row: &Row, full: f64) -> (String, String, String, &'static str) {
    let rule = row.configured.map_or_else(
        || "–".to_owned(),
        |ratio| if ratio.is_small() { ratio.to_string() } else { percent(ratio.as_f64(), 1) },
    );
    let owed = match row.expected {
        Owed::Exact(cpus) => percent(cpus / full, 1),
        Owed::About(cpus) => format!("≈{}", percent(cpus / full, 0)),
        Owed::Unknown => "?".to_owned(),
    };
    let gets = match row.measured {
        Got::Cpus { cpus, plus_minus, at_least } => {
            let decimals = usize::from(plus_minus / full < 0.005);
            format!("{}{}", if at_least { "≥" } else { "" }, percent(cpus / full, decimals))
        }
        Got::TooEarly => "…".to_owned(),
        Got::Unknown => "?".to_owned(),
    };
    let sign = match row.verdict.given {
        Given::Agrees => "✓",
        Given::Differs => "≠",
        Given::CannotTell => " ",
    };
    (rule, owed, gets, sign)
}

fn percent(part: f64, decimals: usize) -> String {
    format!("{:.decimals$} %", part * 100.0)
}

/// Own tasks, and those below where they are known: `2`, `0+4`, `?`.
fn count(look: &Look, id: GroupId) -> String {
    let own = match look.snapshot.groups.get(id).map(|values| values.tasks) {
        Some(Field::Value { v, .. }) => v.len().to_string(),
        Some(Field::Denied(errno)) => errno.to_string(),
        _ => "?".to_owned(),
    };
    match look.table.groups.get(&id) {
        Some(row) if row.tasks_below > 0 => format!("{own}+{}", row.tasks_below),
        _ => own,
    }
}

fn task_rows(out: &mut String, look: &Look, id: GroupId, indent: usize) {
    let Some(tids) = look.snapshot.groups.get(id).and_then(|values| values.tasks.value()) else { return };
    for &tid in tids {
        line(out, &task_row(look, tid, indent));
    }
}

fn task_row(look: &Look, tid: Tid, indent: usize) -> String {
    let Some(task) = look.snapshot.tasks.by_tid(tid) else { return format!("    {:indent$}{tid}", "") };
    let name = pad(&format!("{:indent$}  {tid} {}", "", escape(&task.comm)), NAME);
    let Some(row) = look.table.tasks.get(&task.key) else {
        return format!("  {name} state {} nice {}", task.state, task.nice);
    };
    let full = scale(look).0;
    let owed = row.expected.cpus().map_or_else(|| "?".to_owned(), |cpus| percent(cpus / full, 1));
    let gets = row.measured.cpus().map_or_else(|| "…".to_owned(), |cpus| percent(cpus / full, 1));
    format!("  {name} {:>8} {:>9} {owed:>9} {gets:>9}    {}", format!("nice {}", task.nice), "", task.state)
}

/// `text` in exactly `columns` columns; longer text is cut with a mark.
fn pad(text: &str, columns: usize) -> String {
    let mut out = String::new();
    let mut width = 0;
    let whole = text.width() <= columns;
    for c in text.chars() {
        let next = unicode_width::UnicodeWidthChar::width(c).unwrap_or(0);
        if width + next > columns - usize::from(!whole) {
            break;
        }
        out.push(c);
        width += next;
    }
    if !whole {
        out.push('…');
        width += 1;
    }
    out.extend(std::iter::repeat_n(' ', columns.saturating_sub(width)));
    out
}

fn line(out: &mut String, text: &str) {
    out.push_str(text.trim_end());
    out.push('\n');
}
