//! The survey as it will be after some steps: what later steps of a plan, previews and undo are planned on.
//!
//! It follows what the kernel documents: clamped weights, `+name -name`, what `cpu.idle` resets, which files a new group
//! has. What it cannot know (what a counter will read) becomes unread, never a guess.
use std::collections::{BTreeMap, BTreeSet};

use crate::catalog::{self, Format, Top};
use crate::model::bytes::Bytes;
use crate::model::field::Field;
use crate::model::hierarchy::Version;
use crate::model::id::{GroupKey, HierarchyId, Tid};
use crate::model::place::Place;
use crate::model::snapshot::File;
use crate::model::time::Mono;
use crate::model::workload::Launch;

use super::draft::trimmed;
use super::intent::Scope;
use super::step::{Signal, Step};
use super::survey::{GroupFacts, Survey};

mod mounts;

/// The kernel counts inodes up from 1: no real group has one from here on.
const INVENTED: u64 = u64::MAX - (1 << 32);

/// v1: written to freeze a group, and reads how it is.
const FREEZER: &str = "freezer.state";
/// Whether the group was frozen itself, not by one above.
const FREEZER_OWN: &str = "freezer.self_freezing";

/// A survey and the steps applied to it.
#[derive(Clone, Debug)]
pub struct World {
    /// The facts as they will be.
    pub survey: Survey,
    /// Groups that the steps make, by their invented identities.
    invented: BTreeSet<GroupKey>,
    /// Workloads that the steps launch.
    pub launched: Vec<Launch>,
    /// Stopped processes that were told to end: they do when they go on.
    condemned: BTreeSet<Tid>,
}

impl World {
    /// A world in which nothing was done yet. Its survey may be that of another world: what was new there is new here.
    #[must_use]
    pub fn new(survey: Survey) -> Self {
        let invented = survey.groups.values().map(|facts| facts.key).filter(|&key| Self::is_invented(key)).collect();
        Self { survey, invented, launched: Vec::new(), condemned: BTreeSet::new() }
    }

    /// Whether a world invented this identity, for a group that its steps make.
    #[must_use]
    pub fn is_invented(key: GroupKey) -> bool {
        key.inode >= INVENTED
    }

    /// Whether the steps make the group at `place`.
    #[must_use]
    pub fn is_new(&self, place: &Place) -> bool {
        self.survey.group(place).is_some_and(|facts| self.invented.contains(&facts.key))
    }

    /// The real identity of the group at `place`: `None` if the steps make it or it does not exist.
    #[must_use]
    pub fn key(&self, place: &Place) -> Option<GroupKey> {
        self.survey.group(place).map(|facts| facts.key).filter(|key| !self.invented.contains(key))
    }

    /// What a file reads, trimmed; `None` if it does not exist or is not known. Of `freezer.state` what was set in this very
    /// group: the file itself also reads what groups above make of it, and `FREEZING` for a while.
    #[must_use]
    pub fn read(&self, at: &Place, file: &str) -> Option<Bytes> {
        let facts = self.survey.group(at)?;
        let text = trimmed(&facts.files.get(file)?.content)?;
        if file != FREEZER {
            return Some(text);
        }
        let own = facts.text(FREEZER_OWN);
        let frozen = own.map_or(&*text != b"THAWED", |own| own == "1");
        Some(Box::from(if frozen { &b"FROZEN"[..] } else { b"THAWED" }))
    }

    /// Whether a group has a file.
    #[must_use]
    pub fn has(&self, at: &Place, file: &str) -> bool {
        self.survey.group(at).is_some_and(|facts| facts.files.contains_key(file))
    }

    /// The version of a place's hierarchy; v2 if it is not in the survey.
    #[must_use]
    pub fn version(&self, place: &Place) -> Version {
        self.survey.hierarchy(place.hierarchy).map_or(Version::V2, |hierarchy| hierarchy.version)
    }

