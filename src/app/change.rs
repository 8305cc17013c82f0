//! One change on its way: intent, plan, question, execution, report.
//!
//! Only one at a time. Keys that are typed meanwhile wait for it (at most five seconds), so that `n cg1=600 Enter n cg2=100
//! Enter` puts cg2 into cg1 however fast it is typed.
use std::collections::VecDeque;

use crate::catalog;
use crate::model::id::GroupKey;
use crate::model::time::Mono;
use crate::plan::aftermath;
use crate::plan::intent::Intent;
use crate::plan::journal;
use crate::plan::moved;
use crate::plan::refusal::Refusal;
use crate::plan::step::{Became, Confirm, Outcome, Plan, Step};
use crate::plan::words;

use super::command::Command;
use super::dialog::Dialog;
use super::message::{Report, Token};
use super::state::State;

/// How long typed keys wait for a change: five seconds, in nanoseconds. Longer than a busy host takes: the rest of a name that
/// is typed ahead would be commands. Ctrl-C never waits.
const PATIENCE: u64 = 5_000_000_000;

/// A change on its way.
#[derive(Clone, Debug)]
pub struct Flight {
    /// Its request.
    pub token: Token,
    /// Where it is.
    pub phase: Phase,
    /// Since when it is there.
    pub since: Mono,
    /// What comes after it (the rest of a way out of a refusal).
    pub rest: VecDeque<Intent>,
    /// When its plan is shown before it is done.
    pub ask: Ask,
    /// Title and shell lines of its plan, once there is one.
    pub title: String,
    /// See `title`.
    pub shell: Vec<String>,
    /// Number of steps of the plan.
    pub steps: usize,
    /// What the plan warns of, where nobody was asked and so nobody was told: it is said when it is done.
    pub untold: Vec<String>,
}

/// When a plan is shown before it is done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ask {
    /// Always, even where no question is needed.
    Always,
    /// As the plan says.
    AsPlanned,
    /// It was asked for by name in a dialog: only where something foreign is touched or a number must be typed.
    Agreed,
}

/// Where a change is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    /// It is being surveyed and planned.
    Planning,
    /// A dialog asks.
    Asking,
    /// It is being done; the step that was begun last, from 0.
    Doing(usize),
}

/// The last change, as it stays on the bottom.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LastChange {
    /// The plan's title.
    pub title: String,
    /// Its shell lines.
    pub shell: Vec<String>,
    /// Its number in the journal, if something was done.
    pub number: Option<u64>,
    /// What went wrong.
    pub problem: Option<String>,
}

/// Asks for a plan.
pub fn begin(state: &mut State, intent: Intent, ask: Ask) -> Vec<Command> {
    begin_all(state, VecDeque::from([intent]), ask)
}

/// Asks for plans of several intents, one after the other.
pub fn begin_all(state: &mut State, mut intents: VecDeque<Intent>, ask: Ask) -> Vec<Command> {
    if state.setup.limits.read_only {
        state.say("--read-only: nothing is changed in this visit");
        return Vec::new();
    }
    if let Some(flight) = &state.flight {
        let title = if flight.title.is_empty() { "the last change".to_owned() } else { flight.title.clone() };
        state.say(format!("wait: {title} is not done yet"));
        return Vec::new();
    }
    let Some(intent) = intents.pop_front() else { return Vec::new() };
    let token = state.token();
    state.undo_asked = false;
    state.flight = Some(Flight {
        token,
        phase: Phase::Planning,
        since: state.now,
        rest: intents,
        ask,
        title: String::new(),
        shell: Vec::new(),
        steps: 0,
        untold: Vec::new(),
    });
    state.dirty = true;
    vec![Command::Plan(token, intent)]
}

/// Whether keys have to wait for a change.
#[must_use]
pub fn keys_wait(state: &State) -> bool {
    let patient = |since: Mono| state.now.nanos_since(since) < PATIENCE;
    match &state.flight {
        Some(flight) => flight.phase != Phase::Asking && patient(flight.since),
        // What is selected is about to be another group: the new one, or the next one beside one that was removed.
        None => match state.select_when_seen {
            Some((_, since)) => patient(since),
            None => state.tree.cursor.is_some_and(|key| state.removed.contains(&key)) && patient(state.removed_at),
        },
    }
}

