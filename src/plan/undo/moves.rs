//! The inverse of a move.
use std::collections::BTreeMap;

use crate::model::hierarchy::Version;
use crate::model::id::{Pid, TaskKey, Tid};
use crate::model::place::Place;

use super::super::intent::{Intent, Scope};
use super::super::refusal::Refusal;
use super::super::rules::{target, tasks};
use super::super::step::{Moved, Step};
use super::super::words;
use super::Undo;

/// Tasks of one process that went the same way in one step.
#[derive(Default)]
struct Way {
    keys: Vec<TaskKey>,
    /// When the last of them went: clock ticks since boot.
    at: u64,
}

impl Undo<'_> {
    /// Every task back to where it came from, if it still lives and still is where it was put. `scope` is how they went; a
    /// group that was emptied counts as processes.
    pub(super) fn moves(&mut self, list: &[Moved], scope: Scope) -> Result<(), Refusal> {
        let mut ways: BTreeMap<(Pid, &Place, &Place), Way> = BTreeMap::new();
        let mut ended = 0;
        for moved in list {
            let key = self.bindings.task(moved.task);
            if self.relaunch_elsewhere(moved.task, &moved.from)? {
                continue;
            }
            match tasks::alive(&self.draft.world.survey, key) {
                Some(facts) if !matches!(facts.task.state, 'Z' | 'X') || facts.threads.len() > 1 => {
                    let way = ways.entry((facts.task.tgid, &moved.from, &moved.now)).or_default();
                    way.keys.push(key);
                    way.at = way.at.max(moved.at);
                }
                _ => ended += 1,
            }
        }
        if ended > 0 {
            let verb = if ended == 1 { "has" } else { "have" };
            self.draft.warn(format!("{} {verb} ended since and cannot be moved back.", words::count(ended, "task")));
        }
        for ((process, from, now), way) in ways.iter().filter(|((_, from, now), _)| from != now) {
            let only = ways.keys().filter(|(other, ..)| other == process).count() == 1;
            let scope = if only { scope } else { Scope::Thread };
            self.move_back(*process, from, now, way, scope)?;
        }
        Ok(())
    }

    fn move_back(&mut self, process: Pid, from: &Place, now: &Place, way: &Way, scope: Scope) -> Result<(), Refusal> {
        let survey = &self.draft.world.survey;
        let name = words::task(survey, process);
        let is_in = |key: &TaskKey, place: &Place| {
            tasks::alive(survey, *key).is_some_and(|facts| facts.groups.get(&place.hierarchy) == Some(place))
        };
        let here: Vec<TaskKey> = way.keys.iter().filter(|key| is_in(key, now)).copied().collect();
        if here.is_empty() {
            if !way.keys.iter().all(|key| is_in(key, from)) {
                self.draft.warn(format!("{name} was moved on since: it stays where it is."));
            }
            return Ok(());
        }
        if survey.group(from).is_none() {
            self.draft.warn(format!("{name} stays in {}: {from} is gone.", words::group(now)));
            return Ok(());
        }
        let anywhere =
            |place: &Place| Intent::Move { tasks: way.keys.clone(), to: place.clone(), scope: Scope::Process };
        if let Err(refusal) = target::check(&self.draft, from, &anywhere) {
            self.draft.warn(format!("{name} stays in {}: {}", words::group(now), refusal.rule));
            return Ok(());
        }
        // Threads that started since, and are where their process is, go with it; any other thread has a group of its own.
        let threads = survey.tasks.get(&process).map(|facts| facts.threads.clone()).unwrap_or_default();
        let others = threads.iter().filter(|key| !here.contains(key) && tasks::alive(survey, **key).is_some());
        let (new, apart): (Vec<TaskKey>, Vec<TaskKey>) =
            others.partition(|key| way.is_older_than(**key) && is_in(key, now));
        let is_v2 = self.draft.world.version(from) == Version::V2;
        let threaded = survey.group(from).and_then(|facts| facts.text("cgroup.type")) == Some("threaded");
        let whole = scope == Scope::Process && (apart.is_empty() || (is_v2 && !threaded)) || threads.len() == 1;
        let children = self.children_in(process, now, way);
        if whole {
            let task = here.iter().find(|key| key.tid == process).copied().unwrap_or(here[0]);
            self.push_move(task, Scope::Process, now, from)?;
        } else {
            let new = if scope == Scope::Process { new } else { Vec::new() };
            for task in here.into_iter().chain(new) {
                self.push_move(task, Scope::Thread, now, from)?;
            }
        }
        // What it started meanwhile would be where it is.
        for task in children {
            self.push_move(task, Scope::Process, now, from)?;
        }
        Ok(())
    }

    /// A move that was begun: those of its tasks that are where they should have gone.
    pub(super) fn perhaps_moved(&self, task: TaskKey, scope: Scope, from: &Place, to: &Place) -> Vec<Moved> {
        let survey = &self.draft.world.survey;
        let tasks = match (scope, tasks::alive(survey, self.bindings.task(task))) {
            (Scope::Process, Some(facts)) => facts.threads.clone(),
            _ => vec![task],
        };
        let moved = |task| Moved { task, from: from.clone(), now: to.clone(), at: 0 };
        tasks.into_iter().map(moved).collect()
    }

    fn push_move(&mut self, task: TaskKey, scope: Scope, from: &Place, to: &Place) -> Result<(), Refusal> {
        self.draft.push(Step::Move { task, scope, from: from.clone(), to: to.clone() })
    }

    /// Processes in `place` that descend from `process`, started after it went there, and were moved by nobody since.
    fn children_in(&self, process: Pid, place: &Place, way: &Way) -> Vec<TaskKey> {
        let survey = &self.draft.world.survey;
        let moved: Vec<Tid> = self
            .journal
            .iter()
            .flat_map(|entry| &entry.steps)
            .filter_map(|record| match &record.step {
                Step::Move { task, .. } => Some(task.tid),
                _ => None,
            })
            .collect();
        let descends = |mut pid: Pid| {
            for _ in 0..64 {
                match survey.tasks.get(&pid) {
                    Some(facts) if facts.task.parent == process => return true,
                    Some(facts) if facts.task.parent > 1 => pid = facts.task.parent,
                    _ => return false,
                }
            }
            false
        };
        let inside = tasks::in_group(survey, place);
        tasks::processes(survey, &inside)
            .into_iter()
            .filter(|&pid| pid != process && !moved.contains(&pid) && descends(pid))
            .filter_map(|pid| tasks::process_key(survey, pid))
            .filter(|key| way.is_older_than(*key))
            .collect()
    }
}

impl Way {
    /// Whether the task started after these went; never where it is not known when that was.
    fn is_older_than(&self, key: TaskKey) -> bool {
        self.at > 0 && key.start >= self.at
    }
}
