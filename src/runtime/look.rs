//! Looking without a screen: samplings in this thread, one after the other, with their split.
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use anyhow::Result;

use crate::kernel::real::RealFs;
use crate::kernel::sampler::Sampler;
use crate::model::host::Host;
use crate::model::id::HierarchyId;
use crate::model::interest::{Interest, Rows};
use crate::model::snapshot::Snapshot;
use crate::model::structure::Structure;
use crate::split::live::Engine;
use crate::split::table::Table;

/// One look at one hierarchy.
pub struct Look {
    /// What was sampled last.
    pub snapshot: Arc<Snapshot>,
    /// Its split; empty for a hierarchy without cpu.
    pub table: Table,
}

/// Samples on request.
pub struct Looker {
    sampler: Sampler,
}

impl Looker {
    /// Opens the machine.
    ///
    /// # Errors
    /// If `/proc` cannot be read.
    pub fn open() -> Result<Self> {
        Ok(Self { sampler: Sampler::new(Box::new(RealFs))? })
    }

    /// The host.
    #[must_use]
    pub fn host(&self) -> &Host {
        self.sampler.host()
    }

    /// Hierarchies and groups as they were found.
    #[must_use]
    pub fn structure(&self) -> Arc<Structure> {
        Arc::clone(self.sampler.structure())
    }

    /// Looks at a hierarchy: twice, `interval` apart, if it carries cpu.
    pub fn look(&mut self, hierarchy: HierarchyId, interval: Duration) -> Look {
        let first = Arc::new(self.sampler.sample(&interest(hierarchy)));
        let cpu = first.structure.carrier("cpu").is_some_and(|h| h.id == hierarchy);
        if !cpu {
            return Look { snapshot: first, table: Table::default() };
        }
        let mut engine = Engine::new();
        let _first = engine.push(&first);
        thread::sleep(interval);
        let second = Arc::new(self.sampler.sample(&interest(hierarchy)));
        let table = engine.push(&second);
        Look { snapshot: second, table }
    }
}

fn interest(hierarchy: HierarchyId) -> Interest {
    Interest { hierarchy: Some(hierarchy), groups: Rows::All, ..Interest::default() }
}
