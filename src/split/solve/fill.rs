//! The tree laid over the pools, and filled.
//!
//! An **entry** is a node's presence in one pool: a task has one, a group has one in each pool where something below it wants
//! the CPU. Entries stand pool by pool, parents before children, so a plain loop backwards goes up the tree and a plain loop
//! forwards goes down.
use std::ops::Range;

use crate::split::contest::{Contest, NodeKind};

use super::NOTHING;
use super::pools::Pools;

/// The least weight that the kernel leaves to a group on one of several CPUs (`MIN_SHARES`; verified live on 6.18: shares 3
/// over two CPUs weigh 2 on each).
const LEAST: f64 = 2.0;

/// No entry: the parent of a root.
const NONE: u32 = u32::MAX;

/// A node's presence in one pool.
pub(super) struct Entry {
    /// The node.
    pub(super) node: u32,
    /// The pool.
    pub(super) pool: u32,
    /// The entry of its parent in the same pool, or [`NONE`].
    pub(super) parent: u32,
    /// It is a task, not a group.
    pub(super) is_task: bool,
    /// Its weight among its siblings here.
    weight: f64,
    /// The weight it has queued here: a task's own, a group's sum over its entries.
    pub(super) load: f64,
    /// It gets no more than this here: a task's demand, a group's quota or what it had here when that was used up.
    limit: f64,
    /// What it wants here.
    pub(super) demand: f64,
    /// What it gets here.
    pub(super) amount: f64,
}

/// A group whose quota holds over several pools.
struct Spanning {
    node: u32,
    quota: f64,
    /// Its parts are frozen: the quota is used up.
    used_up: bool,
}

/// The tree over the pools.
pub(super) struct Filling<'a> {
    contest: &'a Contest,
    /// All entries.
    pub(super) entries: Vec<Entry>,
    /// The entries of each pool.
    pub(super) ranges: Vec<Range<usize>>,
    capacity: Vec<f64>,
    fluid: Vec<bool>,
    /// Entries below each entry, one after the other.
    children: Vec<u32>,
    first_child: Vec<u32>,
    /// Entries of each node, one after the other.
    of_node: Vec<u32>,
    first_of_node: Vec<u32>,
    spanning: Vec<Spanning>,
    /// Scratch of one distribution.
    order: Vec<(f64, u32)>,
    weight_from: Vec<f64>,
}

impl<'a> Filling<'a> {
    /// Lays the tree over the pools and divides the weights of groups.
    pub(super) fn new(contest: &'a Contest, pools: &Pools) -> Self {
        let count = contest.nodes.len();
        let mut tasks: Vec<Vec<u32>> = vec![Vec::new(); pools.groups.len()];
        for (node, number) in (0..count).zip(0_u32..) {
            if let Some(pool) = pools.pool_of(node) {
                tasks[pool].push(number);
            }
        }
        let mut entries: Vec<Entry> = Vec::with_capacity(count);
        let mut ranges = Vec::with_capacity(pools.groups.len());
        let mut entry_of = vec![NONE; count];
        for (tasks, pool) in tasks.iter().zip(0_u32..) {
            let start = entries.len();
            let mut nodes = tasks.clone();
            for &task in tasks {
                let mut above = contest.nodes[task as usize].parent;
                while let Some(group) = above
                    && entry_of[group] == NONE
                {
                    entry_of[group] = 0;
                    nodes.push(number_of(group));
                    above = contest.nodes[group].parent;
                }
            }
            nodes.sort_unstable();
            for &node in &nodes {
                let from = &contest.nodes[node as usize];
                let parent = from.parent.map_or(NONE, |parent| entry_of[parent]);
                entry_of[node as usize] = number_of(entries.len());
                entries.push(Entry {
                    node,
                    pool,
                    parent,
                    is_task: matches!(from.kind, NodeKind::Task { .. }),
                    weight: from.weight.max(NOTHING),
                    load: 0.0,
                    limit: f64::INFINITY,
                    demand: 0.0,
                    amount: 0.0,
                });
            }
            for &node in &nodes {
                entry_of[node as usize] = NONE;
            }
            ranges.push(start..entries.len());
        }
        let (first_child, children) = grouped(entries.len(), entries.iter().map(|entry| entry.parent));
        let (first_of_node, of_node) = grouped(count, entries.iter().map(|entry| entry.node));
        let capacity = (0..pools.groups.len()).map(|pool| pools.capacity(pool)).collect();
        let fluid = (0..pools.groups.len()).map(|pool| pools.is_fluid(pool)).collect();
        let mut filling = Self {
            contest,
            entries,
            ranges,
            capacity,
            fluid,
            children,
            first_child,
            of_node,
            first_of_node,
            spanning: Vec::new(),
            order: Vec::new(),
            weight_from: Vec::new(),
        };
        filling.divide_weights();
        filling
    }

