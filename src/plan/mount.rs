//! Mounting a hierarchy: a new one by name or with controllers, one that lives at a second place, one that lives hidden.
//!
//! Flow: [`find`] says which hierarchy is meant and whether the kernel would make or find it; [`point`] whether something can
//! be mounted at the path; [`add`] pushes the steps. Undo of an unmount asks the same ([`add`]).
//!
//! A hierarchy of v2 is shown at a second place by a bind mount: a new mount of it would set the flags of every other.
//! Rules: kernel-facts section 0 (8), A1, A4, C5.
use crate::model::bytes::{Bytes, escape};
use crate::model::hierarchy::{Controller, Hierarchy, Version};
use crate::model::id::HierarchyId;
use crate::model::mounting::{Mounting, Source, USUAL, v1_data};
use crate::model::place::Place;

use super::draft::Draft;
use super::intent::{Intent, Setting, What};
use super::refusal::Refusal;
use super::step::{Confirm, Plan, Step};
use super::survey::Survey;
use super::words;

pub mod point;

/// Longest name of a hierarchy, in bytes (kernel: `MAX_CGROUP_ROOT_NAMELEN` less its end).
const LONGEST: usize = 63;

/// The plan to mount `what` at the path `at`.
///
/// # Errors
/// A refusal: a controller that another hierarchy holds, a name that cannot be, a path at which nothing can be mounted, no
/// right to mount.
pub fn plan(survey: &Survey, what: &What, at: &Bytes) -> Result<Plan, Refusal> {
    let shown = words::clip(&escape(at));
    let mut draft = Draft::new(survey, format!("mount {} at {shown}", name(survey, what)))?;
    outside_only(&draft)?;
    may_mount(&draft)?;
    let wanted = find(&draft, what, at)?;
    let path = point::check(&draft, what, &wanted, at)?;
    let title = format!("mount {} at {}", wanted.label, words::clip(&escape(&path)));
    if let Some(hierarchy) = wanted.hierarchy.and_then(|id| survey.hierarchy(id)) {
        let points: Vec<String> = hierarchy.mounts.iter().map(|mount| escape(&mount.point)).collect();
        if points.is_empty() && hierarchy.version == Version::V1 {
            draft.warn(format!(
                "{} lives on, mounted nowhere that is seen: its groups and tasks appear again.",
                wanted.label
            ));
        } else if !points.is_empty() {
            draft.warn(format!("It is mounted at {} already: both places show the same groups.", words::list(&points)));
        }
    }
    for controller in &wanted.taken {
        draft.warn(format!(
            "{controller} leaves v2 for this hierarchy: until it is unmounted, no group of v2 can have {controller}."
        ));
        draft.ask(Confirm::Foreign);
    }
    let source = source(&mut draft, &wanted);
    let options = if let Source::Bind { .. } = source { Vec::new() } else { USUAL.map(Into::into).to_vec() };
    add(&mut draft, Mounting { hierarchy: wanted.hierarchy, source, point: path, options }, at)?;
    Ok(draft.finish(title))
}

/// Pushes the directories that are missing and the mount. `asked` is the path by which the survey knows the point.
///
/// # Errors
/// A refusal where a step may not be.
pub(super) fn add(draft: &mut Draft<'_>, mounting: Mounting, asked: &Bytes) -> Result<(), Refusal> {
    let missing = draft.world.survey.points.get(asked).map_or(0, |facts| facts.missing);
    let ends: Vec<usize> =
        (1..=mounting.point.len()).filter(|&end| mounting.point.get(end).is_none_or(|&byte| byte == b'/')).collect();
    for &end in &ends[ends.len().saturating_sub(missing)..] {
        draft.push(Step::MakeDirectory { path: mounting.point[..end].into() })?;
    }
    draft.push(Step::Mount { mounting })
}

/// A refusal where this visit is limited to a group.
pub(super) fn outside_only(draft: &Draft<'_>) -> Result<(), Refusal> {
    match &draft.survey.limits.only {
        None => Ok(()),
        Some(only) => Err(draft.refuse(format!(
            "A mount is outside of every group; cgrove was started with --only {only}, which forbids to change anything that \
             is not at or below it."
        ))),
    }
}

/// A refusal where the capability is missing.
pub(super) fn may_mount(draft: &Draft<'_>) -> Result<(), Refusal> {
    if draft.survey.host.may_mount() {
        return Ok(());
    }
    Err(draft.refuse(
        "Mounting and unmounting need the capability CAP_SYS_ADMIN, which this process does not have. (EPERM) Start cgrove as \
         root.",
    ))
}

