//! Taking journal entries back.
use super::intent::Needs;
use super::journal::Entry;
use super::refusal::Refusal;
use super::step::Plan;
use super::survey::Survey;

/// The plan that takes the entries with these numbers back, the newest first.
///
/// # Errors
/// A refusal where nothing of them can be undone.
pub fn plan(survey: &Survey, journal: &[Entry], numbers: &[u64]) -> Result<Plan, Refusal> {
    let _ = (survey, journal, numbers);
    Err(Refusal::new("cannot undo", "not yet"))
}

/// What must be known to undo them.
#[must_use]
pub fn needs(journal: &[Entry], numbers: &[u64]) -> Needs {
    let _ = (journal, numbers);
    Needs::default()
}
