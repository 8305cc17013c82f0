//! How busy each CPU is: the base on which a quiet one is chosen.
use std::collections::BTreeMap;

use crate::parse::cpu_times::{CpuTimes, cpu_times};

use super::error::{Error, need};
use super::fs::Fs;

const STAT: &[u8] = b"/proc/stat";

/// Two readings of `/proc/stat`.
#[derive(Clone, Debug)]
pub struct Load {
    before: BTreeMap<u32, CpuTimes>,
}

impl Load {
    /// Takes the first reading.
    ///
    /// # Errors
    /// If `/proc/stat` cannot be read.
    pub fn begin(fs: &dyn Fs) -> Result<Self, Error> {
        Ok(Self { before: read(fs)? })
    }

    /// How busy each CPU was since the last reading, 0 to 1, time that the hypervisor took included; a CPU whose clock did
    /// not move is left out. This reading is the next one's first.
    ///
    /// # Errors
    /// If `/proc/stat` cannot be read.
    pub fn since(&mut self, fs: &dyn Fs) -> Result<BTreeMap<u32, f64>, Error> {
        let now = read(fs)?;
        let load = now
            .iter()
            .filter_map(|(&cpu, now)| {
                let before = self.before.get(&cpu)?;
                let busy = (now.busy + now.steal).saturating_sub(before.busy + before.steal);
                let all = busy + now.idle.saturating_sub(before.idle);
                (all > 0).then(|| (cpu, busy as f64 / all as f64))
            })
            .collect();
        self.before = now;
        Ok(load)
    }
}

fn read(fs: &dyn Fs) -> Result<BTreeMap<u32, CpuTimes>, Error> {
    Ok(cpu_times(&need(fs, STAT, "is /proc mounted?")?))
}
