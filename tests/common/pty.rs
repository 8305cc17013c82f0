//! A program in a terminal: a pseudo-terminal on its side, a terminal emulator on ours.
//!
//! [`Terminal::start`] starts the program with the terminal as its standard input and output and as its controlling
//! terminal; a thread feeds what it writes to the emulator. The test sends keys and mouse events and waits: for a text,
//! for a condition, for a screen that no longer changes, for the end. Nothing here sleeps for a fixed time. Every failure
//! carries the command, the screen and what the program wrote to its standard error.
//!
//! Used by the tests of the screen, and by `screenshots/make`.
#![allow(dead_code, reason = "each program that includes this uses a part of it")]

use std::ffi::OsStr;
use std::fmt;
use std::fs::File;
use std::io::{self, Read, Write};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

/// How long to wait for anything before giving up: long, for hosts that are busy.
const PATIENCE: Duration = Duration::from_secs(20);
/// A screen that did not change for so long is stable.
const QUIET: Duration = Duration::from_millis(150);

/// A program in a terminal of its own. It is killed when this is dropped.
pub(crate) struct Terminal {
    command: String,
    child: Child,
    /// Our side. Closing it hangs the terminal up.
    keyboard: File,
    screen: Arc<Screen>,
    stderr: Arc<Mutex<Vec<u8>>>,
    stderr_reader: Option<JoinHandle<()>>,
}

/// The emulator, shared with the thread that feeds it.
struct Screen {
    state: Mutex<State>,
    changed: Condvar,
}

struct State {
    parser: vt100::Parser,
    /// When the program last wrote.
    last: Instant,
    /// The program closed its side.
    closed: bool,
    /// Everything it wrote.
    raw: Vec<u8>,
}

/// What did not come, with everything that helps to see why.
pub(crate) struct Failure(String);

impl fmt::Debug for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Failure {}

/// A cell of the screen, from 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Cell {
    pub(crate) row: u16,
    pub(crate) column: u16,
}

/// What the mouse does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mouse {
    Press,
    Drag,
    Release,
    WheelUp,
    WheelDown,
}

impl Terminal {
    /// Starts a program on a terminal with some rows and columns. `TERM` is `xterm-256color` unless `environment` says
    /// otherwise; the rest of the environment is this process's own.
    ///
    /// # Errors
    /// If no terminal can be had, or the program cannot be started. It is started by setsid(1), which makes the terminal
    /// its controlling one.
    pub(crate) fn start<S: AsRef<OsStr>>(
        program: impl AsRef<OsStr>,
        arguments: &[S],
        environment: &[(&str, &str)],
        rows: u16,
        columns: u16,
    ) -> io::Result<Self> {
        let size = nix::pty::Winsize { ws_row: rows, ws_col: columns, ws_xpixel: 0, ws_ypixel: 0 };
        let pty = nix::pty::openpty(Some(&size), None)?;
        let mut command = Command::new("setsid");
        command.arg("-c").arg(program).args(arguments);
        command.env("TERM", "xterm-256color").env_remove("NO_COLOR").env_remove("COLORTERM");
        command.envs(environment.iter().copied());
        command.stdin(pty.slave.try_clone()?).stdout(pty.slave).stderr(Stdio::piped());
        let mut child = command.spawn()?;
        let text = format!("{command:?} on {columns}x{rows}");
        // With the command goes our copy of the program's side, so that ours sees its end.
        drop(command);
        let keyboard = File::from(pty.master);
        let state = State {
            parser: vt100::Parser::new(rows, columns, 0),
            last: Instant::now(),
            closed: false,
            raw: Vec::new(),
        };
        let screen = Arc::new(Screen { state: Mutex::new(state), changed: Condvar::new() });
        let (from, to) = (keyboard.try_clone()?, Arc::clone(&screen));
        std::thread::spawn(move || to.feed(from));
        let stderr = Arc::new(Mutex::new(Vec::new()));
        let stderr_reader = child.stderr.take().map(|from| {
            let to = Arc::clone(&stderr);
            std::thread::spawn(move || collect(from, &to))
        });
        Ok(Self { command: text, child, keyboard, screen, stderr, stderr_reader })
    }

