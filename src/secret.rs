//! Wraps secrets so that they cannot be printed by accident, and identifies them by fingerprint.

pub mod mask;

use std::fmt;

use hmac::{Hmac, KeyInit, Mac};
use serde::{Deserialize, Serialize};
use sha2::Sha256;

/// The bytes of a secret. `Debug` and `Display` show a mask; only [`Secret::reveal`] returns the
/// value.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret {
    value: Vec<u8>,
    /// What outputs show, if the value itself is not known.
    mask: Option<String>,
}

impl Secret {
    /// Wraps the bytes of a secret.
    #[must_use]
    pub fn new(value: impl Into<Vec<u8>>) -> Self {
        Self {
            value: value.into(),
            mask: None,
        }
    }

    /// A secret whose value is not known, only what a report shows in place of it. The value is
    /// empty. If `shown` is not a mask, it is masked.
    #[must_use]
    pub fn of_mask(shown: String) -> Self {
        Self {
            value: Vec::new(),
            mask: Some(if mask::is_mask(&shown) {
                shown
            } else {
                mask::masked(shown.as_bytes())
            }),
        }
    }

    /// The unmasked value. At every call a secret may leave the program, so keep them few.
    #[must_use]
    pub fn reveal(&self) -> &[u8] {
        &self.value
    }

    /// Length in bytes.
    #[must_use]
    pub fn len(&self) -> usize {
        self.value.len()
    }

    /// Whether the secret has no bytes.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.value.is_empty()
    }

    /// The value as outputs may show it; see [`mask::masked`].
    #[must_use]
    pub fn masked(&self) -> String {
        let shown = self.mask.clone();
        shown.unwrap_or_else(|| mask::masked(&self.value))
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Secret({})", self.masked())
    }
}

impl fmt::Display for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.masked())
    }
}

/// Identifies a secret of a rule without containing it: the first 16 bytes of HMAC-SHA256 (RFC
/// 2104), keyed by the rule's id, over the value. Written as 32 lower-case hex digits.
///
/// It does not depend on path, line or commit, so it survives moves, renames, squashes and rebases.
/// The key is public, so a short or common password can be guessed from its fingerprint; a random
/// key cannot. Reports show a [`PublicFingerprint`] instead.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Fingerprint([u8; 16]);

impl Fingerprint {
    /// The fingerprint of `value` for the rule `rule`.
    #[must_use]
    pub fn new(rule: &str, value: &[u8]) -> Self {
        let key = format!("keysieve fingerprint 1\0{rule}");
        #[expect(clippy::expect_used, reason = "HMAC takes a key of any length")]
        let mut mac = Hmac::<Sha256>::new_from_slice(key.as_bytes()).expect("any key length");
        mac.update(value);
        Self(first_half(mac))
    }

    /// Parses 32 hex digits.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        from_hex(text).map(Self)
    }

    /// The fingerprint as a list with this salt contains it.
    #[must_use]
    pub fn salted(self, salt: Salt) -> SaltedFingerprint {
        let key = [b"keysieve baseline 1\0".as_slice(), &salt.0].concat();
        #[expect(clippy::expect_used, reason = "HMAC takes a key of any length")]
        let mut mac = Hmac::<Sha256>::new_from_slice(&key).expect("any key length");
        mac.update(&self.0);
        SaltedFingerprint(first_half(mac))
    }
}

/// A random number for each list of fingerprints, so that lists cannot be compared with one another
/// or with a precomputed table.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Salt([u8; 16]);

impl Salt {
    /// A new random salt.
    ///
    /// # Errors
    /// If the system cannot provide random bytes.
    pub fn random() -> std::io::Result<Self> {
        let mut bytes = [0; 16];
        getrandom::fill(&mut bytes).map_err(std::io::Error::other)?;
        Ok(Self(bytes))
    }

    /// Parses 32 hex digits.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        from_hex(text).map(Self)
    }
}

/// A fingerprint under a salt: the first 16 bytes of HMAC-SHA256, keyed by the salt, over the
/// fingerprint. Written as 32 lower-case hex digits. The list contains the salt too, so those who
/// read the list can guess from this what can be guessed from a fingerprint, one list at a time.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SaltedFingerprint([u8; 16]);

impl SaltedFingerprint {
    /// Parses 32 hex digits.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        from_hex(text).map(Self)
    }
}

/// 32 hex digits as a person copies them from a report: a fingerprint of any kind.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct WrittenFingerprint([u8; 16]);

impl WrittenFingerprint {
    /// Parses 32 hex digits.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        from_hex(text).map(Self)
    }
}

impl From<Fingerprint> for WrittenFingerprint {
    fn from(Fingerprint(bytes): Fingerprint) -> Self {
        Self(bytes)
    }
}

