//! Gathers the facts of each row for its verdict.
//!
//! What siblings have in common (the sum of their weights, who among them leaves time to the others, tasks beside them) is
//! gathered once a parent, so that a level of ten thousand groups costs ten thousand steps and not their square.
use crate::model::bytes::escape;
use crate::model::id::GroupId;
use crate::split::configured;
use crate::split::ratio::Ratio;
use crate::split::solve::NOTHING;
use crate::split::table::{Got, Owed, Verdict};
use crate::split::verdict::{Cap, Facts, Lender, Threads, verdict};

use super::rows::{Frame, Sum};
use super::windows::Since;

/// What is common to the children of a group.
#[derive(Clone, Debug, Default)]
struct Family {
    /// Sum of the weights that are known.
    weights: u64,
    /// How many of them leave time to the others.
    lenders: u32,
    /// The first of them, in the order of [`Lends::comes_before`]: two, so that one is left if the row is the other.
    first: [Option<Lends>; 2],
    /// Tasks that want the CPU in children without cpu controller.
    in_transparent: u32,
}

/// A group that uses less than its part by weight.
#[derive(Clone, Copy, Debug)]
struct Lends {
    group: GroupId,
    held: bool,
    nothing: bool,
    weight: u64,
}

impl Lends {
    /// Held ones first (somebody wants to know why), then by their part.
    fn comes_before(&self, other: &Self) -> bool {
        (self.held, self.weight) > (other.held, other.weight)
    }
}

/// Judges the rows of a frame.
pub(super) struct Judge<'a> {
    frame: &'a Frame<'a>,
    sums: &'a [Sum],
    unseen: &'a [f64],
    ratios: Vec<Option<Ratio>>,
    names: Vec<String>,
    families: Vec<Family>,
}

impl<'a> Judge<'a> {
    /// Gathers what is common. `sums` by slot, `unseen` by pool.
    pub(super) fn new(frame: &'a Frame<'a>, sums: &'a [Sum], unseen: &'a [f64]) -> Self {
        let structure = &frame.snapshot.structure;
        let ratios = configured::of_groups(structure, &frame.snapshot.groups, frame.host.top);
        let mut names = vec![String::new(); structure.slots()];
        let mut families = vec![Family::default(); structure.slots()];
        for &id in &frame.host.groups {
            let Some(group) = structure.group(id) else { continue };
            names[id.0 as usize] = escape(&group.name);
            let Some(parent) = group.parent else { continue };
            let family = &mut families[parent.0 as usize];
            family.weights += frame.weight(id).unwrap_or(0);
            if frame.laid.transparent[id.0 as usize] {
                family.in_transparent += sums[id.0 as usize].count.hungry;
            }
        }
        for &id in &frame.host.groups {
            let Some(parent) = structure.group(id).and_then(|group| group.parent) else { continue };
            let family = &mut families[parent.0 as usize];
            let sum = &sums[id.0 as usize];
            let content = frame.laid.own_node(id).is_some_and(|node| !frame.solution.wants_more(node));
            // On a host with a thousand services those without tasks are no news.
            if let Some(weight) = frame.weight(id)
                && content
                && sum.count.all > 0
                && sum.owed < family.due(weight, &sums[parent.0 as usize])
            {
                let nothing = sum.owed <= NOTHING;
                family.add(Lends { group: id, held: nothing && sum.count.held > 0, nothing, weight });
            }
        }
        Self { frame, sums, unseen, ratios, names, families }
    }

    /// The ratio by weight of a row.
    pub(super) fn configured(&self, id: GroupId) -> Option<Ratio> {
        self.ratios.get(id.0 as usize).copied().flatten()
    }

