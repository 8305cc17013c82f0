//! Every row of kernel-facts C1 to C4, C6 and J as the sentence that a student reads.
use super::*;
use crate::model::cpu_set::CpuSet;
use crate::model::scheduling::Attribute;
use crate::model::task::Policy;
use crate::model::workload::{Launch, Program, Spin};
use crate::plan::step::Signal;
use crate::plan::testing::{Build, key};

fn v1() -> Survey {
    Build::v1_with(&["cpu", "cpuset"]).ours("/cg1").group("/cg1/cg2").process(42, "/cg1").process(43, "/").survey()
}

fn v2() -> Survey {
    Build::v2()
        .file("/", "cgroup.subtree_control", "cpu")
        .ours("/cg1")
        .file("/", "cgroup.max.descendants", "2")
        .process(42, "/cg1")
        .thread(42, 44, "/cg1")
        .survey()
}

fn at(survey: &Survey, path: &str) -> Place {
    Place::new(survey.hierarchies[0].id, path.as_bytes())
}

fn write(survey: &Survey, file: &str, data: &str) -> Step {
    Step::Write {
        at: at(survey, "/cg1"),
        key: None,
        file: file.into(),
        data: data.as_bytes().into(),
        prior: None,
        disturbs: Vec::new(),
    }
}

fn rows(survey: &Survey, step: &Step, errnos: &[Errno]) -> String {
    errnos.iter().map(|&errno| explain(step, errno, survey) + "\n").collect()
}

#[test]
fn c1_mkdir() {
    let (one, two) = (v1(), v2());
    let mut text = rows(
        &one,
        &Step::MakeGroup { at: at(&one, "/cg1/new") },
        &[
            Errno::EEXIST,
            Errno::ENOENT,
            Errno::ENODEV,
            Errno::EINVAL,
            Errno::EACCES,
            Errno::EROFS,
            Errno::ENOMEM,
            Errno::ENOSPC,
        ],
    );
    text += &rows(&one, &Step::MakeGroup { at: at(&one, "/cg1/new") }, &[Errno::EAGAIN]);
    text += &rows(&two, &Step::MakeGroup { at: at(&two, "/cg1/new") }, &[Errno::EAGAIN]);
    insta::assert_snapshot!(text);
}

#[test]
fn c2_rmdir() {
    let survey = v1();
    let full = Step::RemoveGroup { at: at(&survey, "/cg1"), key: None, settings: Vec::new() };
    let empty = Step::RemoveGroup { at: at(&survey, "/cg1/cg2"), key: None, settings: Vec::new() };
    let mut text = rows(&survey, &full, &[Errno::EBUSY, Errno::ENOENT, Errno::EACCES, Errno::EPERM]);
    text += &rows(&survey, &empty, &[Errno::EBUSY, Errno(999)]);
    insta::assert_snapshot!(text);
}

#[test]
fn c3_moves() {
    let (one, two) = (v1(), v2());
    let step =
        |survey: &Survey, scope| Step::Move { task: key(42), scope, from: at(survey, "/"), to: at(survey, "/cg1") };
    let all = [
        Errno::ESRCH,
        Errno::EINVAL,
        Errno::ENOSPC,
        Errno::EBUSY,
        Errno::EOPNOTSUPP,
        Errno::EACCES,
        Errno::EPERM,
        Errno::ENOENT,
        Errno::ENODEV,
        Errno::ENOMEM,
    ];
    let mut text = rows(&one, &step(&one, Scope::Process), &all);
    text += &rows(&two, &step(&two, Scope::Process), &all);
    text += &rows(&two, &step(&two, Scope::Thread), &[Errno::EOPNOTSUPP]);
    let kernel = Build::v1().group("/cg1").process(42, "/").task(42, |task| task.kernel = true).survey();
    text += &rows(&kernel, &step(&kernel, Scope::Process), &[Errno::EINVAL]);
    let rt = Build::v1().group("/cg1").process(42, "/").task(42, |task| task.rt_priority = 1).survey();
    text += &rows(&rt, &step(&rt, Scope::Process), &[Errno::EINVAL]);
    text += &rows(&rt, &Step::Drain { from: at(&rt, "/"), to: at(&rt, "/cg1") }, &[Errno::EINVAL]);
    insta::assert_snapshot!(text);
}

