//! Budgets of real-time tasks (v1, kernel-facts B3): runtime and period of a group among those above, below and beside it.
use crate::catalog::human_time_us;
use crate::model::place::Place;

use super::super::super::draft::Draft;
use super::super::super::refusal::Refusal;
use super::super::super::rules::tasks;
use super::super::super::words;
use super::{children, number, read, set, siblings};

/// Runtime and period, in microseconds.
type Budget = (u64, u64);

/// The part of a CPU, in the kernel's own units of 2^-20.
fn part((runtime, period): Budget) -> u128 {
    (u128::from(runtime) << 20) / u128::from(period).max(1)
}

fn budget_of(draft: &Draft<'_>, place: &Place) -> Option<Budget> {
    let (runtime, period) = (number(draft, place, "cpu.rt_runtime_us")?, number(draft, place, "cpu.rt_period_us")?);
    Some((u64::try_from(runtime).ok()?, u64::try_from(period).ok()?))
}

fn say((runtime, period): Budget) -> String {
    format!("{} of every {}", human_time_us(runtime), human_time_us(period))
}

pub(super) fn budget(draft: &mut Draft<'_>, place: &Place, file: &str, data: &str) -> Result<(), Refusal> {
    let Ok(new) = data.parse::<i64>() else { return Ok(()) };
    let Some(period) = number(draft, place, "cpu.rt_period_us") else { return Ok(()) };
    let Some(runtime) = number(draft, place, "cpu.rt_runtime_us") else { return Ok(()) };
    let (runtime, period) = if file == "cpu.rt_runtime_us" { (new, period) } else { (runtime, new) };
    let Ok(period) = u64::try_from(period) else { return Ok(()) };
    let Ok(runtime) = u64::try_from(runtime) else { return unlimited(draft, place) };
    if runtime > period {
        let rule = format!(
            "cpu.rt_runtime_us is at most cpu.rt_period_us, and {runtime} us is more than {period} us. (EINVAL)"
        );
        let refusal = draft.refuse(rule);
        return Err(if file == "cpu.rt_runtime_us" {
            refusal.way(format!("write {period}"), vec![set(place, file, &period.to_string())])
        } else {
            let lower = vec![set(place, "cpu.rt_runtime_us", &period.to_string())];
            refusal.first(format!("lower cpu.rt_runtime_us to {period}, then go on"), lower)
        });
    }
    if runtime == 0 {
        holds_real_time(draft, place)?;
    }
    within_parent(draft, place, (runtime, period), file)?;
    holds_children(draft, place, (runtime, period))
}

/// -1 is no limit, and a group has no more than its parent, which mostly has one.
fn unlimited(draft: &Draft<'_>, place: &Place) -> Result<(), Refusal> {
    let Some(parent) = place.parent() else { return Ok(()) };
    match read(draft, &parent, "cpu.rt_runtime_us").as_deref() {
        Some("-1") | None => Ok(()),
        Some(limit) => {
            let rule = format!(
                "-1 is no limit, and a group has no more than its parent: cpu.rt_runtime_us of {} is {limit}. (EINVAL)",
                words::group(&parent)
            );
            Err(draft
                .refuse(rule)
                .way("write 0, no time for real-time tasks", vec![set(place, "cpu.rt_runtime_us", "0")]))
        }
    }
}

fn holds_real_time(draft: &Draft<'_>, place: &Place) -> Result<(), Refusal> {
    let inside = tasks::in_group(&draft.world.survey, place);
    let is_rt = |tid: &i32| draft.world.survey.tasks.get(tid).is_some_and(|facts| facts.task.rt_priority > 0);
    match inside.into_iter().find(is_rt) {
        Some(tid) => Err(draft.refuse(format!(
            "{} holds the real-time task {}; its group needs some cpu.rt_runtime_us. (EBUSY)",
            words::group(place),
            words::task(draft.survey, tid)
        ))),
        None => Ok(()),
    }
}

/// All children together have at most what their parent has.
fn within_parent(draft: &Draft<'_>, place: &Place, mine: Budget, file: &str) -> Result<(), Refusal> {
    let Some(parent) = place.parent() else { return Ok(()) };
    let Some(limit) = budget_of(draft, &parent) else { return Ok(()) };
    let beside: Vec<(Place, Budget)> = siblings(draft, place)
        .into_iter()
        .filter_map(|other| Some((other.clone(), budget_of(draft, &other).filter(|budget| budget.0 > 0)?)))
        .collect();
    let taken: u128 = beside.iter().map(|(_, budget)| part(*budget)).sum();
    if part(mine) + taken <= part(limit) {
        return Ok(());
    }
    let others: Vec<String> =
        beside.iter().map(|(other, budget)| format!("{} {}", words::group(other), say(*budget))).collect();
    let others = if others.is_empty() { String::new() } else { format!(", and beside it {}", words::list(&others)) };
    let refusal = draft.refuse(format!(
        "All groups in {} together have at most its own budget, {}; this one would have {}{others}. (EINVAL)",
        words::group(&parent),
        say(limit),
        say(mine)
    ));
    // Rounded up where the kernel's own rounding still takes it.
    let left = part(limit).saturating_sub(taken) * u128::from(mine.1);
    let fits = |free: &u64| part((*free, mine.1)) + taken <= part(limit);
    let free = u64::try_from(left.div_ceil(1 << 20)).ok().filter(fits).or(u64::try_from(left >> 20).ok()).unwrap_or(0);
    Err(if file == "cpu.rt_runtime_us" && free > 0 {
        refusal.way(format!("write {free}, what is left there"), vec![set(place, file, &free.to_string())])
    } else {
        refusal
    })
}

/// What the groups below have was given from here.
fn holds_children(draft: &Draft<'_>, place: &Place, mine: Budget) -> Result<(), Refusal> {
    let below: Vec<(Place, Budget)> = children(draft, place)
        .into_iter()
        .filter_map(|child| Some((child.clone(), budget_of(draft, &child).filter(|budget| budget.0 > 0)?)))
        .collect();
    if below.iter().map(|(_, budget)| part(*budget)).sum::<u128>() <= part(mine) {
        return Ok(());
    }
    let names: Vec<String> =
        below.iter().map(|(child, budget)| format!("{} {}", words::group(child), say(*budget))).collect();
    let refusal = draft.refuse(format!(
        "The groups below {} have more than {} together: {}. (EINVAL)",
        words::group(place),
        say(mine),
        words::list(&names)
    ));
    let none = below.iter().map(|(child, _)| set(child, "cpu.rt_runtime_us", "0")).collect();
    let which = if below.len() == 1 { words::group(&below[0].0) } else { "all of them".to_owned() };
    Err(refusal.first(format!("set cpu.rt_runtime_us of {which} to 0, then go on"), none))
}
