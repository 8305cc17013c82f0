//! What can go wrong so badly that there is nothing to show.
use crate::model::bytes::escape;
use crate::model::errno::Errno;
use crate::parse;

use super::fs::Fs;

/// A file without which a host cannot be shown, and what is wrong with it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// It could not be read.
    #[error("cannot read {path}: {errno}. {hint}")]
    Read {
        /// The path, escaped for a screen.
        path: String,
        /// What the kernel said.
        errno: Errno,
        /// What it means and what to do.
        hint: &'static str,
    },
    /// Its text is not what the kernel documents.
    #[error("cannot understand {path}: {source}")]
    Parse {
        /// The path, escaped for a screen.
        path: String,
        /// What is wrong.
        source: parse::Error,
    },
}

/// Most that is read of one file of /proc.
pub(crate) const MOST: usize = 4 << 20;

/// A file that must be there.
pub(crate) fn need(fs: &dyn Fs, path: &[u8], hint: &'static str) -> Result<Vec<u8>, Error> {
    fs.read(path, MOST).map_err(|errno| Error::Read { path: escape(path), errno, hint })
}

/// Wraps an error of the text at `path`.
pub(crate) fn bad(path: &[u8]) -> impl FnOnce(parse::Error) -> Error + '_ {
    move |source| Error::Parse { path: escape(path), source }
}
