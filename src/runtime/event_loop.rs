//! The main thread of the terminal UI: messages in, commands out, a frame when something changed.
use std::panic::{self, AssertUnwindSafe};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::time::Duration;

use anyhow::{Context, Result};
use crossterm::clipboard::CopyToClipboard;
use crossterm::event::{Event, KeyCode, KeyEvent, KeyEventKind, KeyModifiers, MouseEventKind};

use super::input::{self, Pause};
use super::sampling::Sampling;
use super::session::Session;
use super::signals::{self, Asked};
use super::suspend;
use super::terminal::{self, Screen};
use super::wall;
use super::worker::{Reply, Request, Worker};
use crate::app::command::{Command, Leave};
use crate::app::message::Message;
use crate::app::setup::Setup;
use crate::app::state::State;
use crate::app::{start, update};
use crate::kernel::fs::Fs;
use crate::kernel::real::RealFs;
use crate::model::cpu_set::CpuSet;
use crate::model::interest::Interest;
use crate::model::snapshot::Snapshot;
use crate::model::time::Mono;
use crate::split::table::Table;
use crate::view;

use super::hands::Hands;
use super::quiet::Quiet;

/// How often time is told to the app.
const TICK: Duration = Duration::from_millis(250);

/// The same while something is moved: the tree scrolls under a pointer that rests, and a target is asked about.
const DRAG: Duration = Duration::from_millis(60);

fn is_release(incoming: &Incoming) -> bool {
    matches!(incoming, Incoming::Input(Some(Event::Mouse(event))) if matches!(event.kind, MouseEventKind::Up(_)))
}

/// Whether a key asks to leave.
fn is_leave(key: &KeyEvent) -> bool {
    key.kind == KeyEventKind::Press
        && match key.code {
            KeyCode::Char('q') | KeyCode::F(10) => true,
            KeyCode::Char('c') => key.modifiers.contains(KeyModifiers::CONTROL),
            _ => false,
        }
}

/// What reaches the main thread.
enum Incoming {
    Input(Option<Event>),
    Frame(Arc<Snapshot>, Table),
    Quiet(u32),
    Reply(Reply),
    Signal(Asked),
}

/// Runs the terminal UI until the user leaves. Returns what to say on stderr then.
///
/// # Errors
/// If the machine cannot be read, a thread cannot start, or the terminal cannot be written.
pub fn run(setup: Setup, mut hands: Hands, session: Session) -> Result<Vec<String>> {
    let (send, inbox) = channel();
    let teller = |send: &Sender<Incoming>| send.clone();
    let allowed = hands.host().allowed.clone();
    let sampling = {
        let send = teller(&send);
        let mut quiet = Quiet::new(allowed.clone());
        Sampling::start(setup.delay, Interest::default(), move |snapshot, table| {
            let quiet = quiet.choose(&RealFs).is_none_or(|cpu| send.send(Incoming::Quiet(cpu)).is_ok());
            quiet && send.send(Incoming::Frame(snapshot, table)).is_ok()
        })?
    };
    hands.hold_with(Box::new(sampling.holders()));
    let worker = {
        let send = teller(&send);
        // Whoever does not listen any more needs no answer.
        Worker::start(hands, session, move |reply| drop(send.send(Incoming::Reply(reply))))?
    };
    let listening = {
        let send = teller(&send);
        signals::listen(move |asked| send.send(Incoming::Signal(asked)).is_ok()).context("listening for signals")?
    };
    let screen = Screen::take(setup.mouse).context("taking the terminal")?;
    let pause = input::listen(move |event| send.send(Incoming::Input(event)).is_ok())?;
    let mut shell =
        Shell { clock: RealFs, state: State::new(setup), screen, sampling, worker, pause, size: None, leaving: None };
    // After a panic here the stage is restored all the same, and then the panic goes on.
    let said = panic::catch_unwind(AssertUnwindSafe(|| shell.run(&inbox, &allowed)));
    listening.close();
    let Shell { screen, worker, sampling, leaving, .. } = shell;
    drop(screen);
    if leaving.is_none() {
        worker.ask(Request::Leave(Leave::Stage));
    }
    // Whoever was told that it hangs does not wait for it.
    if !matches!(&said, Ok(Err(error)) if error.is::<Hangs>()) {
        worker.join();
    }
    drop(sampling);
    said.unwrap_or_else(|panic| panic::resume_unwind(panic))
}

