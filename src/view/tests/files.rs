//! The panel of files, its full page, and the editors of each format.
use super::*;
use crate::model::bytes::Bytes;
use crate::model::errno::Errno;
use crate::plan::intent::{Intent, Setting};
use crate::plan::refusal::Refusal;

type Files = Vec<(&'static str, u32, Field<Bytes>)>;

fn value(text: &str) -> Field<Bytes> {
    Field::new(text.as_bytes().into(), Mono(1))
}

fn rw(files: &[(&'static str, &str)]) -> Files {
    files.iter().map(|(name, text)| (*name, 0o644, value(text))).collect()
}

/// The files of a v1 group with cpu.
fn of_cpu() -> Files {
    let mut files = rw(&[("cgroup.clone_children", "0\n"), ("cgroup.procs", "4241\n")]);
    files.push(("cgroup.event_control", 0o222, Field::Unread));
    files.extend(rw(&[
        ("cpu.cfs_burst_us", "0\n"),
        ("cpu.cfs_period_us", "100000\n"),
        ("cpu.cfs_quota_us", "-1\n"),
        ("cpu.idle", "0\n"),
        ("cpu.shares", "100\n"),
    ]));
    files.push(("cpu.stat", 0o444, value("nr_periods 20\nnr_throttled 5\nthrottled_time 1500000000\n")));
    files.extend(rw(&[("cpu.vendor", "x y\n"), ("notify_on_release", "0\n")]));
    files.push(("release_agent", 0o644, Field::Denied(Errno::EACCES)));
    files.push(("tasks", 0o644, value("4241\n")));
    files
}

/// A state with the files of cg2 on screen, after some keys.
fn at_files(setup: Setup, size: (u16, u16), keys: &str) -> (World, State) {
    let mut world = figure();
    world.files = of_cpu();
    let mut state = world.state(setup, size.0, size.1);
    world.press(&mut state, "jj<Tab><Tab>");
    let frame = world.frame_with_files("/cg1/cg2");
    world.tell(&mut state, frame);
    world.press(&mut state, keys);
    (world, state)
}

fn shown(setup: Setup, size: (u16, u16), keys: &str) -> String {
    screen(&at_files(setup, size, keys).1)
}

/// A world of one v1 hierarchy, or of v2, with one group and its files on screen.
fn alone(version: Version, controller: &str, files: Files, above: Files) -> (World, State) {
    let point = format!("/sys/fs/cgroup/{controller}");
    let (mode, controllers) = match version {
        Version::V1 => (Mode::Legacy, vec![controller]),
        Version::V2 => (Mode::Unified, vec!["cpuset", "cpu", "io", "memory", "pids"]),
    };
    let mut world = World::new(mode, vec![hierarchy(1, version, &controllers, None, &point)]);
    world.group_at(Place::new(CPU, b"/lab"), None);
    world.group_at(Place::new(CPU, b"/lab/a"), None);
    (world.files, world.files_above) = (files, above);
    let mut state = world.state(plain(), 80, 24);
    world.press(&mut state, "jj<Tab><Tab>");
    let frame = world.frame_with_files("/lab/a");
    world.tell(&mut state, frame);
    (world, state)
}

#[test]
fn files_80x24() {
    insta::assert_snapshot!(shown(plain(), (80, 24), "jj"));
}

#[test]
fn files_120x40() {
    insta::assert_snapshot!(shown(plain(), (120, 40), "jjjj"));
}

#[test]
fn files_ascii_80x24() {
    insta::assert_snapshot!(shown(ascii(), (80, 24), "jjjjj"));
}

#[test]
fn files_full_page_80x24() {
    insta::assert_snapshot!(shown(plain(), (80, 24), "jjjjjlZ"));
}

#[test]
fn the_full_page_begins_with_a_heading() {
    let text = shown(plain(), (80, 24), "jjjjjlZG");
    assert!(text.contains("core, in every group"), "{text}");
    let text = shown(plain(), (80, 24), "jjjjjlZGkkkkkkkkkkkkkkkkkkkk");
    assert!(text.contains("│ cpu\n") && text.contains("> cpu.cfs_burst_us"), "{text}");
}

#[test]
fn files_found_by_a_word() {
    insta::assert_snapshot!(shown(plain(), (80, 24), "/quota<Enter>"));
}

#[test]
fn a_file_that_changed_is_marked_and_one_that_was_set_says_by_whom() {
    let (mut world, mut state) = at_files(plain(), (80, 24), "j");
    world.press(&mut state, "jjj<Enter>300<Enter>");
    world.files = of_cpu();
    let frame = world.frame_with_files("/cg1/cg2");
    world.tell(&mut state, frame);
    for (name, _, content) in &mut world.files {
        match *name {
            "cpu.shares" => *content = value("300\n"),
            "cpu.stat" => *content = value("nr_periods 21\n"),
            _ => {}
        }
    }
    let frame = world.frame_with_files("/cg1/cg2");
    world.tell(&mut state, frame);
    insta::assert_snapshot!(screen(&state));
}

#[test]
fn files_that_are_not_read_yet_say_so() {
    let text = shot(figure(), plain(), (80, 24), "jj<Tab><Tab>");
    assert!(text.contains("being read"), "{text}");
}

#[test]
fn a_command_names_its_key() {
    let mut all = String::new();
    for keys in ["G<Enter>", "/event_control<Enter><Enter>", "/procs<Enter>Ze"] {
        all += shown(plain(), (80, 24), keys).lines().last().unwrap();
        all.push('\n');
    }
    insta::assert_snapshot!(all);
}

#[test]
fn editing_a_number() {
    let mut all = String::new();
    // Opened; a step; the octal trap; no whole number; stored otherwise.
    for keys in ["", "<Up>", "0400", "1e3", "0"] {
        all += &shown(plain(), (80, 24), &format!("/shares<Enter>e{keys}"));
    }
    insta::assert_snapshot!(all);
}

#[test]
fn editing_a_number_120x40() {
    insta::assert_snapshot!(shown(plain(), (120, 40), "/shares<Enter>e0400<Tab>"));
}

#[test]
fn editing_a_quota_of_v1() {
    let mut all = String::new();
    for keys in ["50%", "0.25 CPU", "20000", "500", "max", "<Down>"] {
        all += &shown(plain(), (80, 24), &format!("/cfs_quota<Enter>e{keys}"));
    }
    insta::assert_snapshot!(all);
}

#[test]
fn editing_a_flag_and_an_unknown_file() {
    let flag = shown(plain(), (80, 24), "/idle<Enter>e<Down>");
    let unknown = shown(ascii(), (80, 24), "/vendor<Enter>ez");
    insta::assert_snapshot!(flag + &unknown);
}

#[test]
fn editing_a_quota_and_its_period() {
    let files = || rw(&[("cpu.max", "max 100000\n"), ("cpu.weight", "100\n")]);
    let mut all = String::new();
    for keys in ["e0.5 CPU", "e20 ms<Tab>50 ms", "e050000", "e<Down><Down>"] {
        let (mut world, mut state) = alone(Version::V2, "cpu", files(), Vec::new());
        world.press(&mut state, keys);
        all += &screen(&state);
    }
    insta::assert_snapshot!(all);
}

#[test]
fn editing_a_list() {
    let files = || rw(&[("cpuset.cpus", "0-1\n"), ("cpuset.mems", "0\n")]);
    let above = || rw(&[("cpuset.cpus", "0-3\n"), ("cpuset.mems", "0\n")]);
    let refusal = || {
        let set = Setting { file: "cpuset.cpus".into(), data: (*b"0-3").into() };
        Refusal::new(
            "cannot set cpuset.cpus of a",
            "cpuset.cpus of a group is part of its parent's, which is 0-3; 0-7 is not. (EACCES)",
        )
        .way("write 0-3", vec![Intent::Set { group: Place::new(CPU, b"/lab/a"), setting: set }])
    };
    let mut all = String::new();
    for keys in ["e", "e<Down> <Right><Right> ", "e0-7", "e3-1", "e<Bksp><Bksp><Bksp>"] {
        let (mut world, mut state) = alone(Version::V1, "cpuset", files(), above());
        world.refused.insert(("cpuset.cpus", "0-7"), refusal());
        world.press(&mut state, keys);
        all += &screen(&state);
    }
    insta::assert_snapshot!(all);
}

#[test]
fn editing_lines_of_a_key() {
    let files = || {
        let mut files = rw(&[("blkio.throttle.read_bps_device", "8:0 1048576\n8:16 4096\n")]);
        files.push(("blkio.throttle.io_serviced", 0o444, value("8:0 Read 5\n254:0 Read 7\nTotal 12\n")));
        files
    };
    let mut all = String::new();
    for keys in ["", "<Bksp><Bksp><Bksp>", "<Down><Down>254:0 1M", "<Del>"] {
        let (mut world, mut state) = alone(Version::V1, "blkio", files(), Vec::new());
        world.press(&mut state, &format!("/bps<Enter>e{keys}"));
        all += &screen(&state);
    }
    insta::assert_snapshot!(all);
}

#[test]
fn editing_words_and_bytes() {
    let freezer = rw(&[("freezer.state", "THAWED\n"), ("tasks", "")]);
    let (mut world, mut state) = alone(Version::V1, "freezer", freezer, Vec::new());
    world.press(&mut state, "e<Up>");
    let mut all = screen(&state);
    for keys in ["10M", "4097", "1.5M", "max", "999999999999999999999"] {
        let files = rw(&[("memory.limit_in_bytes", "9223372036854771712\n")]);
        let (mut world, mut state) = alone(Version::V1, "memory", files, Vec::new());
        world.press(&mut state, &format!("e{keys}"));
        all += &screen(&state);
    }
    insta::assert_snapshot!(all);
}

#[test]
fn the_cap_in_words_while_it_is_typed() {
    let mut all = String::new();
    for keys in ["", "0.5", "50%", "x"] {
        all += shot(figure(), plain(), (80, 24), &format!("jjT{keys}")).lines().last().unwrap();
        all.push('\n');
    }
    insta::assert_snapshot!(all);
}

/// A v2 group that holds processes, beside v1 hierarchies.
fn controllers(keys: &str, size: (u16, u16), setup: Setup) -> String {
    let v2 = hierarchy(1, Version::V2, &["cpuset", "io", "memory", "pids"], None, "/sys/fs/cgroup");
    let v1 = hierarchy(2, Version::V1, &["cpu", "cpuacct"], None, "/sys/fs/cgroup/cpu,cpuacct");
    let mut world = World::new(Mode::Hybrid, vec![v2, v1]);
    world.group_at(Place::new(CPU, b"/lab"), None);
    world.files = vec![
        ("cgroup.controllers", 0o444, value("io memory pids\n")),
        ("cgroup.subtree_control", 0o644, value("memory\n")),
    ];
    let leaf = Intent::Create {
        parent: Place::new(CPU, b"/lab"),
        path: (*b"leaf").into(),
        settings: Vec::new(),
        controllers: Vec::new(),
    };
    let rule = "lab holds 2 processes (4242 (nginx), 4243 (nginx)). The kernel would accept +pids here, but turn lab into a \
                threaded domain: every group below it becomes \"domain invalid\", and no process could enter one (EOPNOTSUPP).";
    let refusal = Refusal::new("cannot set cgroup.subtree_control of lab", rule)
        .way("make lab/leaf, move the 2 processes there, then go on", vec![leaf]);
    world.refused.insert(("cgroup.subtree_control", "+pids"), refusal);
    let mut state = world.state(setup, size.0, size.1);
    world.press(&mut state, "jc");
    let frame = world.frame_with_files("/lab");
    world.tell(&mut state, frame);
    world.press(&mut state, keys);
    screen(&state)
}

#[test]
fn controllers_of_a_group() {
    let mut all = controllers("", (80, 24), plain());
    // Memory off; the threaded trap; io on and memory off at once.
    for keys in ["<Down> ", "<Down><Down> ", " <Down> <Down>"] {
        all += &controllers(keys, (80, 24), plain());
    }
    insta::assert_snapshot!(all);
}

#[test]
fn controllers_120x40_and_ascii() {
    insta::assert_snapshot!(controllers("<Down><Down> ", (120, 40), plain()) + &controllers("", (80, 24), ascii()));
}

#[test]
fn controllers_of_v1_belong_to_the_hierarchy() {
    let text = shot(figure(), plain(), (80, 24), "jc");
    assert!(text.contains("every group of a hierarchy has its controllers; M mounts hierarchies"), "{text}");
}
