//! Affinity, nice value and policy.
use super::*;
use crate::model::field::Field;
use crate::model::scheduling::Attribute;
use crate::model::time::Mono;

fn cpus(list: &str) -> Attribute {
    Attribute::Cpus(CpuSet::parse(list).unwrap())
}

fn policy(policy: Policy, priority: u8) -> Attribute {
    Attribute::Policy { policy, priority }
}

fn set(survey: &Survey, tids: &[i32], scope: Scope, to: &[Attribute]) -> String {
    let tasks = tids.iter().map(|&tid| key(tid)).collect();
    said(survey, &Intent::Schedule { tasks, scope, to: to.to_vec() })
}

fn allowed(build: Build, tid: i32, list: &str) -> Build {
    build.task(tid, |t| t.allowed = Field::new(CpuSet::parse(list).unwrap(), Mono(0)))
}

fn v1() -> Build {
    let build = Build::v1().ours("/a").group("/b").workload(42, "/a").process(50, "/b").thread(60, 60, "/b");
    [42, 50, 60].into_iter().fold(build, |build, tid| allowed(build, tid, "0-1"))
}

fn user(build: Build) -> Survey {
    let build = build.with_survey(|s| {
        let host = std::sync::Arc::make_mut(&mut s.host);
        (host.uid, host.capabilities) = (1000, 0);
        s.tasks.values_mut().for_each(|facts| facts.task.uid = 1000);
        s.tasks.get_mut(&60).unwrap().task.uid = 0;
    });
    build.survey()
}

#[test]
fn what_is_set() {
    let survey = v1().survey();
    let mut text = set(&survey, &[42], Scope::Process, &[Attribute::Nice(5)]);
    text += &set(&survey, &[50], Scope::Process, &[cpus("1"), Attribute::Nice(-5), policy(Policy::Batch, 0)]);
    text += &set(&survey, &[50, 60], Scope::Process, &[Attribute::Nice(19)]);
    text += &set(&survey, &[50], Scope::Process, &[policy(Policy::Fifo, 10)]);
    text += &set(&survey, &[50], Scope::Process, &[policy(Policy::RoundRobin, 99)]);
    text += &set(&survey, &[50], Scope::Process, &[policy(Policy::Idle, 0)]);
    text += &set(&survey, &[50], Scope::Process, &[cpus("1-3")]);
    let threads = || allowed(v1().thread(50, 52, "/b"), 52, "0-1");
    text += &set(&threads().survey(), &[52], Scope::Thread, &[cpus("0"), Attribute::Nice(1)]);
    text +=
        &set(&threads().survey(), &[52], Scope::Process, &[cpus("0"), Attribute::Nice(1), policy(Policy::Other, 0)]);
    text += &set(&threads().survey(), &[52], Scope::Process, &[policy(Policy::Fifo, 1)]);
    let idle = v1().task(50, |t| t.policy = Policy::Idle).survey();
    text += &set(&idle, &[50], Scope::Process, &[Attribute::Nice(5)]);
    let top = allowed(Build::v1().process(50, "/"), 50, "0-1").survey();
    text += &set(&top, &[50], Scope::Process, &[Attribute::Nice(5)]);
    let guarded = allowed(v1().process(800, "/b"), 800, "0-1").survey();
    text += &set(&guarded, &[800], Scope::Process, &[Attribute::Nice(5)]);
    text += &set(&survey, &[50, 99], Scope::Process, &[Attribute::Nice(5)]);
    insta::assert_snapshot!(text);
}

#[test]
fn what_is_refused() {
    let survey = v1().survey();
    let mut text = set(&survey, &[50], Scope::Process, &[Attribute::Nice(0)]);
    text += &set(&survey, &[99], Scope::Process, &[Attribute::Nice(1)]);
    text += &set(&survey, &[98, 99], Scope::Process, &[Attribute::Nice(1)]);
    text += &set(&survey, &[50], Scope::Process, &[Attribute::Nice(20)]);
    text += &set(&survey, &[50], Scope::Process, &[Attribute::Cpus(CpuSet::default())]);
    text += &set(&survey, &[50], Scope::Process, &[cpus("2-7"), Attribute::Nice(1)]);
    text += &set(&survey, &[50], Scope::Process, &[policy(Policy::Fifo, 0)]);
    text += &set(&survey, &[50], Scope::Process, &[policy(Policy::RoundRobin, 100)]);
    text += &set(&survey, &[50], Scope::Process, &[policy(Policy::Batch, 1)]);
    text += &set(&survey, &[50], Scope::Process, &[policy(Policy::Deadline, 0)]);
    let zombie = v1().task(50, |t| t.state = 'Z').survey();
    text += &set(&zombie, &[50], Scope::Process, &[Attribute::Nice(1)]);
    let deadline = v1().task(50, |t| t.policy = Policy::Deadline).survey();
    text += &set(&deadline, &[50], Scope::Process, &[Attribute::Nice(1)]);
    let bound = v1().task(50, |t| (t.kernel, t.bound) = (true, true)).survey();
    text += &set(&bound, &[50], Scope::Process, &[cpus("1")]);
    text += &set(&bound, &[50], Scope::Process, &[Attribute::Nice(1)]);
    let budget = || v1().file("/", "cpu.rt_runtime_us", "950000").file("/b", "cpu.rt_runtime_us", "0");
    text += &set(&budget().survey(), &[50], Scope::Process, &[policy(Policy::Fifo, 1)]);
    let given = budget().file("/b", "cpu.rt_runtime_us", "50000").survey();
    text += &set(&given, &[50], Scope::Process, &[policy(Policy::Fifo, 1)]);
    insta::assert_snapshot!(text);
}

#[test]
fn a_user_without_rights() {
    let mut text = set(&user(v1()), &[50], Scope::Process, &[Attribute::Nice(5)]);
    text += &set(&user(v1()), &[50], Scope::Process, &[Attribute::Nice(-5)]);
    text += &set(&user(v1()), &[60], Scope::Process, &[Attribute::Nice(5)]);
    text += &set(&user(v1()), &[50], Scope::Process, &[policy(Policy::Fifo, 3)]);
    text += &set(&user(v1()), &[50], Scope::Process, &[policy(Policy::Idle, 0)]);
    insta::assert_snapshot!(text);
}

#[test]
fn the_cpus_of_a_cpuset() {
    let v1 = || allowed(Build::v1_with(&["cpuset"]).group("/b").process(50, "/b"), 50, "1");
    let one = || v1().file("/b", "cpuset.cpus", "1").file("/b", "cpuset.effective_cpus", "1").survey();
    let mut text = set(&one(), &[50], Scope::Process, &[cpus("0")]);
    text += &set(&one(), &[50], Scope::Process, &[cpus("0-1")]);
    let v2 = || Build::v2().file("/", "cpuset.cpus.effective", "0-1").group("/b").process(50, "/b");
    text += &set(&allowed(v2(), 50, "0-1").survey(), &[50], Scope::Process, &[cpus("1-2")]);
    insta::assert_snapshot!(text);
}
