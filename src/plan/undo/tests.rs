//! Random plans, undone to the beginning, on a fake kernel; and what undo says when others changed things since.
mod fake;

use fake::Fake;
use proptest::prelude::*;

use crate::model::hierarchy::Version;
use crate::model::place::Place;
use crate::model::scheduling::Attribute;
use crate::model::workload::{Launch, Program, Spin};

use super::super::intent::{Inside, Intent, Recipients, Scope, Setting, Target};
use super::super::journal::{Journal, Line, all_undo, next_redo, next_undo};
use super::super::step::{Plan, Signal};
use super::super::{plan_with, refusal::Refusal};

/// A fake host and its journal.
struct Visit {
    fake: Fake,
    journal: Journal,
}

impl Visit {
    fn new(version: Version) -> Self {
        Self { fake: Fake::new(version), journal: Journal::default() }
    }

    fn plan(&self, intent: &Intent) -> Result<Plan, Refusal> {
        let needs = intent.needs_with(&self.journal.entries);
        plan_with(intent, &self.fake.survey(&needs), &self.journal.entries)
    }

    /// Plans and does it, as `effect` would; every line goes through JSON. A step that the fake kernel refuses is a fault of
    /// the plan.
    fn run(&mut self, intent: &Intent) -> Result<Vec<String>, Refusal> {
        let plan = self.plan(intent)?;
        let undoes = if let Intent::Undo { entries } = intent { entries.clone() } else { Vec::new() };
        let number = self.journal.next_number();
        let (title, shell) = (plan.title.clone(), plan.shell.clone());
        self.line(Line::Begin { number, time_ms: 0, title, shell, steps: plan.steps.clone(), undoes: undoes.clone() });
        for (step, what) in plan.steps.iter().enumerate() {
            self.line(Line::Intend { number, step });
            let outcome = self.fake.apply(what).unwrap_or_else(|errno| {
                panic!("{}: step {step} {what:?} of {:#?} answered {errno}", plan.title, plan.shell)
            });
            self.line(Line::Done { number, step, outcome });
        }
        for number in undoes {
            let by = self.journal.next_number() - 1;
            self.line(Line::Undone { number, by });
        }
        Ok(plan.warnings)
    }

    fn line(&mut self, line: impl std::borrow::Borrow<Line>) {
        let text = line.borrow().to_json().unwrap();
        self.journal.apply(Line::parse(&text).unwrap());
    }

    fn undo_all(&mut self) -> Vec<String> {
        let entries = all_undo(&self.journal.entries);
        self.run(&Intent::Undo { entries }).unwrap_or_else(|refusal| vec![refusal.rule])
    }
}

fn set(group: &Place, file: &str, data: &str) -> Intent {
    Intent::Set { group: group.clone(), setting: Setting { file: file.into(), data: data.as_bytes().into() } }
}

fn create(parent: &Place, path: &str, settings: &[(&str, &str)]) -> Intent {
    let settings =
        settings.iter().map(|&(file, data)| Setting { file: file.into(), data: data.as_bytes().into() }).collect();
    Intent::Create { parent: parent.clone(), path: path.as_bytes().into(), settings, controllers: Vec::new() }
}

fn launch(group: &Place) -> Intent {
    let program = Program::Spin(Spin::default());
    Intent::Launch { launches: vec![Launch { groups: vec![group.clone()], program, cpus: None, nice: 0 }] }
}

