//! Moving by keys and mouse against an in-memory host: every rule of aiming, dragging and dropping.
use crossterm::event::{MouseButton, MouseEventKind};

use super::super::dialog::Dialog;
use super::super::message::Message;
use super::super::state::{Panel, State};
use super::super::testing::{CPU, World, closed, figure, setup};
use super::super::update;
use super::{Reach, say};
use crate::model::place::Place;
use crate::model::time::Mono;

mod hasty;

const DOWN: MouseEventKind = MouseEventKind::Down(MouseButton::Left);
const DRAG: MouseEventKind = MouseEventKind::Drag(MouseButton::Left);
const UP: MouseEventKind = MouseEventKind::Up(MouseButton::Left);
const MS: u64 = 1_000_000;

/// Line of a group on screen.
fn line_of(state: &State, path: &str) -> u16 {
    let structure = &state.snapshot().unwrap().structure;
    let id = structure.at(&Place::new(CPU, path.as_bytes())).unwrap();
    let index = state.flat.position(structure.group(id).unwrap().key).unwrap();
    state.layout.tree.y + u16::try_from(index - state.layout.first_row).unwrap()
}

/// The group that is lit.
fn lit(state: &State) -> String {
    let snapshot = state.snapshot().unwrap();
    let target = state.moving.as_ref().and_then(|moving| moving.target);
    let place = target.and_then(|key| snapshot.structure.place(snapshot.structure.find(key)?));
    place.map_or("none".to_owned(), |place| place.to_string())
}

fn pass(world: &mut World, state: &mut State, milliseconds: u64) {
    world.now = Mono(world.now.0 + milliseconds * MS);
    let now = world.now;
    world.tell(state, Message::Tick(now));
    let _ = state.take_dirty();
}

/// The figure with the tasks panel of a group open.
fn panel_of(path: &str, world: &mut World) -> State {
    let mut state = world.state(setup(), 80, 24);
    let line = line_of(&state, path);
    world.mouse(&mut state, DOWN, 6, line);
    world.mouse(&mut state, UP, 6, line);
    world.press(&mut state, "<Tab>");
    assert_eq!(state.panel, Panel::Tasks);
    state
}

fn said(state: &State) -> String {
    say::outcome(state, state.moving.as_ref().unwrap()).text
}

#[test]
fn a_task_moves_by_keys() {
    let mut world = figure();
    let mut state = world.state(setup(), 80, 24);
    world.press(&mut state, "jjm");
    let tid = world.at("/cg1/cg2").tasks[0];
    assert_eq!(state.moving.as_ref().unwrap().what(), format!("process {tid} (spin)"));
    assert!(said(&state).ends_with("is in cg2 already"), "{}", said(&state));
    world.press(&mut state, "j");
    assert_eq!(said(&state), format!("process {tid} (spin) → cg3"));
    world.press(&mut state, "<Enter>");
    assert_eq!((world.at("/cg1/cg2").tasks.len(), world.at("/cg1/cg3").tasks.len()), (0, 2));
}

#[test]
fn a_group_without_tasks_says_why_nothing_moves() {
    let mut world = figure();
    let mut state = world.state(setup(), 80, 24);
    world.press(&mut state, "jm");
    assert!(state.moving.is_none());
    assert!(state.notice.as_ref().unwrap().0.contains("groups below it have 2"), "{:?}", state.notice);
}

#[test]
fn what_every_group_would_be_owed_is_shown_before_the_drop() {
    let mut world = figure();
    let mut state = world.state(setup(), 80, 24);
    // cg2's loop to cg4: cg3 is alone in cg1 and has its 3/4; in cg4 two loops share 1/4.
    world.press(&mut state, "jjmG");
    let preview = state.moving.as_ref().unwrap().preview.clone().unwrap();
    let structure = &state.snapshot().unwrap().structure;
    let percent = |path: &str| {
        let id = structure.at(&Place::new(CPU, path.as_bytes())).unwrap();
        preview.groups.get(&id).and_then(|owed| owed.cpus()).map(|cpus| (cpus * 1000.0).round() / 10.0)
    };
    assert_eq!(["/cg1/cg2", "/cg1/cg3", "/cg4", "/cg1", "/"].map(percent), [Some(0.0), Some(75.0), None, None, None]);
    let (old, new) = preview.moved.unwrap();
    assert_eq!((old.cpus(), new.cpus()), (Some(0.25), Some(0.125)));
    // It is of this target alone.
    world.press(&mut state, "k");
    let other = state.moving.as_ref().unwrap().preview.clone().unwrap();
    assert_ne!(other.of, preview.of);
    // All three in cg1's three loops: 1/2 of 3/4 with its sibling, none in cg2.
    assert!(other.moved.unwrap().1.cpus().unwrap() > 0.125);
}

