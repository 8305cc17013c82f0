//! What is others', what is ours, and how it is told.
use std::sync::Arc;

use super::super::message::Message;
use super::super::state::State;
use super::super::testing::{CPU, SECOND, World, figure, hierarchy, setup};
use crate::model::cgroup::Quota;
use crate::model::field::Field;
use crate::model::hierarchy::{Mode, Version};
use crate::model::id::GroupKey;
use crate::model::place::Place;
use crate::model::snapshot::{Snapshot, Written};
use crate::model::time::Mono;

/// What was told so far.
fn told(state: &State) -> Vec<&str> {
    state.others.seen.iter().map(|seen| seen.text.as_str()).collect()
}

/// The next frame, a second later, changed by hand.
fn next(world: &mut World, state: &mut State, edit: impl FnOnce(&mut Snapshot)) {
    world.now = Mono(world.now.0 + SECOND);
    let Message::Frame { snapshot, table, now } = world.frame() else { panic!("no frame") };
    let mut snapshot = Arc::unwrap_or_clone(snapshot);
    edit(&mut snapshot);
    world.tell(state, Message::Frame { snapshot: Arc::new(snapshot), table, now });
}

fn seen() -> (World, State) {
    let mut world = figure();
    let state = world.state(setup(), 80, 24);
    (world, state)
}

fn key(world: &mut World, path: &str) -> GroupKey {
    GroupKey { hierarchy: CPU, inode: world.at(path).inode }
}

fn written(group: GroupKey, file: &str, content: &str) -> Written {
    let content = Field::new(content.as_bytes().into(), Mono(1));
    Written { group, file: file.into(), content, told: true }
}

#[test]
fn groups_that_come_and_go_are_one_deed_each() {
    let (mut world, mut state) = seen();
    for path in ["/web", "/web/a", "/web/b"] {
        world.group(path, 100);
    }
    next(&mut world, &mut state, |_| {});
    assert_eq!(told(&state), ["/web: made with 2 groups below"]);
    assert_eq!(state.others.seen[0].more, ["/web/a", "/web/b"]);
    assert_eq!(state.others.marks.len(), 3, "each new row is marked");
    for path in ["/web/a", "/web/b", "/web"] {
        world.groups.remove(&Place::new(CPU, path.as_bytes()));
    }
    next(&mut world, &mut state, |snapshot| Arc::make_mut(&mut snapshot.structure).generation += 1);
    assert_eq!(told(&state)[1..], ["/web: removed with 2 groups below"]);
}

#[test]
fn a_group_that_was_renamed_is_the_same() {
    let (mut world, mut state) = seen();
    let group = world.groups.remove(&Place::new(CPU, b"/cg4")).unwrap();
    world.groups.insert(Place::new(CPU, b"/web"), group);
    next(&mut world, &mut state, |snapshot| Arc::make_mut(&mut snapshot.structure).generation += 1);
    assert_eq!(told(&state), ["/web: renamed, it was cg4"]);
}

#[test]
fn values_of_the_columns_and_written_files_are_told() {
    let (mut world, mut state) = seen();
    let cg4 = key(&mut world, "/cg4");
    let at = |snapshot: &Snapshot| {
        let id = snapshot.structure.find(cg4).unwrap();
        snapshot.groups.ids.binary_search(&id).unwrap()
    };
    let quota = |us| Field::new(Quota { quota_us: us, period_us: 100_000 }, Mono(1));
    next(&mut world, &mut state, |snapshot| {
        let row = at(snapshot);
        snapshot.groups.quota[row] = quota(None);
        snapshot.groups.frozen[row] = Field::new(false, Mono(1));
    });
    assert!(told(&state).is_empty(), "what is read for the first time was not changed");
    next(&mut world, &mut state, |snapshot| {
        let row = at(snapshot);
        snapshot.groups.quota[row] = quota(Some(20_000));
        snapshot.groups.frozen[row] = Field::new(true, Mono(1));
        // The column tells of it.
        snapshot.written.push(written(cg4, "cpu.cfs_quota_us", "20000"));
        snapshot.written.push(written(cg4, "cpu.rt_runtime_us", "5"));
    });
    let expected = [
        "/cg4: cpu.cfs_quota_us no cap → 20000 of 100000 us",
        "/cg4: freezer.state runs → held",
        "/cg4: cpu.rt_runtime_us written, reads 5",
    ];
    assert_eq!(told(&state), expected);
    let again = |snapshot: &mut Snapshot, value| {
        let row = at(snapshot);
        snapshot.groups.quota[row] = quota(Some(20_000));
        snapshot.groups.frozen[row] = Field::new(true, Mono(1));
        snapshot.written.push(written(cg4, "cpu.rt_runtime_us", value));
    };
    next(&mut world, &mut state, |snapshot| again(snapshot, "5"));
    assert_eq!(told(&state).len(), 3, "the same again is no change");
    next(&mut world, &mut state, |snapshot| again(snapshot, "7"));
    assert_eq!(told(&state)[3..], ["/cg4: cpu.rt_runtime_us 5 → 7"]);
}

