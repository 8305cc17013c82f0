//! What an errno means for a write of a value.
use crate::catalog::{self, Format};
use crate::model::bytes::escape;
use crate::model::errno::Errno;
use crate::model::hierarchy::Version;
use crate::model::place::Place;

use super::super::survey::Survey;
use super::super::words;
use super::{Meaning, no_memory, rights, unknown, vanished};

mod rare;

pub(super) fn meaning(at: &Place, file: &str, data: &str, errno: Errno, survey: &Survey) -> Meaning {
    let name = words::group(at);
    let version = survey.hierarchy(at.hierarchy).map_or(Version::V2, |h| h.version);
    let of_the_file = of_the_file(at, file, data, errno, version);
    if let Some(meaning) = of_the_file.or_else(|| rare::meaning(at, file, data, errno)) {
        return meaning;
    }
    match errno {
        Errno::ENOENT => Meaning::new(
            format!("{name} is gone, or has no file {file}: its controller is not enabled here."),
            "Look again; on v2 enable the controller in the parent's cgroup.subtree_control.",
        ),
        Errno::ENODEV => vanished(&name),
        Errno::EINVAL if at.is_top() => {
            Meaning::new(format!("The top group takes no value for {file}."), "Set it in a group below.")
        }
        Errno::EINVAL => {
            Meaning::new(format!("{file} does not take \"{}\".", escape(data.as_bytes())), expects(version, file))
        }
        Errno::ERANGE => Meaning::new(
            format!("\"{}\" is out of the range of {file}.", escape(data.as_bytes())),
            expects(version, file),
        ),
        Errno::E2BIG => Meaning::new("One write takes less than a page of text.", "Write less."),
        Errno::EACCES | Errno::EPERM => Meaning::new(
            format!("This user may not write {file} of {name}: the values of a delegated group stay with its owner."),
            "Set it in a group below that is yours, or as root.",
        ),
        Errno::EBUSY => Meaning::new(
            format!("What is in {name} or below uses more than \"{}\" would leave it.", escape(data.as_bytes())),
            "Make room there first.",
        ),
        Errno::EOPNOTSUPP => {
            Meaning::new(format!("{file} cannot be written in a threaded subtree."), "Use a group outside it.")
        }
        Errno::ENOMEM => no_memory(),
        Errno::EROFS => rights(&name, "write values", errno),
        _ => unknown(errno),
    }
}

/// What the catalog says that the file takes.
fn expects(version: Version, file: &str) -> String {
    let Some(entry) = catalog::entry_for(version, file) else { return String::new() };
    match (entry.format, entry.range()) {
        (Format::Choice, _) => format!("It takes {}.", entry.values.join(" or ")),
        (Format::Flag, _) => "It takes 0 or 1.".to_owned(),
        (Format::List, _) => "It takes a list such as 0-3,5.".to_owned(),
        (Format::QuotaPair, _) => {
            "It takes a quota of at least 1000 us or max, and a period of 1000 to 1000000 us.".to_owned()
        }
        (Format::Max | Format::MaxBytes, Some(range)) => format!("It takes {range}, or max."),
        (_, Some(range)) => format!("It takes {range}."),
        _ => String::new(),
    }
}

