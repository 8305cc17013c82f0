//! The experiment file: what is read from it, and what is said of a wrong one.
use std::fmt::Write as _;

use cgrove::experiment::cpus::{CpuName, CpuSpec};
use cgrove::experiment::file::Experiment;
use cgrove::experiment::parse::{Options, parse};
use cgrove::model::cgroup::Quota;
use cgrove::model::hierarchy::Version;
use proptest::prelude::*;

const FULL: &str = r#"
title = "everything"
version = 2
controller = "cpu"
seconds = 2.5
settle = 0
tolerance = 0.5
cpus = [0, "quiet:2"]

[[group]]
path = "a/b/c"
weight = 7

[[group]]
path = "a"
quota = 0.2
period_ms = 50
idle = true
[group.set]
"pids.max" = 20
"memory.max" = "1G"

[[workload]]
group = "a/b"
kind = "spin"
count = 2
threads = 3
nice = -5
cpus = "1-2"
duty = 0.25
held = true

[[workload]]
group = "a/b/c"
"#;

fn read(text: &str) -> Experiment {
    parse(text.as_bytes(), Options::default()).unwrap_or_else(|error| panic!("{error}\n{text}"))
}

#[test]
fn every_key_arrives() {
    let e = read(FULL);
    assert_eq!((e.title.as_str(), e.version), ("everything", Some(Version::V2)));
    assert_eq!(
        (e.seconds.to_bits(), e.settle.to_bits(), e.tolerance.to_bits()),
        (2.5_f64.to_bits(), 0, 0.5_f64.to_bits())
    );
    let paths: Vec<_> = e.groups.iter().map(|g| (g.path.as_str(), g.parent, g.line)).collect();
    assert_eq!(
        paths,
        [("a", None, Some(14)), ("a/b", Some(0), None), ("a/b/c", Some(1), Some(10))],
        "parents come first, with what the file says of them wherever it says it"
    );
    assert_eq!(e.groups[0].quota, Some(Quota { quota_us: Some(10_000), period_us: 50_000 }), "0.2 of 50 ms");
    assert!(e.groups[0].idle && !e.groups[2].idle);
    assert_eq!((e.groups[0].weight, e.groups[2].weight), (None, Some(7)));
    let set: Vec<_> = e.groups[0].set.iter().map(|s| (&*s.file, &*s.data)).collect();
    assert_eq!(set, [("pids.max", &b"20"[..]), ("memory.max", &b"1G"[..])], "in the order of the file");
    let w = &e.workloads[0];
    assert_eq!(
        (w.group, w.count, w.spin.threads, w.nice, w.spin.duty_millionths, w.held),
        (1, 2, 3, -5, 250_000, true)
    );
    assert_eq!(w.cpus, CpuSpec(vec![CpuName::Number(1), CpuName::Number(2)]));
    let w = &e.workloads[1];
    assert_eq!(
        (w.group, w.count, w.spin.threads, w.nice, w.spin.duty_millionths, w.held),
        (2, 1, 1, 0, 1_000_000, false)
    );
    assert_eq!(w.cpus, CpuSpec(vec![CpuName::Number(0), CpuName::Quiet(2)]), "the file's own where it has none");
    assert_eq!((e.processes(), e.tasks()), (3, 7));
}

#[test]
fn a_short_file_has_the_defaults_of_the_contract() {
    let e = read("[[group]]\npath = \"cg1\"\n");
    assert_eq!((e.version, e.seconds.to_bits(), e.settle.to_bits()), (None, 8_f64.to_bits(), 1_f64.to_bits()));
    assert_eq!((e.tolerance.to_bits(), e.workloads.len()), (1_f64.to_bits(), 0));
    assert_eq!((e.groups[0].weight, e.groups[0].quota, e.groups[0].set.len()), (None, None, 0));
    assert_eq!(CpuSpec::default(), CpuSpec(vec![CpuName::Quiet(1)]));
}

#[test]
fn a_byte_order_mark_and_windows_line_ends_change_nothing() {
    let windows = format!("\u{feff}{}", FULL.replace('\n', "\r\n"));
    assert_eq!(read(&windows), read(FULL));
    let error = parse("\u{feff}a = 1\r\nb = 2\r\n".as_bytes(), Options::default()).unwrap_err();
    assert_eq!((error.line, error.column), (1, 1));
}

#[test]
fn bytes_that_are_no_text_are_told_with_their_line() {
    let error = parse(b"title = \"ok\"\n# caf\xe9\n", Options::default()).unwrap_err();
    assert_eq!((error.line, error.to_string().contains("0xe9")), (2, true), "{error}");
    let error = parse(b"\xff\xfet\0i\0", Options::default()).unwrap_err();
    assert!(error.to_string().contains("UTF-16"), "{error}");
    let error = parse(&vec![b'#'; 2 << 20], Options::default()).unwrap_err();
    assert!(error.to_string().contains("2097152 bytes"), "{error}");
}

