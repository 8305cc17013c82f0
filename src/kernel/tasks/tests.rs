use super::{FRESH, Handles, Tasks, Wanted, read_one};
use crate::kernel::fixture::Fixture;
use crate::model::errno::Errno;
use crate::model::field::Field;
use crate::model::task::{Autogroup, Policy, Task};

const HOST: &str = include_str!("../../../tests/fixtures/one_by_one.txt");

struct Bench {
    fs: Fixture,
    handles: Handles,
    tasks: Tasks,
}

impl Bench {
    fn new() -> Self {
        Self { fs: Fixture::parse(HOST).unwrap(), handles: Handles::new(100), tasks: Tasks::default() }
    }

    fn sample(&mut self, tids: &[i32]) -> Vec<Task> {
        let wanted: Vec<Wanted> = tids.iter().map(|&tid| Wanted { tid, root: tid <= 500, shown: false }).collect();
        self.handles.tick();
        self.tasks.sample(&self.fs, &mut self.handles, &wanted, true)
    }

    fn one(&mut self, tid: i32) -> Task {
        self.sample(&[tid]).remove(0)
    }

    fn file(&self, tid: i32, file: &str, text: &str) {
        self.fs.apply(&format!("file /proc/{tid}/task/{tid}/{file}\n|{text}\n")).unwrap();
    }
}

fn stat_line(tid: i32, comm: &str, state: char, nice: i32, start: u64) -> String {
    format!(
        "{tid} ({comm}) {state} 1 1 1 0 -1 4194304 0 0 0 0 0 0 0 0 20 {nice} 1 0 {start} 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 17 1 0 0 0 0 0"
    )
}

#[test]
fn everything_about_a_task() {
    let task = Bench::new().one(601);
    assert_eq!((&*task.comm, task.state, task.uid, task.tgid, task.parent), (&b"loop (a) b"[..], 'R', 1000, 601, 1));
    assert_eq!((task.last_cpu, task.nice, task.policy, task.key.start), (1, 0, Policy::Other, 6001));
    assert_eq!(task.sched.get().unwrap().run_ns, 250_000_000);
    assert_eq!(task.allowed.value().unwrap().to_string(), "1");
    assert_eq!((task.autogroup, task.age, task.kernel), (Field::Absent, 0, false));
}

#[test]
fn threads_know_their_process_and_policies_are_read() {
    let mut bench = Bench::new();
    let rows = bench.sample(&[602, 603, 604]);
    assert_eq!(
        rows.iter().map(|task| (task.key.tid, task.tgid)).collect::<Vec<_>>(),
        [(602, 602), (603, 602), (604, 604)]
    );
    assert_eq!((rows[0].nice, rows[2].policy), (5, Policy::Idle));
}

#[test]
fn root_tasks_have_an_autogroup_and_kernel_threads_none() {
    let mut bench = Bench::new();
    let rows = bench.sample(&[2, 500]);
    assert_eq!((rows[0].kernel, &rows[0].autogroup), (true, &Field::Absent));
    assert_eq!(rows[1].autogroup.get(), Some(Autogroup { id: 9, nice: 5 }));
    let off = bench.tasks.sample(&bench.fs, &mut bench.handles, &[Wanted { tid: 500, root: true, shown: true }], false);
    assert_eq!(off[0].autogroup, Field::Absent);
}

#[test]
fn a_task_that_ran_shows_its_new_nice_and_affinity_at_once() {
    let mut bench = Bench::new();
    bench.one(604);
    bench.file(604, "schedstat", "260000000 750000000 81");
    bench.file(604, "stat", &stat_line(604, "loop", 'R', 7, 6004));
    bench.fs.apply("affinity 604 0-1\n").unwrap();
    let task = bench.one(604);
    assert_eq!((task.nice, task.allowed.value().unwrap().len(), task.policy), (7, 2, Policy::Other));
    assert_eq!(task.sched.get().unwrap().slices, 81);
}

#[test]
fn a_starving_task_in_state_r_is_looked_at_every_time() {
    let mut bench = Bench::new();
    (0..6).for_each(|_| drop(bench.one(604)));
    bench.file(604, "stat", &stat_line(604, "loop", 'T', 0, 6004));
    assert_eq!(bench.one(604).state, 'T');
}

