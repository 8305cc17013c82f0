//! What an errno means for affinity, nice value and policy (kernel-facts B5, C3, D1).
use crate::model::errno::Errno;
use crate::model::id::Tid;
use crate::model::scheduling::Attribute;

use super::super::rules::scheduling::{cpu_group, is_without_budget};
use super::super::survey::Survey;
use super::super::words;
use super::{Meaning, unknown};

pub(super) fn meaning(tid: Tid, to: &Attribute, errno: Errno, survey: &Survey) -> Meaning {
    let who = words::task(survey, tid);
    match (errno, to) {
        (Errno::ESRCH, _) => Meaning::new(format!("{who} has ended."), "Nothing is left to do."),
        (Errno::EINVAL, Attribute::Cpus(cpus)) => Meaning::new(
            format!("None of the CPUs {cpus} is one that {who} may use: its cpuset, or the host, has others."),
            "Ask for CPUs of its cpuset, or give the cpuset these CPUs first.",
        ),
        (Errno::EINVAL, _) => Meaning::new(format!("The kernel has no {to} for {who}."), "Choose another policy."),
        (Errno::EBUSY, _) => Meaning::new(
            format!("{who} is a deadline task, and these CPUs have no room for what was promised to it."),
            "End its reservation first.",
        ),
        (Errno::EACCES | Errno::EPERM, Attribute::Nice(nice)) => Meaning::new(
            format!(
                "To lower a nice value, or to change that of another user's task, takes a right: {who}, nice {nice}."
            ),
            format!(
                "CAP_SYS_NICE gives it, and for an own task an RLIMIT_NICE of {} (ulimit -e).",
                20 - i32::from(*nice)
            ),
        ),
        (Errno::EPERM, Attribute::Policy { policy, priority }) if policy.is_real_time() => {
            let without = cpu_group(survey, tid).filter(|place| is_without_budget(survey, place));
            match without {
                Some(place) => Meaning::new(
                    format!("{} has no time for real-time tasks (cpu.rt_runtime_us 0).", words::group(place)),
                    "Give it cpu.rt_runtime_us first.",
                ),
                None => Meaning::new(
                    format!("{policy} takes a right that this user has not."),
                    format!("CAP_SYS_NICE gives it, or an RLIMIT_RTPRIO of {priority} (ulimit -r)."),
                ),
            }
        }
        (Errno::EPERM, _) => Meaning::new(
            format!("{who} belongs to another user, or leaving its policy takes a right."),
            "Its owner, or CAP_SYS_NICE, can do it.",
        ),
        _ => unknown(errno),
    }
}
