use super::*;

fn hold(survey: &Survey, path: &str) -> String {
    said(survey, &Intent::Hold { target: Target::Group(at(survey, path)) })
}

fn resume(survey: &Survey, path: &str) -> String {
    said(survey, &Intent::Resume { target: Target::Group(at(survey, path)) })
}

#[test]
fn by_freezer_or_by_signal() {
    let v1 = || Build::v1().ours("/a").ours("/a/b").workload(42, "/a").workload(43, "/a/b");
    let mut text = hold(&v1().survey(), "/a");
    text += &hold(&v1().task(42, |t| t.state = 'T').task(43, |t| t.state = 'T').survey(), "/a");
    text += &resume(&v1().task(42, |t| t.state = 'T').survey(), "/a");
    text += &resume(&v1().survey(), "/a");
    text += &hold(&v1().process(50, "/a/b").survey(), "/a");
    text += &hold(&Build::v1().ours("/a").survey(), "/a");
    let freezer = || Build::v1_with(&["cpu", "freezer"]).group("/a").process(50, "/a");
    text += &hold(&freezer().survey(), "/a");
    text += &resume(&freezer().file("/a", "freezer.state", "FROZEN").survey(), "/a");
    let v2 = || Build::v2().ours("/a").ours("/a/b").process(50, "/a/b");
    text += &hold(&v2().survey(), "/a");
    text += &hold(&v2().file("/a", "cgroup.freeze", "1").survey(), "/a");
    text += &resume(&v2().file("/a", "cgroup.freeze", "1").survey(), "/a/b");
    text += &hold(&v2().survey(), "/");
    text += &hold(&v2().process(900, "/a/b").survey(), "/a");
    text += &hold(&v2().process(800, "/a/b").survey(), "/a/b");
    insta::assert_snapshot!(text);
}

#[test]
fn workloads() {
    let survey = Build::v1().ours("/a").workload(42, "/a").process(50, "/a").survey();
    let of = |tid| Target::Workloads(vec![key(tid)]);
    let mut text = said(&survey, &Intent::Hold { target: of(42) });
    text += &said(&survey, &Intent::Hold { target: of(50) });
    text += &said(&survey, &Intent::Hold { target: of(99) });
    text += &said(&survey, &Intent::Stop { processes: vec![key(42)] });
    text += &said(&survey, &Intent::Stop { processes: vec![key(50)] });
    let command = Build::v1()
        .ours("/a")
        .workload(42, "/a")
        .task(42, |t| t.state = 'T')
        .with_survey(|s| s.workloads[0].launch.program = Program::Command(vec![Box::from(&b"make"[..])]))
        .survey();
    text += &said(&command, &Intent::Stop { processes: vec![key(42)] });
    insta::assert_snapshot!(text);
}
