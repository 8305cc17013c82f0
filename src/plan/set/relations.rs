//! A value among the others: what stands against it in the same group, above and below, and what follows from it.
use crate::catalog::{controller_of, human_quota};
use crate::model::bytes::escape;
use crate::model::cpu_set::CpuSet;
use crate::model::hierarchy::Version;
use crate::model::id::TaskKey;
use crate::model::place::Place;

use super::super::draft::Draft;
use super::super::intent::{Intent, Scope, Setting};
use super::super::refusal::Refusal;
use super::super::rules::{controllers, knobs, tasks};
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

/// A part of a CPU as (quota, period).
type Part = (u64, u64);

/// Whether `a` is a larger part of a CPU than `b`.
fn exceeds(a: Part, b: Part) -> bool {
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
                    vec![Intent::Set { group: below.clone(), setting: setting("cpu.cfs_quota_us", &fits.to_string()) }],
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
            let set = Intent::Set { group: place.clone(), setting: setting(file, &fits) };
            refusal.way(format!("write {fits}, as much as {} may use", words::group(above)), vec![set])
        }
        None => refusal,
    };
    // Rounded up: as much as this one at least.
    let needed = (u128::from(mine.0) * u128::from(limit.1)).div_ceil(u128::from(mine.1).max(1));
    let raise = Intent::Set { group: above.clone(), setting: setting("cpu.cfs_quota_us", &needed.to_string()) };
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
    let set = |file: &str| vec![Intent::Set { group: place.clone(), setting: setting(file, &text) }];
    if file.contains("burst") {
        let refusal = draft.refuse(format!("A burst is at most the quota, which is {quota} us here. (EINVAL)"));
        return Err(refusal.way(format!("write {quota}"), set(file)));
    }
    let of_it = if draft.world.version(place) == Version::V1 { "cpu.cfs_burst_us" } else { "cpu.max.burst" };
    Err(draft
        .refuse(format!("A burst is at most the quota, and the burst here is {burst} us. (EINVAL)"))
        .first(format!("lower {of_it} to {quota}, then go on"), set(of_it)))
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

fn rt_runtime(draft: &Draft<'_>, place: &Place, data: &str) -> Result<(), Refusal> {
    let name = words::group(place);
    let Ok(runtime) = data.parse::<i64>() else { return Ok(()) };
    if let Some(period) = number(draft, place, "cpu.rt_period_us")
        && runtime > period
    {
        let most = Intent::Set { group: place.clone(), setting: setting("cpu.rt_runtime_us", &period.to_string()) };
        return Err(draft
            .refuse(format!("cpu.rt_runtime_us is at most cpu.rt_period_us, which is {period} us here. (EINVAL)"))
            .way(format!("write {period}"), vec![most]));
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
        let inside = tasks::in_group(&draft.world.survey, place);
        let refusal = draft.refuse(format!(
            "{name} holds {} ({}), and a task needs at least one entry in {file}. (ENOSPC)",
            words::count(inside.len(), "task"),
            words::tasks(draft.survey, &inside)
        ));
        let pids = tasks::processes(draft.survey, &inside);
        let keys: Vec<TaskKey> = pids.iter().filter_map(|&pid| tasks::process_key(draft.survey, pid)).collect();
        return Err(match place.parent() {
            Some(to) if keys.len() == pids.len() => {
                let say = format!("move {} to {}, then go on", words::count(keys.len(), "process"), words::group(&to));
                refusal.first(say, vec![Intent::Move { tasks: keys, to, scope: Scope::Process }])
            }
            _ => refusal,
        });
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
            let refusal = draft.refuse(format!(
                "{} below {name} has {file} {child}, and {data} does not hold all of that. (EBUSY)",
                words::group(below)
            ));
            let part = child.intersection(&set);
            if part.is_empty() {
                return Err(refusal);
            }
            let part = part.to_string();
            let lower = Intent::Set { group: below.clone(), setting: setting(file, &part) };
            return Err(
                refusal.first(format!("set {file} of {} to {part}, then go on", words::group(below)), vec![lower])
            );
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
    let survey = &draft.world.survey;
    let on = |place: &Place, controller: &str| {
        survey.group(place).is_some_and(|facts| facts.words("cgroup.subtree_control").any(|c| c == controller))
    };
    for controller in off {
        let mut below: Vec<&Place> =
            tasks::subtree(survey, place).filter(|below| *below != place && on(below, controller)).collect();
        if below.is_empty() {
            continue;
        }
        // Parents come first in a subtree: backwards, children do.
        below.reverse();
        let names: Vec<String> = below.iter().map(|place| words::group(place)).collect();
        let (names, verb) = (words::list(&names), if below.len() == 1 { "enables" } else { "enable" });
        let first = below.iter().map(|place| controllers::switch(place, "-", controller)).collect();
        return Err(draft
            .refuse(format!(
                "{names} still {verb} {controller} for groups below; it is disabled from the lowest up. (EBUSY)"
            ))
            .first(format!("disable {controller} in {names}, then go on"), first));
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
