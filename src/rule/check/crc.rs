//! Verifies the checksums that providers put into their tokens: a correct one proves the token.
//!
//! All but those of age and NATS are CRC-32 (IEEE 802.3). They differ in what is summed and how the
//! sum is written. A wrong sum only lowers the confidence: people cut, mix and invent tokens, and
//! formats change.

use super::shape::is_placeholder;
use super::tool::{decode_base32, decode_base64};
use super::{Candidate, Detail, Verdict};
use crate::rule::Confidence;

/// The digits of base 62 as GitHub and npm write it.
const BASE62: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

fn graded(right: bool) -> Verdict {
    Verdict::Grade(if right {
        Confidence::Certain
    } else {
        Confidence::Medium
    })
}

/// Writes `value` in `width` of the first `base` digits of base 62, with leading zeros.
fn digits(mut value: u32, base: u32, width: usize) -> Vec<u8> {
    let mut out = vec![b'0'; width];
    for digit in out.iter_mut().rev() {
        *digit = BASE62[(value % base) as usize];
        value /= base;
    }
    out
}

/// What follows the first `_`.
fn body(token: &[u8]) -> &[u8] {
    memchr::memchr(b'_', token).map_or(&[], |at| &token[at + 1..])
}

fn split_end(text: &[u8], count: usize) -> (&[u8], &[u8]) {
    text.split_at(text.len().saturating_sub(count))
}

/// Grades a token of GitHub or npm: the last six characters are the sum, in base 62, of those
/// between them and the prefix. See "Behind GitHub's new authentication token formats" (GitHub
/// blog, 2021).
pub(super) fn base62(candidate: &Candidate<'_>, _: &mut Vec<Detail>) -> Verdict {
    let (random, sum) = split_end(body(candidate.secret()), 6);
    if random.starts_with(b"16C7e42F292c6912E7710c838347Ae") {
        return Verdict::Reject("GitHub's own example");
    }
    graded(sum == digits(crc32fast::hash(random), 62, 6))
}

/// Grades a routable token of GitLab: the last seven characters are the sum of all before them, in
/// base 36. Tokens without a dot have the older format, without a sum. See GitLab's design
/// document "Cells: routable tokens".
pub(super) fn gitlab(candidate: &Candidate<'_>, _: &mut Vec<Detail>) -> Verdict {
    let token = candidate.secret();
    if !token.contains(&b'.') {
        return Verdict::Accept;
    }
    let (rest, sum) = split_end(token, 7);
    graded(sum == digits(crc32fast::hash(rest), 36, 7).to_ascii_lowercase())
}

/// Grades a token of Atlassian or Bitbucket: the last eight characters are the sum of all before
/// them, in upper-case hex.
pub(super) fn atlassian(candidate: &Candidate<'_>, _: &mut Vec<Detail>) -> Verdict {
    let (rest, sum) = split_end(candidate.secret(), 8);
    graded(sum == format!("{:08X}", crc32fast::hash(rest)).as_bytes())
}

/// Grades a service account token of Grafana: the last eight characters are the sum of what
/// precedes the last `_`, in hex, lowest byte first.
pub(super) fn grafana(candidate: &Candidate<'_>, _: &mut Vec<Detail>) -> Verdict {
    let (rest, sum) = split_end(candidate.secret(), 9);
    graded(sum.get(1..) == Some(format!("{:08x}", crc32fast::hash(rest).swap_bytes()).as_bytes()))
}

/// Grades a token of Cloudflare or Zuplo: the last eight characters are the sum, in hex, of what
/// is between them and the prefix, without the `_` that Zuplo puts before the sum.
pub(super) fn hex(candidate: &Candidate<'_>, _: &mut Vec<Detail>) -> Verdict {
    let (rest, sum) = split_end(body(candidate.secret()), 8);
    let rest = rest.strip_suffix(b"_").unwrap_or(rest);
    graded(sum == format!("{:08x}", crc32fast::hash(rest)).as_bytes())
}

