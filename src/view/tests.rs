//! Whole screens as text, and their styles where a meaning hangs on them.
//!
//! Frames are made by hand (`app::testing`). Look at each snapshot as somebody three metres away: what does it say first?
use ratatui::Terminal;
use ratatui::backend::TestBackend;
use ratatui::style::{Color, Modifier};

use crate::app::experiment::{Loaded, Phase, Progress, Shipped};
use crate::app::message::Message;
use crate::app::setup::{Setup, ThemeChoice};
use crate::app::state::State;
use crate::app::testing::{CPU, SECOND, World, closed, figure, figure_held, hierarchy, setup};
use crate::model::field::Field;
use crate::model::hierarchy::{Mode, Version};
use crate::model::place::Place;
use crate::model::time::Mono;
use crate::plan::step::Confirm;
use crate::split::table::{Enough, Given, Got, Owed, Verdict};

mod files;
mod log;

fn drawn(state: &State) -> (ratatui::buffer::Buffer, (u16, u16)) {
    let mut terminal = Terminal::new(TestBackend::new(state.size.0, state.size.1)).unwrap();
    terminal.draw(|frame| super::draw(frame, state)).unwrap();
    let cursor = terminal.get_cursor_position().unwrap();
    (terminal.backend().buffer().clone(), (cursor.x, cursor.y))
}

/// The screen as text, lines right-trimmed.
fn screen(state: &State) -> String {
    let (buffer, _) = drawn(state);
    let mut out = String::new();
    for y in 0..buffer.area.height {
        let mut line = String::new();
        let mut skip = 0;
        for x in 0..buffer.area.width {
            let symbol = buffer[(x, y)].symbol();
            if skip == 0 {
                line.push_str(symbol);
                skip = crate::app::text::width(symbol).saturating_sub(1);
            } else {
                skip -= 1;
            }
        }
        out.push_str(line.trim_end());
        out.push('\n');
    }
    out
}

fn plain() -> Setup {
    Setup { theme: ThemeChoice::None, ..setup() }
}

fn ascii() -> Setup {
    Setup { ascii: true, ..plain() }
}

/// A world drawn at a size after some keys.
fn shot(mut world: World, setup: Setup, size: (u16, u16), keys: &str) -> String {
    let mut state = world.state(setup, size.0, size.1);
    world.press(&mut state, keys);
    screen(&state)
}

macro_rules! shots {
    ($($name:ident: $world:expr, $setup:expr, $size:expr, $keys:expr;)*) => {$(
        #[test]
        fn $name() {
            insta::assert_snapshot!(shot($world, $setup, $size, $keys));
        }
    )*};
}

