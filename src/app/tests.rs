//! Jobs done by keys and mouse against an in-memory host: what is asked, how many keys it takes, what it must not do.
use crossterm::event::{MouseButton, MouseEventKind};

use super::command::{Command, Leave};
use super::dialog::Dialog;
use super::experiment::{Control, Loaded, Phase, Progress, Shipped, Source};
use super::layout::{Layout, Target};
use super::message::Message;
use super::setup::Setup;
use super::state::State;
use super::testing::{CPU, SECOND, World, figure, setup};
use super::update;
use crate::model::interest::Rows;
use crate::model::place::Place;
use crate::model::time::Mono;
use crate::plan::step::Confirm;

fn groups(world: &World) -> Vec<(String, Option<u64>, usize)> {
    let groups = world.groups.iter().filter(|(place, _)| place.hierarchy == CPU && !place.is_top());
    groups.map(|(place, group)| (place.to_string(), group.weight, group.tasks.len())).collect()
}

fn figure_by_hand(world: &mut World, state: &mut State) {
    world.press(state, "ncg4=200<Enter>Ncg1=600<Enter>ncg2=100<Enter>Ncg3=200<Enter>");
    // Space goes down after each tag: cg2, cg3, cg4.
    world.press(state, "<Up>   w<Enter>");
}

fn selected(state: &State) -> String {
    state.selected_place().map(|place| place.to_string()).unwrap_or_default()
}

fn tick(world: &mut World, state: &mut State, seconds: u64) {
    world.now = Mono(world.now.0 + seconds * SECOND);
    let now = world.now;
    world.tell(state, Message::Tick(now));
}

#[test]
fn the_figure_by_hand_takes_at_most_45_keys() {
    let mut world = World::v1();
    let mut state = world.state(setup(), 80, 24);
    figure_by_hand(&mut world, &mut state);
    let expected = [("/cg1", 600, 0), ("/cg1/cg2", 100, 1), ("/cg1/cg3", 200, 1), ("/cg4", 200, 1)];
    assert_eq!(groups(&world), expected.map(|(path, weight, tasks)| (path.to_owned(), Some(weight), tasks)));
    let cpus: Vec<_> = world.workloads.iter().map(|workload| workload.launch.cpus.clone()).collect();
    assert!(cpus.iter().all(|cpu| *cpu == cpus[0]) && cpus[0].as_ref().is_some_and(|cpus| cpus.len() == 1));
    assert!(world.keys <= 45, "{} keys", world.keys);
}

#[test]
fn keys_typed_while_a_change_is_on_its_way_wait_for_it() {
    let mut world = World::v1();
    let mut state = world.state(setup(), 80, 24);
    world.slow = true;
    world.press(&mut state, "ncg1=600<Enter>ncg2=100<Enter>Ncg3=200<Enter>");
    while !world.waiting.is_empty() {
        world.slow = false;
        let command = world.waiting.pop_front().unwrap();
        world.run(&mut state, vec![command]);
    }
    let paths: Vec<_> = groups(&world).into_iter().map(|(path, ..)| path).collect();
    assert_eq!(paths, ["/cg1", "/cg1/cg2", "/cg1/cg3"]);
    assert_eq!(selected(&state), "/cg1/cg3");
}

#[test]
fn keys_wait_for_a_slow_kernel_but_not_for_ever() {
    let mut world = World::v1();
    let mut state = world.state(setup(), 80, 24);
    world.slow = true;
    world.press(&mut state, "ncg1<Enter>?");
    assert!(state.dialog.is_none());
    tick(&mut world, &mut state, 4);
    assert!(state.dialog.is_none());
    tick(&mut world, &mut state, 6);
    assert!(matches!(state.dialog, Some(Dialog::Help(_))), "the screen is not blocked by the kernel");
}

