//! A host as one text archive, in place of the real one.
//!
//! # Format
//! Lines. A line that begins with `#`, and an empty one, says nothing. Words are parted by single blanks. In paths, names,
//! values and content, `\xNN` is the byte NN and `\\` a backslash; everything else stands for itself (a blank in a path is
//! `\x20`). All numbers are decimal but for `mode` (octal) and `magic` (hexadecimal with `0x`).
//!
//! ```text
//! now 5000000000 step=1000            the monotonic clock; `step` (default 0) is added by every look at it
//! handles 100                         how many files may be kept open (default 1000)
//! affinity 42 0-3                     CPUs of task 42; `affinity * 0-3` of every other one (default: ESRCH)
//! dir /sys/fs/cgroup/cpu dev=0:29 magic=0x27e0eb
//! dir /sys/fs/cgroup/cpu/a ino=7 nlink=3 uid=1000 gid=1000 mode=700 xattr.user.delegate=1
//! file /sys/fs/cgroup/cpu/a/cpu.shares mode=644
//! |1024
//! file /sys/fs/cgroup/cpu/a/no_newline
//! >text
//! link /proc/self target=42
//! other /dev/null
//! file /proc/43/stat read=ESRCH
//! dir /sys/fs/cgroup/cpu/secret list=EACCES
//! dir /sys/fs/cgroup/cpu/gone stat=ENOENT list=ENOENT
//! gone /proc/44
//! ```
//!
//! * Content follows its `file` line: `|` a line and its newline, `>` text without one. A `file` without is empty.
//! * Directories on the way to a path are made as needed.
//! * `dev`, `magic`, `uid`, `gid` and `write` are those of the directory above where they are not given (at the root: 0:1,
//!   `0xef53`, 0, 0, allowed); `ino` is a number of its own; `nlink` is 2 + directories inside, 1 for other files; `mode`
//!   is 755, 644, 777.
//! * `read=`, `list=`, `stat=`, `write=` are the errno (name or number) of open or read, of listing, of `lstat`, and of
//!   asking whether one may write. So a file can be listed and yet be gone, or be denied. `open=` fails the open alone,
//!   for `read` and for handles; with `read=` a handle opens, and its reads fail. `write=ok` permits again what a directory
//!   above forbids.
//! * A path given again replaces what is set there, its children stay. `gone` takes a path away with all below it: for
//!   archives that are laid over another with [`Fixture::apply`].
//!
//! Permission bits are data; what is denied is denied by `read=` and the like.
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::model::bytes::{Bytes, escape};
use crate::model::cpu_set::CpuSet;
use crate::model::errno::Errno;
use crate::model::hierarchy::Device;
use crate::model::time::Mono;

use super::fs::{DirEntry, Fs, Kind, Reader, Stat};

/// A host from an archive. Clones share it: a test keeps one and changes what the sampler, which has another, will see.
#[derive(Clone, Debug, Default)]
pub struct Fixture(Arc<Mutex<World>>);

/// An archive that cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("fixture, line {line}: {what}")]
pub struct BadArchive {
    /// Line, from 1.
    pub line: usize,
    /// What is wrong with it.
    pub what: String,
}

#[derive(Debug, Default)]
struct World {
    nodes: BTreeMap<Vec<u8>, Node>,
    affinities: BTreeMap<i32, CpuSet>,
    affinity: Option<CpuSet>,
    now: u64,
    step: u64,
    handles: Option<usize>,
    last_inode: u64,
}

#[derive(Clone, Debug)]
struct Node {
    kind: Kind,
    mode: Option<u32>,
    uid: Option<u32>,
    gid: Option<u32>,
    inode: u64,
    links: Option<u64>,
    device: Option<Device>,
    magic: Option<u64>,
    target: Vec<u8>,
    content: Vec<u8>,
    xattrs: BTreeMap<String, Vec<u8>>,
    open: Option<Errno>,
    read: Option<Errno>,
    list: Option<Errno>,
    stat: Option<Errno>,
    write: Option<Result<(), Errno>>,
}

impl Fixture {
    /// The host of an archive.
    ///
    /// # Errors
    /// The first line that is not of the format.
    pub fn parse(text: &str) -> Result<Self, BadArchive> {
        let fixture = Self::default();
        fixture.apply(text)?;
        Ok(fixture)
    }

