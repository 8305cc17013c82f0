//! Weights: an idle group has none, and a group that becomes idle forgets its own.
use crate::model::hierarchy::Version;
use crate::model::place::Place;

use super::super::super::draft::Draft;
use super::super::super::refusal::Refusal;
use super::super::super::words;
use super::{read, set};

pub(super) fn weight(draft: &Draft<'_>, place: &Place, file: &str, data: &str) -> Result<(), Refusal> {
    if read(draft, place, "cpu.idle").is_none_or(|idle| idle == "0") {
        return Ok(());
    }
    Err(draft
        .refuse(format!(
            "{} is idle (cpu.idle 1), and an idle group has no weight to set. (EINVAL)",
            words::group(place)
        ))
        .way(
            format!("set cpu.idle to 0, then {file} to {data}"),
            vec![set(place, "cpu.idle", "0"), set(place, file, data)],
        ))
}

pub(super) fn idle(draft: &mut Draft<'_>, place: &Place, data: &str) {
    let now = read(draft, place, "cpu.idle");
    if data == "1" && now.as_deref() == Some("0") {
        let file = if draft.world.version(place) == Version::V1 { "cpu.shares" } else { "cpu.weight" };
        let was = read(draft, place, file).map_or(String::new(), |was| format!(" ({was} now; undo sets it again)"));
        draft.warn(format!(
            "{} runs only when nobody else wants the CPU, and the kernel forgets its {file}{was}.",
            words::group(place)
        ));
    } else if data == "0" && now.as_deref().is_some_and(|now| now != "0") {
        draft.warn(format!(
            "{} gets the default weight back, not the one that it had before it was idle.",
            words::group(place)
        ));
    }
}
