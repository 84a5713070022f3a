//! Splits charset runs into the parts that the rules without keywords and the decoders read.

use crate::rule::charset::{BASE64, CLASS, MIN_BASE64_RUN, OTHER};
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

/// Whether `run` has a character of URL-safe base64 (RFC 4648, section 5) that base64 lacks.
pub(super) fn is_url_safe(text: &[u8], run: Span) -> bool {
    memchr::memchr2(b'-', b'_', run.of(text)).is_some()
}

/// One in so many characters of URL-safe base64 is one that base64 lacks, at most. It is one in 32
/// of random bytes; in names it is one in seven.
const MIN_PER_SIGN: usize = 8;

/// Calls `found` for every stretch of `run` that consists of URL-safe base64, with a character that
/// base64 lacks, and that is long enough for a rule.
pub(super) fn url_safe_runs(text: &[u8], run: Span, mut found: impl FnMut(Span)) {
    if run.len() < MIN_BASE64_RUN || !is_url_safe(text, run) {
        return;
    }
    let ends_stretch = |byte: u8| !byte.is_ascii_alphanumeric() && !matches!(byte, b'-' | b'_');
    skip_along(run.of(text), MIN_BASE64_RUN, ends_stretch, |start, end| {
        let span = Span::new(start, end).shift(run.start);
        let signs = memchr::memchr2_iter(b'-', b'_', span.of(text)).count();
        if signs > 0 && signs * MIN_PER_SIGN <= span.len() {
            found(span);
        }
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
}
