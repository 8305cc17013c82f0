//! A tiny kernel for tests: the rules of cgroupfs that undo must live with, written apart from `plan::world`.
use std::collections::{BTreeMap, BTreeSet};

use crate::model::errno::Errno;
use crate::model::field::Field;
use crate::model::hierarchy::Version;
use crate::model::id::{GroupKey, TaskKey, Tid};
use crate::model::place::Place;
use crate::model::scheduling::Attribute;
use crate::model::snapshot::File;
use crate::model::survey::{GroupFacts, Needs, Survey};
use crate::model::time::Mono;
use crate::model::workload::{Launch, Workload, WorkloadState};

use crate::plan::step::{Moved, Outcome, Scheduled, Signal, Step};
use crate::plan::testing::{self, Build};

#[derive(Clone, Debug, PartialEq)]
struct Group {
    inode: u64,
    files: BTreeMap<String, String>,
}

#[derive(Clone, Debug, PartialEq)]
struct Process {
    place: Place,
    start: u64,
    stopped: bool,
    nice: i8,
    parent: Tid,
    launch: Option<Launch>,
}

/// One hierarchy with processes of one thread.
#[derive(Clone, Debug)]
pub(super) struct Fake {
    base: Survey,
    version: Version,
    groups: BTreeMap<Place, Group>,
    processes: BTreeMap<Tid, Process>,
    made: BTreeSet<GroupKey>,
    next: u64,
}

/// What must be as before: groups with their knobs, processes with their group, whether they are stopped, their nice.
pub(super) type Shape = (BTreeMap<Place, BTreeMap<String, String>>, BTreeMap<Tid, (u64, Place, bool, i8)>);

impl Fake {
    /// An empty host with one foreign group `/other` and the foreign processes 10 and 11 in it, 12 in the top.
    pub(super) fn new(version: Version) -> Self {
        let base = if version == Version::V1 { Build::v1().survey() } else { Build::v2().survey() };
        let top = Place::top(base.hierarchies[0].id);
        let mut fake = Self {
            base,
            version,
            groups: BTreeMap::new(),
            processes: BTreeMap::new(),
            made: BTreeSet::new(),
            next: 100,
        };
        let files =
            if version == Version::V1 { vec![("cpu.shares", "1024")] } else { vec![("cgroup.subtree_control", "")] };
        let files = files.into_iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
        fake.groups.insert(top.clone(), Group { inode: 1, files });
        fake.make(&top.child(b"other")).unwrap();
        fake.made.clear();
        for (tid, place) in [(10, top.child(b"other")), (11, top.child(b"other")), (12, top)] {
            fake.processes.insert(tid, Process { place, start: 100, stopped: false, nice: 0, parent: 1, launch: None });
        }
        fake
    }

    pub(super) fn top(&self) -> Place {
        Place::top(self.base.hierarchies[0].id)
    }

    pub(super) fn places(&self) -> Vec<Place> {
        self.groups.keys().cloned().collect()
    }

    pub(super) fn tasks(&self) -> Vec<TaskKey> {
        self.processes.iter().map(|(&tid, process)| TaskKey { tid, start: process.start }).collect()
    }

    pub(super) fn own(&self) -> Vec<TaskKey> {
        let own = self.processes.iter().filter(|(_, process)| process.launch.is_some());
        own.map(|(&tid, process)| TaskKey { tid, start: process.start }).collect()
    }

    pub(super) fn shape(&self) -> Shape {
        let groups = self.groups.iter().map(|(place, group)| (place.clone(), group.files.clone())).collect();
        let processes =
            self.processes.iter().map(|(&tid, p)| (tid, (p.start, p.place.clone(), p.stopped, p.nice))).collect();
        (groups, processes)
    }

    /// Somebody else's doings.
    pub(super) fn poke(&mut self, place: &Place, file: &str, value: &str) {
        self.groups.get_mut(place).unwrap().files.insert(file.to_owned(), value.to_owned());
    }

    /// Somebody else moves a process.
    pub(super) fn somebody_moves(&mut self, tid: Tid, to: &Place) {
        self.processes.get_mut(&tid).unwrap().place = to.clone();
    }

    /// Somebody else sets a nice value.
    pub(super) fn somebody_renices(&mut self, tid: Tid, nice: i8) {
        self.processes.get_mut(&tid).unwrap().nice = nice;
    }

    /// Somebody else makes a group.
    pub(super) fn somebody_makes(&mut self, at: &Place) {
        let made = self.made.clone();
        self.make(at).unwrap();
        self.made = made;
    }

    /// Somebody else removes a group.
    pub(super) fn somebody_removes(&mut self, at: &Place) {
        self.groups.remove(at).unwrap();
    }

    /// A process ends.
    pub(super) fn end(&mut self, tid: Tid) {
        self.processes.remove(&tid);
    }