impl From<SaltedFingerprint> for WrittenFingerprint {
    fn from(SaltedFingerprint(bytes): SaltedFingerprint) -> Self {
        Self(bytes)
    }
}

/// The fingerprint that reports show of a finding. `docs/fingerprints.md` says why there are
/// several kinds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct PublicFingerprint {
    /// What is written.
    pub digits: WrittenFingerprint,
    /// What it identifies.
    pub of: FingerprintOf,
}

/// What a [`PublicFingerprint`] identifies.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum FingerprintOf {
    /// A random value, which cannot be guessed: its [`Fingerprint`].
    Value,
    /// A value that could be guessed, under the salt of the repository.
    SaltedValue,
    /// The place of a value that could be guessed, where there is no salt.
    Place,
}

impl FingerprintOf {
    /// The word used in reports.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Value => "value",
            Self::SaltedValue => "salted-value",
            Self::Place => "place",
        }
    }
}

impl PublicFingerprint {
    /// The fingerprint of a random value.
    #[must_use]
    pub fn of_value(fingerprint: Fingerprint) -> Self {
        Self {
            digits: fingerprint.into(),
            of: FingerprintOf::Value,
        }
    }

    /// The fingerprint of a value that could be guessed, if the repository has a salt.
    #[must_use]
    pub fn of_salted_value(fingerprint: Fingerprint, salt: Salt) -> Self {
        Self {
            digits: fingerprint.salted(salt).into(),
            of: FingerprintOf::SaltedValue,
        }
    }

    /// The fingerprint of a place: the finding of this number, from 1, among those of `rule` in the
    /// file at `path`, which must not contain a value either.
    #[must_use]
    pub fn of_place(rule: &str, path: &[u8], number: usize) -> Self {
        let key = b"keysieve place 1".as_slice();
        #[expect(clippy::expect_used, reason = "HMAC takes a key of any length")]
        let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("any key length");
        mac.update(format!("{rule}\0{number}\0").as_bytes());
        mac.update(path);
        Self {
            digits: WrittenFingerprint(first_half(mac)),
            of: FingerprintOf::Place,
        }
    }
}

impl fmt::Display for PublicFingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.digits.fmt(f)
    }
}

fn first_half(mac: Hmac<Sha256>) -> [u8; 16] {
    let digest = mac.finalize().into_bytes();
    let mut half = [0; 16];
    half.copy_from_slice(&digest[..16]);
    half
}

fn from_hex(text: &str) -> Option<[u8; 16]> {
    let digits = text.as_bytes();
    if digits.len() != 32 {
        return None;
    }
    let mut out = [0; 16];
    faster_hex::hex_decode(digits, &mut out).ok()?;
    Some(out)
}

/// Implements `Display` as hex digits, and `Debug` as the type's name around them.
macro_rules! display_as_hex {
    ($($kind:ident),*) => {$(
        impl fmt::Display for $kind {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&faster_hex::hex_string(&self.0))
            }
        }

        impl fmt::Debug for $kind {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{}({self})", stringify!($kind))
            }
        }
    )*};
}

display_as_hex!(Fingerprint, Salt, SaltedFingerprint, WrittenFingerprint);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_reveal_returns_the_value() {
        let value = b"0123456789abcdefghijklmnop";
        let secret = Secret::new(value.to_vec());
        for text in [format!("{secret}"), format!("{secret:?}"), secret.masked()] {
            assert!(!text.contains("456789"), "{text}");
        }
        assert_eq!(secret.reveal(), value);
        assert_eq!(secret.masked(), "0123********");
        assert_eq!(Secret::new(b"short".to_vec()).masked(), "********");
    }

    #[test]
    fn fingerprints_depend_on_rule_and_value_and_parse_back() {
        let print = Fingerprint::new("a", b"x");
        assert_ne!(print, Fingerprint::new("b", b"x"));
        assert_ne!(print, Fingerprint::new("a", b"y"));
        assert_eq!(Fingerprint::parse(&print.to_string()), Some(print));
        assert_eq!(Fingerprint::parse("xyz"), None);
        assert_eq!(Fingerprint::parse(&"g".repeat(32)), None);
    }

    #[test]
    fn lists_with_different_salts_cannot_be_compared() {
        let print = Fingerprint::new("a", b"x");
        let (one, other) = (Salt::random().unwrap(), Salt::random().unwrap());
        assert_eq!(
            print.salted(one),
            print.salted(Salt::parse(&one.to_string()).unwrap())
        );
        assert_ne!(print.salted(one), print.salted(other));
        assert_ne!(print.salted(one).to_string(), print.to_string());
        assert_eq!(
            SaltedFingerprint::parse(&print.salted(one).to_string()),
            Some(print.salted(one))
        );
    }
}
