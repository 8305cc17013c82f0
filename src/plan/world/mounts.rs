//! Mounts come and go in a world: hierarchies that a mount makes, hides or ends, and the paths of their groups.
use std::collections::BTreeMap;

use crate::model::bytes::Bytes;
use crate::model::field::Field;
use crate::model::hierarchy::{Hierarchy, Mount, Version};
use crate::model::id::{GroupKey, HierarchyId};
use crate::model::mounting::{Mounting, Source};
use crate::model::place::Place;
use crate::plan::survey::GroupFacts;

use super::{World, file};

/// How many components a path has that begins with a slash.
fn slashes(path: &[u8]) -> usize {
    path.split(|&byte| byte == b'/').count() - 1
}

/// The kernel counts hierarchies up from 1: none has a number from here on.
const INVENTED: u32 = u32::MAX - (1 << 16);

impl World {
    /// Whether a world invented this number, for a hierarchy that its steps make.
    #[must_use]
    pub fn is_invented_hierarchy(id: HierarchyId) -> bool {
        id.0 >= INVENTED
    }

    /// Whether a hierarchy has a group other than the top. Where a mount shows only a part of it, there is one.
    #[must_use]
    pub fn has_groups(&self, id: HierarchyId) -> bool {
        let part = |hierarchy: &Hierarchy| hierarchy.mounts.iter().any(|mount| &*mount.root != b"/");
        if self.survey.hierarchy(id).is_some_and(part) {
            return true;
        }
        let top = self.survey.group(&Place::top(id)).is_some_and(|facts| !facts.children.is_empty());
        top || self.survey.groups.keys().any(|place| place.hierarchy == id && !place.is_top())
    }

    pub(super) fn make_directory(&mut self, path: &[u8]) {
        for facts in self.survey.points.values_mut().filter(|facts| facts.missing > 0) {
            let inside = |rest: &[u8]| rest.is_empty() || rest[0] == b'/';
            if let Some(rest) = facts.path.strip_prefix(path).filter(|rest| inside(rest)) {
                facts.missing = slashes(rest);
            }
        }
    }

    pub(super) fn remove_directory(&mut self, path: &[u8]) {
        let below = |at: &[u8]| {
            let rest = at.strip_prefix(path).filter(|rest| rest.is_empty() || rest[0] == b'/')?;
            Some(slashes(rest))
        };
        for facts in self.survey.points.values_mut() {
            if let Some(deeper) = below(&facts.path) {
                facts.missing = deeper + 1;
                facts.entries.clear();
            }
        }
    }

    pub(super) fn mount(&mut self, mounting: &Mounting) {
        let id = mounting.hierarchy.unwrap_or_else(|| self.next_hierarchy());
        if self.survey.hierarchy(id).is_none() {
            self.make_hierarchy(id, mounting);
        }
        let root = self.root_of(&mounting.source);
        let Some(hierarchy) = self.survey.hierarchies.iter_mut().find(|h| h.id == id) else { return };
        let was = hierarchy.best_mount().map(|mount| mount.point.clone());
        let kind: &[u8] = if hierarchy.version == Version::V1 { b"cgroup" } else { b"cgroup2" };
        hierarchy.mounts.push(Mount {
            id: 0,
            point: mounting.point.clone(),
            root,
            read_only: mounting.is_read_only(),
            hidden: false,
            options: mounting.options.iter().map(|option| option.as_bytes().into()).collect(),
            flags: Vec::new(),
        });
        for facts in self.survey.points.values_mut().filter(|facts| facts.path == mounting.point) {
            facts.mounted = Some(kind.into());
        }
        self.rebase(id, was.as_ref());
    }