#[test]
fn keys_wait_until_the_cursor_is_off_a_group_that_was_removed() {
    let mut world = World::v1();
    world.group("/a", 100);
    let key = world.group("/a/b", 100);
    let mut state = world.state(setup(), 80, 24);
    state.tree.cursor = Some(key);
    // It is done, and no frame has shown it yet.
    state.removed.push(key);
    state.removed_at = state.now;
    world.press(&mut state, "?");
    assert!(state.dialog.is_none());
    world.groups.remove(&Place::new(CPU, b"/a/b"));
    let frame = world.frame();
    world.tell(&mut state, frame);
    assert_eq!(selected(&state), "/a");
    assert!(matches!(state.dialog, Some(Dialog::Help(_))));
}

#[test]
fn hold_is_one_key_and_so_is_resume() {
    let mut world = World::v1();
    let mut state = world.state(setup(), 80, 24);
    figure_by_hand(&mut world, &mut state);
    world.press(&mut state, "gjjj");
    assert_eq!(selected(&state), "/cg1/cg3");
    world.keys = 0;
    world.press(&mut state, "f");
    let tid = world.at("/cg1/cg3").tasks[0];
    assert_eq!((world.tasks[&tid].state, world.keys), ('T', 1));
    world.press(&mut state, "f");
    assert_eq!(world.tasks[&tid].state, 'R');
}

#[test]
fn undo_all_takes_at_most_three_keys_and_leaves_nothing() {
    let mut world = World::v1();
    let mut state = world.state(setup(), 80, 24);
    figure_by_hand(&mut world, &mut state);
    world.keys = 0;
    world.press(&mut state, "u<Down><Enter>");
    assert_eq!(groups(&world), []);
    assert!(world.workloads.is_empty() && world.keys <= 3);
    assert_eq!(selected(&state), "/");
}

#[test]
fn undo_all_asks_no_second_time_but_for_what_is_foreign() {
    for (confirm, left) in [(Confirm::Enter, 0), (Confirm::Foreign, 1)] {
        let mut world = World::v1();
        let mut state = world.state(setup(), 80, 24);
        world.press(&mut state, "na<Enter>");
        world.confirm = confirm;
        world.press(&mut state, ":undo all<Enter>");
        assert_eq!(groups(&world).len(), left, "{confirm:?}");
    }
}

#[test]
fn the_big_view_goes_from_leaf_to_leaf() {
    let mut world = figure();
    let mut state = world.state(setup(), 58, 16);
    let mut seen = Vec::new();
    for _ in 0..4 {
        world.press(&mut state, "<Right>");
        seen.push(selected(&state));
    }
    assert_eq!(seen, ["/cg1/cg2", "/cg1/cg3", "/cg4", "/cg4"]);
    world.press(&mut state, "<Left><Left><Left>");
    assert_eq!(selected(&state), "/cg1/cg2");
}

#[test]
fn undo_all_by_name() {
    let mut world = World::v1();
    let mut state = world.state(setup(), 80, 24);
    figure_by_hand(&mut world, &mut state);
    world.press(&mut state, ":undo all<Enter>");
    assert_eq!(groups(&world), []);
}

#[test]
fn the_first_undo_shows_and_the_second_does() {
    let mut world = World::v1();
    let mut state = world.state(setup(), 80, 24);
    world.press(&mut state, "na<Enter>nb<Enter>");
    world.press(&mut state, "u");
    assert!(matches!(state.dialog, Some(Dialog::Confirm(_))));
    assert_eq!(groups(&world).len(), 2, "the first press shows only");
    world.press(&mut state, "u");
    assert!(state.dialog.is_none());
    assert_eq!(groups(&world).len(), 1);
    assert_eq!(selected(&state), "/a", "the cursor goes to what is left, without a farewell");
    world.press(&mut state, "u<Esc>");
    assert_eq!(groups(&world).len(), 1, "Esc leaves it");
    assert!(state.flight.is_none());
}

