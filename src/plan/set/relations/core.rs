//! The core files: `cgroup.type`, limits on groups, freezing under a frozen group.
use crate::model::place::Place;

use super::super::super::draft::Draft;
use super::super::super::intent::{Intent, Scope};
use super::super::super::refusal::Refusal;
use super::super::super::rules::{controllers, tasks};
use super::super::super::words;
use super::{number, read};

/// What stands against making a group threaded (EOPNOTSUPP), and what it does to the group above.
pub(super) fn threaded(draft: &mut Draft<'_>, place: &Place) -> Result<(), Refusal> {
    let name = words::group(place);
    let kind = read(draft, place, "cgroup.type").unwrap_or_default();
    if kind == "threaded" {
        return Ok(());
    }
    let inside = tasks::in_group(&draft.world.survey, place);
    if !inside.is_empty() {
        let pids = tasks::processes(draft.survey, &inside);
        let refusal = draft.refuse(format!(
            "{name} holds {} ({}), and only an empty group can become threaded. (EOPNOTSUPP)",
            words::count(pids.len(), "process"),
            words::tasks(draft.survey, &pids)
        ));
        let keys: Vec<_> = pids.iter().filter_map(|&pid| tasks::process_key(draft.survey, pid)).collect();
        let guarded = pids.iter().any(|&pid| tasks::is_guarded(draft.survey, pid));
        return Err(match place.parent() {
            Some(to) if keys.len() == pids.len() && !guarded => {
                let say = format!("move {} to {}, then go on", words::count(keys.len(), "process"), words::group(&to));
                refusal.first(say, vec![Intent::Move { tasks: keys, to, scope: Scope::Process }])
            }
            _ => refusal,
        });
    }
    let parent = place.parent();
    for level in std::iter::once(place).chain(parent.as_ref().filter(|parent| !parent.is_top())) {
        let Some(facts) = draft.world.survey.group(level) else { continue };
        let domain: Vec<String> = facts
            .words("cgroup.subtree_control")
            .filter(|c| !controllers::THREADED.contains(c))
            .map(str::to_owned)
            .collect();
        if let Some(first) = domain.first() {
            let off = domain.iter().map(|controller| controllers::switch(level, "-", controller)).collect();
            return Err(draft
                .refuse(format!(
                    "{} hands {} down, which works for processes only, not for threads (only cpu, cpuset, pids and perf_event do). \
                     (EOPNOTSUPP)",
                    words::group(level),
                    words::list(&domain)
                ))
                .first(
                    format!(
                        "disable {} in {}, then go on",
                        if domain.len() == 1 { first.clone() } else { words::list(&domain) },
                        words::group(level)
                    ),
                    off,
                ));
        }
    }
    if let Some(parent) = parent.filter(|parent| !parent.is_top()) {
        draft.warn(format!(
            "{} above becomes a threaded domain: its other groups are \"domain invalid\" until they are threaded, too.",
            words::group(&parent)
        ));
    }
    Ok(())
}

/// Groups that are there already stay; only making one is refused.
pub(super) fn room_for_groups(draft: &mut Draft<'_>, place: &Place, file: &str, data: &str) {
    if file != "cgroup.max.descendants" {
        return;
    }
    let stat = read(draft, place, "cgroup.stat").unwrap_or_default();
    let now = stat.lines().find_map(|line| line.strip_prefix("nr_descendants ")?.trim().parse::<i64>().ok());
    if let (Ok(limit), Some(now)) = (data.parse::<i64>(), now)
        && now > limit
    {
        draft.warn(format!("{} has {now} groups below: they stay, and no more can be made.", words::group(place)));
    }
}

/// A group below a frozen one stays frozen.
pub(super) fn frozen_above(draft: &mut Draft<'_>, place: &Place) {
    let frozen = |at: &Place| {
        read(draft, at, "cgroup.freeze").as_deref() == Some("1")
            || number(draft, at, "freezer.self_freezing").is_some_and(|on| on == 1)
    };
    let above = std::iter::successors(place.parent(), Place::parent).find(frozen);
    if let Some(above) = above {
        draft.warn(format!("{} stays frozen as long as {} above is.", words::group(place), words::group(&above)));
    }
}
