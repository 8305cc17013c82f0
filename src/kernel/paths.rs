//! From the path that the kernel prints to a place, and from a place to a directory.
//!
//! Three ways to name one group: the **kernel's path** of `/proc/PID/cgroup`, relative to the reader's cgroup namespace
//! root (`/..` lies above it); the [`Place`], relative to the top group that can be reached, which is what the best mount
//! shows; and the **directory** below that mount's point.
use crate::model::hierarchy::Hierarchy;
use crate::model::place::Place;

/// The directory of the top group that can be reached; `None` if the hierarchy is mounted nowhere that is seen.
#[must_use]
pub fn top(hierarchy: &Hierarchy) -> Option<Vec<u8>> {
    Some(hierarchy.best_mount()?.point.to_vec())
}

/// The directory of the group at `place`; `None` as [`top`].
#[must_use]
pub fn directory(hierarchy: &Hierarchy, place: &Place) -> Option<Vec<u8>> {
    let top = top(hierarchy)?;
    if place.is_top() {
        return Some(top);
    }
    Some(join(&top, &place.path[1..]))
}

/// The place of a kernel's path; `None` where it is not visible from here: unmounted, or outside what the mount shows.
///
/// With a mount whose root lies above the cgroup namespace (`/..`), paths inside the namespace cannot be placed by their
/// text: the name of the namespace's root group stands nowhere. [`Hierarchy::namespace_root`] helps, where it was found.
#[must_use]
pub fn place(hierarchy: &Hierarchy, path: &[u8]) -> Option<Place> {
    if let Some(root) = &hierarchy.namespace_root {
        return place_in_namespace(hierarchy, path, root);
    }
    let root = &hierarchy.best_mount()?.root;
    let rest = below(root, path)?;
    Some(Place::new(hierarchy.id, &rest.join(&b'/')))
}

/// The path by which `/proc/PID/cgroup` names a place; `None` where that cannot be told.
#[must_use]
pub fn proc_path(hierarchy: &Hierarchy, place: &Place) -> Option<Vec<u8>> {
    let root = &hierarchy.best_mount()?.root;
    let (up, above, shared): (usize, &[u8], usize) = match &hierarchy.namespace_root {
        Some(namespace) => {
            let shared = Place::common(namespace, place).parts().count();
            (namespace.parts().count() - shared, b"", shared)
        }
        // Below `/..` the kernel prints the groups of our own namespace without their real names.
        None if levels_above(root) > 0 => return None,
        None => (0, root, 0),
    };
    let up = std::iter::repeat_n(&b".."[..], up);
    let parts: Vec<&[u8]> = up.chain(parts(above)).chain(place.parts().skip(shared)).collect();
    Some([&b"/"[..], &parts.join(&b'/')].concat())
}

/// As [`place`], where `namespace_root` is the place of the reader's cgroup namespace root.
#[must_use]
pub(super) fn place_in_namespace(hierarchy: &Hierarchy, path: &[u8], namespace_root: &Place) -> Option<Place> {
    let mut at = namespace_root.clone();
    for part in parts(path) {
        at = if part == b".." { at.parent()? } else { at.child(part) };
    }
    (at.hierarchy == hierarchy.id).then_some(at)
}

/// How many levels a mount's root lies above the cgroup namespace's: the leading `..` of its text.
#[must_use]
pub fn levels_above(root: &[u8]) -> usize {
    parts(root).take_while(|part| *part == b"..").count()
}

/// The components of `path` below `root`, if it is there. `..` at the front are components like others: `/../sib` is
/// below `/..`, and `/sib` is not (it lies inside the namespace, one level further down than the text shows).
fn below<'a>(root: &[u8], path: &'a [u8]) -> Option<Vec<&'a [u8]>> {
    if levels_above(path) < levels_above(root) {
        return None;
    }
    let mut path = parts(path);
    for expected in parts(root) {
        if path.next() != Some(expected) {
            return None;
        }
    }
    let rest: Vec<_> = path.collect();
    // More `..` than the root has: above what the mount shows.
    (rest.first() != Some(&&b".."[..])).then_some(rest)
}

fn parts(path: &[u8]) -> impl Iterator<Item = &[u8]> {
    path.split(|&byte| byte == b'/').filter(|part| !part.is_empty())
}

