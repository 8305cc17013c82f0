//! Threads, the terminal, signals, and the loop that joins them: the imperative shell around `app` and `view`.
//!
//! * **main thread**: [`event_loop`]: receives messages, calls `app::update`, executes its commands, draws.
//! * **input thread**: reads the terminal.
//! * **sampler thread**: waits for the timer, a watch's hint or a new interest; samples; sends the snapshot on.
//! * **model thread**: computes the split of each snapshot and sends the frame to the main thread.
//! * **effect thread**: surveys, plans, executes. It alone holds what can change the machine.
//!
//! The main thread never waits for the kernel: a step that takes long is seen as one.

pub mod clipboard;
pub mod event_loop;
pub mod experiment;
pub mod hands;
pub mod input;
pub mod left;
pub mod look;
pub mod plain;
pub mod quiet;
pub mod sampling;
pub mod session;
pub mod shipped;
pub mod signals;
pub mod stage;
pub mod suspend;
pub mod terminal;
pub mod wall;
pub mod worker;
