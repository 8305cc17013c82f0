//! What hasty people and busy hosts do to a drag.
use super::*;

/// The first task of cg4 in the hand, over another group.
fn in_the_hand(world: &mut World, path: &str) -> (State, u16) {
    let mut state = panel_of("/cg4", world);
    let (row, to) = (state.layout.panel.line(1).y, line_of(&state, path));
    world.mouse(&mut state, DOWN, 6, row);
    world.mouse(&mut state, DRAG, 6, to);
    assert_eq!(lit(&state), path);
    (state, to)
}

/// Nothing is in the hand, asked or done.
fn nothing_is_moved(world: &mut World, state: &State, said: &str) {
    assert!(state.moving.is_none() && state.flight.is_none() && state.dialog.is_none());
    assert_eq!(world.at("/cg4").tasks.len(), 1);
    assert!(world.journal.is_empty());
    let notice = state.notice.as_ref().map_or("", |(text, _)| text);
    assert!(notice.contains(said), "{notice:?}");
}

#[test]
fn a_release_that_was_never_told_drops_nothing() {
    // The button goes down again, or the pointer moves with no button down.
    for kind in [DOWN, MouseEventKind::Moved] {
        let mut world = figure();
        let (mut state, to) = in_the_hand(&mut world, "/cg1/cg2");
        world.mouse(&mut state, kind, 6, to);
        nothing_is_moved(&mut world, &state, "let go elsewhere");
        world.mouse(&mut state, UP, 6, to);
        nothing_is_moved(&mut world, &state, "let go elsewhere");
    }
}

#[test]
fn another_button_gives_a_drag_up() {
    let mut world = figure();
    let (mut state, to) = in_the_hand(&mut world, "/cg1/cg2");
    world.mouse(&mut state, MouseEventKind::Down(MouseButton::Right), 6, to);
    nothing_is_moved(&mut world, &state, "another button");
    world.mouse(&mut state, MouseEventKind::Up(MouseButton::Right), 6, to);
    world.mouse(&mut state, DRAG, 6, to - 1);
    world.mouse(&mut state, UP, 6, to - 1);
    nothing_is_moved(&mut world, &state, "another button");
}

#[test]
fn a_drag_does_not_outlive_a_question_another_size_or_a_stop() {
    let mut world = figure();
    let (mut state, to) = in_the_hand(&mut world, "/cg1/cg2");
    let (columns, rows) = (100, 30);
    world.tell(&mut state, Message::Resize { columns, rows });
    nothing_is_moved(&mut world, &state, "another size");
    world.mouse(&mut state, UP, 6, to);
    nothing_is_moved(&mut world, &state, "another size");

    let (mut state, to) = in_the_hand(&mut world, "/cg1/cg2");
    world.press(&mut state, "<C-z>");
    world.mouse(&mut state, UP, 6, to);
    nothing_is_moved(&mut world, &state, "");

    // A dialog that nobody asked for now.
    let (mut state, to) = in_the_hand(&mut world, "/cg1/cg2");
    world.tell(&mut state, Message::Experiment(Err("no such file".to_owned())));
    assert!(state.dialog.is_some() && state.moving.is_none());
    world.mouse(&mut state, UP, 6, to);
    world.press(&mut state, "<Esc>");
    nothing_is_moved(&mut world, &state, "");

    let (mut state, to) = in_the_hand(&mut world, "/cg1/cg2");
    world.press(&mut state, "<C-c>");
    world.mouse(&mut state, UP, 6, to);
    nothing_is_moved(&mut world, &state, "");
    assert!(world.left.is_none(), "it ends the drag, not the visit");
    let (mut state, to) = in_the_hand(&mut world, "/cg1/cg2");
    world.press(&mut state, "q");
    world.mouse(&mut state, UP, 6, to);
    nothing_is_moved(&mut world, &state, "");
    assert!(world.left.is_some(), "nothing was changed, so it leaves at once");
}

