//! Knows private keys and tokens that everyone has: those in the tests and examples of widely used
//! packages, and in RFCs.

use sha2::{Digest as _, Sha256};

use super::{Detail, Verdict};
use crate::rule::Confidence;

/// SHA-256 of each key as it decodes, and where it is published. Written by
/// `tests/quality/published.py`.
const PUBLISHED: &str = include_str!("published.txt");

/// SHA-256 of each token in the examples of the RFCs on OAuth and HTTP authentication, and which.
const TOKENS: &str = include_str!("published_tokens.txt");

/// Whether `token` is in an example of an RFC.
pub(super) fn is_of_rfc(token: &[u8]) -> bool {
    let digest = faster_hex::hex_string(&Sha256::digest(token));
    TOKENS.lines().any(|line| line.starts_with(&digest))
}

/// Grades a decoded key `low` if it is published: it protects nothing.
pub(super) fn grade_published(key: &[u8], details: &mut Vec<Detail>) -> Option<Verdict> {
    let digest = faster_hex::hex_string(&Sha256::digest(key));
    let line = PUBLISHED.lines().find(|line| line.starts_with(&digest))?;
    let place = line[digest.len()..].trim_start();
    details.push(Detail::new("published", format!("not secret: of {place}")));
    Some(Verdict::Grade(Confidence::Low))
}

/// Whether `key` is the one that every developer has for an emulator of Azure on their own machine.
pub(super) fn is_of_emulator(key: &[u8]) -> bool {
    const EMULATORS: [&[u8]; 2] = [
        b"Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1",
        b"C2y6yDjf5/R+ob0N8A7Cgv30VRDJIWEh",
    ];
    EMULATORS.iter().any(|known| key.starts_with(known))
}

#[cfg(test)]
mod tests {
    use super::super::tool::decode_base64;
    use super::*;

    #[test]
    fn a_published_key_is_low_and_says_so() {
        // RFC 8037, appendix A.1.
        let known = ["nWGxne_9WmC6hEr0", "kuwsxERJxWl7MmkZ", "cDusAxyuf2A"].concat();
        let key = decode_base64(known.as_bytes());
        let mut details = Vec::new();
        let grade = Some(Verdict::Grade(Confidence::Low));
        assert_eq!(grade_published(&key, &mut details), grade);
        assert_eq!(details[0].key, "published");
        assert_eq!(grade_published(&key[1..], &mut details), None);
    }

    #[test]
    fn tokens_of_rfcs_are_known() {
        // RFC 6749, section 4.1.4.
        let known = ["2YotnFZFEjr1", "zCsicMWpAA"].concat();
        assert!(is_of_rfc(known.as_bytes()) && !is_of_rfc(&known.as_bytes()[1..]));
    }

    #[test]
    fn every_line_of_the_lists_is_a_digest_and_a_place() {
        for line in PUBLISHED.lines().chain(TOKENS.lines()) {
            let (digest, place) = line.split_once(' ').unwrap();
            let is_hex = |byte: u8| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
            assert!(digest.len() == 64 && digest.bytes().all(is_hex), "{line}");
            assert!(!place.is_empty(), "{line}");
        }
        assert!(PUBLISHED.lines().count() > 100);
    }
}
