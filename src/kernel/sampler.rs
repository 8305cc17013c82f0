//! One sampling after another: an [`Interest`] in, a [`Snapshot`] out.
//!
//! # Flow
//! 1. Discovery and walk, if a hint or the time asks for them ([`Sampler::hint`]): a new structure, or the same.
//! 2. The rows: the groups of interest, and the **contest**, which is every group of the hierarchy that carries cpu.
//! 3. The values of each row ([`super::values`]); a row that is gone is left out, and the structure walked again.
//! 4. The tasks ([`super::tasks`]): those of the contest, and those of the group whose tasks are on screen.
//! 5. The files of the group whose files are on screen ([`super::files`]), and single files that were written.
//!
//! The contest takes in all groups of its hierarchy, which is right for some hundreds. For ten thousand it will be cut to
//! the way to the root: siblings whose counters stand still have no part in it. That cut belongs into
//! [`Sampler::rows`]; nothing else knows how large a contest is.
//!
//! Without watches every sampling walks, as long as a walk is cheap; with them a walk comes with a hint, and every few
//! seconds for safety.
use std::collections::{BTreeSet, HashMap, HashSet};
use std::sync::Arc;
use std::time::Duration;

use crate::model::errno::Errno;
use crate::model::field::Field;
use crate::model::hierarchy::{Hierarchy, Version};
use crate::model::host::Host;
use crate::model::id::{GroupId, GroupKey, HierarchyId, Tid};
use crate::model::interest::{Interest, Rows};
use crate::model::snapshot::{Cost, Files, GroupColumns, GroupRow, Notice, Snapshot, TaskColumns, Written};
use crate::model::structure::Structure;
use crate::model::time::Mono;

use super::discover::{Discovery, discover};
use super::error::Error;
use super::fs::Fs;
use super::handles::Handles;
use super::tasks::{Tasks, Wanted};
use super::values::{self, Kinds, Knobs};
use super::{files, host, paths, tree};

pub use shut::Shut;

mod shut;

/// How long a structure may stand unwalked while watches tell of changes.
const SAFETY: Duration = Duration::from_secs(4);
/// How long the list of mounts may stand unread.
const DISCOVERY: Duration = Duration::from_secs(4);
/// What changes by writes alone is read again after so many samplings even if no watch told of a write: a write through
/// the mount of another cgroup namespace is not told.
const KNOBS: u64 = 4;
/// A walk for safety may cost this part of the time: one in so many.
const WALK_SHARE: u64 = 50;

/// What may have changed, as a watch tells it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Hint {
    /// Groups came, went or were renamed.
    pub structure: bool,
    /// A value was written.
    pub values: bool,
    /// Something was mounted or unmounted.
    pub mounts: bool,
}

/// Reads the machine again and again. Lives on one thread.
pub struct Sampler {
    fs: Box<dyn Fs>,
    host: Arc<Host>,
    discovery: Discovery,
    structure: Arc<Structure>,
    directories: Directories,
    handles: Handles,
    tasks: Tasks,
    knobs: HashMap<GroupKey, Knobs>,
    /// The knobs are to be read in this sampling, not carried.
    reread: bool,
    notices: Vec<Notice>,
    /// Files that were written since the last sampling.
    told: Vec<(GroupKey, Box<str>)>,
    /// Who wants hierarchies shut, and which are.
    shut: Shut,
    closed: BTreeSet<HierarchyId>,
    number: u64,
    hint: Hint,
    watched: bool,
    walked: Mono,
    walk_ns: u64,
    discovered: Mono,
}

impl Sampler {
    /// Discovers and walks, and reads no values yet.
    ///
    /// # Errors
    /// If there is nothing to show: see [`discover`] and [`host::host`].
    pub fn new(fs: Box<dyn Fs>) -> Result<Self, Error> {
        let discovery = discover(&*fs)?;
        let host = Arc::new(host::host(&*fs, discovery.mode)?);
        let handles = Handles::new(fs.handles());
        let now = fs.now();
        let mut sampler = Self {
            fs,
            host,
            notices: discovery.notices.clone(),
            discovery,
            structure: Arc::default(),
            directories: Directories::default(),
            handles,
            tasks: Tasks::default(),
            knobs: HashMap::new(),
            reread: true,
            told: Vec::new(),
            shut: Shut::default(),
            closed: BTreeSet::new(),
            number: 0,
            hint: Hint::default(),
            watched: false,
            walked: now,
            walk_ns: 0,
            discovered: now,
        };
        sampler.walk();
        Ok(sampler)
    }