/// What is wanted, in words.
fn name(survey: &Survey, what: &What) -> String {
    match what {
        What::Named(name) => format!("name={}", words::clip(&escape(name))),
        What::Controllers { controllers, .. } if controllers.is_empty() => "a hierarchy".to_owned(),
        What::Controllers { controllers, .. } => words::clip(&escape(controllers.join(",").as_bytes())),
        What::Existing(id) => survey.hierarchy(*id).map_or_else(|| "a hierarchy".to_owned(), Hierarchy::label),
    }
}

/// The hierarchy that is meant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Wanted {
    /// It lives; `None`: the mount makes it.
    pub(super) hierarchy: Option<HierarchyId>,
    /// In words.
    pub(super) label: String,
    version: Version,
    controllers: Vec<Box<str>>,
    name: Option<Bytes>,
    /// Controllers that v2 has now.
    taken: Vec<Box<str>>,
}

impl Wanted {
    fn living(hierarchy: &Hierarchy) -> Self {
        Self {
            hierarchy: Some(hierarchy.id),
            label: hierarchy.label(),
            version: hierarchy.version,
            controllers: hierarchy.controllers.clone(),
            name: hierarchy.name.clone(),
            taken: Vec::new(),
        }
    }
}

/// Finds what is meant, as the kernel would.
pub(super) fn find(draft: &Draft<'_>, what: &What, at: &Bytes) -> Result<Wanted, Refusal> {
    let survey = &draft.world.survey;
    let wanted = match what {
        What::Existing(id) => match survey.hierarchy(*id) {
            Some(hierarchy) => Wanted::living(hierarchy),
            None if *id == HierarchyId::V2 => {
                return Err(draft.refuse("This kernel has no cgroup v2, or it does not show it. (ENODEV)"));
            }
            None => return Err(draft.refuse("This hierarchy is gone: somebody unmounted it meanwhile.")),
        },
        What::Named(name) => {
            check_name(draft, name)?;
            match by_name(survey, name) {
                Some(hierarchy) => Wanted::living(hierarchy),
                None => Wanted {
                    hierarchy: None,
                    label: format!("name={}", escape(name)),
                    version: Version::V1,
                    controllers: Vec::new(),
                    name: Some(name.clone()),
                    taken: Vec::new(),
                },
            }
        }
        What::Controllers { controllers, name } => with_controllers(draft, controllers, name.as_ref(), at)?,
    };
    let kind = if wanted.version == Version::V1 { "cgroup" } else { "cgroup2" };
    if !survey.filesystems.is_empty() && !survey.filesystems.iter().any(|known| &**known == kind) {
        return Err(draft.refuse(format!("This kernel has no file system {kind}. (ENODEV)")));
    }
    let apart = survey.host.in_cgroup_namespace == Some(true) || survey.host.in_user_namespace == Some(true);
    if wanted.hierarchy.is_none() && apart {
        return Err(draft.refuse(
            "A new hierarchy of v1 can be made only from the initial cgroup namespace and user namespace; cgrove is in others, as \
             in a container. (EPERM) Hierarchies that live can be mounted from here.",
        ));
    }
    Ok(wanted)
}

fn by_name<'a>(survey: &'a Survey, name: &[u8]) -> Option<&'a Hierarchy> {
    survey.hierarchies.iter().find(|h| h.name.as_deref() == Some(name))
}

fn check_name(draft: &Draft<'_>, name: &[u8]) -> Result<(), Refusal> {
    let rule = if name.is_empty() {
        "A hierarchy without controllers needs a name. (EINVAL)".to_owned()
    } else if name.len() > LONGEST {
        format!("The name of a hierarchy has at most {LONGEST} bytes; this one has {}. (EINVAL)", name.len())
    } else if let Some(bad) = name.iter().find(|&&byte| !byte.is_ascii_alphanumeric() && !b"_.-".contains(&byte)) {
        format!("The name of a hierarchy holds only letters, digits and _ . -, and no {:?}. (EINVAL)", char::from(*bad))
    } else {
        return Ok(());
    };
    Err(draft.refuse(rule))
}

