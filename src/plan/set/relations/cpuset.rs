//! CPU and memory lists of a group among those above, below and beside it (kernel-facts B5).
use crate::model::cpu_set::CpuSet;
use crate::model::hierarchy::Version;
use crate::model::id::TaskKey;
use crate::model::place::Place;

use super::super::super::draft::Draft;
use super::super::super::intent::{Intent, Scope};
use super::super::super::refusal::Refusal;
use super::super::super::rules::tasks;
use super::super::super::words;
use super::{children, read, set, siblings};

fn list_of(draft: &Draft<'_>, place: &Place, file: &str) -> Option<CpuSet> {
    CpuSet::parse(&read(draft, place, file)?)
}

pub(super) fn list(draft: &mut Draft<'_>, place: &Place, file: &str, data: &str) -> Result<(), Refusal> {
    // Words and strides are the kernel's to judge.
    let Some(wanted) = CpuSet::parse(data) else { return Ok(()) };
    on_this_host(draft, place, file, &wanted, data)?;
    if draft.world.version(place) == Version::V2 {
        beyond_parent_v2(draft, place, file, &wanted);
        return emptied_v2(draft, place, file, &wanted);
    }
    if wanted.is_empty() {
        holds_tasks(draft, place, file)?;
    }
    part_of_parent(draft, place, file, &wanted, data)?;
    holds_children(draft, place, file, &wanted, data)?;
    beside_exclusive(draft, place, file, &wanted, data)
}

/// The numbers that this host has.
fn of_the_host(draft: &Draft<'_>, place: &Place, file: &str) -> Option<CpuSet> {
    if file == "cpuset.cpus" {
        return Some(draft.survey.host.online.clone()).filter(|online| !online.is_empty());
    }
    let top = Place::top(place.hierarchy);
    let of = |file| list_of(draft, &top, file).filter(|set| !set.is_empty());
    of("cpuset.mems.effective").or_else(|| of("cpuset.mems"))
}

fn on_this_host(draft: &Draft<'_>, place: &Place, file: &str, wanted: &CpuSet, data: &str) -> Result<(), Refusal> {
    let Some(all) = of_the_host(draft, place, file) else { return Ok(()) };
    if wanted.is_subset(&all) {
        return Ok(());
    }
    let what = if file == "cpuset.cpus" { "CPUs" } else { "memory nodes" };
    let refusal = draft.refuse(format!("This host's {what} are {all}; {data} names others. (ERANGE or EINVAL)"));
    Err(or_part(refusal, place, file, &wanted.intersection(&all)))
}

/// The way to write only a part, where that is not empty.
fn or_part(refusal: Refusal, place: &Place, file: &str, part: &CpuSet) -> Refusal {
    if part.is_empty() {
        return refusal;
    }
    let part = part.to_string();
    let less = set(place, file, &part);
    refusal.way(format!("write {part}"), vec![less])
}

/// v2 stores any list of the host's, and gives what the groups above have of it.
fn beyond_parent_v2(draft: &mut Draft<'_>, place: &Place, file: &str, wanted: &CpuSet) {
    let effective = if file == "cpuset.cpus" { "cpuset.cpus.effective" } else { "cpuset.mems.effective" };
    let Some(parent) = place.parent() else { return };
    let Some(above) = list_of(draft, &parent, effective).filter(|above| !wanted.is_subset(above)) else { return };
    let part = wanted.intersection(&above);
    let gets = if part.is_empty() { above.to_string() } else { part.to_string() };
    draft.warn(format!(
        "{} above has {above}: of this list the tasks get {gets} (cpuset.cpus.effective says what really holds).",
        words::group(&parent)
    ));
}

/// v2: a list that was set cannot be emptied while tasks are in the group or below.
fn emptied_v2(draft: &mut Draft<'_>, place: &Place, file: &str, wanted: &CpuSet) -> Result<(), Refusal> {
    let Some(now) = read(draft, place, file) else { return Ok(()) };
    let survey = &draft.world.survey;
    let inside: Vec<i32> = tasks::subtree(survey, place).flat_map(|group| tasks::in_group(survey, group)).collect();
    if inside.is_empty() || now.is_empty() == wanted.is_empty() {
        return Ok(());
    }
    let name = words::group(place);
    let holds = format!("{} ({})", words::count(inside.len(), "task"), words::tasks(draft.survey, &inside));
    if wanted.is_empty() {
        return Err(draft.refuse(format!(
            "{file} of {name} is {now}, and cannot be emptied while there are tasks in {name} or below: {holds}. (ENOSPC)"
        )));
    }
    draft.cannot_undo(format!(
        "{file} of {name} is empty, and cannot be emptied again while there are tasks in {name} or below: {holds}."
    ));
    Ok(())
}

fn holds_tasks(draft: &Draft<'_>, place: &Place, file: &str) -> Result<(), Refusal> {
    let inside = tasks::in_group(&draft.world.survey, place);
    if inside.is_empty() {
        return Ok(());
    }
    let refusal = draft.refuse(format!(
        "{} holds {} ({}), and a task needs at least one entry in {file}. (ENOSPC)",
        words::group(place),
        words::count(inside.len(), "task"),
        words::tasks(draft.survey, &inside)
    ));
    let pids = tasks::processes(draft.survey, &inside);
    let keys: Vec<TaskKey> = pids.iter().filter_map(|&pid| tasks::process_key(draft.survey, pid)).collect();
    Err(match place.parent() {
        Some(to) if keys.len() == pids.len() => {
            let say = format!("move {} to {}, then go on", words::count(keys.len(), "process"), words::group(&to));
            refusal.first(say, vec![Intent::Move { tasks: keys, to, scope: Scope::Process }])
        }
        _ => refusal,
    })
}

