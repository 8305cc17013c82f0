//! The kernel's refusals, provoked: each is written raw first, to see that the kernel answers as it is said to, and then asked
//! of cgrove, which must refuse before it writes, name that errno, and offer a way that works.
//!
//! [`Row::refused`] is one row. [`ways`] reads the ways out as they are printed; [`go`] runs one as a person would who copies
//! its shell lines.
#![expect(clippy::unwrap_used, reason = "a trial fails by panicking")]

#[path = "rows/cpuset.rs"]
mod cpuset;
#[path = "rows/groups.rs"]
mod groups;
#[path = "rows/moves.rs"]
mod moves;
#[path = "rows/namespace.rs"]
mod namespace;
#[path = "rows/unified.rs"]
mod unified;
#[path = "rows/values.rs"]
mod values;

use crate::Entry;
use crate::host::Host;
use crate::program::Program;
use crate::stage;
use libtest_mimic::Failed;
use std::fs;
use std::io;
use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};

pub(crate) use namespace::become_the_command;

pub(crate) fn trials() -> Vec<Entry> {
    [groups::trials(), moves::trials(), cpuset::trials(), unified::trials(), namespace::trials(), values::trials()]
        .into_iter()
        .flatten()
        .collect()
}

/// A user without rights.
const NOBODY: u32 = 65534;

/// The errno of what was tried raw; 0 if it went through.
fn errno<T>(tried: io::Result<T>) -> i32 {
    tried.err().map_or(0, |error| error.raw_os_error().unwrap())
}

/// The same of a write into a file of a group.
fn written(file: &Path, text: &str) -> i32 {
    errno(fs::write(file, text))
}

/// What cgrove said when it refused.
struct Refused {
    stderr: String,
}

/// One way out: what it says, and its shell lines.
struct Way {
    say: String,
    shell: Vec<String>,
}

impl Refused {
    /// That it was refused: exit 3, nothing on stdout, and all of `says` in the message.
    fn of(output: &Output, says: &[&str]) -> Self {
        let stderr = String::from_utf8(output.stderr.clone()).unwrap();
        assert_eq!(output.status.code(), Some(3), "{stderr}");
        assert!(output.stdout.is_empty(), "{}", String::from_utf8_lossy(&output.stdout));
        for what in says {
            assert!(stderr.contains(what), "{what:?} is not in: {stderr}");
        }
        Self { stderr }
    }

    fn ways(&self) -> Vec<Way> {
        let mut ways: Vec<Way> = Vec::new();
        for line in self.stderr.lines() {
            if let Some(say) = line.strip_prefix("  instead: ") {
                ways.push(Way { say: say.to_owned(), shell: Vec::new() });
            } else if let (Some(shell), Some(way)) = (line.strip_prefix("    "), ways.last_mut()) {
                way.shell.push(shell.to_owned());
            }
        }
        ways
    }

    /// Takes the way that says this, by its shell lines.
    fn go(&self, say: &str) -> Result<(), Failed> {
        let ways = self.ways();
        let way =
            ways.iter().find(|way| way.say.contains(say)).ok_or_else(|| format!("no way {say:?}: {}", self.stderr))?;
        assert!(!way.shell.is_empty(), "{:?} has no shell lines: {}", way.say, self.stderr);
        let done = Command::new("sh").arg("-ec").arg(way.shell.join("\n")).output()?;
        assert!(done.status.success(), "{:?}: {}", way.shell, String::from_utf8_lossy(&done.stderr));
        Ok(())
    }
}

/// Runs cgrove, which must refuse.
fn refused(program: &Program, arguments: &[&str], says: &[&str]) -> Result<Refused, Failed> {
    Ok(Refused::of(&program.run(arguments)?, says))
}

/// The same as a user without rights.
fn refused_to_nobody(arguments: &[&str], says: &[&str]) -> Result<Refused, Failed> {
    Ok(Refused::of(&as_nobody(arguments)?, says))
}

