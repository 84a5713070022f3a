//! Checks AWS credentials. Formats: IAM User Guide, "IAM identifiers"; each check names its other
//! sources.

/// A pattern for a name right before a value. Between them it allows what configuration languages
/// use: separators, quotes, brackets or a line break, and up to three short words such as `value`
/// or `string`.
macro_rules! right_before {
    ($names:literal) => {
        concat!(
            $names,
            r"(?:[^a-z0-9]{1,40}(?:[a-z]{1,12}[^a-z0-9]{1,24}){0,3})$"
        )
    };
}

pub(super) mod context;
pub(super) mod id;
pub(super) mod secret;
pub(super) mod token;

#[cfg(test)]
use super::tool::STANDARD;
use super::tool::{Lazy, decode_base64, is_base64};

#[cfg(test)]
pub(crate) mod samples {
    //! Assembles fake credentials when the tests run.

    /// A well-formed access key id of account 609629065308.
    pub(crate) fn id() -> String {
        ["ASIA", "Y34FZKBO", "KMUTVV7A"].concat()
    }

    /// A value with the shape of a secret access key.
    pub(crate) fn secret() -> String {
        ["kP3v/Zq8LrT0", "wYb6HnXs1Dj+", "Ue5MfCgA9oQi", "R2xV"].concat()
    }
}