    /// The modes of the terminal, as `stty` shows them.
    ///
    /// # Errors
    /// What the kernel says.
    pub(crate) fn termios(&self) -> Result<rustix::termios::Termios, Failure> {
        rustix::termios::tcgetattr(&self.keyboard)
            .map_err(|error| self.failure(&format!("cannot read its modes: {error}")))
    }

    /// Process id of the program.
    pub(crate) fn pid(&self) -> i32 {
        i32::try_from(self.child.id()).unwrap_or(i32::MAX)
    }

    /// Types some text. `<Enter>`, `<Esc>`, `<Tab>`, `<S-Tab>`, `<Up>` … `<PgDn>`, `<F1>` … `<F12>` and `<C-x>` are keys,
    /// `<lt>` is a `<`.
    ///
    /// # Errors
    /// For a key that is not known, and if the program's side is closed.
    pub(crate) fn keys(&mut self, text: &str) -> Result<(), Failure> {
        let bytes = keys(text).map_err(|key| self.failure(&format!("`{key}` is no key")))?;
        self.write(&bytes)
    }

    /// Sends a mouse event in SGR encoding, left button.
    ///
    /// # Errors
    /// If the program's side is closed.
    pub(crate) fn mouse(&mut self, what: Mouse, at: Cell) -> Result<(), Failure> {
        let (button, end) = match what {
            Mouse::Press => (0, 'M'),
            Mouse::Drag => (32, 'M'),
            Mouse::Release => (0, 'm'),
            Mouse::WheelUp => (64, 'M'),
            Mouse::WheelDown => (65, 'M'),
        };
        self.write(format!("\x1b[<{button};{};{}{end}", at.column + 1, at.row + 1).as_bytes())
    }

    /// Presses and releases at one place.
    ///
    /// # Errors
    /// If the program's side is closed.
    pub(crate) fn click(&mut self, at: Cell) -> Result<(), Failure> {
        self.mouse(Mouse::Press, at)?;
        self.mouse(Mouse::Release, at)
    }

    /// Drags from one place to another, cell by cell down and then across, without letting go.
    ///
    /// # Errors
    /// If the program's side is closed.
    pub(crate) fn drag(&mut self, from: Cell, to: Cell) -> Result<(), Failure> {
        self.mouse(Mouse::Press, from)?;
        let mut at = from;
        while at != to {
            if at.row == to.row {
                at.column = if at.column < to.column { at.column + 1 } else { at.column - 1 };
            } else {
                at.row = if at.row < to.row { at.row + 1 } else { at.row - 1 };
            }
            self.mouse(Mouse::Drag, at)?;
        }
        Ok(())
    }

    /// Gives the terminal another size.
    ///
    /// # Errors
    /// What the kernel says.
    pub(crate) fn resize(&mut self, rows: u16, columns: u16) -> Result<(), Failure> {
        self.screen.state().parser.screen_mut().set_size(rows, columns);
        let size = rustix::termios::Winsize { ws_row: rows, ws_col: columns, ws_xpixel: 0, ws_ypixel: 0 };
        rustix::termios::tcsetwinsize(&self.keyboard, size)
            .map_err(|error| self.failure(&format!("cannot resize to {columns}x{rows}: {error}")))
    }

    /// The text on the screen, a line a row.
    pub(crate) fn text(&self) -> String {
        self.screen.state().parser.screen().contents()
    }

    /// The screen with its colours and modes.
    pub(crate) fn screen(&self) -> vt100::Screen {
        self.screen.state().parser.screen().clone()
    }

    /// Everything that the program wrote to the terminal.
    pub(crate) fn raw(&self) -> Vec<u8> {
        self.screen.state().raw.clone()
    }

