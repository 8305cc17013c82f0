use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use super::inotify::Inotify;
use super::{DirectoryWatcher, MountWatch, Refused, Wakes, Watches};
use crate::kernel::fixture::Fixture;
use crate::kernel::sampler::{Hint, Sampler};
use crate::model::interest::Interest;

const HOST: &str = include_str!("../../../tests/fixtures/one_by_one.txt");
const LONG: Duration = Duration::from_secs(20);
const STRUCTURE: Hint = Hint { structure: true, values: false, mounts: false };
const VALUES: Hint = Hint { structure: false, values: true, mounts: false };

#[test]
fn the_timer_alone() {
    let (mut wakes, _ringer) = Wakes::new();
    let woken = wakes.wait(Duration::from_millis(1));
    assert!(woken.timer && !woken.stop && woken.hint == Hint::default() && woken.interest.is_none());
}

#[test]
fn a_burst_of_hints_is_one_wake() {
    let (mut wakes, ringer) = Wakes::new();
    (0..100).for_each(|_| ringer.hint(STRUCTURE));
    ringer.hint(VALUES);
    let woken = wakes.wait(LONG);
    assert_eq!(woken.hint, Hint { structure: true, values: true, mounts: false });
    assert!(wakes.wait(Duration::from_millis(30)).timer);
}

#[test]
fn hints_wake_at_most_every_pause_and_none_is_lost() {
    let (mut wakes, ringer) = Wakes::new();
    ringer.hint(VALUES);
    wakes.wait(LONG);
    let first = Instant::now();
    ringer.hint(STRUCTURE);
    assert!(wakes.wait(Duration::from_millis(1)).timer, "held over a timer");
    assert_eq!(wakes.wait(LONG).hint, STRUCTURE);
    assert!(first.elapsed() >= Duration::from_millis(150));
}

#[test]
fn interest_and_our_own_changes_wake_at_once_and_the_newest_interest_counts() {
    let (mut wakes, ringer) = Wakes::new();
    ringer.interest(Interest::default());
    ringer.interest(Interest { contest: false, ..Interest::default() });
    ringer.resample(VALUES);
    let begun = Instant::now();
    let woken = wakes.wait(LONG);
    assert!(begun.elapsed() < Duration::from_secs(5) && !woken.timer);
    assert_eq!((woken.interest.map(|interest| interest.contest), woken.hint), (Some(false), VALUES));
}

#[test]
fn the_end_is_told_or_seen() {
    let (mut wakes, ringer) = Wakes::new();
    ringer.stop();
    assert!(wakes.wait(LONG).stop);
    drop(ringer);
    assert!(wakes.wait(LONG).stop);
}

#[derive(Clone, Default)]
struct Pretended {
    directories: Arc<Mutex<BTreeSet<Vec<u8>>>>,
    removed: Arc<Mutex<Vec<Vec<u8>>>>,
    most: Option<usize>,
}

impl DirectoryWatcher for Pretended {
    fn watch(&mut self, directory: &[u8]) -> Result<(), Refused> {
        let mut all = self.directories.lock().unwrap();
        if self.most.is_some_and(|most| all.len() >= most) {
            return Err(Refused::Full("no more".to_owned()));
        }
        all.insert(directory.to_vec());
        Ok(())
    }

    fn unwatch(&mut self, directory: &[u8]) {
        self.directories.lock().unwrap().remove(directory);
    }

    fn removed(&mut self) -> Vec<Vec<u8>> {
        std::mem::take(&mut self.removed.lock().unwrap())
    }
}

fn host(most: Option<usize>) -> (Fixture, Sampler, Pretended, Watches) {
    let fixture = Fixture::parse(HOST).unwrap();
    let sampler = Sampler::new(Box::new(fixture.clone())).unwrap();
    let pretended = Pretended { most, ..Pretended::default() };
    (fixture, sampler, pretended.clone(), Watches::with(Some(Box::new(pretended))))
}

#[test]
fn every_group_is_watched_and_those_that_go_no_longer() {
    let (fixture, mut sampler, pretended, mut watches) = host(None);
    watches.follow_sampler(&mut sampler);
    let groups = sampler.structure().iter().count();
    assert_eq!(
        (watches.len(), pretended.directories.lock().unwrap().len(), watches.is_complete()),
        (groups, groups, true)
    );
    fixture.apply("gone /sys/fs/cgroup/cpu/cg4\ndir /sys/fs/cgroup/cpu/new\n").unwrap();
    sampler.walk();
    watches.follow_sampler(&mut sampler);
    let all = pretended.directories.lock().unwrap();
    assert!(all.contains(&b"/sys/fs/cgroup/cpu/new"[..]) && !all.contains(&b"/sys/fs/cgroup/cpu/cg4"[..]));
    assert_eq!(all.len(), groups);
}

