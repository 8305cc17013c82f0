//! The way back of a run: what was refused, failed or interrupted, and undoing it all.
use crate::plan::intent::Intent;
use crate::plan::refusal::Refusal;
use crate::plan::survey::Survey;

use super::{Action, End, Ending, Phase, Run, check};

/// How often an undo that failed is tried.
const UNDO_TRIES: u32 = 3;

impl Run {
    pub(super) fn refused(&mut self, refusal: &Refusal) -> Vec<Action> {
        if self.phase == Phase::Undo {
            return self.undo_failed(format!("{}: {}", refusal.title, refusal.rule));
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
        if self.phase == Phase::Undo {
            return self.undo_failed(message);
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

    fn undo_failed(&mut self, message: String) -> Vec<Action> {
        self.undo_tries += 1;
        if self.undo_tries < UNDO_TRIES {
            return self.undo();
        }
        self.message.push(message);
        self.phase = Phase::Look;
        self.survey()
    }

    /// The last look: is everything gone?
    pub(super) fn look(&mut self, survey: &Survey) -> Vec<Action> {
        let left = check::left(survey, &self.made, &self.launched);
        if let Some(report) = &mut self.report {
            report.cleaned_up = Some(left.is_empty());
        }
        if !left.is_empty() {
            self.message.push(format!("not everything is gone: {}; see `cgrove cleanup`", left.join(", ")));
            self.ending = Ending::Failed;
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
