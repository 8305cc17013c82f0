//! Which hierarchies there are, where they are mounted, and which controllers are where.
//!
//! Four files are joined: `/proc/self/mountinfo` (mount points, devices, flags), `/proc/self/cgroup` (every hierarchy that
//! lives, mounted or not, with its number), `/proc/cgroups` (all controllers), and v2's `cgroup.controllers`. Mounts are
//! put together by their device; a v1 mount finds its number by the controllers or the name among its super options.
//!
//! What lies below the mount points is [`super::tree`]'s; which directory a group is, [`super::paths`]'s.
use crate::model::bytes::{Bytes, escape};
use crate::model::errno::Errno;
use crate::model::hierarchy::{Controller, Device, Hierarchy, Mode, Mount, Version};
use crate::model::id::HierarchyId;
use crate::model::place::Place;
use crate::model::snapshot::Notice;
use crate::parse::{cgroups, ids, membership, mountinfo, status};

use super::error::{Error, bad, need};
use super::fs::{Fs, Kind};
use super::{mounts, paths};

/// Where the mounts of this process are listed.
pub const MOUNTINFO: &[u8] = b"/proc/self/mountinfo";
/// The groups of this process, one hierarchy a line.
pub const OWN_GROUPS: &[u8] = b"/proc/self/cgroup";
/// The controllers of this kernel.
pub const CONTROLLERS: &[u8] = b"/proc/cgroups";

const V1_MAGIC: u64 = 0x27_e0eb;
const V2_MAGIC: u64 = 0x6367_7270;

/// What hierarchies a host has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Discovery {
    /// The hierarchies: the one that carries cpu first, then v1 by number, v2 last. Their `root` slots are not set.
    pub hierarchies: Vec<Hierarchy>,
    /// Every controller of this kernel and where it is, in the kernel's order.
    pub controllers: Vec<Controller>,
    /// Legacy, hybrid or unified.
    pub mode: Mode,
    /// What could not be understood and was left out.
    pub notices: Vec<Notice>,
}

/// Finds them.
///
/// # Errors
/// If mountinfo or the own groups cannot be read: then nothing can be shown. Everything smaller becomes a notice.
pub fn discover(fs: &dyn Fs) -> Result<Discovery, Error> {
    let hint = "cgrove finds the hierarchies there: is /proc mounted, and of this pid namespace?";
    let table = need(fs, MOUNTINFO, hint)?;
    let own = membership::rows(&need(fs, OWN_GROUPS, hint)?).map_err(bad(OWN_GROUPS))?;
    let mut notices = Vec::new();
    let known = match fs.read(CONTROLLERS, super::error::MOST) {
        Ok(text) => cgroups::rows(&text).map_err(|error| error.to_string()),
        // A kernel without v1 may lack the file; v2's own list stands in for it.
        Err(Errno::ENOENT) => Ok(Vec::new()),
        Err(errno) => Err(format!("cannot read /proc/cgroups: {errno}")),
    };
    let known = known.unwrap_or_else(|why| {
        notices.push(Notice(format!("{why}; controllers may be missing from the list")));
        Vec::new()
    });
    let mut rows = Vec::new();
    for row in mountinfo::rows(&table) {
        match row {
            Ok(row) => rows.push(row),
            Err(error) => notices.push(Notice(format!("a mount was left out: {error}"))),
        }
    }
    let mut hierarchies: Vec<Hierarchy> = own.into_iter().map(unmounted).collect();
    attach(fs, &rows, &known, &mut hierarchies, &mut notices);
    for hierarchy in &mut hierarchies {
        hierarchy.namespace_root = namespace_root(fs, hierarchy);
    }
    let v2_controllers = v2_controllers(fs, &hierarchies, &mut notices);
    for hierarchy in hierarchies.iter_mut().filter(|h| h.version == Version::V2) {
        hierarchy.controllers.clone_from(&v2_controllers);
    }
    hierarchies.sort_by_key(|h| (!h.has("cpu"), h.version, h.id));
    let mode = Mode::of(&hierarchies);
    let controllers = controllers(&known, &hierarchies, &v2_controllers);
    Ok(Discovery { hierarchies, controllers, mode, notices })
}

