//! The least busy CPU, now and then: what `quiet` means on the screen.
use std::collections::BTreeMap;

use crate::kernel::fs::Fs;
use crate::kernel::load::Load;
use crate::model::cpu_set::CpuSet;

/// Weight of the newest reading: a moment's burst does not move the choice.
const NEWEST: f64 = 0.3;
/// How much quieter another CPU must be before the choice moves there.
const CLEARLY: f64 = 0.1;

/// Watches the CPUs. Workloads that cgrove launched itself count, too: so a choice is kept while it is about as good.
pub struct Quiet {
    allowed: CpuSet,
    load: Option<Load>,
    smooth: BTreeMap<u32, f64>,
    chosen: Option<u32>,
}

impl Quiet {
    /// Watches these CPUs.
    #[must_use]
    pub fn new(allowed: CpuSet) -> Self {
        let chosen = allowed.first();
        Self { allowed, load: None, smooth: BTreeMap::new(), chosen }
    }

    /// The choice, if it changed. Call it about once a second.
    pub fn choose(&mut self, fs: &dyn Fs) -> Option<u32> {
        let Some(load) = &mut self.load else {
            self.load = Load::begin(fs).ok();
            return None;
        };
        for (cpu, busy) in load.since(fs).ok()? {
            let smooth = self.smooth.entry(cpu).or_insert(busy);
            *smooth += NEWEST * (busy - *smooth);
        }
        let of = |cpu: u32| self.smooth.get(&cpu).copied();
        let best = self.allowed.iter().filter_map(|cpu| Some((of(cpu)?, cpu))).min_by(|a, b| a.0.total_cmp(&b.0))?;
        let now = self.chosen.and_then(of).unwrap_or(1.0);
        if self.chosen != Some(best.1) && best.0 + CLEARLY < now {
            self.chosen = Some(best.1);
            return self.chosen;
        }
        None
    }
}
