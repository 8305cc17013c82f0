//! Command lines, read once a task on a thread of their own.
//!
//! Reading `/proc/PID/cmdline` takes a lock of that process's memory and can hang for as long as that does (a process
//! stuck on a dead network file system). So a worker reads; one that does not answer in time is abandoned with its task,
//! and another takes over. After [`MOST_STUCK`] that hang, no more are read.
use std::collections::{HashMap, HashSet};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::{Duration, Instant};

use crate::model::bytes::Bytes;
use crate::model::errno::Errno;
use crate::model::id::{TaskKey, Tid};

use super::fs::Fs as _;
use super::real::RealFs;

/// A worker that does not answer for so long is abandoned.
const PATIENCE: Duration = Duration::from_secs(2);
/// So many workers may hang.
pub const MOST_STUCK: usize = 4;
/// Most that is read of one command line.
const MOST: usize = 4096;
/// Most that is kept; beyond it, what is not asked for again is forgotten.
const KEPT: usize = 4096;

/// What is known of a command line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CommandLine {
    /// It is being read.
    Pending,
    /// The arguments, parted by NUL as the kernel prints them, at most 4096 bytes; empty for a kernel thread or a zombie.
    Known(Bytes),
    /// It could not be read.
    Refused(Errno),
    /// Reading it hangs.
    Stuck,
}

/// Reads the command line of a task, on a worker's thread; it may hang.
pub type Read = Arc<dyn Fn(Tid) -> Result<Vec<u8>, Errno> + Send + Sync>;

/// Reads command lines in the background. Ask again and again: what was pending becomes known.
pub struct CommandLines {
    read: Read,
    patience: Duration,
    worker: Option<Worker>,
    known: HashMap<TaskKey, CommandLine>,
    stuck: usize,
}

struct Worker {
    requests: Sender<TaskKey>,
    answers: Receiver<(TaskKey, CommandLine)>,
    /// What it is at, and since when.
    busy: Arc<RwLock<Option<(TaskKey, Instant)>>>,
    waiting: HashSet<TaskKey>,
}

impl CommandLines {
    /// Command lines of this host.
    #[must_use]
    pub fn of_this_host() -> Self {
        Self::new(Arc::new(|tid| RealFs.read(format!("/proc/{tid}/cmdline").as_bytes(), MOST)), PATIENCE)
    }

    /// Reads through `read`; a worker that does not come back within `patience` is abandoned.
    #[must_use]
    pub fn new(read: Read, patience: Duration) -> Self {
        Self { read, patience, worker: None, known: HashMap::new(), stuck: 0 }
    }

    /// What is known of a task's command line; if nothing is, it is asked for. Never blocks.
    pub fn get(&mut self, task: TaskKey) -> CommandLine {
        self.collect();
        if let Some(known) = self.known.get(&task) {
            return known.clone();
        }
        if self.stuck >= MOST_STUCK {
            return CommandLine::Stuck;
        }
        if self.known.len() >= KEPT {
            self.known.retain(|_, known| *known == CommandLine::Stuck);
        }
        if self.worker.is_none() {
            self.worker = Worker::start(&self.read);
        }
        match &mut self.worker {
            Some(worker) => {
                if worker.waiting.insert(task) && worker.requests.send(task).is_err() {
                    self.worker = None;
                }
                CommandLine::Pending
            }
            // No thread is to be had.
            None => CommandLine::Refused(Errno::EAGAIN),
        }
    }

    /// Takes answers, and abandons a worker that hangs.
    fn collect(&mut self) {
        let Some(worker) = &mut self.worker else { return };
        while let Ok((task, line)) = worker.answers.try_recv() {
            worker.waiting.remove(&task);
            self.known.insert(task, line);
        }
        let busy = *worker.busy.read().unwrap_or_else(PoisonError::into_inner);
        if let Some((task, since)) = busy
            && worker.waiting.contains(&task)
            && since.elapsed() >= self.patience
        {
            self.known.insert(task, CommandLine::Stuck);
            self.stuck += 1;
            // The thread ends when its read returns and nobody takes the answer. What else waited is asked for again.
            self.worker = None;
        }
    }
}

