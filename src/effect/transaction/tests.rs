//! Rollback and reports, with an executor that fails at each step in turn.
use super::*;
use crate::effect::double::{Below, Memory, Recorder};
use crate::effect::journal::{Writer, load};
use crate::model::errno::Errno;
use crate::model::hierarchy::Version;
use crate::model::id::{GroupKey, HierarchyId, TaskKey};
use crate::model::place::Place;
use crate::model::scheduling::Attribute;
use crate::model::workload::{Launch, Program, Spin};
use crate::plan::intent::{Scope, Setting};
use crate::plan::journal::State;
use crate::plan::step::{Became, Confirm, Moved, Prior, Scheduled, Signal, Step};

const CPU: HierarchyId = HierarchyId(4);

fn place(path: &str) -> Place {
    Place::new(CPU, path.as_bytes())
}

fn key(inode: u64) -> GroupKey {
    GroupKey { hierarchy: CPU, inode }
}

fn bytes(text: &str) -> Box<[u8]> {
    Box::from(text.as_bytes())
}

fn write(at: &str, key: Option<GroupKey>, file: &str, data: &str, prior: Option<&str>) -> Step {
    let prior = prior.map(bytes);
    Step::Write { at: place(at), key, file: file.into(), data: bytes(data), prior, disturbs: Vec::new() }
}

fn remove(at: &str, inode: u64) -> Step {
    Step::RemoveGroup { at: place(at), key: Some(key(inode)), settings: Vec::new() }
}

const TASK: TaskKey = TaskKey { tid: 77, start: 5 };

/// A group with a weight, a weight on a foreign group, a task moved, a loop launched.
fn plan() -> Plan {
    let launch = Launch { groups: vec![place("/a")], program: Program::Spin(Spin::default()), cpus: None, nice: 0 };
    Plan {
        title: "try it".to_owned(),
        steps: vec![
            Step::MakeGroup { at: place("/a") },
            write("/a", None, "cpu.shares", "600", None),
            write("/foreign", Some(key(90)), "cpu.shares", "100", Some("1024")),
            Step::Move { task: TASK, scope: Scope::Process, from: place("/foreign"), to: place("/a") },
            Step::Launch { launch, again: None },
        ],
        shell: Vec::new(),
        warnings: Vec::new(),
        owned: Vec::new(),
        confirm: Confirm::None,
        foreign: false,
        irrevocable: None,
    }
}

struct Scene {
    _home: tempfile::TempDir,
    journal: Writer,
    directories: Below,
}

impl Scene {
    fn new() -> Self {
        let home = tempfile::tempdir().unwrap();
        let journal = Writer::create_in(home.path(), "boot", 1).unwrap();
        let directories = Below { hierarchy: CPU, version: Version::V1, root: home.path().to_owned() };
        Self { _home: home, journal, directories }
    }

    fn execute(&mut self, plan: &Plan, executor: &mut Recorder) -> Report {
        execute(plan, &[], executor, &mut self.journal, &self.directories)
    }
}

#[test]
fn a_plan_is_done_and_journalled_with_what_the_kernel_shows() {
    let mut scene = Scene::new();
    let mut executor = Recorder::new();
    let report = scene.execute(&plan(), &mut executor);
    assert!(report.succeeded());
    assert_eq!(executor.steps, plan().steps);
    assert_eq!(report.to_string(), "try it: done");
    let entry = &load(scene.journal.path()).unwrap().entries[0];
    assert_eq!(entry.steps[0].state, State::Done(Outcome::Made(key(1))));
    assert_eq!(entry.steps[4].state, State::Done(Outcome::Launched(TaskKey { tid: 1, start: 1 })));
    assert_eq!(scene.journal.made(), [key(1)].into());
}

#[test]
fn whichever_step_fails_the_ones_before_are_taken_back_newest_first() {
    // What takes each step of the plan back; the write into the group that the plan made goes with the group.
    let back = [
        vec![remove("/a", 1)],
        vec![],
        vec![write("/foreign", Some(key(90)), "cpu.shares", "1024", None)],
        vec![Step::Move { task: TASK, scope: Scope::Thread, from: place("/a"), to: place("/foreign") }],
    ];
    for failing in 0..plan().steps.len() {
        let mut scene = Scene::new();
        let mut executor = Recorder::new().fail(failing, Errno::EBUSY);
        let report = scene.execute(&plan(), &mut executor);
        let expected: Vec<Step> = back[..failing].iter().rev().flatten().cloned().collect();
        assert_eq!(executor.steps[..=failing], plan().steps[..=failing]);
        assert_eq!(executor.steps[failing + 1..], expected, "step {failing} fails");
        assert_eq!(
            report.failed.as_ref().map(|(step, failure)| (*step, failure.errno)),
            Some((failing, Some(Errno::EBUSY)))
        );
        assert_eq!(report.rolled_back, (0..failing).rev().collect::<Vec<_>>());
        assert_eq!(report.not_tried, (failing + 1..5).collect::<Vec<_>>());
        assert!(report.done.is_empty() && report.stuck.is_empty());
        let entry = load(scene.journal.path()).unwrap().entries.remove(0);
        assert!(!entry.stands(), "nothing is left for undo: {entry:?}");
        assert!(matches!(&entry.steps[failing].state, State::Failed(text) if text.contains("EBUSY")));
        assert!(scene.journal.made().is_empty());
    }
}