/// Runs cgrove as a user without rights: a copy of it, since the folder of the build may be closed to others.
fn as_nobody(arguments: &[&str]) -> Result<Output, Failed> {
    let copy = tempfile::Builder::new().prefix("cgrove-test-").tempdir()?;
    fs::set_permissions(copy.path(), fs::Permissions::from_mode(0o755))?;
    let binary = copy.path().join("cgrove");
    fs::copy(Program::binary(), &binary)?;
    let mut command = Command::new(binary);
    command.args(arguments).uid(NOBODY).gid(NOBODY).env("XDG_STATE_HOME", copy.path()).stdin(Stdio::null());
    Ok(command.current_dir("/").output()?)
}

/// A shell line as a user without rights, to whom it must be denied.
fn denied_to_nobody(line: &str) -> Result<(), Failed> {
    let output = Command::new("sh").args(["-c", line]).uid(NOBODY).gid(NOBODY).current_dir("/").output()?;
    assert!(!output.status.success(), "{line} went through");
    let said = String::from_utf8_lossy(&output.stderr);
    // What busybox says of every write that fails.
    assert!(said.contains("Permission denied") || said.contains("I/O error"), "{said}");
    Ok(())
}

/// A process of the trial's own, until it is dropped.
struct Process(Child);

impl Process {
    fn start(words: &[&str]) -> Result<Self, Failed> {
        Ok(Self(Command::new(words[0]).args(&words[1..]).stdin(Stdio::null()).spawn()?))
    }

    fn sleeper() -> Result<Self, Failed> {
        Self::start(&["sleep", "1000"])
    }

    fn sleeper_in(group: &Path) -> Result<Self, Failed> {
        let process = Self::sleeper()?;
        stage::write(&group.join("cgroup.procs"), &process.pid())?;
        Ok(process)
    }

    /// One that has ended and is not waited for.
    fn zombie_in(group: &Path) -> Result<Self, Failed> {
        let process = Self::sleeper_in(group)?;
        nix::sys::signal::kill(nix::unistd::Pid::from_raw(process.0.id().cast_signed()), nix::sys::signal::SIGKILL)?;
        let end = std::time::Instant::now() + std::time::Duration::from_secs(5);
        while !process.stat()?.contains(") Z ") {
            assert!(std::time::Instant::now() < end, "it does not end");
            std::thread::sleep(std::time::Duration::from_millis(2));
        }
        Ok(process)
    }

    fn pid(&self) -> String {
        self.0.id().to_string()
    }

    fn stat(&self) -> io::Result<String> {
        fs::read_to_string(format!("/proc/{}/stat", self.0.id()))
    }

    fn is_in(&self, group: &Path) -> bool {
        lists(&group.join("cgroup.procs"), &self.pid())
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Whether a file of a group has this line.
fn lists(file: &Path, line: &str) -> bool {
    fs::read_to_string(file).unwrap().lines().any(|have| have == line)
}

/// Where the hierarchy with this controller is mounted.
fn mount(controller: &str) -> Result<PathBuf, Failed> {
    Ok(Host::probe().hierarchy(controller).ok_or("it was there a moment ago")?.mount.clone())
}

/// Where v2 is mounted.
fn v2_mount() -> Result<PathBuf, Failed> {
    Ok(Host::probe().v2().ok_or("it was there a moment ago")?.mount.clone())
}

/// A group of the trial's own in a hierarchy that has no stage, removed with all in it when it is dropped.
struct Elsewhere {
    path: PathBuf,
    /// As the command line names it.
    name: String,
}

impl Elsewhere {
    /// `what` tells it from the others of this run in the hierarchy.
    fn new(mount: &Path, hierarchy: &str, what: &str) -> Result<Self, Failed> {
        stage::remove_stale(mount);
        let own = format!("{}{}-{what}", stage::PREFIX, std::process::id());
        let path = mount.join(&own);
        fs::create_dir(&path)?;
        Ok(Self { path, name: format!("{hierarchy}:/{own}") })
    }

    fn make(&self, path: &str) -> Result<PathBuf, Failed> {
        let path = self.path.join(path);
        fs::create_dir(&path)?;
        Ok(path)
    }

    fn name(&self, path: &str) -> String {
        format!("{}/{path}", self.name)
    }
}

impl Drop for Elsewhere {
    fn drop(&mut self) {
        if let Err(error) = stage::remove(&self.path) {
            eprintln!("left behind: {error}");
        }
    }
}
