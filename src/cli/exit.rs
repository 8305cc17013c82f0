//! Exit codes: others script against them.
use std::process::ExitCode;

/// What the process says when it ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Code {
    /// 0: done.
    Done,
    /// 1: the check failed (verify out of tolerance).
    CheckFailed,
    /// 2: usage, or a file that is wrong.
    Usage,
    /// 3: the host does not permit or support it.
    Host,
    /// 4: failed while doing; what was done and rolled back was said.
    Failed,
    /// 130: interrupted, and cleaned up.
    Interrupted,
}

impl Code {
    /// The number.
    #[must_use]
    pub fn number(self) -> u8 {
        match self {
            Self::Done => 0,
            Self::CheckFailed => 1,
            Self::Usage => 2,
            Self::Host => 3,
            Self::Failed => 4,
            Self::Interrupted => 130,
        }
    }
}

impl From<Code> for ExitCode {
    fn from(code: Code) -> Self {
        Self::from(code.number())
    }
}

/// An error that knows its exit code. Any other error is [`Code::Failed`].
#[derive(Debug, thiserror::Error)]
#[error("{message}")]
pub struct Coded {
    /// The exit code.
    pub code: Code,
    /// The whole message, possibly of several lines.
    pub message: String,
}

impl Coded {
    /// An error of usage or in a file: exit 2.
    pub fn usage(message: impl Into<String>) -> anyhow::Error {
        Self { code: Code::Usage, message: message.into() }.into()
    }

    /// Something the host does not permit or support: exit 3.
    pub fn host(message: impl Into<String>) -> anyhow::Error {
        Self { code: Code::Host, message: message.into() }.into()
    }

    /// The exit code of any error.
    #[must_use]
    pub fn of(error: &anyhow::Error) -> Code {
        error.downcast_ref::<Self>().map_or(Code::Failed, |coded| coded.code)
    }
}
