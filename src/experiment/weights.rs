//! Which weights a version of cgroups has, and what a group weighs in a contest.
use std::ops::RangeInclusive;

use crate::model::hierarchy::Version;

/// `cpu.shares` the kernel stores (kernel: `MIN_SHARES`, `MAX_SHARES`); it would clamp others silently.
pub const SHARES: RangeInclusive<u64> = 2..=262_144;
/// `cpu.weight` the kernel accepts (kernel: `CGROUP_WEIGHT_MIN`, `CGROUP_WEIGHT_MAX`).
pub const WEIGHT: RangeInclusive<u64> = 1..=10_000;
/// `cpu.shares` of a new group.
pub const DEFAULT_SHARES: u64 = 1024;
/// `cpu.weight` of a new group.
pub const DEFAULT_WEIGHT: u64 = 100;

/// The weights that a version takes.
#[must_use]
pub fn range(version: Version) -> RangeInclusive<u64> {
    match version {
        Version::V1 => SHARES,
        Version::V2 => WEIGHT,
    }
}

/// The weight of a new group.
#[must_use]
pub fn default(version: Version) -> u64 {
    match version {
        Version::V1 => DEFAULT_SHARES,
        Version::V2 => DEFAULT_WEIGHT,
    }
}

/// The file that holds a group's weight.
#[must_use]
pub fn file(version: Version) -> &'static str {
    match version {
        Version::V1 => "cpu.shares",
        Version::V2 => "cpu.weight",
    }
}

/// The weights that a file may write, and the end of the sentence that says so. Without a version: what either takes.
pub(super) fn range_of(version: Option<Version>) -> (RangeInclusive<i64>, &'static str) {
    match version {
        Some(Version::V1) => (2..=262_144, " (cpu.shares)"),
        Some(Version::V2) => (1..=10_000, " (cpu.weight)"),
        None => (1..=262_144, " (cpu.shares 2 to 262144, cpu.weight 1 to 10000)"),
    }
}