#[test]
fn c4_controllers() {
    let survey = v2();
    let mut text = rows(
        &survey,
        &write(&survey, "cgroup.subtree_control", "+cpu"),
        &[Errno::ENOENT, Errno::EINVAL, Errno::EBUSY, Errno::EOPNOTSUPP],
    );
    text += &rows(&survey, &write(&survey, "cgroup.subtree_control", "+memory"), &[Errno::EINVAL]);
    text += &rows(&survey, &write(&survey, "cgroup.subtree_control", "-cpu"), &[Errno::EBUSY]);
    insta::assert_snapshot!(text);
}

#[test]
fn values() {
    let (one, two) = (v1(), v2());
    let mut text = String::new();
    for (file, data, errno) in [
        ("cpu.shares", "600", Errno::EINVAL),
        ("cpu.shares", "99999999999999999999", Errno::ERANGE),
        ("cpu.cfs_quota_us", "20000", Errno::EINVAL),
        ("cpu.cfs_burst_us", "20000", Errno::EINVAL),
        ("cpu.rt_runtime_us", "1", Errno::EINVAL),
        ("cpu.rt_runtime_us", "0", Errno::EBUSY),
        ("cpuset.cpus", "7", Errno::EACCES),
        ("cpuset.cpus", "0", Errno::EBUSY),
        ("cpuset.cpus", "\n", Errno::ENOSPC),
        ("cpuset.cpus", "1-0", Errno::EINVAL),
        ("cpuset.cpus", "99999", Errno::ERANGE),
        ("cpuset.cpu_exclusive", "1", Errno::EACCES),
        ("memory.limit_in_bytes", "1", Errno::EBUSY),
        ("pids.max", "x", Errno::EINVAL),
        ("pids.max", "3", Errno::ENODEV),
        ("pids.max", "3", Errno::ENOENT),
        ("vendor.file", "x", Errno::EINVAL),
        ("vendor.file", "x", Errno::E2BIG),
        ("vendor.file", "x", Errno::EACCES),
        ("vendor.file", "x", Errno::EIO),
    ] {
        text += &rows(&one, &write(&one, file, data), &[errno]);
    }
    for (file, data, errno) in [
        ("cpu.weight", "0", Errno::ERANGE),
        ("cpu.max", "500", Errno::EINVAL),
        ("cgroup.freeze", "2", Errno::ERANGE),
        ("cgroup.type", "threaded", Errno::EOPNOTSUPP),
        ("cpu.weight", "5", Errno::EACCES),
    ] {
        text += &rows(&two, &write(&two, file, data), &[errno]);
    }
    insta::assert_snapshot!(text);
}

#[test]
fn launches_and_signals() {
    let survey = v1();
    let program = Program::Spin(Spin::default());
    let launch = Launch { groups: vec![at(&survey, "/cg1")], program, cpus: None, nice: 0 };
    let mut text = rows(
        &survey,
        &Step::Launch { launch, again: None },
        &[Errno::ENOENT, Errno::EAGAIN, Errno::ENOSPC, Errno::EACCES],
    );
    let signal = Step::Signal { process: key(42), signal: Signal::Stop };
    text += &rows(&survey, &signal, &[Errno::ESRCH, Errno::EPERM, Errno::EINVAL]);
    insta::assert_snapshot!(text);
}

#[test]
fn scheduling_of_a_task() {
    let set = |to: Attribute| Step::Schedule { task: key(42), scope: Scope::Process, to, prior: None };
    let fifo = set(Attribute::Policy { policy: Policy::Fifo, priority: 7 });
    let without = Build::v1().group("/cg1").file("/cg1", "cpu.rt_runtime_us", "0").process(42, "/cg1").survey();
    let mut text =
        rows(&v1(), &set(Attribute::Cpus(CpuSet::one(9))), &[Errno::EINVAL, Errno::EPERM, Errno::ESRCH, Errno::EBUSY]);
    text += &rows(&v1(), &set(Attribute::Nice(-5)), &[Errno::EACCES, Errno::EPERM, Errno::ESRCH]);
    let given = Build::v1().group("/cg1").file("/cg1", "cpu.rt_runtime_us", "50000").process(42, "/cg1").survey();
    text += &rows(&given, &fifo, &[Errno::EPERM, Errno::EINVAL, Errno::EIO]);
    text += &rows(&without, &fifo, &[Errno::EPERM]);
    let batch = Attribute::Policy { policy: Policy::Batch, priority: 0 };
    let thread = Step::Schedule { task: key(42), scope: Scope::Thread, to: batch, prior: None };
    text += &rows(&v1(), &thread, &[Errno::EPERM]);
    insta::assert_snapshot!(text);
}