    /// From the leaves up: loads, the weight of each group in each pool, limits.
    fn divide_weights(&mut self) {
        for node in (0..self.contest.nodes.len()).rev() {
            let range = self.range_of(node);
            let from = &self.contest.nodes[node];
            match from.kind {
                NodeKind::Task { demand, load, .. } => {
                    for at in range {
                        let ix = self.of_node[at] as usize;
                        let entry = &mut self.entries[ix];
                        entry.load = from.weight * load.clamp(0.0, 1.0);
                        entry.limit = demand.clamp(0.0, 1.0);
                        let (queued, parent) = (entry.load, entry.parent);
                        self.add_load(parent, queued);
                    }
                }
                NodeKind::Group { quota } => {
                    let total: f64 = range.clone().map(|at| self.entries[self.of_node[at] as usize].load).sum();
                    let alone = range.len() == 1;
                    for at in range.clone() {
                        let ix = self.of_node[at] as usize;
                        let entry = &mut self.entries[ix];
                        if !alone {
                            let part = if total > 0.0 { entry.load / total } else { 1.0 / range.len() as f64 };
                            entry.weight = (from.weight * part).max(LEAST.min(from.weight));
                        }
                        entry.limit = quota.map_or(f64::INFINITY, |quota| quota.max(0.0));
                        let (weight, parent) = (entry.weight, entry.parent);
                        self.add_load(parent, weight);
                    }
                    if let Some(quota) = quota
                        && range.len() > 1
                    {
                        self.spanning.push(Spanning { node: number_of(node), quota: quota.max(0.0), used_up: false });
                    }
                }
            }
        }
    }

    fn add_load(&mut self, parent: u32, load: f64) {
        if let Some(parent) = self.entries.get_mut(parent as usize) {
            parent.load += load;
        }
    }

    /// Positions in `of_node` of a node's entries.
    fn range_of(&self, node: usize) -> Range<usize> {
        self.first_of_node[node] as usize..self.first_of_node[node + 1] as usize
    }

    /// The entries of a node, each with its pool.
    pub(super) fn of_node(&self, node: usize) -> impl Iterator<Item = (&Entry, u32)> {
        self.of_node[self.range_of(node)].iter().map(|&ix| {
            let entry = &self.entries[ix as usize];
            (entry, entry.pool)
        })
    }

    /// Fills one period, freezing each quota over several pools at the moment when it is used up.
    pub(super) fn fill(&mut self) {
        self.fill_until(1.0);
        let mut from = 0.0;
        while self.most_over() > NOTHING {
            from = self.moment_of_exhaustion(from);
            self.fill_until(from);
            self.freeze();
            self.fill_until(1.0);
        }
    }

    /// By how much the parts of a group with a quota over several pools exceed it, the largest; negative: none is used up.
    fn most_over(&self) -> f64 {
        self.spanning
            .iter()
            .filter(|group| !group.used_up)
            .map(|group| self.total(group) - group.quota)
            .fold(-1.0, f64::max)
    }

    fn total(&self, group: &Spanning) -> f64 {
        self.of_node(group.node as usize).map(|(entry, _)| entry.amount).sum()
    }

    /// The first moment of the period, after `from`, at which a quota over several pools is used up; there is one.
    fn moment_of_exhaustion(&mut self, from: f64) -> f64 {
        let (mut low, mut high) = (from, 1.0);
        let (mut below, mut above) = (-1.0_f64, self.most_over());
        // What has been given grows with time, in straight pieces: the secant lands on the moment once both ends lie on its
        // piece; every second step halves, so that the end is sure.
        for step in 0..200 {
            if high - low <= f64::EPSILON {
                break;
            }
            let secant = if step == 0 { f64::NAN } else { low + (high - low) * (-below / (above - below)) };
            let middle = if step % 2 == 1 && secant > low && secant < high { secant } else { f64::midpoint(low, high) };
            self.fill_until(middle);
            let over = self.most_over();
            if over.abs() <= 1e-13 {
                return middle;
            }
            if over < 0.0 {
                (low, below) = (middle, over);
            } else {
                (high, above) = (middle, over);
            }
        }
        high
    }

