use super::{Discovery, Error, discover};
use crate::kernel::fixture::Fixture;
use crate::kernel::paths;
use crate::kernel::real::RealFs;
use crate::model::bytes::escape;
use crate::model::errno::Errno;
use crate::model::hierarchy::{Hierarchy, Mode};
use crate::model::id::HierarchyId;

const ONE_BY_ONE: &str = include_str!("../../../tests/fixtures/one_by_one.txt");
const V1_JOINT: &str = include_str!("../../../tests/fixtures/v1_joint.txt");
const CONTAINER: &str = include_str!("../../../tests/fixtures/container_v1.txt");
const NAMESPACE: &str = include_str!("../../../tests/fixtures/cgroup_namespace.txt");

fn found(archive: &str) -> Discovery {
    discover(&Fixture::parse(archive).unwrap()).unwrap()
}

fn found_with(archive: &str, more: &str) -> Discovery {
    let fixture = Fixture::parse(archive).unwrap();
    fixture.apply(more).unwrap();
    discover(&fixture).unwrap()
}

/// A host of one file each: mountinfo, own groups, controllers.
fn small(mounts: &str, own: &str, controllers: &str) -> Fixture {
    let file = |path: &str, text: &str| format!("file {path}\n{}", content(&text.replace('\\', "\\\\")));
    let archive =
        file("/proc/self/mountinfo", mounts) + &file("/proc/self/cgroup", own) + &file("/proc/cgroups", controllers);
    Fixture::parse(&archive).unwrap()
}

/// Content lines of an archive.
fn content(text: &str) -> String {
    text.lines().flat_map(|line| ["|", line, "\n"]).collect()
}

fn labels(found: &Discovery) -> Vec<String> {
    found.hierarchies.iter().map(|h| format!("{}:{}", h.id.0, h.label())).collect()
}

fn points(hierarchy: &Hierarchy) -> Vec<String> {
    let mount = |m: &crate::model::hierarchy::Mount| {
        let marks = [(m.read_only, " ro"), (m.hidden, " hidden")];
        escape(&m.point) + &marks.iter().filter(|(set, _)| *set).map(|(_, mark)| *mark).collect::<String>()
    };
    hierarchy.mounts.iter().map(mount).collect()
}

fn carrier(found: &Discovery, name: &str) -> Option<u32> {
    found.controllers.iter().find(|c| &*c.name == name).unwrap().hierarchy.map(|id| id.0)
}

#[test]
fn one_by_one_beside_an_empty_v2() {
    let found = found(ONE_BY_ONE);
    assert_eq!(
        labels(&found),
        [
            "1:cpu",
            "2:cpuacct",
            "3:cpuset",
            "4:memory",
            "5:devices",
            "6:freezer",
            "7:blkio",
            "8:pids",
            "9:name=systemd",
            "0:v2"
        ]
    );
    assert_eq!((found.mode, found.notices.len()), (Mode::Hybrid, 0));
    assert_eq!(&*found.hierarchies[3].own_path, b"/agents/one");
    assert_eq!(
        (carrier(&found, "cpu"), carrier(&found, "hugetlb"), carrier(&found, "net_cls")),
        (Some(1), Some(0), None)
    );
    assert_eq!(found.hierarchies[9].controllers, ["hugetlb".into()]);
    assert!(
        found.hierarchies.iter().all(|h| h.mounts.len() == 1 && !h.mounts[0].hidden && h.mounts[0].flags.is_empty())
    );
}

#[test]
fn joint_controllers_links_and_a_second_mount() {
    let found = found(V1_JOINT);
    assert_eq!(labels(&found), ["3:cpu,cpuacct", "5:net_cls,net_prio", "7:cpuset", "12:name=systemd"]);
    let cpu = &found.hierarchies[0];
    assert_eq!(points(cpu), ["/sys/fs/cgroup/cpu,cpuacct", "/mnt/second view ro"]);
    assert_eq!(paths::top(cpu).unwrap(), b"/sys/fs/cgroup/cpu,cpuacct");
    assert_eq!((carrier(&found, "cpuacct"), found.mode), (Some(3), Mode::Legacy));
    assert!(found.controllers.iter().any(|c| &*c.name == "memory" && c.disabled && c.hierarchy.is_none()));
    let flags =
        |index: usize| found.hierarchies[index].mounts[0].flags.iter().map(|flag| escape(flag)).collect::<Vec<_>>();
    assert_eq!((flags(2), flags(3)), (vec!["clone_children".to_owned()], vec!["xattr".to_owned()]));
}

