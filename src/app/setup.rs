//! What is fixed for the visit: the command line, the terminal, the host as found at the start.
use std::time::Duration;

use crate::model::place::Place;
use crate::plan::survey::Limits;

use super::experiment::Shipped;

/// The fixed facts of a visit.
#[derive(Clone, Debug)]
pub struct Setup {
    /// Where cgrove builds; `None` where it may build nowhere.
    pub stage: Option<Place>,
    /// Why there is no stage, and what would give one: one line.
    pub no_stage: Option<String>,
    /// What the command line forbids.
    pub limits: Limits,
    /// Colours.
    pub theme: ThemeChoice,
    /// Words instead of signs (`--ascii`, TERM=linux, a locale without UTF-8).
    pub ascii: bool,
    /// Whether the mouse is captured (`--no-mouse`: no).
    pub mouse: bool,
    /// Start with the big view (`--big`).
    pub big: bool,
    /// Time between two samplings (`-d`).
    pub delay: Duration,
    /// How long values are tried on groups that cgrove did not make.
    pub trial: Duration,
    /// Experiments that come with cgrove, in the order to offer.
    pub experiments: Vec<Shipped>,
    /// An experiment to open at once (`--open`).
    pub open: Option<super::experiment::Source>,
    /// Hierarchy to show first (`--hierarchy`); `None`: the one with cpu.
    pub hierarchy: Option<crate::model::id::HierarchyId>,
}

/// Which colours.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum ThemeChoice {
    /// None at all (`NO_COLOR`, `--theme none`): bold, reverse and dim only.
    None,
    /// The terminal's own sixteen.
    #[default]
    Sixteen,
    /// 24-bit, for a dark background.
    Dark,
    /// 24-bit, for a light background (a projector).
    Light,
}

impl Default for Setup {
    fn default() -> Self {
        Self {
            stage: None,
            no_stage: None,
            limits: Limits::default(),
            theme: ThemeChoice::default(),
            ascii: false,
            mouse: true,
            big: false,
            delay: Duration::from_secs(1),
            trial: Duration::from_secs(30),
            experiments: Vec::new(),
            open: None,
            hierarchy: None,
        }
    }
}
