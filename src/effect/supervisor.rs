//! The process that ends every workload when cgrove is gone.
//!
//! [`Supervisor::start`] re-executes the program with the hidden subcommand [`SUBCOMMAND`]: a child with its own process group
//! (the terminal's signals do not reach it) that is a child subreaper (whatever a workload forks and abandons becomes its
//! child), with `/dev/null` as its standard files, and one end of a socket as its only tie to cgrove. When the socket ends,
//! which the kernel sees to even if cgrove was killed with SIGKILL, it kills every descendant that was not detached until
//! none is left, and exits.
//!
//! This file is cgrove's side: it asks, and keeps the list of workloads. [`server`] is the other process, [`wire`] is what
//! they say to each other, [`descendants`] finds and kills. Used from one thread at a time.
use std::collections::VecDeque;
use std::io::{self, ErrorKind, Read as _, Write as _};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::net::UnixStream;
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use super::directories::Directories;
use super::failure::{Failure, errno};
use super::launch::{OWN_PROGRAM, Order};
use super::process::Held;
use crate::model::errno::Errno;
use crate::model::id::{Pid, TaskKey};
use crate::model::workload::{Launch, Workload, WorkloadState};
use crate::plan::step::Signal;

mod descendants;
mod pending;
mod server;
mod wire;

pub use server::{SUBCOMMAND, main};
use wire::{Ask, Report, Request};

/// How long one answer may take: a launch writes into the kernel, which may be busy.
const ANSWER: Duration = Duration::from_secs(10);
/// How long the end of all workloads may take before it is given up waiting (the supervisor goes on by itself).
const END: Duration = Duration::from_secs(2);

/// Where workloads are launched and ended; the supervisor, or a double in tests.
pub trait Launcher {
    /// Starts one process. It is in its groups, pinned, and executing when this returns.
    ///
    /// # Errors
    /// The step that failed, with its errno; nothing of the launch is left then.
    fn launch(&mut self, launch: &Launch, directories: &dyn Directories) -> Result<TaskKey, Failure>;

    /// Ends a workload and everything that it forked.
    ///
    /// # Errors
    /// If the supervisor is gone, or something of it does not die (a task frozen or in uninterruptible sleep).
    fn end(&mut self, process: TaskKey) -> Result<(), Failure>;

    /// All workloads of this visit, those that ended too, in the order of their launch.
    fn workloads(&self) -> &[Workload];
}

/// For what launches nothing, such as `cgrove cleanup`: it refuses to, and knows no workload.
#[derive(Clone, Copy, Debug, Default)]
pub struct Nobody;

impl Launcher for Nobody {
    fn launch(&mut self, _launch: &Launch, _directories: &dyn Directories) -> Result<TaskKey, Failure> {
        Err(Failure::said("launch", Path::new(""), "nothing is launched here"))
    }

    fn end(&mut self, process: TaskKey) -> Result<(), Failure> {
        send(process, Signal::Kill)
    }

    fn workloads(&self) -> &[Workload] {
        &[]
    }
}

/// A workload that ended, or changed its state.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Exit {
    /// Its process.
    pub process: TaskKey,
    /// How it ended.
    pub state: WorkloadState,
}

/// cgrove's handle on its supervisor. Dropping it ends all workloads that are not detached.
#[derive(Debug)]
pub struct Supervisor {
    child: Child,
    socket: UnixStream,
    /// Bytes that came and are no whole line yet.
    partial: Vec<u8>,
    next: u64,
    workloads: Vec<Workload>,
    exits: VecDeque<Exit>,
    /// Why it can be used no more.
    gone: Option<String>,
}

impl Supervisor {
    /// Starts the supervisor from our own program. To be called first thing in `main`, before any thread starts.
    ///
    /// # Errors
    /// If it cannot be started, or does not answer.
    pub fn start() -> Result<Self, Failure> {
        Self::start_program(Path::new(OWN_PROGRAM))
    }

