//! The terminal: taken, given back (after a panic on any thread, a signal, Ctrl-Z), and one write a frame.
//!
//! Giving back is idempotent and works without the guard's owner: a panic hook or a signal may do it first.
//!
//! Not here: what is drawn (`view`) and what keys mean (`app`).
use std::cell::RefCell;
use std::io::{self, Write};
use std::rc::Rc;
use std::sync::atomic::{AtomicBool, Ordering};

use crossterm::event::{DisableBracketedPaste, DisableMouseCapture, EnableBracketedPaste, EnableMouseCapture};
use crossterm::terminal::{
    BeginSynchronizedUpdate, EndSynchronizedUpdate, EnterAlternateScreen, LeaveAlternateScreen, disable_raw_mode,
    enable_raw_mode,
};
use crossterm::{cursor, execute, queue};
use ratatui::Frame;
use ratatui::backend::CrosstermBackend;

/// Whether the terminal is in cgrove's hands.
static TAKEN: AtomicBool = AtomicBool::new(false);

/// Collects what a frame writes, so that it leaves in one `write`.
#[derive(Clone, Debug, Default)]
struct Buffer(Rc<RefCell<Vec<u8>>>);

impl Write for Buffer {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.borrow_mut().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    /// Nothing: [`Screen::draw`] alone decides when a frame is complete.
    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// The terminal in cgrove's hands. Dropping it gives the terminal back.
pub struct Screen {
    terminal: ratatui::Terminal<CrosstermBackend<Buffer>>,
    buffer: Buffer,
    mouse: bool,
}

impl Screen {
    /// Takes the terminal: raw mode, alternate screen, bracketed paste, and the mouse if wanted.
    ///
    /// # Errors
    /// If stdout is no terminal or does not take the commands.
    pub fn take(mouse: bool) -> io::Result<Self> {
        let buffer = Buffer::default();
        let terminal = ratatui::Terminal::new(CrosstermBackend::new(buffer.clone()))?;
        let mut screen = Self { terminal, buffer, mouse };
        install_panic_hook();
        screen.enter()?;
        Ok(screen)
    }

    fn enter(&mut self) -> io::Result<()> {
        enable_raw_mode()?;
        TAKEN.store(true, Ordering::SeqCst);
        execute!(io::stdout(), EnterAlternateScreen, EnableBracketedPaste)?;
        if self.mouse {
            execute!(io::stdout(), EnableMouseCapture)?;
        }
        self.redraw_all()
    }

    /// Takes the terminal again after [`give_back`].
    ///
    /// # Errors
    /// As [`Screen::take`].
    pub fn take_again(&mut self) -> io::Result<()> {
        self.enter()
    }

    /// Takes or releases the mouse.
    ///
    /// # Errors
    /// If the terminal cannot be written.
    pub fn set_mouse(&mut self, on: bool) -> io::Result<()> {
        self.mouse = on;
        if on { execute!(io::stdout(), EnableMouseCapture) } else { execute!(io::stdout(), DisableMouseCapture) }
    }

    /// Makes the next draw paint every cell (after a resume, or Ctrl-L).
    ///
    /// # Errors
    /// If the size of the terminal cannot be read.
    pub fn redraw_all(&mut self) -> io::Result<()> {
        // Not `Terminal::clear`, which asks the terminal where the cursor is and fights the input thread for the answer.
        let (width, height) = crossterm::terminal::size()?;
        self.terminal.resize(ratatui::layout::Rect::new(0, 0, width, height))
    }

    /// Draws one frame and writes what changed, inside a synchronized update, in one `write`.
    ///
    /// # Errors
    /// If the terminal cannot be written.
    pub fn draw(&mut self, paint: impl FnOnce(&mut Frame<'_>)) -> io::Result<()> {
        queue!(self.buffer, BeginSynchronizedUpdate)?;
        self.terminal.draw(paint)?;
        queue!(self.buffer, EndSynchronizedUpdate)?;
        let bytes = std::mem::take(&mut *self.buffer.0.borrow_mut());
        let mut out = io::stdout().lock();
        out.write_all(&bytes)?;
        out.flush()
    }

    /// Writes bytes to the terminal outside of a frame (OSC 52).
    ///
    /// # Errors
    /// If the terminal cannot be written.
    pub fn write(&mut self, command: impl crossterm::Command) -> io::Result<()> {
        execute!(io::stdout(), command)
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        give_back();
    }
}

/// Gives the terminal back as it was found. Does nothing if that was done already.
pub fn give_back() {
    if !TAKEN.swap(false, Ordering::SeqCst) {
        return;
    }
    // Each step is tried even if one before it fails: a terminal that went away must not stop the rest.
    let steps = [
        execute!(io::stdout(), EndSynchronizedUpdate),
        execute!(io::stdout(), DisableMouseCapture),
        execute!(io::stdout(), DisableBracketedPaste),
        execute!(io::stdout(), LeaveAlternateScreen),
        execute!(io::stdout(), cursor::Show),
        disable_raw_mode(),
    ];
    drop(steps);
}

/// Gives the terminal back before a panic's message is printed, on whatever thread it happens.
fn install_panic_hook() {
    static ONCE: std::sync::Once = std::sync::Once::new();
    ONCE.call_once(|| {
        let before = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |info| {
            give_back();
            before(info);
        }));
    });
}
