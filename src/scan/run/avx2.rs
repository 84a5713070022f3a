//! Finds blocks of sixteen bytes that may lie in a long run, with AVX2: two table look-ups and a comparison for 32 bytes.
//!
//! On source code this reads 30 GB/s from memory where skipping from probe to probe reads 4, and on x86-64 the run finder is
//! as much of a scan as the search for keywords; hence the one place with `unsafe` in it. `super::tests` holds it to the
//! plain version.

#![expect(unsafe_code, reason = "a vector load, and calling what needs a feature of the processor")]

use std::arch::x86_64::{
    __m256i, _mm256_and_si256, _mm256_cmpeq_epi8, _mm256_loadu_si256, _mm256_movemask_epi8, _mm256_set1_epi8,
    _mm256_setr_epi8, _mm256_setzero_si256, _mm256_shuffle_epi8, _mm256_srli_epi16,
};

/// Calls `found` with the offset of every block of sixteen bytes, at a multiple of sixteen, that is all of the class of
/// `super::CLASS`, up to the last 32; `false`, and nothing is called, where the processor has no AVX2.
pub(super) fn full_blocks(text: &[u8], found: &mut dyn FnMut(usize)) -> bool {
    if !is_x86_feature_detected!("avx2") {
        return false;
    }
    // SAFETY: the processor has AVX2.
    unsafe { search(text, found) };
    true
}

#[target_feature(enable = "avx2")]
fn search(text: &[u8], found: &mut dyn FnMut(usize)) {
    // A byte is of the class if the tables, by its low and by its high half, share a bit. The bits stand for the high
    // halves 2 (`#%&+/`), 3 (`0-9;`), 4 and 6 (`A-O`, `a-o`), 5 (`P-Z\`) and 7 (`p-z`). A byte from 0x80 on selects
    // zero in the first table.
    let low = both([26, 30, 30, 31, 30, 31, 31, 30, 30, 30, 30, 15, 12, 4, 4, 5]);
    let high = both([0, 0, 1, 2, 4, 8, 4, 16, 0, 0, 0, 0, 0, 0, 0, 0]);
    for (index, block) in text.as_chunks::<32>().0.iter().enumerate() {
        // SAFETY: a block is 32 bytes long, and the load demands no alignment.
        let bytes = unsafe { _mm256_loadu_si256(block.as_ptr().cast()) };
        let upper = _mm256_and_si256(_mm256_srli_epi16::<4>(bytes), _mm256_set1_epi8(0x0f));
        let shared = _mm256_and_si256(_mm256_shuffle_epi8(low, bytes), _mm256_shuffle_epi8(high, upper));
        let outside = _mm256_movemask_epi8(_mm256_cmpeq_epi8(shared, _mm256_setzero_si256()));
        if outside & 0xffff == 0 {
            found(index * 32);
        }
        if outside & !0xffff == 0 {
            found(index * 32 + 16);
        }
    }
}

/// A table of sixteen bytes in both halves of a vector, as the shuffle wants it.
#[target_feature(enable = "avx2")]
fn both(t: [i8; 16]) -> __m256i {
    _mm256_setr_epi8(
        t[0], t[1], t[2], t[3], t[4], t[5], t[6], t[7], t[8], t[9], t[10], t[11], t[12], t[13], t[14], t[15], t[0],
        t[1], t[2], t[3], t[4], t[5], t[6], t[7], t[8], t[9], t[10], t[11], t[12], t[13], t[14], t[15],
    )
}