/// Rules of single files: kernel-facts B3, B5, C4.
fn of_the_file(at: &Place, file: &str, data: &str, errno: Errno, version: Version) -> Option<Meaning> {
    let name = words::group(at);
    Some(match (file, errno) {
        ("cgroup.subtree_control", Errno::ENOENT) => Meaning::new(
            format!(
                "A controller of \"{data}\" is not in cgroup.controllers of {name}: the group above does not hand it down, or it is on a v1 hierarchy."
            ),
            "Enable it from the top down.",
        ),
        ("cgroup.subtree_control", Errno::EBUSY) if data.contains('-') => Meaning::new(
            format!("A child group of {name} still enables the controller for its own children."),
            "Disable it there first, from the lowest up.",
        ),
        ("cgroup.subtree_control", Errno::EBUSY) => Meaning::new(
            format!(
                "{name} holds processes, and a group that hands controllers down may hold none itself (no internal processes)."
            ),
            "Make a leaf group, move the processes there, then enable.",
        ),
        ("cgroup.subtree_control", Errno::EOPNOTSUPP) => Meaning::new(
            format!("{name} is in a threaded subtree, where only cpu, cpuset, pids and perf_event work."),
            "Enable the controller outside the threaded subtree.",
        ),
        ("cgroup.subtree_control", Errno::EINVAL) if data.contains("cpu") => Meaning::new(
            "A name is not a controller of this kernel or has no sign, or real-time tasks sit in groups below the top, which the cpu controller of v2 does not allow.",
            "Write +name or -name; move real-time tasks to the top group first.",
        ),
        ("cgroup.subtree_control", Errno::EINVAL) => {
            Meaning::new("A name is not a controller of this kernel, or has no sign.", "Write +name or -name.")
        }
        ("cgroup.type", Errno::EOPNOTSUPP) => Meaning::new(
            format!(
                "{name} holds or hands down something that a threaded group cannot: domain controllers, or a parent that is no thread root."
            ),
            "Disable its domain controllers first.",
        ),
        ("cpu.shares" | "cpu.weight" | "cpu.weight.nice", Errno::EINVAL) if !at.is_top() => Meaning::new(
            format!("{name} is idle (cpu.idle 1), or \"{data}\" is no number; an idle group has no weight to set."),
            "Set cpu.idle to 0 first.",
        ),
        ("cpu.cfs_quota_us" | "cpu.cfs_period_us", Errno::EINVAL) if !at.is_top() => Meaning::new(
            "A quota is at least 1000 us, at most the parent's part of a CPU, at least that of each group below, and at least the burst.",
            "Change the parent, the children or the burst first.",
        ),
        ("cpu.max" | "cpu.max.burst" | "cpu.cfs_burst_us", Errno::EINVAL) if !at.is_top() => Meaning::new(
            "A quota is at least 1000 us, a period 1000 to 1000000 us, a burst at most the quota.",
            "Lower the burst or raise the quota first.",
        ),
        ("cpu.rt_runtime_us" | "cpu.rt_period_us", Errno::EINVAL) => Meaning::new(
            "The real-time budgets of all siblings together are at most their parent's, and a budget is at most its period.",
            "Lower a sibling's budget, or raise the parent's.",
        ),
        ("cpu.rt_runtime_us", Errno::EBUSY) => {
            Meaning::new(format!("{name} holds real-time tasks, which need some budget."), "Move them elsewhere first.")
        }
        ("cpuset.cpus" | "cpuset.mems", Errno::EACCES) if version == Version::V1 => Meaning::new(
            format!("On v1 {file} of a group is part of its parent's, and that of the top group is fixed."),
            "Choose a part of what the parent has.",
        ),
        ("cpuset.cpus" | "cpuset.mems", Errno::EBUSY) => Meaning::new(
            format!("A group below {name} has entries that \"{data}\" does not hold."),
            "Change that group first.",
        ),
        ("cpuset.cpus" | "cpuset.mems", Errno::ENOSPC) => Meaning::new(
            format!("{name} holds tasks, and they need at least one entry in {file}."),
            "Move the tasks elsewhere first.",
        ),
        ("cpuset.cpus" | "cpuset.mems", Errno::EINVAL) => Meaning::new(
            "A list rises (0-3,5), names what is online, and may not overlap with a sibling that is exclusive.",
            "Check the list and the siblings.",
        ),
        ("cpuset.cpus" | "cpuset.mems", Errno::ERANGE) => Meaning::new(
            format!("\"{data}\" names a number that this host cannot have."),
            "Name numbers that are online.",
        ),
        ("cpuset.cpu_exclusive" | "cpuset.mem_exclusive", Errno::EACCES | Errno::EINVAL) => Meaning::new(
            "A cpuset is exclusive only if its parent is, and if no sibling shares an entry with it.",
            "Make the parent exclusive first, and separate the siblings.",
        ),
        ("memory.limit_in_bytes" | "memory.memsw.limit_in_bytes", Errno::EBUSY) => Meaning::new(
            format!("{name} uses more memory than that and the kernel could not take enough back."),
            "End something there, or choose a higher limit.",
        ),
        ("memory.memsw.limit_in_bytes" | "memory.limit_in_bytes", Errno::EINVAL) => Meaning::new(
            "The limit of memory and swap together is never under that of memory alone; a limit is bytes with K, M or G, or -1.",
            "Change the other limit first.",
        ),
        ("cgroup.kill", Errno::EOPNOTSUPP) => {
            Meaning::new("A threaded group cannot be killed alone.", "Kill its domain.")
        }
        _ => return None,
    })
}
