//! The real machine behind the seam: one method, one or few system calls, nothing kept but open handles.
use std::mem::MaybeUninit;
use std::os::fd::OwnedFd;

use rustix::fs::{Access, AtFlags, CWD, FileType, Mode, OFlags, RawDir};
use rustix::io::Errno as Raw;

use crate::model::cpu_set::{CpuSet, MAX_CPU};
use crate::model::errno::Errno;
use crate::model::hierarchy::Device;
use crate::model::time::Mono;

use super::fs::{DirEntry, Fs, Kind, Reader, Stat};

/// The machine this process runs on.
#[derive(Clone, Copy, Debug, Default)]
pub struct RealFs;

const CHUNK: usize = 4096;
/// A single read of a kernel file that returns less than this has returned all: records are far shorter than the rest of
/// the page the kernel fills before it returns.
const SURELY_ALL: usize = CHUNK / 2;
/// Open files for everything else cgrove does: terminal, journal, pipes, watches, files read once.
const RESERVED: usize = 128;
/// More handles than this cost more kernel memory than they save time.
const MOST_HANDLES: usize = 4096;

impl Fs for RealFs {
    fn read(&self, path: &[u8], limit: usize) -> Result<Vec<u8>, Errno> {
        let file = open(path, OFlags::RDONLY)?;
        let mut content = Vec::new();
        while content.len() < limit {
            let want = (limit - content.len()).min(CHUNK.max(content.len()));
            let start = content.len();
            content.resize(start + want, 0);
            let got = retry(|| rustix::io::read(&file, &mut content[start..]))?;
            content.truncate(start + got);
            if got == 0 {
                break;
            }
        }
        Ok(content)
    }

    fn list(&self, path: &[u8]) -> Result<Vec<DirEntry>, Errno> {
        let directory = open(path, OFlags::RDONLY | OFlags::DIRECTORY)?;
        let mut buffer = vec![MaybeUninit::uninit(); 32 * 1024];
        let mut reader = RawDir::new(&directory, &mut buffer);
        let mut entries = Vec::new();
        while let Some(entry) = reader.next() {
            let entry = match entry {
                Ok(entry) => entry,
                Err(Raw::INTR) => continue,
                Err(error) => return Err(errno(error)),
            };
            let name = entry.file_name().to_bytes();
            if name != b"." && name != b".." {
                entries.push(DirEntry { name: name.into(), kind: kind(entry.file_type()) });
            }
        }
        Ok(entries)
    }

    fn stat(&self, path: &[u8]) -> Result<Stat, Errno> {
        let stat = retry(|| rustix::fs::statat(CWD, path, AtFlags::SYMLINK_NOFOLLOW))?;
        Ok(Stat {
            kind: kind(FileType::from_raw_mode(stat.st_mode)),
            mode: stat.st_mode & 0o7777,
            uid: stat.st_uid,
            gid: stat.st_gid,
            inode: stat.st_ino,
            links: wide(stat.st_nlink),
            device: Device { major: rustix::fs::major(stat.st_dev), minor: rustix::fs::minor(stat.st_dev) },
        })
    }

    fn magic(&self, path: &[u8]) -> Result<u64, Errno> {
        let magic = retry(|| rustix::fs::statfs(path))?.f_type;
        // The field is signed on some architectures; the magic numbers are 32 bits.
        Ok(u64::try_from(magic).unwrap_or(0) & 0xffff_ffff)
    }

    fn readlink(&self, path: &[u8]) -> Result<Vec<u8>, Errno> {
        Ok(retry(|| rustix::fs::readlinkat(CWD, path, Vec::new()))?.into_bytes())
    }

    fn xattr(&self, path: &[u8], name: &str) -> Result<Vec<u8>, Errno> {
        let mut value = vec![0; 1024];
        let length = retry(|| rustix::fs::getxattr(path, name, &mut value))?;
        value.truncate(length);
        Ok(value)
    }

    fn may_write(&self, path: &[u8]) -> Result<(), Errno> {
        retry(|| rustix::fs::accessat(CWD, path, Access::WRITE_OK, AtFlags::EACCESS))
    }

    fn affinity(&self, tid: i32) -> Result<CpuSet, Errno> {
        let pid = rustix::process::Pid::from_raw(tid).ok_or(Errno::ESRCH)?;
        let set = retry(|| rustix::thread::sched_getaffinity(Some(pid)))?;
        let most = u32::try_from(rustix::thread::CpuSet::MAX_CPU).unwrap_or(0).min(MAX_CPU + 1);
        Ok((0..most).filter(|&cpu| set.is_set(cpu as usize)).collect())
    }

    fn open(&self, path: &[u8]) -> Result<Box<dyn Reader>, Errno> {
        Ok(Box::new(RealReader(open(path, OFlags::RDONLY)?)))
    }

    fn handles(&self) -> usize {
        let limit = rustix::process::getrlimit(rustix::process::Resource::Nofile).current;
        let limit = limit.map_or(usize::MAX, |limit| usize::try_from(limit).unwrap_or(usize::MAX));
        limit.saturating_sub(RESERVED).min(MOST_HANDLES)
    }

    fn now(&self) -> Mono {
        Mono(nanos(rustix::time::ClockId::Monotonic))
    }

