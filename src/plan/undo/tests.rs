//! Random plans, undone to the beginning, on a fake kernel; and what undo says when others changed things since.
mod fake;

use fake::Fake;
use proptest::prelude::*;

use crate::model::hierarchy::Version;
use crate::model::place::Place;
use crate::model::workload::{Launch, Program, Spin};

use super::super::intent::{Intent, Scope, Setting, Target};
use super::super::journal::{Journal, Line, all_undo, next_redo, next_undo};
use super::super::step::Plan;
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

    fn line(&mut self, line: Line) {
        let text = line.to_json().unwrap();
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
    Some(match kind % 12 {
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
        7 => Intent::Remove { group: place },
        8 => launch(&place),
        9 => Intent::Stop { processes: vec![*fake.own().get(usize::from(b) % fake.own().len().max(1))?] },
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

proptest! {
    #![proptest_config(ProptestConfig { max_shrink_iters: 4000, ..ProptestConfig::default() })]

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
