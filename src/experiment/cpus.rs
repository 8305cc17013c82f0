//! Where workloads run: the file's words, and the CPUs of a host that they mean.
//!
//! `cpus = [0, 1]` and `cpus = "0-1,4"` are numbers as they are. `"first"` is the lowest CPU that may be used, `"first:2"`
//! the second lowest; `"quiet"` is the least busy one, `"quiet:2"` the second least busy. A list may hold several:
//! `["quiet", "quiet:2"]` is a workload that may run on the two quietest CPUs. One name means one CPU throughout an
//! experiment, so that two workloads on `"quiet"` compete.
use std::collections::BTreeMap;
use std::fmt;

use crate::model::cpu_set::{CpuSet, MAX_CPU};

/// CPUs as a file names them: at least one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CpuSpec(pub Vec<CpuName>);

/// One CPU as a file names it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum CpuName {
    /// This number.
    Number(u32),
    /// The n-th lowest that may be used, from 1.
    First(u32),
    /// The n-th least busy that may be used, from 1.
    Quiet(u32),
}

impl Default for CpuSpec {
    /// The least busy CPU.
    fn default() -> Self {
        Self(vec![CpuName::Quiet(1)])
    }
}

impl CpuSpec {
    /// Reads a text: a list of the kernel's format, or one symbolic name. The error is what is wrong with it.
    ///
    /// # Errors
    /// A sentence, for anything else.
    pub fn from_text(text: &str) -> Result<Self, String> {
        if let Some(name) = CpuName::from_text(text) {
            return Ok(Self(vec![name]));
        }
        match CpuSet::parse(text) {
            Some(set) if !set.is_empty() => Ok(Self(set.iter().map(CpuName::Number).collect())),
            _ => Err(format!(
                "`cpus` is \"{}\": write numbers ([0, 1] or \"0-1\"), \"first\", \"quiet\", or \"quiet:2\" for the second \
                 least busy CPU",
                text.escape_debug()
            )),
        }
    }

    /// Whether it is made of numbers alone, so that it means the same CPUs on every host.
    #[must_use]
    pub fn is_literal(&self) -> bool {
        self.0.iter().all(|name| matches!(name, CpuName::Number(_)))
    }
}

impl CpuName {
    /// Reads `first`, `first:N`, `quiet`, `quiet:N` with N from 1 to the highest CPU number.
    #[must_use]
    pub fn from_text(text: &str) -> Option<Self> {
        let (word, nth) = match text.split_once(':') {
            None => (text, 1),
            Some((word, nth)) if nth.bytes().all(|byte| byte.is_ascii_digit()) => (word, nth.parse().ok()?),
            Some(_) => return None,
        };
        if !(1..=MAX_CPU).contains(&nth) {
            return None;
        }
        match word {
            "first" => Some(Self::First(nth)),
            "quiet" => Some(Self::Quiet(nth)),
            _ => None,
        }
    }
}

impl fmt::Display for CpuName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Number(cpu) => write!(f, "{cpu}"),
            Self::First(1) => f.write_str("first"),
            Self::First(nth) => write!(f, "first:{nth}"),
            Self::Quiet(1) => f.write_str("quiet"),
            Self::Quiet(nth) => write!(f, "quiet:{nth}"),
        }
    }
}

/// What must be known of a host to choose CPUs.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct CpuFacts {
    /// CPUs that may be used.
    pub allowed: CpuSet,
    /// How busy each is, 0 to 1; one that is missing counts as 0.
    pub load: BTreeMap<u32, f64>,
    /// The user: several users of one host who ask for a quiet CPU should not all get the same one.
    pub uid: u32,
}

/// A CPU that a file asks for and that may not be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("CPU {name} may not be used here; allowed are: {allowed}")]
pub struct NotAllowed {
    /// What the file asks for.
    pub name: CpuName,
    /// What may be used.
    pub allowed: CpuSet,
}

/// The CPUs that `spec` means on a host.
///
/// Quiet CPUs are those with the lowest load in steps of a tenth (small differences are noise); among equals it starts at
/// the CPU that the user's number points to.
///
/// # Errors
/// [`NotAllowed`] for a number that is not in the allowed set, or an n-th CPU where there are not that many.
pub fn resolve_cpus(spec: &CpuSpec, facts: &CpuFacts) -> Result<CpuSet, NotAllowed> {
    let first: Vec<u32> = facts.allowed.iter().collect();
    let quiet = by_quiet(&first, facts);
    let nth = |cpus: &[u32], nth: u32| cpus.get((nth as usize).saturating_sub(1)).copied();
    spec.0
        .iter()
        .map(|&name| {
            match name {
                CpuName::Number(cpu) => facts.allowed.contains(cpu).then_some(cpu),
                CpuName::First(n) => nth(&first, n),
                CpuName::Quiet(n) => nth(&quiet, n),
            }
            .ok_or_else(|| NotAllowed { name, allowed: facts.allowed.clone() })
        })
        .collect()
}