#[test]
fn the_wheel_scrolls_under_the_pointer_that_drags() {
    let mut world = many();
    let (mut state, to) = in_the_hand(&mut world, "/cg1/cg2");
    let cursor = state.tree.cursor;
    world.mouse(&mut state, MouseEventKind::ScrollDown, 6, to);
    assert_eq!((state.tree.top, state.tree.cursor), (3, cursor));
    assert_eq!(line_of(&state, &lit(&state)), to, "what lies under the pointer is lit");
    world.mouse(&mut state, MouseEventKind::ScrollUp, 6, to);
    world.mouse(&mut state, MouseEventKind::ScrollUp, 6, to);
    assert_eq!((state.tree.top, lit(&state)), (0, "/cg1/cg2".to_owned()));
}

#[test]
fn a_move_never_crosses_hierarchies_and_says_so() {
    let mut world = figure();
    let (mut state, _) = in_the_hand(&mut world, "/cg1/cg2");
    let name = state.layout.bar[1].area;
    world.mouse(&mut state, DRAG, name.x, name.y);
    assert_eq!(said(&state), "a task is in a group of each hierarchy: a move stays in cpu");
    world.mouse(&mut state, UP, name.x, name.y);
    nothing_is_moved(&mut world, &state, "a move stays in cpu");
    // By keys and by a click.
    world.press(&mut state, "<Esc>m");
    world.press(&mut state, ".");
    assert!(state.moving.is_some() && state.notice.as_ref().unwrap().0.contains("a move stays in cpu"));
    world.press(&mut state, "j");
    world.mouse(&mut state, DOWN, name.x, name.y);
    assert!(state.moving.is_some() && state.notice.as_ref().unwrap().0.contains("a move stays in cpu"));
}

#[test]
fn while_a_target_is_looked_for_only_groups_can_be_clicked() {
    let mut world = figure();
    let mut state = panel_of("/cg4", &mut world);
    world.press(&mut state, "m");
    let (panel, heading) = (state.layout.panel.line(1), state.layout.heading);
    for (x, y) in [(6, panel.y), (heading.x + 4, heading.y), (4, state.layout.panel_border.y)] {
        world.mouse(&mut state, DOWN, x, y);
        world.mouse(&mut state, UP, x, y);
        assert!(state.moving.is_some() && !state.in_panel && state.tree.order.is_none());
        assert!(state.notice.as_ref().unwrap().0.contains("click the group"));
    }
}

#[test]
fn rows_stay_under_the_hand_whatever_comes_and_goes() {
    let mut world = many();
    let (mut state, _) = in_the_hand(&mut world, "/cg1/cg2");
    let to = line_of(&state, "/z01");
    world.mouse(&mut state, DRAG, 6, to);
    let rows = |state: &State| state.flat.rows.iter().map(|row| row.key).collect::<Vec<_>>();
    let before = rows(&state);
    // Above the pointer one goes and one comes.
    world.groups.remove(&Place::new(CPU, b"/z00"));
    world.group("/aaa", 100);
    let frame = world.frame();
    world.tell(&mut state, frame);
    let _ = state.take_dirty();
    assert_eq!(rows(&state), before);
    assert_eq!(lit(&state), "/z01");
    assert!(state.flat.rows.iter().any(|row| row.gone));
    // The one under the pointer goes.
    world.groups.remove(&Place::new(CPU, b"/z01"));
    let frame = world.frame();
    world.tell(&mut state, frame);
    pass(&mut world, &mut state, 20);
    assert_eq!((rows(&state), lit(&state)), (before, "none".to_owned()));
    world.mouse(&mut state, UP, 6, to);
    nothing_is_moved(&mut world, &state, "");
    assert!(state.flat.rows.iter().all(|row| !row.gone), "and now the rows are those of the host");
    assert!(state.flat.rows.len() == world.groups.keys().filter(|place| place.hierarchy == CPU).count());
}