/// A hierarchy of exactly these controllers: one that lives, or a new one if each of them is free.
fn with_controllers(
    draft: &Draft<'_>,
    controllers: &[Box<str>],
    name: Option<&Bytes>,
    at: &Bytes,
) -> Result<Wanted, Refusal> {
    let survey = &draft.world.survey;
    if let Some(name) = name {
        check_name(draft, name)?;
    }
    let mut wanted: Vec<Box<str>> = controllers.to_vec();
    wanted.sort();
    wanted.dedup();
    if wanted.is_empty() {
        return Err(draft.refuse("A hierarchy needs controllers or a name. (EINVAL)"));
    }
    let mut holders: Vec<&Controller> = Vec::new();
    for controller in &wanted {
        holders.push(known(draft, controller)?);
    }
    if let Some(hierarchy) = name.and_then(|name| by_name(survey, name))
        && !is_exactly(hierarchy, &wanted)
    {
        let has = if hierarchy.controllers.is_empty() { "no controllers".to_owned() } else { hierarchy.label() };
        let rule = format!(
            "There is a hierarchy name={} already, with {has}; a name belongs to one combination. (EBUSY)",
            name.map(|name| escape(name)).unwrap_or_default()
        );
        let say = format!("mount that one, with {has}");
        return Err(draft
            .refuse(rule)
            .way(say, vec![Intent::Mount { what: What::Existing(hierarchy.id), at: at.clone() }]));
    }
    let holding = |controller: &&Controller| {
        survey.hierarchies.iter().find(|h| Some(h.id) == controller.hierarchy && h.version == Version::V1)
    };
    let held: Vec<(&Controller, &Hierarchy)> =
        holders.iter().filter_map(|&controller| Some((controller, holding(&controller)?))).collect();
    if let Some((_, hierarchy)) = held.first()
        && is_exactly(hierarchy, &wanted)
    {
        return match name {
            Some(name) if hierarchy.name.as_ref() != Some(name) => Err(draft
                .refuse(format!(
                    "{} lives already, {}: a name is given when a hierarchy is made. (EBUSY)",
                    hierarchy.label(),
                    hierarchy
                        .name
                        .as_ref()
                        .map_or_else(|| "without a name".to_owned(), |n| format!("as name={}", escape(n)))
                ))
                .way("mount it as it is", vec![Intent::Mount { what: What::Existing(hierarchy.id), at: at.clone() }])),
            _ => Ok(Wanted::living(hierarchy)),
        };
    }
    if !held.is_empty() {
        return Err(held_elsewhere(draft, &held, at));
    }
    let mut taken = Vec::new();
    for controller in holders.iter().filter(|controller| controller.hierarchy == Some(HierarchyId::V2)) {
        free_on_v2(draft, &controller.name)?;
        taken.push(controller.name.clone());
    }
    let label = wanted.join(",");
    Ok(Wanted { hierarchy: None, label, version: Version::V1, controllers: wanted, name: name.cloned(), taken })
}

fn is_exactly(hierarchy: &Hierarchy, sorted: &[Box<str>]) -> bool {
    let mut have = hierarchy.controllers.clone();
    have.sort();
    have == sorted
}

fn known<'a>(draft: &'a Draft<'_>, name: &str) -> Result<&'a Controller, Refusal> {
    let survey = &draft.world.survey;
    match survey.controllers.iter().find(|c| &*c.name == name) {
        Some(controller) if controller.disabled => Err(draft
            .refuse(format!("{name} was switched off when the kernel was booted (cgroup_disable={name}). (EINVAL)"))),
        Some(controller) => Ok(controller),
        None => {
            let names: Vec<&str> = survey.controllers.iter().map(|c| &*c.name).collect();
            let hint = if name == "io" { " What v2 calls io is blkio on v1." } else { "" };
            Err(draft.refuse(format!(
                "This kernel has no controller {}; it has {}. (EINVAL){hint}",
                escape(name.as_bytes()),
                names.join(" ")
            )))
        }
    }
}

