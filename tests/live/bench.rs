//! What a trial works with: a group of its own below the stage.

use crate::host::Hierarchy;
use crate::spinner::Spinner;
use crate::stage::{self, Stage};
use libtest_mimic::Failed;
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// A group of a trial's own, and the processes it started.
pub(crate) struct Bench {
    group: PathBuf,
    hierarchy: Hierarchy,
    /// A CPU that this process may use.
    cpu: usize,
    /// Held while a trial measures.
    _alone: Option<nix::fcntl::Flock<File>>,
}

impl Bench {
    /// Makes the group. With `alone` it first waits until no other trial measures on this host.
    ///
    /// # Errors
    /// What the kernel says.
    pub(crate) fn new(stage: &Stage, name: &str, alone: bool) -> io::Result<Self> {
        let alone = if alone { Some(stage.alone()?) } else { None };
        let hierarchy = stage.hierarchy()?.clone();
        let group = stage.directory()?.join(name.replace("::", "-"));
        fs::create_dir(&group)?;
        if alone.is_some() {
            // Trials that do not measure run beside it.
            let (file, most) = if hierarchy.version == 1 { ("cpu.shares", "262144") } else { ("cpu.weight", "10000") };
            stage::write(&group.join(file), most)?;
        }
        if hierarchy.version == 2 {
            stage::write(&group.join("cgroup.subtree_control"), "+cpu")?;
        }
        // The last CPU has the fewest interrupts on most hosts.
        let cpu = stage.host().cpus.last().copied().ok_or_else(|| io::Error::other("no CPU may be used"))?;
        Ok(Self { group, hierarchy, cpu, _alone: alone })
    }

    /// The directory of the trial's group.
    pub(crate) fn group(&self) -> &Path {
        &self.group
    }

    /// Where the hierarchy is mounted.
    pub(crate) fn mount(&self) -> &Path {
        &self.hierarchy.mount
    }

    /// Makes a group below it with a weight, in the units of this hierarchy.
    ///
    /// # Errors
    /// What the kernel says.
    pub(crate) fn make(&self, path: &str, weight: u64) -> io::Result<PathBuf> {
        let group = self.group.join(path);
        if self.hierarchy.version == 2
            && let Some(parent) = group.parent()
        {
            stage::write(&parent.join("cgroup.subtree_control"), "+cpu")?;
        }
        fs::create_dir(&group)?;
        stage::write(&group.join(self.weight_file()), &weight.to_string())?;
        Ok(group)
    }

    /// The file of the weight here.
    pub(crate) fn weight_file(&self) -> &'static str {
        if self.hierarchy.version == 1 { "cpu.shares" } else { "cpu.weight" }
    }

    /// Starts a busy loop in a group, on the one CPU that all loops of this trial share.
    ///
    /// # Errors
    /// If it cannot enter the group or the CPU.
    pub(crate) fn spin(&self, group: &Path) -> io::Result<Spinner> {
        Spinner::start(group, self.cpu)
    }

    /// Removes everything.
    ///
    /// # Errors
    /// What is left.
    pub(crate) fn clear(&self) -> Result<(), Failed> {
        Ok(stage::remove(&self.group)?)
    }
}

impl Drop for Bench {
    fn drop(&mut self) {
        // After a panic; otherwise there is nothing left. What cannot be removed is reported by the stage.
        let _ = stage::remove(&self.group);
    }
}

/// The parts of CPU time that some loops get of what they get together over a time.
///
/// # Errors
/// If one of them ended.
pub(crate) fn parts<const N: usize>(loops: [&Spinner; N], time: Duration) -> io::Result<[f64; N]> {
    let read = || -> io::Result<Vec<u64>> { loops.iter().map(|one| one.ran_ns()).collect() };
    let before = read()?;
    std::thread::sleep(time);
    let after = read()?;
    let spent: Vec<u64> = after.iter().zip(&before).map(|(after, before)| after - before).collect();
    let sum: u64 = spent.iter().sum();
    if sum == 0 {
        return Err(io::Error::other("the loops got no CPU time at all"));
    }
    #[expect(clippy::cast_precision_loss, reason = "nanoseconds of a few seconds: below 2^53")]
    Ok(std::array::from_fn(|one| spent[one] as f64 / sum as f64))
}
