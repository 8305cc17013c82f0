//! What cgrove finds on captured hosts: hierarchies, where they are mounted, their controllers, the groups, the host's facts.
//!
//! The hosts are the archives of `tests/fixtures`, made by `capture.sh` there; the layouts are those that users have. What
//! is expected here was written down from how each host was set up, not from what cgrove said.
#![expect(clippy::expect_used, reason = "a test that cannot begin has failed")]

use cgrove::kernel::discover::{Discovery, discover};
use cgrove::kernel::fixture::Fixture;
use cgrove::kernel::fs::Fs;
use cgrove::kernel::host::host;
use cgrove::kernel::sampler::Sampler;
use cgrove::kernel::{paths, tree};
use cgrove::model::errno::Errno;
use cgrove::model::hierarchy::{Hierarchy, Mode, Version};
use cgrove::model::host::Host;
use cgrove::model::interest::Interest;
use cgrove::model::place::Place;
use cgrove::model::structure::Structure;
use std::sync::Arc;

/// A captured host and what cgrove makes of it.
struct Found {
    fixture: Fixture,
    discovery: Discovery,
    host: Host,
    structure: Arc<Structure>,
}

/// Reads an archive of `tests/fixtures`.
fn found(name: &str) -> Found {
    let path = format!("{}/tests/fixtures/{name}.fixture", env!("CARGO_MANIFEST_DIR"));
    let text = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{path}: {error}"));
    let fixture = Fixture::parse(&text).unwrap_or_else(|error| panic!("{path}: {error}"));
    let discovery = discover(&fixture).unwrap_or_else(|error| panic!("{path}: {error}"));
    let host = host(&fixture, discovery.mode).unwrap_or_else(|error| panic!("{path}: {error}"));
    let structure = tree::walk(&fixture, &discovery, &Arc::default());
    assert_eq!(discovery.notices, [], "{name}: everything is understood");
    Found { fixture, discovery, host, structure }
}

impl Found {
    /// Label and mount points of each hierarchy, in the order to show.
    fn hierarchies(&self) -> Vec<String> {
        let points = |hierarchy: &Hierarchy| -> Vec<String> {
            hierarchy.mounts.iter().map(|mount| text(&mount.point)).collect()
        };
        self.discovery.hierarchies.iter().map(|h| format!("{} {}", h.label(), points(h).join(" "))).collect()
    }

    fn hierarchy(&self, label: &str) -> &Hierarchy {
        let hierarchy = self.structure.hierarchies.iter().find(|hierarchy| hierarchy.label() == label);
        hierarchy.unwrap_or_else(|| panic!("no hierarchy {label}: {:?}", self.hierarchies()))
    }

    /// Paths of the groups of a hierarchy, the top left out.
    fn groups(&self, label: &str) -> Vec<String> {
        let top = self.hierarchy(label).root.unwrap_or_else(|| panic!("nothing of {label} can be reached"));
        let place = |id| self.structure.place(id).map(|place| text(&place.path)).unwrap_or_default();
        self.structure.subtree(top).skip(1).map(place).collect()
    }

    /// Which hierarchy carries a controller, by its label.
    fn carrier(&self, controller: &str) -> Option<String> {
        let known = self.discovery.controllers.iter().find(|known| &*known.name == controller);
        let id = known.unwrap_or_else(|| panic!("the kernel has no {controller}")).hierarchy?;
        self.structure.hierarchy(id).map(Hierarchy::label)
    }

    /// Directory of a group by its path in a hierarchy.
    fn directory(&self, label: &str, path: &str) -> String {
        let hierarchy = self.hierarchy(label);
        let directory = paths::directory(hierarchy, &Place::new(hierarchy.id, path.as_bytes()));
        text(&directory.unwrap_or_else(|| panic!("{label} is mounted nowhere")))
    }

    /// What a file says.
    fn read(&self, path: &str) -> String {
        let bytes = self.fixture.read(path.as_bytes(), 1 << 16);
        text(&bytes.unwrap_or_else(|errno| panic!("{path}: {errno}"))).trim_end().to_owned()
    }

