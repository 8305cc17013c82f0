//! The nouns: what cgrove knows of a host, as plain data.
//!
//! Nothing here reads, computes a split, or formats for a screen. `kernel` fills these from the machine, `parse` from
//! text; every other layer reads them. A value that could not be read is a [`field::Field`] that says so: there is no
//! zero and no -1 that means "unknown" anywhere in this tree.
//!
//! * [`id`]: identities that survive renaming and re-use of numbers.
//! * [`hierarchy`], [`structure`]: what is mounted where, and the groups below it, as an arena shared between snapshots.
//! * [`snapshot`]: the values of one sampling, as columns, each with the time of its own read.
//! * [`mounting`]: one mount of a hierarchy, as plans name it.
//! * [`interest`]: what the next sampling should read.
//! * [`survey`]: fresh facts for planning one intent.
//! * [`scheduling`]: what can be set of a task's scheduling.
//! * [`manager`]: who owns a group, by its name.
//! * [`workload`]: what a launch is made of.

pub mod bytes;
pub mod cgroup;
pub mod cpu_set;
pub mod errno;
pub mod field;
pub mod hierarchy;
pub mod host;
pub mod id;
pub mod interest;
pub mod manager;
pub mod mounting;
pub mod place;
pub mod scheduling;
pub mod snapshot;
pub mod structure;
pub mod survey;
pub mod task;
#[cfg(test)]
pub(crate) mod testing;
pub mod time;
pub mod workload;
