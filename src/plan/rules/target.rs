//! What stands against a group taking in a process or a thread (kernel-facts C3 and J).
use crate::model::hierarchy::Version;
use crate::model::place::Place;

use super::super::draft::Draft;
use super::super::intent::{Intent, Setting};
use super::super::refusal::Refusal;
use super::super::words;

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
    let parent = to.parent().and_then(|parent| draft.world.survey.group(&parent));
    let values: Vec<(&str, &str)> = empty
        .iter()
        .filter_map(|&file| Some((file, parent?.text(file)?)))
        .filter(|(_, value)| !value.is_empty())
        .collect();
    if values.len() < empty.len() {
        return Err(refusal);
    }
    let say: Vec<String> = values.iter().map(|(file, value)| format!("{file} to {value}")).collect();
    let mut intents: Vec<Intent> = values
        .iter()
        .map(|&(file, value)| Intent::Set {
            group: to.clone(),
            setting: Setting { file: file.into(), data: value.as_bytes().into() },
        })
        .collect();
    intents.push(then(to));
    Err(refusal.way(format!("set {} as in the parent, then go on", say.join(" and ")), intents))
}

/// v2: no internal processes, and no process in an invalid domain.
fn domain(draft: &Draft<'_>, to: &Place, then: &dyn Fn(&Place) -> Intent) -> Result<(), Refusal> {
    let Some(facts) = draft.world.survey.group(to) else { return Err(draft.gone(to)) };
    let name = words::group(to);
    let kind = facts.text("cgroup.type").unwrap_or("domain");
    if kind == "domain invalid" {
        return Err(draft.refuse(format!(
            "{name} is \"domain invalid\": it lies in a threaded subtree and is not threaded itself, so it takes no process. \
             (EOPNOTSUPP)"
        )));
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
    Err(refusal)
}