/// `directory/name`.
#[must_use]
pub fn join(directory: &[u8], name: &[u8]) -> Vec<u8> {
    let mut path = Vec::with_capacity(directory.len() + 1 + name.len());
    path.extend_from_slice(directory.strip_suffix(b"/").unwrap_or(directory));
    path.push(b'/');
    path.extend_from_slice(name);
    path
}

#[cfg(test)]
mod tests {
    use super::{Hierarchy, Place, directory, place, proc_path};
    use crate::model::hierarchy::{Mount, Version};
    use crate::model::id::HierarchyId;

    fn hierarchy(roots: &[&str]) -> Hierarchy {
        let mount = |(id, root): (u32, &&str)| Mount {
            id,
            point: format!("/m{id}").into_bytes().into(),
            root: root.as_bytes().into(),
            read_only: false,
            hidden: false,
            options: vec![],
            flags: vec![],
        };
        Hierarchy {
            id: HierarchyId(3),
            version: Version::V1,
            device: None,
            controllers: vec![],
            name: None,
            mounts: (1..).zip(roots).map(mount).collect(),
            own_path: Box::from(*b"/"),
            namespace_root: None,
            root: None,
        }
    }

    fn placed(roots: &[&str], path: &str) -> Option<String> {
        place(&hierarchy(roots), path.as_bytes()).map(|place| place.to_string())
    }

    #[test]
    fn a_whole_hierarchy_shows_every_path() {
        assert_eq!(placed(&["/"], "/a/b").as_deref(), Some("/a/b"));
        assert_eq!(placed(&["/"], "/").as_deref(), Some("/"));
    }

    #[test]
    fn a_subtree_is_stripped_by_components() {
        assert_eq!(placed(&["/docker/1"], "/docker/1/x").as_deref(), Some("/x"));
        assert_eq!(placed(&["/docker/1"], "/docker/1").as_deref(), Some("/"));
        assert_eq!(placed(&["/docker/1"], "/docker/12"), None);
        assert_eq!(placed(&["/docker/1"], "/"), None);
    }

    #[test]
    fn the_widest_mount_decides() {
        assert_eq!(placed(&["/a", "/"], "/a/b").as_deref(), Some("/a/b"));
        assert_eq!(directory(&hierarchy(&["/a", "/"]), &Place::new(HierarchyId(3), b"/a/b")).unwrap(), b"/m2/a/b");
    }

    #[test]
    fn paths_above_the_namespace_need_a_mount_from_there() {
        assert_eq!(placed(&["/"], "/.."), None);
        assert_eq!(placed(&["/.."], "/..").as_deref(), Some("/"));
        assert_eq!(placed(&["/.."], "/../sib/x").as_deref(), Some("/sib/x"));
        assert_eq!(placed(&["/.."], "/../../other"), None);
        assert_eq!(placed(&["/../.."], "/../../other").as_deref(), Some("/other"));
        assert_eq!(placed(&["/.."], "/x"), None, "one level further down than the text shows");
    }

    #[test]
    fn with_the_namespace_root_known_every_path_is_placed() {
        let mut h = hierarchy(&["/../.."]);
        h.namespace_root = Some(Place::new(HierarchyId(3), b"/a/ns"));
        let place = |path: &str| place(&h, path.as_bytes()).map(|place| place.to_string());
        for path in ["/", "/x", "/../sib", "/../..", "/../../b/c"] {
            let there = super::place(&h, path.as_bytes()).unwrap();
            assert_eq!(proc_path(&h, &there).unwrap(), path.as_bytes());
        }
        assert_eq!(place("/").as_deref(), Some("/a/ns"));
        assert_eq!(place("/x").as_deref(), Some("/a/ns/x"));
        assert_eq!(place("/../sib").as_deref(), Some("/a/sib"));
        assert_eq!(place("/../..").as_deref(), Some("/"));
        assert_eq!(place("/../../.."), None);
    }

    #[test]
    fn unmounted_is_not_visible() {
        assert_eq!(placed(&[], "/a"), None);
        assert_eq!(directory(&hierarchy(&[]), &Place::top(HierarchyId(3))), None);
    }

    #[test]
    fn directories() {
        let h = hierarchy(&["/docker/1"]);
        assert_eq!(directory(&h, &Place::top(h.id)).unwrap(), b"/m1");
        assert_eq!(directory(&h, &Place::new(h.id, b"/a b")).unwrap(), b"/m1/a b");
    }
}
