//! Every file of kernel-facts B with every bad value that stands there, and what is offered instead.
use super::set::set;
use super::*;

/// What is said of each value of one file.
fn all(survey: &Survey, path: &str, file: &str, values: &[&str]) -> String {
    let said = values.iter().map(|data| format!("## {file} {data:?}\n{}", set(survey, path, file, data)));
    said.collect::<Vec<_>>().concat()
}

#[test]
fn memory_of_v1() {
    let mut build = Build::v1_with(&["memory"]).ours("/a");
    for (file, value) in [
        ("memory.limit_in_bytes", "10485760"),
        ("memory.memsw.limit_in_bytes", "20971520"),
        ("memory.usage_in_bytes", "9000000"),
        ("memory.swappiness", "60"),
        ("memory.oom_control", "oom_kill_disable 0\nunder_oom 0\noom_kill 0"),
        ("memory.failcnt", "3"),
        ("memory.force_empty", ""),
    ] {
        build = build.file("/a", file, value);
    }
    let survey = build.file("/", "memory.oom_control", "oom_kill_disable 0").survey();
    let mut text = all(
        &survey,
        "/a",
        "memory.limit_in_bytes",
        &[
            "4097",
            "5k",
            "1.5M",
            "10MiB",
            "max",
            "-1",
            "-2",
            "999999999999999999999",
            "0400",
            "0x1000",
            "k",
            "5 M",
            "30M",
        ],
    );
    text += &all(&survey, "/a", "memory.memsw.limit_in_bytes", &["5M", "30M"]);
    text += &all(&survey, "/a", "memory.swappiness", &["201", "-1"]);
    text += &all(&survey, "/a", "memory.oom_control", &["1", "2", "oom_kill_disable 1"]);
    text += &all(&survey, "/", "memory.oom_control", &["1"]);
    text += &all(&survey, "/a", "memory.failcnt", &["0", "5"]);
    text += &all(&survey, "/a", "memory.force_empty", &["0"]);
    insta::assert_snapshot!(text);
}

#[test]
fn real_time_budgets() {
    let mut build = Build::v1().ours("/a").ours("/a/b").ours("/a/c");
    for (path, runtime) in [("/", "950000"), ("/a", "500000"), ("/a/b", "100000"), ("/a/c", "300000")] {
        build = build.file(path, "cpu.rt_runtime_us", runtime).file(path, "cpu.rt_period_us", "1000000");
    }
    let survey = build.survey();
    let mut text = all(&survey, "/a/b", "cpu.rt_runtime_us", &["200000", "200001", "2000000", "-1", "-2", "0400"]);
    text += &all(&survey, "/a", "cpu.rt_runtime_us", &["0", "400000", "960000"]);
    text += &all(&survey, "/a", "cpu.rt_period_us", &["0", "400000", "2000000"]);
    insta::assert_snapshot!(text);
}

#[test]
fn exclusive_cpusets() {
    let build = || {
        Build::v1_with(&["cpuset"])
            .ours("/a")
            .file("/a", "cpuset.cpus", "0-1")
            .ours("/a/b")
            .file("/a/b", "cpuset.cpus", "0")
            .ours("/a/c")
            .file("/a/c", "cpuset.cpus", "0-1")
    };
    let on = |build: Build, path: &str| build.file(path, "cpuset.cpu_exclusive", "1");
    let mut text = all(&build().survey(), "/a/b", "cpuset.cpu_exclusive", &["1", "2", "-1"]);
    let parent = on(build(), "/a").survey();
    text += &all(&parent, "/a/b", "cpuset.cpu_exclusive", &["1"]);
    text += &all(&on(on(build(), "/a"), "/a/b").survey(), "/a", "cpuset.cpu_exclusive", &["0"]);
    let apart = on(on(build(), "/a"), "/a/b").file("/a/c", "cpuset.cpus", "1").survey();
    text += &all(&apart, "/a/c", "cpuset.cpus", &["0-1", "0"]);
    text += &all(&apart, "/a/b", "cpuset.cpus", &["0-1"]);
    text += &all(&apart, "/a", "cpuset.mems", &["0-1", "1", "0 ", "x"]);
    text += &all(&apart, "/a", "cpuset.cpus", &["0 1", "0-N", "all", "0-", "0-9"]);
    text += &all(&apart, "/a", "cpuset.sched_load_balance", &["2"]);
    insta::assert_snapshot!(text);
}

