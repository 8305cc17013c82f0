//! How a run ended.
use crate::experiment::report::Report;

/// How a run ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    /// It was measured; the report says what came of it.
    Measured,
    /// The file cannot be run (it has no workload).
    Usage,
    /// The host does not permit or support it.
    Host,
    /// It failed on the way.
    Failed,
    /// It was interrupted, and taken back.
    Interrupted,
}

/// The end of a run.
#[derive(Clone, Debug, PartialEq)]
pub struct End {
    /// How it ended.
    pub ending: Ending,
    /// The report, if it was measured to the end.
    pub report: Option<Report>,
    /// What to say on stderr: why it did not go as wanted. Lines; empty if it did.
    pub message: String,
}

impl End {
    /// The exit code of `cgrove verify`.
    #[must_use]
    pub fn code(&self) -> u8 {
        match self.ending {
            Ending::Measured => {
                let outside = self.report.as_ref().is_some_and(|report| report.within_tolerance == Some(false));
                u8::from(outside)
            }
            Ending::Usage => 2,
            Ending::Host => 3,
            Ending::Failed => 4,
            Ending::Interrupted => 130,
        }
    }
}