/// EBUSY, with the hierarchy that holds the controller and the ways to it.
fn held_elsewhere(draft: &Draft<'_>, held: &[(&Controller, &Hierarchy)], at: &Bytes) -> Refusal {
    let mut by: Vec<&Hierarchy> = Vec::new();
    for (_, hierarchy) in held {
        if !by.iter().any(|known| known.id == hierarchy.id) {
            by.push(hierarchy);
        }
    }
    let where_is = |hierarchy: &Hierarchy| {
        let points: Vec<String> = hierarchy.mounts.iter().map(|mount| escape(&mount.point)).collect();
        let at =
            if points.is_empty() { "unmounted, but alive".to_owned() } else { format!("at {}", words::list(&points)) };
        let names: Vec<&str> = held.iter().filter(|(_, h)| h.id == hierarchy.id).map(|(c, _)| &*c.name).collect();
        format!("{} belongs to the hierarchy {} ({at})", names.join(" and "), hierarchy.label())
    };
    let list: Vec<String> = by.iter().map(|hierarchy| where_is(hierarchy)).collect();
    let mut refusal = draft.refuse(format!(
        "{}. A controller is in one hierarchy at a time, in the combination in which that was made. (EBUSY)",
        list.join(", ")
    ));
    for hierarchy in &by {
        let say = format!("mount {} here instead", hierarchy.label());
        refusal = refusal.way(say, vec![Intent::Mount { what: What::Existing(hierarchy.id), at: at.clone() }]);
    }
    // Where nobody uses it, it can make room. Whether that is so is asked when it is unmounted.
    if let [hierarchy] = by[..]
        && let [mount] = &hierarchy.mounts[..]
        && draft.survey.mounted.contains(&(hierarchy.id, mount.point.clone()))
    {
        let unmount = Intent::Unmount { hierarchy: hierarchy.id, point: mount.point.clone(), lazy: false };
        refusal = refusal.first(format!("unmount {}, then go on", hierarchy.label()), vec![unmount]);
    }
    refusal
}

/// v2 gives a controller away only while none of its groups has it.
fn free_on_v2(draft: &Draft<'_>, controller: &str) -> Result<(), Refusal> {
    let top = Place::top(HierarchyId::V2);
    let Some(facts) = draft.world.survey.group(&top) else { return Ok(()) };
    if facts.children.is_empty() || !facts.words("cgroup.subtree_control").any(|have| have == controller) {
        return Ok(());
    }
    let disable = Intent::Set {
        group: top,
        setting: Setting { file: "cgroup.subtree_control".into(), data: format!("-{controller}").into_bytes().into() },
    };
    Err(draft
        .refuse(format!(
            "{controller} is enabled in groups of v2 (cgroup.subtree_control of its top), and v2 gives a controller away only \
             while no group has it. (EBUSY)"
        ))
        .first(format!("disable {controller} for the groups of v2, then go on"), vec![disable]))
}

/// How it is mounted. v2 that is seen somewhere is bound, so that its flags stay.
fn source(draft: &mut Draft<'_>, wanted: &Wanted) -> Source {
    let hierarchy = wanted.hierarchy.and_then(|id| draft.world.survey.hierarchy(id)).cloned();
    if wanted.version == Version::V1 {
        return Source::V1 { data: v1_data(&wanted.controllers, wanted.name.as_ref(), &[]) };
    }
    let flags = hierarchy.as_ref().and_then(|h| h.mounts.first()).map(|mount| Bytes::from(mount.flags.join(&b',')));
    if let Some(source) = hierarchy.as_ref().and_then(|hierarchy| bound(hierarchy, b"/", None)) {
        return source;
    }
    if flags.is_none() && draft.survey.host.in_cgroup_namespace != Some(true) {
        draft.warn(
            "v2 is mounted nowhere that is seen from here. If it is elsewhere, in another mount namespace, this mount clears the \
             flags of that one (nsdelegate and the like).",
        );
        draft.ask(Confirm::Foreign);
    }
    Source::V2 { data: flags.unwrap_or_default() }
}

/// A bind mount that shows the group at `root` (as mountinfo writes it), from a writable mount that shows it, but not the one
/// at `except`; `None` if there is none.
pub(super) fn bound(hierarchy: &Hierarchy, root: &[u8], except: Option<&Bytes>) -> Option<Source> {
    let usable = hierarchy.mounts.iter().filter(|m| !m.hidden && !m.read_only && Some(&m.point) != except);
    let from = |mount: &crate::model::hierarchy::Mount| -> Option<Bytes> {
        if *mount.root == *root {
            return Some(mount.point.clone());
        }
        let base: &[u8] = if &*mount.root == b"/" { b"" } else { &mount.root };
        let rest = root.strip_prefix(base).filter(|rest| rest.first() == Some(&b'/') && rest.len() > 1)?;
        Some([&*mount.point, rest].concat().into())
    };
    usable.filter_map(from).map(|from| Source::Bind { from }).next()
}
