//! Unmounting a hierarchy from one of its mount points, and what becomes of the hierarchy then.
//!
//! A hierarchy of v1 ends with its last mount only if it has no group but the top; else it lives on, hidden, with its groups
//! and tasks, and mounting it again shows it as it was. v2 never ends. Rules: kernel-facts section 0 (9) and C5.
use crate::model::bytes::{Bytes, escape};
use crate::model::hierarchy::{Hierarchy, Mount, Version};
use crate::model::id::{HierarchyId, Tid};
use crate::model::mounting::Mounting;
use crate::model::place::Place;

use super::draft::Draft;
use super::intent::Intent;
use super::mount::{bound, may_mount, outside_only};
use super::refusal::{NOTHING_TO_DO, Refusal};
use super::rules::{knobs, tasks};
use super::step::{Confirm, Life, Plan, Step};
use super::survey::{PointFacts, Survey};
use super::words;

/// The plan to unmount `hierarchy` from `point`.
///
/// # Errors
/// A refusal: it is not mounted there, something is mounted over or below it, somebody is inside (with the way to detach it),
/// no right to unmount.
pub fn plan(survey: &Survey, hierarchy: HierarchyId, point: &Bytes, lazy: bool) -> Result<Plan, Refusal> {
    let shown = words::clip(&escape(point));
    let label = survey.hierarchy(hierarchy).map_or_else(|| "the hierarchy".to_owned(), Hierarchy::label);
    let verb = if lazy { "detach" } else { "unmount" };
    let mut draft = Draft::new(survey, format!("{verb} {label} from {shown}"))?;
    outside_only(&draft)?;
    may_mount(&draft)?;
    let Some(found) = survey.hierarchy(hierarchy) else {
        return Err(Refusal::new(NOTHING_TO_DO, "This hierarchy is gone: somebody unmounted it meanwhile."));
    };
    let Some(mount) = at(found, survey, point) else {
        let points: Vec<String> = found.mounts.iter().map(|mount| escape(&mount.point)).collect();
        let where_is =
            if points.is_empty() { "nowhere that is seen".to_owned() } else { format!("at {}", words::list(&points)) };
        return Err(draft.refuse(format!("{label} is not mounted at {shown}: it is mounted {where_is}. (EINVAL)")));
    };
    if mount.hidden {
        return Err(draft.refuse(format!(
            "Another mount covers {shown}: umount would take that one. What is on top must be unmounted first."
        )));
    }
    if survey.limits.stage.as_ref().is_some_and(|stage| stage.hierarchy == hierarchy) && visible(found).count() == 1 {
        return Err(draft.refuse(format!(
            "{label} is where cgrove builds in this visit. Start cgrove with --under elsewhere, or mount it at a second place first."
        )));
    }
    if let Some(facts) = survey.points.get(point) {
        not_busy(&draft, found, mount, facts, lazy)?;
    }
    say(&mut draft, found, mount, lazy);
    add(&mut draft, hierarchy, &mount.point.clone(), lazy)?;
    Ok(draft.finish(format!("{verb} {label} from {shown}")))
}

/// The mount at a point, or at the path that the point leads to.
fn at<'a>(hierarchy: &'a Hierarchy, survey: &Survey, point: &Bytes) -> Option<&'a Mount> {
    let path = survey.points.get(point).map_or(point, |facts| &facts.path);
    // The last one covers those before it.
    hierarchy.mounts.iter().rev().find(|mount| mount.point == *path)
}

fn visible(hierarchy: &Hierarchy) -> impl Iterator<Item = &Mount> {
    hierarchy.mounts.iter().filter(|mount| !mount.hidden)
}

/// What keeps the mount busy, as far as that is seen.
///
/// # Errors
/// The refusal, with the way to detach it all the same.
fn not_busy(
    draft: &Draft<'_>,
    hierarchy: &Hierarchy,
    mount: &Mount,
    facts: &PointFacts,
    lazy: bool,
) -> Result<(), Refusal> {
    if !facts.below.is_empty() {
        let points: Vec<String> = facts.below.iter().map(|point| escape(point)).collect();
        let verb = if points.len() == 1 { "is" } else { "are" };
        return Err(draft.refuse(format!(
            "{} {verb} mounted below it. (EBUSY) Unmount what is below first.",
            words::list(&points)
        )));
    }
    if lazy {
        return Ok(());
    }
    match busy(facts) {
        None => Ok(()),
        Some(who) => {
            let way = detach(hierarchy.id, &mount.point);
            Err(draft.refuse(format!("umount needs that nobody is inside: {who}. (EBUSY)")).way(DETACH, vec![way]))
        }
    }
}

/// What a lazy unmount is, as a way out.
pub(super) const DETACH: &str = "detach it now; it goes when the last of them has left";

pub(super) fn detach(hierarchy: HierarchyId, point: &Bytes) -> Intent {
    Intent::Unmount { hierarchy, point: point.clone(), lazy: true }
}

