use std::sync::Arc;

use super::{Hint, Sampler};
use crate::kernel::fixture::Fixture;
use crate::kernel::real::RealFs;
use crate::model::field::Field;
use crate::model::id::{GroupId, GroupKey, HierarchyId};
use crate::model::interest::{Interest, Rows};
use crate::model::place::Place;
use crate::model::snapshot::Snapshot;
use crate::model::time::Mono;

const HOST: &str = include_str!("../../../tests/fixtures/one_by_one.txt");
const JOINT: &str = include_str!("../../../tests/fixtures/v1_joint.txt");
const V2: &str = include_str!("../../../tests/fixtures/cgroup_namespace.txt");
const CPU: HierarchyId = HierarchyId(1);

fn start(archive: &str) -> (Fixture, Sampler) {
    let fixture = Fixture::parse(archive).unwrap();
    let sampler = Sampler::new(Box::new(fixture.clone())).unwrap();
    (fixture, sampler)
}

fn at(snapshot: &Snapshot, hierarchy: HierarchyId, path: &str) -> GroupId {
    snapshot.structure.at(&Place::new(hierarchy, path.as_bytes())).unwrap()
}

fn key(sampler: &Sampler, hierarchy: HierarchyId, path: &str) -> GroupKey {
    let structure = sampler.structure();
    structure.group(structure.at(&Place::new(hierarchy, path.as_bytes())).unwrap()).unwrap().key
}

fn tids(snapshot: &Snapshot) -> Vec<i32> {
    snapshot.tasks.all().iter().map(|task| task.key.tid).collect()
}

#[test]
fn everything_of_the_figure_with_its_contest() {
    let (_, mut sampler) = start(HOST);
    let snapshot = sampler.sample(&Interest::default());
    let row = |path: &str| snapshot.groups.get(at(&snapshot, CPU, path)).unwrap();
    assert_eq!(row("/cg1").weight.get(), Some(600));
    assert_eq!(row("/cg1/cg3").tasks.value().unwrap(), &[602, 603]);
    assert_eq!(tids(&snapshot), [1, 2, 500, 601, 602, 603, 604]);
    assert_eq!((snapshot.number, snapshot.cost.groups, snapshot.cost.tasks), (1, 5, 7));
    assert_eq!(snapshot.tasks.by_tid(500).unwrap().autogroup.get().unwrap().nice, 5);
    assert_eq!(snapshot.tasks.by_tid(604).unwrap().autogroup, Field::Absent);
    assert_eq!(snapshot.notices, []);
}

#[test]
fn without_a_contest_only_the_rows_are_read() {
    let (_, mut sampler) = start(HOST);
    let cg3 = key(&sampler, CPU, "/cg1/cg3");
    let interest = Interest { groups: Rows::These(vec![cg3]), contest: false, ..Interest::default() };
    let snapshot = sampler.sample(&interest);
    assert_eq!(snapshot.groups.ids, [snapshot.structure.find(cg3).unwrap()]);
    assert_eq!((tids(&snapshot), snapshot.files.is_none()), (vec![], true));
    let snapshot = sampler.sample(&Interest { tasks_of: Some(cg3), files_of: Some(cg3), ..interest });
    assert_eq!(tids(&snapshot), [602, 603]);
    let files = snapshot.files.unwrap();
    let names: Vec<&[u8]> = files.entries.value().unwrap().iter().map(|file| &*file.name).collect();
    assert_eq!((files.group, names.len()), (snapshot.structure.find(cg3).unwrap(), 7));
    assert!(names.contains(&&b"cpu.shares"[..]));
}

#[test]
fn another_hierarchy_on_screen_brings_its_lists_and_the_contest_stays() {
    let (_, mut sampler) = start(HOST);
    let memory = HierarchyId(4);
    let interest = Interest { hierarchy: Some(memory), ..Interest::default() };
    let snapshot = sampler.sample(&interest);
    let one = snapshot.groups.get(at(&snapshot, memory, "/agents/one")).unwrap();
    assert_eq!((one.tasks.value().unwrap().as_slice(), one.weight), (&[500][..], &Field::Absent));
    assert!(snapshot.groups.get(at(&snapshot, CPU, "/cg4")).is_some());
    assert!(snapshot.groups.ids.is_sorted() && tids(&snapshot).len() == 7);
}

#[test]
fn the_hierarchys_own_counter_is_used_where_it_is_carried() {
    let (_, mut sampler) = start(JOINT);
    let snapshot = sampler.sample(&Interest::default());
    let slice = snapshot.groups.get(at(&snapshot, HierarchyId(3), "/system.slice")).unwrap();
    assert_eq!(slice.usage_ns.get(), Some(5_000_000_000));
    assert!(snapshot.tasks.all().iter().all(|task| task.autogroup == Field::Absent), "autogroup is off there");
}

