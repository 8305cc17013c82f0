//! How a workload comes to be in its groups before its first instruction.
//!
//! Calling flow: the [supervisor](super::supervisor) starts our own program again with a socket as standard input: as
//! [`spin`](super::spin) for the built-in loop, as the hidden subcommand [`SUBCOMMAND`] for a command. That process gets
//! itself ready (its threads started, its descriptors put in order) and then waits at the [`gate`]. Now the supervisor
//! [`admit`](admit::admit)s it: it writes it into its groups, checks that it is in them, pins each thread (entering a cpuset
//! trims the mask, so that comes after), sets nice; and opens the gate. A command is executed then; the socket is closed by
//! that exec, so that end of file means success and anything else is the [`Failed`] step as JSON.
//!
//! The supervisor does the work, not the process itself: in a group that hardly gets any CPU time the process could not
//! finish it for seconds, and would not be stuck in the middle but slow in the middle.
//!
//! Nothing runs between fork and exec in a process with threads: this is a program of its own from its first instruction.
use std::fs::File;
use std::io::{self, BufRead as _, BufReader};
use std::os::fd::AsFd as _;
use std::os::unix::ffi::{OsStrExt as _, OsStringExt as _};
use std::os::unix::net::UnixStream;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

use serde::{Deserialize, Serialize};

use super::directories::Directories;
use super::failure::{Failure, errno, meaning};
use super::process;
use crate::model::errno::Errno;
use crate::model::id::Pid;
use crate::model::workload::{Launch, Program, Spin};

pub(super) mod admit;
pub(super) mod gate;
pub(super) mod policy;
pub(super) mod urgent;

use gate::Gate;

/// The hidden subcommand that runs [`main`].
pub const SUBCOMMAND: &str = "__launch";
/// Our own program, also after its file was replaced or deleted.
pub(super) const OWN_PROGRAM: &str = "/proc/self/exe";

/// A launch with every place turned into a path, as it goes over the wires.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Order {
    pub(super) groups: Vec<Entry>,
    /// In the kernel's list format.
    cpus: Option<String>,
    nice: i8,
    what: What,
}

/// A group to enter.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Entry {
    hierarchy: u32,
    /// Its directory.
    directory: Vec<u8>,
    /// How `/proc/PID/cgroup` names it.
    path: Option<Vec<u8>>,
    /// The directory of cgrove's own group in this hierarchy: where a workload is taken that must end and gets no CPU time.
    home: Option<Vec<u8>>,
}

impl Entry {
    /// See [`Entry::home`].
    pub(super) fn home(&self) -> Option<PathBuf> {
        self.home.as_deref().map(path_of)
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
enum What {
    Spin { threads: u32, duty_millionths: u32 },
    Command(Vec<Vec<u8>>),
}

impl Order {
    /// # Errors
    /// A place whose hierarchy is mounted nowhere, or an empty command.
    pub(super) fn new(launch: &Launch, directories: &dyn Directories) -> Result<Self, Failure> {
        let own = Pid::try_from(std::process::id()).unwrap_or(0);
        let groups = launch.groups.iter().map(|place| {
            let directory = directories.directory(place).ok_or_else(|| {
                Failure::said("launch", Path::new(""), format!("the hierarchy of {place} is mounted nowhere"))
            })?;
            let home = process::group_path(own, directories.number(place.hierarchy)).ok().flatten();
            let home = home.and_then(|path| directories.directory(&directories.place(place.hierarchy, &path)?));
            Ok(Entry {
                hierarchy: directories.number(place.hierarchy).0,
                directory: directory.into_os_string().into_vec(),
                path: directories.proc_path(place).map(Vec::from),
                home: home.map(|path| path.into_os_string().into_vec()),
            })
        });
        let what = match &launch.program {
            Program::Spin(spin) => What::Spin { threads: spin.threads, duty_millionths: spin.duty_millionths },
            Program::Command(words) if words.is_empty() => {
                return Err(Failure::said("launch", Path::new(""), "the command is empty"));
            }
            Program::Command(words) => What::Command(words.iter().map(|word| word.to_vec()).collect()),
        };
        Ok(Self {
            groups: groups.collect::<Result<_, _>>()?,
            cpus: launch.cpus.as_ref().map(ToString::to_string),
            nice: launch.nice,
            what,
        })
    }

    /// Whether it executes another program after the gate; the loop of our own has nothing more to fail then.
    pub(super) fn executes(&self) -> bool {
        matches!(self.what, What::Command(_))
    }

    /// The process to start, and what to write to its standard input.
    ///
    /// # Errors
    /// None that is known; serde wants it said.
    pub(super) fn command(&self) -> Result<(Command, Vec<u8>), serde_json::Error> {
        let mut command = Command::new(OWN_PROGRAM);
        command.arg0("cgrove");
        match &self.what {
            What::Spin { threads, duty_millionths } => {
                let duty = Spin { threads: *threads, duty_millionths: *duty_millionths }.duty();
                command.arg("spin").arg("--threads").arg(threads.to_string()).arg("--duty").arg(duty.to_string());
                command.env(gate::VARIABLE, "stdin");
                Ok((command, Vec::new()))
            }
            What::Command(words) => {
                command.arg(SUBCOMMAND);
                let mut line = serde_json::to_vec(words)?;
                line.push(b'\n');
                Ok((command, line))
            }
        }
    }
}

fn path_of(bytes: &[u8]) -> PathBuf {
    PathBuf::from(std::ffi::OsStr::from_bytes(bytes))
}

/// The step of a launch that failed, as it goes over the wires.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Failed {
    step: Step,
    path: Vec<u8>,
    data: Option<String>,
    errno: Option<i32>,
    text: String,
}

/// The steps of a launch.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
enum Step {
    Start,
    Enter,
    Affinity,
    Nice,
    Execute,
}

impl Failed {
    fn new(step: Step, path: &Path, errno: Errno) -> Self {
        Self { errno: Some(errno.0), ..Self::said(step, path, meaning(errno)) }
    }

