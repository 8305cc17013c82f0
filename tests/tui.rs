//! The real program in a terminal emulator, without any right: what it shows, and how it gives the terminal back.
//!
//! Nothing here changes the host. What needs rights is in `tests/live/screen.rs`.
#![expect(clippy::expect_used, clippy::unwrap_used, reason = "a test that cannot begin or go on has failed")]

#[path = "common/pty.rs"]
mod pty;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use pty::Terminal;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// The program on a terminal of this size, with a state directory of its own.
struct Program {
    terminal: Terminal,
    _home: tempfile::TempDir,
}

fn start(rows: u16, columns: u16, arguments: &[&str], environment: &[(&str, &str)]) -> Program {
    let home = tempfile::tempdir().expect("a directory");
    let state = home.path().to_str().expect("its name").to_owned();
    let mut all = vec![("XDG_STATE_HOME", &*state), ("CGROVE_STATE", &*state), ("LC_ALL", "C.UTF-8")];
    all.extend_from_slice(environment);
    let arguments = [&["--read-only"], arguments].concat();
    let terminal = Terminal::start(env!("CARGO_BIN_EXE_cgrove"), &arguments, &all, rows, columns).expect("a terminal");
    Program { terminal, _home: home }
}

/// It is up when it has drawn its first sample.
fn started(rows: u16, columns: u16, arguments: &[&str], environment: &[(&str, &str)]) -> Program {
    let program = start(rows, columns, arguments, environment);
    program.terminal.wait_for("GROUP").unwrap();
    program.terminal.wait_gone("reading the host").unwrap();
    program
}

/// The emulator is as a shell expects it.
fn is_given_back(terminal: &Terminal) {
    let screen = terminal.screen();
    assert!(!screen.alternate_screen(), "the alternate screen is left");
    assert!(!screen.hide_cursor(), "the cursor is shown");
    assert!(!screen.bracketed_paste(), "bracketed paste is off");
    assert_eq!(screen.mouse_protocol_mode(), vt100::MouseProtocolMode::None, "the mouse is the terminal's own");
}

/// The line discipline, as `stty` would show it.
fn modes(terminal: &Terminal) -> rustix::termios::Termios {
    terminal.termios().expect("the terminal's modes")
}

fn is_cooked(terminal: &Terminal) -> bool {
    use rustix::termios::{InputModes, LocalModes, OutputModes};
    let modes = modes(terminal);
    modes.local_modes.contains(LocalModes::ICANON | LocalModes::ECHO | LocalModes::ISIG)
        && modes.input_modes.contains(InputModes::ICRNL)
        && modes.output_modes.contains(OutputModes::OPOST)
}

fn until(what: &str, is: impl Fn() -> bool) {
    let end = Instant::now() + Duration::from_secs(20);
    while !is() {
        assert!(Instant::now() < end, "waited for {what}");
        std::thread::sleep(Duration::from_millis(10));
    }
}

/// Where the hierarchies of this host are mounted, from mountinfo.
fn mounts() -> Vec<(bool, String)> {
    let text = std::fs::read_to_string("/proc/self/mountinfo").expect("mountinfo");
    let lines = text.lines().filter_map(|line| line.split_once(" - "));
    lines
        .filter(|(_, kind)| kind.starts_with("cgroup"))
        .map(|(at, kind)| (kind.starts_with("cgroup2"), at.split(' ').nth(4).unwrap_or_default().to_owned()))
        .collect()
}

#[test]
fn it_shows_this_hosts_hierarchies_and_leaves_the_terminal_as_it_was() {
    let mut program = started(24, 80, &[], &[]);
    let terminal = &mut program.terminal;
    assert!(terminal.screen().alternate_screen());
    assert!(!is_cooked(terminal), "raw mode while it runs");
    let header = terminal.text().lines().next().unwrap_or_default().to_owned();
    for (v2, version) in [(false, "v1"), (true, "v2")] {
        let there = mounts().iter().any(|(is_v2, _)| *is_v2 == v2);
        assert_eq!(header.contains(version), there, "{header}");
    }
    terminal.keys("q").unwrap();
    let status = terminal.wait_exit().unwrap();
    assert_eq!(status.code(), Some(0), "{}", terminal.stderr());
    is_given_back(terminal);
    assert!(is_cooked(terminal), "raw mode is left");
    assert_eq!(terminal.stderr(), "", "nothing was made, so nothing is to be said");
}

