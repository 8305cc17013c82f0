//! stub
use crate::model::errno::Errno;

use super::step::Step;
use super::survey::Survey;

/// What the kernel's answer means: operation, path, data, errno, the rule behind it and what to do.
#[must_use]
pub fn explain(step: &Step, errno: Errno, survey: &Survey) -> String {
    let _ = (step, survey);
    errno.to_string()
}