    /// What every captured host has in common.
    fn check_common_facts(&self, mode: Mode, uid: u32) {
        assert_eq!((self.discovery.mode, self.host.mode), (mode, mode));
        assert_eq!((&*self.host.name, self.host.uid), ("lab", uid));
        assert_eq!(self.host.user, if uid == 0 { "root" } else { "ada" });
        for hierarchy in &self.structure.hierarchies {
            assert!(hierarchy.device.is_some() && hierarchy.root.is_some(), "{} is mounted", hierarchy.label());
        }
    }
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).expect("names of these hosts are text")
}

const FIGURE: [&str; 4] = ["/cg1", "/cg1/cg2", "/cg1/cg3", "/cg4"];

#[test]
fn v1_with_a_hierarchy_a_controller() {
    let found = found("v1-separate");
    found.check_common_facts(Mode::Hybrid, 0);
    assert_eq!(
        found.hierarchies(),
        [
            "cpu /sys/fs/cgroup/cpu",
            "cpuacct /sys/fs/cgroup/cpuacct",
            "cpuset /sys/fs/cgroup/cpuset",
            "memory /sys/fs/cgroup/memory",
            "devices /sys/fs/cgroup/devices",
            "freezer /sys/fs/cgroup/freezer",
            "blkio /sys/fs/cgroup/blkio",
            "pids /sys/fs/cgroup/pids",
            "name=systemd /sys/fs/cgroup/systemd",
            "v2 /sys/fs/cgroup/unified",
        ]
    );
    // A name alone does not make it a host of systemd's.
    assert!(!found.host.systemd && found.host.autogroup);
    assert_eq!(found.host.in_cgroup_namespace, Some(false));
    assert_eq!(found.carrier("cpu").as_deref(), Some("cpu"));
    assert_eq!(found.carrier("hugetlb").as_deref(), Some("v2"));
    assert_eq!(found.carrier("net_cls"), None, "the kernel has it, no hierarchy carries it");
    assert!(found.groups("cpu").is_empty());
    assert_eq!(found.groups("memory").len(), 9);
}

#[test]
fn v1_with_cpu_and_cpuacct_together() {
    let found = found("v1");
    found.check_common_facts(Mode::Legacy, 0);
    assert_eq!(found.hierarchies()[0], "cpu,cpuacct /sys/fs/cgroup/cpu,cpuacct");
    assert_eq!(found.hierarchies().len(), 8, "the links beside it are no mounts: {:?}", found.hierarchies());
    assert_eq!(found.carrier("cpu"), found.carrier("cpuacct"));
    assert!(found.structure.hierarchies.iter().all(|hierarchy| hierarchy.version == Version::V1));
    assert_eq!(found.groups("cpu,cpuacct"), FIGURE);
    let directory = found.directory("cpu,cpuacct", "/cg1/cg3");
    assert_eq!(found.read(&format!("{directory}/cpu.shares")), "200");
    // The links lead there too.
    assert_eq!(found.read("/sys/fs/cgroup/cpu/cg1/cpu.shares"), "600");
    assert!(!found.host.systemd);
}

#[test]
fn hybrid_with_an_empty_v2() {
    let found = found("hybrid");
    found.check_common_facts(Mode::Hybrid, 0);
    assert_eq!(found.hierarchies().first().map(String::as_str), Some("cpu,cpuacct /sys/fs/cgroup/cpu,cpuacct"));
    assert_eq!(found.hierarchies().last().map(String::as_str), Some("v2 /sys/fs/cgroup/unified"));
    assert_eq!(found.groups("cpu,cpuacct"), FIGURE);
    assert!(found.groups("v2").is_empty());
    assert!(!found.hierarchy("v2").has("cpu"), "v2 has what no v1 hierarchy has taken");
    assert!(found.hierarchy("v2").has("hugetlb"));
}

#[test]
fn v2_alone() {
    let found = found("v2");
    found.check_common_facts(Mode::Unified, 0);
    assert_eq!(found.hierarchies(), ["v2 /sys/fs/cgroup"]);
    let v2 = found.hierarchy("v2");
    assert_eq!(v2.controllers.join(" "), "cpuset cpu io memory hugetlb pids rdma misc");
    assert_eq!(
        v2.mounts[0].flags.iter().map(|flag| text(flag)).collect::<Vec<_>>(),
        ["nsdelegate", "memory_recursiveprot"]
    );
    assert_eq!(found.groups("v2"), FIGURE);
    assert_eq!(found.read("/sys/fs/cgroup/cg1/cgroup.procs"), "", "its tasks are in its children");
    assert_eq!(found.carrier("cpu").as_deref(), Some("v2"));
}

