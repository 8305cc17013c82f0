//! Rules that several verbs share.

pub mod controllers;
pub mod knobs;
pub mod lifeline;
pub mod names;
pub mod numbers;
pub mod real_time;
pub mod scheduling;
pub mod signals;
pub mod target;
pub mod tasks;
