//! What cgrove and its supervisor say to each other: one JSON object a line.
use serde::{Deserialize, Serialize};

use crate::effect::launch::{Failed, Order};
use crate::model::id::TaskKey;
use crate::model::workload::WorkloadState;

/// From cgrove.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Request {
    /// Comes back in the answer.
    pub(super) number: u64,
    pub(super) ask: Ask,
}

/// What is asked.
#[derive(Debug, Serialize, Deserialize)]
pub(super) enum Ask {
    /// Start a workload. Answers: Launched, Failed.
    Launch { order: Order },
    /// Kill a workload with everything it forked. Answers: Done, Unknown, Left.
    End { process: Key },
    /// Do not kill a workload at the end. Answers: Done, Unknown.
    Detach { process: Key },
}

/// From the supervisor.
#[derive(Debug, Serialize, Deserialize)]
pub(super) enum Report {
    /// Once, at the start.
    Ready,
    /// Instead of Ready; the supervisor ends.
    Unable { text: String },
    /// It executes, in its groups.
    Launched { number: u64, process: Key },
    /// A step of the launch failed; nothing of it is left.
    Failed { number: u64, failed: Failed },
    /// It is done.
    Done { number: u64 },
    /// No such workload runs.
    Unknown { number: u64, process: Key },
    /// So many processes did not die.
    Left { number: u64, count: usize },
    /// A workload ended. Comes before the answer to the request that ended it.
    Exited { process: Key, state: Ended },
}

impl Report {
    /// The request that this answers.
    pub(super) fn answers(&self) -> Option<u64> {
        match self {
            Self::Ready | Self::Unable { .. } | Self::Exited { .. } => None,
            Self::Launched { number, .. }
            | Self::Failed { number, .. }
            | Self::Done { number }
            | Self::Unknown { number, .. }
            | Self::Left { number, .. } => Some(*number),
        }
    }
}

/// A [`TaskKey`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Key {
    pub(super) tid: i32,
    pub(super) start: u64,
}

impl From<TaskKey> for Key {
    fn from(key: TaskKey) -> Self {
        Self { tid: key.tid, start: key.start }
    }
}

impl From<Key> for TaskKey {
    fn from(key: Key) -> Self {
        Self { tid: key.tid, start: key.start }
    }
}

/// How a workload ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Ended {
    Status(i32),
    Signal(i32),
}

impl From<Ended> for WorkloadState {
    fn from(ended: Ended) -> Self {
        match ended {
            Ended::Status(status) => Self::Exited(status),
            Ended::Signal(signal) => Self::Killed(signal),
        }
    }
}
