//! What steps would do to the split, as a sentence for a dialog.
use std::collections::HashSet;

use crate::model::place::Place;
use crate::plan::step::Step;
use crate::plan::words;

use super::super::amount;
use super::super::scale::{Ruler, name_of};
use super::super::state::State;
use super::{Consequence, SAME};

/// At most so many groups by name.
const MOST: usize = 3;

impl Consequence {
    /// As a sentence: what moves, what is made, and those groups below the base that change most. `None` where nothing
    /// changes. What is outside of the base is a number: on the scale of the base its amounts would say little.
    #[must_use]
    pub fn text(&self, state: &State, steps: &[Step]) -> Option<String> {
        let structure = &state.snapshot()?.structure;
        let table = state.table()?;
        let (ruler, ascii) = (Ruler::of(state), state.setup.ascii);
        let amount = |owed| amount::owed(&ruler, owed, ascii);
        let both = |old, new| format!("{} {} {}", amount(old), if ascii { "->" } else { "→" }, amount(new));
        let goes: HashSet<&Place> = steps.iter().filter_map(removed).collect();
        let base = state.base();
        let mut outside = 0;
        let mut changes: Vec<Change> = Vec::new();
        for (&id, &new) in &self.groups {
            let (Some(row), Some(place)) = (table.groups.get(&id), structure.place(id)) else { continue };
            let old = row.expected;
            if amount(old) == amount(new) || goes.contains(&place) {
                continue;
            }
            if base.is_some_and(|base| !structure.ancestors(id).any(|above| above == base)) {
                outside += 1;
                continue;
            }
            changes.push(Change {
                by: thousandths(old.cpus().unwrap_or(0.0) - new.cpus().unwrap_or(0.0)),
                meant: steps.iter().any(|step| names(step, &place)),
                text: format!("{} {}", name_of(state, id), both(old, new)),
            });
        }
        changes.extend(self.made.iter().filter(|(_, owed)| owed.cpus().is_some_and(|cpus| cpus > SAME)).map(
            |(place, owed)| Change {
                by: thousandths(owed.cpus().unwrap_or(0.0)),
                meant: true,
                text: format!("{} {}", words::group(place), amount(*owed)),
            },
        ));
        // Of those that change alike what the steps name comes first.
        changes.sort_by(|a, b| (b.by, b.meant, &a.text).cmp(&(a.by, a.meant, &b.text)));
        let more = changes.len().saturating_sub(MOST);
        let mut parts: Vec<String> = Vec::new();
        parts.extend(
            self.moved
                .filter(|&(old, new)| amount(old) != amount(new))
                .map(|(old, new)| format!("what moves {}", both(old, new))),
        );
        parts.extend(changes.into_iter().take(MOST).map(|change| change.text));
        parts.extend((more > 0).then(|| format!("{more} more")));
        parts.extend(base.filter(|_| outside > 0).map(|base| format!("{outside} outside of {}", name_of(state, base))));
        (!parts.is_empty()).then(|| format!("Owed then, by a preview: {}.", parts.join(", ")))
    }
}

/// One group that is owed something else then.
struct Change {
    /// By how much, in thousandths of a CPU: what differs by less changes alike.
    by: u64,
    /// The steps name it.
    meant: bool,
    text: String,
}

fn thousandths(cpus: f64) -> u64 {
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "not negative, and no host has 10^16 CPUs"
    )]
    let thousandths = (cpus.abs() * 1000.0).round() as u64;
    thousandths
}

fn removed(step: &Step) -> Option<&Place> {
    if let Step::RemoveGroup { at, .. } = step { Some(at) } else { None }
}

