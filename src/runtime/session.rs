//! The experiment of a visit, on the effect thread: loaded, run at once or step by step, and stopped.
//!
//! Here a run keeps what it built: the class looks at it, changes it, and takes it back by undo or by stopping the
//! experiment. The journal is the visit's.
use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result};

use super::experiment::{self as driving, Driver};
use super::hands::Hands;
use super::{shipped, stage};
use crate::app::experiment::{Control, Loaded, Phase, Progress, Source};
use crate::app::message::Message;
use crate::experiment::cpus::CpuFacts;
use crate::experiment::file::Experiment;
use crate::experiment::parse::{LARGEST_FILE, Options as FileOptions, parse};
use crate::experiment::run::{self, Ending, Event, Facts, Options};
use crate::experiment::setup::Setup;
use crate::model::bytes::escape;
use crate::model::place::Place;
use crate::model::snapshot::Snapshot;

/// What happened to the experiment.
#[derive(Default)]
pub struct Told {
    /// For the app.
    pub messages: Vec<Message>,
    /// Something was changed: what, the last of it.
    pub changed: Option<String>,
}

/// What the machine told.
#[derive(Default)]
struct Said(Vec<driving::Told>);

impl driving::Listener for Said {
    fn tell(&mut self, what: driving::Told) {
        self.0.push(what);
    }
}

/// The experiment of a visit.
pub struct Session {
    /// `--under` or `--only`.
    under: Option<Place>,
    loaded: Option<Experiment>,
    driver: Option<Driver>,
    title: String,
    /// The change that waits for leave.
    next: Option<String>,
    /// Journal entries before the run: what came after is the run's.
    before: usize,
}

impl Session {
    /// A session that builds below `under`, or at the stage of the host.
    #[must_use]
    pub fn new(under: Option<Place>) -> Self {
        Self { under, loaded: None, driver: None, title: String::new(), next: None, before: 0 }
    }

    /// Reads and checks an experiment.
    ///
    /// # Errors
    /// The whole message: which file, which line, what is wrong; or what the host does not permit.
    pub fn load(&mut self, source: &Source, hands: &Hands) -> Result<Loaded, String> {
        let experiment = read(source)?;
        let facts = self.facts(hands).map_err(|error| format!("{error:#}"))?;
        let cpus = CpuFacts { allowed: facts.host.allowed.clone(), load: facts.load, uid: facts.host.uid };
        let setup = Setup::found(experiment.clone(), facts.hierarchy.version, true, &cpus)
            .map_err(|unfit| unfit.to_string())?;
        let title = experiment.title.clone();
        self.loaded = Some(experiment);
        Ok(Loaded { title, steps: run::changes(&setup), warnings: setup.notes })
    }

    fn facts(&self, hands: &Hands) -> Result<Facts> {
        let found = hands.discover()?;
        let chosen =
            stage::of_host(hands.host(), &found, self.under.clone()).map_err(|why| anyhow::anyhow!("{why}"))?;
        Ok(Facts {
            host: Arc::clone(hands.host()),
            hierarchy: chosen.hierarchy,
            stage: chosen.place,
            make_stage: chosen.make,
            load: driving::cpu_load()?,
            file: self.title.clone(),
            command: "cgrove".to_owned(),
        })
    }

    /// Whether an experiment runs.
    #[must_use]
    pub fn is_running(&self) -> bool {
        self.driver.is_some()
    }

    /// Does what the app asks.
    pub fn control(&mut self, control: Control, hands: &mut Hands) -> Told {
        match control {
            Control::Start => self.begin(false, hands),
            Control::StartStepwise => self.begin(true, hands),
            Control::Next => self.drive(Event::Advance, hands),
            Control::Rest => {
                let mut told = Told::default();
                while self.next.is_some() {
                    let one = self.drive(Event::Advance, hands);
                    told.messages.extend(one.messages);
                    told.changed = one.changed.or(told.changed);
                }
                told
            }
            Control::Stop => self.stop(hands),
        }
    }