#[test]
fn what_cannot_be_taken_back_stands_and_is_told() {
    let mut scene = Scene::new();
    let mut plan = plan();
    plan.steps = vec![
        Step::MakeGroup { at: place("/a") },
        Step::Signal { process: TASK, signal: Signal::Kill },
        Step::RemoveGroup { at: place("/b"), key: Some(key(9)), settings: Vec::new() },
    ];
    let mut executor = Recorder::new().fail(2, Errno::EBUSY).fail(3, Errno::EBUSY);
    let report = scene.execute(&plan, &mut executor);
    // The kill cannot be taken back; the rmdir of what was made is refused too.
    assert_eq!(report.stuck.iter().map(|(step, _)| *step).collect::<Vec<_>>(), [1, 0]);
    assert_eq!(report.done.iter().map(|(step, _)| *step).collect::<Vec<_>>(), [0, 1]);
    assert_eq!(
        report.to_string(),
        "try it: step 3 of 3 failed: rmdir: EBUSY: tasks, child groups or a mount stand in the way\n\
         step 2 stands and could not be taken back: process 77 got SIGKILL\n\
         step 1 stands and could not be taken back: rmdir: EBUSY: tasks, child groups or a mount stand in the way"
    );
    let entry = &load(scene.journal.path()).unwrap().entries[0];
    assert!(entry.stands());
}

#[test]
fn each_thread_gets_back_what_it_had() {
    let mut scene = Scene::new();
    let mut plan = plan();
    let nice = Attribute::Nice;
    let step = |task, to, prior| Step::Schedule { task, scope: Scope::Process, to, prior };
    plan.steps = vec![step(TASK, nice(5), None), step(TASK, nice(9), None)];
    let other = TaskKey { tid: 78, ..TASK };
    let set = |task, was, now| Scheduled { task, was: nice(was), now: nice(now) };
    let outcome = Outcome::Scheduled(vec![set(TASK, 0, 5), set(other, 3, 5), set(TaskKey { tid: 79, ..TASK }, 5, 5)]);
    let mut executor = Recorder::new().answer([outcome]).fail(1, Errno::EPERM);
    let report = scene.execute(&plan, &mut executor);
    let back = |task, to| Step::Schedule { task, scope: Scope::Thread, to: nice(to), prior: Some(nice(5)) };
    assert_eq!(executor.steps[2..], [back(TASK, 0), back(other, 3)], "the third had it already");
    assert!(report.stuck.is_empty() && report.done.is_empty(), "{report}");
}

/// Shows what became of signals only when all is done.
struct Shows(Recorder);

impl Executor for Shows {
    fn apply(&mut self, step: &Step) -> Result<Outcome, Failure> {
        self.0.apply(step)
    }

    fn look(&mut self, step: &Step, _until: std::time::Instant) -> Option<Outcome> {
        matches!(step, Step::Signal { .. }).then_some(Outcome::Became(Became::Ignores))
    }
}

#[test]
fn what_became_of_a_signal_is_journalled() {
    let mut scene = Scene::new();
    let mut plan = plan();
    let signal = Step::Signal { process: TASK, signal: Signal::Terminate };
    plan.steps = vec![signal.clone(), Step::MakeGroup { at: place("/a") }, signal];
    let gone = Outcome::Nothing("process 77 has ended".to_owned());
    let recorder = Recorder::new().answer([Outcome::Signalled, Outcome::Made(key(1)), gone.clone()]);
    let report = execute(&plan, &[], &mut Shows(recorder), &mut scene.journal, &scene.directories);
    let expected = [Outcome::Became(Became::Ignores), Outcome::Made(key(1)), gone];
    assert_eq!(report.done.iter().map(|(_, outcome)| outcome.clone()).collect::<Vec<_>>(), expected);
    let entry = load(scene.journal.path()).unwrap().entries.remove(0);
    assert_eq!(entry.steps.iter().map(|r| r.state.clone()).collect::<Vec<_>>(), expected.map(State::Done));
}

