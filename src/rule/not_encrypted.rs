//! Defines the one rule that is not in `patterns/`: nothing in a text triggers it.

use super::{Confidence, Rule, RuleSource, Trigger};

/// The id of the rule.
pub const NOT_ENCRYPTED: &str = "not-encrypted";

/// The rule of files that an `[[encrypted]]` entry is for and that are plain text.
#[must_use]
pub fn not_encrypted() -> Rule {
    Rule {
        id: NOT_ENCRYPTED.into(),
        description: "Plain text in a file that must be encrypted".into(),
        trigger: Trigger::Policy,
        entropy: None,
        guessable: false,
        checks: Vec::new(),
        confidence: Confidence::High,
        help: Some(
            "Encrypt the file with the tool of this repository, such as sops or git-crypt, and \
             commit that. If it was pushed already, rotate what is in it. Only an allow entry \
             allows it, and no comment in it."
                .into(),
        ),
        link: None,
        source: RuleSource {
            file: "built in".into(),
            ..RuleSource::default()
        },
    }
}
