//! The terminal that the tests of the screen use, tried with programs that every host has.
#![expect(clippy::expect_used, reason = "a test that cannot begin has failed")]

#[path = "common/pty.rs"]
mod pty;

use pty::{Cell, Mouse, Terminal};

/// A shell with a program text, on 8 rows of 40 columns.
fn shell(program: &str) -> Terminal {
    Terminal::start("sh", &["-c", program], &[], 8, 40).expect("a terminal and a shell")
}

#[test]
fn text_comes_and_keys_go() {
    let mut terminal =
        shell(r#"printf '\033[2J\033[3;5Hname?'; read -r name; printf '\nhello %s' "$name"; read -r end"#);
    assert_eq!(terminal.wait_for("name?").unwrap(), Cell { row: 2, column: 4 });
    terminal.keys("ada<Enter>").unwrap();
    terminal.wait_for("hello ada").unwrap();
    terminal.wait_stable().unwrap();
    terminal.keys("<C-d>").unwrap();
    assert_eq!(terminal.wait_exit().unwrap().code(), Some(1), "read fails at the end of its input");
}

#[test]
fn it_is_the_controlling_terminal_and_has_a_size() {
    let mut terminal = shell(
        "trap 'stty size </dev/tty; exit 0' WINCH; trap 'echo interrupted' INT; stty size </dev/tty
         while :; do sleep 0.02; done",
    );
    terminal.wait_for("8 40").unwrap();
    terminal.keys("<C-c>").unwrap();
    terminal.wait_for("interrupted").unwrap();
    terminal.resize(12, 30).unwrap();
    terminal.wait_for("12 30").unwrap();
    assert!(terminal.wait_exit().unwrap().success());
}

#[test]
fn the_mouse_is_sent_as_a_terminal_does() {
    let mut terminal = shell("stty raw -echo; printf ready; dd bs=1 count=30 2>/dev/null | tr '\\033' E");
    terminal.wait_for("ready").unwrap();
    terminal.click(Cell { row: 1, column: 9 }).unwrap();
    terminal.mouse(Mouse::WheelDown, Cell { row: 0, column: 0 }).unwrap();
    terminal.wait_for("E[<0;10;2ME[<0;10;2mE[<65;1;1M").unwrap();
}

#[test]
fn wide_characters_take_two_cells() {
    let terminal = shell("printf '日本 x'; sleep 60");
    assert_eq!(terminal.wait_for("x").unwrap(), Cell { row: 0, column: 5 });
    assert_eq!(terminal.find("本"), Some(Cell { row: 0, column: 2 }));
}

#[test]
fn a_failure_shows_command_screen_and_standard_error() {
    let terminal = shell("echo seen; echo complaint >&2");
    let failure = terminal.wait_for("something else").unwrap_err().to_string();
    for part in ["\"something else\"", "the program ended", "\"sh\" \"-c\"", "40x8", "seen", "complaint"] {
        assert!(failure.contains(part), "no {part} in:\n{failure}");
    }
}
