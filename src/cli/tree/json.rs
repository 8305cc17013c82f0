//! The JSON of `cgrove tree`: CPUs are CPU-seconds per second, `null` is not known.
use anyhow::{Context, Result};
use serde::Serialize;

use super::Part;
use crate::model::bytes::escape;
use crate::model::field::Field;
use crate::model::hierarchy::Version;
use crate::model::host::Host;
use crate::model::id::{GroupId, Tid};
use crate::runtime::look::Look;
use crate::split::table::{Enough, Given, Got, Owed};

#[derive(Serialize)]
struct Whole<'a> {
    host: &'a str,
    kernel: &'a str,
    cpus: usize,
    interval: f64,
    hierarchies: Vec<Hierarchy>,
}

/// One hierarchy.
#[derive(Serialize)]
pub(super) struct Hierarchy {
    id: u32,
    version: u8,
    label: String,
    controllers: Vec<String>,
    name: Option<String>,
    mounts: Vec<Mount>,
    own_path: String,
    groups: Vec<Group>,
}

#[derive(Serialize)]
struct Mount {
    point: String,
    root: String,
    read_only: bool,
    hidden: bool,
    flags: Vec<String>,
}

#[derive(Serialize)]
struct Group {
    path: String,
    weight: Option<u64>,
    idle: Option<bool>,
    quota_cpus: Option<f64>,
    configured: Option<f64>,
    configured_ratio: Option<String>,
    expected_cpus: Option<f64>,
    expected_exact: Option<bool>,
    measured_cpus: Option<f64>,
    measured_plus_minus: Option<f64>,
    measured_at_least: Option<bool>,
    agrees: Option<bool>,
    enough: Option<&'static str>,
    because: Option<String>,
    tasks_own: Option<usize>,
    tasks_below: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tasks: Option<Vec<Task>>,
}

#[derive(Serialize)]
struct Task {
    tid: Tid,
    pid: Option<i32>,
    comm: Option<String>,
    state: Option<char>,
    nice: Option<i8>,
    cpus: Option<String>,
    expected_cpus: Option<f64>,
    measured_cpus: Option<f64>,
}

/// The whole object.
pub(super) fn whole(host: &Host, interval: f64, hierarchies: Vec<Hierarchy>) -> Result<String> {
    let whole = Whole { host: &host.name, kernel: &host.release, cpus: host.cpus(), interval, hierarchies };
    let mut text = serde_json::to_string_pretty(&whole).context("making JSON")?;
    text.push('\n');
    Ok(text)
}

/// One hierarchy of a look.
pub(super) fn hierarchy(look: &Look, part: Part, tasks: bool) -> Hierarchy {
    let structure = &look.snapshot.structure;
    let it = &structure.hierarchies[part.slot];
    let groups = part.from.into_iter().flat_map(|from| structure.subtree(from)).map(|id| group(look, id, tasks));
    Hierarchy {
        id: it.id.0,
        version: if it.version == Version::V2 { 2 } else { 1 },
        label: it.label(),
        controllers: it.controllers.iter().map(ToString::to_string).collect(),
        name: it.name.as_deref().map(escape),
        mounts: it
            .mounts
            .iter()
            .map(|mount| Mount {
                point: escape(&mount.point),
                root: escape(&mount.root),
                read_only: mount.read_only,
                hidden: mount.hidden,
                flags: mount.flags.iter().map(|flag| escape(flag)).collect(),
            })
            .collect(),
        own_path: escape(&it.own_path),
        groups: groups.collect(),
    }
}

fn group(look: &Look, id: GroupId, with_tasks: bool) -> Group {
    let values = look.snapshot.groups.get(id);
    let row = look.table.groups.get(&id);
    let own: Option<&Vec<Tid>> = values.and_then(|v| v.tasks.value());
    let (measured_cpus, measured_plus_minus, measured_at_least) = match row.map(|row| row.measured) {
        Some(Got::Cpus { cpus, plus_minus, at_least }) => (Some(round(cpus)), Some(round(plus_minus)), Some(at_least)),
        _ => (None, None, None),
    };
    Group {
        path: look.snapshot.structure.place(id).map(|place| place.to_string()).unwrap_or_default(),
        weight: values.and_then(|v| v.weight.get()),
        idle: values.and_then(|v| v.idle.get()),
        quota_cpus: values.and_then(|v| v.quota.get()).and_then(|quota| quota.cpus()),
        configured: row.and_then(|row| row.configured).map(|ratio| round(ratio.as_f64())),
        configured_ratio: row.and_then(|row| row.configured).map(|ratio| ratio.to_string()),
        expected_cpus: row.and_then(|row| row.expected.cpus()).map(round),
        expected_exact: row.and_then(|row| match row.expected {
            Owed::Exact(_) => Some(true),
            Owed::About(_) => Some(false),
            Owed::Unknown => None,
        }),
        measured_cpus,
        measured_plus_minus,
        measured_at_least,
        agrees: row.and_then(|row| match row.verdict.given {
            Given::Agrees => Some(true),
            Given::Differs => Some(false),
            Given::CannotTell => None,
        }),
        enough: row.and_then(|row| enough(row.verdict.enough)),
        because: row.map(|row| row.verdict.because.clone()),
        tasks_own: own.map(Vec::len),
        tasks_below: row.map(|row| row.tasks_below),
        tasks: with_tasks.then(|| own.into_iter().flatten().map(|&tid| task(look, tid)).collect()),
    }
}

/// The word of contract and screen for whether a group has enough; `None` where it is not known.
fn enough(enough: Enough) -> Option<&'static str> {
    match enough {
        Enough::Enough => Some("enough"),
        Enough::Short => Some("short"),
        Enough::Capped(_) => Some("capped"),
        Enough::Held => Some("held"),
        Enough::Idle => Some("idle"),
        Enough::Unknown => None,
    }
}

fn task(look: &Look, tid: Tid) -> Task {
    let task = look.snapshot.tasks.by_tid(tid);
    let row = task.and_then(|task| look.table.tasks.get(&task.key));
    Task {
        tid,
        pid: task.map(|task| task.tgid),
        comm: task.map(|task| escape(&task.comm)),
        state: task.map(|task| task.state),
        nice: task.map(|task| task.nice),
        cpus: task.and_then(|task| match &task.allowed {
            Field::Value { v, .. } => Some(v.to_string()),
            _ => None,
        }),
        expected_cpus: row.and_then(|row| row.expected.cpus()).map(round),
        measured_cpus: row.and_then(|row| row.measured.cpus()).map(round),
    }
}

/// Six decimals: far below what any counter resolves.
fn round(cpus: f64) -> f64 {
    (cpus * 1e6).round() / 1e6
}
