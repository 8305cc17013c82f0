//! Which group is meant by a place in the journal, whatever it was called then, and what it is called now.
//!
//! The journal names a group by the place that it had when a step was done. A later rename, of the group or of one above it,
//! gives it another place; and a name that became free may name another group. So [`Lineage::of`] follows the journal from
//! its beginning: every group that it speaks of is a node, which is made, removed, made again by an undo, and renamed. A
//! place of a record is a node; [`Lineage::record`] writes it as that node is called now. A plan that takes entries back
//! tells what it does itself ([`Lineage::removed`], [`Lineage::made_again`], [`Lineage::renamed`]). A hierarchy that ended and
//! was mounted again is the same under another number ([`Lineage::number`]).
//!
//! Not here: identities of the kernel ([`super::undo::bindings`]), and what strangers do to names.
use std::borrow::Cow;
use std::collections::BTreeMap;

use crate::model::bytes::Bytes;
use crate::model::id::HierarchyId;
use crate::model::place::Place;

use super::journal::{Entry, Record, State};
use super::step::{Outcome, Step};

/// A group that a journal speaks of.
#[derive(Clone, Debug)]
struct Node {
    hierarchy: HierarchyId,
    /// None: the top of its hierarchy.
    above: Option<usize>,
    name: Bytes,
    /// It is removed.
    gone: bool,
    /// The entries that ever removed it: whoever undoes one of them makes it again, also after undo and redo of that one.
    removals: Vec<u64>,
}

/// The groups of a journal.
#[derive(Clone, Debug, Default)]
pub struct Lineage {
    /// Hierarchies that ended and were mounted again: the number that each got, by the one it had before. The kernel counts
    /// on, so that no number means two hierarchies.
    numbers: BTreeMap<HierarchyId, HierarchyId>,
    nodes: Vec<Node>,
    /// The nodes of the places of a record, in the order of [`visit`], by entry number and step.
    of: BTreeMap<(u64, usize), Vec<usize>>,
}

impl Lineage {
    /// Follows a journal, oldest entry first.
    #[must_use]
    pub fn of(journal: &[Entry]) -> Self {
        let mut lineage = Self::default();
        for entry in journal {
            // What was never done, or taken back at once, made no group and gave no name.
            let did = |record: &Record| match record.state {
                State::Done(_) | State::Begun => true,
                State::Planned | State::Failed(_) | State::RolledBack | State::Remade(_) => false,
            };
            for (index, record) in entry.steps.iter().enumerate().filter(|(_, record)| did(record)) {
                lineage.take_in(entry, index, record);
            }
        }
        lineage
    }

    fn take_in(&mut self, entry: &Entry, index: usize, record: &Record) {
        let done = matches!(record.state, State::Done(_));
        if let (Step::MakeGroup { at }, State::Done(Outcome::Made(_))) = (&record.step, &record.state) {
            let node = self.make(entry, at);
            self.of.insert((entry.number, index), vec![node]);
            return;
        }
        if let (Step::Mount { mounting }, State::Done(Outcome::Mounted { top, .. })) = (&record.step, &record.state)
            && let Some(old) = mounting.hierarchy.filter(|&old| self.number(old) != top.hierarchy)
        {
            self.numbers.insert(self.number(old), top.hierarchy);
        }
        let mut nodes = Vec::new();
        visit(&mut record.clone(), &mut |place| nodes.push(self.resolve(place)));
        match (&record.step, nodes.first()) {
            (Step::RemoveGroup { .. }, Some(&node)) if done => {
                self.nodes[node].gone = true;
                self.nodes[node].removals.push(entry.number);
            }
            (Step::Rename { name, .. }, Some(&node)) if done => self.nodes[node].name.clone_from(name),
            _ => {}
        }
        self.of.insert((entry.number, index), nodes);
    }

    /// The number that a hierarchy has by now, which the journal knows by this or an older one.
    #[must_use]
    pub fn number(&self, mut id: HierarchyId) -> HierarchyId {
        for _ in 0..=self.numbers.len() {
            match self.numbers.get(&id) {
                Some(next) => id = *next,
                None => break,
            }
        }
        id
    }

    /// Every number that a hierarchy had, with the one that it has by now.
    #[must_use]
    pub fn numbers(&self) -> BTreeMap<HierarchyId, HierarchyId> {
        self.numbers.keys().map(|&old| (old, self.number(old))).collect()
    }

    /// The number by which a hierarchy was known first: that of its nodes.
    fn first_number(&self, mut id: HierarchyId) -> HierarchyId {
        for _ in 0..=self.numbers.len() {
            match self.numbers.iter().find(|(_, new)| **new == id) {
                Some((old, _)) => id = *old,
                None => break,
            }
        }
        id
    }

