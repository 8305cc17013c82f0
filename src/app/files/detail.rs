//! What there is to know about the selected file: meaning, unit, range, default, what a write disturbs, who set it last.
use crate::catalog::{Entry, Format, Kind, Top, Unit, human};
use crate::model::bytes::escape;
use crate::model::field::Field;
use crate::model::snapshot::File;
use crate::plan::journal;
use crate::plan::step::{Outcome, Step};

use super::super::state::State;
use super::{Role, entry, role, selected_file};

/// What is known of the selected file, in sentences, the most important first; none where no file is selected.
#[must_use]
pub fn paragraphs(state: &State) -> Vec<String> {
    let Some(file) = selected_file(state) else { return Vec::new() };
    of(state, file)
}

/// The same of any file of the selected group.
#[must_use]
pub fn of(state: &State, file: &File) -> Vec<String> {
    let entry = entry(state, &file.name);
    let mut out = Vec::new();
    match entry {
        Some(entry) => out.push(entry.meaning.to_string()),
        None => out.push(
            "cgrove's catalog does not have this file: this kernel offers it. Enter writes any text, the kernel is the judge."
                .to_owned(),
        ),
    }
    if let Field::Denied(errno) = &file.content {
        out.push(format!("Reading it is refused: {errno}."));
    }
    let mut facts = Vec::new();
    match (role(entry), entry) {
        (Role::Counter, Some(entry)) if entry.resets => facts.push("a counter; Enter resets it".to_owned()),
        (Role::Counter, Some(entry)) => facts.push(format!("{}: the kernel writes it", read_only(entry))),
        (Role::Command, Some(entry)) => facts.push(format!("a command: {}", how(entry))),
        _ => {}
    }
    if let Some(entry) = entry {
        facts.extend(numbers(entry));
        if !entry.disturbs.is_empty() {
            facts.push(format!("a write makes the kernel forget {}", here(state, &entry.disturbs)));
        }
        if entry.once {
            facts.push("a write is taken back only by removing the group".to_owned());
        }
        let top = state.selected_place().is_some_and(|place| place.is_top());
        if top && entry.top == Top::Fixed {
            facts.push("cannot be written in the top group".to_owned());
        }
    }
    // First: what is cut at the end of a line is what stands in every group.
    facts.splice(0..0, who(state, file));
    out.extend((!facts.is_empty()).then(|| facts.join(" · ")));
    out
}

/// What a file is that the kernel writes: most count something, some only tell.
#[must_use]
pub fn read_only(entry: &Entry) -> &'static str {
    match entry.format {
        Format::List | Format::Words | Format::Flag | Format::Choice => "only for reading",
        _ if &*entry.name == "cgroup.events" || &*entry.name == "devices.list" => "only for reading",
        _ => "a counter",
    }
}

/// How a command is given.
#[must_use]
pub fn how(entry: &Entry) -> &'static str {
    match entry.verb.as_deref() {
        Some("move") => "m moves",
        Some("kill") => "x ends",
        _ if entry.acts => "Enter gives it",
        _ => "cgrove does not write it",
    }
}

/// What a file takes: range, unit, words, default.
#[must_use]
pub fn takes(entry: &Entry) -> String {
    numbers(entry).join(" · ")
}

/// What is written, then what stands in a new group.
fn numbers(entry: &Entry) -> Vec<String> {
    let mut out = Vec::new();
    out.extend(written(entry));
    if entry.clamps {
        out.push("the kernel stores the nearest".to_owned());
    }
    match entry.default.as_deref() {
        Some("") => out.push("empty in a new group".to_owned()),
        Some(default) if entry.kind == Kind::Knob && entry.format != Format::Keyed => {
            let none = matches!(entry.format, Format::Bytes) && human(entry, default) == "no limit";
            out.push(if none { "default: no limit".to_owned() } else { format!("default {default}") });
        }
        _ => {}
    }
    if entry.inherits {
        out.push("a new group takes its parent's".to_owned());
    }
    out
}

/// The form of a value, with range and unit.
fn written(entry: &Entry) -> Option<String> {
    let unit = entry.unit.map(Unit::word);
    let number = match (entry.range(), unit) {
        (Some(range), Some(unit)) => Some(format!("{range} {unit}")),
        (Some(range), None) => Some(range),
        (None, unit) => unit.map(str::to_owned),
    };
    if entry.kind == Kind::Counter {
        return unit.map(str::to_owned);
    }
    match entry.format {
        Format::Flag => Some("0 (off) or 1 (on)".to_owned()),
        Format::Choice => Some(entry.values.join(" or ")),
        Format::Bytes if entry.acts => Some("bytes, with K, M or G".to_owned()),
        Format::Bytes => Some("bytes, with K, M or G; -1 is no limit".to_owned()),
        Format::MaxBytes => Some("bytes, with K, M or G; max is no limit".to_owned()),
        Format::Max => Some(format!("{}, or max", number.unwrap_or_default())),
        Format::Quota => Some("at least 1000 us, or 0.5 CPU, 50%, 20 ms; -1 is no limit".to_owned()),
        Format::QuotaPair => {
            Some("a quota: at least 1000 us, or 0.5 CPU, 50%, 20 ms, max; and a period: 1 ms to 1 s".to_owned())
        }
        Format::Percent => Some("0 to 100 %, or max".to_owned()),
        Format::List => Some("a list: 0-3,5".to_owned()),
        _ => number,
    }
}

/// Those of the files that this group has.
fn here(state: &State, names: &[Box<str>]) -> String {
    let files = super::sampled(state).unwrap_or_default();
    let there: Vec<&str> = names
        .iter()
        .map(|name| &**name)
        .filter(|name| files.iter().any(|file| *file.name == *name.as_bytes()))
        .collect();
    if there.is_empty() { names.join(", ") } else { there.join(", ") }
}

/// The last change of this file by cgrove in this visit.
fn who(state: &State, file: &File) -> Option<String> {
    let key = state.tree.cursor?;
    let written = |step: &Step| match step {
        Step::Write { key: Some(group), file: name, prior, .. } if *group == key && name.as_bytes() == &*file.name => {
            Some(prior.clone())
        }
        _ => None,
    };
    state.journal.iter().rev().find_map(|entry| {
        entry.steps.iter().rev().find_map(|record| {
            let journal::State::Done(Outcome::Stored(stored)) = &record.state else { return None };
            let prior = written(&record.step)?;
            let show = |bytes: &[u8]| match escape(bytes.trim_ascii()) {
                text if text.is_empty() => "(empty)".to_owned(),
                text => text,
            };
            let was = prior.as_deref().filter(|text| text.len() <= 40).map(|text| format!("{} → ", show(text)));
            let is = stored.as_deref().filter(|text| text.len() <= 40).map(show);
            let change = is.map_or(String::new(), |is| format!(" {}{is}", was.unwrap_or_default()));
            Some(format!("set by cgrove:{change} (change {})", entry.number))
        })
    })
}
