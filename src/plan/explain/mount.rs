//! What an errno of mount, umount, and of the mkdir and rmdir of a mount point means: kernel-facts C5.
use crate::model::bytes::{Bytes, escape};
use crate::model::errno::Errno;
use crate::model::hierarchy::Hierarchy;
use crate::model::mounting::Mounting;
use crate::plan::refusal::Way;
use crate::plan::survey::Survey;
use crate::plan::unmount;
use crate::plan::words;

use super::{Meaning, no_memory, unknown};

pub(super) fn make_directory(path: &Bytes, errno: Errno) -> Meaning {
    let name = words::clip(&escape(path));
    match errno {
        Errno::EEXIST => Meaning::new(format!("{name} exists by now: somebody made it meanwhile."), "Look again."),
        Errno::ENOENT => {
            Meaning::new(format!("The directory above {name} is gone."), "Look again, or choose another path.")
        }
        Errno::ENOTDIR => Meaning::new(format!("What is above {name} is not a directory."), "Choose another path."),
        Errno::EROFS => {
            Meaning::new(format!("The file system of {name} is read-only."), "Choose a path on another one.")
        }
        Errno::EACCES => {
            Meaning::new(format!("This user may not make {name}."), "Choose another path, or let root do it.")
        }
        Errno::EPERM => Meaning::new(
            format!("The file system of {name} takes no new directories (as sysfs and proc)."),
            "Choose a path on another one.",
        ),
        Errno::ENOSPC => Meaning::new(format!("The file system of {name} is full."), "Choose a path on another one."),
        Errno::ENOMEM => no_memory(),
        _ => unknown(errno),
    }
}

pub(super) fn remove_directory(path: &Bytes, errno: Errno) -> Meaning {
    let name = words::clip(&escape(path));
    match errno {
        Errno::EBUSY => Meaning::new(format!("{name} is a mount point still."), "Unmount what is there first."),
        Errno::EROFS | Errno::EACCES | Errno::EPERM => {
            Meaning::new(format!("This user may not remove {name}."), "Its owner or root can.")
        }
        _ => unknown(errno),
    }
}

pub(super) fn mount(mounting: &Mounting, errno: Errno, survey: &Survey) -> Meaning {
    let point = words::clip(&escape(&mounting.point));
    match errno {
        Errno::EBUSY => {
            let (controllers, _) = mounting.source.v1_parts(|word| survey.controllers.iter().any(|c| &*c.name == word));
            let holder = survey.controllers.iter().find(|c| controllers.contains(&c.name) && c.hierarchy.is_some());
            let by = holder.and_then(|c| Some((c, survey.hierarchy(c.hierarchy?)?)));
            match by {
                Some((controller, hierarchy)) => Meaning::new(
                    format!(
                        "{} belongs to the hierarchy {}{}, and a controller is in one hierarchy at a time, in the combination \
                         in which that was made.",
                        controller.name,
                        hierarchy.label(),
                        mounted_at(hierarchy)
                    ),
                    format!("Mount {} as it is.", hierarchy.label()),
                ),
                None => Meaning::new(
                    format!(
                        "{} is mounted at {point} already, or the name is that of a hierarchy with other controllers, or a group \
                         of v2 uses a controller.",
                        mounting.source.words()
                    ),
                    "Look again: the hierarchies and their mount points are shown.",
                ),
            }
        }
        Errno::EINVAL => Meaning::new(
            format!(
                "The kernel knows no hierarchy like {}: an unknown controller or option, a name with other characters than \
                 letters, digits and _ . - or longer than 63, or v2 with the name of a controller.",
                mounting.source.words()
            ),
            "Name controllers of this kernel, or a name without controllers.",
        ),
        Errno::EPERM => Meaning::new(
            "Mounting needs CAP_SYS_ADMIN, and a new hierarchy of v1 the initial cgroup and user namespace.",
            "Let root do it, from outside of a container.",
        ),
        Errno::ENOENT => Meaning::new(format!("{point} is gone, or what was to be bound there."), "Look again."),
        Errno::ENOTDIR => Meaning::new(format!("{point} is not a directory."), "Choose another path."),
        Errno::ENODEV => Meaning::new("The kernel does not have this version of cgroups.", "Mount the other version."),
        Errno::EACCES => Meaning::new(format!("This user may not reach {point}."), "Choose another path."),
        Errno::ENOMEM | Errno::ENOSPC => no_memory(),
        _ => unknown(errno),
    }
}

fn mounted_at(hierarchy: &Hierarchy) -> String {
    match hierarchy.mounts.first() {
        Some(mount) => format!(" at {}", escape(&mount.point)),
        None => ", which lives unmounted".to_owned(),
    }
}

pub(super) fn unmount(mounting: &Mounting, errno: Errno, survey: &Survey) -> Meaning {
    let point = words::clip(&escape(&mounting.point));
    match errno {
        Errno::EBUSY => {
            let who = survey.points.get(&mounting.point).and_then(unmount::busy);
            let mut meaning = Meaning::new(
                match who {
                    Some(who) => format!("umount needs that nobody is inside: {who}."),
                    None => format!(
                        "Somebody has a working directory or an open file in {point}, or something is mounted below it."
                    ),
                },
                "",
            );
            if let Some(hierarchy) = mounting.hierarchy {
                meaning.ways.push(Way::new(unmount::DETACH, vec![unmount::detach(hierarchy, &mounting.point)]));
            }
            meaning
        }
        Errno::EINVAL => Meaning::new(
            format!("{point} is no mount point: somebody unmounted it meanwhile."),
            "Nothing is left to do.",
        ),
        Errno::ENOENT => Meaning::new(format!("{point} does not exist."), "Nothing is left to do."),
        Errno::EPERM => Meaning::new(
            "Unmounting needs CAP_SYS_ADMIN, and the mount must be of this mount namespace (one that a container inherited is \
             locked).",
            "Let root do it, from outside of a container.",
        ),
        _ => unknown(errno),
    }
}