    fn said(step: Step, path: &Path, text: impl Into<String>) -> Self {
        Self { step, path: path.as_os_str().as_bytes().to_vec(), data: None, errno: None, text: text.into() }
    }

    fn because(mut self, text: impl Into<String>) -> Self {
        self.text = text.into();
        self
    }

    fn with_data(mut self, data: &str) -> Self {
        self.data = Some(data.to_owned());
        self
    }

    /// A failure before the launch began to work.
    pub(super) fn to_start(errno: Option<Errno>, text: impl Into<String>) -> Self {
        Self { errno: errno.map(|errno| errno.0), ..Self::said(Step::Start, Path::new(""), text) }
    }

    pub(super) fn into_failure(self) -> Failure {
        let operation = match self.step {
            Step::Start => "launch",
            Step::Enter => "launch: write",
            Step::Affinity => "launch: sched_setaffinity",
            Step::Nice => "launch: setpriority",
            Step::Execute => "launch: exec",
        };
        let mut failure = Failure::said(operation, &path_of(&self.path), self.text);
        failure.errno = self.errno.map(Errno);
        failure.data = self.data.map(|data| data.into_bytes().into_boxed_slice());
        failure
    }
}

/// The hidden subcommand [`SUBCOMMAND`]. Returns only if the command could not be executed.
#[must_use]
pub fn main() -> ExitCode {
    let _ = rustix::thread::set_name(c"cgrove-launch");
    let Ok(mut gate) = Gate::on_stdin() else { return ExitCode::from(125) };
    let failed = match execute(&mut gate) {
        Ok(never) => match never {},
        Err(failed) => failed,
    };
    gate.tell(&failed);
    ExitCode::from(125)
}

fn execute(gate: &mut Gate) -> Result<std::convert::Infallible, Failed> {
    let mut line = Vec::new();
    BufReader::new(gate.socket())
        .read_until(b'\n', &mut line)
        .map_err(|e| Failed::to_start(Some(errno(&e)), "cannot read what to launch"))?;
    let words: Vec<Vec<u8>> = serde_json::from_slice(&line)
        .map_err(|e| Failed::to_start(None, format!("cannot understand the order: {e}")))?;
    let mut words = words.into_iter().map(std::ffi::OsString::from_vec);
    let name = words.next().unwrap_or_default();
    let mut command = Command::new(&name);
    command.args(words);
    gate.wait().map_err(|e| Failed::to_start(Some(errno(&e)), "nobody listens any more"))?;
    let error = command.exec();
    let failed = Failed::new(Step::Execute, Path::new(&name), errno(&error));
    Err(match errno(&error) {
        Errno::ENOENT => failed.because("no such command"),
        Errno::EACCES => failed.because("not executable"),
        _ => failed,
    })
}

/// Takes the socket off standard input, which becomes `/dev/null`; the socket is closed by the next exec.
pub(super) fn take_stdin() -> io::Result<UnixStream> {
    let socket = UnixStream::from(io::stdin().as_fd().try_clone_to_owned()?);
    nix::unistd::dup2_stdin(File::open("/dev/null")?)?;
    Ok(socket)
}

/// Lets the next exec close every descriptor but the standard three: what the caller of cgrove left open is not the
/// workload's. Before Linux 5.11 it does nothing, and such descriptors are inherited as from any program.
#[expect(unsafe_code, reason = "no safe wrapper sets FD_CLOEXEC on descriptors by number")]
pub(super) fn close_on_exec() {
    // SAFETY: the call reads no memory, and closes nothing: it sets a flag that acts at exec, when nothing of ours is left
    // to use the descriptors.
    let _ = unsafe { libc::syscall(libc::SYS_close_range, 3_u32, u32::MAX, libc::CLOSE_RANGE_CLOEXEC) };
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::hierarchy::Hierarchy;
    use crate::model::id::HierarchyId;
    use crate::model::place::Place;

    const NOWHERE: Vec<Hierarchy> = Vec::new();

    fn launch(program: Program) -> Launch {
        Launch { groups: Vec::new(), program, cpus: None, nice: 0 }
    }

    #[test]
    fn an_empty_command_and_an_unmounted_hierarchy_are_refused() {
        assert!(Order::new(&launch(Program::Command(Vec::new())), &NOWHERE).is_err());
        let mut nowhere = launch(Program::Spin(Spin::default()));
        nowhere.groups.push(Place::new(HierarchyId(3), b"/x"));
        let failure = Order::new(&nowhere, &NOWHERE).unwrap_err();
        assert_eq!(failure.to_string(), "launch: the hierarchy of /x is mounted nowhere");
    }

    #[test]
    fn bytes_that_are_no_text_survive_the_wire() {
        let words = vec![Box::from(*b"echo"), Box::from(*b"\xff \n")];
        let order = Order::new(&launch(Program::Command(words)), &NOWHERE).unwrap();
        let wire = serde_json::to_vec(&order).unwrap();
        assert_eq!(serde_json::from_slice::<Order>(&wire).unwrap(), order);
        assert!(order.executes());
    }
}
