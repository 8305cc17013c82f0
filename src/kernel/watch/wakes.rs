//! What the sampler's thread blocks on, and how others wake it: a burst of hints is one wake.
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::time::{Duration, Instant};

use crate::kernel::sampler::Hint;
use crate::model::interest::Interest;

/// A hint is held for this long, so that those that come with it (a recursive mkdir) are one wake.
const SETTLE: Duration = Duration::from_millis(15);
/// Hints of others' changes wake at most this often: a busy host writes and forks without end.
const PAUSE: Duration = Duration::from_millis(200);

/// Why [`Wakes::wait`] returned. Several at once are possible.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Woken {
    /// The time is up.
    pub timer: bool,
    /// What changed, if something did.
    pub hint: Hint,
    /// The newest interest, if one came.
    pub interest: Option<Interest>,
    /// The sampler is to end: somebody said so, or every [`Ringer`] is gone.
    pub stop: bool,
}

enum Ring {
    /// Something changed on the host: soon.
    Lazy(Hint),
    /// We changed something ourselves: now.
    Now(Hint),
    Interest(Box<Interest>),
    Stop,
}

/// How others wake the sampler. Clones wake the same one.
#[derive(Clone)]
pub struct Ringer(Sender<Ring>);

impl Ringer {
    /// This is of interest from now on, and to be sampled at once.
    pub fn interest(&self, interest: Interest) {
        self.ring(Ring::Interest(Box::new(interest)));
    }

    /// We changed something: sample at once.
    pub fn resample(&self, hint: Hint) {
        self.ring(Ring::Now(hint));
    }

    /// Something changed on the host: sample soon, together with what else comes.
    pub fn hint(&self, hint: Hint) {
        self.ring(Ring::Lazy(hint));
    }

    /// End.
    pub fn stop(&self) {
        self.ring(Ring::Stop);
    }

    fn ring(&self, ring: Ring) {
        // The other end is gone when the sampler has ended: then nobody is to be woken.
        drop(self.0.send(ring));
    }
}

/// What the sampler's thread blocks on.
pub struct Wakes {
    rings: Receiver<Ring>,
    /// When a lazy hint woke last.
    last: Option<Instant>,
    /// A lazy hint that waits for its time.
    held: Option<(Hint, Instant)>,
}

impl Wakes {
    /// A bell and one way to ring it.
    #[must_use]
    pub fn new() -> (Self, Ringer) {
        let (sender, rings) = channel();
        (Self { rings, last: None, held: None }, Ringer(sender))
    }

    /// Blocks until something is to be done, at most for `timeout`.
    pub fn wait(&mut self, timeout: Duration) -> Woken {
        let end = Instant::now() + timeout;
        let mut woken = Woken::default();
        loop {
            let now = Instant::now();
            if let Some((hint, due)) = self.held
                && due <= now
            {
                merge(&mut woken.hint, hint);
                self.held = None;
                self.last = Some(now);
                return woken;
            }
            if now >= end {
                woken.timer = true;
                return woken;
            }
            let until = self.held.map_or(end, |(_, due)| due.min(end));
            match self.rings.recv_timeout(until - now) {
                Ok(ring) => {
                    if self.take(ring, &mut woken) {
                        // What else waits is taken along: the newest interest replaces the older.
                        while let Ok(ring) = self.rings.try_recv() {
                            self.take(ring, &mut woken);
                        }
                        return woken;
                    }
                }
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => {
                    woken.stop = true;
                    return woken;
                }
            }
        }
    }

    /// Takes one ring; whether it wakes at once.
    fn take(&mut self, ring: Ring, woken: &mut Woken) -> bool {
        match ring {
            Ring::Lazy(hint) => {
                let now = Instant::now();
                let due = self.last.map_or(now + SETTLE, |last| (last + PAUSE).max(now + SETTLE));
                let (held, _) = self.held.get_or_insert((Hint::default(), due));
                merge(held, hint);
                false
            }
            Ring::Now(hint) => {
                merge(&mut woken.hint, hint);
                true
            }
            Ring::Interest(interest) => {
                woken.interest = Some(*interest);
                true
            }
            Ring::Stop => {
                woken.stop = true;
                true
            }
        }
    }
}

fn merge(into: &mut Hint, hint: Hint) {
    into.structure |= hint.structure;
    into.values |= hint.values;
    into.mounts |= hint.mounts;
}