#[test]
fn leaving_takes_two_keys_and_offers_to_stay() {
    let mut world = World::v1();
    let mut state = world.state(setup(), 80, 24);
    world.press(&mut state, "na<Enter>");
    world.press(&mut state, "q<Esc>");
    assert_eq!(world.left, None);
    world.press(&mut state, "q<Enter>");
    assert_eq!(world.left, Some(Leave::Restore));
}

#[test]
fn leaving_after_only_looking_asks_nothing() {
    let mut world = figure();
    let mut state = world.state(setup(), 80, 24);
    world.press(&mut state, "jjq");
    assert_eq!(world.left, Some(Leave::Keep));
}

#[test]
fn an_experiment_from_a_file_takes_at_most_four_keys() {
    let mut world = World::v1();
    let shipped = Shipped { name: "figure2".to_owned(), title: "the second figure".to_owned() };
    let mut state = world.state(Setup { experiments: vec![shipped], ..setup() }, 80, 24);
    world.press(&mut state, "o<Enter>");
    assert_eq!(world.other, [Command::LoadExperiment(Source::Shipped("figure2".to_owned()))]);
    let loaded = Loaded { title: "the second figure".to_owned(), steps: vec!["make cg1".to_owned()], warnings: vec![] };
    world.tell(&mut state, Message::Experiment(Ok(loaded)));
    world.press(&mut state, "<Enter>");
    assert_eq!(world.other.last(), Some(&Command::Experiment(Control::Start)));
    assert!(world.keys <= 4);
}

#[test]
fn an_experiment_goes_step_by_step_with_enter() {
    let mut world = World::v1();
    let mut state = world.state(setup(), 80, 24);
    let phase = Phase::Building { done: 1, of: 7, next: Some("make cg2".to_owned()) };
    world.tell(&mut state, Message::Progress(Progress { title: "figure".to_owned(), phase }));
    world.press(&mut state, "<Enter>");
    assert_eq!(world.other, [Command::Experiment(Control::Next)]);
}

#[test]
fn a_weight_is_typed_stepped_and_clamped() {
    let mut world = World::v1();
    let mut state = world.state(setup(), 80, 24);
    world.press(&mut state, "na=600<Enter>e400<Enter>");
    assert_eq!(world.at("/a").weight, Some(400));
    world.press(&mut state, "]]");
    assert_eq!(world.at("/a").weight, Some(600));
    world.press(&mut state, "[");
    assert_eq!(world.at("/a").weight, Some(500));
    world.press(&mut state, "e<Up><Enter>");
    assert_eq!(world.at("/a").weight, Some(600));
    world.press(&mut state, "e0<Enter>");
    assert_eq!(world.at("/a").weight, Some(2));
    assert!(state.notice.as_ref().unwrap().0.contains("asked 0, the kernel stored 2"), "{:?}", state.notice);
}

#[test]
fn a_weight_can_be_a_part_of_the_parent() {
    let mut world = World::v1();
    let mut state = world.state(setup(), 80, 24);
    world.press(&mut state, "na=600<Enter>Nb=200<Enter>e1/3<Enter>");
    assert_eq!(world.at("/b").weight, Some(300), "300 of 900");
    world.press(&mut state, "e50%<Enter>");
    assert_eq!(world.at("/b").weight, Some(600));
    world.press(&mut state, "e150%<Enter>");
    assert!(state.prompt.as_ref().unwrap().error.is_some());
    // Of a group that is made, too: 600 of 1800 beside a and b, and 1/2 of what is below a.
    world.press(&mut state, "<Esc>Nc=1/3<Enter>");
    assert_eq!(world.at("/c").weight, Some(600));
    world.press(&mut state, "Na/x=10<Enter>");
    world.press(&mut state, "gna/y=50%<Enter>");
    assert_eq!((world.at("/a/x").weight, world.at("/a/y").weight), (Some(10), Some(10)));
    world.press(&mut state, "gnnew/z=50%<Enter>");
    assert!(state.prompt.as_ref().unwrap().error.as_ref().unwrap().contains("no siblings"));
}

