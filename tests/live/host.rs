//! What this host has and permits, found with std and a few system calls: nothing of what is under test.

use nix::unistd::{AccessFlags, access, geteuid};
use std::fs;
use std::path::PathBuf;

/// What a trial may need.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(dead_code, reason = "the vocabulary of trials, some of them still to be written")]
pub(crate) enum Need {
    /// A hierarchy with the cpu controller where groups can be made.
    Cpu,
    /// The same, and it is v1.
    CpuV1,
    /// The same, and it is v2.
    CpuV2,
    /// A hierarchy with the cpuset controller where groups can be made.
    Cpuset,
    /// Effective user 0.
    Root,
    /// Two CPUs that this process may run on.
    TwoCpus,
}

/// What is missing.
#[derive(Debug)]
pub(crate) struct Lack {
    /// In words.
    pub(crate) reason: String,
    /// Rights would give it; otherwise this host is of another kind.
    pub(crate) permission: bool,
}

/// A hierarchy that is mounted whole.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Hierarchy {
    /// 1 or 2.
    pub(crate) version: u8,
    /// Where it is mounted.
    pub(crate) mount: PathBuf,
    /// Its controllers; on v2 those that the root hands to its children.
    pub(crate) controllers: Vec<String>,
}

/// The host as probed.
#[derive(Debug)]
pub(crate) struct Host {
    hierarchies: Vec<Hierarchy>,
    /// CPUs that this process may run on, ascending.
    pub(crate) cpus: Vec<usize>,
}

impl Host {
    /// Looks at this host.
    pub(crate) fn probe() -> Self {
        let mountinfo = fs::read_to_string("/proc/self/mountinfo").unwrap_or_default();
        let mut hierarchies: Vec<Hierarchy> = Vec::new();
        for hierarchy in mountinfo.lines().filter_map(hierarchy) {
            // The first mount point of each is enough.
            if !hierarchies.iter().any(|known| known.controllers == hierarchy.controllers) {
                hierarchies.push(hierarchy);
            }
        }
        let mask = nix::sched::sched_getaffinity(nix::unistd::Pid::from_raw(0)).unwrap_or_default();
        let cpus = (0..nix::sched::CpuSet::count()).filter(|&cpu| mask.is_set(cpu).unwrap_or(false)).collect();
        Self { hierarchies, cpus }
    }

    /// The hierarchy that carries a controller.
    pub(crate) fn hierarchy(&self, controller: &str) -> Option<&Hierarchy> {
        self.hierarchies.iter().find(|hierarchy| hierarchy.controllers.iter().any(|name| name == controller))
    }

    /// Whether a need is met.
    pub(crate) fn has(&self, need: Need) -> Result<(), Lack> {
        match need {
            Need::Cpu => self.writable("cpu", None),
            Need::CpuV1 => self.writable("cpu", Some(1)),
            Need::CpuV2 => self.writable("cpu", Some(2)),
            Need::Cpuset => self.writable("cpuset", None),
            Need::Root if geteuid().is_root() => Ok(()),
            Need::Root => Err(Lack { reason: "it needs root".into(), permission: true }),
            Need::TwoCpus if self.cpus.len() >= 2 => Ok(()),
            Need::TwoCpus => Err(Lack { reason: "it needs two CPUs".into(), permission: false }),
        }
    }

    fn writable(&self, controller: &str, version: Option<u8>) -> Result<(), Lack> {
        let Some(hierarchy) = self.hierarchy(controller) else {
            let reason = format!("no mounted hierarchy gives groups the {controller} controller");
            return Err(Lack { reason, permission: version.is_none() });
        };
        if let Some(version) = version.filter(|&version| version != hierarchy.version) {
            let reason = format!("{controller} is on a v{} hierarchy here, not v{version}", hierarchy.version);
            return Err(Lack { reason, permission: false });
        }
        access(&hierarchy.mount, AccessFlags::W_OK).map_err(|error| Lack {
            reason: format!("no group can be made in {}: {error}", hierarchy.mount.display()),
            permission: true,
        })
    }
}

/// The hierarchy of a line of mountinfo.
fn hierarchy(line: &str) -> Option<Hierarchy> {
    let (place, kind) = line.split_once(" - ")?;
    let place: Vec<_> = place.split(' ').collect();
    let kind: Vec<_> = kind.split(' ').collect();
    let (root, mount) = (place.get(3)?, PathBuf::from(place.get(4)?));
    if *root != "/" {
        return None;
    }
    let (version, controllers) = match *kind.first()? {
        "cgroup" => (1, kind.get(2)?.split(',').map(str::to_owned).collect()),
        "cgroup2" => {
            let given = fs::read_to_string(mount.join("cgroup.subtree_control")).ok()?;
            (2, given.split_whitespace().map(str::to_owned).collect())
        }
        _ => return None,
    };
    Some(Hierarchy { version, mount, controllers })
}
