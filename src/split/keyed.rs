//! Maps keyed by identities: a hasher that is quick for a few integers.
//!
//! The keys are numbers the kernel gives out (inodes, TIDs), at ten thousand a tick; the standard hasher, made against
//! chosen keys, costs more than all the arithmetic of this layer. Each word is mixed in by rotation and multiplication with
//! an odd constant (the golden ratio's bits), and the high bits are folded down at the end.
use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};

/// A map by identity.
pub(super) type Keyed<K, V> = HashMap<K, V, BuildHasherDefault<Mixer>>;

/// The hasher.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Mixer(u64);

impl Hasher for Mixer {
    fn finish(&self) -> u64 {
        self.0 ^ (self.0 >> 32)
    }

    fn write(&mut self, bytes: &[u8]) {
        for &byte in bytes {
            self.write_u64(u64::from(byte));
        }
    }

    fn write_u32(&mut self, word: u32) {
        self.write_u64(u64::from(word));
    }

    fn write_i32(&mut self, word: i32) {
        self.write_u64(u64::from(word.cast_unsigned()));
    }

    fn write_u64(&mut self, word: u64) {
        self.0 = (self.0.rotate_left(23) ^ word).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;
    use std::hash::BuildHasherDefault;
    use std::hash::{BuildHasher, Hash};

    use super::Mixer;
    use crate::model::id::{GroupKey, HierarchyId, TaskKey};

    fn hash(value: impl Hash) -> u64 {
        BuildHasherDefault::<Mixer>::default().hash_one(value)
    }

    #[test]
    fn neighbours_fall_into_different_places() {
        // 4096 inodes in a row and 4096 tasks: the low 16 bits (where a table of 65536 looks) collide no more than by chance.
        let groups = (1..4097).map(|inode| hash(GroupKey { hierarchy: HierarchyId(3), inode }));
        let tasks = (1..4097).map(|tid| hash(TaskKey { tid, start: 17 }));
        for hashes in [groups.collect::<Vec<u64>>(), tasks.collect()] {
            let places: HashSet<u64> = hashes.iter().map(|hash| hash & 0xffff).collect();
            assert!(places.len() > 3850, "{}", places.len());
            assert_eq!(hashes.iter().collect::<HashSet<_>>().len(), 4096);
        }
    }
}