#[test]
fn a_dragged_group_stays_and_its_tasks_are_offered() {
    let mut world = figure();
    let mut state = world.state(setup(), 80, 24);
    let (from, to) = (line_of(&state, "/cg4"), line_of(&state, "/cg1/cg2"));
    world.drag(&mut state, (6, from), (6, to));
    assert!(state.moving.is_none());
    let Some(Dialog::Refused(refused)) = &state.dialog else { panic!("{:?}", state.dialog) };
    assert_eq!(refused.refusal.title, "cannot move the group cg4 into cg2");
    assert!(refused.refusal.rule.contains("rename(2)") && refused.refusal.rule.contains("EIO"));
    assert_eq!(refused.focus, 0, "the first answer leaves it");
    assert_eq!(world.at("/cg4").tasks.len(), 1);
    world.press(&mut state, "<Down><Enter>");
    assert_eq!((world.at("/cg4").tasks.len(), world.at("/cg1/cg2").tasks.len()), (0, 2));
}

#[test]
fn a_dragged_group_without_tasks_of_its_own_offers_those_below() {
    let mut world = figure();
    let mut state = world.state(setup(), 80, 24);
    let (from, to) = (line_of(&state, "/cg1"), line_of(&state, "/cg4"));
    world.drag(&mut state, (12, from), (12, to));
    world.press(&mut state, "<Down><Enter>");
    assert_eq!((world.at("/cg1/cg2").tasks.len(), world.at("/cg1/cg3").tasks.len()), (0, 0));
    assert_eq!(world.at("/cg4").tasks.len(), 3);
}

#[test]
fn letting_go_on_the_own_group_or_beside_the_tree_does_nothing() {
    let mut world = figure();
    let mut state = panel_of("/cg4", &mut world);
    let row = state.layout.panel.line(1).y;
    let (own, other) = (line_of(&state, "/cg4"), line_of(&state, "/cg1/cg2"));
    for way in [vec![other, own], vec![other, 0], vec![other, row]] {
        world.mouse(&mut state, DOWN, 6, row);
        for y in &way {
            world.mouse(&mut state, DRAG, 6, *y);
        }
        world.mouse(&mut state, UP, 6, way[way.len() - 1]);
        assert_eq!(world.at("/cg4").tasks.len(), 1, "{way:?}");
        assert!(state.moving.is_none() && state.flight.is_none() && state.dialog.is_none() && state.journal.is_empty());
    }
}

#[test]
fn escape_gives_a_drag_up_and_letting_go_then_does_nothing() {
    let mut world = figure();
    let mut state = panel_of("/cg4", &mut world);
    let (row, other) = (state.layout.panel.line(1).y, line_of(&state, "/cg1/cg2"));
    world.mouse(&mut state, DOWN, 6, row);
    world.mouse(&mut state, DRAG, 6, other);
    assert_eq!(lit(&state), "/cg1/cg2");
    world.press(&mut state, "<Esc>");
    assert!(state.moving.is_none());
    world.mouse(&mut state, DRAG, 6, other - 1);
    assert!(state.moving.is_none(), "the same press drags nothing again");
    world.mouse(&mut state, UP, 6, other - 1);
    assert_eq!(world.at("/cg4").tasks.len(), 1);
}

#[test]
fn a_drop_goes_to_the_group_that_was_drawn_lit() {
    let mut world = figure();
    let mut state = panel_of("/cg4", &mut world);
    let row = state.layout.panel.line(1).y;
    let (seen, unseen) = (line_of(&state, "/cg1/cg2"), line_of(&state, "/cg1/cg3"));
    world.mouse(&mut state, DOWN, 6, row);
    world.mouse(&mut state, DRAG, 6, seen);
    // Not drawn any more: told without a drawing after it.
    let event = |kind, row| {
        let modifiers = crossterm::event::KeyModifiers::NONE;
        crossterm::event::MouseEvent { kind, column: 6, row, modifiers }
    };
    let now = world.now;
    let _ = update(&mut state, Message::Mouse { event: event(DRAG, unseen), now });
    assert_eq!(lit(&state), "/cg1/cg3");
    world.tell(&mut state, Message::Mouse { event: event(UP, unseen), now });
    assert_eq!((world.at("/cg1/cg2").tasks.len(), world.at("/cg1/cg3").tasks.len()), (2, 1));
}

