//! The second half of a run: settling, measuring, and how long.
use std::time::Duration;

use crate::experiment::capacity::capacity;
use crate::experiment::file::WorkloadSpec;
use crate::experiment::measure::{NotYet, Wanted, Window};
use crate::experiment::report::{Measured, Report};
use crate::model::id::TaskKey;
use crate::model::snapshot::Snapshot;
use crate::model::time::Mono;

use super::{Action, Ending, Phase, Run, build, check};

/// How long after settling all threads must be there, in seconds.
const LATE: u64 = 10;
/// A run is prolonged up to this many times its length on a disturbed host.
const PROLONGED: f64 = 3.0;
/// Part of its CPU time that it must have had to end in time.
const WORTH: f64 = 0.5;

impl Run {
    pub(super) fn sampled(&mut self, snapshot: &Snapshot) -> Vec<Action> {
        match self.phase {
            Phase::Settle(until) if snapshot.at >= until => self.open(snapshot, until),
            Phase::Measure => self.measure(snapshot),
            _ => Vec::new(),
        }
    }

    fn wanted(&self) -> Vec<Wanted> {
        let want = |(workload, &process): (&WorkloadSpec, &TaskKey)| Wanted { process, threads: workload.spin.threads };
        build::processes(&self.setup).zip(&self.launched).map(want).collect()
    }

    /// The end of settling: measuring begins when every thread is there.
    fn open(&mut self, snapshot: &Snapshot, until: Mono) -> Vec<Action> {
        match Window::open(snapshot, &self.wanted()) {
            Ok(window) => {
                self.window = Some(window);
                self.phase = Phase::Measure;
                vec![Action::Say(format!("measuring {} s", self.seconds()))]
            }
            Err(_) if snapshot.at <= until.after(Duration::from_secs(LATE)) => Vec::new(),
            Err(NotYet::Threads { pid, seen, wanted }) => {
                let message = format!("{seen} of {wanted} threads of workload {pid} can be seen after {LATE} s");
                self.stop(Ending::Failed, message)
            }
            Err(NotYet::Counter { pid }) => {
                let message = format!("/proc/{pid}/task/*/schedstat could not be read for {LATE} s");
                self.stop(Ending::Failed, message)
            }
        }
    }

    pub(super) fn seconds(&self) -> f64 {
        self.options.seconds.unwrap_or(self.setup.experiment.seconds)
    }

    fn measure(&mut self, snapshot: &Snapshot) -> Vec<Action> {
        let cpus = self.setup.all_cpus();
        let Some(window) = &mut self.window else { return Vec::new() };
        window.add(snapshot, &cpus);
        let gone = window.gone(snapshot);
        let elapsed = window.seconds();
        // One snapshot may miss a task; two in a row do not.
        self.missing = if gone.is_empty() { 0 } else { self.missing + 1 };
        if self.missing >= 2 {
            let gone: Vec<String> = gone.iter().map(ToString::to_string).collect();
            return self.stop(Ending::Failed, format!("workloads ended by themselves: {}", gone.join(", ")));
        }
        let Some(measured) = self.measured() else { return Vec::new() };
        let seconds = self.seconds();
        if elapsed < seconds {
            return self.say_seconds(elapsed, seconds);
        }
        let least = capacity(&self.setup, &measured.cpus).least;
        if least * elapsed < WORTH * seconds && elapsed < PROLONGED * seconds {
            return self.say_seconds(elapsed, PROLONGED * seconds);
        }
        let mut report = self.report_of(&measured);
        if self.options.keep {
            report.cleaned_up = Some(false);
        }
        self.report = Some(report);
        if self.options.keep { self.finish() } else { self.undo() }
    }

    /// Says once a second how far it is.
    fn say_seconds(&mut self, elapsed: f64, of: f64) -> Vec<Action> {
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "at most three days")]
        let whole = elapsed as u64;
        if whole <= self.said {
            return Vec::new();
        }
        self.said = whole;
        let busy = if of > self.seconds() { " (the host is busy: it takes longer)" } else { "" };
        vec![Action::Say(format!("measured {whole} of {of} s{busy}"))]
    }

    pub(super) fn measured(&self) -> Option<Measured> {
        let window = self.window.as_ref()?;
        let cpus = window.cpus()?;
        let capacity = capacity(&self.setup, &cpus);
        Some(Measured {
            seconds: window.seconds(),
            cpus,
            pids: window.pids(),
            capacity: capacity.had,
            disturbed: capacity.disturbed,
            beside: if capacity.disturbed { window.beside() } else { Vec::new() },
        })
    }

    pub(super) fn report_of(&self, measured: &Measured) -> Report {
        let mut report = Report::new(&self.setup, Some(measured));
        report.hierarchy = Some(check::built(&self.facts));
        report
    }
}