fn part_of_parent(draft: &Draft<'_>, place: &Place, file: &str, wanted: &CpuSet, data: &str) -> Result<(), Refusal> {
    let Some(above) = place.parent().and_then(|parent| list_of(draft, &parent, file)) else { return Ok(()) };
    if wanted.is_subset(&above) {
        return Ok(());
    }
    let says = if above.is_empty() { "empty".to_owned() } else { above.to_string() };
    let refusal =
        draft.refuse(format!("{file} of a group is part of its parent's, which is {says}; {data} is not. (EACCES)"));
    Err(or_part(refusal, place, file, &wanted.intersection(&above)))
}

fn holds_children(draft: &Draft<'_>, place: &Place, file: &str, wanted: &CpuSet, data: &str) -> Result<(), Refusal> {
    for below in children(draft, place) {
        let Some(child) = list_of(draft, &below, file).filter(|child| !child.is_subset(wanted)) else { continue };
        let refusal = draft.refuse(format!(
            "{} below {} has {file} {child}, and {} does not hold all of that. (EBUSY)",
            words::group(&below),
            words::group(place),
            if wanted.is_empty() { "an empty list" } else { data }
        ));
        let part = child.intersection(wanted);
        if part.is_empty() {
            return Err(refusal);
        }
        let part = part.to_string();
        let say = format!("set {file} of {} to {part}, then go on", words::group(&below));
        return Err(refusal.first(say, vec![set(&below, file, &part)]));
    }
    Ok(())
}

/// The flag that makes a list exclusive.
fn flag_of(file: &str) -> &'static str {
    if file == "cpuset.cpus" { "cpuset.cpu_exclusive" } else { "cpuset.mem_exclusive" }
}

fn is_on(draft: &Draft<'_>, place: &Place, flag: &str) -> bool {
    read(draft, place, flag).as_deref() == Some("1")
}

/// A list that is exclusive has nothing in common with those of the groups beside it.
fn beside_exclusive(draft: &Draft<'_>, place: &Place, file: &str, wanted: &CpuSet, data: &str) -> Result<(), Refusal> {
    let flag = flag_of(file);
    let mine = is_on(draft, place, flag);
    for other in siblings(draft, place) {
        let Some(theirs) = list_of(draft, &other, file) else { continue };
        let common = theirs.intersection(wanted);
        if common.is_empty() || !(mine || is_on(draft, &other, flag)) {
            continue;
        }
        let holder = if mine { place } else { &other };
        let refusal = draft.refuse(format!(
            "{} beside it has {common} of {data}, and {flag} of {} is 1: they may share nothing. (EINVAL)",
            words::group(&other),
            words::group(holder)
        ));
        let off = set(holder, flag, "0");
        let say = format!("set {flag} of {} to 0, then go on", words::group(holder));
        return Err(or_part(refusal, place, file, &wanted.difference(&theirs)).first(say, vec![off]));
    }
    Ok(())
}

pub(super) fn exclusive(draft: &mut Draft<'_>, place: &Place, file: &str, data: &str) -> Result<(), Refusal> {
    let list = if file == "cpuset.cpu_exclusive" { "cpuset.cpus" } else { "cpuset.mems" };
    if data == "0" {
        let below: Vec<Place> = children(draft, place).into_iter().filter(|child| is_on(draft, child, file)).collect();
        let Some(first) = below.first() else { return Ok(()) };
        let say = format!("set {file} of {} to 0, then go on", words::group(first));
        let off = below.iter().map(|child| set(child, file, "0")).collect();
        return Err(draft
            .refuse(format!(
                "{} below is exclusive, and only a group whose parent is may be. (EBUSY)",
                words::group(first)
            ))
            .first(say, off));
    }
    if let Some(parent) = place.parent().filter(|parent| !is_on(draft, parent, file)) {
        let refusal = draft.refuse(format!(
            "A cpuset is exclusive only where its parent is, and {file} of {} is not 1. (EACCES)",
            words::group(&parent)
        ));
        return Err(if parent.is_top() {
            refusal
        } else {
            let say = format!("set {file} of {} to 1, then go on", words::group(&parent));
            refusal.first(say, vec![set(&parent, file, "1")])
        });
    }
    let Some(mine) = list_of(draft, place, list) else { return Ok(()) };
    for other in siblings(draft, place) {
        let Some(theirs) = list_of(draft, &other, list) else { continue };
        let common = theirs.intersection(&mine);
        if !common.is_empty() {
            let refusal = draft.refuse(format!(
                "{} beside it has {common}, too, and an exclusive group shares nothing with its siblings. (EINVAL)",
                words::group(&other)
            ));
            let rest = theirs.difference(&mine);
            return Err(if rest.is_empty() {
                refusal
            } else {
                let rest = rest.to_string();
                let say = format!("set {list} of {} to {rest}, then go on", words::group(&other));
                refusal.first(say, vec![set(&other, list, &rest)])
            });
        }
    }
    Ok(())
}
