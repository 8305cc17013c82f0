//! Stopping like any job of a shell.
use nix::errno::Errno;
use nix::sys::signal::{Signal, raise};

/// Stops this process until somebody continues it. SIGSTOP and not SIGTSTP: that one is caught here, and the kernel drops
/// it in an orphaned process group.
///
/// # Errors
/// The errno of `raise`.
pub fn stop_ourselves() -> Result<(), Errno> {
    raise(Signal::SIGSTOP)
}
