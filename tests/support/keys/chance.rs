//! A small random generator (SplitMix64) with a seed, so that every run sees the same keys and
//! texts.

/// A stream of random characters.
pub(crate) struct Chance {
    state: u64,
}

impl Chance {
    /// A separate stream for every seed and purpose.
    pub(crate) fn new(seed: u64, purpose: &str) -> Self {
        let state = purpose.bytes().fold(seed, |state, byte| {
            state.wrapping_mul(0x100_0000_01b3) ^ u64::from(byte)
        });
        Self { state }
    }

    /// `len` characters of `alphabet`, which has one byte per character.
    pub(crate) fn text(&mut self, alphabet: &[u8], len: usize) -> String {
        let mut pick = || char::from(alphabet[self.below(alphabet.len())]);
        (0..len).map(|_| pick()).collect()
    }

    /// A number below `limit`, which is not 0.
    pub(crate) fn below(&mut self, limit: usize) -> usize {
        usize::try_from(self.next() >> 40).expect("24 bits") % limit
    }

    fn next(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.state;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }
}
