//! Decides which findings a tool's entry for a known secret covers.

use std::collections::HashSet;

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

/// What tools know a value of a file by, computed once for all entries of the file.
#[derive(Debug)]
pub struct Marks {
    /// The digests of detect-secrets, in hex.
    digests: HashSet<String>,
    /// Those of kingfisher's hashes in the entries that the value has.
    hashes: HashSet<u64>,
}

impl Marks {
    /// Those of `value`, on `line` of `text`, that `entries` could have.
    #[must_use]
    pub fn new(entries: &[&Known], text: &[u8], line: &[u8], value: &[u8]) -> Self {
        let has_digest = entries
            .iter()
            .any(|entry| matches!(entry.evidence, Evidence::Sha1(_)));
        let parts = has_digest.then(|| candidates(line, value));
        let digests = parts.into_iter().flatten();
        let wanted: HashSet<u64> = entries
            .iter()
            .filter_map(|entry| match entry.evidence {
                Evidence::Kingfisher(hash) => Some(hash),
                _ => None,
            })
            .collect();
        let mut hashes = HashSet::new();
        if !wanted.is_empty() {
            let all = text.find_iter(value);
            let all = all.flat_map(|at| kingfisher_hashes(text, at, value));
            hashes.extend(all.filter(|hash| wanted.contains(hash)));
        }
        Self {
            digests: digests
                .map(|part| faster_hex::hex_string(&Sha1::digest(part)))
                .collect(),
            hashes,
        }
    }
}

impl Known {
    /// Whether it covers `found`, whose value has these marks, in a file with this checksum of
    /// talisman.
    #[must_use]
    pub fn covers(&self, found: &Occurrence, marks: &Marks, checksum: Option<&str>) -> bool {
        match &self.evidence {
            Evidence::Line => self.is_at(found) && self.names(&found.rule.id),
            Evidence::Value(_) | Evidence::Ggshield(_) => self.is_value(found.secret.reveal()),
            Evidence::Sha1(digest) => marks.digests.contains(digest),
            Evidence::Kingfisher(hash) => self.is_at(found) && marks.hashes.contains(hash),
            Evidence::TalismanFile(known) => Some(known.as_str()) == checksum,
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
    let in_quotes = quoted(line, value, b'"').chain(quoted(line, value, b'\''));
    let header = line.find("BEGIN ").and_then(|at| {
        let rest = &line[at..];
        rest.find("-----").map(|end| &rest[..end])
    });
    let header = header.filter(|_| value.starts_with(b"-----BEGIN "));
    std::iter::once(value).chain(in_quotes).chain(header)
}

/// The parts of `line` between quotes that contain `value`.
fn quoted<'t>(line: &'t [u8], value: &'t [u8], quote: u8) -> impl Iterator<Item = &'t [u8]> {
    let mut from = 0;
    std::iter::from_fn(move || {
        let at = from + line.get(from..)?.find(value)?;
        let start = line[from..at]
            .rfind_byte(quote)
            .map_or(from, |quote| from + quote + 1);
        let end = line[at..]
            .find_byte(quote)
            .map_or(line.len(), |quote| at + quote);
        from = end + 1;
        Some(&line[start..end])
    })
    .filter(move |part| part.contains_str(value))
}

/// Kingfisher's hashes of all matches around `value`, at the offset `at` of a file. They are over
/// the value, the kind of source and the offsets of the match.
fn kingfisher_hashes(text: &[u8], at: usize, value: &[u8]) -> impl Iterator<Item = u64> {
    let end = at + value.len();
    let starts = at.saturating_sub(KINGFISHER_REACH.0)..=at;
    let ends = end..=text.len().min(end + KINGFISHER_REACH.1);
    starts.flat_map(move |start| {
        ends.clone().flat_map(move |end| {
            ["file", "git"].into_iter().map(move |kind| {
                let (start, end) = ((start as u64).to_le_bytes(), (end as u64).to_le_bytes());
                XxHash3_64::oneshot(&[value, kind.as_bytes(), &start, &end].concat())
            })
        })
    })
}

/// The checksum of a file in `.talismanrc`: over the hashes of nothing, of the content and of the
/// path.
#[must_use]
pub fn talisman_checksum(path: &str, text: &[u8]) -> String {
    let parts = [sha256(b""), sha256(text), sha256(path.as_bytes())];
    sha256(parts.concat().as_bytes())
}

fn sha256(bytes: &[u8]) -> String {
    faster_hex::hex_string(&Sha256::digest(bytes))
}
