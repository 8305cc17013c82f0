//! Finding and killing everything that descends from this process.
//!
//! The supervisor is a child subreaper: whatever loses its parent among its descendants becomes its child. So the tree below
//! it holds every process that any workload ever forked, whatever session or process group it has moved to.
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use crate::effect::executor::put;
use crate::effect::launch::urgent::urgent;
use crate::effect::process::{self, Held, Stat};
use crate::model::id::{Pid, TaskKey};
use crate::plan::step::Signal;

/// All processes below `root`, by parentage, without those below or in `spared`. A process that forks meanwhile may be
/// missed: callers look again until nothing is left.
pub(super) fn below(root: Pid, spared: &BTreeSet<Pid>) -> Vec<Stat> {
    let mut found = Vec::new();
    let mut scanned = None;
    let mut waiting = vec![root];
    while let Some(parent) = waiting.pop() {
        let children = match listed(parent) {
            Some(children) => children,
            None => scanned.get_or_insert_with(scan).get(&parent).cloned().unwrap_or_default(),
        };
        for pid in children {
            let Ok(stat) = process::stat(pid) else { continue };
            if spared.contains(&pid)
                || (parent == root && process::group_of(pid).is_some_and(|group| spared.contains(&group)))
            {
                // Of a spared workload's orphans only the process group is left to know them by.
                continue;
            }
            found.push(stat);
            waiting.push(pid);
        }
    }
    found
}

/// The children that the kernel lists; `None` on a kernel without `CONFIG_PROC_CHILDREN`.
fn listed(parent: Pid) -> Option<Vec<Pid>> {
    let Ok(threads) = process::numbers(&format!("/proc/{parent}/task")) else { return Some(Vec::new()) };
    let mut children = Vec::new();
    for thread in threads {
        match fs::read_to_string(format!("/proc/{parent}/task/{thread}/children")) {
            Ok(text) => children.extend(text.split_ascii_whitespace().filter_map(|word| word.parse::<Pid>().ok())),
            // The thread is gone, or the file does not exist at all.
            Err(_) if process::stat(thread).is_err() => {}
            Err(_) => return None,
        }
    }
    Some(children)
}

/// Children by parent, of all processes.
fn scan() -> BTreeMap<Pid, Vec<Pid>> {
    let mut children: BTreeMap<Pid, Vec<Pid>> = BTreeMap::new();
    for pid in process::numbers("/proc").unwrap_or_default() {
        if let Ok(stat) = process::stat(pid) {
            children.entry(stat.parent).or_default().push(pid);
        }
    }
    children
}

/// How long victims get until they are helped.
const PATIENCE: Duration = Duration::from_millis(10);

/// The killing of some processes, round by round.
///
/// To die takes a little CPU time, which a process in a group of small weight, under a quota that is used up, or pinned
/// beside a busy neighbour does not get for seconds. So whoever is still there after [`PATIENCE`] is moved into cgrove's own
/// groups (which thaws it, too, if it was frozen), made urgent, and sent to another CPU if there is one.
#[derive(Debug, Default)]
pub(super) struct Hunt {
    /// When each was first met.
    met: BTreeMap<TaskKey, Instant>,
    helped: BTreeSet<TaskKey>,
}

impl Hunt {
    /// Sends SIGKILL to each that has not ended, and helps those that do not get to die. `homes` are the directories of our
    /// own groups.
    pub(super) fn kill(&mut self, victims: &[Stat], homes: &BTreeSet<PathBuf>) {
        let now = Instant::now();
        for victim in victims.iter().filter(|victim| !victim.has_ended()) {
            // It may end by itself meanwhile; whoever is still there is found again in the next round.
            let _ = Held::open(victim.key).and_then(|held| held.signal(Signal::Kill));
            let met = *self.met.entry(victim.key).or_insert(now);
            if now - met >= PATIENCE && self.helped.insert(victim.key) {
                help(victim.key.tid, homes);
            }
        }
    }
}

/// What cannot be done is left out: this only makes the end come sooner.
fn help(pid: Pid, homes: &BTreeSet<PathBuf>) {
    for home in homes {
        let _ = fs::OpenOptions::new()
            .write(true)
            .open(home.join("cgroup.procs"))
            .map(|file| put(&file, pid.to_string().as_bytes()));
    }
    let Ok(ours) = rustix::thread::sched_getaffinity(None) else { return };
    for thread in process::threads(pid).unwrap_or_default() {
        // SIGKILL is pending: the first thing it will do is end.
        urgent(thread.tid);
        let Ok(cpu) = process::last_cpu(thread.tid) else { continue };
        let mut others = ours;
        others.unset(cpu as usize);
        if others.count() > 0 {
            let _ = rustix::thread::sched_setaffinity(rustix::process::Pid::from_raw(thread.tid), &others);
        }
    }
}
