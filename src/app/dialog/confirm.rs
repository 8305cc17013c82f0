//! A plan to confirm: its shell lines, what to know before, what it would do to the split, and do it or leave it.
use crossterm::event::{KeyCode, KeyEvent};

use crate::model::time::Mono;
use crate::plan::intent::Intent;
use crate::plan::journal;
use crate::plan::step::{Confirm, Plan};

use super::super::change::{self, Ask};
use super::super::command::Command;
use super::super::consequence::Consequence;
use super::super::state::State;
use super::{Choice, Dialog, Face, Focus, Line, Moved, Reply, Tone, moved};

/// Keys in the first 300 ms are ignored where something foreign is touched: they were meant for the screen before.
const DEAF: u64 = 300_000_000;

/// A plan that waits for an answer.
#[derive(Clone, Debug)]
pub struct Asked {
    /// The plan.
    pub plan: Plan,
    /// It was confirmed before, and what was found then is no longer so.
    pub again: bool,
    /// Since when it is asked.
    pub since: Mono,
    /// Which answer has the focus.
    pub focus: usize,
    /// What was typed where a number must be typed.
    pub typed: String,
    /// It is an undo of one change, and so many could be taken back.
    pub undo_of: Option<usize>,
    /// What it would do to the split, from the frame on screen when it was asked.
    pub split: Option<String>,
    /// The first shell line on screen, where all of them are scrolled through; 0 shows the first few and the rest as a number.
    pub top: usize,
}

/// So many shell lines stand in a dialog with all else that it says; of more than these the first few do.
const SHELL: usize = 7;
/// Lines that a page up or down scrolls by.
const PAGE: usize = 8;

#[derive(Clone, Copy, PartialEq, Eq)]
enum Answer {
    Do,
    UndoAll,
    Arm,
    /// Does it for a while.
    Try,
    /// Copies the manager's own commands, and changes nothing.
    Copy,
    Leave,
}

impl Asked {
    /// Asks. The focus is on Leave where something foreign is touched.
    #[must_use]
    pub fn new(plan: Plan, again: bool, state: &State) -> Self {
        let undo = state.undo_asked.then(|| state.undoable().count());
        let split = Consequence::of(state, &plan.steps).and_then(|consequence| consequence.text(state, &plan.steps));
        let (typed, since) = (String::new(), state.now);
        let mut asked = Self { plan, again, since, focus: 0, typed, undo_of: undo, split, top: 0 };
        asked.focus = asked.leave(state);
        asked
    }

    /// Where the focus begins: typing the number says enough; what is only foreign must not be done by an Enter that was meant
    /// for something else.
    fn leave(&self, state: &State) -> usize {
        let leaves = self.plan.foreign && !matches!(self.plan.confirm, Confirm::Type(_));
        if leaves { self.answers(state).len() - 1 } else { 0 }
    }

    fn answers(&self, state: &State) -> Vec<Answer> {
        let mut answers = Vec::new();
        if self.plan.foreign && !state.armed {
            answers.push(Answer::Arm);
        } else {
            if self.plan.foreign && self.undo_of.is_none() && self.plan.can_be_tried() && state.trial.is_none() {
                answers.push(Answer::Try);
            }
            answers.push(Answer::Do);
        }
        if self.undo_of.is_some_and(|count| count > 1) {
            answers.push(Answer::UndoAll);
        }
        if self.own_ways().next().is_some() {
            answers.push(Answer::Copy);
        }
        answers.push(Answer::Leave);
        answers
    }

    fn own_ways(&self) -> impl Iterator<Item = &str> {
        self.plan.owned.iter().filter_map(|owned| owned.instead.as_deref())
    }