    /// The host's facts.
    #[must_use]
    pub fn host(&self) -> &Arc<Host> {
        &self.host
    }

    /// Hierarchies and groups as of the last walk.
    #[must_use]
    pub fn structure(&self) -> &Arc<Structure> {
        &self.structure
    }

    /// Something changed: the next sampling looks there.
    pub fn hint(&mut self, hint: Hint) {
        self.hint.structure |= hint.structure;
        self.hint.values |= hint.values;
        self.hint.mounts |= hint.mounts;
    }

    /// These files were written: the next sampling reads them.
    pub fn written(&mut self, files: Vec<(GroupKey, Box<str>)>) {
        self.told.extend(files);
    }

    /// Where others have hierarchies shut, to unmount them.
    #[must_use]
    pub fn shut(&self) -> Shut {
        self.shut.clone()
    }

    /// Whether watches tell of changes: then walks are rare.
    pub fn set_watched(&mut self, watched: bool) {
        self.watched = watched;
    }

    /// Something to be said with the next snapshot.
    pub fn notice(&mut self, notice: Notice) {
        if !self.notices.contains(&notice) {
            self.notices.push(notice);
        }
    }

    /// Walks the groups now, so that watches can be set before the next sampling. The structure is the same `Arc` if
    /// nothing changed.
    pub fn walk(&mut self) -> &Arc<Structure> {
        let begun = self.fs.now();
        self.structure = tree::walk(&*self.fs, &self.discovery, &self.structure);
        let structure = &self.structure;
        self.knobs.retain(|&key, _| structure.find(key).is_some());
        self.walked = self.fs.now();
        self.walk_ns = self.walked.nanos_since(begun);
        self.hint.structure = false;
        self.directories.renew(&*self.fs, &self.structure);
        &self.structure
    }

    /// Reads what `interest` names.
    pub fn sample(&mut self, interest: &Interest) -> Snapshot {
        let cpu = self.fs.thread_cpu_ns();
        let at = self.fs.now();
        self.number += 1;
        self.handles.tick();
        self.refresh(at);
        let rows = self.rows(interest);
        let (mut groups, mut vanished) = (GroupColumns::default(), false);
        for id in rows {
            match self.values(id) {
                Some(row) => groups.push(id, row),
                None => vanished = true,
            }
        }
        if vanished {
            self.walk();
        }
        self.count_once(&mut groups);
        let wanted = self.wanted(interest, &groups);
        let tasks = self.tasks.sample(&*self.fs, &mut self.handles, &wanted, self.host.autogroup);
        let files_of = interest.files_of.and_then(|key| self.structure.find(key));
        let files = files_of.and_then(|id| self.files(id));
        let parent = files_of.filter(|_| interest.files_above).and_then(|id| self.structure.group(id)?.parent);
        let files_above = parent.and_then(|id| self.files(id));
        let written = self.read_written(interest);
        let count = |number: usize| u32::try_from(number).unwrap_or(u32::MAX);
        let cost = Cost {
            groups: count(groups.ids.len()),
            tasks: count(tasks.len()),
            cpu_ns: self.fs.thread_cpu_ns().saturating_sub(cpu),
        };
        Snapshot {
            number: self.number,
            at,
            host: Arc::clone(&self.host),
            structure: Arc::clone(&self.structure),
            groups,
            tasks: TaskColumns::new(tasks),
            files,
            written,
            files_above,
            notices: std::mem::take(&mut self.notices),
            cost,
        }
    }