#[test]
fn a_sorted_tree_unfolds_under_the_pointer_and_keeps_its_order() {
    let mut world = figure();
    let mut state = panel_of("/cg4", &mut world);
    let row = state.layout.panel.line(1).y;
    world.press(&mut state, "<Esc>kkk-sss");
    assert!(state.tree.order.is_some() && state.flat.rows.len() == 3);
    let from = line_of(&state, "/cg4");
    world.mouse(&mut state, DOWN, 6, from);
    world.mouse(&mut state, UP, 6, from);
    world.press(&mut state, "<Tab><Tab><Tab>");
    world.mouse(&mut state, DOWN, 6, row);
    let cg1 = line_of(&state, "/cg1");
    world.mouse(&mut state, DRAG, 6, cg1);
    pass(&mut world, &mut state, 700);
    let rows = |state: &State| state.flat.rows.iter().map(|row| row.key).collect::<Vec<_>>();
    let before = rows(&state);
    assert_eq!((before.len(), line_of(&state, "/cg1")), (5, cg1));
    world.at("/cg1").weight = Some(1);
    world.says("/cg1", 1.0, 1.0, crate::split::table::Enough::Short, "");
    let frame = world.frame();
    world.tell(&mut state, frame);
    assert_eq!(rows(&state), before);
}

#[test]
fn by_keys_a_sorted_tree_keeps_its_order_and_shows_new_groups() {
    let mut world = figure();
    let mut state = world.state(setup(), 80, 24);
    world.press(&mut state, "sssGm");
    assert!(state.moving.is_some());
    let rows = |state: &State| state.flat.rows.iter().map(|row| row.key).collect::<Vec<_>>();
    let before = rows(&state);
    world.at("/cg1").weight = Some(1);
    world.says("/cg1", 1.0, 1.0, crate::split::table::Enough::Short, "");
    let new = world.group("/aaa", 5000);
    let frame = world.frame();
    world.tell(&mut state, frame);
    let mut after = rows(&state);
    assert!(after.contains(&new));
    after.retain(|key| *key != new);
    assert_eq!(after, before);
    // Folds still do what they do.
    world.press(&mut state, "g");
    while state.tree.cursor.is_some_and(|key| {
        Some(key) != state.flat.rows.iter().find(|row| row.depth == 1 && row.inner).map(|row| row.key)
    }) {
        world.press(&mut state, "j");
    }
    world.press(&mut state, "h");
    assert_eq!(state.flat.rows.len(), before.len() + 1 - 2);
}

#[test]
fn what_ends_in_the_hand_is_told() {
    let mut world = figure();
    let (mut state, to) = in_the_hand(&mut world, "/cg1/cg2");
    let tid = world.at("/cg4").tasks.remove(0);
    world.tasks.remove(&tid);
    let frame = world.frame();
    world.tell(&mut state, frame);
    assert_eq!(said(&state), format!("process {tid} (spin) has ended meanwhile"));
    assert!(!say::outcome(&state, state.moving.as_ref().unwrap()).legal);
    // Another one that lives takes nothing of it.
    world.task("/cg4", "spin");
    let frame = world.frame();
    world.tell(&mut state, frame);
    assert!(said(&state).ends_with("has ended meanwhile"));
    world.mouse(&mut state, MouseEventKind::Moved, 6, to);
    assert!(state.moving.is_none());
}

#[test]
fn a_target_that_others_close_while_it_is_lit_says_so() {
    let mut world = closed();
    let way = std::mem::take(&mut world.closed);
    let mut state = world.state(setup(), 80, 24);
    world.press(&mut state, "jjmG");
    pass(&mut world, &mut state, 200);
    assert!(!said(&state).contains("refused"));
    world.closed = way;
    pass(&mut world, &mut state, 1700);
    assert!(!said(&state).contains("refused"), "not asked all the time");
    pass(&mut world, &mut state, 400);
    assert!(said(&state).ends_with("refused (ENOSPC)"), "{}", said(&state));
    // While the next answer is on its way, what is known stays.
    world.slow = true;
    pass(&mut world, &mut state, 2000);
    pass(&mut world, &mut state, 2000);
    assert_eq!(world.waiting.len(), 1);
    assert!(said(&state).ends_with("refused (ENOSPC)"));
}