shots! {
    figure_80x24: figure(), plain(), (80, 24), "jj";
    figure_120x40: figure(), plain(), (120, 40), "jj";
    figure_58x16: figure(), plain(), (58, 16), "jj";
    figure_big_120x40: figure_held(), plain(), (120, 40), "jjb";
    figure_held_80x24: figure_held(), plain(), (80, 24), "jj";
    figure_held_58x16: figure_held(), plain(), (58, 16), "jj";
    figure_ascii_80x24: figure_held(), ascii(), (80, 24), "jj";
    figure_ascii_58x16: figure_held(), ascii(), (58, 16), "jj";
    figure_of_the_base: figure(), plain(), (80, 24), "jz%";
    figure_one_cpu: figure(), plain(), (80, 24), "%%";
    empty_80x24: World::v1(), plain(), (80, 24), "";
    empty_58x16: World::v1(), plain(), (58, 16), "";
    empty_120x40: World::v1(), plain(), (120, 40), "";
    tasks_80x24: figure_held(), plain(), (80, 24), "jjj<Tab>";
    tasks_120x40: figure_held(), plain(), (120, 40), "jjj<Tab>";
    freezer_80x24: figure(), plain(), (80, 24), "..";
    full_page_80x24: figure(), plain(), (80, 24), "jj<Enter>";
    help_80x24: figure(), plain(), (80, 24), "?";
    palette_80x24: figure(), plain(), (80, 24), ":un";
    new_prompt_80x24: figure(), plain(), (80, 24), "jncg5=300";
    weight_prompt_80x24: figure(), plain(), (80, 24), "je";
    moving_80x24: figure(), plain(), (80, 24), "jjmG";
    moving_120x40: figure(), plain(), (120, 40), "jjmG";
    moving_58x16: figure(), plain(), (58, 16), "jjmG";
    moving_ascii_80x24: figure(), ascii(), (80, 24), "jjmG";
    moving_ascii_58x16: figure(), ascii(), (58, 16), "jjmG";
    moving_onto_itself_80x24: figure(), plain(), (80, 24), "jjm";
    moving_tagged_tasks_80x24: crowd(), plain(), (80, 24), "G<Tab> j mgj";
    moving_some_of_a_crowd_80x24: crowd(), plain(), (80, 24), "jm<Tab>G";
    moving_no_leaf_80x24: busy_systemd(), Setup { stage: None, ..plain() }, (80, 24), "Gkmgj";
    workload_80x24: figure(), plain(), (80, 24), "jjw";
    workloads_in_tagged_80x24: figure(), plain(), (80, 24), "jj  w<Up>";
    signals_group_80x24: figure(), plain(), (80, 24), "jjx";
    signals_group_and_below_80x24: figure(), plain(), (80, 24), "jx<Down><Down>";
    signals_ascii_80x24: figure(), ascii(), (80, 24), "gx";
    signals_58x16: family(), plain(), (58, 16), "G<Tab>x";
    signals_task_80x24: family(), plain(), (80, 24), "G<Tab>jx";
    signals_tagged_80x24: family(), plain(), (80, 24), "G<Tab>  x";
    schedule_80x24: family(), plain(), (80, 24), "G<Tab>a";
    schedule_ascii_80x24: family(), ascii(), (80, 24), "G<Tab>a";
    schedule_thread_80x24: family(), plain(), (80, 24), "G<Tab>Hjja";
    schedule_real_time_80x24: family(), plain(), (80, 24), "G<Tab>a<Down><Right><Right><Right><Down>20";
    schedule_tagged_80x24: family(), plain(), (80, 24), "G<Tab>   a<Enter>";
    schedule_wrong_80x24: family(), plain(), (80, 24), "G<Tab>a<Up>0-<Enter>";
    family_80x24: family(), plain(), (80, 24), "G<Tab>";
    family_threads_80x24: family(), plain(), (80, 24), "G<Tab>H";
    family_120x40: family(), plain(), (120, 40), "G<Tab>";
    mount_by_name_80x24: figure(), plain(), (80, 24), "Mlab";
    mount_with_controllers_80x24: figure(), plain(), (80, 24), "M<Up><Right><Down> ";
    mount_once_more_80x24: figure(), plain(), (80, 24), "M<Up><Left><Left><Down><Right>";
    mount_unmount_80x24: figure(), plain(), (80, 24), "M<Up><Left>";
    mount_nothing_typed_58x16: figure(), plain(), (58, 16), "M<Enter>";
    mounted_80x24: figure(), plain(), (80, 24), "Mlab<Enter>";
    mounted_twice_80x24: figure(), plain(), (80, 24), "..M<Up><Left><Left><Down><Down>/x<Enter>";
    filter_80x24: figure(), plain(), (80, 24), "/cg3<Enter>";
    list_by_gets_80x24: figure(), plain(), (80, 24), "tssss";
    refused_80x24: figure(), plain(), (80, 24), "jD";
    hostile_80x24: hostile(), plain(), (80, 24), "jj";
    hostile_58x16: hostile(), plain(), (58, 16), "jj";
    hostile_list_120x40: hostile(), plain(), (120, 40), "tj";
    systemd_80x24: systemd(), Setup { stage: None, ..plain() }, (80, 24), "jj";
    systemd_120x40: systemd(), Setup { stage: None, ..plain() }, (120, 40), "jj";
    systemd_58x16: systemd(), Setup { stage: None, ..plain() }, (58, 16), "jj";
    too_small: figure(), plain(), (40, 10), "";
}

/// A group with a process of three threads that has children, a stopped, a dead and a real-time one, and kernel threads.
fn family() -> World {
    let mut world = World::v1();
    world.group("/zoo", 1024);
    let mut add = |comm: &str, parent: i32, change: &dyn Fn(&mut crate::model::task::Task)| -> i32 {
        let tid = world.task("/zoo", comm);
        let task = world.tasks.get_mut(&tid).unwrap();
        task.parent = parent;
        task.state = 'S';
        change(task);
        tid
    };
    let all = |task: &mut crate::model::task::Task| task.allowed = Field::new((0..4).collect(), Mono(1));
    let main = add("server", 1, &|t| (t.nice, ()) = (5, all(t)));
    add("io", 1, &|t| (t.tgid, t.nice, ()) = (main, 5, all(t)));
    add("io", 1, &|t| (t.tgid, t.nice, ()) = (main, 0, all(t)));
    let child = add("worker", main, &|t| (t.state, ()) = ('T', all(t)));
    add("helper", child, &|t| t.state = 'Z');
    add("audio", 1, &|t| (t.policy, t.rt_priority) = (crate::model::task::Policy::Fifo, 50));
    add("kworker/3:0", 2, &|t| (t.kernel, t.bound) = (true, true));
    add("kswapd0", 2, &|t| (t.kernel, t.state, ()) = (true, 'I', all(t)));
    world
}