#[test]
fn what_a_plan_warns_of_is_said_where_nobody_was_asked() {
    let mut world = World::v1();
    let mut state = world.state(setup(), 80, 24);
    world.warnings = vec!["4242 has ended meanwhile and stays out of it.".to_owned()];
    world.press(&mut state, "na<Enter>");
    assert_eq!(
        state.notice.as_ref().map(|(text, _)| text.as_str()),
        Some("4242 has ended meanwhile and stays out of it.")
    );
    // Who was asked was told.
    world.confirm = Confirm::Enter;
    world.press(&mut state, "Nb<Enter>");
    assert!(state.dialog.is_some());
    world.press(&mut state, "<Enter>");
    assert!(state.notice.is_none() && groups(&world).len() == 2);
}

#[test]
fn a_name_may_be_a_path_and_a_bad_one_is_refused_in_place() {
    let mut world = World::v1();
    let mut state = world.state(setup(), 80, 24);
    world.press(&mut state, "na/b=5<Enter>");
    assert_eq!(groups(&world), [("/a".to_owned(), Some(1024), 0), ("/a/b".to_owned(), Some(5), 0)]);
    assert_eq!(selected(&state), "/a/b");
    for bad in ["", "..", "x/./y", "=5"] {
        world.press(&mut state, &format!("n{bad}<Enter>"));
        assert!(state.prompt.as_ref().is_some_and(|prompt| prompt.error.is_some()), "{bad}");
        world.press(&mut state, "<Esc>");
    }
    assert_eq!(groups(&world).len(), 2);
}

#[test]
fn words_on_the_key_line_are_buttons() {
    let mut world = figure();
    let mut state = world.state(setup(), 80, 24);
    let help = state.layout.labels.iter().find(|label| label.word == "help").unwrap().area;
    world.mouse(&mut state, MouseEventKind::Down(MouseButton::Left), help.x, help.y);
    assert!(matches!(state.dialog, Some(Dialog::Help(_))));
}

#[test]
fn a_heading_sorts_and_sorts_back() {
    let mut world = figure();
    let mut state = world.state(setup(), 80, 24);
    let cells = state.layout.cells.iter().find(|cells| cells.column.title() == "WEIGHT").copied().unwrap();
    let y = state.layout.heading.y;
    let names = |state: &State| {
        let structure = state.snapshot().unwrap().structure.clone();
        let name = |row: &super::tree::Row| String::from_utf8(structure.group(row.id).unwrap().name.to_vec()).unwrap();
        state.flat.rows.iter().map(name).collect::<Vec<_>>()
    };
    world.mouse(&mut state, MouseEventKind::Down(MouseButton::Left), cells.x, y);
    assert_eq!(names(&state), ["", "cg1", "cg3", "cg2", "cg4"]);
    world.mouse(&mut state, MouseEventKind::Down(MouseButton::Left), cells.x, y);
    assert_eq!(names(&state), ["", "cg4", "cg1", "cg2", "cg3"]);
}

#[test]
fn foreign_changes_ask_with_the_focus_on_leave_and_ignore_the_first_keys() {
    let mut world = figure();
    world.confirm = Confirm::Foreign;
    let mut state = world.state(setup(), 80, 24);
    world.press(&mut state, "!j]");
    assert_eq!(world.other, [Command::Arm(true)]);
    world.press(&mut state, "<Up><Enter>");
    assert!(state.dialog.is_some(), "keys of the first 300 ms were meant for another screen");
    assert_eq!(world.at("/cg1").weight, Some(600));
    world.now = Mono(world.now.0 + SECOND);
    world.press(&mut state, "<Enter>");
    assert!(state.dialog.is_none());
    assert_eq!(world.at("/cg1").weight, Some(600), "Enter alone leaves it");
    world.press(&mut state, "]");
    world.now = Mono(world.now.0 + SECOND);
    world.press(&mut state, "<Up><Enter>");
    assert_eq!(world.at("/cg1").weight, Some(700));
}