#[test]
fn click_m_click_moves() {
    let mut world = figure();
    let mut state = world.state(setup(), 80, 24);
    let (from, to) = (line_of(&state, "/cg4"), line_of(&state, "/cg1/cg3"));
    world.mouse(&mut state, DOWN, 6, from);
    world.mouse(&mut state, UP, 6, from);
    world.press(&mut state, "m");
    world.mouse(&mut state, DOWN, 6, to);
    assert_eq!(world.at("/cg1/cg3").tasks.len(), 2);
}

#[test]
fn a_task_of_the_panel_is_dragged_alone_and_tagged_ones_together() {
    let mut world = figure();
    let extra = world.task("/cg4", "extra");
    let third = world.task("/cg4", "third");
    let mut state = panel_of("/cg4", &mut world);
    let (second, to) = (state.layout.panel.line(2).y, line_of(&state, "/cg1"));
    world.drag(&mut state, (6, second), (6, to));
    assert_eq!(world.at("/cg1").tasks, [extra]);
    // Two of the panel are tagged; one that is not is still dragged alone.
    let line = line_of(&state, "/cg4");
    world.mouse(&mut state, DOWN, 6, line);
    world.mouse(&mut state, UP, 6, line);
    let first = state.layout.panel.line(1).y;
    world.mouse(&mut state, DOWN, 6, first);
    world.mouse(&mut state, UP, 6, first);
    world.press(&mut state, "  ");
    assert_eq!(state.task_tags.len(), 2);
    let to = line_of(&state, "/cg1/cg2");
    world.drag(&mut state, (6, first), (6, to));
    assert_eq!(world.at("/cg4").tasks.len(), 0);
    assert!(world.at("/cg1/cg2").tasks.contains(&third));
    assert!(state.task_tags.is_empty(), "what was moved is not tagged any more");
}

#[test]
fn tags_are_moved_from_anywhere_and_u_drops_them() {
    let mut world = figure();
    let mut state = panel_of("/cg4", &mut world);
    world.press(&mut state, " U");
    assert!(state.task_tags.is_empty());
    world.press(&mut state, " <Esc>");
    // A tagged group, and a tagged task of another.
    let line = line_of(&state, "/cg1/cg3");
    world.mouse(&mut state, DOWN, 6, line);
    world.mouse(&mut state, UP, 6, line);
    world.press(&mut state, " m");
    assert_eq!(state.moving.as_ref().unwrap().what(), "2 processes tagged");
    assert_eq!(state.moving.as_ref().unwrap().from.len(), 2);
    world.press(&mut state, "gjj<Enter>");
    assert_eq!(world.at("/cg1/cg2").tasks.len(), 3);
}

#[test]
fn tab_goes_through_threads_processes_and_those_below() {
    let mut world = figure();
    let parent = world.at("/cg4").tasks[0];
    let child = world.task("/cg1/cg2", "child");
    world.tasks.get_mut(&child).unwrap().parent = parent;
    let thread = world.task("/cg4", "spin");
    world.tasks.get_mut(&thread).unwrap().tgid = parent;
    let mut state = panel_of("/cg4", &mut world);
    world.press(&mut state, "m");
    let moving = |state: &State| state.moving.clone().unwrap();
    assert_eq!(moving(&state).reach, Reach::Process);
    assert_eq!(
        say::choices(&state, &moving(&state)),
        format!("thread {parent} alone / ‹the process, 2 threads› / 2 with those below")
    );
    world.press(&mut state, "<Tab>");
    assert_eq!(moving(&state).what(), format!("process {parent} (spin) and 1 process below it"));
    assert_eq!(moving(&state).tasks.len(), 2);
    world.press(&mut state, "<Tab>");
    assert_eq!(moving(&state).what(), format!("the main thread of process {parent} (spin)"));
    assert_eq!((moving(&state).reach, moving(&state).tasks.len()), (Reach::Thread, 1));
    assert_eq!(say::file(&state, &moving(&state)), "tasks: threads alone");
    world.press(&mut state, "<Tab>");
    assert_eq!(moving(&state).reach, Reach::Process);
}

