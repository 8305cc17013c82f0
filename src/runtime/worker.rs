//! The effect thread: surveys, plans, executes, and runs experiments, one request after the other.
//!
//! It alone holds [`Hands`]. It answers with messages for the app; a step that takes long keeps only this thread waiting.
use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use super::clipboard;
use super::hands::{Executed, Hands, Tried};
use super::left;
use super::session::Session;
use crate::app::command::Leave;
use crate::app::experiment::{Control, Source};
use crate::app::message::{Message, Report, Token};
use crate::app::others;
use crate::app::others::compare::Change;
use crate::app::trial::Trial;
use crate::effect::journal;
use crate::model::snapshot::Snapshot;
use crate::plan::intent::Intent;
use crate::plan::journal::{Entry, all_undo};
use crate::plan::receipt;
use crate::plan::step::Plan;

/// How often the supervisor is asked whether a workload ended.
const POLL: Duration = Duration::from_millis(300);

/// What another cgrove did so long ago, in milliseconds, is not what was seen just now.
const RECENT_MS: u64 = 10_000;

/// So many plans that were shown can still be asked to be done: a drag previews one for each group that it passes.
const ASKED: usize = 64;

/// What the effect thread is asked to do.
pub enum Request {
    /// Plan an intent.
    Plan(Token, Intent),
    /// Carry out a plan that was confirmed.
    Execute(Token, Box<Plan>),
    /// Carry it out for so long.
    Try(Token, Box<Plan>, Duration),
    /// End what is on trial: keep it, or take it back.
    EndTrial {
        /// Keep it.
        keep: bool,
    },
    /// Read and check an experiment.
    Load(Source),
    /// Drive the experiment that is loaded.
    Experiment(Control),
    /// Keep what was copied in a file, too.
    Copied(String),
    /// Which other cgrove did this, if one did.
    Who(Vec<(u64, Change)>),
    /// Take back what visits left that did not come to their end.
    CleanUp,
    /// Write text into a file of this name.
    Keep {
        /// The file's name.
        name: String,
        /// The text.
        text: String,
    },
    /// A sampling, for the experiment that runs.
    Sampled(Arc<Snapshot>),
    /// End the visit.
    Leave(Leave),
}

/// What the effect thread tells.
pub enum Reply {
    /// For the app.
    App(Message),
    /// It begins to change something, or has ended and told all.
    Busy(bool),
    /// Something was changed: sample at once. What it was, if a person asked for it.
    Changed(Option<String>),
    /// The visit ended: what to say on stderr after the terminal was given back.
    Left(Vec<String>),
}

/// The effect thread.
pub struct Worker {
    requests: Sender<Request>,
    thread: JoinHandle<()>,
}

impl Worker {
    /// Starts the thread. `tell` takes what it has to say.
    ///
    /// # Errors
    /// If the thread cannot start.
    pub fn start(hands: Hands, session: Session, tell: impl Fn(Reply) + Send + 'static) -> std::io::Result<Self> {
        let (requests, inbox) = channel();
        let state = State { hands, session, intents: BTreeMap::new(), tell: Box::new(tell) };
        let thread = thread::Builder::new().name("effect".to_owned()).spawn(move || state.serve(&inbox))?;
        Ok(Self { requests, thread })
    }

    /// Asks for something.
    pub fn ask(&self, request: Request) {
        // A worker that ended said so by `Left`.
        drop(self.requests.send(request));
    }

    /// Whether the thread has ended.
    #[must_use]
    pub fn is_finished(&self) -> bool {
        self.thread.is_finished()
    }

    /// Waits for its end, which [`Request::Leave`] brings about.
    pub fn join(self) {
        drop(self.requests);
        // A panic there was reported by the hook.
        drop(self.thread.join());
    }
}

struct State {
    hands: Hands,
    session: Session,
    /// What each plan that was shown is to do: its intent, to plan it again right before doing.
    intents: BTreeMap<Token, Intent>,
    tell: Box<dyn Fn(Reply) + Send>,
}

impl State {
    fn serve(mut self, inbox: &Receiver<Request>) {
        self.tell_workloads();
        if let Some(offer) = left::offer(&mut self.hands) {
            self.app(offer);
        }
        loop {
            match inbox.recv_timeout(POLL) {
                Ok(Request::Leave(leave)) => return self.leave(leave),
                Ok(request) => self.answer(request),
                Err(RecvTimeoutError::Timeout) => self.poll(),
                // The main thread is gone without asking to leave: it panicked. The stage is restored all the same.
                Err(RecvTimeoutError::Disconnected) => return self.leave(Leave::Stage),
            }
            let over = self.hands.poll_trial();
            self.trial_ended(over);
        }
    }

