//! Hosts made by hand, sampled a few times.
use super::Engine;
use crate::model::errno::Errno;
use crate::model::field::Field;
use crate::model::id::{GroupId, TaskKey};
use crate::model::task::{Autogroup, Policy};
use crate::split::fixture::Host;
use crate::split::table::{Demand, Enough, Given, Got, Owed, Table};

/// What began the window that all rows have in common.
fn because(table: &Table) -> Option<&str> {
    let all: Vec<GroupId> = table.groups.keys().copied().collect();
    table.window(&all).unwrap().because
}

/// And how long ago.
fn seconds(table: &Table) -> f64 {
    let all: Vec<GroupId> = table.groups.keys().copied().collect();
    table.window(&all).unwrap().seconds
}

/// The lecture's second figure, its loops pinned to CPU 0 of two.
struct Figure {
    host: Host,
    engine: Engine,
    groups: [GroupId; 4],
    loops: [TaskKey; 3],
}

const SPLIT: [(i32, f64, f64); 3] = [(12, 0.25, 0.75), (13, 0.5, 0.5), (14, 0.25, 0.75)];

impl Figure {
    fn new() -> Self {
        let mut host = Host::v1(2);
        let cg1 = host.group(host.top, "cg1", 600);
        let cg2 = host.group(cg1, "cg2", 100);
        let cg3 = host.group(cg1, "cg3", 200);
        let cg4 = host.group(host.top, "cg4", 200);
        let loops = [host.task(cg2, 12, "0"), host.task(cg3, 13, "0"), host.task(cg4, 14, "0")];
        Self { host, engine: Engine::new(), groups: [cg1, cg2, cg3, cg4], loops }
    }

    fn second(&mut self, runs: &[(i32, f64, f64)]) -> Table {
        self.host.pass(1.0, runs);
        self.engine.push(&self.host.snapshot())
    }

    fn push(&mut self) -> Table {
        self.engine.push(&self.host.snapshot())
    }
}

fn close(a: f64, b: f64) {
    assert!((a - b).abs() < 1e-6, "{a} is not {b}");
}

#[test]
fn the_first_sample_tells_nothing_and_the_second_all() {
    let mut figure = Figure::new();
    let table = figure.push();
    let row = &table.groups[&figure.groups[0]];
    assert_eq!((row.expected, row.measured), (Owed::Unknown, Got::TooEarly));
    assert_eq!((row.verdict.given, row.verdict.enough), (Given::CannotTell, Enough::Unknown));
    assert_eq!(row.configured.unwrap().to_string(), "3/4");

    let table = figure.second(&SPLIT);
    for (group, cpus, ratio) in [(0, 0.75, "3/4"), (1, 0.25, "1/4"), (2, 0.5, "1/2"), (3, 0.25, "1/4")] {
        let row = &table.groups[&figure.groups[group]];
        assert!(matches!(row.expected, Owed::Exact(_)));
        close(row.expected.cpus().unwrap(), cpus);
        close(row.measured.cpus().unwrap(), cpus);
        assert_eq!(row.configured.unwrap().to_string(), ratio);
        assert_eq!((row.verdict.given, row.verdict.enough), (Given::Agrees, Enough::Short), "{}", row.verdict.because);
    }
    let top = &table.groups[&figure.host.top];
    assert_eq!((top.own_tasks, top.tasks_below, top.hungry), (0, 3, 3));
    close(top.wait.unwrap(), 2.0 / 3.0);
    assert_eq!(table.groups[&figure.host.top].contested, [0]);
    assert!(table.groups[&figure.host.top].elsewhere < 1e-9);
    close(seconds(&table), 1.0);
    let task = &table.tasks[&figure.loops[1]];
    assert_eq!((task.demand, task.group), (Demand::Hungry, figure.groups[2]));
    close(task.wait.unwrap(), 0.5);
}

