//! Judges names: whether what is assigned to one is a secret, or only about one.

use crate::rule::words::Words;

/// The last word of the name of a secret that machines make.
const SECRETS: [&str; 24] = [
    "accesskey",
    "accesstoken",
    "aeskey",
    "apikey",
    "apitoken",
    "appkey",
    "auth",
    "authkey",
    "authtoken",
    "bearer",
    "clientkey",
    "credential",
    "credentials",
    "hmackey",
    "key",
    "masterkey",
    "pepper",
    "privatekey",
    "salt",
    "secret",
    "secretkey",
    "signingkey",
    "signkey",
    "token",
];

/// The last word of the name of a password.
const PASSWORDS: [&str; 9] = [
    "pass",
    "passcode",
    "passphrase",
    "passwd",
    "password",
    "passwort",
    "pw",
    "pwd",
    "secret",
];

/// Words that may follow.
const SUFFIXES: [&str; 33] = [
    "a",
    "android",
    "b",
    "b64",
    "base64",
    "bytes",
    "default",
    "desktop",
    "dev",
    "development",
    "eu",
    "hex",
    "ios",
    "live",
    "local",
    "mobile",
    "new",
    "old",
    "prod",
    "production",
    "raw",
    "sandbox",
    "staging",
    "str",
    "string",
    "test",
    "us",
    "v1",
    "v2",
    "v3",
    "val",
    "value",
    "web",
];

/// Words that make something else of a name that ends like that of a secret.
const OTHERS: [&str; 105] = [
    "action",
    "arrow",
    "attribute",
    "bos",
    "cache",
    "cancel",
    "cancellation",
    "captcha",
    "challenge",
    "change",
    "check",
    "checksum",
    "cls",
    "column",
    "compare",
    "composite",
    "config",
    "context",
    "continuation",
    "csrf",
    "cursor",
    "dedup",
    "dedupe",
    "dictionary",
    "digest",
    "encrypted",
    "end",
    "eos",
    "etag",
    "event",
    "fetch",
    "field",
    "find",
    "fingerprint",
    "foreign",
    "forgot",
    "get",
    "gpg",
    "group",
    "has",
    "hash",
    "hashed",
    "hcaptcha",
    "header",
    "hot",
    "i18n",
    "icon",
    "idempotency",
    "index",
    "intl",
    "invalid",
    "is",
    "item",
    "json",
    "keyboard",
    "label",
    "locale",
    "lock",
    "lookup",
    "map",
    "mask",
    "message",
    "metric",
    "next",
    "nonce",
    "object",
    "pad",
    "page",
    "pagination",
    "parse",
    "partition",
    "path",
    "pgp",
    "pixel",
    "placeholder",
    "primary",
    "pub",
    "public",
    "publishable",
    "query",
    "rank",
    "reblog",
    "recaptcha",
    "registry",
    "request",
    "reset",
    "route",
    "row",
    "sep",
    "shortcut",
    "site",
    "socket",
    "sort",
    "storage",
    "sync",
    "thumbprint",
    "timeout",
    "translation",
    "turnstile",
    "unit",
    "unk",
    "update",
    "validate",
    "verification",
    "websocket",
];

/// Whether a key, token or secret is assigned to `name`.
pub(super) fn is_of_secret(name: &[u8]) -> bool {
    ends_with(name, &SECRETS)
}

/// Whether a password is assigned to `name`.
pub(super) fn is_of_password(name: &[u8]) -> bool {
    ends_with(name, &PASSWORDS)
}

/// Whether `value` is only the words of `name`, or its last ones, perhaps with a number.
pub(super) fn ends_with_value(name: &[u8], value: &[u8]) -> bool {
    let (name, value) = (Words::new(name), Words::new(value));
    let (name, value) = (name.joined(0, name.count()), value.joined(0, value.count()));
    let digits = value.iter().rev().take_while(|byte| byte.is_ascii_digit());
    let value = &value[..value.len() - digits.count()];
    !value.is_empty() && name.ends_with(value)
}

fn ends_with(name: &[u8], roles: &[&str]) -> bool {
    let words = Words::new(name);
    let words: Vec<_> = words
        .iter()
        .map(|word| std::str::from_utf8(word).unwrap_or_default())
        .collect();
    let is_suffix = |word: &&str| {
        SUFFIXES.binary_search(word).is_ok() || word.bytes().all(|byte| byte.is_ascii_digit())
    };
    let suffixes = words.iter().rev().take_while(|word| is_suffix(word));
    let named = &words[..words.len() - suffixes.count()];
    let Some((last, before)) = named.split_last() else {
        return false;
    };
    let last = last.trim_end_matches(|c: char| c.is_ascii_digit());
    let has_role = roles.binary_search(&last).is_ok()
        || roles
            .iter()
            .any(|role| role.len() >= 5 && last.ends_with(role));
    has_role && !before.iter().any(|word| OTHERS.binary_search(word).is_ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_end_of_a_name_and_what_is_before_it_decide() {
        for name in [
            "API_KEY",
            "apiKey2",
            "STRIPE_SECRET_PROD",
            "secretkey",
            "jwt-secret",
            "mytoken",
            "appKey_android",
            "AESKEY",
        ] {
            assert!(is_of_secret(name.as_bytes()), "{name}");
        }
        for name in [
            "PUBLIC_KEY",
            "keyId",
            "primaryKey",
            "token_type",
            "monkey",
            "nextToken",
            "",
            "value",
        ] {
            assert!(!is_of_secret(name.as_bytes()), "{name}");
        }
        assert!(is_of_password(b"DB_PASS") && is_of_password(b"userPassword1"));
        assert!(!is_of_password(b"password_hash") && !is_of_password(b"bypass"));
    }

    #[test]
    fn the_lists_are_sorted() {
        assert!(SECRETS.is_sorted() && PASSWORDS.is_sorted());
        assert!(SUFFIXES.is_sorted() && OTHERS.is_sorted());
    }
}