/// Many groups, the figure's cg4 among them, in a tree that does not fit.
fn many() -> World {
    let mut world = figure();
    for n in 0..30 {
        world.group(&format!("/z{n:02}"), 100);
    }
    world
}

#[test]
fn the_tree_scrolls_while_the_pointer_rests_at_its_edge() {
    let mut world = many();
    let mut state = panel_of("/cg4", &mut world);
    let row = state.layout.panel.line(1).y;
    let tree = state.layout.tree;
    world.mouse(&mut state, DOWN, 6, row);
    world.mouse(&mut state, DRAG, 6, tree.bottom() - 1);
    assert_eq!(state.tree.top, 0, "who only passes the edge scrolls nothing");
    pass(&mut world, &mut state, 150);
    assert_eq!(state.tree.top, 0);
    pass(&mut world, &mut state, 60);
    assert_eq!(state.tree.top, 1);
    pass(&mut world, &mut state, 600);
    assert_eq!(state.tree.top, 11, "a row every 60 ms");
    world.mouse(&mut state, DRAG, 6, tree.y + 3);
    world.mouse(&mut state, DRAG, 6, tree.y);
    pass(&mut world, &mut state, 200);
    assert_eq!(state.tree.top, 10);
    for _ in 0..10 {
        pass(&mut world, &mut state, 60);
    }
    assert_eq!(state.tree.top, 0);
    world.mouse(&mut state, DRAG, 6, tree.bottom() - 1);
    pass(&mut world, &mut state, 60_000);
    let last = state.flat.rows.len() - usize::from(tree.height);
    assert_eq!(state.tree.top, last, "not beyond the end");
    assert_eq!(lit(&state), "/z29", "what lies under the pointer now");
    // And back at the upper edge.
    world.mouse(&mut state, DRAG, 6, tree.y);
    pass(&mut world, &mut state, 60_000);
    assert_eq!((state.tree.top, lit(&state)), (0, "/".to_owned()));
    // In the middle nothing scrolls.
    world.mouse(&mut state, DRAG, 6, tree.y + 3);
    pass(&mut world, &mut state, 60_000);
    assert_eq!(state.tree.top, 0);
}

#[test]
fn the_tree_scrolls_faster_the_longer_the_pointer_rests() {
    let mut world = figure();
    for n in 0..400 {
        world.group(&format!("/z{n:03}"), 100);
    }
    let (mut state, bottom) = {
        let state = panel_of("/cg4", &mut world);
        let bottom = state.layout.tree.bottom() - 1;
        (state, bottom)
    };
    let row = state.layout.panel.line(1).y;
    world.mouse(&mut state, DOWN, 6, row);
    world.mouse(&mut state, DRAG, 6, bottom);
    let mut after = |state: &mut State, milliseconds: u64| {
        let before = state.tree.top;
        for _ in 0..milliseconds / 60 {
            pass(&mut world, state, 60);
        }
        state.tree.top - before
    };
    let (slow, faster) = (after(&mut state, 1980), after(&mut state, 1980));
    assert!((29..=31).contains(&slow), "{slow}");
    assert!((90..=100).contains(&faster), "{faster}");
    assert!(after(&mut state, 1980) >= 240, "a few hundred in six seconds");
}

#[test]
fn a_folded_group_unfolds_under_a_pointer_that_rests() {
    let mut world = figure();
    let mut state = world.state(setup(), 80, 24);
    world.press(&mut state, "j-");
    assert_eq!(state.flat.rows.len(), 3);
    let line = line_of(&state, "/cg4");
    world.mouse(&mut state, DOWN, 6, line);
    world.mouse(&mut state, UP, 6, line);
    world.press(&mut state, "<Tab>");
    let row = state.layout.panel.line(1).y;
    let cg1 = line_of(&state, "/cg1");
    world.mouse(&mut state, DOWN, 6, row);
    world.mouse(&mut state, DRAG, 6, cg1);
    pass(&mut world, &mut state, 500);
    world.mouse(&mut state, DRAG, 7, cg1);
    assert_eq!(state.flat.rows.len(), 3);
    pass(&mut world, &mut state, 110);
    assert_eq!(state.flat.rows.len(), 5, "600 ms on one row, however the hand trembles");
    assert_eq!(lit(&state), "/cg1");
    // Given up: as it was.
    world.press(&mut state, "<Esc>");
    assert_eq!(state.flat.rows.len(), 3);
    world.mouse(&mut state, UP, 6, cg1);
    // Dropped below it: what leads there stays open.
    world.mouse(&mut state, DOWN, 6, row);
    world.mouse(&mut state, DRAG, 6, cg1);
    pass(&mut world, &mut state, 600);
    let cg2 = line_of(&state, "/cg1/cg2");
    world.mouse(&mut state, DRAG, 6, cg2);
    world.mouse(&mut state, UP, 6, cg2);
    assert_eq!(world.at("/cg1/cg2").tasks.len(), 2);
    assert_eq!(state.flat.rows.len(), 5);
}

