//! What the app knows of an experiment: the runtime holds the file and the state machine that runs it.
use std::time::Duration;

use crate::model::bytes::Bytes;

/// One experiment that comes with cgrove.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shipped {
    /// Its name: the file without `.toml` ("figure2").
    pub name: String,
    /// Its title.
    pub title: String,
}

/// Where an experiment is read from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Source {
    /// One that comes with cgrove, by name.
    Shipped(String),
    /// A file.
    Path(Bytes),
}

/// An experiment that was read and found right.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Loaded {
    /// Its title.
    pub title: String,
    /// What it will do, a line a step ("make cg1, weight 600", "start 1 spin in cg1/cg2 on CPU 3").
    pub steps: Vec<String>,
    /// What to know before it is built (a conversion, a controller that will be enabled).
    pub warnings: Vec<String>,
}

/// What to do with the experiment that is loaded or runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Control {
    /// Build and start all of it at once.
    Start,
    /// Begin step by step: every step waits for [`Control::Next`].
    StartStepwise,
    /// The next step.
    Next,
    /// All steps that are left.
    Rest,
    /// Stop, and take back what it did.
    Stop,
}

/// How the experiment that runs is doing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Progress {
    /// Its title.
    pub title: String,
    /// What it does.
    pub phase: Phase,
}

/// What an experiment does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Phase {
    /// A step was done or waits: how many are done, of how many, and what comes next.
    Building {
        /// Steps done.
        done: usize,
        /// Of so many.
        of: usize,
        /// The next one, in words; `None` while one is being done.
        next: Option<String>,
    },
    /// Waiting for the split to settle.
    Settling,
    /// Measuring: since when, and how long.
    Measuring {
        /// Time measured so far.
        so_far: Duration,
        /// Of so much.
        of: Duration,
    },
    /// Done and still standing: the largest difference in hundredths of a percentage point, and whether that is within
    /// the tolerance.
    Stands {
        /// Largest difference between measured and expected, in hundredths of a point.
        max_error_hundredths: u32,
        /// Within the tolerance of the file.
        within: bool,
    },
    /// It was stopped and taken back.
    Gone,
    /// It failed: what was done and rolled back.
    Failed(String),
}