    pub(super) fn unmount(&mut self, mounting: &Mounting) {
        let Some(id) = mounting.hierarchy else { return };
        let has_groups = self.has_groups(id);
        let Some(hierarchy) = self.survey.hierarchies.iter_mut().find(|h| h.id == id) else { return };
        let was = hierarchy.best_mount().map(|mount| mount.point.clone());
        hierarchy.mounts.retain(|mount| mount.point != mounting.point);
        let ends = hierarchy.version == Version::V1 && hierarchy.mounts.is_empty();
        for facts in self.survey.points.values_mut().filter(|facts| facts.path == mounting.point) {
            facts.mounted = None;
            facts.entries.clear();
            facts.users.clear();
        }
        if ends && !has_groups {
            self.survey.hierarchies.retain(|h| h.id != id);
            self.survey.groups.retain(|place, _| place.hierarchy != id);
            for controller in self.survey.controllers.iter_mut().filter(|c| c.hierarchy == Some(id)) {
                controller.hierarchy = None;
            }
        } else {
            self.rebase(id, was.as_ref());
        }
    }

    fn next_hierarchy(&self) -> HierarchyId {
        let used = self.survey.hierarchies.iter().map(|h| h.id.0).filter(|&id| id >= INVENTED).max();
        HierarchyId(used.map_or(INVENTED, |used| used + 1))
    }

    fn make_hierarchy(&mut self, id: HierarchyId, mounting: &Mounting) {
        let version = mounting.source.version().unwrap_or(Version::V1);
        let known = &self.survey.controllers;
        let (controllers, name) = mounting.source.v1_parts(|word| known.iter().any(|c| &*c.name == word));
        for controller in &mut self.survey.controllers {
            if controllers.contains(&controller.name) {
                controller.hierarchy = Some(id);
            }
        }
        let own_path: Bytes = Box::from(*b"/");
        let mounts = Vec::new();
        let (device, namespace_root, root) = (None, None, None);
        let hierarchy = Hierarchy { id, version, device, controllers, name, mounts, own_path, namespace_root, root };
        self.survey.hierarchies.push(hierarchy);
        let top = GroupFacts {
            key: self.invent(id),
            directory: mounting.point.clone(),
            owner: self.survey.host.uid,
            refused: None,
            closed: None,
            delegated: false,
            children: Vec::new(),
            // Every task of the host is in it; which these are is of no use here.
            tasks: Field::Unread,
            processes: Field::Unread,
            files: top_files(),
        };
        self.survey.groups.insert(Place::top(id), top);
    }

    /// Which group a new mount shows.
    fn root_of(&self, source: &Source) -> Bytes {
        let Source::Bind { from } = source else { return Box::from(*b"/") };
        let mounts =
            self.survey.hierarchies.iter().flat_map(|hierarchy| &hierarchy.mounts).filter(|mount| !mount.hidden);
        let found = mounts.filter_map(|mount| Some((mount, from.strip_prefix(&*mount.point)?)));
        let best =
            found.filter(|(_, rest)| rest.is_empty() || rest[0] == b'/').max_by_key(|(mount, _)| mount.point.len());
        match best {
            Some((mount, b"")) => mount.root.clone(),
            Some((mount, rest)) if &*mount.root == b"/" => rest.into(),
            Some((mount, rest)) => [&*mount.root, rest].concat().into(),
            None => Box::from(*b"/"),
        }
    }

    /// Groups are reached through another mount than before: their directories begin with its mount point.
    fn rebase(&mut self, id: HierarchyId, was: Option<&Bytes>) {
        let Some(now) = self.survey.hierarchy(id).and_then(Hierarchy::best_mount).map(|mount| mount.point.clone())
        else {
            return;
        };
        if was == Some(&now) {
            return;
        }
        for (place, facts) in self.survey.groups.iter_mut().filter(|(place, _)| place.hierarchy == id) {
            facts.directory = if place.is_top() { now.clone() } else { [&*now, &*place.path].concat().into() };
        }
    }

    fn invent(&mut self, id: HierarchyId) -> GroupKey {
        let key = self.next_key(id);
        self.invented.insert(key);
        key
    }
}

/// The files that matter of the top of a new v1 hierarchy.
fn top_files() -> BTreeMap<Box<str>, crate::model::snapshot::File> {
    let known = [("notify_on_release", "0"), ("cgroup.clone_children", "0"), ("release_agent", "")];
    known.into_iter().map(|(name, text)| (name.into(), file(name, Some(text.as_bytes().into())))).collect()
}
