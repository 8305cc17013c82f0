//! Makes room in a delegated group: cgrove leaves it for a leaf below.
//!
//! v2 allows no process in a group that enables controllers for its children ("no internal processes"), and a delegated
//! scope begins with cgrove itself in it. The leaf goes with the scope, which systemd removes when its last process ends;
//! so this is the one change that stands in no journal.
use std::path::{Path, PathBuf};

use super::failure::{Failure, errno};

pub use crate::model::place::OWN_LEAF as LEAF;

/// Moves every process of the delegated group `directory` (cgrove, and the shell or manager that started it there) into
/// its leaf. To be called before the supervisor starts and before any thread.
///
/// # Errors
/// The leaf cannot be made, or a process cannot be moved; what was moved stays in the leaf, where it does no harm.
pub fn make(directory: &Path) -> Result<PathBuf, Failure> {
    let leaf = directory.join(LEAF);
    match std::fs::create_dir(&leaf) {
        Err(error) if error.kind() != std::io::ErrorKind::AlreadyExists => {
            return Err(Failure::new("mkdir", &leaf, errno(&error)).because("making room in the delegated group"));
        }
        _ => {}
    }
    let (from, to) = (directory.join("cgroup.procs"), leaf.join("cgroup.procs"));
    // Those that fork meanwhile: a few rounds find them all.
    for _ in 0..10 {
        let listed = std::fs::read_to_string(&from).map_err(|error| Failure::new("read", &from, errno(&error)))?;
        if listed.trim().is_empty() {
            break;
        }
        for pid in listed.split_ascii_whitespace() {
            match std::fs::OpenOptions::new().write(true).open(&to).and_then(|mut file| {
                use std::io::Write;
                file.write_all(pid.as_bytes())
            }) {
                Err(error) if error.raw_os_error() != Some(3) => {
                    return Err(Failure::new("move", &to, errno(&error)).with_data(pid.as_bytes()));
                }
                // Moved, or it has ended (ESRCH).
                _ => {}
            }
        }
    }
    Ok(leaf)
}