/// One random intent on what is there. `None` where there is nothing of the kind.
fn intent(visit: &Visit, (kind, a, b): (u8, u8, u8)) -> Option<Intent> {
    let fake = &visit.fake;
    let v1 = fake.top().hierarchy.0 != 0;
    let pick = |list: Vec<Place>, n: u8| -> Place { list[usize::from(n) % list.len()].clone() };
    let place = pick(fake.places(), a);
    let weight = if v1 { "cpu.shares" } else { "cpu.weight" };
    let number = ["1", "2", "600", "100", "9000"][usize::from(b) % 5];
    Some(match kind % 16 {
        0 => create(&place, ["x", "y", "x/z", "w"][usize::from(b) % 4], &[]),
        1 => create(&place, ["x", "y", "x/z", "w"][usize::from(b) % 4], &[(weight, number)]),
        2 => set(&place, weight, number),
        3 => set(&place, "cpu.idle", if b % 2 == 0 { "0" } else { "1" }),
        4 if v1 => set(&place, "cpu.cfs_quota_us", ["-1", "5000", "20000", "80000"][usize::from(b) % 4]),
        4 => set(&place, "cpu.max", ["max", "5000", "20000 50000", "max 200000"][usize::from(b) % 4]),
        5 | 6 => {
            let tasks = fake.tasks();
            let task = *tasks.get(usize::from(b) % tasks.len().max(1))?;
            Intent::Move { tasks: vec![task], to: place, scope: Scope::Process }
        }
        7 => Intent::Remove { group: place, inside: Inside::Nothing },
        8 => launch(&place),
        9 => Intent::Stop { processes: vec![*fake.own().get(usize::from(b) % fake.own().len().max(1))?] },
        14 => {
            let task = *fake.tasks().get(usize::from(a) % fake.tasks().len().max(1))?;
            let nice = i8::try_from(b % 40).ok()? - 20;
            Intent::Schedule { tasks: vec![task], scope: Scope::Process, to: vec![Attribute::Nice(nice)] }
        }
        15 => {
            let task = *fake.tasks().get(usize::from(a) % fake.tasks().len().max(1))?;
            // No signal ends what cannot come back.
            let own = fake.own().contains(&task);
            let all = [Signal::Stop, Signal::Continue, Signal::Kill, Signal::Hangup];
            let signal = all[usize::from(b) % if own { 4 } else { 2 }];
            Intent::Signal { to: Recipients::Processes(vec![task]), signal, pending: false }
        }
        12 => Intent::Rename { group: place, name: ["x", "y", "w", "q"][usize::from(b) % 4].as_bytes().into() },
        13 => Intent::Remove { group: place, inside: Inside::Move },
        10 if b % 2 == 0 => Intent::Hold { target: Target::Group(place) },
        10 => Intent::Resume { target: Target::Group(place) },
        _ if v1 => set(&place, weight, number),
        _ => set(&place, "cgroup.subtree_control", ["+cpu", "+pids", "-cpu", "-pids +cpu"][usize::from(b) % 4]),
    })
}

/// Does the intents (some of them undo or redo) and answers how many were done.
fn wander(visit: &mut Visit, moves: &[(u8, u8, u8)]) -> usize {
    let mut done = 0;
    for &(kind, a, b) in moves {
        let entries = &visit.journal.entries;
        let intent = match kind {
            200..220 => next_undo(entries).map(|number| Intent::Undo { entries: vec![number] }),
            220..230 => next_redo(entries).map(|number| Intent::Undo { entries: vec![number] }),
            _ => intent(visit, (kind, a, b)),
        };
        if let Some(intent) = intent
            && visit.run(&intent).is_ok()
        {
            done += 1;
        }
    }
    done
}

/// A sequence of plans takes some milliseconds; `PROPTEST_CASES` asks for more of them.
fn cases() -> u32 {
    std::env::var("PROPTEST_CASES").ok().and_then(|text| text.parse().ok()).unwrap_or(64)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: cases(), max_shrink_iters: 4000, ..ProptestConfig::default() })]

    #[test]
    fn any_sequence_undone_to_the_beginning_is_as_before(
        v1: bool,
        at_once: bool,
        moves in prop::collection::vec(any::<(u8, u8, u8)>(), 1..120),
    ) {
        let mut visit = Visit::new(if v1 { Version::V1 } else { Version::V2 });
        let before = visit.fake.shape();
        wander(&mut visit, &moves);
        if at_once {
            visit.undo_all();
        } else {
            // One after the other, as by the key; each either does something or has nothing left to do.
            while let Some(number) = next_undo(&visit.journal.entries) {
                if visit.run(&Intent::Undo { entries: vec![number] }).is_err() {
                    let by = visit.journal.next_number();
                    visit.line(Line::Undone { number, by });
                }
            }
        }
        prop_assert_eq!(visit.fake.shape(), before);
    }
}

