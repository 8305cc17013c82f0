//! Surveys for tests: a small host, built line by line.
//!
//! ```ignore
//! let survey = Build::v1().ours("/cg1").group("/other").workload(4242, "/cg1").survey();
//! ```
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::model::field::Field;
use crate::model::hierarchy::{Controller, Device, Hierarchy, Mount, Version};
use crate::model::host::Host;
use crate::model::id::{GroupKey, HierarchyId, TaskKey, Tid};
use crate::model::place::Place;
use crate::model::snapshot::File;
use crate::model::survey::{GroupFacts, Limits, Survey, TaskFacts};
use crate::model::task::Task;
use crate::model::time::Mono;
use crate::model::workload::{Launch, Program, Spin, Workload, WorkloadState};

use super::step::Step;
use super::world::World;

/// A survey in the making, on one hierarchy.
pub(crate) struct Build {
    world: World,
    hierarchy: HierarchyId,
    next_inode: u64,
}

/// A host of two CPUs.
pub(crate) fn host() -> Host {
    Host { autogroup: true, ..crate::model::testing::host(2) }
}

impl Build {
    /// The cpu hierarchy of v1, number 1, at `/sys/fs/cgroup/cpu`.
    pub(crate) fn v1() -> Self {
        Self::v1_with(&["cpu"])
    }

    /// A v1 hierarchy with these controllers, mounted where the first one says.
    pub(crate) fn v1_with(controllers: &[&str]) -> Self {
        let point = format!("/sys/fs/cgroup/{}", controllers[0]);
        let files: &[(&str, &str)] = match controllers[0] {
            "cpu" => &[
                ("tasks", ""),
                ("cgroup.procs", ""),
                ("cpu.shares", "1024"),
                ("cpu.cfs_quota_us", "-1"),
                ("cpu.cfs_period_us", "100000"),
                ("cpu.stat", ""),
            ],
            "cpuset" => &[
                ("tasks", ""),
                ("cgroup.procs", ""),
                ("cpuset.cpus", "0-1"),
                ("cpuset.mems", "0"),
                ("cgroup.clone_children", "0"),
            ],
            _ => &[("tasks", ""), ("cgroup.procs", "")],
        };
        Self::with(HierarchyId(1), Version::V1, controllers, &point, files)
    }

    /// The v2 hierarchy with the usual controllers; the top hands none down yet.
    pub(crate) fn v2() -> Self {
        let files = [
            ("cgroup.procs", ""),
            ("cgroup.threads", ""),
            ("cgroup.controllers", "cpuset cpu io memory pids"),
            ("cgroup.subtree_control", ""),
            ("cpu.stat", ""),
        ];
        Self::with(HierarchyId::V2, Version::V2, &["cpuset", "cpu", "io", "memory", "pids"], "/sys/fs/cgroup", &files)
    }

    fn with(id: HierarchyId, version: Version, controllers: &[&str], point: &str, files: &[(&str, &str)]) -> Self {
        let mount = Mount {
            id: 30,
            point: point.as_bytes().into(),
            root: Box::from(&b"/"[..]),
            read_only: false,
            hidden: false,
            options: Vec::new(),
            flags: Vec::new(),
        };
        let hierarchy = Hierarchy {
            id,
            version,
            device: Some(Device { major: 0, minor: 30 }),
            controllers: controllers.iter().map(|&c| c.into()).collect(),
            name: None,
            mounts: vec![mount],
            own_path: Box::from(&b"/"[..]),
            namespace_root: None,
            root: None,
        };
        let controllers = controllers
            .iter()
            .map(|&name| Controller { name: name.into(), hierarchy: Some(id), disabled: false })
            .collect();
        let top = GroupFacts {
            key: GroupKey { hierarchy: id, inode: 1 },
            directory: point.as_bytes().into(),
            owner: 0,
            refused: None,
            closed: None,
            delegated: false,
            children: Vec::new(),
            tasks: Field::new(Vec::new(), Mono(0)),
            processes: Field::new(Vec::new(), Mono(0)),
            files: files.iter().map(|&(name, content)| (name.into(), file(name, content))).collect(),
        };
        let survey = Survey {
            host: Arc::new(host()),
            hierarchies: vec![hierarchy],
            controllers,
            groups: BTreeMap::from([(Place::top(id), top)]),
            tasks: BTreeMap::new(),
            points: BTreeMap::new(),
            filesystems: Vec::new(),
            mounted: BTreeSet::new(),
            directories: BTreeSet::new(),
            made: BTreeSet::new(),
            workloads: Vec::new(),
            guarded: BTreeSet::from([900, 800]),
            guarded_in: BTreeSet::new(),
            border: None,
            limits: Limits::default(),
        };
        Self { world: World::new(survey), hierarchy: id, next_inode: 2 }
    }

