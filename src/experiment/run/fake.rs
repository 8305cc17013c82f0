//! A host, snapshots and tasks for the tests of this layer.
use std::sync::Arc;

use crate::model::cpu_set::CpuSet;
use crate::model::field::Field;
use crate::model::host::Host;
use crate::model::id::{Pid, TaskKey};
use crate::model::snapshot::{Cost, GroupColumns, Snapshot, TaskColumns};
use crate::model::structure::Structure;
use crate::model::task::{Policy, SchedStat, Task};
use crate::model::time::Mono;

/// Root's host with CPUs 0 to 3, of which 1 and 2 may be used.
pub(in crate::experiment) fn host() -> Host {
    Host {
        allowed: CpuSet::parse("1-2").unwrap(),
        in_cgroup_namespace: None,
        in_user_namespace: None,
        pid: 10,
        ..crate::model::testing::host(4)
    }
}

/// A snapshot of these tasks and nothing else.
pub(in crate::experiment) fn snapshot(at: u64, tasks: Vec<Task>) -> Snapshot {
    Snapshot {
        number: 0,
        at: Mono(at),
        host: Arc::new(host()),
        structure: Arc::new(Structure::default()),
        groups: GroupColumns::default(),
        tasks: TaskColumns::new(tasks),
        files: None,
        written: Vec::new(),
        files_above: None,
        notices: Vec::new(),
        cost: Cost::default(),
    }
}

/// A running task that had `run_ns` when it was read at `read`.
pub(in crate::experiment) fn task(key: TaskKey, tgid: Pid, run_ns: u64, read: u64) -> Task {
    Task {
        key,
        tgid,
        parent: 10,
        comm: b"make\x1b".as_slice().into(),
        state: 'R',
        nice: 0,
        policy: Policy::Other,
        rt_priority: 0,
        kernel: false,
        bound: false,
        uid: 0,
        saved_uid: 0,
        last_cpu: 0,
        allowed: Field::Unread,
        sched: Field::new(SchedStat { run_ns, wait_ns: 0, slices: 1 }, Mono(read)),
        autogroup: Field::Unread,
        age: 0,
    }
}
