//! From a place to its directory, and from a line of `/proc/PID/cgroup` to a place.
use std::ffi::OsString;
use std::os::unix::ffi::OsStringExt as _;
use std::path::PathBuf;

use crate::kernel::paths;
use crate::model::bytes::Bytes;
use crate::model::hierarchy::{Hierarchy, Version};
use crate::model::id::HierarchyId;
use crate::model::place::Place;

/// Knows where hierarchies are mounted.
pub trait Directories {
    /// v1 or v2; `None` for a hierarchy that is not known.
    fn version(&self, hierarchy: HierarchyId) -> Option<Version>;

    /// The directory of a place, whether or not it exists; `None` if its hierarchy is mounted nowhere that can be seen.
    fn directory(&self, place: &Place) -> Option<PathBuf>;

    /// The path by which `/proc/PID/cgroup` names a place; `None` where that cannot be told (a mount that shows groups above
    /// our cgroup namespace).
    fn proc_path(&self, place: &Place) -> Option<Bytes>;

    /// The place that `/proc/PID/cgroup` names by `path`; `None` if it lies outside what is mounted.
    fn place(&self, hierarchy: HierarchyId, path: &[u8]) -> Option<Place>;

    /// The kernel's number for a hierarchy, which may be known by an older one: it ended and was mounted again.
    fn number(&self, hierarchy: HierarchyId) -> HierarchyId {
        hierarchy
    }

    /// Something was mounted or unmounted: what is known is looked at anew. With `again`, the second number stands for the
    /// first from now on.
    fn look_again(&self, again: Option<(HierarchyId, HierarchyId)>) {
        let _ = again;
    }

    /// Does `act` while nobody else in this process has a file of the hierarchy open: it would keep a mount busy.
    fn while_closed(&self, hierarchy: HierarchyId, act: &mut dyn FnMut()) {
        let _ = hierarchy;
        act();
    }
}

/// [`Directories`] from the mounts of discovered hierarchies.
impl Directories for [Hierarchy] {
    fn version(&self, hierarchy: HierarchyId) -> Option<Version> {
        Some(find(self, hierarchy)?.version)
    }

    fn directory(&self, place: &Place) -> Option<PathBuf> {
        Some(PathBuf::from(OsString::from_vec(paths::directory(find(self, place.hierarchy)?, place)?)))
    }

    fn proc_path(&self, place: &Place) -> Option<Bytes> {
        paths::proc_path(find(self, place.hierarchy)?, place).map(Vec::into_boxed_slice)
    }

    fn place(&self, hierarchy: HierarchyId, path: &[u8]) -> Option<Place> {
        paths::place(find(self, hierarchy)?, path)
    }
}

impl Directories for Vec<Hierarchy> {
    fn version(&self, hierarchy: HierarchyId) -> Option<Version> {
        self.as_slice().version(hierarchy)
    }

    fn directory(&self, place: &Place) -> Option<PathBuf> {
        self.as_slice().directory(place)
    }

    fn proc_path(&self, place: &Place) -> Option<Bytes> {
        self.as_slice().proc_path(place)
    }

    fn place(&self, hierarchy: HierarchyId, path: &[u8]) -> Option<Place> {
        self.as_slice().place(hierarchy, path)
    }
}

impl<T: Directories + ?Sized> Directories for &T {
    fn version(&self, hierarchy: HierarchyId) -> Option<Version> {
        (**self).version(hierarchy)
    }

    fn directory(&self, place: &Place) -> Option<PathBuf> {
        (**self).directory(place)
    }

    fn proc_path(&self, place: &Place) -> Option<Bytes> {
        (**self).proc_path(place)
    }

    fn place(&self, hierarchy: HierarchyId, path: &[u8]) -> Option<Place> {
        (**self).place(hierarchy, path)
    }

    fn number(&self, hierarchy: HierarchyId) -> HierarchyId {
        (**self).number(hierarchy)
    }

    fn look_again(&self, again: Option<(HierarchyId, HierarchyId)>) {
        (**self).look_again(again);
    }

    fn while_closed(&self, hierarchy: HierarchyId, act: &mut dyn FnMut()) {
        (**self).while_closed(hierarchy, act);
    }
}

fn find(hierarchies: &[Hierarchy], id: HierarchyId) -> Option<&Hierarchy> {
    hierarchies.iter().find(|hierarchy| hierarchy.id == id)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::hierarchy::Mount;

    fn mounted(root: &[u8]) -> Vec<Hierarchy> {
        vec![Hierarchy {
            id: HierarchyId(4),
            version: Version::V1,
            device: None,
            controllers: vec!["cpu".into()],
            name: None,
            mounts: vec![Mount {
                id: 1,
                point: Box::from(*b"/sys/fs/cgroup/cpu"),
                root: Box::from(root),
                read_only: false,
                hidden: false,
                options: Vec::new(),
                flags: Vec::new(),
            }],
            own_path: Box::from(*b"/"),
            namespace_root: None,
            root: None,
        }]
    }

    #[test]
    fn a_whole_hierarchy_is_joined_to_its_mount_point() {
        let hierarchies = mounted(b"/");
        let place = Place::new(HierarchyId(4), b"/cg1/cg2");
        assert_eq!(hierarchies.directory(&place).unwrap(), PathBuf::from("/sys/fs/cgroup/cpu/cg1/cg2"));
        assert_eq!(hierarchies.directory(&Place::top(HierarchyId(4))).unwrap(), PathBuf::from("/sys/fs/cgroup/cpu"));
        assert_eq!(hierarchies.proc_path(&place).as_deref(), Some(&b"/cg1/cg2"[..]));
        assert_eq!(hierarchies.place(HierarchyId(4), b"/cg1/cg2"), Some(place));
        assert_eq!(hierarchies.directory(&Place::top(HierarchyId(5))), None);
    }

    #[test]
    fn a_bind_mounted_subtree_is_stripped_by_components() {
        let hierarchies = mounted(b"/docker/ab");
        let place = Place::new(HierarchyId(4), b"/x");
        assert_eq!(hierarchies.proc_path(&place).as_deref(), Some(&b"/docker/ab/x"[..]));
        assert_eq!(hierarchies.place(HierarchyId(4), b"/docker/ab/x"), Some(place));
        assert_eq!(hierarchies.place(HierarchyId(4), b"/docker/abc/x"), None);
        assert_eq!(hierarchies.place(HierarchyId(4), b"/"), None);
    }

    #[test]
    fn a_task_above_the_cgroup_namespace_has_no_place() {
        assert_eq!(mounted(b"/").place(HierarchyId(4), b"/../sibling"), None);
        assert_eq!(
            mounted(b"/..").place(HierarchyId(4), b"/../sibling"),
            Some(Place::new(HierarchyId(4), b"/sibling"))
        );
    }
}