    /// Reads the single files of interest and those that were written. One whose group is gone is left out.
    fn read_written(&mut self, interest: &Interest) -> Vec<Written> {
        let told: BTreeSet<(GroupKey, Box<str>)> = std::mem::take(&mut self.told).into_iter().collect();
        let wanted = interest.written.iter().filter(|file| !told.contains(file)).map(|file| (file, false));
        let mut written = Vec::new();
        for ((group, file), told) in told.iter().map(|file| (file, true)).chain(wanted) {
            let Some(directory) = self.structure.find(*group).and_then(|id| tree::directory(&self.structure, id))
            else {
                continue;
            };
            let content = files::content(&*self.fs, &paths::join(&directory, file.as_bytes()));
            written.push(Written { group: *group, file: file.clone(), content, told });
        }
        written
    }

    fn files(&self, id: GroupId) -> Option<Files> {
        let directory = tree::directory(&self.structure, id)?;
        Some(files::files(&*self.fs, id, &directory))
    }

    /// Discovery and walk, where a hint or the time asks for them.
    fn refresh(&mut self, now: Mono) {
        let since = |then: Mono| Duration::from_nanos(now.nanos_since(then));
        let told = self.hint.values || self.hint.structure;
        if told {
            self.handles.look_again();
        }
        self.reread = told || !self.watched;
        self.close();
        if self.hint.mounts || since(self.discovered) >= DISCOVERY {
            self.rediscover();
        }
        let share = Duration::from_nanos(self.walk_ns.saturating_mul(WALK_SHARE));
        let wait = if self.watched { SAFETY.max(share) } else { share };
        if self.hint.structure || since(self.walked) >= wait {
            self.walk();
        }
        self.hint = Hint::default();
    }

    /// Closes what is open of hierarchies that are to be shut, and looks into them no more.
    fn close(&mut self) {
        let wanted = self.shut.wanted();
        if wanted != self.closed {
            for &hierarchy in &wanted {
                self.handles.close(hierarchy);
            }
            self.closed = wanted;
            self.rediscover();
            self.walk();
        }
        self.shut.done(&self.closed);
    }

    /// Reads mounts and host facts again. What fails now leaves what was known, and is said.
    fn rediscover(&mut self) {
        self.discovered = self.fs.now();
        match discover(&*self.fs) {
            Ok(mut discovery) => {
                let notices = std::mem::take(&mut discovery.notices);
                notices.into_iter().filter(|notice| !self.discovery.notices.contains(notice)).for_each(|notice| {
                    self.notices.push(notice);
                });
                discovery.notices = std::mem::take(&mut self.discovery.notices);
                for hierarchy in discovery.hierarchies.iter_mut().filter(|h| self.closed.contains(&h.id)) {
                    hierarchy.mounts.clear();
                }
                if discovery != self.discovery {
                    self.hint.structure = true;
                }
                self.discovery = discovery;
            }
            Err(error) => self.notice(Notice(error.to_string())),
        }
        if let Ok(host) = host::host(&*self.fs, self.discovery.mode)
            && host != *self.host
        {
            self.host = Arc::new(host);
        }
    }

    /// The groups to read, rising.
    fn rows(&self, interest: &Interest) -> Vec<GroupId> {
        let structure = &*self.structure;
        let mut rows = Vec::new();
        let shown = match interest.hierarchy {
            Some(id) => structure.hierarchy(id),
            None => structure.hierarchies.first(),
        };
        match &interest.groups {
            Rows::All => rows.extend(shown.and_then(|h| h.root).into_iter().flat_map(|root| structure.subtree(root))),
            Rows::These(keys) => rows.extend(keys.iter().filter_map(|&key| structure.find(key))),
        }
        rows.extend(interest.tasks_of.and_then(|key| structure.find(key)));
        if interest.contest
            && let Some(root) = structure.carrier("cpu").and_then(|h| h.root)
        {
            rows.extend(structure.subtree(root));
        }
        rows.sort_unstable();
        rows.dedup();
        rows
    }

    fn values(&mut self, id: GroupId) -> Option<GroupRow> {
        let group = self.structure.group(id)?.key;
        let kinds = Kinds::of(self.structure.hierarchy(group.hierarchy)?);
        let directory = self.directories.get(&self.structure, id)?;
        let carried = self.knobs.remove(&group);
        let turn = (self.number + group.inode).is_multiple_of(KNOBS);
        let carried = carried.filter(|_| !self.reread && !turn);
        let (row, knobs) = values::read(&*self.fs, &mut self.handles, kinds, group, directory, carried)?;
        self.knobs.insert(group, knobs);
        Some(row)
    }