    /// How it looks.
    #[must_use]
    pub fn face(&self, state: &State) -> Face {
        let mut lines = Vec::new();
        if self.again {
            lines.push(Line::toned("What was found meanwhile changes the plan. This is the new one:", Tone::Warning));
        }
        if self.plan.foreign && !state.armed {
            lines.push(Line::toned(
                "This touches what cgrove did not make, and the visit is LOOKING: arm it first.",
                Tone::Warning,
            ));
        }
        let all = self.plan.shell.len();
        let shown = if all > SHELL && self.top == 0 { SHELL - 2 } else { all };
        for (number, shell) in (1..).zip(&self.plan.shell[..shown]) {
            let shell = change::shorten(state, shell);
            let text = if all > 1 { format!("{number:>2}  {shell}") } else { format!("$ {shell}") };
            lines.push(Line::toned(text, Tone::Shell));
        }
        if shown < all {
            let text = format!("and {} more: PgDn shows them, y copies them all", all - shown);
            lines.push(Line::toned(text, Tone::Quiet));
        }
        lines.extend(self.plan.warnings.iter().map(|warning| Line::toned(warning.clone(), Tone::Warning)));
        lines.extend(self.split.iter().cloned().map(Line::plain));
        for owned in &self.plan.owned {
            lines.push(Line::toned(owned.says.clone(), Tone::Warning));
            lines.extend(owned.instead.iter().map(|line| Line::toned(format!("its own way: {line}"), Tone::Shell)));
        }
        if let Some(cannot) = &self.plan.irrevocable {
            lines.push(Line::toned(format!("Undo cannot take back: {cannot}"), Tone::Warning));
        }
        if let Confirm::Type(number) = self.plan.confirm {
            let text = format!("type {number} to confirm: {}", self.typed);
            let cursor = text.chars().count();
            lines.push(Line::toned(text, Tone::Field(Some(cursor))));
        }
        let options = self
            .answers(state)
            .into_iter()
            .map(|answer| match answer {
                Answer::Do => Choice {
                    text: "do it".to_owned(),
                    off: (!self.is_typed()).then(|| "type the number first".to_owned()),
                },
                Answer::UndoAll => Choice::new(format!("undo all {}", self.undo_of.unwrap_or(0))),
                Answer::Try => Choice::new(format!("try {} s", state.setup.trial.as_secs())),
                Answer::Copy => Choice::new("copy its own way, and leave it"),
                Answer::Arm => Choice::new("arm foreign changes"),
                Answer::Leave => Choice::new("leave it"),
            })
            .collect();
        let foot = if self.plan.irrevocable.is_none() { "u undoes it · Esc" } else { "Esc" };
        Face {
            title: self.plan.title.clone(),
            lines,
            options,
            focus: Focus::Option(self.focus),
            foot: if self.undo_of.is_some() { "u again does it · Esc" } else { foot },
            wide: true,
            top: self.top,
            ..Face::default()
        }
    }

    fn is_typed(&self) -> bool {
        match self.plan.confirm {
            Confirm::Type(number) => self.typed == number.to_string(),
            _ => true,
        }
    }

    /// A key.
    pub(super) fn key(mut self, state: &mut State, key: &KeyEvent) -> Reply {
        let foreign = self.plan.foreign || matches!(self.plan.confirm, Confirm::Type(_));
        if foreign && state.now.nanos_since(self.since) < DEAF {
            return (Some(Dialog::Confirm(self)), Vec::new());
        }
        match (key.code, self.plan.confirm) {
            (KeyCode::Char('u'), Confirm::None | Confirm::Enter) if self.undo_of.is_some() => {
                return self.choose(state, 0);
            }
            (KeyCode::Char('y'), _) => {
                let lines = self.plan.shell.join("\n");
                return (Some(Dialog::Confirm(self)), vec![Command::Copy(lines)]);
            }
            (KeyCode::Char(c), Confirm::Type(_)) if c.is_ascii_digit() && self.typed.len() < 10 => {
                self.typed.push(c);
                return (Some(Dialog::Confirm(self)), Vec::new());
            }
            (KeyCode::PageDown, _) if self.plan.shell.len() > SHELL => {
                let last = self.plan.shell.len() - 1;
                self.top = if self.top == 0 { SHELL - 2 } else { self.top + PAGE }.min(last);
                return (Some(Dialog::Confirm(self)), Vec::new());
            }
            (KeyCode::PageUp, _) => {
                self.top = self.top.saturating_sub(PAGE);
                return (Some(Dialog::Confirm(self)), Vec::new());
            }
            (KeyCode::Backspace, Confirm::Type(_)) => {
                self.typed.pop();
                return (Some(Dialog::Confirm(self)), Vec::new());
            }
            _ => {}
        }
        match moved(self.focus, self.answers(state).len(), key) {
            Moved::To(focus) => self.focus = focus,
            Moved::Take => {
                let focus = self.focus;
                return self.choose(state, focus);
            }
            Moved::Leave => {
                change::abandon(state);
                return (None, Vec::new());
            }
            Moved::Other => {}
        }
        (Some(Dialog::Confirm(self)), Vec::new())
    }