#[test]
fn a_held_loop_leaves_its_time_to_its_sibling_first() {
    let mut figure = Figure::new();
    figure.push();
    figure.second(&SPLIT);
    figure.host.get(13).state = 'T';
    let table = figure.second(&SPLIT);
    let row = &table.groups[&figure.groups[1]];
    close(row.expected.cpus().unwrap(), 0.75);
    assert_eq!(row.verdict.given, Given::CannotTell, "what it got was under the old rule");
    assert_eq!(table.groups[&figure.groups[2]].verdict.enough, Enough::Held);
    assert_eq!(because(&table), Some("loop 13 held"));
    close(seconds(&table), 0.0);

    let table = figure.second(&[(12, 0.75, 0.25), (14, 0.25, 0.75)]);
    let row = &table.groups[&figure.groups[1]];
    close(row.measured.cpus().unwrap(), 0.75);
    assert_eq!(row.verdict.given, Given::Agrees);
    assert_eq!(
        row.verdict.because,
        "Owed now 3/4: cg3 wants nothing (held); its 2/3 of cg1 goes to its siblings first."
    );
    // cg4 is owed the same as before: its window goes on.
    let cg4 = &table.groups[&figure.groups[3]];
    assert_eq!(cg4.verdict.given, Given::Agrees);
    match cg4.measured {
        Got::Cpus { plus_minus, .. } => close(plus_minus, 0.004 / 3.0),
        other => panic!("{other:?}"),
    }
    close(seconds(&table), 1.0);
}

#[test]
fn a_changed_weight_starts_windows_anew_where_it_changes_what_is_owed() {
    let mut figure = Figure::new();
    figure.push();
    figure.second(&SPLIT);
    figure.host.row(figure.groups[3]).weight = Field::new(600, figure.host.now);
    let table = figure.second(&SPLIT);
    assert_eq!(because(&table), Some("weight of cg4"));
    assert_eq!(table.groups[&figure.groups[3]].verdict.given, Given::CannotTell, "it got this under the old weight");
    close(table.groups[&figure.groups[3]].expected.cpus().unwrap(), 0.5);
    let half = [(12, 1.0 / 6.0, 5.0 / 6.0), (13, 1.0 / 3.0, 2.0 / 3.0), (14, 0.5, 0.5)];
    let table = figure.second(&half);
    close(table.groups[&figure.groups[3]].measured.cpus().unwrap(), 0.5);
    assert!(table.groups.values().all(|row| row.verdict.given == Given::Agrees));
}

#[test]
fn what_moves_nothing_of_the_base_is_no_news_for_it() {
    let mut figure = Figure::new();
    let aside = figure.host.group(figure.host.top, "aside", 1024);
    figure.push();
    figure.second(&SPLIT);
    // A loop elsewhere begins and a weight there changes: the figure on CPU 0 is owed what it was.
    figure.host.task(aside, 50, "1");
    figure.host.row(aside).weight = Field::new(2048, figure.host.now);
    let loops: Vec<_> = SPLIT.iter().copied().chain([(50, 1.0, 0.0)]).collect();
    figure.second(&loops);
    let table = figure.second(&loops);
    let window = table.window(&figure.groups).unwrap();
    assert_eq!(window.because, None);
    close(window.seconds, 3.0);
    assert_eq!(table.window(&[aside]).unwrap().because, Some("loop 50 wants the CPU"));
    // What a person did is named before what was seen of it.
    figure.host.get(13).state = 'T';
    figure.engine.done("hold cg3".into());
    let table = figure.second(&[(12, 0.75, 0.25), (14, 0.25, 0.75), (50, 1.0, 0.0)]);
    assert_eq!(table.window(&figure.groups).unwrap().because, Some("hold cg3"));
}

#[test]
fn a_restart_that_was_asked_for_carries_its_reason() {
    let mut figure = Figure::new();
    figure.push();
    figure.second(&SPLIT);
    figure.engine.restart("measure anew".into());
    let table = figure.second(&SPLIT);
    assert_eq!(because(&table), Some("measure anew"));
    assert_eq!(table.groups[&figure.groups[0]].measured, Got::TooEarly);
}