    /// What the program wrote to its standard error so far.
    pub(crate) fn stderr(&self) -> String {
        String::from_utf8_lossy(&self.stderr.lock().unwrap_or_else(PoisonError::into_inner)).into_owned()
    }

    /// The first place where a text stands on the screen.
    pub(crate) fn find(&self, text: &str) -> Option<Cell> {
        find(self.screen.state().parser.screen(), text)
    }

    /// Waits until a text is on the screen.
    ///
    /// # Errors
    /// If it does not come, or the program ends before.
    pub(crate) fn wait_for(&self, text: &str) -> Result<Cell, Failure> {
        self.wait(&format!("the text {text:?}"), |state| find(state.parser.screen(), text))
    }

    /// Waits until a text is no longer on the screen.
    ///
    /// # Errors
    /// If it stays.
    pub(crate) fn wait_gone(&self, text: &str) -> Result<(), Failure> {
        self.wait_until(&format!("the text {text:?} to go"), |screen| find(screen, text).is_none())
    }

    /// Waits until something is true of the screen.
    ///
    /// # Errors
    /// If it does not come true, or the program ends before.
    pub(crate) fn wait_until(&self, what: &str, is: impl Fn(&vt100::Screen) -> bool) -> Result<(), Failure> {
        self.wait(what, |state| is(state.parser.screen()).then_some(()))
    }

    /// Waits until the program has not written anything for a moment.
    ///
    /// # Errors
    /// If it goes on writing.
    pub(crate) fn wait_stable(&self) -> Result<(), Failure> {
        self.wait("a stable screen", |state| (state.last.elapsed() >= QUIET).then_some(()))
    }

    /// Waits for the program to end by itself, and for all that it wrote.
    ///
    /// # Errors
    /// If it does not end.
    pub(crate) fn wait_exit(&mut self) -> Result<ExitStatus, Failure> {
        let deadline = Instant::now() + PATIENCE;
        let status = loop {
            match self.child.try_wait() {
                Ok(Some(status)) => break status,
                Ok(None) if Instant::now() < deadline => std::thread::sleep(Duration::from_millis(5)),
                Ok(None) => return Err(self.failure("waited for the program to end")),
                Err(error) => return Err(self.failure(&format!("cannot wait for the program: {error}"))),
            }
        };
        if let Some(reader) = self.stderr_reader.take() {
            // It ends with the pipe; a panic in it would only cost text.
            let _ = reader.join();
        }
        let mut state = self.screen.state();
        while !state.closed && Instant::now() < deadline {
            state = self.screen.sleep(state, QUIET);
        }
        Ok(status)
    }

    /// A failure with the command, the screen and standard error.
    pub(crate) fn failure(&self, what: &str) -> Failure {
        let screen = self.text();
        // A program that has ended may have complained at the very end.
        let deadline = Instant::now() + QUIET;
        let complete = |reader: &JoinHandle<()>| reader.is_finished() || Instant::now() > deadline;
        while self.screen.state().closed && !self.stderr_reader.as_ref().is_none_or(complete) {
            std::thread::sleep(Duration::from_millis(5));
        }
        let stderr = self.stderr();
        let bar = "-".repeat(60);
        Failure(format!(
            "{what}\ncommand: {}\nscreen:\n{bar}\n{screen}\n{bar}\nstandard error:\n{stderr}",
            self.command
        ))
    }

    fn write(&mut self, bytes: &[u8]) -> Result<(), Failure> {
        self.keyboard.write_all(bytes).map_err(|error| self.failure(&format!("cannot send keys: {error}")))
    }

