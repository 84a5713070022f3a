//! Tests that no check is there for nothing: without it, a sample of a rule has another result.

use keysieve::rule::check::CHECKS;
use keysieve::rule::{Check, Confidence, RuleSet, Verdict};
use keysieve::scan::Scanner;
use keysieve::text::Span;

/// What a check is replaced by.
static OFF: Check = Check {
    name: "off",
    about: "accepts everything",
    run: |_, _| Verdict::Accept,
    could_be: |_| true,
};

#[test]
fn every_check_decides_a_sample() {
    let whole = Scanner::new(RuleSet::builtin_with_samples().unwrap()).unwrap();
    let idle: Vec<_> = CHECKS
        .iter()
        .filter(|check| !decides(check, &whole))
        .collect();
    let names: Vec<_> = idle.iter().map(|check| check.name).collect();
    assert!(
        names.is_empty(),
        "write a counter-example that needs: {names:?}"
    );
}

/// Whether a sample of a rule with `check` has another result without it.
fn decides(check: &Check, whole: &Scanner) -> bool {
    let mut rules = RuleSet::builtin_with_samples().unwrap();
    for rule in &mut rules.rules {
        for own in &mut rule.checks {
            if own.name == check.name {
                *own = &OFF;
            }
        }
    }
    let without = Scanner::new(rules).unwrap();
    let changes = |text: &String| found(whole, text) != found(&without, text);
    let mut users = without.rules().rules.iter();
    users.any(|rule| {
        let source = &rule.source;
        let is_user = rule.checks.iter().any(|own| own.name == OFF.name);
        let mut samples = source.counter_examples.iter().chain(&source.examples);
        is_user && samples.any(changes)
    })
}

/// The rule, the place and the grade of each match in `text`.
fn found(scanner: &Scanner, text: &str) -> Vec<(usize, Span, Confidence)> {
    let matches = scanner.scan(text.as_bytes());
    let parts = |found: keysieve::scan::Match| (found.rule, found.span, found.confidence);
    matches.into_iter().map(parts).collect()
}
