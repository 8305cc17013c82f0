//! The managers' own commands.
//!
//! systemd: systemctl(1), systemd.resource-control(5); a property is written until reboot (`--runtime`). Docker and podman:
//! `docker update`, which has no weight of v2 of its own (`--cpu-shares` is converted by the runtime's formula). LXC:
//! lxc-cgroup(1). libvirt: virsh(1). The kubelet has none: a pod's resources are the API server's.
use std::fmt::Write as _;

use super::super::quote::word;
use super::super::step::Signal;
use crate::model::hierarchy::Version;
use crate::model::manager::{Engine, Owner};

/// An id as people use it: its first 12 characters. A name stays whole.
#[must_use]
pub fn short(id: &[u8]) -> String {
    if id.len() == 64 { String::from_utf8_lossy(&id[..12]).into_owned() } else { word(id) }
}

/// The line that sets `file` to `value`; `None` where the manager has no way to. `read` tells other files of the group.
#[must_use]
pub fn set(
    owner: &Owner,
    version: Version,
    file: &str,
    value: &str,
    read: &dyn Fn(&str) -> Option<String>,
) -> Option<String> {
    match owner {
        Owner::Unit { name, user } => {
            let systemctl = systemctl(*user);
            if let Some(verb) = freeze(file, value) {
                return Some(format!("{systemctl} {} {}", if verb { "freeze" } else { "thaw" }, word(name)));
            }
            let properties = properties(version, file, value, read)?;
            let words: Vec<String> = properties.iter().map(|property| assignment(property)).collect();
            Some(format!("{systemctl} set-property --runtime {} {}", word(name), words.join(" ")))
        }
        Owner::Container { pod: true, .. } | Owner::Kubelet | Owner::Parent(_) => None,
        Owner::Container { engine, id, .. } => match engine {
            Engine::Docker | Engine::Podman => {
                let program = engine.name();
                if let Some(freeze) = freeze(file, value) {
                    return Some(format!("{program} {} {}", if freeze { "pause" } else { "unpause" }, short(id)));
                }
                Some(format!("{program} update {} {}", update(file, value)?, short(id)))
            }
            Engine::Lxc => {
                Some(format!("lxc-cgroup -n {} {} {}", word(id), word(file.as_bytes()), word(value.as_bytes())))
            }
            Engine::Libvirt => virsh(id, file, value),
            Engine::Containerd | Engine::Crio | Engine::Unknown => None,
        },
    }
}

/// The line that stops what the group is for.
#[must_use]
pub fn stop(owner: &Owner) -> Option<String> {
    Some(match owner {
        Owner::Unit { name, user } => format!("{} stop {}", systemctl(*user), word(name)),
        Owner::Container { engine: engine @ (Engine::Docker | Engine::Podman), id, pod: false } => {
            format!("{} stop {}", engine.name(), short(id))
        }
        Owner::Container { engine: Engine::Lxc, id, .. } => format!("lxc-stop -n {}", word(id)),
        _ => return None,
    })
}

/// The line that sends a signal to everything there.
#[must_use]
pub fn kill(owner: &Owner, signal: Signal) -> Option<String> {
    let signal = signal.name();
    Some(match owner {
        Owner::Unit { name, user } => format!("{} kill --signal={signal} {}", systemctl(*user), word(name)),
        Owner::Container { engine: engine @ (Engine::Docker | Engine::Podman), id, pod: false } => {
            format!("{} kill --signal {signal} {}", engine.name(), short(id))
        }
        _ => return None,
    })
}

fn systemctl(user: Option<u32>) -> String {
    match user {
        None => "systemctl".to_owned(),
        Some(uid) => format!("sudo -u '#{uid}' XDG_RUNTIME_DIR=/run/user/{uid} systemctl --user"),
    }
}

/// Whether a write holds (`true`) or lets go on.
fn freeze(file: &str, value: &str) -> Option<bool> {
    match file {
        "cgroup.freeze" => Some(value == "1"),
        "freezer.state" => Some(value == "FROZEN"),
        _ => None,
    }
}