#[test]
fn foreign_changes_must_be_armed_first() {
    let mut world = figure();
    world.confirm = Confirm::Foreign;
    let mut state = world.state(setup(), 80, 24);
    world.press(&mut state, "j]");
    world.now = Mono(world.now.0 + SECOND);
    world.press(&mut state, "<Up><Enter>");
    assert_eq!(world.at("/cg1").weight, Some(600), "arming is not doing");
    assert_eq!(world.other, [Command::Arm(true)]);
    world.now = Mono(world.now.0 + SECOND);
    world.press(&mut state, "<Up><Enter>");
    assert_eq!(world.at("/cg1").weight, Some(700));
}

#[test]
fn a_number_must_be_typed_where_that_is_asked() {
    let mut world = figure();
    world.confirm = Confirm::Type(5);
    let mut state = world.state(setup(), 80, 24);
    world.press(&mut state, "j]");
    world.now = Mono(world.now.0 + SECOND);
    world.press(&mut state, "4<Enter>");
    assert_eq!(world.at("/cg1").weight, Some(600));
    world.press(&mut state, "<Bksp>5<Enter>");
    assert_eq!(world.at("/cg1").weight, Some(700));
}

#[test]
fn a_refusal_offers_its_way_out() {
    let mut world = World::v1();
    let mut state = world.state(setup(), 80, 24);
    world.press(&mut state, "na/b<Enter><Left>D");
    assert!(matches!(state.dialog, Some(Dialog::Refused(_))));
    world.press(&mut state, "<Enter>");
    assert_eq!(groups(&world).len(), 2, "Enter alone leaves it");
    world.press(&mut state, "D<Down><Enter>");
    assert_eq!(groups(&world), []);
    assert_eq!(selected(&state), "/");
}

#[test]
fn read_only_plans_nothing() {
    let mut world = figure();
    let mut setup = setup();
    setup.limits.read_only = true;
    let mut state = world.state(setup, 80, 24);
    world.press(&mut state, "jf]nx<Enter>D");
    assert!(state.flight.is_none() && state.dialog.is_none() && world.journal.is_empty());
    assert!(state.notice.as_ref().unwrap().0.contains("--read-only"));
}

#[test]
fn the_selection_follows_identities() {
    let mut world = figure();
    let mut state = world.state(setup(), 80, 24);
    world.press(&mut state, "G");
    assert_eq!(selected(&state), "/cg4");
    world.group("/aaa", 5);
    let frame = world.frame();
    world.tell(&mut state, frame);
    assert_eq!(selected(&state), "/cg4");
}

#[test]
fn a_vanished_group_keeps_its_row_for_five_seconds() {
    let mut world = figure();
    let mut state = world.state(setup(), 80, 24);
    world.press(&mut state, "G");
    world.groups.remove(&Place::new(CPU, b"/cg4"));
    world.group("/cg5", 5);
    let frame = world.frame();
    world.tell(&mut state, frame);
    assert_eq!(state.ghost.as_ref().map(|ghost| ghost.name.as_str()), Some("cg4"));
    assert!(state.flat.rows.iter().any(|row| row.gone));
    world.press(&mut state, "D");
    assert!(state.flight.is_none() && state.dialog.is_none(), "removing is dead meanwhile");
    tick(&mut world, &mut state, 6);
    assert_eq!(selected(&state), "/");
    assert!(state.flat.rows.iter().all(|row| !row.gone));
}

