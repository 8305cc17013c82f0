//! Sets of CPU numbers, in the kernel's list format (`0-3,5`).
use std::fmt;

use serde::{Deserialize, Serialize};

/// The highest CPU number cgrove accepts; `CONFIG_NR_CPUS` is at most 8192.
pub const MAX_CPU: u32 = 8191;

/// A set of CPU numbers.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct CpuSet {
    /// Bit `c % 64` of word `c / 64`; the last word is never 0, so that equal sets compare equal.
    words: Vec<u64>,
}

impl CpuSet {
    /// The set of one CPU.
    #[must_use]
    pub fn one(cpu: u32) -> Self {
        [cpu].into_iter().collect()
    }

    /// Adds a CPU. Numbers above [`MAX_CPU`] are ignored: no kernel has them.
    pub fn insert(&mut self, cpu: u32) {
        if cpu > MAX_CPU {
            return;
        }
        let word = cpu as usize / 64;
        if word >= self.words.len() {
            self.words.resize(word + 1, 0);
        }
        self.words[word] |= 1 << (cpu % 64);
    }

    /// Whether `cpu` is in the set.
    #[must_use]
    pub fn contains(&self, cpu: u32) -> bool {
        self.words.get(cpu as usize / 64).is_some_and(|word| word >> (cpu % 64) & 1 == 1)
    }

    /// How many CPUs are in the set.
    #[must_use]
    pub fn len(&self) -> usize {
        self.words.iter().map(|word| word.count_ones() as usize).sum()
    }

    /// Whether the set is empty.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.words.is_empty()
    }

    /// The CPUs in rising order.
    pub fn iter(&self) -> impl Iterator<Item = u32> + '_ {
        self.words
            .iter()
            .zip(0_u32..)
            .flat_map(|(&word, index)| (0..64).filter(move |bit| word >> bit & 1 == 1).map(move |bit| index * 64 + bit))
    }

    /// The lowest CPU.
    #[must_use]
    pub fn first(&self) -> Option<u32> {
        self.iter().next()
    }

    /// The CPUs that are in both sets.
    #[must_use]
    pub fn intersection(&self, other: &Self) -> Self {
        self.iter().filter(|&cpu| other.contains(cpu)).collect()
    }

    /// The CPUs of this set that `other` has not.
    #[must_use]
    pub fn difference(&self, other: &Self) -> Self {
        self.iter().filter(|&cpu| !other.contains(cpu)).collect()
    }

    /// Whether every CPU of this set is in `other`.
    #[must_use]
    pub fn is_subset(&self, other: &Self) -> bool {
        self.iter().all(|cpu| other.contains(cpu))
    }

    /// Reads the kernel's list format, surrounding white space ignored: `0-3,5`, or nothing for the empty set.
    /// `None` for anything else: text, a reversed range, a number above [`MAX_CPU`].
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        let mut set = Self::default();
        if text.is_empty() {
            return Some(set);
        }
        for part in text.split(',') {
            let (low, high) = match part.split_once('-') {
                Some((low, high)) => (number(low)?, number(high)?),
                None => (number(part)?, number(part)?),
            };
            if low > high || high > MAX_CPU {
                return None;
            }
            (low..=high).for_each(|cpu| set.insert(cpu));
        }
        Some(set)
    }
}

fn number(text: &str) -> Option<u32> {
    if text.is_empty() || !text.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    text.parse().ok()
}

impl FromIterator<u32> for CpuSet {
    fn from_iter<I: IntoIterator<Item = u32>>(cpus: I) -> Self {
        let mut set = Self::default();
        cpus.into_iter().for_each(|cpu| set.insert(cpu));
        set
    }
}

impl From<CpuSet> for String {
    fn from(set: CpuSet) -> Self {
        set.to_string()
    }
}

impl TryFrom<String> for CpuSet {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        Self::parse(&text).ok_or_else(|| format!("{text:?} is no CPU list"))
    }
}

impl fmt::Display for CpuSet {
    /// The kernel's list format: `0-3,5`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut cpus = self.iter().peekable();
        let mut first = true;
        while let Some(low) = cpus.next() {
            let mut high = low;
            while cpus.next_if_eq(&(high + 1)).is_some() {
                high += 1;
            }
            if !first {
                f.write_str(",")?;
            }
            first = false;
            if low == high {
                write!(f, "{low}")?;
            } else {
                write!(f, "{low}-{high}")?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::CpuSet;

    #[test]
    fn lists_come_back_as_the_kernel_writes_them() {
        for text in ["", "0", "0-3", "0-3,5", "1,3,5", "63-64", "8191"] {
            assert_eq!(CpuSet::parse(text).unwrap().to_string(), text, "{text}");
        }
        assert_eq!(CpuSet::parse("0,1,2\n").unwrap().to_string(), "0-2");
    }

    #[test]
    fn what_is_no_list_is_refused() {
        for text in ["1-0", "x", "0-", "-1", "0,,1", "0,", "+1", "8192", "99999999999"] {
            assert_eq!(CpuSet::parse(text), None, "{text}");
        }
    }

    #[test]
    fn sets_compare_by_what_they_hold() {
        let a = CpuSet::parse("0-1").unwrap();
        assert_eq!(a.intersection(&CpuSet::parse("1-100").unwrap()), CpuSet::one(1));
        assert!(CpuSet::one(1).is_subset(&a) && !a.is_subset(&CpuSet::one(1)));
        assert_eq!((a.len(), a.first()), (2, Some(0)));
    }
}
