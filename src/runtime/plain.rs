//! `--plain`: the sampler's and the model's threads as for the screen, but lines instead of frames. Nothing is changed, no
//! terminal is needed.
use std::sync::Arc;
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::time::{Duration, Instant};

use anyhow::{Context, Result};

use super::sampling::Sampling;
use super::signals::{self, Asked};
use crate::model::interest::{Interest, Rows};
use crate::model::place::Place;
use crate::model::snapshot::Snapshot;
use crate::split::table::Table;
use crate::view::plain::Reporter;

/// Why it ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// SIGINT.
    Interrupted,
    /// Another signal that asks to end, or nobody reads what is printed.
    Asked,
}

enum Incoming {
    Frame(Arc<Snapshot>, Table),
    Signal(Asked),
}

/// Prints what changes at and below `base`, a line each, until a signal asks to end; `ascii`: without any other sign. `print` takes the lines of a frame and
/// returns whether anybody still reads them. The host is sampled every `delay`; that it was not for twice that long is a line,
/// too, so that the last number is not taken for what is now.
///
/// # Errors
/// If the machine cannot be read, a thread cannot start, or printing fails.
pub fn run(base: Place, ascii: bool, delay: Duration, mut print: impl FnMut(&str) -> Result<bool>) -> Result<End> {
    let (send, inbox) = channel();
    let listening = {
        let send = send.clone();
        signals::listen(move |asked| send.send(Incoming::Signal(asked)).is_ok()).context("listening for signals")?
    };
    let interest = Interest { hierarchy: Some(base.hierarchy), groups: Rows::All, ..Interest::default() };
    let sampling =
        Sampling::start(delay, interest, move |snapshot, table| send.send(Incoming::Frame(snapshot, table)).is_ok())?;
    let mut reporter = Reporter::new(base, ascii);
    let limit = 2 * delay.max(Duration::from_secs(1));
    let mut last = Instant::now();
    let mut late = false;
    let end = loop {
        match inbox.recv_timeout(limit) {
            Ok(Incoming::Frame(snapshot, table)) => {
                let mut lines = if late {
                    vec![format!("sampled again, after {} s", last.elapsed().as_secs())]
                } else {
                    Vec::new()
                };
                (late, last) = (false, Instant::now());
                lines.extend(reporter.tell(&snapshot, &table));
                if !lines.is_empty() && !print(&(lines.join("\n") + "\n"))? {
                    break End::Asked;
                }
            }
            Ok(Incoming::Signal(Asked::Interrupt)) => break End::Interrupted,
            Ok(Incoming::Signal(Asked::Suspend)) => drop(super::suspend::stop_ourselves()),
            Ok(Incoming::Signal(Asked::Continued)) => {}
            Err(RecvTimeoutError::Timeout) if late => {}
            Err(RecvTimeoutError::Timeout) => {
                late = true;
                if !print(&format!("no sample for {} s: what was said last is old\n", last.elapsed().as_secs()))? {
                    break End::Asked;
                }
            }
            Ok(Incoming::Signal(Asked::End(_))) | Err(RecvTimeoutError::Disconnected) => break End::Asked,
        }
    };
    listening.close();
    drop(sampling);
    Ok(end)
}
