//! Values on trial: written for a while, and taken back unless somebody keeps them, also when cgrove dies.
//!
//! [`Trial::prepare`] re-executes the program with the hidden subcommand [`SUBCOMMAND`] before anything is written: a child
//! with a session of its own (neither the terminal's signals nor the end of cgrove's process group reach it), no descendant of
//! the supervisor, which kills only what it launched. Its only tie to cgrove is one end of a socket. It opens the directories
//! of the groups and compares their inodes, so that later it writes into those groups and no others. Then the plan is done,
//! and [`Trial::arm`] tells what the kernel stored: from now on the time counts.
//!
//! It ends in one of three ways: [`Trial::keep`]; the time is over, or [`Trial::revert`]; or the socket ends, which the kernel
//! sees to even if cgrove was killed with SIGKILL. In the last two the values go back that still are what was stored, the
//! newest first; what others changed meanwhile stays as it is. If cgrove is dead the journal's file is told by the helper.
//!
//! A helper that is killed itself (with its whole group, say) takes nothing back: then the journal has it, for
//! `cgrove cleanup`.
//!
//! This file is cgrove's side, [`server`] the other process, [`wire`] what they say to each other.
use std::io::{self, ErrorKind, Read as _, Write as _};
use std::os::fd::OwnedFd;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::net::UnixStream;
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use super::directories::Directories;
use super::failure::{Failure, errno};
use super::launch::OWN_PROGRAM;
use super::transaction::{Inverse, inverse};
use crate::plan::step::{Outcome, Plan, Step};

mod server;
mod wire;

pub use server::{SUBCOMMAND, main};
pub use wire::Fate;
use wire::{Back, Order, Report, Request, Tried};

/// How long an answer may take; taking back writes into the kernel, which may be busy.
const ANSWER: Duration = Duration::from_secs(5);

/// cgrove's handle on a trial. Dropping it without [`Trial::keep`] takes the values back.
#[derive(Debug)]
pub struct Trial {
    child: Child,
    socket: UnixStream,
    partial: Vec<u8>,
    over: Option<Vec<Fate>>,
}

impl Trial {
    /// Starts the helper for a plan that is about to be done. `journal`: the file that it tells if cgrove dies, and the number
    /// that the plan will have there.
    ///
    /// # Errors
    /// A plan that holds more than writes of values; a group that is not there; the helper cannot be started.
    pub fn prepare(
        plan: &Plan,
        directories: &dyn Directories,
        time: Duration,
        journal: (&Path, u64),
    ) -> Result<Self, Failure> {
        Self::prepare_with(Path::new(OWN_PROGRAM), plan, directories, time, journal)
    }

    /// The same with another program that has the hidden subcommand; for tests.
    ///
    /// # Errors
    /// See [`Self::prepare`].
    pub fn prepare_with(
        program: &Path,
        plan: &Plan,
        directories: &dyn Directories,
        time: Duration,
        (journal, number): (&Path, u64),
    ) -> Result<Self, Failure> {
        let tried = plan.steps.iter().map(|step| tried(step, directories)).collect::<Result<Vec<_>, _>>()?;
        let failed = |e: io::Error| Failure::new("try", program, errno(&e)).because(e.to_string());
        let (ours, theirs) = UnixStream::pair().map_err(failed)?;
        let child = Command::new(program)
            .arg0("cgrove")
            .arg(SUBCOMMAND)
            .stdin(Stdio::from(OwnedFd::from(theirs)))
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .map_err(failed)?;
        let mut trial = Self { child, socket: ours, partial: Vec::new(), over: None };
        let millis = u64::try_from(time.as_millis()).unwrap_or(u64::MAX);
        let order = Order { millis, tried, journal: journal.as_os_str().as_bytes().to_vec(), number };
        trial.say(&Request::Begin(order))?;
        match trial.answer()? {
            Report::Ready => Ok(trial),
            Report::Unable { text } => Err(Failure::said("try", Path::new(""), text)),
            Report::Over { .. } => Err(Failure::said("try", Path::new(""), "it was over before it began")),
        }
    }

    /// The plan was done, with these outcomes: the time begins to count.
    ///
    /// # Errors
    /// The helper is gone: nothing takes the values back.
    pub fn arm(&mut self, done: &[(usize, Outcome)]) -> Result<(), Failure> {
        let stored = done
            .iter()
            .map(|(step, outcome)| match outcome {
                Outcome::Stored(value) => (*step, value.as_deref().map(<[u8]>::to_vec)),
                _ => (*step, None),
            })
            .collect();
        self.say(&Request::Arm { stored })
    }

    /// The values stay.
    ///
    /// # Errors
    /// The helper is gone, or the time was over just now: what it did with each value.
    pub fn keep(mut self) -> Result<(), Vec<Fate>> {
        let said = self.say(&Request::Keep);
        match self.answer() {
            Ok(Report::Over { fates }) if !fates.is_empty() => Err(fates),
            Ok(_) => Ok(()),
            // It said that nothing was taken back, or nothing at all: it is gone, and so the values stay.
            Err(_) => {
                drop(said);
                Ok(())
            }
        }
    }

