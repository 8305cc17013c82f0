//! The intents that build an experiment, and what their journal entries say.
use std::collections::BTreeMap;

use crate::experiment::file::WorkloadSpec;
use crate::experiment::groups;
use crate::experiment::setup::Setup;
use crate::model::bytes::escape;
use crate::model::id::{GroupKey, TaskKey};
use crate::model::place::Place;
use crate::model::workload::{Launch, Program};
use crate::plan::intent::Intent;
use crate::plan::journal::{Entry, State};
use crate::plan::step::{Outcome, Step};

use super::Facts;

/// Where a group of the experiment is (to be).
pub(super) fn place(setup: &Setup, facts: &Facts, group: usize) -> Place {
    groups::place(setup, &facts.stage, group)
}

/// The intent that makes the stage.
pub(super) fn stage(facts: &Facts) -> Intent {
    groups::create_stage(&facts.stage)
}

/// The intent that makes a group with its settings.
pub(super) fn group(setup: &Setup, facts: &Facts, group: usize) -> Intent {
    groups::create(setup, &facts.stage, group)
}

/// "make cg1/cg2: cpu.shares 100".
pub(super) fn say(setup: &Setup, group: usize) -> String {
    let what: Vec<String> = groups::settings(setup, group)
        .iter()
        .map(|setting| format!("{} {}", setting.file, escape(&setting.data)))
        .collect();
    let colon = if what.is_empty() { "" } else { ": " };
    format!("make {}{colon}{}", escape(setup.experiment.groups[group].path.as_bytes()), what.join(", "))
}

/// The workload of each process, in the order in which they are launched.
pub(super) fn processes(setup: &Setup) -> impl Iterator<Item = &WorkloadSpec> {
    setup.experiment.workloads.iter().flat_map(|workload| (0..workload.count).map(move |_| workload))
}

/// "3 workloads (5 threads) on CPU 0".
pub(super) fn workloads(setup: &Setup) -> String {
    let (processes, tasks) = (setup.experiment.processes(), setup.experiment.tasks());
    let s = if processes == 1 { "" } else { "s" };
    let threads = if tasks == processes { String::new() } else { format!(" ({tasks} threads)") };
    format!("{processes} workload{s}{threads} on CPU {}", setup.all_cpus())
}

/// The intent that launches all workloads.
pub(super) fn launch(setup: &Setup, facts: &Facts) -> Intent {
    let launches = setup.experiment.workloads.iter().zip(&setup.cpus).flat_map(|(workload, cpus)| {
        (0..workload.count).map(|_| Launch {
            groups: vec![place(setup, facts, workload.group)],
            program: Program::Spin(workload.spin),
            cpus: Some(cpus.clone()),
            nice: workload.nice,
        })
    });
    Intent::Launch { launches: launches.collect() }
}

/// Takes the identities of what was made and launched from a journal entry.
pub(super) fn harvest(entry: &Entry, made: &mut BTreeMap<Place, GroupKey>, launched: &mut Vec<TaskKey>) {
    for record in &entry.steps {
        match (&record.step, &record.state) {
            (Step::MakeGroup { at, .. }, State::Done(Outcome::Made(key))) => {
                made.insert(at.clone(), *key);
            }
            (Step::Launch { .. }, State::Done(Outcome::Launched(process))) => launched.push(*process),
            _ => {}
        }
    }
}

/// A weight that the kernel stored otherwise than it was written: the prediction would not hold.
pub(super) fn stored_otherwise(entry: &Entry) -> Option<String> {
    entry.steps.iter().find_map(|record| {
        let Step::Write { at, file, data, .. } = &record.step else { return None };
        let State::Done(Outcome::Stored(Some(stored))) = &record.state else { return None };
        let is_weight = matches!(&**file, "cpu.shares" | "cpu.weight");
        let same = stored.trim_ascii() == data.trim_ascii();
        (is_weight && !same).then(|| {
            format!(
                "{file} of {at}: {} was written and the kernel stored {}",
                escape(data),
                escape(stored.trim_ascii())
            )
        })
    })
}
