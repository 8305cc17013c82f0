//! What each task wants, and what changed since the last snapshot that alters the contest.
use crate::model::bytes::escape;
use crate::model::cgroup::Quota;
use crate::model::field::Field;
use crate::model::id::{GroupId, GroupKey, TaskKey};
use crate::model::snapshot::Snapshot;
use crate::model::task::{Policy, Task};
use crate::split::demand::{is_stopped, judge};
use crate::split::keyed::Keyed;
use crate::split::measured::Ring;
use crate::split::table::{Cause, Demand};

use super::RECENT_NS;
use super::lay::Carrier;

/// What the last snapshot had.
#[derive(Debug, Default)]
pub(super) struct Seen {
    groups: Keyed<GroupKey, Settings>,
    /// Tasks that wanted the CPU, or were held.
    contestants: Keyed<TaskKey, Contestant>,
    any: bool,
}

#[derive(Clone, Copy, Debug, PartialEq)]
struct Settings {
    weight: Option<u64>,
    idle: Option<bool>,
    quota: Option<Quota>,
    frozen: Option<bool>,
}

#[derive(Clone, Debug, PartialEq)]
struct Contestant {
    group: GroupId,
    nice: i8,
    policy: Policy,
    cpus: Option<crate::model::cpu_set::CpuSet>,
    held: bool,
}

/// What changed, in words.
#[derive(Debug, Default)]
pub(super) struct Changes {
    /// A setting of a group.
    pub(super) setting: Option<(GroupId, String)>,
    /// Tasks that want the CPU and came, went or changed, each with its group.
    pub(super) contestants: Vec<(GroupId, String)>,
}

impl Changes {
    /// All of them, settings first.
    pub(super) fn causes(self) -> impl Iterator<Item = Cause> {
        let cause = |(group, what)| Cause { group: Some(group), what };
        self.setting.into_iter().chain(self.contestants).map(cause)
    }
}

impl Seen {
    /// Compares with the last snapshot, judges what each task wants (into `demands`), and remembers.
    pub(super) fn compare(
        &mut self,
        snapshot: &Snapshot,
        host: &Carrier,
        ring: &Ring,
        demands: &mut Keyed<TaskKey, Demand>,
    ) -> Changes {
        let mut changes = Changes::default();
        let mut groups = Keyed::with_capacity_and_hasher(host.groups.len(), std::hash::BuildHasherDefault::default());
        let mut contestants = Keyed::default();
        let mut wanted = Keyed::with_capacity_and_hasher(demands.len(), std::hash::BuildHasherDefault::default());
        for &id in &host.groups {
            let (Some(group), Some(values)) = (snapshot.structure.group(id), host.values(snapshot, id)) else {
                continue;
            };
            let settings = Settings {
                weight: values.weight.get(),
                idle: values.idle.get(),
                quota: values.quota.get(),
                frozen: values.frozen.get(),
            };
            if let Some(old) = self.groups.get(&group.key)
                && let Some(what) = settings.differs(old)
            {
                changes.setting.get_or_insert_with(|| (id, format!("{what} {}", escape(&group.name))));
            }
            groups.insert(group.key, settings);
            let Some(tids) = values.tasks.value() else { continue };
            for &tid in tids {
                let Some(task) = snapshot.tasks.by_tid(tid) else { continue };
                let was = demands.get(&task.key).copied().unwrap_or(Demand::Unknown);
                let frozen = host.is_frozen(id);
                let demand = demand_of(task, frozen, ring, snapshot.host.tick_ns, was);
                wanted.insert(task.key, demand);
                if matches!(demand, Demand::Hungry | Demand::Held) {
                    let held = demand == Demand::Held;
                    let now = Contestant {
                        group: id,
                        nice: task.nice,
                        policy: task.policy,
                        cpus: task.allowed.value().cloned(),
                        held,
                    };
                    let what = match self.contestants.get(&task.key) {
                        Some(old) => now.differs(old),
                        None if !self.any => None,
                        None => Some(if held { "held" } else { "wants the CPU" }),
                    };
                    changes.contestants.extend(what.map(|what| (id, format!("{} {what}", named(task)))));
                    contestants.insert(task.key, now);
                }
            }
        }
        let mut gone: Vec<(TaskKey, GroupId)> = (self.contestants.iter())
            .filter(|(key, _)| !contestants.contains_key(key))
            .map(|(&key, old)| (key, old.group))
            .collect();
        gone.sort_unstable();
        changes.contestants.extend(gone.into_iter().map(|(key, group)| {
            let what = match snapshot.tasks.get(key) {
                Some(task) => format!("{} sleeps", named(task)),
                None => format!("task {} ended", key.tid),
            };
            (group, what)
        }));
        self.groups = groups;
        self.contestants = contestants;
        self.any = true;
        *demands = wanted;
        changes
    }
}

fn named(task: &Task) -> String {
    format!("{} {}", escape(&task.comm), task.key.tid)
}

fn demand_of(task: &Task, frozen: bool, ring: &Ring, tick_ns: u64, was: Demand) -> Demand {
    if frozen || is_stopped(task.state) {
        return Demand::Held;
    }
    if !matches!(task.sched, Field::Value { .. }) {
        return Demand::Unknown;
    }
    let Some((first, last)) = ring.task(task.key).and_then(|track| track.recent(RECENT_NS)) else {
        return Demand::Unknown;
    };
    if was == Demand::Held && task.state == 'R' {
        // Just let go, and its looks are from before: most likely it goes on where it stopped.
        return Demand::Hungry;
    }
    match judge(&first, &last, false, tick_ns, was) {
        // Two looks too close to each other: what was known a moment ago still holds.
        Demand::Unknown if was != Demand::Held => was,
        demand => demand,
    }
}

impl Settings {
    fn differs(&self, old: &Self) -> Option<&'static str> {
        if let (Some(frozen), Some(before)) = (self.frozen, old.frozen)
            && frozen != before
        {
            return Some(if frozen { "hold" } else { "resume" });
        }
        let both = |a: bool, b: bool| a && b;
        if both(self.weight.is_some(), old.weight.is_some()) && self.weight != old.weight {
            return Some("weight of");
        }
        if both(self.quota.is_some(), old.quota.is_some()) && self.quota != old.quota {
            return Some("cap of");
        }
        if both(self.idle.is_some(), old.idle.is_some()) && self.idle != old.idle {
            return Some("cpu.idle of");
        }
        // The controller came or went: transparent becomes a contestant, or the other way round.
        (self.weight.is_some() != old.weight.is_some()).then_some("controllers of")
    }
}

impl Contestant {
    fn differs(&self, old: &Self) -> Option<&'static str> {
        if self.held != old.held {
            return Some(if self.held { "held" } else { "resumed" });
        }
        if self.group != old.group {
            return Some("moved");
        }
        if (self.nice, self.policy) != (old.nice, old.policy) {
            return Some("has another nice value or policy");
        }
        (self.cpus != old.cpus).then_some("may run on other CPUs")
    }
}
