//! Quotas among each other (kernel-facts B3): burst, quota, period, and on v1 those above and below.
use crate::catalog::human_quota;
use crate::model::hierarchy::Version;
use crate::model::place::Place;

use super::super::super::draft::Draft;
use super::super::super::refusal::Refusal;
use super::super::super::rules::tasks;
use super::super::super::words;
use super::{number, read, set};

/// Quota and period of a v1 group as (quota or none, period).
fn limit_v1(draft: &Draft<'_>, place: &Place) -> Option<(Option<u64>, u64)> {
    let quota = number(draft, place, "cpu.cfs_quota_us")?;
    let period = number(draft, place, "cpu.cfs_period_us")?;
    Some((u64::try_from(quota).ok(), u64::try_from(period).ok()?))
}

/// A part of a CPU as (quota, period).
type Part = (u64, u64);

/// Whether `a` is a larger part of a CPU than `b`.
fn exceeds(a: Part, b: Part) -> bool {
    u128::from(a.0) * u128::from(b.1) > u128::from(b.0) * u128::from(a.1)
}

pub(super) fn quota_v1(draft: &mut Draft<'_>, place: &Place, file: &str, data: &str) -> Result<(), Refusal> {
    let Some((quota, period)) = limit_v1(draft, place) else { return Ok(()) };
    let new = data.parse::<i64>().ok().and_then(|value| u64::try_from(value).ok());
    let burst = number(draft, place, "cpu.cfs_burst_us").and_then(|burst| u64::try_from(burst).ok()).unwrap_or(0);
    let (quota, period, burst) = match file {
        "cpu.cfs_quota_us" => (new, period, burst),
        "cpu.cfs_period_us" => (quota, new.unwrap_or(period), burst),
        _ => (quota, period, new.unwrap_or(0)),
    };
    check_burst(draft, place, file, (quota, burst))?;
    let Some(quota) = quota else { return Ok(()) };
    let name = words::group(place);
    let mine = (quota, period);
    for above in std::iter::successors(place.parent(), Place::parent) {
        if let Some((Some(quota), period)) = limit_v1(draft, &above) {
            let limit = (quota, period);
            if exceeds(mine, limit) {
                let refusal = draft.refuse(format!(
                    "{} would be more than the group {} above may use, {}; on v1 a child's quota is at most its parent's. \
                     (EINVAL)",
                    human_quota(Some(mine.0), mine.1),
                    words::group(&above),
                    human_quota(Some(quota), period)
                ));
                return Err(within(refusal, (place, mine), (&above, limit), file));
            }
            break;
        }
    }
    for below in tasks::subtree(draft.survey, place).filter(|below| *below != place) {
        if let Some((Some(quota), period)) = limit_v1(draft, below)
            && exceeds((quota, period), mine)
        {
            let refusal = draft.refuse(format!(
                "{} below {name} has {}; on v1 a parent's quota is at least that of each group below. (EINVAL)",
                words::group(below),
                human_quota(Some(quota), period)
            ));
            return Err(match largest(mine, period) {
                Some(fits) => refusal.first(
                    format!("lower {} to {fits} us, then go on", words::group(below)),
                    vec![set(below, "cpu.cfs_quota_us", &fits.to_string())],
                ),
                None => refusal,
            });
        }
    }
    draft.warn(format!("{name} may use {}, on all CPUs together.", human_quota(Some(mine.0), mine.1)));
    Ok(())
}

/// The largest quota of a period that is no larger a part of a CPU than `limit`; none where that is under the least one.
fn largest(limit: (u64, u64), period: u64) -> Option<u64> {
    let fits = u128::from(limit.0) * u128::from(period) / u128::from(limit.1).max(1);
    u64::try_from(fits).ok().filter(|&fits| fits >= 1000)
}

/// The ways out of a quota that is larger than that of a group above: less, or more for that group.
fn within(refusal: Refusal, (place, mine): (&Place, Part), (above, limit): (&Place, Part), file: &str) -> Refusal {
    let fits = largest(limit, mine.1).filter(|_| file == "cpu.cfs_quota_us");
    let refusal = match fits.map(|fits| fits.to_string()) {
        Some(fits) => {
            let less = set(place, file, &fits);
            refusal.way(format!("write {fits}, as much as {} may use", words::group(above)), vec![less])
        }
        None => refusal,
    };
    // Rounded up: as much as this one at least.
    let needed = (u128::from(mine.0) * u128::from(limit.1)).div_ceil(u128::from(mine.1).max(1));
    let raise = set(above, "cpu.cfs_quota_us", &needed.to_string());
    refusal.first(format!("raise {} to {needed} us, then go on", words::group(above)), vec![raise])
}

fn check_burst(
    draft: &Draft<'_>,
    place: &Place,
    file: &str,
    (quota, burst): (Option<u64>, u64),
) -> Result<(), Refusal> {
    let Some(quota) = quota.filter(|&quota| burst > quota) else { return Ok(()) };
    let text = quota.to_string();
    let lower = |file: &str| vec![set(place, file, &text)];
    if file.contains("burst") {
        let refusal = draft.refuse(format!("A burst is at most the quota, which is {quota} us here. (EINVAL)"));
        return Err(refusal.way(format!("write {quota}"), lower(file)));
    }
    let of_it = if draft.world.version(place) == Version::V1 { "cpu.cfs_burst_us" } else { "cpu.max.burst" };
    Err(draft
        .refuse(format!("A burst is at most the quota, and the burst here is {burst} us. (EINVAL)"))
        .first(format!("lower {of_it} to {quota}, then go on"), lower(of_it)))
}

fn pair(text: &str) -> Option<(Option<u64>, Option<u64>)> {
    let mut words = text.split_ascii_whitespace();
    let quota = match words.next()? {
        "max" => None,
        quota => Some(quota.parse().ok()?),
    };
    Some((quota, words.next().and_then(|period| period.parse().ok())))
}

pub(super) fn quota_v2(draft: &mut Draft<'_>, place: &Place, file: &str, data: &str) -> Result<(), Refusal> {
    let Some((now, period)) = read(draft, place, "cpu.max").and_then(|text| pair(&text)) else { return Ok(()) };
    let burst = number(draft, place, "cpu.max.burst").and_then(|burst| u64::try_from(burst).ok()).unwrap_or(0);
    if file == "cpu.max.burst" {
        return check_burst(draft, place, file, (now, data.parse().unwrap_or(0)));
    }
    let Some((quota, new)) = pair(data) else { return Ok(()) };
    check_burst(draft, place, file, (quota, burst))?;
    let Some(quota) = quota else { return Ok(()) };
    let mine = (quota, new.or(period).unwrap_or(100_000));
    let name = words::group(place);
    draft.warn(format!("{name} may use {}, on all CPUs together.", human_quota(Some(mine.0), mine.1)));
    for above in std::iter::successors(place.parent(), Place::parent) {
        if let Some((Some(quota), period)) = read(draft, &above, "cpu.max").and_then(|text| pair(&text)) {
            let limit = (quota, period.unwrap_or(100_000));
            if exceeds(mine, limit) {
                draft.warn(format!(
                    "{} above may use less ({}), and that holds.",
                    words::group(&above),
                    human_quota(Some(limit.0), limit.1)
                ));
            }
            break;
        }
    }
    Ok(())
}
