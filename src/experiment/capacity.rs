//! What the workloads of a run really had on each CPU.
//!
//! On a busy host the CPUs have less than 1 to give to an experiment. With weights alone that changes no part; with quotas
//! and duties it does, because these do not shrink with the CPU. So expected is solved again for what the workloads really
//! had. Where they would have used a whole CPU, that is their sum there; where they would not (all of them satisfied or
//! capped), the CPU counts as a whole one, unless they got clearly less than they are owed.
use std::collections::BTreeMap;

use crate::split::solve::solve;

use super::contest::entrants;
use super::setup::Setup;

/// Under this part of a CPU a run counts as disturbed.
pub const DISTURBED: f64 = 0.8;

/// Workloads that do not fill a CPU and get less than this part of what they are owed were kept from it by others.
const KEPT_FROM_IT: f64 = 0.95;

/// What the workloads had.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Capacity {
    /// On each CPU where a workload may run, in CPUs: the capacity to solve with.
    pub had: BTreeMap<u32, f64>,
    /// Under [`DISTURBED`] on some CPU.
    pub disturbed: bool,
    /// The least part of what they could have had that the workloads got on any CPU, 0 to 1.
    pub least: f64,
}

/// What the workloads had on each CPU, from what each process got (in CPUs, in the order of the processes).
#[must_use]
pub fn capacity(setup: &Setup, got: &[f64]) -> Capacity {
    let whole = entrants(setup, &BTreeMap::new());
    let solution = solve(&whole.contest);
    let mut sums = vec![0.0; solution.pools.len()];
    for (process, &got) in whole.processes.iter().zip(got) {
        // A process that may run on several CPUs is counted to them as it is owed there.
        let parts: Vec<_> = process.threads.clone().flat_map(|thread| solution.parts(thread)).collect();
        let owed: f64 = parts.iter().map(|part| part.cpus).sum();
        for part in &parts {
            let share = if owed > 0.0 { part.cpus / owed } else { 1.0 / parts.len() as f64 };
            sums[part.pool as usize] += got * share;
        }
    }
    let mut capacity = Capacity { least: 1.0, ..Capacity::default() };
    for (pool, &sum) in solution.pools.iter().zip(&sums) {
        let filled = pool.owed >= pool.capacity - 1e-6;
        let kept = pool.owed > 0.0 && sum < pool.owed * KEPT_FROM_IT;
        let cpus = pool.cpus.len().max(1) as f64;
        // More than a whole CPU is the counters' ticks.
        let had = if filled || kept { (sum / cpus).min(1.0) } else { 1.0 };
        if pool.owed > 0.0 {
            capacity.least = capacity.least.min(sum / pool.owed);
        }
        capacity.disturbed |= had < DISTURBED;
        capacity.had.extend(pool.cpus.iter().map(|cpu| (cpu, had)));
    }
    capacity
}

#[cfg(test)]
mod tests {
    use super::capacity;
    use crate::experiment::parse::{Options, parse};
    use crate::experiment::report::{Measured, Report};
    use crate::experiment::setup::Setup;

    fn setup(text: &str) -> Setup {
        Setup::imagined(parse(text.as_bytes(), Options::default()).unwrap(), None).unwrap()
    }

    fn near(left: f64, right: f64) -> bool {
        (left - right).abs() < 1e-6
    }

    const LOOPS: &str = "[[group]]\npath = \"a\"\nquota = 0.2\n[[group]]\npath = \"b\"\n[[group]]\npath = \"c\"\n\
                         [[workload]]\ngroup = \"a\"\n[[workload]]\ngroup = \"b\"\n[[workload]]\ngroup = \"c\"\n";

    #[test]
    fn a_cpu_that_they_would_fill_had_what_they_got() {
        let c = capacity(&setup(LOOPS), &[0.2, 0.3, 0.3]);
        assert!(near(c.had[&0], 0.8) && near(c.least, 0.8) && !c.disturbed, "{c:?}");
        let c = capacity(&setup(LOOPS), &[0.1, 0.2, 0.2]);
        assert!(near(c.had[&0], 0.5) && c.disturbed, "{c:?}");
    }

    #[test]
    fn expected_is_solved_for_what_they_had() {
        // Owed of a whole CPU: .2 .4 .4. Of 0.7: .2 .25 .25, and the parts shift.
        let setup = setup(LOOPS);
        let got = vec![0.2, 0.25, 0.25];
        let had = capacity(&setup, &got);
        let measured = Measured {
            seconds: 8.0,
            cpus: got,
            pids: vec![1, 2, 3],
            capacity: had.had,
            disturbed: had.disturbed,
            beside: vec![],
        };
        let report = Report::new(&setup, Some(&measured));
        assert!(report.disturbed);
        assert!(near(report.groups[0].expected.unwrap(), 2.0 / 7.0), "{:?}", report.groups[0]);
        assert!(report.max_error_pp.unwrap() < 1e-3 && report.within_tolerance == Some(true));
    }

    #[test]
    fn who_is_capped_or_satisfied_fills_no_cpu() {
        let capped = setup("[[group]]\npath = \"a\"\nquota = 0.2\n[[workload]]\ngroup = \"a\"\n");
        let c = capacity(&capped, &[0.199]);
        assert!(near(c.had[&0], 1.0) && !c.disturbed, "{c:?}");
        let duty = setup("[[group]]\npath = \"a\"\n[[workload]]\ngroup = \"a\"\nduty = 0.5\n");
        assert!(near(capacity(&duty, &[0.499]).had[&0], 1.0));
        let kept = capacity(&duty, &[0.3]);
        assert!(near(kept.had[&0], 0.3) && kept.disturbed, "owed .5, got .3: others took the CPU: {kept:?}");
    }

    #[test]
    fn nobody_who_wants_anything_is_not_disturbed() {
        let held = setup("[[group]]\npath = \"a\"\n[[workload]]\ngroup = \"a\"\nheld = true\n");
        let c = capacity(&held, &[0.0]);
        assert!(!c.disturbed && near(c.least, 1.0), "{c:?}");
    }

    #[test]
    fn each_cpu_counts_for_itself() {
        let two = setup(
            "[[group]]\npath = \"a\"\n[[group]]\npath = \"b\"\n[[workload]]\ngroup = \"a\"\ncpus = [0]\n\
             [[workload]]\ngroup = \"a\"\ncpus = [3]\n[[workload]]\ngroup = \"b\"\ncpus = [0]\n",
        );
        let c = capacity(&two, &[0.3, 0.9, 0.6]);
        assert!(near(c.had[&0], 0.9) && near(c.had[&3], 0.9) && c.had.len() == 2, "{c:?}");
    }
}
