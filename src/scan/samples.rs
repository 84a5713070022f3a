//! Tests rules with the whole scanner: each must find its examples and none of its
//! counter-examples.

use std::sync::Arc;

use super::{Scanner, pair_up};
use crate::rule::{Rule, Trigger, from_hex};

/// A sample that contradicts its rule.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SampleFault {
    /// The rule does not find its example.
    #[error("{file}: rule '{rule}': example {number} is not found; found instead: {found}")]
    Missed {
        /// File of the rule.
        file: String,
        /// Id of the rule.
        rule: Arc<str>,
        /// Number of the example, from 1.
        number: usize,
        /// Ids of the rules that found something, or "nothing".
        found: String,
    },
    /// The rule has no example, so nothing shows that it finds anything.
    #[error("{file}: rule '{rule}': has no example")]
    NoExample {
        /// File of the rule.
        file: String,
        /// Id of the rule.
        rule: Arc<str>,
    },
    /// The rule finds its counter-example.
    #[error("{file}: rule '{rule}': counter-example {number} is found")]
    Found {
        /// File of the rule.
        file: String,
        /// Id of the rule.
        rule: Arc<str>,
        /// Number of the counter-example, from 1.
        number: usize,
    },
}

/// Scans every sample of every rule and pair, and returns the failures in the order of the rules.
#[must_use]
pub fn check_samples(scanner: &Scanner) -> Vec<SampleFault> {
    let rules = scanner.rules();
    let has_samples = |rule: &&Rule| !matches!(rule.trigger, Trigger::Policy);
    let singles = rules.rules.iter().filter(has_samples);
    let singles = singles.map(|rule| (&rule.id, &rule.source, rule.is_of_binary_files()));
    let pairs = rules.pairs.iter();
    let pairs = pairs.map(|pair| (&pair.id, &pair.source, false));
    let mut faults = Vec::new();
    for (id, source, is_hex) in singles.chain(pairs) {
        let bytes = |sample: &String| match is_hex {
            true => from_hex(sample).unwrap_or_default(),
            false => sample.clone().into_bytes(),
        };
        if source.examples.is_empty() {
            faults.push(SampleFault::NoExample {
                file: source.file.to_string(),
                rule: id.clone(),
            });
        }
        for (text, number) in source.examples.iter().zip(1..) {
            let found = ids_in(scanner, &bytes(text));
            if !found.contains(id) {
                faults.push(SampleFault::Missed {
                    file: source.file.to_string(),
                    rule: id.clone(),
                    number,
                    found: if found.is_empty() {
                        "nothing".to_owned()
                    } else {
                        found.join(", ")
                    },
                });
            }
        }
        for (text, number) in source.counter_examples.iter().zip(1..) {
            if ids_in(scanner, &bytes(text)).contains(id) {
                faults.push(SampleFault::Found {
                    file: source.file.to_string(),
                    rule: id.clone(),
                    number,
                });
            }
        }
    }
    faults
}

/// Ids of the rules that find something in `text`. A pair counts as its own rule, instead of as the
/// rules of its halves.
fn ids_in(scanner: &Scanner, text: &[u8]) -> Vec<Arc<str>> {
    let rules = scanner.rules();
    let matches = scanner.scan(text);
    let pairs = pair_up(rules, &matches);
    let halves: Vec<_> = pairs.iter().flat_map(|p| [p.first, p.second]).collect();
    let singles = matches
        .iter()
        .enumerate()
        .filter(|(index, _)| !halves.contains(index))
        .map(|(_, found)| &rules.rules[found.rule].id);
    let pairs = pairs.iter().map(|pair| &rules.pairs[pair.rule].id);
    singles.chain(pairs).cloned().collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rule::RuleSet;

    #[test]
    fn every_rule_finds_its_examples_and_no_counter_example() {
        let scanner = Scanner::new(RuleSet::builtin_with_samples().unwrap()).unwrap();
        let faults: Vec<_> = check_samples(&scanner)
            .iter()
            .map(ToString::to_string)
            .collect();
        assert!(faults.is_empty(), "{}", faults.join("\n"));
    }

    /// 20 characters of the smallest alphabet of a token, hex, have 80 bits.
    #[test]
    fn a_rule_for_short_values_is_guessable() {
        let scanner = Scanner::new(RuleSet::builtin_with_samples().unwrap()).unwrap();
        let rules = &scanner.rules().rules;
        for text in rules.iter().flat_map(|rule| &rule.source.examples) {
            for found in scanner.scan(text.as_bytes()) {
                let rule = &rules[found.rule];
                assert!(rule.guessable || found.value.len() >= 20, "{}", rule.id);
            }
        }
        assert!(rules.iter().any(|rule| rule.guessable));
    }

    #[test]
    fn a_missed_example_and_a_found_counter_example_are_reported() {
        let mut rules = RuleSet::default();
        let text = "[[rule]]\nid='a'\ndescription='d'\nkeywords=['abcd']\n\
            pattern='(?P<secret>abcd[0-9])'\nconfidence='low'\nexamples=['abcd1', 'abcdx']\n\
            counter-examples=['abcd2', 'abc']\n";
        rules.extend("x.toml", text).unwrap();
        let faults: Vec<_> = check_samples(&Scanner::new(rules).unwrap())
            .iter()
            .map(ToString::to_string)
            .collect();
        let example = "x.toml: rule 'a': example 2 is not found; found instead: nothing";
        assert_eq!(
            faults,
            [example, "x.toml: rule 'a': counter-example 1 is found"]
        );
        let mut rules = RuleSet::default();
        let (text, _) = text.split_once("examples").unwrap();
        rules.extend("x.toml", text).unwrap();
        let faults = check_samples(&Scanner::new(rules).unwrap());
        assert_eq!(faults[0].to_string(), "x.toml: rule 'a': has no example");
    }
}
