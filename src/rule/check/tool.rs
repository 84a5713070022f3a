//! Tools that checks share: patterns that compile when first used, and base64 that forgives.

use std::sync::OnceLock;

use base64::Engine as _;
use base64::alphabet;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use regex::bytes::{Regex, RegexBuilder};

/// A regular expression of a check, compiled when first used; ASCII, without regard to case.
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

/// Decodes base64 in either alphabet; a character too many at the end is left out. Empty where it
/// is neither.
pub(crate) fn decode_base64(text: &[u8]) -> Vec<u8> {
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
