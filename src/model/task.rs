//! A task: a thread, by its TID.
use std::fmt;

use serde::{Deserialize, Serialize};

use super::bytes::Bytes;
use super::cpu_set::CpuSet;
use super::field::Field;
use super::id::{Pid, TaskKey};

/// Scheduling policy (field 41 of `/proc/TID/stat`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Policy {
    /// `SCHED_OTHER`.
    Other,
    /// `SCHED_FIFO`.
    Fifo,
    /// `SCHED_RR`.
    RoundRobin,
    /// `SCHED_BATCH`.
    Batch,
    /// `SCHED_IDLE`: weight 3, always preempted.
    Idle,
    /// `SCHED_DEADLINE`.
    Deadline,
    /// `SCHED_EXT`, and whatever comes later; the number.
    Unknown(u32),
}

impl Policy {
    /// The policy of a number of the kernel.
    #[must_use]
    pub fn from_number(number: u32) -> Self {
        match number {
            0 => Self::Other,
            1 => Self::Fifo,
            2 => Self::RoundRobin,
            3 => Self::Batch,
            5 => Self::Idle,
            6 => Self::Deadline,
            other => Self::Unknown(other),
        }
    }

    /// Whether tasks of this policy take part in the fair split by weight.
    #[must_use]
    pub fn is_fair(self) -> bool {
        matches!(self, Self::Other | Self::Batch | Self::Idle)
    }

    /// Whether tasks of this policy run before all fair ones and have a priority of 1 to 99.
    #[must_use]
    pub fn is_real_time(self) -> bool {
        matches!(self, Self::Fifo | Self::RoundRobin)
    }
}

impl fmt::Display for Policy {
    /// The kernel's name without `SCHED_`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Other => "OTHER",
            Self::Fifo => "FIFO",
            Self::RoundRobin => "RR",
            Self::Batch => "BATCH",
            Self::Idle => "IDLE",
            Self::Deadline => "DEADLINE",
            Self::Unknown(number) => return write!(f, "{number}"),
        })
    }
}

/// `/proc/TID/schedstat`: what a task got and how long it waited for it, since it started.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SchedStat {
    /// Time on a CPU, in nanoseconds; moves in steps of the scheduler's tick while the task runs.
    pub run_ns: u64,
    /// Time on a run queue without running, in nanoseconds; booked when the task next runs. Throttled time counts.
    pub wait_ns: u64,
    /// Number of times it was put on a CPU.
    pub slices: u64,
}

/// What is known of one task.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Task {
    /// Identity.
    pub key: TaskKey,
    /// The process it is a thread of.
    pub tgid: Pid,
    /// Parent process.
    pub parent: Pid,
    /// Name of the task (`comm`), bytes.
    pub comm: Bytes,
    /// State letter of `/proc/TID/stat` (`R`, `S`, `D`, `T`, `Z` …).
    pub state: char,
    /// Nice value, -20 to 19.
    pub nice: i8,
    /// Scheduling policy.
    pub policy: Policy,
    /// Real-time priority, 0 for fair tasks.
    pub rt_priority: u8,
    /// `PF_KTHREAD`: a kernel thread.
    pub kernel: bool,
    /// `PF_NO_SETAFFINITY`: bound to its CPU; it cannot be moved.
    pub bound: bool,
    /// Real user id of the process.
    pub uid: u32,
    /// Saved user id of the process: v1 lets this user move it, too.
    pub saved_uid: u32,
    /// CPU it last ran on.
    pub last_cpu: u32,
    /// CPUs it may run on (`sched_getaffinity`: its own mask within its cpuset).
    pub allowed: Field<CpuSet>,
    /// What it got; the time of this read.
    pub sched: Field<SchedStat>,
    /// Autogroup of a task in the root cpu group: its id and nice value (`/proc/PID/autogroup`).
    pub autogroup: Field<Autogroup>,
    /// How many ticks old the scheduling values are: 0 is fresh; long sleepers are polled rarely.
    pub age: u32,
}

/// The hidden group of a session (setsid), active for tasks in the root of the cpu hierarchy.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Autogroup {
    /// Its number.
    pub id: u64,
    /// Its nice value; 0 is weight 1024.
    pub nice: i8,
}
