//! The supervisor's own process: one thread that waits for requests, launches and exits.
use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, ErrorKind, Read as _, Write as _};
use std::os::unix::net::UnixStream;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use nix::sys::prctl::set_child_subreaper;
use nix::sys::signal::{SigSet, Signal};
use nix::sys::signalfd::{SfdFlags, SignalFd};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::process::{WaitOptions, wait};

use super::descendants::{self, Hunt};
use super::pending::{Heard, LAUNCH, Pending, start};
use super::wire::{Ask, Ended, Key, Report, Request};
use crate::effect::launch::urgent::urgent;
use crate::effect::launch::{self, Entry, Failed};
use crate::effect::process;
use crate::model::id::{Pid, TaskKey};

/// The hidden subcommand that runs [`main`].
pub const SUBCOMMAND: &str = "__supervisor";
/// How long a single workload may take to die before that is reported.
const DYING: Duration = Duration::from_secs(1);

/// The hidden subcommand [`SUBCOMMAND`]: serves until its socket ends, then kills all that is not detached, and returns.
#[must_use]
pub fn main() -> ExitCode {
    let _ = rustix::thread::set_name(c"cgrove-superv");
    let Ok(mut socket) = launch::take_stdin() else { return ExitCode::from(125) };
    launch::close_on_exec();
    urgent(0);
    match Server::new(&socket) {
        Ok(mut server) => {
            server.report(&Report::Ready);
            server.serve();
            server.kill_all();
            ExitCode::SUCCESS
        }
        Err(error) => {
            let _ = write_line(&mut socket, &Report::Unable { text: error.to_string() });
            ExitCode::from(125)
        }
    }
}

struct Server {
    own: Pid,
    socket: UnixStream,
    signals: SignalFd,
    /// Bytes of requests that are no whole line yet.
    partial: Vec<u8>,
    /// Workloads that execute.
    running: BTreeMap<Pid, TaskKey>,
    /// Launches that have not executed yet.
    pending: Vec<Pending>,
    /// Directories of our own groups, in the hierarchies that launches entered.
    homes: BTreeSet<PathBuf>,
    /// Workloads (and their process groups) that are not killed at the end.
    detached: BTreeSet<Pid>,
    /// cgrove is gone, or has hung up.
    over: bool,
}

impl Server {
    fn new(socket: &UnixStream) -> io::Result<Self> {
        set_child_subreaper(true)?;
        // What a terminal or an administrator sends must not end the one process that ends the others. Blocked rather than
        // ignored: they are read from a descriptor and dropped, and a launch unblocks them again.
        let mut mask = SigSet::empty();
        for signal in
            [Signal::SIGCHLD, Signal::SIGINT, Signal::SIGTERM, Signal::SIGHUP, Signal::SIGQUIT, Signal::SIGTSTP]
        {
            mask.add(signal);
        }
        mask.thread_block()?;
        let signals = SignalFd::with_flags(&mask, SfdFlags::SFD_CLOEXEC | SfdFlags::SFD_NONBLOCK)?;
        socket.set_nonblocking(false)?;
        Ok(Self {
            own: Pid::try_from(std::process::id()).unwrap_or(0),
            socket: socket.try_clone()?,
            signals,
            partial: Vec::new(),
            running: BTreeMap::new(),
            pending: Vec::new(),
            homes: BTreeSet::new(),
            detached: BTreeSet::new(),
            over: false,
        })
    }

    fn serve(&mut self) {
        while !self.over {
            let ready = self.wait();
            if ready.signals {
                while matches!(self.signals.read_signal(), Ok(Some(_))) {}
                self.reap();
            }
            self.advance_launches();
            if ready.socket {
                self.read_requests();
            }
        }
    }

    fn wait(&self) -> Ready {
        let mut fds = vec![PollFd::new(&self.socket, PollFlags::IN), PollFd::new(&self.signals, PollFlags::IN)];
        fds.extend(self.pending.iter().map(|pending| PollFd::new(&pending.socket, PollFlags::IN)));
        let limit = self.pending.iter().map(|pending| pending.limit).min();
        let timeout = limit.map(|limit| {
            let left = limit.saturating_duration_since(Instant::now());
            Timespec { tv_sec: i64::try_from(left.as_secs()).unwrap_or(0), tv_nsec: i64::from(left.subsec_nanos()) + 1 }
        });
        match poll(&mut fds, timeout.as_ref()) {
            Ok(_) => Ready { socket: !fds[0].revents().is_empty(), signals: !fds[1].revents().is_empty() },
            Err(_) => Ready { socket: false, signals: false },
        }
    }

    fn read_requests(&mut self) {
        let mut bytes = [0; 4096];
        match self.socket.read(&mut bytes) {
            Ok(0) => self.over = true,
            Ok(count) => self.partial.extend_from_slice(&bytes[..count]),
            Err(e) if e.kind() == ErrorKind::Interrupted => {}
            Err(_) => self.over = true,
        }
        while let Some(end) = self.partial.iter().position(|&byte| byte == b'\n') {
            let line: Vec<u8> = self.partial.drain(..=end).collect();
            match serde_json::from_slice(&line) {
                Ok(Request { number, ask }) => self.answer(number, ask),
                // Only another program could say such a thing: it is not served.
                Err(_) => self.over = true,
            }
        }
    }

