//! Recognises passwords that people write in examples: `MyS3cretP@ssw0rd1!`.

use super::value::without_substitutes;
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
const OTHERS: [&str; 56] = [
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

/// Whether `value`, without the digits and symbols around it and with letters for their
/// substitutes, has only such words and those of the `name` that it is assigned to.
pub(super) fn is_made_of_dummies(value: &[u8], name: &[u8]) -> bool {
    let is_letter = |byte: &u8| byte.is_ascii_alphabetic();
    let (Some(first), Some(last)) = (
        value.iter().position(is_letter),
        value.iter().rposition(is_letter),
    ) else {
        return false;
    };
    let name: Vec<_> = Words::new(name).iter().map(without_substitutes).collect();
    // `0ldPassword` begins with a substitute, and `Password1` does not end with one.
    [first, 0].into_iter().any(|first| {
        let plain = without_substitutes(&value[first..=last]);
        consists_of_dummies(&plain, &name)
    })
}

fn consists_of_dummies(plain: &[u8], name: &[Vec<u8>]) -> bool {
    // For each place, whether words end there, and whether one of them says that it is an example.
    let mut ends = vec![[false; 2]; plain.len() + 1];
    ends[0][0] = true;
    for at in 0..plain.len() {
        let [is_end, has_said] = ends[at];
        let mut reach = |len: usize, says: bool| {
            ends[at + len][0] |= is_end && !says;
            ends[at + len][1] |= has_said || is_end && says;
        };
        if !plain[at].is_ascii_alphabetic() {
            reach(1, false);
        }
        let rest = &plain[at..];
        for word in SAYING
            .iter()
            .filter(|word| rest.starts_with(word.as_bytes()))
        {
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
}