#[test]
fn tasks_of_a_namespace_are_not_in_the_root() {
    let (fixture, mut sampler) = start(V2);
    fixture
        .apply("file /proc/7/autogroup\n|/autogroup-3 nice 0\nfile /proc/8/autogroup\n|/autogroup-3 nice 0\n")
        .unwrap();
    let snapshot = sampler.sample(&Interest::default());
    // The leaf has no cpu controller, but the groups above it have.
    assert_eq!((tids(&snapshot), &snapshot.tasks.by_tid(8).unwrap().autogroup), (vec![7, 8], &Field::Absent));
}

#[test]
fn v2_groups_without_the_controller_on_the_way_compete_in_the_root() {
    let (fixture, mut sampler) = start(V2);
    for group in ["user.slice", "user.slice/box"] {
        fixture.apply(&format!("gone /sys/fs/cgroup/{group}/cpu.weight\n")).unwrap();
    }
    fixture.apply("file /proc/8/autogroup\n|/autogroup-3 nice 0\n").unwrap();
    let snapshot = sampler.sample(&Interest::default());
    assert_eq!(snapshot.tasks.by_tid(8).unwrap().autogroup.get().unwrap().id, 3);
}

#[test]
fn every_value_has_the_time_of_its_own_read() {
    let (_, mut sampler) = start(HOST);
    let snapshot = sampler.sample(&Interest::default());
    let mut times: Vec<Mono> = snapshot.tasks.all().iter().map(|task| task.sched.dated().unwrap().1).collect();
    let count = times.len();
    times.dedup();
    assert_eq!(times.len(), count, "no two reads at one time");
    assert!(times.iter().all(|&at| at > snapshot.at));
}

#[test]
fn a_task_that_moved_between_two_reads_counts_once() {
    let (fixture, mut sampler) = start(HOST);
    fixture.apply("file /sys/fs/cgroup/cpu/cg4/tasks\n|604\n|601\n").unwrap();
    let snapshot = sampler.sample(&Interest::default());
    let lists: Vec<i32> = snapshot.groups.tasks.iter().flat_map(|list| list.value().unwrap().clone()).collect();
    assert_eq!(lists.iter().filter(|&&tid| tid == 601).count(), 1);
    assert_eq!(tids(&snapshot), [1, 2, 500, 601, 602, 603, 604]);
}

#[test]
fn watched_values_are_carried_with_their_time_until_told_or_for_four_samplings() {
    let (fixture, mut sampler) = start(HOST);
    sampler.set_watched(true);
    let weight = |snapshot: &Snapshot| {
        snapshot.groups.get(at(snapshot, CPU, "/cg4")).unwrap().weight.dated().map(|(v, at)| (*v, at)).unwrap()
    };
    sampler.sample(&Interest::default());
    fixture.apply("file /sys/fs/cgroup/cpu/cg4/cpu.shares\n|7\n").unwrap();
    sampler.hint(Hint { values: true, ..Hint::default() });
    let told = weight(&sampler.sample(&Interest::default()));
    assert_eq!(told.0, 7);
    fixture.apply("file /sys/fs/cgroup/cpu/cg4/cpu.shares\n|9\n").unwrap();
    let later: Vec<(u64, Mono)> = (0..4).map(|_| weight(&sampler.sample(&Interest::default()))).collect();
    assert_eq!(later.last().unwrap().0, 9, "read in turns all the same");
    assert!(later.iter().all(|&value| value == told || value.0 == 9), "{later:?}");
    assert!(later.iter().filter(|&&value| value == told).count() <= 3);
}

#[test]
fn unwatched_values_are_read_every_time() {
    let (fixture, mut sampler) = start(HOST);
    sampler.sample(&Interest::default());
    for shares in [7, 8, 9] {
        fixture.apply(&format!("file /sys/fs/cgroup/cpu/cg4/cpu.shares\n|{shares}\n")).unwrap();
        let snapshot = sampler.sample(&Interest::default());
        assert_eq!(snapshot.groups.get(at(&snapshot, CPU, "/cg4")).unwrap().weight.get(), Some(shares));
    }
}

#[test]
fn unchanged_structures_are_shared() {
    let (_, mut sampler) = start(HOST);
    let (first, second) = (sampler.sample(&Interest::default()), sampler.sample(&Interest::default()));
    assert!(Arc::ptr_eq(&first.structure, &second.structure) && Arc::ptr_eq(&first.host, &second.host));
    assert_eq!((first.number, second.number), (1, 2));
}

