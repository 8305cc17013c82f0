//! One inotify watch a group's directory, read on a thread of its own.
//!
//! By system calls and not through the crate notify: its buffer of 1,024 bytes holds no event of a group with a longer name
//! (the kernel takes up to 4,076 bytes), whose read then fails for ever; and it asks for open events, by which our own reads
//! wake us.
//!
//! The kernel says nothing on the watch of a directory that is removed, only on that of the directory above: there the
//! watch is let go.
use std::collections::{BTreeSet, HashMap};
use std::mem::MaybeUninit;
use std::os::fd::OwnedFd;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use rustix::event::{PollFd, PollFlags, poll};
use rustix::fs::inotify::{self, CreateFlags, ReadFlags, Reader, WatchFlags};
use rustix::io::Errno as Raw;
use rustix::pipe::PipeFlags;

use crate::kernel::paths::join;
use crate::kernel::sampler::Hint;
use crate::model::errno::Errno;

use super::{DirectoryWatcher, Refused, Ringer};

/// So many written files are kept at most between two samplings: who writes more is not told one by one.
const WRITTEN: usize = 1000;
/// Bytes of one read: more than any event has.
const BUFFER: usize = 64 * 1024;
/// What is done where events cannot be read any more: everything is looked at afresh this often.
const BLIND: Duration = Duration::from_secs(1);
/// Everything there is to know.
const ALL: Hint = Hint { structure: true, values: true, mounts: false };

/// Watches directories through inotify, until it is dropped.
pub(super) struct Inotify {
    fd: Arc<OwnedFd>,
    shared: Arc<Mutex<Shared>>,
    /// The thread ends when this is closed.
    end: Option<OwnedFd>,
    thread: Option<JoinHandle<()>>,
}

/// What the thread and the sampler both know.
#[derive(Default)]
struct Shared {
    directories: HashMap<i32, Vec<u8>>,
    numbers: HashMap<Vec<u8>, i32>,
    removed: Vec<Vec<u8>>,
    written: BTreeSet<Vec<u8>>,
}

impl Shared {
    /// The number of the watch on a directory, which is forgotten.
    fn forget(&mut self, directory: &[u8]) -> Option<i32> {
        let number = self.numbers.remove(directory)?;
        self.directories.remove(&number);
        Some(number)
    }
}

fn locked(shared: &Mutex<Shared>) -> MutexGuard<'_, Shared> {
    shared.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Inotify {
    /// Begins without any watch; events ring `ringer`.
    ///
    /// # Errors
    /// No inotify instance, pipe or thread is to be had.
    pub(super) fn start(ringer: Ringer) -> Result<Self, Refused> {
        let fd = inotify::init(CreateFlags::CLOEXEC | CreateFlags::NONBLOCK).map_err(refused)?;
        let (ended, end) = rustix::pipe::pipe_with(PipeFlags::CLOEXEC).map_err(refused)?;
        let (fd, shared) = (Arc::new(fd), Arc::new(Mutex::new(Shared::default())));
        let (events, known) = (Arc::clone(&fd), Arc::clone(&shared));
        let thread = std::thread::Builder::new()
            .name("inotify".to_owned())
            .spawn(move || listen(&events, &ended, &known, &ringer))
            .map_err(|error| Refused::Other(error.to_string()))?;
        Ok(Self { fd, shared, end: Some(end), thread: Some(thread) })
    }
}

impl Drop for Inotify {
    fn drop(&mut self) {
        drop(self.end.take());
        if let Some(thread) = self.thread.take() {
            // It ends at once, and a panic of it has been reported where it happened.
            drop(thread.join());
        }
    }
}

