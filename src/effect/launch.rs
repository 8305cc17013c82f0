//! The few steps between the fork and the workload: a process of our own program that enters groups and becomes the workload.
//!
//! Calling flow: the [supervisor](super::supervisor) re-executes the program with the hidden subcommand [`SUBCOMMAND`] and a
//! socket as standard input, and writes an [`Order`] to it. [`main`] then enters the groups, checks that it is in them, sets
//! affinity (entering a cpuset trims it, so it comes after), then nice, says [`ENTERED`], and executes the workload. The
//! socket is closed by that exec: `ENTERED` and end of file mean success; anything else is the [`Failed`] step as JSON.
//!
//! Nothing runs between fork and exec in a process with threads: this is a program of its own from its first instruction.
use std::fs::{File, OpenOptions};
use std::io::{self, Read as _, Write as _};
use std::os::fd::AsFd as _;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::ffi::OsStringExt as _;
use std::os::unix::net::UnixStream;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

use nix::sys::signal::SigSet;
use rustix::thread::CpuSet as RawCpuSet;
use serde::{Deserialize, Serialize};

use super::directories::Directories;
use super::failure::{Failure, errno, meaning, raw};
use super::process;
use crate::model::bytes::escape;
use crate::model::cpu_set::CpuSet;
use crate::model::errno::Errno;
use crate::model::id::HierarchyId;
use crate::model::workload::{Launch, Program, Spin};

/// The hidden subcommand that runs [`main`].
pub const SUBCOMMAND: &str = "__launch";
/// What a launch says when only the exec is left to do.
pub(super) const ENTERED: &[u8] = b"entered\n";
/// Our own program, also after its file was replaced or deleted.
pub(super) const OWN_PROGRAM: &str = "/proc/self/exe";

/// A launch with every place turned into a path, as it goes over the wires.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Order {
    groups: Vec<Entry>,
    /// In the kernel's list format.
    cpus: Option<String>,
    nice: i8,
    what: What,
}