#[test]
fn the_window_grows_to_ten_seconds_and_then_slides() {
    let mut figure = Figure::new();
    figure.push();
    // Ten seconds in which cg2 got too much, then ten as owed: the old ones slide out.
    for _ in 0..10 {
        figure.second(&[(12, 0.35, 0.65), (13, 0.4, 0.6), (14, 0.25, 0.75)]);
    }
    let mut table = figure.second(&SPLIT);
    let row = &table.groups[&figure.groups[1]];
    assert_eq!(row.verdict.given, Given::Differs, "{}", row.verdict.because);
    for _ in 0..9 {
        table = figure.second(&SPLIT);
    }
    let row = &table.groups[&figure.groups[1]];
    close(row.measured.cpus().unwrap(), 0.25);
    match row.measured {
        Got::Cpus { plus_minus, .. } => close(plus_minus, 0.0004),
        other => panic!("{other:?}"),
    }
    assert_eq!(row.verdict.given, Given::Agrees);
}

#[test]
fn daemons_that_come_and_go_disturb_no_window_and_do_not_make_it_rough() {
    let mut figure = Figure::new();
    let system = figure.host.group(figure.host.top, "system", 1024);
    figure.host.task(system, 50, "0-1");
    figure.host.get(50).state = 'S';
    figure.push();
    for round in 0..5 {
        let table = figure.second(&[(12, 0.25, 0.75), (13, 0.5, 0.5), (14, 0.25, 0.75), (50, 0.006, 0.0)]);
        close(seconds(&table), f64::from(round + 1));
        assert_eq!(because(&table), None);
        let row = &table.groups[&figure.groups[0]];
        assert!(matches!(row.expected, Owed::Exact(_)));
        assert_eq!(row.verdict.given, Given::Agrees, "{}", row.verdict.because);
        // Another short-lived one.
        figure.host.task(system, 60 + round, "0-1");
        figure.host.get(60 + round).state = 'S';
        if round > 0 {
            figure.host.end(59 + round);
        }
    }
}

#[test]
fn a_moved_task_takes_nothing_along() {
    let mut figure = Figure::new();
    figure.push();
    figure.second(&SPLIT);
    figure.host.move_task(12, figure.groups[3]);
    let table = figure.second(&SPLIT);
    // What it got in this second was booked in cg2, where it was when the second began.
    close(table.groups[&figure.groups[1]].measured.cpus().unwrap(), 0.25);
    assert_eq!(because(&table), Some("loop 12 moved"));
    let table = figure.second(&[(12, 0.125, 0.875), (13, 0.75, 0.25), (14, 0.125, 0.875)]);
    close(table.groups[&figure.groups[1]].measured.cpus().unwrap(), 0.0);
    close(table.groups[&figure.groups[3]].measured.cpus().unwrap(), 0.25);
    assert_eq!(table.groups[&figure.groups[1]].verdict.enough, Enough::Idle);
    assert!(table.groups.values().all(|row| row.verdict.given == Given::Agrees));
}

#[test]
fn an_exited_task_keeps_what_it_had_and_makes_a_lower_bound() {
    let mut figure = Figure::new();
    figure.push();
    figure.second(&SPLIT);
    figure.host.end(12);
    let table = figure.second(&SPLIT);
    match table.groups[&figure.groups[1]].measured {
        Got::Cpus { cpus, at_least, .. } => {
            close(cpus, 0.125);
            assert!(at_least);
        }
        other => panic!("{other:?}"),
    }
    assert_eq!(because(&table), Some("task 12 ended"));
}

#[test]
fn the_kernels_counter_is_preferred() {
    let mut figure = Figure::new();
    let cg4 = figure.groups[3];
    figure.host.row(cg4).usage_ns = Field::new(7_000_000_000, figure.host.now);
    figure.push();
    // Its tasks got 0.25, its exited ones 0.05 more; the counter was read 3 ms later than the sampling began.
    let at = crate::model::time::Mono(figure.host.now.0 + 1_003_000_000);
    figure.host.row(cg4).usage_ns = Field::new(7_000_000_000 + 300_900_000, at);
    let table = figure.second(&SPLIT);
    close(table.groups[&cg4].measured.cpus().unwrap(), 0.3);
    assert_eq!(table.groups[&cg4].verdict.given, Given::Differs);
}

