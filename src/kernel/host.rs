//! The host's facts: everything that stands in a file of /proc, /sys or /etc, so that a fixture has it too.
use crate::model::bytes::escape;
use crate::model::cpu_set::CpuSet;
use crate::model::hierarchy::Mode;
use crate::model::host::Host;
use crate::parse::number::digits;
use crate::parse::passwd::user_name;
use crate::parse::status::status;

use super::error::{Error, MOST, bad, need};
use super::fs::Fs;

const STATUS: &[u8] = b"/proc/self/status";
/// The inode of the initial cgroup namespace: `PROC_CGROUP_INIT_INO` of the kernel, the same on every host.
const INITIAL_CGROUP_NAMESPACE: &[u8] = b"cgroup:[4026531835]";
/// The inode of the initial user namespace: `PROC_USER_INIT_INO` of the kernel, the same on every host.
const INITIAL_USER_NAMESPACE: &[u8] = b"user:[4026531837]";
/// `USER_HZ` of every architecture cgrove runs on.
const USER_HZ: u64 = 100;
const DEFAULT_TICK_NS: u64 = 4_000_000;

/// Reads them.
///
/// # Errors
/// If `/proc/self/status` cannot be read or understood. What else is missing has an honest substitute: an empty name, the
/// CPUs this process may run on for those that are online, 4 ms for the tick.
pub fn host(fs: &dyn Fs, mode: Mode) -> Result<Host, Error> {
    let own = need(fs, STATUS, "is /proc mounted, and of this pid namespace?")?;
    let own = status(&own).map_err(bad(STATUS))?;
    let release = line(fs, b"/proc/sys/kernel/osrelease").unwrap_or_default();
    let allowed = own.allowed.unwrap_or_else(|| fs.affinity(own.tgid).unwrap_or_default());
    let online = line(fs, b"/sys/devices/system/cpu/online").and_then(|list| CpuSet::parse(&list));
    let passwd = fs.read(b"/etc/passwd", MOST).unwrap_or_default();
    Ok(Host {
        name: line(fs, b"/proc/sys/kernel/hostname").unwrap_or_default(),
        boot_id: line(fs, b"/proc/sys/kernel/random/boot_id").unwrap_or_default(),
        online: online.filter(|online| !online.is_empty()).unwrap_or_else(|| allowed.clone()),
        allowed,
        user_hz: USER_HZ,
        tick_ns: tick_ns(fs, &release).unwrap_or(DEFAULT_TICK_NS),
        release,
        autogroup: line(fs, b"/proc/sys/kernel/sched_autogroup_enabled").as_deref() == Some("1"),
        systemd: fs.stat(b"/run/systemd/system").is_ok(),
        mode,
        uid: own.effective_uid,
        user: user_name(&passwd, own.effective_uid).unwrap_or_else(|| own.effective_uid.to_string()),
        capabilities: own.capabilities.unwrap_or(0),
        in_cgroup_namespace: fs.readlink(b"/proc/self/ns/cgroup").ok().map(|link| link != INITIAL_CGROUP_NAMESPACE),
        in_user_namespace: fs.readlink(b"/proc/self/ns/user").ok().map(|link| link != INITIAL_USER_NAMESPACE),
        pid: own.tgid,
    })
}

/// The one line of a file, escaped for a screen; `None` if it cannot be read.
fn line(fs: &dyn Fs, path: &[u8]) -> Option<String> {
    fs.read(path, MOST).ok().map(|text| escape(text.trim_ascii_end()))
}

/// The scheduler's tick by `CONFIG_HZ` of the kernel's configuration, where the distribution installs that.
fn tick_ns(fs: &dyn Fs, release: &str) -> Option<u64> {
    let config = fs.read(format!("/boot/config-{release}").as_bytes(), MOST).ok()?;
    let hz = config.split(|&byte| byte == b'\n').find_map(|line| digits(line.strip_prefix(b"CONFIG_HZ=")?))?;
    1_000_000_000_u64.checked_div(hz)
}

#[cfg(test)]
mod tests {
    use super::{Mode, host};
    use crate::kernel::fixture::Fixture;
    use crate::kernel::real::RealFs;

    const HOST: &str = "\
file /proc/self/status
|Name:	cgrove
|Tgid:	321
|Uid:	1000	1000	1000	1000
|CapEff:	0000000000000400
|Cpus_allowed_list:	0-1
file /proc/sys/kernel/osrelease
|6.1.0
file /proc/sys/kernel/hostname
|lab\\x1b
file /proc/sys/kernel/random/boot_id
|aaaa-bbbb
file /proc/sys/kernel/sched_autogroup_enabled
|1
file /sys/devices/system/cpu/online
|0-3
link /proc/self/ns/cgroup target=cgroup:[4026531835]
file /etc/passwd
|root:x:0:0::/:
|ana:x:1000:1000::/:
dir /run/systemd/system
file /boot/config-6.1.0
|# CONFIG_HZ_100 is not set
|CONFIG_HZ_1000=y
|CONFIG_HZ=1000
";

    #[test]
    fn facts_of_a_host() {
        let host = host(&Fixture::parse(HOST).unwrap(), Mode::Hybrid).unwrap();
        assert_eq!((&*host.name, &*host.release, &*host.boot_id), ("lab\\x1b", "6.1.0", "aaaa-bbbb"));
        assert_eq!((host.online.to_string(), host.allowed.to_string()), ("0-3".into(), "0-1".into()));
        assert_eq!((host.uid, &*host.user, host.capabilities, host.pid), (1000, "ana", 0x400, 321));
        assert_eq!((host.autogroup, host.systemd, host.in_cgroup_namespace), (true, true, Some(false)));
        assert_eq!((host.tick_ns, host.mode), (1_000_000, Mode::Hybrid));
    }

    #[test]
    fn what_is_missing_has_an_honest_substitute() {
        let bare = "file /proc/self/status\n|Tgid:\t1\n|Uid:\t7\t7\t7\t7\n|Cpus_allowed_list:\t5\n";
        let host = host(&Fixture::parse(bare).unwrap(), Mode::None).unwrap();
        assert_eq!((host.online.to_string(), &*host.user, host.tick_ns), ("5".into(), "7", 4_000_000));
        assert_eq!((host.autogroup, host.systemd, host.in_cgroup_namespace), (false, false, None));
    }

    #[test]
    fn without_proc_the_error_says_so() {
        let error = host(&Fixture::default(), Mode::None).unwrap_err().to_string();
        assert_eq!(error, "cannot read /proc/self/status: ENOENT. is /proc mounted, and of this pid namespace?");
    }

    #[test]
    fn this_host() {
        let host = host(&RealFs, Mode::None).unwrap();
        assert_eq!(host.pid, i32::try_from(std::process::id()).unwrap());
        assert!(!host.release.is_empty() && host.boot_id.len() == 36 && host.allowed.is_subset(&host.online));
    }
}
