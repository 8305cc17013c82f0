use super::*;

fn create(survey: &Survey, parent: &str, path: &[u8], settings: &[(&str, &str)], controllers: &[&str]) -> String {
    let settings = settings.iter().map(|(file, data)| setting(file, data)).collect();
    let controllers = controllers.iter().map(|&c| c.into()).collect();
    said(survey, &Intent::Create { parent: at(survey, parent), path: path.into(), settings, controllers })
}

#[test]
fn on_v1() {
    let survey = Build::v1().ours("/cg1").file("/cg1", "cpu.shares", "600").survey();
    let mut text = create(&survey, "/", b"cg4", &[], &[]);
    text += &create(&survey, "/", b"cg4", &[("cpu.shares", "200")], &[]);
    text += &create(&survey, "/cg1", b"a/b", &[("cpu.shares", "0"), ("cpu.idle", "1")], &[]);
    text += &create(&survey, "/", b"-x", &[], &[]);
    text += &create(&survey, "/", b"cg1", &[], &[]);
    text += &create(&survey, "/", b"cg1", &[("cpu.shares", "300")], &[]);
    text += &create(&survey, "/gone", b"x", &[], &[]);
    text += &create(&survey, "/", b"cg4", &[("memory.limit_in_bytes", "1G")], &[]);
    text += &create(&survey, "/", b"cg4", &[("cpu.idle", "1"), ("cpu.shares", "5")], &[]);
    insta::assert_snapshot!(text);
}

#[test]
fn names() {
    let survey = Build::v2().survey();
    let mut text = String::new();
    for name in [&b""[..], b".", b"a//b", b"a/../b", b"a\nb", b"a\0b", &[b'n'; 300], b"cgroup.procs", b"cpu.mine"] {
        text += &create(&survey, "/", name, &[], &[]);
    }
    text += &create(&Build::v1().survey(), "/", b"tasks", &[], &[]);
    text += &create(&survey, "/", b"caf\xc3\xa9 \xff", &[], &[]);
    insta::assert_snapshot!(text);
}

#[test]
fn on_v2_controllers_are_enabled_along_the_way() {
    let empty = Build::v2().survey();
    let mut text = create(&empty, "/", b"cg1", &[], &[]);
    text += &create(&empty, "/", b"cg1/cg2", &[("cpu.weight", "100")], &[]);
    text += &create(&empty, "/", b"cg1", &[], &["pids", "memory"]);
    text += &create(&empty, "/", b"cg1", &[("cpu.weight", "0")], &[]);
    text += &create(&empty, "/", b"cg1", &[], &["cpuacct"]);
    let slices = Build::v2()
        .file("/", "cgroup.subtree_control", "cpu memory")
        .group("/system.slice")
        .group("/system.slice/a.service")
        .group("/system.slice/b.service")
        .survey();
    text += &create(&slices, "/system.slice", b"mine", &[("cpu.weight", "300")], &[]);
    text += &create(&slices, "/system.slice", b"mine", &[("pids.max", "5")], &[]);
    insta::assert_snapshot!(text);
}

#[test]
fn on_v2_processes_in_the_way() {
    let build = || Build::v2().file("/", "cgroup.subtree_control", "cpu memory").ours("/cg1").process(42, "/cg1");
    let survey = build().survey();
    let mut text = create(&survey, "/cg1", b"x", &[("cpu.weight", "5")], &[]);
    text += &create(&survey, "/cg1", b"x", &[("memory.max", "1G")], &[]);
    text += &create(&build().process(800, "/cg1").survey(), "/cg1", b"x", &[("cpu.weight", "5")], &[]);
    // Without a controller the group itself is no problem.
    text += &create(&survey, "/cg1", b"x", &[], &[]);
    text += &create(&build().file("/cg1", "cgroup.type", "domain invalid").survey(), "/cg1", b"x", &[], &["cpu"]);
    text += &create(&build().file("/cg1", "cgroup.type", "threaded").survey(), "/cg1", b"x", &[], &["memory"]);
    text += &create(
        &build().file("/", "cgroup.max.descendants", "1").file("/", "cgroup.stat", "nr_descendants 1").survey(),
        "/cg1",
        b"x",
        &[],
        &[],
    );
    text += &create(&build().file("/", "cgroup.max.depth", "1").survey(), "/cg1", b"x", &[], &[]);
    insta::assert_snapshot!(text);
}

#[test]
fn without_the_right() {
    for errno in [Errno::EACCES, Errno::EROFS] {
        let survey = Build::v1().with_survey(|s| s.groups.values_mut().for_each(|g| g.refused = Some(errno))).survey();
        let text = create(&survey, "/", b"cg1", &[], &[]);
        assert!(text.contains("REFUSED cannot create cg1") && text.contains(&errno.to_string()), "{text}");
    }
}
