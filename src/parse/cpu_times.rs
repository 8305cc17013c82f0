//! `/proc/stat`: the `cpuN` lines, in clock ticks (`USER_HZ`) since boot.
use std::collections::BTreeMap;

use super::number::digits;
use super::words;

/// What one CPU did since boot, in clock ticks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CpuTimes {
    /// Running something: user, nice, system, irq, softirq. Guest time is in user already.
    pub busy: u64,
    /// Idle, or idle while waiting for a disk.
    pub idle: u64,
    /// Given to others by the hypervisor.
    pub steal: u64,
}

/// Reads the lines of the single CPUs; every other line, and a line that is not what the kernel documents, is left out.
#[must_use]
pub fn cpu_times(text: &[u8]) -> BTreeMap<u32, CpuTimes> {
    text.split(|&byte| byte == b'\n').filter_map(line).collect()
}

fn line(line: &[u8]) -> Option<(u32, CpuTimes)> {
    let mut fields = words(line);
    let cpu = digits(fields.next()?.strip_prefix(b"cpu")?)?;
    let numbers: Vec<u64> = fields.map(digits).collect::<Option<_>>()?;
    // user nice system idle iowait irq softirq steal; later ones are parts of these.
    let [user, nice, system, idle, iowait, irq, softirq, steal] = *numbers.first_chunk::<8>()?;
    let times = CpuTimes { busy: user + nice + system + irq + softirq, idle: idle + iowait, steal };
    Some((u32::try_from(cpu).ok()?, times))
}

#[cfg(test)]
mod tests {
    use super::{CpuTimes, cpu_times};

    #[test]
    fn single_cpus_are_read_and_the_sum_is_not() {
        let text = b"cpu  3 0 0 9 0 0 0 0 0 0\ncpu0 1 2 3 40 5 6 7 8 0 0\ncpu12 1 0 0 1 0 0 0 0 0 0\nintr 5\n";
        let found = cpu_times(text);
        assert_eq!(found.len(), 2);
        assert_eq!(found[&0], CpuTimes { busy: 19, idle: 45, steal: 8 });
        assert_eq!(found[&12], CpuTimes { busy: 1, idle: 1, steal: 0 });
    }

    #[test]
    fn malformed_lines_are_left_out() {
        assert!(cpu_times(b"cpu0 1 2 x 4 5 6 7 8\ncpu1 1 2 3\ncpuX 1 2 3 4 5 6 7 8\n\n").is_empty());
    }
}
