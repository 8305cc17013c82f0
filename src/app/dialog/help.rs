//! Help: the open panel first, then every key, the mouse, the columns, the signs.
use crossterm::event::{KeyCode, KeyEvent};

use super::super::keymap::{About, BINDINGS};
use super::super::screen::Tab;
use super::super::state::{Panel, State};
use super::super::text::width;
use super::{Dialog, Face, Focus, Line, Reply, Tone};

/// Help on screen.
#[derive(Clone, Copy, Debug, Default)]
pub struct Help {
    /// First line on screen.
    pub top: usize,
}

/// Columns of the word, a blank after it included.
const WORD: usize = 11;

/// What each column says.
const COLUMNS: [(&str, &str); 9] = [
    ("RULE", "what the weights alone say, everybody busy: a part of the base, the group at the top of the tree"),
    ("OWED", "what the kernel owes now, given who wants the CPU, with nice values, quotas and pinned CPUs"),
    ("GETS", "what the kernel's counters say it got since the moment named at the top right"),
    ("vs RULE", "GETS less RULE in points; = is under one. The bar is GETS, the : in it RULE"),
    ("WEIGHT", "cpu.shares or cpu.weight as stored; it counts among siblings only. none: no cpu controller here"),
    ("TASKS", "threads in the group itself + in those below it"),
    ("WAIT", "part of the time that its tasks which want the CPU waited for it"),
    ("ENOUGH?", "enough; short: it wants more and is owed no more; capped: a quota stands against it; held; idle"),
    ("100 %", "of OWED and GETS is what the upper border says; % changes it, z makes the selected group the base"),
];

/// The signs, as they are and in ASCII.
const SIGNS: [(&str, &str, &str); 12] = [
    ("●", "*", "has tasks of its own"),
    ("○", "o", "has none"),
    ("‖", "=", "held: its tasks are stopped or frozen"),
    ("▾ ▸", "- +", "has groups below, shown or folded away"),
    ("▪", "#", "tagged with Space"),
    ("✓", "ok", "GETS is what it was owed, as far as ticks of the counters and changes meanwhile let tell"),
    ("≠", "!=", "it is not; the panel Why says more"),
    ("≈", "~", "an estimate: tasks that may run on several CPUs take part; it is never called wrong"),
    ("≥", ">", "at least: a task ended, or could not be read, and no counter of the group's tells"),
    ("…", "...", "wait: the second sample tells"),
    ("?", "?", "it cannot be known: something could not be read"),
    ("75.0 %", "75.0 %", "GETS with decimals is certain to half a point, without it is not yet"),
];

impl Help {
    /// How it looks.
    #[must_use]
    pub fn face(self, state: &State) -> Face {
        let mut lines = vec![Line::plain(match state.tab {
            Tab::Tree => panel(state.panel),
            Tab::Log => {
                "The log: what was done in this visit, the newest below, and what others changed. Arrows choose, Enter shows \
                 it on the full page, y copies its shell lines, u undoes it, W writes the whole visit as a script; \
                 * lists what others did elsewhere, too."
            }
        })];
        for about in About::ALL {
            lines.push(Line::toned(about.title(), Tone::Heading));
            let here = BINDINGS.iter().filter(|binding| binding.about == about);
            lines.extend(here.map(|b| entry(b.keys, b.help)));
        }
        lines.push(Line::toned("Mouse", Tone::Heading));
        lines
            .push(entry("drag", "a task onto a group moves it (Space tags several); or click it, m, click the target"));
        lines.push(entry("click", "a heading sorts, again reverses; the words on the bottom line are buttons"));
        lines.push(Line::toned("Columns", Tone::Heading));
        lines.extend(COLUMNS.iter().map(|(name, what)| entry(name, what)));
        lines.push(Line::toned("Signs", Tone::Heading));
        lines
            .extend(SIGNS.iter().map(|&(sign, ascii, what)| entry(if state.setup.ascii { ascii } else { sign }, what)));
        Face {
            title: "help: keys, then mouse, columns, signs".to_owned(),
            lines,
            options: Vec::new(),
            focus: Focus::None,
            foot: "↑↓ PgDn End · Esc",
            top: self.top,
            wide: true,
            ..Face::default()
        }
    }

    /// A key: any that does not scroll closes it.
    pub(super) fn key(self, key: &KeyEvent) -> Reply {
        let top = match key.code {
            KeyCode::Up | KeyCode::Char('k') => self.top.saturating_sub(1),
            KeyCode::Down | KeyCode::Char('j') => self.top + 1,
            KeyCode::PageUp => self.top.saturating_sub(10),
            KeyCode::PageDown | KeyCode::Char(' ') => self.top + 10,
            KeyCode::Home => 0,
            KeyCode::End => usize::MAX / 2,
            _ => return (None, Vec::new()),
        };
        (Some(Dialog::Help(Self { top })), Vec::new())
    }
}

/// A word and what it means, in two columns.
fn entry(word: &str, what: &str) -> Line {
    let blanks = " ".repeat(WORD.saturating_sub(width(word)).max(1));
    Line::toned(format!("  {word}{blanks}{what}"), Tone::Entry(WORD + 2))
}

fn panel(panel: Panel) -> &'static str {
    match panel {
        Panel::Why => {
            "The panel Why says why the selected group is owed what it is owed, and why it gets what it gets."
        }
        Panel::Tasks => "The panel Tasks: Tab goes into it, arrows choose a task, m moves it, H one row a process.",
        Panel::Files => "The panel Files: every file of the group with what it reads now.",
    }
}