#[test]
fn the_random_plans_are_not_all_refused() {
    let mut visit = Visit::new(Version::V1);
    let moves: Vec<(u8, u8, u8)> = (0..200).map(|n: u8| (n, n.wrapping_mul(7), n.wrapping_mul(13))).collect();
    assert!(wander(&mut visit, &moves) > 40);
    let mut visit = Visit::new(Version::V2);
    assert!(wander(&mut visit, &moves) > 40);
}

fn undo(visit: &mut Visit, number: u64) -> Vec<String> {
    visit.run(&Intent::Undo { entries: vec![number] }).unwrap_or_else(|refusal| vec![refusal.title, refusal.rule])
}

#[test]
fn what_others_changed_since_is_left_and_said() {
    let mut visit = Visit::new(Version::V1);
    let top = visit.fake.top();
    let (x, other) = (top.child(b"x"), top.child(b"other"));
    visit.run(&create(&top, "x", &[("cpu.shares", "600")])).unwrap();
    visit.run(&set(&other, "cpu.shares", "200")).unwrap();
    visit.run(&set(&other, "cpu.cfs_quota_us", "50000")).unwrap();
    let move_to_x = Intent::Move { tasks: visit.fake.tasks()[..2].to_vec(), to: x.clone(), scope: Scope::Process };
    visit.run(&move_to_x).unwrap();
    visit.fake.poke(&other, "cpu.shares", "300");
    visit.fake.end(10);
    let warnings = visit.undo_all();
    insta::assert_snapshot!(warnings.join("\n"));
    let (groups, processes) = visit.fake.shape();
    assert_eq!((&*groups[&other]["cpu.shares"], &*groups[&other]["cpu.cfs_quota_us"]), ("300", "-1"));
    assert!(!groups.contains_key(&x));
    assert_eq!(processes[&11].1, other);
}

#[test]
fn a_group_with_foreign_tasks_or_groups_stays() {
    let mut visit = Visit::new(Version::V1);
    let top = visit.fake.top();
    visit.run(&create(&top, "x", &[])).unwrap();
    visit.run(&create(&top, "y", &[])).unwrap();
    visit.fake.somebody_moves(12, &top.child(b"x"));
    visit.fake.somebody_makes(&top.child(b"y").child(b"theirs"));
    assert_eq!(
        visit.undo_all(),
        ["y stays: it has the groups theirs by now. x stays: it holds 1 task by now (12 (sleep))."]
    );
    assert!(visit.fake.places().contains(&top.child(b"x")));
}

#[test]
fn a_group_that_somebody_made_anew_is_not_ours() {
    let mut visit = Visit::new(Version::V1);
    let top = visit.fake.top();
    let x = top.child(b"x");
    visit.run(&create(&top, "x", &[])).unwrap();
    visit.fake.somebody_removes(&x);
    visit.fake.somebody_makes(&x);
    let anew = "/x is another group now, made by somebody else: it is left as it is.";
    let nothing = "Nothing of it is left to take back.";
    assert_eq!(undo(&mut visit, 1), [anew, nothing]);
    assert!(visit.fake.places().contains(&x));
    assert_eq!(next_undo(&visit.journal.entries), None, "it does not stand in the way of what was before it");
    assert_eq!(undo(&mut visit, 1), ["nothing to do: undo: create x", "\"create x\" is undone already."]);
    assert_eq!(undo(&mut visit, 9)[1], "There is no entry 9 in the journal of this visit.");
}

