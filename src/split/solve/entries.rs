//! The tree laid over the pools, with the weights that groups have there.
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
    pub(super) weight: f64,
    /// The weight it has queued here: a task's own, a group's sum over its entries.
    pub(super) load: f64,
    /// It gets no more than this here: a task's demand, a group's quota or what it had here when that was used up.
    pub(super) limit: f64,
    /// What it wants here.
    pub(super) demand: f64,
    /// What it gets here.
    pub(super) amount: f64,
}

/// A group whose quota holds over several pools.
pub(super) struct Spanning {
    pub(super) node: u32,
    pub(super) quota: f64,
    /// Its parts are frozen: the quota is used up.
    pub(super) used_up: bool,
}

/// The tree over the pools.
pub(super) struct Filling<'a> {
    pub(super) contest: &'a Contest,
    /// All entries.
    pub(super) entries: Vec<Entry>,
    /// The entries of each pool.
    pub(super) ranges: Vec<Range<usize>>,
    pub(super) capacity: Vec<f64>,
    pub(super) fluid: Vec<bool>,
    /// Entries below each entry, one after the other.
    pub(super) children: Vec<u32>,
    pub(super) first_child: Vec<u32>,
    /// Entries of each node, one after the other.
    pub(super) of_node: Vec<u32>,
    pub(super) first_of_node: Vec<u32>,
    pub(super) spanning: Vec<Spanning>,
    /// Scratch of one distribution.
    pub(super) order: Vec<(f64, u32)>,
    pub(super) weight_from: Vec<f64>,
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
    pub(super) fn range_of(&self, node: usize) -> Range<usize> {
        self.first_of_node[node] as usize..self.first_of_node[node + 1] as usize
    }

    /// The entries of a node, each with its pool.
    pub(super) fn of_node(&self, node: usize) -> impl Iterator<Item = (&Entry, u32)> {
        self.of_node[self.range_of(node)].iter().map(|&ix| {
            let entry = &self.entries[ix as usize];
            (entry, entry.pool)
        })
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