/// A group to enter.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Entry {
    hierarchy: u32,
    /// Its directory.
    directory: Vec<u8>,
    /// How `/proc/self/cgroup` names it.
    path: Option<Vec<u8>>,
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
        let groups = launch.groups.iter().map(|place| {
            let directory = directories.directory(place).ok_or_else(|| {
                Failure::said("launch", Path::new(""), format!("the hierarchy of {place} is mounted nowhere"))
            })?;
            Ok(Entry {
                hierarchy: place.hierarchy.0,
                directory: directory.into_os_string().into_vec(),
                path: directories.proc_path(place).map(Vec::from),
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
}

/// The step of a launch that failed, as it goes over the wires.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Failed {
    step: Step,
    path: Vec<u8>,
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
        let text = meaning(errno).to_owned();
        Self { step, path: path.as_os_str().as_bytes().to_vec(), errno: Some(errno.0), text }
    }

    fn said(step: Step, path: &Path, text: impl Into<String>) -> Self {
        Self { step, path: path.as_os_str().as_bytes().to_vec(), errno: None, text: text.into() }
    }

    fn because(mut self, text: impl Into<String>) -> Self {
        self.text = text.into();
        self
    }

    /// A failure before the launch began to work.
    pub(super) fn to_start(errno: Option<Errno>, text: impl Into<String>) -> Self {
        Self { step: Step::Start, path: Vec::new(), errno: errno.map(|errno| errno.0), text: text.into() }
    }

    pub(super) fn into_failure(self) -> Failure {
        let path = PathBuf::from(std::ffi::OsString::from_vec(self.path));
        let (operation, data): (_, Option<&[u8]>) = match self.step {
            Step::Start => ("launch", None),
            Step::Enter => ("launch: write", Some(b"0")),
            Step::Affinity => ("launch: sched_setaffinity", None),
            Step::Nice => ("launch: setpriority", None),
            Step::Execute => ("launch: exec", None),
        };
        let mut failure = Failure::said(operation, &path, self.text);
        failure.errno = self.errno.map(Errno);
        failure.data = data.map(Box::from);
        failure
    }
}

/// The hidden subcommand [`SUBCOMMAND`]. Returns only if the workload could not be started.
#[must_use]
pub fn main() -> ExitCode {
    let _ = rustix::thread::set_name(c"cgrove-launch");
    let Ok(mut socket) = take_stdin() else { return ExitCode::from(125) };
    let failed = match launch(&mut socket) {
        Ok(never) => match never {},
        Err(failed) => failed,
    };
    // If nobody listens any more there is nobody to tell.
    let _ = serde_json::to_vec(&failed).map(|line| socket.write_all(&line));
    ExitCode::from(125)
}

fn launch(socket: &mut UnixStream) -> Result<std::convert::Infallible, Failed> {
    let started = |error: &io::Error, text: &str| Failed::to_start(Some(errno(error)), text);
    let mut text = Vec::new();
    socket.read_to_end(&mut text).map_err(|e| started(&e, "cannot read what to launch"))?;
    let order: Order = serde_json::from_slice(&text)
        .map_err(|e| Failed::to_start(None, format!("cannot understand the order: {e}")))?;
    // The supervisor blocks signals to read them from a descriptor, and exec keeps the mask.
    SigSet::empty().thread_set_mask().map_err(|e| Failed::to_start(Some(Errno(e as i32)), "sigprocmask"))?;
    for entry in &order.groups {
        enter(entry)?;
    }
    if let Some(cpus) = &order.cpus {
        pin(cpus)?;
    }
    renice(order.nice)?;
    execute(order.what, socket)
}

/// One write of "0", which is the writer: it cannot name another process by accident.
fn enter(entry: &Entry) -> Result<(), Failed> {
    use std::ffi::OsStr;
    let file = Path::new(OsStr::from_bytes(&entry.directory)).join("cgroup.procs");
    OpenOptions::new()
        .write(true)
        .open(&file)
        .and_then(|mut open| open.write_all(b"0"))
        .map_err(|e| Failed::new(Step::Enter, &file, errno(&e)))?;
    let Some(expected) = &entry.path else { return Ok(()) };
    let own = i32::try_from(std::process::id()).unwrap_or(0);
    let found = process::group_path(own, HierarchyId(entry.hierarchy))
        .map_err(|errno| Failed::new(Step::Enter, Path::new("/proc/self/cgroup"), errno))?;
    match found {
        Some(found) if found == *expected => Ok(()),
        found => {
            let found = found.map_or_else(|| "nothing".to_owned(), |path| escape(&path));
            Err(Failed::said(Step::Enter, &file, format!("the write succeeded, but /proc/self/cgroup says {found}")))
        }
    }
}

fn pin(list: &str) -> Result<(), Failed> {
    let step = |text: String| Failed::said(Step::Affinity, Path::new(""), text);
    let asked = CpuSet::parse(list).ok_or_else(|| step(format!("\"{list}\" is no list of CPUs")))?;
    let mut mask = RawCpuSet::new();
    for cpu in asked.iter() {
        if cpu as usize >= RawCpuSet::MAX_CPU {
            return Err(step(format!("CPU {cpu}: cgrove pins to CPUs below {} only", RawCpuSet::MAX_CPU)));
        }
        mask.set(cpu as usize);
    }
    rustix::thread::sched_setaffinity(None, &mask).map_err(|e| {
        Failed::new(Step::Affinity, Path::new(""), raw(e)).because(format!("no CPU of {list} is allowed here"))
    })?;
    let kept =
        rustix::thread::sched_getaffinity(None).map_err(|e| Failed::new(Step::Affinity, Path::new(""), raw(e)))?;
    let kept: CpuSet =
        (0..RawCpuSet::MAX_CPU).filter(|&cpu| kept.is_set(cpu)).filter_map(|cpu| u32::try_from(cpu).ok()).collect();
    if kept == asked { Ok(()) } else { Err(step(format!("asked for CPUs {list}, its cpuset leaves {kept}"))) }
}

/// Absolute: cgrove itself may be nice.
fn renice(nice: i8) -> Result<(), Failed> {
    if rustix::process::getpriority_process(None).is_ok_and(|now| now == i32::from(nice)) {
        return Ok(());
    }
    rustix::process::setpriority_process(None, i32::from(nice)).map_err(|e| {
        let failed = Failed::new(Step::Nice, Path::new(""), raw(e));
        match raw(e) {
            Errno::EACCES | Errno::EPERM => failed.because(format!("nice {nice} needs CAP_SYS_NICE or RLIMIT_NICE")),
            _ => failed.because(format!("nice {nice}")),
        }
    })
}

fn execute(what: What, socket: &mut UnixStream) -> Result<std::convert::Infallible, Failed> {
    let (mut command, name) = match what {
        What::Spin { threads, duty_millionths } => {
            let duty = Spin { threads, duty_millionths }.duty();
            let mut command = Command::new(OWN_PROGRAM);
            command.arg0("cgrove").arg("spin").arg("--threads").arg(threads.to_string());
            command.arg("--duty").arg(duty.to_string());
            (command, PathBuf::from(OWN_PROGRAM))
        }
        What::Command(words) => {
            let mut words = words.into_iter().map(std::ffi::OsString::from_vec);
            let name = words.next().unwrap_or_default();
            let mut command = Command::new(&name);
            command.args(words);
            (command, PathBuf::from(name))
        }
    };
    close_on_exec();
    socket.write_all(ENTERED).map_err(|e| Failed::to_start(Some(errno(&e)), "nobody listens any more"))?;
    let error = command.exec();
    let failed = Failed::new(Step::Execute, &name, errno(&error));
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
    use crate::model::place::Place;

    fn launch(program: Program) -> Launch {
        Launch { groups: Vec::new(), program, cpus: None, nice: 0 }
    }

    #[test]
    fn an_empty_command_and_an_unmounted_hierarchy_are_refused() {
        let nothing: Vec<crate::model::hierarchy::Hierarchy> = Vec::new();
        assert!(Order::new(&launch(Program::Command(Vec::new())), &nothing).is_err());
        let mut nowhere = launch(Program::Spin(Spin::default()));
        nowhere.groups.push(Place::new(HierarchyId(3), b"/x"));
        let failure = Order::new(&nowhere, &nothing).unwrap_err();
        assert_eq!(failure.to_string(), "launch: the hierarchy of /x is mounted nowhere");
    }

    #[test]
    fn bytes_that_are_no_text_survive_the_wire() {
        let nothing: Vec<crate::model::hierarchy::Hierarchy> = Vec::new();
        let words = vec![Box::from(*b"echo"), Box::from(*b"\xff \n")];
        let order = Order::new(&launch(Program::Command(words)), &nothing).unwrap();
        let wire = serde_json::to_vec(&order).unwrap();
        assert_eq!(serde_json::from_slice::<Order>(&wire).unwrap(), order);
    }
}
