//! Mounts and unmounts, and the directories for them; mountinfo and `/proc/self/cgroup` say what became of it.
use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt as _;
use std::path::Path;
use std::thread::sleep;
use std::time::{Duration, Instant};

use nix::mount::{MntFlags, MsFlags};
use rustix::fs::Mode;

use super::group::inode;
use crate::effect::directories::Directories;
use crate::effect::failure::{Failure, raw};
use crate::kernel::discover::{Discovery, discover};
use crate::kernel::real::RealFs;
use crate::model::errno::Errno;
use crate::model::hierarchy::{Hierarchy, Version};
use crate::model::id::{GroupKey, HierarchyId};
use crate::model::mounting::{Mounting, Source};
use crate::parse::cgroups;
use crate::plan::step::{Life, Outcome};

/// How long groups that were removed may go on counting as groups of their hierarchy.
const DYING: Duration = Duration::from_millis(100);
/// A named hierarchy has no counter that tells when they are gone; after this long none was ever left.
const UNCOUNTED: Duration = Duration::from_millis(50);
/// How long the kernel may need to end a hierarchy after its last mount.
const ENDING: Duration = Duration::from_millis(300);

pub(super) fn make_directory(path: &[u8]) -> Result<Outcome, Failure> {
    let path = as_path(path);
    match rustix::fs::mkdir(path, Mode::from_raw_mode(0o755)) {
        Ok(()) => Ok(Outcome::DirectoryMade),
        Err(e) => Err(Failure::new("mkdir", path, raw(e)).because(match raw(e) {
            Errno::ENOENT => "the directory above is gone",
            Errno::EPERM => "the file system there takes no directories",
            errno => crate::effect::failure::meaning(errno),
        })),
    }
}

/// One that is not empty stays: somebody else uses it.
pub(super) fn remove_directory(path: &[u8]) -> Result<Outcome, Failure> {
    const ENOTEMPTY: i32 = 39;
    let path = as_path(path);
    match rustix::fs::rmdir(path).map_err(raw) {
        Ok(()) => Ok(Outcome::DirectoryRemoved),
        Err(Errno::ENOENT) => Ok(Outcome::Nothing(format!("{} was gone already", path.display()))),
        Err(Errno(ENOTEMPTY)) => Ok(Outcome::Nothing(format!("{} is not empty, and stays", path.display()))),
        Err(errno) => Err(Failure::new("rmdir", path, errno)),
    }
}

pub(super) fn mount(directories: &dyn Directories, mounting: &Mounting) -> Result<Outcome, Failure> {
    let point = as_path(&mounting.point);
    let said = |text: String| Failure::said("mount", point, text);
    let before = look("mount", point)?;
    if let Some((hierarchy, _)) = at(&before, &mounting.point) {
        let text = format!("{} came to be mounted here meanwhile; nothing is mounted over it", hierarchy.label());
        return Err(Failure::new("mount", point, Errno::EBUSY).because(text));
    }
    if let Source::V2 { data } = &mounting.source {
        same_flags(&before, data).map_err(said)?;
    }
    put(mounting, point)?;
    let after = look("mount", point).and_then(|found| match at(&found, &mounting.point) {
        Some((hierarchy, _)) => Ok(hierarchy.clone()),
        None => Err(said("done, but mountinfo does not show it".to_owned())),
    });
    let shown = after.and_then(|hierarchy| {
        let inode = inode(point).map_err(|errno| Failure::new("read back", point, errno))?;
        if let (Source::Bind { from }, Some(asked)) = (&mounting.source, mounting.hierarchy)
            && directories.number(asked) != hierarchy.id
        {
            let from = crate::model::bytes::escape(from);
            return Err(said(format!("at {from} is {} by now, and not what was meant", hierarchy.label())));
        }
        Ok((GroupKey { hierarchy: hierarchy.id, inode }, !before.hierarchies.iter().any(|h| h.id == hierarchy.id)))
    });
    match shown {
        Ok((top, new)) => {
            directories.look_again(mounting.hierarchy.map(|old| (old, top.hierarchy)));
            Ok(Outcome::Mounted { top, new })
        }
        Err(failure) => {
            // Of a step that fails nothing stands.
            let _ = nix::mount::umount2(point, MntFlags::UMOUNT_NOFOLLOW);
            Err(failure)
        }
    }
}

/// The system calls.
fn put(mounting: &Mounting, point: &Path) -> Result<(), Failure> {
    let flags = flags(&mounting.options);
    let (source, data): (&[u8], &[u8]) = match &mounting.source {
        Source::V1 { data } | Source::V2 { data } => (b"", data),
        Source::Bind { from } => (from, b""),
    };
    let failed = |errno: nix::errno::Errno| Failure::new("mount", point, Errno(errno as i32)).because(EXPLAINED);
    let failed = |errno| if data.is_empty() { failed(errno) } else { failed(errno).with_data(data) };
    let none = None::<&Path>;
    match &mounting.source {
        Source::V1 { .. } | Source::V2 { .. } => {
            let kind = if mounting.source.version() == Some(Version::V2) { "cgroup2" } else { "cgroup" };
            let data = (!data.is_empty()).then(|| as_path(data));
            nix::mount::mount(Some(Path::new(kind)), point, Some(Path::new(kind)), flags, data).map_err(failed)
        }
        Source::Bind { .. } => {
            nix::mount::mount(Some(as_path(source)), point, none, MsFlags::MS_BIND, none).map_err(failed)?;
            if mounting.options.is_empty() {
                return Ok(());
            }
            let flags = flags | MsFlags::MS_BIND | MsFlags::MS_REMOUNT;
            nix::mount::mount(none, point, none, flags, none).map_err(|errno| {
                // Of a step that fails nothing stands.
                let _ = nix::mount::umount2(point, MntFlags::UMOUNT_NOFOLLOW);
                failed(errno)
            })
        }
    }
}

