//! Building, measuring and removing an experiment, as a state machine: events in, actions out.
//!
//! `cgrove verify` and the screen drive the same [`Run`]; it touches nothing itself. The phases:
//!
//! 1. **check** ([`check`]): one survey; what stands against it ends the run before anything is touched.
//! 2. **build** ([`build`]): one intent a group, parents first, then one that launches all workloads, then one that holds
//!    those that are to be held.
//! 3. **settle**, then **measure** ([`super::measure`]), longer than asked if others take the CPU away
//!    ([`super::capacity`]).
//! 4. **undo** ([`back`]): all journal entries of the run, newest first, at once or if need be one by one; then one more
//!    survey says whether all of it is gone.
//!
//! The driver's part: answer [`Action::Survey`] with [`Event::Surveyed`] (or [`Event::Failed`]); for [`Action::Do`] survey, plan, execute and
//! journal the intent, roll back what it had done if it failed, and answer with [`Event::Done`], [`Event::Refused`] or
//! [`Event::Failed`]; sample while [`Action::Watch`] stands and hand in each snapshot; pass [`Event::Interrupt`] at any
//! time. At most one survey or intent is under way at a time. [`Action::Finished`] is the last action.
//!
//! Step by step ([`Options::step_by_step`]) each change waits, announced by [`Action::Ready`], for [`Event::Advance`].
mod back;
mod build;
mod check;
mod end;
#[cfg(test)]
pub(super) mod fake;
mod measuring;
mod progress;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use crate::model::hierarchy::Hierarchy;
use crate::model::host::Host;
use crate::model::id::{GroupKey, TaskKey};
use crate::model::interest::{Interest, Rows};
use crate::model::place::Place;
use crate::model::snapshot::Snapshot;
use crate::model::time::Mono;
use crate::plan::intent::{Intent, Needs, Target};
use crate::plan::journal::Entry;
use crate::plan::refusal::Refusal;
use crate::plan::survey::Survey;

use super::cpus::CpuFacts;
use super::file::Experiment;
use super::measure::Window;
use super::report::Report;
use super::setup::Setup;

pub use check::explain;
pub use end::{End, Ending};
pub use progress::{Progress, changes};

/// How an experiment is run.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Options {
    /// `--seconds`: instead of the file's.
    pub seconds: Option<f64>,
    /// `--convert`: convert what the version that is found does not allow.
    pub convert: bool,
    /// `--keep`: leave everything as it is after measuring.
    pub keep: bool,
    /// Each change waits for [`Event::Advance`].
    pub step_by_step: bool,
}

/// Where an experiment is run.
#[derive(Clone, Debug)]
pub struct Facts {
    /// The host.
    pub host: Arc<Host>,
    /// The hierarchy that carries cpu.
    pub hierarchy: Hierarchy,
    /// The group below which it is built.
    pub stage: Place,
    /// The stage may be made if it does not exist (it is cgrove's own choice, not the user's).
    pub make_stage: bool,
    /// How busy each CPU is, 0 to 1, to choose quiet ones.
    pub load: BTreeMap<u32, f64>,
    /// The experiment file as messages name it.
    pub file: String,
    /// The command that was given, quoted for a shell: what messages tell to give again with other rights.
    pub command: String,
}

/// What happened.
#[derive(Clone, Debug)]
pub enum Event {
    /// The survey that was asked for.
    Surveyed(Box<Survey>),
    /// The intent was carried out; its journal entry, complete.
    Done(Entry),
    /// The intent was refused; nothing was written.
    Refused(Refusal),
    /// The intent failed on the way.
    Failed {
        /// What failed, what was done and what was rolled back.
        message: String,
        /// Number of the journal entry, if one was begun: what still stands of it is undone at the end.
        entry: Option<u64>,
    },
    /// A snapshot of what is watched.
    Sampled(Arc<Snapshot>),
    /// The next change may be made (step by step).
    Advance,
    /// Stop and take everything back.
    Interrupt,
}

/// What is to be done by the driver.
#[derive(Clone, Debug)]
pub enum Action {
    /// Look at these afresh.
    Survey(Needs),
    /// Carry this out.
    Do(Intent),
    /// Sample this at least four times a second until told otherwise; `None`: no more.
    Watch(Option<Interest>),
    /// Progress, one line for stderr.
    Say(String),
    /// The next change waits for [`Event::Advance`]: what it is.
    Ready(String),
    /// The run is over.
    Finished(Box<End>),
}

