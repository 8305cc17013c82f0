//! Controllers of a v2 group: which it hands down to the groups in it, what enabling one takes, what disabling one loses.
//!
//! Space toggles, Enter does it: one write of `cgroup.subtree_control`. What it takes and for whom the split changes is what
//! the plan says ([`Ahead`]): it is asked for at every toggle.
use std::collections::BTreeMap;

use crossterm::event::{KeyCode, KeyEvent};

use crate::model::hierarchy::Version;
use crate::model::place::Place;
use crate::plan::intent::{Intent, Setting};
use crate::plan::rules::controllers::THREADED;

use super::super::change::{self, Ask};
use super::super::files;
use super::super::state::State;
use super::ahead::{self, Ahead, Answer};
use super::{Choice, Dialog, Face, Focus, Line, Reply, Tone, refused};

/// The controllers of a group, and what is to become of them.
#[derive(Clone, Debug)]
pub struct Controllers {
    /// The group that hands them down.
    pub group: Place,
    /// What was toggled: to be enabled, or disabled.
    toggled: BTreeMap<Box<str>, bool>,
    focus: usize,
    pub(super) ahead: Ahead,
}

/// One controller as it is.
struct Row {
    name: Box<str>,
    /// The groups in this one have it.
    on: bool,
    /// The parent hands it down to this group.
    here: bool,
}

enum Answers {
    Toggle(Row),
    Do,
    Way(usize, String),
    Leave,
}

impl Controllers {
    /// Of the selected group; `None` if that is gone.
    #[must_use]
    pub fn open(state: &State) -> Option<Self> {
        let group = state.selected_place()?;
        Some(Self { group, toggled: BTreeMap::new(), focus: 0, ahead: Ahead::default() })
    }

    /// What Enter would ask for; `None` while nothing is toggled.
    #[must_use]
    pub fn intent(&self, _state: &State) -> Option<Intent> {
        if self.toggled.is_empty() {
            return None;
        }
        let sign = |on: bool| if on { '+' } else { '-' };
        let words: Vec<String> = self.toggled.iter().map(|(name, &on)| format!("{}{name}", sign(on))).collect();
        let setting = Setting { file: "cgroup.subtree_control".into(), data: words.join(" ").into_bytes().into() };
        Some(Intent::Set { group: self.group.clone(), setting })
    }

    /// The rows; `None` until the group's files are read.
    fn rows(state: &State) -> Option<Vec<Row>> {
        let read = |name: &str| {
            let file = files::sampled(state).ok()?.iter().find(|file| *file.name == *name.as_bytes())?;
            Some(String::from_utf8_lossy(file.content.value()?).into_owned())
        };
        let has = |text: &str, name: &str| text.split_ascii_whitespace().any(|word| word == name);
        let (here, on) = (read("cgroup.controllers")?, read("cgroup.subtree_control")?);
        let structure = &state.snapshot()?.structure;
        let mut rows: Vec<Row> = here
            .split_ascii_whitespace()
            .map(|name| Row { name: name.into(), on: has(&on, name), here: true })
            .collect();
        for hierarchy in structure.hierarchies.iter().filter(|h| h.version == Version::V2) {
            for name in hierarchy.controllers.iter().filter(|name| !has(&here, name)) {
                rows.push(Row { name: name.clone(), on: false, here: false });
            }
        }
        Some(rows)
    }

    fn answers(&self, state: &State) -> Vec<Answers> {
        let mut answers: Vec<Answers> =
            Self::rows(state).unwrap_or_default().into_iter().map(Answers::Toggle).collect();
        match self.answer(state) {
            Some(Answer::Refused(refusal)) => {
                let ways = refusal.instead.into_iter().filter(|way| !way.intents.is_empty());
                answers.extend(ways.enumerate().map(|(n, way)| Answers::Way(n, way.say)));
            }
            _ if !self.toggled.is_empty() => answers.push(Answers::Do),
            _ => {}
        }
        answers.push(Answers::Leave);
        answers
    }

    fn answer(&self, state: &State) -> Option<Answer> {
        self.ahead.of(&self.intent(state)?).cloned()
    }