#[test]
fn redo_does_it_again_and_can_be_undone_again() {
    let mut visit = Visit::new(Version::V2);
    let before = visit.fake.shape();
    let top = visit.fake.top();
    visit.run(&create(&top, "x/y", &[("cpu.weight", "300")])).unwrap();
    let after = visit.fake.shape();
    for _ in 0..3 {
        let number = next_undo(&visit.journal.entries).unwrap();
        undo(&mut visit, number);
        assert_eq!(visit.fake.shape(), before);
        let number = next_redo(&visit.journal.entries).unwrap();
        undo(&mut visit, number);
        assert_eq!(visit.fake.shape(), after);
        assert_eq!(next_redo(&visit.journal.entries), None);
    }
    let titles: Vec<&str> = visit.journal.entries.iter().map(|entry| entry.title.as_str()).take(4).collect();
    let create = "create x/y with cpu.weight 300";
    assert_eq!(titles, [create, &format!("undo: {create}"), &format!("redo: {create}"), &format!("undo: {create}")]);
}

#[test]
fn redo_follows_undo_in_order_until_something_new_is_done() {
    let mut visit = Visit::new(Version::V1);
    let top = visit.fake.top();
    for name in ["a", "b"] {
        visit.run(&create(&top, name, &[])).unwrap();
    }
    let key = |visit: &mut Visit, next: fn(&[super::super::journal::Entry]) -> Option<u64>| {
        let number = next(&visit.journal.entries);
        if let Some(number) = number {
            undo(visit, number);
        }
        number
    };
    assert_eq!((key(&mut visit, next_undo), key(&mut visit, next_undo)), (Some(2), Some(1)));
    assert_eq!(key(&mut visit, next_undo), None);
    assert_eq!((key(&mut visit, next_redo), key(&mut visit, next_redo)), (Some(4), Some(3)));
    assert_eq!(key(&mut visit, next_redo), None);
    assert!(visit.fake.places().contains(&top.child(b"b")));
    assert_eq!(key(&mut visit, next_undo), Some(2));
    visit.run(&create(&top, "c", &[])).unwrap();
    assert_eq!(key(&mut visit, next_redo), None);
    assert_eq!(all_undo(&visit.journal.entries), [8, 1]);
}

#[test]
fn an_ended_workload_is_launched_again_where_it_was_at_last() {
    let mut visit = Visit::new(Version::V1);
    let top = visit.fake.top();
    let (x, y) = (top.child(b"x"), top.child(b"y"));
    visit.run(&create(&top, "x", &[])).unwrap();
    visit.run(&create(&top, "y", &[])).unwrap();
    visit.run(&launch(&x)).unwrap();
    let first = visit.fake.own()[0];
    visit.run(&Intent::Move { tasks: vec![first], to: y.clone(), scope: Scope::Process }).unwrap();
    visit.run(&Intent::Stop { processes: vec![first] }).unwrap();
    assert!(visit.fake.own().is_empty());
    undo(&mut visit, 5);
    let again = visit.fake.own()[0];
    assert_eq!(visit.fake.shape().1[&again.tid].1, y);
    // The move is meant for the new process now.
    undo(&mut visit, 4);
    assert_eq!(visit.fake.shape().1[&again.tid].1, x);
    undo(&mut visit, 3);
    assert!(visit.fake.own().is_empty());
}

#[test]
fn whoever_has_the_number_of_a_workload_that_ended_keeps_its_children() {
    let mut visit = Visit::new(Version::V1);
    let other = visit.fake.top().child(b"other");
    visit.run(&launch(&other)).unwrap();
    let own = visit.fake.own()[0];
    visit.fake.end(own.tid);
    visit.fake.somebody_gets_the_number(own.tid, 10);
    let before = visit.fake.shape();
    undo(&mut visit, 1);
    assert_eq!(visit.fake.shape(), before, "10 descends from a process that only has the number");
}