    /// Does what may change the host: the app is told before and after, so that it takes nothing of it for somebody else's.
    fn busy(&mut self, work: impl FnOnce(&mut Self)) {
        (self.tell)(Reply::Busy(true));
        work(self);
        (self.tell)(Reply::Busy(false));
    }

    fn app(&self, message: Message) {
        (self.tell)(Reply::App(message));
    }

    fn answer(&mut self, request: Request) {
        match request {
            Request::Plan(token, intent) => {
                match self.hands.plan(&intent) {
                    Ok(answer) => self.app(Message::Planned { token, answer }),
                    Err(error) => self.app(Message::NotPlanned { token, why: format!("{error:#}") }),
                }
                self.intents.insert(token, intent);
                while self.intents.len() > ASKED {
                    self.intents.pop_first();
                }
            }
            Request::Execute(token, plan) => self.busy(|worker| worker.execute(token, &plan, None)),
            Request::Try(token, plan, time) => self.busy(|worker| worker.execute(token, &plan, Some(time))),
            Request::EndTrial { keep } => self.busy(|worker| {
                let ended = worker.hands.end_trial(keep);
                worker.trial_ended(ended);
            }),
            Request::Load(source) => {
                let loaded = self.session.load(&source, &self.hands);
                self.app(Message::Experiment(loaded));
            }
            Request::Experiment(control) => {
                self.busy(|worker| {
                    let told = worker.session.control(control, &mut worker.hands);
                    worker.told(told);
                });
            }
            Request::Who(changes) => self.who(&changes),
            Request::CleanUp => self.busy(|worker| {
                let told = left::take_back(&mut worker.hands);
                worker.app(told);
                (worker.tell)(Reply::Changed(Some("cleanup".to_owned())));
            }),
            Request::Keep { name, text } => self.app(Message::Copied(match clipboard::keep(&name, &text) {
                Ok(path) => Ok(format!("the visit is written as a script: {}", path.display())),
                Err(why) => Err(format!("the script cannot be written: {why}")),
            })),
            Request::Copied(text) => self.app(Message::Copied(match clipboard::keep(clipboard::COPIED, &text) {
                Ok(path) => Ok(format!("copied; also in {}", path.display())),
                Err(why) => Ok(format!("copied, if the terminal allows it (not in a file: {why})")),
            })),
            Request::Sampled(snapshot) if self.session.is_running() => self.busy(|worker| {
                let told = worker.session.sampled(snapshot, &mut worker.hands);
                worker.told(told);
            }),
            Request::Sampled(_) | Request::Leave(_) => {}
        }
    }

    /// Looks into the journals of the other cgroves that run.
    fn who(&self, changes: &[(u64, Change)]) {
        let Ok(boot_id) = journal::boot_id() else { return };
        let now = journal::now_ms();
        for other in journal::running(&journal::locations(), &boot_id) {
            let Some(pid) = other.pid.filter(|&pid| pid != self.hands.host().pid) else { continue };
            let entries: Vec<Entry> =
                other.entries.into_iter().filter(|entry| now.saturating_sub(entry.time_ms) < RECENT_MS).collect();
            let numbers = others::did(&entries, changes);
            if !numbers.is_empty() {
                self.app(Message::Known { pid, numbers });
            }
        }
    }

    /// Tells what an experiment did.
    fn told(&self, told: super::session::Told) {
        for message in told.messages {
            self.app(message);
        }
        if told.changed.is_some() {
            self.tell_all();
            (self.tell)(Reply::Changed(told.changed));
        }
    }

    fn execute(&mut self, token: Token, plan: &Plan, time: Option<Duration>) {
        let Some(intent) = self.intents.get(&token).cloned() else {
            let problem = Some("this plan was not planned in this visit; nothing was changed".to_owned());
            return self.app(Message::Done { token, report: Report { entry: None, problem, instead: Vec::new() } });
        };
        let executed = match time {
            None => self.hands.execute(&intent, plan),
            Some(time) => self.hands.try_out(&intent, plan, time),
        };
        match executed {
            Ok(Executed::Report(report)) => {
                let entry =
                    report.number.and_then(|number| self.hands.entries().iter().find(|e| e.number == number).cloned());
                let problem = (!report.succeeded()).then(|| report.to_string());
                self.intents.remove(&token);
                // First what stands now: whoever is told that it is done may ask at once what is left.
                self.tell_all();
                let instead = report.instead;
                self.app(Message::Done { token, report: Report { entry, problem, instead } });
                (self.tell)(Reply::Changed(Some(cause(&plan.title))));
            }
            Ok(Executed::Changed(plan)) => self.app(Message::Planned { token, answer: Ok(plan) }),
            Ok(Executed::Refused(refusal)) => self.app(Message::Planned { token, answer: Err(refusal) }),
            Err(error) => {
                // Something may stand all the same, if a helper ended in between.
                self.tell_all();
                let report = Report { entry: None, problem: Some(format!("{error:#}")), instead: Vec::new() };
                self.app(Message::Done { token, report });
                (self.tell)(Reply::Changed(None));
            }
        }
    }