/// The plan, or why there is none.
pub fn planned(state: &mut State, token: Token, answer: Result<Plan, Refusal>) -> Vec<Command> {
    let Some(flight) = state.flight.as_mut().filter(|flight| flight.token == token) else { return Vec::new() };
    state.dirty = true;
    let again = matches!(flight.phase, Phase::Doing(_));
    match answer {
        Err(refusal) => {
            state.flight = None;
            state.typed_ahead.clear();
            state.dialog = Some(Dialog::refused(refusal));
            Vec::new()
        }
        Ok(plan) => {
            flight.title.clone_from(&plan.title);
            flight.shell.clone_from(&plan.shell);
            flight.steps = plan.steps.len();
            // An undo that finds nothing left is still done: then it is out of the way.
            if plan.steps.is_empty() && plan.confirm == Confirm::None {
                let said = plan.warnings.first().cloned().unwrap_or_else(|| "nothing to do".to_owned());
                let title = plan.title.clone();
                state.flight = None;
                state.say(format!("{title}: {said}"));
                return Vec::new();
            }
            let asks = again
                || match (flight.ask, plan.confirm) {
                    (Ask::Always, _) | (_, Confirm::Foreign | Confirm::Type(_)) => true,
                    (Ask::AsPlanned, confirm) => confirm != Confirm::None,
                    (Ask::Agreed, _) => false,
                };
            if !asks {
                flight.untold.clone_from(&plan.warnings);
                return execute(state, plan);
            }
            flight.phase = Phase::Asking;
            state.typed_ahead.clear();
            state.dialog = Some(Dialog::confirm(plan, again, state));
            Vec::new()
        }
    }
}

/// Has the plan that was asked for done.
pub fn execute(state: &mut State, plan: Plan) -> Vec<Command> {
    do_it(state, |token| Command::Execute(token, Box::new(plan)))
}

/// Has it done for a while.
pub fn try_out(state: &mut State, plan: Plan) -> Vec<Command> {
    let time = state.setup.trial;
    do_it(state, |token| Command::Try(token, Box::new(plan), time))
}

fn do_it(state: &mut State, how: impl FnOnce(Token) -> Command) -> Vec<Command> {
    let Some(flight) = state.flight.as_mut() else { return Vec::new() };
    flight.phase = Phase::Doing(0);
    flight.since = state.now;
    state.dialog = None;
    state.dirty = true;
    vec![how(flight.token)]
}

/// Gives up a change that was not begun.
pub fn abandon(state: &mut State) {
    state.flight = None;
    state.dialog = None;
    state.dirty = true;
}

/// It could not be planned.
pub fn not_planned(state: &mut State, token: Token, why: String) {
    if state.flight.as_ref().is_some_and(|flight| flight.token == token) {
        abandon(state);
        state.typed_ahead.clear();
        state.dialog = Some(Dialog::refused(Refusal {
            title: "it could not be looked at".to_owned(),
            rule: why,
            instead: Vec::new(),
        }));
    }
}

/// A step begins.
pub fn step(state: &mut State, token: Token, step: usize, now: Mono) {
    if let Some(flight) = state.flight.as_mut().filter(|flight| flight.token == token) {
        flight.phase = Phase::Doing(step);
        flight.since = now;
        state.dirty = true;
    }
}

/// What became of it.
pub fn done(state: &mut State, token: Token, report: Report) -> Vec<Command> {
    let Some(flight) = state.flight.take_if(|flight| flight.token == token) else { return Vec::new() };
    state.dirty = true;
    let Report { entry, problem, instead } = report;
    let title = entry.as_ref().map_or(flight.title, |entry| match short(entry) {
        Some(short) => format!("{}: {}", entry.title, short.count),
        None => entry.title.clone(),
    });
    state.last_change = Some(LastChange {
        title,
        shell: entry.as_ref().map_or(flight.shell, |entry| entry.shell.clone()),
        number: entry.as_ref().map(|entry| entry.number),
        problem: problem.clone(),
    });
    if let Some(entry) = &entry {
        take_in(state, entry, &flight.untold);
    }
    let launched = |entry: journal::Entry| entry.steps.iter().any(|record| matches!(record.step, Step::Launch { .. }));
    if let Some(problem) = problem {
        state.typed_ahead.clear();
        state.dialog = Some(Dialog::refused(Refusal { title: "it failed".to_owned(), rule: problem, instead }));
        return Vec::new();
    }
    // The tagged groups have their workloads. Making the next leaf, say, leaves the tags alone.
    if entry.is_some_and(launched) {
        state.tree.tags.clear();
    }
    let old = state.removed.len().saturating_sub(1000);
    state.removed.drain(..old);
    if flight.rest.is_empty() { Vec::new() } else { begin_all(state, flight.rest, flight.ask) }
}

/// What the moves of an entry fell short of.
fn short(entry: &journal::Entry) -> Option<moved::Short> {
    moved::short(entry.steps.iter().filter_map(|record| match &record.state {
        journal::State::Done(outcome) => Some((&record.step, outcome)),
        _ => None,
    }))
}