impl DirectoryWatcher for Inotify {
    fn watch(&mut self, directory: &[u8]) -> Result<(), Refused> {
        let what = WatchFlags::CREATE
            | WatchFlags::DELETE
            | WatchFlags::MOVE
            | WatchFlags::MODIFY
            | WatchFlags::ATTRIB
            | WatchFlags::ONLYDIR;
        // Held over the call: an event of it must find its directory.
        let mut shared = locked(&self.shared);
        let number = inotify::add_watch(&*self.fd, directory, what).map_err(refused)?;
        if let Some(old) = shared.directories.insert(number, directory.to_vec()) {
            shared.numbers.remove(&old);
        }
        shared.numbers.insert(directory.to_vec(), number);
        Ok(())
    }

    fn unwatch(&mut self, directory: &[u8]) {
        if let Some(number) = locked(&self.shared).forget(directory) {
            let_go(&self.fd, number);
        }
    }

    fn removed(&mut self) -> Vec<Vec<u8>> {
        std::mem::take(&mut locked(&self.shared).removed)
    }

    fn written(&mut self) -> Vec<Vec<u8>> {
        std::mem::take(&mut locked(&self.shared).written).into_iter().collect()
    }
}

fn let_go(fd: &OwnedFd, number: i32) {
    // The kernel may have dropped it already, with its directory or its mount.
    let _ = inotify::remove_watch(fd, number);
}

fn listen(fd: &OwnedFd, ended: &OwnedFd, shared: &Mutex<Shared>, ringer: &Ringer) {
    let mut buffer = vec![MaybeUninit::uninit(); BUFFER];
    loop {
        let mut both = [PollFd::new(fd, PollFlags::IN), PollFd::new(ended, PollFlags::IN)];
        match poll(&mut both, None) {
            Ok(_) | Err(Raw::INTR) => {}
            Err(_) => return,
        }
        if !both[1].revents().is_empty() {
            return;
        }
        let (hint, whole) = read(fd, &mut buffer, shared);
        if hint != Hint::default() {
            ringer.hint(hint);
        }
        if !whole {
            std::thread::sleep(BLIND);
        }
    }
}

/// Takes in what there is; what it says, and whether it could be read.
fn read(fd: &OwnedFd, buffer: &mut [MaybeUninit<u8>], shared: &Mutex<Shared>) -> (Hint, bool) {
    let mut events = Reader::new(fd, buffer);
    let mut hint = Hint::default();
    loop {
        let event = match events.next() {
            Ok(event) => event,
            Err(Raw::WOULDBLOCK) => return (hint, true),
            Err(Raw::INTR) => continue,
            Err(_) => return (ALL, false),
        };
        let flags = event.events();
        if flags.contains(ReadFlags::QUEUE_OVERFLOW) {
            hint = ALL;
            continue;
        }
        let mut shared = locked(shared);
        if flags.contains(ReadFlags::IGNORED) {
            if let Some(directory) = shared.directories.remove(&event.wd()) {
                shared.numbers.remove(&directory);
            }
            continue;
        }
        let named = |directory: &Vec<u8>| Some(join(directory, event.file_name()?.to_bytes()));
        let path = shared.directories.get(&event.wd()).and_then(named);
        if flags.contains(ReadFlags::MODIFY) {
            hint.values = true;
            if let Some(path) = path.filter(|_| shared.written.len() < WRITTEN) {
                shared.written.insert(path);
            }
            continue;
        }
        // Groups made, removed or renamed; owner and mode changed (a directory's owner is part of the structure).
        hint = ALL;
        if let Some(path) = path.filter(|_| flags.contains(ReadFlags::DELETE | ReadFlags::ISDIR)) {
            if let Some(number) = shared.forget(&path) {
                let_go(fd, number);
            }
            shared.removed.push(path);
        }
    }
}

fn refused(errno: Raw) -> Refused {
    match errno {
        Raw::NOTDIR => Refused::Gone,
        Raw::NOSPC => Refused::Full("the limit fs.inotify.max_user_watches is reached".to_owned()),
        Raw::MFILE => Refused::Full("EMFILE: the limit fs.inotify.max_user_instances is reached".to_owned()),
        _ if Errno(errno.raw_os_error()).is_gone() => Refused::Gone,
        _ => Refused::Other(Errno(errno.raw_os_error()).to_string()),
    }
}
