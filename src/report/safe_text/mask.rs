//! Masks for text of foreign origin: what was found must not leave with a path, the subject of a
//! commit or a reason.

mod names;

use std::borrow::Cow;
use std::collections::BTreeSet;

use aho_corasick::{AhoCorasick, MatchKind};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};

use crate::finding::{Outcome, frame};
use crate::secret::Secret;
use crate::text::Span;

/// Values that are shorter are words like any other: only where one was found in a name is it
/// masked in names.
const MIN_LENGTH: usize = 8;

/// Of a longer value, the beginning is searched and the rest compared.
const MAX_NEEDLE: usize = 48;

/// Stands for what is not even shown by its first characters.
const STARS: &str = "********";

/// Masks every value of an outcome wherever a text holds it: in clear, in base64, in hex or behind
/// percent signs; and in any other form in which a name holds it.
pub(in crate::report) struct Mask<'o> {
    /// What each needle of the search stands for: the value itself, or `None` for another form of
    /// it.
    values: Vec<Option<&'o [u8]>>,
    /// `None` hides nothing.
    search: Option<AhoCorasick>,
}

/// A part of a text that must not be shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Hidden {
    start: usize,
    end: usize,
    /// It is no value in clear, so that its first characters say nothing about its kind.
    encoded: bool,
}

impl<'o> Mask<'o> {
    /// The mask for the texts of `outcome`.
    pub(in crate::report) fn new(outcome: &'o Outcome) -> Self {
        let findings = outcome
            .findings
            .iter()
            .chain(outcome.allowed.iter().map(|allowed| &allowed.finding));
        let (mut values, mut others) = (BTreeSet::new(), BTreeSet::new());
        for finding in findings {
            let halves = std::iter::once(&finding.secret)
                .chain(finding.partner.as_ref().map(|partner| &partner.secret));
            let halves = halves.map(Secret::reveal).filter(|value| !value.is_empty());
            values.extend(
                halves.filter(|value| value.len() >= MIN_LENGTH || names::hold(finding, value)),
            );
            others.extend(names::written_in(finding).map(<[u8]>::to_vec));
        }
        let mut needles: Vec<(Vec<u8>, Option<&[u8]>)> = Vec::new();
        for value in values {
            let needle = &value[..value.len().min(MAX_NEEDLE)];
            needles.push((needle.to_vec(), Some(value)));
            if value.len() >= MIN_LENGTH {
                others.extend(base64_forms(needle).chain(hex_forms(needle)));
            }
        }
        needles.extend(others.into_iter().map(|form| (form, None)));
        // A search that cannot be built would hide nothing: it takes more than four thousand
        // million bytes of needles.
        #[expect(
            clippy::expect_used,
            reason = "only its size could be against it, and every needle is short"
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

    /// A mask that hides nothing.
    pub(in crate::report) const fn none() -> Self {
        Self {
            values: Vec::new(),
            search: None,
        }
    }

    /// `text`, such as a path, without the values.
    pub(in crate::report) fn text<'t>(&self, text: &'t [u8]) -> Cow<'t, [u8]> {
        show(text, merged(self.hidden(text)))
    }

    /// `text`, such as the subject of a commit, without the values and without what could be
    /// another secret.
    pub(in crate::report) fn prose<'t>(&self, text: &'t [u8]) -> Cow<'t, [u8]> {
        if self.search.is_none() {
            return Cow::Borrowed(text);
        }
        let mut hidden = self.hidden(text);
        hidden.extend(frame::suspicious(text).map(|word| Hidden {
            start: word.start,
            end: word.end,
            encoded: false,
        }));
        show(text, merged(hidden))
    }

    /// A line of a frame without the values. It stays as long as it was, so that its mark still
    /// fits.
    pub(in crate::report) fn line<'t>(&self, line: &'t str) -> Cow<'t, str> {
        let hidden = merged(self.hidden(line.as_bytes()));
        if hidden.is_empty() {
            return Cow::Borrowed(line);
        }
        let covers = |at: usize| {
            hidden
                .iter()
                .any(|part| (part.start..part.end).contains(&at))
        };
        Cow::Owned(
            line.char_indices()
                .map(|(at, c)| if covers(at) { '*' } else { c })
                .collect(),
        )
    }

    fn hidden(&self, text: &[u8]) -> Vec<Hidden> {
        let Some(search) = &self.search else {
            return Vec::new();
        };
        let mut hidden: Vec<_> = self.matches(search, text).collect();
        if text.contains(&b'%') {
            let (decoded, places) = percent_decoded(text);
            let back = |part: Hidden| Hidden {
                start: places[part.start],
                end: places[part.end],
                encoded: true,
            };
            hidden.extend(self.matches(search, &decoded).map(back));
        }
        hidden
    }

    fn matches<'a>(
        &'a self,
        search: &'a AhoCorasick,
        text: &'a [u8],
    ) -> impl Iterator<Item = Hidden> + 'a {
        search.find_overlapping_iter(text).map(|found| {
            match self.values[found.pattern().as_usize()] {
                Some(value) => {
                    let same = value
                        .iter()
                        .zip(&text[found.start()..])
                        .take_while(|(a, b)| a == b)
                        .count();
                    Hidden {
                        start: found.start(),
                        end: found.start() + same,
                        encoded: false,
                    }
                }
                None => {
                    let Span { start, end } = widened(text, Span::new(found.start(), found.end()));
                    Hidden {
                        start,
                        end,
                        encoded: true,
                    }
                }
            }
        })
    }
}

