//! Reads inline markers: comments next to a secret that allow it, ours and those of other tools.
//!
//! A marker of another tool means here what it means there, or less: where a tool is generous
//! (kingfisher looks past a marker at the end of a neighbouring line of code), the marker counts
//! only if it cannot be meant for another line.
//!
//! | marker | of | counts on |
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
//! *Alone*: no letter or digit comes before it on its line, and none after the comment is
//! closed. So the marker behind a key on one line never lets another key on the next line pass.

use std::borrow::Cow;
use std::sync::{Arc, LazyLock};

use aho_corasick::AhoCorasick;

use super::Nearby;
use crate::finding::{AllowedBy, Finding};
use crate::secret::mask;
use crate::text::printable;

/// The most characters of a marker's reason that are kept.
const MAX_REASON: usize = 200;

/// A marker as a tool defines it.
struct Marker {
    /// What reports call it.
    word: &'static str,
    /// What is searched for.
    literal: &'static str,
    /// Whether other cases of it count as well.
    any_case: bool,
    /// The lines for which it counts.
    reach: Reach,
    /// What must follow.
    tail: Tail,
}

/// For which lines a marker counts.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Reach {
    Same,
    Next,
    /// Its own, and the next one if it is alone on its line.
    SameOrNext,
    /// The next one, if it is alone on its line.
    NextAlone,
}

/// What the text behind a marker's literal is.
#[derive(Clone, Copy)]
enum Tail {
    /// Anything; shown as the reason.
    Reason,
    /// One of our rules, or not; then the reason.
    Rule,
    /// Rules of secretlint, or nothing.
    Secretlint,
    /// `allowlist secret`, in a comment.
    Pragma,
    /// `allowlist nextline secret`, in a comment.
    PragmaNext,
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

/// What ends a comment that does not go on to the end of its line.
const CLOSERS: [&[u8]; 6] = [b"*/", b"-->", b"*)", b"#}", b"-}", b"%>"];

/// What begins a comment, as detect-secrets knows them.
const OPENERS: [&[u8]; 6] = [b"#", b"//", b"/*", b"'", b"--", b"<!--"];

/// The marker that lets `finding` pass, if there is one. `rules` are the ids that a marker of ours
/// may name.
pub(super) fn find(nearby: Nearby<'_>, finding: &Finding, rules: &[Arc<str>]) -> Option<AllowedBy> {
    find_on(&without_nul(nearby.line), false, finding, rules)
        .or_else(|| find_on(&without_nul(nearby.before), true, finding, rules))
}

/// UTF-16 text as far as it is ASCII, which all markers are.
fn without_nul(line: &[u8]) -> Cow<'_, [u8]> {
    match memchr::memchr(0, line) {
        None => Cow::Borrowed(line),
        Some(_) => Cow::Owned(line.iter().copied().filter(|&byte| byte != 0).collect()),
    }
}

fn find_on(
    line: &[u8],
    is_before: bool,
    finding: &Finding,
    rules: &[Arc<str>],
) -> Option<AllowedBy> {
    LITERALS.find_iter(line).find_map(|hit| {
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
                let whole = !head.last().is_some_and(|&byte| in_word(byte));
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

impl Tail {
    /// What is left of `tail` for the reason; `None` where the marker is another one or does not
    /// mean this finding.
    fn accept<'t>(
        self,
        head: &[u8],
        tail: &'t [u8],
        finding: &Finding,
        rules: &[Arc<str>],
    ) -> Option<&'t [u8]> {
        let goes_on = tail.first().is_some_and(|&byte| in_word(byte));
        match self {
            Self::Reason | Self::Rule | Self::Secretlint if goes_on => None,
            Self::Reason => Some(tail),
            Self::Rule => {
                let text = tail.trim_ascii_start();
                let end = text
                    .iter()
                    .position(|&byte| !in_word(byte))
                    .unwrap_or(text.len());
                let (word, rest) = text.split_at(end);
                match rules.iter().find(|rule| rule.as_bytes() == word) {
                    None => Some(tail),
                    Some(rule) => (*rule == finding.rule.id).then_some(rest),
                }
            }
            Self::Secretlint => {
                let comment = &tail[..closed_at(tail).unwrap_or(tail.len())];
                let named = comment
                    .split(|&byte| byte == b',' || byte.is_ascii_whitespace())
                    .filter(|n| n.contains(&b'@'));
                let mut named = named.peekable();
                (named.peek().is_none()
                    || named.any(|name| secretlint_means(name, &finding.rule.id)))
                .then_some(b"")
            }
            Self::Pragma => {
                let rest = pragma(head, tail)?;
                let rest = rest
                    .strip_prefix(b"allow")
                    .or_else(|| rest.strip_prefix(b"white"))?;
                after_words(rest, &[b"list", b"secret"])
            }
            Self::PragmaNext => {
                after_words(pragma(head, tail)?, &[b"allowlist", b"nextline", b"secret"])
            }
        }
    }
}

/// The text after `pragma:`, if that begins a comment.
fn pragma<'t>(head: &[u8], tail: &'t [u8]) -> Option<&'t [u8]> {
    let head = head.trim_ascii_end();
    let opened = OPENERS.iter().any(|opener| head.ends_with(opener));
    opened.then(|| tail.strip_prefix(b" ").unwrap_or(tail))
}