    /// A trial ended: what is said of it, and what stands now.
    fn trial_ended(&self, said: Option<String>) {
        let Some(said) = said else { return };
        self.tell_all();
        self.app(Message::Notice(said));
        (self.tell)(Reply::Changed(Some("the trial".to_owned())));
    }

    fn tell_all(&self) {
        let on_trial = self.hands.on_trial().cloned();
        self.app(Message::Trial(on_trial.map(|Tried { entry, title, until }| Trial { entry, title, until })));
        self.app(Message::Journal(self.hands.entries().into()));
        self.app(Message::Made(self.hands.made().into()));
        self.tell_workloads();
    }

    fn tell_workloads(&self) {
        self.app(Message::Workloads(self.hands.workloads().into()));
    }

    fn poll(&mut self) {
        match self.hands.poll() {
            Ok(false) => {}
            Ok(true) => self.tell_workloads(),
            Err(failure) => self.app(Message::Notice(failure.to_string())),
        }
    }

    fn leave(mut self, leave: Leave) {
        let mut said = Vec::new();
        self.session.stop(&mut self.hands);
        // Nobody kept it.
        said.extend(self.hands.end_trial(false));
        match leave {
            Leave::Restore => said.extend(restore(&mut self.hands, all_undo)),
            Leave::Stage => {
                let stage = self.hands.limits().stage.clone();
                said.extend(restore(&mut self.hands, |entries| receipt::of_stage(entries, stage.as_ref())));
                let stays = receipt::stays(self.hands.entries());
                if !stays.is_empty() {
                    said.push(format!("stays on groups that cgrove did not make: {}", stays.join("; ")));
                }
            }
            Leave::Keep => {
                if let Err(failure) = self.hands.keep() {
                    said.push(failure.to_string());
                }
            }
        }
        match self.hands.finish() {
            Ok(true) if leave == Leave::Keep => {
                said.push("kept what was made and set; `cgrove cleanup` takes it back".to_owned());
            }
            Ok(true) if leave == Leave::Stage => said.push("`cgrove cleanup` takes back what stands".to_owned()),
            Ok(true) => said.push("something still stands: `cgrove cleanup` tries again and says what".to_owned()),
            Ok(false) => {}
            Err(failure) => said.push(failure.to_string()),
        }
        (self.tell)(Reply::Left(said));
    }
}

/// What was done, for the line that says since when is measured: without how many processes it was.
fn cause(title: &str) -> String {
    match title.rsplit_once(": ") {
        Some((what, count)) if count.ends_with(" process") || count.ends_with(" processes") => what.to_owned(),
        _ => title.to_owned(),
    }
}

/// Takes back what `which` chooses of the visit; what could not be is said. As a whole; where one step stands against that,
/// change by change, so that it keeps nothing else standing.
fn restore(hands: &mut Hands, which: impl FnOnce(&[Entry]) -> Vec<u64>) -> Vec<String> {
    let entries = which(hands.entries());
    if entries.is_empty() {
        return Vec::new();
    }
    let mut undo = |entries: Vec<u64>| match hands.act(&Intent::Undo { entries }) {
        Ok(Executed::Report(report)) if report.succeeded() => None,
        Ok(Executed::Report(report)) => Some(report.to_string()),
        Ok(Executed::Refused(refusal)) => Some(format!("{}: {}", refusal.title, refusal.rule)),
        Ok(Executed::Changed(plan)) => Some(format!("not done: {}", plan.title)),
        Err(error) => Some(format!("{error:#}")),
    };
    match undo(entries.clone()) {
        None => Vec::new(),
        Some(said) if entries.len() == 1 => vec![said],
        Some(_) => entries.into_iter().filter_map(|number| undo(vec![number])).collect(),
    }
}
