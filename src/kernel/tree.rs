//! The groups below the mount points, walked into a [`Structure`] that changes only when they do.
//!
//! A walk lists a directory only where its link count says that there are groups in it (2 + number of child groups), and
//! looks at each child once. What vanishes between listing and looking is gone, not an error; a directory that may not be
//! listed stays, with the reason in [`Cgroup::unlisted`]. Groups that live on keep their slots, so ids stay good.
use std::collections::HashSet;
use std::sync::Arc;

use crate::model::bytes::Bytes;
use crate::model::cgroup::Cgroup;
use crate::model::errno::Errno;
use crate::model::hierarchy::Hierarchy;
use crate::model::id::{GroupId, GroupKey, HierarchyId};
use crate::model::structure::Structure;

use super::discover::Discovery;
use super::fs::{Fs, Kind, Stat};
use super::paths;

/// Deeper than this no walk goes: a tree of real groups is a dozen deep, and a loop of bind mounts must end.
const MAX_DEPTH: u16 = 256;

/// The structure of the host after a walk over all hierarchies: the same `Arc` if nothing changed since `old`.
#[must_use]
pub fn walk(fs: &dyn Fs, discovery: &Discovery, old: &Arc<Structure>) -> Arc<Structure> {
    let mut found = Vec::new();
    let mut tops = Vec::with_capacity(discovery.hierarchies.len());
    for hierarchy in &discovery.hierarchies {
        let top = found.len();
        walk_hierarchy(fs, hierarchy, &mut found);
        tops.push((top < found.len()).then_some(top));
    }
    patch(discovery, &found, &tops, old)
}

/// A group that a walk found; parents come before their children.
struct Found {
    key: GroupKey,
    /// Index of the group above.
    parent: Option<usize>,
    name: Bytes,
    depth: u16,
    owner: u32,
    unlisted: Option<Errno>,
}

/// A directory whose children are to be looked at.
struct Pending {
    index: usize,
    path: Vec<u8>,
}

fn walk_hierarchy(fs: &dyn Fs, hierarchy: &Hierarchy, found: &mut Vec<Found>) {
    let Some(top) = paths::top(hierarchy) else { return };
    let Ok(stat) = fs.stat(&top) else { return };
    let mut pending = Vec::new();
    add(hierarchy.id, &stat, None, Box::default(), 0, top, found, &mut pending);
    while let Some(Pending { index, path }) = pending.pop() {
        let depth = found[index].depth + 1;
        let mut entries = match fs.list(&path) {
            Ok(entries) => entries,
            // Gone since it was looked at: the next walk will not find it; until then it has no children.
            Err(errno) if errno.is_gone() => continue,
            Err(errno) => {
                found[index].unlisted = Some(errno);
                continue;
            }
        };
        entries.retain(|entry| entry.kind == Kind::Directory);
        entries.sort_by(|a, b| a.name.cmp(&b.name));
        for entry in entries {
            let child = paths::join(&path, &entry.name);
            match fs.stat(&child) {
                Ok(stat) => add(hierarchy.id, &stat, Some(index), entry.name, depth, child, found, &mut pending),
                Err(errno) if errno.is_gone() => {}
                Err(errno) => found[index].unlisted = Some(errno),
            }
        }
    }
}

#[expect(clippy::too_many_arguments, reason = "one call site a kind of group; a struct of them would be Found again")]
fn add(
    hierarchy: HierarchyId,
    stat: &Stat,
    parent: Option<usize>,
    name: Bytes,
    depth: u16,
    path: Vec<u8>,
    found: &mut Vec<Found>,
    pending: &mut Vec<Pending>,
) {
    let index = found.len();
    let key = GroupKey { hierarchy, inode: stat.inode };
    found.push(Found { key, parent, name, depth, owner: stat.uid, unlisted: None });
    if stat.links != 2 && depth < MAX_DEPTH {
        pending.push(Pending { index, path });
    }
}