#[test]
fn folds_survive_a_frame_and_left_goes_to_the_parent() {
    let mut world = figure();
    let mut state = world.state(setup(), 80, 24);
    world.press(&mut state, "jjj<Left>");
    assert_eq!(selected(&state), "/cg1");
    world.press(&mut state, "<Left>");
    assert_eq!(state.flat.rows.len(), 3);
    let frame = world.frame();
    world.tell(&mut state, frame);
    assert_eq!(state.flat.rows.len(), 3);
    world.press(&mut state, "<Right>");
    assert_eq!(state.flat.rows.len(), 5);
}

#[test]
fn a_filter_acts_while_it_is_typed_and_esc_takes_it_back() {
    let mut world = figure();
    let mut state = world.state(setup(), 80, 24);
    world.press(&mut state, "/cg3");
    let shown: Vec<_> = state.flat.rows.iter().map(|row| row.fits).collect();
    assert_eq!(shown, [false, false, true], "cg3 under cg1 under /");
    world.press(&mut state, "<Esc>");
    assert_eq!(state.flat.rows.len(), 5);
    world.press(&mut state, "/short<Enter>");
    assert_eq!(state.flat.rows.iter().filter(|row| row.fits).count(), 4);
    world.press(&mut state, "<Esc>/pid:4242<Enter>");
    assert_eq!(state.flat.rows.iter().filter(|row| row.fits).count(), 1);
}

#[test]
fn a_paused_screen_holds_still_and_goes_on() {
    let mut world = figure();
    let mut state = world.state(setup(), 80, 24);
    world.press(&mut state, "p");
    world.group("/new", 5);
    let frame = world.frame();
    world.tell(&mut state, frame);
    assert_eq!(state.flat.rows.len(), 5);
    world.press(&mut state, "p");
    assert_eq!(state.flat.rows.len(), 6);
}

#[test]
fn an_old_frame_says_so_and_a_quiet_tick_draws_nothing() {
    let mut world = figure();
    let mut state = world.state(setup(), 80, 24);
    let _ = state.take_dirty();
    tick(&mut world, &mut state, 1);
    assert!(!state.take_dirty(), "nothing on screen counts seconds");
    assert_eq!(state.stale(), None);
    tick(&mut world, &mut state, 4);
    assert_eq!(state.stale(), Some(5));
    assert!(state.take_dirty());
}

#[test]
fn a_frame_that_took_long_to_come_is_as_old_as_its_sample() {
    let mut world = figure();
    let mut state = world.state(setup(), 80, 24);
    let Message::Frame { snapshot, table, now } = world.frame() else { panic!("a frame") };
    let late = Mono(now.0 + 4 * SECOND);
    world.tell(&mut state, Message::Frame { snapshot, table, now: late });
    assert_eq!(state.stale(), Some(4));
    // Sampled rarely, its age is told before it is too old.
    state.delay = std::time::Duration::from_secs(10);
    assert_eq!((state.stale(), state.aged()), (None, Some(4)));
}

#[test]
fn what_is_of_interest_is_what_is_on_screen() {
    let mut world = World::v1();
    for n in 0..2000 {
        world.group(&format!("/g{n:04}"), 100);
    }
    let mut state = world.state(setup(), 80, 24);
    let height = usize::from(state.layout.tree.height);
    let now = world.now;
    let frame = world.frame();
    let key = crossterm::event::KeyEvent::from(crossterm::event::KeyCode::Char('G'));
    drop(update(&mut state, frame));
    let commands = update(&mut state, Message::Key { key, now });
    let Some(Command::Interest(interest)) = commands.last() else { panic!("{commands:?}") };
    let Rows::These(keys) = &interest.groups else { panic!("not all of 2000") };
    assert!(keys.len() <= 3 * height && keys.contains(&state.tree.cursor.unwrap()), "{} of {height}", keys.len());
    // A sort needs the values of all.
    world.press(&mut state, "s");
    assert_eq!(super::interest::of(&state).groups, Rows::All);
}