    /// Takes the values back now. What became of each.
    ///
    /// # Errors
    /// The helper is gone, and did not say.
    pub fn revert(mut self) -> Result<Vec<Fate>, Failure> {
        if let Some(fates) = self.over.take() {
            return Ok(fates);
        }
        self.say(&Request::Revert)?;
        match self.answer()? {
            Report::Over { fates } => Ok(fates),
            other => Err(Failure::said("try", Path::new(""), format!("unexpected answer: {other:?}"))),
        }
    }

    /// What became of each value once the time is over; does not wait.
    ///
    /// # Errors
    /// The helper is gone, and did not say.
    pub fn poll(&mut self) -> Result<Option<Vec<Fate>>, Failure> {
        if self.over.is_none() {
            let _ = self.socket.set_nonblocking(true);
            let read = self.read();
            let _ = self.socket.set_nonblocking(false);
            match read {
                Ok(Some(Report::Over { fates })) => self.over = Some(fates),
                Ok(_) => {}
                Err(e) if matches!(e.kind(), ErrorKind::WouldBlock | ErrorKind::Interrupted) => {}
                Err(e) => return Err(Failure::new("try", Path::new(""), errno(&e)).because(GONE)),
            }
        }
        Ok(self.over.clone())
    }

    fn say(&mut self, request: &Request) -> Result<(), Failure> {
        let mut line = serde_json::to_vec(request).map_err(|e| Failure::said("try", Path::new(""), e.to_string()))?;
        line.push(b'\n');
        self.socket.write_all(&line).map_err(|e| Failure::new("try", Path::new(""), errno(&e)).because(GONE))
    }

    fn answer(&mut self) -> Result<Report, Failure> {
        let limit = Instant::now() + ANSWER;
        loop {
            let left = limit.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Err(Failure::said("try", Path::new(""), "the helper of the trial does not answer"));
            }
            let _ = self.socket.set_read_timeout(Some(left));
            match self.read() {
                Ok(Some(report)) => return Ok(report),
                Ok(None) => {}
                Err(e) if matches!(e.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut | ErrorKind::Interrupted) => {}
                Err(e) => return Err(Failure::new("try", Path::new(""), errno(&e)).because(GONE)),
            }
        }
    }

    /// The next report, if a whole line has come.
    fn read(&mut self) -> io::Result<Option<Report>> {
        if !self.partial.contains(&b'\n') {
            let mut bytes = [0; 4096];
            match self.socket.read(&mut bytes)? {
                0 => return Err(io::Error::from(ErrorKind::UnexpectedEof)),
                count => self.partial.extend_from_slice(&bytes[..count]),
            }
        }
        let Some(end) = self.partial.iter().position(|&byte| byte == b'\n') else { return Ok(None) };
        let line: Vec<u8> = self.partial.drain(..=end).collect();
        serde_json::from_slice(&line).map(Some).map_err(|e| io::Error::new(ErrorKind::InvalidData, e))
    }
}

const GONE: &str = "the helper that takes tried values back is gone: they stay until undo or cleanup takes them back";

impl Drop for Trial {
    fn drop(&mut self) {
        // It sees the end of the socket, does what is to be done, and is waited for: nobody is to find half of it.
        let _ = self.socket.shutdown(std::net::Shutdown::Both);
        let limit = Instant::now() + ANSWER;
        while matches!(self.child.try_wait(), Ok(None)) && Instant::now() < limit {
            std::thread::sleep(Duration::from_millis(1));
        }
    }
}

/// One write, as the helper needs it.
fn tried(step: &Step, directories: &dyn Directories) -> Result<Tried, Failure> {
    let Step::Write { at, key: Some(key), file, data, prior: Some(prior), .. } = step else {
        return Err(Failure::said("try", Path::new(""), "only values of groups that exist can be tried"));
    };
    let directory = directories
        .directory(at)
        .ok_or_else(|| Failure::said("try", Path::new(""), format!("the hierarchy of {at} is mounted nowhere")))?;
    let Inverse::Steps(steps) = inverse(step, &Outcome::Stored(None), directories) else {
        return Err(Failure::said("try", Path::new(""), format!("{file} cannot be set back")));
    };
    let back = steps.into_iter().filter_map(|step| match step {
        Step::Write { at: other, file, data, .. } if other == *at => {
            Some(Back { file: file.into(), data: data.into_vec() })
        }
        _ => None,
    });
    Ok(Tried {
        directory: directory.as_os_str().as_bytes().to_vec(),
        inode: key.inode,
        file: file.to_string(),
        prior: prior.trim_ascii().to_vec(),
        asked: data.trim_ascii().to_vec(),
        back: back.collect(),
    })
}

#[cfg(test)]
mod tests;
