//! One group of a hierarchy, without its values.
use super::bytes::Bytes;
use super::errno::Errno;
use super::id::{GroupId, GroupKey};

/// A group: a directory of a hierarchy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cgroup {
    /// Its identity.
    pub key: GroupKey,
    /// The group above; `None` for the top group that can be reached.
    pub parent: Option<GroupId>,
    /// The groups below, sorted by name.
    pub children: Vec<GroupId>,
    /// Last component of the path; empty for the top.
    pub name: Bytes,
    /// 0 for the top.
    pub depth: u16,
    /// The user that owns the directory (a delegated subtree is owned by its user).
    pub owner: u32,
    /// Why its children are not known, if they are not.
    pub unlisted: Option<Errno>,
}

/// v2's `cgroup.type`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum GroupType {
    /// A normal domain group.
    Domain,
    /// A domain group that is the root of a threaded subtree.
    DomainThreaded,
    /// A domain group inside a threaded subtree: unusable until made threaded.
    DomainInvalid,
    /// A threaded group.
    Threaded,
}

/// A bandwidth limit: v1 `cpu.cfs_quota_us` and `cpu.cfs_period_us`, v2 `cpu.max`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Quota {
    /// CPU time a period, in microseconds, all CPUs together; `None` is no limit.
    pub quota_us: Option<u64>,
    /// The period in microseconds (1000 to 1000000, default 100000).
    pub period_us: u64,
}

impl Quota {
    /// The limit in CPUs (CPU-seconds per second); `None` is no limit.
    #[must_use]
    pub fn cpus(&self) -> Option<f64> {
        self.quota_us.map(|quota| quota as f64 / self.period_us.max(1) as f64)
    }
}

/// Counters of the bandwidth limit (`cpu.stat`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Throttle {
    /// Periods in which the group wanted to run.
    pub periods: u64,
    /// Periods in which it was throttled.
    pub throttled: u64,
    /// Time it was throttled, in nanoseconds, summed over CPUs.
    pub time_ns: u64,
}
