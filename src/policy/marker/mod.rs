//! Finds inline markers: comments next to a secret that allow it, ours and those of other tools.
//!
//! A marker of another tool allows the same as in that tool, or less. Some tools also accept a
//! marker at the end of a neighbouring line of code (kingfisher does). Here such a marker applies
//! to its own line only, because it may have been meant for that line.
//!
//! | marker | tool | applies to |
//! |---|---|---|
//! | `keysieve:allow [rule] [reason]` | keysieve | its line; the next line if it is alone |
//! | `gitleaks:allow`, `betterleaks:allow` | gitleaks, betterleaks | its line |
//! | `trufflehog:ignore` | trufflehog | its line |
//! | `kingfisher:ignore`, in any case | kingfisher | its line; the next line if it is alone |
//! | `pragma: allowlist secret`, `pragma: whitelist secret` | detect-secrets, ggshield | its line |
//! | `pragma: allowlist nextline secret` | detect-secrets | the next line, if it is alone |
//! | `ggignore` | ggshield | its line |
//! | `secretlint-disable-line [rules]` | secretlint | its line |
//! | `secretlint-disable-next-line [rules]` | secretlint | the next line |
//!
//! *Alone*: its line has no letter or digit before the comment or after its end. So a marker after
//! a key on one line never allows another key on the next line.

use std::borrow::Cow;
use std::sync::{Arc, LazyLock};

use aho_corasick::AhoCorasick;

mod tail;
#[cfg(test)]
mod tests;

use super::Nearby;
use crate::finding::{AllowedBy, Occurrence};
use crate::secret::mask;
use crate::text::printable;
use tail::{Tail, comment_end, is_word_byte};

/// The most characters of a marker's reason that are kept.
const MAX_REASON: usize = 200;

/// How many markers of a line count. A line of data can have thousands of markers and findings.
const MAX_MARKERS: usize = 16;

/// A marker as a tool defines it.
struct Marker {
    /// What reports call it.
    word: &'static str,
    /// The text to search for.
    literal: &'static str,
    /// Whether the case of letters is ignored.
    any_case: bool,
    /// The lines that it applies to.
    reach: Reach,
    /// What must follow.
    tail: Tail,
}

/// The lines that a marker applies to.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Reach {
    Same,
    Next,
    /// Its own line, and the next one if the marker is alone on its line.
    SameOrNext,
    /// The next line, if the marker is alone on its line.
    NextAlone,
}

const fn marker(word: &'static str, reach: Reach, tail: Tail) -> Marker {
    Marker {
        word,
        literal: word,
        any_case: false,
        reach,
        tail,
    }
}

const PRAGMA: &str = "pragma:";

static MARKERS: [Marker; 10] = [
    marker("keysieve:allow", Reach::SameOrNext, Tail::Rule),
    marker("gitleaks:allow", Reach::Same, Tail::Reason),
    marker("betterleaks:allow", Reach::Same, Tail::Reason),
    marker("trufflehog:ignore", Reach::Same, Tail::Reason),
    Marker {
        any_case: true,
        ..marker("kingfisher:ignore", Reach::SameOrNext, Tail::Reason)
    },
    Marker {
        literal: PRAGMA,
        ..marker("pragma: allowlist secret", Reach::Same, Tail::Pragma)
    },
    Marker {
        literal: PRAGMA,
        ..marker(
            "pragma: allowlist nextline secret",
            Reach::NextAlone,
            Tail::PragmaNext,
        )
    },
    marker("ggignore", Reach::Same, Tail::Reason),
    marker("secretlint-disable-line", Reach::Same, Tail::Secretlint),
    marker(
        "secretlint-disable-next-line",
        Reach::Next,
        Tail::Secretlint,
    ),
];

static LITERALS: LazyLock<AhoCorasick> = LazyLock::new(|| {
    let literals = MARKERS.iter().map(|marker| marker.literal);
    #[expect(clippy::expect_used, reason = "ten short literals of this file")]
    AhoCorasick::builder()
        .ascii_case_insensitive(true)
        .build(literals)
        .expect("literals make an automaton")
});

/// Text in which markers count: without the zero bytes of UTF-16, because all markers are ASCII,
/// and empty if it holds no marker.
#[derive(Clone, Debug, Default)]
pub struct MarkerText(Option<Arc<[u8]>>);

impl MarkerText {
    /// Takes what of `text` may matter.
    #[must_use]
    pub fn new(text: &[u8]) -> Self {
        let text = without_nul(text);
        Self(LITERALS.is_match(&*text).then(|| text.into()))
    }