/// The short way for cgrove's own loops, and all signals behind it.
#[test]
fn signals_to_own_workloads() {
    let mut world = World::v1();
    let mut state = world.state(plain(), 80, 24);
    world.press(&mut state, "ncg1<Enter>w<Enter>x");
    let mut out = screen(&state);
    world.press(&mut state, "<Down><Down><Down><Enter>");
    out += &screen(&state);
    insta::assert_snapshot!(out);
}

fn busy_systemd() -> World {
    let mut world = systemd();
    world.task("/system.slice/nginx.service", "nginx");
    world
}

/// A target that the plan refuses, once it was asked.
#[test]
fn a_refused_target() {
    let mut out = String::new();
    for (columns, rows) in [(80, 24), (120, 40), (58, 16)] {
        let mut world = closed();
        let mut state = world.state(plain(), columns, rows);
        world.press(&mut state, "jjmG");
        world.now = Mono(world.now.0 + SECOND);
        let now = world.now;
        world.tell(&mut state, Message::Tick(now));
        out += &screen(&state);
    }
    insta::assert_snapshot!(out);
}

/// A group that is dragged onto another, before it is let go and after.
#[test]
fn a_dragged_group() {
    use crossterm::event::{MouseButton, MouseEventKind};
    let mut world = figure();
    let mut state = world.state(plain(), 80, 24);
    let top = state.layout.tree.y;
    world.mouse(&mut state, MouseEventKind::Down(MouseButton::Left), 12, top + 4);
    world.mouse(&mut state, MouseEventKind::Drag(MouseButton::Left), 12, top + 2);
    let before = screen(&state);
    world.mouse(&mut state, MouseEventKind::Up(MouseButton::Left), 12, top + 2);
    insta::assert_snapshot!(format!("{before}{}", screen(&state)));
}

/// Processes with threads and children in several groups.
fn crowd() -> World {
    let mut world = figure();
    for (path, comm) in
        [("/cg4", "worker"), ("/cg4", "worker"), ("/cg1", "parent"), ("/cg1", "thread"), ("/cg4", "child")]
    {
        world.task(path, comm);
    }
    let parent = world.at("/cg1").tasks[0];
    let thread = world.at("/cg1").tasks[1];
    let child = *world.at("/cg4").tasks.last().unwrap();
    world.tasks.get_mut(&thread).unwrap().tgid = parent;
    world.tasks.get_mut(&child).unwrap().parent = parent;
    world
}

/// A v2 host with systemd: caps, a group without the cpu controller, unpinned tasks.
fn systemd() -> World {
    let v2 = hierarchy(1, Version::V2, &["cpu", "io", "memory", "pids"], None, "/sys/fs/cgroup");
    let mut world = World::new(Mode::Unified, vec![v2]);
    world.host.name = "db3".to_owned();
    world.host.systemd = true;
    world.since = Some((12.0, None));
    let at = |path: &str| Place::new(CPU, path.as_bytes());
    for (path, weight) in [
        ("/system.slice", Some(100)),
        ("/user.slice", Some(100)),
        ("/shop.slice", Some(200)),
        ("/shop.slice/cart.service", Some(100)),
        ("/shop.slice/cart.service/docker-0123456789abcdef0123456789abcdef0123456789abcdef.scope", None),
        ("/system.slice/nginx.service", None),
    ] {
        world.group_at(at(path), weight);
    }
    world.says("/", 320.0, 318.0, Enough::Enough, "The top.");
    let about = |world: &mut World, path: &str, owed: f64, got: Got, enough: Enough, because: &str| {
        let given = if matches!(got, Got::Cpus { .. }) { Given::Agrees } else { Given::CannotTell };
        let verdict = Verdict { given, enough, because: because.to_owned() };
        world.at(path).split = Some((Owed::About(owed), got, verdict));
    };
    let cpus = |cpus| Got::Cpus { cpus, plus_minus: 0.002, at_least: false };
    about(&mut world, "/system.slice", 1.29, cpus(1.291), Enough::Enough, "system.slice has all it wants.");
    about(&mut world, "/user.slice", 0.9, Got::TooEarly, Enough::Unknown, "");
    // The second slot of this hierarchy's groups: shop.slice comes first by name.
    let capped = Enough::Capped(crate::model::id::GroupId(1));
    about(&mut world, "/shop.slice", 1.1, cpus(1.1), capped, "capped by shop.slice's own cpu.max, 110 ms of 100 ms.");
    about(&mut world, "/shop.slice/cart.service", 1.1, cpus(1.1), capped, "capped by cpu.max of shop.slice.");
    let path = "/shop.slice/cart.service/docker-0123456789abcdef0123456789abcdef0123456789abcdef.scope";
    world.at(path).split = Some((
        Owed::Unknown,
        Got::Unknown,
        Verdict { given: Given::CannotTell, enough: Enough::Unknown, because: "no cpu controller here".to_owned() },
    ));
    world
}