/// Where a run is.
#[derive(Clone, Debug, PartialEq)]
enum Phase {
    /// The first survey is under way.
    Check,
    /// The stage itself is to be made.
    Stage,
    /// The group with this index is to be made.
    Build(usize),
    /// The workloads are to be launched.
    Launch,
    /// Some of them are to be held.
    Hold,
    /// They run; measuring begins when this moment has passed.
    Settle(Mono),
    /// They are measured.
    Measure,
    /// Everything is being undone.
    Undo,
    /// The last survey is under way.
    Look,
    /// Over.
    Over,
}

/// One run of an experiment.
#[derive(Clone, Debug)]
pub struct Run {
    setup: Setup,
    options: Options,
    facts: Facts,
    phase: Phase,
    /// A survey or an intent is under way.
    busy: bool,
    /// Waiting for [`Event::Advance`].
    ready: bool,
    /// Journal entries of this run, oldest first.
    entries: Vec<u64>,
    /// Identities of the groups that were made.
    made: BTreeMap<Place, GroupKey>,
    /// The processes, in the order of the contest's.
    launched: Vec<TaskKey>,
    window: Option<Window>,
    /// Whole seconds that were said.
    said: u64,
    report: Option<Report>,
    ending: Ending,
    message: Vec<String>,
    /// Entries that are still to be undone one by one, the next one last; empty while all are undone at once.
    one_by_one: Vec<u64>,
    /// How often the undo of the last of them was tried.
    undo_tries: u32,
    /// What stood against undoing; said only if something is left in the end.
    undo_messages: Vec<String>,
    /// For how many snapshots in a row a process was missing.
    missing: u32,
}

impl Run {
    /// Begins a run. The first actions may already be the last: what the host does not permit is found here.
    #[must_use]
    pub fn start(experiment: Experiment, options: Options, facts: Facts) -> (Self, Vec<Action>) {
        let cpus = CpuFacts { allowed: facts.host.allowed.clone(), load: facts.load.clone(), uid: facts.host.uid };
        let unfit = check::worth_it(&facts.file, &experiment).err().map(|message| (Ending::Usage, message));
        let found = Setup::found(experiment.clone(), facts.hierarchy.version, options.convert, &cpus);
        let run_file = facts.file.clone();
        let (setup, unfit) = match found {
            Ok(setup) => (setup, unfit),
            Err(error) => {
                let setup = Setup { experiment, version: facts.hierarchy.version, cpus: Vec::new(), notes: Vec::new() };
                (setup, unfit.or_else(|| Some((Ending::Host, check::explain(&run_file, &error)))))
            }
        };
        let mut run = Self {
            setup,
            options,
            facts,
            phase: Phase::Check,
            busy: false,
            ready: false,
            entries: Vec::new(),
            made: BTreeMap::new(),
            launched: Vec::new(),
            window: None,
            said: 0,
            report: None,
            ending: Ending::Measured,
            message: Vec::new(),
            one_by_one: Vec::new(),
            undo_tries: 0,
            undo_messages: Vec::new(),
            missing: 0,
        };
        if let Some((ending, message)) = unfit {
            let actions = run.stop(ending, message);
            return (run, actions);
        }
        let mut actions: Vec<Action> =
            run.setup.notes.iter().map(|note| Action::Say(format!("note: {note}"))).collect();
        actions.extend(run.survey());
        (run, actions)
    }

    /// What the experiment became on this host.
    #[must_use]
    pub fn setup(&self) -> &Setup {
        &self.setup
    }

    /// The report as it stands while measuring; `None` before the second snapshot.
    #[must_use]
    pub fn progress(&self) -> Option<Report> {
        self.measured().map(|measured| self.report_of(&measured))
    }

    /// Whether the run is over.
    #[must_use]
    pub fn is_over(&self) -> bool {
        self.phase == Phase::Over
    }

    /// Takes an event at a moment; what is to be done next.
    #[must_use]
    pub fn on(&mut self, now: Mono, event: Event) -> Vec<Action> {
        if self.is_over() {
            return Vec::new();
        }
        match event {
            Event::Interrupt => self.interrupt(),
            Event::Advance if self.ready => {
                self.ready = false;
                self.perform()
            }
            Event::Sampled(snapshot) => self.sampled(&snapshot),
            Event::Surveyed(survey) if self.busy => {
                self.busy = false;
                self.surveyed(&survey)
            }
            Event::Done(entry) if self.busy => {
                self.busy = false;
                self.done(now, &entry)
            }
            Event::Refused(refusal) if self.busy => {
                self.busy = false;
                self.refused(&refusal)
            }
            Event::Failed { message, entry } if self.busy => {
                self.busy = false;
                self.failed(message, entry)
            }
            // What nobody waits for.
            Event::Advance | Event::Surveyed(_) | Event::Done(_) | Event::Refused(_) | Event::Failed { .. } => {
                Vec::new()
            }
        }
    }

