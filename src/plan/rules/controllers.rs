//! `cgroup.subtree_control` (v2): what stands against enabling a controller, and for whom it changes the split.
//! Rules: kernel-facts C4 and J.
use crate::model::bytes::escape;
use crate::model::id::TaskKey;
use crate::model::place::{OWN_LEAF, Place};

use super::super::draft::Draft;
use super::super::intent::{Intent, Scope, Setting};
use super::super::refusal::Refusal;
use super::super::step::Confirm;
use super::super::survey::GroupFacts;
use super::super::words;
use super::tasks;

/// Controllers that work in threaded subtrees; a group with processes accepts them, and becomes `domain threaded`.
pub const THREADED: &[&str] = &["cpu", "cpuset", "pids", "perf_event"];

/// Adds the write that enables `wanted` for the children of `level`, unless they are enabled already.
///
/// # Errors
/// A refusal: not available here, processes in the group, a threaded subtree.
pub fn enable(draft: &mut Draft<'_>, level: &Place, wanted: &[&str]) -> Result<(), Refusal> {
    let Some(facts) = draft.world.survey.group(level) else { return Err(draft.gone(level)) };
    let on: Vec<&str> = facts.words("cgroup.subtree_control").collect();
    let missing: Vec<&str> = wanted.iter().filter(|c| !on.contains(c)).copied().collect();
    if missing.is_empty() {
        return Ok(());
    }
    let here: Vec<&str> = facts.words("cgroup.controllers").collect();
    for controller in &missing {
        if !here.contains(controller) {
            let refusal = draft.refuse(not_available(draft, level, controller));
            let above = on_the_way(draft, level, controller);
            if above.is_empty() {
                return Err(refusal);
            }
            let names: Vec<String> = above.iter().map(words::group).collect();
            let say = format!("enable {controller} in {} first, then go on", words::list(&names));
            return Err(refusal.first(say, above.iter().map(|place| switch(place, "+", controller)).collect()));
        }
    }
    check_processes(draft, level, &missing)?;
    let children: Vec<Place> = facts.children.iter().map(|name| level.child(name)).collect();
    say_for_whom(draft, level, &missing, &children);
    let data = missing.iter().map(|c| format!("+{c}")).collect::<Vec<_>>().join(" ");
    let setting = Setting { file: "cgroup.subtree_control".into(), data: data.into_bytes().into() };
    draft.write(level, &setting, Vec::new())
}

/// `+name` or `-name` into `cgroup.subtree_control`.
#[must_use]
pub fn switch(group: &Place, sign: &str, controller: &str) -> Intent {
    let data = format!("{sign}{controller}").into_bytes().into();
    Intent::Set { group: group.clone(), setting: Setting { file: "cgroup.subtree_control".into(), data } }
}

/// The groups above `level` that have the controller or will have it, and do not hand it down: from the top. None where the
/// top itself has it not.
#[must_use]
pub fn on_the_way(draft: &Draft<'_>, level: &Place, controller: &str) -> Vec<Place> {
    let survey = &draft.world.survey;
    let top = Place::top(level.hierarchy);
    let has = |place: &Place, file: &str| survey.group(place).is_some_and(|f| f.words(file).any(|c| c == controller));
    if !has(&top, "cgroup.controllers") {
        return Vec::new();
    }
    let mut levels: Vec<Place> = std::iter::successors(level.parent(), Place::parent)
        .filter(|place| !has(place, "cgroup.subtree_control"))
        .collect();
    levels.reverse();
    levels
}

fn not_available(draft: &Draft<'_>, level: &Place, controller: &str) -> String {
    let survey = draft.survey;
    match survey.controllers.iter().find(|known| &*known.name == controller) {
        None => {
            let known: Vec<&str> = survey.controllers.iter().map(|known| &*known.name).collect();
            format!(
                "This kernel has no controller {}; it has {}. (EINVAL)",
                escape(controller.as_bytes()),
                known.join(", ")
            )
        }
        Some(known) if known.disabled => {
            format!(
                "The controller {controller} was switched off when the host was started (cgroup_disable=). (ENOENT)"
            )
        }
        Some(known) => match known.hierarchy.and_then(|id| survey.hierarchy(id)) {
            Some(other) if other.id != level.hierarchy => format!(
                "The controller {controller} is on the v1 hierarchy {}, and a controller can be on one hierarchy only. (ENOENT)",
                other.label()
            ),
            _ => format!(
                "{controller} is not in cgroup.controllers of {}: the groups above it do not hand it down. (ENOENT)",
                words::group(level)
            ),
        },
    }
}

