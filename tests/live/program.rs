//! The real binary in a trial: started with a state directory of its own, and looked for when it should be gone.

use crate::bench::Bench;
use libtest_mimic::Failed;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use std::ffi::OsStr;
use std::fs;
use std::io::{BufRead, BufReader, Read};
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Output, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

/// How long anything may take that does not measure.
const PATIENCE: Duration = Duration::from_secs(20);

/// The binary, with journals in a directory of the trial's own, and the trial's group as its `--under`.
pub(crate) struct Program {
    home: tempfile::TempDir,
    group: PathBuf,
    /// What `--under` takes: the path in the hierarchy.
    pub(crate) under: String,
}

impl Program {
    /// For a trial.
    ///
    /// # Errors
    /// If no directory can be made.
    pub(crate) fn new(bench: &Bench) -> Result<Self, Failed> {
        let under = bench.group().strip_prefix(bench.mount())?;
        let under = format!("/{}", under.to_str().ok_or("the stage's path is not UTF-8")?);
        Ok(Self { home: tempfile::tempdir()?, group: bench.group().to_owned(), under })
    }

    /// Where it keeps its journals (`XDG_STATE_HOME`).
    pub(crate) fn home(&self) -> &Path {
        self.home.path()
    }

    /// Directory of the trial's group.
    pub(crate) fn group(&self) -> &Path {
        &self.group
    }

    /// The binary.
    pub(crate) fn binary() -> &'static Path {
        Path::new(env!("CARGO_BIN_EXE_cgrove"))
    }

    fn command<S: AsRef<OsStr>>(&self, arguments: &[S]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_cgrove"));
        command.args(arguments).env("XDG_STATE_HOME", self.home.path());
        command.env("CGROVE_STATE", self.home.path().join("cgrove"));
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command
    }

    /// Runs it to its end.
    ///
    /// # Errors
    /// If it cannot be started.
    pub(crate) fn run<S: AsRef<OsStr>>(&self, arguments: &[S]) -> Result<Output, Failed> {
        Ok(self.command(arguments).output()?)
    }

    /// Starts it; its messages can be waited for.
    ///
    /// # Errors
    /// If it cannot be started.
    pub(crate) fn start<S: AsRef<OsStr>>(&self, arguments: &[S]) -> Result<Running, Failed> {
        let mut child = self.command(arguments).spawn()?;
        let (stdout, stderr) = (child.stdout.take().ok_or("stdout")?, child.stderr.take().ok_or("stderr")?);
        let (send, lines) = channel();
        std::thread::spawn(move || {
            for line in BufReader::new(stderr).lines().map_while(Result::ok) {
                if send.send(line).is_err() {
                    break;
                }
            }
        });
        let stdout = std::thread::spawn(move || {
            let mut text = String::new();
            // What is no text fails where it is looked at.
            let _ = BufReader::new(stdout).read_to_string(&mut text);
            text
        });
        Ok(Running { child, lines, said: Vec::new(), stdout: Some(stdout) })
    }

    /// Every living process that was started with this state directory: the program, its supervisor, its workloads.
    pub(crate) fn processes(&self) -> Vec<i32> {
        let mark = [b"XDG_STATE_HOME=", self.home.path().as_os_str().as_bytes(), b"\0"].concat();
        let all = fs::read_dir("/proc").into_iter().flatten().flatten();
        let pids = all.filter_map(|entry| entry.file_name().to_str()?.parse().ok());
        pids.filter(|pid: &i32| {
            // A zombie's reads empty.
            let environment = fs::read(format!("/proc/{pid}/environ")).unwrap_or_default();
            environment.windows(mark.len()).any(|window| window == mark)
        })
        .collect()
    }

    /// The groups below the trial's own.
    ///
    /// # Errors
    /// If they cannot be listed.
    pub(crate) fn groups(&self) -> Result<Vec<PathBuf>, Failed> {
        let entries = fs::read_dir(&self.group)?.collect::<Result<Vec<_>, _>>()?;
        Ok(entries.iter().map(fs::DirEntry::path).filter(|path| path.is_dir()).collect())
    }

    /// That neither a group nor a process is left.
    ///
    /// # Errors
    /// What is left.
    pub(crate) fn nothing_left(&self) -> Result<(), Failed> {
        let groups = self.groups()?;
        if !groups.is_empty() {
            return Err(format!("groups are left: {groups:?}").into());
        }
        // The supervisor ends when its pipe does, a moment after the program.
        let end = Instant::now() + Duration::from_millis(500);
        loop {
            let left = self.processes();
            if left.is_empty() {
                return Ok(());
            }
            if Instant::now() > end {
                return Err(format!("processes are left: {left:?}").into());
            }
            std::thread::sleep(Duration::from_millis(10));
        }
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        for pid in self.processes() {
            // Only what this trial started has its state directory.
            let _ = kill(Pid::from_raw(pid), Signal::SIGKILL);
        }
    }
}

/// The binary while it runs. It is killed when this is dropped.
pub(crate) struct Running {
    child: Child,
    lines: Receiver<String>,
    /// What it said on stderr so far.
    pub(crate) said: Vec<String>,
    stdout: Option<JoinHandle<String>>,
}

impl Running {
    /// Waits for a message that contains this.
    ///
    /// # Errors
    /// If it does not come.
    pub(crate) fn wait_for(&mut self, what: &str) -> Result<(), Failed> {
        let end = Instant::now() + PATIENCE;
        loop {
            match self.lines.recv_timeout(end.saturating_duration_since(Instant::now())) {
                Ok(line) => {
                    let found = line.contains(what);
                    self.said.push(line);
                    if found {
                        return Ok(());
                    }
                }
                Err(RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected) => {
                    return Err(format!("{what:?} was not said, but: {:#?}", self.said).into());
                }
            }
        }
    }

    /// Sends it a signal.
    ///
    /// # Errors
    /// What kill(2) says.
    pub(crate) fn signal(&self, signal: Signal) -> Result<(), Failed> {
        Ok(kill(Pid::from_raw(i32::try_from(self.child.id())?), signal)?)
    }

    /// Waits for its end: status, standard output, all messages.
    ///
    /// # Errors
    /// If it does not end.
    pub(crate) fn end(mut self) -> Result<(ExitStatus, String, String), Failed> {
        let end = Instant::now() + PATIENCE;
        let status = loop {
            if let Some(status) = self.child.try_wait()? {
                break status;
            }
            if Instant::now() > end {
                return Err(format!("it does not end; it said {:#?}", self.said).into());
            }
            std::thread::sleep(Duration::from_millis(5));
        };
        let stdout = self.stdout.take().and_then(|reader| reader.join().ok()).ok_or("stdout")?;
        self.said.extend(self.lines.iter());
        Ok((status, stdout, std::mem::take(&mut self.said).join("\n")))
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