    /// The place of a path in this hierarchy.
    pub(crate) fn place(&self, path: &str) -> Place {
        Place::new(self.hierarchy, path.as_bytes())
    }

    /// A foreign group with the files of a new one.
    pub(crate) fn group(mut self, path: &str) -> Self {
        let at = self.place(path);
        self.world.apply(&Step::MakeGroup { at: at.clone() });
        let facts = self.world.survey.groups.get_mut(&at).unwrap();
        facts.key.inode = self.next_inode;
        self.next_inode += 1;
        self
    }

    /// A group that cgrove made.
    pub(crate) fn ours(self, path: &str) -> Self {
        let mut build = self.group(path);
        let key = build.world.survey.groups[&build.place(path)].key;
        build.world.survey.made.insert(key);
        build
    }

    /// Sets (or adds) a file of a group.
    pub(crate) fn file(mut self, path: &str, name: &str, content: &str) -> Self {
        let at = self.place(path);
        if name == "cgroup.subtree_control" {
            let data = content.split_whitespace().map(|c| format!("+{c}")).collect::<Vec<_>>().join(" ");
            self.world.apply(&Step::Write {
                at,
                key: None,
                file: name.into(),
                data: data.into_bytes().into(),
                prior: None,
                disturbs: Vec::new(),
            });
        } else {
            self.world.survey.groups.get_mut(&at).unwrap().files.insert(name.into(), file(name, content));
        }
        self
    }

    /// A foreign process of one thread.
    pub(crate) fn process(self, pid: Tid, path: &str) -> Self {
        self.thread(pid, pid, path)
    }

    /// A thread of a process; a process is made by its first thread.
    pub(crate) fn thread(mut self, process: Tid, tid: Tid, path: &str) -> Self {
        let at = self.place(path);
        let key = TaskKey { tid, start: 100 };
        let mut threads: Vec<TaskKey> = self.world.survey.tasks.get(&process).map_or(Vec::new(), |f| f.threads.clone());
        threads.push(key);
        for other in &threads {
            if let Some(facts) = self.world.survey.tasks.get_mut(&other.tid) {
                facts.threads.clone_from(&threads);
            }
        }
        let groups = BTreeMap::from([(self.hierarchy, at.clone())]);
        self.world.survey.tasks.insert(tid, TaskFacts { task: task(process, tid), groups, threads });
        let facts = self.world.survey.groups.get_mut(&at).unwrap();
        for (field, member) in [(&mut facts.tasks, tid), (&mut facts.processes, process)] {
            if let Field::Value { v, .. } = field
                && !v.contains(&member)
            {
                v.push(member);
            }
        }
        self
    }

    /// A busy loop of cgrove.
    pub(crate) fn workload(self, pid: Tid, path: &str) -> Self {
        let mut build = self.process(pid, path);
        let launch =
            Launch { groups: vec![build.place(path)], program: Program::Spin(Spin::default()), cpus: None, nice: 0 };
        let process = TaskKey { tid: pid, start: 100 };
        build.world.survey.workloads.push(Workload { process, launch, state: WorkloadState::Running });
        build.task(pid, |task| task.comm = Box::from(&b"cgrove"[..]))
    }

    /// Changes the facts of a task.
    pub(crate) fn task(mut self, tid: Tid, change: impl FnOnce(&mut Task)) -> Self {
        change(&mut self.world.survey.tasks.get_mut(&tid).unwrap().task);
        self
    }

    /// Changes anything else.
    pub(crate) fn with_survey(mut self, change: impl FnOnce(&mut Survey)) -> Self {
        change(&mut self.world.survey);
        self
    }

    /// The survey.
    pub(crate) fn survey(self) -> Survey {
        self.world.survey
    }
}

/// The identity that [`Build`] gives a task.
pub(crate) fn key(tid: Tid) -> TaskKey {
    TaskKey { tid, start: 100 }
}

fn file(name: &str, content: &str) -> File {
    File {
        name: name.as_bytes().into(),
        mode: if name.ends_with("stat") || name == "cgroup.controllers" { 0o444 } else { 0o644 },
        content: Field::new(format!("{content}\n").into_bytes().into(), Mono(0)),
    }
}

fn task(process: Tid, tid: Tid) -> Task {
    Task { tgid: process, ..crate::model::testing::task(key(tid)) }
}

/// Facts of a process of one thread.
pub(crate) fn facts(tid: Tid, place: &Place) -> TaskFacts {
    TaskFacts {
        task: task(tid, tid),
        groups: BTreeMap::from([(place.hierarchy, place.clone())]),
        threads: vec![key(tid)],
    }
}
