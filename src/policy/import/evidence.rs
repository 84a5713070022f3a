//! Decides which findings a tool's entry for a known secret covers.

use bstr::ByteSlice as _;
use sha1::Sha1;
use sha2::{Digest as _, Sha256};
use twox_hash::XxHash3_64;

use super::model::{Evidence, Known};
use crate::finding::Occurrence;

/// The types of secrets in the digests of ggshield, which are of value and type.
const GGSHIELD_TYPES: [&str; 8] = [
    "apikey",
    "password",
    "client_secret",
    "token",
    "connection_uri",
    "privatekey",
    "webhook",
    "client_id",
];

/// The shortest part of a secret that identifies it, in bytes.
const MIN_PART: usize = 16;

/// How far the match of a kingfisher rule may extend around its secret, in bytes: names and quotes.
const KINGFISHER_REACH: (usize, usize) = (128, 8);

impl Known {
    /// Whether it covers `found` in `text`, the content of its file, on `line`.
    #[must_use]
    pub fn covers(&self, text: &[u8], line: &[u8], found: &Occurrence) -> bool {
        let value = found.secret.reveal();
        match &self.evidence {
            Evidence::Line => self.is_at(found) && self.names(&found.rule.id),
            Evidence::Value(_) | Evidence::Ggshield(_) => self.is_value(value),
            Evidence::Sha1(digest) => candidates(line, value)
                .any(|part| faster_hex::hex_string(&Sha1::digest(part)) == *digest),
            Evidence::Kingfisher(hash) => {
                self.is_at(found)
                    && text
                        .find_iter(value)
                        .any(|at| has_hash(*hash, text, at, value))
            }
            Evidence::TalismanFile(checksum) => {
                let path = self.path.as_deref().unwrap_or_default();
                talisman_checksum(path, text) == *checksum
            }
        }
    }

    /// Whether it is known by its value, wherever it is, and has this value.
    #[must_use]
    pub fn is_value(&self, value: &[u8]) -> bool {
        match &self.evidence {
            Evidence::Value(known) => is_same(known.reveal(), value),
            Evidence::Ggshield(digest) => GGSHIELD_TYPES
                .iter()
                .any(|kind| sha256(&[value, b",", kind.as_bytes()].concat()) == *digest),
            _ => false,
        }
    }

    /// Whether `found`, or the first half of its pair, is on the line of this entry.
    #[must_use]
    pub fn touches(&self, found: &Occurrence) -> bool {
        let halves = found.partner.iter().map(|half| half.place.start.line);
        self.is_at(found) || halves.into_iter().any(|line| Some(line) == self.line)
    }

    fn is_at(&self, found: &Occurrence) -> bool {
        let lines = found.place.start.line..=found.place.end.line;
        self.line.is_none_or(|line| lines.contains(&line))
    }

    /// Whether its rule is the rule `id`, another one of the same provider, or a generic one. AWS
    /// credentials need the same rule: no entry of a tool allows more of them than it names.
    #[must_use]
    pub fn names(&self, id: &str) -> bool {
        let Some(rule) = &self.rule else {
            return true;
        };
        let provider = |id: &str| id.split('-').next().unwrap_or(id).to_owned();
        rule == id
            || (!id.starts_with("aws-")
                && (rule.starts_with("generic-") || provider(rule) == provider(id)))
    }
}

/// Whether a tool's value and ours are the same secret: tools cut values at other places.
fn is_same(known: &[u8], ours: &[u8]) -> bool {
    known == ours
        || (ours.len() >= MIN_PART && known.contains_str(ours))
        || (known.len() >= MIN_PART && ours.contains_str(known))
}

/// The texts that detect-secrets may have hashed: the value, what is between quotes on its line,
/// and the header of a private key.
fn candidates<'t>(line: &'t [u8], value: &'t [u8]) -> impl Iterator<Item = &'t [u8]> {
    let quoted = line.split_str("\"").chain(line.split_str("'"));
    let quoted = quoted.filter(move |part| part.contains_str(value));
    let header = line.find("BEGIN ").and_then(|at| {
        let rest = &line[at..];
        rest.find("-----").map(|end| &rest[..end])
    });
    let header = header.filter(|_| value.starts_with(b"-----BEGIN "));
    std::iter::once(value).chain(quoted).chain(header)
}

/// Whether kingfisher's hash of the match around `value`, at the offset `at` of a file, is `hash`.
/// It is over the value, the kind of source and the offsets of the match.
fn has_hash(hash: u64, text: &[u8], at: usize, value: &[u8]) -> bool {
    let end = at + value.len();
    let starts = at.saturating_sub(KINGFISHER_REACH.0)..=at;
    starts.rev().any(|start| {
        let ends = end..=text.len().min(end + KINGFISHER_REACH.1);
        ends.into_iter().any(|end| {
            ["file", "git"].iter().any(|kind| {
                let (start, end) = ((start as u64).to_le_bytes(), (end as u64).to_le_bytes());
                let bytes = [value, kind.as_bytes(), &start, &end].concat();
                XxHash3_64::oneshot(&bytes) == hash
            })
        })
    })
}

/// The checksum of a file in `.talismanrc`: over the hashes of nothing, of the content and of the
/// path.
fn talisman_checksum(path: &str, text: &[u8]) -> String {
    let parts = [sha256(b""), sha256(text), sha256(path.as_bytes())];
    sha256(parts.concat().as_bytes())
}

fn sha256(bytes: &[u8]) -> String {
    faster_hex::hex_string(&Sha256::digest(bytes))
}
