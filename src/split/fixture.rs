//! A host made by hand, for the tests of this layer: groups, tasks, and a clock that the test turns.
use std::sync::Arc;

use crate::model::cgroup::{Cgroup, Quota};
use crate::model::cpu_set::CpuSet;
use crate::model::field::Field;
use crate::model::hierarchy::{Hierarchy, Version};
use crate::model::id::{GroupId, GroupKey, HierarchyId, TaskKey, Tid};
use crate::model::snapshot::{Cost, GroupColumns, GroupRow, Snapshot, TaskColumns};
use crate::model::structure::Structure;
use crate::model::task::{Policy, SchedStat, Task};
use crate::model::time::Mono;

/// A host with one hierarchy that carries cpu.
pub(crate) struct Host {
    pub(crate) facts: crate::model::host::Host,
    pub(crate) structure: Structure,
    pub(crate) top: GroupId,
    pub(crate) rows: Vec<GroupRow>,
    pub(crate) tasks: Vec<Task>,
    pub(crate) now: Mono,
    hierarchy: HierarchyId,
    number: u64,
}

impl Host {
    pub(crate) fn v1(cpus: u32) -> Self {
        Self::new(cpus, Version::V1)
    }

    pub(crate) fn v2(cpus: u32) -> Self {
        Self::new(cpus, Version::V2)
    }

    fn new(cpus: u32, version: Version) -> Self {
        let hierarchy = if version == Version::V2 { HierarchyId::V2 } else { HierarchyId(3) };
        let facts = crate::model::host::Host { capabilities: 0, pid: 1, ..crate::model::testing::host(cpus) };
        let mut structure = Structure::default();
        let key = GroupKey { hierarchy, inode: 1 };
        let top = structure.insert(Cgroup {
            key,
            parent: None,
            children: Vec::new(),
            name: Box::default(),
            depth: 0,
            owner: 0,
            unlisted: None,
        });
        structure.hierarchies.push(Hierarchy {
            id: hierarchy,
            version,
            device: None,
            controllers: vec!["cpu".into()],
            name: None,
            mounts: Vec::new(),
            own_path: Box::from(*b"/"),
            namespace_root: None,
            root: Some(top),
        });
        let mut made = Self {
            facts,
            structure,
            top,
            rows: Vec::new(),
            tasks: Vec::new(),
            now: Mono(1_000_000_000_000),
            hierarchy,
            number: 0,
        };
        made.rows.push(GroupRow {
            tasks: Field::new(Vec::new(), made.now),
            weight: Field::Absent,
            ..GroupRow::default()
        });
        made
    }

    /// Adds a group with this raw weight.
    pub(crate) fn group(&mut self, parent: GroupId, name: &str, weight: u64) -> GroupId {
        let key = GroupKey { hierarchy: self.hierarchy, inode: self.rows.len() as u64 + 1 };
        let depth = self.structure.group(parent).unwrap().depth + 1;
        let id = self.structure.insert(Cgroup {
            key,
            parent: Some(parent),
            children: Vec::new(),
            name: name.as_bytes().into(),
            depth,
            owner: 0,
            unlisted: None,
        });
        self.structure.group_mut(parent).unwrap().children.push(id);
        self.structure.generation += 1;
        self.rows.push(GroupRow {
            weight: Field::new(weight, self.now),
            idle: Field::new(false, self.now),
            quota: Field::new(Quota { quota_us: None, period_us: 100_000 }, self.now),
            frozen: Field::new(false, self.now),
            tasks: Field::new(Vec::new(), self.now),
            ..GroupRow::default()
        });
        id
    }

    pub(crate) fn row(&mut self, id: GroupId) -> &mut GroupRow {
        &mut self.rows[id.0 as usize]
    }

    /// Limits a group to `cpus` CPUs.
    pub(crate) fn cap(&mut self, id: GroupId, cpus: f64) {
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a test's small positive number")]
        let quota_us = Some((cpus * 100_000.0) as u64);
        self.row(id).quota = Field::new(Quota { quota_us, period_us: 100_000 }, Mono(1));
    }

    /// Adds a task to a group; it may run on `cpus` and is runnable.
    pub(crate) fn task(&mut self, group: GroupId, tid: Tid, cpus: &str) -> TaskKey {
        let key = TaskKey { tid, start: 100 };
        let allowed = CpuSet::parse(cpus).unwrap();
        self.tasks.push(Task {
            key,
            tgid: tid,
            parent: 1,
            comm: Box::from(*b"loop"),
            state: 'R',
            nice: 0,
            policy: Policy::Other,
            rt_priority: 0,
            kernel: false,
            bound: false,
            uid: 0,
            saved_uid: 0,
            last_cpu: allowed.first().unwrap_or(0),
            allowed: Field::new(allowed, self.now),
            sched: Field::new(SchedStat::default(), self.now),
            autogroup: Field::Absent,
            age: 0,
        });
        self.put(group, tid);
        key
    }

    fn put(&mut self, group: GroupId, tid: Tid) {
        if let Field::Value { v, .. } = &mut self.row(group).tasks {
            v.push(tid);
        }
    }

    /// Moves a task to another group.
    pub(crate) fn move_task(&mut self, tid: Tid, to: GroupId) {
        self.forget(tid);
        self.put(to, tid);
    }

    /// Ends a task.
    pub(crate) fn end(&mut self, tid: Tid) {
        self.forget(tid);
        self.tasks.retain(|task| task.key.tid != tid);
    }

    fn forget(&mut self, tid: Tid) {
        for row in &mut self.rows {
            if let Field::Value { v, .. } = &mut row.tasks {
                v.retain(|&other| other != tid);
            }
        }
    }

    pub(crate) fn get(&mut self, tid: Tid) -> &mut Task {
        self.tasks.iter_mut().find(|task| task.key.tid == tid).unwrap()
    }

    /// Lets `seconds` pass; each of `runs` is (TID, run, wait) in CPUs, all others slept.
    pub(crate) fn pass(&mut self, seconds: f64, runs: &[(Tid, f64, f64)]) {
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a test's small positive number")]
        let nanos = |part: f64| (part * seconds * 1e9).round() as u64;
        self.now = Mono(self.now.0 + nanos(1.0));
        let now = self.now;
        for task in &mut self.tasks {
            let (run, wait) =
                runs.iter().find(|run| run.0 == task.key.tid).map_or((0.0, 0.0), |&(_, run, wait)| (run, wait));
            if let Field::Value { v, at } = &mut task.sched {
                v.run_ns += nanos(run);
                v.wait_ns += nanos(wait);
                v.slices += u64::from(run > 0.0) * nanos(1.0) / 10_000_000;
                *at = now;
            }
        }
    }

    /// What a sampling would see now.
    pub(crate) fn snapshot(&mut self) -> Arc<Snapshot> {
        self.number += 1;
        let mut groups = GroupColumns::default();
        for (slot, row) in self.rows.iter().enumerate() {
            let id = GroupId(u32::try_from(slot).unwrap());
            if self.structure.group(id).is_some() {
                groups.push(id, row.clone());
            }
        }
        Arc::new(Snapshot {
            number: self.number,
            at: self.now,
            host: Arc::new(self.facts.clone()),
            structure: Arc::new(self.structure.clone()),
            groups,
            tasks: TaskColumns::new(self.tasks.clone()),
            files: None,
            written: Vec::new(),
            files_above: None,
            notices: Vec::new(),
            cost: Cost::default(),
        })
    }
}