/// Names made to harm a terminal or a layout.
fn hostile() -> World {
    let mut world = World::v1();
    let names: [&[u8]; 6] = [
        b"\x1b[2J\x1b]0;owned\x07",
        b"back\\slash \xff\xfe",
        "\u{202e}txt.exe\u{200b}".as_bytes(),
        "日本語のグループの長い名前です".as_bytes(),
        b"a b\nc",
        &[b'x'; 4000],
    ];
    for name in names {
        let key = world.group_at(Place::top(CPU).child(name), Some(100));
        assert!(key.inode > 0);
    }
    let deep = Place::top(CPU).child(b"d/d/d/d/d/d/d/d/d/d/d/d");
    let mut at = Place::top(CPU);
    for part in deep.parts() {
        at = at.child(part);
        world.group_at(at.clone(), Some(7));
    }
    world.task("/d", "\u{1b}[31mred\u{7}");
    world.host.name = "ev\u{1b}il".to_owned();
    world
}

#[test]
fn no_escape_reaches_the_screen() {
    for (size, keys) in
        [((80, 24), "G<Tab>"), ((120, 40), "jjD"), ((58, 16), "j"), ((80, 24), "jjw"), ((80, 24), "jjn")]
    {
        let text = shot(hostile(), plain(), size, keys);
        let bad = text.chars().find(|&c| c != '\n' && crate::model::bytes::is_unsafe_for_a_screen(c));
        assert_eq!(bad, None, "{text}");
    }
}

#[test]
fn the_cursor_stands_on_the_selected_row() {
    let mut world = figure();
    let mut state = world.state(plain(), 80, 24);
    world.press(&mut state, "jj");
    let (buffer, cursor) = drawn(&state);
    let line: String = (0..80).map(|x| buffer[(x, cursor.1)].symbol()).collect();
    assert!(line.starts_with("│>") && cursor.0 == 1 && line.contains("cg2"), "{line}");
    // In a prompt it stands behind what was typed.
    world.press(&mut state, "nab");
    let (buffer, cursor) = drawn(&state);
    assert_eq!((buffer[(cursor.0 - 1, cursor.1)].symbol(), cursor.1), ("b", 23));
}

#[test]
fn without_colour_nothing_is_coloured_and_the_selection_is_reversed() {
    for keys in ["jjx", "jx", "jja", "jj", "jjb", "jjD", "?", "jjmG"] {
        let mut world = figure_held();
        let mut state = world.state(plain(), 80, 24);
        world.press(&mut state, keys);
        let (buffer, _) = drawn(&state);
        for cell in &buffer.content {
            assert_eq!((cell.fg, cell.bg), (Color::Reset, Color::Reset), "{keys}");
        }
    }
    let mut world = figure();
    let state = world.state(plain(), 80, 24);
    let (buffer, cursor) = drawn(&state);
    assert!(buffer[(20, cursor.1)].modifier.contains(Modifier::REVERSED));
}

#[test]
fn sixteen_colours_are_sixteen() {
    let mut world = figure_held();
    let mut state = world.state(setup(), 80, 24);
    world.press(&mut state, "jjj");
    let (buffer, _) = drawn(&state);
    let rich = |color| matches!(color, Color::Rgb(..) | Color::Indexed(_));
    assert!(buffer.content.iter().all(|cell| !rich(cell.fg) && !rich(cell.bg)));
    assert!(buffer.content.iter().any(|cell| cell.fg == Color::Green), "an agreement is green");
}

#[test]
fn ascii_is_ascii() {
    for keys in ["jj", "jjb", "jjD", "jjw", "jjmG", "?", ":", "jj<Tab>", "jj<Tab><Tab>", "n"] {
        let text = shot(figure_held(), ascii(), (80, 24), keys);
        let bad = text.chars().find(|c| !c.is_ascii());
        assert_eq!(bad, None, "{keys}:\n{text}");
    }
}

