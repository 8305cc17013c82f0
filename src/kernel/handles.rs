//! Files kept open between samplings: a `pread` costs a third of open, read and close.
//!
//! The number is bounded. A file that does not fit is opened, read and closed; none is thrown out for it, because values
//! are read round and round, and throwing out the least recent one would then throw out each before its turn. Files that
//! nobody has read for some samplings are closed.
//!
//! v1's lists of tasks never go through here (v2's do): the kernel keeps such a list for a second while the file is open, so it must
//! be opened afresh each time.
use std::collections::HashMap;

use crate::model::errno::Errno;
use crate::model::id::{GroupKey, HierarchyId, Tid};
use crate::model::time::Mono;

use super::fs::{Fs, Reader};

/// Which file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Key {
    /// A file of a group.
    Group(GroupKey, &'static str),
    /// `/proc/TID/task/TID/schedstat`.
    Sched(Tid),
    /// `/proc/TID/task/TID/stat`.
    Stat(Tid),
}

/// Most that is read of one file: a list of four million ids.
const MOST: usize = 32 << 20;
/// A handle that was not read for so many samplings is closed.
const IDLE: u64 = 20;
/// A file that was not there is looked for again after so many samplings, or after a hint.
const ABSENT: u64 = 4;

/// The open files.
pub(crate) struct Handles {
    open: HashMap<Key, Open>,
    /// Files of groups that were not there, and when that was seen.
    absent: HashMap<Key, u64>,
    most: usize,
    tick: u64,
    buffer: Vec<u8>,
}

struct Open {
    reader: Box<dyn Reader>,
    used: u64,
}

impl Handles {
    /// At most `most` at a time.
    pub(crate) fn new(most: usize) -> Self {
        Self { open: HashMap::new(), absent: HashMap::new(), most, tick: 0, buffer: Vec::new() }
    }

    /// A new sampling begins.
    pub(crate) fn tick(&mut self) {
        self.tick += 1;
        let tick = self.tick;
        if tick.is_multiple_of(IDLE / 2) {
            self.open.retain(|_, open| open.used + IDLE >= tick);
            self.absent.retain(|_, seen| *seen + ABSENT >= tick);
        }
    }

    /// Something changed: files that were not there may be there now.
    pub(crate) fn look_again(&mut self) {
        self.absent.clear();
    }

    /// Reads a value of a group and the time of the read. A handle of a file that was made anew is opened anew.
    pub(crate) fn group(
        &mut self,
        fs: &dyn Fs,
        group: GroupKey,
        file: &'static str,
        path: impl Fn() -> Vec<u8>,
    ) -> Result<(&[u8], Mono), Errno> {
        let key = Key::Group(group, file);
        if self.absent.get(&key).is_some_and(|seen| seen + ABSENT > self.tick) {
            return Err(Errno::ENOENT);
        }
        match self.fill(fs, key, &path) {
            Err(errno) if errno.is_gone() && self.open.remove(&key).is_some() => self.fill(fs, key, &path),
            other => other,
        }
        .inspect_err(|&errno| {
            if errno == Errno::ENOENT {
                self.absent.insert(key, self.tick);
            }
        })?;
        Ok((&self.buffer, fs.now()))
    }

    /// Reads a file of a task and the time of the read. An error closes the handle: the number may be another task's.
    pub(crate) fn task(&mut self, fs: &dyn Fs, key: Key, path: impl Fn() -> Vec<u8>) -> Result<(&[u8], Mono), Errno> {
        self.fill(fs, key, &path).inspect_err(|_| {
            self.open.remove(&key);
        })?;
        Ok((&self.buffer, fs.now()))
    }

    /// Whether the file is open, so that what it reads next is of the same thing as what it read before.
    pub(crate) fn holds(&self, key: Key) -> bool {
        self.open.contains_key(&key)
    }

    /// Closes the files of a task that is gone.
    pub(crate) fn forget(&mut self, tid: Tid) {
        self.open.remove(&Key::Sched(tid));
        self.open.remove(&Key::Stat(tid));
    }

    /// Closes the files of all groups of a hierarchy.
    pub(crate) fn close(&mut self, hierarchy: HierarchyId) {
        self.open.retain(|key, _| !matches!(key, Key::Group(group, _) if group.hierarchy == hierarchy));
    }

    /// Whether a file of a hierarchy is open.
    #[cfg(test)]
    pub(crate) fn has(&self, hierarchy: HierarchyId) -> bool {
        self.open.keys().any(|key| matches!(key, Key::Group(group, _) if group.hierarchy == hierarchy))
    }

    /// How many are open.
    #[cfg(test)]
    pub(crate) fn len(&self) -> usize {
        self.open.len()
    }

