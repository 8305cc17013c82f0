//! Where a group is: the handle by which plans, journals and the command line name it.
use std::fmt;

use serde::{Deserialize, Serialize};

use super::bytes::{Bytes, escape};
use super::id::HierarchyId;

/// Name of the leaf below a delegated group into which cgrove itself moves, so that the group may hand controllers down.
pub const OWN_LEAF: &str = "cgrove-self";

/// A group by hierarchy and path. A handle, not an identity: a plan is bound to the inode that its survey found there,
/// and undo binds anew what it re-creates.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Place {
    /// The hierarchy.
    pub hierarchy: HierarchyId,
    /// Path from the top group that can be reached: `/` is the top, `/a/b` below. Bytes; no trailing slash but in `/`.
    #[serde(with = "super::bytes::text")]
    pub path: Bytes,
}

impl Place {
    /// The top of `hierarchy`.
    #[must_use]
    pub fn top(hierarchy: HierarchyId) -> Self {
        Self { hierarchy, path: Box::from(*b"/") }
    }

    /// A place from any spelling of a path: empty components are dropped, a leading slash is not needed.
    #[must_use]
    pub fn new(hierarchy: HierarchyId, path: &[u8]) -> Self {
        let mut place = Self::top(hierarchy);
        for part in path.split(|&byte| byte == b'/').filter(|part| !part.is_empty()) {
            place = place.child(part);
        }
        place
    }

    /// The group `name` in this one. `name` may hold slashes: a path below.
    #[must_use]
    pub fn child(&self, name: &[u8]) -> Self {
        let mut path = if self.is_top() { Vec::new() } else { self.path.to_vec() };
        path.push(b'/');
        path.extend_from_slice(name);
        Self { hierarchy: self.hierarchy, path: path.into_boxed_slice() }
    }

    /// The group above; `None` for the top.
    #[must_use]
    pub fn parent(&self) -> Option<Self> {
        if self.is_top() {
            return None;
        }
        let cut = self.path.iter().rposition(|&byte| byte == b'/').unwrap_or(0);
        let path = if cut == 0 { Box::from(*b"/") } else { Box::from(&self.path[..cut]) };
        Some(Self { hierarchy: self.hierarchy, path })
    }

    /// The last component; empty for the top.
    #[must_use]
    pub fn name(&self) -> &[u8] {
        let cut = self.path.iter().rposition(|&byte| byte == b'/').map_or(0, |cut| cut + 1);
        &self.path[cut..]
    }

    /// The group of another name beside this one; the top stays itself.
    #[must_use]
    pub fn sibling(&self, name: &[u8]) -> Self {
        self.parent().map_or_else(|| self.clone(), |parent| parent.child(name))
    }

    /// This place after the group at `from` was given the name that makes it `to`: the same if it is not `from` or below.
    #[must_use]
    pub fn renamed(&self, from: &Self, to: &Self) -> Self {
        if !self.is_within(from) || from.is_top() {
            return self.clone();
        }
        let path = [&to.path, &self.path[from.path.len()..]].concat();
        Self { hierarchy: self.hierarchy, path: path.into_boxed_slice() }
    }

    /// Whether this is the top of its hierarchy.
    #[must_use]
    pub fn is_top(&self) -> bool {
        &*self.path == b"/"
    }

    /// The components from the top down; none for the top.
    pub fn parts(&self) -> impl Iterator<Item = &[u8]> {
        self.path.split(|&byte| byte == b'/').filter(|part| !part.is_empty())
    }

    /// The nearest group at or above both; both in one hierarchy.
    #[must_use]
    pub fn common(a: &Self, b: &Self) -> Self {
        std::iter::successors(Some(a.clone()), Self::parent)
            .find(|above| b.is_within(above))
            .unwrap_or_else(|| Self::top(a.hierarchy))
    }

    /// Whether this is `other` or below it.
    #[must_use]
    pub fn is_within(&self, other: &Self) -> bool {
        self.hierarchy == other.hierarchy
            && (other.is_top()
                || self.path.strip_prefix(&*other.path).is_some_and(|rest| rest.is_empty() || rest[0] == b'/'))
    }
}

impl fmt::Display for Place {
    /// The path, escaped for a screen.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&escape(&self.path))
    }
}

#[cfg(test)]
mod tests {
    use super::{HierarchyId, Place};

    #[test]
    fn paths_are_taken_apart_and_put_together() {
        let top = Place::top(HierarchyId(1));
        let cg2 = top.child(b"cg1").child(b"cg2");
        assert_eq!((&*cg2.path, cg2.name()), (&b"/cg1/cg2"[..], &b"cg2"[..]));
        assert_eq!(cg2.parent().unwrap().parent(), Some(top.clone()));
        assert_eq!((top.parent(), top.name()), (None, &b""[..]));
        assert_eq!(Place::new(HierarchyId(1), b"cg1//cg2/"), cg2);
        assert_eq!(cg2.parts().collect::<Vec<_>>(), [b"cg1", b"cg2"]);
    }

    #[test]
    fn a_new_name_is_the_name_of_all_that_is_below() {
        let place = |path: &str| Place::new(HierarchyId(1), path.as_bytes());
        let (from, to) = (place("/a/b"), place("/a/b").sibling(b"c"));
        assert_eq!(to, place("/a/c"));
        for (before, after) in [("/a/b", "/a/c"), ("/a/b/x/y", "/a/c/x/y"), ("/a/bb", "/a/bb"), ("/a", "/a")] {
            assert_eq!(place(before).renamed(&from, &to), place(after));
        }
        assert_eq!(place("/").sibling(b"x"), place("/"));
    }

    #[test]
    fn within_goes_by_components() {
        let h = HierarchyId(1);
        let a = Place::new(h, b"/a");
        assert!(a.is_within(&Place::top(h)) && a.is_within(&a) && a.child(b"b").is_within(&a));
        assert!(!Place::new(h, b"/ab").is_within(&a) && !a.is_within(&Place::top(HierarchyId(2))));
    }
}
