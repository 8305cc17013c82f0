//! One step of a dead cgrove: what the machine shows of it now, and what is done about it.
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::MetadataExt as _;

use super::{Fate, Note, lives};
use crate::effect::directories::Directories;
use crate::effect::executor::{Executor, inode, place_of};
use crate::effect::failure::{Failure, errno};
use crate::effect::transaction::opposite;
use crate::effect::{process, scheduler};
use crate::kernel::guarded::guarded;
use crate::kernel::real::RealFs;
use crate::model::bytes::{Bytes, escape};
use crate::model::errno::Errno;
use crate::model::hierarchy::Version;
use crate::model::id::{GroupKey, HierarchyId, TaskKey};
use crate::model::place::Place;
use crate::model::scheduling::Attribute;
use crate::parse;
use crate::plan::intent::{Scope, Setting};
use crate::plan::journal::{Entry, Journal, Record, State};
use crate::plan::step::{Moved, Outcome, Scheduled, Signal, Step};

mod mounts;

/// Decides and acts, step by step.
pub(super) struct Cleaner<'a> {
    directories: &'a dyn Directories,
    /// None: a dry run.
    executor: Option<&'a mut (dyn Executor + 'a)>,
    /// Every group that any of the journals made: their settings need no care, they go as a whole.
    made: BTreeSet<GroupKey>,
    /// Every mount that any of the journals made, by hierarchy and mount point.
    mounted: BTreeSet<(HierarchyId, Bytes)>,
    /// In a dry run: mount points that would be none by now.
    unmounted: BTreeSet<Bytes>,
    /// Groups that were made again here, and what they are now: older steps mean these.
    again: BTreeMap<GroupKey, GroupKey>,
    /// In a dry run: groups that would be gone by now.
    gone: BTreeSet<Place>,
    /// In a dry run: tasks that would have ended or gone elsewhere by now.
    left: BTreeSet<TaskKey>,
    /// In a dry run: values that would stand by now.
    values: BTreeMap<(Place, Box<str>), Bytes>,
}

/// What is seen of a group.
enum Seen {
    Gone,
    /// Another group, or none that can be told: why.
    Other(String),
    Same,
}

