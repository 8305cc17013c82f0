//! A value into a file of a group.
use std::thread::sleep;
use std::time::{Duration, Instant};

use super::group::Group;
use crate::effect::directories::Directories;
use crate::effect::failure::{Failure, raw};
use crate::model::errno::Errno;
use crate::model::id::GroupKey;
use crate::model::place::Place;
use crate::plan::step::Outcome;

/// How long the tasks of a group may take to freeze.
const FREEZING: Duration = Duration::from_millis(100);

/// One `write`, since one write is one command to the kernel; then what the file reads.
pub(super) fn write(
    directories: &dyn Directories,
    at: &Place,
    key: Option<GroupKey>,
    name: &str,
    data: &[u8],
) -> Result<Outcome, Failure> {
    let group = Group::open("write", directories, at, key)?;
    let path = group.file(name);
    let failed = |errno: Errno| Failure::new("write", &path, errno).with_data(data);
    let file = group.open_to_write(name).map_err(|errno| {
        let failure = failed(errno);
        if errno == Errno::ENOENT { failure.because("there is no such file in this group") } else { failure }
    })?;
    put(&file, data).map_err(failed)?;
    if name == "freezer.state" && data == b"FROZEN" {
        settle(&group);
    }
    // Only for writing (cgroup.kill), or gone with its group: then there is nothing to read back.
    Ok(Outcome::Stored(group.read(name).ok()))
}

/// v1 freezes one task after the other and reads `FREEZING` meanwhile. A task that cannot be frozen now is waited for no longer.
fn settle(group: &Group) {
    let limit = Instant::now() + FREEZING;
    while Instant::now() < limit && group.read("freezer.state").is_ok_and(|state| &*state == b"FREEZING") {
        sleep(Duration::from_millis(1));
    }
}

/// Writes all of `data` with one system call. Nothing at all would be no command: an emptied list is written as a newline.
pub(in crate::effect) fn put(file: &impl std::os::fd::AsFd, data: &[u8]) -> Result<(), Errno> {
    let data = if data.is_empty() { b"\n" } else { data };
    loop {
        match rustix::io::write(file, data) {
            Ok(count) if count == data.len() => return Ok(()),
            // cgroupfs takes a write whole or not at all.
            Ok(_) => return Err(Errno::EIO),
            Err(rustix::io::Errno::INTR) => {}
            Err(errno) => return Err(raw(errno)),
        }
    }
}
