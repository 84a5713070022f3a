//! Parses the text after a marker: rule names, the rest of a pragma, or a reason.

use std::sync::Arc;

use crate::finding::Occurrence;

/// The end of a comment that does not extend to the end of its line.
const CLOSERS: [&[u8]; 6] = [b"*/", b"-->", b"*)", b"#}", b"-}", b"%>"];

/// The start of a comment, as in detect-secrets.
const OPENERS: [&[u8]; 6] = [b"#", b"//", b"/*", b"'", b"--", b"<!--"];

/// What must follow the literal of a marker.
#[derive(Clone, Copy)]
pub(super) enum Tail {
    /// Any text, which is the reason.
    Reason,
    /// Optionally one of our rules; then the reason.
    Rule,
    /// Rules of secretlint, or nothing.
    Secretlint,
    /// `allowlist secret`, in a comment.
    Pragma,
    /// `allowlist nextline secret`, in a comment.
    PragmaNext,
}

impl Tail {
    /// The part of `tail` that holds the reason; `None` if the marker is a longer word or is not
    /// for this finding.
    pub(super) fn accept<'t>(
        self,
        head: &[u8],
        tail: &'t [u8],
        finding: &Occurrence,
        rules: &[Arc<str>],
    ) -> Option<&'t [u8]> {
        let is_longer_word = tail.first().is_some_and(|&byte| is_word_byte(byte));
        match self {
            Self::Reason | Self::Rule | Self::Secretlint if is_longer_word => None,
            Self::Reason => Some(tail),
            Self::Rule => {
                let text = tail.trim_ascii_start();
                let (word, rest) = text.split_at(word_len(text));
                match rules.iter().find(|rule| rule.as_bytes() == word) {
                    None => Some(tail),
                    Some(rule) => (*rule == finding.rule.id).then_some(rest),
                }
            }
            Self::Secretlint => {
                let comment = &tail[..comment_end(tail).unwrap_or(tail.len())];
                let mut rules = comment
                    .split(|&byte| byte == b',' || byte.is_ascii_whitespace())
                    .filter(|name| name.contains(&b'@'))
                    .peekable();
                let is_for_finding = rules.peek().is_none()
                    || rules.any(|rule| secretlint_covers(rule, &finding.rule.id));
                is_for_finding.then_some(b"")
            }
            Self::Pragma => {
                let rest = after_pragma(head, tail)?;
                let rest = rest
                    .strip_prefix(b"allow")
                    .or_else(|| rest.strip_prefix(b"white"))?;
                after_words(rest, &[b"list", b"secret"])
            }
            Self::PragmaNext => after_words(
                after_pragma(head, tail)?,
                &[b"allowlist", b"nextline", b"secret"],
            ),
        }
    }
}

/// The text after `pragma:`, if that is at the start of a comment.
fn after_pragma<'t>(head: &[u8], tail: &'t [u8]) -> Option<&'t [u8]> {
    let head = head.trim_ascii_end();
    let opened = OPENERS.iter().any(|opener| head.ends_with(opener));
    opened.then(|| tail.strip_prefix(b" ").unwrap_or(tail))
}

/// The text after `words`, which are joined by a space or a hyphen.
fn after_words<'t>(text: &'t [u8], words: &[&[u8]]) -> Option<&'t [u8]> {
    let (first, others) = words.split_first()?;
    let mut rest = text.strip_prefix(*first)?;
    for word in others {
        let separated = rest
            .strip_prefix(b" ")
            .or_else(|| rest.strip_prefix(b"-"))?;
        rest = separated.strip_prefix(*word)?;
    }
    Some(rest)
}

/// Whether a rule of secretlint, such as `@secretlint/secretlint-rule-aws`, covers one of ours.
fn secretlint_covers(name: &[u8], rule: &str) -> bool {
    const PREFIX: &[u8] = b"secretlint-rule-";
    let Some(at) = memchr::memmem::find(name, PREFIX) else {
        return false;
    };
    let subject = &name[at + PREFIX.len()..];
    let subject = &subject[..word_len(subject)];
    subject.starts_with(b"preset")
        || (!subject.is_empty()
            && without_hyphens(rule.as_bytes()).starts_with(&without_hyphens(subject)))
}

fn without_hyphens(id: &[u8]) -> Vec<u8> {
    id.iter().copied().filter(|&byte| byte != b'-').collect()
}

/// Where the comment that `tail` is in ends on this line.
pub(super) fn comment_end(tail: &[u8]) -> Option<usize> {
    CLOSERS
        .iter()
        .filter_map(|closer| memchr::memmem::find(tail, closer))
        .min()
}

/// The length of the word that `text` starts with.
fn word_len(text: &[u8]) -> usize {
    let end = text.iter().position(|&byte| !is_word_byte(byte));
    end.unwrap_or(text.len())
}

/// Whether `byte` is part of a word: a letter, a digit, a hyphen or an underscore.
pub(super) const fn is_word_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_')
}
