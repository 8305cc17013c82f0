//! What is at a path at which something is to be mounted or unmounted: links followed, what is missing, what is mounted there
//! and below, and which processes keep it busy.
use crate::kernel::error::MOST;
use crate::kernel::fs::{Fs, Kind};
use crate::kernel::{discover, mounts, paths};
use crate::model::errno::Errno;
use crate::model::hierarchy::Device;
use crate::model::id::Pid;
use crate::model::survey::{Hold, PointFacts, User};
use crate::parse::mountinfo::{self, Row};
use crate::parse::number::digits;

/// The kernel follows so many links in one path.
const LINKS: usize = 40;
/// So many names in a directory are told.
const NAMES: usize = 8;
/// So many processes are told that keep a mount busy.
const USERS: usize = 8;

/// The file system types of `/proc/filesystems`; none if it cannot be read.
pub(super) fn filesystems(fs: &dyn Fs) -> Vec<Box<str>> {
    let text = fs.read(b"/proc/filesystems", MOST).unwrap_or_default();
    let text = String::from_utf8_lossy(&text);
    text.lines().filter_map(|line| line.split_ascii_whitespace().next_back()).map(Into::into).collect()
}

/// Looks at a path. `own` is this process: what it has open itself keeps nothing busy for long.
pub(super) fn point(fs: &dyn Fs, path: &[u8], own: Pid) -> PointFacts {
    let table = fs.read(discover::MOUNTINFO, MOST).unwrap_or_default();
    let rows: Vec<Row> = mountinfo::rows(&table).filter_map(Result::ok).collect();
    let Walked { there, missing, directory } = walk(fs, path);
    let whole = missing.iter().fold(there.clone(), |path, part| paths::join(&path, part));
    let at = mounts::lookup(&rows, &whole).map(|index| &rows[index]);
    let mounted = at.filter(|row| *row.point == *whole);
    let inside = |row: &&Row| row.point.strip_prefix(&*whole).is_some_and(|rest| rest.first() == Some(&b'/'));
    let visible = mounts::visible(&rows);
    let below = rows.iter().zip(visible).filter(|(_, visible)| *visible).map(|(row, _)| row).filter(inside);
    let entries = if missing.is_empty() && directory { fs.list(&whole).unwrap_or_default() } else { Vec::new() };
    PointFacts {
        missing: missing.len(),
        directory,
        entries: entries.into_iter().take(NAMES).map(|entry| entry.name).collect(),
        on: at.map_or_else(|| Box::from(&b""[..]), |row| row.kind.clone()),
        mounted: mounted.map(|row| row.kind.clone()),
        below: below.map(|row| row.point.clone()).collect(),
        refused: fs.may_write(&there).err(),
        users: mounted.map_or_else(Vec::new, |row| users(fs, row.device, &whole, own)),
        path: whole.into(),
    }
}

struct Walked {
    /// The last directory (or other file) that exists, without links.
    there: Vec<u8>,
    /// The components after it.
    missing: Vec<Vec<u8>>,
    directory: bool,
}

/// Follows a path as the kernel would, as far as it exists.
fn walk(fs: &dyn Fs, path: &[u8]) -> Walked {
    let parts = |path: &[u8]| -> Vec<Vec<u8>> {
        path.split(|&byte| byte == b'/')
            .filter(|part| !part.is_empty() && *part != b".")
            .rev()
            .map(<[u8]>::to_vec)
            .collect()
    };
    let mut there = b"/".to_vec();
    let mut left = parts(path);
    let mut links = 0;
    while let Some(part) = left.pop() {
        if part == b".." {
            let cut = there.iter().rposition(|&byte| byte == b'/').unwrap_or(0);
            there.truncate(cut.max(1));
            continue;
        }
        let next = paths::join(&there, &part);
        match fs.stat(&next).map(|stat| stat.kind) {
            Ok(Kind::Directory) => there = next,
            Ok(Kind::Link) if links < LINKS => {
                links += 1;
                let Ok(target) = fs.readlink(&next) else {
                    return Walked { there: next, missing: Vec::new(), directory: false };
                };
                if target.first() == Some(&b'/') {
                    there = b"/".to_vec();
                }
                left.extend(parts(&target));
            }
            Ok(_) => return Walked { there: next, missing: Vec::new(), directory: false },
            Err(_) => {
                left.push(part);
                left.reverse();
                return Walked { there, missing: left, directory: true };
            }
        }
    }
    Walked { there, missing: Vec::new(), directory: true }
}

