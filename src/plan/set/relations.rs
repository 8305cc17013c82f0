//! A value among the others: what stands against it in the same group, above, below and beside it, and what follows from it.
//!
//! One file a family: [`weight`], [`quota`], [`real_time`], [`cpuset`], [`memory`], [`core`], [`controllers`].
use crate::model::place::Place;

use super::super::draft::Draft;
use super::super::intent::{Intent, Setting};
use super::super::refusal::Refusal;
use super::super::{hold, words};

mod controllers;
mod core;
mod cpuset;
mod memory;
mod quota;
mod real_time;
mod weight;

pub use controllers::{check_disable, lost_by_disabling};

/// Checks `data`, already a good value by itself, and warns of what follows from it.
///
/// # Errors
/// The rule that another value sets.
pub fn check(draft: &mut Draft<'_>, place: &Place, file: &str, data: &str) -> Result<(), Refusal> {
    match file {
        "cpu.shares" | "cpu.weight" | "cpu.weight.nice" => weight::weight(draft, place, file, data),
        "cpu.idle" => {
            weight::idle(draft, place, data);
            Ok(())
        }
        "cpu.cfs_quota_us" | "cpu.cfs_period_us" | "cpu.cfs_burst_us" => quota::quota_v1(draft, place, file, data),
        "cpu.max" | "cpu.max.burst" => quota::quota_v2(draft, place, file, data),
        "cpu.rt_runtime_us" | "cpu.rt_period_us" => real_time::budget(draft, place, file, data),
        "cpuset.cpus" | "cpuset.mems" => cpuset::list(draft, place, file, data),
        "cpuset.cpu_exclusive" | "cpuset.mem_exclusive" => cpuset::exclusive(draft, place, file, data),
        "pids.max" => {
            below_use(
                draft,
                place,
                data,
                "pids.current",
                "tasks: nobody is ended, but none can fork until there are fewer",
            );
            Ok(())
        }
        "cgroup.type" if data == "threaded" => core::threaded(draft, place),
        "cgroup.max.descendants" | "cgroup.max.depth" => {
            core::room_for_groups(draft, place, file, data);
            Ok(())
        }
        "cgroup.freeze" if data == "1" => hold::check_guarded(draft, place),
        "freezer.state" if data == "FROZEN" => hold::check_guarded(draft, place),
        "freezer.state" | "cgroup.freeze" => {
            core::frozen_above(draft, place);
            Ok(())
        }
        _ => memory::limit(draft, place, file, data),
    }
}

fn read(draft: &Draft<'_>, place: &Place, file: &str) -> Option<String> {
    draft.world.read(place, file).map(|bytes| String::from_utf8_lossy(&bytes).into_owned())
}

fn number(draft: &Draft<'_>, place: &Place, file: &str) -> Option<i64> {
    read(draft, place, file)?.parse().ok()
}

fn setting(file: &str, data: &str) -> Setting {
    Setting { file: file.into(), data: data.as_bytes().into() }
}

fn set(place: &Place, file: &str, data: &str) -> Intent {
    Intent::Set { group: place.clone(), setting: setting(file, data) }
}

/// The child groups of a group, as far as they were surveyed.
fn children(draft: &Draft<'_>, place: &Place) -> Vec<Place> {
    draft.world.survey.group(place).map_or(Vec::new(), |f| f.children.iter().map(|name| place.child(name)).collect())
}

/// The groups beside a group, as far as they were surveyed.
fn siblings(draft: &Draft<'_>, place: &Place) -> Vec<Place> {
    let all = place.parent().map(|parent| children(draft, &parent)).unwrap_or_default();
    all.into_iter().filter(|other| other != place && draft.world.survey.group(other).is_some()).collect()
}

fn below_use(draft: &mut Draft<'_>, place: &Place, data: &str, counter: &str, then: &str) {
    if let (Ok(limit), Some(now)) = (data.parse::<i64>(), number(draft, place, counter))
        && now > limit
    {
        draft.warn(format!("{} has {now} {then}.", words::group(place)));
    }
}