/// The properties of a unit for a value of a file.
fn properties(version: Version, file: &str, value: &str, read: &dyn Fn(&str) -> Option<String>) -> Option<Vec<String>> {
    let no_limit = |value: &str| if value == "max" { "infinity".to_owned() } else { value.to_owned() };
    let one = |property: &str, value: String| Some(vec![format!("{property}={value}")]);
    match (version, file) {
        (Version::V2, "cpu.weight") => one("CPUWeight", value.to_owned()),
        (Version::V2, "cpu.idle") if value == "1" => one("CPUWeight", "idle".to_owned()),
        (Version::V2, "cpu.max") => {
            let old = read("cpu.max").unwrap_or_default();
            let mut words = value.split_ascii_whitespace();
            let quota = words.next()?;
            let period = words.next().or_else(|| old.split_ascii_whitespace().nth(1)).unwrap_or("100000");
            quota_of(quota, period)
        }
        (Version::V2, "memory.min" | "memory.low" | "memory.high" | "memory.max") => {
            let name = match file {
                "memory.min" => "MemoryMin",
                "memory.low" => "MemoryLow",
                "memory.high" => "MemoryHigh",
                _ => "MemoryMax",
            };
            one(name, no_limit(value))
        }
        (Version::V2, "memory.swap.max") => one("MemorySwapMax", no_limit(value)),
        (Version::V2, "memory.zswap.max") => one("MemoryZSwapMax", no_limit(value)),
        (Version::V2, "cpuset.cpus") => one("AllowedCPUs", value.to_owned()),
        (Version::V2, "cpuset.mems") => one("AllowedMemoryNodes", value.to_owned()),
        (Version::V2, "io.weight") => match value.split_ascii_whitespace().collect::<Vec<_>>()[..] {
            [weight] | ["default", weight] => one("IOWeight", weight.to_owned()),
            [device, weight] => one("IODeviceWeight", format!("/dev/block/{device} {weight}")),
            _ => None,
        },
        (Version::V2, "io.max") => io_max(value),
        (_, "pids.max") => one("TasksMax", no_limit(value)),
        (Version::V1, "cpu.shares") => one("CPUShares", value.to_owned()),
        (Version::V1, "cpu.cfs_quota_us") => {
            let period = read("cpu.cfs_period_us").unwrap_or_else(|| "100000".to_owned());
            quota_of(if value.starts_with('-') { "max" } else { value }, period.trim())
        }
        (Version::V1, "memory.limit_in_bytes") => {
            one("MemoryLimit", if value == "-1" { "infinity".to_owned() } else { value.to_owned() })
        }
        (Version::V1, "blkio.weight" | "blkio.bfq.weight") => one("BlockIOWeight", value.to_owned()),
        _ => None,
    }
}

/// A property and its value as one word. A `=` in the middle of an operand is nothing to a shell.
fn assignment(property: &str) -> String {
    match property.split_once('=') {
        Some((_, value)) if value.is_empty() || word(value.as_bytes()) == value => property.to_owned(),
        _ => word(property.as_bytes()),
    }
}

/// A quota over a period, both in microseconds, as `CPUQuota=` (percent of one CPU).
fn quota_of(quota: &str, period: &str) -> Option<Vec<String>> {
    if quota == "max" {
        return Some(vec!["CPUQuota=".to_owned()]);
    }
    let (quota, period): (u64, u64) = (quota.parse().ok()?, period.parse().ok()?);
    // systemd takes hundredths of a percent.
    let hundredths = quota.checked_mul(10_000)?.checked_div(period)?;
    let mut percent = (hundredths / 100).to_string();
    if hundredths % 100 > 0 {
        let _ = write!(percent, ".{:02}", hundredths % 100);
    }
    let mut all = vec![format!("CPUQuota={percent}%")];
    if period != 100_000 {
        all.push(format!("CPUQuotaPeriodSec={period}us"));
    }
    Some(all)
}

