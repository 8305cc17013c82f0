//! A hierarchy, its controllers and every place where it is mounted.
use super::bytes::{Bytes, escape};
use super::id::{GroupId, HierarchyId};
use super::place::Place;

/// Which implementation of cgroups a hierarchy belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Version {
    /// cgroup v1 (file system type `cgroup`).
    V1,
    /// cgroup v2 (file system type `cgroup2`).
    V2,
}

/// A device number as mountinfo prints it. All mounts of one hierarchy share it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Device {
    /// Major number (0 for pseudo file systems).
    pub major: u32,
    /// Minor number.
    pub minor: u32,
}

/// One mount point of a hierarchy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mount {
    /// Mount id of mountinfo.
    pub id: u32,
    /// Where it is mounted, octal escapes undone.
    pub point: Bytes,
    /// Which group is seen there, relative to the reader's cgroup namespace: `/` the whole, `/a` a bind-mounted subtree,
    /// `/..` a group above the reader's cgroup namespace root.
    pub root: Bytes,
    /// The mount options or the super options say `ro`.
    pub read_only: bool,
    /// A later mount covers this point: the directory there shows another file system.
    pub hidden: bool,
    /// Options of this mount alone, as mountinfo prints them (`rw`, `nosuid`, `relatime` …).
    pub options: Vec<Bytes>,
    /// Super options that are neither controllers nor `rw`/`ro`, as they stand (`nsdelegate`, `release_agent=…`, `xattr`).
    pub flags: Vec<Bytes>,
}

/// A hierarchy of control groups.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hierarchy {
    /// The kernel's number for it.
    pub id: HierarchyId,
    /// v1 or v2.
    pub version: Version,
    /// Its device; `None` while it is mounted nowhere that can be seen.
    pub device: Option<Device>,
    /// Its controllers in the kernel's order. v1: those attached. v2: those of the root's `cgroup.controllers`.
    pub controllers: Vec<Box<str>>,
    /// Name of a named v1 hierarchy (`systemd` of `name=systemd`).
    pub name: Option<Bytes>,
    /// Every mount point, in mountinfo's order. Empty: it lives unmounted; mount it again to reach it.
    pub mounts: Vec<Mount>,
    /// cgrove's own group in it, as `/proc/self/cgroup` prints it (relative to the cgroup namespace).
    pub own_path: Bytes,
    /// The root of cgrove's cgroup namespace, where the best mount shows groups above it: the paths of `/proc/PID/cgroup`
    /// count from there. `None`: they count from the top, or it could not be found.
    pub namespace_root: Option<Place>,
    /// The top group that can be reached; `None` if nothing of it can.
    pub root: Option<GroupId>,
}

impl Hierarchy {
    /// Short name: `v2`, `cpu,cpuacct`, `name=systemd`.
    #[must_use]
    pub fn label(&self) -> String {
        if self.version == Version::V2 {
            return "v2".to_owned();
        }
        let mut parts: Vec<String> = self.controllers.iter().map(ToString::to_string).collect();
        if parts.is_empty()
            && let Some(name) = &self.name
        {
            parts.push(format!("name={}", escape(name)));
        }
        parts.join(",")
    }

    /// Whether `controller` is one of this hierarchy's.
    #[must_use]
    pub fn has(&self, controller: &str) -> bool {
        self.controllers.iter().any(|c| &**c == controller)
    }

    /// The mount to work through: not hidden, widest view first (fewest path components; a root above the cgroup
    /// namespace is wider still), writable before read-only, then the earliest.
    #[must_use]
    pub fn best_mount(&self) -> Option<&Mount> {
        self.mounts.iter().filter(|mount| !mount.hidden).min_by_key(|mount| {
            let depth: i64 = mount
                .root
                .split(|&byte| byte == b'/')
                .filter(|part| !part.is_empty())
                .map(|part| if part == b".." { -1 } else { 1 })
                .sum();
            (depth, mount.read_only)
        })
    }
}

/// Where a controller is: the fact that decides more than any "mode of the host".
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Controller {
    /// The kernel's name (`cpu`, `memory`, `io` …).
    pub name: Box<str>,
    /// The hierarchy that carries it; `None` where it is attached to none.
    pub hierarchy: Option<HierarchyId>,
    /// Off by boot option (`cgroup_disable=`).
    pub disabled: bool,
}

/// How the host as a whole is set up (kernel-documentation terms of systemd); per controller see [`Controller`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// Only v1 hierarchies are mounted.
    Legacy,
    /// v1 hierarchies and v2 side by side.
    Hybrid,
    /// Only v2 is mounted.
    Unified,
    /// No hierarchy is mounted.
    None,
}

impl Mode {
    /// The mode of a host with these hierarchies, by what is mounted.
    #[must_use]
    pub fn of(hierarchies: &[Hierarchy]) -> Self {
        let mounted = |version| hierarchies.iter().any(|h| h.version == version && h.best_mount().is_some());
        match (mounted(Version::V1), mounted(Version::V2)) {
            (true, true) => Self::Hybrid,
            (true, false) => Self::Legacy,
            (false, true) => Self::Unified,
            (false, false) => Self::None,
        }
    }
}