    /// Takes a step in. A step on what does not exist changes nothing.
    pub fn apply(&mut self, step: &Step) {
        match step {
            Step::MakeGroup { at } => self.make(at),
            Step::RemoveGroup { at, .. } => self.remove(at),
            Step::Rename { at, name, .. } => self.rename(at, &at.sibling(name)),
            Step::Write { at, file, data, .. } => self.write(at, file, data),
            Step::Move { task, scope, to, .. } => {
                let tids = self.threads(task.tid, *scope);
                self.move_tasks(&tids, to);
            }
            Step::Drain { from, to } => {
                let tids = self.survey.group(from).and_then(|facts| facts.tasks.value().cloned()).unwrap_or_default();
                self.move_tasks(&tids, to);
            }
            Step::KillAll { at, .. } => {
                let below = |facts: &crate::model::survey::TaskFacts| {
                    facts.groups.get(&at.hierarchy).is_some_and(|place| place.is_within(at))
                };
                let pids: Vec<Tid> =
                    self.survey.tasks.values().filter(|facts| below(facts)).map(|facts| facts.task.tgid).collect();
                for pid in pids {
                    self.signal(pid, Signal::Kill);
                }
            }
            Step::MakeDirectory { path } => self.make_directory(path),
            Step::RemoveDirectory { path } => self.remove_directory(path),
            Step::Mount { mounting } => self.mount(mounting),
            Step::Unmount { mounting, .. } => self.unmount(mounting),
            Step::Launch { launch, .. } => self.launched.push(launch.clone()),
            Step::Signal { process, signal } => self.signal(process.tid, *signal),
            Step::Schedule { task, scope, to, .. } => {
                for tid in self.threads(task.tid, *scope) {
                    if let Some(facts) = self.survey.tasks.get_mut(&tid) {
                        to.put(&mut facts.task);
                    }
                }
            }
        }
    }

    /// The thread, or all of its process.
    fn threads(&self, tid: Tid, scope: Scope) -> Vec<Tid> {
        match (scope, self.survey.tasks.get(&tid)) {
            (Scope::Process, Some(facts)) => facts.threads.iter().map(|key| key.tid).collect(),
            _ => vec![tid],
        }
    }

    fn make(&mut self, at: &Place) {
        let Some(parent) = at.parent() else { return };
        let files = self.new_files(at, &parent);
        let owner = self.survey.host.uid;
        let Some(facts) = self.survey.groups.get_mut(&parent) else { return };
        let mut directory = facts.directory.to_vec();
        directory.push(b'/');
        directory.extend_from_slice(at.name());
        if let Err(slot) = facts.children.binary_search_by(|name| (**name).cmp(at.name())) {
            facts.children.insert(slot, at.name().into());
        }
        let key = self.next_key(at.hierarchy);
        self.invented.insert(key);
        let facts = GroupFacts {
            key,
            directory: directory.into(),
            owner,
            refused: None,
            closed: None,
            delegated: false,
            children: Vec::new(),
            tasks: Field::new(Vec::new(), Mono(0)),
            processes: Field::new(Vec::new(), Mono(0)),
            files,
        };
        self.survey.groups.insert(at.clone(), facts);
    }

    /// An identity that no group has.
    fn next_key(&self, hierarchy: HierarchyId) -> GroupKey {
        let lowest = self.invented.iter().map(|key| key.inode).min();
        GroupKey { hierarchy, inode: lowest.map_or(u64::MAX, |lowest| lowest - 1) }
    }

    /// The files that a new group will have: those of the catalog for its controllers, and those that a sibling has.
    fn new_files(&self, at: &Place, parent: &Place) -> BTreeMap<Box<str>, File> {
        let version = self.version(at);
        let controllers: Vec<String> = match version {
            Version::V1 => self
                .survey
                .hierarchy(at.hierarchy)
                .map(|h| h.controllers.iter().map(ToString::to_string).collect())
                .unwrap_or_default(),
            Version::V2 => {
                { self.survey.group(parent).map(|f| f.words("cgroup.subtree_control").map(str::to_owned).collect()) }
                    .unwrap_or_default()
            }
        };
        let mut files = BTreeMap::new();
        for entry in catalog::all().iter().filter(|e| e.is_of(version) && e.top != Top::Only && !e.name.contains('*')) {
            if catalog::controller_of(&entry.name).is_none_or(|c| controllers.iter().any(|have| have == c)) {
                let content = match (&*entry.name, entry.inherits) {
                    ("cgroup.controllers", _) => Some(controllers.join(" ").into_bytes().into()),
                    (name, true) => self.read(parent, name).or_else(|| default(entry)),
                    _ => default(entry),
                };
                files.insert(entry.name.clone(), file(&entry.name, content));
            }
        }
        if version == Version::V1 && self.read(parent, "cgroup.clone_children").as_deref() == Some(b"1") {
            for name in ["cpuset.cpus", "cpuset.mems"].into_iter().filter(|_| controllers.iter().any(|c| c == "cpuset"))
            {
                files.insert(name.into(), file(name, self.read(parent, name)));
            }
        }
        files
    }