    /// Lays another archive over this one: what happened meanwhile.
    ///
    /// # Errors
    /// The first line that is not of the format; the lines before it have been laid over.
    pub fn apply(&self, text: &str) -> Result<(), BadArchive> {
        let mut world = self.world();
        let mut current = None;
        for (index, line) in text.lines().enumerate() {
            world.line(line, &mut current).map_err(|what| BadArchive { line: index + 1, what })?;
        }
        Ok(())
    }

    /// Sets the clock.
    pub fn set_now(&self, now: Mono) {
        self.world().now = now.0;
    }

    fn world(&self) -> MutexGuard<'_, World> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl World {
    fn line(&mut self, line: &str, current: &mut Option<Vec<u8>>) -> Result<(), String> {
        if let Some(text) = line.strip_prefix('|') {
            let mut text = unescape(text)?;
            text.push(b'\n');
            return self.append(current.as_ref(), &text);
        }
        if let Some(text) = line.strip_prefix('>') {
            return self.append(current.as_ref(), &unescape(text)?);
        }
        if line.is_empty() || line.starts_with('#') {
            return Ok(());
        }
        *current = None;
        let mut words = line.split(' ').filter(|word| !word.is_empty());
        let verb = words.next().unwrap_or_default();
        let subject = words.next().ok_or_else(|| format!("`{verb}` of what?"))?;
        match verb {
            "now" => {
                self.now = number(subject)?;
                self.step = match words.next() {
                    None => 0,
                    Some(word) => number(word.strip_prefix("step=").ok_or("expected step=N")?)?,
                };
            }
            "handles" => self.handles = Some(number(subject)?),
            "affinity" => {
                let list = words.next().ok_or("affinity TID CPUS")?;
                let set = CpuSet::parse(list).ok_or_else(|| format!("`{list}` is no list of CPUs"))?;
                if subject == "*" {
                    self.affinity = Some(set);
                } else {
                    self.affinities.insert(number(subject)?, set);
                }
            }
            "gone" => {
                let path = path(subject)?;
                self.nodes.retain(|known, _| !is_within(known, &path));
            }
            "dir" => self.node(Kind::Directory, subject, words, current)?,
            "file" => self.node(Kind::File, subject, words, current)?,
            "link" => self.node(Kind::Link, subject, words, current)?,
            "other" => self.node(Kind::Other, subject, words, current)?,
            _ => return Err(format!("`{verb}` is not one of now, handles, affinity, dir, file, link, other, gone")),
        }
        Ok(())
    }

    fn append(&mut self, current: Option<&Vec<u8>>, text: &[u8]) -> Result<(), String> {
        let node = current.and_then(|path| self.nodes.get_mut(path)).ok_or("content without a file before it")?;
        node.content.extend_from_slice(text);
        Ok(())
    }