/// What was read back of signals and scheduling, where that is not just what was asked of cgrove's own workloads.
fn aftermath(state: &State, entry: &journal::Entry) -> Option<String> {
    let done = entry.steps.iter().filter_map(|record| match (&record.step, &record.state) {
        (Step::Signal { process, signal }, journal::State::Done(outcome @ Outcome::Became(became))) => {
            let own = state.workloads.iter().any(|workload| workload.process == *process);
            (!own || aftermath::fell_short(*signal, *became)).then_some((&record.step, outcome))
        }
        (_, journal::State::Done(outcome)) => Some((&record.step, outcome)),
        _ => None,
    });
    let told = aftermath::told(done);
    (!told.is_empty()).then(|| told.join("; "))
}

/// What an entry says of the groups: what to select, which weights stand now, what the kernel stored otherwise; and what its
/// plan warned of, if nobody was told.
fn take_in(state: &mut State, entry: &journal::Entry, untold: &[String]) {
    let (mut made, mut mounted): (Option<GroupKey>, Option<GroupKey>) = (None, None);
    let mut said: Option<String> = None;
    for record in &entry.steps {
        let journal::State::Done(outcome) = &record.state else { continue };
        match (&record.step, outcome) {
            (Step::MakeGroup { .. }, Outcome::Made(key)) => made = Some(*key),
            (Step::RemoveGroup { key: Some(key), .. }, Outcome::Removed) => {
                state.removed.push(*key);
                state.removed_at = state.now;
            }
            (Step::Mount { .. }, Outcome::Mounted { top, .. }) => mounted = Some(*top),
            (Step::Unmount { .. }, Outcome::Unmounted(life)) => said = Some(words::life(*life).to_owned()),
            (Step::Write { key, file, data, .. }, Outcome::Stored(Some(stored))) => {
                let stored = String::from_utf8_lossy(stored).trim().to_owned();
                let asked = String::from_utf8_lossy(data).trim().to_owned();
                if matches!(&**file, "cpu.shares" | "cpu.weight")
                    && let (Some(key), Ok(weight)) = (key, stored.parse())
                {
                    state.stored.insert(*key, (weight, state.now));
                }
                if stored_otherwise(file, &asked, &stored) {
                    said = Some(format!("{file}: asked {asked}, the kernel stored {stored}"));
                }
            }
            (Step::Move { .. }, Outcome::Moved(moved)) => {
                for one in moved {
                    state.task_tags.remove(&one.task);
                }
            }
            (Step::Signal { process, .. }, Outcome::Became(Became::Ended | Became::Zombie { .. })) => {
                state.task_tags.remove(process);
            }
            (_, Outcome::Nothing(why)) => said = Some(why.clone()),
            _ => {}
        }
    }
    said = short(entry).map(|short| short.text()).or(said).or_else(|| aftermath(state, entry));
    // What an undo or redo made again is not what the eye is on; a hierarchy that came back is, or it would be out of sight.
    if let Some(key) = mounted.or(made.filter(|_| entry.undoes.is_empty())) {
        state.select_when_seen = Some((key, state.now));
    }
    let untold = (!untold.is_empty()).then(|| untold.join(" "));
    if let Some(said) = said.or(untold) {
        state.say(said);
    }
}

/// Whether the kernel made something else of a value: another number, not the same one written otherwise.
fn stored_otherwise(file: &str, asked: &str, stored: &str) -> bool {
    match catalog::entry(file) {
        Some(entry) => !entry.acts && !entry.resets && stored.lines().count() < 2 && !entry.is_same(asked, stored),
        None => asked != stored && stored.lines().count() < 2,
    }
}

/// A shell line for the screen: the directory of the stage, or else the mount point, is shortened to `…`. With `y` lines
/// are copied whole.
#[must_use]
pub fn shorten(state: &State, line: &str) -> String {
    let Some(snapshot) = state.snapshot() else { return line.to_owned() };
    let dots = if state.setup.ascii { "..." } else { "…" };
    let mut line = line.to_owned();
    for hierarchy in &snapshot.structure.hierarchies {
        let Some(mount) = hierarchy.best_mount() else { continue };
        let Ok(point) = std::str::from_utf8(&mount.point) else { continue };
        let built_at = state.setup.stage.as_ref().filter(|place| place.hierarchy == hierarchy.id && !place.is_top());
        if let Some(place) = built_at {
            line = line.replace(&format!("{point}{place}/"), &format!("{dots}/"));
        }
        if point.len() > 1 {
            line = line.replace(&format!("{point}/"), &format!("{dots}/"));
        }
    }
    line
}
