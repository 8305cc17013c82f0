//! Every process in a group and below it is killed, also those that fork meanwhile.
//!
//! `cgroup.kill` (v2, Linux 5.14) does it in one go. Elsewhere in rounds: list, hold each by pidfd, look whether it is still
//! in there, signal. A frozen task of v1 dies only when it is thawed: it is thawed when it has been told to die.
use std::collections::BTreeSet;
use std::fs::{self, OpenOptions};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::thread::sleep;
use std::time::{Duration, Instant};

use super::group::Group;
use super::relocate::place_of;
use super::write::put;
use crate::effect::directories::Directories;
use crate::effect::failure::Failure;
use crate::effect::process::{self, Held};
use crate::model::errno::Errno;
use crate::model::id::{GroupKey, Pid, TaskKey};
use crate::model::place::Place;
use crate::plan::step::{Outcome, Signal};

/// How often the groups are looked at.
const ROUNDS: u64 = 50;
/// How long killed processes may take to leave: one that is in an uninterruptible call may take for ever.
const DYING: Duration = Duration::from_secs(5);

pub(super) fn kill_all(directories: &dyn Directories, at: &Place, key: Option<GroupKey>) -> Result<Outcome, Failure> {
    let group = Group::open("kill", directories, at, key)?;
    let limit = Instant::now() + DYING;
    let mut killed = BTreeSet::new();
    let at_once = match group.open_to_write("cgroup.kill") {
        Ok(file) => Some(file),
        Err(Errno::ENOENT) => None,
        Err(errno) => return Err(Failure::new("write", &group.file("cgroup.kill"), errno).with_data(b"1")),
    };
    for round in 0_u64.. {
        let inside = processes(&group.path);
        if inside.is_empty() {
            break;
        }
        if Instant::now() >= limit || (at_once.is_none() && round >= ROUNDS && !is_dying(&inside)) {
            return Err(still_there(&group.path, &inside));
        }
        if let Some(file) = &at_once {
            killed.extend(inside.iter().filter_map(|&pid| process::stat(pid).ok()).map(|stat| stat.key));
            if round == 0 {
                put(file, b"1")
                    .map_err(|errno| Failure::new("write", &group.file("cgroup.kill"), errno).with_data(b"1"))?;
            }
        } else {
            for &pid in &inside {
                killed.extend(kill(directories, at, pid)?);
            }
            thaw(&group.path);
        }
        sleep(Duration::from_millis(2 * (round + 1).min(10)));
    }
    if killed.is_empty() {
        return Ok(Outcome::Nothing(format!("there was no process in {at}")));
    }
    Ok(Outcome::Killed(killed.into_iter().collect()))
}

/// Kills one if it is still in there; its identity.
fn kill(directories: &dyn Directories, at: &Place, pid: Pid) -> Result<Option<TaskKey>, Failure> {
    let failed = |errno| Failure::new("signal", Path::new(&format!("/proc/{pid}")), errno).with_data(b"SIGKILL");
    let Ok(stat) = process::stat(pid) else { return Ok(None) };
    let held = match Held::open(stat.key) {
        Ok(held) => held,
        Err(Errno::ESRCH) => return Ok(None),
        Err(errno) => return Err(failed(errno)),
    };
    if stat.has_ended() || !is_inside(directories, at, pid) {
        return Ok(None);
    }
    match held.signal(Signal::Kill) {
        Ok(()) => Ok(Some(stat.key)),
        Err(Errno::ESRCH) => Ok(None),
        Err(errno) => Err(failed(errno)),
    }
}

/// Whether a thread of the process is in the group or below.
fn is_inside(directories: &dyn Directories, at: &Place, pid: Pid) -> bool {
    let threads = process::threads(pid).unwrap_or_default();
    threads.iter().any(|thread| place_of(directories, thread.tid, at).is_some_and(|place| place.is_within(at)))
}

/// v1: lets frozen tasks go on, to their end. A group without the file, or that is not frozen, has nothing to do.
fn thaw(path: &Path) {
    for group in subtree(path) {
        let file = group.join("freezer.state");
        if fs::read(&file).is_ok_and(|state| !state.starts_with(b"THAWED")) {
            // What stays frozen does not end, and is told as that.
            drop(OpenOptions::new().write(true).open(&file).and_then(|mut file| file.write_all(b"THAWED")));
        }
    }
}

/// The directories of a group and of those below.
fn subtree(path: &Path) -> Vec<PathBuf> {
    let mut all = vec![path.to_owned()];
    let mut next = 0;
    while let Some(group) = all.get(next) {
        let below = fs::read_dir(group).into_iter().flatten().flatten();
        let directories = below.filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_dir()));
        let mut paths: Vec<PathBuf> = directories.map(|entry| entry.path()).collect();
        all.append(&mut paths);
        next += 1;
    }
    all
}

/// The processes of a group and the groups below that have not ended. What vanishes meanwhile holds none.
fn processes(path: &Path) -> BTreeSet<Pid> {
    let mut all = BTreeSet::new();
    for group in subtree(path) {
        let lists = ["cgroup.procs", "tasks", "cgroup.threads"];
        let text = lists.iter().find_map(|file| fs::read_to_string(group.join(file)).ok()).unwrap_or_default();
        all.extend(text.split_ascii_whitespace().filter_map(|word| word.parse::<Pid>().ok()).filter(|&pid| pid > 0));
    }
    // A leader that has exited is listed as long as another thread of it runs.
    let lives = |pid: &Pid| {
        process::threads(*pid)
            .is_ok_and(|threads| threads.iter().any(|key| process::stat(key.tid).is_ok_and(|stat| !stat.has_ended())))
    };
    all.retain(lives);
    all
}

/// Whether all were told to die and only take their time: no new ones come.
fn is_dying(inside: &BTreeSet<Pid>) -> bool {
    inside.iter().all(|&pid| process::stat(pid).is_ok_and(|stat| matches!(stat.state, 'D' | 'T' | 't')))
}

fn still_there(path: &Path, inside: &BTreeSet<Pid>) -> Failure {
    let some: Vec<String> = inside.iter().take(4).map(ToString::to_string).collect();
    let more = inside.len().saturating_sub(some.len());
    let more = if more > 0 { format!(" and {more} more") } else { String::new() };
    let text =
        format!("processes {}{more} do not end: frozen, in an uninterruptible call, or forking", some.join(", "));
    Failure::said("kill", path, text)
}
