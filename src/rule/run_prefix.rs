//! Decides which patterns the scanner can search in charset runs only: for the build script, and
//! for the rules of users.

use regex_syntax::hir::literal::Extractor;
use regex_syntax::hir::{Class, Hir, HirKind};

use super::charset::{MIN_RUN, is_run_byte};

/// Whether every match of `pattern` begins with one of `keywords`, consists of run bytes and has at
/// least [`MIN_RUN`] of them. Its keywords are then searched for in charset runs only, which make
/// up a thirtieth of ordinary source code. A pattern that cannot be parsed is none of these.
pub(crate) fn begins_charset_run(pattern: &str, keywords: &[&str]) -> bool {
    let mut parser = regex_syntax::ParserBuilder::new()
        .utf8(false)
        .unicode(false)
        .build();
    let Ok(hir) = parser.parse(pattern) else {
        return false;
    };
    let properties = hir.properties();
    properties.minimum_len().is_some_and(|len| len >= MIN_RUN)
        && properties.look_set().is_empty()
        && begins_with_any(&hir, keywords)
        && has_only_run_bytes(&hir)
}

fn begins_with_any(hir: &Hir, keywords: &[&str]) -> bool {
    // The limits allow a class of letters within a keyword.
    let mut extractor = Extractor::new();
    extractor.limit_class(64).limit_total(1000);
    let prefixes = extractor.extract(hir);
    prefixes.literals().is_some_and(|literals| {
        literals.iter().all(|literal| {
            let mut words = keywords.iter().map(|word| word.as_bytes());
            words.any(|word| literal.as_bytes().starts_with(word))
        })
    })
}

fn has_only_run_bytes(hir: &Hir) -> bool {
    match hir.kind() {
        HirKind::Empty => true,
        HirKind::Look(_) => false,
        HirKind::Literal(literal) => literal.0.iter().all(|&byte| is_run_byte(byte)),
        HirKind::Class(Class::Bytes(class)) => class
            .iter()
            .all(|range| (range.start()..=range.end()).all(is_run_byte)),
        HirKind::Class(Class::Unicode(class)) => class.iter().all(|range| {
            (range.start()..=range.end()).all(|c| u8::try_from(c).is_ok_and(is_run_byte))
        }),
        HirKind::Repetition(repetition) => has_only_run_bytes(&repetition.sub),
        HirKind::Capture(capture) => has_only_run_bytes(&capture.sub),
        HirKind::Concat(parts) | HirKind::Alternation(parts) => {
            parts.iter().all(has_only_run_bytes)
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
        let keywords = ["abcd_", "efgh_"];
        assert!(begins_charset_run(
            "(?P<secret>(?:abcd|efgh)_[A-Za-z0-9]{26})",
            &keywords
        ));
        for (why, pattern) in [
            ("one byte too short", "(?P<secret>abcd_[A-Z]{25})"),
            ("no keyword at its start", "(?P<secret>xabcd_[A-Z]{26})"),
            (
                "no keyword in one branch",
                "(?P<secret>(?:abcd|ijkl)_[A-Z]{26})",
            ),
            ("a byte that ends a run", "(?P<secret>abcd_[A-Z:]{26})"),
            ("a byte beyond ASCII", r"(?P<secret>abcd_[A-Z\xff]{26})"),
            ("a look-around", r"(?P<secret>abcd_[A-Z]{26})\b"),
            ("optional text before it", "x?(?P<secret>abcd_[A-Z]{26})"),
            ("not a pattern", "(?P<secret>abcd_[A-Z]{26}"),
        ] {
            assert!(!begins_charset_run(pattern, &keywords), "{why}: {pattern}");
        }
    }

    /// The flag is computed at build time; here each rule's own examples are matched instead.
    #[test]
    fn the_embedded_flag_of_every_rule_agrees_with_its_examples() {
        let rules = RuleSet::builtin_with_samples().unwrap().rules;
        let (mut in_run, mut matches) = (0, 0);
        for rule in &rules {
            let Trigger::Keywords(pattern) = &rule.trigger else {
                continue;
            };
            let keywords: Vec<_> = pattern.keywords.iter().map(String::as_str).collect();
            let flag = begins_charset_run(pattern.regex.source(), &keywords);
            assert_eq!(pattern.in_run, flag, "{}", rule.id);
            in_run += usize::from(flag);
            let regex = RegexBuilder::new(pattern.regex.source())
                .unicode(false)
                .build();
            let regex = regex.unwrap();
            for text in rule.source.examples.iter().filter(|_| flag) {
                for found in regex.find_iter(text.as_bytes()) {
                    let bytes = found.as_bytes();
                    let begins = keywords
                        .iter()
                        .any(|word| bytes.starts_with(word.as_bytes()));
                    assert!(begins && bytes.len() >= MIN_RUN, "{}", rule.id);
                    assert!(bytes.iter().all(|&byte| is_run_byte(byte)), "{}", rule.id);
                    matches += 1;
                }
            }
        }
        assert!(
            in_run > 50 && matches >= in_run,
            "{in_run} rules, {matches} matches"
        );
    }
}
