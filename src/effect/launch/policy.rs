//! The scheduling policy of a thread, for which there is no safe wrapper.
use crate::effect::failure::errno;
use crate::model::errno::Errno;
use crate::model::id::Tid;

/// A policy's number may carry this: children begin as ordinary ones.
const RESET_ON_FORK: i32 = libc::SCHED_RESET_ON_FORK;

/// Sets policy and priority of a thread (0 is the caller); whether its children begin as ordinary ones stays as it is.
///
/// # Errors
/// ESRCH, EPERM (no `CAP_SYS_NICE`, or on v1 a group without real-time budget), EINVAL for a priority that the policy does
/// not take.
pub(in crate::effect) fn set(tid: Tid, policy: i32, priority: u8) -> Result<(), Errno> {
    put(tid, policy | (get(tid)? & RESET_ON_FORK), priority)
}

/// The same with the flag as `policy` has it.
#[expect(unsafe_code, reason = "no safe wrapper sets a scheduling policy")]
pub(super) fn put(tid: Tid, policy: i32, priority: u8) -> Result<(), Errno> {
    let parameters = libc::sched_param { sched_priority: priority.into() };
    // SAFETY: the kernel reads one `sched_param` behind the pointer, which lives through the call, and writes nothing.
    let done = unsafe { libc::syscall(libc::SYS_sched_setscheduler, tid, policy, &raw const parameters) };
    if done < 0 { Err(errno(&std::io::Error::last_os_error())) } else { Ok(()) }
}

/// The number of a thread's policy, with the flag.
#[expect(unsafe_code, reason = "no safe wrapper reads a scheduling policy")]
fn get(tid: Tid) -> Result<i32, Errno> {
    // SAFETY: a call that takes a number and answers with one; no memory is passed.
    let found = unsafe { libc::syscall(libc::SYS_sched_getscheduler, tid) };
    i32::try_from(found).ok().filter(|&found| found >= 0).ok_or_else(|| errno(&std::io::Error::last_os_error()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_flag_for_children_stays() {
        // In a thread of its own, which ends with it.
        let found = std::thread::spawn(|| {
            put(0, libc::SCHED_BATCH | RESET_ON_FORK, 0).unwrap();
            set(0, libc::SCHED_OTHER, 0).unwrap();
            get(0).unwrap()
        });
        assert_eq!(found.join().unwrap(), libc::SCHED_OTHER | RESET_ON_FORK);
    }

    #[test]
    fn the_kernels_answers() {
        assert_eq!(set(0, libc::SCHED_OTHER, 1), Err(Errno::EINVAL));
        assert_eq!(set(i32::MAX, libc::SCHED_OTHER, 0), Err(Errno::ESRCH));
    }
}
