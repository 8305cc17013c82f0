//! Going first: the supervisor, and those that it helps to die.
//!
//! On a host whose CPUs are taken by groups of great weight an ordinary process may wait for its turn for most of a second
//! after it wakes. The supervisor sleeps nearly always, and has promised to be quick the one time that counts.
use super::policy;
use crate::model::id::Tid;

/// Makes a thread go before all ordinary ones (`SCHED_FIFO`, lowest priority), what it forks not (`SCHED_RESET_ON_FORK`).
/// Needs `CAP_SYS_NICE`, and on v1 a group with real-time runtime; without them nothing changes, and it is as slow as others.
/// 0 is the caller.
pub(in crate::effect) fn urgent(tid: Tid) {
    let _ = policy::put(tid, libc::SCHED_FIFO | libc::SCHED_RESET_ON_FORK, 1);
}

#[cfg(test)]
mod tests {
    use super::urgent;

    #[test]
    fn children_are_ordinary_whether_or_not_it_is_permitted() {
        let policy = |pid: &str| {
            let text = std::fs::read(format!("/proc/{pid}/stat")).unwrap();
            crate::parse::stat::stat(&text).unwrap().policy
        };
        // In a thread of its own, which ends urgent.
        let child = std::thread::spawn(|| {
            urgent(0);
            std::process::Command::new("sleep").arg("1000").spawn().unwrap()
        });
        let mut child = child.join().unwrap();
        let found = policy(&child.id().to_string());
        child.kill().unwrap();
        child.wait().unwrap();
        assert_eq!(found, crate::model::task::Policy::Other);
    }
}
