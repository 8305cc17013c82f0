//! Where cgrove builds: the stage.
//!
//! The top of the hierarchy that carries cpu where nothing manages it (v1; v2 without systemd), as in the lecture. On a v2
//! host with systemd the root's other slices would be rivals and systemd its master: there it is the delegated scope that
//! cgrove runs in, or for root a top-level group of its own. `--under` and `--only` choose; `--under /` forces the top.
use crate::kernel::discover::Discovery;
use crate::kernel::fs::Fs;
use crate::kernel::paths;
use crate::kernel::real::RealFs;
use crate::kernel::survey;
use crate::model::hierarchy::{Hierarchy, Version};
use crate::model::host::Host;
use crate::model::place::Place;

/// Name of the group below which root builds on a systemd host.
pub const OWN_TOP: &[u8] = b"cgrove.slice";

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
    let own = survey::own_place(&fs, &hierarchy, host.pid);
    let writable = own
        .as_ref()
        .is_some_and(|own| paths::directory(&hierarchy, own).is_some_and(|directory| fs.may_write(&directory).is_ok()));
    let place = choose(host, &hierarchy, own.filter(|_| writable));
    Ok(Stage { hierarchy, place, make: true })
}

/// The stage by default. `own`: cgrove's own group, if it can be reached and written.
#[must_use]
pub fn choose(host: &Host, cpu: &Hierarchy, own: Option<Place>) -> Place {
    let top = Place::top(cpu.id);
    if cpu.version == Version::V1 || !host.systemd {
        return top;
    }
    match own {
        Some(own) if !own.is_top() && host.uid != 0 => own,
        _ => top.child(OWN_TOP),
    }
}
