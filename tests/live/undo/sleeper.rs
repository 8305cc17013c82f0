//! A process that sleeps, with several threads: this test program, started once more.

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use std::io::{self, BufRead as _, BufReader, Read as _, Write as _};
use std::process::{Child, Command, ExitCode, Stdio};
use std::thread;

const THREADS: &str = "CGROVE_LIVE_SLEEP";

/// A process that sleeps until it is dropped. It ends by itself when its parent does.
pub(crate) struct Sleeper {
    child: Child,
}

impl Sleeper {
    /// Starts one; it has all its threads when this returns.
    ///
    /// # Errors
    /// If it cannot be started.
    pub(crate) fn start(threads: u64) -> io::Result<Self> {
        let mut child = Command::new(std::env::current_exe()?)
            .env(THREADS, threads.to_string())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()?;
        let mut line = String::new();
        if let Some(stdout) = child.stdout.take() {
            BufReader::new(stdout).read_line(&mut line)?;
        }
        let sleeper = Self { child };
        if line.trim_end() == "sleeps" { Ok(sleeper) } else { Err(io::Error::other(line)) }
    }

    /// Its process id.
    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Its threads, the first included, ascending.
    ///
    /// # Errors
    /// If it has ended.
    pub(crate) fn threads(&self) -> io::Result<Vec<u32>> {
        let entries = std::fs::read_dir(format!("/proc/{}/task", self.pid()))?;
        let mut tids: Vec<u32> = entries.filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok()).collect();
        tids.sort_unstable();
        Ok(tids)
    }
}

impl Drop for Sleeper {
    fn drop(&mut self) {
        if let Ok(pid) = i32::try_from(self.pid()) {
            let _ = kill(Pid::from_raw(pid), Signal::SIGKILL);
        }
        let _ = self.child.wait();
    }
}

/// Is a sleeper if this process was started as one, and does not return before its parent ends.
pub(crate) fn be_one() -> Option<ExitCode> {
    let threads: u64 = std::env::var(THREADS).ok()?.parse().ok()?;
    for _ in 1..threads {
        let sleep = || loop {
            thread::park();
        };
        if thread::Builder::new().stack_size(64 * 1024).spawn(sleep).is_err() {
            return Some(ExitCode::FAILURE);
        }
    }
    let mut stdout = io::stdout();
    if writeln!(stdout, "sleeps").and_then(|()| stdout.flush()).is_err() {
        return Some(ExitCode::FAILURE);
    }
    // The other end closes when the parent ends.
    let _ = io::stdin().read(&mut [0]);
    Some(ExitCode::SUCCESS)
}