#[test]
fn a_quota_is_named_as_what_stands_against_it() {
    let mut figure = Figure::new();
    let [cg1, cg2, ..] = figure.groups;
    figure.host.cap(cg1, 0.2);
    figure.push();
    let table = figure.second(&[(12, 0.08, 0.92), (13, 0.12, 0.88), (14, 0.8, 0.2)]);
    assert_eq!(table.groups[&cg1].verdict.enough, Enough::Capped(cg1));
    let row = &table.groups[&cg2];
    assert_eq!(row.verdict.enough, Enough::Capped(cg1));
    assert!(row.verdict.because.contains("the quota of cg1, 1/5, stands against it"), "{}", row.verdict.because);
    // The tick in every period: measured 2 : 3 where 1 : 2 is owed is within it.
    assert_eq!(row.verdict.given, Given::Agrees);
    // Its sibling takes the rest and would take more.
    assert_eq!(table.groups[&figure.groups[3]].verdict.enough, Enough::Short);
}

#[test]
fn real_time_tasks_come_first() {
    let mut figure = Figure::new();
    figure.host.task(figure.host.top, 20, "0");
    figure.host.get(20).policy = Policy::RoundRobin;
    figure.push();
    let table = figure.second(&[(20, 0.2, 0.8), (12, 0.2, 0.8), (13, 0.4, 0.6), (14, 0.2, 0.8)]);
    close(table.groups[&figure.groups[0]].expected.cpus().unwrap(), 0.6);
    close(table.groups[&figure.host.top].expected.cpus().unwrap(), 1.0);
    assert!(table.groups.values().all(|row| row.verdict.given == Given::Agrees));
}

#[test]
fn tasks_of_the_root_compete_by_session_where_autogroup_is_on() {
    let mut host = Host::v1(1);
    host.facts.autogroup = true;
    let group = host.group(host.top, "a", 1024);
    for (tid, session) in [(21, 7), (22, 7), (23, 8)] {
        host.task(host.top, tid, "0");
        host.get(tid).autogroup = Field::new(Autogroup { id: session, nice: 0 }, host.now);
    }
    host.task(group, 24, "0");
    // A task in a group has a session, too, but competes in its group.
    host.get(24).autogroup = Field::new(Autogroup { id: 8, nice: 0 }, host.now);
    let mut engine = Engine::new();
    engine.push(&host.snapshot());
    host.pass(1.0, &[(21, 0.1667, 0.8333), (22, 0.1667, 0.8333), (23, 0.3333, 0.6667), (24, 0.3333, 0.6667)]);
    let table = engine.push(&host.snapshot());
    let owed = |tid| table.tasks.iter().find(|(key, _)| key.tid == tid).unwrap().1.expected.cpus().unwrap();
    close(owed(21), 1.0 / 6.0);
    close(owed(22), 1.0 / 6.0);
    close(owed(23), 1.0 / 3.0);
    close(table.groups[&group].expected.cpus().unwrap(), 1.0 / 3.0);
    // Without autogroup they are four alike, one of them a group.
    host.facts.autogroup = false;
    host.pass(1.0, &[(21, 0.25, 0.75), (22, 0.25, 0.75), (23, 0.25, 0.75), (24, 0.25, 0.75)]);
    let table = engine.push(&host.snapshot());
    close(table.groups[&group].expected.cpus().unwrap(), 0.25);
    let because = &table.groups[&group].verdict.because;
    assert!(because.contains("3 tasks compete beside it"), "{because}");
}

