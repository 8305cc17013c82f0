//! The weight of a group as an experiment's version has it: the file it stands in, its range, its default.
use std::ops::RangeInclusive;

use crate::model::hierarchy::Version;
use crate::split::weight::{DEFAULT_SHARES, DEFAULT_WEIGHT, SHARES, WEIGHT};

/// The weights that a version takes. v1 would clamp others silently, v2 refuses them.
#[must_use]
pub fn range(version: Version) -> RangeInclusive<u64> {
    let (low, high) = match version {
        Version::V1 => SHARES,
        Version::V2 => WEIGHT,
    };
    low..=high
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
    let signed = |version| {
        let (low, high) = range(version).into_inner();
        low.cast_signed()..=high.cast_signed()
    };
    match version {
        Some(version @ Version::V1) => (signed(version), " (cpu.shares)"),
        Some(version @ Version::V2) => (signed(version), " (cpu.weight)"),
        None => {
            let (shares, weight) = (signed(Version::V1), signed(Version::V2));
            let low = *shares.start().min(weight.start());
            let high = *shares.end().max(weight.end());
            (low..=high, " (cpu.shares 2 to 262144, cpu.weight 1 to 10000)")
        }
    }
}