/// `8:0 rbps=1048576 wiops=max`: one property a limit.
fn io_max(value: &str) -> Option<Vec<String>> {
    let mut words = value.split_ascii_whitespace();
    let device = words.next()?;
    let limits: Option<Vec<String>> = words
        .map(|word| {
            let (key, limit) = word.split_once('=')?;
            let name = match key {
                "rbps" => "IOReadBandwidthMax",
                "wbps" => "IOWriteBandwidthMax",
                "riops" => "IOReadIOPSMax",
                "wiops" => "IOWriteIOPSMax",
                _ => return None,
            };
            let limit = if limit == "max" { "infinity" } else { limit };
            Some(format!("{name}=/dev/block/{device} {limit}"))
        })
        .collect();
    limits.filter(|limits| !limits.is_empty())
}

/// The options of `docker update` and `podman update`.
fn update(file: &str, value: &str) -> Option<String> {
    let none = |value: &str| if value == "max" { "-1".to_owned() } else { word(value.as_bytes()) };
    Some(match file {
        "cpu.shares" => format!("--cpu-shares {}", word(value.as_bytes())),
        // Not the same number: the runtime converts.
        "cpu.weight" => "--cpu-shares SHARES".to_owned(),
        "cpu.max" => {
            let mut words = value.split_ascii_whitespace();
            let quota = words.next()?;
            let quota = if quota == "max" { "-1" } else { quota };
            match words.next() {
                Some(period) => format!("--cpu-period {period} --cpu-quota {quota}"),
                None => format!("--cpu-quota {quota}"),
            }
        }
        "cpu.cfs_quota_us" => format!("--cpu-quota {}", word(value.as_bytes())),
        "cpu.cfs_period_us" => format!("--cpu-period {}", word(value.as_bytes())),
        "cpuset.cpus" => format!("--cpuset-cpus {}", word(value.as_bytes())),
        "cpuset.mems" => format!("--cpuset-mems {}", word(value.as_bytes())),
        "memory.max" | "memory.limit_in_bytes" => format!("--memory {}", none(value)),
        "memory.low" | "memory.soft_limit_in_bytes" => format!("--memory-reservation {}", none(value)),
        "pids.max" => format!("--pids-limit {}", none(value)),
        _ => return None,
    })
}