/// Who keeps a mount busy; `None` if nobody is seen to.
pub(super) fn busy(facts: &PointFacts) -> Option<String> {
    (!facts.users.is_empty()).then(|| words::users(&facts.users))
}

/// The mounts that are left when the one at `point` is gone: it may be mounted there twice.
fn others<'a>(hierarchy: &'a Hierarchy, point: &Bytes) -> Vec<&'a Mount> {
    let mut all: Vec<&Mount> = hierarchy.mounts.iter().collect();
    if let Some(on_top) = all.iter().rposition(|mount| mount.point == *point) {
        all.remove(on_top);
    }
    all
}

/// What will become of the hierarchy when the mount at `point` is gone.
pub(super) fn fate(draft: &Draft<'_>, hierarchy: &Hierarchy, point: &Bytes) -> Life {
    if !others(hierarchy, point).is_empty() {
        Life::Mounted
    } else if hierarchy.version == Version::V2 || draft.world.has_groups(hierarchy.id) {
        Life::Hidden
    } else {
        Life::Gone
    }
}

/// Says before what will be, and asks.
fn say(draft: &mut Draft<'_>, hierarchy: &Hierarchy, mount: &Mount, lazy: bool) {
    let ours = draft.survey.mounted.contains(&(hierarchy.id, mount.point.clone()));
    let fate = fate(draft, hierarchy, &mount.point);
    draft.warn(will_be(draft, hierarchy, &mount.point, fate));
    if lazy && fate == Life::Gone {
        draft.warn("While somebody is inside it lives on, hidden.");
    }
    if ours {
        return;
    }
    draft.ask(Confirm::Foreign);
    let by_systemd = draft.survey.host.systemd && mount.point.starts_with(b"/sys/fs/cgroup");
    if by_systemd {
        draft.warn("systemd mounted it at boot and manages services through it: it will not mount it again by itself.");
    } else {
        draft.warn("cgrove did not mount it: whoever did reaches it by this path.");
    }
}

/// What will be, one sentence.
pub(super) fn will_be(draft: &Draft<'_>, hierarchy: &Hierarchy, point: &Bytes, fate: Life) -> String {
    let label = hierarchy.label();
    match fate {
        Life::Mounted => {
            let others: Vec<String> = others(hierarchy, point).iter().map(|mount| escape(&mount.point)).collect();
            format!("{label} stays mounted at {}.", words::list(&others))
        }
        Life::Gone if hierarchy.controllers.is_empty() => {
            format!("{label} has no groups: it will be gone.")
        }
        Life::Gone => format!("{label} has no groups: it will be gone, and its controllers free."),
        Life::Hidden if hierarchy.version == Version::V2 => {
            format!(
                "{label} lives on, mounted nowhere that is seen, with all its groups: mounting it again shows them."
            )
        }
        Life::Hidden => {
            let survey = &draft.world.survey;
            let top = Place::top(hierarchy.id);
            let groups: Vec<&Place> = tasks::subtree(survey, &top).filter(|place| !place.is_top()).collect();
            let tids: Vec<Tid> = groups.iter().flat_map(|group| tasks::in_group(survey, group)).collect();
            format!(
                "{label} will live on, hidden: {} with {} stay in it, and mounting it again shows them.",
                words::count(groups.len(), "group"),
                words::count(tids.len(), "task")
            )
        }
    }
}

/// Adds the unmount, and the removal of the directories that cgrove made for it.
///
/// # Errors
/// A refusal where `--only` forbids it.
pub(super) fn add(draft: &mut Draft<'_>, id: HierarchyId, point: &Bytes, lazy: bool) -> Result<(), Refusal> {
    let Some(hierarchy) = draft.world.survey.hierarchy(id).cloned() else { return Ok(()) };
    let Some(mount) = hierarchy.mounts.iter().rev().find(|mount| mount.point == *point).cloned() else { return Ok(()) };
    let ends = fate(draft, &hierarchy, point) == Life::Gone;
    let mut mounting = Mounting::of(&hierarchy, &mount);
    if &*mount.root != b"/" {
        match bound(&hierarchy, &mount.root, Some(point)) {
            Some(source) => mounting.source = source,
            None => draft.cannot_undo(format!(
                "{} shows only the group {}, and no other mount is left from which undo could show it there again.",
                escape(point),
                escape(&mount.root)
            )),
        }
    }
    let settings = if ends { knobs::of(&draft.world, &Place::top(id)).settings } else { Vec::new() };
    draft.push(Step::Unmount { mounting, ends, lazy, settings })?;
    if others(&hierarchy, point).iter().any(|mount| mount.point == *point) {
        return Ok(());
    }
    let mut path = point.to_vec();
    while draft.survey.directories.contains(&*path) {
        draft.push(Step::RemoveDirectory { path: path.clone().into() })?;
        path.truncate(path.iter().rposition(|&byte| byte == b'/').unwrap_or(0));
    }
    Ok(())
}
