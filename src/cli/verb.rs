//! The verbs from the command line: one way for all of them, and the same as on the screen.
//!
//! A verb's own file turns its arguments into an [`Intent`] with the help of a [`scene::Scene`]; [`run`] does the rest:
//! survey, plan, consent, survey again, journal, execute ([`Hands`]), and what to print. Data goes to stdout (what was or
//! would be done, shell lines, JSON), refusals, warnings, questions and errors to stderr.
//!
//! | exit | when |
//! |---|---|
//! | 0 | done, or there was nothing to do, or it was only shown |
//! | 2 | the command line is wrong: a number, a hierarchy, a group that is not there |
//! | 3 | refused by a rule, not permitted, or consent is missing; nothing was changed |
//! | 4 | failed on the way; what was done was rolled back, and what could not be is said |
//! | 130 | interrupted between two steps, and rolled back |
//!
//! Not here: what a verb does (`plan`), how a step is done (`effect`).
use std::io::{self, BufRead, IsTerminal};
use std::sync::atomic::Ordering;
use std::time::Duration;

use anyhow::{Context, Result};

use super::exit::{Code, Coded};
use super::output;
use crate::effect::executor::INTERRUPTED;
use crate::effect::transaction::Report;
use crate::plan::intent::Intent;
use crate::plan::refusal::Refusal;
use crate::plan::step::{Confirm, Plan};
use crate::plan::survey::Limits;
use crate::runtime::hands::{Executed, Hands};
use crate::runtime::signals;

pub mod print;
pub mod scene;
mod trial;

use print::{Instead, Printed};
use scene::Scene;

/// Options that every verb has.
#[derive(Clone, Debug, Default, clap::Args)]
#[expect(clippy::struct_excessive_bools, reason = "each is a switch of the command line")]
pub struct How {
    /// Only say what would be done, and what would be asked; nothing is touched.
    #[arg(long)]
    pub dry_run: bool,
    /// Only print the shell lines that do the same; nothing is touched.
    #[arg(long, conflicts_with = "json")]
    pub shell: bool,
    /// Consent to what would be asked: foreign groups, many things at once, what cannot be undone.
    #[arg(short, long)]
    pub yes: bool,
    /// Print one JSON object.
    #[arg(long)]
    pub json: bool,
    /// Change nothing: whatever would is refused.
    #[arg(long)]
    pub read_only: bool,
    /// Change nothing outside of this group: both ends of a move and every written file lie at or below it.
    #[arg(long, value_name = "GROUP")]
    pub only: Option<std::ffi::OsString>,
}

impl How {
    fn looks_only(&self) -> bool {
        self.dry_run || self.shell
    }
}

/// What a verb wants.
pub struct Wanted {
    /// What is to be done.
    pub intent: Intent,
    /// What to know beside the plan, one sentence each: what was converted, what stays although it was named.
    pub notes: Vec<String>,
    /// The exit code where all went well.
    pub code: Code,
    /// The values are taken back after this time, unless they are kept.
    pub try_for: Option<Duration>,
}

impl From<Intent> for Wanted {
    fn from(intent: Intent) -> Self {
        Self { intent, notes: Vec::new(), code: Code::Done, try_for: None }
    }
}