fn patch(discovery: &Discovery, found: &[Found], tops: &[Option<usize>], old: &Arc<Structure>) -> Arc<Structure> {
    let mut new = Structure::clone(old);
    new.controllers.clone_from(&discovery.controllers);
    let here: HashSet<GroupKey> = found.iter().map(|group| group.key).collect();
    let gone: Vec<GroupId> = old.iter().filter(|(_, group)| !here.contains(&group.key)).map(|(id, _)| id).collect();
    for id in gone {
        new.remove(id);
    }
    let mut ids: Vec<GroupId> = Vec::with_capacity(found.len());
    for group in found {
        let parent = group.parent.map(|parent| ids[parent]);
        ids.push(new.insert(Cgroup {
            key: group.key,
            parent,
            children: Vec::new(),
            name: group.name.clone(),
            depth: group.depth,
            owner: group.owner,
            unlisted: group.unlisted,
        }));
    }
    // Siblings stand in `found` in the order of their names, whatever stands between them.
    for (group, &id) in found.iter().zip(&ids) {
        if let Some(parent) = group.parent
            && let Some(parent) = new.group_mut(ids[parent])
        {
            parent.children.push(id);
        }
    }
    new.hierarchies.clone_from(&discovery.hierarchies);
    for (hierarchy, top) in new.hierarchies.iter_mut().zip(tops) {
        hierarchy.root = top.map(|top| ids[top]);
    }
    if new == **old {
        return Arc::clone(old);
    }
    new.generation = old.generation + 1;
    Arc::new(new)
}

