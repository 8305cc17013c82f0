//! The kernel's error numbers, as plain data.
use std::fmt;

/// An error number of the kernel (`errno`), positive.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Errno(pub i32);

impl Errno {
    /// Operation not permitted.
    pub const EPERM: Self = Self(1);
    /// No such file or directory.
    pub const ENOENT: Self = Self(2);
    /// No such process.
    pub const ESRCH: Self = Self(3);
    /// Input/output error.
    pub const EIO: Self = Self(5);
    /// Argument list (here: a write to a control file) too long.
    pub const E2BIG: Self = Self(7);
    /// Try again: a limit on forks or on descendants.
    pub const EAGAIN: Self = Self(11);
    /// Out of memory.
    pub const ENOMEM: Self = Self(12);
    /// Permission denied.
    pub const EACCES: Self = Self(13);
    /// Busy: tasks, child groups or a mount stand in the way.
    pub const EBUSY: Self = Self(16);
    /// It exists already.
    pub const EEXIST: Self = Self(17);
    /// No such device: in cgroupfs, a group that was removed.
    pub const ENODEV: Self = Self(19);
    /// Not a directory.
    pub const ENOTDIR: Self = Self(20);
    /// Invalid argument.
    pub const EINVAL: Self = Self(22);
    /// Too many open files in this process.
    pub const EMFILE: Self = Self(24);
    /// No space: in a cpuset, no CPU or memory node; in inotify, no watch left.
    pub const ENOSPC: Self = Self(28);
    /// Read-only file system.
    pub const EROFS: Self = Self(30);
    /// Numerical result out of range.
    pub const ERANGE: Self = Self(34);
    /// Operation not supported: in cgroup v2, a threaded or invalid domain.
    pub const EOPNOTSUPP: Self = Self(95);

    /// Whether this errno on a read means that the group or the task is gone (kernel: ENOENT, ENODEV, ESRCH).
    #[must_use]
    pub fn is_gone(self) -> bool {
        matches!(self, Self::ENOENT | Self::ENODEV | Self::ESRCH)
    }

    /// The symbolic name, such as `EBUSY`; `None` for one that cgrove never meets.
    #[must_use]
    pub fn name(self) -> Option<&'static str> {
        Some(match self {
            Self::EPERM => "EPERM",
            Self::ENOENT => "ENOENT",
            Self::ESRCH => "ESRCH",
            Self(4) => "EINTR",
            Self::EIO => "EIO",
            Self::E2BIG => "E2BIG",
            Self(9) => "EBADF",
            Self(10) => "ECHILD",
            Self::EAGAIN => "EAGAIN",
            Self::ENOMEM => "ENOMEM",
            Self::EACCES => "EACCES",
            Self::EBUSY => "EBUSY",
            Self::EEXIST => "EEXIST",
            Self(18) => "EXDEV",
            Self::ENODEV => "ENODEV",
            Self::ENOTDIR => "ENOTDIR",
            Self(21) => "EISDIR",
            Self::EINVAL => "EINVAL",
            Self(23) => "ENFILE",
            Self::EMFILE => "EMFILE",
            Self::ENOSPC => "ENOSPC",
            Self::EROFS => "EROFS",
            Self(32) => "EPIPE",
            Self::ERANGE => "ERANGE",
            Self(36) => "ENAMETOOLONG",
            Self(38) => "ENOSYS",
            Self(39) => "ENOTEMPTY",
            Self(40) => "ELOOP",
            Self::EOPNOTSUPP => "EOPNOTSUPP",
            Self(110) => "ETIMEDOUT",
            _ => return None,
        })
    }
}

impl fmt::Display for Errno {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.name() {
            Some(name) => f.write_str(name),
            None => write!(f, "errno {}", self.0),
        }
    }
}