    fn node<'a>(
        &mut self,
        kind: Kind,
        subject: &str,
        words: impl Iterator<Item = &'a str>,
        current: &mut Option<Vec<u8>>,
    ) -> Result<(), String> {
        let path = path(subject)?;
        let inode = self.nodes.get(&path).map(|node| node.inode);
        let mut node = self.blank(kind, inode);
        for word in words {
            node.attribute(word)?;
        }
        let mut above = parent(&path);
        while let Some(directory) = above {
            if !self.nodes.contains_key(directory) {
                let blank = self.blank(Kind::Directory, None);
                self.nodes.insert(directory.to_vec(), blank);
            }
            above = parent(directory);
        }
        if kind == Kind::File {
            *current = Some(path.clone());
        }
        self.nodes.insert(path, node);
        Ok(())
    }

    fn blank(&mut self, kind: Kind, inode: Option<u64>) -> Node {
        let inode = inode.unwrap_or_else(|| {
            self.last_inode += 1;
            // Far from the small numbers that archives give.
            1_000_000 + self.last_inode
        });
        Node {
            kind,
            mode: None,
            uid: None,
            gid: None,
            inode,
            links: None,
            device: None,
            magic: None,
            target: Vec::new(),
            content: Vec::new(),
            xattrs: BTreeMap::new(),
            open: None,
            read: None,
            list: None,
            stat: None,
            write: None,
        }
    }

    /// The path with every symbolic link on the way followed, the last component only if `last`.
    fn resolve(&self, path: &[u8], last: bool) -> Result<Vec<u8>, Errno> {
        const ELOOP: Errno = Errno(40);
        let mut rest: Vec<Vec<u8>> = parts(path).rev().map(<[u8]>::to_vec).collect();
        let mut at = b"/".to_vec();
        let mut links = 0;
        while let Some(part) = rest.pop() {
            if part == b".." {
                at = parent(&at).unwrap_or(b"/").to_vec();
                continue;
            }
            if part == b"." {
                continue;
            }
            let next = join(&at, &part);
            match self.nodes.get(&next) {
                Some(node) if node.kind == Kind::Link && (last || !rest.is_empty()) => {
                    links += 1;
                    if links > 40 {
                        return Err(ELOOP);
                    }
                    if node.target.first() == Some(&b'/') {
                        at = b"/".to_vec();
                    }
                    rest.extend(parts(&node.target).rev().map(<[u8]>::to_vec));
                }
                Some(node) if node.kind != Kind::Directory && !rest.is_empty() => return Err(Errno::ENOTDIR),
                Some(_) => at = next,
                None => return Err(Errno::ENOENT),
            }
        }
        Ok(at)
    }

    fn find(&self, path: &[u8], last: bool) -> Result<(Vec<u8>, &Node), Errno> {
        let path = self.resolve(path, last)?;
        let node = self.nodes.get(&path).ok_or(Errno::ENOENT)?;
        Ok((path, node))
    }

    fn open(&self, path: &[u8]) -> Result<(Vec<u8>, &Node), Errno> {
        let (path, node) = self.find(path, true)?;
        match node.open {
            Some(errno) => Err(errno),
            None => Ok((path, node)),
        }
    }

    fn read(&self, path: &[u8], limit: usize) -> Result<&[u8], Errno> {
        let (_, node) = self.open(path)?;
        node.text(limit)
    }

    /// What the nearest directory upwards from `path` says, itself included.
    fn inherited<T>(&self, path: &[u8], of: impl Fn(&Node) -> Option<T>) -> Option<T> {
        std::iter::successors(Some(path), |path| parent(path)).find_map(|path| of(self.nodes.get(path)?))
    }

    fn children<'a>(&'a self, path: &'a [u8]) -> impl Iterator<Item = (&'a [u8], &'a Node)> {
        let below = if path == b"/" { b"/".to_vec() } else { [path, b"/"].concat() };
        let start = below.clone();
        self.nodes
            .range(start..)
            .take_while(move |(known, _)| known.starts_with(&below))
            .filter(move |(known, _)| parent(known) == Some(path))
            .map(|(known, node)| (name(known), node))
    }
}

impl Node {
    fn text(&self, limit: usize) -> Result<&[u8], Errno> {
        const EISDIR: Errno = Errno(21);
        if let Some(errno) = self.read {
            return Err(errno);
        }
        if self.kind == Kind::Directory {
            return Err(EISDIR);
        }
        Ok(&self.content[..self.content.len().min(limit)])
    }

    fn attribute(&mut self, word: &str) -> Result<(), String> {
        let (key, value) = word.split_once('=').ok_or_else(|| format!("expected KEY=VALUE, found `{word}`"))?;
        match key {
            "mode" => self.mode = Some(radix(value, 8)?),
            "uid" => self.uid = Some(number(value)?),
            "gid" => self.gid = Some(number(value)?),
            "ino" => self.inode = number(value)?,
            "nlink" => self.links = Some(number(value)?),
            "magic" => self.magic = Some(radix(value.strip_prefix("0x").ok_or("magic=0x…")?, 16)?.into()),
            "target" => self.target = unescape(value)?,
            "dev" => {
                let (major, minor) = value.split_once(':').ok_or("dev=MAJOR:MINOR")?;
                self.device = Some(Device { major: number(major)?, minor: number(minor)? });
            }
            "open" => self.open = Some(errno(value)?),
            "read" => self.read = Some(errno(value)?),
            "list" => self.list = Some(errno(value)?),
            "stat" => self.stat = Some(errno(value)?),
            "write" if value == "ok" => self.write = Some(Ok(())),
            "write" => self.write = Some(Err(errno(value)?)),
            _ => {
                let name = key.strip_prefix("xattr.").ok_or_else(|| format!("`{key}` is no attribute"))?;
                self.xattrs.insert(name.to_owned(), unescape(value)?);
            }
        }
        Ok(())
    }
}

impl Fs for Fixture {
    fn read(&self, path: &[u8], limit: usize) -> Result<Vec<u8>, Errno> {
        self.world().read(path, limit).map(<[u8]>::to_vec)
    }

