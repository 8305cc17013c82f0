//! What a launch is made of, and a workload that runs.
use serde::{Deserialize, Serialize};

use super::bytes::Bytes;
use super::cpu_set::CpuSet;
use super::id::TaskKey;
use super::place::Place;

/// What to run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Program {
    /// The built-in busy loop.
    Spin(Spin),
    /// A command with its arguments, found through PATH.
    Command(#[serde(with = "super::bytes::text_list")] Vec<Bytes>),
}

/// The built-in busy loop.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Spin {
    /// Threads in the process, at least 1.
    pub threads: u32,
    /// Part of one CPU that each thread tries to use, in millionths: 1 to `1_000_000`. Open loop: it compares its CPU time
    /// with duty × elapsed and catches up when behind.
    pub duty_millionths: u32,
}

impl Default for Spin {
    fn default() -> Self {
        Self { threads: 1, duty_millionths: 1_000_000 }
    }
}

impl Spin {
    /// `threads` threads with a duty above 0 to 1, rounded to millionths; `None` for no threads or any other duty.
    #[must_use]
    pub fn with_duty(threads: u32, duty: f64) -> Option<Self> {
        if threads == 0 || !(duty > 0.0 && duty <= 1.0) {
            return None;
        }
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "above 0, at most 1e6")]
        let millionths = (duty * 1e6).round() as u32;
        Some(Self { threads, duty_millionths: millionths.max(1) })
    }

    /// The duty as a part of one CPU, above 0 to 1.
    #[must_use]
    pub fn duty(&self) -> f64 {
        f64::from(self.duty_millionths) / 1e6
    }
}

/// One process to launch.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Launch {
    /// The groups it enters before its first instruction, at most one in a hierarchy.
    pub groups: Vec<Place>,
    /// What to run.
    pub program: Program,
    /// CPUs it is pinned to; `None`: as cgrove.
    pub cpus: Option<CpuSet>,
    /// Nice value, -20 to 19.
    pub nice: i8,
}

/// A workload of cgrove, as the supervisor reports it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Workload {
    /// Identity of its process.
    pub process: TaskKey,
    /// How it was launched.
    pub launch: Launch,
    /// Whether it still runs.
    pub state: WorkloadState,
}

/// How a workload is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WorkloadState {
    /// It runs (or is held).
    Running,
    /// It ended by itself with this status.
    Exited(i32),
    /// This signal ended it.
    Killed(i32),
}
