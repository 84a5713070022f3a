//! Helps checks with patterns that compile on first use, and with lenient base64.

use std::sync::OnceLock;

use base64::Engine as _;
use base64::alphabet;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use regex::bytes::{Regex, RegexBuilder};

/// A regular expression of a check, compiled on first use. It is ASCII and ignores case.
pub(super) struct Lazy {
    pattern: &'static str,
    regex: OnceLock<Regex>,
}

impl Lazy {
    pub(super) const fn new(pattern: &'static str) -> Self {
        Self {
            pattern,
            regex: OnceLock::new(),
        }
    }

    #[expect(
        clippy::expect_used,
        reason = "the patterns are constants, and a test compiles each"
    )]
    pub(super) fn regex(&self) -> &Regex {
        let build = || {
            RegexBuilder::new(self.pattern)
                .unicode(false)
                .case_insensitive(true)
                .build()
        };
        self.regex
            .get_or_init(|| build().expect("a constant pattern compiles"))
    }

    pub(super) fn found_in(&self, text: &[u8]) -> bool {
        self.regex().is_match(text)
    }
}

const FORGIVING: GeneralPurposeConfig = GeneralPurposeConfig::new()
    .with_decode_padding_mode(DecodePaddingMode::Indifferent)
    .with_decode_allow_trailing_bits(true);
pub(super) const STANDARD: GeneralPurpose = GeneralPurpose::new(&alphabet::STANDARD, FORGIVING);
const URL_SAFE: GeneralPurpose = GeneralPurpose::new(&alphabet::URL_SAFE, FORGIVING);

/// Whether a byte is a base64 character or padding.
pub(super) fn is_base64(byte: &u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/' | b'=')
}

/// Decodes base64 in either alphabet, without a surplus character at the end. The result is empty
/// if `text` is neither.
pub(super) fn decode_base64(text: &[u8]) -> Vec<u8> {
    let bare = text
        .iter()
        .rposition(|&b| b != b'=')
        .map_or(0, |last| last + 1);
    let whole = if bare % 4 == 1 { bare - 1 } else { bare };
    STANDARD
        .decode(&text[..whole])
        .or_else(|_| URL_SAFE.decode(&text[..whole]))
        .unwrap_or_default()
}

/// Decodes base32 (RFC 4648, section 6) in upper case, without padding. A surplus of bits at the
/// end is dropped.
pub(super) fn decode_base32(text: &[u8]) -> Option<Vec<u8>> {
    let (mut bits, mut count, mut bytes) = (0_u32, 0, Vec::with_capacity(text.len()));
    for byte in text {
        let digit = match byte {
            b'A'..=b'Z' => byte - b'A',
            b'2'..=b'7' => byte - b'2' + 26,
            _ => return None,
        };
        bits = bits << 5 | u32::from(digit);
        count += 5;
        if count >= 8 {
            count -= 8;
            bytes.push((bits >> count & 0xff) as u8);
        }
    }
    Some(bytes)
}