#[test]
fn words_flags_and_percentages() {
    let freezer = Build::v1_with(&["freezer"]).ours("/a").file("/a", "freezer.state", "THAWED").survey();
    let mut text = all(&freezer, "/a", "freezer.state", &["frozen", "FREEZING", "1"]);
    let below = Build::v1_with(&["freezer"])
        .ours("/a")
        .file("/a", "freezer.self_freezing", "1")
        .ours("/a/b")
        .file("/a/b", "freezer.state", "FROZEN")
        .survey();
    text += &all(&below, "/a/b", "freezer.state", &["THAWED"]);
    let mut v2 = Build::v2().ours("/a");
    for (file, value) in [
        ("cgroup.freeze", "0"),
        ("cgroup.max.depth", "max"),
        ("cgroup.max.descendants", "max"),
        ("cgroup.stat", "nr_descendants 5\nnr_dying_descendants 0"),
        ("cpu.uclamp.max", "max"),
        ("memory.reclaim", ""),
        ("memory.peak", "5"),
        ("io.prio.class", "no-change"),
        ("hugetlb.2MB.max", "max"),
        ("hugetlb.2MB.current", "4194304"),
        ("memory.max", "max"),
    ] {
        v2 = v2.file("/a", file, value);
    }
    let v2 = v2.with_survey(|survey| {
        let facts = survey.groups.values_mut().last().unwrap();
        facts.files.get_mut("cgroup.stat").unwrap().mode = 0o444;
    });
    let v2 = v2.survey();
    for (file, values) in [
        ("cgroup.freeze", &["2", "x"][..]),
        ("cgroup.max.depth", &["-1", "99999999999", "0400"]),
        ("cgroup.max.descendants", &["3"]),
        ("cpu.uclamp.max", &["50", "12.5", "101", "1e1", "none"]),
        ("memory.reclaim", &["1M", "max"]),
        ("memory.peak", &["0"]),
        ("io.prio.class", &["rt", "IDLE", "idle"]),
        ("hugetlb.2MB.max", &["3M", "1M", "MAX", "99999999999999999999"]),
        ("memory.max", &["999999999999999999999", "10MB", "1e3"]),
    ] {
        text += &all(&v2, "/a", file, values);
    }
    let net = Build::v1_with(&["net_cls"]).ours("/a").file("/a", "net_cls.classid", "0").survey();
    text += &all(&net, "/a", "net_cls.classid", &["0x100001", "4294967296", "010"]);
    let pids = Build::v1_with(&["pids"]).ours("/a").file("/a", "pids.max", "max").survey();
    text += &all(&pids, "/a", "pids.max", &["4194305", "-1", "MAX", "0400", "1.5", "99999999999999999999", "few"]);
    insta::assert_snapshot!(text);
}

#[test]
fn lines_of_a_key() {
    let mut one = Build::v1_with(&["blkio"]).ours("/a");
    for file in ["blkio.throttle.read_bps_device", "blkio.bfq.weight", "blkio.bfq.weight_device", "net_prio.ifpriomap"]
    {
        one = one.file("/a", file, "");
    }
    let one = one.survey();
    let mut text = all(
        &one,
        "/a",
        "blkio.throttle.read_bps_device",
        &["8:0 1000", "8:0 1M", "8:0 0400", "8:0 max", "8:0 -1", "8:0", "sda 5", "8:0 1.5", ""],
    );
    text += &all(&one, "/a", "blkio.bfq.weight", &["0", "1001"]);
    text += &all(&one, "/a", "blkio.bfq.weight_device", &["8:0 5000"]);
    text += &all(&one, "/a", "net_prio.ifpriomap", &["lo 5", "lo"]);
    let mut two = Build::v2().ours("/a");
    for file in ["io.max", "io.weight", "io.latency", "rdma.max", "misc.max"] {
        two = two.file("/a", file, "");
    }
    let two = two.survey();
    text += &all(
        &two,
        "/a",
        "io.max",
        &["8:0 rbps=1048576 wiops=max", "8:0 rbps=1M", "8:0 rbps=0", "8:0 bps=5", "8:0", "rbps=5"],
    );
    text += &all(&two, "/a", "io.weight", &["200", "default 0", "8:0 default", "8:0 20000", "sda 5"]);
    text += &all(&two, "/a", "io.latency", &["8:0 target=5000", "8:0 5000"]);
    text += &all(&two, "/a", "rdma.max", &["mlx4_0 hca_handle=2", "mlx4_0 handles=2"]);
    text += &all(&two, "/a", "misc.max", &["sev max", "sev 010"]);
    insta::assert_snapshot!(text);
}

#[test]
fn threaded_groups() {
    let build = || Build::v2().file("/", "cgroup.subtree_control", "cpu").ours("/a").ours("/a/b");
    let mut text = all(&build().survey(), "/a/b", "cgroup.type", &["threaded", "domain"]);
    text += &all(&build().process(42, "/a/b").survey(), "/a/b", "cgroup.type", &["threaded"]);
    let handed =
        build().file("/", "cgroup.subtree_control", "cpu memory").file("/a", "cgroup.subtree_control", "memory");
    text += &all(&handed.survey(), "/a/b", "cgroup.type", &["threaded"]);
    insta::assert_snapshot!(text);
}

#[test]
fn quotas_of_any_size() {
    let one = Build::v1().ours("/a").survey();
    let mut text =
        all(&one, "/a", "cpu.cfs_quota_us", &["17592186044416", "9223372036854775807", "none", "050000", "0.5", "1"]);
    let two = Build::v2().file("/", "cgroup.subtree_control", "cpu").ours("/a").survey();
    text += &all(
        &two,
        "/a",
        "cpu.max",
        &["050000 100000", "50000 0100000", "none 100000", "-5", "500 50000", "50000 5", "max 0x100", "x"],
    );
    insta::assert_snapshot!(text);
}