fn virsh(id: &[u8], file: &str, value: &str) -> Option<String> {
    // `3\x2dweb`, `qemu-3-web`: libvirt puts its number before the domain's name.
    let text = String::from_utf8_lossy(id).replace(r"\x2d", "-");
    let text = text.strip_prefix("qemu-").unwrap_or(&text);
    let domain =
        text.split_once('-').filter(|(number, _)| number.parse::<u32>().is_ok()).map_or(text, |(_, name)| name);
    let domain = word(domain.as_bytes());
    Some(match file {
        "cpu.shares" | "cpu.weight" => format!("virsh schedinfo {domain} --live cpu_shares={}", word(value.as_bytes())),
        "cgroup.freeze" | "freezer.state" => {
            format!("virsh {} {domain}", if freeze(file, value)? { "suspend" } else { "resume" })
        }
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn unit(version: Version, file: &str, value: &str) -> String {
        let owner = Owner::Unit { name: b"web.service".as_slice().into(), user: None };
        let read = |file: &str| match file {
            "cpu.max" => Some("max 50000".to_owned()),
            "cpu.cfs_period_us" => Some("200000\n".to_owned()),
            _ => None,
        };
        set(&owner, version, file, value, &read)
            .map_or("-".to_owned(), |line| line.replace("systemctl set-property --runtime web.service ", ""))
    }

    #[test]
    fn values_as_properties_of_a_unit() {
        let v2 = [
            ("cpu.weight", "600", "CPUWeight=600"),
            ("cpu.idle", "1", "CPUWeight=idle"),
            ("cpu.idle", "0", "-"),
            ("cpu.max", "20000 100000", "CPUQuota=20%"),
            ("cpu.max", "150000 100000", "CPUQuota=150%"),
            ("cpu.max", "333 100000", "CPUQuota=0.33%"),
            ("cpu.max", "10000", "CPUQuota=20% CPUQuotaPeriodSec=50000us"),
            ("cpu.max", "max 100000", "CPUQuota="),
            ("memory.max", "1073741824", "MemoryMax=1073741824"),
            ("memory.high", "max", "MemoryHigh=infinity"),
            ("memory.swap.max", "0", "MemorySwapMax=0"),
            ("pids.max", "100", "TasksMax=100"),
            ("pids.max", "max", "TasksMax=infinity"),
            ("cpuset.cpus", "0-1,3", "AllowedCPUs=0-1,3"),
            ("io.weight", "default 50", "IOWeight=50"),
            ("io.weight", "8:0 50", "'IODeviceWeight=/dev/block/8:0 50'"),
            (
                "io.max",
                "8:0 rbps=1048576 wiops=max",
                "'IOReadBandwidthMax=/dev/block/8:0 1048576' 'IOWriteIOPSMax=/dev/block/8:0 infinity'",
            ),
            ("memory.oom.group", "1", "-"),
            ("cgroup.freeze", "1", "systemctl freeze web.service"),
            ("cgroup.freeze", "0", "systemctl thaw web.service"),
        ];
        for (file, value, expected) in v2 {
            let line = unit(Version::V2, file, value);
            assert_eq!(line.replace('\'', ""), expected.replace('\'', ""), "{file}");
        }
        let v1 = [
            ("cpu.shares", "600", "CPUShares=600"),
            ("cpu.cfs_quota_us", "20000", "CPUQuota=10% CPUQuotaPeriodSec=200000us"),
            ("cpu.cfs_quota_us", "-1", "CPUQuota="),
            ("memory.limit_in_bytes", "-1", "MemoryLimit=infinity"),
            ("cpuset.cpus", "0", "-"),
            ("freezer.state", "FROZEN", "systemctl freeze web.service"),
        ];
        for (file, value, expected) in v1 {
            assert_eq!(unit(Version::V1, file, value).replace('\'', ""), expected, "{file}");
        }
    }

    #[test]
    fn names_are_quoted_and_users_have_a_manager_of_their_own() {
        let owner = Owner::Unit { name: br"dev-a\x2db.service".as_slice().into(), user: Some(1000) };
        assert_eq!(
            set(&owner, Version::V2, "cpu.weight", "5", &|_| None).unwrap(),
            r"sudo -u '#1000' XDG_RUNTIME_DIR=/run/user/1000 systemctl --user set-property --runtime 'dev-a\x2db.service' CPUWeight=5"
        );
        assert_eq!(
            kill(&Owner::Unit { name: b"a.service".as_slice().into(), user: None }, Signal::Terminate).unwrap(),
            "systemctl kill --signal=TERM a.service"
        );
    }

    #[test]
    fn engines_have_their_own() {
        let id: Box<[u8]> = b"0123456789abcdef".repeat(4).into();
        let of = |engine, pod| Owner::Container { engine, id: id.clone(), pod };
        let set = |owner: &Owner, file: &str, value: &str| super::set(owner, Version::V2, file, value, &|_| None);
        let docker = of(Engine::Docker, false);
        let line = |file, value| set(&docker, file, value).unwrap();
        assert_eq!(line("cpu.shares", "600"), "docker update --cpu-shares 600 0123456789ab");
        assert_eq!(line("cpu.max", "20000 100000"), "docker update --cpu-period 100000 --cpu-quota 20000 0123456789ab");
        assert_eq!(line("memory.max", "max"), "docker update --memory -1 0123456789ab");
        assert_eq!(line("cgroup.freeze", "1"), "docker pause 0123456789ab");
        assert_eq!(
            set(&of(Engine::Podman, false), "pids.max", "50").unwrap(),
            "podman update --pids-limit 50 0123456789ab"
        );
        assert_eq!(set(&of(Engine::Containerd, true), "cpu.max", "1 2"), None, "a pod's resources are kubectl's");
        let lxc = Owner::Container { engine: Engine::Lxc, id: b"web".as_slice().into(), pod: false };
        assert_eq!(set(&lxc, "cpu.weight", "50").unwrap(), "lxc-cgroup -n web cpu.weight 50");
        let vm = Owner::Container { engine: Engine::Libvirt, id: br"3\x2dweb".as_slice().into(), pod: false };
        assert_eq!(set(&vm, "cpu.weight", "50").unwrap(), "virsh schedinfo web --live cpu_shares=50");
        assert_eq!(set(&vm, "cgroup.freeze", "1").unwrap(), "virsh suspend web");
    }
}
