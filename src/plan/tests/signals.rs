//! Signals, and killing all of a group.
use super::*;
use crate::plan::intent::Recipients;
use crate::plan::step::Signal;

fn to(tids: &[i32]) -> Recipients {
    Recipients::Processes(tids.iter().map(|&tid| key(tid)).collect())
}

fn send(survey: &Survey, to: Recipients, signal: Signal) -> String {
    said(survey, &Intent::Signal { to, signal, pending: false })
}

fn pending(survey: &Survey, tids: &[i32], signal: Signal) -> String {
    said(survey, &Intent::Signal { to: to(tids), signal, pending: true })
}

fn in_group(survey: &Survey, path: &str, below: bool) -> Recipients {
    Recipients::Group { group: at(survey, path), below }
}

fn v1() -> Build {
    Build::v1().ours("/a").group("/b").group("/b/c").workload(42, "/a").process(50, "/b").process(51, "/b/c")
}

#[test]
fn what_is_sent() {
    let survey = v1().survey();
    let mut text = send(&survey, to(&[42]), Signal::Terminate);
    text += &send(&survey, to(&[50]), Signal::Terminate);
    text += &send(&survey, to(&[50, 51, 50]), Signal::Kill);
    text += &send(&survey, to(&[50]), Signal::Stop);
    text += &send(&survey, to(&[50, 51]), Signal::Stop);
    text += &send(&survey, in_group(&survey, "/b", false), Signal::Hangup);
    text += &send(&survey, in_group(&survey, "/b", true), Signal::Terminate);
    let threads = v1().thread(50, 52, "/a").survey();
    text += &send(&threads, in_group(&threads, "/a", false), Signal::User1);
    let some_stopped = v1().task(50, |t| t.state = 'T').survey();
    text += &send(&some_stopped, to(&[50]), Signal::Continue);
    text += &send(&some_stopped, to(&[50, 51]), Signal::Stop);
    text += &send(&some_stopped, to(&[50]), Signal::Kill);
    let ended = v1().survey();
    text += &send(&ended, Recipients::Processes(vec![key(50), key(99)]), Signal::Interrupt);
    let unit = Build::v2().group("/system.slice").group("/system.slice/nginx.service");
    let unit = unit.process(50, "/system.slice/nginx.service").with_survey(|s| {
        std::sync::Arc::make_mut(&mut s.host).systemd = true;
    });
    text += &send(&unit.survey(), to(&[50]), Signal::Terminate);
    insta::assert_snapshot!(text);
}

#[test]
fn who_never_gets_one() {
    let guarded = |comm: &'static str| {
        let comm = comm.as_bytes();
        v1().process(800, "/b").process(900, "/b").process(1, "/b").task(800, |t| t.comm = comm.into()).survey()
    };
    let mut text = send(&guarded("bash"), to(&[900]), Signal::Terminate);
    text += &send(&guarded("bash"), to(&[800, 50]), Signal::Terminate);
    text += &send(&guarded("sshd-session"), to(&[800]), Signal::Stop);
    text += &send(&guarded("tmux: server"), to(&[800]), Signal::Hangup);
    text += &send(&guarded("bash"), to(&[1]), Signal::User1);
    let kernel = v1().process(7, "/b").task(7, |t| (t.kernel, t.comm) = (true, Box::from(*b"kworker")));
    text += &send(&kernel.survey(), to(&[7]), Signal::Kill);
    let survey = guarded("bash");
    text += &send(&survey, in_group(&survey, "/b", true), Signal::Terminate);
    insta::assert_snapshot!(text);
}