#[test]
fn another_hierarchy_has_no_column_about_the_cpu() {
    use super::sort::Column;
    let mut world = figure();
    let mut state = world.state(setup(), 80, 24);
    world.press(&mut state, "jj.");
    assert_eq!(state.shown_hierarchy().unwrap().label(), "cpuacct");
    let columns: Vec<_> = state.layout.cells.iter().map(|cells| cells.column).collect();
    assert_eq!(columns, [Column::Group, Column::Children, Column::Tasks]);
    world.press(&mut state, "]");
    assert!(state.flight.is_none() && state.notice.is_some());
    world.press(&mut state, ",");
    assert_eq!(selected(&state), "/cg1/cg2", "each hierarchy keeps its own cursor");
}

#[test]
fn the_stage_is_the_base_and_backspace_goes_out() {
    let mut world = figure();
    let mut state = world.state(Setup { stage: Some(Place::new(CPU, b"/cg1")), ..setup() }, 80, 24);
    assert_eq!((selected(&state), state.flat.rows.len()), ("/cg1".to_owned(), 3));
    world.press(&mut state, "<Bksp>");
    assert_eq!(state.flat.rows.len(), 5);
    world.press(&mut state, "z");
    assert_eq!(state.flat.rows.len(), 3);
}

#[test]
fn every_size_is_laid_out_without_overlap() {
    let mut world = figure();
    let mut state = world.state(setup(), 80, 24);
    for (columns, rows) in [(80, 24), (81, 25), (120, 40), (200, 60), (58, 16), (79, 24), (57, 16), (1, 1), (0, 0)] {
        world.tell(&mut state, Message::Resize { columns, rows });
        let layout: &Layout = &state.layout;
        let parts = [layout.header, layout.second, layout.tree_border, layout.heading, layout.tree];
        let more = [layout.panel_border, layout.panel, layout.change_border, layout.change, layout.keys];
        let rows_used: u16 = parts.iter().chain(&more).map(|area| area.height).sum();
        assert!(rows_used <= rows, "{columns}x{rows}");
        for label in &layout.labels {
            assert!(label.area.right() <= columns);
        }
    }
}

#[test]
fn what_is_painted_is_what_is_hit() {
    let mut world = figure();
    let state = world.state(setup(), 80, 24);
    for (index, row) in state.flat.rows.iter().enumerate() {
        let y = state.layout.tree.y + u16::try_from(index).unwrap();
        assert_eq!(state.layout.hit(40, y), Some(Target::Row(index)), "{row:?}");
    }
}

#[test]
fn a_command_and_its_fields_become_launches() {
    let mut world = World::v1();
    let mut state = world.state(setup(), 80, 24);
    world.press(&mut state, "na<Enter>w");
    // Up from "start": duty, nice, CPUs, how many.
    world.press(&mut state, "<Up><Bksp><Bksp><Bksp>50<Up><Bksp>5<Up><Bksp>0-1<Up><Bksp>2<Enter>");
    let launches: Vec<_> = world.workloads.iter().map(|workload| &workload.launch).collect();
    assert_eq!(launches.len(), 2);
    assert_eq!((launches[0].nice, launches[0].cpus.as_ref().unwrap().to_string()), (5, "0-1".to_owned()));
    let crate::model::workload::Program::Spin(spin) = &launches[0].program else { panic!() };
    assert_eq!(spin.duty_millionths, 500_000);
}

#[test]
fn esc_goes_one_back_and_never_quits_or_writes() {
    let mut world = figure();
    let mut state = world.state(setup(), 80, 24);
    world.press(&mut state, "jz<Tab>/cg<Enter>b");
    for _ in 0..10 {
        world.press(&mut state, "<Esc>");
    }
    assert!(world.left.is_none() && world.journal.is_empty());
    assert!(!state.big && !state.in_panel && state.tree.filter.is_empty() && state.tree.base.is_none());
}