#[test]
fn a_group_that_vanishes_in_the_middle_of_a_sampling_is_left_out() {
    let (fixture, mut sampler) = start(HOST);
    sampler.set_watched(true);
    let before = sampler.sample(&Interest::default());
    let cg4 = at(&before, CPU, "/cg4");
    fixture.apply("gone /sys/fs/cgroup/cpu/cg4\n").unwrap();
    let after = sampler.sample(&Interest::default());
    assert!(after.groups.get(cg4).is_none() && after.structure.group(cg4).is_none());
    assert_eq!(tids(&after), [1, 2, 500, 601, 602, 603]);
}

#[test]
fn a_hint_brings_new_groups_and_new_files_at_once() {
    let (fixture, mut sampler) = start(V2);
    sampler.set_watched(true);
    let v2 = HierarchyId::V2;
    sampler.sample(&Interest::default());
    fixture.apply("dir /sys/fs/cgroup/new\nfile /sys/fs/cgroup/new/cgroup.threads\nfile /sys/fs/cgroup/user.slice/box/leaf/cpu.weight\n|70\n").unwrap();
    let quiet = sampler.sample(&Interest::default());
    assert_eq!(quiet.structure.at(&Place::new(v2, b"/new")), None);
    sampler.hint(Hint { structure: true, ..Hint::default() });
    let told = sampler.sample(&Interest::default());
    assert!(told.structure.at(&Place::new(v2, b"/new")).is_some());
    assert_eq!(told.groups.get(at(&told, v2, "/user.slice/box/leaf")).unwrap().weight.get(), Some(70));
}

#[test]
fn without_watches_and_without_hints_changes_are_found() {
    let (fixture, mut sampler) = start(HOST);
    fixture.apply("dir /sys/fs/cgroup/cpu/new\nfile /sys/fs/cgroup/cpu/new/tasks\n").unwrap();
    fixture.set_now(Mono(2_000_000_000));
    assert!(sampler.sample(&Interest::default()).structure.at(&Place::new(CPU, b"/new")).is_some());
}

#[test]
fn watched_structures_are_walked_now_and_then() {
    let (fixture, mut sampler) = start(HOST);
    sampler.set_watched(true);
    fixture.apply("dir /sys/fs/cgroup/cpu/new\nfile /sys/fs/cgroup/cpu/new/tasks\n").unwrap();
    fixture.set_now(Mono(2_000_000_000));
    assert_eq!(sampler.sample(&Interest::default()).structure.at(&Place::new(CPU, b"/new")), None);
    fixture.set_now(Mono(9_000_000_000));
    assert!(sampler.sample(&Interest::default()).structure.at(&Place::new(CPU, b"/new")).is_some());
}

#[test]
fn mounts_that_go_are_seen_with_a_hint() {
    let (fixture, mut sampler) = start(HOST);
    sampler.set_watched(true);
    fixture.apply("dir /sys/fs/cgroup/cpu dev=0:99 magic=0x1021994\n").unwrap();
    sampler.hint(Hint { mounts: true, ..Hint::default() });
    let snapshot = sampler.sample(&Interest::default());
    assert_eq!(snapshot.structure.hierarchy(CPU).unwrap().root, None);
    assert_eq!(snapshot.groups.ids.len(), 0);
}

#[test]
fn this_host_as_anybody() {
    let mut sampler = Sampler::new(Box::new(RealFs)).unwrap();
    let own = i32::try_from(std::process::id()).unwrap();
    let snapshot = sampler.sample(&Interest::default());
    let has_cpu = snapshot.structure.carrier("cpu").is_some_and(|h| h.root.is_some());
    assert_eq!(snapshot.tasks.by_tid(own).is_some(), has_cpu, "our own task is in the contest where there is one");
}

#[test]
fn while_a_hierarchy_is_shut_no_file_of_it_is_open() {
    let (_, mut sampler) = start(HOST);
    let interest = Interest::default();
    sampler.sample(&interest);
    assert!(sampler.handles.has(CPU), "a mount with open files could not be unmounted");
    let shut = sampler.shut();
    let other = {
        let shut = shut.clone();
        std::thread::spawn(move || shut.shut(CPU, || ()))
    };
    let mut snapshot = sampler.sample(&interest);
    while !other.is_finished() {
        snapshot = sampler.sample(&interest);
        std::thread::sleep(std::time::Duration::from_millis(1));
    }
    assert!(other.join().unwrap(), "it was told");
    assert!(!sampler.handles.has(CPU));
    let hierarchy = snapshot.structure.hierarchy(CPU).unwrap();
    assert!(hierarchy.mounts.is_empty() && hierarchy.root.is_none(), "as if it were unmounted");
    sampler.sample(&interest);
    assert!(!sampler.handles.has(CPU), "nor opened again");
    shut.open(CPU);
    let snapshot = sampler.sample(&interest);
    assert!(snapshot.structure.hierarchy(CPU).unwrap().root.is_some() && sampler.handles.has(CPU));
}