#[test]
fn a_group_made_between_walk_and_watch_is_found() {
    let (fixture, mut sampler, pretended, mut watches) = host(None);
    fixture.apply("dir /sys/fs/cgroup/cpu/cg1/late/later\n").unwrap();
    assert!(watches.follow_sampler(&mut sampler), "the structure is newer than the last snapshot");
    assert!(!watches.follow_sampler(&mut sampler));
    assert!(pretended.directories.lock().unwrap().contains(&b"/sys/fs/cgroup/cpu/cg1/late/later"[..]));
}

#[test]
fn a_directory_that_was_removed_and_made_again_is_watched_again() {
    let (_, mut sampler, pretended, mut watches) = host(None);
    watches.follow_sampler(&mut sampler);
    let cg4 = b"/sys/fs/cgroup/cpu/cg4".to_vec();
    pretended.directories.lock().unwrap().remove(&cg4);
    pretended.removed.lock().unwrap().push(cg4.clone());
    watches.follow_sampler(&mut sampler);
    assert!(pretended.directories.lock().unwrap().contains(&cg4));
}

#[test]
fn when_watches_run_out_it_says_so_once_and_goes_on() {
    let (fixture, mut sampler, _, mut watches) = host(Some(3));
    watches.follow_sampler(&mut sampler);
    assert!(!watches.is_complete());
    let notices = sampler.sample(&Interest::default()).notices;
    assert_eq!(notices.len(), 1);
    assert!(notices[0].0.starts_with("not every group can be watched (no more)"), "{notices:?}");
    fixture.apply("dir /sys/fs/cgroup/cpu/new\n").unwrap();
    sampler.walk();
    watches.follow_sampler(&mut sampler);
    assert_eq!(sampler.sample(&Interest::default()).notices, []);
}

#[test]
fn without_any_watcher_it_works() {
    let (_, mut sampler, _, _) = host(None);
    let mut watches = Watches::with(None);
    watches.follow_sampler(&mut sampler);
    assert!(!watches.is_complete() && watches.is_empty());
}

#[test]
fn directories_of_the_real_file_system() {
    use std::os::unix::ffi::OsStrExt;
    let (mut wakes, ringer) = Wakes::new();
    let mut watcher = Inotify::start(ringer).unwrap();
    let top = tempfile::tempdir().unwrap();
    let path = |name: &str| top.path().join(name);
    std::fs::write(path("file"), "a").unwrap();
    let directory = top.path().as_os_str().as_bytes();
    watcher.watch(directory).unwrap();
    watcher.watch(directory).unwrap();
    assert_eq!(watcher.watch(b"/cgrove-none"), Err(Refused::Gone));

    std::fs::read(path("file")).unwrap();
    std::fs::read_dir(top.path()).unwrap().count();
    assert!(wakes.wait(Duration::from_millis(100)).timer, "our own reads do not wake");

    std::fs::write(path("file"), "b").unwrap();
    assert_eq!(wakes.wait(LONG).hint, VALUES);
    std::fs::create_dir(path("group")).unwrap();
    assert!(wakes.wait(LONG).hint.structure);
    std::fs::rename(path("group"), path("renamed")).unwrap();
    assert!(wakes.wait(LONG).hint.structure);
    std::fs::remove_dir(path("renamed")).unwrap();
    assert!(wakes.wait(LONG).hint.structure);
    assert!(watcher.removed().contains(&path("renamed").as_os_str().as_bytes().to_vec()));

    // A directory that is made again under the same name is watched again.
    for _ in 0..2 {
        std::fs::create_dir(path("again")).unwrap();
        watcher.watch(path("again").as_os_str().as_bytes()).unwrap();
        std::fs::write(path("again/inside"), "x").unwrap();
        std::fs::write(path("again/inside"), "y").unwrap();
        while !watcher.written().contains(&path("again/inside").as_os_str().as_bytes().to_vec()) {
            wakes.wait(LONG);
        }
        std::fs::remove_file(path("again/inside")).unwrap();
        std::fs::remove_dir(path("again")).unwrap();
        while !watcher.removed().contains(&path("again").as_os_str().as_bytes().to_vec()) {
            wakes.wait(LONG);
        }
    }
    while !wakes.wait(Duration::from_millis(300)).timer {}

    watcher.unwatch(directory);
    std::fs::write(path("file"), "c").unwrap();
    assert!(wakes.wait(Duration::from_millis(300)).timer);
}

#[test]
fn the_mount_watch_ends_when_it_is_dropped() {
    let (mut wakes, ringer) = Wakes::new();
    let watch = MountWatch::start(ringer).unwrap();
    drop(watch);
    // The thread's ringer was the last: it is gone with the thread.
    assert!(wakes.wait(LONG).stop);
}
