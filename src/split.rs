//! The CPU split, as pure maths: what the weights say, what the kernel owes, what it gave, and why they differ.
//!
//! # Terms
//! * **configured**: `w_i / Σ w_j` of the siblings × the parent's, 1 at the base: an exact [`ratio::Ratio`].
//! * **expected**: weighted max-min (water-filling) down the tree, per CPU, over those who want the CPU.
//! * **measured**: counter differences over their own read times, with the uncertainty of the counter's ticks.
//! * **verdict**: whether the kernel gives what it owes, and whether the group has enough.
//!
//! Every amount is in CPUs (CPU-seconds per second); percentages are made where a scale is chosen, in `view`.
//!
//! # Calling flow
//! Live, [`live::Engine::push`] turns each snapshot into a [`table::Table`]: [`measured`] (a ring of counters) → [`demand`] →
//! a [`contest::Contest`] → [`solve`] → [`verdict`], with the ratios of [`configured`]. For an experiment, `experiment` makes
//! the contest from the file and asks the same solver. [`weight`] knows the kernel's units.
//!
//! Not here: reading (`kernel`), scales, percentages and rounding for a screen (`view`).

pub mod configured;
pub mod contest;
pub mod demand;
#[cfg(test)]
mod fixture;
mod keyed;
pub mod live;
pub mod measured;
pub mod ratio;
pub mod solve;
pub mod table;
pub mod verdict;
pub mod way;
pub mod weight;
