//! Signals, as messages.
//!
//! Every signal that would end the process without giving the terminal back is caught. What becomes of it is decided by
//! whoever receives the message: the event loop, or a headless run.
use std::io;
use std::thread;

use signal_hook::consts::{
    SIGALRM, SIGCONT, SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGTSTP, SIGUSR1, SIGUSR2, SIGVTALRM, SIGXCPU,
};
use signal_hook::iterator::{Handle, Signals};

/// What a signal asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Asked {
    /// To end: SIGHUP, SIGTERM and their like. The number.
    End(i32),
    /// To interrupt what goes on: SIGINT.
    Interrupt,
    /// To suspend: SIGTSTP from outside.
    Suspend,
    /// It was continued after a stop.
    Continued,
}

/// Listens until the handle is closed. `tell` returns whether anybody still listens.
///
/// # Errors
/// If the handlers cannot be registered or the thread cannot start.
pub fn listen(tell: impl Fn(Asked) -> bool + Send + 'static) -> io::Result<Handle> {
    let ending = [SIGHUP, SIGTERM, SIGQUIT, SIGUSR1, SIGUSR2, SIGALRM, SIGVTALRM, SIGXCPU];
    let mut signals = Signals::new(ending.iter().chain(&[SIGINT, SIGTSTP, SIGCONT]))?;
    let handle = signals.handle();
    thread::Builder::new().name("signals".to_owned()).spawn(move || {
        for signal in signals.forever() {
            let asked = match signal {
                SIGINT => Asked::Interrupt,
                SIGTSTP => Asked::Suspend,
                SIGCONT => Asked::Continued,
                other => Asked::End(other),
            };
            if !tell(asked) {
                break;
            }
        }
    })?;
    Ok(handle)
}
