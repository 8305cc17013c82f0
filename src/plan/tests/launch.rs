use super::*;

fn launch(survey: &Survey, change: impl FnOnce(&mut Launch)) -> String {
    let program = Program::Spin(Spin::default());
    let mut launch = Launch { groups: vec![at(survey, "/a")], program, cpus: Some(CpuSet::one(0)), nice: 0 };
    change(&mut launch);
    said(survey, &Intent::Launch { launches: vec![launch] })
}

#[test]
fn launches() {
    let survey = Build::v1().ours("/a").group("/other").survey();
    let top = at(&survey, "/");
    let other = at(&survey, "/other");
    let mut text = launch(&survey, |_| {});
    text += &launch(&survey, |l| l.groups.clear());
    text += &launch(&survey, |l| l.groups = vec![other.clone()]);
    text += &launch(&survey, |l| l.groups = vec![top.clone(), other.clone()]);
    text += &launch(&survey, |l| l.groups = vec![top.child(b"gone")]);
    text += &launch(&survey, |l| {
        l.nice = 5;
        l.program = Program::Spin(Spin { threads: 3, duty_millionths: 300_000 });
    });
    text += &launch(&survey, |l| {
        l.program = Program::Command(["sh", "-c", "echo it's; sleep 1"].map(|w| w.as_bytes().into()).to_vec());
    });
    text += &launch(&survey, |l| l.program = Program::Command(Vec::new()));
    text += &launch(&survey, |l| l.program = Program::Command(vec![Box::from(&b"a\0b"[..])]));
    text += &launch(&survey, |l| l.program = Program::Spin(Spin { threads: 0, duty_millionths: 1 }));
    text += &launch(&survey, |l| l.program = Program::Spin(Spin { threads: 1, duty_millionths: 0 }));
    text += &launch(&survey, |l| l.cpus = CpuSet::parse("7"));
    text += &launch(&survey, |l| l.cpus = CpuSet::parse(""));
    text += &launch(&survey, |l| l.nice = 20);
    text += &said(&survey, &Intent::Launch { launches: Vec::new() });
    let user = Build::v1()
        .ours("/a")
        .with_survey(|survey| {
            let host = std::sync::Arc::make_mut(&mut survey.host);
            (host.capabilities, host.user) = (0, "ada".to_owned());
        })
        .survey();
    text += &launch(&user, |l| l.nice = -5);
    let inner = Build::v2()
        .file("/", "cgroup.subtree_control", "cpu")
        .ours("/a")
        .file("/a", "cgroup.subtree_control", "cpu")
        .ours("/a/x");
    text += &launch(&inner.survey(), |_| {});
    insta::assert_snapshot!(text);
}
