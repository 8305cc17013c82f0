//! The point at which a process that is launched waits until it is in its groups.
//!
//! It says [`READY`] when all is done that can be done before, and goes on at the first byte that comes back. The other end
//! closed instead means that cgrove or its supervisor is gone.
use std::io::{self, Read as _, Write as _};
use std::os::unix::net::UnixStream;

use nix::sys::signal::SigSet;

use super::{Failed, close_on_exec, take_stdin};

/// Set in the environment of a loop that finds its gate on standard input.
pub(in crate::effect) const VARIABLE: &str = "CGROVE_GATE";
/// "I wait."
pub(in crate::effect) const READY: &[u8] = b"ready\n";
/// "Go on."
pub(in crate::effect) const GO: &[u8] = b"\n";

/// The inner side of the gate.
#[derive(Debug)]
pub(in crate::effect) struct Gate {
    socket: UnixStream,
}

impl Gate {
    /// Takes the gate off standard input, which becomes `/dev/null`, and puts the process in order: no signal is blocked
    /// (the supervisor blocks some, and exec keeps the mask), no descriptor but the standard ones goes through an exec.
    pub(in crate::effect) fn on_stdin() -> io::Result<Self> {
        let socket = take_stdin()?;
        SigSet::empty().thread_set_mask()?;
        close_on_exec();
        Ok(Self { socket })
    }

    /// The gate of a loop that was launched; `None` for one that was started by hand.
    pub(in crate::effect) fn of_a_loop() -> io::Result<Option<Self>> {
        if std::env::var_os(VARIABLE).is_some() { Self::on_stdin().map(Some) } else { Ok(None) }
    }

    pub(in crate::effect) fn socket(&self) -> &UnixStream {
        &self.socket
    }

    /// Says that it is ready, and waits.
    pub(in crate::effect) fn wait(&mut self) -> io::Result<()> {
        self.socket.write_all(READY)?;
        self.socket.read_exact(&mut [0; GO.len()])
    }

    /// Says what went wrong. If nobody listens any more there is nobody to tell.
    pub(in crate::effect) fn tell(&mut self, failed: &Failed) {
        let _ = serde_json::to_vec(failed).map(|line| self.socket.write_all(&line));
    }
}
