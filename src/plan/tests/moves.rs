use super::*;

fn go(survey: &Survey, tids: &[i32], to: &str, scope: Scope) -> String {
    said(survey, &Intent::Move { tasks: tids.iter().map(|&tid| key(tid)).collect(), to: at(survey, to), scope })
}

#[test]
fn processes_and_threads() {
    let survey = Build::v1()
        .ours("/a")
        .ours("/b")
        .group("/other")
        .workload(40, "/a")
        .process(42, "/")
        .thread(50, 50, "/a")
        .thread(50, 51, "/b")
        .process(60, "/b")
        .survey();
    let mut text = String::new();
    for (tids, to, scope) in [
        (&[40][..], "/b", Scope::Process),
        (&[40], "/other", Scope::Process),
        (&[42], "/a", Scope::Process),
        (&[50], "/b", Scope::Process),
        (&[51], "/a", Scope::Thread),
        (&[50, 51, 60], "/other", Scope::Process),
        (&[60], "/b", Scope::Process),
        (&[40, 60], "/b", Scope::Process),
        (&[99], "/b", Scope::Process),
        (&[40], "/gone", Scope::Process),
    ] {
        text += &go(&survey, tids, to, scope);
    }
    insta::assert_snapshot!(text);
}

#[test]
fn tasks_that_do_not_move() {
    let build =
        || Build::v1().ours("/a").process(2, "/").process(42, "/").process(900, "/").process(800, "/").process(1, "/");
    let mut text = String::new();
    let zombie = build().task(42, |task| task.state = 'Z').survey();
    text += &go(&zombie, &[42], "/a", Scope::Process);
    let bound =
        build().task(42, |task| (task.kernel, task.bound) = (true, true)).task(2, |task| task.kernel = true).survey();
    text += &go(&bound, &[42], "/a", Scope::Process);
    text += &go(&bound, &[2], "/a", Scope::Process);
    let kernel = build().task(42, |task| task.kernel = true).survey();
    text += &go(&kernel, &[42], "/a", Scope::Process);
    for guarded in [900, 800, 1] {
        text += &go(&build().survey(), &[guarded], "/a", Scope::Process);
    }
    let rt = build().file("/a", "cpu.rt_runtime_us", "0").task(42, |task| task.policy = Policy::Fifo).survey();
    text += &go(&rt, &[42], "/a", Scope::Process);
    insta::assert_snapshot!(text);
}

/// Of a main thread that has exited the kernel prints the top group, whatever group its process is in.
#[test]
fn an_exited_main_thread_counts_for_nothing() {
    let build = || Build::v1().ours("/a").ours("/b").thread(42, 42, "/").task(42, |task| task.state = 'Z');
    let mut text = String::new();
    for survey in [build().thread(42, 43, "/b").survey(), build().thread(42, 43, "/b").thread(42, 44, "/a").survey()] {
        for (tid, scope) in [(42, Scope::Process), (43, Scope::Process), (42, Scope::Thread), (43, Scope::Thread)] {
            text += &go(&survey, &[tid], "/a", scope);
        }
    }
    text += &go(&build().thread(42, 43, "/b").survey(), &[42], "/b", Scope::Process);
    text += &go(&build().survey(), &[42], "/a", Scope::Process);
    insta::assert_snapshot!(text);
}

#[test]
fn several_of_which_some_ended_or_cannot_move() {
    let build = || Build::v1().ours("/a").process(42, "/").process(43, "/").process(44, "/");
    // Two are left of three, and they move.
    let mut text = go(&build().survey(), &[42, 43, 99], "/a", Scope::Process);
    text += &go(&build().survey(), &[98, 99], "/a", Scope::Process);
    let zombie = build().task(43, |task| task.state = 'Z').survey();
    text += &go(&zombie, &[42, 43, 44], "/a", Scope::Process);
    // Nothing is left to offer.
    let bound = build().task(42, |task| (task.kernel, task.bound) = (true, true)).survey();
    text += &go(&bound, &[42, 99], "/a", Scope::Process);
    insta::assert_snapshot!(text);
}

