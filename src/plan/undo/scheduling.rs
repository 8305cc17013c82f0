//! The inverse of setting affinity, nice value or policy.
use std::collections::BTreeMap;

use crate::model::cpu_set::CpuSet;
use crate::model::id::{Pid, TaskKey};
use crate::model::scheduling::Attribute;

use super::super::intent::Scope;
use super::super::refusal::Refusal;
use super::super::rules::{scheduling, tasks};
use super::super::step::{Scheduled, Step};
use super::super::words;
use super::Undo;

impl Undo<'_> {
    /// Every thread what it had, if it still lives and still has what was set. `perhaps`: after a crash.
    pub(super) fn scheduling(&mut self, list: &[Scheduled], scope: Scope, perhaps: bool) -> Result<(), Refusal> {
        // By process and value, so that a process whose threads all had the same gets it back whole.
        let mut back: BTreeMap<(Pid, Attribute), Vec<TaskKey>> = BTreeMap::new();
        let mut ended = 0;
        for set in list.iter().filter(|set| set.was != set.now) {
            let key = self.bindings.task(set.task);
            let survey = &self.draft.world.survey;
            let Some(facts) = tasks::alive(survey, key).filter(|facts| !matches!(facts.task.state, 'Z' | 'X')) else {
                ended += 1;
                continue;
            };
            let has = set.now.of(&facts.task);
            let process = facts.task.tgid;
            if has.as_ref() == Some(&set.was) {
                continue;
            }
            if has.as_ref() == Some(&set.now) {
                back.entry((process, set.was.clone())).or_default().push(key);
            } else if !perhaps {
                let has = has.map_or_else(|| "something that cannot be read".to_owned(), |has| has.to_string());
                self.draft.warn(format!(
                    "{} has {has} now, no longer {}: it is left as it is.",
                    words::task(&self.draft.world.survey, key.tid),
                    set.now
                ));
            }
        }
        if ended > 0 {
            let has = if ended == 1 { "has" } else { "have" };
            self.draft.warn(format!("{} {has} ended since.", words::count(ended, "task")));
        }
        for ((process, was), keys) in back {
            let of_it = |set: &&Scheduled| {
                let key = self.bindings.task(set.task);
                tasks::alive(&self.draft.world.survey, key).is_some_and(|facts| facts.task.tgid == process)
            };
            let whole = scope == Scope::Process && list.iter().filter(of_it).all(|set| set.was == was);
            self.set_back(process, &was, &keys, whole)?;
        }
        Ok(())
    }

    fn set_back(&mut self, process: Pid, was: &Attribute, keys: &[TaskKey], whole: bool) -> Result<(), Refusal> {
        let survey = &self.draft.world.survey;
        let Some(facts) = survey.tasks.get(&keys[0].tid) else { return Ok(()) };
        let now = was.of(&facts.task);
        let to = self.widened(keys[0], was);
        let mut all = facts.threads.iter().filter_map(|&key| tasks::alive(survey, key));
        // Threads that were started since have it from those that started them.
        if whole && facts.threads.len() > 1 && all.all(|facts| was.of(&facts.task) == now) {
            let task = facts.threads.iter().find(|key| key.tid == process).copied().unwrap_or(keys[0]);
            return self.draft.push(Step::Schedule { task, scope: Scope::Process, to, prior: now });
        }
        for &task in keys {
            let prior = now.clone();
            self.draft.push(Step::Schedule { task, scope: Scope::Thread, to: to.clone(), prior })?;
        }
        Ok(())
    }

    /// A task that could run on every CPU of its cpuset was most likely bound to none: it is bound to none again, so that
    /// it gets more CPUs when its cpuset does.
    fn widened(&self, task: TaskKey, was: &Attribute) -> Attribute {
        let survey = &self.draft.world.survey;
        match was {
            Attribute::Cpus(cpus) if *cpus == scheduling::allowed(survey, task.tid).0 => {
                let last = survey.host.online.iter().last().max(cpus.iter().last()).unwrap_or(0);
                Attribute::Cpus((0..=last).collect::<CpuSet>())
            }
            other => other.clone(),
        }
    }

    /// It is not known whether it was done: a thread that has what was asked gets back what the survey had read.
    pub(super) fn perhaps_scheduled(
        &mut self,
        task: TaskKey,
        scope: Scope,
        to: &Attribute,
        prior: Option<&Attribute>,
    ) -> Result<(), Refusal> {
        let Some(prior) = prior else {
            let text = format!("Whether {} of task {} was set, and what it was, is not known.", to, task.tid);
            self.draft.warn(text);
            return Ok(());
        };
        let survey = &self.draft.world.survey;
        let Some(facts) = tasks::alive(survey, self.bindings.task(task)) else { return Ok(()) };
        let threads = match scope {
            Scope::Thread => vec![facts.task.key],
            Scope::Process => facts.threads.clone(),
        };
        let set = |task| Scheduled { task, was: prior.clone(), now: to.clone() };
        let list: Vec<Scheduled> = threads.into_iter().map(set).collect();
        self.scheduling(&list, scope, true)
    }
}
