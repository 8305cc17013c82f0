//! Experiments: a file that says which groups and workloads to make, what it predicts, and the machine that tries it.
//!
//! # Terms
//! * **experiment**: groups with their weights, quotas and other settings, and the workloads in them.
//! * **stage**: the group below which an experiment is built; it is the 100 % of `configured`.
//! * **contest**: what the scheduler sees of an experiment, the input of [`crate::split`].
//! * **run**: building, measuring and removing an experiment on a host.
//!
//! # Calling flow
//! 1. [`parse::parse`] turns the bytes of a file into an [`file::Experiment`], or says in which line it is wrong.
//! 2. [`setup::Setup::new`] fixes what the file leaves open (which version, which CPUs) and refuses what that version
//!    does not allow; [`convert`] turns it into one that the other version allows.
//! 3. [`contest`] builds the contest, `split::solve` answers it, [`predict::predict`] makes the [`report::Report`]:
//!    that is all of `cgrove predict`.
//! 4. [`run::Run`] is fed with events and answers with actions: `cgrove verify` and the screen both drive it. When it has
//!    measured ([`measure`]), it corrects the capacity ([`capacity`]) and makes the same report with both columns filled.
//!
//! [`groups`] is the way without workloads: what `cgrove apply` and `cgrove destroy` do.
//!
//! Nothing here reads a file, a clock or a counter: bytes, times and snapshots are handed in.

pub mod capacity;
pub mod contest;
pub mod convert;
pub mod cpus;
pub mod error;
pub mod file;
pub mod groups;
pub mod measure;
mod names;
pub mod parse;
pub mod predict;
mod reader;
pub mod report;
pub mod rules;
pub mod run;
pub mod setup;
pub mod weights;
