//! Decides where the scanner has to search for the keywords of a pattern: for the build script, and
//! for the rules of users.

use regex_syntax::hir::literal::Extractor;
use regex_syntax::hir::{Class, Hir, HirKind};

use super::charset::{BASE64, CLASS, MIN_BASE64_RUN, MIN_RUN, is_run_byte};

/// Where the keywords of a pattern are searched for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum KeywordPlace {
    /// In all of a text.
    #[default]
    Anywhere,
    /// In charset runs, because every match begins with a keyword and with such a run.
    TokenStart,
    /// In long stretches of base64, because every match begins with one that contains a keyword.
    Base64,
    /// At the start of a binary file only. They are bytes in hex.
    FileStart,
}

/// Where the keywords of a pattern need to be searched for. Charset runs make up a sixth of the
/// Linux sources, and long stretches of base64 two bytes in 10,000. If a pattern cannot be parsed,
/// the answer is anywhere.
pub(crate) fn keyword_place(pattern: &str, keywords: &[&str]) -> KeywordPlace {
    let mut parser = regex_syntax::ParserBuilder::new()
        .utf8(false)
        .unicode(false)
        .build();
    match parser.parse(pattern) {
        Ok(hir) if !hir.properties().look_set().is_empty() => KeywordPlace::Anywhere,
        Ok(hir) if contains_long_token(&hir, keywords) => KeywordPlace::TokenStart,
        Ok(hir) if contains_base64(&hir, keywords) => KeywordPlace::Base64,
        _ => KeywordPlace::Anywhere,
    }
}

/// Whether every match has one of `keywords` where a charset run of at least [`MIN_RUN`] bytes
/// begins: at its start, or after a byte that ends a run.
fn contains_long_token(hir: &Hir, keywords: &[&str]) -> bool {
    let begins_here = leading(hir, is_run_byte).1 >= MIN_RUN && begins_with_any(hir, keywords);
    begins_here || after_run(hir).is_some_and(|rest| contains_long_token(&rest, keywords))
}

/// What follows the first byte in a literal of `hir` that ends a run.
fn after_run(hir: &Hir) -> Option<Hir> {
    let parts = parts(hir);
    let (at, rest) = parts.iter().enumerate().find_map(|(at, part)| {
        let HirKind::Literal(literal) = part.kind() else {
            return None;
        };
        let end = literal.0.iter().position(|&byte| !is_run_byte(byte))?;
        Some((at, &literal.0[end + 1..]))
    })?;
    let rest = std::iter::once(Hir::literal(rest)).chain(parts[at + 1..].iter().cloned());
    Some(Hir::concat(rest.collect()))
}

/// Whether every match begins with at least [`MIN_BASE64_RUN`] characters of base64, among them one
/// of `keywords`.
fn contains_base64(hir: &Hir, keywords: &[&str]) -> bool {
    let (parts, len) = leading(hir, |byte| CLASS[usize::from(byte)] == BASE64);
    len >= MIN_BASE64_RUN && parts.iter().any(|part| contains_any(part, keywords))
}

/// What a match consists of, one after the other.
fn parts(hir: &Hir) -> &[Hir] {
    match hir.kind() {
        HirKind::Capture(capture) => parts(&capture.sub),
        HirKind::Concat(parts) => parts,
        _ => std::slice::from_ref(hir),
    }
}

/// The parts with which a match begins and that consist of bytes that `is_of` accepts, and how many
/// such bytes it begins with, at least.
fn leading(hir: &Hir, is_of: impl Fn(u8) -> bool + Copy) -> (&[Hir], usize) {
    let parts = parts(hir);
    let taken = parts.iter().take_while(|part| consists_of(part, is_of));
    let (taken, rest) = parts.split_at(taken.count());
    let lengths = taken.iter().map(|part| part.properties().minimum_len());
    let more = match rest.first().map(Hir::kind) {
        Some(HirKind::Literal(literal)) => {
            literal.0.iter().take_while(|&&byte| is_of(byte)).count()
        }
        Some(HirKind::Capture(capture)) => leading(&capture.sub, is_of).1,
        _ => 0,
    };
    (
        taken,
        lengths.map(Option::unwrap_or_default).sum::<usize>() + more,
    )
}

fn begins_with_any(hir: &Hir, keywords: &[&str]) -> bool {
    // The limits allow a class of letters within a keyword.
    let mut extractor = Extractor::new();
    let longest = keywords.iter().map(|word| word.len()).max();
    extractor
        .limit_class(64)
        .limit_total(1000)
        .limit_literal_len(longest.unwrap_or(0));
    let prefixes = extractor.extract(hir);
    prefixes.literals().is_some_and(|literals| {
        literals.iter().all(|literal| {
            let mut words = keywords.iter().map(|word| word.as_bytes());
            words.any(|word| literal.as_bytes().starts_with(word))
        })
    })
}

fn contains_any(hir: &Hir, keywords: &[&str]) -> bool {
    match hir.kind() {
        HirKind::Literal(literal) => keywords.iter().any(|word| {
            literal
                .0
                .windows(word.len())
                .any(|part| part == word.as_bytes())
        }),
        HirKind::Repetition(repetition) => {
            repetition.min > 0 && contains_any(&repetition.sub, keywords)
        }
        HirKind::Capture(capture) => contains_any(&capture.sub, keywords),
        HirKind::Concat(parts) => parts.iter().any(|part| contains_any(part, keywords)),
        HirKind::Alternation(parts) => parts.iter().all(|part| contains_any(part, keywords)),
        HirKind::Empty | HirKind::Look(_) | HirKind::Class(_) => false,
    }
}

