//! The vectors of AVX-512 that the searches share: 64 bytes of a text, and a table with an entry
//! for each ASCII character that is looked up for all of them at once.

#![expect(unsafe_code, reason = "vector loads")]

use std::arch::x86_64::{
    __m512i, _mm512_load_si512, _mm512_loadu_si512, _mm512_maskz_loadu_epi8,
    _mm512_permutex2var_epi8,
};
use std::sync::LazyLock;

/// How many bytes a vector has.
pub(in crate::scan) const BLOCK: usize = 64;

/// An entry for each ASCII character.
#[derive(Clone, Copy, Debug)]
#[repr(align(64))]
pub(in crate::scan) struct Table(pub(in crate::scan) [u8; 128]);

/// A table in two vectors.
#[derive(Clone, Copy)]
pub(in crate::scan) struct Loaded(__m512i, __m512i);

/// Whether the processor has what the functions of this file need, and what all that have it have.
pub(in crate::scan) fn is_supported() -> bool {
    *IS_SUPPORTED
}

/// The answer, because each question about one feature takes as long as all of them here.
static IS_SUPPORTED: LazyLock<bool> = LazyLock::new(|| {
    is_x86_feature_detected!("avx512bw")
        && is_x86_feature_detected!("avx512vbmi")
        && is_x86_feature_detected!("avx2")
        && is_x86_feature_detected!("bmi1")
        && is_x86_feature_detected!("bmi2")
        && is_x86_feature_detected!("lzcnt")
        && is_x86_feature_detected!("popcnt")
});

impl Table {
    #[target_feature(enable = "avx512bw,avx512vbmi")]
    #[inline]
    pub(in crate::scan) fn load(&self) -> Loaded {
        let (low, high) = self.0.split_at(BLOCK);
        // SAFETY: either half of a table is 64 bytes long and aligned to so many.
        unsafe {
            Loaded(
                _mm512_load_si512(low.as_ptr().cast()),
                _mm512_load_si512(high.as_ptr().cast()),
            )
        }
    }
}

impl Loaded {
    /// The entry of each byte, without regard to its highest bit.
    #[target_feature(enable = "avx512bw,avx512vbmi")]
    #[inline]
    pub(in crate::scan) fn look_up(self, bytes: __m512i) -> __m512i {
        _mm512_permutex2var_epi8(self.0, bytes, self.1)
    }
}

/// The first bytes of `text`; behind its end they are zero.
#[target_feature(enable = "avx512bw,avx512vbmi")]
#[inline]
pub(in crate::scan) fn load(text: &[u8]) -> __m512i {
    let start = text.as_ptr();
    if text.len() >= BLOCK {
        // SAFETY: 64 bytes are in the text, and the load needs no alignment.
        unsafe { _mm512_loadu_si512(start.cast()) }
    } else {
        // SAFETY: what is loaded is in the text, and the load needs no alignment.
        unsafe { _mm512_maskz_loadu_epi8(first(text.len()), start.cast()) }
    }
}

/// A bit for each of the first `count` bytes of a vector.
pub(in crate::scan) const fn first(count: usize) -> u64 {
    if count >= BLOCK {
        u64::MAX
    } else {
        (1 << count) - 1
    }
}
