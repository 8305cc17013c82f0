//! Every row of kernel-facts C5, as far as it is refused before anything is written; what an unmount says before.
use super::*;
use crate::model::bytes::Bytes;
use crate::model::hierarchy::{Controller, Hierarchy, Mount, Version};
use crate::model::id::HierarchyId;
use crate::model::survey::{Hold, PointFacts, User};
use crate::plan::intent::What;

fn bytes(text: &str) -> Bytes {
    text.as_bytes().into()
}

fn mount(point: &str, root: &str) -> Mount {
    Mount {
        id: 40,
        point: bytes(point),
        root: bytes(root),
        read_only: false,
        hidden: false,
        options: vec![bytes("rw"), bytes("nosuid"), bytes("relatime")],
        flags: Vec::new(),
    }
}

fn hierarchy(id: u32, version: Version, controllers: &[&str], name: Option<&str>, points: &[&str]) -> Hierarchy {
    Hierarchy {
        id: HierarchyId(id),
        version,
        device: None,
        controllers: controllers.iter().map(|&c| c.into()).collect(),
        name: name.map(bytes),
        mounts: points.iter().map(|point| mount(point, "/")).collect(),
        own_path: bytes("/"),
        namespace_root: None,
        root: None,
    }
}

fn point(path: &str, missing: usize) -> PointFacts {
    PointFacts {
        path: bytes(path),
        missing,
        directory: true,
        entries: Vec::new(),
        on: bytes("tmpfs"),
        mounted: None,
        below: Vec::new(),
        refused: None,
        users: Vec::new(),
    }
}

/// cpu alone (number 1, with groups), `net_cls` and `net_prio` together (2), name=lab (3, mounted twice), name=deep (4, hidden),
/// v2 (0) with groups that have hugetlb; misc is free.
fn host(change: impl FnOnce(&mut Survey)) -> Survey {
    Build::v1()
        .ours("/cg1")
        .process(42, "/cg1")
        .with_survey(|survey| {
            let mut v2 = hierarchy(0, Version::V2, &["hugetlb", "rdma"], None, &["/sys/fs/cgroup/unified"]);
            v2.mounts[0].flags = vec![bytes("nsdelegate"), bytes("memory_recursiveprot")];
            survey.hierarchies.extend([
                hierarchy(2, Version::V1, &["net_cls", "net_prio"], None, &["/sys/fs/cgroup/net_cls,net_prio"]),
                hierarchy(3, Version::V1, &[], Some("lab"), &["/run/cgroups/lab", "/mnt/lab"]),
                hierarchy(4, Version::V1, &[], Some("deep"), &[]),
                v2,
            ]);
            let on = |name: &str, hierarchy: Option<u32>| Controller {
                name: name.into(),
                hierarchy: hierarchy.map(HierarchyId),
                disabled: name == "perf_event",
            };
            survey.controllers.extend([
                on("net_cls", Some(2)),
                on("net_prio", Some(2)),
                on("hugetlb", Some(0)),
                on("rdma", Some(0)),
                on("misc", None),
                on("perf_event", None),
            ]);
            survey.filesystems = vec!["cgroup".into(), "cgroup2".into()];
            for id in [0, 2, 3] {
                let mut facts = survey.groups[&Place::top(HierarchyId(1))].clone();
                facts.key.hierarchy = HierarchyId(id);
                facts.children.clear();
                if id == 0 {
                    facts.children.push(bytes("a"));
                    let mut file = facts.files["cpu.shares"].clone();
                    file.content = crate::model::field::Field::new(bytes("hugetlb\n"), crate::model::time::Mono(0));
                    facts.files = [("cgroup.subtree_control".into(), file)].into();
                }
                survey.groups.insert(Place::top(HierarchyId(id)), facts);
            }
            for facts in [
                point("/run/cgroups/new", 1),
                point("/run/a/b/new", 3),
                point("/mnt/empty", 0),
                PointFacts { entries: vec![bytes("home")], ..point("/mnt/full", 0) },
                PointFacts { directory: false, ..point("/mnt/file", 0) },
                PointFacts { on: bytes("cgroup"), ..point("/sys/fs/cgroup/cpu/x", 1) },
                PointFacts { on: bytes("sysfs"), ..point("/sys/fs/x", 1) },
                PointFacts { refused: Some(Errno::EROFS), ..point("/usr/x", 1) },
                PointFacts { mounted: Some(bytes("ext4")), ..point("/home", 0) },
                PointFacts { mounted: Some(bytes("cgroup")), ..point("/mnt/lab", 0) },
                PointFacts { mounted: Some(bytes("cgroup")), ..point("/run/cgroups/lab", 0) },
                PointFacts { mounted: Some(bytes("cgroup")), ..point("/sys/fs/cgroup/cpu", 0) },
                PointFacts { mounted: Some(bytes("cgroup")), ..point("/sys/fs/cgroup/net_cls,net_prio", 0) },
                PointFacts { mounted: Some(bytes("cgroup2")), ..point("/sys/fs/cgroup/unified", 0) },
            ] {
                survey.points.insert(facts.path.clone(), facts);
            }
            change(survey);
        })
        .survey()
}

