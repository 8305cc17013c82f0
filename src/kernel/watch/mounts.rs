//! Waits for changes of the mount table: `/proc/self/mountinfo` becomes readable with priority at each.
use std::os::fd::OwnedFd;
use std::thread::JoinHandle;

use rustix::event::{PollFd, PollFlags, poll};
use rustix::fs::{CWD, Mode, OFlags};
use rustix::pipe::PipeFlags;

use crate::kernel::discover::MOUNTINFO;
use crate::kernel::sampler::Hint;
use crate::model::errno::Errno;

use super::Ringer;

/// A thread that rings at every change of the mount table, until this is dropped.
pub struct MountWatch {
    /// The thread ends when this is closed.
    end: Option<OwnedFd>,
    thread: Option<JoinHandle<()>>,
}

impl MountWatch {
    /// Begins to wait.
    ///
    /// # Errors
    /// The errno of the call that failed: then mounts are seen by the sampler's own rhythm alone.
    pub fn start(ringer: Ringer) -> Result<Self, Errno> {
        let errno = |error: rustix::io::Errno| Errno(error.raw_os_error());
        let table =
            rustix::fs::openat(CWD, MOUNTINFO, OFlags::RDONLY | OFlags::CLOEXEC, Mode::empty()).map_err(errno)?;
        let (ended, end) = rustix::pipe::pipe_with(PipeFlags::CLOEXEC).map_err(errno)?;
        let thread = std::thread::Builder::new().name("mounts".to_owned()).spawn(move || wait(&table, &ended, &ringer));
        let thread = thread.map_err(|error| Errno(error.raw_os_error().unwrap_or(Errno::EAGAIN.0)))?;
        Ok(Self { end: Some(end), thread: Some(thread) })
    }
}

impl Drop for MountWatch {
    fn drop(&mut self) {
        drop(self.end.take());
        if let Some(thread) = self.thread.take() {
            // It ends at once, and a panic of it has been reported where it happened.
            drop(thread.join());
        }
    }
}

fn wait(table: &OwnedFd, ended: &OwnedFd, ringer: &Ringer) {
    loop {
        let mut both = [PollFd::new(table, PollFlags::PRI), PollFd::new(ended, PollFlags::IN)];
        match poll(&mut both, None) {
            Ok(_) | Err(rustix::io::Errno::INTR) => {}
            Err(_) => return,
        }
        if !both[1].revents().is_empty() {
            return;
        }
        if both[0].revents().contains(PollFlags::NVAL) {
            return;
        }
        if both[0].revents().intersects(PollFlags::PRI | PollFlags::ERR) {
            ringer.hint(Hint { mounts: true, ..Hint::default() });
        }
    }
}
