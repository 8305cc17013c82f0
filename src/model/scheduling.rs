//! What can be set of a task's scheduling, one attribute a system call.
use std::fmt;

use serde::{Deserialize, Serialize};

use super::cpu_set::CpuSet;
use super::task::{Policy, Task};

/// The lowest nice value, the one of most weight.
pub const NICE_MIN: i8 = -20;
/// The highest nice value, the one of least weight.
pub const NICE_MAX: i8 = 19;
/// The highest real-time priority; the lowest is 1.
pub const PRIORITY_MAX: u8 = 99;

/// One attribute with a value.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Attribute {
    /// The CPUs that it may run on (`sched_setaffinity`).
    Cpus(CpuSet),
    /// Nice value, [`NICE_MIN`] to [`NICE_MAX`] (`setpriority`).
    Nice(i8),
    /// Policy and real-time priority: 1 to [`PRIORITY_MAX`] for FIFO and RR, else 0 (`sched_setscheduler`).
    Policy {
        /// The policy.
        policy: Policy,
        /// The priority.
        priority: u8,
    },
}

impl Attribute {
    /// A policy as it is typed: `other`, `batch`, `idle`, `fifo:10`, `rr 10`.
    #[must_use]
    pub fn parse_policy(text: &str) -> Option<Self> {
        let lower = text.trim().to_ascii_lowercase();
        let (name, priority) = match lower.split_once([':', ' ']) {
            Some((name, number)) => (name, number.trim().parse().ok()?),
            None => (lower.as_str(), 0),
        };
        let policy = match name {
            "other" | "normal" => Policy::Other,
            "batch" => Policy::Batch,
            "idle" => Policy::Idle,
            "fifo" => Policy::Fifo,
            "rr" => Policy::RoundRobin,
            _ => return None,
        };
        let fits = if policy.is_real_time() { (1..=PRIORITY_MAX).contains(&priority) } else { priority == 0 };
        fits.then_some(Self::Policy { policy, priority })
    }

    /// The same attribute as a task has it; `None` if that could not be read.
    #[must_use]
    pub fn of(&self, task: &Task) -> Option<Self> {
        Some(match self {
            Self::Cpus(_) => Self::Cpus(task.allowed.value()?.clone()),
            Self::Nice(_) => Self::Nice(task.nice),
            Self::Policy { .. } => Self::Policy { policy: task.policy, priority: task.rt_priority },
        })
    }

    /// Puts the value into a task.
    pub fn put(&self, task: &mut Task) {
        match self {
            Self::Cpus(cpus) => task.allowed = super::field::Field::new(cpus.clone(), super::time::Mono(0)),
            Self::Nice(nice) => task.nice = *nice,
            Self::Policy { policy, priority } => (task.policy, task.rt_priority) = (*policy, *priority),
        }
    }
}

impl fmt::Display for Attribute {
    /// "CPUs 0-1", "nice 5", "policy RR 10".
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Cpus(cpus) if cpus.is_empty() => f.write_str("no CPUs"),
            Self::Cpus(cpus) => write!(f, "CPUs {cpus}"),
            Self::Nice(nice) => write!(f, "nice {nice}"),
            Self::Policy { policy, priority: 0 } => write!(f, "policy {policy}"),
            Self::Policy { policy, priority } => write!(f, "policy {policy} {priority}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::id::TaskKey;

    #[test]
    fn policies_as_they_are_typed() {
        let read = |text| Attribute::parse_policy(text).map(|policy| policy.to_string());
        for (text, policy) in
            [("other", "OTHER"), ("BATCH", "BATCH"), ("idle", "IDLE"), ("fifo:1", "FIFO 1"), ("RR 99", "RR 99")]
        {
            assert_eq!(read(text).unwrap(), format!("policy {policy}"));
        }
        for text in ["", "fifo", "rr:0", "rr:100", "other:1", "deadline", "fifo:x", "fifo:300"] {
            assert_eq!(read(text), None, "{text}");
        }
    }

    #[test]
    fn an_attribute_is_read_from_a_task_and_put_into_it() {
        let mut task = crate::model::testing::task(TaskKey { tid: 7, start: 1 });
        let all = [
            Attribute::Cpus(CpuSet::one(1)),
            Attribute::Nice(-5),
            Attribute::Policy { policy: Policy::RoundRobin, priority: 10 },
        ];
        assert_eq!(all[0].of(&task), None, "not read");
        for attribute in &all {
            attribute.put(&mut task);
            assert_eq!(attribute.of(&task).as_ref(), Some(attribute));
        }
        assert_eq!(all.map(|one| one.to_string()), ["CPUs 1", "nice -5", "policy RR 10"]);
        assert_eq!(Attribute::Policy { policy: Policy::Idle, priority: 0 }.to_string(), "policy IDLE");
    }
}
