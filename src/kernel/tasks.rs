//! The tasks of interest, sampling after sampling.
//!
//! What a task got (`schedstat`) is read every time through an open file, and tells whether anything else can have
//! changed: a task that was neither on a CPU nor put there since is asleep (or starves, so a task in state R is always
//! looked at). The rest is read by need:
//!
//! | what | of a task that ran, or in state R | of one that sleeps |
//! |---|---|---|
//! | `schedstat` | every time | every time; beyond [`FRESH`] sleepers in turns, the age carried |
//! | `stat` (state, nice, policy), affinity | every time | every [`SLOW`]th time, in turns |
//! | autogroup (root tasks) | every second time | every [`RARE`]th time, in turns |
//! | `status` (process, user) | at first, when its name changes, every [`RARE`]th time | the same |
//!
//! A task whose `stat` cannot be read (hidden by `hidepid`) has no row: it stands in its group's list alone.
use std::collections::HashMap;

use crate::model::errno::Errno;
use crate::model::field::Field;
use crate::model::id::{Pid, TaskKey, Tid};
use crate::model::task::{Autogroup, Task};
use crate::parse::autogroup::autogroup;
use crate::parse::schedstat::schedstat;
use crate::parse::stat::{Stat, stat};
use crate::parse::status::status;

use super::fs::Fs;
use super::handles::{Handles, Key};
use super::values::{parsed, refused};

/// So many sleepers are read every time; twice as many every second time, and so on.
const FRESH: usize = 1000;
/// A task is a sleeper after so many samplings without running.
const ASLEEP: u32 = 3;
/// Details of sleepers are read every so many samplings.
const SLOW: u64 = 4;
/// Details that hardly ever change.
const RARE: u64 = 16;

/// A task that is wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Wanted {
    pub(crate) tid: Tid,
    /// It is in the root group of the cpu hierarchy: its autogroup counts.
    pub(crate) root: bool,
    /// It is on screen: never read in turns.
    pub(crate) shown: bool,
}

/// What is known of tasks.
#[derive(Default)]
pub(crate) struct Tasks {
    known: HashMap<Tid, Known>,
    tick: u64,
}

struct Known {
    task: Task,
    /// The last sampling that wanted it.
    wanted: u64,
    /// The last sampling that read its `schedstat`.
    read: u64,
    /// Samplings since it last ran.
    quiet: u32,
}

impl Tasks {
    /// Reads the wanted tasks; those that are gone are left out.
    pub(crate) fn sample(
        &mut self,
        fs: &dyn Fs,
        handles: &mut Handles,
        wanted: &[Wanted],
        autogroups: bool,
    ) -> Vec<Task> {
        self.tick += 1;
        let tick = self.tick;
        let sleepers = self.known.values().filter(|known| known.is_asleep()).count();
        let mut turn = Turn {
            fs,
            handles,
            tick,
            stride: sleepers.div_ceil(FRESH).max(1) as u64,
            autogroups,
            groups: HashMap::new(),
        };
        let mut rows = Vec::with_capacity(wanted.len());
        for &want in wanted {
            let known = match self.known.remove(&want.tid) {
                Some(known) => turn.again(known, want).or_else(|| turn.first(want)),
                None => turn.first(want),
            };
            if let Some(mut known) = known {
                known.wanted = tick;
                known.task.age = u32::try_from(tick - known.read).unwrap_or(u32::MAX);
                rows.push(known.task.clone());
                self.known.insert(want.tid, known);
            }
        }
        let handles = turn.handles;
        self.known.retain(|&tid, known| {
            let keep = known.wanted + RARE >= tick;
            if !keep {
                handles.forget(tid);
            }
            keep
        });
        rows
    }
}

impl Known {
    fn is_asleep(&self) -> bool {
        self.quiet >= ASLEEP && self.task.state != 'R'
    }
}

/// One sampling's work.
struct Turn<'a> {
    fs: &'a dyn Fs,
    handles: &'a mut Handles,
    tick: u64,
    stride: u64,
    autogroups: bool,
    /// Autogroups read in this sampling, by process.
    groups: HashMap<Pid, Field<Autogroup>>,
}

