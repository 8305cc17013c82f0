use super::*;

pub(super) fn set(survey: &Survey, path: &str, file: &str, data: &str) -> String {
    said(survey, &Intent::Set { group: at(survey, path), setting: setting(file, data) })
}

#[test]
fn weights() {
    let survey = Build::v1().ours("/cg1").group("/other").survey();
    let mut text = String::new();
    for data in [
        "600",
        " +600\n",
        "0",
        "999999999",
        "0400",
        "0900",
        "0x10",
        "1e3",
        "1.5",
        "-1",
        "many",
        "",
        "99999999999999999999",
    ] {
        text += &set(&survey, "/cg1", "cpu.shares", data);
    }
    text += &set(&survey, "/other", "cpu.shares", "600");
    text += &set(&survey, "/", "cpu.shares", "600");
    text += &set(&survey, "/gone", "cpu.shares", "600");
    let two = Build::v2().file("/", "cgroup.subtree_control", "cpu").ours("/cg1").survey();
    for data in ["300", "0", "10001"] {
        text += &set(&two, "/cg1", "cpu.weight", data);
    }
    text += &set(&two, "/cg1", "cpu.weight.nice", "-5");
    text += &set(&two, "/", "cpu.weight", "300");
    insta::assert_snapshot!(text);
}

#[test]
fn idle() {
    let build = || Build::v1().ours("/cg1").file("/cg1", "cpu.shares", "600");
    let mut text = set(&build().survey(), "/cg1", "cpu.idle", "1");
    let idle = build().file("/cg1", "cpu.idle", "1").file("/cg1", "cpu.shares", "3").survey();
    text += &set(&idle, "/cg1", "cpu.shares", "600");
    text += &set(&idle, "/cg1", "cpu.idle", "0");
    text += &set(&build().survey(), "/cg1", "cpu.idle", "2");
    insta::assert_snapshot!(text);
}

#[test]
fn quotas() {
    let build = || {
        Build::v1().ours("/a").ours("/a/b").file("/a", "cpu.cfs_quota_us", "50000").file(
            "/a/b",
            "cpu.cfs_quota_us",
            "30000",
        )
    };
    let one = build().survey();
    let mut text = String::new();
    for (path, file, data) in [
        ("/a/b", "cpu.cfs_quota_us", "20000"),
        ("/a/b", "cpu.cfs_quota_us", "60000"),
        ("/a/b", "cpu.cfs_quota_us", "500"),
        ("/a/b", "cpu.cfs_quota_us", "max"),
        ("/a/b", "cpu.cfs_quota_us", "-5"),
        ("/a", "cpu.cfs_quota_us", "20000"),
        ("/a", "cpu.cfs_quota_us", "-1"),
        ("/a/b", "cpu.cfs_period_us", "10000"),
        ("/a/b", "cpu.cfs_period_us", "5"),
        ("/a/b", "cpu.cfs_burst_us", "40000"),
    ] {
        text += &set(&one, path, file, data);
    }
    text += &set(&build().file("/a/b", "cpu.cfs_burst_us", "25000").survey(), "/a/b", "cpu.cfs_quota_us", "20000");
    let two = Build::v2()
        .file("/", "cgroup.subtree_control", "cpu")
        .ours("/a")
        .file("/a", "cgroup.subtree_control", "cpu")
        .file("/a", "cpu.max", "50000 100000")
        .ours("/a/b")
        .survey();
    for data in ["20000", "20000 50000", "max", "-1", "-1 50000", "500", "20000 2000000", "60000", "1 2 3"] {
        text += &set(&two, "/a/b", "cpu.max", data);
    }
    text += &set(&two, "/a", "cpu.max.burst", "60000");
    insta::assert_snapshot!(text);
}

#[test]
fn cpusets() {
    let build = || {
        Build::v1_with(&["cpuset"]).ours("/a").file("/a", "cpuset.cpus", "0-1").ours("/a/b").file(
            "/a/b",
            "cpuset.cpus",
            "1",
        )
    };
    let survey = build().survey();
    let mut text = String::new();
    for (path, data) in
        [("/a/b", "0"), ("/a/b", "0-3"), ("/a/b", "1-0"), ("/a/b", "x"), ("/a/b", ""), ("/a", "0"), ("/", "0")]
    {
        text += &set(&survey, path, "cpuset.cpus", data);
    }
    text += &set(&build().process(42, "/a/b").survey(), "/a/b", "cpuset.cpus", "");
    text += &set(&build().file("/a", "cpuset.cpus", "0").survey(), "/a/b", "cpuset.cpus", "0-1");
    insta::assert_snapshot!(text);
}

#[test]
fn other_files() {
    let one = Build::v1()
        .ours("/a")
        .file("/a", "cpu.rt_period_us", "1000000")
        .file("/a", "cpu.rt_runtime_us", "50000")
        .file("/a", "vendor.knob", "x")
        .process(42, "/a")
        .task(42, |task| {
            task.policy = Policy::Fifo;
            task.rt_priority = 5;
        })
        .survey();
    let mut text = String::new();
    for (file, data) in [
        ("vendor.knob", "whatever it takes"),
        ("vendor.other", "x"),
        ("cpu.stat", "x"),
        ("cgroup.procs", "42"),
        ("release_agent", "/x"),
        ("a/b", "x"),
        ("cpu.rt_runtime_us", "0"),
        ("cpu.rt_runtime_us", "2000000"),
        ("notify_on_release", "yes"),
    ] {
        text += &set(&one, "/a", file, data);
    }
    let two = || {
        Build::v2().file("/", "cgroup.subtree_control", "pids memory").ours("/a").file("/a", "pids.current", "9").file(
            "/a",
            "memory.current",
            "9000000",
        )
    };
    let survey = two().survey();
    for (file, data) in [
        ("pids.max", "3"),
        ("pids.max", "Max"),
        ("pids.max", "5000000"),
        ("memory.max", "1G"),
        ("memory.max", "1.5M"),
        ("memory.max", "5000"),
        ("memory.max", "unlimited"),
        ("memory.max", "999999999999999999999"),
        ("cgroup.kill", "1"),
        ("cgroup.freeze", "1"),
        ("cgroup.type", "threaded"),
        ("cgroup.type", "domain"),
        ("memory.peak", "0"),
        ("memory.current", "0"),
        ("cpu.weight", "5"),
        ("cpuset.cpus.partition", "root"),
    ] {
        text += &set(&survey, "/a", file, data);
    }
    text += &set(&two().process(900, "/a").survey(), "/a", "cgroup.freeze", "1");
    insta::assert_snapshot!(text);
}

#[test]
fn controllers() {
    let build = || {
        Build::v2()
            .file("/", "cgroup.subtree_control", "cpu memory")
            .ours("/a")
            .group("/other")
            .file("/other", "cpu.weight", "300")
            .file("/a", "cgroup.subtree_control", "cpu")
            .ours("/a/b")
    };
    let survey = build().survey();
    let mut text = String::new();
    for (path, data) in [
        ("/a", "+memory"),
        ("/a", "memory"),
        ("/a", ""),
        ("/a", "+pids"),
        ("/a", "+nonsense"),
        ("/a", "-cpu"),
        ("/", "-cpu"),
        ("/", "-memory"),
    ] {
        text += &set(&survey, path, "cgroup.subtree_control", data);
    }
    insta::assert_snapshot!(text);
}