fn names(step: &Step, place: &Place) -> bool {
    match step {
        Step::Write { at, .. } => at == place,
        Step::Move { from, to, .. } | Step::Drain { from, to } => from == place || to == place,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::testing::{CPU, World, figure, setup};
    use crate::model::cpu_set::CpuSet;
    use crate::model::place::Place;
    use crate::model::workload::{Launch, Program, Spin};
    use crate::plan::step::Signal;

    fn place(path: &str) -> Place {
        Place::new(CPU, path.as_bytes())
    }

    fn write(path: &str, file: &str, data: &str) -> Step {
        let data = data.as_bytes().into();
        Step::Write { at: place(path), key: None, file: file.into(), data, prior: None, disturbs: Vec::new() }
    }

    fn said(world: &mut World, steps: &[Step]) -> Option<String> {
        let state = world.state(setup(), 80, 24);
        Consequence::of(&state, steps)?.text(&state, steps)
    }

    #[test]
    fn removing_a_group_lets_its_loops_compete_above() {
        let drain = |from| Step::Drain { from: place(from), to: place("/") };
        let remove = |at| Step::RemoveGroup { at: place(at), key: None, settings: Vec::new() };
        let steps = [drain("/cg1/cg3"), drain("/cg1/cg2"), remove("/cg1/cg3"), remove("/cg1/cg2"), remove("/cg1")];
        // Two loops of weight 1024 each beside cg4 with 200.
        let said = said(&mut figure(), &steps).unwrap();
        assert_eq!(said, "Owed then, by a preview: what moves 75 % → 91.1 %, cg4 25 % → 8.9 %.");
    }

    #[test]
    fn a_weight_a_cap_and_a_hold() {
        let weight = said(&mut figure(), &[write("/cg4", "cpu.shares", "600")]).unwrap();
        assert_eq!(weight, "Owed then, by a preview: cg4 25 % → 50 %, cg1 75 % → 50 %, cg3 50 % → 33.3 %, 1 more.");
        let cap = said(&mut figure(), &[write("/cg1", "cpu.cfs_quota_us", "10000")]).unwrap();
        assert!(cap.starts_with("Owed then, by a preview: cg1 75 % → 10 %, cg4 25 % → 90 %, "), "{cap}");
        let mut world = figure();
        let process = world.tasks[&world.groups[&place("/cg1/cg3")].tasks[0]].key;
        let hold = [Step::Signal { process, signal: Signal::Stop }];
        let hold = said(&mut world, &hold).unwrap();
        assert_eq!(hold, "Owed then, by a preview: cg2 25 % → 75 %, cg3 50 % → 0 %.");
    }

    #[test]
    fn what_is_made_and_launched_is_told_by_its_name() {
        let program = Program::Spin(Spin::default());
        let launch = Launch { groups: vec![place("/cg5")], program, cpus: Some(CpuSet::one(3)), nice: 0 };
        let steps = [
            Step::MakeGroup { at: place("/cg5") },
            write("/cg5", "cpu.shares", "800"),
            Step::Launch { launch, again: None },
        ];
        let said = said(&mut figure(), &steps).unwrap();
        assert!(said.starts_with("Owed then, by a preview: cg5 50 %, cg1 75 % → 37.5 %, "), "{said}");
    }

    #[test]
    fn what_is_outside_of_the_base_is_a_number() {
        let mut world = figure();
        let mut state = world.state(setup(), 80, 24);
        world.press(&mut state, "jz");
        let steps = [write("/cg4", "cpu.shares", "600")];
        let said = Consequence::of(&state, &steps).unwrap().text(&state, &steps).unwrap();
        assert!(said.ends_with(", cg2 33.3 % → 22.2 %, 1 outside of cg1."), "{said}");
        let steps = [write("/cg1/cg2", "cpu.shares", "200")];
        let said = Consequence::of(&state, &steps).unwrap().text(&state, &steps).unwrap();
        assert_eq!(said, "Owed then, by a preview: cg2 33.3 % → 50 %, cg3 66.7 % → 50 %.");
    }

    #[test]
    fn what_moves_nothing_says_nothing() {
        assert_eq!(said(&mut figure(), &[Step::MakeGroup { at: place("/cg5") }]), None);
        assert_eq!(said(&mut figure(), &[write("/cg4", "notify_on_release", "1")]), None);
        assert_eq!(said(&mut figure(), &[]), None);
    }
}