    fn list(&self, path: &[u8]) -> Result<Vec<DirEntry>, Errno> {
        let world = self.world();
        let (path, node) = world.find(path, true)?;
        if let Some(errno) = node.list {
            return Err(errno);
        }
        if node.kind != Kind::Directory {
            return Err(Errno::ENOTDIR);
        }
        let entry = |(name, node): (&[u8], &Node)| DirEntry { name: Bytes::from(name), kind: node.kind };
        Ok(world.children(&path).map(entry).collect())
    }

    fn stat(&self, path: &[u8]) -> Result<Stat, Errno> {
        let world = self.world();
        let (path, node) = world.find(path, false)?;
        if let Some(errno) = node.stat {
            return Err(errno);
        }
        let (mode, links) = match node.kind {
            Kind::Directory => {
                let inside = world.children(&path).filter(|(_, node)| node.kind == Kind::Directory).count();
                (0o755, 2 + inside as u64)
            }
            Kind::Link => (0o777, 1),
            Kind::File | Kind::Other => (0o644, 1),
        };
        Ok(Stat {
            kind: node.kind,
            mode: node.mode.unwrap_or(mode),
            uid: world.inherited(&path, |node| node.uid).unwrap_or(0),
            gid: world.inherited(&path, |node| node.gid).unwrap_or(0),
            inode: node.inode,
            links: node.links.unwrap_or(links),
            device: world.inherited(&path, |node| node.device).unwrap_or(Device { major: 0, minor: 1 }),
        })
    }

    fn magic(&self, path: &[u8]) -> Result<u64, Errno> {
        let world = self.world();
        let (path, _) = world.find(path, true)?;
        Ok(world.inherited(&path, |node| node.magic).unwrap_or(0xef53))
    }

    fn readlink(&self, path: &[u8]) -> Result<Vec<u8>, Errno> {
        let world = self.world();
        let (_, node) = world.find(path, false)?;
        match (node.read, node.kind) {
            (Some(errno), _) => Err(errno),
            (None, Kind::Link) => Ok(node.target.clone()),
            _ => Err(Errno::EINVAL),
        }
    }

    fn xattr(&self, path: &[u8], name: &str) -> Result<Vec<u8>, Errno> {
        const ENODATA: Errno = Errno(61);
        let world = self.world();
        let (_, node) = world.find(path, true)?;
        node.xattrs.get(name).cloned().ok_or(ENODATA)
    }

    fn may_write(&self, path: &[u8]) -> Result<(), Errno> {
        let world = self.world();
        let (path, _) = world.find(path, true)?;
        world.inherited(&path, |node| node.write).unwrap_or(Ok(()))
    }

    fn affinity(&self, tid: i32) -> Result<CpuSet, Errno> {
        let world = self.world();
        world.affinities.get(&tid).or(world.affinity.as_ref()).cloned().ok_or(Errno::ESRCH)
    }

    fn open(&self, path: &[u8]) -> Result<Box<dyn Reader>, Errno> {
        let (path, inode) = {
            let world = self.world();
            let (path, node) = world.open(path)?;
            (path, node.inode)
        };
        Ok(Box::new(FixtureReader { fixture: self.clone(), path, inode }))
    }

    fn handles(&self) -> usize {
        self.world().handles.unwrap_or(1000)
    }

    fn now(&self) -> Mono {
        let mut world = self.world();
        let now = world.now;
        world.now += world.step;
        Mono(now)
    }

    fn thread_cpu_ns(&self) -> u64 {
        0
    }
}

struct FixtureReader {
    fixture: Fixture,
    path: Vec<u8>,
    inode: u64,
}

impl Reader for FixtureReader {
    fn read(&mut self, content: &mut Vec<u8>, limit: usize) -> Result<(), Errno> {
        content.clear();
        let world = self.fixture.world();
        let gone = if self.path.starts_with(b"/proc/") { Errno::ESRCH } else { Errno::ENODEV };
        let node = world.nodes.get(&self.path).filter(|node| node.inode == self.inode).ok_or(gone)?;
        content.extend_from_slice(node.text(limit)?);
        Ok(())
    }
}

fn path(word: &str) -> Result<Vec<u8>, String> {
    let bytes = unescape(word)?;
    if bytes.first() != Some(&b'/') {
        return Err(format!("`{word}` is not an absolute path"));
    }
    let mut path = Vec::with_capacity(bytes.len());
    for part in parts(&bytes) {
        path.push(b'/');
        path.extend_from_slice(part);
    }
    Ok(if path.is_empty() { b"/".to_vec() } else { path })
}

fn parts(path: &[u8]) -> impl DoubleEndedIterator<Item = &[u8]> {
    path.split(|&byte| byte == b'/').filter(|part| !part.is_empty())
}