/// Processes with something open on the file system that is mounted at `point`, in the same mount namespace: another one has
/// a mount of its own.
fn users(fs: &dyn Fs, device: Device, point: &[u8], own: Pid) -> Vec<User> {
    let namespace = fs.readlink(b"/proc/self/ns/mnt").ok();
    let inside = |target: &[u8]| target.strip_prefix(point).is_some_and(|rest| rest.is_empty() || rest[0] == b'/');
    // A link of /proc leads to the very file: its device tells it from one of the same name elsewhere.
    let leads = |link: &[u8]| -> Result<bool, Errno> {
        Ok(inside(&fs.readlink(link)?) && fs.stat(&paths::join(link, b".")).is_ok_and(|stat| stat.device == device))
    };
    let mut found = Vec::new();
    for entry in fs.list(b"/proc").unwrap_or_default() {
        let Some(pid) = digits(&entry.name).and_then(|pid| Pid::try_from(pid).ok()).filter(|&pid| pid != own) else {
            continue;
        };
        let file = |name: &str| format!("/proc/{pid}/{name}").into_bytes();
        if fs.readlink(&file("ns/mnt")).ok() != namespace {
            continue;
        }
        let by = [("cwd", Hold::Directory), ("root", Hold::Root)];
        let by = by.into_iter().find(|(name, _)| leads(&file(name)).unwrap_or(false)).map(|(_, by)| by);
        let open = || {
            let files = fs.list(&file("fd")).unwrap_or_default();
            let mut targets = files.iter().filter_map(|fd| fs.readlink(&paths::join(&file("fd"), &fd.name)).ok());
            targets.any(|target| inside(&target)).then_some(Hold::File)
        };
        if let Some(by) = by.or_else(open) {
            let comm = fs.read(&file("comm"), MOST).unwrap_or_default();
            found.push(User { pid, comm: comm.trim_ascii_end().into(), by });
        }
        if found.len() == USERS {
            break;
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::{Hold, filesystems, point};
    use crate::kernel::fixture::Fixture;

    const HOST: &str = "\
file /proc/self/mountinfo
|20 1 0:5 / / rw - ext4 x rw
|31 20 0:28 / /sys/fs/cgroup rw - tmpfs tmpfs rw
|32 31 0:29 / /sys/fs/cgroup/cpu rw - cgroup cgroup rw,cpu
|33 32 0:40 / /sys/fs/cgroup/cpu/a rw - tmpfs tmpfs rw
file /proc/filesystems
|nodev\tcgroup
|nodev\tcgroup2
|\text4
dir /sys/fs/cgroup/cpu dev=0:29
dir /sys/fs/cgroup/cpu/a dev=0:40
dir /sys/fs/cgroup/cpu/b dev=0:29
dir /mnt
file /mnt/here
|x
link /link target=mnt
link /proc/self/ns/mnt target=mnt:[1]
link /proc/7/ns/mnt target=mnt:[1]
link /proc/7/cwd target=/sys/fs/cgroup/cpu/b
file /proc/7/comm
|sh
link /proc/8/ns/mnt target=mnt:[2]
link /proc/8/fd/3 target=/sys/fs/cgroup/cpu/tasks
link /proc/9/ns/mnt target=mnt:[1]
link /proc/9/fd/3 target=/sys/fs/cgroup/cpu/tasks
file /proc/9/comm
|cat
";

    #[test]
    fn what_exists_is_followed_and_what_does_not_stays_as_asked() {
        let fs = Fixture::parse(HOST).unwrap();
        let facts = point(&fs, b"/link/../link/./new/deep", 1);
        assert_eq!((&*facts.path, facts.missing, facts.directory), (&b"/mnt/new/deep"[..], 2, true));
        assert_eq!((&*facts.on, facts.mounted), (&b"ext4"[..], None));
        let file = point(&fs, b"/mnt/here", 1);
        assert_eq!((file.missing, file.directory), (0, false));
        let full = point(&fs, b"/mnt", 1);
        assert_eq!(full.entries.iter().map(|name| &**name).collect::<Vec<_>>(), [b"here"]);
    }

    #[test]
    fn what_is_mounted_and_who_is_in_it() {
        let fs = Fixture::parse(HOST).unwrap();
        let facts = point(&fs, b"/sys/fs/cgroup/cpu", 1);
        assert_eq!(facts.mounted.as_deref(), Some(&b"cgroup"[..]));
        assert_eq!(facts.below.iter().map(|point| &**point).collect::<Vec<_>>(), [b"/sys/fs/cgroup/cpu/a"]);
        // 8 is in another mount namespace.
        let users: Vec<_> = facts.users.iter().map(|user| (user.pid, user.by)).collect();
        assert_eq!(users, [(7, Hold::Directory), (9, Hold::File)]);
        assert!(point(&fs, b"/sys/fs/cgroup/cpu", 9).users.iter().all(|user| user.pid != 9), "we ourselves");
    }

    #[test]
    fn types_of_file_systems() {
        let types = filesystems(&Fixture::parse(HOST).unwrap());
        assert_eq!(types.iter().map(|name| &**name).collect::<Vec<_>>(), ["cgroup", "cgroup2", "ext4"]);
    }
}
