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

impl Undo<'_> {
    /// Every task back to where it came from, if it still lives and still is where it was put.
    pub(super) fn moves(&mut self, list: &[Moved]) -> Result<(), Refusal> {
        // By process and way, so that a process whose threads all came from one group goes back whole.
        let mut ways: BTreeMap<(Pid, &Place, &Place), Vec<TaskKey>> = BTreeMap::new();
        let mut ended = 0;
        for moved in list {
            let key = self.bindings.task(moved.task);
            if self.relaunch_elsewhere(moved.task, &moved.from)? {
                continue;
            }
            match tasks::alive(&self.draft.world.survey, key) {
                Some(facts) if !matches!(facts.task.state, 'Z' | 'X') || facts.threads.len() > 1 => {
                    ways.entry((facts.task.tgid, &moved.from, &moved.now)).or_default().push(key);
                }
                _ => ended += 1,
            }
        }
        if ended > 0 {
            let verb = if ended == 1 { "has" } else { "have" };
            self.draft.warn(format!("{} {verb} ended since and cannot be moved back.", words::count(ended, "task")));
        }
        for ((process, from, now), keys) in &ways {
            let whole = ways.keys().filter(|(other, ..)| other == process).count() == 1;
            self.move_back(*process, from, now, keys, whole)?;
        }
        Ok(())
    }

    fn move_back(
        &mut self,
        process: Pid,
        from: &Place,
        now: &Place,
        keys: &[TaskKey],
        whole: bool,
    ) -> Result<(), Refusal> {
        let survey = &self.draft.world.survey;
        let name = words::task(survey, process);
        let is_in = |key: &&TaskKey, place: &Place| {
            tasks::alive(survey, **key).is_some_and(|facts| facts.groups.get(&place.hierarchy) == Some(place))
        };
        let here: Vec<TaskKey> = keys.iter().filter(|key| is_in(key, now)).copied().collect();
        if here.is_empty() {
            if !keys.iter().all(|key| is_in(&key, from)) {
                self.draft.warn(format!("{name} was moved on since: it stays where it is."));
            }
            return Ok(());
        }
        if survey.group(from).is_none() {
            self.draft.warn(format!("{name} stays in {}: {from} is gone.", words::group(now)));
            return Ok(());
        }
        let anywhere = |place: &Place| Intent::Move { tasks: keys.to_vec(), to: place.clone(), scope: Scope::Process };
        if let Err(refusal) = target::check(&self.draft, from, &anywhere) {
            self.draft.warn(format!("{name} stays in {}: {}", words::group(now), refusal.rule));
            return Ok(());
        }
        let threads = survey.tasks.get(&process).map_or(1, |facts| facts.threads.len());
        let scope = if whole
            && (here.len() >= threads || self.draft.world.version(from) == Version::V2 || here[0].tid == process)
        {
            Scope::Process
        } else {
            Scope::Thread
        };
        let children = self.children_in(process, now);
        match scope {
            Scope::Process => {
                let task = here.iter().find(|key| key.tid == process).copied().unwrap_or(here[0]);
                self.push_move(task, Scope::Process, now, from)?;
            }
            Scope::Thread => {
                for task in here {
                    self.push_move(task, Scope::Thread, now, from)?;
                }
            }
        }
        // What it started meanwhile would be where it is.
        for task in children {
            self.push_move(task, Scope::Process, now, from)?;
        }
        Ok(())
    }

    fn push_move(&mut self, task: TaskKey, scope: Scope, from: &Place, to: &Place) -> Result<(), Refusal> {
        self.draft.push(Step::Move { task, scope, from: from.clone(), to: to.clone() })
    }

    /// Processes in `place` that descend from `process`, and were in no group of their own choosing.
    fn children_in(&self, process: Pid, place: &Place) -> Vec<TaskKey> {
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
            .collect()
    }
}