fn check_processes(draft: &Draft<'_>, level: &Place, missing: &[&str]) -> Result<(), Refusal> {
    let survey = &draft.world.survey;
    let Some(facts) = survey.group(level) else { return Ok(()) };
    let (name, list) = (words::group(level), missing.join(" and "));
    let kind = facts.text("cgroup.type").unwrap_or("domain");
    if kind == "domain invalid" {
        return Err(draft.refuse(format!(
            "{name} is \"domain invalid\": a group above it became threaded, so nothing can be enabled here. (EOPNOTSUPP)"
        )));
    }
    let threadable = missing.iter().all(|c| THREADED.contains(c));
    if kind != "domain" {
        return if threadable {
            Ok(())
        } else {
            Err(draft.refuse(format!("{name} is in a threaded subtree, where {list} cannot be enabled. (EOPNOTSUPP)")))
        };
    }
    let inside = tasks::in_group(survey, level);
    if level.is_top() || inside.is_empty() {
        return Ok(());
    }
    let pids = tasks::processes(survey, &inside);
    let processes = words::count(pids.len(), "process");
    let named = words::tasks(survey, &pids);
    let rule = if threadable {
        format!(
            "{name} holds {processes} ({named}). The kernel would accept +{} here, but turn {name} into a threaded domain: every \
             group below it becomes \"domain invalid\", and no process could enter one (EOPNOTSUPP).",
            missing.join(" +")
        )
    } else {
        format!(
            "{name} holds {processes} ({named}), and a group that hands controllers down may hold none itself (no internal \
             processes). (EBUSY)"
        )
    };
    let refusal = draft.refuse(rule);
    let keys: Vec<TaskKey> = pids.iter().filter_map(|&pid| tasks::process_key(survey, pid)).collect();
    if keys.len() < pids.len() || pids.iter().any(|&pid| tasks::is_guarded(survey, pid)) {
        return Err(refusal);
    }
    let leaf = free_leaf(facts);
    let who = if pids.len() == 1 { "the process".to_owned() } else { format!("the {processes}") };
    Err(refusal.first(
        format!("make {name}/{leaf}, move {who} there, then go on"),
        vec![
            Intent::Create {
                parent: level.clone(),
                path: leaf.as_bytes().into(),
                settings: Vec::new(),
                controllers: Vec::new(),
            },
            Intent::Move { tasks: keys, to: level.child(leaf.as_bytes()), scope: Scope::Process },
        ],
    ))
}

/// A name for a leaf that no child has.
#[must_use]
pub fn free_leaf(facts: &GroupFacts) -> String {
    let free = |name: &String| !facts.children.iter().any(|child| **child == *name.as_bytes());
    std::iter::once("leaf".to_owned()).chain((2..=999).map(|n| format!("leaf{n}"))).find(free).unwrap_or_default()
}

fn say_for_whom(draft: &mut Draft<'_>, level: &Place, missing: &[&str], children: &[Place]) {
    let own = |child: &Place| draft.is_ours(child) || child.name() == OWN_LEAF.as_bytes();
    let others: Vec<&Place> = children.iter().filter(|child| !own(child)).collect();
    if others.is_empty() {
        return;
    }
    let names: Vec<String> = others.iter().map(|place| escape(place.name())).collect();
    let groups = if others.len() == 1 { "the group".to_owned() } else { format!("the {} groups", others.len()) };
    let then = if missing.contains(&"cpu") {
        "; each then competes as one group of weight 100, no longer thread by thread"
    } else {
        ""
    };
    let text = format!(
        "Enabling {} in {} also switches it on for {groups} {} there{then}.",
        missing.join(" and "),
        words::group(level),
        words::list(&names)
    );
    draft.warn(text);
    draft.ask(Confirm::Foreign);
}
