//! Reads the machine. The only layer below `runtime` that opens a file for reading, and it never writes one.
//!
//! Everything goes through the seam of [`fs::Fs`], so that a fixture (a text archive of a host) can stand for a real one.

pub mod cmdline;
pub mod delegation;
pub mod discover;
pub mod error;
pub mod files;
pub mod fixture;
pub mod fs;
pub mod guarded;
pub(crate) mod handles;
pub mod host;
pub mod load;
pub mod mounts;
pub mod paths;
pub mod real;
pub mod sampler;
pub mod survey;
pub(crate) mod tasks;
pub mod tree;
pub(crate) mod values;
pub mod watch;