    /// A task that moved between the reads of two groups' lists stands in both: the one that was read later counts.
    fn count_once(&self, groups: &mut GroupColumns) {
        let structure = &*self.structure;
        let mut seen: HashSet<(HierarchyId, Tid)> = HashSet::new();
        for (&id, list) in groups.ids.iter().zip(&mut groups.tasks).rev() {
            if let (Some(group), Field::Value { v, .. }) = (structure.group(id), list) {
                v.retain(|&tid| seen.insert((group.key.hierarchy, tid)));
            }
        }
    }

    /// The tasks to read, rising. The list of tasks of a group of interest is read with its values.
    fn wanted(&self, interest: &Interest, groups: &GroupColumns) -> Vec<Wanted> {
        let structure = &*self.structure;
        let cpu = structure.carrier("cpu");
        let contest = |group: GroupKey| interest.contest && cpu.is_some_and(|h| h.id == group.hierarchy);
        let mut wanted: Vec<Wanted> = Vec::new();
        for (&id, list) in groups.ids.iter().zip(&groups.tasks) {
            let Some(group) = structure.group(id).map(|group| group.key) else { continue };
            let shown = interest.tasks_of == Some(group);
            if !shown && !contest(group) {
                continue;
            }
            let root = self.is_in_root(groups, id);
            wanted.extend(list.value().into_iter().flatten().map(|&tid| Wanted { tid, root, shown }));
        }
        // A task stands in the lists of several hierarchies and is read once.
        wanted.sort_unstable_by_key(|want| want.tid);
        wanted.dedup_by(|later, first| {
            let same = later.tid == first.tid;
            if same {
                first.root |= later.root;
                first.shown |= later.shown;
            }
            same
        });
        wanted
    }

    /// Whether the tasks of this group compete in the root of the cpu hierarchy, where autogroups count: the group is that
    /// root, or (v2) neither it nor a group above it has the cpu controller.
    fn is_in_root(&self, groups: &GroupColumns, id: GroupId) -> bool {
        let structure = &*self.structure;
        let Some(hierarchy) = structure.carrier("cpu") else { return false };
        if structure.group(id).is_none_or(|group| group.key.hierarchy != hierarchy.id) || !self.directories.true_root {
            return false;
        }
        structure.ancestors(id).all(|id| {
            structure.group(id).is_some_and(|group| group.parent.is_none())
                || groups.get(id).is_some_and(|row| matches!(row.weight, Field::Absent))
        })
    }
}

/// The directories of the groups of one generation.
#[derive(Default)]
struct Directories {
    generation: u64,
    by_slot: Vec<Option<Box<[u8]>>>,
    /// The top of the hierarchy that carries cpu is the kernel's root group, not that of a container or a namespace.
    true_root: bool,
}

impl Directories {
    /// Forgets what an older generation said.
    fn renew(&mut self, fs: &dyn Fs, structure: &Structure) {
        if self.generation == structure.generation {
            return;
        }
        let true_root = structure.carrier("cpu").is_some_and(|hierarchy| is_true_root(fs, hierarchy));
        *self = Self { generation: structure.generation, by_slot: vec![None; structure.slots()], true_root };
    }

    fn get(&mut self, structure: &Structure, id: GroupId) -> Option<&[u8]> {
        let slot = self.by_slot.get_mut(id.0 as usize)?;
        if slot.is_none() {
            *slot = Some(tree::directory(structure, id)?.into_boxed_slice());
        }
        slot.as_deref()
    }
}

/// Whether the top group that can be reached is the kernel's root group. Only that one has `release_agent` (v1), and only
/// that one lacks `cgroup.type` (v2).
fn is_true_root(fs: &dyn Fs, hierarchy: &Hierarchy) -> bool {
    let Some(top) = paths::top(hierarchy) else { return false };
    match hierarchy.version {
        Version::V1 => fs.stat(&paths::join(&top, b"release_agent")).is_ok(),
        Version::V2 => fs.stat(&paths::join(&top, b"cgroup.type")).is_err_and(Errno::is_gone),
    }
}

#[cfg(test)]
mod tests;
