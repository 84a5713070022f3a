//! Looks up which rules a name belongs to: one hash table for the phrases of all rules.

use rustc_hash::FxHashMap;

use super::super::hash_bits::HashBits;
use crate::rule::words::Words;
use crate::rule::{Rule, Trigger};

/// The shortest phrase that is found at the start or the end of a longer word, in bytes.
const MIN_PART: usize = 6;

/// The phrases of all rules, each without spaces, with the indices of its rules.
#[derive(Debug, Default)]
pub(in super::super) struct NameTable {
    specific: Phrases,
    general: Phrases,
}

#[derive(Debug, Default)]
struct Phrases {
    rules: FxHashMap<Box<[u8]>, Vec<usize>>,
    /// The keys of all phrases: few other stretches of a name are looked up.
    present: HashBits,
    /// The length of the longest phrase.
    longest: usize,
}

impl NameTable {
    pub(super) fn new(rules: &[Rule]) -> Self {
        let mut table = Self::default();
        for (index, rule) in rules.iter().enumerate() {
            let Trigger::Named(named) = &rule.trigger else {
                continue;
            };
            for name in named.names.iter() {
                let phrase: Box<[u8]> = name.bytes().filter(|&byte| byte != b' ').collect();
                let phrases = if named.is_general {
                    &mut table.general
                } else {
                    &mut table.specific
                };
                phrases.longest = phrases.longest.max(phrase.len());
                phrases.present.insert(key_of(&phrase));
                phrases.rules.entry(phrase).or_default().push(index);
            }
        }
        table
    }

    /// The rules of a provider that `name` mentions; those of the longest phrase first.
    pub(super) fn specific(&self, name: &[u8]) -> Vec<usize> {
        self.specific.find(name)
    }

    /// The rules for values of any provider.
    pub(super) fn general(&self, name: &[u8]) -> Vec<usize> {
        self.general.find(name)
    }
}

/// What most phrases differ in: their ends and their length.
fn key_of(phrase: &[u8]) -> u32 {
    let (first, last) = (phrase[0], phrase[phrase.len() - 1]);
    u32::from_le_bytes([first, last, phrase.len().min(255) as u8, 0])
}

impl Phrases {
    /// The rules of all phrases in `name`, those of the longest first.
    fn find(&self, name: &[u8]) -> Vec<usize> {
        let words = Words::new(name);
        let mut found: Vec<(usize, usize)> = Vec::new();
        let mut look_up = |phrase: &[u8]| {
            if self.present.may_have(key_of(phrase)) {
                let rules = self.rules.get(phrase).into_iter().flatten();
                found.extend(rules.map(|&rule| (phrase.len(), rule)));
            }
        };
        for first in 0..words.count() {
            let phrases = (first + 1..=words.count()).map(|end| words.joined(first, end));
            phrases
                .take_while(|phrase| phrase.len() <= self.longest)
                .for_each(&mut look_up);
        }
        for word in words.iter() {
            for len in MIN_PART..word.len().min(self.longest + 1) {
                look_up(&word[..len]);
                look_up(&word[word.len() - len..]);
            }
        }
        found.sort_unstable_by_key(|&(len, rule)| (std::cmp::Reverse(len), rule));
        let mut rules: Vec<usize> = Vec::with_capacity(found.len());
        for (_, rule) in found {
            if !rules.contains(&rule) {
                rules.push(rule);
            }
        }
        rules
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rule::RuleSet;

    #[test]
    fn phrases_are_found_in_names_of_every_style() {
        let rule = |id: &str, names: &str| {
            format!(
                "[[rule]]\nid='{id}'\ndescription='d'\nnames={names}\nvalue='[a-f]+'\n\
                 confidence='low'\nexamples=['datadog ddapi secret']\n"
            )
        };
        let mut rules = RuleSet::default();
        let text = rule("first", "['datadog','dd api']") + &rule("general", "['secret']");
        rules.extend("x.toml", &text).unwrap();
        let table = NameTable::new(&rules.rules);
        for name in [
            "DATADOG_KEY",
            "dataDogKey",
            "dd-api-key",
            "DDApiKey",
            "datadogkey",
            "mydatadog",
        ] {
            assert_eq!(table.specific(name.as_bytes()), [0], "{name}");
        }
        for name in ["add_api_key", "DD_KEY", "ddapikey", "dogdata"] {
            assert!(table.specific(name.as_bytes()).is_empty(), "{name}");
        }
        assert_eq!(table.general(b"CLIENT_SECRET"), [1]);
    }
}
