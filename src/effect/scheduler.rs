//! A thread's affinity, nice value and policy: read and set, by number. Whoever calls knows whose number it is.
use rustix::process::{Pid as RawPid, getpriority_process, setpriority_process};
use rustix::thread::{CpuSet as RawCpuSet, sched_getaffinity, sched_setaffinity};

use super::failure::raw;
use super::launch::policy;
use super::process;
use crate::model::cpu_set::CpuSet;
use crate::model::errno::Errno;
use crate::model::id::Tid;
use crate::model::scheduling::Attribute;
use crate::model::task::Policy;

/// The value that a thread has of the same attribute as `like`.
///
/// # Errors
/// ESRCH or ENOENT where it is gone.
pub fn get(tid: Tid, like: &Attribute) -> Result<Attribute, Errno> {
    Ok(match like {
        Attribute::Cpus(_) => Attribute::Cpus(cpus(tid)?),
        Attribute::Nice(_) => Attribute::Nice(nice(tid)?),
        Attribute::Policy { .. } => {
            let found = process::stat(tid)?;
            Attribute::Policy { policy: found.policy, priority: found.priority }
        }
    })
}

/// Sets an attribute of a thread.
///
/// # Errors
/// ESRCH; EPERM or EACCES without the right; EINVAL where no CPU of the list is allowed, or the policy is none that can be
/// set.
pub fn set(tid: Tid, to: &Attribute) -> Result<(), Errno> {
    match to {
        Attribute::Cpus(cpus) => pin(tid, cpus),
        Attribute::Nice(nice) => setpriority_process(thread(tid)?, i32::from(*nice)).map_err(raw),
        Attribute::Policy { policy, priority } => policy::set(tid, number(*policy).ok_or(Errno::EINVAL)?, *priority),
    }
}

/// The policies that cgrove sets.
fn number(policy: Policy) -> Option<i32> {
    match policy {
        Policy::Other => Some(libc::SCHED_OTHER),
        Policy::Fifo => Some(libc::SCHED_FIFO),
        Policy::RoundRobin => Some(libc::SCHED_RR),
        Policy::Batch => Some(libc::SCHED_BATCH),
        Policy::Idle => Some(libc::SCHED_IDLE),
        Policy::Deadline | Policy::Unknown(_) => None,
    }
}

fn thread(tid: Tid) -> Result<Option<RawPid>, Errno> {
    // None would be the caller itself.
    RawPid::from_raw(tid).map(Some).ok_or(Errno::ESRCH)
}

fn nice(tid: Tid) -> Result<i8, Errno> {
    let found = getpriority_process(thread(tid)?).map_err(raw)?;
    i8::try_from(found).map_err(|_beyond| Errno::EINVAL)
}

fn cpus(tid: Tid) -> Result<CpuSet, Errno> {
    let mask = sched_getaffinity(thread(tid)?).map_err(raw)?;
    let set = (0..RawCpuSet::MAX_CPU).filter(|&cpu| mask.is_set(cpu));
    Ok(set.filter_map(|cpu| u32::try_from(cpu).ok()).collect())
}

/// CPUs beyond what the call takes are none of this host: the kernel would ignore them, too.
fn pin(tid: Tid, cpus: &CpuSet) -> Result<(), Errno> {
    let mut mask = RawCpuSet::new();
    for cpu in cpus.iter().map(|cpu| cpu as usize).filter(|&cpu| cpu < RawCpuSet::MAX_CPU) {
        mask.set(cpu);
    }
    sched_setaffinity(thread(tid)?, &mask).map_err(raw)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_set_is_read_back() {
        // In a thread of its own, which ends with it.
        let done = std::thread::spawn(|| {
            let tid = rustix::thread::gettid().as_raw_nonzero().get();
            let Attribute::Cpus(all) = get(tid, &Attribute::Cpus(CpuSet::default())).unwrap() else { unreachable!() };
            let one = Attribute::Cpus(CpuSet::one(all.first().unwrap()));
            let batch = Attribute::Policy { policy: Policy::Batch, priority: 0 };
            for to in [one, Attribute::Nice(7), batch] {
                set(tid, &to).unwrap();
                assert_eq!(get(tid, &to), Ok(to.clone()));
            }
            assert_eq!(set(tid, &Attribute::Cpus(CpuSet::one(1000))), Err(Errno::EINVAL));
            let deadline = Attribute::Policy { policy: Policy::Deadline, priority: 0 };
            assert_eq!(set(tid, &deadline), Err(Errno::EINVAL));
        });
        done.join().unwrap();
        assert_eq!(set(i32::MAX, &Attribute::Nice(0)), Err(Errno::ESRCH));
    }
}
