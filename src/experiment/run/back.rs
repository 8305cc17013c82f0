//! The way back of a run: what was refused, failed or interrupted, and undoing it all.
use crate::plan::intent::Intent;
use crate::plan::refusal::Refusal;
use crate::plan::survey::Survey;

use super::{Action, End, Ending, Phase, Run, check};

/// How often the undo of one change is tried.
const UNDO_TRIES: u32 = 3;

impl Run {
    pub(super) fn refused(&mut self, refusal: &Refusal) -> Vec<Action> {
        if self.phase == Phase::Undo {
            return self.undo_failed(format!("{}: {}", refusal.title, refusal.rule), false);
        }
        if self.ending == Ending::Interrupted {
            return self.undo();
        }
        let mut message = format!("{}: {}", refusal.title, refusal.rule);
        for way in &refusal.instead {
            message.push_str("\n  instead: ");
            message.push_str(&way.say);
        }
        self.stop(Ending::Host, message)
    }

    pub(super) fn failed(&mut self, message: String, entry: Option<u64>) -> Vec<Action> {
        match self.phase {
            Phase::Undo => return self.undo_failed(message, true),
            Phase::Look => {
                self.ending = Ending::Failed;
                self.message.push(format!("whether everything is gone could not be seen: {message}"));
                return self.cleaned_up(false);
            }
            _ => {}
        }
        self.entries.extend(entry);
        if self.ending == Ending::Interrupted {
            self.message.push(message);
            return self.undo();
        }
        self.stop(Ending::Failed, message)
    }

    pub(super) fn interrupt(&mut self) -> Vec<Action> {
        if self.ending == Ending::Interrupted || matches!(self.phase, Phase::Undo | Phase::Look) {
            return Vec::new();
        }
        self.ending = Ending::Interrupted;
        self.ready = false;
        if self.phase == Phase::Check {
            return self.finish();
        }
        let mut actions = vec![Action::Say("interrupted: taking everything back".to_owned())];
        // What is under way is waited for, so that it can be undone.
        if !self.busy {
            actions.extend(self.undo());
        }
        actions
    }

    /// Ends the run for a reason, taking back what was done.
    pub(super) fn stop(&mut self, ending: Ending, message: String) -> Vec<Action> {
        self.ending = ending;
        self.message.push(message);
        self.undo()
    }

    /// Takes everything back: in one go, which is quick; if that fails, change by change, which leaves least behind.
    pub(super) fn undo(&mut self) -> Vec<Action> {
        self.window = None;
        if self.entries.is_empty() {
            return self.finish();
        }
        self.phase = Phase::Undo;
        self.busy = true;
        let entries: Vec<u64> = self.entries.iter().rev().copied().collect();
        let say = format!("taking back {} changes", entries.len());
        vec![Action::Watch(None), Action::Say(say), Action::Do(Intent::Undo { entries })]
    }

    /// An undo was carried out: the next, if it goes change by change; else a look at what is left.
    pub(super) fn undone(&mut self) -> Vec<Action> {
        self.one_by_one.pop();
        self.next_undo()
    }

    fn next_undo(&mut self) -> Vec<Action> {
        self.undo_tries = 0;
        let Some(&entry) = self.one_by_one.last() else {
            self.phase = Phase::Look;
            return self.survey();
        };
        self.busy = true;
        vec![Action::Do(Intent::Undo { entries: vec![entry] })]
    }

    /// An undo failed, or was refused because there is nothing (more) to undo or something stands against it.
    fn undo_failed(&mut self, message: String, again: bool) -> Vec<Action> {
        if !self.undo_messages.contains(&message) {
            self.undo_messages.push(message);
        }
        let Some(&entry) = self.one_by_one.last() else {
            // All at once failed: rolled back by the driver as far as possible.
            self.one_by_one.clone_from(&self.entries);
            return self.next_undo();
        };
        self.undo_tries += 1;
        if again && self.undo_tries < UNDO_TRIES {
            self.busy = true;
            return vec![Action::Do(Intent::Undo { entries: vec![entry] })];
        }
        self.undone()
    }

    /// The last look: is everything gone?
    pub(super) fn look(&mut self, survey: &Survey) -> Vec<Action> {
        let left = check::left(survey, &self.made, &self.launched);
        if !left.is_empty() {
            self.message.append(&mut self.undo_messages);
            self.message.push(format!("not everything is gone: {}; see `cgrove cleanup`", left.join(", ")));
            self.ending = Ending::Failed;
        }
        self.cleaned_up(left.is_empty())
    }

    fn cleaned_up(&mut self, all: bool) -> Vec<Action> {
        if let Some(report) = &mut self.report {
            report.cleaned_up = Some(all);
        }
        self.finish()
    }

    pub(super) fn finish(&mut self) -> Vec<Action> {
        self.phase = Phase::Over;
        self.busy = false;
        let end = End { ending: self.ending, report: self.report.take(), message: self.message.join("\n") };
        vec![Action::Watch(None), Action::Finished(Box::new(end))]
    }
}