/// The rule behind an errno is told by whoever planned it.
const EXPLAINED: &str = "";

/// A new mount of v2 sets the flags of all others: they must be the same.
fn same_flags(found: &Discovery, data: &[u8]) -> Result<(), String> {
    let sorted = |words: &mut Vec<&[u8]>| words.sort_unstable();
    let mut asked: Vec<&[u8]> = data.split(|&byte| byte == b',').filter(|word| !word.is_empty()).collect();
    sorted(&mut asked);
    for mount in found.hierarchies.iter().filter(|h| h.version == Version::V2).flat_map(|h| &h.mounts) {
        let mut stand: Vec<&[u8]> = mount.flags.iter().map(|flag| &**flag).collect();
        sorted(&mut stand);
        if stand != asked {
            return Err("the flags of v2 were changed meanwhile, and this mount would change them back".to_owned());
        }
    }
    Ok(())
}

fn flags(options: &[Box<str>]) -> MsFlags {
    options.iter().fold(MsFlags::empty(), |flags, option| {
        flags
            | match &**option {
                "ro" => MsFlags::MS_RDONLY,
                "nosuid" => MsFlags::MS_NOSUID,
                "nodev" => MsFlags::MS_NODEV,
                "noexec" => MsFlags::MS_NOEXEC,
                "noatime" => MsFlags::MS_NOATIME,
                "nodiratime" => MsFlags::MS_NODIRATIME,
                "relatime" => MsFlags::MS_RELATIME,
                _ => MsFlags::empty(),
            }
    })
}

pub(super) fn unmount(
    directories: &dyn Directories,
    mounting: &Mounting,
    ends: bool,
    lazy: bool,
) -> Result<Outcome, Failure> {
    let point = as_path(&mounting.point);
    let Some(id) = mounting.hierarchy.map(|id| directories.number(id)) else {
        return Err(Failure::said("umount", point, "which hierarchy is meant is not known"));
    };
    let found = look("umount", point)?;
    match at(&found, &mounting.point) {
        Some((hierarchy, hidden)) if hierarchy.id == id => {
            if hidden {
                return Err(Failure::new("umount", point, Errno::EBUSY).because("another mount covers it"));
            }
        }
        Some((other, _)) => {
            let text = format!("{} is mounted there now; it is not touched", other.label());
            return Err(Failure::said("umount", point, text));
        }
        None => return Ok(Outcome::Nothing(format!("nothing was mounted at {} any more", point.display()))),
    }
    let mut result = Ok(());
    directories.while_closed(id, &mut || {
        if ends {
            let hierarchy = found.hierarchies.iter().find(|h| h.id == id);
            hierarchy.into_iter().for_each(wait_for_dying);
        }
        let flags = MntFlags::UMOUNT_NOFOLLOW | if lazy { MntFlags::MNT_DETACH } else { MntFlags::empty() };
        result = nix::mount::umount2(point, flags);
    });
    result.map_err(|errno| Failure::new("umount", point, Errno(errno as i32)).because(EXPLAINED))?;
    let life = life(id, ends);
    directories.look_again(None);
    Ok(Outcome::Unmounted(life))
}

/// Waits until groups that were removed a moment ago do not count any more: with them the hierarchy would live on.
fn wait_for_dying(hierarchy: &Hierarchy) {
    let Some(controller) = hierarchy.controllers.first() else { return sleep(UNCOUNTED) };
    let limit = Instant::now() + DYING;
    while Instant::now() < limit {
        let text = std::fs::read("/proc/cgroups").unwrap_or_default();
        let rows = cgroups::rows(&text).unwrap_or_default();
        if rows.iter().any(|row| row.name == *controller && row.groups <= 1) {
            return;
        }
        sleep(Duration::from_millis(2));
    }
}

/// What became of a hierarchy: if it should have ended, the kernel has a moment for that.
fn life(id: HierarchyId, ends: bool) -> Life {
    let limit = Instant::now() + if ends { ENDING } else { Duration::ZERO };
    loop {
        let found = discover(&RealFs).ok();
        let hierarchy = found.as_ref().and_then(|found| found.hierarchies.iter().find(|h| h.id == id));
        match hierarchy {
            None => return Life::Gone,
            Some(hierarchy) if !hierarchy.mounts.is_empty() => return Life::Mounted,
            Some(_) if Instant::now() >= limit => return Life::Hidden,
            Some(_) => sleep(Duration::from_millis(5)),
        }
    }
}

fn look(operation: &'static str, point: &Path) -> Result<Discovery, Failure> {
    discover(&RealFs).map_err(|error| Failure::said(operation, point, error.to_string()))
}

/// The hierarchy of the topmost mount at a point, and whether something else covers that.
fn at<'a>(found: &'a Discovery, point: &[u8]) -> Option<(&'a Hierarchy, bool)> {
    let mounts = found.hierarchies.iter().flat_map(|h| h.mounts.iter().map(move |mount| (h, mount)));
    let here: Vec<_> = mounts.filter(|(_, mount)| *mount.point == *point).collect();
    let (hierarchy, mount) = here.iter().find(|(_, mount)| !mount.hidden).or(here.last())?;
    Some((hierarchy, mount.hidden))
}

fn as_path(bytes: &[u8]) -> &Path {
    Path::new(OsStr::from_bytes(bytes))
}
