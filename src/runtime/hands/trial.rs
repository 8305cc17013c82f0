//! Values on trial: done like any plan, and taken back after a while by a helper ([`crate::effect::trial`]) unless they are kept.
//!
//! One trial at a time. What becomes of it goes into the journal: `tried`, then kept, reverted, or left.
use std::time::Duration;

use anyhow::Result;

use super::{Executed, Hands};
use crate::effect::journal::Log as _;
use crate::effect::trial::{Fate, Trial};
use crate::kernel::fs::Fs as _;
use crate::model::time::Mono;
use crate::plan::intent::Intent;
use crate::plan::journal::{Line, TrialEnd};
use crate::plan::step::Plan;

/// Values on trial.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tried {
    /// Their entry in the journal.
    pub entry: u64,
    /// Its title.
    pub title: String,
    /// When they are taken back.
    pub until: Mono,
}

pub(super) struct Running {
    trial: Trial,
    tried: Tried,
}

impl Hands {
    /// The same for a while: a helper takes the values back after `time`, unless they are kept, also if cgrove dies.
    ///
    /// # Errors
    /// If the machine cannot be read, something is on trial already, or there is no helper to be had.
    pub fn try_out(&mut self, intent: &Intent, confirmed: &Plan, time: Duration) -> Result<Executed> {
        if let Some(running) = &self.trial {
            anyhow::bail!("\"{}\" is on trial still: keep it or take it back first", running.tried.title);
        }
        let plan = match self.plan(intent)? {
            Ok(plan) if plan.steps == confirmed.steps => plan,
            Ok(other) => return Ok(Executed::Changed(other)),
            Err(refusal) => return Ok(Executed::Refused(refusal)),
        };
        let found = self.discover()?;
        let Some(journal) = &self.journal else { anyhow::bail!("nothing was changed: there is no journal") };
        let number = journal.journal().next_number();
        // First the helper, which then knows what to take back whatever happens to us.
        let mut trial = Trial::prepare(&plan, &found.hierarchies, time, (journal.path(), number))?;
        let report = self.carry_out(intent, &plan)?;
        if !report.succeeded() {
            // What failed was rolled back: there is nothing to take back.
            drop(trial.keep());
            return Ok(Executed::Report(report));
        }
        trial.arm(&report.done)?;
        if let Some(journal) = &mut self.journal {
            // It only says so; the values are in the journal already.
            let _ = journal.write(Line::Tried { number, seconds: time.as_secs() });
        }
        let tried = Tried { entry: number, title: plan.title.clone(), until: self.fs.now().after(time) };
        self.trial = Some(Running { trial, tried });
        Ok(Executed::Report(report))
    }

    /// What is on trial.
    #[must_use]
    pub fn on_trial(&self) -> Option<&Tried> {
        self.trial.as_ref().map(|running| &running.tried)
    }

    /// Ends the trial, if one runs: the values are kept, or taken back now. What to say of it.
    pub fn end_trial(&mut self, keep: bool) -> Option<String> {
        let Running { trial, tried } = self.trial.take()?;
        Some(if keep {
            match trial.keep() {
                Ok(()) => {
                    self.book(Line::TrialEnded { number: tried.entry, how: TrialEnd::Kept });
                    format!("kept: {}", tried.title)
                }
                Err(fates) => self.trial_over(&tried, &fates),
            }
        } else {
            match trial.revert() {
                Ok(fates) => self.trial_over(&tried, &fates),
                Err(failure) => failure.to_string(),
            }
        })
    }

    /// Whether the time of a trial is over: what became of it.
    pub fn poll_trial(&mut self) -> Option<String> {
        let running = self.trial.as_mut()?;
        let fates = match running.trial.poll() {
            Ok(None) => return None,
            Ok(Some(fates)) => fates,
            Err(failure) => {
                self.trial = None;
                return Some(failure.to_string());
            }
        };
        let Running { tried, .. } = self.trial.take()?;
        Some(self.trial_over(&tried, &fates))
    }

    fn trial_over(&mut self, tried: &Tried, fates: &[Fate]) -> String {
        let number = tried.entry;
        let mut left = Vec::new();
        for fate in fates {
            match fate {
                Fate::Back { step } => self.book(Line::RolledBack { number, step: *step, made: None }),
                Fate::Changed { now: Some(now), .. } => left.push(format!("others changed it to {now} meanwhile")),
                Fate::Changed { now: None, .. } => left.push("the group is gone".to_owned()),
                Fate::Stands { why, .. } => left.push(why.clone()),
            }
        }
        let how = if left.is_empty() { TrialEnd::Reverted } else { TrialEnd::Left };
        self.book(Line::TrialEnded { number, how });
        if left.is_empty() {
            format!("taken back after its trial: {}", tried.title)
        } else {
            format!("not taken back after its trial: {}: {}", tried.title, left.join(", "))
        }
    }

    /// A line that comes after the deed: what it says stands whether or not it is kept.
    fn book(&mut self, line: Line) {
        if let Some(journal) = &mut self.journal {
            let _ = journal.write(line);
        }
    }

    /// The trial of an entry that was undone is over.
    pub(super) fn forget_trial(&mut self) {
        let Some(number) = self.on_trial().map(|tried| tried.entry) else { return };
        if !self.entries().iter().any(|entry| entry.number == number && entry.stands())
            && let Some(running) = self.trial.take()
        {
            drop(running.trial.keep());
            self.book(Line::TrialEnded { number, how: TrialEnd::Reverted });
        }
    }
}
