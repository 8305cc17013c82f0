//! Opening an experiment: which one, then at once or step by step, then how it goes on.
use crossterm::event::KeyEvent;

use super::super::command::Command;
use super::super::experiment::{Control, Loaded, Phase, Source};
use super::super::prompt::{Kind, Prompt};
use super::super::state::State;
use super::{Choice, Dialog, Face, Focus, Line, Moved, Reply, Tone, moved};

/// Where the dialog is.
#[derive(Clone, Debug)]
pub enum Picker {
    /// The list.
    List {
        /// Which answer has the focus.
        focus: usize,
    },
    /// One that was read.
    Ready {
        /// It.
        loaded: Loaded,
        /// Which answer has the focus.
        focus: usize,
    },
    /// The one that runs.
    Running {
        /// Which answer has the focus.
        focus: usize,
    },
}

impl Picker {
    /// The dialog that fits now: the list, or the one that runs.
    #[must_use]
    pub fn open(state: &State) -> Self {
        let running = state.progress.as_ref().is_some_and(|p| !matches!(p.phase, Phase::Gone | Phase::Failed(_)));
        if running { Self::Running { focus: 0 } } else { Self::List { focus: 0 } }
    }

    fn focus(&self) -> usize {
        match self {
            Self::List { focus } | Self::Ready { focus, .. } | Self::Running { focus } => *focus,
        }
    }

    fn focused(self, to: usize) -> Self {
        match self {
            Self::List { .. } => Self::List { focus: to },
            Self::Ready { loaded, .. } => Self::Ready { loaded, focus: to },
            Self::Running { .. } => Self::Running { focus: to },
        }
    }

    /// How it looks.
    #[must_use]
    pub fn face(&self, state: &State) -> Face {
        let (title, lines, options) = match self {
            Self::List { .. } => {
                let mut options: Vec<Choice> = state
                    .setup
                    .experiments
                    .iter()
                    .map(|shipped| Choice::new(format!("{:<22} {}", shipped.name, shipped.title)))
                    .collect();
                options.push(Choice::new("a file …"));
                options.push(Choice::new("leave"));
                ("open an experiment".to_owned(), Vec::new(), options)
            }
            Self::Ready { loaded, .. } => {
                let mut lines: Vec<Line> =
                    (1..).zip(&loaded.steps).map(|(n, step)| Line::plain(format!("{n:>2}  {step}"))).collect();
                lines.extend(loaded.warnings.iter().map(|w| Line::toned(w.clone(), Tone::Warning)));
                let options = vec![Choice::new("at once"), Choice::new("step by step"), Choice::new("leave")];
                (loaded.title.clone(), lines, options)
            }
            Self::Running { .. } => {
                let title = state.progress.as_ref().map(|p| p.title.clone()).unwrap_or_default();
                let lines = state.progress.as_ref().map(|p| vec![Line::plain(say(&p.phase))]).unwrap_or_default();
                let options = vec![
                    Choice::new("next step"),
                    Choice::new("all the rest at once"),
                    Choice::new("stop it and take it back"),
                    Choice::new("leave it running"),
                ];
                (title, lines, options)
            }
        };
        Face {
            title, lines, options, focus: Focus::Option(self.focus()), foot: "↑↓ Enter · Esc", ..Face::default()
        }
    }

    /// A key.
    pub(super) fn key(self, state: &mut State, key: &KeyEvent) -> Reply {
        let count = self.face(state).options.len();
        match moved(self.focus(), count, key) {
            Moved::To(focus) => (Some(Dialog::Experiments(self.focused(focus))), Vec::new()),
            Moved::Take => {
                let focus = self.focus();
                self.choose(state, focus)
            }
            Moved::Leave => (None, Vec::new()),
            Moved::Other => (Some(Dialog::Experiments(self)), Vec::new()),
        }
    }

    /// An answer.
    pub(super) fn choose(self, state: &mut State, option: usize) -> Reply {
        let commands = match self {
            Self::List { .. } => {
                if option == state.setup.experiments.len() {
                    state.prompt = Some(Prompt::new(Kind::Experiment, ""));
                }
                let shipped = state.setup.experiments.get(option);
                shipped
                    .map(|shipped| Command::LoadExperiment(Source::Shipped(shipped.name.clone())))
                    .into_iter()
                    .collect()
            }
            Self::Ready { .. } if state.setup.limits.read_only => {
                state.say("--read-only: nothing is built in this visit");
                Vec::new()
            }
            Self::Ready { .. } => match option {
                0 => vec![Command::Experiment(Control::Start)],
                1 => vec![Command::Experiment(Control::StartStepwise)],
                _ => Vec::new(),
            },
            Self::Running { .. } => match option {
                0 => vec![Command::Experiment(Control::Next)],
                1 => vec![Command::Experiment(Control::Rest)],
                2 => vec![Command::Experiment(Control::Stop)],
                _ => Vec::new(),
            },
        };
        (None, commands)
    }
}

/// How an experiment is doing, in words.
#[must_use]
pub fn say(phase: &Phase) -> String {
    match phase {
        Phase::Building { done, of, next: Some(next) } => format!("{done} of {of} done; Enter: {next}"),
        Phase::Building { done, of, next: None } => format!("building: {done} of {of} done"),
        Phase::Settling => "built; waiting for the split to settle".to_owned(),
        Phase::Measuring { so_far, of } => format!("measuring: {} of {} s", so_far.as_secs(), of.as_secs()),
        Phase::Stands { max_error_hundredths, within } => {
            let (points, rest) = (max_error_hundredths / 100, max_error_hundredths % 100);
            let verdict = if *within { "as predicted" } else { "NOT as predicted" };
            format!("{verdict}: largest difference {points}.{rest:02} points")
        }
        Phase::Gone => "taken back".to_owned(),
        Phase::Failed(why) => format!("failed: {why}"),
    }
}
