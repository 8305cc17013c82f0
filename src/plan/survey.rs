//! The facts a plan is made from: [`crate::model::survey`], under the name that `plan` knows them by.
pub use crate::model::survey::{GroupFacts, Limits, PointFacts, Survey, TaskFacts};