impl Worker {
    fn start(read: &Read) -> Option<Self> {
        let (requests, inbox) = channel::<TaskKey>();
        let (outbox, answers) = channel();
        let busy = Arc::new(RwLock::new(None));
        let (at, read) = (Arc::clone(&busy), Arc::clone(read));
        let work = move || {
            let set = |value| *at.write().unwrap_or_else(PoisonError::into_inner) = value;
            for task in inbox {
                set(Some((task, Instant::now())));
                let line = match read(task.tid) {
                    Ok(text) => CommandLine::Known(text.into_boxed_slice()),
                    Err(errno) => CommandLine::Refused(errno),
                };
                set(None);
                if outbox.send((task, line)).is_err() {
                    return;
                }
            }
        };
        std::thread::Builder::new().name("cmdline".to_owned()).spawn(work).ok()?;
        Some(Self { requests, answers, busy, waiting: HashSet::new() })
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc::channel;
    use std::sync::{Arc, Mutex};
    use std::time::{Duration, Instant};

    use super::{CommandLine, CommandLines, MOST_STUCK, TaskKey};
    use crate::model::errno::Errno;

    const LONG: Duration = Duration::from_secs(20);

    fn answer(lines: &mut CommandLines, tid: i32) -> CommandLine {
        let end = Instant::now() + LONG;
        loop {
            match lines.get(TaskKey { tid, start: 1 }) {
                CommandLine::Pending if Instant::now() < end => std::thread::sleep(Duration::from_millis(1)),
                other => return other,
            }
        }
    }

    #[test]
    fn read_once_in_the_background() {
        let reads = Arc::new(Mutex::new(0));
        let count = Arc::clone(&reads);
        let read = move |tid| {
            *count.lock().unwrap() += 1;
            if tid == 5 { Ok(b"sh\0-c\0\xff\0".to_vec()) } else { Err(Errno::EACCES) }
        };
        let mut lines = CommandLines::new(Arc::new(read), LONG);
        assert_eq!(lines.get(TaskKey { tid: 5, start: 1 }), CommandLine::Pending);
        assert_eq!(answer(&mut lines, 5), CommandLine::Known(Box::from(*b"sh\0-c\0\xff\0")));
        assert_eq!(answer(&mut lines, 6), CommandLine::Refused(Errno::EACCES));
        assert_eq!(answer(&mut lines, 5), CommandLine::Known(Box::from(*b"sh\0-c\0\xff\0")));
        assert_eq!(*reads.lock().unwrap(), 2);
        assert_eq!(lines.get(TaskKey { tid: 5, start: 2 }), CommandLine::Pending, "another task of that number");
    }

    #[test]
    fn a_read_that_hangs_is_abandoned_and_the_next_one_works() {
        // Reads of small numbers hang until the sender is dropped.
        let (hold, held) = channel::<()>();
        let held = Mutex::new(held);
        let read = move |tid| {
            if tid < 10 {
                let _ended = held.lock().unwrap().recv();
            }
            Ok(vec![b'x'])
        };
        let mut lines = CommandLines::new(Arc::new(read), Duration::from_millis(20));
        assert_eq!(answer(&mut lines, 1), CommandLine::Stuck);
        assert_eq!(answer(&mut lines, 11), CommandLine::Known(Box::from(*b"x")));
        for tid in 2..=i32::try_from(MOST_STUCK).unwrap() {
            assert_eq!(answer(&mut lines, tid), CommandLine::Stuck);
        }
        assert_eq!(answer(&mut lines, 12), CommandLine::Stuck, "no more are read");
        assert_eq!(answer(&mut lines, 11), CommandLine::Known(Box::from(*b"x")), "what is known stays");
        drop(hold);
    }

    #[test]
    fn our_own() {
        let own = i32::try_from(std::process::id()).unwrap();
        match answer(&mut CommandLines::of_this_host(), own) {
            CommandLine::Known(line) => assert!(!line.is_empty()),
            other => panic!("{other:?}"),
        }
    }
}