#[test]
fn help_filter_fold_and_hierarchies_by_keyboard() {
    let mut program = started(24, 80, &[], &[]);
    let terminal = &mut program.terminal;
    terminal.keys("?").unwrap();
    terminal.wait_for("new group in this one").unwrap();
    terminal.keys("<Esc>").unwrap();
    terminal.wait_gone("new group in this one").unwrap();
    terminal.keys("/no-such-group-anywhere<Enter>").unwrap();
    terminal.wait_for("filter: no-such-group-anywhere").unwrap();
    terminal.keys("<Esc>").unwrap();
    terminal.wait_gone("filter: no-such").unwrap();
    // Through all hierarchies and back: it neither ends nor stops drawing.
    terminal.keys("........,,,,,,,,").unwrap();
    terminal.keys("-").unwrap();
    terminal.keys("+").unwrap();
    terminal.keys("<Tab><Tab><Tab>").unwrap();
    terminal.keys("p").unwrap();
    terminal.wait_for("PAUSED").unwrap();
    terminal.keys("p").unwrap();
    terminal.wait_gone("PAUSED").unwrap();
    terminal.keys("n").unwrap();
    terminal.wait_for("--read-only: nothing is changed").unwrap();
    terminal.keys("<C-c>").unwrap();
    assert_eq!(terminal.wait_exit().unwrap().code(), Some(0));
    is_given_back(terminal);
}

#[test]
fn it_follows_the_size_of_the_terminal() {
    let mut program = started(24, 80, &[], &[]);
    let terminal = &mut program.terminal;
    terminal.resize(40, 120).unwrap();
    // The last line is the key line, wherever the last line is.
    terminal
        .wait_until("40 rows", |screen| screen.contents().lines().nth(39).is_some_and(|l| l.contains("help")))
        .unwrap();
    terminal.resize(16, 58).unwrap();
    terminal.wait_for("RULE").unwrap();
    terminal
        .wait_until("the big view", |screen| screen.contents().contains("OWED") && !screen.contents().contains("TASKS"))
        .unwrap();
    terminal.resize(10, 40).unwrap();
    terminal
        .wait_until("a message only", |screen| screen.contents().contains("58") && screen.contents().contains("16"))
        .unwrap();
    terminal.resize(1, 1).unwrap();
    terminal.resize(24, 80).unwrap();
    terminal.wait_for("GROUP").unwrap();
    terminal.keys("q").unwrap();
    assert_eq!(terminal.wait_exit().unwrap().code(), Some(0));
    is_given_back(terminal);
}

/// The parameters of every SGR sequence (`ESC [ … m`) that was written.
fn sgr(bytes: &[u8]) -> Vec<u16> {
    let mut all = Vec::new();
    for part in bytes.split(|&byte| byte == 0x1b).filter_map(|part| part.strip_prefix(b"[")) {
        let end = part.iter().position(|byte| !matches!(byte, b'0'..=b'9' | b';' | b':')).unwrap_or(part.len());
        if part.get(end) == Some(&b'm') {
            let text = String::from_utf8_lossy(&part[..end]).into_owned();
            all.extend(text.split([';', ':']).map(|number| number.parse::<u16>().unwrap_or(0)));
        }
    }
    all
}

fn is_colour(parameter: u16) -> bool {
    matches!(parameter, 30..=38 | 40..=48 | 58 | 90..=97 | 100..=107)
}

#[test]
fn no_color_means_no_colour_at_all() {
    let tour = |environment: &[(&str, &str)]| {
        let mut program = started(24, 80, &[], environment);
        let terminal = &mut program.terminal;
        terminal.keys("?").unwrap();
        terminal.wait_for("new group in this one").unwrap();
        terminal.keys("<Esc>").unwrap();
        terminal.wait_gone("new group in this one").unwrap();
        terminal.keys("b").unwrap();
        terminal.wait_stable().unwrap();
        terminal.keys("q").unwrap();
        terminal.wait_exit().unwrap();
        sgr(&terminal.raw())
    };
    let plain = tour(&[("NO_COLOR", "1")]);
    assert!(!plain.iter().copied().any(is_colour), "{plain:?}");
    assert!(tour(&[]).into_iter().any(is_colour), "there is colour otherwise");
}

#[test]
fn ascii_writes_no_other_byte() {
    for environment in [&[][..], &[("LC_ALL", "C"), ("LANG", "C")][..]] {
        let arguments: &[&str] = if environment.is_empty() { &["--ascii"] } else { &[] };
        let mut program = started(24, 80, arguments, environment);
        let terminal = &mut program.terminal;
        // Each Escape is seen before the next key: at once they would be that key with Alt.
        for (key, shows) in [("?", "new group in this one"), (":", "every command"), ("d", "seconds between")] {
            terminal.keys(key).unwrap();
            terminal.wait_for(shows).unwrap();
            terminal.keys("<Esc>").unwrap();
            terminal.wait_gone(shows).unwrap();
        }
        terminal.keys("<Tab>").unwrap();
        terminal.wait_for("[Tasks").unwrap();
        terminal.keys("<Tab>").unwrap();
        terminal.wait_for("[Files").unwrap();
        terminal.resize(16, 58).unwrap();
        terminal.wait_gone("GROUP").unwrap();
        terminal.keys("q").unwrap();
        terminal.wait_exit().unwrap();
        let raw = terminal.raw();
        if let Some(at) = raw.iter().position(|&byte| byte > 0x7f) {
            let around = &raw[at.saturating_sub(30)..(at + 30).min(raw.len())];
            panic!("byte {:#x}: {}", raw[at], String::from_utf8_lossy(around));
        }
    }
}