#[test]
fn who_takes_none_now() {
    let mut text = send(&v1().task(50, |t| t.state = 'Z').survey(), to(&[50]), Signal::Kill);
    text += &send(&v1().task(50, |t| t.state = 't').survey(), to(&[50]), Signal::Continue);
    text += &send(&v1().survey(), to(&[50]), Signal::Continue);
    text += &send(&v1().task(50, |t| t.state = 'T').survey(), to(&[50]), Signal::Stop);
    text += &send(&v1().task(50, |t| t.state = 'T').survey(), to(&[50, 51]), Signal::Terminate);
    text += &pending(&v1().task(50, |t| t.state = 'T').survey(), &[50], Signal::Terminate);
    text += &send(&v1().survey(), to(&[99]), Signal::Kill);
    text += &send(&v1().survey(), to(&[98, 99]), Signal::Kill);
    let survey = Build::v1().group("/b").survey();
    text += &send(&survey, in_group(&survey, "/b", false), Signal::Kill);
    text += &send(&survey, in_group(&survey, "/b", true), Signal::Kill);
    text += &send(&survey, in_group(&survey, "/gone", true), Signal::Kill);
    let user = v1().with_survey(|s| {
        let host = std::sync::Arc::make_mut(&mut s.host);
        (host.uid, host.capabilities) = (1000, 0);
        s.tasks.get_mut(&51).unwrap().task.uid = 1000;
    });
    text += &send(&user.survey(), to(&[50, 51]), Signal::Terminate);
    insta::assert_snapshot!(text);
}

#[test]
fn the_frozen() {
    let frozen = || {
        let build = Build::v1_with(&["freezer"]).group("/f").group("/f/g").process(50, "/f/g");
        build.file("/f", "freezer.state", "FROZEN").file("/f/g", "freezer.state", "FROZEN")
    };
    let mut text = send(&frozen().survey(), to(&[50]), Signal::Kill);
    let precise = frozen().file("/f", "freezer.self_freezing", "1").file("/f/g", "freezer.self_freezing", "0");
    text += &send(&precise.survey(), to(&[50]), Signal::Terminate);
    text += &pending(&frozen().survey(), &[50], Signal::Kill);
    let v2 = || Build::v2().group("/f").process(50, "/f").file("/f", "cgroup.freeze", "1");
    text += &send(&v2().survey(), to(&[50]), Signal::Kill);
    text += &send(&v2().survey(), to(&[50]), Signal::Terminate);
    insta::assert_snapshot!(text);
}

#[test]
fn the_ways_of_those_who_take_none_now_are_plans() {
    let frozen = Build::v1_with(&["freezer"]).group("/f").process(50, "/f").file("/f", "freezer.state", "FROZEN");
    let stopped = v1().task(50, |t| t.state = 'T');
    let mut text = String::new();
    for survey in [frozen.survey(), stopped.survey()] {
        let intent = Intent::Signal { to: to(&[50]), signal: Signal::Terminate, pending: false };
        for way in plan(&intent, &survey).unwrap_err().instead {
            text += &said(&survey, &Intent::Together { title: way.say, intents: way.intents });
        }
    }
    insta::assert_snapshot!(text);
}

#[test]
fn all_of_a_group() {
    let kill = |survey: &Survey, path: &str| said(survey, &Intent::KillAll { group: at(survey, path) });
    let mut text = kill(&v1().survey(), "/b");
    text += &kill(&v1().survey(), "/a");
    text += &kill(&v1().process(60, "/a").survey(), "/a");
    text += &kill(&v1().process(800, "/b/c").survey(), "/b");
    text += &kill(&Build::v1().group("/b").survey(), "/b");
    text += &kill(&Build::v1().survey(), "/gone");
    let v2 = || Build::v2().group("/d").group("/d/t").file("/d", "cgroup.kill", "").file("/d/t", "cgroup.kill", "");
    let users = v2().process(50, "/d").process(51, "/d/t").task(51, |t| t.uid = 1000);
    text += &kill(&users.survey(), "/d");
    let threaded = v2().process(50, "/d/t").file("/d/t", "cgroup.type", "threaded");
    text += &kill(&threaded.file("/d", "cgroup.type", "domain threaded").survey(), "/d/t");
    insta::assert_snapshot!(text);
}