    fn fill(&mut self, fs: &dyn Fs, key: Key, path: &impl Fn() -> Vec<u8>) -> Result<(), Errno> {
        if let Some(open) = self.open.get_mut(&key) {
            open.used = self.tick;
            return open.reader.read(&mut self.buffer, MOST);
        }
        let mut reader = match fs.open(&path()) {
            // Out of files after all (others in this process opened some): give back what is idle, go on without.
            Err(Errno::EMFILE) => {
                self.most = self.open.len() / 2;
                let tick = self.tick;
                self.open.retain(|_, open| open.used == tick);
                fs.open(&path())?
            }
            other => other?,
        };
        reader.read(&mut self.buffer, MOST)?;
        if self.open.len() < self.most {
            self.open.insert(key, Open { reader, used: self.tick });
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::{Handles, Key};
    use crate::kernel::fixture::Fixture;
    use crate::model::errno::Errno;
    use crate::model::id::{GroupKey, HierarchyId};

    const GROUP: GroupKey = GroupKey { hierarchy: HierarchyId(1), inode: 7 };

    fn read(handles: &mut Handles, fs: &Fixture, file: &'static str) -> Result<Vec<u8>, Errno> {
        let path = move || format!("/g/{file}").into_bytes();
        handles.group(fs, GROUP, file, path).map(|(text, _)| text.to_vec())
    }

    #[test]
    fn values_are_fresh_through_one_handle() {
        let fs = Fixture::parse("file /g/a\n|1\n").unwrap();
        let mut handles = Handles::new(10);
        assert_eq!(read(&mut handles, &fs, "a").unwrap(), b"1\n");
        fs.apply("file /g/a\n|2\n").unwrap();
        assert_eq!(read(&mut handles, &fs, "a").unwrap(), b"2\n");
        assert_eq!(handles.len(), 1);
    }

    #[test]
    fn a_file_made_anew_is_opened_anew() {
        let fs = Fixture::parse("file /g/a\n|1\n").unwrap();
        let mut handles = Handles::new(10);
        read(&mut handles, &fs, "a").unwrap();
        fs.apply("gone /g/a\nfile /g/a\n|2\n").unwrap();
        assert_eq!(read(&mut handles, &fs, "a").unwrap(), b"2\n");
    }

    #[test]
    fn beyond_the_limit_files_are_read_without_being_kept() {
        let fs = Fixture::parse("file /g/a\n|1\nfile /g/b\n|2\n").unwrap();
        let mut handles = Handles::new(1);
        for _ in 0..3 {
            assert_eq!(read(&mut handles, &fs, "a").unwrap(), b"1\n");
            assert_eq!(read(&mut handles, &fs, "b").unwrap(), b"2\n");
        }
        assert_eq!(handles.len(), 1);
    }

    #[test]
    fn what_was_absent_is_looked_for_again_later_or_after_a_hint() {
        let fs = Fixture::parse("dir /g\n").unwrap();
        let mut handles = Handles::new(9);
        assert_eq!(read(&mut handles, &fs, "a"), Err(Errno::ENOENT));
        fs.apply("file /g/a\n|1\n").unwrap();
        assert_eq!(read(&mut handles, &fs, "a"), Err(Errno::ENOENT));
        handles.look_again();
        assert_eq!(read(&mut handles, &fs, "a").unwrap(), b"1\n");
        assert_eq!(read(&mut handles, &fs, "b"), Err(Errno::ENOENT));
        fs.apply("file /g/b\n|1\n").unwrap();
        (0..4).for_each(|_| handles.tick());
        assert_eq!(read(&mut handles, &fs, "b").unwrap(), b"1\n");
    }

    #[test]
    fn idle_files_are_closed() {
        let fs = Fixture::parse("file /g/a\n|1\n").unwrap();
        let mut handles = Handles::new(9);
        read(&mut handles, &fs, "a").unwrap();
        (0..40).for_each(|_| handles.tick());
        assert_eq!(handles.len(), 0);
    }

    #[test]
    fn the_handle_of_a_task_that_ended_never_shows_another() {
        let fs = Fixture::parse("file /proc/5/task/5/schedstat\n|1 2 3\n").unwrap();
        let mut handles = Handles::new(9);
        let path = || b"/proc/5/task/5/schedstat".to_vec();
        handles.task(&fs, Key::Sched(5), path).unwrap();
        assert!(handles.holds(Key::Sched(5)));
        fs.apply("gone /proc/5\nfile /proc/5/task/5/schedstat\n|0 0 0\n").unwrap();
        assert_eq!(handles.task(&fs, Key::Sched(5), path).map(|_| ()), Err(Errno::ESRCH));
        assert!(!handles.holds(Key::Sched(5)));
    }
}
