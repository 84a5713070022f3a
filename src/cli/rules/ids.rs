//! Offers the ids of the built-in rules to shell completion, for arguments that name a rule.

use std::ffi::OsStr;

use clap::builder::{PossibleValue, StringValueParser, TypedValueParser};
use clap::{Arg, Command};
use keysieve::rule::RuleSet;

/// Parses any id: a rule may come from a file of the user.
#[derive(Clone, Copy)]
pub(crate) struct RuleIds;

impl TypedValueParser for RuleIds {
    type Value = String;

    fn parse_ref(
        &self,
        command: &Command,
        arg: Option<&Arg>,
        value: &OsStr,
    ) -> Result<String, clap::Error> {
        StringValueParser::new().parse_ref(command, arg, value)
    }

    fn possible_values(&self) -> Option<Box<dyn Iterator<Item = PossibleValue> + '_>> {
        let rules = RuleSet::builtin().ok()?;
        let single = rules.rules.iter().map(|rule| rule.id.to_string());
        let pairs = rules.pairs.iter().map(|pair| pair.id.to_string());
        let ids: Vec<_> = single.chain(pairs).collect();
        Some(Box::new(ids.into_iter().map(PossibleValue::new)))
    }
}