/// The directory of a group; `None` if its hierarchy is not mounted or the group is not in this generation.
#[must_use]
pub fn directory(structure: &Structure, id: GroupId) -> Option<Vec<u8>> {
    let hierarchy = structure.hierarchy(structure.group(id)?.key.hierarchy)?;
    let mut path = paths::top(hierarchy)?;
    let mut names: Vec<&Bytes> = structure.ancestors(id).filter_map(|id| Some(&structure.group(id)?.name)).collect();
    names.pop();
    for name in names.into_iter().rev() {
        path = paths::join(&path, name);
    }
    Some(path)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::{Structure, directory, walk};
    use crate::kernel::discover::discover;
    use crate::kernel::fixture::Fixture;
    use crate::model::errno::Errno;
    use crate::model::id::{GroupId, HierarchyId};
    use crate::model::place::Place;

    const HOST: &str = include_str!("../../tests/fixtures/one_by_one.txt");
    const CPU: HierarchyId = HierarchyId(1);

    fn walked(fixture: &Fixture, old: &Arc<Structure>) -> Arc<Structure> {
        walk(fixture, &discover(fixture).unwrap(), old)
    }

    fn host() -> (Fixture, Arc<Structure>) {
        let fixture = Fixture::parse(HOST).unwrap();
        let structure = walked(&fixture, &Arc::default());
        (fixture, structure)
    }

    fn group(structure: &Structure, path: &str) -> Option<GroupId> {
        structure.at(&Place::new(CPU, path.as_bytes()))
    }

    fn names(structure: &Structure) -> Vec<String> {
        let root = structure.hierarchy(CPU).unwrap().root.unwrap();
        structure.subtree(root).map(|id| structure.place(id).unwrap().to_string()).collect()
    }

    #[test]
    fn the_tree_of_the_figure() {
        let (_, structure) = host();
        assert_eq!(names(&structure), ["/", "/cg1", "/cg1/cg2", "/cg1/cg3", "/cg4"]);
        let cg3 = structure.group(group(&structure, "/cg1/cg3").unwrap()).unwrap();
        assert_eq!((cg3.key.inode, cg3.depth, cg3.unlisted, cg3.children.len()), (103, 2, None, 0));
        assert_eq!(
            directory(&structure, group(&structure, "/cg1/cg3").unwrap()).unwrap(),
            b"/sys/fs/cgroup/cpu/cg1/cg3"
        );
        assert_eq!(structure.generation, 1);
        assert!(structure.hierarchies.iter().all(|h| h.root.is_some()));
    }

    #[test]
    fn nothing_changed_is_the_same_structure() {
        let (fixture, first) = host();
        assert!(Arc::ptr_eq(&walked(&fixture, &first), &first));
    }

    #[test]
    fn slots_stay_when_groups_come_and_go() {
        let (fixture, first) = host();
        let (cg2, cg4) = (group(&first, "/cg1/cg2").unwrap(), group(&first, "/cg4").unwrap());
        fixture
            .apply("gone /sys/fs/cgroup/cpu/cg1/cg2\ndir /sys/fs/cgroup/cpu/a\ndir /sys/fs/cgroup/cpu/cg1/new\n")
            .unwrap();
        let second = walked(&fixture, &first);
        assert_eq!(names(&second), ["/", "/a", "/cg1", "/cg1/cg3", "/cg1/new", "/cg4"]);
        assert_eq!((second.generation, group(&second, "/cg4"), second.group(cg2)), (2, Some(cg4), None));
        assert!(first.group(cg2).is_some(), "the old snapshot still has it");
    }

    #[test]
    fn a_group_made_anew_under_the_old_name_is_another() {
        let (fixture, first) = host();
        let old = group(&first, "/cg4").unwrap();
        fixture.apply("gone /sys/fs/cgroup/cpu/cg4\ndir /sys/fs/cgroup/cpu/cg4\n").unwrap();
        let second = walked(&fixture, &first);
        assert_ne!(group(&second, "/cg4"), Some(old));
        assert_eq!(second.group(old), None);
    }

    #[test]
    fn a_group_that_vanishes_in_the_middle_of_the_walk_is_gone() {
        let (fixture, first) = host();
        fixture.apply("dir /sys/fs/cgroup/cpu/cg1/ghost stat=ENOENT list=ENOENT\ndir /sys/fs/cgroup/cpu/cg1/cg2 ino=102 nlink=3 list=ENODEV\n").unwrap();
        let second = walked(&fixture, &first);
        assert_eq!(names(&second), ["/", "/cg1", "/cg1/cg2", "/cg1/cg3", "/cg4"]);
        assert_eq!(second.group(group(&second, "/cg1/cg2").unwrap()).unwrap().unlisted, None);
    }

    #[test]
    fn a_denied_directory_stays_with_the_reason() {
        let (fixture, first) = host();
        fixture.apply("dir /sys/fs/cgroup/cpu/cg1 ino=101 list=EACCES\n").unwrap();
        let second = walked(&fixture, &first);
        assert_eq!(names(&second), ["/", "/cg1", "/cg4"]);
        assert_eq!(second.group(group(&second, "/cg1").unwrap()).unwrap().unlisted, Some(Errno::EACCES));
    }

    #[test]
    fn only_directories_with_groups_in_them_are_listed() {
        let (fixture, first) = host();
        // nlink 2 says no groups; listing it would fail and show.
        fixture.apply("dir /sys/fs/cgroup/cpu/cg4 ino=104 nlink=2 list=EIO\n").unwrap();
        assert!(Arc::ptr_eq(&walked(&fixture, &first), &first));
        // A file system that does not count says 1: it is listed.
        fixture.apply("dir /sys/fs/cgroup/cpu/cg4 ino=104 nlink=1\ndir /sys/fs/cgroup/cpu/cg4/deep\n").unwrap();
        assert!(group(&walked(&fixture, &first), "/cg4/deep").is_some());
    }

    #[test]
    fn names_that_are_not_utf8() {
        let (fixture, first) = host();
        fixture.apply("dir /sys/fs/cgroup/cpu/\\xff\\xfe\\x20x\n").unwrap();
        let second = walked(&fixture, &first);
        let id = second.at(&Place::new(CPU, b"/\xff\xfe x")).unwrap();
        assert_eq!(directory(&second, id).unwrap(), b"/sys/fs/cgroup/cpu/\xff\xfe x");
    }
}