/// What stands for `text` where none of `hidden`, in order and without overlaps, may be seen.
fn show(text: &[u8], hidden: Vec<Hidden>) -> Cow<'_, [u8]> {
    if hidden.is_empty() {
        return Cow::Borrowed(text);
    }
    let mut shown = Vec::with_capacity(text.len());
    let mut from = 0;
    for part in hidden {
        shown.extend_from_slice(&text[from..part.start]);
        if part.encoded {
            shown.extend_from_slice(STARS.as_bytes());
        } else {
            shown.extend_from_slice(Secret::new(&text[part.start..part.end]).masked().as_bytes());
        }
        from = part.end;
    }
    shown.extend_from_slice(&text[from..]);
    Cow::Owned(shown)
}

/// In order, and parts that touch made one.
fn merged(mut hidden: Vec<Hidden>) -> Vec<Hidden> {
    hidden.sort_unstable();
    let mut parts: Vec<Hidden> = Vec::with_capacity(hidden.len());
    for part in hidden {
        match parts.last_mut() {
            Some(last) if part.start < last.end => {
                last.end = last.end.max(part.end);
                last.encoded |= part.encoded;
            }
            _ => parts.push(part),
        }
    }
    parts
}

/// What every base64 text that holds `value` also holds, one form for each alignment and alphabet.
fn base64_forms(value: &[u8]) -> impl Iterator<Item = Vec<u8>> {
    let mut forms = BTreeSet::new();
    for shift in 0..3 {
        let mut bytes = vec![0; shift];
        bytes.extend_from_slice(value);
        // The characters at both ends depend on the bytes around.
        let (first, last) = ((shift * 8).div_ceil(6), bytes.len() * 8 / 6);
        for text in [
            STANDARD_NO_PAD.encode(&bytes),
            URL_SAFE_NO_PAD.encode(&bytes),
        ] {
            forms.insert(text.as_bytes()[first..last].to_vec());
        }
    }
    forms.into_iter()
}

/// The digits of `value` in hex.
fn hex_forms(value: &[u8]) -> [Vec<u8>; 2] {
    let lower = faster_hex::hex_string(value);
    [lower.to_ascii_uppercase().into_bytes(), lower.into_bytes()]
}

