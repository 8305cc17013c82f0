//! The helper's own process: one thread that waits for a word, the time, or the end of cgrove.
use std::ffi::OsStr;
use std::io::{ErrorKind, Read as _, Write as _};
use std::os::fd::OwnedFd;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::{Duration, Instant};

use nix::sys::signal::SigSet;
use rustix::fs::{Mode, OFlags, fstat, open, openat};

use super::wire::{Fate, Order, Report, Request, Tried};
use crate::effect::executor::put;
use crate::effect::failure::raw;
use crate::effect::journal::{self, Log as _};
use crate::effect::launch;
use crate::model::bytes::escape;
use crate::model::errno::Errno;
use crate::plan::journal::{Line, TrialEnd};

/// The hidden subcommand that runs [`main`].
pub const SUBCOMMAND: &str = "__trial";

/// How long the journal of a dead cgrove may be held by somebody else.
const CLAIM: Duration = Duration::from_millis(500);

/// Runs the helper on standard input. Called first thing in `main`, before any thread starts.
#[must_use]
pub fn main() -> ExitCode {
    // What a terminal or an administrator sends to cgrove is not for us: only the end of the socket, or the time, counts.
    let _ = SigSet::all().thread_block();
    let _ = rustix::process::setsid();
    let _ = rustix::thread::set_name(c"cgrove-trial");
    let Ok(socket) = launch::take_stdin() else { return ExitCode::from(125) };
    launch::urgent::urgent(0);
    let mut line = Lines { socket, partial: Vec::new() };
    let Some(Heard::Request(Request::Begin(order))) = line.next(None) else { return ExitCode::from(125) };
    match Holder::new(order) {
        Ok(holder) => {
            line.report(&Report::Ready);
            holder.wait(line);
            ExitCode::SUCCESS
        }
        Err(text) => {
            line.report(&Report::Unable { text });
            ExitCode::from(125)
        }
    }
}

/// What was heard.
enum Heard {
    Request(Request),
    /// The time is over.
    Time,
}

/// Requests, line by line.
struct Lines {
    socket: UnixStream,
    partial: Vec<u8>,
}

impl Lines {
    /// The next request, or the end of the time; `None`: cgrove is gone.
    fn next(&mut self, deadline: Option<Instant>) -> Option<Heard> {
        loop {
            if let Some(end) = self.partial.iter().position(|&byte| byte == b'\n') {
                let line: Vec<u8> = self.partial.drain(..=end).collect();
                return serde_json::from_slice(&line).ok().map(Heard::Request);
            }
            let left = deadline.map(|deadline| deadline.saturating_duration_since(Instant::now()));
            if left.is_some_and(|left| left.is_zero()) {
                return Some(Heard::Time);
            }
            let _ = self.socket.set_read_timeout(left);
            let mut bytes = [0; 4096];
            match self.socket.read(&mut bytes) {
                Ok(0) => return None,
                Ok(count) => self.partial.extend_from_slice(&bytes[..count]),
                Err(e) if matches!(e.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut | ErrorKind::Interrupted) => {}
                Err(_) => return None,
            }
        }
    }

    /// Whether it was taken.
    fn report(&mut self, report: &Report) -> bool {
        let Ok(mut line) = serde_json::to_vec(report) else { return false };
        line.push(b'\n');
        self.socket.write_all(&line).is_ok()
    }
}

/// The values on trial, with their groups held open.
struct Holder {
    order: Order,
    groups: Vec<OwnedFd>,
    /// What each file read right after the write, once that was told.
    stored: Vec<Option<Vec<u8>>>,
}

impl Holder {
    fn new(order: Order) -> Result<Self, String> {
        let groups = order.tried.iter().map(hold).collect::<Result<Vec<_>, _>>()?;
        let stored = order.tried.iter().map(|_| None).collect();
        Ok(Self { order, groups, stored })
    }