    fn thread_cpu_ns(&self) -> u64 {
        nanos(rustix::time::ClockId::ThreadCPUTime)
    }
}

struct RealReader(OwnedFd);

impl Reader for RealReader {
    fn read(&mut self, content: &mut Vec<u8>, limit: usize) -> Result<(), Errno> {
        content.clear();
        while content.len() < limit {
            let start = content.len();
            content.resize(start + CHUNK.min(limit - start), 0);
            let got = retry(|| rustix::io::pread(&self.0, &mut content[start..], start as u64))?;
            content.truncate(start + got);
            if got < SURELY_ALL {
                break;
            }
        }
        Ok(())
    }
}

fn open(path: &[u8], flags: OFlags) -> Result<OwnedFd, Errno> {
    retry(|| rustix::fs::openat(CWD, path, flags | OFlags::CLOEXEC | OFlags::NOCTTY | OFlags::NONBLOCK, Mode::empty()))
}

/// A number whose type is not the same on every architecture.
fn wide(number: impl Into<u64>) -> u64 {
    number.into()
}

fn nanos(clock: rustix::time::ClockId) -> u64 {
    let time = rustix::time::clock_gettime(clock);
    let seconds = u64::try_from(time.tv_sec).unwrap_or(0);
    seconds.saturating_mul(1_000_000_000).saturating_add(u64::try_from(time.tv_nsec).unwrap_or(0))
}

fn kind(kind: FileType) -> Kind {
    match kind {
        FileType::Directory => Kind::Directory,
        FileType::RegularFile => Kind::File,
        FileType::Symlink => Kind::Link,
        _ => Kind::Other,
    }
}

fn errno(error: Raw) -> Errno {
    Errno(error.raw_os_error())
}

/// Calls again when a signal came between.
fn retry<T>(mut call: impl FnMut() -> Result<T, Raw>) -> Result<T, Errno> {
    loop {
        match call() {
            Err(Raw::INTR) => {}
            other => return other.map_err(errno),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Errno, Fs, Kind, RealFs};

    #[test]
    fn proc_reads_the_same_by_path_and_by_handle() {
        let by_path = RealFs.read(b"/proc/self/limits", 1 << 16).unwrap();
        let mut by_handle = b"old".to_vec();
        RealFs.open(b"/proc/self/limits").unwrap().read(&mut by_handle, 1 << 16).unwrap();
        assert_eq!(by_path, by_handle);
        assert!(by_path.starts_with(b"Limit"));
    }

    #[test]
    fn a_handle_reads_from_the_start_each_time() {
        let mut reader = RealFs.open(b"/proc/sys/kernel/osrelease").unwrap();
        let (mut first, mut second) = (Vec::new(), Vec::new());
        reader.read(&mut first, 1 << 16).unwrap();
        reader.read(&mut second, 1 << 16).unwrap();
        assert!(!first.is_empty());
        assert_eq!(first, second);
    }

    #[test]
    fn the_limit_cuts() {
        assert_eq!(RealFs.read(b"/proc/self/limits", 5).unwrap(), b"Limit");
    }

    #[test]
    fn long_files_are_read_to_their_end() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("long");
        let content: Vec<u8> = (0..100_000_u32).map(|number| number.to_le_bytes()[0]).collect();
        std::fs::write(&path, &content).unwrap();
        let path = path.as_os_str().as_encoded_bytes();
        assert_eq!(RealFs.read(path, 1 << 20).unwrap(), content);
        let mut by_handle = Vec::new();
        RealFs.open(path).unwrap().read(&mut by_handle, 1 << 20).unwrap();
        assert_eq!(by_handle, content);
    }

    #[test]
    fn errors_keep_their_numbers() {
        assert_eq!(RealFs.read(b"/proc/none", 9).unwrap_err(), Errno::ENOENT);
        assert_eq!(RealFs.list(b"/proc/self/limits").unwrap_err(), Errno::ENOTDIR);
        assert_eq!(RealFs.stat(b"/proc/none").unwrap_err(), Errno::ENOENT);
        assert_eq!(RealFs.readlink(b"/proc").unwrap_err(), Errno::EINVAL);
        assert_eq!(RealFs.affinity(0).unwrap_err(), Errno::ESRCH);
        assert_eq!(RealFs.xattr(b"/", "user.cgrove-test-none").map_err(Errno::is_gone), Err(false));
    }

    #[test]
    fn links_directories_and_clocks() {
        let own = i32::try_from(std::process::id()).unwrap();
        assert_eq!(RealFs.readlink(b"/proc/self").unwrap(), own.to_string().into_bytes());
        assert_eq!(RealFs.stat(b"/proc/self").unwrap().kind, Kind::Link);
        let tasks = RealFs.list(b"/proc/self/task").unwrap();
        assert!(tasks.iter().any(|task| *task.name == *own.to_string().as_bytes() && task.kind == Kind::Directory));
        assert!(tasks.iter().all(|task| *task.name != *b"." && *task.name != *b".."));
        assert!(!RealFs.affinity(own).unwrap().is_empty());
        let before = RealFs.now();
        assert!(RealFs.now() >= before && before.0 > 0);
        assert_eq!(RealFs.magic(b"/proc").unwrap(), 0x9fa0);
    }
}