/// Whether every match consists of bytes that `is_of` accepts.
fn consists_of(hir: &Hir, is_of: impl Fn(u8) -> bool + Copy) -> bool {
    match hir.kind() {
        HirKind::Empty => true,
        HirKind::Look(_) => false,
        HirKind::Literal(literal) => literal.0.iter().all(|&byte| is_of(byte)),
        HirKind::Class(Class::Bytes(class)) => class
            .iter()
            .all(|range| (range.start()..=range.end()).all(is_of)),
        HirKind::Class(Class::Unicode(class)) => class
            .iter()
            .all(|range| (range.start()..=range.end()).all(|c| u8::try_from(c).is_ok_and(is_of))),
        HirKind::Repetition(repetition) => consists_of(&repetition.sub, is_of),
        HirKind::Capture(capture) => consists_of(&capture.sub, is_of),
        HirKind::Concat(parts) | HirKind::Alternation(parts) => {
            parts.iter().all(|part| consists_of(part, is_of))
        }
    }
}

#[cfg(test)]
mod tests {
    use regex::bytes::RegexBuilder;

    use super::*;
    use crate::rule::{RuleSet, Trigger};

    #[test]
    fn each_condition_is_needed() {
        let keywords = ["abcd_", "efgh_", "keyW"];
        let place = |pattern| keyword_place(pattern, &keywords);
        let token = "(?P<secret>(?:abcd|efgh)_[A-Za-z0-9]{26})";
        assert_eq!(place(token), KeywordPlace::TokenStart);
        let after_colon = "(?P<secret>[0-9]{8}:abcd_[A-Z]{26})";
        assert_eq!(place(after_colon), KeywordPlace::TokenStart);
        let with_rest = "abcd_[A-Z]{20}/efghi[?]key=(?P<secret>[A-Z]{9})";
        assert_eq!(place(with_rest), KeywordPlace::TokenStart);
        let base64 = "(?P<secret>[A-Z+]{30}keyW[A-Za-z0-9]{6}=_)";
        assert_eq!(place(base64), KeywordPlace::Base64);
        for (why, pattern) in [
            ("one byte too short", "(?P<secret>abcd_[A-Z]{25})"),
            ("no keyword at its start", "(?P<secret>xabcd_[A-Z]{33})"),
            (
                "no keyword in one branch",
                "(?P<secret>(?:abcd|ijkl)_[A-Z]{26})",
            ),
            ("no base64", "(?P<secret>[A-Z]{40}abcd_)"),
            ("base64 too short", "(?P<secret>[A-Z]{35}keyW_[A-Z]{9})"),
            (
                "no keyword in one branch",
                "(?P<secret>[A-Z]{40}(?:keyW|ab))",
            ),
            ("an optional keyword", "(?P<secret>[A-Z]{40}(?:keyW)?)"),
            ("a byte that ends a run", "(?P<secret>abcd_[A-Z:]{26})"),
            ("a run too short", "(?P<secret>abcd_[A-Z]{20}:[A-Z]{9})"),
            ("a byte beyond ASCII", r"(?P<secret>abcd_[A-Z\xff]{26})"),
            ("a look-around", r"(?P<secret>abcd_[A-Z]{26})\b"),
            ("optional text before it", "x?(?P<secret>abcd_[A-Z]{26})"),
            ("not a pattern", "(?P<secret>abcd_[A-Z]{26}"),
        ] {
            assert_eq!(place(pattern), KeywordPlace::Anywhere, "{why}: {pattern}");
        }
    }

    /// The place is computed at build time; here each rule's own examples are matched instead.
    #[test]
    fn the_embedded_place_of_every_rule_agrees_with_its_examples() {
        let rules = RuleSet::builtin_with_samples().unwrap().rules;
        let embedded = RuleSet::builtin().unwrap().rules;
        let mut matches = 0;
        for (rule, embedded) in rules.iter().zip(&embedded) {
            let Trigger::Keywords(pattern) = &embedded.trigger else {
                continue;
            };
            if embedded.is_of_binary_files() {
                continue;
            }
            let keywords: Vec<_> = pattern.keywords.iter().map(|word| &**word).collect();
            let place = keyword_place(pattern.regex.source(), &keywords);
            assert_eq!(pattern.keyword_place, place, "{}", rule.id);
            let regex = RegexBuilder::new(pattern.regex.source())
                .unicode(false)
                .build();
            let regex = regex.unwrap();
            for text in &rule.source.examples {
                for found in regex.find_iter(text.as_bytes()) {
                    assert!(
                        is_in_place(found.as_bytes(), place, &keywords),
                        "{}",
                        rule.id
                    );
                    matches += usize::from(place != KeywordPlace::Anywhere);
                }
            }
        }
        assert!(matches > 400, "{matches} matches");
    }

    fn is_in_place(found: &[u8], place: KeywordPlace, keywords: &[&str]) -> bool {
        let mut keywords = keywords.iter().map(|word| word.as_bytes());
        let base64 = found
            .iter()
            .take_while(|&&byte| CLASS[usize::from(byte)] == BASE64)
            .count();
        match place {
            KeywordPlace::Anywhere | KeywordPlace::FileStart => true,
            KeywordPlace::TokenStart => {
                let mut runs = found.split(|&byte| !is_run_byte(byte));
                runs.any(|run| {
                    run.len() >= MIN_RUN && keywords.clone().any(|word| run.starts_with(word))
                })
            }
            KeywordPlace::Base64 => {
                base64 >= MIN_BASE64_RUN
                    && keywords.any(|word| bstr::ByteSlice::contains_str(&found[..base64], word))
            }
        }
    }
}
