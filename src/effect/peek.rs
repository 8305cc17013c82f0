//! A look into hierarchies that live on, mounted nowhere: what an undo that mounts them again must know of their groups.
//!
//! For the moment of the look they are mounted in a mount namespace of the looking thread's own, which nobody else sees and
//! which ends with it. Never v2: a mount of it, wherever, sets the flags of all others.
use std::os::unix::ffi::OsStrExt as _;
use std::path::PathBuf;
use std::sync::Arc;
use std::thread;

use nix::mount::{MsFlags, mount};
use nix::sched::{CloneFlags, unshare};

use crate::kernel::discover::Discovery;
use crate::kernel::real::RealFs;
use crate::kernel::survey::survey_of;
use crate::model::hierarchy::{Hierarchy, Mount, Version};
use crate::model::host::Host;
use crate::model::mounting::v1_data;
use crate::model::survey::{Needs, Survey};

/// A directory that every host has and no survey looks into; it is covered in the thread's namespace alone.
const COVERED: &str = "/dev";

/// The v1 hierarchies that `needs` speak of and that are mounted nowhere.
fn hidden<'a>(needs: &'a Needs, found: &'a Discovery) -> impl Iterator<Item = usize> + 'a {
    let named = |h: &Hierarchy| needs.groups.iter().chain(&needs.subtrees).any(|place| place.hierarchy == h.id);
    let hidden = move |h: &Hierarchy| h.version == Version::V1 && h.mounts.is_empty() && named(h);
    found.hierarchies.iter().enumerate().filter(move |(_, h)| hidden(h)).map(|(index, _)| index)
}

/// Surveys as [`survey_of`], and into hierarchies that are hidden. `None` if none is needed, or it cannot be done: then what is
/// in them stays unknown.
#[must_use]
pub fn survey(needs: &Needs, host: &Arc<Host>, found: &Discovery) -> Option<Survey> {
    let hidden: Vec<usize> = hidden(needs, found).collect();
    if hidden.is_empty() || !host.may_mount() {
        return None;
    }
    let (needs, host, mut seen) = (needs.clone(), Arc::clone(host), found.clone());
    let looking = thread::Builder::new().name("peek".to_owned()).spawn(move || -> nix::Result<Survey> {
        let none = None::<&str>;
        unshare(CloneFlags::CLONE_FS | CloneFlags::CLONE_NEWNS)?;
        mount(none, "/", none, MsFlags::MS_REC | MsFlags::MS_PRIVATE, none)?;
        mount(Some("tmpfs"), COVERED, Some("tmpfs"), MsFlags::empty(), none)?;
        for index in hidden {
            let hierarchy = &mut seen.hierarchies[index];
            let point = PathBuf::from(format!("{COVERED}/{}", hierarchy.id.0));
            // A named one by its name alone: if it ended meanwhile, none is made.
            let data = match &hierarchy.name {
                Some(name) => [b"name=", &**name].concat(),
                None => v1_data(&hierarchy.controllers, None, &[]).into(),
            };
            let data = std::ffi::OsStr::from_bytes(&data);
            let made = std::fs::create_dir(&point).is_ok();
            if made && mount(Some("cgroup"), &point, Some("cgroup"), MsFlags::empty(), Some(data)).is_ok() {
                hierarchy.mounts.push(Mount {
                    id: 0,
                    point: point.as_os_str().as_bytes().into(),
                    root: Box::from(*b"/"),
                    read_only: false,
                    hidden: false,
                    options: Vec::new(),
                    flags: Vec::new(),
                });
            }
        }
        Ok(survey_of(&RealFs, &needs, host, &seen))
    });
    let mut survey = looking.ok()?.join().ok()?.ok()?;
    // Where they are mounted is as before: nowhere.
    survey.hierarchies.clone_from(&found.hierarchies);
    Some(survey)
}

#[cfg(test)]
mod tests {
    use super::hidden;
    use crate::kernel::discover::discover;
    use crate::kernel::fixture::Fixture;
    use crate::model::id::HierarchyId;
    use crate::model::place::Place;
    use crate::model::survey::Needs;

    #[test]
    fn only_what_is_hidden_and_spoken_of_is_looked_into() {
        let host = "\
file /proc/self/mountinfo
|31 1 0:28 / /sys/fs/cgroup/cpu rw - cgroup cgroup rw,cpu
file /proc/self/cgroup
|9:name=lab:/
|8:name=other:/
|1:cpu:/
|0::/
file /proc/cgroups
|#subsys_name hierarchy num_cgroups enabled
|cpu 1 1 1
dir /sys/fs/cgroup/cpu dev=0:28 magic=0x27e0eb
";
        let found = discover(&Fixture::parse(host).unwrap()).unwrap();
        let place = |id: u32| Place::new(HierarchyId(id), b"/a");
        let needs = Needs { groups: vec![place(9), place(1), place(0)], ..Needs::default() };
        let ids: Vec<u32> = hidden(&needs, &found).map(|index| found.hierarchies[index].id.0).collect();
        assert_eq!(ids, [9], "not v2, not what is mounted, not what nobody asks for");
    }
}
