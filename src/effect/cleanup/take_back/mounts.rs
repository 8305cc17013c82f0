//! Mounts, unmounts and directories of a dead cgrove.
use std::fs;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;

use super::{Cleaner, Fate, Note};
use crate::kernel::discover::discover;
use crate::kernel::real::RealFs;
use crate::model::bytes::{Bytes, escape};
use crate::model::hierarchy::{Hierarchy, Mount};
use crate::model::id::GroupKey;
use crate::model::mounting::{Mounting, Source};
use crate::model::place::Place;
use crate::plan::intent::Setting;
use crate::plan::step::Step;

impl Cleaner<'_> {
    /// A directory that cgrove made, or perhaps made, for a mount.
    pub(super) fn unmake_directory(&mut self, path: &Bytes, time_ms: u64, perhaps: bool) -> Option<Note> {
        let shown = escape(path);
        let place = Path::new(std::ffi::OsStr::from_bytes(path));
        let found = fs::symlink_metadata(place).ok().filter(fs::Metadata::is_dir)?;
        let born_ms = u64::try_from(found.ctime()).unwrap_or(0) * 1000;
        let own = found.uid() == rustix::process::geteuid().as_raw();
        // ctime has whole seconds here: the second of the announcement counts.
        if perhaps && !(own && born_ms + 1000 > time_ms) {
            return None;
        }
        let foreign = |why: &str| Some(Note { text: format!("directory {shown}: {why}"), fate: Fate::Foreign });
        if !self.unmounted.contains(path) {
            if hierarchies().iter().flat_map(|h| &h.mounts).any(|mount| mount.point == *path) {
                return foreign("something is mounted at it");
            }
            let full = fs::read_dir(place).is_ok_and(|mut entries| {
                entries
                    .any(|entry| entry.is_ok_and(|entry| !self.unmounted.contains(entry.path().as_os_str().as_bytes())))
            });
            if full {
                return foreign("it is not empty");
            }
        }
        let note = self.act(&[Step::RemoveDirectory { path: path.clone() }], format!("removed directory {shown}"));
        if self.is_dry_run() {
            self.unmounted.insert(path.clone());
        }
        Some(note)
    }

    /// A mount that cgrove made, or (without `top`) perhaps made; `new`: and the hierarchy with it.
    pub(super) fn unmount(&mut self, mounting: &Mounting, top: Option<GroupKey>, new: bool) -> Option<Note> {
        let shown = escape(&mounting.point);
        if self.unmounted.contains(&mounting.point) {
            return None;
        }
        let found = hierarchies();
        let hierarchy = found.iter().find(|h| h.mounts.iter().any(|mount| mount.point == mounting.point))?;
        let same = match top {
            Some(top) => hierarchy.id == self.directories.number(top.hierarchy),
            None => is_of(hierarchy, mounting),
        };
        if !same {
            let text = format!("{shown}: {} is mounted there, by others", hierarchy.label());
            return Some(Note { text, fate: Fate::Foreign });
        }
        let at = Place::top(hierarchy.id);
        let last = hierarchy.mounts.len() == 1;
        let children = if new && last { self.children(&at) } else { Vec::new() };
        if !children.is_empty() {
            let text =
                format!("{} stays mounted at {shown}: groups are in it: {}", hierarchy.label(), children.join(", "));
            return Some(Note { text, fate: Fate::Left });
        }
        let mount = hierarchy.mounts.iter().find(|mount| mount.point == mounting.point)?;
        let mounting = Mounting::of(hierarchy, mount);
        let step = Step::Unmount { mounting, ends: new && last, lazy: false, settings: Vec::new() };
        let note = self.act(&[step], format!("unmounted {} from {shown}", hierarchy.label()));
        if self.is_dry_run() {
            self.unmounted.insert(mount.point.clone());
        }
        Some(note)
    }

    /// A mount that cgrove took away, or perhaps took away.
    pub(super) fn mount_again(&mut self, mounting: &Mounting, settings: &[Setting]) -> Option<Note> {
        let id = self.directories.number(mounting.hierarchy?);
        let own =
            self.mounted.iter().any(|(made, point)| self.directories.number(*made) == id && *point == mounting.point);
        let shown = escape(&mounting.point);
        let found = hierarchies();
        let living = found.iter().find(|h| h.id == id);
        let there = |h: &Hierarchy| h.mounts.iter().any(|mount| mount.point == mounting.point);
        match living {
            Some(hierarchy) if there(hierarchy) => return None,
            // Its own mounts are none that should be there, but what is left in a hierarchy can be taken back only if it is
            // reached.
            Some(hierarchy) if own && !hierarchy.mounts.is_empty() => return None,
            None if own => return None,
            _ => {}
        }
        if let Some(other) = found.iter().find(|h| there(h)) {
            let text = format!("{shown}: {} is mounted there by now", other.label());
            return Some(Note { text, fate: Fate::Foreign });
        }
        let mut steps = missing(&mounting.point);
        let source = match (&mounting.source, living.and_then(whole)) {
            // A new mount of v2 would set the flags of the others.
            (Source::V2 { .. }, Some(mount)) => Source::Bind { from: mount.point.clone() },
            (source, _) => source.clone(),
        };
        steps.push(Step::Mount { mounting: Mounting { source, hierarchy: Some(id), ..mounting.clone() } });
        if living.is_none() {
            steps.extend(settings.iter().map(|setting| Step::Write {
                at: Place::top(id),
                key: None,
                file: setting.file.clone(),
                data: setting.data.clone(),
                prior: None,
                disturbs: Vec::new(),
            }));
        }
        Some(self.act(&steps, format!("mounted {} at {shown} again", mounting.source.words())))
    }
}