    /// The same from another program that has the hidden subcommands; for tests.
    ///
    /// # Errors
    /// See [`Self::start`].
    pub fn start_program(program: &Path) -> Result<Self, Failure> {
        let failed = |e: io::Error| Failure::new("supervisor", program, errno(&e)).because(e.to_string());
        let (ours, theirs) = UnixStream::pair().map_err(failed)?;
        let child = Command::new(program)
            .arg0("cgrove")
            .arg(SUBCOMMAND)
            .stdin(Stdio::from(OwnedFd::from(theirs)))
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .process_group(0)
            .spawn()
            .map_err(failed)?;
        let mut supervisor = Self {
            child,
            socket: ours,
            partial: Vec::new(),
            next: 1,
            workloads: Vec::new(),
            exits: VecDeque::new(),
            gone: None,
        };
        match supervisor.receive(Instant::now() + ANSWER)? {
            Report::Ready => Ok(supervisor),
            Report::Unable { text } => Err(Failure::said("supervisor", program, text)),
            other => Err(Failure::said("supervisor", program, format!("unexpected first word: {other:?}"))),
        }
    }

    /// Its process id.
    #[must_use]
    pub fn pid(&self) -> Pid {
        Pid::try_from(self.child.id()).unwrap_or(0)
    }

    /// What has changed since the last call, without waiting. If the supervisor itself died, its workloads are ended from
    /// here, and the failure says so once.
    ///
    /// # Errors
    /// The supervisor is gone.
    pub fn poll(&mut self) -> Result<Vec<Exit>, Failure> {
        if self.gone.is_none() {
            self.socket.set_nonblocking(true).map_err(|e| Failure::new("supervisor", Path::new(""), errno(&e)))?;
            let read = self.take_all();
            // Only a closed descriptor could refuse this.
            let _ = self.socket.set_nonblocking(false);
            read?;
        }
        Ok(self.exits.drain(..).collect())
    }

    /// Lets a workload outlive cgrove, with everything that it forked and that stays in its process group.
    ///
    /// # Errors
    /// The supervisor is gone, or does not know this process.
    pub fn detach(&mut self, process: TaskKey) -> Result<(), Failure> {
        match self.ask(Ask::Detach { process: process.into() })? {
            Report::Done { .. } => Ok(()),
            other => Err(refused(other)),
        }
    }

    /// Sends a signal to a workload's process, its start time compared right before.
    ///
    /// # Errors
    /// ESRCH if it has ended.
    pub fn signal(&self, process: TaskKey, signal: Signal) -> Result<(), Failure> {
        send(process, signal)
    }

    /// Ends all workloads that are not detached, and the supervisor, and waits until both is done, at most two seconds.
    ///
    /// # Errors
    /// If it takes longer; the supervisor goes on killing by itself.
    pub fn end_all(mut self) -> Result<(), Failure> {
        self.hang_up()
    }

    fn hang_up(&mut self) -> Result<(), Failure> {
        let _ = self.socket.shutdown(std::net::Shutdown::Both);
        let limit = Instant::now() + END;
        loop {
            match self.child.try_wait() {
                Ok(Some(_)) | Err(_) => return Ok(()),
                Ok(None) if Instant::now() >= limit => {
                    let text = "workloads are still ending; the supervisor goes on killing them";
                    return Err(Failure::said("supervisor", Path::new(""), text));
                }
                Ok(None) => std::thread::sleep(Duration::from_millis(1)),
            }
        }
    }

    /// Asks, and waits for the answer; what else comes meanwhile is kept.
    fn ask(&mut self, ask: Ask) -> Result<Report, Failure> {
        if let Some(why) = &self.gone {
            return Err(Failure::said("supervisor", Path::new(""), why.clone()));
        }
        let number = self.next;
        self.next += 1;
        let mut line = serde_json::to_vec(&Request { number, ask })
            .map_err(|e| Failure::said("supervisor", Path::new(""), e.to_string()))?;
        line.push(b'\n');
        if let Err(error) = self.socket.write_all(&line) {
            return Err(self.lost(&format!("cannot be asked: {error}")));
        }
        let limit = Instant::now() + ANSWER;
        loop {
            let report = self.receive(limit)?;
            if report.answers() == Some(number) {
                return Ok(report);
            }
            self.note(&report);
        }
    }