    fn begin(&mut self, step_by_step: bool, hands: &mut Hands) -> Told {
        let mut told = self.stop(hands);
        let Some(experiment) = self.loaded.clone() else {
            told.messages.push(Message::Notice("no experiment is loaded: o opens one".to_owned()));
            return told;
        };
        self.title.clone_from(&experiment.title);
        self.before = hands.entries().len();
        let facts = match self.facts(hands).context("starting the experiment") {
            Ok(facts) => facts,
            Err(error) => {
                told.messages.push(self.progress(Phase::Failed(format!("{error:#}"))));
                return told;
            }
        };
        let options = Options { seconds: None, convert: true, keep: true, step_by_step };
        let mut said = Said::default();
        let driver = Driver::start(experiment, options, facts, hands, &mut said);
        self.driver = Some(driver);
        self.take_in(said.0, told, hands)
    }

    /// A sampling was made.
    pub fn sampled(&mut self, snapshot: Arc<Snapshot>, hands: &mut Hands) -> Told {
        self.drive(Event::Sampled(snapshot), hands)
    }

    fn drive(&mut self, event: Event, hands: &mut Hands) -> Told {
        let Some(driver) = &mut self.driver else { return Told::default() };
        if matches!(event, Event::Advance) {
            self.next = None;
        }
        let mut said = Said::default();
        driver.on(event, hands, &mut said);
        self.take_in(said.0, Told::default(), hands)
    }

    fn take_in(&mut self, said: Vec<driving::Told>, mut told: Told, hands: &Hands) -> Told {
        let before = self.before;
        let mut end = None;
        for what in said {
            match what {
                driving::Told::Say(_) | driving::Told::Watch(_) => {}
                driving::Told::Ready(what) => self.next = Some(what),
                driving::Told::Finished(finished) => end = Some(finished),
            }
        }
        if hands.entries().len() > before {
            told.changed = hands.entries().last().map(|entry| entry.title.clone());
            self.before = hands.entries().len();
        }
        if let Some(end) = end {
            self.driver = None;
            let phase = match (end.ending, &end.report) {
                (Ending::Measured, Some(report)) => Phase::Stands {
                    max_error_hundredths: hundredths(report.max_error_pp.unwrap_or(f64::INFINITY)),
                    within: report.within_tolerance == Some(true),
                },
                (Ending::Interrupted, _) => Phase::Gone,
                _ => Phase::Failed(end.message),
            };
            told.messages.push(self.progress(phase));
        } else if let Some(driver) = &self.driver {
            let phase = match driver.run().how_far() {
                run::Progress::Building { done, of } => Phase::Building { done, of, next: self.next.clone() },
                run::Progress::Settling => Phase::Settling,
                run::Progress::Measuring { so_far, of } => {
                    Phase::Measuring { so_far: Duration::from_secs_f64(so_far), of: Duration::from_secs_f64(of) }
                }
                run::Progress::Undoing | run::Progress::Over => Phase::Gone,
            };
            told.messages.push(self.progress(phase));
        }
        told
    }

    fn progress(&self, phase: Phase) -> Message {
        Message::Progress(Progress { title: self.title.clone(), phase })
    }

    /// Stops the experiment that runs, and takes back what it did. One that stands already is the visit's: undo takes it
    /// back.
    pub fn stop(&mut self, hands: &mut Hands) -> Told {
        self.next = None;
        self.drive(Event::Interrupt, hands)
    }
}

fn hundredths(points: f64) -> u32 {
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "saturates; points are 0 to 100")]
    let hundredths = (points * 100.0).round() as u32;
    hundredths
}

fn read(source: &Source) -> Result<Experiment, String> {
    let options = FileOptions { force: false };
    match source {
        Source::Shipped(name) => {
            let text = shipped::text(name).ok_or_else(|| format!("no experiment called {name} comes with cgrove"))?;
            parse(text.as_bytes(), options).map_err(|error| format!("{name}: {error}"))
        }
        Source::Path(path) => {
            let bytes = read_file(Path::new(OsStr::from_bytes(path)))
                .map_err(|error| format!("{}: cannot be read: {error}", escape(path)))?;
            parse(&bytes, options).map_err(|error| format!("{}: {error}", escape(path)))
        }
    }
}

fn read_file(path: &Path) -> std::io::Result<Vec<u8>> {
    use std::io::Read;
    let mut bytes = Vec::new();
    std::fs::File::open(path)?.take(LARGEST_FILE as u64 + 1).read_to_end(&mut bytes)?;
    Ok(bytes)
}
