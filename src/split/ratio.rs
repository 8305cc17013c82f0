//! Exact ratios of weights.
//!
//! A group's configured part is a product of `weight / sum of the siblings' weights` down the tree. Each factor is exact in
//! `u128`; the product stays exact while its reduced terms fit, which four levels of the largest weights do. Beyond that it
//! becomes an approximation that says so ([`Ratio::is_exact`]), never a wrong fraction that looks exact.
use std::cmp::Ordering;
use std::fmt;

/// A fraction from 0 to 1, reduced. Exact while numerator and denominator fit; see [`Ratio::times`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Ratio {
    numerator: u128,
    denominator: u128,
    exact: bool,
}

/// The largest denominator that the screen shows as a fraction.
const SMALL: u128 = 99;

impl Ratio {
    /// Nothing.
    pub const ZERO: Self = Self { numerator: 0, denominator: 1, exact: true };
    /// The whole.
    pub const ONE: Self = Self { numerator: 1, denominator: 1, exact: true };

    /// `part / whole`, reduced. `None` if `whole` is 0 or less than `part`: that is no part of anything.
    #[must_use]
    pub fn new(part: u128, whole: u128) -> Option<Self> {
        (whole > 0 && part <= whole).then(|| Self::reduced(part, whole, true))
    }

    fn reduced(part: u128, whole: u128, exact: bool) -> Self {
        let divisor = gcd(part, whole);
        Self { numerator: part / divisor, denominator: whole / divisor, exact }
    }

    /// The product. If its reduced terms do not fit into `u128` the result is the nearest that does, and is not exact.
    #[must_use]
    pub fn times(self, other: Self) -> Self {
        // Reducing crosswise first keeps the products as small as they can be.
        let across = gcd(self.numerator, other.denominator);
        let back = gcd(other.numerator, self.denominator);
        let (mut a, mut b) = (self.numerator / across, other.numerator / back);
        let (mut c, mut d) = (self.denominator / back, other.denominator / across);
        let mut exact = self.exact && other.exact;
        loop {
            if let (Some(numerator), Some(denominator)) = (a.checked_mul(b), c.checked_mul(d)) {
                return Self::reduced(numerator, denominator.max(1), exact);
            }
            // Halve one factor of each: the value stays, up to a relative error of 2^-60 and less.
            exact = false;
            halve_larger(&mut a, &mut b);
            halve_larger(&mut c, &mut d);
        }
    }

    /// Whether this is the exact value; a product that did not fit is not.
    #[must_use]
    pub fn is_exact(self) -> bool {
        self.exact
    }

    /// For a sentence: as a fraction if it is a small one, else in percent.
    #[must_use]
    pub fn words(self) -> String {
        if self.is_small() { self.to_string() } else { format!("{:.2} %", self.as_f64() * 100.0) }
    }

    /// Whether the screen shows it as a fraction: exact, denominator at most 99.
    #[must_use]
    pub fn is_small(self) -> bool {
        self.exact && self.denominator <= SMALL
    }

    /// The reduced numerator.
    #[must_use]
    pub fn numerator(self) -> u128 {
        self.numerator
    }

    /// The reduced denominator, at least 1.
    #[must_use]
    pub fn denominator(self) -> u128 {
        self.denominator
    }

    /// The value, 0 to 1.
    #[must_use]
    pub fn as_f64(self) -> f64 {
        self.numerator as f64 / self.denominator as f64
    }

    /// This part of a whole given relative to another base: `self / base`. `None` if the base is 0 or smaller than `self`.
    #[must_use]
    pub fn within(self, base: Self) -> Option<Self> {
        if base.numerator == 0 || self.compare(base) == Ordering::Greater {
            return None;
        }
        let swapped = Self { numerator: base.denominator, denominator: base.numerator, exact: base.exact };
        Some(self.times(swapped))
    }

    fn compare(self, other: Self) -> Ordering {
        match (self.numerator.checked_mul(other.denominator), other.numerator.checked_mul(self.denominator)) {
            (Some(left), Some(right)) => left.cmp(&right),
            _ => self.as_f64().total_cmp(&other.as_f64()),
        }
    }
}

impl fmt::Display for Ratio {
    /// `3/4`, `1`, `0`; a value that is not exact as `~0.123457`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.exact {
            return write!(f, "~{:.6}", self.as_f64());
        }
        if self.denominator == 1 {
            return write!(f, "{}", self.numerator);
        }
        write!(f, "{}/{}", self.numerator, self.denominator)
    }
}

fn gcd(mut a: u128, mut b: u128) -> u128 {
    while b != 0 {
        (a, b) = (b, a % b);
    }
    a.max(1)
}

fn halve_larger(a: &mut u128, b: &mut u128) {
    let larger = if *a >= *b { a } else { b };
    *larger /= 2;
}

#[cfg(test)]
mod tests {
    use super::Ratio;

    fn ratio(part: u128, whole: u128) -> Ratio {
        Ratio::new(part, whole).unwrap()
    }

    #[test]
    fn the_lectures_second_figure() {
        let cg1 = ratio(600, 800);
        assert_eq!(cg1.to_string(), "3/4");
        assert_eq!(cg1.times(ratio(100, 300)).to_string(), "1/4");
        assert_eq!(cg1.times(ratio(200, 300)).to_string(), "1/2");
        assert_eq!(Ratio::ONE.times(Ratio::ONE).to_string(), "1");
        assert_eq!(ratio(0, 7), Ratio::ZERO);
    }

    #[test]
    fn what_is_no_part_is_refused() {
        assert_eq!(Ratio::new(1, 0), None);
        assert_eq!(Ratio::new(3, 2), None);
    }

    #[test]
    fn only_exact_ratios_with_small_denominators_are_for_the_screen() {
        assert!(ratio(98, 99).is_small());
        assert!(!ratio(1, 100).is_small());
        assert!(ratio(2, 198).is_small());
    }

    #[test]
    fn a_product_that_does_not_fit_says_so_and_stays_close() {
        let odd = ratio(1, (1 << 100) - 1);
        let tiny = odd.times(odd);
        assert!(!tiny.is_exact() && !tiny.is_small());
        let big = ratio((1 << 100) - 1, 1 << 100);
        let product = big.times(ratio((1 << 99) - 1, 1 << 99));
        assert!(!product.is_exact());
        assert!((product.as_f64() - 1.0).abs() < 1e-12, "{product}");
        assert!(product.to_string().starts_with('~'));
        assert!(!product.times(Ratio::ONE).is_exact());
    }

    #[test]
    fn four_levels_of_the_largest_weights_stay_exact() {
        let level = ratio(262_143, 262_144 * 12 + 1);
        let four = level.times(level).times(level).times(level);
        assert!(four.is_exact());
        assert_eq!(four.denominator(), (262_144_u128 * 12 + 1).pow(4));
    }

    #[test]
    fn another_base_divides_out() {
        let cg1 = ratio(3, 4);
        assert_eq!(ratio(1, 4).within(cg1), Ratio::new(1, 3));
        assert_eq!(cg1.within(cg1), Some(Ratio::ONE));
        assert_eq!(Ratio::ONE.within(cg1), None);
        assert_eq!(cg1.within(Ratio::ZERO), None);
    }
}