    fn remove(&mut self, at: &Place) {
        self.survey.groups.remove(at);
        if let Some(facts) = at.parent().and_then(|parent| self.survey.groups.get_mut(&parent)) {
            facts.children.retain(|name| &**name != at.name());
        }
    }

    fn rename(&mut self, from: &Place, to: &Place) {
        if self.survey.group(from).is_none() || self.survey.group(to).is_some() {
            return;
        }
        let base = super::shell::directory(&self.survey, to);
        let length = super::shell::directory(&self.survey, from).len();
        for (place, mut facts) in std::mem::take(&mut self.survey.groups) {
            if place.is_within(from) {
                facts.directory = [&base, &facts.directory[length..]].concat().into();
            }
            self.survey.groups.insert(place.renamed(from, to), facts);
        }
        if let Some(facts) = from.parent().and_then(|parent| self.survey.groups.get_mut(&parent)) {
            facts.children.retain(|name| &**name != from.name());
            if let Err(slot) = facts.children.binary_search_by(|name| (**name).cmp(to.name())) {
                facts.children.insert(slot, to.name().into());
            }
        }
        for place in self.survey.tasks.values_mut().filter_map(|facts| facts.groups.get_mut(&from.hierarchy)) {
            *place = place.renamed(from, to);
        }
    }

    fn write(&mut self, at: &Place, name: &str, data: &[u8]) {
        let version = self.version(at);
        let text = String::from_utf8_lossy(data).trim().to_owned();
        let stored = self.stored(at, name, &text);
        self.store(at, name, stored.map(String::into_bytes).map(Vec::into_boxed_slice));
        let Some(entry) = catalog::entry_for(version, name) else { return };
        match name {
            // The same value, as the nearest nice value.
            "cpu.weight" => self.store(at, "cpu.weight.nice", None),
            "cpu.idle" => {
                self.store(at, "cpu.weight.nice", None);
                for other in &entry.disturbs {
                    let reads = if text == "0" { default_text(version, other) } else { None };
                    let idle = if version == Version::V1 { Some("3") } else { None };
                    self.store(at, other, reads.or(idle.map(str::to_owned)).map(|text| text.into_bytes().into()));
                }
            }
            "cgroup.subtree_control" => self.enable_below(at),
            FREEZER => {
                let own: &[u8] = if text == "THAWED" { b"0" } else { b"1" };
                self.store(at, FREEZER_OWN, Some(own.into()));
            }
            _ => entry.disturbs.iter().for_each(|other| self.store(at, other, None)),
        }
    }

    /// What a file will read after `text` was written into it, as far as that is documented.
    fn stored(&self, at: &Place, name: &str, text: &str) -> Option<String> {
        let Some(entry) = catalog::entry_for(self.version(at), name) else { return Some(text.to_owned()) };
        let before = || self.read(at, name).map(|bytes| String::from_utf8_lossy(&bytes).into_owned());
        match entry.format {
            Format::Controllers => {
                let mut on: Vec<String> = before()?.split_ascii_whitespace().map(str::to_owned).collect();
                for token in text.split_ascii_whitespace() {
                    let (sign, controller) = token.split_at_checked(1)?;
                    on.retain(|have| have != controller);
                    if sign == "+" {
                        on.push(controller.to_owned());
                    }
                }
                // The kernel prints them in an order of its own; which one does not matter to anybody here.
                Some(on.join(" "))
            }
            Format::QuotaPair if !text.contains(' ') => {
                let before = before()?;
                Some(format!("{text} {}", before.split_ascii_whitespace().nth(1)?))
            }
            Format::Quota => Some(if text.starts_with('-') { "-1".to_owned() } else { text.to_owned() }),
            Format::Keyed => entry.with_line(&before()?, text),
            Format::Number if entry.clamps => {
                let number: u64 = text.parse().ok()?;
                let min = entry.min.and_then(|min| u64::try_from(min).ok()).unwrap_or(0);
                let max = entry.max.and_then(|max| u64::try_from(max).ok()).unwrap_or(u64::MAX);
                Some(number.clamp(min, max).to_string())
            }
            _ => Some(text.to_owned()),
        }
    }

    fn store(&mut self, at: &Place, name: &str, content: Option<Bytes>) {
        if let Some(file) = self.survey.groups.get_mut(at).and_then(|facts| facts.files.get_mut(name)) {
            file.content = content.map_or(Field::Unread, |bytes| Field::new(bytes, Mono(0)));
        }
    }

