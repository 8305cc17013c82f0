//! The input thread: the terminal's keys, mouse and size, as messages.
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use crossterm::event::{self, Event};
use rustix::event::{PollFd, PollFlags, Timespec, poll};

/// How long a pause may take to be noticed. A key wakes the thread at once.
const NOTICE: Duration = Duration::from_millis(250);

/// Keeps the input thread from reading while the terminal is in other hands.
#[derive(Clone, Debug, Default)]
pub struct Pause(Arc<AtomicBool>);

impl Pause {
    /// Pauses or lets go on.
    pub fn set(&self, paused: bool) {
        self.0.store(paused, Ordering::SeqCst);
    }
}

/// Whether the terminal is gone. Its end of file is no event: without this look it would be polled for ever.
fn hung_up() -> bool {
    let stdin = io::stdin();
    let mut fds = [PollFd::new(&stdin, PollFlags::empty())];
    let now = Timespec { tv_sec: 0, tv_nsec: 0 };
    poll(&mut fds, Some(&now)).is_ok_and(|ready| ready > 0) && fds[0].revents().contains(PollFlags::HUP)
}

/// Reads events until `tell` returns false or the terminal is gone; then `tell` is called with `None`.
///
/// # Errors
/// If the thread cannot start.
pub fn listen(tell: impl Fn(Option<Event>) -> bool + Send + 'static) -> io::Result<Pause> {
    let pause = Pause::default();
    let paused = pause.clone();
    thread::Builder::new().name("input".to_owned()).spawn(move || {
        loop {
            if paused.0.load(Ordering::SeqCst) {
                thread::sleep(NOTICE);
                continue;
            }
            let event = match event::poll(NOTICE) {
                Ok(false) if hung_up() => None,
                Ok(false) => continue,
                Ok(true) => event::read().ok(),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(_) => None,
            };
            let gone = event.is_none();
            if !tell(event) || gone {
                break;
            }
        }
    })?;
    Ok(pause)
}
