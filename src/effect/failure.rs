//! What the kernel refused, in full.
use std::io;
use std::path::{Path, PathBuf};

use crate::model::bytes::escape;
use crate::model::errno::Errno;

/// A system call that failed: operation, path, data written, errno, and what it means.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}", self.line())]
pub struct Failure {
    /// What was tried: `mkdir`, `rmdir`, `write`, `move`, `signal`, `launch`, `read back`.
    pub operation: &'static str,
    /// Which file or directory; empty where there is none.
    pub path: PathBuf,
    /// What was written.
    pub data: Option<Box<[u8]>>,
    /// The kernel's answer; `None` where cgrove itself stopped.
    pub errno: Option<Errno>,
    /// What it means and what to do.
    pub text: String,
}

impl Failure {
    /// A failure of `operation` on `path` with the kernel's answer, explained by its errno.
    #[must_use]
    pub fn new(operation: &'static str, path: &Path, errno: Errno) -> Self {
        Self { operation, path: path.to_owned(), data: None, errno: Some(errno), text: meaning(errno).to_owned() }
    }

    /// A failure that no system call reported.
    #[must_use]
    pub fn said(operation: &'static str, path: &Path, text: impl Into<String>) -> Self {
        Self { operation, path: path.to_owned(), data: None, errno: None, text: text.into() }
    }

    /// The same with what was written.
    #[must_use]
    pub fn with_data(mut self, data: &[u8]) -> Self {
        self.data = Some(Box::from(data));
        self
    }

    /// The same with a better explanation.
    #[must_use]
    pub fn because(mut self, text: impl Into<String>) -> Self {
        self.text = text.into();
        self
    }

    fn line(&self) -> String {
        use std::os::unix::ffi::OsStrExt as _;
        let mut line = self.operation.to_owned();
        if let Some(data) = &self.data {
            line = format!("{line} \"{}\"", escape(data));
        }
        if !self.path.as_os_str().is_empty() {
            line = format!("{line} {}", escape(self.path.as_os_str().as_bytes()));
        }
        if let Some(errno) = self.errno {
            line = format!("{line}: {errno}");
        }
        if !self.text.is_empty() {
            line.push_str(": ");
            line.push_str(&self.text);
        }
        line
    }
}

/// What an errno means on a cgroup file in general; callers that know more say more.
#[must_use]
pub fn meaning(errno: Errno) -> &'static str {
    match errno {
        Errno::EPERM => "not permitted",
        Errno::EACCES => "no permission to write here",
        Errno::ENOENT | Errno::ENODEV => "the group is gone",
        Errno::ESRCH => "the process has ended",
        Errno::EBUSY => "tasks, child groups or a mount stand in the way",
        Errno::EEXIST => "it exists already",
        Errno::EROFS => "mounted read-only",
        Errno::EINVAL => "the kernel does not accept this value here",
        Errno::ERANGE => "out of range",
        Errno::ENOSPC => "the cpuset has no CPU or no memory node",
        Errno::EOPNOTSUPP => "the group is inside a threaded subtree",
        Errno::E2BIG => "too long",
        Errno::EAGAIN => "a limit on groups or processes is reached",
        _ => "",
    }
}

/// The errno of an I/O error; EIO for one that no system call made.
#[must_use]
pub fn errno(error: &io::Error) -> Errno {
    error.raw_os_error().map_or(Errno::EIO, Errno)
}

/// The errno of a rustix error.
#[must_use]
pub fn raw(error: rustix::io::Errno) -> Errno {
    Errno(error.raw_os_error())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failure_tells_everything_in_one_line() {
        let failure = Failure::new("write", Path::new("/g/cpu.shares"), Errno::EINVAL).with_data(b"a\x1b");
        assert_eq!(
            failure.to_string(),
            "write \"a\\x1b\" /g/cpu.shares: EINVAL: the kernel does not accept this value here"
        );
        assert_eq!(Failure::said("launch", Path::new(""), "no answer").to_string(), "launch: no answer");
    }
}
