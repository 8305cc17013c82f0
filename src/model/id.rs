//! Identities. A path or a number names a thing only for a while; these name it for as long as it lives.
use serde::{Deserialize, Serialize};

/// The kernel's number of a hierarchy (first field of `/proc/PID/cgroup`): 0 is cgroup v2, v1 hierarchies count from 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct HierarchyId(pub u32);

impl HierarchyId {
    /// The one v2 hierarchy.
    pub const V2: Self = Self(0);
}

/// Identity of a group: its hierarchy and the inode number of its directory, which the kernel never uses again while the
/// group lives. Selection, folds and deltas follow this, never a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct GroupKey {
    /// The hierarchy.
    pub hierarchy: HierarchyId,
    /// Inode number of the group's directory (its 64-bit cgroup id).
    pub inode: u64,
}

/// A slot in the arena of a [`super::structure::Structure`]. Stable from one generation to the next while the group lives.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct GroupId(pub u32);

/// A thread id in the reader's pid namespace.
pub type Tid = i32;

/// A process id (thread group id) in the reader's pid namespace.
pub type Pid = i32;

/// Identity of a task: its id and the start time the kernel reports (field 22 of `/proc/TID/stat`, clock ticks since
/// boot), so that a re-used number is another task.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct TaskKey {
    /// Thread id.
    pub tid: Tid,
    /// Start time in clock ticks since boot.
    pub start: u64,
}