    /// Asks for a survey of the stage and of every group of the experiment.
    fn survey(&mut self) -> Vec<Action> {
        self.busy = true;
        vec![Action::Survey(check::needs(&self.setup, &self.facts))]
    }

    fn surveyed(&mut self, survey: &Survey) -> Vec<Action> {
        match self.phase {
            Phase::Look => self.look(survey),
            _ if self.ending == Ending::Interrupted => self.finish(),
            Phase::Check => match check::check(&self.setup, &self.facts, survey) {
                Err(message) => self.stop(Ending::Host, message),
                Ok(stage_exists) => {
                    self.phase = if stage_exists { Phase::Build(0) } else { Phase::Stage };
                    self.propose()
                }
            },
            _ => Vec::new(),
        }
    }

    /// Makes the next change, or waits for leave to make it.
    fn propose(&mut self) -> Vec<Action> {
        if self.options.step_by_step {
            self.ready = true;
            return vec![Action::Ready(self.announce())];
        }
        self.perform()
    }

    /// What the next change is, in words.
    fn announce(&self) -> String {
        match self.phase {
            Phase::Stage => format!("make the stage {}", self.facts.stage),
            Phase::Build(group) => build::say(&self.setup, group),
            Phase::Launch => format!("launch {}", build::workloads(&self.setup)),
            Phase::Hold => "hold the workloads that are to be held".to_owned(),
            Phase::Check | Phase::Settle(_) | Phase::Measure | Phase::Undo | Phase::Look | Phase::Over => String::new(),
        }
    }

    fn perform(&mut self) -> Vec<Action> {
        let intent = match self.phase {
            Phase::Stage => build::stage(&self.facts),
            Phase::Build(group) => build::group(&self.setup, &self.facts, group),
            Phase::Launch => build::launch(&self.setup, &self.facts),
            Phase::Hold => Intent::Hold { target: Target::Workloads(self.to_hold()) },
            Phase::Check | Phase::Settle(_) | Phase::Measure | Phase::Undo | Phase::Look | Phase::Over => {
                return Vec::new();
            }
        };
        self.busy = true;
        vec![Action::Say(self.announce()), Action::Do(intent)]
    }

    /// The processes that are to be held.
    fn to_hold(&self) -> Vec<TaskKey> {
        let processes = build::processes(&self.setup);
        processes.zip(&self.launched).filter(|(workload, _)| workload.held).map(|(_, &key)| key).collect()
    }

    fn done(&mut self, now: Mono, entry: &Entry) -> Vec<Action> {
        if self.phase == Phase::Undo {
            return self.undone();
        }
        self.entries.push(entry.number);
        build::harvest(entry, &mut self.made, &mut self.launched);
        if self.ending == Ending::Interrupted {
            return self.undo();
        }
        if let Some(message) = build::stored_otherwise(entry) {
            return self.stop(Ending::Failed, message);
        }
        self.phase = match self.phase {
            Phase::Stage => Phase::Build(0),
            Phase::Build(group) if group + 1 < self.setup.experiment.groups.len() => Phase::Build(group + 1),
            Phase::Build(_) => Phase::Launch,
            Phase::Launch => {
                let wanted = build::processes(&self.setup).count();
                if self.launched.len() != wanted {
                    let message = format!("{} of {wanted} workloads were launched", self.launched.len());
                    return self.stop(Ending::Failed, message);
                }
                if self.to_hold().is_empty() { self.settle(now) } else { Phase::Hold }
            }
            Phase::Hold => self.settle(now),
            ref other => other.clone(),
        };
        if !matches!(self.phase, Phase::Settle(_)) {
            return self.propose();
        }
        let settle = format!("{} run; settling {} s", build::workloads(&self.setup), self.setup.experiment.settle);
        vec![Action::Say(settle), Action::Watch(Some(self.interest()))]
    }

    fn settle(&self, now: Mono) -> Phase {
        Phase::Settle(now.after(Duration::from_secs_f64(self.setup.experiment.settle)))
    }

    /// The groups of the run, with everybody who competes.
    fn interest(&self) -> Interest {
        Interest {
            hierarchy: Some(self.facts.hierarchy.id),
            groups: Rows::These(self.made.values().copied().collect()),
            tasks_of: None,
            files_of: None,
            files_above: false,
            contest: true,
            written: Vec::new(),
        }
    }
}
