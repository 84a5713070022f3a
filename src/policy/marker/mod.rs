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

/// The reason in `tail`, safe to show: printable, of limited length, and without words that could
/// be secrets, because a marker in a line of data is followed by the rest of the data.
fn reason_of(tail: &[u8], finding: &Occurrence) -> Option<String> {
    let tail = &tail[..comment_end(tail).unwrap_or(tail.len())];
    let holds = |secret: &[u8]| !secret.is_empty() && memchr::memmem::find(tail, secret).is_some();
    if holds(finding.secret.reveal())
        || finding
            .partner
            .as_ref()
            .is_some_and(|p| holds(p.secret.reveal()))
    {
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::tests::occurrence;

    fn found(line: &[u8], before: &[u8]) -> Option<(String, Option<String>)> {
        let rules = ["aws-access-token".into(), "github-pat".into()];
        let nearby = Nearby {
            line: MarkerText::new(line),
            before: MarkerText::new(before),
        };
        match find(&nearby, &occurrence(), &rules)? {
            AllowedBy::Marker { word, reason } => Some((word, reason)),
            AllowedBy::Entry { .. } | AllowedBy::Baseline { .. } => None,
        }
    }

    fn word(line: &str, before: &str) -> Option<String> {
        found(line.as_bytes(), before.as_bytes()).map(|(word, _)| word)
    }

    #[test]
    fn each_marker_applies_to_the_lines_that_its_tool_defines() {
        // (marker, on its line, on the line before, behind code on the line before)
        for (text, same, before, behind) in [
            ("keysieve:allow", true, true, false),
            ("gitleaks:allow", true, false, false),
            ("betterleaks:allow", true, false, false),
            ("trufflehog:ignore", true, false, false),
            ("kingfisher:ignore", true, true, false),
            ("KingFisher:Ignore", true, true, false),
            ("Gitleaks:allow", false, false, false),
            ("Keysieve:Allow", false, false, false),
            ("pragma: allowlist secret", true, false, false),
            ("pragma: whitelist secret", true, false, false),
            ("pragma:allowlist-secret", true, false, false),
            ("pragma: allowlist nextline secret", false, true, false),
            ("pragma: whitelist nextline secret", false, false, false),
            ("pragma: blacklist secret", false, false, false),
            ("ggignore", true, false, false),
            ("ggignore-start", false, false, false),
            ("secretlint-disable-line", true, false, false),
            ("secretlint-disable-next-line", false, true, true),
            ("secretlint-disable", false, false, false),
            ("keysieve:allowed", false, false, false),
            ("not-keysieve:allow", false, false, false),
        ] {
            assert_eq!(
                word(&format!("key = K # {text}"), "").is_some(),
                same,
                "{text}"
            );
            assert_eq!(
                word("key = K", &format!("  # {text}\r")).is_some(),
                before,
                "{text}"
            );
            assert_eq!(
                word("key = K", &format!("old = K # {text}")).is_some(),
                behind,
                "{text}"
            );
            assert_eq!(
                word("key = K", &format!("/* {text} */ old = K;")).is_some(),
                behind,
                "{text}"
            );
            assert_eq!(
                word("key = K", &format!("<!-- {text} -->")).is_some(),
                before,
                "{text}"
            );
        }
    }

    #[test]
    fn a_pragma_must_be_in_a_comment() {
        assert_eq!(
            word("k = 'pragma: allowlist secret'", ""),
            Some("pragma: allowlist secret".to_owned())
        );
        assert_eq!(word("k = pragma: allowlist secret", ""), None);
        assert!(word("k // pragma: allowlist secret because", "").is_some());
        assert!(word("k -- pragma: allowlist secret", "").is_some());
        assert!(word("k", "//pragma: allowlist nextline secret").is_some());
    }

    #[test]
    fn a_marker_with_a_rule_applies_to_that_rule_only() {
        let reason =
            |text: &str| found(text.as_bytes(), b"").map(|(_, reason)| reason.unwrap_or_default());
        assert_eq!(reason("k # keysieve:allow"), Some(String::new()));
        assert_eq!(
            reason("k # keysieve:allow aws-access-token"),
            Some(String::new())
        );
        assert_eq!(
            reason("k # keysieve:allow aws-access-token revoked in May"),
            Some("revoked in May".to_owned())
        );
        assert_eq!(
            reason("k # keysieve:allow: revoked"),
            Some("revoked".to_owned())
        );
        assert_eq!(
            reason("k /* keysieve:allow well-known dummy */ x"),
            Some("well-known dummy".to_owned())
        );
        assert_eq!(
            reason("k # keysieve:allow github-pat revoked"),
            None,
            "another rule"
        );
        assert_eq!(
            reason("k # keysieve:allow github-pat gitleaks:allow"),
            Some(String::new()),
            "the second marker applies"
        );
    }

    #[test]
    fn a_secretlint_marker_applies_to_the_rules_that_it_names() {
        let line =
            |rules: &str| word(&format!("k // secretlint-disable-line {rules}"), "").is_some();
        assert!(line(""));
        assert!(line("-- because"));
        assert!(line("@secretlint/secretlint-rule-aws"));
        assert!(line(
            "@secretlint/secretlint-rule-slack, @secretlint/secretlint-rule-aws"
        ));
        assert!(line("@secretlint/secretlint-rule-preset-recommend"));
        assert!(!line("@secretlint/secretlint-rule-github"));
    }

    #[test]
    fn markers_in_utf16_text_are_found() {
        let wide: Vec<u8> = "k # keysieve:allow"
            .bytes()
            .flat_map(|byte| [byte, 0])
            .collect();
        assert!(found(&wide, b"").is_some());
        assert!(found(b"\0k\0", &wide[4..]).is_some());
    }

    #[test]
    fn a_reason_never_shows_a_secret() {
        let other = ["wJalrXUtnFEMI", "K7MDENGbPxRfiCY"].concat();
        let (_, reason) = found(
            format!("# gitleaks:allow see {other} \u{1b}[2J").as_bytes(),
            b"",
        )
        .unwrap();
        assert_eq!(reason.unwrap(), "see **** \\u{1b}[2J");
        let own = String::from_utf8(occurrence().secret.reveal().to_vec()).unwrap();
        assert_eq!(
            found(format!("\"gitleaks:allow\", \"{own}\"").as_bytes(), b"")
                .unwrap()
                .1,
            None
        );
        let link = "https://example.com/issues/1234567";
        assert_eq!(
            found(format!("# gitleaks:allow {link}").as_bytes(), b"")
                .unwrap()
                .1
                .unwrap(),
            link
        );
    }
}
