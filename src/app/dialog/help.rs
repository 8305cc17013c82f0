//! Help: the open panel first, then every key, then the signs.
use crossterm::event::{KeyCode, KeyEvent};

use super::super::keymap::{About, BINDINGS};
use super::super::state::{Panel, State};
use super::{Dialog, Face, Focus, Line, Reply, Tone};

/// Help on screen.
#[derive(Clone, Copy, Debug, Default)]
pub struct Help {
    /// First line on screen.
    pub top: usize,
}

const WORDS: &str = "RULE is what the weights alone say, everybody busy. OWED is what the kernel owes now, given who wants \
                     the CPU. GETS is what its counters say it gave.";

impl Help {
    /// How it looks.
    #[must_use]
    pub fn face(self, state: &State) -> Face {
        let mut lines = vec![Line::plain(WORDS), Line::plain(panel(state.panel))];
        for about in About::ALL {
            lines.push(Line::toned(about.title(), Tone::Heading));
            let here = BINDINGS.iter().filter(|binding| binding.about == about);
            lines.extend(here.map(|b| Line::plain(format!("  {:<10} {}", b.keys, b.help))));
        }
        lines.push(Line::toned("Mouse", Tone::Heading));
        lines.push(Line::plain("  drag a group or a task onto a group to move it; or click it, m, click the target"));
        lines
            .push(Line::plain("  click a heading to sort, again to reverse; the words on the bottom line are buttons"));
        lines.push(Line::toned("Signs", Tone::Heading));
        let signs = if state.setup.ascii {
            "  * has tasks   o empty   = held   ok GETS agrees with OWED   != it does not   ~ about   ... wait   ? unknown"
        } else {
            "  ● has tasks   ○ empty   ‖ held   ✓ GETS agrees with OWED   ≠ it does not   ≈ about   … wait   ? unknown"
        };
        lines.push(Line::plain(signs));
        lines.push(Line::plain("  GETS has decimals only where it is certain to half a point; : in the bar is RULE"));
        Face {
            title: "help".to_owned(),
            lines,
            options: Vec::new(),
            focus: Focus::None,
            foot: "↑↓ · Esc",
            top: self.top,
            wide: true,
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

fn panel(panel: Panel) -> &'static str {
    match panel {
        Panel::Why => {
            "The panel Why says why the selected group is owed what it is owed, and why it gets what it gets."
        }
        Panel::Tasks => "The panel Tasks: Tab goes into it, arrows choose a task, m moves it, H one row a process.",
        Panel::Files => "The panel Files: every file of the group with what it reads now.",
    }
}
