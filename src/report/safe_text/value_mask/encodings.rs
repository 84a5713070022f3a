//! Encodes values as other texts may contain them, and decodes percent signs.

use std::collections::BTreeSet;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};

use crate::text::Span;

/// What every base64 text with `value` inside contains: one form for each alignment and alphabet.
pub(super) fn base64_forms(value: &[u8]) -> BTreeSet<Vec<u8>> {
    let mut forms = BTreeSet::new();
    for shift in 0..3 {
        let mut bytes = vec![0; shift];
        bytes.extend_from_slice(value);
        // The characters at both ends depend on the surrounding bytes.
        let (first, last) = ((shift * 8).div_ceil(6), bytes.len() * 8 / 6);
        for text in [
            STANDARD_NO_PAD.encode(&bytes),
            URL_SAFE_NO_PAD.encode(&bytes),
        ] {
            forms.insert(text.as_bytes()[first..last].to_vec());
        }
    }
    forms
}

/// `value` in hex, in both cases.
pub(super) fn hex_forms(value: &[u8]) -> [Vec<u8>; 2] {
    let lower: String = value.iter().map(|byte| format!("{byte:02x}")).collect();
    [lower.to_ascii_uppercase().into_bytes(), lower.into_bytes()]
}

/// Extends `span` to the whole base64 text around it. Slashes and dashes end it, because they also
/// separate the names of a path.
pub(super) fn widened(text: &[u8], span: Span) -> Span {
    let before = text[..span.start]
        .iter()
        .rev()
        .take_while(|byte| is_base64(**byte))
        .count();
    let after = text[span.end..]
        .iter()
        .take_while(|byte| is_base64(**byte))
        .count();
    Span::new(span.start - before, span.end + after)
}

fn is_base64(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'=')
}

/// Decodes the percent signs of `text`. Also returns where each byte of the result began, and the
/// end of `text`.
pub(super) fn percent_decoded(text: &[u8]) -> (Vec<u8>, Vec<usize>) {
    let mut decoded = Vec::with_capacity(text.len());
    let mut offsets = Vec::with_capacity(text.len() + 1);
    let mut at = 0;
    while at < text.len() {
        offsets.push(at);
        let escaped = percent_escape(&text[at..]);
        decoded.push(escaped.unwrap_or(text[at]));
        at += if escaped.is_some() { 3 } else { 1 };
    }
    offsets.push(text.len());
    (decoded, offsets)
}

/// The byte that a percent escape at the start of `text` means.
fn percent_escape(text: &[u8]) -> Option<u8> {
    let [b'%', high, low, ..] = *text else {
        return None;
    };
    let (high, low) = (
        char::from(high).to_digit(16)?,
        char::from(low).to_digit(16)?,
    );
    u8::try_from(high * 16 + low).ok()
}
