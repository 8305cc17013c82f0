use super::*;

fn remove(survey: &Survey, path: &str) -> String {
    said(survey, &Intent::Remove { group: at(survey, path), inside: Inside::Nothing })
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
    let plan = plan(&Intent::Remove { group: at(&survey, "/a"), inside: Inside::Nothing }, &survey).unwrap();
    let [crate::plan::step::Step::RemoveGroup { settings, .. }] = plan.steps.as_slice() else { panic!("{plan:?}") };
    let names: Vec<&str> = settings.iter().map(|setting| &*setting.file).collect();
    let position =
        |name: &str| names.iter().position(|have| *have == name).unwrap_or_else(|| panic!("{name}: {names:?}"));
    assert!(position("cpu.cfs_period_us") < position("cpu.cfs_quota_us"));
    assert!(names.contains(&"cpu.shares") && names.contains(&"cpuset.cpus") && names.contains(&"cpuset.mems"));
    // What a new group has anyway is not written.
    assert!(!names.contains(&"cpu.idle") && !names.contains(&"cpu.cfs_burst_us"), "{names:?}");
}

fn with_all(survey: &Survey, path: &str, inside: Inside) -> String {
    said(survey, &Intent::Remove { group: at(survey, path), inside })
}

#[test]
fn removing_with_all_below() {
    let ours = || Build::v1().ours("/cg1").ours("/cg1/cg2").ours("/cg1/cg3");
    let foreign =
        || Build::v1().group("/a").group("/a/b").process(42, "/a/b").thread(43, 43, "/a").thread(43, 44, "/a/b");
    let mut text = with_all(&ours().survey(), "/cg1", Inside::Move);
    text += &with_all(&ours().workload(42, "/cg1/cg2").workload(43, "/cg1/cg3").survey(), "/cg1", Inside::Move);
    text += &with_all(&ours().workload(42, "/cg1/cg2").survey(), "/cg1", Inside::Kill);
    text += &with_all(&foreign().survey(), "/a", Inside::Move);
    text += &with_all(&foreign().survey(), "/a", Inside::Kill);
    text += &with_all(&foreign().process(900, "/a").survey(), "/a", Inside::Kill);
    text += &with_all(&foreign().process(1, "/a").survey(), "/a", Inside::Kill);
    text += &with_all(&ours().process(7, "/cg1").task(7, |task| task.bound = true).survey(), "/cg1", Inside::Move);
    // A thread that is outside ends with its process.
    text += &with_all(&foreign().group("/c").thread(42, 50, "/c").survey(), "/a", Inside::Kill);
    // The real-time task finds no time in the top group.
    let fifo = ours().process(42, "/cg1/cg2").task(42, |task| task.policy = crate::model::task::Policy::Fifo).file(
        "/",
        "cpu.rt_runtime_us",
        "0",
    );
    text += &with_all(&fifo.survey(), "/cg1", Inside::Move);
    // What may hold the tasks on v2: not a group that hands controllers down.
    let v2 = Build::v2()
        .file("/", "cgroup.subtree_control", "cpu")
        .ours("/a")
        .file("/a", "cgroup.subtree_control", "cpu")
        .ours("/a/b")
        .process(42, "/a/b")
        .file("/a/b", "cgroup.kill", "");
    text += &with_all(&v2.survey(), "/a/b", Inside::Move);
    insta::assert_snapshot!(text);
}

#[test]
fn what_is_in_a_group_must_be_known() {
    let hidden = Build::v1().ours("/a").ours("/a/b").with_survey(|survey| {
        for facts in survey.groups.values_mut() {
            facts.tasks = crate::model::field::Field::Denied(crate::model::errno::Errno::EACCES);
            facts.processes = crate::model::field::Field::Denied(crate::model::errno::Errno::EACCES);
        }
    });
    let survey = hidden.survey();
    let refusal = plan(&Intent::Remove { group: at(&survey, "/a"), inside: Inside::Kill }, &survey).unwrap_err();
    assert!(refusal.rule.contains("cannot be read"), "{}", refusal.rule);
}
