//! The signals, and to whom: the task of a row, tagged tasks, the processes of a group, or those below as well.
//!
//! cgrove's own workloads have a short way: end them, hold them, let them go on. What is chosen is planned, and the plan asks.
use crossterm::event::{KeyCode, KeyEvent};

use crate::model::id::TaskKey;
use crate::model::place::Place;
use crate::plan::intent::{Intent, Recipients, Target};
use crate::plan::step::Signal;
use crate::plan::words::count;

use super::super::change::{self, Ask};
use super::super::state::State;
use super::{Choice, Dialog, Face, Focus, Line, Moved, Reply, Tone, moved};

/// The menu.
#[derive(Clone, Debug)]
pub struct Menu {
    /// Whom the signal may be for, the nearest first: never empty.
    pub choices: Vec<Choosable>,
    /// Which of them it is for.
    pub chosen: usize,
    /// cgrove's own workloads among them, and whether the short way is shown; empty: there are none.
    pub own: Vec<TaskKey>,
    /// Where they are, in words ("cg2").
    pub place: String,
    /// Every signal is shown, not the short way.
    pub all: bool,
    /// Which answer has the focus.
    pub focus: usize,
}

/// Whom a signal may be for.
#[derive(Clone, Debug)]
pub struct Choosable {
    /// In words: "process 4242 (nginx)", "the 3 processes in cg2".
    pub what: String,
    /// They.
    pub to: Recipients,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Answer {
    End,
    Hold,
    GoOn,
    All,
    Send(Signal),
    KillAll,
    Leave,
}

impl Menu {
    /// A menu for these; with own workloads it begins with the short way.
    #[must_use]
    pub fn new(choices: Vec<Choosable>, own: Vec<TaskKey>, place: String) -> Self {
        let all = own.is_empty();
        Self { choices, chosen: 0, own, place, all, focus: 0 }
    }

    /// The group that "kill all" is about.
    fn group(&self) -> Option<&Place> {
        match &self.choices.get(self.chosen)?.to {
            Recipients::Group { group, .. } if !group.is_top() => Some(group),
            _ => None,
        }
    }

    fn answers(&self) -> Vec<Answer> {
        if !self.all {
            return vec![Answer::End, Answer::Hold, Answer::GoOn, Answer::All, Answer::Leave];
        }
        let mut answers: Vec<Answer> = Signal::ALL.into_iter().map(Answer::Send).collect();
        if self.group().is_some() {
            answers.push(Answer::KillAll);
        }
        answers.push(Answer::Leave);
        answers
    }

    /// How it looks.
    #[must_use]
    pub fn face(&self, state: &State) -> Face {
        let them = if self.own.len() == 1 { "it" } else { "them" };
        let word = |answer: &Answer| match answer {
            Answer::End => format!("end {them}"),
            Answer::Hold => format!("hold {them}"),
            Answer::GoOn => format!("let {them} go on"),
            Answer::All => "another signal, also to what is not cgrove's".to_owned(),
            Answer::Send(signal) => format!("{:<4} {:>2}  {}", signal.name(), signal.number(), signal.about()),
            Answer::KillAll => "kill all in it and below, also those that fork meanwhile".to_owned(),
            Answer::Leave => "leave".to_owned(),
        };
        let options = self.answers().iter().map(|answer| Choice::new(word(answer))).collect();
        let what = self.choices.get(self.chosen).map(|choice| choice.what.as_str()).unwrap_or_default();
        let (title, lines) = if self.all {
            let lines = match self.choices.len() {
                0 | 1 => vec![Line::plain(format!("to {what}"))],
                _ if state.setup.ascii => vec![Line::plain(format!("to <{what}>   left, right"))],
                _ => vec![Line::plain(format!("to ‹{what}›   ← →"))],
            };
            ("signal".to_owned(), lines)
        } else {
            let pids: Vec<String> = self.own.iter().take(8).map(|key| key.tid.to_string()).collect();
            let more = if self.own.len() > 8 { ", …" } else { "" };
            let title = format!("{} in {}", count(self.own.len(), "workload"), self.place);
            (title, vec![Line::toned(format!("pid {}{more}", pids.join(", ")), Tone::Plain)])
        };
        let foot = if self.all && self.choices.len() > 1 {
            "↑↓ signal · ← → to whom · Enter · Esc"
        } else {
            "↑↓ Enter · Esc"
        };
        Face { title, lines, options, focus: Focus::Option(self.focus), foot, ..Face::default() }
    }

    /// A key.
    pub(super) fn key(mut self, state: &mut State, key: &KeyEvent) -> Reply {
        let last = self.choices.len().saturating_sub(1);
        match key.code {
            KeyCode::Left if self.all && last > 0 => self.choose_whom(self.chosen.saturating_sub(1)),
            KeyCode::Right if self.all && last > 0 => self.choose_whom((self.chosen + 1).min(last)),
            _ => match moved(self.focus, self.answers().len(), key) {
                Moved::To(focus) => self.focus = focus,
                Moved::Take => {
                    let focus = self.focus;
                    return self.choose(state, focus);
                }
                Moved::Leave => return (None, Vec::new()),
                Moved::Other => {}
            },
        }
        (Some(Dialog::Signals(self)), Vec::new())
    }

    /// The focus stays on its answer.
    fn choose_whom(&mut self, chosen: usize) {
        let answer = self.answers().get(self.focus).copied();
        self.chosen = chosen;
        let answers = self.answers();
        self.focus = answers.iter().position(|one| Some(*one) == answer).unwrap_or(answers.len() - 1);
    }

    /// An answer.
    pub(super) fn choose(mut self, state: &mut State, option: usize) -> Reply {
        let intent = match self.answers().get(option) {
            Some(Answer::End) => Intent::Stop { processes: self.own },
            Some(Answer::Hold) => Intent::Hold { target: Target::Workloads(self.own) },
            Some(Answer::GoOn) => Intent::Resume { target: Target::Workloads(self.own) },
            Some(Answer::All) => {
                (self.all, self.focus) = (true, 0);
                return (Some(Dialog::Signals(self)), Vec::new());
            }
            Some(&Answer::Send(signal)) => match self.choices.into_iter().nth(self.chosen) {
                Some(choice) => Intent::Signal { to: choice.to, signal, pending: false },
                None => return (None, Vec::new()),
            },
            Some(Answer::KillAll) => match self.group() {
                Some(group) => Intent::KillAll { group: group.clone() },
                None => return (None, Vec::new()),
            },
            Some(Answer::Leave) | None => return (None, Vec::new()),
        };
        (None, change::begin(state, intent, Ask::AsPlanned))
    }
}
