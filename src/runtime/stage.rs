//! Where cgrove builds: the stage.
//!
//! The top of the hierarchy that carries cpu where nothing manages it (v1; v2 without systemd), as in the lecture. On a v2
//! host with systemd the root's other slices would be rivals and systemd its master: there it is the delegated scope that
//! cgrove runs in, or for root a top-level group of its own. `--under` and `--only` choose; `--under /` forces the top.
use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use crate::effect::room;
use crate::kernel::discover::{Discovery, discover};
use crate::kernel::fs::Fs;
use crate::kernel::real::RealFs;
use crate::kernel::{delegation, host, paths};
use crate::model::hierarchy::{Hierarchy, Version};
use crate::model::host::Host;
pub use crate::model::manager::OWN_TOP;
use crate::model::place::Place;

/// The stage, and the hierarchy it is in.
#[derive(Clone, Debug)]
pub struct Stage {
    /// The hierarchy that carries cpu.
    pub hierarchy: Hierarchy,
    /// The group below which cgrove builds.
    pub place: Place,
    /// It may be made if it does not exist: it was cgrove's choice, not the user's.
    pub make: bool,
}

/// The stage of this host. `under` is the user's choice.
///
/// # Errors
/// If nothing carries cpu, or the hierarchy that does is mounted nowhere: what would help.
pub fn of_host(host: &Host, found: &Discovery, under: Option<Place>) -> Result<Stage, String> {
    let carrier = match &under {
        Some(place) => found.hierarchies.iter().find(|h| h.id == place.hierarchy),
        None => found.hierarchies.iter().find(|h| h.has("cpu")),
    };
    let Some(hierarchy) = carrier.cloned() else {
        return Err("no hierarchy carries the cpu controller here. On v1: mount -t cgroup -o cpu cgroup DIR".to_owned());
    };
    if hierarchy.best_mount().is_none() {
        return Err(format!(
            "the hierarchy {} lives but is mounted nowhere: mount -t cgroup -o {} cgroup DIR",
            hierarchy.label(),
            hierarchy.label()
        ));
    }
    if let Some(place) = under {
        return Ok(Stage { hierarchy, place, make: false });
    }
    let fs = RealFs;
    let own = paths::place(&hierarchy, &hierarchy.own_path).map(scope);
    let own = own.filter(|own| paths::directory(&hierarchy, own).is_some_and(|path| is_delegated(fs, own, &path)));
    let place = choose(host, &hierarchy, own).ok_or_else(|| NOT_DELEGATED.to_owned())?;
    Ok(Stage { hierarchy, place, make: true })
}

/// Whether groups can be made below `stage`; for a stage that is not there yet, below what is.
///
/// # Errors
/// One line that says why not, and what to do.
pub fn usable(stage: &Stage) -> Result<(), String> {
    let fs = RealFs;
    let mut at = Some(stage.place.clone());
    while let Some(place) = at {
        let Some(directory) = paths::directory(&stage.hierarchy, &place) else { break };
        match fs.may_write(&directory) {
            Ok(()) => return Ok(()),
            Err(errno) if errno.is_gone() && stage.make => at = place.parent(),
            Err(errno) if errno.is_gone() => return Err(format!("there is no group {place}")),
            Err(errno) => {
                return Err(format!(
                    "no groups can be made in {place} ({errno}): sudo cgrove, or --under GROUP of yours"
                ));
            }
        }
    }
    Err(format!("{} is mounted nowhere that can be reached", stage.hierarchy.label()))
}

/// What a user is told who has no group of his own.
pub const NOT_DELEGATED: &str = "on this host groups belong to systemd, and the one that cgrove runs in is not delegated to \
    you. Start it in a scope of your own: systemd-run --user --scope -p Delegate=yes -- cgrove";

/// Whether systemd has handed the group at `path` over, and it may be written. A login session or a terminal's scope may be
/// writable without that.
fn is_delegated(fs: RealFs, place: &Place, path: &[u8]) -> bool {
    delegation::is_delegated(&fs, place, path) && fs.may_write(path).is_ok()
}

/// In the leaf that made room, the scope is the group above.
fn scope(own: Place) -> Place {
    if own.name() == room::LEAF.as_bytes() { own.parent().unwrap_or(own) } else { own }
}

/// Makes room where cgrove was started in a delegated group of its own: see [`room`]. Elsewhere, and where it may not, nothing
/// happens.
///
/// # Errors
/// If the leaf cannot be made although the group is delegated.
pub fn make_room(may: impl FnOnce(&Discovery, &Place) -> bool) -> anyhow::Result<()> {
    let fs = RealFs;
    let Ok(found) = discover(&fs) else { return Ok(()) };
    let host = host::host(&fs, found.mode)?;
    let Ok(stage) = of_host(&host, &found, None) else { return Ok(()) };
    if paths::place(&stage.hierarchy, &stage.hierarchy.own_path).as_ref() == Some(&stage.place)
        && !stage.place.is_top()
        && may(&found, &stage.place)
        && let Some(directory) = paths::directory(&stage.hierarchy, &stage.place)
    {
        room::make(Path::new(OsStr::from_bytes(&directory)))?;
    }
    Ok(())
}

/// The stage by default; `None` where a user may make groups nowhere. `own`: the delegated group that cgrove runs in.
#[must_use]
pub fn choose(host: &Host, cpu: &Hierarchy, own: Option<Place>) -> Option<Place> {
    let top = Place::top(cpu.id);
    if cpu.version == Version::V1 || !host.systemd {
        return Some(top);
    }
    own.or_else(|| (host.uid == 0).then(|| top.child(OWN_TOP)))
}