/// The base64 text around `span`; slashes and dashes end it, as they also part the names of a path.
fn widened(text: &[u8], span: Span) -> Span {
    let inside = |byte: &&u8| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'=');
    let before = text[..span.start].iter().rev().take_while(inside).count();
    let after = text[span.end..].iter().take_while(inside).count();
    Span::new(span.start - before, span.end + after)
}

/// `text` with its percent signs decoded, and where each byte of the result began; one place more
/// stands for the end.
fn percent_decoded(text: &[u8]) -> (Vec<u8>, Vec<usize>) {
    let digit = |at: usize| text.get(at).and_then(|&byte| char::from(byte).to_digit(16));
    let (mut decoded, mut places) = (
        Vec::with_capacity(text.len()),
        Vec::with_capacity(text.len() + 1),
    );
    let mut at = 0;
    while at < text.len() {
        places.push(at);
        let escaped = (text[at] == b'%')
            .then(|| Some(digit(at + 1)? * 16 + digit(at + 2)?))
            .flatten();
        match escaped.and_then(|byte| u8::try_from(byte).ok()) {
            Some(byte) => {
                decoded.push(byte);
                at += 3;
            }
            None => {
                decoded.push(text[at]);
                at += 1;
            }
        }
    }
    places.push(text.len());
    (decoded, places)
}

#[cfg(test)]
mod tests {
    use base64::engine::general_purpose::STANDARD;
    use bstr::ByteSlice;

    use super::*;
    use crate::blob::Origin;
    use crate::finding::history::{Exposure, History, RootRef};
    use crate::finding::{Finding, Place, frame::Frame};
    use crate::git::RootKind;
    use crate::report::samples::{outcome, pair, rule, secrets};
    use crate::text::LineIndex;

    fn masked(text: impl AsRef<[u8]>) -> String {
        String::from_utf8(Mask::new(&outcome()).text(text.as_ref()).into_owned()).unwrap()
    }

    #[test]
    fn every_value_is_masked_in_every_form() {
        for value in &secrets()[..2] {
            assert_eq!(
                masked(format!("a/{value}/b")),
                format!("a/{}{}/b", &value[..4], "*".repeat(value.len() - 4))
            );
            let percent: String = value.bytes().map(|byte| format!("%{byte:02x}")).collect();
            assert_eq!(masked(format!("a?k={percent}&b")), "a?k=********&b");
            let hex = percent.replace('%', "");
            assert_eq!(
                masked(format!("a/{hex}/b-{}", hex.to_uppercase())),
                "a/********/b-********"
            );
            for around in ["", "x", "xy"] {
                let encoded = STANDARD.encode(format!("{around}{value} and more"));
                for form in [encoded.clone(), encoded.replace('+', "-").replace('/', "_")] {
                    let shown = masked(format!("a {form} b"));
                    assert!(
                        shown.starts_with("a ") && shown.ends_with(" b") && shown.contains(STARS),
                        "{shown}"
                    );
                    assert!(!shown.contains(&form[4..form.len() - 20]), "{shown}");
                }
            }
        }
    }

    /// What a text looks like where a secret was found at `origin`.
    fn masked_of(secret: &str, origin: Origin, history: Option<History>, text: &str) -> String {
        let found = Finding {
            secret: Secret::new(secret),
            partner: None,
            origin,
            history: history.map(Box::new),
            ..pair()
        };
        let outcome = Outcome {
            findings: vec![found],
            ..Outcome::default()
        };
        String::from_utf8(Mask::new(&outcome).text(text.as_bytes()).into_owned()).unwrap()
    }

