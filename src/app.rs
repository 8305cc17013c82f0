//! The app as a pure function: [`update`] takes a [`message::Message`] and answers with [`command::Command`]s.
//!
//! # How a call flows
//! The runtime makes a [`state::State`] from a [`setup::Setup`], calls [`start`] once, and then [`update`] for everything
//! that happens. After each batch it asks [`state::State::take_dirty`], and if so lets `view::draw` paint the state.
//! `update` stores, decides, and ends by computing the layout: rectangles, visible rows and what a click hits. The view
//! paints that layout and the mouse is looked up in it, so what is seen is what is hit.
//!
//! # One change
//! A key makes an intent: `Command::Plan(token, intent)`. `Message::Planned` brings a plan or a refusal. A plan that
//! needs no question goes back at once as `Command::Execute(token, plan)`; else a dialog asks first. `Message::Done`
//! brings the report; its shell lines stay on the bottom.
//!
//! # What is not here
//! No clock (time comes in messages), no terminal, no file, no thread; no colour and no drawing (`view`); no rule about
//! what the kernel allows (`plan`).

pub mod command;
pub mod experiment;
pub mod message;
pub mod setup;
pub mod state;

use command::Command;
use message::Message;
use state::State;

/// What to do right after the start, before the first message.
#[must_use]
pub fn start(_state: &mut State) -> Vec<Command> {
    Vec::new()
}

/// Takes in what happened and says what to do.
#[must_use]
pub fn update(_state: &mut State, _message: Message) -> Vec<Command> {
    Vec::new()
}
