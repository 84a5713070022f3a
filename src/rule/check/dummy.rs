//! Recognises passwords that people write in examples: `MyS3cretP@ssw0rd1!`.

use super::shape::Classes;
use super::wordy::is_wordy;
use crate::rule::words::Words;

/// Every password of an example contains one of these words.
const SAYING: [&str; 12] = [
    "changeme",
    "foo",
    "hunter",
    "pass",
    "passcode",
    "passphrase",
    "passwd",
    "password",
    "pwd",
    "secret",
    "secure",
    "test",
];

/// Words that may be before, between and after them.
const OTHERS: [&str; 57] = [
    "a",
    "admin",
    "an",
    "another",
    "api",
    "app",
    "auth",
    "bad",
    "bar",
    "baz",
    "client",
    "complex",
    "db",
    "default",
    "demo",
    "dummy",
    "ed",
    "encrypted",
    "fake",
    "good",
    "ing",
    "invalid",
    "is",
    "key",
    "login",
    "long",
    "me",
    "my",
    "name",
    "new",
    "not",
    "of",
    "old",
    "only",
    "other",
    "phrase",
    "priv",
    "private",
    "really",
    "right",
    "root",
    "s",
    "sample",
    "server",
    "simple",
    "some",
    "strong",
    "super",
    "temp",
    "the",
    "this",
    "token",
    "user",
    "valid",
    "very",
    "word",
    "wrong",
];

/// The letters that are written in place of others.
const SUBSTITUTES: [(u8, u8); 8] = [
    (b'0', b'o'),
    (b'1', b'i'),
    (b'3', b'e'),
    (b'4', b'a'),
    (b'5', b's'),
    (b'7', b't'),
    (b'@', b'a'),
    (b'$', b's'),
];

/// `value` with `password` for `P@ssw0rd`.
pub(super) fn without_substitutes(value: &[u8]) -> Vec<u8> {
    let plain = |byte: &u8| {
        let found = SUBSTITUTES
            .iter()
            .find(|(substitute, _)| substitute == byte);
        found.map_or(byte.to_ascii_lowercase(), |(_, letter)| *letter)
    };
    value.iter().map(plain).collect()
}

/// Whether `value`, without its digits and signs and with letters for their substitutes, has only
/// such words and those of the `name` that it is assigned to.
pub(super) fn is_made_of_dummies(value: &[u8], name: &[u8]) -> bool {
    let plain = without_substitutes(value);
    let name: Vec<_> = Words::new(name).iter().map(without_substitutes).collect();
    // For each place, whether words end there, and whether one of them says that it is an example.
    let mut ends = vec![[false; 2]; plain.len() + 1];
    ends[0][0] = true;
    for at in 0..plain.len() {
        let [is_end, has_said] = ends[at];
        let mut reach = |len: usize, says: bool| {
            ends[at + len][0] |= is_end && !says;
            ends[at + len][1] |= has_said || is_end && says;
        };
        if !value[at].is_ascii_alphabetic() {
            reach(1, false);
        }
        let rest = &plain[at..];
        let saying = SAYING.iter().map(|word| word.as_bytes());
        for word in saying.filter(|word| rest.starts_with(word)) {
            reach(word.len(), true);
        }
        let others = OTHERS.iter().map(|word| word.as_bytes());
        let others = others.chain(name.iter().map(Vec::as_slice));
        for word in others.filter(|word| rest.starts_with(word)) {
            reach(word.len(), false);
        }
    }
    ends[plain.len()][1]
}

/// Whether `value` holds the word *password* between other words: `acmedbPassword1`. What is random
/// has other letters, or more digits.
pub(super) fn names_itself(value: &[u8]) -> bool {
    const MAX_DIGITS: usize = 4;
    let plain = without_substitutes(value);
    let word = ["password", "passwd", "passwort", "passphrase"];
    let mut found = word.iter().filter_map(|word| {
        let at = memchr::memmem::find(&plain, word.as_bytes())?;
        Some(
            [&value[..at], &value[at + word.len()..]]
                .concat()
                .to_ascii_lowercase(),
        )
    });
    found.next().is_some_and(|rest| {
        let classes = Classes::of(&rest);
        classes.digits <= MAX_DIGITS && (classes.letters() < 6 || is_wordy(&rest))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn passwords_of_examples_have_no_other_words() {
        for (value, name) in [
            ("MyS3cretP@ssw0rd1!", "password"),
            ("SuperSecret123", "pwd"),
            ("0ldP@ss", "password"),
            ("dot1xPassword", "dot1x_password"),
            ("user7:password7", "user_password"),
            ("secret%20password", "password"),
        ] {
            assert!(
                is_made_of_dummies(value.as_bytes(), name.as_bytes()),
                "{value}"
            );
        }
        for value in [
            "Tiger2024!",
            "acme-pass-77",
            "xK7pass!Q",
            "admin",
            "12345678",
            "grafana12",
        ] {
            assert!(
                !is_made_of_dummies(value.as_bytes(), b"grafana_password"),
                "{value}"
            );
        }
    }

    #[test]
    fn passwords_that_name_themselves_have_words_around_the_name() {
        for value in ["acmedbPassword1", "reporting_p@ssword", "chainpassphrase22"] {
            assert!(names_itself(value.as_bytes()), "{value}");
        }
        for value in ["password-82640917", "xkqzvtPasswordwjg", "butterfly22"] {
            assert!(!names_itself(value.as_bytes()), "{value}");
        }
    }
}