    /// The number of a process that ended comes again, as the parent of another one.
    pub(super) fn somebody_gets_the_number(&mut self, tid: Tid, child: Tid) {
        let place = self.processes[&child].place.clone();
        self.next += 1;
        let process = Process { place, start: self.next, stopped: false, nice: 0, parent: 1, launch: None };
        self.processes.insert(tid, process);
        self.processes.get_mut(&child).unwrap().parent = tid;
    }

    fn children<'a>(&'a self, place: &'a Place) -> impl Iterator<Item = &'a Place> {
        self.groups.keys().filter(move |other| other.parent().as_ref() == Some(place))
    }

    fn inside(&self, place: &Place) -> Vec<Tid> {
        self.processes.iter().filter(|(_, p)| p.place == *place).map(|(&tid, _)| tid).collect()
    }

    fn words(&self, place: &Place, file: &str) -> Vec<String> {
        let text = self.groups.get(place).and_then(|group| group.files.get(file)).cloned().unwrap_or_default();
        text.split_whitespace().map(str::to_owned).collect()
    }

    fn controllers(&self, place: &Place) -> Vec<String> {
        match place.parent() {
            Some(parent) => self.words(&parent, "cgroup.subtree_control"),
            None => ["cpuset", "cpu", "io", "memory", "pids"].map(str::to_owned).to_vec(),
        }
    }

    /// The survey of exactly what is needed.
    pub(super) fn survey(&self, needs: &Needs) -> Survey {
        let mut survey = self.base.clone();
        survey.made = self.made.clone();
        survey.groups.clear();
        let asked =
            |place: &Place| needs.groups.contains(place) || needs.subtrees.iter().any(|above| place.is_within(above));
        let needed = |place: &Place| {
            asked(place)
                || place.parent().is_some_and(|parent| needs.children_of.contains(&parent))
                || needs.groups.iter().chain(&needs.subtrees).any(|below| below.is_within(place))
                || needs.tasks.iter().any(|tid| self.processes.get(tid).is_some_and(|p| p.place == *place))
        };
        for (place, group) in self.groups.iter().filter(|(place, _)| needed(place)) {
            let mut files: BTreeMap<Box<str>, File> =
                group.files.iter().map(|(name, text)| (name.as_str().into(), file(name, text))).collect();
            if self.version == Version::V2 {
                let text = self.controllers(place).join(" ");
                files.insert("cgroup.controllers".into(), file("cgroup.controllers", &text));
            }
            survey.groups.insert(
                place.clone(),
                GroupFacts {
                    key: GroupKey { hierarchy: place.hierarchy, inode: group.inode },
                    directory: [b"/sys/fs/cgroup", &*place.path].concat().into(),
                    owner: 0,
                    refused: None,
                    closed: None,
                    delegated: false,
                    children: self.children(place).map(|child| child.name().into()).collect(),
                    tasks: Field::new(self.inside(place), Mono(0)),
                    processes: Field::new(self.inside(place), Mono(0)),
                    files,
                },
            );
        }
        survey.tasks.clear();
        for (&tid, process) in &self.processes {
            if needs.tasks.contains(&tid) || asked(&process.place) {
                let mut facts = testing::facts(tid, &process.place);
                facts.task.key.start = process.start;
                facts.threads[0].start = process.start;
                facts.task.state = if process.stopped { 'T' } else { 'R' };
                facts.task.nice = process.nice;
                facts.task.parent = process.parent;
                survey.tasks.insert(tid, facts);
            }
            if let Some(launch) = &process.launch {
                let process = TaskKey { tid, start: process.start };
                survey.workloads.push(Workload { process, launch: launch.clone(), state: WorkloadState::Running });
            }
        }

        survey
    }

