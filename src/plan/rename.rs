//! Giving a group another name. Only v1 can, and only below the same parent; the group stays the same in everything else.
//!
//! On v2 the way is to make a group with the same settings, move the processes and remove the old one: offered where the
//! group has no groups below. Rules: kernel-facts C2.
use crate::model::bytes::{Bytes, escape};
use crate::model::hierarchy::Version;
use crate::model::id::TaskKey;
use crate::model::place::Place;

use super::draft::Draft;
use super::intent::{Inside, Intent, Scope};
use super::refusal::Refusal;
use super::rules::{knobs, names, tasks};
use super::step::{Plan, Step};
use super::survey::Survey;
use super::words;

/// The plan to call the group at `place` `name`.
///
/// # Errors
/// A refusal: v2, the top, a name that cannot be or that is taken, a group that this visit builds in or is limited to.
pub fn plan(survey: &Survey, place: &Place, name: &Bytes) -> Result<Plan, Refusal> {
    let new = words::clip(&escape(name));
    let mut draft = Draft::new(survey, format!("rename {} to {new}", words::group(place)))?;
    if survey.group(place).is_none() {
        return Err(draft.gone(place));
    }
    let Some(parent) = place.parent() else {
        return Err(draft.refuse("The top group is the hierarchy itself and has no name."));
    };
    let version = draft.world.version(place);
    if name.contains(&b'/') {
        let refusal = draft.refuse("A group keeps its parent: rename gives another name and moves nothing. (EIO)");
        return Err(made_anew(refusal, &draft, place, &parent, name));
    }
    if version == Version::V1 && names::is_control_file(name, version) {
        // mkdir would say EEXIST.
        return Err(draft.refuse(format!("{new} is a control file, and no group takes the place of a file. (ENOTDIR)")));
    }
    names::check(name, version).map_err(|rule| draft.refuse(rule))?;
    if **name == *place.name() {
        return Err(Refusal::new("nothing to do", format!("{place} has that name.")));
    }
    if version == Version::V2 {
        let refusal = draft.refuse("The kernel renames no group of v2. (EPERM)");
        return Err(made_anew(refusal, &draft, place, &parent, name));
    }
    let to = place.sibling(name);
    if survey.group(&to).is_some() {
        return Err(draft.refuse(format!("{to} exists already. (EEXIST)")));
    }
    draft.may_change(&parent)?;
    for (fixed, what) in
        [(&survey.limits.stage, "the stage, where cgrove builds"), (&survey.limits.only, "the group of --only")]
    {
        if fixed.as_ref().is_some_and(|fixed| fixed.is_within(place)) {
            return Err(draft.refuse(format!("{place} is {what}, or above it: this visit knows that by its name.")));
        }
    }
    if !draft.is_ours(place) {
        draft.warn("Whoever made it knows it by its name, and will not find it.");
    }
    draft.ask_if_foreign(place);
    let key = draft.key(place);
    draft.push(Step::Rename { at: place.clone(), key, name: name.clone() })?;
    Ok(draft.finish(format!("rename {} to {new}", words::group(place))))
}

/// With the way that is left where the kernel does not rename: another group with the same settings at `path` below `parent`,
/// the processes into it, and the old one removed. Not for a group with groups below.
fn made_anew(refusal: Refusal, draft: &Draft<'_>, place: &Place, parent: &Place, path: &Bytes) -> Refusal {
    let survey = draft.survey;
    let has_groups = survey.group(place).is_none_or(|facts| !facts.children.is_empty());
    let inside = tasks::in_group(survey, place);
    let pids = tasks::processes(survey, &inside);
    let keys: Vec<TaskKey> = pids.iter().filter_map(|&pid| tasks::process_key(survey, pid)).collect();
    let to = Place::new(parent.hierarchy, parent.child(path).path.as_ref());
    if has_groups || keys.len() < pids.len() || to.is_within(place) || to.parts().any(|part| part == b"..") {
        return refusal;
    }
    let knobs = knobs::of(&draft.world, place);
    let mut intents = vec![Intent::Create {
        parent: parent.clone(),
        path: path.clone(),
        settings: knobs.settings,
        controllers: Vec::new(),
    }];
    if !keys.is_empty() {
        intents.push(Intent::Move { tasks: keys, to: to.clone(), scope: Scope::Process });
    }
    intents.push(Intent::Remove { group: place.clone(), inside: Inside::Nothing });
    let moves = match pids.len() {
        0 => String::new(),
        1 => ", move the process".to_owned(),
        count => format!(", move the {}", words::count(count, "process")),
    };
    let new = words::clip(&escape(path));
    let say = format!("make {new} with the same settings{moves} and remove {}", words::group(place));
    refusal.way(say.clone(), vec![Intent::Together { title: say, intents }])
}
