//! What to do with the workloads of a group: end them, hold them, let them go on.
use crossterm::event::KeyEvent;

use crate::model::id::TaskKey;
use crate::plan::intent::{Intent, Target};

use super::super::change::{self, Ask};
use super::super::state::State;
use super::{Choice, Dialog, Face, Focus, Line, Moved, Reply, moved};

/// The menu.
#[derive(Clone, Debug)]
pub struct Menu {
    /// Where they are, in words ("cg2").
    pub place: String,
    /// The workloads' processes.
    pub processes: Vec<TaskKey>,
    /// Which answer has the focus.
    pub focus: usize,
}

impl Menu {
    /// How it looks.
    #[must_use]
    pub fn face(&self) -> Face {
        let pids: Vec<String> = self.processes.iter().take(8).map(|key| key.tid.to_string()).collect();
        let more = if self.processes.len() > 8 { ", …" } else { "" };
        let n = self.processes.len();
        let them = if n == 1 { "it" } else { "them" };
        Face {
            title: format!("{n} workload{} in {}", if n == 1 { "" } else { "s" }, self.place),
            lines: vec![Line::plain(format!("pid {}{more}", pids.join(", ")))],
            options: vec![
                Choice::new(format!("end {them}")),
                Choice::new(format!("hold {them}")),
                Choice::new(format!("let {them} go on")),
                Choice::new("leave"),
            ],
            focus: Focus::Option(self.focus),
            foot: "↑↓ Enter · Esc",
            ..Face::default()
        }
    }

    /// A key.
    pub(super) fn key(mut self, state: &mut State, key: &KeyEvent) -> Reply {
        match moved(self.focus, 4, key) {
            Moved::To(focus) => self.focus = focus,
            Moved::Take => {
                let focus = self.focus;
                return self.choose(state, focus);
            }
            Moved::Leave => return (None, Vec::new()),
            Moved::Other => {}
        }
        (Some(Dialog::Signals(self)), Vec::new())
    }

    /// An answer.
    pub(super) fn choose(self, state: &mut State, option: usize) -> Reply {
        let intent = match option {
            0 => Intent::Stop { processes: self.processes },
            1 => Intent::Hold { target: Target::Workloads(self.processes) },
            2 => Intent::Resume { target: Target::Workloads(self.processes) },
            _ => return (None, Vec::new()),
        };
        (None, change::begin(state, intent, Ask::AsPlanned))
    }
}