impl<'a> Cleaner<'a> {
    pub(super) fn new<'j>(
        directories: &'a dyn Directories,
        executor: Option<&'a mut (dyn Executor + 'a)>,
        journals: impl Iterator<Item = &'j Journal>,
    ) -> Self {
        let (mut made, mut mounted) = (BTreeSet::new(), BTreeSet::new());
        for journal in journals {
            made.extend(ever_made(&journal.entries));
            mounted.extend(ever_mounted(&journal.entries));
        }
        Self {
            directories,
            executor,
            made,
            again: BTreeMap::new(),
            mounted,
            unmounted: BTreeSet::new(),
            gone: BTreeSet::new(),
            left: BTreeSet::new(),
            values: BTreeMap::new(),
        }
    }

    pub(super) fn is_dry_run(&self) -> bool {
        self.executor.is_none()
    }

    /// Takes a step back that was done, or perhaps done.
    pub(super) fn take_back(&mut self, entry: &Entry, record: &Record) -> Vec<Note> {
        let outcome = match &record.state {
            State::Done(Outcome::Nothing(_)) => return Vec::new(),
            State::Done(outcome) => Some(outcome),
            _ => None,
        };
        let note = match (&record.step, outcome) {
            (Step::MakeGroup { at }, Some(Outcome::Made(key))) => self.unmake(at, *key),
            (Step::MakeGroup { at }, _) => self.unmake_begun(at, entry.time_ms),
            (Step::RemoveGroup { at, key, settings }, _) => self.remake(at, *key, settings),
            (Step::Rename { at, key, name }, _) => self.name_back(at, *key, name, outcome.is_none()),
            (Step::Write { .. }, Some(Outcome::Stored(stored))) => self.unwrite(&record.step, stored.as_ref()),
            (Step::Write { data, .. }, _) => self.unwrite(&record.step, Some(data)),
            (Step::Move { scope, .. }, Some(Outcome::Moved(moved))) => return self.unmove(moved, *scope),
            (Step::Drain { .. }, Some(Outcome::Moved(moved))) => return self.unmove(moved, Scope::Process),
            (Step::Move { task, scope, from, to }, _) => {
                return self.unmove(&self.perhaps_moved(*task, *scope, from, to), *scope);
            }
            (Step::Drain { from, to }, _) => Some(Note {
                text: format!("tasks of {} may have been moved into {}", self.show(from), self.show(to)),
                fate: Fate::Foreign,
            }),
            (Step::KillAll { at, .. }, _) => Some(Note {
                text: format!("what was killed in {} cannot come back", self.show(at)),
                fate: Fate::Foreign,
            }),
            (Step::MakeDirectory { path }, done) => self.unmake_directory(path, entry.time_ms, done.is_none()),
            (Step::Mount { mounting }, Some(Outcome::Mounted { top, new })) => self.unmount(mounting, Some(*top), *new),
            (Step::Mount { mounting }, _) => self.unmount(mounting, None, mounting.hierarchy.is_none()),
            (Step::Unmount { mounting, settings, .. }, _) => self.mount_again(mounting, settings),
            (Step::Launch { .. }, Some(Outcome::Launched(process))) => self.end(*process),
            // A mount that needs a directory makes it again.
            (Step::Launch { .. } | Step::RemoveDirectory { .. }, _) => None,
            (Step::Signal { process, signal }, _) => self.unsignal(*process, *signal),
            (Step::Schedule { .. }, Some(Outcome::Scheduled(list))) => return self.unschedule(list),
            (Step::Schedule { task, scope, to, prior }, _) => {
                return self.perhaps_scheduled(*task, *scope, to, prior.as_ref());
            }
        };
        note.into_iter().collect()
    }

    fn show(&self, at: &Place) -> String {
        match self.directories.directory(at) {
            Some(path) => escape(path.as_os_str().as_bytes()),
            None => at.to_string(),
        }
    }

    /// Applies steps one after the other, unless this is a dry run.
    fn apply(&mut self, steps: &[Step]) -> Result<(), Failure> {
        let Some(executor) = self.executor.as_deref_mut() else { return Ok(()) };
        steps.iter().try_for_each(|step| executor.apply(step).map(drop))
    }

    /// Applies steps and says what came of it.
    fn act(&mut self, steps: &[Step], text: String) -> Note {
        match self.apply(steps) {
            Ok(()) => Note { text, fate: Fate::TakenBack },
            Err(failure) => Note { text: failure.to_string(), fate: Fate::Left },
        }
    }

    fn today(&self, key: GroupKey) -> GroupKey {
        self.again.get(&key).copied().unwrap_or(key)
    }

    fn see(&self, at: &Place, key: GroupKey) -> Seen {
        if self.gone.contains(at) {
            return Seen::Gone;
        }
        let Some(path) = self.directories.directory(at) else {
            // With its hierarchy, or out of reach.
            let lives = self.directories.version(at.hierarchy).is_some();
            return if lives { Seen::Other("its hierarchy is not mounted".into()) } else { Seen::Gone };
        };
        match inode(&path) {
            Ok(found) if found == self.today(key).inode => Seen::Same,
            Ok(_) => Seen::Other("another group was made there since".into()),
            Err(errno) if errno.is_gone() => Seen::Gone,
            Err(errno) => Seen::Other(errno.to_string()),
        }
    }

    fn unmake(&mut self, at: &Place, key: GroupKey) -> Option<Note> {
        match self.see(at, key) {
            Seen::Gone => None,
            Seen::Other(why) => Some(Note { text: format!("group {}: {why}", self.show(at)), fate: Fate::Foreign }),
            Seen::Same => Some(self.remove(at, key, "")),
        }
    }

    /// A group that was announced, and perhaps made.
    fn unmake_begun(&mut self, at: &Place, time_ms: u64) -> Option<Note> {
        let path = self.directories.directory(at)?;
        let found = fs::metadata(&path).ok()?;
        let key = GroupKey { hierarchy: self.directories.number(at.hierarchy), inode: found.ino() };
        if self.made.contains(&key) || self.gone.contains(at) {
            return None;
        }
        let born_ms = u64::try_from(found.ctime()).unwrap_or(0) * 1000
            + u64::try_from(found.ctime_nsec()).unwrap_or(0) / 1_000_000;
        let own = found.uid() == rustix::process::geteuid().as_raw();
        if own && born_ms >= time_ms && self.tasks(at).is_empty() && self.children(at).is_empty() {
            return Some(self.remove(at, key, ", which cgrove was about to make when it was killed"));
        }
        let text = format!("group {}: whether cgrove made it, when it was killed, cannot be told", self.show(at));
        Some(Note { text, fate: Fate::Foreign })
    }

    fn remove(&mut self, at: &Place, key: GroupKey, which: &str) -> Note {
        let (tasks, children) = (self.tasks(at), self.children(at));
        let shown = self.show(at);
        if !tasks.is_empty() {
            let text = format!("group {shown}: tasks are in it that cgrove did not start: {}", names(&tasks));
            return Note { text, fate: Fate::Left };
        }
        if !children.is_empty() {
            let text = format!("group {shown}: groups are in it: {}", children.join(", "));
            return Note { text, fate: Fate::Left };
        }
        let step = Step::RemoveGroup { at: at.clone(), key: Some(self.today(key)), settings: Vec::new() };
        let note = self.act(&[step], format!("removed group {shown}{which}"));
        if self.is_dry_run() {
            self.gone.insert(at.clone());
        }
        note
    }

    /// A group that has, or perhaps has, a name that cgrove gave it.
    fn name_back(&mut self, at: &Place, key: Option<GroupKey>, name: &Bytes, perhaps: bool) -> Option<Note> {
        let to = at.sibling(name);
        let same = match key {
            Some(key) => self.see(&to, key),
            // The plan made it: whatever its identity, it has the new name.
            None if self.directories.directory(&to).is_some_and(|path| path.is_dir()) => Seen::Same,
            None => Seen::Gone,
        };
        match same {
            Seen::Gone => None,
            Seen::Other(_) if perhaps => None,
            Seen::Other(why) => Some(Note { text: format!("group {}: {why}", self.show(&to)), fate: Fate::Foreign }),
            Seen::Same => {
                let key = key.map(|key| self.today(key));
                let step = Step::Rename { at: to.clone(), key, name: at.name().into() };
                Some(
                    self.act(
                        &[step],
                        format!("group {} has its old name again, {}", self.show(&to), escape(at.name())),
                    ),
                )
            }
        }
    }

    /// A group that was there before cgrove removed it.
    fn remake(&mut self, at: &Place, key: Option<GroupKey>, settings: &[Setting]) -> Option<Note> {
        // Its own groups, made and removed, are none that should be there.
        let key = key.filter(|key| !self.made.contains(key))?;
        match self.see(at, key) {
            Seen::Same => None,
            Seen::Other(why) => Some(Note { text: format!("group {}: {why}", self.show(at)), fate: Fate::Foreign }),
            Seen::Gone => {
                let write = |setting: &Setting| Step::Write {
                    at: at.clone(),
                    key: None,
                    file: setting.file.clone(),
                    data: setting.data.clone(),
                    prior: None,
                    disturbs: Vec::new(),
                };
                let make = std::iter::once(Step::MakeGroup { at: at.clone() });
                let steps: Vec<Step> = make.chain(settings.iter().map(write)).collect();
                let note = self.act(&steps, format!("made group {} again, which cgrove had removed", self.show(at)));
                if let Some(inode) = self.directories.directory(at).and_then(|path| inode(&path).ok()) {
                    let new = GroupKey { hierarchy: at.hierarchy, inode };
                    // What stood for an older one, this stands for now.
                    self.again.values_mut().filter(|now| **now == key).for_each(|now| *now = new);
                    self.again.insert(key, new);
                }
                Some(note)
            }
        }
    }

    /// A value in a group that cgrove did not make: its old value, if it still is what cgrove stored.
    fn unwrite(&mut self, step: &Step, stored: Option<&Bytes>) -> Option<Note> {
        let Step::Write { at, key, file, data, prior, disturbs } = step else { return None };
        // Controllers that a group of its own hands down keep tasks from going back into it.
        let key = key.filter(|key| &**file == "cgroup.subtree_control" || !self.made.contains(key))?;
        let what = format!("{file} of {}", self.show(at));
        let foreign = |text: String| Some(Note { text, fate: Fate::Foreign });
        match self.see(at, key) {
            Seen::Gone => return None,
            Seen::Other(why) => return foreign(format!("{what}: {why}")),
            Seen::Same => {}
        }
        let key = self.today(key);
        let Some(prior) = prior else { return foreign(format!("{what}: what it was before is not known")) };
        let now = match self.value(at, file) {
            Ok(now) => now,
            Err(errno) => return Some(Note { text: format!("{what}: {errno}"), fate: Fate::Left }),
        };
        let back = if &**file == "cgroup.subtree_control" {
            still_to_change(&opposite(data, prior)?, &now)?
        } else if now == *prior && disturbs.is_empty() {
            return None;
        } else if now == *prior || Some(&now) == stored {
            prior.clone()
        } else {
            let text = format!("{what}: others changed it since to {}; it was {}", escape(&now), escape(prior));
            return foreign(text);
        };
        let write = |at: &Place, key, file: &str, data: &Bytes| Step::Write {
            at: at.clone(),
            key,
            file: file.into(),
            data: data.clone(),
            prior: None,
            disturbs: Vec::new(),
        };
        let mut steps = Vec::new();
        if now != *prior {
            steps.push(write(at, Some(key), file, &back));
        }
        for other in disturbs {
            if steps.is_empty() && self.value(&other.at, &other.setting.file).is_ok_and(|now| now == other.setting.data)
            {
                continue;
            }
            steps.push(write(&other.at, (other.at == *at).then_some(key), &other.setting.file, &other.setting.data));
        }
        if steps.is_empty() {
            return None;
        }
        if self.is_dry_run() {
            self.values.insert((at.clone(), file.clone()), prior.clone());
        }
        Some(self.act(&steps, format!("{what}: {} again, it was {}", escape(prior), escape(&now))))
    }

    /// Tasks that are still where cgrove moved them.
    fn unmove(&mut self, moved: &[Moved], scope: Scope) -> Vec<Note> {
        let mut notes = Vec::new();
        for task in moved.iter().filter(|task| task.from != task.now && lives(task.task)) {
            let name = name(task.task.tid);
            let (from, now) = (self.show(&task.from), self.show(&task.now));
            let found = place_of(self.directories, task.task.tid, &task.now);
            if found.as_ref() == Some(&task.from) {
                continue;
            }
            if found.as_ref() != Some(&task.now) {
                let text = format!("task {name}: it has left {now}, into which cgrove had moved it");
                notes.push(Note { text, fate: Fate::Foreign });
                continue;
            }
            if self.directories.directory(&task.from).is_none_or(|path| inode(&path).is_err()) {
                let text = format!("task {name} in {now}: the group it came from is gone: {from}");
                notes.push(Note { text, fate: Fate::Foreign });
                continue;
            }
            let scope = match self.directories.version(task.now.hierarchy) {
                Some(Version::V1) => Scope::Thread,
                Some(Version::V2) | None => scope,
            };
            let step = Step::Move { task: task.task, scope, from: task.now.clone(), to: task.from.clone() };
            notes.push(self.act(&[step], format!("moved task {name} from {now} back to {from}")));
            if self.is_dry_run() {
                self.left.insert(task.task);
            }
        }
        notes
    }

    /// A move that was announced: those of its tasks that are where they should have gone.
    fn perhaps_moved(&self, task: TaskKey, scope: Scope, from: &Place, to: &Place) -> Vec<Moved> {
        let tasks = match scope {
            Scope::Thread => vec![task],
            Scope::Process if lives(task) => {
                process::process_of(task.tid).and_then(process::threads).unwrap_or_default()
            }
            Scope::Process => Vec::new(),
        };
        let there = |key: &TaskKey| place_of(self.directories, key.tid, to).as_ref() == Some(to);
        let moved = |key| Moved { task: key, from: from.clone(), now: to.clone(), at: 0 };
        tasks.into_iter().filter(there).map(moved).collect()
    }

    /// A workload whose supervisor did not end it, since it was killed too.
    fn end(&mut self, process: TaskKey) -> Option<Note> {
        if !lives(process) {
            return None;
        }
        let text = format!("killed workload {}, whose supervisor is gone", name(process.tid));
        let note = self.act(&[Step::Signal { process, signal: Signal::Kill }], text);
        if self.is_dry_run() {
            self.left.insert(process);
        }
        Some(note)
    }

    /// A process that cgrove stopped and that still is stopped goes on, one that it let go on is stopped again; nothing else
    /// about signals can be taken back.
    fn unsignal(&mut self, process: TaskKey, signal: Signal) -> Option<Note> {
        let found = process::stat(process.tid).ok().filter(|found| found.key == process && !found.has_ended())?;
        let (text, back) = match signal {
            Signal::Stop if found.state == 'T' => ("let process {} go on", Signal::Continue),
            Signal::Continue if found.state != 'T' => ("stopped process {} again", Signal::Stop),
            _ => return None,
        };
        if back == Signal::Stop && guarded(&RealFs, own_pid()).contains(&process.tid) {
            let text = format!("process {} is not stopped again: cgrove runs under it", name(process.tid));
            return Some(Note { text, fate: Fate::Foreign });
        }
        let text = text.replace("{}", &name(process.tid));
        Some(self.act(&[Step::Signal { process, signal: back }], text))
    }

    /// Threads whose scheduling is still what cgrove set.
    fn unschedule(&mut self, list: &[Scheduled]) -> Vec<Note> {
        let mut notes = Vec::new();
        for set in list.iter().filter(|set| set.was != set.now && lives(set.task)) {
            let task = name(set.task.tid);
            match scheduler::get(set.task.tid, &set.was) {
                Err(errno) if errno.is_gone() => {}
                Err(errno) => notes.push(Note { text: format!("task {task}: {errno}"), fate: Fate::Left }),
                Ok(now) if now == set.was => {}
                Ok(now) if now == set.now => {
                    let (to, prior) = (set.was.clone(), Some(now.clone()));
                    let step = Step::Schedule { task: set.task, scope: Scope::Thread, to, prior };
                    notes.push(self.act(&[step], format!("task {task}: {} again, it was {now}", set.was)));
                }
                Ok(now) => {
                    let text = format!("task {task}: others changed it since to {now}; it was {}", set.was);
                    notes.push(Note { text, fate: Fate::Foreign });
                }
            }
        }
        notes
    }

    /// Scheduling that was announced: those threads that have what was asked.
    fn perhaps_scheduled(
        &mut self,
        task: TaskKey,
        scope: Scope,
        to: &Attribute,
        prior: Option<&Attribute>,
    ) -> Vec<Note> {
        if !lives(task) || prior == Some(to) {
            return Vec::new();
        }
        let Some(prior) = prior else {
            let text = format!("task {}: whether cgrove set {to}, and what it was, cannot be told", name(task.tid));
            return vec![Note { text, fate: Fate::Foreign }];
        };
        let threads = match scope {
            Scope::Thread => vec![task],
            Scope::Process => process::process_of(task.tid).and_then(process::threads).unwrap_or_default(),
        };
        let list: Vec<Scheduled> = threads
            .into_iter()
            .filter_map(|task| {
                let now = scheduler::get(task.tid, to).ok().filter(|now| now == to)?;
                Some(Scheduled { task, was: prior.clone(), now })
            })
            .collect();
        self.unschedule(&list)
    }

    /// What a file reads, without its last newline.
    fn value(&self, at: &Place, file: &str) -> Result<Bytes, Errno> {
        if let Some(value) = self.values.get(&(at.clone(), file.into())) {
            return Ok(value.clone());
        }
        let path = self.directories.directory(at).ok_or(Errno::ENOENT)?.join(file);
        let mut content = fs::read(path).map_err(|e| errno(&e))?;
        content.pop_if(|last| *last == b'\n');
        Ok(content.into_boxed_slice())
    }

    /// Tasks in a group.
    fn tasks(&self, at: &Place) -> Vec<i32> {
        let text = ["tasks", "cgroup.threads"].iter().find_map(|file| self.value(at, file).ok()).unwrap_or_default();
        let listed = parse::ids::ids(&text).unwrap_or_default().into_iter();
        listed.filter(|&tid| !self.left.iter().any(|task| task.tid == tid)).collect()
    }

    /// Names of its child groups.
    fn children(&self, at: &Place) -> Vec<String> {
        let Some(entries) = self.directories.directory(at).and_then(|path| fs::read_dir(path).ok()) else {
            return Vec::new();
        };
        let mut names: Vec<String> = entries
            .filter_map(Result::ok)
            .filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_dir()))
            .filter(|entry| !self.gone.contains(&at.child(entry.file_name().as_bytes())))
            .map(|entry| escape(entry.file_name().as_bytes()))
            .collect();
        names.sort();
        names
    }
}

