//! Finds long runs of word characters: the prefilter for secrets that stand under no keyword, and
//! for the keywords of those that are one long word.

#[cfg(target_arch = "x86_64")]
mod avx2;

use crate::rule::MIN_RUN;
use crate::text::Span;

/// A byte of `[A-Za-z0-9+/]`.
const BASE64: u8 = 1;
/// A byte that may begin or end an escape for one of those: `\/`, `%2F`, `&#x2F;`.
const ESCAPE: u8 = 2;

/// Any other byte of a word: `_ - . =`.
const OTHER: u8 = 4;

static CLASS: [u8; 256] = {
    let mut table = [0; 256];
    let mut i = 0;
    while i < 256 {
        #[expect(clippy::cast_possible_truncation, reason = "i is below 256")]
        let byte = i as u8;
        table[i] = match byte {
            b'+' | b'/' => BASE64,
            b'\\' | b'%' | b'&' | b'#' | b';' => ESCAPE,
            b'_' | b'-' | b'.' | b'=' => OTHER,
            _ if byte.is_ascii_alphanumeric() => BASE64,
            _ => 0,
        };
        i += 1;
    }
    table
};

/// Whether `byte` is of the alphabet of base64 (RFC 4648, section 4), the padding left out.
#[must_use]
pub(super) fn is_base64(byte: u8) -> bool {
    CLASS[usize::from(byte)] == BASE64
}

/// The shortest run that is found, in bytes: shorter ones may lie within 32 bytes, and the search
/// reads that many at once.
pub(super) const MIN: usize = 31;

/// Calls `found` for every stretch of `word`, a run, that is base64 or may belong to an escape and
/// is at least `min` long.
pub(super) fn base64_runs(text: &[u8], word: Span, min: usize, mut found: impl FnMut(Span)) {
    let outside = |byte: &u8| CLASS[usize::from(*byte)] == OTHER;
    skip_along(word.of(text), min, outside, |start, end| {
        found(Span::new(start, end).shift(word.start));
    });
}

/// The stretches of base64 in `outer`, a run, that are long enough for a rule.
pub(super) fn unbroken(text: &[u8], outer: Span) -> impl Iterator<Item = Span> {
    let mut start = outer.start;
    let next = move || {
        let rest = text.get(start..outer.end).filter(|rest| !rest.is_empty())?;
        let len = rest
            .iter()
            .position(|&byte| !is_base64(byte))
            .unwrap_or(rest.len());
        let inner = Span::new(start, start + len);
        start = inner.end + 1;
        Some(inner)
    };
    std::iter::from_fn(next).filter(|inner| inner.len() >= MIN_RUN)
}

/// What in `inner`, an unbroken stretch of base64, may be a secret: all of it, and, since the sign
/// of an added line in a diff is none of what was added, all but that sign.
pub(super) fn candidates(text: &[u8], inner: Span) -> impl Iterator<Item = Span> {
    let added = text[inner.start] == b'+' && (inner.start == 0 || text[inner.start - 1] == b'\n');
    [
        Some(inner),
        added.then(|| Span::new(inner.start + 1, inner.end)),
    ]
    .into_iter()
    .flatten()
}

/// Whether something that may belong to an escape stands in `outer`, a run.
pub(super) fn is_broken(text: &[u8], outer: Span) -> bool {
    outer.of(text).iter().any(|&byte| !is_base64(byte))
}

/// Whether `byte` may stand in a run.
pub(super) fn is_word(byte: u8) -> bool {
    CLASS[usize::from(byte)] != 0
}

/// Calls `found` with the start and end of every maximal run of at least [`MIN`] word characters.
pub(super) fn long_runs(text: &[u8], mut found: impl FnMut(usize, usize)) {
    #[cfg(target_arch = "x86_64")]
    if avx2::long_runs(text, &mut found) {
        return;
    }
    skip_along(text, MIN, |byte| CLASS[usize::from(*byte)] == 0, found);
}

/// Calls `found` with the start and end of every maximal run of at least `min` bytes that are not
/// `outside`. Such a run covers every `min`-th position, so only those are looked at, walking back
/// from each until a byte that ends the run: most bytes of ordinary text are never read.
fn skip_along(
    text: &[u8],
    min: usize,
    outside: impl Fn(&u8) -> bool,
    mut found: impl FnMut(usize, usize),
) {
    let mut low = 0;
    let mut probe = min - 1;
    while probe < text.len() {
        if let Some(stop) = text[low..=probe].iter().rposition(&outside) {
            low += stop + 1;
        } else {
            let rest = &text[probe + 1..];
            let end = probe + 1 + rest.iter().position(&outside).unwrap_or(rest.len());
            found(low, end);
            low = end + 1;
        }
        probe = low + min - 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The same by looking at every byte.
    fn plain(text: &[u8], min: usize) -> Vec<(usize, usize)> {
        let mut runs = Vec::new();
        let mut start = 0;
        for at in 0..=text.len() {
            if at == text.len() || CLASS[usize::from(text[at])] == 0 {
                if at - start >= min {
                    runs.push((start, at));
                }
                start = at + 1;
            }
        }
        runs
    }

    #[test]
    fn agrees_with_looking_at_every_byte() {
        let mut state = 1_u32;
        for round in 0..400 {
            let mut text = Vec::new();
            for _ in 0..600 {
                state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                let stops = [b' ', b'"', b'\n', 0];
                let stop = state >> 24 < 3 + round % 20;
                text.push(if stop {
                    stops[(state >> 20) as usize % 4]
                } else {
                    b"aZ9+/\\%_"[(state >> 16) as usize % 8]
                });
            }
            text.truncate(600 - (round % 64) as usize);
            let (mut fast, mut portable) = (Vec::new(), Vec::new());
            long_runs(&text, |start, end| fast.push((start, end)));
            skip_along(
                &text,
                MIN,
                |byte| CLASS[usize::from(*byte)] == 0,
                |start, end| portable.push((start, end)),
            );
            assert_eq!(fast, plain(&text, MIN));
            assert_eq!(portable, fast);
        }
    }

    #[test]
    fn every_byte_is_classed_alike_and_runs_are_found_at_every_offset() {
        for byte in 0..=u8::MAX {
            for at in 0..70 {
                let mut text = vec![b' '; at];
                text.extend([b'k'; MIN - 1]);
                text.push(byte);
                text.push(b' ');
                let mut runs = Vec::new();
                long_runs(&text, |start, end| runs.push((start, end)));
                assert_eq!(runs, plain(&text, MIN), "{byte:#x} at {at}");
            }
        }
    }

    #[test]
    fn words_fall_into_stretches_of_base64() {
        let text = b"..aaaa_bbb-cccccc%2F=d";
        let mut runs = Vec::new();
        base64_runs(text, Span::new(2, text.len()), 4, |span| runs.push(span));
        assert_eq!(runs, [Span::new(2, 6), Span::new(11, 20)]);
    }

    #[test]
    fn runs_at_the_edges_and_of_exact_length() {
        for (before, len, after) in [
            ("", 40, ""),
            (" ", 40, ""),
            ("", 40, " "),
            ("x y ", 41, "("),
        ] {
            let text = format!("{before}{}{after}", "k".repeat(len));
            let mut runs = Vec::new();
            long_runs(text.as_bytes(), |start, end| runs.push((start, end)));
            assert_eq!(runs, [(before.len(), before.len() + len)]);
        }
        long_runs(&[b'k'; 30], |_, _| panic!("30 bytes are no run of 31"));
        long_runs(b"", |_, _| panic!("nothing is no run"));
    }
}
