//! Exact ratios of weights.

/// A fraction from 0 to 1, reduced. Exact while numerator and denominator fit; see [`Ratio::times`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Ratio {
    numerator: u128,
    denominator: u128,
}