/// Grades an API secret of Confluent: the last six characters are base64 of the sum, lowest byte
/// first. Whether the prefix `cflt` is included is not documented, so either sum proves it, and a
/// wrong one does not lower the confidence.
pub(super) fn confluent(candidate: &Candidate<'_>, _: &mut Vec<Detail>) -> Verdict {
    let (rest, sum) = split_end(candidate.secret(), 6);
    let sum = decode_base64(sum);
    let right = |part: &[u8]| sum == crc32fast::hash(part).to_le_bytes();
    if right(rest) || rest.get(4..).is_some_and(right) {
        Verdict::Grade(Confidence::Certain)
    } else {
        Verdict::Accept
    }
}

/// Grades a secret key of age: bech32 (BIP 173), whose last six characters are a checksum of prefix
/// and data.
pub(super) fn age(candidate: &Candidate<'_>, _: &mut Vec<Detail>) -> Verdict {
    const PREFIX: &[u8] = b"age-secret-key-";
    let key = candidate.secret().to_ascii_lowercase();
    let Some(data) = key
        .strip_prefix(PREFIX)
        .and_then(|rest| rest.strip_prefix(b"1"))
    else {
        return Verdict::Reject("not an age key");
    };
    if is_placeholder(data) {
        return Verdict::Reject("an obvious placeholder");
    }
    let value = |byte: &u8| {
        b"qpzry9x8gf2tvdw0s3jn54khce6mua7l"
            .iter()
            .position(|c| c == byte)
    };
    let Some(data) = data.iter().map(value).collect::<Option<Vec<_>>>() else {
        return Verdict::Reject("not in the alphabet of bech32");
    };
    let high = PREFIX.iter().map(|&byte| usize::from(byte >> 5));
    let low = PREFIX.iter().map(|&byte| usize::from(byte & 31));
    graded(bech32_residue(high.chain([0]).chain(low).chain(data)) == 1)
}

/// Grades a seed of NATS: base32 whose last two bytes are the CRC-16 (XMODEM) of those before them,
/// lowest byte first. See `crc16.go` and `strkey.go` of nkeys.
pub(super) fn nkey(candidate: &Candidate<'_>, _: &mut Vec<Detail>) -> Verdict {
    let bytes = decode_base32(candidate.secret()).unwrap_or_default();
    let (rest, sum) = split_end(&bytes, 2);
    graded(sum == crc16(rest).to_le_bytes())
}

fn crc16(bytes: &[u8]) -> u16 {
    bytes.iter().fold(0, |sum, &byte| {
        (0..8).fold(sum ^ u16::from(byte) << 8, |sum: u16, _| {
            if sum & 0x8000 == 0 {
                sum << 1
            } else {
                sum << 1 ^ 0x1021
            }
        })
    })
}

