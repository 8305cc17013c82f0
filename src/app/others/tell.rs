//! Changes of others in words: what is one deed is one line.
use std::collections::BTreeMap;

use crate::model::bytes::escape;
use crate::model::id::{GroupKey, Tid};
use crate::model::place::Place;
use crate::plan::tell::value;
use crate::plan::words;

use super::super::log::named;
use super::compare::Change;

/// One deed, told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Told {
    /// The group that it is about.
    pub(super) place: Place,
    /// Its identity, if it is there.
    pub(super) group: Option<GroupKey>,
    /// What happened: "cpu.weight 100 → 50".
    pub(super) what: String,
    /// More of it, a line each.
    pub(super) more: Vec<String>,
    /// What the rows of these groups say, the longest first.
    pub(super) marks: Vec<(GroupKey, Vec<String>)>,
    /// What was seen, the first of it.
    pub(super) change: Change,
}

/// All of them; groups first.
pub(super) fn tell(changes: &[Change], label: &dyn Fn(&Place) -> String) -> Vec<Told> {
    let mut told: Vec<Told> = Vec::new();
    let mut parts = Vec::new();
    let made: Vec<&Place> = changes
        .iter()
        .filter_map(|change| if let Change::Made { place, .. } = change { Some(place) } else { None })
        .collect();
    let gone: Vec<&Place> = changes
        .iter()
        .filter_map(|change| if let Change::Removed { place, .. } = change { Some(place) } else { None })
        .collect();
    let mut moved: BTreeMap<(GroupKey, GroupKey), Vec<&Change>> = BTreeMap::new();
    for change in changes {
        match change {
            Change::Made { key, place } => {
                let part = place.parent().is_some_and(|parent| made.contains(&&parent));
                let mark = (*key, vec!["new".to_owned()]);
                if part {
                    // What was made above it is one deed with it.
                    parts.push(mark);
                } else {
                    told.push(whole(change, place, Some(*key), "made", &made, label, vec![mark]));
                }
            }
            Change::Removed { place, parent, .. } => {
                if place.parent().is_some_and(|parent| gone.contains(&&parent)) {
                    continue;
                }
                let name = named(place.name());
                let texts = vec![format!("{name} removed"), "removed".to_owned()];
                let mark = parent.map(|parent| (parent, texts));
                told.push(whole(change, place, None, "removed", &gone, label, mark.into_iter().collect()));
            }
            Change::Renamed { key, from, to } => {
                let old = named(from.name());
                told.push(Told {
                    place: to.clone(),
                    group: Some(*key),
                    what: format!("renamed, it was {old}"),
                    more: Vec::new(),
                    marks: vec![(*key, vec![format!("was {old}"), "renamed".to_owned()])],
                    change: change.clone(),
                });
            }
            Change::Value { key, place, column, before, now, .. } => {
                let what = format!("{} {before} → {now}", column.file());
                let texts = vec![what.clone(), format!("{before} → {now}"), column.file().to_owned()];
                told.push(Told {
                    place: place.clone(),
                    group: Some(*key),
                    what,
                    more: Vec::new(),
                    marks: vec![(*key, texts)],
                    change: change.clone(),
                });
            }
            Change::File { key, place, file, before, now } => {
                let what = match (before, now) {
                    (Some(before), Some(now)) => format!("{file} {} → {}", value(before), value(now)),
                    (None, Some(now)) => format!("{file} written, reads {}", value(now)),
                    (_, None) => format!("{file} written"),
                };
                let texts = vec![what.clone(), file.to_string()];
                told.push(Told {
                    place: place.clone(),
                    group: Some(*key),
                    what,
                    more: Vec::new(),
                    marks: vec![(*key, texts)],
                    change: change.clone(),
                });
            }
            Change::Moved { from, to, .. } => moved.entry((from.0, to.0)).or_default().push(change),
        }
    }
    told.extend(moved.into_values().filter_map(|changes| tasks(&changes, label)));
    if let Some(first) = told.first_mut() {
        first.marks.extend(parts);
    }
    told
}

/// A group with all that is below it.
fn whole(
    change: &Change,
    place: &Place,
    group: Option<GroupKey>,
    what: &str,
    all: &[&Place],
    label: &dyn Fn(&Place) -> String,
    marks: Vec<(GroupKey, Vec<String>)>,
) -> Told {
    let below: Vec<String> =
        all.iter().filter(|other| **other != place && other.is_within(place)).map(|place| label(place)).collect();
    let with =
        if below.is_empty() { String::new() } else { format!(" with {} below", words::count(below.len(), "group")) };
    Told { place: place.clone(), group, what: format!("{what}{with}"), more: below, marks, change: change.clone() }
}

/// Tasks that went the same way.
fn tasks(changes: &[&Change], label: &dyn Fn(&Place) -> String) -> Option<Told> {
    let Change::Moved { from, to, .. } = changes.first()? else { return None };
    let count = words::count(changes.len(), "task");
    let name = |tid: &Tid, comm: &Option<crate::model::bytes::Bytes>| match comm {
        Some(comm) => format!("{tid} ({})", escape(comm)),
        None => tid.to_string(),
    };
    let all = changes.iter().filter_map(|change| match change {
        Change::Moved { tid, comm, .. } => Some(name(tid, comm)),
        _ => None,
    });
    let all: Vec<String> = all.collect();
    let what = match all.as_slice() {
        [only] => format!("task {only} moved here from {}", label(&from.1)),
        _ => format!("{count} moved here from {}", label(&from.1)),
    };
    Some(Told {
        place: to.1.clone(),
        group: Some(to.0),
        what,
        more: if all.len() > 1 { vec![all.join(", ")] } else { Vec::new() },
        marks: vec![(from.0, vec![format!("{count} left")]), (to.0, vec![format!("{count} came")])],
        change: (*changes.first()?).clone(),
    })
}
