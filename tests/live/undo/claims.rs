//! Whether what a report says of the last step is what the kernel says.

use super::choose::Field;
use super::look;
use cgrove::effect::transaction::Report;
use cgrove::model::place::Place;
use cgrove::plan::step::{Outcome, Plan, Step};
use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::MetadataExt as _;
use std::path::PathBuf;

/// What is not so. Earlier steps are not looked at: later ones may have changed what they did.
pub(crate) fn wrong(fields: &[Field], plan: &Plan, report: &Report) -> Vec<String> {
    let Some((index, outcome)) = report.done.last().filter(|_| report.succeeded()) else { return Vec::new() };
    let Some(step) = plan.steps.get(*index) else { return vec![format!("no step {index} in the plan")] };
    let of = match step {
        Step::MakeGroup { at } | Step::RemoveGroup { at, .. } | Step::Rename { at, .. } | Step::Write { at, .. } => at,
        Step::Move { to, .. } | Step::Drain { to, .. } => to,
        _ => return Vec::new(),
    };
    let of = directory(fields, of);
    let said = |what: String| vec![format!("{}: {}: {what} ({outcome:?})", of.display(), plan.title)];
    match (step, outcome) {
        (Step::MakeGroup { at }, Outcome::Made(key)) => match fs::metadata(directory(fields, at)) {
            Ok(found) if found.ino() == key.inode => Vec::new(),
            Ok(found) => said(format!("its inode is {}", found.ino())),
            Err(error) => said(error.to_string()),
        },
        (Step::RemoveGroup { at, key, .. }, Outcome::Removed) => match fs::metadata(directory(fields, at)) {
            Ok(found) if key.is_none_or(|key| key.inode == found.ino()) => said("it is there".to_owned()),
            _ => Vec::new(),
        },
        (Step::Rename { at, name, .. }, Outcome::Renamed) => match fs::metadata(directory(fields, &at.sibling(name))) {
            Ok(_) => Vec::new(),
            Err(error) => said(error.to_string()),
        },
        (Step::Write { at, file, .. }, Outcome::Stored(Some(stored))) => {
            match fs::read(directory(fields, at).join(&**file)) {
                Ok(now) if now.trim_ascii() == stored.trim_ascii() => Vec::new(),
                // A task that could not be frozen in time.
                Ok(now) if now.starts_with(b"FROZEN") && &**stored == b"FREEZING" => Vec::new(),
                Ok(now) => said(format!("it reads {:?}", String::from_utf8_lossy(&now))),
                Err(error) => said(error.to_string()),
            }
        }
        (Step::Move { .. } | Step::Drain { .. }, Outcome::Moved(list)) => list
            .iter()
            .filter(|moved| look::start(moved.task.tid) == Some(moved.task.start))
            .filter_map(|moved| {
                let inside = look::tasks(&directory(fields, &moved.now)).unwrap_or_default();
                let name = format!("{}@{}", moved.task.tid, moved.task.start);
                (!inside.contains(&name)).then(|| said(format!("{name} is not in {}", moved.now)))
            })
            .flatten()
            .collect(),
        _ => Vec::new(),
    }
}

/// Where a place is.
fn directory(fields: &[Field], place: &Place) -> PathBuf {
    let field = fields.iter().find(|field| field.hierarchy.id == place.hierarchy);
    let mut path = field.map(|field| field.mount.clone()).unwrap_or_default();
    for part in place.parts() {
        path.push(OsStr::from_bytes(part));
    }
    path
}