#[test]
fn undo_goes_past_what_cannot_be_taken_back() {
    let mut visit = Visit::new(Version::V1);
    let top = visit.fake.top();
    visit.run(&create(&top, "x", &[])).unwrap();
    let signal = |tid: i32, signal| {
        let task = crate::model::id::TaskKey { tid, start: 100 };
        Intent::Signal { to: Recipients::Processes(vec![task]), signal, pending: false }
    };
    visit.run(&signal(10, Signal::Kill)).unwrap();
    assert_eq!(next_undo(&visit.journal.entries), Some(1), "10 is nobody's workload");
    visit.run(&signal(11, Signal::Stop)).unwrap();
    assert_eq!(next_undo(&visit.journal.entries), Some(3));
    visit.run(&launch(&top.child(b"x"))).unwrap();
    let own = visit.fake.own()[0];
    visit.run(&Intent::Stop { processes: vec![own] }).unwrap();
    assert_eq!(next_undo(&visit.journal.entries), Some(5), "a loop comes back");
    assert_eq!(all_undo(&visit.journal.entries), [5, 4, 3, 1]);
    let needs = super::super::receipt::needs(&visit.journal.entries);
    let receipt = super::super::receipt::of(&visit.fake.survey(&needs), &visit.journal.entries);
    assert_eq!(receipt.lost, ["send SIGKILL to process 10 (sleep)"]);
    assert_eq!(undo(&mut visit, 2), ["Nothing of it is left to take back."]);
}

#[test]
fn scheduling_is_undone_unless_others_changed_it() {
    let mut visit = Visit::new(Version::V1);
    let tasks = visit.fake.tasks();
    let nice = |tasks: &[crate::model::id::TaskKey], nice| Intent::Schedule {
        tasks: tasks.to_vec(),
        scope: Scope::Process,
        to: vec![Attribute::Nice(nice)],
    };
    visit.run(&nice(&tasks[..2], 5)).unwrap();
    visit.run(&nice(&tasks[..1], 9)).unwrap();
    let receipt = |visit: &Visit| {
        let needs = super::super::receipt::needs(&visit.journal.entries);
        super::super::receipt::of(&visit.fake.survey(&needs), &visit.journal.entries).sentences()
    };
    assert_eq!(receipt(&visit), ["Scheduled otherwise: 10 (sleep): nice 0 → nice 9, 11 (sleep): nice 0 → nice 5."]);
    visit.fake.somebody_renices(11, 7);
    assert_eq!(visit.undo_all(), ["11 (sleep) has nice 7 now, no longer nice 5: it is left as it is."]);
    let nices: Vec<i8> = visit.fake.shape().1.values().map(|process| process.3).collect();
    assert_eq!(nices, [0, 7, 0]);
}

#[test]
fn an_ended_workload_comes_back_as_it_was_scheduled() {
    let mut visit = Visit::new(Version::V1);
    visit.run(&launch(&visit.fake.top())).unwrap();
    let own = visit.fake.own()[0];
    let to = vec![Attribute::Nice(5)];
    visit.run(&Intent::Schedule { tasks: vec![own], scope: Scope::Process, to }).unwrap();
    visit.run(&Intent::Stop { processes: vec![own] }).unwrap();
    undo(&mut visit, 3);
    let again = visit.fake.own()[0];
    assert_eq!(visit.fake.shape().1[&again.tid].3, 5);
    // What was set is meant for the new process now.
    undo(&mut visit, 2);
    assert_eq!(visit.fake.shape().1[&again.tid].3, 0);
}