/// Runs a verb: `wanted` says what is wanted.
///
/// # Errors
/// Exit 2 from `wanted`; exit 3 if the host cannot be read.
pub fn run<W: Into<Wanted>>(how: &How, wanted: impl FnOnce(&mut Scene<'_>) -> Result<W>) -> Result<Code> {
    let limits = Limits { read_only: how.read_only, ..Limits::default() };
    let mut hands = Hands::looking(limits).map_err(host)?;
    hands.take_kept_for_own();
    let mut scene = Scene::new(&mut hands)?;
    let only = how.only.as_ref().map(|only| scene.group(only)).transpose()?;
    let wanted = wanted(&mut scene)?.into();
    hands.limit_to(only);
    let plan = match hands.plan(&wanted.intent).map_err(host)? {
        Ok(plan) => plan,
        Err(refusal) => return refused(how, &mut hands, &refusal),
    };
    if wanted.try_for.is_some() && !plan.steps.is_empty() && !plan.can_be_tried() {
        return Err(Coded::usage("--try is for values that can be set back, and this is more"));
    }
    if how.looks_only() || plan.steps.is_empty() {
        Printed::of(how, &plan, &hands).noting(&wanted).shown()?;
        return Ok(wanted.code);
    }
    if let Some(no) = consent(how, &plan)? {
        return no.tell(how, &plan, &hands);
    }
    carry_out(how, hands, &wanted, plan)
}

/// One intent as it is, several as one plan with this title.
#[must_use]
pub fn together(title: String, mut intents: Vec<Intent>) -> Intent {
    match intents.pop() {
        Some(only) if intents.is_empty() => only,
        last => {
            intents.extend(last);
            Intent::Together { title, intents }
        }
    }
}

#[expect(clippy::needless_pass_by_value, reason = "for `map_err`")]
fn host(error: anyhow::Error) -> anyhow::Error {
    Coded::host(format!("{error:#}"))
}

/// Does what was agreed to.
fn carry_out(how: &How, mut hands: Hands, wanted: &Wanted, mut plan: Plan) -> Result<Code> {
    hands.open_journal();
    // From here on a signal rolls back; before, it just ended cgrove.
    let stop = hands.stop();
    let listening = signals::listen(move |asked| {
        if matches!(asked, signals::Asked::Interrupt | signals::Asked::End(_)) {
            stop.store(true, Ordering::Relaxed);
        }
        true
    })
    .context("listening for signals")?;
    let report = loop {
        let executed = match wanted.try_for {
            None => hands.execute(&wanted.intent, &plan)?,
            Some(time) => hands.try_out(&wanted.intent, &plan, time)?,
        };
        match executed {
            Executed::Report(report) => break report,
            Executed::Refused(refusal) => return refused(how, &mut hands, &refusal),
            Executed::Changed(other) => {
                output::message("cgrove: the machine changed meanwhile; this is the plan now");
                plan = other;
                if let Some(no) = consent(how, &plan)? {
                    return no.tell(how, &plan, &hands);
                }
            }
        }
    };
    let mut code = code(&report, wanted.code);
    let instead = Instead::of(&mut hands, &report.instead)?;
    let printed = Printed::of(how, &plan, &hands).noting(wanted).done(&report, &instead, code);
    if hands.on_trial().is_some() && !trial::wait(&mut hands) {
        code = Code::Interrupted;
    }
    listening.close();
    // What could not be rolled back stays for `cgrove cleanup`.
    let ended = if report.stuck.is_empty() { hands.settle() } else { hands.finish().map(drop) };
    if let Err(failure) = ended {
        output::message(&format!("cgrove: {failure}"));
    }
    printed.map(|()| code)
}

fn code(report: &Report, done: Code) -> Code {
    match &report.failed {
        None => done,
        Some((_, failure)) if failure.operation == INTERRUPTED && report.stuck.is_empty() => Code::Interrupted,
        Some(_) => Code::Failed,
    }
}

/// Nothing can be done; where that is because all stands already as it was asked for, that is fine.
fn refused(how: &How, hands: &mut Hands, refusal: &Refusal) -> Result<Code> {
    let code = if refusal.is_nothing_to_do() { Code::Done } else { Code::Host };
    print::refusal(how, hands, refusal, code)?;
    Ok(code)
}

/// Why it is not done although it could be.
struct Not {
    why: String,
}

impl Not {
    fn tell(&self, how: &How, plan: &Plan, hands: &Hands) -> Result<Code> {
        Printed::of(how, plan, hands).not(&self.why)?;
        Ok(Code::Host)
    }
}

/// Asks where the plan asks; `None` if it may be done. Without a terminal only `--yes` consents.
fn consent(how: &How, plan: &Plan) -> Result<Option<Not>> {
    let Some(question) = print::question(plan) else { return Ok(None) };
    if how.yes {
        return Ok(None);
    }
    let terminal = io::stdin().is_terminal() && io::stderr().is_terminal();
    if !terminal {
        let why = format!("{question}\nNothing was changed. This command consents:\n  {}", print::with_yes());
        return Ok(Some(Not { why }));
    }
    print::ask(plan, &question);
    let mut line = String::new();
    io::stdin().lock().read_line(&mut line).context("reading the answer")?;
    let agreed = match plan.confirm {
        Confirm::Type(number) => line.trim() == number.to_string(),
        _ => matches!(line.trim(), "y" | "yes"),
    };
    Ok((!agreed).then(|| Not { why: "Nothing was changed.".to_owned() }))
}