#[test]
fn rows_keep_their_order_while_something_is_moved() {
    let mut world = figure();
    let mut state = world.state(setup(), 80, 24);
    world.press(&mut state, "Gsssm");
    assert!(state.moving.is_some());
    let rows = |state: &State| state.flat.rows.iter().map(|row| row.key).collect::<Vec<_>>();
    let before = rows(&state);
    world.at("/cg1").weight = Some(1);
    world.says("/cg1", 1.0, 1.0, crate::split::table::Enough::Short, "");
    let frame = world.frame();
    world.tell(&mut state, frame);
    assert_eq!(rows(&state), before);
}

#[test]
fn what_the_plan_refuses_is_said_before_the_drop() {
    let mut world = closed();
    let mut state = world.state(setup(), 80, 24);
    world.press(&mut state, "jjmG");
    let tid = world.at("/cg1/cg2").tasks[0];
    assert_eq!(said(&state), format!("process {tid} (spin) → cg4"), "nobody has looked yet");
    pass(&mut world, &mut state, 50);
    assert!(!said(&state).contains("refused"), "only where the aim rests");
    pass(&mut world, &mut state, 50);
    assert_eq!(said(&state), format!("process {tid} (spin) not → cg4: refused (ENOSPC)"));
    let notes = say::notes(&state, state.moving.as_ref().unwrap());
    assert_eq!(
        notes,
        [
            "cpuset.cpus of cg4 is empty, and a cpuset without CPUs takes no task. (ENOSPC)",
            "Enter offers: set cpuset.cpus to 0-1 as in the parent, then go on.",
        ]
    );
    assert!(state.flight.is_none() && state.dialog.is_none(), "it was only asked");
    // Of another target it says nothing.
    world.press(&mut state, "k");
    assert!(!said(&state).contains("refused"));
    pass(&mut world, &mut state, 100);
    assert!(!said(&state).contains("refused"));
    assert_eq!(world.at("/cg1/cg3").tasks.len(), 1);
    // The drop on the refused one opens the ways out.
    world.press(&mut state, "G<Enter>");
    let Some(Dialog::Refused(refused)) = &state.dialog else { panic!("{:?}", state.dialog) };
    assert_eq!(refused.refusal.instead.len(), 1);
    assert_eq!(world.at("/cg4").tasks.len(), 1);
}

#[test]
fn one_question_at_a_time_and_late_answers_are_of_no_other_move() {
    let mut world = closed();
    let mut state = world.state(setup(), 80, 24);
    world.slow = true;
    world.press(&mut state, "jjmG");
    for _ in 0..5 {
        pass(&mut world, &mut state, 100);
        world.press(&mut state, "k");
        pass(&mut world, &mut state, 100);
        world.press(&mut state, "j");
    }
    assert_eq!(world.waiting.len(), 1);
    // Another move, before the answer.
    world.press(&mut state, "<Esc>");
    world.press(&mut state, "gjjmG");
    world.catch_up(&mut state);
    assert!(!said(&state).contains("refused"), "{}", said(&state));
    assert!(state.dialog.is_none() && state.flight.is_none());
}

#[test]
fn the_panel_keeps_its_height_while_something_is_dragged() {
    let mut world = closed();
    let mut state = world.state(setup(), 80, 24);
    world.press(&mut state, "jjmG");
    let before = state.layout.panel;
    pass(&mut world, &mut state, 200);
    assert_eq!(state.layout.panel, before);
}

#[test]
fn the_mouse_of_the_terminal_is_none_of_ours() {
    let mut world = figure();
    let mut state = world.state(setup(), 80, 24);
    world.press(&mut state, "v");
    assert!(!state.mouse);
}