#[test]
fn an_old_number_is_never_shown_as_fresh() {
    let mut world = figure();
    let mut state = world.state(plain(), 80, 24);
    world.now = Mono(world.now.0 + 7 * SECOND);
    let now = world.now;
    world.tell(&mut state, Message::Tick(now));
    let text = screen(&state);
    assert!(text.contains("NO SAMPLE FOR 7 s") && text.contains("7 s AGO"), "{text}");
    let (buffer, _) = drawn(&state);
    let y = state.layout.tree.y + 3;
    let gets = state.layout.cells.iter().find(|cells| cells.column.title() == "GETS").unwrap();
    assert!(buffer[(gets.x + gets.width - 1, y)].modifier.contains(Modifier::DIM));
}

#[test]
fn a_paused_screen_says_so() {
    let mut world = figure();
    let mut state = world.state(plain(), 80, 24);
    world.press(&mut state, "p");
    world.now = Mono(world.now.0 + 12 * SECOND);
    let now = world.now;
    world.tell(&mut state, Message::Tick(now));
    insta::assert_snapshot!(screen(&state));
}

#[test]
fn last_change_80x24() {
    let mut world = World::v1();
    let mut state = world.state(plain(), 80, 24);
    world.press(&mut state, "ncg1=600<Enter>ncg2=100<Enter>w<Enter>f");
    insta::assert_snapshot!(screen(&state));
}

#[test]
fn undo_80x24() {
    let mut world = World::v1();
    let mut state = world.state(plain(), 80, 24);
    world.press(&mut state, "ncg1=600<Enter>ncg2=100<Enter>u");
    insta::assert_snapshot!(screen(&state));
}

#[test]
fn receipt_80x24() {
    let mut world = World::v1();
    let mut state = world.state(plain(), 80, 24);
    world.press(&mut state, "ncg1=600<Enter>ncg2=100<Enter>w<Enter>q");
    insta::assert_snapshot!(screen(&state));
}

#[test]
fn foreign_80x24() {
    let mut world = figure();
    world.confirm = Confirm::Foreign;
    let mut state = world.state(plain(), 80, 24);
    world.press(&mut state, "!j]");
    insta::assert_snapshot!(screen(&state));
}

#[test]
fn gone_80x24() {
    let mut world = figure();
    let mut state = world.state(plain(), 80, 24);
    world.press(&mut state, "G");
    world.groups.remove(&Place::new(CPU, b"/cg4"));
    world.group("/cg5", 5);
    let frame = world.frame();
    world.tell(&mut state, frame);
    world.now = Mono(world.now.0 + 2 * SECOND);
    let now = world.now;
    world.tell(&mut state, Message::Tick(now));
    insta::assert_snapshot!(screen(&state));
}

#[test]
fn experiments_80x24() {
    let mut world = World::v1();
    let shipped = |name: &str, title: &str| Shipped { name: name.to_owned(), title: title.to_owned() };
    let experiments =
        vec![shipped("figure2", "Weights of the lecture's second figure"), shipped("duty", "A loop that rests")];
    let mut state = world.state(Setup { experiments, ..plain() }, 80, 24);
    world.press(&mut state, "o");
    insta::assert_snapshot!("experiments_list", screen(&state));
    world.press(&mut state, "<Enter>");
    let steps = ["make cg1, weight 600", "make cg1/cg2, weight 100", "start 1 spin in cg1/cg2 on CPU 3"];
    let steps = steps.map(str::to_owned).to_vec();
    let loaded = Loaded { title: "Weights of the lecture's second figure".to_owned(), steps, warnings: Vec::new() };
    world.tell(&mut state, Message::Experiment(Ok(loaded)));
    insta::assert_snapshot!("experiments_ready", screen(&state));
    world.press(&mut state, "<Down><Enter>");
    let phase = Phase::Building { done: 1, of: 3, next: Some("make cg1/cg2, weight 100".to_owned()) };
    let progress = Progress { title: "Weights of the lecture's second figure".to_owned(), phase };
    world.tell(&mut state, Message::Progress(progress));
    insta::assert_snapshot!("experiments_stepping", screen(&state));
}

#[test]
fn ten_thousand_groups_cost_a_screen_not_ten_thousand_rows() {
    let mut world = World::v1();
    for a in 0..100 {
        world.group(&format!("/g{a:02}"), 100);
        for b in 0..100 {
            world.group_at(Place::new(CPU, format!("/g{a:02}/n{b:02}").as_bytes()), Some(10));
        }
    }
    let mut state = world.state(plain(), 80, 24);
    world.press(&mut state, "G");
    let text = screen(&state);
    assert!(text.contains("10,101 groups") && text.contains("n99"), "{text}");
}