    #[test]
    fn a_short_value_is_masked_where_a_name_holds_it() {
        let short = "hun7er2";
        let text = format!("refs/heads/{short}");
        let hidden = "refs/heads/********";
        let repository = |place: &str| Origin::Repository {
            place: place.into(),
        };
        let tag = |name: &str| Origin::TagText {
            name: name.into(),
            id: String::new(),
        };
        let name = Origin::Name {
            path: text.as_str().into(),
            commit: None,
        };
        for origin in [
            repository(&text),
            repository("reflog of hun7er2"),
            tag("v1-hun7er2"),
            name,
        ] {
            assert_eq!(masked_of(short, origin, None, &text), hidden);
        }
        for origin in [
            repository("refs/heads/main"),
            tag("xhun7er2"),
            Origin::Stdin,
        ] {
            assert_eq!(masked_of(short, origin, None, &text), text);
        }
        let reached = RootRef {
            kind: RootKind::Branch,
            name: short.into(),
        };
        let history = |reached_from: Vec<RootRef>, elsewhere: &[&str]| History {
            exposure: Exposure::Local,
            in_head: true,
            last: None,
            reached_from,
            places: Vec::new(),
            elsewhere: elsewhere.iter().map(|&place| place.into()).collect(),
        };
        let file = || Origin::File { path: "a".into() };
        assert_eq!(
            masked_of(short, file(), Some(history(vec![reached], &[])), &text),
            hidden
        );
        assert_eq!(
            masked_of(short, file(), Some(history(Vec::new(), &[&text])), &text),
            hidden
        );
        assert_eq!(
            masked_of(short, file(), Some(history(Vec::new(), &[])), &text),
            text
        );
    }

    #[test]
    fn a_name_that_holds_it_in_any_other_form_is_masked_everywhere() {
        let written = "AK+IA+QYLP";
        let file = || Origin::Name {
            path: "dir/é-AK+IA+QYLP.txt".into(),
            commit: None,
        };
        let branch = Origin::Repository {
            place: "submodule lib: refs/heads/AK+IA+QYLP".into(),
        };
        for (origin, searched) in [(file(), 4), (file(), 0), (branch, 15)] {
            let path = origin.path().to_string();
            let name = &path[searched..];
            let at = name.find(written).unwrap();
            let (span, index) = (
                Span::new(at, at + written.len()),
                LineIndex::new(name.as_bytes()),
            );
            let found = Finding {
                rule: rule("r", "a rule"),
                origin,
                place: Place {
                    start: index.locate(span.start),
                    end: index.locate(span.end),
                    frame: Frame::new(name.as_bytes(), &index, span, &[span]),
                    encoding: Some("joined"),
                },
                secret: Secret::new("AKIAQYLP"),
                ..pair()
            };
            let outcome = Outcome {
                findings: vec![found],
                ..Outcome::default()
            };
            let mask = Mask::new(&outcome);
            for text in [path.clone(), format!("../{path}/inner")] {
                let hidden = text.replace(written, "********");
                assert_eq!(mask.text(text.as_bytes()).to_str_lossy(), hidden);
            }
        }
    }

    #[test]
    fn the_rest_of_a_long_value_is_masked_with_its_beginning() {
        let key = &secrets()[2];
        assert!(!masked(format!("x {key} y")).contains(&key[60..80]));
    }

    #[test]
    fn other_text_stays_as_it_is() {
        let outcome = outcome();
        let mask = Mask::new(&outcome);
        for text in [&b"src/main.rs"[..], b"100%", b"%zz%4", b"", b"\xff"] {
            assert!(matches!(mask.text(text), Cow::Borrowed(same) if same == text));
        }
    }

    #[test]
    fn prose_hides_what_no_rule_knows() {
        let outcome = outcome();
        let other = ["Zm9vYmFy", "YmF6cXV4MTIzNDU2"].concat();
        let text = format!("use {other} for now");
        let shown = Mask::new(&outcome).prose(text.as_bytes()).into_owned();
        assert_eq!(
            String::from_utf8(shown).unwrap(),
            format!("use Zm9v{} for now", "*".repeat(20))
        );
        assert_eq!(&*Mask::none().prose(text.as_bytes()), text.as_bytes());
    }

    #[test]
    fn lines_keep_their_length() {
        let outcome = outcome();
        let line = format!("é = {} é", secrets()[1]);
        assert_eq!(
            Mask::new(&outcome).line(&line),
            format!("é = {} é", "*".repeat(20))
        );
    }
}
