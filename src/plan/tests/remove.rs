use super::*;

fn remove(survey: &Survey, path: &str) -> String {
    said(survey, &Intent::Remove { group: at(survey, path) })
}

#[test]
fn removing() {
    let build = || {
        Build::v1().ours("/cg1").ours("/cg1/cg2").ours("/cg1/cg3").group("/other").file("/cg1/cg3", "cpu.shares", "200")
    };
    let mut text = remove(&build().survey(), "/cg1/cg3");
    text += &remove(&build().survey(), "/other");
    text += &remove(&build().survey(), "/cg1");
    text += &remove(&build().survey(), "/");
    text += &remove(&build().survey(), "/gone");
    text += &remove(&build().workload(42, "/cg1/cg2").workload(43, "/cg1/cg3").survey(), "/cg1");
    text += &remove(&build().process(42, "/other").survey(), "/other");
    text += &remove(&build().process(42, "/cg1/cg2").task(42, |task| task.state = 'Z').survey(), "/cg1/cg2");
    let memory = Build::v1_with(&["memory"]).ours("/m").file("/m", "memory.oom_control", "oom_kill_disable 1");
    text += &remove(&memory.survey(), "/m");
    let v2 = || {
        Build::v2().file("/", "cgroup.subtree_control", "cpu").group("/a").file("/a", "cgroup.subtree_control", "cpu")
    };
    // The parent hands controllers down, so the tasks cannot go there.
    text += &remove(&v2().ours("/a/b").process(42, "/a/b").survey(), "/a/b");
    insta::assert_snapshot!(text);
}

#[test]
fn the_knobs_are_kept_in_the_order_in_which_they_can_be_set() {
    let survey = Build::v1_with(&["cpu", "cpuset"])
        .ours("/a")
        .file("/a", "cpu.shares", "600")
        .file("/a", "cpu.cfs_quota_us", "20000")
        .file("/a", "cpu.cfs_period_us", "50000")
        .file("/a", "cpuset.cpus", "0")
        .file("/a", "cpuset.mems", "0")
        .survey();
    let plan = plan(&Intent::Remove { group: at(&survey, "/a") }, &survey).unwrap();
    let [crate::plan::step::Step::RemoveGroup { settings, .. }] = plan.steps.as_slice() else { panic!("{plan:?}") };
    let names: Vec<&str> = settings.iter().map(|setting| &*setting.file).collect();
    let position =
        |name: &str| names.iter().position(|have| *have == name).unwrap_or_else(|| panic!("{name}: {names:?}"));
    assert!(position("cpu.cfs_period_us") < position("cpu.cfs_quota_us"));
    assert!(names.contains(&"cpu.shares") && names.contains(&"cpuset.cpus") && names.contains(&"cpuset.mems"));
    // What a new group has anyway is not written.
    assert!(!names.contains(&"cpu.idle") && !names.contains(&"cpu.cfs_burst_us"), "{names:?}");
}
