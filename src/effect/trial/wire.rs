//! What cgrove and the helper of a trial say to each other: one JSON object a line.
use serde::{Deserialize, Serialize};

/// From cgrove.
#[derive(Debug, Serialize, Deserialize)]
pub(super) enum Request {
    /// First: what is about to be written. Answers: Ready, Unable.
    Begin(Order),
    /// It was written; what each step's file reads now, by the index of the step. The time counts from here.
    Arm { stored: Vec<(usize, Option<Vec<u8>>)> },
    /// The values stay. Answer: Over, without fates.
    Keep,
    /// Take them back at once. Answer: Over.
    Revert,
}

/// A trial.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Order {
    /// How long, in milliseconds.
    pub(super) millis: u64,
    /// The writes, in the order of the plan's steps.
    pub(super) tried: Vec<Tried>,
    /// The journal's file.
    pub(super) journal: Vec<u8>,
    /// The plan's number there.
    pub(super) number: u64,
}

/// One write.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Tried {
    pub(super) directory: Vec<u8>,
    pub(super) inode: u64,
    pub(super) file: String,
    /// What stood there.
    pub(super) prior: Vec<u8>,
    /// What is written: how the value is known until it is told what the kernel stored.
    pub(super) asked: Vec<u8>,
    /// What takes it back, in this order.
    pub(super) back: Vec<Back>,
}

/// A write that takes one back.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Back {
    pub(super) file: String,
    pub(super) data: Vec<u8>,
}

/// From the helper.
#[derive(Debug, Serialize, Deserialize)]
pub(super) enum Report {
    /// The groups are held.
    Ready,
    /// Instead of Ready; it ends.
    Unable { text: String },
    /// It is over, and the helper ends. What became of each value; nothing if they were kept.
    Over { fates: Vec<Fate> },
}

/// What became of a tried value.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Fate {
    /// It is what it was before.
    Back {
        /// Index of its step.
        step: usize,
    },
    /// Others changed it meanwhile, and it is left as it is.
    Changed {
        /// Index of its step.
        step: usize,
        /// What it reads, escaped; `None` if it cannot be read.
        now: Option<String>,
    },
    /// It could not be written back, and stands.
    Stands {
        /// Index of its step.
        step: usize,
        /// Why: file and errno.
        why: String,
    },
}