/// What follows `words`, joined by a blank or a hyphen.
fn after_words<'t>(text: &'t [u8], words: &[&[u8]]) -> Option<&'t [u8]> {
    let (first, others) = words.split_first()?;
    others
        .iter()
        .try_fold(text.strip_prefix(*first)?, |rest, word| {
            let rest = rest
                .strip_prefix(b" ")
                .or_else(|| rest.strip_prefix(b"-"))?;
            rest.strip_prefix(*word)
        })
}

/// Whether a rule of secretlint, such as `@secretlint/secretlint-rule-aws`, means ours.
fn secretlint_means(name: &[u8], rule: &str) -> bool {
    const PREFIX: &[u8] = b"secretlint-rule-";
    let Some(at) = memchr::memmem::find(name, PREFIX) else {
        return false;
    };
    let subject = &name[at + PREFIX.len()..];
    let subject = &subject[..subject
        .iter()
        .position(|&byte| !in_word(byte))
        .unwrap_or(subject.len())];
    let letters = |id: &[u8]| {
        id.iter()
            .copied()
            .filter(|&byte| byte != b'-')
            .collect::<Vec<_>>()
    };
    subject.starts_with(b"preset")
        || (!subject.is_empty() && letters(rule.as_bytes()).starts_with(&letters(subject)))
}

/// Whether a marker between `head` and `tail` has its line to itself.
fn is_alone(head: &[u8], tail: &[u8]) -> bool {
    let says_something = |bytes: &[u8]| {
        bytes
            .iter()
            .any(|byte| byte.is_ascii_alphanumeric() || !byte.is_ascii())
    };
    let head = head.trim_ascii();
    let comment_word = head.eq_ignore_ascii_case(b"rem") || head == b"dnl";
    let after = closed_at(tail).map_or(&b""[..], |at| &tail[at..]);
    (comment_word || !says_something(head)) && !says_something(after)
}

/// Where the comment that `tail` begins in is closed on this line.
fn closed_at(tail: &[u8]) -> Option<usize> {
    CLOSERS
        .iter()
        .filter_map(|closer| memchr::memmem::find(tail, closer))
        .min()
}

const fn in_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_')
}

/// The reason in `tail`, fit to be shown: printable, not endless, and without words that could be
/// secrets, because on a line of data, other data may follow the marker.
fn reason_of(tail: &[u8], finding: &Finding) -> Option<String> {
    let tail = &tail[..closed_at(tail).unwrap_or(tail.len())];
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
    use crate::policy::tests::finding;

    fn found(line: &[u8], before: &[u8]) -> Option<(String, Option<String>)> {
        let rules = ["aws-access-token".into(), "github-pat".into()];
        match find(Nearby { line, before }, &finding(), &rules)? {
            AllowedBy::Marker { word, reason } => Some((word, reason)),
            AllowedBy::Entry { .. } | AllowedBy::Baseline { .. } => None,
        }
    }

    fn word(line: &str, before: &str) -> Option<String> {
        found(line.as_bytes(), before.as_bytes()).map(|(word, _)| word)
    }

    #[test]
    fn each_marker_counts_where_its_tool_says() {
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
    fn a_pragma_counts_only_in_a_comment() {
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
    fn a_rule_narrows_the_marker() {
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
            "it means another rule"
        );
        assert_eq!(
            reason("k # keysieve:allow github-pat gitleaks:allow"),
            Some(String::new()),
            "each is asked"
        );
    }

    #[test]
    fn secretlint_names_its_own_rules() {
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
    fn utf16_lines_are_read() {
        let wide: Vec<u8> = "k # keysieve:allow"
            .bytes()
            .flat_map(|byte| [byte, 0])
            .collect();
        assert!(found(&wide, b"").is_some());
        assert!(found(b"\0k\0", &wide[4..]).is_some());
    }

    #[test]
    fn a_reason_shows_no_secret() {
        let other = ["wJalrXUtnFEMI", "K7MDENGbPxRfiCY"].concat();
        let (_, reason) = found(
            format!("# gitleaks:allow see {other} \u{1b}[2J").as_bytes(),
            b"",
        )
        .unwrap();
        assert_eq!(reason.unwrap(), "see **** \\u{1b}[2J");
        let own = String::from_utf8(finding().secret.reveal().to_vec()).unwrap();
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
