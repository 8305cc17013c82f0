//! `cgrove predict`: what the kernel would owe, without a kernel.
use crate::model::hierarchy::Version;

use super::file::Experiment;
use super::report::Report;
use super::setup::{Setup, Unfit};

/// The prediction for an experiment. `version` (the command line's) goes before the file's, and that before v1.
///
/// # Errors
/// [`Unfit::Rule`] for a weight that the version does not have.
pub fn predict(experiment: Experiment, version: Option<Version>) -> Result<Report, Unfit> {
    Setup::imagined(experiment, version).map(|setup| Report::new(&setup, None))
}