#[test]
fn a_step_that_a_crash_left_in_doubt_is_taken_back_if_it_was_done() {
    let mut visit = Visit::new(Version::V1);
    let before = visit.fake.shape();
    let (top, other) = (visit.fake.top(), visit.fake.top().child(b"other"));
    // Begun and done, but not written down.
    let nice = Intent::Schedule {
        tasks: visit.fake.tasks()[..1].to_vec(),
        scope: Scope::Process,
        to: vec![Attribute::Nice(3)],
    };
    for intent in [create(&top, "x", &[]), set(&other, "cpu.shares", "200"), nice] {
        let plan = visit.plan(&intent).unwrap();
        let number = visit.journal.next_number();
        let (title, shell) = (plan.title, plan.shell);
        visit.line(Line::Begin { number, time_ms: 0, title, shell, steps: plan.steps.clone(), undoes: Vec::new() });
        visit.line(Line::Intend { number, step: 0 });
        visit.fake.apply(&plan.steps[0]).unwrap();
    }
    // Begun and not done.
    let plan = visit.plan(&set(&other, "cpu.cfs_quota_us", "20000")).unwrap();
    visit.line(Line::Begin {
        number: 4,
        time_ms: 0,
        title: plan.title,
        shell: plan.shell,
        steps: plan.steps,
        undoes: Vec::new(),
    });
    visit.line(Line::Intend { number: 4, step: 0 });
    visit.undo_all();
    assert_eq!(visit.fake.shape(), before);
}

#[test]
fn the_receipt_says_what_stands() {
    let mut visit = Visit::new(Version::V1);
    let top = visit.fake.top();
    let (x, other) = (top.child(b"x"), top.child(b"other"));
    visit.run(&create(&top, "x", &[("cpu.shares", "600")])).unwrap();
    visit.run(&set(&other, "cpu.shares", "200")).unwrap();
    visit.run(&set(&other, "cpu.shares", "300")).unwrap();
    visit.run(&set(&x, "cpu.idle", "1")).unwrap();
    let foreign = visit.fake.tasks()[0];
    visit.run(&Intent::Move { tasks: vec![foreign], to: x.clone(), scope: Scope::Process }).unwrap();
    visit.run(&launch(&x)).unwrap();
    let receipt = |visit: &Visit| {
        let needs = super::super::receipt::needs(&visit.journal.entries);
        super::super::receipt::of(&visit.fake.survey(&needs), &visit.journal.entries)
    };
    let leaving = receipt(&visit);
    let plan = leaving.restore.clone().unwrap().unwrap();
    insta::assert_snapshot!([leaving.sentences(), plan.shell].concat().join("\n"));
    visit.undo_all();
    assert_eq!(receipt(&visit).sentences(), Vec::<String>::new());
}

#[test]
fn a_journal_survives_a_torn_last_line() {
    let visit = Visit::new(Version::V1);
    let top = visit.fake.top();
    let begin = Line::Visit {
        format: super::super::journal::FORMAT,
        boot_id: "b".to_owned(),
        pid: 7,
        time_ms: 1,
        command: Vec::new(),
    };
    let plan = visit.plan(&create(&top, "caf\u{e9}", &[("cpu.shares", "600")])).unwrap();
    let (title, shell) = (plan.title, plan.shell);
    let lines = [
        begin,
        Line::Begin { number: 1, time_ms: 2, title, shell, steps: plan.steps, undoes: Vec::new() },
        Line::Intend { number: 1, step: 0 },
    ];
    let mut text: String = lines.iter().map(|line| line.to_json().unwrap() + "\n").collect();
    text.push_str("{\"line\":\"done\",\"num");
    let journal = Journal::parse(&text).unwrap();
    assert_eq!((journal.boot_id.as_deref(), journal.pid, journal.entries.len()), (Some("b"), Some(7), 1));
    assert_eq!(journal.entries[0].steps[0].state, super::super::journal::State::Begun);
    assert_eq!(journal.entries[0].steps[1].state, super::super::journal::State::Planned);
    let broken = Journal::parse(&text.replace("\"format\":1", "\"format\":9")).unwrap_err();
    assert_eq!(broken.to_string(), "journal, line 1: format 9; this cgrove knows 1");
    assert!(Journal::parse("nonsense\n").is_err());
}