fn join(directory: &[u8], name: &[u8]) -> Vec<u8> {
    if directory == b"/" { [b"/", name].concat() } else { [directory, b"/", name].concat() }
}

fn parent(path: &[u8]) -> Option<&[u8]> {
    let cut = path.iter().rposition(|&byte| byte == b'/')?;
    match cut {
        0 if path.len() == 1 => None,
        0 => Some(b"/"),
        _ => Some(&path[..cut]),
    }
}

fn name(path: &[u8]) -> &[u8] {
    path.iter().rposition(|&byte| byte == b'/').map_or(path, |cut| &path[cut + 1..])
}

fn is_within(path: &[u8], above: &[u8]) -> bool {
    above == b"/" || path.strip_prefix(above).is_some_and(|rest| rest.is_empty() || rest[0] == b'/')
}

fn unescape(text: &str) -> Result<Vec<u8>, String> {
    let mut out = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&byte, after)) = rest.split_first() {
        rest = after;
        if byte != b'\\' {
            out.push(byte);
            continue;
        }
        match after {
            [b'\\', ..] => {
                out.push(b'\\');
                rest = &after[1..];
            }
            [b'x', high, low, ..] if high.is_ascii_hexdigit() && low.is_ascii_hexdigit() => {
                out.push(hex(*high) << 4 | hex(*low));
                rest = &after[3..];
            }
            _ => return Err(format!("bad escape in `{}`", escape(text.as_bytes()))),
        }
    }
    Ok(out)
}

fn hex(digit: u8) -> u8 {
    if digit.is_ascii_digit() { digit - b'0' } else { (digit | 0x20) - b'a' + 10 }
}

fn number<N: std::str::FromStr>(text: &str) -> Result<N, String> {
    text.parse().map_err(|_not| format!("`{text}` is no number that fits here"))
}

fn radix(text: &str, radix: u32) -> Result<u32, String> {
    u32::from_str_radix(text, radix).map_err(|_not| format!("`{text}` is no number of base {radix}"))
}

fn errno(text: &str) -> Result<Errno, String> {
    if let Ok(number) = text.parse() {
        return Ok(Errno(number));
    }
    let known = (1..134).map(Errno).find(|errno| errno.name() == Some(text));
    known.ok_or_else(|| format!("`{text}` is no errno that is known by name; give its number"))
}

#[cfg(test)]
mod tests {
    use super::{Bytes, Device, Errno, Fixture, Fs, Kind, Mono};

    const HOST: &str = "\
# a host
now 100 step=10
handles 7
affinity 42 1
affinity * 0-3
dir /cg dev=0:29 magic=0x27e0eb uid=5
dir /cg/a ino=7
file /cg/a/cpu.shares mode=600
|1024
dir /cg/a\\x20\\xff
file /cg/raw
|a\\x00b\\\\
>end
link /cg2 target=/cg/a
link /rel target=cg/../cg
link /loop target=loop
file /cg/gone read=ENODEV stat=2
dir /cg/secret list=EACCES write=EROFS xattr.user.delegate=1
file /cg/secret/x open=13
";

    fn host() -> Fixture {
        Fixture::parse(HOST).unwrap()
    }

    #[test]
    fn content_holds_any_bytes() {
        assert_eq!(host().read(b"/cg/raw", 99).unwrap(), b"a\0b\\\nend");
        assert_eq!(host().read(b"/cg/raw", 2).unwrap(), b"a\0");
    }

    #[test]
    fn directories_list_their_children_only() {
        let names: Vec<Bytes> = host().list(b"/cg").unwrap().into_iter().map(|entry| entry.name).collect();
        let expected: [&[u8]; 5] = [b"a", b"a \xff", b"gone", b"raw", b"secret"];
        assert_eq!(names.iter().map(|name| &**name).collect::<Vec<_>>(), expected);
        let top: Vec<_> = host().list(b"/").unwrap().iter().map(|entry| (entry.name.to_vec(), entry.kind)).collect();
        assert_eq!(top[0], (b"cg".to_vec(), Kind::Directory));
        assert_eq!(top[1], (b"cg2".to_vec(), Kind::Link));
    }

