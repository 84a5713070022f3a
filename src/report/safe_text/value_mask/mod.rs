//! Masks the values of an outcome in every foreign text: a secret must not appear in a path, the
//! subject of a commit or a reason.

mod encodings;
mod names;

use std::borrow::Cow;
use std::collections::BTreeSet;

use aho_corasick::{AhoCorasick, MatchKind};

use crate::blob::Origin;
use crate::finding::frame::FrameLine;
use crate::finding::{Finding, Outcome};
use crate::secret::Secret;
use crate::secret::mask::{self, MIN_ANYWHERE, MIN_WORD, is_word};
use crate::text::Span;
use encodings::{base64_forms, hex_forms, percent_decoded, widened};

/// The beginning of a longer value is searched, and the rest compared.
const MAX_NEEDLE: usize = 48;

/// Masks each value of an outcome wherever a text contains it: as plain text, in base64, in hex,
/// percent-encoded, or encoded as in a name where it was found. A short value is masked where it is
/// a word, since it is a part of longer words by chance.
pub(in crate::report) struct ValueMask<'o> {
    /// What each needle of the search is.
    needles: Vec<Needle<'o>>,
    /// `None` masks nothing.
    search: Option<AhoCorasick>,
}

/// What the search looks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Needle<'o> {
    /// A value, wherever it occurs.
    Anywhere(&'o [u8]),
    /// A value, where it is a word.
    Word(&'o [u8]),
    /// A value in another encoding.
    Encoded,
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
        let mut needles: Vec<(Vec<u8>, Needle<'_>)> = Vec::new();
        for needle in values {
            match needle {
                Needle::Anywhere(value) => {
                    let start = &value[..value.len().min(MAX_NEEDLE)];
                    needles.push((start.to_vec(), needle));
                    if value.len() >= MIN_ANYWHERE {
                        encoded.extend(base64_forms(start));
                        encoded.extend(hex_forms(start));
                    }
                }
                Needle::Word(value) => needles.push((value.to_vec(), needle)),
                Needle::Encoded => {}
            }
        }
        needles.extend(encoded.into_iter().map(|form| (form, Needle::Encoded)));
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
            needles: needles.into_iter().map(|(_, needle)| needle).collect(),
            search: Some(search),
        }
    }

    /// A mask that masks nothing.
    pub(in crate::report) const fn none() -> Self {
        Self {
            needles: Vec::new(),
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

    /// Masks the values in a line of a frame, and moves its mark with the text.
    pub(in crate::report) fn line<'l>(&self, line: &'l FrameLine) -> Cow<'l, FrameLine> {
        let parts = merge(self.find(line.text.as_bytes()));
        if parts.is_empty() {
            return Cow::Borrowed(line);
        }
        let (mut text, mut length, mut hidden_to) = (String::new(), 0, None);
        // Where each character of the line, and its end, is in the new text.
        let mut moved = Vec::new();
        for (at, c) in line.text.char_indices() {
            moved.push(length);
            let part = parts
                .iter()
                .find(|part| (part.start..part.end).contains(&at));
            match part {
                Some(part) if hidden_to == Some(part.end) => {}
                Some(part) => {
                    text.push_str(mask::HIDDEN);
                    length += mask::HIDDEN.len();
                    hidden_to = Some(part.end);
                }
                None => {
                    text.push(c);
                    length += 1;
                }
            }
        }
        moved.push(length);
        Cow::Owned(FrameLine {
            number: line.number,
            mark: line.mark.map(|(from, to)| (moved[from], moved[to])),
            text,
        })
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
        search.find_overlapping_iter(text).filter_map(|found| {
            let (start, mut end) = (found.start(), found.end());
            match self.needles[found.pattern().as_usize()] {
                Needle::Anywhere(value) => {
                    let rest = value.iter().zip(&text[start..]);
                    end = start + rest.take_while(|(a, b)| a == b).count();
                }
                Needle::Word(_) if !is_word(text, found.range()) => return None,
                Needle::Word(_) => {}
                Needle::Encoded => {
                    let Span { start, end } = widened(text, Span::new(start, end));
                    return Some(Masked {
                        start,
                        end,
                        is_encoded: true,
                    });
                }
            }
            Some(Masked {
                start,
                end,
                is_encoded: false,
            })
        })
    }
}

/// The values of a finding that are masked, and where.
fn masked_values(finding: &Finding) -> impl Iterator<Item = Needle<'_>> {
    let partner = finding.partner.as_ref().map(|partner| &partner.secret);
    let values = std::iter::once(&finding.secret)
        .chain(partner)
        .map(Secret::reveal)
        .filter(|value| !value.is_empty());
    values.filter_map(|value| {
        let is_in_own_name = matches!(finding.origin, Origin::Name { .. });
        if value.len() >= MIN_ANYWHERE || is_in_own_name {
            Some(Needle::Anywhere(value))
        } else if value.len() >= MIN_WORD || names::is_in_name(finding, value) {
            Some(Needle::Word(value))
        } else {
            None
        }
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
