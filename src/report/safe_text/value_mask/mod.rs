//! Masks the values of an outcome in every foreign text: a secret must not appear in a path, the
//! subject of a commit or a reason.

mod encodings;
mod names;

use std::borrow::Cow;
use std::collections::BTreeSet;

use aho_corasick::{AhoCorasick, MatchKind};

use crate::finding::{Finding, Outcome};
use crate::secret::{Secret, mask};
use crate::text::Span;
use encodings::{base64_forms, hex_forms, percent_decoded, widened};

/// A shorter value may occur by chance. It is masked only if it was found in a name.
const MIN_LENGTH: usize = 8;

/// The beginning of a longer value is searched, and the rest compared.
const MAX_NEEDLE: usize = 48;

/// Masks each value of an outcome wherever a text contains it: as plain text, in base64, in hex,
/// percent-encoded, or encoded as in a name where it was found.
pub(in crate::report) struct ValueMask<'o> {
    /// The value of each needle of the search, or `None` if the needle is an encoded form.
    values: Vec<Option<&'o [u8]>>,
    /// `None` masks nothing.
    search: Option<AhoCorasick>,
}

/// A part of a text that must not be shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Masked {
    start: usize,
    end: usize,
    /// It is an encoded form, so its first characters do not give the kind of the secret.
    is_encoded: bool,
}

impl<'o> ValueMask<'o> {
    /// The mask for the texts of `outcome`.
    pub(in crate::report) fn new(outcome: &'o Outcome) -> Self {
        let allowed = outcome.allowed.iter().map(|allowed| &allowed.finding);
        let (mut values, mut encoded) = (BTreeSet::new(), BTreeSet::new());
        for finding in outcome.findings.iter().chain(allowed) {
            values.extend(masked_values(finding));
            encoded.extend(names::encoded_value(finding).map(<[u8]>::to_vec));
        }
        let mut needles: Vec<(Vec<u8>, Option<&[u8]>)> = Vec::new();
        for value in values {
            let needle = &value[..value.len().min(MAX_NEEDLE)];
            needles.push((needle.to_vec(), Some(value)));
            if value.len() >= MIN_LENGTH {
                encoded.extend(base64_forms(needle));
                encoded.extend(hex_forms(needle));
            }
        }
        needles.extend(encoded.into_iter().map(|form| (form, None)));
        // Failing to build the search would mask nothing, so it must not be ignored.
        #[expect(
            clippy::expect_used,
            reason = "fails only for more than 4 GiB of needles"
        )]
        let search = AhoCorasick::builder()
            .match_kind(MatchKind::Standard)
            .build(needles.iter().map(|(needle, _)| needle))
            .expect("a search for short needles");
        Self {
            values: needles.into_iter().map(|(_, value)| value).collect(),
            search: Some(search),
        }
    }

    /// A mask that masks nothing.
    pub(in crate::report) const fn none() -> Self {
        Self {
            values: Vec::new(),
            search: None,
        }
    }

    /// Masks the values in a name, such as a path.
    pub(in crate::report) fn text<'t>(&self, text: &'t [u8]) -> Cow<'t, [u8]> {
        replace(text, merge(self.find(text)))
    }

    /// Masks the values in free text, such as the subject of a commit, and all words that look
    /// like secrets.
    pub(in crate::report) fn prose<'t>(&self, text: &'t [u8]) -> Cow<'t, [u8]> {
        if self.search.is_none() {
            return Cow::Borrowed(text);
        }
        let mut parts = self.find(text);
        parts.extend(mask::secret_like_words(text).map(|word| Masked {
            start: word.start,
            end: word.end,
            is_encoded: false,
        }));
        replace(text, merge(parts))
    }

    /// Masks the values in a line of a frame. The line keeps its length, so its mark still fits.
    pub(in crate::report) fn line<'t>(&self, line: &'t str) -> Cow<'t, str> {
        let parts = merge(self.find(line.as_bytes()));
        if parts.is_empty() {
            return Cow::Borrowed(line);
        }
        let chars = line.char_indices().map(|(at, c)| {
            let is_masked = parts
                .iter()
                .any(|part| (part.start..part.end).contains(&at));
            if is_masked { '*' } else { c }
        });
        Cow::Owned(chars.collect())
    }

    fn find(&self, text: &[u8]) -> Vec<Masked> {
        let Some(search) = &self.search else {
            return Vec::new();
        };
        let mut parts: Vec<_> = self.matches(search, text).collect();
        if text.contains(&b'%') {
            let (decoded, offsets) = percent_decoded(text);
            parts.extend(self.matches(search, &decoded).map(|part| Masked {
                start: offsets[part.start],
                end: offsets[part.end],
                is_encoded: true,
            }));
        }
        parts
    }

    fn matches<'a>(
        &'a self,
        search: &'a AhoCorasick,
        text: &'a [u8],
    ) -> impl Iterator<Item = Masked> + 'a {
        search.find_overlapping_iter(text).map(|found| {
            match self.values[found.pattern().as_usize()] {
                Some(value) => {
                    let rest = value.iter().zip(&text[found.start()..]);
                    let same = rest.take_while(|(a, b)| a == b).count();
                    Masked {
                        start: found.start(),
                        end: found.start() + same,
                        is_encoded: false,
                    }
                }
                None => {
                    let Span { start, end } = widened(text, Span::new(found.start(), found.end()));
                    Masked {
                        start,
                        end,
                        is_encoded: true,
                    }
                }
            }
        })
    }
}

/// The values of a finding that are masked: long ones, and short ones that a name contains.
fn masked_values(finding: &Finding) -> impl Iterator<Item = &[u8]> {
    let partner = finding.partner.as_ref().map(|partner| &partner.secret);
    let values = std::iter::once(&finding.secret)
        .chain(partner)
        .map(Secret::reveal);
    values.filter(|value| {
        let is_long = value.len() >= MIN_LENGTH;
        !value.is_empty() && (is_long || names::is_in_name(finding, value))
    })
}

/// Replaces `parts` of `text`, which are in order and do not overlap.
fn replace(text: &[u8], parts: Vec<Masked>) -> Cow<'_, [u8]> {
    if parts.is_empty() {
        return Cow::Borrowed(text);
    }
    let mut replaced = Vec::with_capacity(text.len());
    let mut from = 0;
    for Masked {
        start,
        end,
        is_encoded,
    } in parts
    {
        replaced.extend_from_slice(&text[from..start]);
        if is_encoded {
            replaced.extend_from_slice(mask::HIDDEN.as_bytes());
        } else {
            replaced.extend_from_slice(mask::masked(&text[start..end]).as_bytes());
        }
        from = end;
    }
    replaced.extend_from_slice(&text[from..]);
    Cow::Owned(replaced)
}

/// Sorts the parts and joins those that overlap.
fn merge(mut parts: Vec<Masked>) -> Vec<Masked> {
    parts.sort_unstable();
    let mut merged: Vec<Masked> = Vec::with_capacity(parts.len());
    for part in parts {
        match merged.last_mut() {
            Some(last) if part.start < last.end => {
                last.end = last.end.max(part.end);
                last.is_encoded |= part.is_encoded;
            }
            _ => merged.push(part),
        }
    }
    merged
}

#[cfg(test)]
mod tests;
