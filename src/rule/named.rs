//! Defines rules for values without a format of their own, which only their names give away.

use super::{LazyRegex, Text, Texts};

/// Words that say that a value is a secret, and not whose.
const GENERAL: [&str; 59] = [
    "access",
    "accesskey",
    "accesstoken",
    "admin",
    "aeskey",
    "api",
    "apikey",
    "app",
    "appkey",
    "application",
    "auth",
    "authentication",
    "authkey",
    "authorization",
    "authtoken",
    "bearer",
    "client",
    "clientkey",
    "consumer",
    "cred",
    "credential",
    "credentials",
    "data",
    "default",
    "dev",
    "encryption",
    "hmac",
    "hmackey",
    "key",
    "keys",
    "live",
    "master",
    "masterkey",
    "my",
    "oauth",
    "oauth2",
    "pass",
    "passcode",
    "passphrase",
    "passwd",
    "password",
    "personal",
    "pin",
    "private",
    "privatekey",
    "prod",
    "pw",
    "pwd",
    "refresh",
    "rest",
    "salt",
    "secret",
    "secretkey",
    "service",
    "signing",
    "signingkey",
    "signkey",
    "token",
    "x",
];

/// The names that give a value away, and what it looks like.
#[derive(Debug)]
pub struct NamedValue {
    /// Phrases of lower-case words, separated by spaces. The name contains one.
    pub names: Texts,
    /// What all of the value matches.
    pub value: LazyRegex,
    /// Whether its names do not say whose the secret is.
    pub is_general: bool,
}

impl NamedValue {
    /// A value that all of matches `value`, under names with one of these phrases.
    pub(super) fn new(names: Texts, value: Text) -> Self {
        let mut words = names.iter().flat_map(|name| name.split(' '));
        Self {
            is_general: words.all(|word| GENERAL.binary_search(&word).is_ok()),
            names,
            value: LazyRegex::whole(value),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn general_words_are_sorted() {
        assert!(GENERAL.is_sorted(), "they are searched by halves");
        let rules = crate::rule::RuleSet::builtin().unwrap().rules;
        for rule in rules
            .iter()
            .filter(|rule| rule.source.file == "generic.toml")
        {
            assert!(rule.is_general(), "{}", rule.id);
        }
    }
}
