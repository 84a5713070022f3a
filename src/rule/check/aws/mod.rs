//! Checks for AWS credentials. Formats: IAM User Guide, "IAM identifiers"; the rest is named where it is used.

/// A pattern for a name that stands right before a value: after the name comes what any language of configuration puts
/// there, separators, quotes, brackets or a line break, and up to three short words such as `value` or `string`.
macro_rules! right_before {
    ($names:literal) => {
        concat!($names, r"(?:[^a-z0-9]{1,40}(?:[a-z]{1,12}[^a-z0-9]{1,24}){0,3})$")
    };
}

pub(super) mod context;
pub(super) mod id;
pub(super) mod secret;
pub(super) mod token;

use std::sync::OnceLock;

use base64::Engine as _;
use base64::alphabet;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use regex::bytes::{Regex, RegexBuilder};

/// A regular expression of a check, compiled when first used; ASCII, without regard to case.
struct Lazy {
    pattern: &'static str,
    regex: OnceLock<Regex>,
}

impl Lazy {
    const fn new(pattern: &'static str) -> Self {
        Self { pattern, regex: OnceLock::new() }
    }

    #[expect(clippy::expect_used, reason = "the patterns are constants, and a test compiles each")]
    fn regex(&self) -> &Regex {
        let build = || RegexBuilder::new(self.pattern).unicode(false).case_insensitive(true).build();
        self.regex.get_or_init(|| build().expect("a constant pattern compiles"))
    }

    fn found_in(&self, text: &[u8]) -> bool {
        self.regex().is_match(text)
    }
}

const FORGIVING: GeneralPurposeConfig = GeneralPurposeConfig::new()
    .with_decode_padding_mode(DecodePaddingMode::Indifferent)
    .with_decode_allow_trailing_bits(true);
const STANDARD: GeneralPurpose = GeneralPurpose::new(&alphabet::STANDARD, FORGIVING);
const URL_SAFE: GeneralPurpose = GeneralPurpose::new(&alphabet::URL_SAFE, FORGIVING);

/// Decodes base64 in either alphabet; a character too many at the end is left out. Empty where it is neither.
fn decode_base64(text: &[u8]) -> Vec<u8> {
    let bare = text.iter().rposition(|&b| b != b'=').map_or(0, |last| last + 1);
    let whole = if bare % 4 == 1 { bare - 1 } else { bare };
    STANDARD.decode(&text[..whole]).or_else(|_| URL_SAFE.decode(&text[..whole])).unwrap_or_default()
}

#[cfg(test)]
pub(crate) mod samples {
    //! Made-up credentials, put together when the tests run.

    /// A well-formed access key id of account 609629065308.
    pub(crate) fn id() -> String {
        ["ASIA", "Y34FZKBO", "KMUTVV7A"].concat()
    }

    /// A value that passes for a secret access key.
    pub(crate) fn secret() -> String {
        ["kP3v/Zq8LrT0", "wYb6HnXs1Dj+", "Ue5MfCgA9oQi", "R2xV"].concat()
    }
}
