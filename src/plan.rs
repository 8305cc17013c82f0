//! From what is wanted to what will be done: pure, so that it can be shown, previewed, confirmed and tested first.
//!
//! Calling flow: an [`intent::Intent`] says what is wanted, [`intent::Intent::needs`] what must be known for it; `kernel`
//! answers with a [`survey::Survey`]; [`plan`] turns both into a [`step::Plan`] or a [`refusal::Refusal`]. `effect`
//! executes the steps and keeps a [`journal::Entry`]; [`undo`] makes the plan that takes entries back. Whoever holds the
//! journal calls [`plan_with`] and [`intent::Intent::needs_with`]: undo needs it.
//!
//! One file a verb. Each verb collects its steps in a [`draft::Draft`], which carries a [`world::World`]: the survey as it
//! will be after the steps so far. Rules that several verbs share are in [`rules`]. Errors that only the kernel can know
//! are explained after the deed by [`explain`].
//!
//! Nothing here reads or writes the machine, and nothing here formats for a screen: titles, shell lines and reasons are
//! sentences, not layouts.

pub mod aftermath;
pub mod create;
pub mod draft;
pub mod explain;
pub mod hold;
pub mod intent;
pub mod journal;
pub mod kill_all;
pub mod launch;
pub mod lineage;
pub mod managers;
pub mod mount;
pub mod move_task;
pub mod moved;
pub mod needs;
pub mod preview;
pub mod quote;
pub mod receipt;
pub mod refusal;
pub mod remove;
pub mod rename;
pub mod rules;
pub mod schedule;
pub mod script;
pub mod set;
pub mod shell;
pub mod signal;
pub mod step;
pub mod stop;
pub mod survey;
pub mod tell;
#[cfg(test)]
pub(crate) mod testing;
#[cfg(test)]
mod tests;
pub mod together;
pub mod undo;
pub mod unmount;
pub mod words;
pub mod world;

use intent::Intent;
use journal::Entry;
use refusal::Refusal;
use step::Plan;
use survey::Survey;

/// What will be done for an intent, or why nothing can be. For [`Intent::Undo`] use [`plan_with`].
///
/// # Errors
/// A refusal: nothing may be written for this intent as things stand.
pub fn plan(intent: &Intent, survey: &Survey) -> Result<Plan, Refusal> {
    plan_with(intent, survey, &[])
}

/// The same with the journal of the visit: all entries, oldest first.
///
/// # Errors
/// A refusal: nothing may be written for this intent as things stand.
pub fn plan_with(intent: &Intent, survey: &Survey, journal: &[Entry]) -> Result<Plan, Refusal> {
    verb(intent, survey, journal).map_err(|refusal| refusal.going_on(intent))
}

fn verb(intent: &Intent, survey: &Survey, journal: &[Entry]) -> Result<Plan, Refusal> {
    match intent {
        Intent::Create { parent, path, settings, controllers } => {
            create::plan(survey, parent, path, settings, controllers)
        }
        Intent::Remove { group, inside } => remove::plan(survey, group, *inside),
        Intent::Rename { group, name } => rename::plan(survey, group, name),
        Intent::Set { group, setting } => set::plan(survey, group, setting),
        Intent::Move { tasks, to, scope } => move_task::plan(survey, tasks, to, *scope),
        Intent::Launch { launches } => launch::plan(survey, launches),
        Intent::Hold { target } => hold::hold(survey, target),
        Intent::Resume { target } => hold::resume(survey, target),
        Intent::Stop { processes } => stop::plan(survey, processes),
        Intent::Signal { to, signal, pending } => signal::plan(survey, to, *signal, *pending),
        Intent::KillAll { group } => kill_all::plan(survey, group),
        Intent::Schedule { tasks, scope, to } => schedule::plan(survey, tasks, *scope, to),
        Intent::Mount { what, at } => mount::plan(survey, what, at),
        Intent::Unmount { hierarchy, point, lazy } => unmount::plan(survey, *hierarchy, point, *lazy),
        Intent::Together { title, intents } => together::plan(survey, title, intents, journal),
        Intent::Undo { entries } => undo::plan(survey, journal, entries),
    }
}
