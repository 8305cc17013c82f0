//! The sampler thread and the model thread: from the machine to frames.
//!
//! The sampler thread waits for the timer, a hint of the watches, a hint of our own changes, or a new interest; samples;
//! hands the snapshot to the model thread, which computes the split and tells the frame. A model thread that is behind
//! takes the newest snapshot for the screen, but pushes every one of them into its ring.
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use crate::effect::mounts::Holders;
use crate::kernel::real::RealFs;
use crate::kernel::sampler::{Hint, Sampler, Shut};
use crate::kernel::watch::{MountWatch, Ringer, Wakes, Watches};
use crate::model::id::HierarchyId;
use crate::model::interest::Interest;
use crate::model::snapshot::Snapshot;
use crate::split::live::Engine;
use crate::split::table::Table;

/// What the model thread takes.
enum Work {
    Snapshot(Arc<Snapshot>),
    Anew(String),
    Done(String),
}

/// The two threads. Dropping it ends them.
pub struct Sampling {
    ringer: Ringer,
    work: Sender<Work>,
    delay_ms: Arc<AtomicU64>,
    sampler: Option<JoinHandle<()>>,
    shut: Shut,
}

/// Has the sampler close its files of a hierarchy.
pub struct Closing {
    shut: Shut,
    ringer: Ringer,
}

impl Holders for Closing {
    fn while_closed(&self, hierarchy: HierarchyId, act: &mut dyn FnMut()) {
        let mounts = Hint { mounts: true, structure: true, values: false };
        self.shut.shut(hierarchy, || self.ringer.resample(Hint::default()));
        act();
        self.shut.open(hierarchy);
        self.ringer.resample(mounts);
    }
}

impl Sampling {
    /// Starts both threads. `tell` takes each frame and returns whether anybody still listens.
    ///
    /// # Errors
    /// If the machine cannot be read at all, or a thread cannot start.
    pub fn start(
        delay: Duration,
        first: Interest,
        mut tell: impl FnMut(Arc<Snapshot>, Table) -> bool + Send + 'static,
    ) -> anyhow::Result<Self> {
        let sampler = Sampler::new(Box::new(RealFs))?;
        let shut = sampler.shut();
        let (wakes, ringer) = Wakes::new();
        let (work, works) = channel();
        let delay_ms = Arc::new(AtomicU64::new(millis(delay)));
        let thread = {
            let (ringer, work, delay_ms) = (ringer.clone(), work.clone(), Arc::clone(&delay_ms));
            thread::Builder::new()
                .name("sampler".to_owned())
                .spawn(move || sample(sampler, wakes, &ringer, first, &delay_ms, &work))?
        };
        thread::Builder::new().name("model".to_owned()).spawn(move || model(&works, &mut tell))?;
        Ok(Self { ringer, work, delay_ms, sampler: Some(thread), shut })
    }

    /// What lets the effect thread unmount a hierarchy of which the sampler has files open.
    #[must_use]
    pub fn holders(&self) -> Closing {
        Closing { shut: self.shut.clone(), ringer: self.ringer.clone() }
    }

    /// What to sample from now on; sampled at once.
    pub fn interest(&self, interest: Interest) {
        self.ringer.interest(interest);
    }

    /// We changed something, and what, if a person asked for it: sample at once, structure and all.
    pub fn changed(&self, what: Option<String>) {
        if let Some(what) = what {
            // As in `measure_anew`.
            drop(self.work.send(Work::Done(what)));
        }
        self.ringer.resample(Hint { structure: true, values: true, mounts: true });
    }

    /// Time between two samplings.
    pub fn set_delay(&self, delay: Duration) {
        self.delay_ms.store(millis(delay), Ordering::Relaxed);
        self.ringer.resample(Hint::default());
    }

    /// Starts the measuring window anew.
    pub fn measure_anew(&self, reason: &str) {
        // A model thread that ended has nobody left to measure for.
        drop(self.work.send(Work::Anew(reason.to_owned())));
        self.ringer.resample(Hint::default());
    }
}

impl Drop for Sampling {
    fn drop(&mut self) {
        self.ringer.stop();
        if let Some(sampler) = self.sampler.take() {
            // A panic there was reported by the hook.
            drop(sampler.join());
        }
    }
}

fn millis(delay: Duration) -> u64 {
    u64::try_from(delay.as_millis()).unwrap_or(u64::MAX)
}

fn sample(
    mut sampler: Sampler,
    mut wakes: Wakes,
    ringer: &Ringer,
    mut interest: Interest,
    delay_ms: &AtomicU64,
    work: &Sender<Work>,
) {
    let mut watches = Watches::start(ringer.clone());
    // Without it mounts are seen by the sampler's own rhythm.
    let _mounts = MountWatch::start(ringer.clone());
    let mut next = Instant::now();
    loop {
        let woken = wakes.wait(next.saturating_duration_since(Instant::now()));
        if woken.stop {
            return;
        }
        if let Some(newest) = woken.interest {
            interest = newest;
        }
        sampler.hint(woken.hint);
        sampler.written(watches.written());
        let snapshot = sampler.sample(&interest);
        watches.follow_sampler(&mut sampler);
        if work.send(Work::Snapshot(Arc::new(snapshot))).is_err() {
            return;
        }
        next = Instant::now() + Duration::from_millis(delay_ms.load(Ordering::Relaxed));
    }
}

fn model(works: &Receiver<Work>, tell: &mut dyn FnMut(Arc<Snapshot>, Table) -> bool) {
    let mut engine = Engine::new();
    while let Ok(mut work) = works.recv() {
        let mut frame = None;
        loop {
            match work {
                Work::Snapshot(snapshot) => frame = Some((Arc::clone(&snapshot), engine.push(&snapshot))),
                Work::Anew(reason) => engine.restart(reason),
                Work::Done(what) => engine.done(what),
            }
            match works.try_recv() {
                Ok(next) => work = next,
                Err(_) => break,
            }
        }
        if let Some((snapshot, table)) = frame
            && !tell(snapshot, table)
        {
            return;
        }
    }
}
