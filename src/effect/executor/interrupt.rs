//! A plan that is interrupted between two steps: the next step is refused, and so the done ones are rolled back.
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

use super::Executor;
use crate::effect::failure::Failure;
use crate::plan::step::{Outcome, Step};

/// What a step that was not begun is refused with.
pub const INTERRUPTED: &str = "interrupted";

/// Refuses one step once it is told to stop; what comes after that is the way back, and is done.
pub struct Interruptible<'a> {
    inner: &'a mut dyn Executor,
    stop: &'a AtomicBool,
    told: bool,
}

impl<'a> Interruptible<'a> {
    /// An executor that looks at `stop` before every step.
    #[must_use]
    pub fn new(inner: &'a mut dyn Executor, stop: &'a AtomicBool) -> Self {
        Self { inner, stop, told: false }
    }
}

impl Executor for Interruptible<'_> {
    fn apply(&mut self, step: &Step) -> Result<Outcome, Failure> {
        if !self.told && self.stop.load(Ordering::Relaxed) {
            self.told = true;
            return Err(Failure::said(INTERRUPTED, Path::new(""), "by a signal, before this step was begun"));
        }
        self.inner.apply(step)
    }

    fn look(&mut self, step: &Step, until: Instant) -> Option<Outcome> {
        self.inner.look(step, until)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::effect::double::{Below, Memory, Recorder};
    use crate::effect::transaction::execute;
    use crate::model::hierarchy::Version;
    use crate::model::id::HierarchyId;
    use crate::model::place::Place;
    use crate::plan::step::{Confirm, Plan};

    /// Sets the flag while it does a step.
    struct Signalled<'a> {
        inner: Recorder,
        at: usize,
        stop: &'a AtomicBool,
    }

    impl Executor for Signalled<'_> {
        fn apply(&mut self, step: &Step) -> Result<Outcome, Failure> {
            if self.inner.steps.len() == self.at {
                self.stop.store(true, Ordering::Relaxed);
            }
            self.inner.apply(step)
        }
    }

    #[test]
    fn a_signal_between_two_steps_rolls_back() {
        let hierarchy = HierarchyId(4);
        let make = |path: &[u8]| Step::MakeGroup { at: Place::new(hierarchy, path) };
        let plan = Plan {
            title: "three groups".to_owned(),
            steps: vec![make(b"/a"), make(b"/a/b"), make(b"/a/b/c")],
            shell: Vec::new(),
            warnings: Vec::new(),
            owned: Vec::new(),
            confirm: Confirm::None,
            foreign: false,
            irrevocable: None,
        };
        let stop = AtomicBool::new(false);
        let mut inner = Signalled { inner: Recorder::new(), at: 1, stop: &stop };
        let below = Below { hierarchy, version: Version::V1, root: "/nowhere".into() };
        let report = execute(&plan, &[], &mut Interruptible::new(&mut inner, &stop), &mut Memory::default(), &below);
        let (step, failure) = report.failed.unwrap();
        assert_eq!((step, failure.operation), (2, INTERRUPTED));
        assert_eq!(report.rolled_back, [1, 0]);
        assert_eq!(inner.inner.steps.len(), 4, "two were done and two taken back: {:?}", inner.inner.steps);
    }
}
