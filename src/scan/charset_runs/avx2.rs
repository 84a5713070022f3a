//! Finds long runs with AVX2: two table look-ups and a comparison tell for 32 bytes at once which
//! end a run.
//!
//! On source code this is several times as fast as skipping from probe to probe, which would take
//! as much of a scan as the search for keywords; hence the one place with `unsafe` in it.
//! `super::tests` holds it to the plain version.

#![expect(
    unsafe_code,
    reason = "a vector load, and calling what needs a feature of the processor"
)]

use std::arch::x86_64::{
    __m256i, _mm256_and_si256, _mm256_cmpeq_epi8, _mm256_loadu_si256, _mm256_movemask_epi8,
    _mm256_set1_epi8, _mm256_setr_epi8, _mm256_setzero_si256, _mm256_shuffle_epi8,
    _mm256_srli_epi16,
};

/// Calls `found` with the start and end of every maximal run of at least [`super::MIN`] bytes of
/// `super::CLASS`; `false`, and nothing is called, where the processor has no AVX2.
pub(super) fn long_runs(text: &[u8], found: &mut dyn FnMut(usize, usize)) -> bool {
    if !is_x86_feature_detected!("avx2") {
        return false;
    }
    // SAFETY: the processor has AVX2.
    unsafe { search(text, found) };
    true
}

#[target_feature(enable = "avx2")]
fn search(text: &[u8], found: &mut dyn FnMut(usize, usize)) {
    // A byte is of the class if the tables, by its low and by its high half, share a bit. The bits
    // stand for the high halves 2 (`#%&+-./`), 3 (`0-9;=`), 4 and 6 (`A-O`, `a-o`), 5 (`P-Z\_`) and
    // 7 (`p-z`). A byte from 0x80 on selects zero in the first table.
    let low = both([26, 30, 30, 31, 30, 31, 31, 30, 30, 30, 28, 7, 12, 7, 5, 13]);
    let high = both([0, 0, 1, 2, 4, 8, 4, 16, 0, 0, 0, 0, 0, 0, 0, 0]);
    let (blocks, rest) = text.as_chunks::<32>();
    // Where the run began that is open at the start of a block.
    let (mut open, mut at) = (0, 0);
    for block in blocks {
        // SAFETY: a block is 32 bytes long, and the load demands no alignment.
        let bytes = unsafe { _mm256_loadu_si256(block.as_ptr().cast()) };
        let upper = _mm256_and_si256(_mm256_srli_epi16::<4>(bytes), _mm256_set1_epi8(0x0f));
        let shared = _mm256_and_si256(
            _mm256_shuffle_epi8(low, bytes),
            _mm256_shuffle_epi8(high, upper),
        );
        let outside =
            _mm256_movemask_epi8(_mm256_cmpeq_epi8(shared, _mm256_setzero_si256())).cast_unsigned();
        if outside != 0 {
            // Between two bytes of a block that end a run there is no room for a long one.
            let end = at + outside.trailing_zeros() as usize;
            if end - open >= super::MIN {
                found(open, end);
            }
            open = at + 32 - outside.leading_zeros() as usize;
        }
        at += 32;
    }
    for byte in rest {
        if super::CLASS[usize::from(*byte)] == 0 {
            if at - open >= super::MIN {
                found(open, at);
            }
            open = at + 1;
        }
        at += 1;
    }
    if at.saturating_sub(open) >= super::MIN {
        found(open, at);
    }
}

/// A table of sixteen bytes in both halves of a vector, as the shuffle wants it.
#[target_feature(enable = "avx2")]
fn both(t: [i8; 16]) -> __m256i {
    _mm256_setr_epi8(
        t[0], t[1], t[2], t[3], t[4], t[5], t[6], t[7], t[8], t[9], t[10], t[11], t[12], t[13],
        t[14], t[15], t[0], t[1], t[2], t[3], t[4], t[5], t[6], t[7], t[8], t[9], t[10], t[11],
        t[12], t[13], t[14], t[15],
    )
}