    /// Does one step as the kernel would.
    pub(super) fn apply(&mut self, step: &Step) -> Result<Outcome, Errno> {
        match step {
            Step::MakeGroup { at } => self.make(at),
            Step::RemoveGroup { at, key, .. } => {
                self.check_key(at, *key)?;
                if self.children(at).next().is_some() || !self.inside(at).is_empty() {
                    return Err(Errno::EBUSY);
                }
                self.groups.remove(at).ok_or(Errno::ENOENT)?;
                Ok(Outcome::Removed)
            }
            Step::Write { at, key, file, data, .. } => {
                self.check_key(at, *key)?;
                let text = std::str::from_utf8(data).unwrap().trim().to_owned();
                self.write(at, file, &text)?;
                Ok(Outcome::Stored(Some(self.groups[at].files[&**file].as_bytes().into())))
            }
            Step::Move { task, from, to, .. } => {
                self.takes(to)?;
                let process =
                    self.processes.get_mut(&task.tid).filter(|p| p.start == task.start).ok_or(Errno::ESRCH)?;
                assert_eq!(process.place, *from, "the plan knows where {task:?} is");
                process.place = to.clone();
                Ok(Outcome::Moved(vec![Moved { task: *task, from: from.clone(), now: to.clone(), at: 0 }]))
            }
            Step::Launch { launch, .. } => {
                self.takes(&launch.groups[0])?;
                self.next += 1;
                let tid = Tid::try_from(self.next).unwrap();
                let place = launch.groups[0].clone();
                let (nice, launch) = (launch.nice, Some(launch.clone()));
                let process = Process { place, start: self.next, stopped: false, nice, parent: 1, launch };
                self.processes.insert(tid, process);
                Ok(Outcome::Launched(TaskKey { tid, start: self.next }))
            }
            Step::Signal { process, signal } => {
                let found =
                    self.processes.get_mut(&process.tid).filter(|p| p.start == process.start).ok_or(Errno::ESRCH)?;
                match signal {
                    Signal::Stop => found.stopped = true,
                    Signal::Continue => found.stopped = false,
                    _ => {
                        self.processes.remove(&process.tid);
                    }
                }
                Ok(Outcome::Signalled)
            }
            Step::Drain { from, to } => {
                self.takes(to)?;
                let inside = self.processes.iter_mut().filter(|(_, process)| process.place == *from);
                let moved: Vec<Moved> = inside
                    .map(|(&tid, process)| {
                        process.place = to.clone();
                        let task = TaskKey { tid, start: process.start };
                        Moved { task, from: from.clone(), now: to.clone(), at: 0 }
                    })
                    .collect();
                if moved.is_empty() { Ok(Outcome::Nothing("empty".to_owned())) } else { Ok(Outcome::Moved(moved)) }
            }
            Step::Rename { at, key, name } => {
                self.check_key(at, *key)?;
                let to = at.sibling(name);
                if self.version == Version::V2 || self.groups.contains_key(&to) {
                    return Err(if self.version == Version::V2 { Errno::EPERM } else { Errno::EEXIST });
                }
                let groups = std::mem::take(&mut self.groups);
                self.groups = groups.into_iter().map(|(place, group)| (place.renamed(at, &to), group)).collect();
                for process in self.processes.values_mut() {
                    process.place = process.place.renamed(at, &to);
                }
                Ok(Outcome::Renamed)
            }
            Step::Schedule { task, to, .. } => {
                let process =
                    self.processes.get_mut(&task.tid).filter(|p| p.start == task.start).ok_or(Errno::ESRCH)?;
                let Attribute::Nice(nice) = to else { return Err(Errno::EINVAL) };
                let was = Attribute::Nice(std::mem::replace(&mut process.nice, *nice));
                Ok(Outcome::Scheduled(vec![Scheduled { task: *task, was, now: to.clone() }]))
            }
            Step::KillAll { .. }
            | Step::MakeDirectory { .. }
            | Step::RemoveDirectory { .. }
            | Step::Mount { .. }
            | Step::Unmount { .. } => Err(Errno::EINVAL),
        }
    }

    fn check_key(&self, at: &Place, key: Option<GroupKey>) -> Result<(), Errno> {
        let group = self.groups.get(at).ok_or(Errno::ENOENT)?;
        if key.is_some_and(|key| key.inode != group.inode) { Err(Errno::ENODEV) } else { Ok(()) }
    }

    fn takes(&self, to: &Place) -> Result<(), Errno> {
        self.groups.get(to).ok_or(Errno::ENOENT)?;
        if !to.is_top() && !self.words(to, "cgroup.subtree_control").is_empty() { Err(Errno::EBUSY) } else { Ok(()) }
    }

    fn make(&mut self, at: &Place) -> Result<Outcome, Errno> {
        let parent = at.parent().ok_or(Errno::EEXIST)?;
        if !self.groups.contains_key(&parent) {
            return Err(Errno::ENOENT);
        }
        if self.groups.contains_key(at) {
            return Err(Errno::EEXIST);
        }
        self.next += 1;
        let mut files = BTreeMap::new();
        if self.version == Version::V1 {
            for (name, value) in V1 {
                files.insert((*name).to_owned(), (*value).to_owned());
            }
        } else {
            files.insert("cgroup.subtree_control".to_owned(), String::new());
            files.insert("cgroup.freeze".to_owned(), "0".to_owned());
        }
        self.groups.insert(at.clone(), Group { inode: self.next, files });
        self.files_of(at);
        let key = GroupKey { hierarchy: at.hierarchy, inode: self.next };
        self.made.insert(key);
        Ok(Outcome::Made(key))
    }

