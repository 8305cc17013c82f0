//! A launch on its way: started, told what it will be, let through its gate, executed or failed.
use std::io::{self, ErrorKind, Read as _, Write as _};
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::os::unix::process::CommandExt as _;
use std::process::Stdio;
use std::time::{Duration, Instant};

use crate::effect::failure::errno;
use crate::effect::launch::admit::admit;
use crate::effect::launch::gate::{GO, READY};
use crate::effect::launch::{Failed, Order};
use crate::effect::process;
use crate::model::id::{Pid, TaskKey};

/// How long a launch may take until its exec.
pub(super) const LAUNCH: Duration = Duration::from_secs(5);

/// A launch that is not through.
pub(super) struct Pending {
    pub(super) number: u64,
    pub(super) process: TaskKey,
    pub(super) order: Order,
    /// Its gate.
    pub(super) socket: UnixStream,
    /// What it said, [`READY`] left out.
    pub(super) said: Vec<u8>,
    /// The gate was opened.
    pub(super) admitted: bool,
    pub(super) limit: Instant,
}

/// What a launch has come to.
pub(super) enum Heard {
    /// It is not through yet.
    Nothing,
    /// It is in its groups and runs.
    Running,
    Failed(Failed),
}

impl Pending {
    /// What it says by now.
    pub(super) fn hear(&mut self) -> Heard {
        let mut bytes = [0; 4096];
        loop {
            match self.socket.read(&mut bytes) {
                Ok(0) => return self.ended(),
                Ok(count) => self.said.extend_from_slice(&bytes[..count]),
                Err(e) if e.kind() == ErrorKind::WouldBlock => return Heard::Nothing,
                Err(e) if e.kind() == ErrorKind::Interrupted => {}
                Err(e) => return Heard::Failed(Failed::to_start(Some(errno(&e)), "lost the launch")),
            }
            if !self.admitted && self.said == READY {
                self.said.clear();
                self.admitted = true;
                if let Err(failed) = admit(self.process.tid, &self.order) {
                    return Heard::Failed(failed);
                }
                if let Err(e) = self.socket.write_all(GO) {
                    return Heard::Failed(Failed::to_start(Some(errno(&e)), "it ended at its gate"));
                }
                if !self.order.executes() {
                    return Heard::Running;
                }
            }
        }
    }

    /// Its end of the gate is closed: by the exec, or by its death.
    fn ended(&self) -> Heard {
        if self.admitted && self.said.is_empty() {
            return Heard::Running;
        }
        Heard::Failed(serde_json::from_slice(&self.said).unwrap_or_else(|_| {
            let said = crate::model::bytes::escape(&self.said);
            Failed::to_start(None, format!("it ended before its exec; it said \"{said}\""))
        }))
    }
}

/// Starts the process and tells it what it will be.
pub(super) fn start(number: u64, order: Order) -> Result<Pending, Failed> {
    let failed = |e: io::Error| Failed::to_start(Some(errno(&e)), e.to_string());
    let (mut command, text) = order.command().map_err(|e| Failed::to_start(None, e.to_string()))?;
    let (mut ours, theirs) = UnixStream::pair().map_err(failed)?;
    let child = command.stdin(Stdio::from(OwnedFd::from(theirs))).process_group(0).spawn().map_err(failed)?;
    // It holds the other end of the socket, which must not be ours as well.
    drop(command);
    // It is our child and not reaped: its number names it.
    let pid = Pid::try_from(child.id()).unwrap_or(0);
    let process = process::stat(pid).map_err(|errno| Failed::to_start(Some(errno), "it vanished"))?.key;
    ours.set_write_timeout(Some(LAUNCH)).map_err(failed)?;
    ours.write_all(&text).map_err(failed)?;
    ours.set_nonblocking(true).map_err(failed)?;
    let limit = Instant::now() + LAUNCH;
    Ok(Pending { number, process, order, socket: ours, said: Vec::new(), admitted: false, limit })
}
