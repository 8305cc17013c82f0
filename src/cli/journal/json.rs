//! The JSON of `cgrove journal`. Times are milliseconds since 1970; names and values are escaped as everywhere in JSON.
use serde_json::{Value, json};

use crate::effect::failure::Failure;
use crate::effect::journal::{Condition, Visit};
use crate::plan::journal::{Entry, Record, State};
use crate::plan::tell::{self, Standing};

/// The chosen visits, and what cannot be read.
pub(super) fn object(boot_id: &str, visits: &[Visit], chosen: &[usize], unreadable: &[Failure]) -> Value {
    let chosen: Vec<Value> = chosen.iter().map(|&index| visit(index + 1, &visits[index])).collect();
    let unreadable: Vec<String> = unreadable.iter().map(ToString::to_string).collect();
    json!({ "boot_id": boot_id, "count": visits.len(), "visits": chosen, "unreadable": unreadable })
}

fn visit(number: usize, visit: &Visit) -> Value {
    let journal = &visit.journal;
    let state = match visit.condition {
        Condition::Running => "running",
        Condition::Ended => "ended",
        Condition::Kept => "kept",
        Condition::Abandoned => "abandoned",
    };
    json!({
        "number": number,
        "state": state,
        "pid": journal.pid,
        "time_ms": journal.time_ms,
        "command": journal.command,
        "journal": crate::model::bytes::escape(visit.path.as_os_str().as_encoded_bytes()),
        "entries": journal.entries.iter().map(entry).collect::<Vec<_>>(),
    })
}

fn entry(entry: &Entry) -> Value {
    json!({
        "number": entry.number,
        "time_ms": entry.time_ms,
        "title": entry.title,
        "state": Standing::of(entry).word(),
        "undone_by": entry.undone_by,
        "undoes": entry.undoes,
        "steps": entry.steps.iter().map(step).collect::<Vec<_>>(),
        "shell": entry.shell,
    })
}

fn step(record: &Record) -> Value {
    let told = tell::step(record);
    let state = match &record.state {
        State::Planned => "not_tried",
        State::Begun => "perhaps",
        State::Done(_) => "done",
        State::Failed(_) => "failed",
        State::RolledBack | State::Remade(_) => "rolled_back",
    };
    json!({ "what": told.what, "state": state, "result": told.result, "more": told.more })
}