    /// How it looks.
    #[must_use]
    pub fn face(&self, state: &State) -> Face {
        let mut lines = Vec::new();
        if Self::rows(state).is_none() {
            lines.push(Line::toned("being read …", Tone::Quiet));
        } else {
            let text = "The groups in it have a controller only where it is enabled here. A threaded one divides among single \
                        threads, too; a domain one among processes only.";
            lines.push(Line::toned(text, Tone::Quiet));
            let elsewhere = elsewhere(state);
            lines.extend((!elsewhere.is_empty()).then(|| {
                Line::toned(format!("On v1 hierarchies, and a controller is on one only: {elsewhere}."), Tone::Quiet)
            }));
        }
        lines.extend(ahead::say(self.answer(state).as_ref(), state));
        let answers = self.answers(state);
        let focus = Focus::Option(self.focus.min(answers.len() - 1));
        let options = answers.into_iter().map(|answer| self.option(answer)).collect();
        Face {
            title: format!("controllers for the groups in {}", super::editor::name(&self.group)),
            lines,
            options,
            focus,
            foot: "↑↓ Space toggles · Enter does it · Esc",
            wide: true,
            column: true,
            ..Face::default()
        }
    }

    fn option(&self, answer: Answers) -> Choice {
        match answer {
            Answers::Toggle(row) => {
                let wanted = self.toggled.get(&row.name).copied();
                let mark = if wanted.unwrap_or(row.on) { "[x]" } else { "[ ]" };
                let kind = if THREADED.contains(&&*row.name) { "threaded" } else { "domain" };
                let is = match (wanted, row.on, row.here) {
                    (Some(true), ..) => "to be enabled",
                    (Some(false), ..) => "to be disabled",
                    (None, true, _) => "enabled",
                    (None, false, true) => "available",
                    (None, false, false) => "not handed down to this group",
                };
                Choice::new(format!("{mark} {:<11} {kind:<9} {is}", row.name))
            }
            Answers::Do => Choice::new("do it"),
            Answers::Way(_, say) => Choice::new(say),
            Answers::Leave => Choice::new("leave it"),
        }
    }

    /// A key.
    pub(super) fn key(mut self, state: &mut State, key: &KeyEvent) -> Reply {
        let answers = self.answers(state);
        let last = answers.len() - 1;
        self.focus = self.focus.min(last);
        match key.code {
            KeyCode::Esc => return (None, Vec::new()),
            KeyCode::Enter => return self.enter(state, answers),
            KeyCode::Char(' ') => {
                if let Some(Answers::Toggle(row)) = answers.into_iter().nth(self.focus) {
                    self.toggle(row);
                }
            }
            KeyCode::Up | KeyCode::Left | KeyCode::BackTab => self.focus = self.focus.saturating_sub(1),
            KeyCode::Down | KeyCode::Right | KeyCode::Tab => self.focus = (self.focus + 1).min(last),
            KeyCode::Home => self.focus = 0,
            KeyCode::End => self.focus = last,
            _ => {}
        }
        (Some(Dialog::Controllers(self)), Vec::new())
    }

    fn toggle(&mut self, row: Row) {
        if self.toggled.remove(&row.name).is_none() {
            self.toggled.insert(row.name, !row.on);
        }
    }

    /// Enter on a controller does what is toggled; on an answer that answer.
    fn enter(mut self, state: &mut State, answers: Vec<Answers>) -> Reply {
        match answers.into_iter().nth(self.focus) {
            Some(Answers::Toggle(row)) if self.toggled.is_empty() => {
                self.toggle(row);
                (Some(Dialog::Controllers(self)), Vec::new())
            }
            Some(Answers::Toggle(_) | Answers::Do) => {
                let commands = self.intent(state).map(|intent| change::begin(state, intent, Ask::AsPlanned));
                (None, commands.unwrap_or_default())
            }
            Some(Answers::Way(n, _)) => match self.answer(state) {
                Some(Answer::Refused(refusal)) => refused::take(state, refusal, n),
                _ => (Some(Dialog::Controllers(self)), Vec::new()),
            },
            Some(Answers::Leave) | None => (None, Vec::new()),
        }
    }

    /// An answer was clicked: a controller is toggled.
    pub(super) fn choose(mut self, state: &mut State, option: usize) -> Reply {
        self.focus = option;
        let answers = self.answers(state);
        match answers.into_iter().nth(option) {
            Some(Answers::Toggle(row)) => {
                self.toggle(row);
                (Some(Dialog::Controllers(self)), Vec::new())
            }
            Some(other) => {
                self.focus = 0;
                self.enter(state, vec![other])
            }
            None => (None, Vec::new()),
        }
    }
}

/// The controllers that are on v1 hierarchies.
fn elsewhere(state: &State) -> String {
    let Some(snapshot) = state.snapshot() else { return String::new() };
    let v1 = snapshot.structure.hierarchies.iter().filter(|h| h.version == Version::V1 && !h.controllers.is_empty());
    v1.map(crate::model::hierarchy::Hierarchy::label).collect::<Vec<_>>().join("; ")
}
