//! Answers for most keys that a hash table lacks them, from one bit of memory: for the tables that
//! are asked at every place of a text.

/// A bit for each hash of a key.
#[derive(Debug)]
pub(super) struct HashBits(Box<[u64; 1024]>);

impl Default for HashBits {
    fn default() -> Self {
        Self(Box::new([0; 1024]))
    }
}

impl HashBits {
    pub(super) fn insert(&mut self, key: u32) {
        let (index, bit) = place(key);
        self.0[index] |= bit;
    }

    /// Whether the key may have been inserted.
    pub(super) fn may_have(&self, key: u32) -> bool {
        let (index, bit) = place(key);
        self.0[index] & bit != 0
    }
}

/// The index of the word and the bit in it for `key`: Fibonacci hashing.
fn place(key: u32) -> (usize, u64) {
    let hash = key.wrapping_mul(0x9E37_79B1) >> 16;
    ((hash >> 6) as usize, 1 << (hash & 63))
}
