//! Time for real-time tasks (v1 with `CONFIG_RT_GROUP_SCHED`): a group without a budget takes none of them (EINVAL), and a
//! group has no more than its parent.
use crate::model::place::Place;

use super::super::draft::Draft;
use super::super::intent::{Intent, Setting};

/// What a group is given that has nothing: 50 ms, of every second by default.
const GIVEN: &str = "50000";

/// Whether real-time tasks cannot enter the group at `to`, as it will be.
#[must_use]
pub fn is_without(draft: &Draft<'_>, to: &Place) -> bool {
    draft.world.read(to, "cpu.rt_runtime_us").as_deref() == Some(b"0")
}

/// The writes that give the group a budget, from the highest group that has none down to it; and that in words.
#[must_use]
pub fn give(draft: &Draft<'_>, to: &Place) -> (String, Vec<Intent>) {
    let without = |place: &Place| is_without(draft, place);
    let mut levels: Vec<Place> = std::iter::successors(Some(to.clone()), Place::parent).take_while(without).collect();
    levels.reverse();
    let names: Vec<String> = levels.iter().map(super::super::words::group).collect();
    let set = |group: Place| Intent::Set {
        group,
        setting: Setting { file: "cpu.rt_runtime_us".into(), data: GIVEN.as_bytes().into() },
    };
    let say = format!("give {} 50 ms of every second for real-time tasks, then go on", names.join(" and "));
    (say, levels.into_iter().map(set).collect())
}
