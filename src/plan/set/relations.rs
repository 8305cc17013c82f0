//! A value among the others: what stands against it in the same group, above and below, and what follows from it.
use crate::catalog::{controller_of, human_quota};
use crate::model::bytes::escape;
use crate::model::cpu_set::CpuSet;
use crate::model::hierarchy::Version;
use crate::model::place::Place;

use super::super::draft::Draft;
use super::super::intent::{Intent, Setting};
use super::super::refusal::Refusal;
use super::super::rules::{knobs, tasks};
use super::super::step::Prior;
use super::super::{hold, words};

/// Checks `data`, already a good value by itself, and warns of what follows from it.
///
/// # Errors
/// The rule that another value sets.
pub fn check(draft: &mut Draft<'_>, place: &Place, file: &str, data: &str) -> Result<(), Refusal> {
    match file {
        "cpu.shares" | "cpu.weight" | "cpu.weight.nice" => weight(draft, place, file, data),
        "cpu.idle" => {
            idle(draft, place, data);
            Ok(())
        }
        "cpu.cfs_quota_us" | "cpu.cfs_period_us" | "cpu.cfs_burst_us" => quota_v1(draft, place, file, data),
        "cpu.max" | "cpu.max.burst" => quota_v2(draft, place, file, data),
        "cpu.rt_runtime_us" => rt_runtime(draft, place, data),
        "cpuset.cpus" | "cpuset.mems" => cpuset(draft, place, file, data),
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
        "memory.max" => {
            let ends = "bytes: the kernel takes memory back and, if that is not enough, kills tasks of the group";
            below_use(draft, place, data, "memory.current", ends);
            Ok(())
        }
        "cgroup.freeze" if data == "1" => hold::check_guarded(draft, place),
        "freezer.state" if data == "FROZEN" => hold::check_guarded(draft, place),
        _ => Ok(()),
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

fn weight(draft: &Draft<'_>, place: &Place, file: &str, data: &str) -> Result<(), Refusal> {
    if read(draft, place, "cpu.idle").is_none_or(|idle| idle == "0") {
        return Ok(());
    }
    let set = |file: &str, data: &str| Intent::Set { group: place.clone(), setting: setting(file, data) };
    Err(draft
        .refuse(format!(
            "{} is idle (cpu.idle 1), and an idle group has no weight to set. (EINVAL)",
            words::group(place)
        ))
        .way(format!("set cpu.idle to 0, then {file} to {data}"), vec![set("cpu.idle", "0"), set(file, data)]))
}

fn idle(draft: &mut Draft<'_>, place: &Place, data: &str) {
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

/// Quota and period of a v1 group as (quota or none, period).
fn limit_v1(draft: &Draft<'_>, place: &Place) -> Option<(Option<u64>, u64)> {
    let quota = number(draft, place, "cpu.cfs_quota_us")?;
    let period = number(draft, place, "cpu.cfs_period_us")?;
    Some((u64::try_from(quota).ok(), u64::try_from(period).ok()?))
}

/// Whether `a` is a larger part of a CPU than `b`, both as (quota, period).
fn exceeds(a: (u64, u64), b: (u64, u64)) -> bool {
    u128::from(a.0) * u128::from(b.1) > u128::from(b.0) * u128::from(a.1)
}

fn quota_v1(draft: &mut Draft<'_>, place: &Place, file: &str, data: &str) -> Result<(), Refusal> {
    let Some((quota, period)) = limit_v1(draft, place) else { return Ok(()) };
    let new = data.parse::<i64>().ok().and_then(|value| u64::try_from(value).ok());
    let burst = number(draft, place, "cpu.cfs_burst_us").and_then(|burst| u64::try_from(burst).ok()).unwrap_or(0);
    let (quota, period, burst) = match file {
        "cpu.cfs_quota_us" => (new, period, burst),
        "cpu.cfs_period_us" => (quota, new.unwrap_or(period), burst),
        _ => (quota, period, new.unwrap_or(0)),
    };
    check_burst(draft, file, quota, burst)?;
    let Some(quota) = quota else { return Ok(()) };
    let name = words::group(place);
    let mine = (quota, period);
    for above in std::iter::successors(place.parent(), Place::parent) {
        if let Some((Some(quota), period)) = limit_v1(draft, &above) {
            if exceeds(mine, (quota, period)) {
                return Err(draft.refuse(format!(
                    "{} would be more than the group {} above may use, {}; on v1 a child's quota is at most its parent's. \
                     (EINVAL)",
                    human_quota(Some(mine.0), mine.1),
                    words::group(&above),
                    human_quota(Some(quota), period)
                )));
            }
            break;
        }
    }
    for below in tasks::subtree(draft.survey, place).filter(|below| *below != place) {
        if let Some((Some(quota), period)) = limit_v1(draft, below)
            && exceeds((quota, period), mine)
        {
            return Err(draft.refuse(format!(
                "{} below {name} has {}; on v1 a parent's quota is at least that of each group below. Lower {} first. (EINVAL)",
                words::group(below),
                human_quota(Some(quota), period),
                words::group(below)
            )));
        }
    }
    draft.warn(format!("{name} may use {}, on all CPUs together.", human_quota(Some(mine.0), mine.1)));
    Ok(())
}

fn check_burst(draft: &Draft<'_>, file: &str, quota: Option<u64>, burst: u64) -> Result<(), Refusal> {
    match quota {
        Some(quota) if burst > quota => {
            let rule = "A burst is at most the quota";
            Err(draft.refuse(if file.contains("burst") {
                format!("{rule}, which is {quota} us here. (EINVAL)")
            } else {
                format!("{rule}, and the burst here is {burst} us: lower the burst first. (EINVAL)")
            }))
        }
        _ => Ok(()),
    }
}

fn pair(text: &str) -> Option<(Option<u64>, Option<u64>)> {
    let mut words = text.split_ascii_whitespace();
    let quota = match words.next()? {
        "max" => None,
        quota => Some(quota.parse().ok()?),
    };
    Some((quota, words.next().and_then(|period| period.parse().ok())))
}

fn quota_v2(draft: &mut Draft<'_>, place: &Place, file: &str, data: &str) -> Result<(), Refusal> {
    let Some((now, period)) = read(draft, place, "cpu.max").and_then(|text| pair(&text)) else { return Ok(()) };
    let burst = number(draft, place, "cpu.max.burst").and_then(|burst| u64::try_from(burst).ok()).unwrap_or(0);
    if file == "cpu.max.burst" {
        return check_burst(draft, file, now, data.parse().unwrap_or(0));
    }
    let Some((quota, new)) = pair(data) else { return Ok(()) };
    check_burst(draft, file, quota, burst)?;
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

fn rt_runtime(draft: &Draft<'_>, place: &Place, data: &str) -> Result<(), Refusal> {
    let name = words::group(place);
    let Ok(runtime) = data.parse::<i64>() else { return Ok(()) };
    if let Some(period) = number(draft, place, "cpu.rt_period_us")
        && runtime > period
    {
        return Err(
            draft.refuse(format!("cpu.rt_runtime_us is at most cpu.rt_period_us, which is {period} us here. (EINVAL)"))
        );
    }
    let rt = tasks::in_group(&draft.world.survey, place)
        .into_iter()
        .find(|tid| draft.survey.tasks.get(tid).is_some_and(|facts| facts.task.rt_priority > 0));
    match rt {
        Some(tid) if runtime == 0 => Err(draft.refuse(format!(
            "{name} holds the real-time task {}; its group needs some cpu.rt_runtime_us. (EBUSY)",
            words::task(draft.survey, tid)
        ))),
        _ => Ok(()),
    }
}

fn cpuset(draft: &Draft<'_>, place: &Place, file: &str, data: &str) -> Result<(), Refusal> {
    // Words and strides are the kernel's to judge.
    let Some(set) = CpuSet::parse(data) else { return Ok(()) };
    let name = words::group(place);
    let online = &draft.survey.host.online;
    if file == "cpuset.cpus" && !online.is_empty() && !set.is_subset(online) {
        return Err(draft.refuse(format!("This host's CPUs are {online}; {data} names others. (ERANGE or EINVAL)")));
    }
    if draft.world.version(place) == Version::V2 {
        return Ok(());
    }
    if set.is_empty() && !tasks::in_group(&draft.world.survey, place).is_empty() {
        return Err(draft.refuse(format!("{name} holds tasks, and they need at least one entry in {file}. (ENOSPC)")));
    }
    if let Some(parent) = place.parent()
        && let Some(above) = read(draft, &parent, file).and_then(|text| CpuSet::parse(&text))
        && !set.is_subset(&above)
    {
        let (above, part) = (above.to_string(), set.intersection(&above));
        let refusal = draft.refuse(format!(
            "{file} of a group is part of its parent's, which is {}; {data} is not. (EACCES)",
            if above.is_empty() { "empty" } else { &above }
        ));
        return Err(if part.is_empty() {
            refusal
        } else {
            let part = part.to_string();
            let set = Intent::Set { group: place.clone(), setting: setting(file, &part) };
            refusal.way(format!("write {part}"), vec![set])
        });
    }
    for below in tasks::subtree(draft.survey, place).filter(|below| below.parent().as_ref() == Some(place)) {
        if let Some(child) = read(draft, below, file).and_then(|text| CpuSet::parse(&text))
            && !child.is_subset(&set)
        {
            return Err(draft.refuse(format!(
                "{} below {name} has {file} {child}, which {data} does not hold: change that first. (EBUSY)",
                words::group(below)
            )));
        }
    }
    Ok(())
}

fn below_use(draft: &mut Draft<'_>, place: &Place, data: &str, counter: &str, then: &str) {
    if let (Ok(limit), Some(now)) = (data.parse::<i64>(), number(draft, place, counter))
        && now > limit
    {
        draft.warn(format!("{} has {now} {then}.", words::group(place)));
    }
}

/// Checks that no child hands down what is about to be disabled here (EBUSY).
///
/// # Errors
/// The refusal that names the child.
pub fn check_disable(draft: &Draft<'_>, place: &Place, off: &[&str]) -> Result<(), Refusal> {
    for child in children(draft, place) {
        let Some(facts) = draft.world.survey.group(&child) else { continue };
        if let Some(controller) = facts.words("cgroup.subtree_control").find(|c| off.contains(c)) {
            let data = format!("-{controller}");
            let first = Intent::Set { group: child.clone(), setting: setting("cgroup.subtree_control", &data) };
            return Err(draft
                .refuse(format!(
                    "{} still enables {controller} for its own children; disable it from the lowest up. (EBUSY)",
                    words::group(&child)
                ))
                .way(format!("disable {controller} in {} first", words::group(&child)), vec![first]));
        }
    }
    Ok(())
}

/// The children's values that disabling makes the kernel forget, and a warning that says whose.
pub fn lost_by_disabling(draft: &mut Draft<'_>, place: &Place, off: &[&str]) -> Vec<Prior> {
    let mut lost = Vec::new();
    let mut names = Vec::new();
    for child in children(draft, place) {
        names.push(escape(child.name()));
        if !draft.is_ours(&child) {
            draft.ask(super::super::step::Confirm::Foreign);
        }
        let settings = knobs::of(&draft.world, &child).settings.into_iter();
        let of_these = settings.filter(|s| controller_of(&s.file).is_some_and(|c| off.contains(&c)));
        lost.extend(of_these.map(|setting| Prior { at: child.clone(), setting }));
    }
    if !names.is_empty() {
        draft.warn(format!(
            "Disabling {} takes it from {}: their values of it are forgotten (undo sets them again).",
            off.join(" and "),
            words::list(&names)
        ));
    }
    lost
}

fn children(draft: &Draft<'_>, place: &Place) -> Vec<Place> {
    draft.world.survey.group(place).map_or(Vec::new(), |f| f.children.iter().map(|name| place.child(name)).collect())
}
