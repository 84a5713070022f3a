//! Looks up which rules a name belongs to: one hash table for the phrases of all rules.

use rustc_hash::FxHashMap;

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

#[derive(Debug)]
struct Phrases {
    rules: FxHashMap<Box<[u8]>, Vec<usize>>,
    /// For each first byte, a bit for each length: most phrases are not looked up.
    lengths: [u64; 256],
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
                phrases.lengths[usize::from(phrase[0])] |= length_bit(phrase.len());
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

impl Default for Phrases {
    fn default() -> Self {
        Self {
            rules: FxHashMap::default(),
            lengths: [0; 256],
        }
    }
}

/// The bit of a length. The last bit is for all that are longer.
fn length_bit(len: usize) -> u64 {
    1 << len.min(63)
}

impl Phrases {
    /// The rules of all phrases in `name`, those of the longest first.
    fn find(&self, name: &[u8]) -> Vec<usize> {
        let words = Words::new(name);
        let mut found: Vec<(usize, usize)> = Vec::new();
        let mut look_up = |phrase: &[u8]| {
            if self.lengths[usize::from(phrase[0])] & length_bit(phrase.len()) != 0 {
                let rules = self.rules.get(phrase).into_iter().flatten();
                found.extend(rules.map(|&rule| (phrase.len(), rule)));
            }
        };
        for first in 0..words.count() {
            for end in first + 1..=words.count() {
                look_up(words.joined(first, end));
            }
        }
        for word in words.iter() {
            for len in MIN_PART..word.len() {
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
