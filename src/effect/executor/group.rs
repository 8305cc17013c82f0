//! Groups: make, remove, open by identity, and what a file of a group says.
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};
use std::thread::sleep;
use std::time::{Duration, Instant};

use rustix::fs::{Mode, OFlags, fstat, mkdir, open, openat, rmdir};

use crate::effect::directories::Directories;
use crate::effect::failure::{Failure, raw};
use crate::model::bytes::Bytes;
use crate::model::errno::Errno;
use crate::model::id::GroupKey;
use crate::model::place::Place;
use crate::parse;
use crate::plan::step::Outcome;

/// How long exited tasks may need to leave a group.
const LEAVING: Duration = Duration::from_millis(100);
/// At most this much of a file is read back.
const CONTENT: usize = 64 * 1024;
/// A list of tasks is read whole (four million numbers): half a number at its end would name another task.
const LIST: usize = 32 << 20;

/// An open directory of a group.
pub(super) struct Group {
    directory: OwnedFd,
    pub(super) path: PathBuf,
}

impl Group {
    /// Opens the group at a place; with `key`, only if it is that very group.
    pub(super) fn open(
        operation: &'static str,
        directories: &dyn Directories,
        at: &Place,
        key: Option<GroupKey>,
    ) -> Result<Self, Failure> {
        let path = path(operation, directories, at)?;
        let flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC;
        let failed = |e: rustix::io::Errno| Failure::new(operation, &path, raw(e));
        let directory = open(&path, flags, Mode::empty()).map_err(failed)?;
        let inode = fstat(&directory).map_err(failed)?.st_ino;
        if key.is_some_and(|key| key.inode != inode) {
            return Err(replaced(operation, &path));
        }
        Ok(Self { directory, path })
    }

    pub(super) fn file(&self, name: &str) -> PathBuf {
        self.path.join(name)
    }

    /// Opens a file of it for writing: never created, never truncated.
    pub(super) fn open_to_write(&self, name: &str) -> Result<OwnedFd, Errno> {
        openat(&self.directory, name, OFlags::WRONLY | OFlags::CLOEXEC, Mode::empty()).map_err(raw)
    }

    /// The content of a file without its last newline, cut where it is longer than any value.
    pub(super) fn read(&self, name: &str) -> Result<Bytes, Errno> {
        self.read_up_to(CONTENT, name)
    }

    fn read_up_to(&self, most: usize, name: &str) -> Result<Bytes, Errno> {
        let file = openat(&self.directory, name, OFlags::RDONLY | OFlags::CLOEXEC, Mode::empty()).map_err(raw)?;
        let mut content = Vec::new();
        let mut chunk = vec![0; 4096];
        while content.len() < most {
            match rustix::io::read(&file, &mut chunk) {
                Ok(0) => break,
                Ok(count) => content.extend_from_slice(&chunk[..count]),
                Err(rustix::io::Errno::INTR) => {}
                Err(errno) => return Err(raw(errno)),
            }
        }
        content.pop_if(|last| *last == b'\n');
        Ok(content.into_boxed_slice())
    }

    /// The numbers in one of its lists of tasks; 0 stands for tasks outside our pid namespace and is left out.
    pub(super) fn numbers(&self, name: &str) -> Result<Vec<i32>, Errno> {
        let mut numbers = parse::ids::ids(&self.read_up_to(LIST, name)?).map_err(|_malformed| Errno::EINVAL)?;
        numbers.sort_unstable();
        numbers.dedup();
        Ok(numbers)
    }
}

fn path(operation: &'static str, directories: &dyn Directories, at: &Place) -> Result<PathBuf, Failure> {
    directories
        .directory(at)
        .ok_or_else(|| Failure::said(operation, Path::new(""), format!("the hierarchy of {at} is mounted nowhere")))
}

fn replaced(operation: &'static str, path: &Path) -> Failure {
    Failure::said(operation, path, "another group was made here under the same name; it is not touched")
}