fn named(name: &str) -> What {
    What::Named(bytes(name))
}

fn with(list: &[&str], name: Option<&str>) -> What {
    What::Controllers { controllers: list.iter().map(|&c| c.into()).collect(), name: name.map(bytes) }
}

fn mounting(survey: &Survey, what: What, at: &str) -> String {
    said(survey, &Intent::Mount { what, at: bytes(at) })
}

fn unmounting(survey: &Survey, id: u32, point: &str, lazy: bool) -> String {
    said(survey, &Intent::Unmount { hierarchy: HierarchyId(id), point: bytes(point), lazy })
}

const NEW: &str = "/run/cgroups/new";

#[test]
fn what_can_be_mounted() {
    let all = host(|_| ());
    let mut text = mounting(&all, named("new"), NEW);
    text += &mounting(&all, named("new"), "/run/a/b/new");
    text += &mounting(&all, named("lab"), "/mnt/empty");
    text += &mounting(&all, named("deep"), NEW);
    text += &mounting(&all, with(&["misc"], None), NEW);
    text += &mounting(&all, with(&["misc"], Some("m")), NEW);
    text += &mounting(&all, with(&["rdma", "misc"], None), NEW);
    text += &mounting(&all, with(&["net_prio", "net_cls"], None), NEW);
    text += &mounting(&all, What::Existing(HierarchyId(1)), NEW);
    insta::assert_snapshot!(text);
}

#[test]
fn v2_at_a_second_place_keeps_its_flags() {
    let v2 = || What::Existing(HierarchyId::V2);
    let mut text = mounting(&host(|_| ()), v2(), NEW);
    let change = |change: fn(&mut Mount)| {
        host(|survey| change(&mut survey.hierarchies.iter_mut().find(|h| h.id == HierarchyId::V2).unwrap().mounts[0]))
    };
    // A read-only mount, as in a container, would be bound read-only: the flags are copied.
    text += &mounting(&change(|mount| mount.read_only = true), v2(), NEW);
    text += &mounting(&change(|mount| mount.root = bytes("/a")), v2(), NEW);
    let hidden = host(|survey| survey.hierarchies.iter_mut().find(|h| h.id == HierarchyId::V2).unwrap().mounts.clear());
    text += &mounting(&hidden, v2(), NEW);
    insta::assert_snapshot!(text);
}

