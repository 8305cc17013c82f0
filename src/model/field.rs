//! One value of a kernel file, or the reason why there is none.
use super::errno::Errno;
use super::time::Mono;

/// What a read of one value gave. There is no default value: what could not be read says so.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Field<T> {
    /// The file does not exist here (the controller is not enabled, or this kernel has no such file).
    Absent,
    /// The read was refused with this errno.
    Denied(Errno),
    /// The file was read but its text is not what the kernel documents; the text, shortened.
    Malformed(Box<str>),
    /// Nobody has read it (yet): it was not of interest.
    Unread,
    /// The value, and when it was read: rates use the two read times of the value itself, never the tick's.
    Value {
        /// The value.
        v: T,
        /// The monotonic time of this very read.
        at: Mono,
    },
}

impl<T> Field<T> {
    /// A value read at `at`.
    pub fn new(v: T, at: Mono) -> Self {
        Self::Value { v, at }
    }

    /// The value, if there is one.
    pub fn value(&self) -> Option<&T> {
        match self {
            Self::Value { v, .. } => Some(v),
            _ => None,
        }
    }

    /// The value and the time of its read, if there is one.
    pub fn dated(&self) -> Option<(&T, Mono)> {
        match self {
            Self::Value { v, at } => Some((v, *at)),
            _ => None,
        }
    }

    /// The same field with its value mapped.
    pub fn map<U>(self, f: impl FnOnce(T) -> U) -> Field<U> {
        match self {
            Self::Absent => Field::Absent,
            Self::Denied(errno) => Field::Denied(errno),
            Self::Malformed(text) => Field::Malformed(text),
            Self::Unread => Field::Unread,
            Self::Value { v, at } => Field::Value { v: f(v), at },
        }
    }

    /// The same field, borrowing its value.
    pub fn as_ref(&self) -> Field<&T> {
        match self {
            Self::Absent => Field::Absent,
            Self::Denied(errno) => Field::Denied(*errno),
            Self::Malformed(text) => Field::Malformed(text.clone()),
            Self::Unread => Field::Unread,
            Self::Value { v, at } => Field::Value { v, at: *at },
        }
    }
}

impl<T: Copy> Field<T> {
    /// The value by copy, if there is one.
    pub fn get(&self) -> Option<T> {
        self.value().copied()
    }
}