    /// Freezes what each group has whose quota is used up now; at least one.
    fn freeze(&mut self) {
        let over = self.most_over() - 1e-12;
        for at in 0..self.spanning.len() {
            let group = &self.spanning[at];
            let total = self.total(group);
            if group.used_up || total - group.quota < over {
                continue;
            }
            let shrink = if total > 0.0 { group.quota / total } else { 0.0 };
            for at in self.range_of(group.node as usize) {
                let entry = &mut self.entries[self.of_node[at] as usize];
                entry.limit = entry.amount * shrink;
            }
            self.spanning[at].used_up = true;
        }
    }

    /// What everybody has got at this moment of the period (0 to 1).
    fn fill_until(&mut self, moment: f64) {
        for entry in &mut self.entries {
            entry.demand = 0.0;
        }
        for pool in 0..self.ranges.len() {
            let range = self.ranges[pool].clone();
            // A task runs on one CPU at a time; with one CPU in the pool the capacity says so already.
            let most = if self.fluid[pool] { moment } else { f64::INFINITY };
            for ix in range.clone().rev() {
                let entry = &mut self.entries[ix];
                entry.demand = if entry.is_task { entry.limit.min(most) } else { entry.demand.min(entry.limit) };
                let (demand, parent) = (entry.demand, entry.parent);
                if let Some(parent) = self.entries.get_mut(parent as usize) {
                    parent.demand += demand;
                }
            }
            if let Some(root) = self.entries.get_mut(range.start) {
                root.amount = root.demand.min(self.capacity[pool] * moment);
            }
            for ix in range {
                self.distribute(ix);
            }
        }
    }

    /// Gives what an entry has to those directly below it: in proportion to weight, to nobody more than it wants.
    fn distribute(&mut self, ix: usize) {
        let amount = self.entries[ix].amount;
        let below = &self.children[self.first_child[ix] as usize..self.first_child[ix + 1] as usize];
        let wanted: f64 = below.iter().map(|&child| self.entries[child as usize].demand).sum();
        if wanted <= amount {
            for &child in below {
                let child = &mut self.entries[child as usize];
                child.amount = child.demand;
            }
            return;
        }
        // Who wants least for its weight is satisfied first; `order` holds (level at which it is, entry).
        self.order.clear();
        self.order.extend(below.iter().map(|&child| {
            let entry = &self.entries[child as usize];
            (entry.demand / entry.weight, child)
        }));
        self.order.sort_unstable_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
        // The weight of those still competing, summed from the far end: no cancellation between 2 and 262144.
        self.weight_from.clear();
        self.weight_from.resize(self.order.len(), 0.0);
        let mut sum = 0.0;
        for at in (0..self.order.len()).rev() {
            sum += self.entries[self.order[at].1 as usize].weight;
            self.weight_from[at] = sum;
        }
        let mut left = amount;
        let mut competing = 0;
        for (&(satisfied_at, child), &weight) in self.order.iter().zip(&self.weight_from) {
            if satisfied_at > left / weight {
                break;
            }
            let entry = &mut self.entries[child as usize];
            entry.amount = entry.demand;
            left = (left - entry.demand).max(0.0);
            competing += 1;
        }
        let Some(&weight) = self.weight_from.get(competing) else { return };
        for &(_, child) in &self.order[competing..] {
            let entry = &mut self.entries[child as usize];
            entry.amount = left * (entry.weight / weight);
        }
    }

    /// Tasks that get something, and how much.
    pub(super) fn tasks(&self) -> impl Iterator<Item = (usize, f64)> {
        self.entries.iter().filter(|entry| entry.is_task).map(|entry| (entry.node as usize, entry.amount))
    }
}

fn number_of(index: usize) -> u32 {
    u32::try_from(index).unwrap_or(NONE)
}

/// The items 0.. grouped by key (below `keys`): where each group begins, and the items. Items without a key are in none.
fn grouped(keys: usize, key_of: impl Iterator<Item = u32> + Clone) -> (Vec<u32>, Vec<u32>) {
    let mut first = vec![0_u32; keys + 1];
    for key in key_of.clone() {
        if let Some(count) = first.get_mut(key as usize + 1) {
            *count += 1;
        }
    }
    for at in 0..keys {
        first[at + 1] += first[at];
    }
    let mut next = first.clone();
    let mut items = vec![0_u32; first[keys] as usize];
    for (key, item) in key_of.zip(0_u32..) {
        if (key as usize) < keys {
            let slot = &mut next[key as usize];
            items[*slot as usize] = item;
            *slot += 1;
        }
    }
    (first, items)
}