    #[test]
    fn what_is_not_given_comes_from_above() {
        let top = host().stat(b"/cg").unwrap();
        assert_eq!((top.links, top.mode, top.device), (5, 0o755, Device { major: 0, minor: 29 }));
        let file = host().stat(b"/cg/a/cpu.shares").unwrap();
        assert_eq!((file.uid, file.gid, file.mode, file.links, file.device), (5, 0, 0o600, 1, top.device));
        assert_eq!(host().magic(b"/cg/a/cpu.shares"), Ok(0x27_e0eb));
        assert_eq!((host().magic(b"/"), host().stat(b"/cg/a").unwrap().inode), (Ok(0xef53), 7));
    }

    #[test]
    fn links_are_followed_on_the_way_and_by_lstat_not_at_the_end() {
        assert_eq!(host().read(b"/cg2/cpu.shares", 99).unwrap(), b"1024\n");
        assert_eq!(host().list(b"/rel").unwrap().len(), 5);
        assert_eq!(
            (host().stat(b"/cg2").unwrap().kind, host().readlink(b"/cg2").unwrap()),
            (Kind::Link, b"/cg/a".to_vec())
        );
        assert_eq!(host().list(b"/loop").unwrap_err(), Errno(40));
        assert_eq!(host().read(b"/cg/raw/x", 9).unwrap_err(), Errno::ENOTDIR);
    }

    #[test]
    fn errors_are_expressed() {
        let host = host();
        assert_eq!(host.read(b"/cg/gone", 9).unwrap_err(), Errno::ENODEV);
        assert_eq!(host.stat(b"/cg/gone").unwrap_err(), Errno::ENOENT);
        assert_eq!(host.list(b"/cg/secret").unwrap_err(), Errno::EACCES);
        assert_eq!(host.may_write(b"/cg/secret/x"), Err(Errno::EROFS));
        assert_eq!(host.may_write(b"/cg/a"), Ok(()));
        assert_eq!(host.read(b"/cg/secret/x", 9).unwrap_err(), Errno::EACCES);
        assert_eq!(host.open(b"/cg/secret/x").map(|_| ()).unwrap_err(), Errno::EACCES);
        assert_eq!(host.xattr(b"/cg/secret", "user.delegate").unwrap(), b"1");
        assert_eq!(host.xattr(b"/cg", "user.delegate").unwrap_err(), Errno(61));
    }

    #[test]
    fn clock_and_affinity() {
        let host = host();
        assert_eq!((host.now(), host.now(), host.handles()), (Mono(100), Mono(110), 7));
        assert_eq!(
            (host.affinity(42).unwrap().to_string(), host.affinity(1).unwrap().to_string()),
            ("1".into(), "0-3".into())
        );
        assert_eq!(Fixture::default().affinity(1).unwrap_err(), Errno::ESRCH);
    }

    #[test]
    fn what_happens_meanwhile_reaches_handles_and_clones() {
        let host = host();
        let other = host.clone();
        let mut shares = host.open(b"/cg/a/cpu.shares").unwrap();
        let mut content = Vec::new();
        other.apply("file /cg/a/cpu.shares\n|2048\n").unwrap();
        shares.read(&mut content, 99).unwrap();
        assert_eq!(content, b"2048\n");
        other.apply("gone /cg/a").unwrap();
        assert_eq!(shares.read(&mut content, 99).unwrap_err(), Errno::ENODEV);
        assert_eq!(host.stat(b"/cg/a/cpu.shares").unwrap_err(), Errno::ENOENT);
        other.apply("file /cg/a/cpu.shares\n|1\n").unwrap();
        assert_eq!(shares.read(&mut content, 99).unwrap_err(), Errno::ENODEV, "made anew, it is another file");
        assert!(host.list(b"/cg").unwrap().iter().any(|entry| *entry.name == *b"a \xff"), "only the path itself goes");
    }

    #[test]
    fn bad_lines_are_named() {
        for (line, said) in [
            ("what /x", "fixture, line 1: `what` is not one of now, handles, affinity, dir, file, link, other, gone"),
            ("|x", "fixture, line 1: content without a file before it"),
            ("dir /a\n|x", "fixture, line 2: content without a file before it"),
            ("file x", "fixture, line 1: `x` is not an absolute path"),
            ("file /x colour=1", "fixture, line 1: `colour` is no attribute"),
            ("file /x read=EWHAT", "fixture, line 1: `EWHAT` is no errno that is known by name; give its number"),
            ("file /x\n|\\q", "fixture, line 2: bad escape in `\\\\q`"),
            ("dir", "fixture, line 1: `dir` of what?"),
        ] {
            assert_eq!(Fixture::parse(line).unwrap_err().to_string(), said);
        }
    }
}
