//! Loads 64 bytes of a text into a vector, and looks all of them up in a table of the ASCII
//! characters, for the searches with AVX-512.

#![expect(unsafe_code, reason = "vector loads")]

use std::arch::x86_64::{
    __m512i, _mm512_load_si512, _mm512_loadu_si512, _mm512_maskz_loadu_epi8,
    _mm512_permutex2var_epi8,
};
use std::sync::LazyLock;

use super::BLOCK;

/// An entry for each ASCII character.
#[derive(Clone, Copy, Debug)]
#[repr(align(64))]
pub(in crate::scan) struct Table(pub(in crate::scan) [u8; 128]);

/// A table in two vectors.
#[derive(Clone, Copy)]
pub(in crate::scan) struct Loaded(__m512i, __m512i);

/// Whether the processor has every feature that a `target_feature` of the searches with AVX-512
/// enables. A feature is added here first.
pub(in crate::scan) fn is_supported() -> bool {
    *IS_SUPPORTED
}

/// Cached: it is asked for each long run of a text.
static IS_SUPPORTED: LazyLock<bool> = LazyLock::new(|| {
    is_x86_feature_detected!("avx512f")
        && is_x86_feature_detected!("avx512bw")
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
        // SAFETY: each half of a table is 64 bytes long and 64-byte aligned.
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
        // SAFETY: the mask has bits for the bytes of the text only, and others are not read. The
        // load needs no alignment.
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

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    /// The searches with AVX-512 are tested where it is supported, so that must not be missed.
    #[test]
    fn it_is_supported_where_the_system_says_so() {
        let info = std::fs::read_to_string("/proc/cpuinfo").unwrap();
        let flags = info.lines().find(|line| line.starts_with("flags")).unwrap();
        let has = |flag| flags.split_whitespace().any(|other| other == flag);
        let needed = ["avx512f", "avx512bw", "avx512vbmi", "bmi1", "bmi2", "abm"];
        assert_eq!(is_supported(), needed.into_iter().all(has));
    }
}