/// A right that was taken away between plan and deed; a budget that was.
#[test]
fn what_can_be_done_after_scheduling_failed() {
    let build = Build::v1().group("/cg1").file("/cg1", "cpu.rt_runtime_us", "0").process(42, "/cg1");
    let to = Attribute::Policy { policy: Policy::RoundRobin, priority: 1 };
    let intent = Intent::Schedule { tasks: vec![key(42)], scope: Scope::Process, to: vec![to.clone()] };
    let step = Step::Schedule { task: key(42), scope: Scope::Process, to, prior: None };
    let meaning = failed(&intent, &step, Errno::EPERM, &build.survey(), &[]);
    assert!(meaning.rule.contains("cpu.rt_runtime_us 0"), "{}", meaning.rule);
    assert_eq!(meaning.ways.len(), 1);
    assert_eq!(meaning.ways[0].intents.len(), 2, "the budget, then what was asked: {:?}", meaning.ways);
}

#[test]
fn files_that_few_hosts_meet() {
    let (one, two) = (v1(), v2());
    let mut text = String::new();
    for (file, data, errno) in [
        ("blkio.throttle.read_bps_device", "999:9 1000", Errno::ENODEV),
        ("net_prio.ifpriomap", "eth9 1", Errno::ENODEV),
        ("devices.allow", "c 1:5 r", Errno::EPERM),
        ("devices.deny", "a", Errno::EINVAL),
        ("cpuset.cpu_exclusive", "0", Errno::EBUSY),
        ("cpuset.sched_relax_domain_level", "5", Errno::EINVAL),
        ("memory.limit_in_bytes", "4096", Errno::EBUSY),
    ] {
        text += &rows(&one, &write(&one, file, data), &[errno]);
    }
    for (file, data, errno) in [
        ("io.max", "999:9 rbps=1", Errno::ENODEV),
        ("memory.reclaim", "1073741824", Errno::EAGAIN),
        ("hugetlb.2MB.max", "0", Errno::EBUSY),
    ] {
        text += &rows(&two, &write(&two, file, data), &[errno]);
    }
    insta::assert_snapshot!(text);
}

#[test]
fn c5_mounts() {
    use crate::model::id::HierarchyId;
    use crate::model::mounting::{Mounting, Source};
    let survey = v1();
    let mounting = |data: &str| Mounting {
        hierarchy: Some(HierarchyId(1)),
        source: Source::V1 { data: data.as_bytes().into() },
        point: b"/run/x".as_slice().into(),
        options: Vec::new(),
    };
    let mount = |data: &str| Step::Mount { mounting: mounting(data) };
    let all = [
        Errno::EBUSY,
        Errno::EINVAL,
        Errno::EPERM,
        Errno::ENOENT,
        Errno::ENOTDIR,
        Errno::ENODEV,
        Errno::EACCES,
        Errno::ENOMEM,
    ];
    let mut text = rows(&survey, &mount("none,name=x"), &all);
    text += &rows(&survey, &mount("cpu,blkio"), &[Errno::EBUSY]);
    let unmount = Step::Unmount { mounting: mounting("cpu"), ends: true, lazy: false, settings: Vec::new() };
    text += &rows(&survey, &unmount, &[Errno::EBUSY, Errno::EINVAL, Errno::ENOENT, Errno::EPERM]);
    let path = || b"/run/x".as_slice().into();
    text += &rows(
        &survey,
        &Step::MakeDirectory { path: path() },
        &[Errno::EEXIST, Errno::ENOENT, Errno::EROFS, Errno::EACCES, Errno::EPERM, Errno::ENOTDIR, Errno::ENOSPC],
    );
    text += &rows(&survey, &Step::RemoveDirectory { path: path() }, &[Errno::EBUSY, Errno::EACCES]);
    insta::assert_snapshot!(text);
}
