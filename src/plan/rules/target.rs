//! What stands against a group taking in a process or a thread (kernel-facts C3 and J).
use crate::model::hierarchy::Version;
use crate::model::place::Place;

use super::super::draft::Draft;
use super::super::intent::{Intent, Scope, Setting};
use super::super::refusal::Refusal;
use super::super::{shell, words};
use super::controllers;

/// Checks that processes may enter the group at `to`. `then` makes the intent that goes on, for a given target.
///
/// # Errors
/// A refusal with the ways out: children that may hold processes, the values that a cpuset lacks.
pub fn check(draft: &Draft<'_>, to: &Place, then: &dyn Fn(&Place) -> Intent) -> Result<(), Refusal> {
    match draft.world.version(to) {
        Version::V1 => cpuset(draft, to, then),
        Version::V2 => domain(draft, to, then),
    }
}

/// v1: a cpuset without CPUs or memory nodes takes no task (ENOSPC).
fn cpuset(draft: &Draft<'_>, to: &Place, then: &dyn Fn(&Place) -> Intent) -> Result<(), Refusal> {
    let Some(facts) = draft.world.survey.group(to) else { return Err(draft.gone(to)) };
    let empty: Vec<&str> =
        ["cpuset.cpus", "cpuset.mems"].into_iter().filter(|file| facts.text(file) == Some("")).collect();
    if empty.is_empty() {
        return Ok(());
    }
    let name = words::group(to);
    let refusal = draft.refuse(format!(
        "{} of {name} {} empty, and a cpuset without CPUs or memory nodes takes no task. (ENOSPC)",
        empty.join(" and "),
        if empty.len() == 1 { "is" } else { "are" }
    ));
    let Some(fills) = empty.iter().map(|file| Fill::of(draft, to, file)).collect::<Option<Vec<_>>>() else {
        return Err(refusal);
    };
    let say: Vec<String> = fills.iter().map(|fill| format!("{} to {}", fill.file, fill.value)).collect();
    let sets = |group: &Place| {
        let empty = fills.iter().filter(move |fill| fill.empty.contains(group));
        let set = |fill: &Fill<'_>| Intent::Set {
            group: group.clone(),
            setting: Setting { file: fill.file.into(), data: fill.value.as_bytes().into() },
        };
        empty.map(set).collect::<Vec<_>>()
    };
    // A child has no more than its parent: from the top down.
    let mut levels: Vec<Place> = std::iter::successors(Some(to.clone()), Place::parent).collect();
    levels.reverse();
    let mut intents: Vec<Intent> = levels.iter().flat_map(sets).collect();
    intents.push(then(to));
    let above = fills.iter().any(|fill| fill.empty.len() > 1);
    let as_in = if above { "in all groups on the way that have none" } else { "as in the parent" };
    Err(refusal.way(format!("set {} {as_in}, then go on", say.join(" and ")), intents))
}

/// What an empty file of a v1 cpuset would be set to.
struct Fill<'a> {
    file: &'a str,
    /// What the nearest group above has that has something.
    value: String,
    /// The groups up to there.
    empty: Vec<Place>,
}

impl<'a> Fill<'a> {
    fn of(draft: &Draft<'_>, to: &Place, file: &'a str) -> Option<Self> {
        let mut empty = Vec::new();
        for place in std::iter::successors(Some(to.clone()), Place::parent) {
            match draft.world.survey.group(&place)?.text(file)? {
                "" => empty.push(place),
                value => return Some(Self { file, value: value.to_owned(), empty }),
            }
        }
        None
    }
}

/// The group that holds what is in `place`: itself or one above, frozen.
#[must_use]
pub fn held_by(draft: &Draft<'_>, place: &Place) -> Option<Place> {
    std::iter::successors(Some(place.clone()), Place::parent).find(|place| {
        draft.world.read(place, "cgroup.freeze").as_deref() == Some(b"1")
            || draft.world.read(place, "freezer.state").as_deref() == Some(b"FROZEN")
    })
}