#[test]
fn which_hierarchy_c5() {
    let all = host(|_| ());
    let mut text = String::new();
    for what in [
        with(&["cpu", "misc"], None),
        with(&["net_cls"], None),
        with(&["net_cls", "cpu"], None),
        with(&["hugetlb"], None),
        with(&["misc"], Some("lab")),
        with(&["cpu"], Some("other")),
        with(&["io"], None),
        with(&["perf_event"], None),
        with(&[], None),
        named(""),
        named("a b"),
        named("a,b"),
        named(&"x".repeat(64)),
        What::Existing(HierarchyId(77)),
    ] {
        text += &mounting(&all, what, NEW);
    }
    let without = host(|survey| survey.filesystems = vec!["cgroup2".into()]);
    text += &mounting(&without, named("new"), NEW);
    let no_v2 = host(|survey| survey.hierarchies.retain(|h| h.id != HierarchyId::V2));
    text += &mounting(&no_v2, What::Existing(HierarchyId::V2), NEW);
    let contained = host(|survey| {
        let mut host = (*survey.host).clone();
        host.in_cgroup_namespace = Some(true);
        survey.host = host.into();
    });
    text += &mounting(&contained, named("new"), NEW);
    text += &mounting(&contained, named("lab"), NEW);
    // What cgrove mounted itself can make room.
    let own = host(|survey| survey.mounted.extend([(HierarchyId(1), bytes("/sys/fs/cgroup/cpu"))]));
    text += &mounting(&own, with(&["cpu", "misc"], None), NEW);
    insta::assert_snapshot!(text);
}

#[test]
fn where_to_mount_c5() {
    let all = host(|_| ());
    let mut text = String::new();
    for at in [
        "/mnt/file",
        "/mnt/full",
        "/sys/fs/cgroup/cpu/x",
        "/sys/fs/x",
        "/usr/x",
        "/home",
        "/sys/fs/cgroup/cpu",
        "run/relative",
        "/not/looked/at",
    ] {
        text += &mounting(&all, named("new"), at);
    }
    text += &mounting(&all, named("lab"), "/mnt/lab");
    insta::assert_snapshot!(text);
}

#[test]
fn who_may_mount() {
    let weak = |survey: &mut Survey| {
        let mut host = (*survey.host).clone();
        // uid 0 without CAP_SYS_ADMIN: the capability counts.
        host.capabilities = !(1 << 21);
        survey.host = host.into();
    };
    let mut text = mounting(&host(weak), named("new"), NEW);
    text += &unmounting(&host(weak), 3, "/mnt/lab", false);
    let only = |survey: &mut Survey| survey.limits.only = Some(Place::new(HierarchyId(1), b"/cg1"));
    text += &mounting(&host(only), named("new"), NEW);
    text += &unmounting(&host(only), 3, "/mnt/lab", false);
    text += &mounting(&host(|survey| survey.limits.read_only = true), named("new"), NEW);
    insta::assert_snapshot!(text);
}

#[test]
fn what_an_unmount_says_before() {
    let all = host(|_| ());
    let mut text = unmounting(&all, 3, "/mnt/lab", false);
    text += &unmounting(&all, 1, "/sys/fs/cgroup/cpu", false);
    text += &unmounting(&all, 2, "/sys/fs/cgroup/net_cls,net_prio", false);
    text += &unmounting(&all, 0, "/sys/fs/cgroup/unified", false);
    let own = host(|survey| {
        survey.mounted.insert((HierarchyId(3), bytes("/run/cgroups/lab")));
        survey.directories.extend([bytes("/run/cgroups"), bytes("/run/cgroups/lab")]);
        survey.hierarchies.iter_mut().find(|h| h.id == HierarchyId(3)).unwrap().mounts.pop();
    });
    text += &unmounting(&own, 3, "/run/cgroups/lab", false);
    let systemd = host(|survey| {
        let mut host = (*survey.host).clone();
        host.systemd = true;
        survey.host = host.into();
    });
    text += &unmounting(&systemd, 1, "/sys/fs/cgroup/cpu", true);
    // A mount that shows one group only: undo binds it again, from another mount.
    let bound = |points: &'static [&str]| {
        host(|survey| {
            let lab = survey.hierarchies.iter_mut().find(|h| h.id == HierarchyId(3)).unwrap();
            lab.mounts = points.iter().map(|point| mount(point, "/")).chain([mount("/mnt/empty", "/a/b")]).collect();
        })
    };
    text += &unmounting(&bound(&["/mnt/lab"]), 3, "/mnt/empty", false);
    text += &unmounting(&bound(&[]), 3, "/mnt/empty", false);
    insta::assert_snapshot!(text);
}

