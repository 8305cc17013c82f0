//! Keys and clicks on the log.
use crossterm::event::{MouseButton, MouseEventKind};

use super::super::command::Command;
use super::super::screen::Tab;
use super::super::state::State;
use super::super::testing::{SECOND, World, figure, setup};
use super::{Key, rows, selected};
use crate::model::time::Mono;

/// Three changes, a second apart.
fn visit() -> (World, State) {
    let mut world = figure();
    let mut state = world.state(setup(), 80, 24);
    for keys in ["jna<Enter>", "Nb<Enter>", "e300<Enter>"] {
        world.press(&mut state, keys);
        world.now = Mono(world.now.0 + SECOND);
    }
    world.press(&mut state, "4");
    (world, state)
}

fn at(state: &State) -> Key {
    let rows = rows(state);
    rows[selected(state, &rows)].key()
}

#[test]
fn the_cursor_follows_the_newest_until_it_is_moved() {
    let (mut world, mut state) = visit();
    assert_eq!(at(&state), Key::Own(3));
    world.press(&mut state, "1ec<Esc>");
    world.press(&mut state, "]4");
    assert_eq!(at(&state), Key::Own(4));
    world.press(&mut state, "kk");
    assert_eq!(at(&state), Key::Own(2));
    world.press(&mut state, "1]4");
    assert_eq!(at(&state), Key::Own(2), "what is read stays");
    world.press(&mut state, "G");
    assert_eq!(at(&state), Key::Own(5));
}

#[test]
fn the_selected_entry_is_undone_whatever_came_after_it() {
    let (mut world, mut state) = visit();
    world.confirm = crate::plan::step::Confirm::Enter;
    world.press(&mut state, "kk");
    assert_eq!(at(&state), Key::Own(1));
    world.press(&mut state, "u");
    assert!(state.dialog.is_some(), "it is shown first");
    world.press(&mut state, "u");
    let paths: Vec<String> = world.groups.keys().map(ToString::to_string).filter(|path| path.len() > 4).collect();
    assert!(!paths.contains(&"/cg1/a".to_owned()) && paths.contains(&"/cg1/b".to_owned()), "{paths:?}");
}

#[test]
fn what_is_undone_is_not_undone_again() {
    let (mut world, mut state) = visit();
    world.press(&mut state, "uu");
    assert!(state.dialog.is_none());
    world.press(&mut state, "u");
    let said = state.notice.clone().unwrap().0;
    assert!(said.contains("undone already"), "{said}");
    assert_eq!(rows(&state).len(), 3, "an undo is no row of its own");
}

#[test]
fn lines_of_the_selected_entry_are_copied_and_the_visit_is_written() {
    let (mut world, mut state) = visit();
    world.press(&mut state, "kyW");
    let Command::Copy(text) = &world.other[0] else { panic!("{:?}", world.other) };
    assert_eq!(text, "mkdir /sys/fs/cgroup/cpu/cg1/b");
    let Command::Keep { name, text } = &world.other[1] else { panic!("{:?}", world.other) };
    assert_eq!(name, "cgrove-visit-4000.sh");
    assert!(text.starts_with("#!/bin/sh\n") && text.contains("\necho 300 > "), "{text}");
}

#[test]
fn keys_of_the_tree_do_nothing_here() {
    let (mut world, mut state) = visit();
    let before = world.journal.len();
    for key in ["D", "w", "f", "m", "]", "e", "n", "N", "x", "T", "z", "/", "s"] {
        world.press(&mut state, key);
        assert!(state.dialog.is_none() && state.prompt.is_none() && state.moving.is_none(), "{key}");
    }
    assert_eq!(world.journal.len(), before);
    world.press(&mut state, "<Esc>");
    assert_eq!(state.tab, Tab::Tree);
}

#[test]
fn the_names_in_the_header_are_buttons() {
    let (mut world, mut state) = visit();
    let places: Vec<_> = state.layout.screens.iter().map(|name| (name.area.x + 2, name.area.y)).collect();
    for (tab, (x, y)) in Tab::ALL.into_iter().zip(places) {
        world.mouse(&mut state, MouseEventKind::Down(MouseButton::Left), x, y);
        assert_eq!(state.tab, tab);
    }
    world.press(&mut state, "4");
    let row = state.layout.tree;
    world.mouse(&mut state, MouseEventKind::Down(MouseButton::Left), row.x + 9, row.y);
    assert_eq!(at(&state), Key::Own(1));
}

#[test]
fn a_small_terminal_has_no_log_and_says_so() {
    let mut world = figure();
    let mut state = world.state(setup(), 58, 16);
    world.press(&mut state, "4");
    let said = state.notice.clone().unwrap().0;
    assert!(said.contains("80x24") && said.contains("cgrove journal"), "{said}");
    assert_eq!(state.tab, Tab::Tree);
    let mut state = world.state(setup(), 80, 24);
    world.press(&mut state, "b4");
    assert_eq!((state.tab, state.big), (Tab::Log, false), "the big view gives way");
}
