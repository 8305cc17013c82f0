//! The log, and what it says of others, in the tree and in the receipt.
use super::*;
use crate::app::command::Command;
use crate::app::left::{Fate, Left, Note, Visit};
use crate::app::update;
use crate::model::snapshot::Written;
use crate::model::time::Wall;

/// Two groups made, one weight changed and undone, one group by somebody else.
fn visit(setup: Setup, size: (u16, u16), keys: &str) -> String {
    let mut world = figure();
    let mut state = world.state(setup, size.0, size.1);
    let later = |world: &mut World, seconds: u64| world.now = Mono(world.now.0 + seconds * SECOND);
    let _ = update(&mut state, Message::Wall(Wall { offset_s: 3600, ..Wall::default() }));
    world.press(&mut state, "jncg5=300<Enter>");
    later(&mut world, 3);
    world.press(&mut state, "e1<Enter>");
    later(&mut world, 4);
    world.press(&mut state, "uu");
    later(&mut world, 20);
    world.at("/cg4").weight = Some(50);
    world.group("/cg1/cg3/theirs", 100);
    let frame = world.frame();
    world.tell(&mut state, frame);
    world.press(&mut state, keys);
    screen(&state)
}

macro_rules! visits {
    ($($name:ident: $setup:expr, $size:expr, $keys:expr;)*) => {$(
        #[test]
        fn $name() {
            insta::assert_snapshot!(visit($setup, $size, $keys));
        }
    )*};
}

visits! {
    others_80x24: plain(), (80, 24), "";
    others_120x40: plain(), (120, 40), "";
    others_ascii_80x24: ascii(), (80, 24), "";
    log_80x24: plain(), (80, 24), "4";
    log_120x40: plain(), (120, 40), "4";
    log_ascii_80x24: ascii(), (80, 24), "4";
    log_of_an_undone_80x24: plain(), (80, 24), "4kk";
    log_full_page_80x24: plain(), (80, 24), "4kkk<Enter>";
    log_58x16: plain(), (58, 16), "4";
    log_refuses_the_tree_80x24: plain(), (80, 24), "4n";
}

#[test]
fn the_help_of_the_log_begins_with_the_log() {
    let text = visit(plain(), (80, 24), "4?");
    let first = text.lines().nth(2).unwrap_or_default();
    assert!(first.contains("The log: what was done in this visit"), "{text}");
}

#[test]
fn an_empty_log_80x24() {
    insta::assert_snapshot!(shot(World::v1(), plain(), (80, 24), "4"));
}

/// The weight of a foreign group set to 300; after some seconds it reads this.
fn foreign(reads: &str, keys: &str, setup: Setup) -> String {
    let mut world = figure();
    let mut state = world.state(setup, 80, 24);
    world.press(&mut state, "Ge300<Enter>");
    let place = Place::new(CPU, b"/cg4");
    let group = crate::model::id::GroupKey { hierarchy: CPU, inode: world.at("/cg4").inode };
    world.now = Mono(world.now.0 + 150 * SECOND);
    world.groups.get_mut(&place).unwrap().weight = Some(reads.parse().unwrap());
    let Message::Frame { snapshot, table, now } = world.frame() else { panic!() };
    let mut snapshot = (*snapshot).clone();
    let content = Field::new(reads.as_bytes().into(), world.now);
    snapshot.written.push(Written { group, file: "cpu.shares".into(), content, told: false });
    world.tell(&mut state, Message::Frame { snapshot: snapshot.into(), table, now });
    state.notice = None;
    world.press(&mut state, keys);
    screen(&state)
}

#[test]
fn a_value_that_stays_80x24() {
    insta::assert_snapshot!(foreign("300", "", plain()));
}

#[test]
fn a_value_that_is_taken_back_80x24() {
    insta::assert_snapshot!(foreign("200", "", plain()));
}

#[test]
fn a_value_that_is_taken_back_in_the_log_80x24() {
    insta::assert_snapshot!(foreign("200", "4k", ascii()));
}

#[test]
fn a_value_that_became_another_in_the_receipt_80x24() {
    insta::assert_snapshot!(foreign("77", "q", plain()));
}

fn left(done: bool) -> Left {
    let note = |text: &str, fate| Note { text: text.to_owned(), fate };
    let visit = |name: &str, notes| Visit { name: name.to_owned(), time_ms: 50_520_000, notes };
    let killed = vec![
        note("/sys/fs/cgroup/cpu/cg1/cg2: removed", Fate::TakenBack),
        note("/sys/fs/cgroup/cpu/web/cpu.shares: 1024 again", Fate::TakenBack),
        note("/sys/fs/cgroup/cpu/cg1: holds tasks of others: 4242 (sleep)", Fate::Left),
    ];
    let other = vec![note("/sys/fs/cgroup/cpu/db/cpu.shares: is 300 now, others wrote it", Fate::Foreign)];
    let visits = vec![visit("cgrove (process 4242)", killed), visit("cgrove apply x.toml (process 77)", other)];
    Left { visits, failures: Vec::new(), done }
}

/// The dialog of what was left, after some keys.
fn offered(done: bool, setup: Setup, size: (u16, u16), keys: &str) -> String {
    let mut world = figure();
    let mut state = world.state(setup, size.0, size.1);
    world.tell(&mut state, Message::Left(left(done)));
    world.now = Mono(world.now.0 + SECOND);
    world.press(&mut state, keys);
    screen(&state)
}

#[test]
fn what_was_left_is_offered_80x24() {
    insta::assert_snapshot!(offered(false, plain(), (80, 24), ""));
}

#[test]
fn what_was_left_is_looked_at_80x24() {
    insta::assert_snapshot!(offered(false, ascii(), (80, 24), "<Right><Enter>"));
}

#[test]
fn what_was_left_is_taken_back_58x16() {
    insta::assert_snapshot!(offered(true, plain(), (58, 16), ""));
}

#[test]
fn what_was_left_is_taken_back_only_if_that_is_chosen() {
    for (keys, taken) in [("<Enter>", false), ("<Esc>", false), ("<Left><Enter>", true)] {
        let mut world = figure();
        let mut state = world.state(plain(), 80, 24);
        world.tell(&mut state, Message::Left(left(false)));
        world.press(&mut state, "<Left><Enter>");
        assert!(state.dialog.is_some() && world.other.is_empty(), "keys that were on their way answer nothing");
        world.now = Mono(world.now.0 + SECOND);
        world.press(&mut state, keys);
        assert_eq!(world.other.contains(&Command::CleanUp), taken, "{keys}");
        assert!(state.dialog.is_none());
    }
}