/// A mount from which the whole hierarchy can be bound elsewhere. One that is covered would show what covers it.
fn whole(hierarchy: &Hierarchy) -> Option<&Mount> {
    hierarchy.mounts.iter().find(|mount| &*mount.root == b"/" && !mount.hidden && !mount.read_only)
}

/// Steps that make the directories of a path that are not there.
fn missing(path: &[u8]) -> Vec<Step> {
    let ends = (1..=path.len()).filter(|&end| path.get(end).is_none_or(|&byte| byte == b'/'));
    let there = |end: &usize| Path::new(std::ffi::OsStr::from_bytes(&path[..*end])).exists();
    ends.filter(|end| !there(end)).map(|end| Step::MakeDirectory { path: path[..end].into() }).collect()
}

/// Whether a mounting that was announced means this hierarchy.
fn is_of(hierarchy: &Hierarchy, mounting: &Mounting) -> bool {
    match &mounting.source {
        Source::V1 { .. } => {
            let (controllers, name) = mounting.source.v1_parts(|word| hierarchy.has(word));
            hierarchy.controllers == controllers && hierarchy.name == name
        }
        Source::V2 { .. } | Source::Bind { .. } => mounting.hierarchy == Some(hierarchy.id),
    }
}

/// What is mounted now; nothing if that cannot be read.
fn hierarchies() -> Vec<Hierarchy> {
    discover(&RealFs).map(|found| found.hierarchies).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::hierarchy::Version;
    use crate::model::id::HierarchyId;

    #[test]
    fn nothing_is_bound_from_a_mount_that_is_covered() {
        let mount = |id, point: &str, root: &str, hidden| Mount {
            id,
            point: point.as_bytes().into(),
            root: root.as_bytes().into(),
            read_only: false,
            hidden,
            options: Vec::new(),
            flags: Vec::new(),
        };
        let mut hierarchy = Hierarchy {
            id: HierarchyId::V2,
            version: Version::V2,
            device: None,
            controllers: Vec::new(),
            name: None,
            mounts: vec![mount(1, "/a", "/", true), mount(2, "/b", "/x", false), mount(3, "/c", "/", false)],
            own_path: Box::from(*b"/"),
            namespace_root: None,
            root: None,
        };
        assert_eq!(whole(&hierarchy).map(|mount| mount.id), Some(3));
        hierarchy.mounts.truncate(2);
        assert_eq!(whole(&hierarchy), None);
    }
}