/// The inode number of the group at `path`.
///
/// # Errors
/// The errno of `stat`.
pub fn inode(path: &Path) -> Result<u64, Errno> {
    rustix::fs::stat(path).map(|found| found.st_ino).map_err(raw)
}

pub(super) fn make(directories: &dyn Directories, at: &Place) -> Result<Outcome, Failure> {
    let path = path("mkdir", directories, at)?;
    mkdir(&path, Mode::from_raw_mode(0o755)).map_err(|e| {
        let failure = Failure::new("mkdir", &path, raw(e));
        match raw(e) {
            Errno::EEXIST => failure.because("it exists already, or is the name of a control file"),
            Errno::ENOENT | Errno::ENODEV => failure.because("the group above is gone"),
            Errno::EAGAIN => failure.because("cgroup.max.depth or cgroup.max.descendants of a group above is reached"),
            Errno::EINVAL => failure.because("a name may not hold a newline"),
            _ => failure,
        }
    })?;
    match inode(&path) {
        Ok(inode) => Ok(Outcome::Made(GroupKey { hierarchy: directories.number(at.hierarchy), inode })),
        Err(errno) => Err(Failure::new("mkdir", &path, errno).because("made, and gone again at once")),
    }
}

pub(super) fn remove(directories: &dyn Directories, at: &Place, key: Option<GroupKey>) -> Result<Outcome, Failure> {
    let group = match Group::open("rmdir", directories, at, key) {
        Err(failure) if failure.errno.is_some_and(Errno::is_gone) => {
            return Ok(Outcome::Nothing(format!("{at} was gone already")));
        }
        other => other?,
    };
    let limit = Instant::now() + LEAVING;
    loop {
        let errno = match rmdir(&group.path) {
            Ok(()) => return Ok(Outcome::Removed),
            Err(errno) => raw(errno),
        };
        let failure = Failure::new("rmdir", &group.path, errno);
        if errno != Errno::EBUSY {
            return if errno.is_gone() { Ok(Outcome::Nothing(format!("{at} was gone already"))) } else { Err(failure) };
        }
        // Tasks that were killed need a moment; child groups do not go by themselves.
        let children = fstat(&group.directory).map_or(0, |found| (found.st_nlink).saturating_sub(2));
        if children > 0 || Instant::now() >= limit {
            return Err(failure.because(in_the_way(&group, children)));
        }
        sleep(Duration::from_millis(2));
    }
}

pub(super) fn rename(
    directories: &dyn Directories,
    at: &Place,
    key: Option<GroupKey>,
    name: &[u8],
) -> Result<Outcome, Failure> {
    let group = Group::open("rename", directories, at, key)?;
    let before = fstat(&group.directory).map_err(|e| Failure::new("rename", &group.path, raw(e)))?.st_ino;
    let to = path("rename", directories, &at.sibling(name))?;
    let failed = |errno| Failure::new("rename", &group.path, errno).with_data(name);
    // Between here and the rename another group could come to the old name: the new name is looked at after.
    rustix::fs::rename(&group.path, &to).map_err(|e| failed(raw(e)))?;
    match inode(&to) {
        Ok(inode) if inode == before => Ok(Outcome::Renamed),
        Ok(_) => Err(failed(Errno::EEXIST).because("another group has that name now: look at both")),
        Err(errno) => Err(failed(errno).because("renamed, and gone again at once")),
    }
}

fn in_the_way(group: &Group, children: u64) -> String {
    let tasks = ["tasks", "cgroup.threads"].iter().find_map(|file| group.numbers(file).ok()).unwrap_or_default().len();
    match (tasks, children) {
        (0, 0) => "a task that is ending, or a mount, stands in the way".to_owned(),
        (tasks, 0) => format!("{tasks} tasks are in it"),
        (0, children) => format!("{children} child groups are in it"),
        (tasks, children) => format!("{tasks} tasks and {children} child groups are in it"),
    }
}