    /// An answer.
    pub(super) fn choose(mut self, state: &mut State, option: usize) -> Reply {
        match self.answers(state).get(option) {
            Some(Answer::Do) if self.is_typed() => (None, change::execute(state, self.plan)),
            Some(Answer::Try) if self.is_typed() => (None, change::try_out(state, self.plan)),
            Some(Answer::Do | Answer::Try) => {
                state.say("type the number first");
                (Some(Dialog::Confirm(self)), Vec::new())
            }
            Some(Answer::UndoAll) => {
                change::abandon(state);
                let entries = journal::all_undo(&state.journal);
                (None, change::begin(state, Intent::Undo { entries }, Ask::Agreed))
            }
            Some(Answer::Copy) => {
                let lines: Vec<&str> = self.own_ways().collect();
                let lines = lines.join("\n");
                change::abandon(state);
                (None, vec![Command::Copy(lines)])
            }
            Some(Answer::Arm) => {
                state.armed = true;
                self.since = state.now;
                self.focus = self.leave(state);
                (Some(Dialog::Confirm(self)), vec![Command::Arm(true)])
            }
            Some(Answer::Leave) | None => {
                change::abandon(state);
                (None, Vec::new())
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use crossterm::event::KeyModifiers;

    use super::*;
    use crate::app::testing::{figure, setup};

    #[test]
    fn many_shell_lines_leave_room_for_what_to_know() {
        let state = &mut figure().state(setup(), 80, 24);
        let plan = Plan {
            title: "move 30 processes to cg4".to_owned(),
            steps: Vec::new(),
            shell: (0..30).map(|n| format!("echo {n} > cgroup.procs")).collect(),
            warnings: vec!["to be known".to_owned()],
            owned: Vec::new(),
            confirm: Confirm::Enter,
            foreign: false,
            irrevocable: None,
        };
        let asked = Asked::new(plan, false, state);
        let texts = |asked: &Asked, state: &State| -> Vec<String> {
            asked.face(state).lines.into_iter().map(|line| line.text).collect()
        };
        let short = texts(&asked, state);
        assert_eq!(short.len(), 7);
        assert_eq!(
            short[4..],
            [" 5  echo 4 > cgroup.procs", "and 25 more: PgDn shows them, y copies them all", "to be known"]
        );
        let press =
            |asked: Asked, state: &mut State, code| match asked.key(state, &KeyEvent::new(code, KeyModifiers::NONE)) {
                (Some(Dialog::Confirm(asked)), _) => asked,
                other => panic!("{other:?}"),
            };
        let paged = press(asked, state, KeyCode::PageDown);
        assert_eq!((texts(&paged, state).len(), paged.face(state).top), (31, 5));
        let end = (0..9).fold(paged, |asked, _| press(asked, state, KeyCode::PageDown));
        assert_eq!(end.top, 29, "not beyond the last line");
        let back = (0..9).fold(end, |asked, _| press(asked, state, KeyCode::PageUp));
        assert_eq!(texts(&back, state), short);
    }
}
