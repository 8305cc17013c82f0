//! Making a group, with the groups on the way to it, the controllers it needs and its first settings.
use crate::catalog::controller_of;
use crate::model::bytes::{Bytes, escape};
use crate::model::hierarchy::Version;
use crate::model::place::Place;

use super::draft::Draft;
use super::intent::{Intent, Setting};
use super::refusal::Refusal;
use super::rules::{controllers, names};
use super::step::{Confirm, Plan, Step};
use super::survey::Survey;
use super::{set, words};

/// The plan to make `path` below `parent`.
///
/// # Errors
/// A refusal: a bad name, a group that exists, no right to make groups there, a controller that cannot be enabled, a
/// setting that the kernel would not take.
pub fn plan(
    survey: &Survey,
    parent: &Place,
    path: &Bytes,
    settings: &[Setting],
    wanted_names: &[Box<str>],
) -> Result<Plan, Refusal> {
    let name = if path.is_empty() { "a group".to_owned() } else { words::clip(&escape(path)) };
    let mut draft = Draft::new(survey, format!("create {name}"))?;
    if survey.group(parent).is_none() {
        return Err(draft.absent(parent));
    }
    let version = draft.world.version(parent);
    let wanted = needed(&draft, parent, settings, wanted_names)?;
    let parts: Vec<&[u8]> = path.split(|&byte| byte == b'/').collect();
    let mut at = parent.clone();
    if version == Version::V2 {
        enable_above(&mut draft, parent, &wanted)?;
    }
    for (index, &part) in parts.iter().enumerate() {
        let child = at.child(part);
        let last = index + 1 == parts.len();
        if !part.is_empty() && draft.world.survey.group(&child).is_some() {
            if last {
                return Err(exists(&draft, (parent, path), &child, (settings, wanted_names)));
            }
        } else {
            names::check(part, version).map_err(|rule| draft.refuse(rule))?;
            draft.may_change(&at)?;
            ask_outside(&mut draft, &at, &child);
            if version == Version::V2 {
                check_limits(&draft, &at, parts.len() - index)?;
            }
            draft.push(Step::MakeGroup { at: child.clone() })?;
        }
        at = child;
        if !last && version == Version::V2 {
            enable(&mut draft, &at, &wanted)?;
        }
    }
    for setting in settings {
        set::add(&mut draft, &at, setting)
            .map_err(|refusal| instead(refusal, &at, |other| create(parent, path, settings, wanted_names, &other)))?;
    }
    let with: Vec<String> = settings.iter().map(|s| format!("{} {}", s.file, escape(&s.data))).collect();
    let with = if with.is_empty() { String::new() } else { format!(" with {}", words::list(&with)) };
    Ok(draft.finish(format!("create {name}{with}")))
}

/// The ways out of a setting, for a group that is not there yet: the same creation with another value.
fn instead(mut refusal: Refusal, at: &Place, create: impl Fn(Setting) -> Intent) -> Refusal {
    refusal.instead.retain_mut(|way| match way.intents.as_slice() {
        [Intent::Set { group, setting }] if group == at => {
            way.intents = vec![create(setting.clone())];
            true
        }
        _ => false,
    });
    refusal
}

/// The creation with `other` in place of the setting of the same file.
fn create(parent: &Place, path: &Bytes, settings: &[Setting], controllers: &[Box<str>], other: &Setting) -> Intent {
    let mut settings = settings.to_vec();
    settings.iter_mut().filter(|setting| setting.file == other.file).for_each(|setting| setting.clone_from(other));
    Intent::Create { parent: parent.clone(), path: path.clone(), settings, controllers: controllers.to_vec() }
}

/// The controllers that the group needs: those asked for and those of its settings.
fn needed(
    draft: &Draft<'_>,
    parent: &Place,
    settings: &[Setting],
    wanted: &[Box<str>],
) -> Result<Vec<String>, Refusal> {
    let mut all: Vec<String> = wanted.iter().map(ToString::to_string).collect();
    all.extend(settings.iter().filter_map(|setting| controller_of(&setting.file)).map(str::to_owned));
    all.sort();
    all.dedup();
    let Some(hierarchy) = draft.survey.hierarchy(parent.hierarchy) else { return Ok(all) };
    if hierarchy.version == Version::V1
        && let Some(other) = all.iter().find(|controller| !hierarchy.has(controller))
    {
        return Err(draft.refuse(format!(
            "The controller {other} is not on this hierarchy ({}); its groups are made where it is.",
            hierarchy.label()
        )));
    }
    Ok(all)
}