#[test]
fn a_group_that_was_removed_comes_back_with_its_settings() {
    let mut scene = Scene::new();
    let settings = vec![Setting { file: "cpu.shares".into(), data: bytes("300") }];
    let mut plan = plan();
    plan.steps = vec![Step::RemoveGroup { at: place("/b"), key: Some(key(9)), settings }, remove("/c", 10)];
    let mut executor = Recorder::new().fail(1, Errno::EBUSY);
    let report = scene.execute(&plan, &mut executor);
    assert_eq!(report.rolled_back, [0]);
    assert_eq!(
        executor.steps[2..],
        [Step::MakeGroup { at: place("/b") }, write("/b", None, "cpu.shares", "300", None)]
    );
}

#[test]
fn values_that_a_write_disturbed_are_written_again() {
    let mut scene = Scene::new();
    let shares = Prior { at: place("/b"), setting: Setting { file: "cpu.shares".into(), data: bytes("300") } };
    let mut plan = plan();
    plan.steps = vec![
        Step::Write {
            at: place("/b"),
            key: Some(key(9)),
            file: "cpu.idle".into(),
            data: bytes("1"),
            prior: Some(bytes("0")),
            disturbs: vec![shares],
        },
        remove("/c", 10),
    ];
    let mut executor = Recorder::new().fail(1, Errno::EBUSY);
    scene.execute(&plan, &mut executor);
    assert_eq!(
        executor.steps[2..],
        [write("/b", Some(key(9)), "cpu.idle", "0", None), write("/b", Some(key(9)), "cpu.shares", "300", None)]
    );
}

#[test]
fn threads_go_back_to_where_each_was() {
    let mut scene = Scene::new();
    let other = TaskKey { tid: 78, start: 5 };
    let moved = Outcome::Moved(vec![
        Moved { task: TASK, from: place("/x"), now: place("/a"), at: 0 },
        Moved { task: other, from: place("/y"), now: place("/a"), at: 0 },
        Moved { task: TaskKey { tid: 79, start: 5 }, from: place("/a"), now: place("/a"), at: 0 },
    ]);
    let mut plan = plan();
    plan.steps =
        vec![Step::Move { task: TASK, scope: Scope::Process, from: place("/x"), to: place("/a") }, remove("/c", 10)];
    let mut executor = Recorder::new().answer([moved]).fail(1, Errno::EBUSY);
    scene.execute(&plan, &mut executor);
    let back = |task, to: &str| Step::Move { task, scope: Scope::Thread, from: place("/a"), to: place(to) };
    assert_eq!(executor.steps[2..], [back(TASK, "/x"), back(other, "/y")]);
}

#[test]
fn nothing_is_done_when_the_journal_cannot_be_written() {
    let mut executor = Recorder::new();
    let report = execute(&plan(), &[], &mut executor, &mut Memory::full_after(0), &Scene::new().directories);
    assert!(executor.steps.is_empty());
    assert_eq!((report.number, report.not_tried.len()), (None, 5));
    assert_eq!(
        report.to_string(),
        "try it: step 1 of 5 failed: journal: ENOSPC: no space left\nnothing was changed\n5 steps were not tried"
    );
}

#[test]
fn when_the_journal_breaks_in_the_middle_everything_is_taken_back() {
    // begin, then intend and done of each step: wherever it breaks, no step is done that was not announced, and all that
    // was done is taken back.
    for lines in 1..11 {
        let mut executor = Recorder::new();
        let report = execute(&plan(), &[], &mut executor, &mut Memory::full_after(lines), &Scene::new().directories);
        let announced = lines / 2;
        let done: Vec<usize> = (0..announced).collect();
        assert_eq!(executor.steps[..announced], plan().steps[..announced], "{lines} lines");
        assert_eq!(report.rolled_back, done.iter().rev().copied().collect::<Vec<_>>(), "{lines} lines");
        assert!(!report.succeeded());
    }
}

#[test]
fn an_undo_marks_what_it_undid() {
    let mut scene = Scene::new();
    scene.execute(&plan(), &mut Recorder::new());
    let mut undo = plan();
    undo.steps = vec![remove("/a", 1)];
    let report = execute(&undo, &[1], &mut Recorder::new(), &mut scene.journal, &scene.directories);
    assert_eq!(report.number, Some(2));
    assert_eq!(scene.journal.journal().entries[0].undone_by, Some(2));
    assert!(scene.journal.made().is_empty());
}