    /// After a change of `cgroup.subtree_control`: the children's files come and go with their controllers.
    fn enable_below(&mut self, at: &Place) {
        let children: Vec<Place> = self.survey.group(at).map_or(Vec::new(), |facts| {
            facts
                .children
                .iter()
                .map(|name| at.child(name))
                .filter(|place| self.survey.group(place).is_some())
                .collect()
        });
        for child in children {
            let new = self.new_files(&child, at);
            let on: Vec<String> = self
                .survey
                .group(at)
                .map_or(Vec::new(), |f| f.words("cgroup.subtree_control").map(str::to_owned).collect());
            let Some(facts) = self.survey.groups.get_mut(&child) else { continue };
            facts.files.retain(|name, _| {
                catalog::controller_of(name).is_none_or(|c| on.iter().any(|have| have == c) || always(name))
            });
            for (name, file) in new {
                facts.files.entry(name).or_insert(file);
            }
            if let Some(file) = facts.files.get_mut("cgroup.controllers") {
                file.content = Field::new(on.join(" ").into_bytes().into(), Mono(0));
            }
        }
    }

    fn move_tasks(&mut self, tids: &[Tid], to: &Place) {
        for (place, facts) in &mut self.survey.groups {
            if place.hierarchy != to.hierarchy {
                continue;
            }
            for field in [&mut facts.tasks, &mut facts.processes] {
                if let Field::Value { v, .. } = field {
                    v.retain(|tid| !tids.contains(tid));
                }
            }
        }
        let processes: Vec<Tid> = tids
            .iter()
            .filter(|tid| self.survey.tasks.get(tid).is_none_or(|f| f.task.tgid == **tid))
            .copied()
            .collect();
        if let Some(facts) = self.survey.groups.get_mut(to) {
            for (field, more) in [(&mut facts.tasks, tids), (&mut facts.processes, &processes[..])] {
                if let Field::Value { v, .. } = field {
                    v.extend(more);
                    v.sort_unstable();
                    v.dedup();
                }
            }
        }
        for tid in tids {
            if let Some(facts) = self.survey.tasks.get_mut(tid) {
                facts.groups.insert(to.hierarchy, to.clone());
            }
        }
    }

    fn signal(&mut self, pid: Tid, signal: Signal) {
        let tids: Vec<Tid> =
            self.survey.tasks.get(&pid).map_or(vec![pid], |f| f.threads.iter().map(|key| key.tid).collect());
        let stopped = self.survey.tasks.get(&pid).is_some_and(|facts| facts.task.state == 'T');
        match signal {
            Signal::Terminate if stopped => drop(self.condemned.insert(pid)),
            Signal::Kill | Signal::Terminate => self.end(&tids),
            Signal::Continue if self.condemned.contains(&pid) => self.end(&tids),
            Signal::Stop | Signal::Continue => {
                for tid in &tids {
                    if let Some(facts) = self.survey.tasks.get_mut(tid) {
                        facts.task.state = if signal == Signal::Stop { 'T' } else { 'R' };
                    }
                }
            }
            // What the program makes of it, nobody knows.
            _ => {}
        }
    }

    fn end(&mut self, tids: &[Tid]) {
        for facts in self.survey.groups.values_mut() {
            for field in [&mut facts.tasks, &mut facts.processes] {
                if let Field::Value { v, .. } = field {
                    v.retain(|tid| !tids.contains(tid));
                }
            }
        }
        for tid in tids {
            self.survey.tasks.remove(tid);
        }
    }
}

/// Files of a controller that v2 groups have even without it.
fn always(name: &str) -> bool {
    matches!(name, "cpu.stat" | "cpu.stat.local" | "cpu.pressure" | "memory.pressure" | "io.pressure" | "irq.pressure")
}

fn default(entry: &catalog::Entry) -> Option<Bytes> {
    entry.default.as_deref().map(|text| text.as_bytes().into())
}

fn default_text(version: Version, name: &str) -> Option<String> {
    catalog::entry_for(version, name)?.default.as_deref().map(str::to_owned)
}

fn file(name: &str, content: Option<Bytes>) -> File {
    let counts = catalog::entry(name).is_some_and(|entry| entry.kind == catalog::Kind::Counter && !entry.resets);
    let mode = if counts { 0o444 } else { 0o644 };
    File { name: name.as_bytes().into(), mode, content: content.map_or(Field::Unread, |b| Field::new(b, Mono(0))) }
}