#[test]
fn tasks_that_are_moved_are_told_and_forks_and_exits_are_not() {
    let (mut world, mut state) = seen();
    let (a, b) = (world.task("/cg4", "sh"), world.task("/cg4", "sleep"));
    next(&mut world, &mut state, |_| {});
    assert!(told(&state).is_empty(), "they were forked");
    for tid in [a, b] {
        world.at("/cg4").tasks.retain(|&other| other != tid);
        world.at("/cg1/cg2").tasks.push(tid);
    }
    next(&mut world, &mut state, |_| {});
    assert_eq!(told(&state), ["/cg1/cg2: 2 tasks moved here from /cg4"]);
    assert_eq!(state.others.seen[0].more, [format!("{a} (sh), {b} (sleep)")]);
    world.at("/cg1/cg2").tasks.retain(|&tid| tid != a);
    world.tasks.remove(&a);
    next(&mut world, &mut state, |_| {});
    assert_eq!(told(&state).len(), 1, "it ended");
    // The number of one that ended, for another task elsewhere.
    world.at("/cg1/cg2").tasks.retain(|&tid| tid != b);
    world.tasks.get_mut(&b).unwrap().key.start = 99;
    world.at("/cg4").tasks.push(b);
    next(&mut world, &mut state, |_| {});
    assert_eq!(told(&state).len(), 1, "another task has its number");
}

#[test]
fn nothing_that_cgrove_does_or_undoes_is_others() {
    let (mut world, mut state) = seen();
    world.press(&mut state, "jna=300<Enter>nb<Enter>");
    next(&mut world, &mut state, |_| {});
    world.press(&mut state, "e1<Enter>]");
    next(&mut world, &mut state, |_| {});
    world.press(&mut state, "w<Enter>");
    next(&mut world, &mut state, |_| {});
    world.press(&mut state, "f");
    next(&mut world, &mut state, |_| {});
    world.press(&mut state, ":undo all<Enter>");
    next(&mut world, &mut state, |_| {});
    assert_eq!(told(&state), [] as [&str; 0]);
    assert!(state.others.marks.is_empty());
}

#[test]
fn what_somebody_writes_right_after_us_is_theirs() {
    let (mut world, mut state) = seen();
    world.press(&mut state, "Ge300<Enter>");
    world.at("/cg4").weight = Some(77);
    next(&mut world, &mut state, |_| {});
    assert_eq!(told(&state), ["/cg4: cpu.shares 300 → 77"]);
}

#[test]
fn a_deed_that_is_seen_before_it_is_told_is_ours() {
    let (mut world, mut state) = seen();
    world.slow = true;
    world.press(&mut state, "Ge300<Enter>");
    let now = world.now;
    world.tell(&mut state, Message::Busy { on: true, now });
    // The kernel has it, the journal not yet.
    world.at("/cg4").weight = Some(300);
    world.at("/cg1").weight = Some(50);
    next(&mut world, &mut state, |_| {});
    assert!(told(&state).is_empty(), "nothing is told while it is done");
    world.slow = false;
    world.catch_up(&mut state);
    let now = world.now;
    world.tell(&mut state, Message::Busy { on: false, now });
    next(&mut world, &mut state, |_| {});
    assert_eq!(told(&state), ["/cg1: cpu.shares 600 → 50"], "and what others did meanwhile is told then");
}

#[test]
fn marks_go_after_a_while_and_the_log_stays() {
    let (mut world, mut state) = seen();
    world.at("/cg4").weight = Some(77);
    next(&mut world, &mut state, |_| {});
    let said = state.notice.clone().map(|(text, _)| text);
    assert_eq!(said.as_deref(), Some("cg4: cpu.shares 200 → 77, by somebody else"));
    let cg4 = key(&mut world, "/cg4");
    assert!(state.others.marks.contains_key(&cg4));
    world.now = Mono(world.now.0 + 9 * SECOND);
    let now = world.now;
    world.tell(&mut state, Message::Tick(now));
    assert!(state.others.marks.is_empty() && state.notice.is_none());
    assert_eq!(told(&state).len(), 1);
}

#[test]
fn many_changes_at_once_do_not_flood_the_log() {
    let (mut world, mut state) = seen();
    for n in 0..100 {
        world.group(&format!("/web{n}"), 100);
    }
    next(&mut world, &mut state, |_| {});
    assert_eq!(told(&state).len(), super::TOLD);
    let last = state.others.seen.last().unwrap();
    assert!(last.more[0].contains("88 more"), "{:?}", last.more);
}

#[test]
fn what_is_near_is_told_whatever_goes_on_elsewhere() {
    let (mut world, mut state) = seen();
    world.press(&mut state, "Gz");
    for n in 0..100 {
        world.group(&format!("/a{n}"), 100);
    }
    world.at("/cg4").weight = Some(77);
    next(&mut world, &mut state, |_| {});
    let said = state.notice.clone().map(|(text, _)| text);
    assert_eq!(said.as_deref(), Some("cg4: cpu.shares 200 → 77, by somebody else"));
    assert_eq!(super::super::log::rows(&state).len(), 1);
}

#[test]
fn another_hierarchy_is_named_and_not_said_on_the_bottom() {
    let mut world = World::new(
        Mode::Legacy,
        vec![
            hierarchy(1, Version::V1, &["cpu"], None, "/sys/fs/cgroup/cpu"),
            hierarchy(2, Version::V1, &["memory"], None, "/sys/fs/cgroup/memory"),
        ],
    );
    let mut state = world.state(setup(), 80, 24);
    world.group_at(Place::new(crate::model::id::HierarchyId(2), b"/web"), None);
    next(&mut world, &mut state, |_| {});
    assert_eq!(told(&state), ["memory:/web: made"]);
    assert!(state.notice.is_none());
    world.press(&mut state, "4");
    assert_eq!(super::super::log::rows(&state).len(), 0);
    world.press(&mut state, "*");
    assert_eq!(super::super::log::rows(&state).len(), 1);
}
