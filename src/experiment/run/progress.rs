//! How far a run is, for a screen.
use super::{Phase, Run, build};
use crate::experiment::setup::Setup;

/// How far a run is.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Progress {
    /// Groups are being made and workloads launched: changes done, of so many.
    Building {
        /// Done.
        done: usize,
        /// Of so many.
        of: usize,
    },
    /// Waiting for the split to settle.
    Settling,
    /// Measuring.
    Measuring {
        /// Seconds so far.
        so_far: f64,
        /// Seconds in all.
        of: f64,
    },
    /// Being taken back.
    Undoing,
    /// Over.
    Over,
}

/// Every change that building makes, in order, in words.
#[must_use]
pub fn changes(setup: &Setup) -> Vec<String> {
    let groups = (0..setup.experiment.groups.len()).map(|group| build::say(setup, group));
    let mut changes: Vec<String> = groups.collect();
    changes.push(format!("launch {}", build::workloads(setup)));
    if build::processes(setup).any(|workload| workload.held) {
        changes.push("hold the workloads that are to be held".to_owned());
    }
    changes
}

impl Run {
    /// How far it is.
    #[must_use]
    pub fn how_far(&self) -> Progress {
        let groups = self.setup.experiment.groups.len();
        let of = changes(&self.setup).len();
        let building = |done| Progress::Building { done, of };
        match self.phase {
            Phase::Check | Phase::Stage => building(0),
            Phase::Build(group) => building(group),
            Phase::Launch => building(groups),
            Phase::Hold => building(groups + 1),
            Phase::Settle(_) => Progress::Settling,
            Phase::Measure => Progress::Measuring {
                so_far: self.window.as_ref().map_or(0.0, crate::experiment::measure::Window::seconds),
                of: self.seconds(),
            },
            Phase::Undo | Phase::Look => Progress::Undoing,
            Phase::Over => Progress::Over,
        }
    }
}