    fn wait<T>(&self, what: &str, is: impl Fn(&State) -> Option<T>) -> Result<T, Failure> {
        let deadline = Instant::now() + PATIENCE;
        let mut state = self.screen.state();
        loop {
            if let Some(found) = is(&state) {
                return Ok(found);
            }
            let why = match (state.closed, Instant::now() >= deadline) {
                (true, _) => "the program ended",
                (_, true) => "nothing came",
                _ => {
                    state = self.screen.sleep(state, QUIET / 3);
                    continue;
                }
            };
            drop(state);
            return Err(self.failure(&format!("waited for {what}: {why}")));
        }
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Screen {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits for the program to write something, at most for `time`.
    fn sleep<'a>(&'a self, state: MutexGuard<'a, State>, time: Duration) -> MutexGuard<'a, State> {
        self.changed.wait_timeout(state, time).unwrap_or_else(PoisonError::into_inner).0
    }

    fn feed(&self, mut from: File) {
        let mut buffer = [0; 4096];
        loop {
            // EIO when the last one closes the other side.
            let read = from.read(&mut buffer).unwrap_or(0);
            let mut state = self.state();
            state.closed = read == 0;
            state.last = Instant::now();
            state.parser.process(&buffer[..read]);
            state.raw.extend_from_slice(&buffer[..read]);
            self.changed.notify_all();
            if read == 0 {
                return;
            }
        }
    }
}

fn collect(mut from: impl Read, to: &Mutex<Vec<u8>>) {
    let mut buffer = [0; 1024];
    while let Ok(read @ 1..) = from.read(&mut buffer) {
        to.lock().unwrap_or_else(PoisonError::into_inner).extend_from_slice(&buffer[..read]);
    }
}

fn find(screen: &vt100::Screen, text: &str) -> Option<Cell> {
    let (rows, columns) = screen.size();
    (0..rows).find_map(|row| {
        // By cells, since a wide character takes two columns and several bytes.
        let cells: Vec<&str> = (0..columns)
            .filter_map(|column| screen.cell(row, column))
            .map(|cell| if cell.has_contents() || cell.is_wide_continuation() { cell.contents() } else { " " })
            .collect();
        let line = cells.concat();
        let at = line.find(text)?;
        let mut bytes = 0;
        let column = cells.iter().position(|cell| {
            let here = bytes == at && !cell.is_empty();
            bytes += cell.len();
            here
        })?;
        Some(Cell { row, column: u16::try_from(column).ok()? })
    })
}

/// The bytes that a terminal sends for some keys.
fn keys(mut text: &str) -> Result<Vec<u8>, String> {
    let mut bytes = Vec::new();
    while let Some((before, rest)) = text.split_once('<') {
        let (name, after) = rest.split_once('>').ok_or_else(|| format!("<{rest}"))?;
        bytes.extend_from_slice(before.as_bytes());
        bytes.extend_from_slice(&key(name).ok_or_else(|| format!("<{name}>"))?);
        text = after;
    }
    bytes.extend_from_slice(text.as_bytes());
    Ok(bytes)
}

fn key(name: &str) -> Option<Vec<u8>> {
    let known = match name {
        "lt" => "<",
        "Enter" => "\r",
        "Esc" => "\x1b",
        "Tab" => "\t",
        "S-Tab" => "\x1b[Z",
        "Space" => " ",
        "Backspace" => "\x7f",
        "Delete" => "\x1b[3~",
        "Up" => "\x1b[A",
        "Down" => "\x1b[B",
        "Right" => "\x1b[C",
        "Left" => "\x1b[D",
        "Home" => "\x1b[H",
        "End" => "\x1b[F",
        "PgUp" => "\x1b[5~",
        "PgDn" => "\x1b[6~",
        "F1" => "\x1bOP",
        "F2" => "\x1bOQ",
        "F3" => "\x1bOR",
        "F4" => "\x1bOS",
        "F5" => "\x1b[15~",
        "F6" => "\x1b[17~",
        "F7" => "\x1b[18~",
        "F8" => "\x1b[19~",
        "F9" => "\x1b[20~",
        "F10" => "\x1b[21~",
        "F11" => "\x1b[23~",
        "F12" => "\x1b[24~",
        _ => {
            let letter = name.strip_prefix("C-").filter(|rest| rest.len() == 1)?.as_bytes()[0];
            return letter.is_ascii_lowercase().then(|| vec![letter - b'a' + 1]);
        }
    };
    Some(known.as_bytes().to_vec())
}
