//! The processes that cgrove and its terminal hang on: whoever ends or holds one of them may never get back.
//!
//! cgrove itself and all above it (the shell, sudo, the terminal emulator or the multiplexer's server, sshd, process 1), the
//! leader of its session, and, inside of a terminal multiplexer, the clients that show it, with all above those.
use std::collections::BTreeSet;

use crate::model::id::Pid;
use crate::parse::number::digits;

use super::fs::Fs;
use super::survey::stat_of;

/// Terminal multiplexers: what the server is called, and what its clients are called.
const MULTIPLEXERS: [(&[u8], &[u8]); 3] =
    [(b"tmux: server", b"tmux: client"), (b"screen", b"screen"), (b"zellij", b"zellij")];

/// The processes that `own` hangs on.
#[must_use]
pub fn guarded(fs: &dyn Fs, own: Pid) -> BTreeSet<Pid> {
    let mut all = ancestors(fs, own);
    all.extend(stat_of(fs, own, own).map(|stat| stat.session).filter(|&session| session > 0));
    let above: Vec<Pid> = all.iter().copied().filter(|&pid| pid != own).collect();
    for (server, client) in MULTIPLEXERS {
        for &above in above.iter().filter(|&&pid| is_called(fs, pid, server)) {
            for pid in clients(fs, above, client) {
                all.extend(ancestors(fs, pid));
            }
        }
    }
    all
}

/// A process and all processes above it, up to the first.
fn ancestors(fs: &dyn Fs, own: Pid) -> BTreeSet<Pid> {
    let mut all = BTreeSet::from([own]);
    let mut pid = own;
    // A circle (the parent of a number that was used again) ends at the first that is known already.
    while let Some(parent) = stat_of(fs, pid, pid).map(|stat| stat.ppid).filter(|&parent| parent > 0) {
        if !all.insert(parent) {
            break;
        }
        pid = parent;
    }
    all
}

fn is_called(fs: &dyn Fs, pid: Pid, name: &[u8]) -> bool {
    stat_of(fs, pid, pid).is_some_and(|stat| *stat.comm == *name)
}

/// Processes of this name and of the same user as the server: with sudo, cgrove itself is of another one.
fn clients(fs: &dyn Fs, server: Pid, name: &[u8]) -> Vec<Pid> {
    let user = |pid: Pid| fs.stat(format!("/proc/{pid}").as_bytes()).ok().map(|stat| stat.uid);
    let whose = user(server);
    let entries = fs.list(b"/proc").unwrap_or_default();
    let pids = entries.iter().filter_map(|entry| Pid::try_from(digits(&entry.name)?).ok());
    pids.filter(|&pid| is_called(fs, pid, name) && user(pid) == whose).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::fixture::Fixture;
    use crate::kernel::real::RealFs;

    const HOST: &str = include_str!("../../tests/fixtures/one_by_one.txt");

    /// A host of processes: number, name, parent, session.
    fn host(processes: &[(Pid, &str, Pid, Pid)], more: &str) -> Fixture {
        let zeros = "0 ".repeat(12);
        let stat = |&(pid, comm, parent, session): &(Pid, &str, Pid, Pid)| {
            format!(
                "file /proc/{pid}/task/{pid}/stat\n|{pid} ({comm}) S {parent} {session} {session} 34816 7 4194304 0 0 0 0 0 0 0 \
                 0 20 0 1 0 5 {zeros}0 0 0 17 0 0 0 0 0\n"
            )
        };
        Fixture::parse(&(processes.iter().map(stat).collect::<String>() + more)).unwrap()
    }

    #[test]
    fn own_ancestors_are_guarded() {
        let fixture = Fixture::parse(HOST).unwrap();
        assert_eq!(guarded(&fixture, 500).into_iter().collect::<Vec<_>>(), [1, 500]);
        let own = i32::try_from(std::process::id()).unwrap();
        let guarded = guarded(&RealFs, own);
        assert!(guarded.contains(&own) && guarded.contains(&std::os::unix::process::parent_id().cast_signed()));
    }

    #[test]
    fn the_session_and_the_clients_of_a_multiplexer_are_guarded() {
        let processes = [
            (1, "init", 0, 1),
            (20, "sshd", 1, 20),
            (21, "sshd-session", 20, 21),
            (22, "bash", 21, 22),
            (23, "tmux: client", 22, 22),
            (30, "tmux: server", 1, 30),
            (31, "bash", 30, 31),
            (32, "cgrove", 31, 31),
            (33, "vi", 31, 31),
            (40, "bash", 30, 40),
        ];
        let host = |users| self::host(&processes, users);
        let (host, sudo) = (host(""), host("dir /proc/30 uid=1000\ndir /proc/23 uid=1000\n"));
        let all: Vec<Pid> = guarded(&host, 32).into_iter().collect();
        assert_eq!(all, [1, 20, 21, 22, 23, 30, 31, 32], "not vi, and not the other window");
        assert_eq!(guarded(&sudo, 32).into_iter().collect::<Vec<_>>(), all, "as root, in the terminal of a user");
        assert_eq!(guarded(&host, 22).into_iter().collect::<Vec<_>>(), [1, 20, 21, 22], "outside of it, no client");
    }
}
