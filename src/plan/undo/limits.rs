//! Limits on the number of groups (v2), which may stand below what was there when they were set.
//!
//! `cgroup.max.depth` and `cgroup.max.descendants` only forbid to make more. So a group that was removed under such a limit
//! is made again with the limit lifted for that moment.
use super::super::draft::Draft;
use super::super::intent::Setting;
use super::super::refusal::Refusal;
use super::super::step::Step;
use crate::model::hierarchy::Version;
use crate::model::place::Place;

/// Adds the writes that lift what stands against making `at` (EAGAIN); answers with those that set it again, the last first.
///
/// # Errors
/// A refusal where `--only` forbids the writes.
pub(super) fn lift(draft: &mut Draft<'_>, at: &Place) -> Result<Vec<(Place, Setting)>, Refusal> {
    let mut lifted = Vec::new();
    if draft.world.version(at) == Version::V1 {
        return Ok(lifted);
    }
    for (depth, above) in std::iter::successors(at.parent(), Place::parent).enumerate() {
        let below = descendants(draft, &above);
        for (file, needed) in [("cgroup.max.depth", Some(depth + 1)), ("cgroup.max.descendants", below.map(|n| n + 1))]
        {
            let Some(data) = draft.world.read(&above, file) else { continue };
            let limit = std::str::from_utf8(&data).ok().and_then(|text| text.parse::<usize>().ok());
            if limit.is_some_and(|limit| needed.is_none_or(|needed| needed > limit)) {
                draft.write(&above, &Setting { file: file.into(), data: Box::from(&b"max"[..]) }, Vec::new())?;
                lifted.push((above.clone(), Setting { file: file.into(), data }));
            }
        }
    }
    Ok(lifted)
}

/// How many groups are below `place` at this point of the plan.
fn descendants(draft: &Draft<'_>, place: &Place) -> Option<usize> {
    let text = draft.survey.group(place)?.text("cgroup.stat")?;
    let before: usize = text.lines().find_map(|line| line.strip_prefix("nr_descendants ")?.trim().parse().ok())?;
    let is_below = |at: &Place| at != place && at.is_within(place);
    let made = |step: &&Step| matches!(step, Step::MakeGroup { at } if is_below(at));
    let removed = |step: &&Step| matches!(step, Step::RemoveGroup { at, .. } if is_below(at));
    let (made, removed) = (draft.steps.iter().filter(made).count(), draft.steps.iter().filter(removed).count());
    Some((before + made).saturating_sub(removed))
}
