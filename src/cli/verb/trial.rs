//! `--try`: the command stays in the foreground as long as the values are on trial.
use std::io::{self, BufRead as _, IsTerminal as _};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use crate::cli::output;
use crate::runtime::hands::Hands;

/// How often it is looked whether something ended the trial.
const LOOK: Duration = Duration::from_millis(30);

/// Waits for the end of the trial: its time, Enter on a terminal, or a signal. Whether no signal ended it.
pub(super) fn wait(hands: &mut Hands) -> bool {
    let keep = Arc::new(AtomicBool::new(false));
    let keeps = if io::stdin().is_terminal() && listen(Arc::clone(&keep)) { "Enter keeps it, " } else { "" };
    output::message(&format!("cgrove: on trial: it is taken back by itself; {keeps}Ctrl-C takes it back now"));
    let stop = hands.stop();
    let (said, in_time) = loop {
        if let Some(said) = hands.poll_trial() {
            break (Some(said), true);
        }
        if stop.load(Ordering::Relaxed) {
            break (hands.end_trial(false), false);
        }
        if keep.load(Ordering::Relaxed) {
            break (hands.end_trial(true), true);
        }
        thread::sleep(LOOK);
    };
    if let Some(said) = said {
        output::message(&format!("cgrove: {said}"));
    }
    in_time
}

/// Sets `keep` at the first line. The thread ends with the program, which does not wait for it.
fn listen(keep: Arc<AtomicBool>) -> bool {
    let read = move || {
        if io::stdin().lock().read_line(&mut String::new()).is_ok_and(|count| count > 0) {
            keep.store(true, Ordering::Relaxed);
        }
    };
    thread::Builder::new().name("keep".to_owned()).spawn(read).is_ok()
}
