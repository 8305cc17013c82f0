//! Where copied text also goes: a file, because not every terminal takes OSC 52.
use std::fs;
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::PathBuf;

/// The file of what was copied last.
pub const COPIED: &str = "cgrove-copied.sh";

/// Writes `text` into a file of the user's of this name and says which: below `XDG_RUNTIME_DIR`, else below the state directory.
///
/// # Errors
/// If neither can be written.
pub fn keep(name: &str, text: &str) -> io::Result<PathBuf> {
    let directory = match std::env::var_os("XDG_RUNTIME_DIR").filter(|value| !value.is_empty()) {
        Some(runtime) => PathBuf::from(runtime),
        None => crate::effect::journal::locations()
            .into_iter()
            .next()
            .ok_or_else(|| io::Error::other("no home directory is known; set XDG_STATE_HOME"))?,
    };
    fs::create_dir_all(&directory)?;
    let path = directory.join(name);
    let mut file = fs::OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&path)?;
    writeln!(file, "{text}")?;
    Ok(path)
}
