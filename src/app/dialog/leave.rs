//! The receipt: what ends, what stays, what was changed; and how to leave.
use crossterm::event::KeyEvent;

use crate::model::workload::WorkloadState;

use super::super::command::{Command, Leave};
use super::super::kept;
use super::super::state::State;
use super::{Choice, Dialog, Face, Focus, Line, Moved, Reply, Tone, moved};

/// The receipt on screen.
#[derive(Clone, Copy, Debug, Default)]
pub struct Receipt {
    /// Which answer has the focus.
    pub focus: usize,
}

/// Whether there is anything to tell. If not, leaving needs no question.
#[must_use]
pub fn nothing_to_tell(state: &State) -> bool {
    state.made.is_empty()
        && state.undoable().next().is_none()
        && state.flight.is_none()
        && !state.workloads.iter().any(|w| w.state == WorkloadState::Running)
        && state.progress.is_none()
}

impl Receipt {
    /// How it looks.
    #[must_use]
    pub fn face(self, state: &State) -> Face {
        let mut lines = Vec::new();
        let running = state.workloads.iter().filter(|w| w.state == WorkloadState::Running).count();
        if running > 0 {
            let s = if running == 1 { " ends" } else { "s end" };
            lines.push(Line::plain(format!("{running} workload{s} with cgrove, either way")));
        }
        if let Some(snapshot) = state.snapshot() {
            let places: Vec<String> = state
                .made
                .iter()
                .filter_map(|&key| snapshot.structure.place(snapshot.structure.find(key)?))
                // The top of a hierarchy that was mounted is told with the mount.
                .filter(|place| !place.is_top())
                .map(|place| place.to_string())
                .collect();
            if !places.is_empty() {
                let s = if places.len() == 1 { "" } else { "s" };
                lines.push(Line::plain(format!("{} group{s} made: {}", places.len(), places.join(" "))));
            }
        }
        let changes: Vec<&str> = state.undoable().map(|entry| entry.title.as_str()).collect();
        if !changes.is_empty() {
            let s = if changes.len() == 1 { "" } else { "s" };
            lines.push(Line::plain(format!("{} change{s}, newest first:", changes.len())));
            lines.extend(changes.iter().take(5).map(|title| Line::toned(format!("  {title}"), Tone::Quiet)));
            if changes.len() > 5 {
                lines.push(Line::toned(format!("  and {} more", changes.len() - 5), Tone::Quiet));
            }
        }
        let kept = kept::told_of_all(state);
        if !kept.is_empty() {
            lines.push(Line::plain("on groups that were there before:"));
            lines.extend(kept.iter().take(5).map(|(what, fate, stays)| {
                Line::toned(format!("  {what}: {fate}"), if *stays { Tone::Quiet } else { Tone::Warning })
            }));
            if kept.len() > 5 {
                lines.push(Line::toned(format!("  and {} more: 4", kept.len() - 5), Tone::Quiet));
            }
        }
        if let Some(trial) = &state.trial {
            lines.push(Line::toned(
                format!("on trial, goes back either way (K keeps it): {}", trial.title),
                Tone::Warning,
            ));
        }
        if lines.is_empty() {
            lines.push(Line::plain("nothing was changed"));
        }
        Face {
            title: "leave".to_owned(),
            lines,
            options: vec![Choice::new("remove and restore"), Choice::new("keep"), Choice::new("stay")],
            focus: Focus::Option(self.focus),
            foot: "Enter · Esc stays",
            ..Face::default()
        }
    }

    /// A key.
    pub(super) fn key(self, state: &mut State, key: &KeyEvent) -> Reply {
        match moved(self.focus, self.face(state).options.len(), key) {
            Moved::To(focus) => (Some(Dialog::Leave(Self { focus })), Vec::new()),
            Moved::Take => Self::choose(self.focus),
            Moved::Leave => (None, Vec::new()),
            Moved::Other => (Some(Dialog::Leave(self)), Vec::new()),
        }
    }

    /// An answer.
    pub(super) fn choose(option: usize) -> Reply {
        match option {
            0 => (None, vec![Command::Quit(Leave::Restore)]),
            1 => (None, vec![Command::Quit(Leave::Keep)]),
            _ => (None, Vec::new()),
        }
    }
}