#[test]
fn a_container_sees_its_own_subtree_read_only() {
    let found = found(CONTAINER);
    assert_eq!(labels(&found), ["2:cpu,cpuacct", "3:memory", "4:pids", "6:name=systemd", "0:v2"]);
    let cpu = &found.hierarchies[0];
    assert_eq!(points(cpu), ["/sys/fs/cgroup/cpu,cpuacct ro"]);
    assert_eq!(paths::place(cpu, &cpu.own_path).unwrap().to_string(), "/");
    assert_eq!(paths::place(cpu, b"/docker/other"), None);
    let memory = &found.hierarchies[1];
    assert_eq!((memory.mounts.len(), memory.device, paths::top(memory)), (0, None, None), "it lives unmounted");
    assert_eq!((found.hierarchies[4].mounts.len(), found.mode), (0, Mode::Legacy));
}

#[test]
fn a_cgroup_namespace_with_a_mount_from_outside() {
    let found = found(NAMESPACE);
    assert_eq!((labels(&found), found.mode), (vec!["0:v2".to_owned()], Mode::Unified));
    let v2 = &found.hierarchies[0];
    assert_eq!(v2.controllers, ["cpu".into(), "io".into(), "pids".into()]);
    assert_eq!(
        v2.mounts[0].flags.iter().map(|flag| escape(flag)).collect::<Vec<_>>(),
        ["nsdelegate", "memory_recursiveprot"]
    );
    assert_eq!(paths::place(v2, b"/../../x").unwrap().to_string(), "/x");
    assert_eq!(v2.namespace_root.as_ref().unwrap().to_string(), "/user.slice/box");
    assert_eq!(paths::place(v2, &v2.own_path).unwrap().to_string(), "/user.slice/box/leaf");
    let names: Vec<&str> = found.controllers.iter().map(|c| &*c.name).collect();
    assert_eq!(names, ["cpuset", "cpu", "memory", "perf_event", "pids", "io"], "blkio is v2's io");
    assert_eq!((carrier(&found, "io"), carrier(&found, "cpu"), carrier(&found, "cpuset")), (Some(0), Some(0), None));
}

#[test]
fn a_mount_over_the_directory_above_hides_all_below() {
    let fixture = Fixture::parse(ONE_BY_ONE).unwrap();
    let text =
        String::from_utf8(crate::kernel::fs::Fs::read(&fixture, b"/proc/self/mountinfo", 1 << 20).unwrap()).unwrap();
    let over = format!("file /proc/500/mountinfo\n{}|60 23 0:60 / /sys/fs rw - tmpfs t rw\n", content(&text));
    let found = found_with(ONE_BY_ONE, &over);
    assert!(found.hierarchies.iter().all(|h| h.mounts.iter().all(|m| m.hidden) && paths::top(h).is_none()));
    assert_eq!(found.mode, Mode::None);
}

#[test]
fn a_point_that_shows_another_file_system_is_hidden() {
    let found = found_with(
        ONE_BY_ONE,
        "dir /sys/fs/cgroup/cpu dev=0:77 magic=0x1021994\ndir /sys/fs/cgroup/pids dev=0:36 magic=0x1021994\ngone /sys/fs/cgroup/blkio\n",
    );
    let hidden: Vec<String> = found.hierarchies.iter().filter(|h| h.mounts[0].hidden).map(Hierarchy::label).collect();
    assert_eq!(hidden, ["cpu", "blkio", "pids"]);
}

#[test]
fn a_point_that_may_not_be_looked_at_is_believed() {
    let found = found_with(V1_JOINT, "dir /sys/fs/cgroup/cpuset dev=0:32 stat=EACCES magic=0x27e0eb ino=1\n");
    assert!(!found.hierarchies[2].mounts[0].hidden);
}

