//! What the kernel says of a part of its hierarchies, read with std alone: nothing of what is under test.
//!
//! "As before" (DESIGN 5) is: the groups, every file of theirs that can be set, their owners and modes, and which tasks, by
//! number and start time, are in them. Counters, inodes and identities are not looked at.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

/// What was seen, by what it is of: `/sys/fs/cgroup/cpu/x/a cpu.shares`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Look(pub(crate) BTreeMap<String, String>);

impl Look {
    /// Looks at these groups and all below.
    ///
    /// # Errors
    /// If a group that is there cannot be read.
    pub(crate) fn at(directories: &[PathBuf]) -> io::Result<Self> {
        let mut look = Self::default();
        for directory in directories {
            look.group(directory)?;
        }
        Ok(look)
    }

    fn group(&mut self, directory: &Path) -> io::Result<()> {
        let shown = directory.as_os_str().as_bytes().escape_ascii().to_string();
        let found = fs::metadata(directory)?;
        let owner = |found: &fs::Metadata| format!("{}:{} {:o}", found.uid(), found.gid(), found.mode() & 0o7777);
        self.0.insert(format!("{shown} (owner)"), owner(&found));
        self.0.insert(format!("{shown} (tasks)"), tasks(directory)?.join(" "));
        for entry in fs::read_dir(directory)? {
            let entry = entry?;
            let (path, name) = (entry.path(), entry.file_name().to_string_lossy().into_owned());
            if entry.file_type()?.is_dir() {
                self.group(&path)?;
                continue;
            }
            let found = fs::metadata(&path)?;
            self.0.insert(format!("{shown} {name} (owner)"), owner(&found));
            if is_setting(&name, found.mode()) {
                // Some files read only where something is switched on.
                let text = fs::read_to_string(&path).unwrap_or_else(|error| format!("({error})"));
                self.0.insert(format!("{shown} {name}"), settled(&name, &text));
            }
        }
        Ok(())
    }

    /// What differs from an earlier look, a line each.
    pub(crate) fn differs_from(&self, before: &Self) -> Vec<String> {
        let absent = || "(absent)".to_owned();
        let keys = before.0.keys().chain(self.0.keys().filter(|key| !before.0.contains_key(*key)));
        keys.filter(|key| before.0.get(*key) != self.0.get(*key))
            .map(|key| {
                let value = |look: &Self| look.0.get(key).cloned().unwrap_or_else(absent);
                format!("{key}: was {:?}, is {:?}", value(before), value(self))
            })
            .collect()
    }
}

/// The live tasks of a group as `number@start`.
pub(crate) fn tasks(directory: &Path) -> io::Result<Vec<String>> {
    let list = ["tasks", "cgroup.threads"].iter().find_map(|file| fs::read_to_string(directory.join(file)).ok());
    let list = list.ok_or_else(|| io::Error::other(format!("{}: no list of tasks", directory.display())))?;
    let mut tasks: Vec<String> = list
        .lines()
        .filter_map(|tid| {
            let start = start(tid.parse().ok()?)?;
            Some(format!("{tid}@{start}"))
        })
        .collect();
    tasks.sort();
    tasks.dedup();
    Ok(tasks)
}

/// Start time of a task that has not exited: field 22 of `/proc/TID/stat`.
pub(crate) fn start(tid: i32) -> Option<u64> {
    let text = fs::read_to_string(format!("/proc/{tid}/stat")).ok()?;
    let fields: Vec<&str> = text.get(text.rfind(')')? + 2..)?.split(' ').collect();
    let ended = matches!(*fields.first()?, "Z" | "X");
    if ended { None } else { fields.get(19)?.parse().ok() }
}

/// Whether a file of a group holds something that is set and stays.
fn is_setting(name: &str, mode: u32) -> bool {
    /// Counts that a write begins anew, and lists of tasks.
    const COUNTS: &[&str] = &[
        "tasks",
        "cgroup.procs",
        "cgroup.threads",
        "cpuacct.usage",
        "memory.peak",
        "memory.swap.peak",
        "memory.force_empty",
    ];
    /// What cannot be written, and follows from what was.
    const DERIVED: &[&str] = &[
        "cgroup.controllers",
        "cpuset.effective_cpus",
        "cpuset.effective_mems",
        "cpuset.cpus.effective",
        "cpuset.mems.effective",
        "cpuset.cpus.exclusive.effective",
        "devices.list",
        "freezer.self_freezing",
        "freezer.parent_freezing",
    ];
    let counts =
        COUNTS.contains(&name) || ["failcnt", "max_usage_in_bytes", ".pressure"].iter().any(|end| name.ends_with(end));
    DERIVED.contains(&name) || (mode & 0o222 != 0 && mode & 0o444 != 0 && !counts)
}

/// The part of a file's text that is set and stays.
fn settled(name: &str, text: &str) -> String {
    match name {
        "memory.oom_control" => text.lines().filter(|line| line.starts_with("oom_kill_disable")).collect(),
        // A line each device, in an order that is the kernel's own.
        _ if name.starts_with("blkio.") || name.starts_with("io.") => {
            let mut lines: Vec<&str> = text.lines().collect();
            lines.sort_unstable();
            lines.join("\n")
        }
        _ => text.trim_end().to_owned(),
    }
}
