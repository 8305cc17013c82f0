//! From what is wanted to what will be done: pure, so that it can be shown, previewed, confirmed and tested first.
//!
//! Calling flow: an [`intent::Intent`] says what is wanted, [`intent::Intent::needs`] what must be known for it; `kernel`
//! answers with a [`survey::Survey`]; [`plan`] turns both into a [`step::Plan`] or a [`refusal::Refusal`]. `effect`
//! executes the steps and keeps a [`journal::Entry`]; [`undo`] makes the plan that takes an entry back.
//!
//! One file a verb. Nothing here reads or writes the machine, and nothing here formats for a screen: titles, shell lines
//! and reasons are sentences, not layouts.

pub mod intent;
pub mod journal;
pub mod refusal;
pub mod step;
pub mod survey;
