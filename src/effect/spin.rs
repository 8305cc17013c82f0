//! The built-in busy loop.
//!
//! A full loop makes no system call at all. A loop with a duty below 1 is an **open loop**: it compares the CPU time that it
//! has got with duty × the time that has passed, runs while it is behind, and then sleeps to the next point of a 20 ms grid.
//! So it catches up after it had to wait, and gets its duty whenever its share allows that. What it could not get for longer
//! than a second is forgotten: a loop that was held does not run flat out for minutes afterwards.
use std::ffi::OsString;
use std::hint::black_box;
use std::io::{self, Write as _};
use std::process::ExitCode;
use std::sync::{Arc, RwLock};
use std::thread;
use std::time::{Duration, Instant};

use rustix::time::{ClockId, clock_gettime};

use super::failure::errno;
use super::launch::Failed;
use super::launch::gate::Gate;
use crate::model::workload::Spin;

/// A loop needs little.
const STACK: usize = 64 * 1024;
/// Distance of the points to which a loop with a duty sleeps.
const GRID: Duration = Duration::from_millis(20);
/// How much time's work is at most caught up.
const MEMORY: Duration = Duration::from_secs(1);

/// The loop that a launch's own command line asks for, `--threads N --duty D` in any order; `None` for anything else, which
/// is for the command line's own parser to accept or to refuse.
#[must_use]
pub fn parse(words: &[OsString]) -> Option<Spin> {
    let (mut threads, mut duty) = (1, 1.0);
    let mut words = words.iter();
    while let Some(name) = words.next() {
        let value = words.next()?.to_str()?;
        match name.to_str()? {
            "--threads" => threads = value.parse().ok()?,
            "--duty" => duty = value.parse().ok()?,
            _ => return None,
        }
    }
    Spin::with_duty(threads, duty)
}

/// Runs `spin.threads` loops, each at the duty; one that was launched waits at its gate first, with all its threads. Returns
/// only if it cannot have its threads, or its launch was given up.
#[must_use]
pub fn main(spin: Spin) -> ExitCode {
    // The name that lists show; it cannot fail with a name this short.
    let _ = rustix::thread::set_name(c"spin");
    let Ok(mut gate) = Gate::of_a_loop() else { return ExitCode::from(125) };
    let closed = Arc::new(RwLock::new(()));
    let Ok(key) = closed.write() else { return ExitCode::from(125) };
    for started in 1..spin.threads {
        let closed = Arc::clone(&closed);
        let wait_and_run = move || {
            drop(closed.read());
            run(spin.duty())
        };
        if let Err(error) = thread::Builder::new().name("spin".to_owned()).stack_size(STACK).spawn(wait_and_run) {
            let text = format!("only {started} of {} threads can be started", spin.threads);
            match &mut gate {
                Some(gate) => gate.tell(&Failed::to_start(Some(errno(&error)), text)),
                None => drop(writeln!(io::stderr(), "cgrove spin: {text}: {error}")),
            }
            return ExitCode::from(4);
        }
    }
    if gate.as_mut().is_some_and(|gate| gate.wait().is_err()) {
        return ExitCode::from(125);
    }
    drop((gate, key));
    run(spin.duty())
}

fn run(duty: f64) -> ! {
    if duty >= 1.0 {
        full()
    }
    let mut work = Work::new(duty, Instant::now(), cpu_time());
    loop {
        let now = Instant::now();
        if work.is_behind(now, cpu_time()) {
            let until = now + Duration::from_micros(100);
            while Instant::now() < until {
                black_box(());
            }
        } else {
            thread::sleep(work.until_next_point(now));
        }
    }
}

fn full() -> ! {
    let mut turn = 0_u64;
    loop {
        turn = black_box(turn.wrapping_add(1));
    }
}

/// What this thread has used of a CPU since it started.
fn cpu_time() -> Duration {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    Duration::new(u64::try_from(time.tv_sec).unwrap_or(0), u32::try_from(time.tv_nsec).unwrap_or(0))
}

/// The account of an open loop.
struct Work {
    duty: f64,
    started: Instant,
    /// From here the time counts; moved forward when more than [`MEMORY`] would have to be caught up.
    since: Instant,
    /// CPU time at `since`.
    used: Duration,
}

impl Work {
    fn new(duty: f64, now: Instant, used: Duration) -> Self {
        Self { duty, started: now, since: now, used }
    }

    fn is_behind(&mut self, now: Instant, used: Duration) -> bool {
        let due = (now - self.since).mul_f64(self.duty);
        let got = used.saturating_sub(self.used);
        let Some(behind) = due.checked_sub(got).filter(|behind| !behind.is_zero()) else { return false };
        let limit = MEMORY.mul_f64(self.duty);
        if behind > limit {
            // As if it had started one second ago and got nothing since.
            self.since = now.checked_sub(MEMORY).unwrap_or(self.since);
            self.used = used;
        }
        true
    }

    fn until_next_point(&self, now: Instant) -> Duration {
        let grid = GRID.as_nanos();
        let into = (now - self.started).as_nanos() % grid;
        Duration::from_nanos(u64::try_from(grid - into).unwrap_or(0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: Duration = Duration::from_millis(1);

    #[test]
    fn it_runs_while_behind_and_sleeps_to_the_grid() {
        let start = Instant::now();
        let mut work = Work::new(0.3, start, 5 * MS);
        assert!(!work.is_behind(start, 5 * MS));
        assert!(work.is_behind(start + 20 * MS, 5 * MS), "6 ms are due");
        assert!(work.is_behind(start + 25 * MS, 10 * MS), "5 of 7.5 ms");
        assert!(!work.is_behind(start + 29 * MS, 14 * MS), "9 of 8.7 ms");
        assert_eq!(work.until_next_point(start + 29 * MS), 11 * MS);
        assert_eq!(work.until_next_point(start + 40 * MS), 20 * MS);
    }

    #[test]
    fn only_what_a_launch_writes_is_taken() {
        let parse = |text: &str| parse(&text.split_whitespace().map(OsString::from).collect::<Vec<_>>());
        assert_eq!(parse(""), Some(Spin::default()));
        assert_eq!(parse("--duty 0.3 --threads 2"), Some(Spin { threads: 2, duty_millionths: 300_000 }));
        for text in ["--help", "--duty", "--duty 0", "--duty 1.5", "--duty nan", "--threads 0", "--nice 5"] {
            assert_eq!(parse(text), None, "{text}");
        }
    }

    #[test]
    fn after_a_long_hold_it_catches_up_one_second_only() {
        let start = Instant::now();
        let mut work = Work::new(0.5, start, Duration::ZERO);
        assert!(work.is_behind(start + 60_000 * MS, Duration::ZERO));
        // 500 ms of the last second are still due; d ms later half of d more.
        assert!(work.is_behind(start + 60_900 * MS, 900 * MS), "900 of 950 ms");
        assert!(!work.is_behind(start + 61_000 * MS, 1_001 * MS), "1001 of 1000 ms");
    }
}