#[test]
fn many_tasks_need_force() {
    let text = "[[group]]\npath = \"a\"\n[[workload]]\ngroup = \"a\"\ncount = 16\nthreads = 16\n";
    assert_eq!(read(text).tasks(), 256);
    let more = format!("{text}[[workload]]\ngroup = \"a\"\n");
    let error = parse(more.as_bytes(), Options::default()).unwrap_err();
    assert_eq!(error.to_string(), "line 7: with this workload there are 257 tasks: at most 256; --force allows more");
    assert_eq!(parse(more.as_bytes(), Options { force: true }).unwrap().tasks(), 257);
    let most = text.replace("16\n", "30000\n");
    let error = parse(most.as_bytes(), Options { force: true }).unwrap_err();
    assert_eq!((error.line, error.message.contains("at most 30000")), (3, true), "{error}");
}

/// A valid group, two lines.
const G: &str = "[[group]]\npath = \"cg1\"\n";
/// A valid group and the begin of a workload in it, four lines.
const W: &str = "[[group]]\npath = \"cg1\"\n[[workload]]\ngroup = \"cg1\"\n";

#[test]
fn what_is_wrong_is_said_in_one_sentence_with_its_line() {
    let cases: &[(&str, String)] = &[
        ("empty file", String::new()),
        ("comments only", "# nothing\n\n".into()),
        ("no TOML", "title = \"x\"\nthis is not toml\n".into()),
        ("open text", "title = \"x\n".into()),
        ("key twice", format!("{G}weight = 1\nweight = 2\n")),
        ("unknown key", "tilte = \"x\"\n".into()),
        ("unknown key, far", "color = \"x\"\n".into()),
        ("unknown key of a group", format!("{G}shares = 600\n")),
        ("misspelt key of a group", format!("{G}weigth = 600\n")),
        ("misspelt key of a workload", format!("{W}nize = 1\n")),
        ("misspelt table", "[[groups]]\npath = \"a\"\n".into()),
        ("title a number", "title = 3\n".into()),
        ("version 3", "version = 3\n".into()),
        ("version a text", "version = \"2\"\n".into()),
        ("controller memory", "controller = \"memory\"\n".into()),
        ("seconds 0", "seconds = 0\n".into()),
        ("seconds negative", "seconds = -1.5\n".into()),
        ("seconds nan", "seconds = nan\n".into()),
        ("seconds inf", "seconds = inf\n".into()),
        ("seconds too many", "seconds = 1e9\n".into()),
        ("seconds beyond a float", "seconds = 1e999\n".into()),
        ("settle negative", "settle = -0.1\n".into()),
        ("tolerance 0", "tolerance = 0.0\n".into()),
        ("integer overflow", format!("{G}weight = 99999999999999999999\n")),
        ("cpus empty", "cpus = []\n".into()),
        ("cpus negative", "cpus = [0, -1]\n".into()),
        ("cpus too high", "cpus = [8192]\n".into()),
        ("cpus a fraction", "cpus = [0.5]\n".into()),
        ("cpus a number", "cpus = 0\n".into()),
        ("cpus misspelt", "cpus = \"quite\"\n".into()),
        ("cpus reversed", "cpus = \"3-1\"\n".into()),
        ("cpus in a list misspelt", "cpus = [\"quiet:0\"]\n".into()),
        ("group a table", "[group]\npath = \"cg1\"\n".into()),
        ("group a number", "group = 1\n".into()),
        ("no path", "[[group]]\nweight = 1\n".into()),
        ("path a number", "[[group]]\npath = 1\n".into()),
        ("path empty", "[[group]]\npath = \"\"\n".into()),
        ("path absolute", "[[group]]\npath = \"/cg1\"\n".into()),
        ("path with an empty component", "[[group]]\npath = \"cg1//cg2\"\n".into()),
        ("path upwards", "[[group]]\npath = \"cg1/../cg2\"\n".into()),
        ("path a control file", "[[group]]\npath = \"cg1/cpu.shares\"\n".into()),
        ("path tasks", "[[group]]\npath = \"tasks\"\n".into()),
        ("path with a newline", "[[group]]\npath = \"a\\nb\"\n".into()),
        ("path twice", format!("{G}{G}")),
        ("weight 0", format!("{G}weight = 0\n")),
        ("weight 0, version 1", format!("version = 1\n{G}weight = 1\n")),
        ("weight too large, version 2", format!("version = 2\n{G}weight = 10001\n")),
        ("weight too large", format!("{G}weight = 262145\n")),
        ("weight a fraction", format!("{G}weight = 1.5\n")),
        ("weight a text", format!("{G}weight = \"600\"\n")),
        ("quota 0", format!("{G}quota = 0\n")),
        ("quota negative", format!("{G}quota = -0.5\n")),
        ("quota under a millisecond", format!("{G}quota = 0.009\n")),
        ("quota under a millisecond, short period", format!("{G}quota = 0.5\nperiod_ms = 1\n")),
        ("period too short", format!("{G}quota = 1\nperiod_ms = 0.5\n")),
        ("period too long", format!("{G}quota = 1\nperiod_ms = 1001\n")),
        ("period without quota", format!("{G}period_ms = 100\n")),
        ("idle a number", format!("{G}idle = 1\n")),
        ("set a text", format!("{G}set = \"x\"\n")),
        ("set a command", format!("{G}[group.set]\n\"cgroup.procs\" = \"0\"\n")),
        ("set a kill", format!("{G}[group.set]\n\"cgroup.kill\" = \"1\"\n")),
        ("set the release agent", format!("{G}[group.set]\n\"release_agent\" = \"/bin/sh\"\n")),
        ("set the weight", format!("{G}[group.set]\n\"cpu.shares\" = \"1\"\n")),
        ("set the freezer", format!("{G}[group.set]\n\"cgroup.freeze\" = \"1\"\n")),
        ("set no control file", format!("{G}[group.set]\n\"colour\" = \"1\"\n")),
        ("set outside", format!("{G}[group.set]\n\"../pids.max\" = \"1\"\n")),
        ("set without quotes", format!("{G}[group.set]\npids.max = \"1\"\n")),
        ("set a boolean", format!("{G}[group.set]\n\"pids.max\" = true\n")),
        ("set nothing", format!("{G}[group.set]\n\"pids.max\" = \"\"\n")),
        ("set two lines", format!("{G}[group.set]\n\"pids.max\" = \"1\\n2\"\n")),
        ("workload without a group", format!("{G}[[workload]]\nkind = \"spin\"\n")),
        ("workload in no group", format!("{G}[[workload]]\ngroup = \"cg2\"\n")),
        ("workload far from any group", format!("{G}[[workload]]\ngroup = \"somewhere/else\"\n")),
        ("kind unknown", format!("{W}kind = \"memory\"\n")),
        ("count 0", format!("{W}count = 0\n")),
        ("count negative", format!("{W}count = -1\n")),
        ("threads 0", format!("{W}threads = 0\n")),
        ("nice 20", format!("{W}nice = 20\n")),
        ("nice -21", format!("{W}nice = -21\n")),
        ("duty 0", format!("{W}duty = 0\n")),
        ("duty over 1", format!("{W}duty = 1.01\n")),
        ("duty a text", format!("{W}duty = \"30%\"\n")),
        ("held a text", format!("{W}held = \"yes\"\n")),
        ("workload's cpus wrong", format!("{W}cpus = \"all\"\n")),
        ("the first of several", format!("seconds = 1\n{W}nice = 99\n[[group]]\npath = \"tasks\"\n")),
        ("a wrong group hides no workload's group", "[[group]]\npath = \"\"\n[[workload]]\ngroup = \"a\"\n".into()),
    ];
    let mut told = String::new();
    for (name, text) in cases {
        let error = parse(text.as_bytes(), Options::default()).expect_err(name);
        assert!(!error.message.contains('\n'), "{name}: more than one line");
        writeln!(told, "{name}\n    {error}").expect("a string takes everything");
    }
    insta::assert_snapshot!(told);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, failure_persistence: None, ..ProptestConfig::default() })]

    /// Whatever happens to a valid file, reading it answers: with an experiment or with a line that exists.
    #[test]
    fn mutations_of_a_file_never_panic(edits in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>(), 0..4_u8), 1..8)) {
        let mut bytes = FULL.as_bytes().to_vec();
        for (place, byte, how) in edits {
            let at = place.index(bytes.len());
            match how {
                0 => bytes[at] = byte,
                1 => bytes.insert(at, byte),
                2 => { bytes.remove(at); }
                _ => { bytes.truncate(at.max(1)); }
            }
            if bytes.is_empty() { bytes.push(b'\n'); }
        }
        if let Err(error) = parse(&bytes, Options { force: true }) {
            let lines = bytes.split(|&byte| byte == b'\n').count();
            prop_assert!(error.line >= 1 && error.line <= lines, "{} of {}: {}", error.line, lines, error);
            prop_assert!(error.column >= 1 && !error.message.is_empty() && !error.message.contains('\n'), "{}", error);
        }
    }

    /// Lines of a valid file in any order and number.
    #[test]
    fn shuffled_lines_never_panic(order in prop::collection::vec(any::<prop::sample::Index>(), 0..40)) {
        let lines: Vec<&str> = FULL.lines().collect();
        let text: String = order.iter().flat_map(|at| [lines[at.index(lines.len())], "\n"]).collect();
        if let Err(error) = parse(text.as_bytes(), Options::default()) {
            prop_assert!(error.line <= order.len().max(1), "{}", error);
        }
    }

    /// Any text.
    #[test]
    fn any_text_never_panics(text in "\\PC{0,200}") {
        drop(parse(text.as_bytes(), Options::default()));
    }
}