#[test]
fn what_is_mounted_twice_at_one_point_stays_mounted_there() {
    let twice = host(|survey| {
        survey.mounted.insert((HierarchyId(3), bytes("/mnt/lab")));
        survey.directories.insert(bytes("/mnt/lab"));
        let lab = survey.hierarchies.iter_mut().find(|h| h.id == HierarchyId(3)).unwrap();
        lab.mounts = vec![Mount { hidden: true, ..mount("/mnt/lab", "/") }, mount("/mnt/lab", "/")];
    });
    let intent = Intent::Unmount { hierarchy: HierarchyId(3), point: bytes("/mnt/lab"), lazy: false };
    let plan = plan(&intent, &twice).unwrap();
    assert_eq!(plan.shell, ["umount /mnt/lab"], "the hierarchy does not end, and its directory is not free");
    assert_eq!(plan.warnings, ["name=lab stays mounted at /mnt/lab."]);
}

#[test]
fn what_stands_against_an_unmount_c5() {
    let all = host(|_| ());
    let mut text = unmounting(&all, 3, "/sys/fs/cgroup/cpu", false);
    text += &unmounting(&all, 4, "/mnt/lab", false);
    text += &unmounting(&all, 77, "/mnt/lab", false);
    let busy = |by: Hold| {
        host(|survey| {
            let user = User { pid: 4242, comm: bytes("sh"), by };
            survey.points.get_mut(&bytes("/mnt/lab")).unwrap().users = vec![user];
        })
    };
    for by in [Hold::Directory, Hold::Root, Hold::File] {
        text += &unmounting(&busy(by), 3, "/mnt/lab", false);
    }
    text += &unmounting(&busy(Hold::Directory), 3, "/mnt/lab", true);
    let below = host(|survey| survey.points.get_mut(&bytes("/mnt/lab")).unwrap().below = vec![bytes("/mnt/lab/x")]);
    text += &unmounting(&below, 3, "/mnt/lab", true);
    let covered = host(|survey| {
        let lab = survey.hierarchies.iter_mut().find(|h| h.id == HierarchyId(3)).unwrap();
        lab.mounts.iter_mut().for_each(|mount| mount.hidden = true);
    });
    text += &unmounting(&covered, 3, "/mnt/lab", false);
    let stage = host(|survey| survey.limits.stage = Some(Place::top(HierarchyId(1))));
    text += &unmounting(&stage, 1, "/sys/fs/cgroup/cpu", false);
    insta::assert_snapshot!(text);
}

#[test]
fn a_way_that_makes_room_is_one_plan() {
    let own = host(|survey| {
        survey.mounted.insert((HierarchyId(2), bytes("/sys/fs/cgroup/net_cls,net_prio")));
    });
    let asked = Intent::Mount { what: with(&["net_cls"], None), at: bytes(NEW) };
    let refusal = plan(&asked, &own).unwrap_err();
    let way = refusal.instead.last().unwrap();
    assert_eq!(way.intents.len(), 2, "{way:?}");
    let together = Intent::Together { title: "both".to_owned(), intents: way.intents.clone() };
    insta::assert_snapshot!(said(&own, &together));
}

#[test]
fn a_sensible_place_if_none_is_named() {
    let point = |hierarchies: &[Hierarchy], what: &What| {
        String::from_utf8(crate::plan::mount::point::default_point(hierarchies, what).to_vec()).unwrap()
    };
    let v1 = host(|_| ()).hierarchies;
    assert_eq!(point(&v1, &named("new")), "/sys/fs/cgroup/new", "where the others are");
    assert_eq!(point(&v1, &What::Existing(HierarchyId(1))), "/sys/fs/cgroup/cpu-2");
    assert_eq!(point(&v1, &with(&["misc", "rdma"], None)), "/sys/fs/cgroup/misc,rdma");
    let v2 = [hierarchy(0, Version::V2, &["cpu"], None, &["/sys/fs/cgroup"])];
    assert_eq!(point(&v2, &named("new")), "/run/cgroups/new", "a directory in v2 is a group");
    assert_eq!(point(&v2, &What::Existing(HierarchyId::V2)), "/run/cgroups/unified");
}
