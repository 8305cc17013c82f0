//! The one group in which all trials of a run take place.

use crate::host::{Hierarchy, Host};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

pub(crate) const PREFIX: &str = "cgrove-test-";

/// The stage, made when the first trial needs it.
pub(crate) struct Stage {
    host: Host,
    /// Its directory, once it is made.
    made: Mutex<Option<PathBuf>>,
}

impl Stage {
    /// A stage that is still to be made.
    pub(crate) fn new(host: Host) -> Self {
        Self { host, made: Mutex::new(None) }
    }

    /// The host it stands on.
    pub(crate) fn host(&self) -> &Host {
        &self.host
    }

    /// The hierarchy it stands in, the one that carries cpu.
    ///
    /// # Errors
    /// If there is none.
    pub(crate) fn hierarchy(&self) -> io::Result<&Hierarchy> {
        self.host.hierarchy("cpu").ok_or_else(|| io::Error::other("no hierarchy carries the cpu controller"))
    }

    /// Its directory; makes it the first time.
    ///
    /// # Errors
    /// What mkdir or writing the weight says.
    pub(crate) fn directory(&self) -> io::Result<PathBuf> {
        let mut made = self.made.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(directory) = made.as_ref() {
            return Ok(directory.clone());
        }
        let hierarchy = self.hierarchy()?;
        remove_stale(&hierarchy.mount);
        let directory = hierarchy.mount.join(format!("{PREFIX}{}", std::process::id()));
        fs::create_dir(&directory).map_err(|error| with(&error, "mkdir", &directory))?;
        *made = Some(directory.clone());
        if hierarchy.version == 1 {
            write(&directory.join("cpu.shares"), "262144")?;
        } else {
            write(&directory.join("cpu.weight"), "10000")?;
            write(&directory.join("cgroup.subtree_control"), "+cpu")?;
        }
        Ok(directory)
    }

    /// Removes it with everything in it.
    ///
    /// # Errors
    /// If something cannot be removed.
    pub(crate) fn remove(&self) -> io::Result<()> {
        let mut made = self.made.lock().unwrap_or_else(PoisonError::into_inner);
        made.take().map_or(Ok(()), |directory| remove(&directory))
    }

    /// Waits until no other trial measures on this host. The lock is on the hierarchy's root directory, which every user
    /// can open and which nobody has to make or remove.
    ///
    /// # Errors
    /// What open or flock says.
    pub(crate) fn alone(&self) -> io::Result<nix::fcntl::Flock<File>> {
        let root = File::open(&self.hierarchy()?.mount)?;
        nix::fcntl::Flock::lock(root, nix::fcntl::FlockArg::LockExclusive).map_err(|(_, errno)| errno.into())
    }
}

/// Writes a control file, saying which one fails.
///
/// # Errors
/// What the kernel answers.
pub(crate) fn write(file: &Path, text: &str) -> io::Result<()> {
    fs::write(file, text).map_err(|error| with(&error, &format!("write {text:?} to"), file))
}

/// Removes a group and those below it, after ending every process in them.
///
/// # Errors
/// What is left after two seconds.
pub(crate) fn remove(group: &Path) -> io::Result<()> {
    let deadline = Instant::now() + Duration::from_secs(2);
    loop {
        match remove_once(group) {
            Ok(()) => return Ok(()),
            Err(error) if Instant::now() > deadline => return Err(error),
            // A process that was killed leaves its group a moment later.
            Err(_) => std::thread::sleep(Duration::from_millis(10)),
        }
    }
}

fn remove_once(group: &Path) -> io::Result<()> {
    let entries = match fs::read_dir(group) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        entries => entries.map_err(|error| with(&error, "list", group))?,
    };
    for entry in entries {
        let entry = entry?;
        if entry.file_type()?.is_dir() {
            remove_once(&entry.path())?;
        }
    }
    for pid in fs::read_to_string(group.join("cgroup.procs")).unwrap_or_default().lines() {
        if let Ok(pid) = pid.parse() {
            // Everything in a group of ours was put there by a trial.
            let _ = kill(Pid::from_raw(pid), Signal::SIGKILL);
        }
    }
    fs::remove_dir(group).map_err(|error| with(&error, "rmdir", group))
}

/// Removes the stages of runs that were killed: their name has the number of a process that is no more.
pub(crate) fn remove_stale(mount: &Path) {
    for entry in fs::read_dir(mount).into_iter().flatten().flatten() {
        let name = entry.file_name();
        let own = name.to_str().and_then(|name| name.strip_prefix(PREFIX));
        let pid = own.and_then(|own| own.split('-').next()?.parse().ok());
        if pid.is_some_and(|pid| kill(Pid::from_raw(pid), None) == Err(nix::errno::Errno::ESRCH)) {
            // If it cannot be removed, this run still can do its work.
            let _ = remove(&entry.path());
        }
    }
}

/// Removes the stage when somebody ends this run.
pub(crate) fn remove_on_signals(stage: &Arc<Stage>) {
    use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
    let stage = Arc::clone(stage);
    let Ok(mut signals) = signal_hook::iterator::Signals::new([SIGHUP, SIGINT, SIGTERM]) else { return };
    std::thread::spawn(move || {
        if let Some(signal) = signals.forever().next() {
            let _ = stage.remove();
            std::process::exit(128 + signal);
        }
    });
}

fn with(error: &io::Error, doing: &str, path: &Path) -> io::Error {
    io::Error::new(error.kind(), format!("{doing} {}: {error}", path.display()))
}
