//! All groups of all hierarchies, as one arena that is shared between snapshots until it changes.
use std::collections::HashMap;

use super::cgroup::Cgroup;
use super::hierarchy::{Controller, Hierarchy};
use super::id::{GroupId, GroupKey, HierarchyId};
use super::place::Place;

/// The groups of every hierarchy. Immutable once in a snapshot; a new generation keeps the slots of groups that live on.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Structure {
    /// Rises with every change of what is here.
    pub generation: u64,
    /// Hierarchies in the order to show: the one with cpu first, then by kernel number, v2 last of the mounted ones.
    pub hierarchies: Vec<Hierarchy>,
    /// Every controller this kernel has, and where it is.
    pub controllers: Vec<Controller>,
    groups: Vec<Option<Cgroup>>,
    by_key: HashMap<GroupKey, GroupId>,
}

impl Structure {
    /// The group in slot `id`, if there is one in this generation.
    #[must_use]
    pub fn group(&self, id: GroupId) -> Option<&Cgroup> {
        self.groups.get(id.0 as usize)?.as_ref()
    }

    /// The slot of a group by its identity.
    #[must_use]
    pub fn find(&self, key: GroupKey) -> Option<GroupId> {
        self.by_key.get(&key).copied()
    }

    /// The hierarchy with this number.
    #[must_use]
    pub fn hierarchy(&self, id: HierarchyId) -> Option<&Hierarchy> {
        self.hierarchies.iter().find(|h| h.id == id)
    }

    /// The hierarchy that carries `controller`.
    #[must_use]
    pub fn carrier(&self, controller: &str) -> Option<&Hierarchy> {
        self.hierarchies.iter().find(|h| h.has(controller))
    }

    /// Number of slots; every [`GroupId`] of this generation is below it.
    #[must_use]
    pub fn slots(&self) -> usize {
        self.groups.len()
    }

    /// All groups, slot by slot.
    pub fn iter(&self) -> impl Iterator<Item = (GroupId, &Cgroup)> {
        self.groups.iter().zip(0..).filter_map(|(group, slot)| Some((GroupId(slot), group.as_ref()?)))
    }

    /// `id` and all below it, parents before children, children by name.
    pub fn subtree(&self, id: GroupId) -> impl Iterator<Item = GroupId> + '_ {
        let mut stack = vec![id];
        std::iter::from_fn(move || {
            let next = stack.pop()?;
            if let Some(group) = self.group(next) {
                stack.extend(group.children.iter().rev());
            }
            Some(next)
        })
    }

    /// `id` and the groups above it, upwards.
    pub fn ancestors(&self, id: GroupId) -> impl Iterator<Item = GroupId> + '_ {
        std::iter::successors(Some(id), |&id| self.group(id)?.parent)
    }

    /// Where a group is.
    #[must_use]
    pub fn place(&self, id: GroupId) -> Option<Place> {
        let hierarchy = self.group(id)?.key.hierarchy;
        let mut names: Vec<&[u8]> = self.ancestors(id).filter_map(|id| self.group(id)).map(|g| &*g.name).collect();
        names.reverse();
        Some(Place::new(hierarchy, &names.join(&b'/')))
    }

    /// The group at a place.
    #[must_use]
    pub fn at(&self, place: &Place) -> Option<GroupId> {
        let mut id = self.hierarchy(place.hierarchy)?.root?;
        for part in place.parts() {
            id =
                *self.group(id)?.children.iter().find(|&&child| self.group(child).is_some_and(|g| &*g.name == part))?;
        }
        Some(id)
    }

    /// Puts a group into the arena: into the slot it had (same identity), else into a new one at the end. Sets no links.
    /// For builders only; a structure in a snapshot is immutable.
    pub fn insert(&mut self, group: Cgroup) -> GroupId {
        let key = group.key;
        if let Some(id) = self.find(key) {
            self.groups[id.0 as usize] = Some(group);
            return id;
        }
        let id = GroupId(u32::try_from(self.groups.len()).unwrap_or(u32::MAX));
        self.groups.push(Some(group));
        self.by_key.insert(key, id);
        id
    }

    /// Takes a group out of the arena; its slot stays empty for the rest of this generation. Sets no links.
    pub fn remove(&mut self, id: GroupId) -> Option<Cgroup> {
        let group = self.groups.get_mut(id.0 as usize)?.take()?;
        self.by_key.remove(&group.key);
        Some(group)
    }

    /// The group in slot `id`, to set its links. For builders only.
    pub fn group_mut(&mut self, id: GroupId) -> Option<&mut Cgroup> {
        self.groups.get_mut(id.0 as usize)?.as_mut()
    }
}
