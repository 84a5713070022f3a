//! The rules' own samples: what each says that it finds and does not find, put to the whole
//! scanner.

use std::sync::Arc;

use super::{Scanner, pair_up};

/// A sample for which the scanner does not do what the rule says.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SampleFault {
    /// Nothing is found in an example.
    #[error("{file}: rule '{rule}': example {number} is not found; found instead: {found}")]
    Missed {
        /// File of the rule.
        file: String,
        /// Id of the rule.
        rule: Arc<str>,
        /// Which of its examples, from 1.
        number: usize,
        /// Ids of the rules that found something, or "nothing".
        found: String,
    },
    /// Something is found in a counter-example.
    #[error("{file}: rule '{rule}': counter-example {number} is found")]
    Found {
        /// File of the rule.
        file: String,
        /// Id of the rule.
        rule: Arc<str>,
        /// Which of its counter-examples, from 1.
        number: usize,
    },
}

/// Scans every sample of every rule and pair; what goes wrong, in the order of the rules.
#[must_use]
pub fn check_samples(scanner: &Scanner) -> Vec<SampleFault> {
    let rules = scanner.rules();
    let singles = rules.rules.iter().map(|rule| (&rule.id, &rule.source));
    let pairs = rules.pairs.iter().map(|pair| (&pair.id, &pair.source));
    let mut faults = Vec::new();
    for (id, source) in singles.chain(pairs) {
        let (file, rule) = (source.file.clone(), id.clone());
        for (index, text) in source.examples.iter().enumerate() {
            let found = ids_in(scanner, text.as_bytes());
            if !found.contains(id) {
                let found = if found.is_empty() {
                    "nothing".to_owned()
                } else {
                    found.join(", ")
                };
                faults.push(SampleFault::Missed {
                    file: file.clone(),
                    rule: rule.clone(),
                    number: index + 1,
                    found,
                });
            }
        }
        for (index, text) in source.counter_examples.iter().enumerate() {
            if ids_in(scanner, text.as_bytes()).contains(id) {
                faults.push(SampleFault::Found {
                    file: file.clone(),
                    rule: rule.clone(),
                    number: index + 1,
                });
            }
        }
    }
    faults
}

/// Ids of the rules that find something in `text`; a pair counts as its own rule, not as its
/// halves'.
fn ids_in(scanner: &Scanner, text: &[u8]) -> Vec<Arc<str>> {
    let rules = scanner.rules();
    let matches = scanner.scan(text);
    let pairs = pair_up(rules, &matches);
    let paired = |index: usize| {
        pairs
            .iter()
            .any(|pair| pair.first == index || pair.second == index)
    };
    let singles = matches
        .iter()
        .enumerate()
        .filter(|(index, _)| !paired(*index));
    let singles = singles.map(|(_, found)| rules.rules[found.rule].id.clone());
    singles
        .chain(pairs.iter().map(|pair| rules.pairs[pair.rule].id.clone()))
        .collect()
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

    #[test]
    fn faults_are_noticed() {
        let mut rules = RuleSet::default();
        let text = "[[rule]]\nid='a'\ndescription='d'\nkeywords=['abcd']\npattern='(?P<secret>abcd[0-9])'\n\
                    confidence='low'\nexamples=['abcd1', 'abcdx']\ncounter-examples=['abcd2', 'abc']\n";
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
    }
}