#[test]
fn a_user_without_the_right() {
    let closed = |place: &'static str, errno: Errno| {
        move |survey: &mut Survey| {
            for (at, facts) in &mut survey.groups {
                if at.to_string() == place {
                    facts.closed = Some(errno);
                }
            }
        }
    };
    let v2 = || Build::v2().group("/u").ours("/u/a").ours("/u/b").process(42, "/u/a");
    let mut text = String::new();
    // Only the target and the common ancestor count.
    text += &go(&v2().with_survey(closed("/u/b", Errno::EACCES)).survey(), &[42], "/u/b", Scope::Process);
    text += &go(&v2().with_survey(closed("/u", Errno::EACCES)).survey(), &[42], "/u/b", Scope::Process);
    text += &go(&v2().with_survey(closed("/", Errno::EACCES)).survey(), &[42], "/u/b", Scope::Process);
    // v1 asks for no right above.
    let v1 = Build::v1().ours("/a").ours("/b").process(42, "/a");
    text += &go(&v1.with_survey(closed("/", Errno::EACCES)).survey(), &[42], "/b", Scope::Process);
    let v1 = Build::v1().ours("/a").ours("/b").process(42, "/a");
    text += &go(&v1.with_survey(closed("/b", Errno::EROFS)).survey(), &[42], "/b", Scope::Thread);
    insta::assert_snapshot!(text);
}

/// What undo does of "set the cpuset, then move": the tasks leave first.
#[test]
fn a_cpuset_that_is_left_may_be_emptied() {
    let survey = Build::v1_with(&["cpuset"])
        .file("/", "cpuset.cpus", "0-1")
        .ours("/a")
        .file("/a", "cpuset.cpus", "0-1")
        .process(42, "/a")
        .survey();
    let (a, top) = (at(&survey, "/a"), at(&survey, "/"));
    let empty = Intent::Set { group: a, setting: Setting { file: "cpuset.cpus".into(), data: Box::from(&b""[..]) } };
    let out = Intent::Move { tasks: vec![key(42)], to: top, scope: Scope::Process };
    let together = |intents: Vec<Intent>| Intent::Together { title: "both".to_owned(), intents };
    assert!(said(&survey, &together(vec![empty.clone(), out.clone()])).contains("ENOSPC"), "there is a task in it");
    assert!(said(&survey, &together(vec![out, empty])).starts_with("PLAN"));
}

#[test]
fn from_outside_of_this_namespace() {
    let survey = Build::v2().ours("/a").process(42, "/").with_survey(|survey| {
        survey.tasks.values_mut().for_each(|facts| facts.groups.clear());
    });
    insta::assert_snapshot!(go(&survey.survey(), &[42], "/a", Scope::Process));
}

#[test]
fn groups_that_take_none() {
    let cpuset = Build::v1_with(&["cpuset"]).ours("/a").process(42, "/").survey();
    let mut text = go(&cpuset, &[42], "/a", Scope::Process);
    let v2 = || {
        Build::v2()
            .file("/", "cgroup.subtree_control", "cpu")
            .ours("/a")
            .file("/a", "cgroup.subtree_control", "cpu")
            .ours("/a/x")
            .ours("/a/y")
            .workload(42, "/a/x")
    };
    text += &go(&v2().survey(), &[42], "/a", Scope::Process);
    text += &go(&v2().survey(), &[42], "/a/y", Scope::Process);
    text += &go(&v2().survey(), &[42], "/a/y", Scope::Thread);
    text += &go(&v2().file("/a/y", "cgroup.type", "domain invalid").survey(), &[42], "/a/y", Scope::Process);
    let threaded = v2()
        .file("/a/x", "cgroup.type", "threaded")
        .file("/a/y", "cgroup.type", "threaded")
        .file("/a", "cgroup.type", "domain threaded")
        .survey();
    text += &go(&threaded, &[42], "/a/y", Scope::Thread);
    text += &go(&v2().file("/a/y", "cgroup.freeze", "1").survey(), &[42], "/a/y", Scope::Process);
    let full = v2().file("/a/y", "pids.max", "1").file("/a/y", "pids.current", "1").survey();
    text += &go(&full, &[42], "/a/y", Scope::Process);
    insta::assert_snapshot!(text);
}

#[test]
fn out_of_a_unit() {
    let survey = Build::v2()
        .group("/system.slice")
        .group("/system.slice/nginx.service")
        .ours("/a")
        .process(42, "/system.slice/nginx.service")
        .with_survey(|survey| std::sync::Arc::make_mut(&mut survey.host).systemd = true)
        .survey();
    insta::assert_snapshot!(go(&survey, &[42], "/a", Scope::Process));
}

#[test]
fn across_the_root_of_a_cgroup_namespace() {
    let survey = Build::v2()
        .group("/ns")
        .ours("/ns/a")
        .ours("/ns/b")
        .ours("/out")
        .workload(42, "/ns/a")
        .workload(43, "/out")
        .with_survey(|survey| {
            let hierarchy = survey.hierarchies[0].id;
            survey.border = Some(crate::model::place::Place::new(hierarchy, b"/ns"));
        })
        .survey();
    let mut text = go(&survey, &[42], "/out", Scope::Process);
    text += &go(&survey, &[43], "/ns/a", Scope::Process);
    text += &go(&survey, &[42], "/ns/b", Scope::Process);
    insta::assert_snapshot!(text);
}
