//! What is told of one row of the log: steps and what each did, what became of it since, its shell lines.
use crate::plan::journal::{Entry, State as StepState};
use crate::plan::tell::{self, Standing};

use super::super::kept;
use super::super::others::Seen;
use super::super::state::State;
use super::{Row, is_foreign};

/// One line, not wrapped yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Detail {
    /// The text.
    pub text: String,
    /// How it is meant.
    pub tone: Tone,
}

/// How a line is meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tone {
    /// As it is.
    Plain,
    /// Beside the point.
    Quiet,
    /// To be noticed.
    Warning,
    /// A shell line.
    Shell,
}

impl Detail {
    fn new(text: impl Into<String>, tone: Tone) -> Self {
        Self { text: text.into(), tone }
    }
}

/// The lines of a row; without one, what the screen is for.
#[must_use]
pub fn details(state: &State, row: Option<&Row<'_>>) -> Vec<Detail> {
    match row {
        None => vec![Detail::new(
            "Nothing was changed in this visit, and nobody else changed anything since it began. What is done is listed \
             here with its steps, and can be undone; what others change is listed, too.",
            Tone::Quiet,
        )],
        Some(Row::Own(entry)) => own(state, entry),
        Some(Row::Seen(seen)) => others(state, seen),
    }
}

fn own(state: &State, entry: &Entry) -> Vec<Detail> {
    let mut lines = Vec::new();
    let standing = Standing::of(entry);
    let place = if is_foreign(state, entry) { "on what cgrove did not make" } else { "in the stage" };
    lines.push(Detail::new(
        format!("{} {}, {place}: {}", entry.number, state.wall.clock(entry.time_ms), standing.words(entry.steps.len())),
        if matches!(standing, Standing::Done | Standing::Undone { .. }) { Tone::Plain } else { Tone::Warning },
    ));
    steps(&mut lines, entry);
    for (value, fate, stays) in kept::told_of(state, entry.number) {
        lines.push(Detail::new(format!("{value}: {fate}"), if stays { Tone::Plain } else { Tone::Warning }));
    }
    for later in tell::chain(&state.journal, entry.number) {
        let word = if tell::is_redo(&state.journal, later) { "redone" } else { "undone" };
        let others = later.undoes.len().saturating_sub(1);
        let with = match others {
            0 => String::new(),
            1 => ", with one other".to_owned(),
            _ => format!(", with {others} others"),
        };
        lines.push(Detail::new(
            format!("{word} {} by {}{with}:", state.wall.clock(later.time_ms), later.number),
            Tone::Plain,
        ));
        if others == 0 {
            steps(&mut lines, later);
        }
    }
    lines.extend(entry.shell.iter().map(|line| Detail::new(format!("$ {line}"), Tone::Shell)));
    lines
}

/// The steps of an entry, a line each, and what each did.
fn steps(lines: &mut Vec<Detail>, entry: &Entry) {
    for (number, record) in (1..).zip(&entry.steps) {
        let told = tell::step(record);
        let tone = match record.state {
            StepState::Done(_) => Tone::Plain,
            StepState::Planned | StepState::RolledBack | StepState::Remade(_) => Tone::Quiet,
            StepState::Begun | StepState::Failed(_) => Tone::Warning,
        };
        lines.push(Detail::new(format!("  {number}  {}: {}", told.what, told.result.replace('\n', "; ")), tone));
        lines.extend(told.more.into_iter().map(|text| Detail::new(format!("     {text}"), Tone::Quiet)));
    }
}

fn others(state: &State, seen: &Seen) -> Vec<Detail> {
    let mut lines = vec![Detail::new(format!("{} {}: {}", state.wall.clock(seen.ms), seen.by, seen.text), Tone::Plain)];
    lines.extend(seen.more.iter().map(|text| Detail::new(format!("  {text}"), Tone::Quiet)));
    let text = "cgrove did not do it, so it cannot undo it.";
    lines.push(Detail::new(text, Tone::Quiet));
    lines
}
