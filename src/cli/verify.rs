//! `cgrove verify FILE`: build an experiment, run it, measure it, compare, remove it.
//!
//! Thin over [`crate::experiment::run`]: this samples while the machine watches, turns SIGINT, SIGTERM and SIGHUP into an
//! interrupt, and prints what comes out.
use std::ffi::OsString;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
use std::time::Duration;

use anyhow::{Context, Result};

use super::exit::{Code, Coded};
use super::{delegate, output, predict, target};
use crate::effect::supervisor::Supervisor;
use crate::experiment::parse::Options as FileOptions;
use crate::experiment::report::table::table;
use crate::experiment::run::{End, Event, Facts, Options};
use crate::kernel::real::RealFs;
use crate::kernel::sampler::Sampler;
use crate::model::bytes::escape;
use crate::model::interest::Interest;
use crate::plan::quote;
use crate::plan::survey::Limits;
use crate::runtime::experiment::{Driver, Listener, Told, cpu_load};
use crate::runtime::hands::Hands;
use crate::runtime::signals::{self, Asked};
use crate::runtime::stage;

/// Time between two samplings while measuring.
const INTERVAL: Duration = Duration::from_millis(250);

/// Arguments of `cgrove verify`.
#[derive(Clone, Debug, clap::Args)]
#[expect(clippy::struct_excessive_bools, reason = "each is a switch of the command line")]
pub struct Verify {
    /// The experiment file (TOML); `-` is standard input.
    pub file: PathBuf,
    /// Print one JSON object.
    #[arg(long)]
    pub json: bool,
    /// Measure this long instead of what the file says.
    #[arg(long, value_name = "S")]
    pub seconds: Option<f64>,
    /// Build below this group.
    #[arg(long, value_name = "GROUP")]
    pub under: Option<OsString>,
    /// Run in a delegated scope of systemd: groups of your own, without root.
    #[arg(long, conflicts_with = "under")]
    pub delegate: bool,
    /// Convert weights that the version that is found does not allow, by the kernel's own formula.
    #[arg(long)]
    pub convert: bool,
    /// Leave groups and settings as they are after measuring; the workloads end all the same.
    #[arg(long)]
    pub keep: bool,
    /// Allow more than 256 tasks.
    #[arg(long)]
    pub force: bool,
}

/// Runs the command.
///
/// # Errors
/// Exit 2 for a wrong file, 3 for a host that does not permit or support it, 4 if it fails on the way.
pub fn run(args: &Verify) -> Result<Code> {
    let experiment = predict::read(&args.file, FileOptions { force: args.force })?;
    if args.seconds.is_some_and(|seconds| !seconds.is_finite() || seconds <= 0.0 || seconds > 86_400.0) {
        return Err(Coded::usage("--seconds takes a number above 0, at most 86400"));
    }
    if args.delegate {
        return Err(delegate::again(rustix::process::geteuid().is_root()));
    }
    // Before any thread, and in the leaf, so that the supervisor is there, too.
    stage::make_room(|_, _| true)?;
    let supervisor = Supervisor::start()?;
    let (send, asked) = mpsc::channel();
    let listening = signals::listen(move |signal| send.send(signal).is_ok()).context("listening for signals")?;
    let mut hands = Hands::new(supervisor, Limits::default()).map_err(|error| Coded::host(format!("{error:#}")))?;
    if let Some(reason) = &hands.limits().no_journal {
        return Err(Coded::host(format!("the journal cannot be written, so nothing is changed: {reason}")));
    }
    let facts = facts(args, &hands)?;
    let options = Options { seconds: args.seconds, convert: args.convert, keep: args.keep, step_by_step: false };

    let mut driving = Driving { asked, watch: None, end: None };
    let mut driver = Driver::start(experiment, options, facts, &mut hands, &mut driving);
    let mut sampler: Option<Sampler> = None;
    while driving.end.is_none() {
        let event = match driving.asked.recv_timeout(INTERVAL) {
            Ok(signal) => is_end(signal).then_some(Event::Interrupt),
            Err(RecvTimeoutError::Disconnected) => Some(Event::Interrupt),
            Err(RecvTimeoutError::Timeout) => match &driving.watch {
                None => None,
                Some(interest) => {
                    let sampler = match &mut sampler {
                        Some(sampler) => sampler,
                        none => none.insert(Sampler::new(Box::new(RealFs))?),
                    };
                    Some(Event::Sampled(Arc::new(sampler.sample(interest))))
                }
            },
        };
        if let Some(event) = event {
            driver.on(event, &mut hands, &mut driving);
        }
    }
    listening.close();
    finish(hands, args.keep);
    driving.end.map_or(Ok(Code::Failed), |end| print(&end, args.json))
}

/// What the machine has told, and who may interrupt it.
struct Driving {
    asked: Receiver<Asked>,
    watch: Option<Interest>,
    end: Option<Box<End>>,
}

impl Listener for Driving {
    fn tell(&mut self, what: Told) {
        match what {
            Told::Say(line) => output::message(&line),
            // Never said: nothing here is done step by step.
            Told::Ready(_) => {}
            Told::Watch(interest) => self.watch = interest,
            Told::Finished(end) => self.end = Some(end),
        }
    }

    fn interrupted(&mut self) -> bool {
        self.asked.try_iter().any(is_end)
    }
}

fn is_end(signal: Asked) -> bool {
    matches!(signal, Asked::Interrupt | Asked::End(_))
}

/// Ends the visit; what stands although it should not is said.
fn finish(hands: Hands, keep: bool) {
    match hands.finish() {
        Ok(true) if keep => output::message("cgrove: kept: `cgrove cleanup` removes it"),
        Ok(true) => output::message("cgrove: something still stands: `cgrove cleanup` tries again and says what"),
        Ok(false) => {}
        Err(failure) => output::message(&format!("cgrove: {failure}")),
    }
}

fn print(end: &End, json: bool) -> Result<Code> {
    if let Some(report) = &end.report {
        if json {
            let text = serde_json::to_string_pretty(report).context("writing the report as JSON")?;
            output::data(&format!("{text}\n"))?;
        } else {
            output::data(&table(report))?;
        }
    }
    if !end.message.is_empty() {
        output::message(&format!("cgrove: {}", end.message));
    }
    Ok(match end.code() {
        0 => Code::Done,
        1 => Code::CheckFailed,
        2 => Code::Usage,
        3 => Code::Host,
        130 => Code::Interrupted,
        _ => Code::Failed,
    })
}

/// The command line as it was given, for a shell.
fn command() -> String {
    let words = std::env::args_os().skip(1).map(|word| quote::word(word.as_encoded_bytes()));
    ["cgrove".to_owned()].into_iter().chain(words).collect::<Vec<_>>().join(" ")
}

fn facts(args: &Verify, hands: &Hands) -> Result<Facts> {
    let found = hands.discover().map_err(|error| Coded::host(format!("{error:#}")))?;
    let under = match &args.under {
        Some(text) => Some(target::group(&found.hierarchies, text).map_err(Coded::usage)?),
        None => None,
    };
    let chosen = stage::of_host(hands.host(), &found, under).map_err(|why| {
        let does_that = format!("\n  {} --delegate   does that", command());
        Coded::host(if why == stage::NOT_DELEGATED { why + &does_that } else { why })
    })?;
    Ok(Facts {
        host: Arc::clone(hands.host()),
        hierarchy: chosen.hierarchy,
        stage: chosen.place,
        make_stage: chosen.make,
        load: cpu_load()?,
        file: escape(args.file.as_os_str().as_encoded_bytes()),
        command: command(),
    })
}