#[test]
fn v2_under_systemd_by_root() {
    let found = found("v2-systemd");
    found.check_common_facts(Mode::Unified, 0);
    assert!(found.host.systemd);
    assert_eq!(found.host.in_cgroup_namespace, Some(false));
    let groups = found.groups("v2");
    for group in ["/init.scope", "/system.slice/systemd-journald.service", "/user.slice"] {
        assert!(groups.iter().any(|known| known == group), "no {group} in {groups:?}");
    }
    let own = text(&found.hierarchy("v2").own_path);
    assert!(own.starts_with("/system.slice/run-") && groups.contains(&own), "{own}");
    // Delegate=yes of a service switches cpu on for its siblings.
    assert!(found.read("/sys/fs/cgroup/system.slice/cgroup.subtree_control").contains("cpu "));
    assert_eq!(found.fixture.may_write(b"/sys/fs/cgroup"), Ok(()));
}

#[test]
fn v2_under_systemd_by_a_user_in_a_delegated_scope() {
    let found = found("v2-systemd-user");
    found.check_common_facts(Mode::Unified, 1000);
    let v2 = found.hierarchy("v2");
    let own = paths::place(v2, &v2.own_path).expect("the own group can be seen");
    assert!(own.path.starts_with(b"/user.slice/user-1000.slice/user@1000.service/app.slice/run-"));
    let directory = paths::directory(v2, &own).expect("v2 is mounted");
    assert_eq!(found.fixture.may_write(b"/sys/fs/cgroup"), Err(Errno::EACCES));
    assert_eq!(found.fixture.may_write(b"/sys/fs/cgroup/system.slice"), Err(Errno::EACCES));
    assert_eq!(found.fixture.may_write(&directory), Ok(()));
    let manager = b"/sys/fs/cgroup/user.slice/user-1000.slice/user@1000.service";
    assert_eq!(found.fixture.xattr(manager, "user.delegate"), Ok(b"1".to_vec()));
    let group = found.structure.at(&own).and_then(|id| found.structure.group(id)).expect("it is in the tree");
    assert_eq!(group.owner, 1000);
    assert_eq!(found.read(&format!("{}/cgroup.controllers", text(&directory))), "cpu memory pids");
}

#[test]
fn hybrid_under_systemd() {
    let found = found("hybrid-systemd");
    found.check_common_facts(Mode::Hybrid, 0);
    assert!(found.host.systemd);
    let hierarchies = found.hierarchies();
    assert_eq!(hierarchies.len(), 14, "{hierarchies:?}");
    assert_eq!(hierarchies[0], "cpu,cpuacct /sys/fs/cgroup/cpu,cpuacct");
    for hierarchy in ["net_cls,net_prio /sys/fs/cgroup/net_cls,net_prio", "name=systemd /sys/fs/cgroup/systemd"] {
        assert!(hierarchies.iter().any(|known| known == hierarchy), "no {hierarchy} in {hierarchies:?}");
    }
    assert_eq!(found.hierarchy("v2").controllers, [], "v1 has taken them all");
    // The folder of the mounts is read-only, they are not.
    assert!(found.structure.hierarchies.iter().all(|hierarchy| !hierarchy.mounts[0].read_only));
    assert!(found.groups("v2").contains(&"/system.slice".to_owned()));
    assert_eq!(text(&found.hierarchy("cpuset").own_path), "/");
}