    /// The node that an entry makes: where an undo makes a group again, the one that was removed.
    fn make(&mut self, entry: &Entry, at: &Place) -> usize {
        let Some(parent) = at.parent() else { return self.resolve(at) };
        let above = self.resolve(&parent);
        let again = self.nodes.iter().rposition(|node| {
            node.above == Some(above)
                && *node.name == *at.name()
                && node.gone
                && node.removals.iter().any(|by| entry.undoes.contains(by))
        });
        if let Some(node) = again {
            self.nodes[node].gone = false;
            return node;
        }
        let hierarchy = self.nodes[above].hierarchy;
        self.push(hierarchy, Some(above), at.name())
    }

    /// The group that has this place now; one that the journal has not spoken of yet was there before.
    fn resolve(&mut self, place: &Place) -> usize {
        let mut above = None;
        let hierarchy = self.first_number(place.hierarchy);
        let tops = std::iter::once(&b""[..]);
        for part in tops.chain(place.parts()) {
            let is =
                |node: &Node| node.hierarchy == hierarchy && node.above == above && *node.name == *part && !node.gone;
            above = Some(match self.nodes.iter().rposition(is) {
                Some(node) => node,
                None => self.push(hierarchy, above, part),
            });
        }
        above.unwrap_or_default()
    }

    fn push(&mut self, hierarchy: HierarchyId, above: Option<usize>, name: &[u8]) -> usize {
        self.nodes.push(Node { hierarchy, above, name: name.into(), gone: false, removals: Vec::new() });
        self.nodes.len() - 1
    }

    fn place(&self, node: usize) -> Place {
        let Node { hierarchy, above, name, .. } = &self.nodes[node];
        above.map_or_else(|| Place::top(self.number(*hierarchy)), |above| self.place(above).child(name))
    }

    /// A record of the journal with every place as its group is called now. In a rename, the place beside it (with the old
    /// name) is that of now as well, and the new name is the one that the group has now.
    #[must_use]
    pub fn record(&self, entry: u64, index: usize, record: &Record) -> Record {
        let old = match &record.step {
            Step::Rename { at, .. } => Some(at.name().to_vec()),
            _ => None,
        };
        let mut record = record.clone();
        let mut nodes = self.of.get(&(entry, index)).into_iter().flatten();
        visit(&mut record, &mut |place| {
            if let Some(&node) = nodes.next() {
                *place = self.place(node);
            }
        });
        // A mount keeps the number that it was asked for: what it made has another.
        if let Step::Unmount { mounting, .. } = &mut record.step {
            mounting.hierarchy = mounting.hierarchy.map(|id| self.number(id));
        }
        if let (Step::Rename { at, name, .. }, Some(old)) = (&mut record.step, old) {
            *name = at.name().into();
            *at = at.sibling(&old);
        }
        record
    }

    /// The journal with every place as its group is called now. Where nothing was renamed, the journal itself.
    #[must_use]
    pub fn today<'a>(&self, journal: &'a [Entry]) -> Cow<'a, [Entry]> {
        let renamed = |record: &Record| matches!(record.step, Step::Rename { .. });
        if self.numbers.is_empty() && !journal.iter().flat_map(|entry| &entry.steps).any(renamed) {
            return Cow::Borrowed(journal);
        }
        let entry = |entry: &Entry| {
            let records = entry.steps.iter().enumerate();
            let steps = records.map(|(index, record)| self.record(entry.number, index, record)).collect();
            Entry { steps, ..entry.clone() }
        };
        Cow::Owned(journal.iter().map(entry).collect())
    }

    /// The group of a record's first place is removed by a plan.
    pub fn removed(&mut self, entry: u64, index: usize) {
        if let Some(node) = self.first(entry, index) {
            self.nodes[node].gone = true;
        }
    }

    /// The group of a record's first place is made again by a plan.
    pub fn made_again(&mut self, entry: u64, index: usize) {
        if let Some(node) = self.first(entry, index) {
            self.nodes[node].gone = false;
        }
    }

    /// The group of a record's first place gets another name by a plan.
    pub fn renamed(&mut self, entry: u64, index: usize, name: &[u8]) {
        if let Some(node) = self.first(entry, index) {
            self.nodes[node].name = name.into();
        }
    }

    fn first(&self, entry: u64, index: usize) -> Option<usize> {
        self.of.get(&(entry, index))?.first().copied()
    }
}

