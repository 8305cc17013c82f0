//! A signal to a process.
use std::path::Path;

use crate::effect::failure::Failure;
use crate::effect::process::Held;
use crate::model::errno::Errno;
use crate::model::id::TaskKey;
use crate::plan::step::{Outcome, Signal};

/// Through a pidfd, its start time compared after it was opened: no other process can be hit.
pub(super) fn signal(process: TaskKey, signal: Signal) -> Result<Outcome, Failure> {
    match Held::open(process).and_then(|held| held.signal(signal)) {
        Ok(()) => Ok(Outcome::Signalled),
        Err(Errno::ESRCH) => Ok(Outcome::Nothing(format!("process {} has ended", process.tid))),
        Err(errno) => {
            let path = format!("/proc/{}", process.tid);
            Err(Failure::new("signal", Path::new(&path), errno).with_data(format!("SIG{}", signal.name()).as_bytes()))
        }
    }
}
