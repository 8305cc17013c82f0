//! Files with a rule of their own that few hosts meet: devices, disks, interfaces, huge pages, reclaim.
use crate::model::bytes::escape;
use crate::model::errno::Errno;
use crate::model::place::Place;

use super::super::super::words;
use super::super::Meaning;

pub(super) fn meaning(at: &Place, file: &str, data: &str, errno: Errno) -> Option<Meaning> {
    let name = words::group(at);
    Some(match (file, errno) {
        ("memory.reclaim", Errno::EAGAIN) => Meaning::new(
            format!("The kernel took less than {data} from {name}: the rest is in use."),
            "What it took stays taken; ask for less.",
        ),
        ("devices.allow", Errno::EPERM) => {
            Meaning::new(format!("The group above {name} does not allow \"{data}\" itself."), "Allow it there first.")
        }
        ("devices.allow" | "devices.deny", Errno::EINVAL) => Meaning::new(
            "A device is \"a\", or b or c with MAJ:MIN (* for any) and rwm; \"a\" only in a group without groups below.",
            "Check the text, and the groups below.",
        ),
        ("net_prio.ifpriomap", Errno::ENODEV) => {
            Meaning::new(format!("This host has no interface \"{}\".", first_word(data)), "ip link lists them.")
        }
        (file, Errno::ENODEV) if file.starts_with("blkio.") || file.starts_with("io.") => Meaning::new(
            format!("This host has no disk {}, or it takes no such limit.", first_word(data)),
            "Name a whole disk by its numbers: lsblk -d lists them.",
        ),
        ("memory.oom_control", Errno::EINVAL) if at.is_top() => {
            Meaning::new("The top group always kills when memory runs out.", "Set it in a group below.")
        }
        ("cpuset.sched_relax_domain_level", Errno::EINVAL) => Meaning::new(
            format!("{data} is more than the levels of this host's CPUs."),
            "-1 is the default of the host; 0 and 1 always exist.",
        ),
        ("cpuset.cpu_exclusive" | "cpuset.mem_exclusive", Errno::EBUSY) => Meaning::new(
            format!("A group below {name} is exclusive, and its parent must be, too."),
            "Set it to 0 there first.",
        ),
        (file, Errno::EBUSY) if file.starts_with("hugetlb.") => Meaning::new(
            format!("{name} uses more huge pages than that."),
            "End what uses them, or choose a higher limit.",
        ),
        _ => return None,
    })
}

fn first_word(data: &str) -> String {
    escape(data.split_ascii_whitespace().next().unwrap_or_default().as_bytes())
}