/// Of `+a -b` those words that are not so yet.
fn still_to_change(tokens: &[u8], now: &[u8]) -> Option<Bytes> {
    let enabled: Vec<&[u8]> = now.split(u8::is_ascii_whitespace).collect();
    let left: Vec<&[u8]> = tokens
        .split(u8::is_ascii_whitespace)
        .filter(|word| word.split_first().is_some_and(|(sign, name)| enabled.contains(&name) != (*sign == b'+')))
        .collect();
    (!left.is_empty()).then(|| left.join(&b' ').into_boxed_slice())
}

/// Every group that entries made, also those that are gone.
fn ever_made(entries: &[Entry]) -> Vec<GroupKey> {
    let states = entries.iter().flat_map(|entry| &entry.steps).map(|record| &record.state);
    states
        .filter_map(|state| match state {
            State::Done(Outcome::Made(key)) => Some(*key),
            _ => None,
        })
        .collect()
}

/// Every mount that entries made, also those that are gone.
fn ever_mounted(entries: &[Entry]) -> Vec<(HierarchyId, Bytes)> {
    let records = entries.iter().flat_map(|entry| &entry.steps);
    records
        .filter_map(|record| match (&record.step, &record.state) {
            (Step::Mount { mounting }, State::Done(Outcome::Mounted { top, .. })) => {
                Some((top.hierarchy, mounting.point.clone()))
            }
            _ => None,
        })
        .collect()
}

fn own_pid() -> i32 {
    i32::try_from(std::process::id()).unwrap_or(0)
}

/// `4711 (sleep)`.
fn name(tid: i32) -> String {
    match fs::read(format!("/proc/{tid}/comm")) {
        Ok(comm) => format!("{tid} ({})", escape(comm.trim_ascii_end())),
        Err(_) => tid.to_string(),
    }
}

/// The first few by name.
fn names(tids: &[i32]) -> String {
    const SHOWN: usize = 5;
    let mut shown: Vec<String> = tids.iter().take(SHOWN).map(|&tid| name(tid)).collect();
    if tids.len() > SHOWN {
        shown.push(format!("and {} more", tids.len() - SHOWN));
    }
    shown.join(", ")
}