/// Every place of a record, in an order that is always the same.
fn visit(record: &mut Record, place: &mut dyn FnMut(&mut Place)) {
    match &mut record.step {
        Step::MakeGroup { at } | Step::RemoveGroup { at, .. } | Step::Rename { at, .. } | Step::KillAll { at, .. } => {
            place(at);
        }
        Step::Write { at, disturbs, .. } => {
            place(at);
            for prior in disturbs {
                place(&mut prior.at);
            }
        }
        Step::Move { from, to, .. } | Step::Drain { from, to } => {
            place(from);
            place(to);
        }
        Step::Launch { launch, .. } => launch.groups.iter_mut().for_each(&mut *place),
        Step::Signal { .. }
        | Step::Schedule { .. }
        | Step::MakeDirectory { .. }
        | Step::RemoveDirectory { .. }
        | Step::Mount { .. }
        | Step::Unmount { .. } => return,
    }
    if let State::Done(Outcome::Moved(list)) = &mut record.state {
        for moved in list {
            place(&mut moved.from);
            place(&mut moved.now);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::id::GroupKey;

    fn place(path: &str) -> Place {
        Place::new(HierarchyId(1), path.as_bytes())
    }

    fn entry(number: u64, undoes: &[u64], steps: Vec<(Step, Outcome)>) -> Entry {
        let steps = steps.into_iter().map(|(step, outcome)| Record { step, state: State::Done(outcome) }).collect();
        let (title, shell) = (String::new(), Vec::new());
        Entry { number, time_ms: 0, title, shell, steps, undone_by: None, undoes: undoes.to_vec(), trial: None }
    }

    fn rename(from: &str, name: &str) -> (Step, Outcome) {
        (Step::Rename { at: place(from), key: None, name: name.as_bytes().into() }, Outcome::Renamed)
    }

    fn remove(at: &str) -> (Step, Outcome) {
        (Step::RemoveGroup { at: place(at), key: None, settings: Vec::new() }, Outcome::Removed)
    }

    fn make(at: &str) -> (Step, Outcome) {
        (Step::MakeGroup { at: place(at) }, Outcome::Made(GroupKey { hierarchy: HierarchyId(1), inode: 5 }))
    }

    /// Where the group of a step is now.
    fn now(journal: &[Entry], entry: usize, index: usize) -> Place {
        match &Lineage::of(journal).today(journal)[entry].steps[index].step {
            Step::RemoveGroup { at, .. } | Step::MakeGroup { at } => at.clone(),
            Step::Rename { at, name, .. } => at.sibling(name),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn older_places_follow_every_later_rename() {
        let journal = [
            entry(1, &[], vec![remove("/a/x"), rename("/a", "b")]),
            entry(2, &[], vec![rename("/b", "c")]),
            entry(3, &[], vec![remove("/b")]),
        ];
        assert_eq!(now(&journal, 0, 0), place("/c/x"), "through both renames");
        assert_eq!(now(&journal, 0, 1), place("/c"));
        assert_eq!(now(&journal, 2, 0), place("/b"), "another group, that came to the old name");
    }

    #[test]
    fn a_name_that_became_free_may_be_of_another_group() {
        let journal = [
            entry(1, &[], vec![remove("/x")]),
            entry(2, &[], vec![make("/w"), rename("/w", "x")]),
            entry(3, &[], vec![rename("/x", "y")]),
        ];
        assert_eq!(now(&journal, 0, 0), place("/x"), "what was removed was not renamed");
        assert_eq!(now(&journal, 1, 0), place("/y"));
    }

    #[test]
    fn a_group_that_is_made_again_is_the_same() {
        let journal = [
            entry(1, &[], vec![make("/x")]),
            entry(2, &[], vec![remove("/x")]),
            entry(3, &[2], vec![make("/x")]),
            entry(4, &[], vec![rename("/x", "y")]),
        ];
        for step in 0..4 {
            assert_eq!(now(&journal, step, 0), place("/y"), "{step}");
        }
    }

    #[test]
    fn what_was_taken_back_at_once_has_no_name() {
        let mut failed = entry(2, &[], vec![make("/y")]);
        failed.steps[0].state = State::RolledBack;
        let journal = [
            entry(1, &[], vec![make("/x")]),
            failed,
            entry(3, &[], vec![rename("/x", "y")]),
            entry(4, &[], vec![rename("/y", "z")]),
        ];
        assert_eq!(now(&journal, 0, 0), place("/z"));
    }

    #[test]
    fn a_plan_tells_what_it_does() {
        let journal = [entry(1, &[], vec![remove("/x/z")]), entry(2, &[], vec![rename("/x", "y")])];
        let mut lineage = Lineage::of(&journal);
        let at = |lineage: &Lineage| match lineage.record(1, 0, &journal[0].steps[0]).step {
            Step::RemoveGroup { at, .. } => at,
            other => panic!("{other:?}"),
        };
        assert_eq!(at(&lineage), place("/y/z"));
        lineage.renamed(2, 0, b"x");
        assert_eq!(at(&lineage), place("/x/z"));
    }

    #[test]
    fn without_a_rename_nothing_is_copied() {
        let journal = [entry(1, &[], vec![remove("/a")])];
        assert!(matches!(Lineage::of(&journal).today(&journal), Cow::Borrowed(_)));
    }
}