/// A change hangs in the kernel, and somebody asked again to leave.
#[derive(Debug, thiserror::Error)]
#[error(
    "left while a change was under way for {0:.0} s; workloads are ended, and `cgrove cleanup` takes back what stands"
)]
struct Hangs(f64);

/// After so many seconds a second wish to leave is granted. Sooner it is only an echo: a terminal that closes sends SIGHUP,
/// its shell another.
const PATIENCE: f64 = 5.0;

struct Shell {
    clock: RealFs,
    state: State,
    screen: Screen,
    sampling: Sampling,
    worker: Worker,
    pause: Pause,
    /// Columns and rows of the terminal, as the app was told.
    size: Option<(u16, u16)>,
    /// Since when the effect thread is asked to end the visit.
    leaving: Option<Mono>,
}

impl Shell {
    fn run(&mut self, inbox: &Receiver<Incoming>, allowed: &CpuSet) -> Result<Vec<String>> {
        if let Some(first) = allowed.first() {
            self.tell(Message::Quiet(first))?;
        }
        self.measure_terminal()?;
        self.read_clock()?;
        let commands = start(&mut self.state);
        self.perform(commands)?;
        loop {
            self.draw()?;
            let tick = if self.state.moving.is_some() { DRAG } else { TICK };
            let first = match inbox.recv_timeout(tick) {
                Ok(incoming) => Some(incoming),
                Err(RecvTimeoutError::Timeout) => None,
                Err(RecvTimeoutError::Disconnected) => return Ok(Vec::new()),
            };
            // What it said last is in the channel then.
            let ended = self.worker.is_finished();
            // All that is there already is one frame.
            for incoming in first.into_iter().chain(inbox.try_iter()) {
                if is_release(&incoming) {
                    // A drop goes to the group that was seen lit.
                    self.draw()?;
                }
                if let Some(said) = self.take_in(incoming)? {
                    return Ok(said);
                }
            }
            if ended {
                // It says so when it ends; one that did not has panicked, and the hook has told.
                let text = "the thread that changes things has ended; `cgrove cleanup` takes back what it left";
                return Ok(vec![text.to_owned()]);
            }
            // SIGWINCH may have come before anybody listened for it.
            self.measure_terminal()?;
            self.read_clock()?;
            let now = self.now();
            self.tell(Message::Tick(now))?;
        }
    }

    /// Draws the screen if something on it changed.
    fn draw(&mut self) -> Result<()> {
        if self.state.take_dirty() {
            let state = &self.state;
            self.screen.draw(|frame| view::draw(frame, state)).context("writing to the terminal")?;
        }
        Ok(())
    }

    /// Tells the size of the terminal if it is another one.
    fn measure_terminal(&mut self) -> Result<()> {
        let size = crossterm::terminal::size().context("asking for the terminal's size")?;
        if self.size != Some(size) {
            self.size = Some(size);
            self.tell(Message::Resize { columns: size.0, rows: size.1 })?;
        }
        Ok(())
    }

    /// Tells what the wall clock shows, if it was set since it was told.
    fn read_clock(&mut self) -> Result<()> {
        let now = wall::wall(self.now());
        let told = self.state.wall;
        let same = told.offset_s == now.offset_s && told.ms_at(now.at).abs_diff(now.ms) < 500;
        if same { Ok(()) } else { self.tell(Message::Wall(now)) }
    }

    fn now(&self) -> Mono {
        self.clock.now()
    }

