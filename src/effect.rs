//! The only code that changes the machine.
//!
//! Calling flow: the effect thread hands a confirmed [`crate::plan::step::Plan`] to [`transaction::execute`]. For every
//! step it writes `begun` to the [`journal`], lets an [`executor::Executor`] apply it, reads back what the kernel made of
//! it, and writes `done`. A step that fails makes the done ones be taken back, the newest first. [`cleanup`] does the same
//! from the journals that a killed cgrove left behind.
//!
//! Workloads are children of the [`supervisor`], a process of its own that ends them when cgrove is gone; each starts as a
//! [`launch`], which waits at its gate until it is in its groups, and then is the [`spin`] loop or becomes a command.
//!
//! | module | changes |
//! |---|---|
//! | [`executor`] | groups, files of groups, memberships, mounts, scheduling; sends signals |
//! | [`transaction`] | nothing itself: the order of steps, rollback, the report |
//! | [`journal`] | its own file below the state directory |
//! | [`supervisor`], [`launch`] | starts and ends processes |
//! | [`scheduler`] | affinity, nice value and policy of a thread |
//! | [`trial`] | values that are tried: a helper process sets them back |
//! | [`peek`] | nothing that anybody else sees: it mounts hidden hierarchies in a namespace of its own, to look |
//! | [`room`] | cgrove's own group, in a delegated scope |
//! | [`spin`] | nothing: it burns CPU time |
//! | [`cleanup`] | what [`executor`] can |
//! | [`double`] | nothing: an executor for tests that records, and fails where it is told to |
//!
//! Not here: what to do (that is `plan`), and the discovery of hierarchies (that is `kernel`): a place becomes a path through
//! [`directories::Directories`], which [`mounts::Mounts`] keeps right while mounts come and go.

pub mod cleanup;
pub mod directories;
pub mod double;
pub mod executor;
pub mod failure;
pub mod journal;
pub mod launch;
pub mod mounts;
pub mod peek;
pub mod process;
pub mod room;
pub mod scheduler;
pub mod spin;
pub mod supervisor;
pub mod transaction;
pub mod trial;