#[test]
fn pasting_without_a_prompt_does_nothing() {
    let mut world = figure();
    let mut state = world.state(setup(), 80, 24);
    world.tell(&mut state, Message::Paste("D\nq\n".to_owned()));
    assert!(state.dialog.is_none() && world.left.is_none());
    world.press(&mut state, "n");
    world.tell(&mut state, Message::Paste("x=5\nq\n".to_owned()));
    assert_eq!(state.prompt.as_ref().unwrap().input.value(), "x=5");
}

#[test]
fn a_stage_that_is_not_there_yet_is_made_with_its_first_group() {
    let mut world = World::v1();
    let mut state = world.state(Setup { stage: Some(Place::top(CPU).child(b"lab")), ..setup() }, 80, 24);
    world.press(&mut state, "n");
    assert_eq!(state.prompt.as_ref().unwrap().question(), "new group in /lab: ");
    world.press(&mut state, "cg1<Enter>");
    let snapshot = state.snapshot().unwrap();
    assert!(snapshot.structure.at(&Place::top(CPU).child(b"lab/cg1")).is_some());
    // Now that it is there, it is the base; outside of it the top is the top.
    assert_eq!(state.flat.rows.len(), 2);
    world.press(&mut state, "<Bksp>gn");
    assert_eq!(state.prompt.as_ref().unwrap().question(), "new group in /: ");
}

/// The points of the hierarchy on screen.
fn points(state: &State) -> Vec<String> {
    let hierarchy = state.shown_hierarchy().unwrap();
    hierarchy.mounts.iter().map(|mount| String::from_utf8(mount.point.to_vec()).unwrap()).collect()
}

#[test]
fn a_hierarchy_that_was_mounted_is_shown_and_one_that_was_unmounted_is_not() {
    let mut world = World::v1();
    let mut state = world.state(setup(), 80, 24);
    world.press(&mut state, "Mlab<Enter>");
    assert_eq!(state.shown_hierarchy().unwrap().label(), "name=lab");
    assert_eq!(points(&state), ["/sys/fs/cgroup/lab"], "beside the others");
    // Unmount what is shown: the dialog starts with it, and the plan is shown first.
    world.press(&mut state, "M<Up><Left><Enter>");
    assert!(matches!(state.dialog, Some(Dialog::Confirm(_))));
    world.press(&mut state, "<Enter>");
    assert_eq!(state.shown_hierarchy().unwrap().label(), "cpu", "the first again");
    let said = state.notice.as_ref().unwrap().0.clone();
    assert_eq!(said, "unmounted; the hierarchy is gone");
}

#[test]
fn a_second_place_is_the_same_hierarchy() {
    let mut world = World::v1();
    let mut state = world.state(setup(), 80, 24);
    world.press(&mut state, "..M<Up><Left><Left><Down><Down>/x<Enter>");
    assert_eq!(points(&state), ["/sys/fs/cgroup/freezer", "/sys/fs/cgroup/freezer-2/x"]);
    assert_eq!(state.snapshot().unwrap().structure.hierarchies.len(), 5);
}

#[test]
fn what_is_wrong_in_the_mount_dialog_is_said_in_it() {
    let mut world = World::v1();
    let mut state = world.state(setup(), 80, 24);
    world.press(&mut state, "Mlab<Down>");
    for _ in 0..40 {
        world.press(&mut state, "<Bksp>");
    }
    world.press(&mut state, "x<Enter>");
    let face = state.dialog.as_ref().unwrap().face(&state);
    assert_eq!(face.lines.last().unwrap().text, "at: a path that begins with a slash");
    world.press(&mut state, "<Esc>");
    assert!(state.dialog.is_none() && world.journal.is_empty());
}

#[test]
fn who_may_not_mount_is_told_why() {
    let mut world = World::v1();
    world.host.capabilities = 0;
    let mut state = world.state(setup(), 80, 24);
    world.press(&mut state, "M");
    assert!(state.dialog.is_none());
    assert!(state.notice.as_ref().unwrap().0.contains("CAP_SYS_ADMIN"));
}