/// The allowed CPUs, least busy first.
fn by_quiet(allowed: &[u32], facts: &CpuFacts) -> Vec<u32> {
    let mut cpus = allowed.to_vec();
    if !cpus.is_empty() {
        cpus.rotate_left(facts.uid as usize % allowed.len());
    }
    // Tenths of a CPU: a whole number, so that the order is total whatever the load's float is (NaN counts as 0).
    #[expect(clippy::cast_possible_truncation, reason = "a load is 0 to 1; `as` saturates whatever else it is")]
    let tenths = |cpu: &u32| (facts.load.get(cpu).copied().unwrap_or(0.0) * 10.0) as i64;
    cpus.sort_by_key(tenths);
    cpus
}

/// The CPUs that `spec` means where there is no host to ask (`cgrove predict`): numbers are themselves, the n-th first and
/// the n-th quiet CPU are number n - 1.
#[must_use]
pub fn imagine_cpus(spec: &CpuSpec) -> CpuSet {
    spec.0
        .iter()
        .map(|&name| match name {
            CpuName::Number(cpu) => cpu,
            CpuName::First(nth) | CpuName::Quiet(nth) => nth.saturating_sub(1),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::{CpuFacts, CpuName, CpuSpec, imagine_cpus, resolve_cpus};
    use crate::model::cpu_set::CpuSet;

    fn facts(allowed: &str, load: &[(u32, f64)], uid: u32) -> CpuFacts {
        CpuFacts { allowed: CpuSet::parse(allowed).unwrap(), load: load.iter().copied().collect(), uid }
    }

    fn resolved(text: &str, facts: &CpuFacts) -> String {
        resolve_cpus(&CpuSpec::from_text(text).unwrap(), facts).unwrap().to_string()
    }

    #[test]
    fn numbers_are_themselves_or_an_error_with_the_allowed_list() {
        let host = facts("1-2,5", &[], 0);
        assert_eq!(resolved("1,5", &host), "1,5");
        let error = resolve_cpus(&CpuSpec::from_text("0-1").unwrap(), &host).unwrap_err();
        assert_eq!(error.to_string(), "CPU 0 may not be used here; allowed are: 1-2,5");
    }

    #[test]
    fn first_is_the_lowest_allowed() {
        let host = facts("1-2,5", &[(1, 1.0)], 7);
        assert_eq!(resolved("first", &host), "1");
        assert_eq!(resolved("first:3", &host), "5");
        let error = resolve_cpus(&CpuSpec(vec![CpuName::First(4)]), &host).unwrap_err();
        assert_eq!(error.to_string(), "CPU first:4 may not be used here; allowed are: 1-2,5");
    }

    #[test]
    fn quiet_is_the_least_busy_and_noise_does_not_count() {
        let host = facts("0-3", &[(0, 0.9), (1, 0.05), (2, 0.02), (3, 0.5)], 0);
        assert_eq!(resolved("quiet", &host), "1", "0.05 and 0.02 are both quiet");
        assert_eq!(resolved("quiet:2", &host), "2");
        assert_eq!(resolved("quiet:4", &host), "0");
    }

    #[test]
    fn users_are_spread_over_equally_quiet_cpus() {
        let picked: Vec<String> = (1000..1004).map(|uid| resolved("quiet", &facts("0-3", &[], uid))).collect();
        assert_eq!(picked, ["0", "1", "2", "3"]);
        let both = CpuSpec(vec![CpuName::Quiet(1), CpuName::Quiet(2)]);
        assert_eq!(resolve_cpus(&both, &facts("0-3", &[], 3)).unwrap().to_string(), "0,3");
    }

    #[test]
    fn texts_that_are_no_cpus_are_refused() {
        for text in
            ["", "quite", "quiet:0", "quiet:", "quiet:x", "first:9999", "1-0", "-1", "0;1", "quiet,0", "quiet:+1"]
        {
            assert!(CpuSpec::from_text(text).is_err(), "{text}");
        }
    }

    #[test]
    fn without_a_host_names_become_the_lowest_numbers() {
        assert_eq!(imagine_cpus(&CpuSpec::from_text("quiet:2").unwrap()).to_string(), "1");
        assert_eq!(imagine_cpus(&CpuSpec::default()).to_string(), "0");
        assert_eq!(imagine_cpus(&CpuSpec::from_text("7").unwrap()).to_string(), "7");
    }
}
