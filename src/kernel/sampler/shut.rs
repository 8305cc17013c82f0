//! Hierarchies that others want unmounted: while one is shut, the sampler has none of its files open and looks into none.
use std::collections::BTreeSet;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use crate::model::id::HierarchyId;

/// How long a sampling that is under way may take before nobody waits for its end any more.
const PATIENCE: Duration = Duration::from_secs(2);

/// The hierarchies that are shut; clones are the same.
#[derive(Clone, Default)]
pub struct Shut(Arc<(Mutex<Inner>, Condvar)>);

#[derive(Default)]
struct Inner {
    wanted: BTreeSet<HierarchyId>,
    seen: BTreeSet<HierarchyId>,
}

impl Shut {
    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.0.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Shuts a hierarchy, has the sampler woken by `wake`, and waits until it has closed what it had open, at most two
    /// seconds. Whether it has.
    pub fn shut(&self, hierarchy: HierarchyId, wake: impl FnOnce()) -> bool {
        self.inner().wanted.insert(hierarchy);
        wake();
        let limit = Instant::now() + PATIENCE;
        let mut inner = self.inner();
        while !inner.seen.contains(&hierarchy) {
            let left = limit.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return false;
            }
            inner = self.0.1.wait_timeout(inner, left).unwrap_or_else(PoisonError::into_inner).0;
        }
        true
    }

    /// It may be looked into again.
    pub fn open(&self, hierarchy: HierarchyId) {
        let mut inner = self.inner();
        inner.wanted.remove(&hierarchy);
        // Whoever shuts it again waits again.
        inner.seen.remove(&hierarchy);
    }

    /// What is to be shut.
    pub(super) fn wanted(&self) -> BTreeSet<HierarchyId> {
        self.inner().wanted.clone()
    }

    /// These are shut by now.
    pub(super) fn done(&self, shut: &BTreeSet<HierarchyId>) {
        self.inner().seen.clone_from(shut);
        self.0.1.notify_all();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_opened_again_is_not_taken_for_shut() {
        let (shut, id) = (Shut::default(), HierarchyId(3));
        let sampler = shut.clone();
        assert!(shut.shut(id, || sampler.done(&sampler.wanted())));
        shut.open(id);
        let mut woken = false;
        assert!(shut.shut(id, || {
            woken = !sampler.inner().seen.contains(&id);
            sampler.done(&sampler.wanted());
        }));
        assert!(woken);
    }
}
