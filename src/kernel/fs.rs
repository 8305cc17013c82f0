//! The seam between reading and the machine: a handful of system calls, real or from a fixture.
use crate::model::bytes::Bytes;
use crate::model::cpu_set::CpuSet;
use crate::model::errno::Errno;
use crate::model::hierarchy::Device;
use crate::model::time::Mono;

/// What `lstat` says, as far as cgrove needs it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stat {
    /// What kind of file it is.
    pub kind: Kind,
    /// Permission bits, the lower twelve.
    pub mode: u32,
    /// Owner.
    pub uid: u32,
    /// Group.
    pub gid: u32,
    /// Inode number.
    pub inode: u64,
    /// Link count: 2 + number of child groups for a group's directory.
    pub links: u64,
    /// Device of the file system.
    pub device: Device,
}

/// Kinds of files.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A directory.
    Directory,
    /// A regular file.
    File,
    /// A symbolic link.
    Link,
    /// Anything else.
    Other,
}

/// One entry of a directory.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DirEntry {
    /// Its name.
    pub name: Bytes,
    /// Its kind as readdir says it.
    pub kind: Kind,
}

/// A file that is kept open. It stays the file it was: a task's handle never shows a later task with the same number, and
/// that of a removed group answers ENODEV.
pub trait Reader: Send {
    /// The whole content as it is now, at most `limit` bytes, in place of what `content` held.
    ///
    /// # Errors
    /// The errno of the read: ENODEV where the group was removed, ESRCH where the task is gone.
    fn read(&mut self, content: &mut Vec<u8>, limit: usize) -> Result<(), Errno>;
}

/// The machine as a reader sees it. Paths are absolute, bytes. Object-safe; used from one thread at a time.
pub trait Fs: Send {
    /// The whole content of a file, read to its end, at most `limit` bytes.
    ///
    /// # Errors
    /// The errno of open or read.
    fn read(&self, path: &[u8], limit: usize) -> Result<Vec<u8>, Errno>;

    /// The entries of a directory without `.` and `..`, in the order of the file system.
    ///
    /// # Errors
    /// The errno of open or getdents.
    fn list(&self, path: &[u8]) -> Result<Vec<DirEntry>, Errno>;

    /// `lstat`.
    ///
    /// # Errors
    /// The errno of the call.
    fn stat(&self, path: &[u8]) -> Result<Stat, Errno>;

    /// Magic number of the file system at `path` (`statfs`): 0x27e0eb v1, 0x63677270 v2, 0x01021994 tmpfs.
    ///
    /// # Errors
    /// The errno of the call.
    fn magic(&self, path: &[u8]) -> Result<u64, Errno>;

    /// Target of a symbolic link.
    ///
    /// # Errors
    /// The errno of the call.
    fn readlink(&self, path: &[u8]) -> Result<Vec<u8>, Errno>;

    /// Value of an extended attribute.
    ///
    /// # Errors
    /// The errno of the call (ENODATA 61 where there is none).
    fn xattr(&self, path: &[u8], name: &str) -> Result<Vec<u8>, Errno>;

    /// Whether this process may write at `path` (`faccessat` with effective ids).
    ///
    /// # Errors
    /// EACCES or EROFS, or whatever the call says.
    fn may_write(&self, path: &[u8]) -> Result<(), Errno>;

    /// CPUs a task may run on (`sched_getaffinity`).
    ///
    /// # Errors
    /// The errno of the call.
    fn affinity(&self, tid: i32) -> Result<CpuSet, Errno>;

    /// A file kept open, to be read again and again: a `pread` is a third of an open, read and close.
    ///
    /// # Errors
    /// The errno of open.
    fn open(&self, path: &[u8]) -> Result<Box<dyn Reader>, Errno>;

    /// How many files may be kept open in all (from `RLIMIT_NOFILE`, with room left for others).
    fn handles(&self) -> usize;

    /// The monotonic clock, now.
    fn now(&self) -> Mono;

    /// CPU time of the calling thread, in nanoseconds.
    fn thread_cpu_ns(&self) -> u64;
}
