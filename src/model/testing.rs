//! What the tests of other layers begin with.
use super::cpu_set::CpuSet;
use super::field::Field;
use super::hierarchy::Mode;
use super::host::Host;
use super::id::TaskKey;
use super::task::{Policy, Task};

/// Root's v1 host `lab` of `cpus` CPUs, all online and allowed, without autogroup and systemd.
pub(crate) fn host(cpus: u32) -> Host {
    let all: CpuSet = (0..cpus).collect();
    Host {
        name: "lab".to_owned(),
        release: "6.18".to_owned(),
        boot_id: "boot".to_owned(),
        online: all.clone(),
        allowed: all,
        user_hz: 100,
        tick_ns: 4_000_000,
        autogroup: false,
        systemd: false,
        mode: Mode::Legacy,
        uid: 0,
        user: "root".to_owned(),
        capabilities: u64::MAX,
        in_cgroup_namespace: Some(false),
        in_user_namespace: Some(false),
        pid: 900,
    }
}

/// A process of one thread that sleeps, child of process 1, with nothing read of its scheduling.
pub(crate) fn task(key: TaskKey) -> Task {
    Task {
        key,
        tgid: key.tid,
        parent: 1,
        comm: Box::from(*b"sleep"),
        state: 'S',
        nice: 0,
        policy: Policy::Other,
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
