//! Who is owed what: weighted max-min (water-filling) down the tree, over all CPUs.
//!
//! # The model
//! * **One CPU.** Entities of a group (tasks and child groups) share its CPU in proportion to weight; who wants less than
//!   its part leaves the rest to its siblings first, then to those above. A group wants what is below it wants, each part
//!   after its own quota, and at most its own quota. This is exact in the steady state.
//! * **Several CPUs, tasks pinned.** Each CPU is split for itself. The kernel divides a group's weight over the CPUs by the
//!   load it has there (`calc_group_shares` in `kernel/sched/fair.c`): `entity(g, c) = shares(g) × load(g, c) / Σ load(g)`,
//!   where `load(g, c)` is the sum of the weights that g has queued on c. An idle sibling leaves its time to others of the
//!   same CPU only.
//! * **Quotas over several CPUs.** A group draws from one pool on every CPU as it runs, until the pool is empty; then it is
//!   throttled on all of them, and others take over. So it gets of its quota on each CPU in proportion to what it would
//!   have got there until then. The solver follows one period: the water level rises on all CPUs at once, and at the
//!   moment when a group's parts add up to its quota they are frozen. On one CPU this is the plain water-filling.
//! * **Tasks that may run on several CPUs.** Fluid: such CPUs form one pool, each task gets at most one CPU of it. If
//!   more is owed to the tasks of some CPUs than these have (a loop pinned among roaming ones), they are split off as a
//!   pool of their own. Such answers are not exact: the load balancer moves whole tasks.
//!
//! # The flow
//! [`solve`]: [`pools`] puts the CPUs into pools → [`entries`] lays the tree over the pools and divides the weights →
//! [`fill`] fills →
//! [`pools`] looks for CPUs that are owed too much and splits them off; again until none is → [`finish`] reads off who is
//! capped and what is exact.
//!
//! Every step is a bounded loop without randomness: the same contest has the same answer. Cost: near-linear in nodes × pools
//! where they are present; a quota that binds over several pools costs some more fillings each.
//!
//! Not here: what tasks want (`demand`), where a contest comes from (`live`, `experiment`).
mod entries;
mod fill;
mod finish;
mod pools;

use super::contest::{Contest, Solution};

/// Amounts of CPU below this are nothing: rounding.
pub const NOTHING: f64 = 1e-9;

/// What each node of the contest is owed.
#[must_use]
pub fn solve(contest: &Contest) -> Solution {
    let mut pools = pools::Pools::new(contest);
    loop {
        let mut filling = entries::Filling::new(contest, &pools);
        filling.fill();
        if !pools.split(&filling) {
            return finish::solution(contest, &pools, &filling);
        }
    }
}

#[cfg(test)]
mod tests;
