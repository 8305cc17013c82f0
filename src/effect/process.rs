//! Processes by identity: their start time, their threads, their group, and signals that reach no other.
//!
//! A number names a process only until it is reaped. Everything here that acts on a number first opens a pidfd, then
//! compares the start time, then acts through the pidfd, or checks after the deed that the pidfd's process still lives.
use std::fs;
use std::io;
use std::os::fd::{AsFd, OwnedFd};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::process::{Pid as RawPid, PidfdFlags, pidfd_open, pidfd_send_signal};

use super::failure::{errno, raw};
use crate::model::errno::Errno;
use crate::model::id::{HierarchyId, Pid, TaskKey, Tid};
use crate::model::task::Policy;
use crate::parse;
use crate::plan::step::Signal;

/// `PIDFD_THREAD` (Linux 6.9): a pidfd of a thread that leads no process.
const PIDFD_THREAD: u32 = 0x80;

/// What `/proc/TID/stat` says, as far as acting needs it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stat {
    /// Identity.
    pub key: TaskKey,
    /// State letter: `Z` and `X` have ended.
    pub state: char,
    /// Parent process.
    pub parent: Pid,
    /// Nice value.
    pub nice: i8,
    /// Scheduling policy.
    pub policy: Policy,
    /// Real-time priority.
    pub priority: u8,
}

impl Stat {
    /// Whether it has ended and only waits to be reaped.
    #[must_use]
    pub fn has_ended(&self) -> bool {
        matches!(self.state, 'Z' | 'X')
    }
}

/// Reads `/proc/TID/stat`, of any thread.
///
/// # Errors
/// ENOENT or ESRCH where there is no such task; EINVAL for a text that is not the kernel's.
pub fn stat(tid: Tid) -> Result<Stat, Errno> {
    let found = read_stat(tid)?;
    Ok(Stat {
        key: TaskKey { tid, start: found.start },
        state: found.state,
        parent: found.ppid,
        nice: found.nice,
        policy: found.policy,
        priority: found.rt_priority,
    })
}

/// The CPU that a thread last ran on.
///
/// # Errors
/// See [`stat`].
pub fn last_cpu(tid: Tid) -> Result<u32, Errno> {
    Ok(read_stat(tid)?.processor)
}

/// Now, as start times count: clock ticks since boot.
#[must_use]
pub fn now_ticks() -> u64 {
    /// `USER_HZ` of every architecture cgrove runs on: 10 ms a tick.
    const TICK_NS: u64 = 10_000_000;
    let now = rustix::time::clock_gettime(rustix::time::ClockId::Boottime);
    let (seconds, ns) = (u64::try_from(now.tv_sec).unwrap_or(0), u64::try_from(now.tv_nsec).unwrap_or(0));
    seconds * (1_000_000_000 / TICK_NS) + ns / TICK_NS
}

fn read_stat(tid: Tid) -> Result<parse::stat::Stat, Errno> {
    // `/proc/TID/task/TID` is the thread's own; `/proc/TID` of a non-leader works too but is not documented.
    let text = fs::read(format!("/proc/{tid}/task/{tid}/stat")).map_err(|e| errno(&e))?;
    parse::stat::stat(&text).map_err(|_malformed| Errno::EINVAL)
}

/// The process group of a process; `None` if it is gone.
#[must_use]
pub fn group_of(pid: Pid) -> Option<Pid> {
    // nix and not rustix: a kernel thread has process group 0.
    nix::unistd::getpgid(Some(nix::unistd::Pid::from_raw(pid))).ok().map(nix::unistd::Pid::as_raw)
}

/// The threads of a process, each with its start time. Those that end meanwhile are left out.
///
/// # Errors
/// ENOENT where there is no such process.
pub fn threads(pid: Pid) -> Result<Vec<TaskKey>, Errno> {
    let mut keys: Vec<TaskKey> = numbers(&format!("/proc/{pid}/task"))
        .map_err(|e| errno(&e))?
        .into_iter()
        .filter_map(|tid| Some(stat(tid).ok()?.key))
        .collect();
    keys.sort_unstable();
    Ok(keys)
}

/// The process that a thread belongs to.
///
/// # Errors
/// ENOENT or ESRCH where there is no such task; EINVAL for a text that is not the kernel's.
pub fn process_of(tid: Tid) -> Result<Pid, Errno> {
    let text = fs::read(format!("/proc/{tid}/status")).map_err(|e| errno(&e))?;
    Ok(parse::status::status(&text).map_err(|_malformed| Errno::EINVAL)?.tgid)
}

/// The path that `/proc/TID/cgroup` prints for a hierarchy; `None` if it has no line for it.
///
/// # Errors
/// ENOENT or ESRCH where there is no such task.
pub fn group_path(tid: Tid, hierarchy: HierarchyId) -> Result<Option<Vec<u8>>, Errno> {
    let text = fs::read(format!("/proc/{tid}/cgroup")).map_err(|e| errno(&e))?;
    let rows = parse::membership::rows(&text).map_err(|_malformed| Errno::EINVAL)?;
    Ok(rows.into_iter().find(|row| row.hierarchy == hierarchy).map(|row| row.path.into_vec()))
}

/// The numbers that name entries of a directory (`/proc`, `/proc/PID/task`).
pub(super) fn numbers(directory: &str) -> io::Result<Vec<Pid>> {
    Ok(fs::read_dir(directory)?.filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok()).collect())
}

/// A task held by its pidfd: as long as this lives, it can be told whether it has ended.
#[derive(Debug)]
pub struct Held {
    key: TaskKey,
    pidfd: OwnedFd,
    /// The pidfd is of the thread's process: its end says nothing of the thread.
    by_process: bool,
}