/// The polynomial residue that BIP 173 defines: 1 if the checksum is correct.
fn bech32_residue(values: impl Iterator<Item = usize>) -> usize {
    const GENERATOR: [usize; 5] = [
        0x3b6a_57b2,
        0x2650_8e6d,
        0x1ea1_19fa,
        0x3d42_33dd,
        0x2a14_62b3,
    ];
    values.fold(1, |sum, value| {
        let next = (sum & 0x1ff_ffff) << 5 ^ value;
        let taps = GENERATOR
            .iter()
            .enumerate()
            .filter(|(bit, _)| sum >> 25 >> bit & 1 == 1);
        taps.fold(next, |sum, (_, tap)| sum ^ tap)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::Span;

    type Run = fn(&Candidate<'_>, &mut Vec<Detail>) -> Verdict;

    fn verdict(run: Run, pieces: &[&str]) -> Verdict {
        let token = pieces.concat();
        run(
            &Candidate::new(token.as_bytes(), Span::new(0, token.len())),
            &mut Vec::new(),
        )
    }

    #[test]
    fn the_sum_of_a_seed_is_that_of_xmodem() {
        // The check value of CRC-16/XMODEM.
        assert_eq!(crc16(b"123456789"), 0x31c3);
        let seed = &[
            "SUAKXKEEPGUHHYTRKNJBYCBUGW4",
            "Z74WZ2KVS5ZB77GVQTPQUI6PBJW35SE",
        ];
        assert_eq!(verdict(nkey, seed), Verdict::Grade(Confidence::Certain));
        let other = &[seed[0], &seed[1].replace('Z', "Y")];
        assert_eq!(verdict(nkey, other), Verdict::Grade(Confidence::Medium));
    }

    /// Tokens that their providers, or tools that read them, published and revoked.
    #[test]
    fn published_tokens_have_a_correct_sum() {
        let published: [(Run, &[&str]); 6] = [
            (
                base62,
                &["ghp_zQWBuTSO", "oRi4A9spHcVY5n", "cnsDkxkJ0mLq17"],
            ),
            (
                base62,
                &["npm_qkJaB6Mff", "YVzZXWqmcoF49y", "rUxP3wf0LsakP"],
            ),
            (atlassian, &["ATBBcCe6fcz", "W96Vzwgvb4r8F", "2gZS54D591C4"]),
            (
                grafana,
                &["glsa_HOruNAb7SO", "iCdshU9algkrq7", "FDsNSLAa_54e2f8be"],
            ),
            (
                hex,
                &[
                    "cfut_ZE4CrcFhEIDX",
                    "k9vL2sTLeARsFp2Z",
                    "ZYbydVDhhIUq8573bbfe",
                ],
            ),
            (
                hex,
                &[
                    "cfat_aAbBcCdDeEfF",
                    "gGhHiIjJkKlLmMnN",
                    "oOpPqQrRsStT03fa099b",
                ],
            ),
        ];
        for (run, pieces) in published {
            assert_eq!(
                verdict(run, pieces),
                Verdict::Grade(Confidence::Certain),
                "{pieces:?}"
            );
            let mut changed = pieces.concat();
            changed.replace_range(9..10, if &changed[9..10] == "X" { "Y" } else { "X" });
            assert_eq!(
                verdict(run, &[&changed]),
                Verdict::Grade(Confidence::Medium),
                "{changed}"
            );
        }
    }

    #[test]
    fn an_age_key_has_the_checksum_of_bech32() {
        let key = [
            "AGE-SECRET-KEY-1",
            "KZYHJJGJ5DEC3RXGPEUA97W",
            "G99HU4Z3Z9ZK69GHAFZWJ08SFVF0QZ3WFS",
        ];
        assert_eq!(
            verdict(age, &[key[0], key[1], key[2], "S"]),
            Verdict::Grade(Confidence::Certain)
        );
        assert_eq!(
            verdict(age, &[key[0], key[1], key[2], "X"]),
            Verdict::Grade(Confidence::Medium)
        );
        // BIP 173's own shortest valid text, a12uel5l: the prefix 'a' and a checksum only.
        let sum = b"2uel5l".map(|b| {
            b"qpzry9x8gf2tvdw0s3jn54khce6mua7l"
                .iter()
                .position(|c| *c == b)
                .unwrap()
        });
        assert_eq!(bech32_residue([3, 0, 1].into_iter().chain(sum)), 1);
    }

    #[test]
    fn only_routable_gitlab_tokens_have_a_sum() {
        assert_eq!(
            verdict(gitlab, &["glpat-", "k3jH8sLqP0zXv2NnT7bW"]),
            Verdict::Accept
        );
        let rest = ["glpat-", "k3jH8sLqP0zXv2NnT7bWm4RcYd8.0t"].concat();
        let sum = digits(crc32fast::hash(rest.as_bytes()), 36, 7).to_ascii_lowercase();
        let token = format!("{rest}{}", String::from_utf8(sum).unwrap());
        assert_eq!(
            verdict(gitlab, &[&token]),
            Verdict::Grade(Confidence::Certain)
        );
        assert_eq!(
            verdict(gitlab, &[&rest, "0000000"]),
            Verdict::Grade(Confidence::Medium)
        );
    }

    #[test]
    fn sums_of_confluent_and_zuplo_tokens_are_verified() {
        let zuplo = |body: &str| format!("zpka_{body}_{:08x}", crc32fast::hash(body.as_bytes()));
        let token = zuplo("4f7a0c1be29d43568d01b7a3c95e62f4");
        assert_eq!(verdict(hex, &[&token]), Verdict::Grade(Confidence::Certain));
        assert_eq!(
            verdict(confluent, &["cfltAAAAAAAAAAAAAA", "AAAAAA"]),
            Verdict::Accept
        );
    }
}
