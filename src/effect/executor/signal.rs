//! A signal to a process, and what became of it.
use std::fs;
use std::path::Path;
use std::thread::sleep;
use std::time::{Duration, Instant};

use crate::effect::failure::Failure;
use crate::effect::process::{self, Held};
use crate::model::errno::Errno;
use crate::model::id::TaskKey;
use crate::parse::signals::{Signals, signals};
use crate::plan::step::{Became, Outcome, Signal};

/// Through a pidfd, its start time compared after it was opened: no other process can be hit.
pub(super) fn signal(process: TaskKey, signal: Signal) -> Result<Outcome, Failure> {
    match Held::open(process).and_then(|held| held.signal(signal)) {
        Ok(()) => Ok(Outcome::Signalled),
        Err(Errno::ESRCH) => Ok(Outcome::Nothing(format!("process {} has ended", process.tid))),
        Err(errno) => {
            let path = format!("/proc/{}", process.tid);
            Err(Failure::new("signal", Path::new(&path), errno).with_data(format!("SIG{}", signal.name()).as_bytes()))
        }
    }
}

/// What the process is, once it is what the signal makes of it, or at `until`.
pub(super) fn look(process: TaskKey, signal: Signal, until: Instant) -> Became {
    loop {
        let now = now(process, signal);
        let shows = match signal {
            Signal::Stop => !matches!(now, Became::Runs | Became::Waits),
            Signal::Continue => now != Became::Stopped,
            // Servers go on when they get one of these.
            Signal::Hangup | Signal::User1 | Signal::User2 => !matches!(now, Became::Runs | Became::Waits),
            _ => matches!(now, Became::Ended | Became::Ignores),
        };
        if shows || Instant::now() >= until {
            return now;
        }
        sleep(Duration::from_millis(2));
    }
}

fn now(process: TaskKey, signal: Signal) -> Became {
    let Some(stat) = process::stat(process.tid).ok().filter(|stat| stat.key == process) else { return Became::Ended };
    if stat.has_ended() {
        // A first thread that has exited while others run is listed like a zombie.
        let others = process::threads(process.tid).unwrap_or_default();
        let lives = |key: &TaskKey| process::stat(key.tid).is_ok_and(|stat| !stat.has_ended());
        if !others.iter().any(lives) {
            return Became::Zombie { parent: stat.parent };
        }
    }
    let text = fs::read(format!("/proc/{}/status", process.tid)).unwrap_or_default();
    let masks = signals(&text).unwrap_or_default();
    let is = |mask| Signals::has(mask, signal.number());
    match (signal, stat.state) {
        (Signal::Stop | Signal::Continue, 'T' | 't') => Became::Stopped,
        (Signal::Stop | Signal::Kill, 'D') => Became::Uninterruptible,
        (Signal::Stop, _) if is(masks.pending) => Became::Waits,
        (Signal::Stop | Signal::Continue, _) => Became::Runs,
        _ if is(masks.ignored) => Became::Ignores,
        _ if is(masks.blocked) => Became::Blocks,
        (_, 'D') => Became::Uninterruptible,
        _ if is(masks.pending) => Became::Waits,
        _ if is(masks.caught) => Became::Handles,
        // It is about to end.
        _ => Became::Runs,
    }
}