    /// Takes in one thing; `Some` when the visit is over.
    fn take_in(&mut self, incoming: Incoming) -> Result<Option<Vec<String>>> {
        let now = self.now();
        match incoming {
            // The visit is being ended, and that hangs: no dialog asks again.
            Incoming::Input(Some(Event::Key(key))) if self.leaving.is_some() && is_leave(&key) => {
                self.leave(Leave::Restore)?;
                let text =
                    "leaving: a change is still under way in the kernel; q again, after a while, leaves without it";
                self.tell(Message::Notice(text.to_owned()))?;
            }
            Incoming::Input(Some(Event::Key(key))) if key.kind != KeyEventKind::Release => {
                self.tell(Message::Key { key, now })?;
            }
            Incoming::Input(Some(Event::Mouse(event))) => self.tell(Message::Mouse { event, now })?,
            Incoming::Input(Some(Event::Paste(text))) => self.tell(Message::Paste(text))?,
            Incoming::Input(Some(Event::Resize(columns, rows))) => {
                self.size = Some((columns, rows));
                self.tell(Message::Resize { columns, rows })?;
            }
            Incoming::Input(Some(_)) => {}
            Incoming::Frame(snapshot, table) => {
                self.worker.ask(Request::Sampled(Arc::clone(&snapshot)));
                self.tell(Message::Frame { snapshot, table: Arc::new(table), now })?;
            }
            Incoming::Quiet(cpu) => self.tell(Message::Quiet(cpu))?,
            Incoming::Reply(Reply::App(message)) => self.tell(message)?,
            Incoming::Reply(Reply::Busy(on)) => self.tell(Message::Busy { on, now })?,
            Incoming::Reply(Reply::Changed(what)) => self.sampling.changed(what),
            Incoming::Reply(Reply::Left(said)) => return Ok(Some(said)),
            // The terminal is gone, or somebody wants us to end.
            Incoming::Input(None) | Incoming::Signal(Asked::End(_) | Asked::Interrupt) => {
                self.leave(Leave::Stage)?;
            }
            Incoming::Signal(Asked::Suspend) => self.suspend()?,
            Incoming::Signal(Asked::Continued) => self.screen.redraw_all()?,
        }
        Ok(None)
    }

    fn tell(&mut self, message: Message) -> Result<()> {
        let commands = update(&mut self.state, message);
        self.perform(commands)
    }

    fn perform(&mut self, commands: Vec<Command>) -> Result<()> {
        for command in commands {
            match command {
                Command::Interest(interest) => self.sampling.interest(interest),
                Command::Plan(token, intent) => self.worker.ask(Request::Plan(token, intent)),
                Command::Execute(token, plan) => self.worker.ask(Request::Execute(token, plan)),
                Command::Try(token, plan, time) => self.worker.ask(Request::Try(token, plan, time)),
                Command::EndTrial { keep } => self.worker.ask(Request::EndTrial { keep }),
                Command::Copy(text) => self.copy(text)?,
                Command::Keep { name, text } => self.worker.ask(Request::Keep { name, text }),
                Command::CleanUp => self.worker.ask(Request::CleanUp),
                Command::Who(changes) => self.worker.ask(Request::Who(changes)),
                Command::LoadExperiment(source) => self.worker.ask(Request::Load(source)),
                Command::Experiment(control) => self.worker.ask(Request::Experiment(control)),
                Command::MeasureAnew => self.sampling.measure_anew("0: measure anew"),
                Command::Delay(delay) => self.sampling.set_delay(delay),
                // What is armed is asked of the plan's confirmation, which the app itself decides by.
                Command::Arm(_) => {}
                Command::MouseCapture(on) => self.screen.set_mouse(on)?,
                Command::Suspend => self.suspend()?,
                Command::Redraw => self.screen.redraw_all()?,
                Command::Quit(leave) => self.leave(leave)?,
            }
        }
        Ok(())
    }

    /// Asks the effect thread to end the visit; asked again after a while, leaves without it.
    fn leave(&mut self, leave: Leave) -> Result<()> {
        let now = self.now();
        match self.leaving {
            None => {
                self.leaving = Some(now);
                self.worker.ask(Request::Leave(leave));
                Ok(())
            }
            Some(since) if now.seconds_since(since) < PATIENCE => Ok(()),
            Some(since) => Err(Hangs(now.seconds_since(since)).into()),
        }
    }

    fn suspend(&mut self) -> Result<()> {
        self.pause.set(true);
        terminal::give_back();
        let stopped = suspend::stop_ourselves();
        self.screen.take_again().context("taking the terminal again")?;
        self.pause.set(false);
        self.size = None;
        self.measure_terminal()?;
        if let Err(errno) = stopped {
            self.tell(Message::Notice(format!("cannot suspend: {errno}")))?;
        }
        Ok(())
    }

    fn copy(&mut self, text: String) -> Result<()> {
        self.screen.write(CopyToClipboard::to_clipboard_from(&text)).context("writing to the terminal")?;
        // The file may lie on a disk that is slow to answer.
        self.worker.ask(Request::Copied(text));
        Ok(())
    }
}
