//! What a frame already tells against a group as a target. The plan knows more.
use crate::model::cgroup::GroupType;
use crate::model::hierarchy::Version;
use crate::model::id::GroupId;
use crate::model::snapshot::Snapshot;
use crate::plan::intent::Scope;

use super::super::state::State;
use super::Moving;
use super::probe::{self, Answer};

/// Why a group cannot be the target, with the way out after a semicolon; `None` if nothing is seen against it.
#[must_use]
pub fn illegal(state: &State, moving: &Moving, target: GroupId) -> Option<String> {
    let snapshot = state.snapshot()?;
    let group = snapshot.structure.group(target)?;
    if moving.ended {
        return Some("it has ended".to_owned()).filter(|_| moving.target == Some(group.key));
    }
    if moving.is_in(group.key) {
        return Some("it is here".to_owned());
    }
    if let Some(only) = &state.setup.limits.only
        && snapshot.structure.place(target).is_some_and(|place| !place.is_within(only))
    {
        return Some("outside --only".to_owned());
    }
    if snapshot.structure.hierarchy(group.key.hierarchy)?.version == Version::V2
        && let Some(why) = unified(snapshot, moving, target)
    {
        return Some(why);
    }
    match probe::of(moving, group.key) {
        Some(Answer::Refused(refusal)) => Some(match probe::errno(&refusal.rule) {
            Some(errno) => format!("refused ({errno})"),
            None => "refused".to_owned(),
        }),
        _ => None,
    }
}

/// What v2 has against it.
fn unified(snapshot: &Snapshot, moving: &Moving, target: GroupId) -> Option<String> {
    let group = snapshot.structure.group(target)?;
    let kind = snapshot.groups.get(target).and_then(|values| values.kind.get());
    let threaded = matches!(kind, Some(GroupType::Threaded | GroupType::DomainThreaded));
    if kind == Some(GroupType::DomainInvalid) {
        return Some("domain invalid; make it threaded first".to_owned());
    }
    if moving.reach.scope() == Scope::Thread && kind.is_some() && !threaded {
        return Some("no threaded group; Tab: whole process".to_owned());
    }
    // A weight in a child says that the controller is enabled in this group.
    let enabled = group
        .children
        .iter()
        .any(|&child| snapshot.groups.get(child).is_some_and(|values| values.weight.get().is_some()));
    (enabled && group.parent.is_some() && !threaded).then(|| "no leaf (EBUSY); choose one below".to_owned())
}
