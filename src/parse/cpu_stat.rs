//! `cpu.stat`: v1 has throttling alone, in nanoseconds; v2 has usage always, and throttling (microseconds) where the cpu
//! controller is enabled.
use crate::model::cgroup::Throttle;

use super::Error;
use super::flat::{get, need};

/// v2 `cpu.stat`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CpuStat {
    /// CPU time of the group and all below, in nanoseconds (the file has microseconds).
    pub usage_ns: u64,
    /// Counters of the bandwidth limit; `None` without the cpu controller.
    pub throttle: Option<Throttle>,
}

/// v1 `cpu.stat` (`throttled_time` in nanoseconds).
///
/// # Errors
/// If one of its three keys is missing or has no number.
pub fn v1(text: &[u8]) -> Result<Throttle, Error> {
    Ok(Throttle {
        periods: need(text, "nr_periods")?,
        throttled: need(text, "nr_throttled")?,
        time_ns: need(text, "throttled_time")?,
    })
}

/// v2 `cpu.stat` (`usage_usec`, `throttled_usec`).
///
/// # Errors
/// If `usage_usec` is missing, `nr_periods` stands without its companions, or one has no number.
pub fn v2(text: &[u8]) -> Result<CpuStat, Error> {
    let usage_ns = need(text, "usage_usec")?.saturating_mul(1000);
    let throttle = match get(text, "nr_periods")? {
        None => None,
        Some(periods) => Some(Throttle {
            periods,
            throttled: need(text, "nr_throttled")?,
            time_ns: need(text, "throttled_usec")?.saturating_mul(1000),
        }),
    };
    Ok(CpuStat { usage_ns, throttle })
}

#[cfg(test)]
mod tests {
    use super::{CpuStat, Throttle, v1, v2};

    #[test]
    fn v1_counts_nanoseconds() {
        let text = b"nr_periods 55\nnr_throttled 54\nthrottled_time 4400000000\nnr_bursts 0\nburst_time 0\n";
        assert_eq!(v1(text), Ok(Throttle { periods: 55, throttled: 54, time_ns: 4_400_000_000 }));
    }

    #[test]
    fn v2_counts_microseconds() {
        let text = b"usage_usec 1500\nuser_usec 1000\nsystem_usec 500\nnice_usec 0\nnr_periods 5\nnr_throttled 4\n\
                     throttled_usec 7\nnr_bursts 0\nburst_usec 0\n";
        let throttle = Throttle { periods: 5, throttled: 4, time_ns: 7000 };
        assert_eq!(v2(text), Ok(CpuStat { usage_ns: 1_500_000, throttle: Some(throttle) }));
    }

    #[test]
    fn v2_without_the_controller_has_usage_alone() {
        assert_eq!(v2(b"usage_usec 1\nuser_usec 1\nsystem_usec 0\n"), Ok(CpuStat { usage_ns: 1000, throttle: None }));
    }

    #[test]
    fn missing_and_malformed_parts_are_errors() {
        assert!(v1(b"").is_err() && v2(b"").is_err());
        assert!(v1(b"nr_periods 1\nnr_throttled 1\n").is_err());
        assert!(v2(b"usage_usec 1\nnr_periods 1\n").is_err());
        assert!(v2(b"usage_usec x\n").is_err());
    }
}
