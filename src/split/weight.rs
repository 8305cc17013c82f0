//! Weights in the scheduler's units, in which a task of nice 0 has 1024.
//!
//! Source: `kernel/sched/core.c` (`sched_prio_to_weight`, `sched_weight_to_cgroup`, `sched_weight_from_cgroup`), and
//! `kernel/sched/sched.h` (`MIN_SHARES`, `MAX_SHARES`, `WEIGHT_IDLEPRIO`).
//!
//! Not here: the other formulas by which systemd, runc and Kubernetes turn v1 shares into v2 weights.
use crate::model::hierarchy::Version;

/// Weight of a task of nice 0, and of a v1 group by default.
pub const NICE_0: f64 = 1024.0;

/// Weight of a `SCHED_IDLE` task and of a group with `cpu.idle` 1.
pub const IDLE: f64 = 3.0;

/// Smallest and largest `cpu.shares` the kernel stores; it clamps silently.
pub const SHARES: (u64, u64) = (2, 262_144);

/// Smallest and largest `cpu.weight`; outside the kernel says ERANGE.
pub const WEIGHT: (u64, u64) = (1, 10_000);

/// Default `cpu.shares`.
pub const DEFAULT_SHARES: u64 = 1024;

/// Default `cpu.weight`.
pub const DEFAULT_WEIGHT: u64 = 100;

/// The kernel's weights of nice -20 to 19.
const NICE: [u32; 40] = [
    88761, 71755, 56483, 46273, 36291, // -20
    29154, 23254, 18705, 14949, 11916, // -15
    9548, 7620, 6100, 4904, 3906, // -10
    3121, 2501, 1991, 1586, 1277, // -5
    1024, 820, 655, 526, 423, // 0
    335, 272, 215, 172, 137, // 5
    110, 87, 70, 56, 45, // 10
    36, 29, 23, 18, 15, // 15
];

/// Weight of a task of this nice value; values outside -20 to 19 count as the nearest.
#[must_use]
pub fn of_nice(nice: i8) -> f64 {
    let row = usize::try_from(i32::from(nice.clamp(-20, 19)) + 20).unwrap_or_default();
    f64::from(NICE[row])
}

/// `cpu.shares` as the kernel stores what is written: clamped to 2 and 262144.
#[must_use]
pub fn clamp_shares(shares: u64) -> u64 {
    shares.clamp(SHARES.0, SHARES.1)
}

/// The shares the kernel computes for a `cpu.weight`: `weight × 1024 / 100`, rounded half up. 1 is 10, 10000 is 102400.
#[must_use]
pub fn shares_of_weight(weight: u64) -> u64 {
    (weight.clamp(WEIGHT.0, WEIGHT.1) * 1024 + 50) / 100
}

/// The `cpu.weight` the kernel shows for these shares: `shares × 100 / 1024`, rounded half up, 1 to 10000.
#[must_use]
pub fn weight_of_shares(shares: u64) -> u64 {
    ((clamp_shares(shares) * 100 + 512) / 1024).clamp(WEIGHT.0, WEIGHT.1)
}

/// What a group weighs among its siblings: its raw `cpu.shares` (v1) or `cpu.weight` (v2), or 3 if it is idle.
#[must_use]
pub fn of_group(version: Version, raw: u64, idle: bool) -> f64 {
    if idle {
        return IDLE;
    }
    match version {
        Version::V1 => clamp_shares(raw) as f64,
        Version::V2 => shares_of_weight(raw) as f64,
    }
}

#[cfg(test)]
mod tests {
    use super::{clamp_shares, of_group, of_nice, shares_of_weight, weight_of_shares};
    use crate::model::hierarchy::Version;

    #[test]
    fn nice_values_weigh_what_the_kernel_says() {
        for (nice, weight) in [(-20, 88761.0), (-5, 3121.0), (0, 1024.0), (5, 335.0), (10, 110.0), (19, 15.0)] {
            assert_eq!(of_nice(nice).to_bits(), f64::to_bits(weight), "nice {nice}");
        }
        assert_eq!(of_nice(100).to_bits(), f64::to_bits(15.0));
        assert_eq!(of_nice(-100).to_bits(), f64::to_bits(88761.0));
    }

    #[test]
    fn each_step_of_nice_is_a_quarter_more() {
        for nice in -20..19_i8 {
            let step = of_nice(nice) / of_nice(nice + 1);
            assert!((1.15..1.32).contains(&step), "nice {nice}: {step}");
        }
    }

    #[test]
    fn weights_become_the_kernels_shares() {
        for (weight, shares) in [(1, 10), (2, 20), (50, 512), (100, 1024), (1000, 10240), (10000, 102_400)] {
            assert_eq!(shares_of_weight(weight), shares, "weight {weight}");
        }
    }

    #[test]
    fn shares_become_the_kernels_weights() {
        let table = [
            (2, 1),
            (10, 1),
            (100, 10),
            (256, 25),
            (512, 50),
            (1024, 100),
            (2048, 200),
            (10240, 1000),
            (102_400, 10000),
            (262_144, 10000),
        ];
        for (shares, weight) in table {
            assert_eq!(weight_of_shares(shares), weight, "shares {shares}");
        }
    }

    #[test]
    fn every_weight_survives_the_way_to_shares_and_back() {
        for weight in 1..=10_000 {
            assert_eq!(weight_of_shares(shares_of_weight(weight)), weight);
        }
    }

    #[test]
    fn shares_are_clamped_and_idle_groups_weigh_three() {
        assert_eq!((clamp_shares(0), clamp_shares(999_999_999_999)), (2, 262_144));
        assert_eq!(of_group(Version::V1, 600, false).to_bits(), f64::to_bits(600.0));
        assert_eq!(of_group(Version::V2, 600, false).to_bits(), f64::to_bits(6144.0));
        assert_eq!(of_group(Version::V1, 600, true).to_bits(), f64::to_bits(3.0));
    }
}