#[test]
fn from_inside_of_a_cgroup_namespace() {
    let found = found("v1-namespace");
    found.check_common_facts(Mode::Hybrid, 0);
    assert_eq!(found.host.in_cgroup_namespace, Some(true));
    let cpu = found.hierarchy("cpu,cpuacct");
    assert_eq!(text(&cpu.own_path), "/", "the namespace's root is the own group");
    assert_eq!(text(&cpu.mounts[0].root), "/../..", "the mount shows two levels above it");
    assert_eq!(paths::levels_above(&cpu.mounts[0].root), 2);
    // The whole tree can be reached all the same.
    let groups = found.groups("cpu,cpuacct");
    for group in ["/lab", "/lab/inner", "/lab/inner/below", "/system.slice"] {
        assert!(groups.iter().any(|known| known == group), "no {group} in {groups:?}");
    }
    assert_eq!(found.directory("cpu,cpuacct", "/lab/inner"), "/sys/fs/cgroup/cpu,cpuacct/lab/inner");
    // Where the own group is in it, its path does not say; that it is listed there does.
    let inner = Place::new(cpu.id, b"/lab/inner");
    assert_eq!(paths::place(cpu, &cpu.own_path), Some(inner.clone()));
    assert_eq!(paths::place(cpu, b"/below"), Some(inner.child(b"below")));
    assert_eq!(paths::place(cpu, b"/../.."), Some(Place::top(cpu.id)));
    assert_eq!(text(&found.hierarchy("cpuset").mounts[0].root), "/", "a hierarchy where the own group is the root");
}

#[test]
fn from_inside_of_a_container() {
    let found = found("v2-container");
    found.check_common_facts(Mode::Unified, 0);
    assert_eq!(found.host.in_cgroup_namespace, Some(true));
    assert_eq!(found.hierarchies(), ["v2 /sys/fs/cgroup"]);
    let v2 = found.hierarchy("v2");
    assert_eq!((text(&v2.own_path), text(&v2.mounts[0].root)), ("/".into(), "/".into()));
    assert!(v2.mounts[0].read_only);
    assert_eq!(found.fixture.may_write(b"/sys/fs/cgroup"), Err(Errno::EROFS));
    assert!(found.groups("v2").is_empty());
    assert_eq!(v2.controllers.join(" "), "cpu memory pids");
    assert!(!found.read("/sys/fs/cgroup/cpu.weight").is_empty(), "its root is a group like others, with a weight");
}

/// A sampling of the figure's groups reads the same weights and tasks, whatever the version.
#[test]
fn a_sampling_of_the_figure() {
    for name in ["v1", "hybrid", "v2"] {
        let found = found(name);
        let mut sampler = Sampler::new(Box::new(found.fixture)).expect("the fixture is a host");
        let snapshot = sampler.sample(&Interest::default());
        let structure = &snapshot.structure;
        let carrier = structure.carrier("cpu").expect("a hierarchy carries cpu");
        let mut seen = Vec::new();
        for path in FIGURE {
            let id = structure.at(&Place::new(carrier.id, path.as_bytes())).expect("a group of the figure");
            let values = snapshot.groups.get(id).expect("it is of interest");
            let tasks = values.tasks.value().expect("its tasks can be read").clone();
            for tid in &tasks {
                assert!(snapshot.tasks.by_tid(*tid).is_some(), "{name}: task {tid} of {path} was read");
            }
            seen.push((path, values.weight.get(), tasks.len(), values.usage_ns.get().is_some()));
        }
        let expected =
            [("/cg1", Some(600), 0), ("/cg1/cg2", Some(100), 1), ("/cg1/cg3", Some(200), 1), ("/cg4", Some(200), 1)];
        assert_eq!(seen, expected.map(|(path, weight, tasks)| (path, weight, tasks, true)), "{name}");
    }
}

/// Whoever is not root reads what a user may read, and nothing is zero that was denied.
#[test]
fn a_sampling_of_every_captured_host() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures");
    let mut names = Vec::new();
    for entry in std::fs::read_dir(folder).expect("the fixtures") {
        let name = entry.expect("an entry").file_name().into_string().expect("a name");
        names.extend(name.strip_suffix(".fixture").map(str::to_owned));
    }
    assert!(names.len() >= 9, "{names:?}");
    for name in names {
        let found = found(&name);
        let groups = found.structure.iter().count();
        let mut sampler = Sampler::new(Box::new(found.fixture)).unwrap_or_else(|error| panic!("{name}: {error}"));
        let snapshot = sampler.sample(&Interest::default());
        assert_eq!(snapshot.structure.iter().count(), groups, "{name}");
        assert!(!snapshot.groups.ids.is_empty() && !snapshot.tasks.all().is_empty(), "{name}");
        for field in &snapshot.groups.weight {
            assert!(!matches!(field.get(), Some(0)), "{name}: no group weighs 0");
        }
    }
}