    /// v2: the files of a group follow its controllers.
    fn files_of(&mut self, at: &Place) {
        if self.version == Version::V1 {
            return;
        }
        let on = self.controllers(at);
        let files = &mut self.groups.get_mut(at).unwrap().files;
        for (controller, name, value) in V2 {
            if on.iter().any(|have| have == controller) {
                files.entry((*name).to_owned()).or_insert_with(|| (*value).to_owned());
            } else {
                files.remove(*name);
            }
        }
    }

    fn write(&mut self, at: &Place, file: &str, text: &str) -> Result<(), Errno> {
        if file == "cgroup.subtree_control" {
            return self.enable(at, text);
        }
        let files = self.groups[at].files.clone();
        let has = |name: &str| files.get(name).map(String::as_str);
        has(file).ok_or(Errno::ENOENT)?;
        let number = || text.parse::<i64>().or(Err(Errno::EINVAL));
        let idle = has("cpu.idle") == Some("1");
        let stored = match file {
            _ if at.is_top() => return Err(Errno::EINVAL),
            "cpu.shares" | "cpu.weight" if idle => return Err(Errno::EINVAL),
            "cpu.shares" => number()?.clamp(2, 262_144).to_string(),
            "cpu.weight" if !(1..=10_000).contains(&number()?) => return Err(Errno::ERANGE),
            "cpu.weight" => number()?.to_string(),
            "cpu.idle" | "cgroup.freeze" if !matches!(text, "0" | "1") => return Err(Errno::EINVAL),
            "cpu.idle" => {
                let (weight, value) = if self.version == Version::V1 {
                    ("cpu.shares", if text == "1" { "3" } else { "1024" })
                } else {
                    ("cpu.weight", if text == "1" { "0" } else { "100" })
                };
                if has(file) != Some(text) {
                    self.poke(at, weight, value);
                }
                text.to_owned()
            }
            "cpu.cfs_quota_us" => {
                let quota = number()?;
                if (0..1000).contains(&quota) || !self.fits(at, quota) {
                    return Err(Errno::EINVAL);
                }
                quota.max(-1).to_string()
            }
            "cpu.max" => {
                let period = has("cpu.max").unwrap().split_whitespace().nth(1).unwrap().to_owned();
                if text.contains(' ') { text.to_owned() } else { format!("{text} {period}") }
            }
            "pids.max" | "cgroup.freeze" => text.to_owned(),
            _ => return Err(Errno::EINVAL),
        };
        self.poke(at, file, &stored);
        Ok(())
    }

    /// v1: a child's quota is at most its parent's (all periods are equal here).
    fn fits(&self, at: &Place, quota: i64) -> bool {
        let of = |place: &Place| -> i64 {
            self.groups[place].files.get("cpu.cfs_quota_us").map_or(-1, |text| text.parse().unwrap())
        };
        let above = std::iter::successors(at.parent(), Place::parent).map(|place| of(&place)).find(|&quota| quota >= 0);
        if quota >= 0 && above.is_some_and(|above| quota > above) {
            return false;
        }
        let Some(limit) = (if quota >= 0 { Some(quota) } else { above }) else { return true };
        self.groups.keys().filter(|below| *below != at && below.is_within(at)).all(|below| of(below) <= limit)
    }

    fn enable(&mut self, at: &Place, text: &str) -> Result<(), Errno> {
        let mut on = self.words(at, "cgroup.subtree_control");
        for token in text.split_whitespace() {
            let (sign, name) = token.split_at(1);
            if sign == "+" {
                if !self.controllers(at).iter().any(|have| have == name) {
                    return Err(Errno::ENOENT);
                }
                if !at.is_top() && !self.inside(at).is_empty() {
                    return Err(Errno::EBUSY);
                }
                if !on.iter().any(|have| have == name) {
                    on.push(name.to_owned());
                }
            } else {
                let used = |child: &Place| self.words(child, "cgroup.subtree_control").iter().any(|have| have == name);
                if self.children(at).any(used) {
                    return Err(Errno::EBUSY);
                }
                on.retain(|have| have != name);
            }
        }
        on.sort();
        self.poke(at, "cgroup.subtree_control", &on.join(" "));
        let children: Vec<Place> = self.children(at).cloned().collect();
        for child in children {
            self.files_of(&child);
        }
        Ok(())
    }
}

const V1: &[(&str, &str)] =
    &[("cpu.shares", "1024"), ("cpu.idle", "0"), ("cpu.cfs_quota_us", "-1"), ("cpu.cfs_period_us", "100000")];

const V2: &[(&str, &str, &str)] = &[
    ("cpu", "cpu.weight", "100"),
    ("cpu", "cpu.idle", "0"),
    ("cpu", "cpu.max", "max 100000"),
    ("pids", "pids.max", "max"),
];

fn file(name: &str, text: &str) -> File {
    File {
        name: name.as_bytes().into(),
        mode: 0o644,
        content: Field::new(format!("{text}\n").into_bytes().into(), Mono(0)),
    }
}