#[test]
fn every_ending_signal_gives_the_terminal_back() {
    for signal in [Signal::SIGTERM, Signal::SIGHUP, Signal::SIGINT, Signal::SIGQUIT] {
        let mut program = started(24, 80, &[], &[]);
        let terminal = &mut program.terminal;
        kill(Pid::from_raw(terminal.pid()), signal).unwrap();
        let status = terminal.wait_exit().unwrap();
        assert_eq!(status.code(), Some(0), "after {signal}: {status}");
        is_given_back(terminal);
        assert!(is_cooked(terminal), "after {signal}");
    }
}

/// Not a test: the program of the next one. It takes the terminal as cgrove does, and panics on a thread of its own.
#[test]
#[ignore = "started by the test below, in a terminal of its own"]
fn a_program_that_panics() {
    use cgrove::runtime::terminal::Screen;
    let mut screen = Screen::take(true).expect("a terminal");
    screen.draw(|frame| frame.render_widget("taken", frame.area())).expect("to draw");
    let mut line = String::new();
    // Raw mode: a line ends with the carriage return that Enter is.
    while !line.ends_with('\r') {
        let mut byte = [0];
        std::io::Read::read_exact(&mut std::io::stdin(), &mut byte).expect("a key");
        line.push(char::from(byte[0]));
    }
    let thread = std::thread::spawn(|| panic!("on purpose"));
    thread.join().expect_err("it panicked");
    // Still running: only the panic hook can have given the terminal back.
    std::thread::sleep(Duration::from_secs(60));
}

#[test]
fn a_panic_on_any_thread_gives_the_terminal_back_before_it_is_told() {
    let this = std::env::current_exe().expect("this program");
    let arguments = ["--exact", "a_program_that_panics", "--ignored", "--nocapture"];
    let mut terminal = Terminal::start(this, &arguments, &[], 24, 80).expect("a terminal");
    terminal.wait_for("taken").unwrap();
    assert!(terminal.screen().alternate_screen() && !is_cooked(&terminal));
    assert_ne!(terminal.screen().mouse_protocol_mode(), vt100::MouseProtocolMode::None);
    terminal.keys("<Enter>").unwrap();
    until("the panic's message", || terminal.stderr().contains("on purpose"));
    terminal.wait_until("the shell's screen", |screen| !screen.alternate_screen()).unwrap();
    is_given_back(&terminal);
    assert!(is_cooked(&terminal));
}

#[test]
fn ctrl_z_gives_the_terminal_to_the_shell_and_comes_back() {
    let mut program = started(24, 80, &[], &[]);
    let terminal = &mut program.terminal;
    let pid = terminal.pid();
    let state = || {
        let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
        stat.rsplit_once(") ").and_then(|(_, rest)| rest.chars().next())
    };
    terminal.keys("<C-z>").unwrap();
    until("a stopped process", || state() == Some('T'));
    terminal.wait_until("the shell's screen", |screen| !screen.alternate_screen() && !screen.hide_cursor()).unwrap();
    is_given_back(terminal);
    assert!(is_cooked(terminal));
    kill(Pid::from_raw(pid), Signal::SIGCONT).unwrap();
    terminal.wait_until("its own screen again", vt100::Screen::alternate_screen).unwrap();
    terminal.wait_for("GROUP").unwrap();
    assert!(!is_cooked(terminal), "raw mode again");
    terminal.keys("?").unwrap();
    terminal.wait_for("new group in this one").unwrap();
    terminal.keys("<Esc>").unwrap();
    terminal.wait_gone("new group in this one").unwrap();
    terminal.keys("q").unwrap();
    assert_eq!(terminal.wait_exit().unwrap().code(), Some(0));
    is_given_back(terminal);
}

#[test]
fn without_a_terminal_it_says_what_prints_the_same() {
    let output = Command::new(env!("CARGO_BIN_EXE_cgrove")).stdin(Stdio::null()).output().expect("the program");
    assert_eq!(output.status.code(), Some(2));
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert_eq!(stderr.lines().count(), 1, "{stderr}");
    assert!(stderr.contains("cgrove tree"), "{stderr}");
    assert!(output.stdout.is_empty());
}
