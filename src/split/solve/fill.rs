//! Filling: the water rises in all pools at once, from the root down.
use super::NOTHING;
use super::entries::{Filling, Spanning};

impl Filling<'_> {
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
}