    /// The verdict of a row.
    pub(super) fn verdict(&self, id: GroupId, owed: Owed, got: Got, seconds: f64, since: &Since) -> Verdict {
        let frame = self.frame;
        let sum = &self.sums[id.0 as usize];
        let parent = frame.snapshot.structure.group(id).and_then(|group| group.parent);
        let family = parent.map(|parent| &self.families[parent.0 as usize]);
        let node = frame.laid.own_node(id);
        let wants_more = node.map_or(sum.wants_more, |node| {
            // A group at its own quota is owed all that it could have, and still wants more.
            frame.solution.wants_more(node) || frame.solution.capped_by[node] == Some(node)
        });
        let binding = node.map_or(sum.capped_by, |node| frame.solution.capped_by[node]);
        let facts = Facts {
            owed,
            got,
            seconds,
            between: (since.low, since.high),
            unsettled: since.unsettled,
            tick: frame.snapshot.host.tick_ns as f64 / 1e9,
            unseen: self.hidden(id),
            tasks: sum.count,
            wants_more,
            cap: binding.filter(|_| wants_more).and_then(|node| self.cap(id, frame.laid.group_of(node)?)),
            beyond: family.zip(parent).is_some_and(|(family, parent)| {
                let due = frame.weight(id).map(|weight| family.due(weight, &self.sums[parent.0 as usize]));
                due.is_none_or(|due| sum.owed > due + NOTHING)
            }),
            within: parent.map_or("", |parent| &self.names[parent.0 as usize]),
            lender: family.and_then(|family| family.lender(id)).map(|lends| Lender {
                name: &self.names[lends.group.0 as usize],
                held: lends.held,
                nothing: lends.nothing,
                part: family
                    .and_then(|family| Ratio::new(u128::from(lends.weight), u128::from(family.weights)))
                    .unwrap_or(Ratio::ZERO),
            }),
            more_lenders: family.map_or(0, |family| family.others(id)),
            beside: parent.map_or(0, |parent| self.sums[parent.0 as usize].own_hungry),
            early: frame.laid.early,
            transparent: frame.laid.transparent[id.0 as usize].then(|| self.threads(id)),
        };
        verdict(&facts)
    }

    /// The row's part, by what it is owed in each pool, of what nobody seen got there.
    fn hidden(&self, id: GroupId) -> f64 {
        let frame = self.frame;
        let Some(node) = frame.laid.node_of[id.0 as usize] else { return 0.0 };
        let parts = frame.solution.parts(node).iter().map(|part| {
            let pool = &frame.solution.pools[part.pool as usize];
            if pool.owed > NOTHING { self.unseen[part.pool as usize] * part.cpus / pool.owed } else { 0.0 }
        });
        // A transparent group has a part of its ancestor's.
        let whole = frame.solution.cpus[node];
        let owed = self.sums[id.0 as usize].owed;
        let part = if frame.laid.own_node(id).is_none() && whole > NOTHING { (owed / whole).min(1.0) } else { 1.0 };
        parts.sum::<f64>() * part
    }

    fn cap(&self, id: GroupId, group: GroupId) -> Option<Cap<'_>> {
        let quota = self.frame.host.values(self.frame.snapshot, group)?.quota.get()?;
        let period = quota.period_us as f64 / 1e6;
        Some(Cap { group, name: &self.names[group.0 as usize], own: group == id, cpus: quota.cpus()?, period })
    }

    /// Where the tasks of a transparent group compete.
    fn threads(&self, id: GroupId) -> Threads<'_> {
        let frame = self.frame;
        let mut above = frame.snapshot.structure.ancestors(id);
        let carrier = above.find(|above| !frame.laid.transparent[above.0 as usize]).unwrap_or(frame.host.top);
        let among = self.sums[carrier.0 as usize].own_hungry + self.families[carrier.0 as usize].in_transparent;
        Threads { among, of: &self.names[carrier.0 as usize] }
    }
}

impl Family {
    /// What a child of this weight has a right to of what the group above is owed, in CPUs.
    fn due(&self, weight: u64, above: &Sum) -> f64 {
        Ratio::new(u128::from(weight), u128::from(self.weights)).map_or(0.0, |part| part.as_f64() * above.owed)
    }

    fn add(&mut self, lends: Lends) {
        self.lenders += 1;
        match &mut self.first {
            [Some(first), second] if !lends.comes_before(first) => {
                if second.as_ref().is_none_or(|second| lends.comes_before(second)) {
                    *second = Some(lends);
                }
            }
            [first, second] => {
                *second = first.take();
                *first = Some(lends);
            }
        }
    }

    /// The first sibling of `id` that leaves time to others.
    fn lender(&self, id: GroupId) -> Option<Lends> {
        self.first.iter().flatten().find(|lends| lends.group != id).copied()
    }

    /// How many more there are.
    fn others(&self, id: GroupId) -> u32 {
        let own = self.first.iter().flatten().any(|lends| lends.group == id);
        self.lenders.saturating_sub(1 + u32::from(own))
    }
}
