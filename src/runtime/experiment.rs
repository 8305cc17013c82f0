//! Drives an experiment's state machine: carries out what it asks for, tells what it says.
//!
//! `cgrove verify` and the effect thread of the terminal UI are the callers. The machine itself is pure
//! ([`crate::experiment::run`]); its surveys and intents go through [`Hands`].
use std::collections::{BTreeMap, VecDeque};
use std::thread;
use std::time::Duration;

use anyhow::{Context, Result};

use super::hands::{Executed, Hands};
use crate::effect::transaction::Report;
use crate::experiment::file::Experiment;
use crate::experiment::run::{Action, End, Event, Facts, Options, Run};
use crate::kernel::fs::Fs;
use crate::kernel::load::Load;
use crate::kernel::real::RealFs;
use crate::model::interest::Interest;

/// How long the CPUs are watched to find the quiet ones.
const LOOK: Duration = Duration::from_millis(300);

/// What the machine tells.
pub enum Told {
    /// Progress, one line.
    Say(String),
    /// The next change waits for leave: what it is.
    Ready(String),
    /// What to sample from now on, at least four times a second; `None`: nothing more.
    Watch(Option<Interest>),
    /// It is over.
    Finished(Box<End>),
}

/// Who hears what the machine tells, and may interrupt it between two changes.
pub trait Listener {
    /// Takes what is told, at once.
    fn tell(&mut self, what: Told);

    /// Whether somebody asked to stop since this was asked last. Asked between any two changes.
    fn interrupted(&mut self) -> bool {
        false
    }
}

/// An experiment that runs.
pub struct Driver {
    run: Run,
    clock: RealFs,
}

impl Driver {
    /// Begins; the first changes may be done when this returns.
    pub fn start(
        experiment: Experiment,
        options: Options,
        facts: Facts,
        hands: &mut Hands,
        listener: &mut dyn Listener,
    ) -> Self {
        let (run, actions) = Run::start(experiment, options, facts);
        let mut driver = Self { run, clock: RealFs };
        driver.carry_out(actions, hands, listener);
        driver
    }

    /// The machine.
    #[must_use]
    pub fn run(&self) -> &Run {
        &self.run
    }

    /// Hands in an event, and carries out what follows.
    pub fn on(&mut self, event: Event, hands: &mut Hands, listener: &mut dyn Listener) {
        let actions = self.run.on(self.clock.now(), event);
        self.carry_out(actions, hands, listener);
    }

    fn carry_out(&mut self, actions: Vec<Action>, hands: &mut Hands, listener: &mut dyn Listener) {
        let mut queue = VecDeque::from(actions);
        while let Some(action) = queue.pop_front() {
            if matches!(action, Action::Do(_)) && listener.interrupted() {
                // What is asked for is under way for the machine: it waits for the answer before it takes back.
                queue.extend(self.run.on(self.clock.now(), Event::Interrupt));
            }
            let event = match action {
                Action::Say(line) => {
                    listener.tell(Told::Say(line));
                    continue;
                }
                Action::Ready(what) => {
                    listener.tell(Told::Ready(what));
                    continue;
                }
                Action::Watch(interest) => {
                    listener.tell(Told::Watch(interest));
                    continue;
                }
                Action::Finished(end) => {
                    listener.tell(Told::Finished(end));
                    continue;
                }
                Action::Survey(needs) => match hands.survey(&needs) {
                    Ok(survey) => Event::Surveyed(Box::new(survey)),
                    Err(error) => Event::Failed { message: format!("{error:#}"), entry: None },
                },
                Action::Do(intent) => event(hands.act(&intent), hands),
            };
            queue.extend(self.run.on(self.clock.now(), event));
        }
    }
}

fn event(executed: Result<Executed>, hands: &Hands) -> Event {
    match executed {
        Ok(Executed::Report(report)) => done(&report, hands),
        Ok(Executed::Refused(refusal)) => Event::Refused(refusal),
        // `act` plans and does in one go: nothing can have changed between.
        Ok(Executed::Changed(plan)) => {
            Event::Failed { message: format!("the host changed meanwhile: {}", plan.title), entry: None }
        }
        Err(error) => Event::Failed { message: format!("{error:#}"), entry: None },
    }
}

fn done(report: &Report, hands: &Hands) -> Event {
    let entry = report.number.and_then(|number| hands.entries().iter().find(|entry| entry.number == number));
    match entry {
        Some(entry) if report.succeeded() => Event::Done(entry.clone()),
        _ => Event::Failed { message: report.to_string(), entry: report.number },
    }
}

/// How busy each CPU is, watched for a moment.
///
/// # Errors
/// If `/proc/stat` cannot be read.
pub fn cpu_load() -> Result<BTreeMap<u32, f64>> {
    let fs = RealFs;
    let mut load = Load::begin(&fs).context("finding the quiet CPUs")?;
    thread::sleep(LOOK);
    load.since(&fs).context("finding the quiet CPUs")
}