/// A group outside of the stage takes from those that are there: its maker should mean it.
fn ask_outside(draft: &mut Draft<'_>, parent: &Place, child: &Place) {
    let Some(stage) = draft.survey.limits.stage.as_ref().filter(|stage| stage.hierarchy == child.hierarchy) else {
        return;
    };
    if !child.is_within(stage) && !draft.is_ours(parent) {
        draft.warn(format!(
            "{child} lies outside of the stage, {stage}: it competes with what is in {}.",
            words::group(parent)
        ));
        draft.ask(Confirm::Foreign);
    }
}

/// v2: a controller reaches a group only if every group above hands it down.
fn enable_above(draft: &mut Draft<'_>, parent: &Place, wanted: &[String]) -> Result<(), Refusal> {
    let mut levels: Vec<Place> = std::iter::successors(Some(parent.clone()), Place::parent).collect();
    levels.reverse();
    for level in levels {
        enable(draft, &level, wanted)?;
    }
    Ok(())
}

fn enable(draft: &mut Draft<'_>, level: &Place, wanted: &[String]) -> Result<(), Refusal> {
    let wanted: Vec<&str> = wanted.iter().map(String::as_str).collect();
    controllers::enable(draft, level, &wanted)
}

/// The group is there: set the values in it, or take a name that is free.
fn exists(
    draft: &Draft<'_>,
    (parent, path): (&Place, &Bytes),
    place: &Place,
    (settings, controllers): (&[Setting], &[Box<str>]),
) -> Refusal {
    let mut refusal = draft.refuse(format!("{place} exists already. (EEXIST)"));
    if !settings.is_empty() {
        let set = |setting: &Setting| Intent::Set { group: place.clone(), setting: setting.clone() };
        refusal = refusal.way("set the values in the group that is there", settings.iter().map(set).collect());
    }
    let is_free = |end: &String| {
        let name = [place.name(), end.as_bytes()].concat();
        name.len() <= names::LONGEST && draft.world.survey.group(&place.sibling(&name)).is_none()
    };
    let siblings = place.parent().and_then(|above| draft.world.survey.group(&above));
    let listed = |end: &String| {
        let name = [place.name(), end.as_bytes()].concat();
        siblings.is_some_and(|facts| facts.children.iter().any(|child| **child == *name))
    };
    let Some(end) = (2..100).map(|n| format!("-{n}")).find(|end| is_free(end) && !listed(end)) else { return refusal };
    let free = [&path[..], end.as_bytes()].concat();
    let name = words::clip(&escape(&free));
    let create = Intent::Create {
        parent: parent.clone(),
        path: free.into(),
        settings: settings.to_vec(),
        controllers: controllers.to_vec(),
    };
    refusal.way(format!("make {name} instead"), vec![create])
}

/// v2: `cgroup.max.depth` and `cgroup.max.descendants` of every group above (EAGAIN). `more` groups are made, each in the one
/// before.
fn check_limits(draft: &Draft<'_>, parent: &Place, more: usize) -> Result<(), Refusal> {
    let world = &draft.world;
    for (depth, above) in std::iter::successors(Some(parent.clone()), Place::parent).enumerate() {
        let Some(facts) = world.survey.group(&above) else { continue };
        let limit = |file| facts.text(file).and_then(|text| text.parse::<usize>().ok());
        let below = facts.text("cgroup.stat").and_then(|text| {
            text.lines().find_map(|line| line.strip_prefix("nr_descendants ")?.trim().parse::<usize>().ok())
        });
        let (file, limit, needed) = match (limit("cgroup.max.depth"), limit("cgroup.max.descendants"), below) {
            (Some(limit), _, _) if depth + more > limit => ("cgroup.max.depth", limit, depth + more),
            (_, Some(limit), Some(below)) if below + more > limit => ("cgroup.max.descendants", limit, below + more),
            _ => continue,
        };
        let what = match (file, below) {
            ("cgroup.max.descendants", Some(below)) => format!("it has {} below it", words::count(below, "group")),
            _ => format!("the new group would be {} below it", words::count(needed, "level")),
        };
        let name = words::group(&above);
        let raise = Intent::Set {
            group: above.clone(),
            setting: Setting { file: file.into(), data: needed.to_string().into_bytes().into() },
        };
        return Err(draft
            .refuse(format!("{file} of {name} is {limit}, and {what}. (EAGAIN)"))
            .first(format!("set {file} of {name} to {needed}, then go on"), vec![raise]));
    }
    Ok(())
}