#[test]
fn names_with_blanks_escapes_and_broken_utf8() {
    let own = "5:name=a,b:/x:y z (deleted)\n".replace("a,b", "a.b");
    let fixture = small(
        "1 1 8:1 / / rw - ext4 x rw\n2 1 0:5 / /m\\040\\134n rw - cgroup x rw,release_agent=/bin/x,name=a.b\n",
        &own,
        "",
    );
    fixture.apply("dir /m\\x20\\\\n dev=0:5 magic=0x27e0eb\n").unwrap();
    let found = discover(&fixture).unwrap();
    let named = &found.hierarchies[0];
    assert_eq!((named.label(), points(named)), ("name=a.b".to_owned(), vec!["/m \\\\n".to_owned()]));
    assert_eq!(&*named.own_path, b"/x:y z (deleted)");
    assert_eq!(named.mounts[0].flags.iter().map(|flag| escape(flag)).collect::<Vec<_>>(), ["release_agent=/bin/x"]);
}

#[test]
fn the_root_of_a_bind_mount_need_not_be_utf8() {
    let fixture = small("1 1 8:1 / / rw - ext4 x rw\n", "1:cpu:/\n", "cpu\t1\t1\t1\n");
    fixture
        .apply(
            "file /proc/self/mountinfo\n|2 1 0:5 /\\xff\\xfe /m rw - cgroup x rw,cpu\ndir /m dev=0:5 magic=0x27e0eb\n",
        )
        .unwrap();
    let found = discover(&fixture).unwrap();
    assert_eq!(paths::place(&found.hierarchies[0], b"/\xff\xfe/a").unwrap().to_string(), "/a");
}

#[test]
fn v2_that_carries_cpu_comes_first() {
    let fixture = small(
        "1 1 8:1 / / rw - ext4 x rw\n2 1 0:5 / /u rw - cgroup2 x rw\n3 1 0:6 / /p rw - cgroup x rw,pids\n",
        "2:pids:/\n0::/\n",
        "cpu\t0\t1\t1\npids\t2\t1\t1\n",
    );
    fixture
        .apply("dir /u dev=0:5 magic=0x63677270\nfile /u/cgroup.controllers\n|cpu io\ndir /p dev=0:6 magic=0x27e0eb\n")
        .unwrap();
    let found = discover(&fixture).unwrap();
    assert_eq!((labels(&found), found.mode), (vec!["0:v2".to_owned(), "2:pids".to_owned()], Mode::Hybrid));
}

#[test]
fn without_proc_cgroups_the_own_groups_tell() {
    let fixture = small("1 1 8:1 / / rw - ext4 x rw\n3 1 0:6 / /p rw - cgroup x rw,pids\n", "2:pids:/\n", "");
    fixture.apply("gone /proc/cgroups\ndir /p dev=0:6 magic=0x27e0eb\n").unwrap();
    let found = discover(&fixture).unwrap();
    assert_eq!((carrier(&found, "pids"), found.notices.len()), (Some(2), 0));
}

#[test]
fn what_cannot_be_understood_is_left_out_and_said() {
    let fixture = small(
        "1 1 8:1 / / rw - ext4 x rw\nbroken\n3 1 0:6 / /p rw - cgroup x rw,foo\n",
        "2:pids:/\n",
        "pids\t2\t1\t1\n",
    );
    let said: Vec<String> = discover(&fixture).unwrap().notices.into_iter().map(|notice| notice.0).collect();
    assert_eq!(
        said,
        [
            "a mount was left out: mountinfo, line 2: expected a number, found `broken`",
            "/p is a cgroup v1 mount that is not in /proc/self/cgroup: left out",
        ]
    );
}

#[test]
fn without_mountinfo_there_is_nothing_to_show() {
    let fixture = Fixture::parse("file /proc/self/mountinfo read=EACCES\n").unwrap();
    match discover(&fixture).unwrap_err() {
        Error::Read { path, errno, .. } => assert_eq!((&*path, errno), ("/proc/self/mountinfo", Errno::EACCES)),
        other @ Error::Parse { .. } => panic!("{other}"),
    }
}

#[test]
fn a_host_without_any_hierarchy() {
    let found = discover(&small("1 1 8:1 / / rw - ext4 x rw\n", "", "")).unwrap();
    assert_eq!((found.hierarchies.len(), found.mode), (0, Mode::None));
}

#[test]
fn this_host_agrees_with_its_own_list() {
    let found = discover(&RealFs).unwrap();
    let own = crate::parse::membership::rows(&std::fs::read("/proc/self/cgroup").unwrap()).unwrap();
    let mut expected: Vec<HierarchyId> = own.iter().map(|line| line.hierarchy).collect();
    let mut ids: Vec<HierarchyId> = found.hierarchies.iter().map(|h| h.id).collect();
    expected.sort();
    ids.sort();
    assert_eq!(ids, expected);
}