    fn bytes(&self) -> &[u8] {
        self.0.as_deref().unwrap_or_default()
    }
}

/// The ASCII characters of UTF-16 text.
fn without_nul(line: &[u8]) -> Cow<'_, [u8]> {
    match memchr::memchr(0, line) {
        None => Cow::Borrowed(line),
        Some(_) => Cow::Owned(line.iter().copied().filter(|&byte| byte != 0).collect()),
    }
}

/// The marker that allows `finding`, if there is one. `rules` are the ids that a keysieve marker
/// may name.
pub(super) fn find(nearby: &Nearby, finding: &Occurrence, rules: &[Arc<str>]) -> Option<AllowedBy> {
    find_on(nearby.line.bytes(), false, finding, rules)
        .or_else(|| find_on(nearby.before.bytes(), true, finding, rules))
}

fn find_on(
    line: &[u8],
    is_before: bool,
    finding: &Occurrence,
    rules: &[Arc<str>],
) -> Option<AllowedBy> {
    LITERALS.find_iter(line).take(MAX_MARKERS).find_map(|hit| {
        let (head, found, tail) = (&line[..hit.start()], &line[hit.range()], &line[hit.end()..]);
        let literal = MARKERS[hit.pattern().as_usize()].literal;
        MARKERS
            .iter()
            .filter(|marker| marker.literal == literal)
            .find_map(|marker| {
                let exact = marker.any_case || found == marker.literal.as_bytes();
                let here = match (marker.reach, is_before) {
                    (Reach::Same | Reach::SameOrNext, false) | (Reach::Next, true) => true,
                    (Reach::SameOrNext | Reach::NextAlone, true) => is_alone(head, tail),
                    (Reach::Same, true) | (Reach::Next | Reach::NextAlone, false) => false,
                };
                let whole = !head.last().is_some_and(|&byte| is_word_byte(byte));
                if !(exact && here && whole) {
                    return None;
                }
                let reason = marker.tail.accept(head, tail, finding, rules)?;
                Some(AllowedBy::Marker {
                    word: marker.word.to_owned(),
                    reason: reason_of(reason, finding),
                })
            })
    })
}

/// Whether a marker between `head` and `tail` is alone on its line.
fn is_alone(head: &[u8], tail: &[u8]) -> bool {
    let head = head.trim_ascii();
    let comment_word = head.eq_ignore_ascii_case(b"rem") || head == b"dnl";
    let after = comment_end(tail).map_or(&b""[..], |at| &tail[at..]);
    (comment_word || !has_text(head)) && !has_text(after)
}

/// Whether `bytes` has more than punctuation and spaces.
fn has_text(bytes: &[u8]) -> bool {
    bytes
        .iter()
        .any(|byte| byte.is_ascii_alphanumeric() || !byte.is_ascii())
}

/// Whether `text` has a piece of `secret`, which may be split into literals. A value of less than
/// twice the size of a piece is searched as a whole.
fn shares_piece(text: &[u8], secret: &[u8]) -> bool {
    const PIECE: usize = 8;
    let size = if secret.len() < 2 * PIECE {
        secret.len().max(1)
    } else {
        PIECE
    };
    let mut pieces = secret.chunks_exact(size);
    pieces.any(|piece| memchr::memmem::find(text, piece).is_some())
}

/// The reason in `tail`, safe to show: printable, of limited length, and without words that could
/// be secrets, because a marker in a line of data is followed by the rest of the data.
fn reason_of(tail: &[u8], finding: &Occurrence) -> Option<String> {
    let tail = &tail[..comment_end(tail).unwrap_or(tail.len())];
    let mut secrets = [
        Some(&finding.secret),
        finding.partner.as_ref().map(|p| &p.secret),
    ]
    .into_iter()
    .flatten();
    if secrets.any(|secret| shares_piece(tail, secret.reveal())) {
        return None;
    }
    let text = printable(tail.trim_ascii());
    let text = text.trim_start_matches(|c: char| {
        c.is_whitespace() || matches!(c, ':' | '-' | '–' | '—' | ',' | '(')
    });
    let words: Vec<_> = text
        .split_whitespace()
        .map(|word| {
            if mask::may_contain_secret(word) {
                "****"
            } else {
                word
            }
        })
        .collect();
    let reason: String = words.join(" ").chars().take(MAX_REASON).collect();
    (!reason.is_empty()).then_some(reason)
}
