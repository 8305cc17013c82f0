//! What 100 % is. One scale for every column and panel, always written out.
use crate::model::cpu_set::CpuSet;
use crate::model::id::GroupId;
use crate::model::workload::WorkloadState;
use crate::split::table::{Got, Owed, Row};

use super::state::State;

/// Which amount of CPU is 100 %.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Scale {
    /// The CPUs where the contest runs: those of cgrove's own pinned workloads, else those where the tasks of the base that
    /// want the CPU compete.
    #[default]
    Contest,
    /// What the base gets (for GETS) and is owed (for OWED).
    Base,
    /// One CPU.
    OneCpu,
}

impl Scale {
    /// The one after this, for `%`.
    #[must_use]
    pub fn next(self) -> Self {
        match self {
            Self::Contest => Self::Base,
            Self::Base => Self::OneCpu,
            Self::OneCpu => Self::Contest,
        }
    }
}

/// Half a point of one CPU.
const HALF_A_POINT: f64 = 0.005;

/// A scale with its amounts for one frame.
#[derive(Clone, Debug, PartialEq)]
pub struct Ruler {
    /// CPUs that are 100 % of OWED; `None` where that is not known.
    pub owed: Option<f64>,
    /// CPUs that are 100 % of GETS.
    pub gets: Option<f64>,
    /// "CPU 3", "STAGE", "one CPU; the host is 400 %".
    pub name: String,
    /// Whether RULE is on the same scale, so that GETS − RULE means something.
    pub beside_rule: bool,
}

impl Ruler {
    /// The name without what can be left out where there is no room.
    #[must_use]
    pub fn short_name(&self) -> &str {
        self.name.split(';').next().unwrap_or_default()
    }

    /// The scale of what is on screen.
    #[must_use]
    pub fn of(state: &State) -> Self {
        let host = state.snapshot().map_or(1, |snapshot| snapshot.host.cpus());
        let base = state.base().and_then(|id| state.split(id));
        match state.scale {
            Scale::Contest => match own_contest(state) {
                Some(own) => Self::over(&own, base, host),
                None => Self::of_contest(base, host),
            },
            Scale::OneCpu => Self::one_cpu(host),
            Scale::Base => {
                let positive = |cpus: &f64| *cpus > 1e-6;
                Self {
                    owed: base.and_then(|row| row.expected.cpus()).filter(positive),
                    gets: base.and_then(|row| row.measured.cpus()).filter(positive),
                    name: state.base().map_or_else(|| "the base".to_owned(), |id| name_of(state, id)),
                    beside_rule: true,
                }
            }
        }
    }

    /// The CPUs where the tasks of the base that want the CPU compete, on a host with so many CPUs; one CPU where none does.
    #[must_use]
    pub fn of_contest(base: Option<&Row>, host: usize) -> Self {
        Self::over(base.map(|row| row.contested.as_slice()).unwrap_or_default(), base, host)
    }

    fn over(contested: &[u32], base: Option<&Row>, host: usize) -> Self {
        // Who also runs where nobody competes may have more than 100 %: that is an amount, not a place.
        let spread = base.is_some_and(|row| row.elsewhere > HALF_A_POINT);
        let cpus = contested.len() as f64;
        let set: CpuSet = contested.iter().copied().collect();
        let name = match contested {
            [] => return Self::one_cpu(host),
            [one] if spread => format!("one CPU; they compete on CPU {one}"),
            [one] => format!("CPU {one}"),
            _ if contested.len() == host => format!("all {host} CPUs"),
            _ if spread => format!("{} CPUs; they compete on CPUs {set}", contested.len()),
            _ => format!("CPUs {set}"),
        };
        Self { owed: Some(cpus), gets: Some(cpus), name, beside_rule: true }
    }

    fn one_cpu(host: usize) -> Self {
        let name = if host == 1 { "the one CPU".to_owned() } else { format!("one CPU; the host is {} %", host * 100) };
        Self { owed: Some(1.0), gets: Some(1.0), name, beside_rule: host == 1 }
    }

    /// What is owed, in percent.
    #[must_use]
    pub fn owed_percent(&self, owed: Owed) -> Option<f64> {
        Some(owed.cpus()? / self.owed? * 100.0)
    }

    /// What was measured, in percent.
    #[must_use]
    pub fn gets_percent(&self, got: Got) -> Option<f64> {
        Some(got.cpus()? / self.gets? * 100.0)
    }
}

/// The CPUs that cgrove's own workloads below the base are pinned to: their contest is what somebody built it for, whatever
/// else this host does elsewhere. `None` without any, or if one may run anywhere.
fn own_contest(state: &State) -> Option<Vec<u32>> {
    let structure = &state.snapshot()?.structure;
    let base = structure.place(state.base()?)?;
    let running = state.workloads.iter().filter(|workload| workload.state == WorkloadState::Running);
    let mut cpus = Vec::new();
    for workload in running.filter(|workload| workload.launch.groups.iter().any(|group| group.is_within(&base))) {
        cpus.extend(workload.launch.cpus.as_ref()?.iter());
    }
    cpus.sort_unstable();
    cpus.dedup();
    (!cpus.is_empty()).then_some(cpus)
}

/// How a group is called on screen: `STAGE` for the stage, `/` for the top, else its last component, escaped.
#[must_use]
pub fn name_of(state: &State, id: GroupId) -> String {
    let Some(group) = state.snapshot().and_then(|snapshot| snapshot.structure.group(id)) else {
        return "?".to_owned();
    };
    if group.parent.is_none() {
        "/".to_owned()
    } else if state.stage() == Some(id) {
        "STAGE".to_owned()
    } else {
        crate::model::bytes::escape(&group.name)
    }
}