    fn wait(mut self, mut lines: Lines) {
        let mut deadline = None;
        loop {
            match lines.next(deadline) {
                Some(Heard::Request(Request::Arm { stored })) => {
                    for (step, value) in stored {
                        if let Some(known) = self.stored.get_mut(step) {
                            *known = value.map(|value| value.trim_ascii().to_vec());
                        }
                    }
                    deadline = Instant::now().checked_add(Duration::from_millis(self.order.millis));
                }
                Some(Heard::Request(Request::Keep)) => {
                    lines.report(&Report::Over { fates: Vec::new() });
                    return;
                }
                Some(Heard::Request(Request::Begin(_))) => {}
                Some(Heard::Request(Request::Revert) | Heard::Time) => {
                    let fates = self.revert();
                    if !lines.report(&Report::Over { fates: fates.clone() }) {
                        self.tell_journal(&fates);
                    }
                    return;
                }
                None => {
                    let fates = self.revert();
                    self.tell_journal(&fates);
                    return;
                }
            }
        }
    }

    /// Takes back what is still as it was written, the newest first.
    fn revert(&self) -> Vec<Fate> {
        (0..self.order.tried.len()).rev().map(|step| self.revert_one(step)).collect()
    }

    fn revert_one(&self, step: usize) -> Fate {
        let (tried, group) = (&self.order.tried[step], &self.groups[step]);
        let now = match read(group, &tried.file) {
            Ok(now) => now,
            Err(errno) if errno.is_gone() => return Fate::Changed { step, now: None },
            Err(errno) => return Fate::Stands { step, why: format!("{}: {errno}", tried.file) },
        };
        if now == tried.prior {
            return Fate::Back { step };
        }
        let ours = self.stored[step].as_ref().unwrap_or(&tried.asked);
        if now != *ours {
            return Fate::Changed { step, now: Some(escape(&now)) };
        }
        for back in &tried.back {
            let written = openat(group, &*back.file, OFlags::WRONLY | OFlags::CLOEXEC, Mode::empty())
                .map_err(raw)
                .and_then(|file| put(&file, &back.data));
            if let Err(errno) = written {
                return Fate::Stands { step, why: format!("{}: {errno}", back.file) };
            }
        }
        Fate::Back { step }
    }

    /// cgrove is dead: its journal says what was taken back, so that no cleanup looks for it. One of which nothing stands goes.
    fn tell_journal(&self, fates: &[Fate]) {
        let path = PathBuf::from(OsStr::from_bytes(&self.order.journal));
        let limit = Instant::now() + CLAIM;
        let mut claimed = loop {
            match journal::claim(&path) {
                Ok(Some(journal)) => break journal,
                Ok(None) if Instant::now() < limit => std::thread::sleep(Duration::from_millis(10)),
                _ => return,
            }
        };
        let number = self.order.number;
        for fate in fates {
            if let Fate::Back { step } = fate {
                let _ = claimed.write(Line::RolledBack { number, step: *step, made: None });
            }
        }
        let _ = claimed.write(Line::TrialEnded { number, how: ended(fates) });
        let entries = &claimed.journal().entries;
        if !entries.iter().any(|entry| entry.undoes.is_empty() && entry.stands()) {
            let _ = claimed.delete();
        }
    }
}

/// How a trial ended that was not kept.
pub(super) fn ended(fates: &[Fate]) -> TrialEnd {
    if fates.iter().all(|fate| matches!(fate, Fate::Back { .. })) { TrialEnd::Reverted } else { TrialEnd::Left }
}

fn hold(tried: &Tried) -> Result<OwnedFd, String> {
    let path = Path::new(OsStr::from_bytes(&tried.directory));
    let flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC;
    let failed = |e: rustix::io::Errno| format!("{}: {}", escape(&tried.directory), raw(e));
    let group = open(path, flags, Mode::empty()).map_err(failed)?;
    if fstat(&group).map_err(failed)?.st_ino != tried.inode {
        return Err(format!("{}: another group was made there", escape(&tried.directory)));
    }
    Ok(group)
}

/// What a file of a group reads, trimmed.
fn read(group: &OwnedFd, file: &str) -> Result<Vec<u8>, Errno> {
    let file = openat(group, file, OFlags::RDONLY | OFlags::CLOEXEC, Mode::empty()).map_err(raw)?;
    let mut content = Vec::new();
    let mut chunk = [0; 4096];
    loop {
        match rustix::io::read(&file, &mut chunk) {
            Ok(0) => return Ok(content.trim_ascii().to_vec()),
            Ok(count) => content.extend_from_slice(&chunk[..count]),
            Err(rustix::io::Errno::INTR) => {}
            Err(errno) => return Err(raw(errno)),
        }
    }
}
