//! A busy loop: this test program, started once more. Trials of the kernel alone need nothing of cgrove's own.

use nix::sched::{CpuSet, sched_setaffinity};
use nix::unistd::{Pid, getppid};
use std::io::{self, BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, Command, ExitCode, Stdio};

const GROUP: &str = "CGROVE_LIVE_SPIN_GROUP";
const CPU: &str = "CGROVE_LIVE_SPIN_CPU";

/// A process that uses one CPU without end. It is killed when this is dropped, and ends by itself when its parent does.
pub(crate) struct Spinner {
    child: Child,
}

impl Spinner {
    /// Starts one in a group, on one CPU; it runs there when this returns.
    ///
    /// # Errors
    /// If it cannot enter the group or the CPU.
    pub(crate) fn start(group: &Path, cpu: usize) -> io::Result<Self> {
        let child = Command::new(std::env::current_exe()?)
            .env(GROUP, group)
            .env(CPU, cpu.to_string())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()?;
        let mut spinner = Self { child };
        let mut line = String::new();
        if let Some(stdout) = spinner.child.stdout.take() {
            BufReader::new(stdout).read_line(&mut line)?;
        }
        if line.trim_end() == "runs" { Ok(spinner) } else { Err(io::Error::other(line)) }
    }

    /// CPU time it got so far, in nanoseconds.
    ///
    /// # Errors
    /// If it is gone.
    pub(crate) fn ran_ns(&self) -> io::Result<u64> {
        let text = std::fs::read_to_string(format!("/proc/{}/schedstat", self.child.id()))?;
        let first = text.split_whitespace().next().and_then(|word| word.parse().ok());
        first.ok_or_else(|| io::Error::other(format!("schedstat reads {text:?}")))
    }
}

impl Drop for Spinner {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Is a spinner if this process was started as one, and does not return before its parent ends.
pub(crate) fn be_one() -> Option<ExitCode> {
    let group = std::env::var_os(GROUP)?;
    let cpu = std::env::var(CPU).ok()?.parse().ok()?;
    let entered = enter(Path::new(&group), cpu);
    let answer = entered.as_ref().map_or_else(ToString::to_string, |()| "runs".to_owned());
    let mut stdout = io::stdout();
    if writeln!(stdout, "{answer}").and_then(|()| stdout.flush()).is_err() || entered.is_err() {
        return Some(ExitCode::FAILURE);
    }
    let parent = getppid();
    while getppid() == parent {
        for _ in 0..10_000_000 {
            std::hint::spin_loop();
        }
    }
    Some(ExitCode::SUCCESS)
}

fn enter(group: &Path, cpu: usize) -> io::Result<()> {
    crate::stage::write(&group.join("cgroup.procs"), "0")?;
    let mut set = CpuSet::new();
    set.set(cpu)?;
    Ok(sched_setaffinity(Pid::from_raw(0), &set)?)
}