impl Held {
    /// Opens the pidfd of the task with this identity. A thread that leads no process is held by a thread pidfd, or, before
    /// Linux 6.9, by its process.
    ///
    /// # Errors
    /// ESRCH if it has ended or its number now names another task; otherwise the errno of `pidfd_open`.
    pub fn open(key: TaskKey) -> Result<Self, Errno> {
        let (pidfd, by_process) = open_pidfd(key.tid)?;
        // Opened first, compared second: if the start time is right now, the pidfd is of the right task.
        match stat(key.tid) {
            Ok(found) if found.key == key => Ok(Self { key, pidfd, by_process }),
            Ok(_) => Err(Errno::ESRCH),
            Err(errno) if errno.is_gone() => Err(Errno::ESRCH),
            Err(errno) => Err(errno),
        }
    }

    /// Whether it has ended. A zombie has; a process whose first thread has exited while others run has not.
    #[must_use]
    pub fn has_ended(&self) -> bool {
        let mut fds = [PollFd::new(&self.pidfd, PollFlags::IN)];
        let now = Timespec { tv_sec: 0, tv_nsec: 0 };
        let polled = poll(&mut fds, Some(&now)).is_ok_and(|ready| ready > 0);
        polled
            || stat(self.key.tid).map_or(true, |found| found.key != self.key || (self.by_process && found.has_ended()))
    }

    /// Sends a signal to exactly this process.
    ///
    /// # Errors
    /// ESRCH if it has ended, EPERM if it may not be signalled.
    pub fn signal(&self, signal: Signal) -> Result<(), Errno> {
        pidfd_send_signal(self.pidfd.as_fd(), raw_signal(signal)).map_err(raw)
    }
}

/// The pidfd, and whether it is of the process instead of the thread.
fn open_pidfd(tid: Tid) -> Result<(OwnedFd, bool), Errno> {
    let open = |pid: Pid, flags| pidfd_open(RawPid::from_raw(pid).ok_or(rustix::io::Errno::SRCH)?, flags);
    match open(tid, PidfdFlags::empty()) {
        // A thread that leads no process: EINVAL, since 6.15 ENOENT.
        Err(rustix::io::Errno::INVAL | rustix::io::Errno::NOENT) => {}
        other => return Ok((other.map_err(raw)?, false)),
    }
    match open(tid, PidfdFlags::from_bits_retain(PIDFD_THREAD)) {
        Err(rustix::io::Errno::INVAL) => Ok((open(process_of(tid)?, PidfdFlags::empty()).map_err(raw)?, true)),
        other => Ok((other.map_err(raw)?, false)),
    }
}

fn raw_signal(signal: Signal) -> rustix::process::Signal {
    match signal {
        Signal::Stop => rustix::process::Signal::STOP,
        Signal::Continue => rustix::process::Signal::CONT,
        Signal::Terminate => rustix::process::Signal::TERM,
        Signal::Kill => rustix::process::Signal::KILL,
        Signal::Hangup => rustix::process::Signal::HUP,
        Signal::Interrupt => rustix::process::Signal::INT,
        Signal::Quit => rustix::process::Signal::QUIT,
        Signal::Abort => rustix::process::Signal::ABORT,
        Signal::User1 => rustix::process::Signal::USR1,
        Signal::User2 => rustix::process::Signal::USR2,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_numbers_that_are_shown_are_those_of_this_machine() {
        for signal in Signal::ALL {
            assert_eq!(i32::from(signal.number()), raw_signal(signal).as_raw(), "{}", signal.name());
        }
    }

    #[test]
    fn a_number_that_now_names_another_process_is_not_held() {
        let own = stat(i32::try_from(std::process::id()).unwrap()).unwrap().key;
        assert!(Held::open(own).is_ok_and(|held| !held.has_ended()));
        assert_eq!(Held::open(TaskKey { start: own.start + 1, ..own }).err(), Some(Errno::ESRCH));
    }

    #[test]
    fn a_thread_that_leads_no_process_can_be_held() {
        let (send, receive) = std::sync::mpsc::channel();
        let (end, wait) = std::sync::mpsc::channel::<()>();
        let thread = std::thread::spawn(move || {
            send.send(rustix::thread::gettid().as_raw_nonzero().get()).unwrap();
            let _ = wait.recv();
        });
        let tid = receive.recv().unwrap();
        let key = stat(tid).unwrap().key;
        let held = Held::open(key).unwrap();
        assert!(!held.has_ended());
        assert_eq!(process_of(tid), Ok(i32::try_from(std::process::id()).unwrap()));
        assert!(threads(process_of(tid).unwrap()).unwrap().contains(&key));
        end.send(()).unwrap();
        thread.join().unwrap();
        let limit = std::time::Instant::now() + std::time::Duration::from_secs(2);
        while !held.has_ended() {
            assert!(std::time::Instant::now() < limit, "the thread is still there");
            std::thread::yield_now();
        }
    }

    #[test]
    fn a_zombie_has_ended() {
        let mut child = std::process::Command::new("true").spawn().unwrap();
        let pid = i32::try_from(child.id()).unwrap();
        let held = Held::open(stat(pid).unwrap().key).unwrap();
        let limit = std::time::Instant::now() + std::time::Duration::from_secs(5);
        while !held.has_ended() {
            assert!(std::time::Instant::now() < limit, "`true` does not end");
            std::thread::yield_now();
        }
        assert_eq!(stat(pid).unwrap().state, 'Z');
        child.wait().unwrap();
        assert_eq!(held.signal(Signal::Kill), Err(Errno::ESRCH));
    }
}