impl Turn<'_> {
    /// Whether it is this task's turn among those that are read every `stride` samplings.
    fn is_due(&self, tid: Tid, stride: u64) -> bool {
        (self.tick + u64::from(tid.unsigned_abs())).is_multiple_of(stride)
    }

    /// A task that was read before; `None` if it is gone (the number may be another task's by now).
    fn again(&mut self, mut known: Known, want: Wanted) -> Option<Known> {
        let tid = want.tid;
        let asleep = known.is_asleep();
        if asleep && !want.shown && self.stride > 1 && !self.is_due(tid, self.stride) {
            return Some(known);
        }
        let same = self.handles.holds(Key::Sched(tid));
        let before = known.task.sched.get();
        let sched = match self.handles.task(self.fs, Key::Sched(tid), || path(tid, "schedstat")) {
            Ok((text, at)) => parsed(schedstat(text), at),
            Err(errno) if errno.is_gone() => return None,
            Err(errno) => refused(errno),
        };
        let ran = sched.get() != before || before.is_none();
        known.task.sched = sched;
        known.read = self.tick;
        known.quiet = if ran { 0 } else { known.quiet.saturating_add(1) };
        let slow = if asleep { self.is_due(tid, SLOW * self.stride) } else { true };
        // Without an open file, what was just read may be another task's: its start time decides.
        if !(ran || slow || want.shown || !same || known.task.state == 'R') {
            return Some(known);
        }
        let stat = self.stat(tid).ok()?;
        if stat.start != known.task.key.start {
            self.handles.forget(tid);
            return None;
        }
        let renamed = known.task.comm != stat.comm;
        let rare = self.is_due(tid, RARE * self.stride);
        apply(&mut known.task, stat);
        if renamed || rare {
            self.identity(&mut known.task);
        }
        known.task.allowed = self.affinity(tid);
        if !want.root || !self.autogroups {
            known.task.autogroup = Field::Absent;
        } else if rare || (ran && self.is_due(tid, 2)) || matches!(known.task.autogroup, Field::Absent | Field::Unread)
        {
            known.task.autogroup = self.autogroup(&known.task);
        }
        Some(known)
    }

    /// A task that was not read before; `None` if it is gone or hidden.
    fn first(&mut self, want: Wanted) -> Option<Known> {
        let tid = want.tid;
        self.handles.forget(tid);
        let stat = self.stat(tid).ok()?;
        let sched = match self.handles.task(self.fs, Key::Sched(tid), || path(tid, "schedstat")) {
            Ok((text, at)) => parsed(schedstat(text), at),
            Err(errno) if errno.is_gone() => return None,
            Err(errno) => refused(errno),
        };
        let mut task = blank(TaskKey { tid, start: stat.start });
        task.sched = sched;
        apply(&mut task, stat);
        self.identity(&mut task);
        task.allowed = self.affinity(tid);
        task.autogroup = if want.root && self.autogroups { self.autogroup(&task) } else { Field::Absent };
        Some(Known { task, wanted: self.tick, read: self.tick, quiet: 0 })
    }

    fn stat(&mut self, tid: Tid) -> Result<Stat, Errno> {
        let (text, _) = self.handles.task(self.fs, Key::Stat(tid), || path(tid, "stat"))?;
        stat(text).map_err(|_malformed| Errno::EIO)
    }

    /// Process and user. A kernel thread is a process of its own and root's.
    fn identity(&self, task: &mut Task) {
        if task.kernel {
            task.tgid = task.key.tid;
            return;
        }
        let read = self.fs.read(&path(task.key.tid, "status"), super::error::MOST);
        if let Some(status) = read.ok().and_then(|text| status(&text).ok()) {
            task.tgid = status.tgid;
            (task.uid, task.saved_uid) = (status.uid, status.saved_uid);
        }
    }

    fn affinity(&self, tid: Tid) -> Field<crate::model::cpu_set::CpuSet> {
        match self.fs.affinity(tid) {
            Ok(set) => Field::new(set, self.fs.now()),
            Err(errno) => refused(errno),
        }
    }

    fn autogroup(&mut self, task: &Task) -> Field<Autogroup> {
        if task.kernel {
            return Field::Absent;
        }
        if let Some(field) = self.groups.get(&task.tgid) {
            return field.clone();
        }
        let field = match self.fs.read(format!("/proc/{}/autogroup", task.tgid).as_bytes(), 4096) {
            Ok(text) => match autogroup(&text) {
                Ok(Some(group)) => Field::new(group, self.fs.now()),
                Ok(None) => Field::Absent,
                Err(error) => Field::Malformed(error.to_string().into_boxed_str()),
            },
            Err(errno) => refused(errno),
        };
        self.groups.insert(task.tgid, field.clone());
        field
    }
}

/// The details of one task, read now; `None` if it is gone or hidden.
pub(crate) fn read_one(fs: &dyn Fs, tid: Tid, root: bool) -> Option<Task> {
    let mut handles = Handles::new(0);
    let mut turn = Turn { fs, handles: &mut handles, tick: 0, stride: 1, autogroups: root, groups: HashMap::new() };
    turn.first(Wanted { tid, root, shown: true }).map(|known| known.task)
}

/// `/proc/TID/task/TID/FILE`: of this thread alone, where `/proc/TID/FILE` may be of its process.
fn path(tid: Tid, file: &str) -> Vec<u8> {
    format!("/proc/{tid}/task/{tid}/{file}").into_bytes()
}

fn apply(task: &mut Task, stat: Stat) {
    task.kernel = stat.is_kernel();
    task.bound = stat.is_bound();
    task.parent = stat.ppid;
    task.comm = stat.comm;
    task.state = stat.state;
    task.nice = stat.nice;
    task.policy = stat.policy;
    task.rt_priority = stat.rt_priority;
    task.last_cpu = stat.processor;
}

fn blank(key: TaskKey) -> Task {
    Task {
        key,
        tgid: key.tid,
        parent: 0,
        comm: Box::default(),
        state: '?',
        nice: 0,
        policy: crate::model::task::Policy::Other,
        rt_priority: 0,
        kernel: false,
        bound: false,
        uid: 0,
        saved_uid: 0,
        last_cpu: 0,
        allowed: Field::Unread,
        sched: Field::Unread,
        autogroup: Field::Unread,
        age: 0,
    }
}

#[cfg(test)]
mod tests;
