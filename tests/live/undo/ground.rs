//! Where plans are played: in every hierarchy of this host a group of the trial's own, below it groups with settings, and in
//! those, processes with several threads. To cgrove all of this is foreign.

use super::look::Look;
use super::sleeper::Sleeper;
use super::values::{self, pick};
use crate::host::Host;
use crate::random::Random;
use libtest_mimic::Failed;
use nix::sys::signal::kill;
use nix::unistd::Pid;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};

const PREFIX: &str = "cgrove-undo-";

/// The trial's part of one hierarchy.
#[derive(Clone, Debug)]
pub(crate) struct Land {
    /// The trial's group in it.
    pub(crate) directory: PathBuf,
    /// 1 or 2.
    pub(crate) version: u8,
}

/// All of it.
pub(crate) struct Ground {
    pub(crate) lands: Vec<Land>,
    pub(crate) sleepers: Vec<Sleeper>,
}

impl Ground {
    /// A ground with groups, settings and processes that follow from a seed.
    ///
    /// # Errors
    /// What the kernel says.
    pub(crate) fn new(host: &Host, seed: u64) -> Result<Self, Failed> {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let name = format!("{PREFIX}{}-{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed));
        let mut ground = Self { lands: Vec::new(), sleepers: Vec::new() };
        for hierarchy in host.hierarchies() {
            remove_stale(&hierarchy.mount);
            let directory = hierarchy.mount.join(&name);
            // A hierarchy in which none can be made is left out.
            if fs::create_dir(&directory).is_ok() {
                ground.lands.push(Land { directory, version: hierarchy.version });
            }
        }
        if ground.lands.is_empty() {
            return Err("no hierarchy permits to make a group".into());
        }
        let mut random = Random::new(seed);
        for land in &ground.lands {
            furnish(&mut random, land)?;
        }
        for _ in 0..random.within(3, 5) {
            let threads = random.within(1, 4);
            let sleeper = Sleeper::start(threads)?;
            for land in &ground.lands {
                settle(&mut random, land, &sleeper)?;
            }
            ground.sleepers.push(sleeper);
        }
        Ok(ground)
    }

    /// What the kernel says of it.
    ///
    /// # Errors
    /// If a group cannot be read.
    pub(crate) fn look(&self) -> io::Result<Look> {
        let directories: Vec<PathBuf> = self.lands.iter().map(|land| land.directory.clone()).collect();
        Look::at(&directories)
    }

    /// Removes everything.
    ///
    /// # Errors
    /// What is left.
    pub(crate) fn clear(&mut self) -> Result<(), Failed> {
        for land in &self.lands {
            thaw(&land.directory);
        }
        self.sleepers.clear();
        for land in std::mem::take(&mut self.lands) {
            crate::stage::remove(&land.directory)?;
        }
        Ok(())
    }
}

impl Drop for Ground {
    fn drop(&mut self) {
        // After a failure; what it cannot remove, the next run does.
        let _ = self.clear();
    }
}

/// Groups and settings. What the kernel refuses is left as it is.
fn furnish(random: &mut Random, land: &Land) -> io::Result<()> {
    let top = &land.directory;
    inherit(top)?;
    if land.version == 2 {
        enable(top);
    }
    for path in ["a", "a/b", "a/b/c", "d", "d/e", "f"] {
        let group = top.join(path);
        if random.one_in(6) || !group.parent().is_some_and(Path::is_dir) {
            continue;
        }
        // A limit that was set a moment ago may stand against it.
        if fs::create_dir(&group).is_err() {
            continue;
        }
        if !random.one_in(4) {
            inherit(&group)?;
        }
        // /dev/null at least, or nothing could be launched there.
        if random.one_in(3) && fs::write(group.join("devices.deny"), "a").is_ok() {
            let _ = fs::write(group.join("devices.allow"), "c 1:3 rwm");
            let _ = fs::write(group.join("devices.allow"), "c 1:5 r");
        }
        let files = super::choose::files(&group);
        for _ in 0..random.within(0, 4) {
            let file = pick(random, &files);
            if let Some(value) = values::value(random, file).filter(|_| !file.contains("freeze")) {
                let _ = fs::write(group.join(file), value);
            }
        }
        if land.version == 2 && random.one_in(2) {
            enable(&group);
        }
    }
    Ok(())
}

/// v1: a cpuset starts empty; this one gets what its parent has.
pub(crate) fn inherit(group: &Path) -> io::Result<()> {
    for file in ["cpuset.cpus", "cpuset.mems"] {
        let path = group.join(file);
        if !path.exists() || group.join("cgroup.controllers").exists() {
            continue;
        }
        let above = group.parent().map(|parent| fs::read_to_string(parent.join(file))).transpose()?.unwrap_or_default();
        // It fails where the group above has none itself, or an exclusive sibling has them.
        let _ = fs::write(path, above.trim());
    }
    Ok(())
}

/// v2: all controllers for the children.
fn enable(group: &Path) {
    for controller in fs::read_to_string(group.join("cgroup.controllers")).unwrap_or_default().split_whitespace() {
        let _ = fs::write(group.join("cgroup.subtree_control"), format!("+{controller}"));
    }
}

/// A process into a group, on v1 sometimes a thread of it into another.
fn settle(random: &mut Random, land: &Land, sleeper: &Sleeper) -> Result<(), Failed> {
    let mut groups = super::choose::groups(&land.directory);
    let into = |random: &mut Random, groups: &mut Vec<PathBuf>, file: &str, number: u32| {
        while !groups.is_empty() {
            let last = u64::try_from(groups.len()).unwrap_or(1) - 1;
            let group = groups.swap_remove(usize::try_from(random.within(0, last)).unwrap_or(0));
            if fs::write(group.join(file), number.to_string()).is_ok() {
                return true;
            }
        }
        false
    };
    if !into(random, &mut groups, "cgroup.procs", sleeper.pid()) {
        return Err(format!("no group of {} takes a process", land.directory.display()).into());
    }
    if land.version == 1 && random.one_in(3) {
        for thread in sleeper.threads()?.into_iter().skip(1).filter(|_| random.one_in(2)).collect::<Vec<_>>() {
            into(random, &mut super::choose::groups(&land.directory), "tasks", thread);
        }
    }
    Ok(())
}

/// Lets go on what is held, so that it can end.
fn thaw(directory: &Path) {
    for group in super::choose::groups(directory) {
        let _ = fs::write(group.join("freezer.state"), "THAWED");
        let _ = fs::write(group.join("cgroup.freeze"), "0");
    }
}

/// Removes what a killed run left.
fn remove_stale(mount: &Path) {
    for entry in fs::read_dir(mount).into_iter().flatten().flatten() {
        let name = entry.file_name();
        let rest = name.to_str().and_then(|name| name.strip_prefix(PREFIX)).and_then(|rest| rest.split_once('-'));
        let pid = rest.and_then(|(pid, _)| pid.parse().ok());
        if pid.is_some_and(|pid| kill(Pid::from_raw(pid), None) == Err(nix::errno::Errno::ESRCH)) {
            thaw(&entry.path());
            let _ = crate::stage::remove(&entry.path());
        }
    }
}