#[test]
fn groups_without_the_controller_compete_thread_by_thread() {
    let mut host = Host::v2(1);
    let system = host.group(host.top, "system.slice", 100);
    let nginx = host.group(system, "nginx.service", 100);
    let etl = host.group(system, "etl.service", 100);
    for group in [nginx, etl] {
        host.row(group).weight = Field::Absent;
        host.row(group).quota = Field::Absent;
        host.row(group).idle = Field::Absent;
    }
    let user = host.group(host.top, "user.slice", 100);
    host.task(nginx, 31, "0");
    for tid in 32..35 {
        host.task(etl, tid, "0");
    }
    host.task(user, 36, "0");
    let mut engine = Engine::new();
    engine.push(&host.snapshot());
    host.pass(1.0, &[(31, 0.125, 0.875), (32, 0.125, 0.875), (33, 0.125, 0.875), (34, 0.125, 0.875), (36, 0.5, 0.5)]);
    let table = engine.push(&host.snapshot());
    let row = &table.groups[&nginx];
    close(row.expected.cpus().unwrap(), 0.125);
    assert_eq!((row.configured, row.verdict.enough, row.verdict.given), (None, Enough::Short, Given::Agrees));
    assert!(
        row.verdict.because.contains("no cpu controller here, 1 thread among 4 of system.slice that want the CPU"),
        "{}",
        row.verdict.because
    );
    close(table.groups[&etl].expected.cpus().unwrap(), 0.375);
    assert!(matches!(row.expected, Owed::Exact(_)));
}

#[test]
fn roaming_loops_make_it_an_estimate_only_where_they_compete() {
    let mut figure = Figure::new();
    figure.host.task(figure.host.top, 40, "0-1");
    figure.push();
    // One roaming loop finds CPU 1 free: CPU 0 is still exact.
    let table = figure.second(&[(12, 0.25, 0.75), (13, 0.5, 0.5), (14, 0.25, 0.75), (40, 1.0, 0.0)]);
    let row = &table.groups[&figure.groups[0]];
    assert!(matches!(row.expected, Owed::Exact(_)), "{:?}", row.expected);
    close(row.expected.cpus().unwrap(), 0.75);
    // Five more: they spread over both.
    for tid in 41..46 {
        figure.host.task(figure.host.top, tid, "0-1");
    }
    figure.push();
    let mut runs = vec![(12, 0.06, 0.94), (13, 0.12, 0.88), (14, 0.06, 0.94)];
    runs.extend((40..46).map(|tid| (tid, 0.29, 0.71)));
    let table = figure.second(&runs);
    let row = &table.groups[&figure.groups[0]];
    assert!(matches!(row.expected, Owed::About(_)));
    assert!(row.verdict.because.contains("about "), "{}", row.verdict.because);
}

#[test]
fn what_could_not_be_read_makes_no_number() {
    let mut figure = Figure::new();
    figure.host.row(figure.groups[3]).tasks = Field::Denied(Errno::EACCES);
    figure.push();
    let table = figure.second(&SPLIT);
    assert!(table.groups.values().all(|row| row.expected == Owed::Unknown && row.verdict.enough == Enough::Unknown));
    assert_eq!(table.groups[&figure.groups[3]].measured, Got::Unknown);
    // What was seen is still measured, the top as a lower bound.
    close(table.groups[&figure.groups[0]].measured.cpus().unwrap(), 0.75);
    assert!(matches!(table.groups[&figure.host.top].measured, Got::Cpus { at_least: true, .. }));
}

#[test]
fn idle_groups_and_idle_tasks_weigh_three() {
    let mut figure = Figure::new();
    figure.host.row(figure.groups[3]).idle = Field::new(true, figure.host.now);
    figure.push();
    let table = figure.second(&[(12, 0.332, 0.668), (13, 0.663, 0.337), (14, 0.005, 0.995)]);
    close(table.groups[&figure.groups[3]].expected.cpus().unwrap(), 3.0 / 603.0);
    assert_eq!(table.groups[&figure.groups[3]].configured.unwrap().to_string(), "1/4");
}

#[test]
fn a_host_without_cpu_has_an_empty_table() {
    let mut figure = Figure::new();
    figure.host.structure.hierarchies[0].controllers.clear();
    assert!(figure.push().groups.is_empty());
}
