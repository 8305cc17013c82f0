//! How busy each CPU is: the base on which a quiet one is chosen.
use std::collections::BTreeMap;

use procfs::{CpuTime, FromBufReadSI, KernelStats, LocalSystemInfo};

use crate::model::cpu_set::CpuSet;

use super::error::{Error, need};
use super::fs::Fs;

const STAT: &[u8] = b"/proc/stat";
const ONLINE: &[u8] = b"/sys/devices/system/cpu/online";

/// What one CPU did since boot, in clock ticks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Ticks {
    /// Running something, or given to others by the hypervisor.
    busy: u64,
    /// Idle, or idle while waiting for a disk.
    idle: u64,
}

/// Two readings of `/proc/stat`.
#[derive(Clone, Debug)]
pub struct Load {
    before: BTreeMap<u32, Ticks>,
}

impl Load {
    /// Takes the first reading.
    ///
    /// # Errors
    /// If `/proc/stat` cannot be read.
    pub fn begin(fs: &dyn Fs) -> Result<Self, Error> {
        Ok(Self { before: read(fs)? })
    }

    /// How busy each CPU was since the last reading, 0 to 1; a CPU whose clock did not move, or that came or went, is left
    /// out. This reading is the next one's first.
    ///
    /// # Errors
    /// If `/proc/stat` cannot be read.
    pub fn since(&mut self, fs: &dyn Fs) -> Result<BTreeMap<u32, f64>, Error> {
        let now = read(fs)?;
        let load = now
            .iter()
            .filter_map(|(&cpu, now)| {
                let before = self.before.get(&cpu)?;
                let busy = now.busy.saturating_sub(before.busy);
                let all = busy + now.idle.saturating_sub(before.idle);
                (all > 0).then(|| (cpu, busy as f64 / all as f64))
            })
            .collect();
        self.before = now;
        Ok(load)
    }
}

/// The lines of single CPUs. They carry numbers that the crate drops, but are those of the online CPUs, rising; where the
/// two lists differ in length (a CPU came or went between the reads), nothing is known.
fn read(fs: &dyn Fs) -> Result<BTreeMap<u32, Ticks>, Error> {
    let text = need(fs, STAT, "is /proc mounted?")?;
    let online = fs.read(ONLINE, 4096).unwrap_or_default();
    let online = std::str::from_utf8(&online).ok().and_then(CpuSet::parse).unwrap_or_default();
    let times = KernelStats::from_buf_read(&*text, &LocalSystemInfo).map(|stats| stats.cpu_time).unwrap_or_default();
    if times.len() != online.len() {
        return Ok(BTreeMap::new());
    }
    Ok(online.iter().zip(times.iter().map(ticks)).collect())
}

/// Guest time is in user time already.
fn ticks(time: &CpuTime) -> Ticks {
    let or_0 = |part: Option<u64>| part.unwrap_or(0);
    Ticks {
        busy: time.user + time.nice + time.system + or_0(time.irq) + or_0(time.softirq) + or_0(time.steal),
        idle: time.idle + or_0(time.iowait),
    }
}

#[cfg(test)]
mod tests {
    use super::Load;
    use crate::kernel::fixture::Fixture;

    fn stat(rows: &str) -> String {
        let rest = "intr 5\nctxt 1\nbtime 1\nprocesses 1\nprocs_running 1\nprocs_blocked 0\n";
        format!("cpu  1 2 3 4 5 6 7 8 0 0\n{rows}{rest}")
    }

    fn host(online: &str, rows: &str) -> String {
        let indented = |text: &str| format!("|{}\n", text.trim_end().replace('\n', "\n|"));
        format!("file /proc/stat\n{}file /sys/devices/system/cpu/online\n{}", indented(&stat(rows)), indented(online))
    }

    #[test]
    fn steal_counts_as_busy_and_offline_cpus_keep_the_numbers_right() {
        let fs = Fixture::parse(&host("0,2", "cpu0 0 0 0 100 0 0 0 0 0 0\ncpu2 50 0 0 50 0 0 0 0 0 0\n")).unwrap();
        let mut load = Load::begin(&fs).unwrap();
        fs.apply(&host("0,2", "cpu0 10 0 10 150 0 5 5 20 0 0\ncpu2 50 0 0 150 0 0 0 0 0 0\n")).unwrap();
        let since = load.since(&fs).unwrap();
        assert_eq!(since.into_iter().collect::<Vec<_>>(), [(0, 0.5), (2, 0.0)]);
    }

    #[test]
    fn a_list_that_does_not_fit_says_nothing() {
        let fs = Fixture::parse(&host("0-1", "cpu0 0 0 0 100 0 0 0 0 0 0\n")).unwrap();
        let mut load = Load::begin(&fs).unwrap();
        assert!(load.since(&fs).unwrap().is_empty());
    }
}