/// A hierarchy as `/proc/self/cgroup` tells of it, before its mounts are known.
fn unmounted(line: membership::Line) -> Hierarchy {
    let v2 = line.hierarchy == HierarchyId::V2;
    Hierarchy {
        id: line.hierarchy,
        version: if v2 { Version::V2 } else { Version::V1 },
        device: None,
        controllers: line.controllers,
        name: line.name,
        mounts: Vec::new(),
        own_path: line.path,
        namespace_root: None,
        root: None,
    }
}

/// Gives every cgroup mount to its hierarchy.
fn attach(
    fs: &dyn Fs,
    rows: &[mountinfo::Row],
    known: &[cgroups::Row],
    hierarchies: &mut Vec<Hierarchy>,
    notices: &mut Vec<Notice>,
) {
    let visible = mounts::visible(rows);
    for (row, visible) in rows.iter().zip(visible) {
        let version = match &*row.kind {
            b"cgroup" => Version::V1,
            b"cgroup2" => Version::V2,
            _ => continue,
        };
        let (controllers, name, flags) = options(row, known, hierarchies);
        let by_options = match version {
            Version::V2 => hierarchies.iter().position(|h| h.version == Version::V2),
            Version::V1 => hierarchies.iter().position(|h| {
                h.version == Version::V1 && (controllers.iter().any(|c| h.has(c)) || (name.is_some() && h.name == name))
            }),
        };
        let found = by_options.or_else(|| hierarchies.iter().position(|h| h.device == Some(row.device)));
        let index = match (found, version) {
            (Some(index), _) => index,
            (None, Version::V2) => {
                hierarchies.push(unmounted(membership::Line {
                    hierarchy: HierarchyId::V2,
                    controllers: Vec::new(),
                    name: None,
                    path: Box::from(*b"/"),
                }));
                hierarchies.len() - 1
            }
            (None, Version::V1) => {
                notices.push(Notice(format!(
                    "{} is a cgroup v1 mount that is not in /proc/self/cgroup: left out",
                    escape(&row.point)
                )));
                continue;
            }
        };
        let hidden = !visible || !shows(fs, &row.point, version, row.device);
        let mount = Mount {
            id: row.id,
            point: row.point.clone(),
            root: row.root.clone(),
            read_only: row.is_read_only(),
            hidden,
            options: row.options.clone(),
            flags,
        };
        hierarchies[index].device = Some(row.device);
        hierarchies[index].mounts.push(mount);
    }
}

/// Super options taken apart: controllers, name, and the rest as flags.
fn options(
    row: &mountinfo::Row,
    known: &[cgroups::Row],
    hierarchies: &[Hierarchy],
) -> (Vec<Box<str>>, Option<Bytes>, Vec<Bytes>) {
    let (mut controllers, mut name, mut flags) = (Vec::new(), None, Vec::new());
    for option in &row.super_options {
        if matches!(&**option, b"rw" | b"ro") {
            continue;
        }
        if let Some(rest) = option.strip_prefix(b"name=") {
            name = Some(Bytes::from(rest));
            continue;
        }
        let word = std::str::from_utf8(option).unwrap_or_default();
        let is_controller = known.iter().any(|row| &*row.name == word) || hierarchies.iter().any(|h| h.has(word));
        if &*row.kind == b"cgroup" && is_controller {
            controllers.push(word.into());
        } else {
            flags.push(option.clone());
        }
    }
    (controllers, name, flags)
}

