//! Finds charset runs: the prefilter for secrets without a keyword, and for keywords that begin one
//! long token.

#[cfg(target_arch = "x86_64")]
mod avx2;

use crate::rule::charset::{BASE64, CLASS, MIN_BASE64_RUN, MIN_RUN, OTHER, is_run_byte};
use crate::rule::check::has_form_of_id;
use crate::text::Span;

/// Whether `byte` is in the alphabet of base64 (RFC 4648, section 4), without the padding.
#[must_use]
pub(super) fn is_base64(byte: u8) -> bool {
    CLASS[usize::from(byte)] == BASE64
}

/// Calls `found` for every stretch of `run` that consists of base64 and bytes of escapes and that
/// is long enough for a rule.
pub(super) fn base64_runs(text: &[u8], run: Span, mut found: impl FnMut(Span)) {
    let ends_stretch = |byte| CLASS[usize::from(byte)] == OTHER;
    skip_along(run.of(text), MIN_BASE64_RUN, ends_stretch, |start, end| {
        found(Span::new(start, end).shift(run.start));
    });
}

/// The stretches of base64 in `outer` that are long enough for a rule.
pub(super) fn unbroken(text: &[u8], outer: Span) -> impl Iterator<Item = Span> {
    let mut start = outer.start;
    let stretches = outer.of(text).split(|&byte| !is_base64(byte));
    stretches
        .map(move |stretch| {
            let span = Span::new(start, start + stretch.len());
            start = span.end + 1;
            span
        })
        .filter(|span| span.len() >= MIN_BASE64_RUN)
}

/// The parts of `inner`, an unbroken stretch of base64, that may be a secret: all of it, if it
/// begins with the `+` of an added line in a diff, all but that sign, and what follows an access
/// key id in it.
pub(super) fn candidates(text: &[u8], inner: Span) -> impl Iterator<Item = Span> {
    let added = text[inner.start] == b'+' && (inner.start == 0 || text[inner.start - 1] == b'\n');
    let without_sign = added.then(|| Span::new(inner.start + 1, inner.end));
    let whole = std::iter::once(inner).chain(without_sign);
    whole.chain(after_ids(text, inner))
}

/// The secrets of access keys right after their ids in a stretch of base64, as in the path
/// `id/secret/us-east-1`.
fn after_ids(text: &[u8], inner: Span) -> impl Iterator<Item = Span> {
    const SEPARATORS: [u8; 2] = [b'/', b'+'];
    let mut start = inner.start;
    let segments = inner.of(text).split(|byte| SEPARATORS.contains(byte));
    segments.filter_map(move |segment| {
        let end = start + segment.len();
        start = end + 1;
        let secret = Span::new(end + 1, end + 1 + MIN_BASE64_RUN);
        let is_whole = secret.end == inner.end
            || secret.end < inner.end && SEPARATORS.contains(&text[secret.end]);
        (is_whole && has_form_of_id(segment)).then_some(secret)
    })
}

/// Whether `outer` contains a byte that may belong to an escape.
pub(super) fn is_broken(text: &[u8], outer: Span) -> bool {
    outer.of(text).iter().any(|&byte| !is_base64(byte))
}

/// Calls `found` with the start and end of every maximal charset run of at least [`MIN_RUN`] bytes.
pub(super) fn long_runs(text: &[u8], mut found: impl FnMut(usize, usize)) {
    #[cfg(target_arch = "x86_64")]
    if avx2::long_runs(text, &mut found) {
        return;
    }
    skip_along(text, MIN_RUN, |byte| !is_run_byte(byte), found);
}

/// Calls `found` with the start and end of every maximal run of at least `min` bytes that are not
/// `outside`. Such a run covers every `min`-th position, so the search probes only those and walks
/// back from each to the byte that ends the run: most bytes of ordinary text are never read.
pub(super) fn skip_along(
    text: &[u8],
    min: usize,
    outside: impl Fn(u8) -> bool,
    mut found: impl FnMut(usize, usize),
) {
    let mut low = 0;
    let mut probe = min - 1;
    while probe < text.len() {
        if let Some(stop) = text[low..=probe].iter().rposition(|&byte| outside(byte)) {
            low += stop + 1;
        } else {
            let rest = &text[probe + 1..];
            let stop = rest.iter().position(|&byte| outside(byte));
            let end = probe + 1 + stop.unwrap_or(rest.len());
            found(low, end);
            low = end + 1;
        }
        probe = low + min - 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The runs of `text`, found by reading every byte.
    fn plain(text: &[u8]) -> Vec<(usize, usize)> {
        let mut runs = Vec::new();
        let mut start = 0;
        for at in 0..=text.len() {
            if at == text.len() || !is_run_byte(text[at]) {
                if at - start >= MIN_RUN {
                    runs.push((start, at));
                }
                start = at + 1;
            }
        }
        runs
    }

    /// The build script, the rules and both searches use one definition: these are its promises.
    #[test]
    fn a_run_of_a_rule_is_a_charset_run() {
        const { assert!(MIN_BASE64_RUN >= MIN_RUN) };
        for byte in 0..=u8::MAX {
            let base64 = byte.is_ascii_alphanumeric() || b"+/".contains(&byte);
            assert_eq!(is_base64(byte), base64, "{byte:#x}");
            let in_run = base64 || b"_-.=\\%&#;".contains(&byte);
            assert_eq!(is_run_byte(byte), in_run, "{byte:#x}");
        }
    }

    #[test]
    fn both_searches_agree_with_reading_every_byte() {
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
                MIN_RUN,
                |byte| !is_run_byte(byte),
                |start, end| portable.push((start, end)),
            );
            assert_eq!(fast, plain(&text));
            assert_eq!(portable, fast);
        }
    }

    #[test]
    fn every_byte_value_is_classified_alike_at_every_offset() {
        for byte in 0..=u8::MAX {
            for at in 0..70 {
                let mut text = vec![b' '; at];
                text.extend([b'k'; MIN_RUN - 1]);
                text.push(byte);
                text.push(b' ');
                let mut runs = Vec::new();
                long_runs(&text, |start, end| runs.push((start, end)));
                assert_eq!(runs, plain(&text), "{byte:#x} at {at}");
            }
        }
    }

    #[test]
    fn a_run_is_split_into_stretches_of_base64() {
        let (long, escaped) = ("a".repeat(40), "c".repeat(37) + "%2F");
        let text = format!("..{long}_{}-{escaped}=d", "b".repeat(39));
        let mut runs = Vec::new();
        base64_runs(text.as_bytes(), Span::new(2, text.len()), |span| {
            runs.push(span);
        });
        assert_eq!(runs, [Span::new(2, 42), Span::new(83, 123)]);
        let whole = Span::new(0, text.len());
        let unbroken: Vec<_> = unbroken(text.as_bytes(), whole).collect();
        assert_eq!(unbroken, [Span::new(2, 42)]);
    }

    #[test]
    fn runs_at_the_edges_and_of_the_shortest_length_are_found() {
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
        long_runs(&[b'k'; MIN_RUN - 1], |_, _| panic!("too short"));
        long_runs(b"", |_, _| panic!("empty"));
    }
}