/// v2: no internal processes, and no process in an invalid domain.
fn domain(draft: &Draft<'_>, to: &Place, then: &dyn Fn(&Place) -> Intent) -> Result<(), Refusal> {
    let Some(facts) = draft.world.survey.group(to) else { return Err(draft.gone(to)) };
    let name = words::group(to);
    let kind = facts.text("cgroup.type").unwrap_or("domain");
    if kind == "domain invalid" {
        let threaded = Intent::Set {
            group: to.clone(),
            setting: Setting { file: "cgroup.type".into(), data: Box::from(&b"threaded"[..]) },
        };
        return Err(draft.refuse(format!(
            "{name} is \"domain invalid\": it lies in a threaded subtree and is not threaded itself, so it takes no process. \
             (EOPNOTSUPP)"
        )).way(format!("make {name} threaded, then go on"), vec![threaded, then(to)]));
    }
    let on: Vec<&str> = facts.words("cgroup.subtree_control").collect();
    if to.is_top() || on.is_empty() || kind != "domain" {
        return Ok(());
    }
    let mut refusal = draft.refuse(format!(
        "{name} hands {} down to its child groups, and such a group may hold no process itself: only leaves may. (EBUSY)",
        on.join(" and ")
    ));
    for child in facts.children.iter().take(3).map(|child| to.child(child)) {
        refusal = refusal.way(format!("choose its child {}", words::group(&child)), vec![then(&child)]);
    }
    let leaf = controllers::free_leaf(facts);
    let make = Intent::Create {
        parent: to.clone(),
        path: leaf.as_bytes().into(),
        settings: Vec::new(),
        controllers: Vec::new(),
    };
    let child = to.child(leaf.as_bytes());
    Err(refusal.way(format!("make {name}/{leaf} for them and go on there"), vec![make, then(&child)]))
}

/// Checks that a move does not cross the root of the cgroup namespace (v2 with `nsdelegate`), in either direction.
///
/// # Errors
/// A refusal that names the end that lies outside.
pub fn border(draft: &Draft<'_>, from: &Place, to: &Place) -> Result<(), Refusal> {
    let Some(border) = draft.survey.border.as_ref().filter(|border| border.hierarchy == to.hierarchy) else {
        return Ok(());
    };
    let Some(outside) = [from, to].into_iter().find(|end| !end.is_within(border)) else { return Ok(()) };
    Err(draft.refuse(format!(
        "{outside} lies outside of this cgroup namespace, whose root is {border}, and nothing moves across that (nsdelegate). \
         (ENOENT) From the initial cgroup namespace it can be moved.",
    )))
}

/// Checks that this user may move something from one group to another: on v1 the right to write to the target, on v2 also
/// to `cgroup.procs` of the nearest group above both ends.
///
/// # Errors
/// A refusal that names the group where the right is missing.
pub fn rights(draft: &Draft<'_>, from: &Place, to: &Place, scope: Scope) -> Result<(), Refusal> {
    let survey = draft.survey;
    let missing = |place: &Place| survey.group(place).and_then(|facts| facts.closed);
    if let Some(errno) = missing(to) {
        let file = shell::member_file(survey, to, scope);
        return Err(draft.refuse(format!(
            "A move writes to {file} of {}: {}. {}",
            words::group(to),
            words::no_permission(errno),
            words::get_permission(errno)
        )));
    }
    if draft.world.version(to) == Version::V1 {
        return Ok(());
    }
    let above = Place::common(from, to);
    match missing(&above) {
        Some(errno) => Err(draft.refuse(format!(
            "On v2 a move also needs the right to write cgroup.procs of the nearest group above both ends, and that is {}: \
             {}. Move within a subtree that is yours, or let root do it.",
            words::group(&above),
            words::no_permission(errno)
        ))),
        None => Ok(()),
    }
}