#[test]
fn a_sleepers_details_follow_within_four_samplings() {
    let mut bench = Bench::new();
    (0..10).for_each(|_| drop(bench.one(603)));
    bench.fs.apply(&format!("file /proc/602/task/603/stat\n|{}\n", stat_line(603, "pair", 'S', 9, 6003))).unwrap();
    let nices: Vec<i8> = (0..4).map(|_| bench.one(603).nice).collect();
    assert!(nices.contains(&9), "{nices:?}");
}

#[test]
fn a_sleeper_that_wakes_is_seen_at_once() {
    let mut bench = Bench::new();
    (0..10).for_each(|_| drop(bench.one(603)));
    bench.fs.apply("file /proc/602/task/603/schedstat\n|9000 1 3\n").unwrap();
    bench.fs.apply(&format!("file /proc/602/task/603/stat\n|{}\n", stat_line(603, "pair", 'R', 0, 6003))).unwrap();
    let task = bench.one(603);
    assert_eq!((task.sched.get().unwrap().run_ns, task.state, task.age), (9000, 'R', 0));
}

#[test]
fn a_number_used_again_is_another_task() {
    let mut bench = Bench::new();
    let old = bench.one(604);
    bench.fs.apply("gone /proc/604\n").unwrap();
    assert_eq!(bench.sample(&[604]), []);
    bench.file(604, "stat", &stat_line(604, "new", 'S', 0, 9999));
    bench.file(604, "schedstat", "1 0 1");
    bench.fs.apply("affinity 604 0\n").unwrap();
    let new = bench.one(604);
    assert_ne!(new.key, old.key);
    assert_eq!((&*new.comm, new.sched.get().unwrap().run_ns), (&b"new"[..], 1));
}

#[test]
fn a_number_used_again_between_two_samplings_is_another_task() {
    for most in [0, 100] {
        let mut bench = Bench::new();
        bench.handles = Handles::new(most);
        bench.one(604);
        bench.fs.apply("gone /proc/604\n").unwrap();
        bench.file(604, "stat", &stat_line(604, "new", 'S', 0, 9999));
        bench.file(604, "schedstat", "250000000 750000000 80");
        assert_eq!(bench.one(604).key.start, 9999, "with {most} handles");
    }
}

#[test]
fn a_task_that_is_gone_or_hidden_has_no_row() {
    let mut bench = Bench::new();
    bench.fs.apply("file /proc/601/task/601/stat read=EACCES\nfile /proc/604/task/604/stat read=ESRCH\n").unwrap();
    assert_eq!(bench.sample(&[601, 602, 604, 77]).iter().map(|task| task.key.tid).collect::<Vec<_>>(), [602]);
}

#[test]
fn a_counter_that_may_not_be_read_says_so() {
    let mut bench = Bench::new();
    bench.fs.apply("file /proc/601/task/601/schedstat open=EACCES\n").unwrap();
    assert_eq!(bench.one(601).sched, Field::Denied(Errno::EACCES));
    assert_eq!(bench.one(601).sched, Field::Denied(Errno::EACCES));
}

#[test]
fn thousands_of_sleepers_are_read_in_turns_with_their_age() {
    let mut bench = Bench::new();
    let tids: Vec<i32> = (10_000..10_000 + 2 * i32::try_from(FRESH).unwrap()).collect();
    let files = |tid: &i32| {
        let stat = stat_line(*tid, "s", 'S', 0, 1);
        format!("file /proc/{tid}/task/{tid}/stat\n|{stat}\nfile /proc/{tid}/task/{tid}/schedstat\n|1 1 1\n")
    };
    let archive = tids.iter().map(files).collect::<Vec<_>>().concat();
    bench.fs.apply(&archive).unwrap();
    (0..4).for_each(|_| assert!(bench.sample(&tids).iter().all(|task| task.age == 0)));
    for _ in 0..4 {
        let rows = bench.sample(&tids);
        let old = rows.iter().filter(|task| task.age > 0).count();
        assert_eq!((rows.len(), old), (tids.len(), FRESH));
        assert!(rows.iter().all(|task| task.age <= 1));
    }
}

#[test]
fn one_task_alone() {
    let bench = Bench::new();
    assert_eq!(read_one(&bench.fs, 500, true).unwrap().autogroup.get().unwrap().nice, 5);
    assert_eq!(read_one(&bench.fs, 77, true), None);
}