    fn answer(&mut self, number: u64, ask: Ask) {
        let report = match ask {
            Ask::Launch { order } => match start(number, order) {
                Ok(pending) => {
                    self.homes.extend(pending.order.groups.iter().filter_map(Entry::home));
                    return self.pending.push(pending);
                }
                Err(failed) => Report::Failed { number, failed },
            },
            Ask::End { process } if self.runs(process) => match self.end(process.tid) {
                0 => Report::Done { number },
                count => Report::Left { number, count },
            },
            Ask::Detach { process } if self.runs(process) => {
                self.detached.insert(process.tid);
                Report::Done { number }
            }
            Ask::End { process } | Ask::Detach { process } => Report::Unknown { number, process },
        };
        self.report(&report);
    }

    fn runs(&self, process: Key) -> bool {
        self.running.get(&process.tid).is_some_and(|&known| known == process.into())
    }

    /// Kills a workload with all below it and with the orphans of its process group; how many did not die in time.
    fn end(&mut self, root: Pid) -> usize {
        self.detached.remove(&root);
        let limit = Instant::now() + DYING;
        let mut hunt = Hunt::default();
        loop {
            let below = descendants::below(root, &BTreeSet::new());
            let members: BTreeSet<Pid> = below.iter().map(|stat| stat.key.tid).chain([root]).collect();
            let mut alive = descendants::below(self.own, &BTreeSet::new());
            alive.retain(|stat| {
                let pid = stat.key.tid;
                !stat.has_ended() && (members.contains(&pid) || process::group_of(pid) == Some(root))
            });
            hunt.kill(&alive, &self.homes);
            self.reap();
            if alive.is_empty() || Instant::now() >= limit {
                return alive.len();
            }
            std::thread::sleep(Duration::from_millis(1));
        }
    }

    /// Ends a launch that failed: nothing of it should be left when that is reported.
    fn put_down(&self, pid: Pid) {
        let limit = Instant::now() + DYING;
        let mut hunt = Hunt::default();
        while let Ok(stat) = process::stat(pid)
            && !stat.has_ended()
            && Instant::now() < limit
        {
            hunt.kill(&[stat], &self.homes);
            std::thread::sleep(Duration::from_millis(1));
        }
    }

    /// Reads what the launches say, and reports those that are through, failed or late.
    fn advance_launches(&mut self) {
        let mut reports = Vec::new();
        let mut still = Vec::new();
        for mut pending in std::mem::take(&mut self.pending) {
            match pending.hear() {
                Heard::Nothing if Instant::now() < pending.limit => still.push(pending),
                Heard::Nothing => {
                    self.put_down(pending.process.tid);
                    let seconds = LAUNCH.as_secs();
                    let failed = Failed::to_start(None, format!("it did not execute within {seconds} seconds"));
                    reports.push(Report::Failed { number: pending.number, failed });
                }
                Heard::Running => {
                    self.running.insert(pending.process.tid, pending.process);
                    reports.push(Report::Launched { number: pending.number, process: pending.process.into() });
                }
                Heard::Failed(failed) => {
                    self.put_down(pending.process.tid);
                    reports.push(Report::Failed { number: pending.number, failed });
                }
            }
        }
        self.pending = still;
        for report in reports {
            self.report(&report);
        }
    }

    /// Reaps everything that has ended; false if there is no child at all.
    fn reap(&mut self) -> bool {
        loop {
            match wait(WaitOptions::NOHANG) {
                Ok(Some((pid, status))) => {
                    // Its launch may have executed and ended at once: first things first.
                    self.advance_launches();
                    let pid = pid.as_raw_nonzero().get();
                    // The number may be used again from now on; its group lives as long as a member does.
                    let Some(process) = self.running.remove(&pid) else { continue };
                    let state = match (status.exit_status(), status.terminating_signal()) {
                        (Some(code), _) => Ended::Status(code),
                        (None, Some(signal)) => Ended::Signal(signal),
                        (None, None) => continue,
                    };
                    self.report(&Report::Exited { process: process.into(), state });
                }
                Ok(None) => return true,
                Err(rustix::io::Errno::INTR) => {}
                Err(_) => return false,
            }
        }
    }

    /// Until nothing is left but what is detached. A task that cannot die yet (frozen, or waiting for a device) is waited for.
    fn kill_all(&mut self) {
        let mut pause = Duration::from_millis(1);
        let mut empty = 0;
        let mut hunt = Hunt::default();
        while self.reap() {
            let alive = descendants::below(self.own, &self.detached);
            hunt.kill(&alive, &self.homes);
            // The kernel's list of children may miss one while others end: nothing is believed only when seen twice.
            empty = if alive.is_empty() { empty + 1 } else { 0 };
            if empty == 2 {
                return;
            }
            std::thread::sleep(pause);
            pause = (pause * 5 / 4).min(Duration::from_millis(100));
        }
    }

    fn report(&mut self, report: &Report) {
        if !self.over && write_line(&mut self.socket, report).is_err() {
            self.over = true;
        }
    }
}

struct Ready {
    socket: bool,
    signals: bool,
}

fn write_line(socket: &mut UnixStream, report: &Report) -> io::Result<()> {
    let mut line = serde_json::to_vec(report)?;
    line.push(b'\n');
    socket.write_all(&line)
}
