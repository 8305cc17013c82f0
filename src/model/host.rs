//! Facts of the host that do not change from tick to tick, passed in rather than looked up.
use super::cpu_set::CpuSet;
use super::hierarchy::Mode;

/// What host this is, and what cgrove is on it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Host {
    /// The host's name, bytes made text.
    pub name: String,
    /// Kernel release (`uname -r`).
    pub release: String,
    /// `/proc/sys/kernel/random/boot_id`.
    pub boot_id: String,
    /// CPUs that are online.
    pub online: CpuSet,
    /// CPUs this process may run on.
    pub allowed: CpuSet,
    /// Clock ticks a second of `/proc/PID/stat` (`USER_HZ`, 100).
    pub user_hz: u64,
    /// The scheduler's tick in nanoseconds, the step of a running task's counters: 4 ms where it is not known.
    pub tick_ns: u64,
    /// Autogroup is compiled in and on (`/proc/sys/kernel/sched_autogroup_enabled` is 1).
    pub autogroup: bool,
    /// systemd manages the host (`/run/systemd/system` exists).
    pub systemd: bool,
    /// Legacy, hybrid or unified.
    pub mode: Mode,
    /// Effective user id of cgrove.
    pub uid: u32,
    /// Its name, or the number.
    pub user: String,
    /// Effective capabilities of cgrove (`CapEff`).
    pub capabilities: u64,
    /// cgrove's cgroup namespace is not the initial one (or that cannot be told: then `None`).
    pub in_cgroup_namespace: Option<bool>,
    /// cgrove's user namespace is not the initial one (or that cannot be told: then `None`). Capabilities count in it alone.
    pub in_user_namespace: Option<bool>,
    /// Process id of cgrove.
    pub pid: i32,
}

/// Bit of `CAP_SYS_ADMIN` in [`Host::capabilities`].
const CAP_SYS_ADMIN: u32 = 21;

impl Host {
    /// Whether cgrove has the capability that mounting needs (`CAP_SYS_ADMIN`), at least in its user namespace.
    #[must_use]
    pub fn may_mount(&self) -> bool {
        self.capabilities >> CAP_SYS_ADMIN & 1 == 1
    }

    /// Number of CPUs that are online, at least 1.
    #[must_use]
    pub fn cpus(&self) -> usize {
        self.online.len().max(1)
    }
}