/// Where the reader's cgroup namespace root is, in a hierarchy whose mount was made above it: the group so many levels down
/// in which, at our own path, we are listed. Its name stands in no file.
fn namespace_root(fs: &dyn Fs, hierarchy: &Hierarchy) -> Option<Place> {
    let levels = paths::levels_above(&hierarchy.best_mount()?.root);
    if levels == 0 {
        return None;
    }
    let own = status::status(&fs.read(b"/proc/self/status", super::error::MOST).ok()?).ok()?.tgid;
    let mut level = vec![Place::top(hierarchy.id)];
    for _ in 0..levels {
        level = level.iter().flat_map(|place| children(fs, hierarchy, place)).collect();
    }
    level.into_iter().find(|root| {
        let Some(place) = paths::place_in_namespace(hierarchy, &hierarchy.own_path, root) else { return false };
        let Some(directory) = paths::directory(hierarchy, &place) else { return false };
        let list = fs.read(&paths::join(&directory, b"cgroup.procs"), super::error::MOST);
        list.ok().and_then(|text| ids::ids(&text).ok()).is_some_and(|pids| pids.contains(&own))
    })
}

fn children(fs: &dyn Fs, hierarchy: &Hierarchy, place: &Place) -> Vec<Place> {
    let entries = paths::directory(hierarchy, place).and_then(|directory| fs.list(&directory).ok()).unwrap_or_default();
    let groups = entries.into_iter().filter(|entry| entry.kind == Kind::Directory);
    groups.map(|entry| place.child(&entry.name)).collect()
}

/// Whether the directory at `point` is what mountinfo says. What cannot be looked at (EACCES) is believed.
fn shows(fs: &dyn Fs, point: &[u8], version: Version, device: Device) -> bool {
    match fs.stat(point) {
        Ok(stat) if stat.device != device => return false,
        Err(errno) if errno.is_gone() => return false,
        _ => {}
    }
    let expected = if version == Version::V2 { V2_MAGIC } else { V1_MAGIC };
    fs.magic(point).map_or_else(|errno| !errno.is_gone(), |magic| magic == expected)
}

/// The controllers that v2 has to give, as its top's `cgroup.controllers` says.
fn v2_controllers(fs: &dyn Fs, hierarchies: &[Hierarchy], notices: &mut Vec<Notice>) -> Vec<Box<str>> {
    let Some(hierarchy) = hierarchies.iter().find(|h| h.version == Version::V2) else { return Vec::new() };
    let Some(top) = paths::top(hierarchy) else { return Vec::new() };
    let path = paths::join(&top, b"cgroup.controllers");
    match fs.read(&path, super::error::MOST) {
        Ok(text) => String::from_utf8_lossy(&text).split_ascii_whitespace().map(Into::into).collect(),
        Err(errno) => {
            notices.push(Notice(format!("cannot read {}: {errno}; the controllers of v2 are unknown", escape(&path))));
            Vec::new()
        }
    }
}

fn controllers(known: &[cgroups::Row], hierarchies: &[Hierarchy], v2: &[Box<str>]) -> Vec<Controller> {
    let on_v2 = |name: &str| v2.iter().any(|c| &**c == name);
    let mut all: Vec<Controller> = known
        .iter()
        // What v1 calls blkio, v2 calls io: one controller. It stands under the name of where it is.
        .filter(|row| !(&*row.name == "blkio" && row.hierarchy == 0 && on_v2("io")))
        .map(|row| Controller {
            name: row.name.clone(),
            hierarchy: match row.hierarchy {
                0 => on_v2(&row.name).then_some(HierarchyId::V2),
                id => Some(HierarchyId(id)),
            },
            disabled: !row.enabled,
        })
        .collect();
    let mut add = |name: &str, hierarchy| {
        if !all.iter().any(|c| &*c.name == name) {
            all.push(Controller { name: name.into(), hierarchy: Some(hierarchy), disabled: false });
        }
    };
    for hierarchy in hierarchies {
        hierarchy.controllers.iter().for_each(|name| add(name, hierarchy.id));
    }
    all
}

#[cfg(test)]
mod tests;