    /// The next report, waiting for it until `limit`.
    fn receive(&mut self, limit: Instant) -> Result<Report, Failure> {
        loop {
            if let Some(report) = self.next_line()? {
                return Ok(report);
            }
            let left = limit.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Err(self.lost("does not answer"));
            }
            let _ = self.socket.set_read_timeout(Some(left));
            match self.read_more() {
                Ok(0) => return Err(self.lost("ended unexpectedly")),
                Ok(_) => {}
                Err(e) if matches!(e.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut | ErrorKind::Interrupted) => {}
                Err(e) => return Err(self.lost(&e.to_string())),
            }
        }
    }

    /// Everything that has come, without waiting; the socket is non-blocking.
    fn take_all(&mut self) -> Result<(), Failure> {
        loop {
            while let Some(report) = self.next_line()? {
                self.note(&report);
            }
            match self.read_more() {
                Ok(0) => return Err(self.lost("ended unexpectedly")),
                Ok(_) => {}
                Err(e) if e.kind() == ErrorKind::WouldBlock => return Ok(()),
                Err(e) if e.kind() == ErrorKind::Interrupted => {}
                Err(e) => return Err(self.lost(&e.to_string())),
            }
        }
    }

    fn read_more(&mut self) -> io::Result<usize> {
        let mut bytes = [0; 4096];
        let count = self.socket.read(&mut bytes)?;
        self.partial.extend_from_slice(&bytes[..count]);
        Ok(count)
    }

    fn next_line(&mut self) -> Result<Option<Report>, Failure> {
        let Some(end) = self.partial.iter().position(|&byte| byte == b'\n') else { return Ok(None) };
        let line: Vec<u8> = self.partial.drain(..=end).collect();
        match serde_json::from_slice(&line) {
            Ok(report) => Ok(Some(report)),
            Err(error) => Err(self.lost(&format!("cannot be understood: {error}"))),
        }
    }

    /// Books a report that answers nothing.
    fn note(&mut self, report: &Report) {
        let Report::Exited { process, state } = *report else { return };
        self.ended(process.into(), state.into());
    }

    fn ended(&mut self, process: TaskKey, state: WorkloadState) {
        let known = self.workloads.iter_mut().find(|known| known.process == process);
        if let Some(workload) = known.filter(|workload| workload.state == WorkloadState::Running) {
            workload.state = state;
            self.exits.push_back(Exit { process, state });
        }
    }

    /// The supervisor is gone: its workloads are ended from here, as far as they are known.
    fn lost(&mut self, why: &str) -> Failure {
        let running: Vec<TaskKey> = self
            .workloads
            .iter()
            .filter(|workload| workload.state == WorkloadState::Running)
            .map(|workload| workload.process)
            .collect();
        let mut killed = 0;
        for process in running {
            if self.signal(process, Signal::Kill).is_ok() {
                killed += 1;
            }
            self.ended(process, WorkloadState::Killed(9));
        }
        let text = format!("the supervisor {why}; {killed} workloads were killed, what they forked may live on");
        self.gone = Some(text.clone());
        Failure::said("supervisor", Path::new(""), text)
    }
}

impl Launcher for Supervisor {
    fn launch(&mut self, launch: &Launch, directories: &dyn Directories) -> Result<TaskKey, Failure> {
        let order = Order::new(launch, directories)?;
        match self.ask(Ask::Launch { order })? {
            Report::Launched { process, .. } => {
                let process = process.into();
                self.workloads.push(Workload { process, launch: launch.clone(), state: WorkloadState::Running });
                Ok(process)
            }
            other => Err(refused(other)),
        }
    }

    fn end(&mut self, process: TaskKey) -> Result<(), Failure> {
        match self.ask(Ask::End { process: process.into() })? {
            // Its Exited came before the answer, or it had been reaped long ago.
            Report::Done { .. } => Ok(()),
            other => Err(refused(other)),
        }
    }

    fn workloads(&self) -> &[Workload] {
        &self.workloads
    }
}

impl AsFd for Supervisor {
    /// Readable when [`Supervisor::poll`] has something to say.
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.socket.as_fd()
    }
}

impl Drop for Supervisor {
    fn drop(&mut self) {
        // Whatever is still ending after this is ended by the supervisor.
        let _ = self.hang_up();
    }
}

fn send(process: TaskKey, signal: Signal) -> Result<(), Failure> {
    Held::open(process)
        .and_then(|held| held.signal(signal))
        .map_err(|errno| Failure::new("signal", Path::new(&format!("/proc/{}", process.tid)), errno))
}

fn refused(report: Report) -> Failure {
    match report {
        Report::Failed { failed, .. } => failed.into_failure(),
        Report::Unknown { process, .. } => {
            Failure::new("supervisor", Path::new(&format!("/proc/{}", process.tid)), Errno::ESRCH)
                .because("no running workload of this cgrove")
        }
        Report::Left { count, .. } => Failure::said(
            "end",
            Path::new(""),
            format!("{count} processes do not die: frozen, or waiting for a device"),
        ),
        other => Failure::said("supervisor", Path::new(""), format!("unexpected answer: {other:?}")),
    }
}
