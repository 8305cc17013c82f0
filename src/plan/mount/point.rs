//! Where something can be mounted: a directory that is empty or is made, and nothing that is mounted there already.
use crate::model::bytes::{Bytes, escape};
use crate::model::errno::Errno;
use crate::model::hierarchy::{Hierarchy, Version};
use crate::plan::draft::Draft;
use crate::plan::intent::{Intent, What};
use crate::plan::refusal::{NOTHING_TO_DO, Refusal};
use crate::plan::words;

use super::Wanted;

/// Where hierarchies are mounted if none shows where others put them.
const OWN: &str = "/run/cgroups";

/// Where `what` is mounted if nobody says where: beside the other hierarchies of v1, else below `/run/cgroups`. What is mounted
/// there already is told by `hierarchies`; what else is at the path, the plan says.
#[must_use]
pub fn default_point(hierarchies: &[Hierarchy], what: &What) -> Bytes {
    let name: Bytes = match what {
        What::Named(name) => name.clone(),
        What::Controllers { controllers, .. } => controllers.join(",").into_bytes().into(),
        What::Existing(id) => match hierarchies.iter().find(|h| h.id == *id) {
            Some(h) if h.version == Version::V2 => Box::from(*b"unified"),
            Some(Hierarchy { name: Some(name), controllers, .. }) if controllers.is_empty() => name.clone(),
            Some(h) => h.controllers.join(",").into_bytes().into(),
            None => Box::from(*b"hierarchy"),
        },
    };
    let mounts = || hierarchies.iter().flat_map(|h| h.mounts.iter().map(move |mount| (h.version, mount)));
    let parent = |point: &[u8]| point.iter().rposition(|&byte| byte == b'/').map(|cut| point[..cut].to_vec());
    let parents: Vec<Vec<u8>> =
        mounts().filter(|(version, _)| *version == Version::V1).filter_map(|(_, mount)| parent(&mount.point)).collect();
    let beside = parents.iter().max_by_key(|one| (parents.iter().filter(|other| other == one).count(), one.len()));
    // Two make a custom; and what is itself a hierarchy takes groups, not directories.
    let custom = beside.filter(|beside| {
        parents.iter().filter(|other| other == beside).count() > 1
            && !mounts().any(|(_, mount)| beside.starts_with(&mount.point) && !mount.point.is_empty())
    });
    let base = custom.map_or_else(|| OWN.as_bytes().to_vec(), Clone::clone);
    let free = |path: &[u8]| !mounts().any(|(_, mount)| *mount.point == *path);
    let path = |suffix: &str| [&*base, b"/", &*name, suffix.as_bytes()].concat();
    let suffixes = std::iter::once(String::new()).chain((2..).map(|number| format!("-{number}")));
    suffixes.map(|suffix| path(&suffix)).find(|path| free(path)).unwrap_or_default().into()
}

/// The path without links, if something can be mounted there.
pub(super) fn check(draft: &Draft<'_>, what: &What, wanted: &Wanted, at: &Bytes) -> Result<Bytes, Refusal> {
    let survey = &draft.world.survey;
    let elsewhere = |path: Bytes| Intent::Mount { what: what.clone(), at: path };
    if at.first() != Some(&b'/') || at.contains(&0) {
        return Err(draft.refuse(format!("{} is no absolute path: it must begin with a slash.", escape(at))));
    }
    let Some(facts) = survey.points.get(at) else {
        return Err(draft.refuse(format!("What is at {} could not be looked at.", escape(at))));
    };
    let (path, shown) = (&facts.path, words::clip(&escape(&facts.path)));
    let by_default = default_point(&survey.hierarchies, what);
    let instead = |refusal: Refusal| {
        if by_default == *path {
            return refusal;
        }
        refusal.way(format!("mount it at {}", words::clip(&escape(&by_default))), vec![elsewhere(by_default.clone())])
    };
    if !facts.directory {
        return Err(instead(
            draft.refuse(format!("{shown} is not a directory, or a file is on the way to it. (ENOTDIR)")),
        ));
    }
    let living = wanted.hierarchy.and_then(|id| survey.hierarchy(id));
    if living.is_some_and(|h| h.mounts.iter().any(|mount| mount.point == *path && !mount.hidden)) {
        return Err(Refusal::new(NOTHING_TO_DO, format!("{} is mounted at {shown} already. (EBUSY)", wanted.label)));
    }
    if let Some(kind) = &facts.mounted {
        let other = survey.hierarchies.iter().find(|h| h.mounts.iter().any(|mount| mount.point == *path));
        let what = other.map_or_else(|| format!("a file system {}", escape(kind)), Hierarchy::label);
        return Err(instead(
            draft.refuse(format!("{what} is mounted at {shown}: it would be hidden below this mount.")),
        ));
    }
    if matches!(&*facts.on, b"cgroup" | b"cgroup2") {
        return Err(instead(draft.refuse(format!(
            "{shown} lies in a hierarchy: a directory there is a group, and a group that something is mounted on cannot be \
             removed."
        ))));
    }
    if !facts.entries.is_empty() {
        let names: Vec<String> = facts.entries.iter().map(|name| escape(name)).collect();
        let name = by_default.rsplit(|&byte| byte == b'/').next().unwrap_or_default();
        let below: Bytes = [&**path, b"/", name].concat().into();
        let refusal =
            draft.refuse(format!("{shown} is not empty ({}): what is in it would be hidden.", words::list(&names)));
        return Err(instead(
            refusal.way(format!("make {} and mount it there", words::clip(&escape(&below))), vec![elsewhere(below)]),
        ));
    }
    if facts.missing > 0 {
        if matches!(&*facts.on, b"sysfs" | b"proc") {
            return Err(instead(draft.refuse(format!(
                "{shown} does not exist, and {} takes no new directories. (EPERM)",
                escape(&facts.on)
            ))));
        }
        if let Some(errno) = facts.refused {
            return Err(instead(draft.refuse(format!(
                "{shown} does not exist and cannot be made: {}.",
                match errno {
                    Errno::EROFS => "the file system there is read-only (EROFS)".to_owned(),
                    Errno::EACCES => "this user may not write there (EACCES)".to_owned(),
                    other => other.to_string(),
                }
            ))));
        }
    }
    Ok(path.clone())
}
