//! Judges values: whether one is random, made of words, or a reference to something else.

use super::super::shape::Classes;
use super::super::tool::decode_base64;
use super::super::wordy::is_wordy;

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

/// Whether `value`, in lower case, has a word that is in many passwords of examples.
pub(super) fn has_common_word(value: &[u8]) -> bool {
    const WORDS: [&str; 14] = [
        "admin", "cisco", "demo", "example", "guest", "hello", "pass", "pwd", "qwerty", "sample",
        "secret", "secure", "test", "welcome",
    ];
    WORDS
        .iter()
        .any(|word| memchr::memmem::find(value, word.as_bytes()).is_some())
}

/// Whether `value` is an identifier that names a password: `snmp_auth_password`, `user6_pwd`.
pub(super) fn is_identifier(value: &[u8]) -> bool {
    let is_part = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.');
    let has_joint = value.iter().any(|byte| matches!(byte, b'_' | b'-'));
    has_joint && value.iter().all(is_part) && has_common_word(&value.to_ascii_lowercase())
}

/// Whether `value` is the name of a constant, a function or a file: words in one case, joined by
/// `_`, with few digits.
pub(super) fn is_symbol(value: &[u8]) -> bool {
    let value = value.strip_prefix(b"&").unwrap_or(value);
    let classes = Classes::of(value);
    let is_part = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.');
    let joints = value.iter().filter(|&&byte| byte == b'_').count();
    let digits = if joints > 1 { 3 } else { 5 };
    joints > 0
        && value.iter().all(is_part)
        && (classes.lower == 0 || classes.upper == 0)
        && classes.digits * digits < value.len()
}

/// Whether `value` is a number in hex.
pub(super) fn is_hex_number(value: &[u8]) -> bool {
    value
        .strip_prefix(b"0x")
        .or_else(|| value.strip_prefix(b"0X"))
        .is_some_and(|digits| digits.len() <= 16 && digits.iter().all(u8::is_ascii_hexdigit))
}

/// Whether `value` is a version number, perhaps with what follows one: `3006.0+0na.5b18e86`.
pub(super) fn is_version(value: &[u8]) -> bool {
    let mut parts = value.splitn(3, |&byte| byte == b'.');
    let is_number = |part: &[u8]| !part.is_empty() && part.iter().all(u8::is_ascii_digit);
    let mut next = || parts.next().unwrap_or_default();
    let (major, minor) = (next(), next());
    is_number(major)
        && is_number(
            minor
                .split(|byte| b"+-".contains(byte))
                .next()
                .unwrap_or(minor),
        )
}

/// Whether `value` assigns something to a name itself: `UUID=6a38ee58`. The `=` at the end of
/// base64 does not.
pub(super) fn is_assignment(value: &[u8]) -> bool {
    let len = value
        .iter()
        .take_while(|byte| byte.is_ascii_alphabetic())
        .count();
    let rest = value[len..].strip_prefix(b"=").unwrap_or_default();
    let Classes { lower, upper, .. } = Classes::of(&value[..len]);
    len >= 2 && (lower == 0 || upper <= 1) && rest.iter().any(|&byte| byte != b'=')
}

/// Whether `value` is base64 of text, or of what openssl encrypts with a password.
pub(super) fn encodes_text(value: &[u8]) -> bool {
    let decoded = decode_base64(value);
    let is_text = |byte: &u8| byte.is_ascii_graphic() || byte.is_ascii_whitespace();
    decoded.len() >= 6 && decoded.iter().all(is_text) || decoded.starts_with(b"Salted__")
}

/// Whether `value` is the public half of an SSH key (RFC 4253, section 6.6).
pub(super) fn is_public_key(value: &[u8]) -> bool {
    ["AAAAB3NzaC1", "AAAAC3NzaC1", "AAAAE2VjZHNh", "AAAAG3NrLXNz"]
        .iter()
        .any(|start| value.starts_with(start.as_bytes()))
}

/// Whether `value` is a UUID (RFC 9562), or ends with one.
pub(super) fn is_uuid(value: &[u8]) -> bool {
    let Some(value) = value.last_chunk::<36>() else {
        return false;
    };
    value.iter().enumerate().all(|(at, byte)| match at {
        8 | 13 | 18 | 23 => *byte == b'-',
        _ => byte.is_ascii_hexdigit(),
    })
}

/// Whether half of `value` or more are keys that are neighbours on a keyboard, or a sequence, or
/// two that take turns: `a0b1c2d3e4f5`.
pub(super) fn is_walk(value: &[u8]) -> bool {
    const ROWS: [&[u8]; 6] = [
        b"qwertyuiop",
        b"asdfghjkl",
        b"zxcvbnm",
        b"1234567890",
        b"abcdefghijklmnopqrstuvwxyz",
        b"0123456789",
    ];
    let lower = value.to_ascii_lowercase();
    let follows = |first: u8, second: u8| {
        ROWS.iter().any(|row| {
            row.windows(2)
                .any(|keys| keys == [first, second] || keys == [second, first])
        })
    };
    let steps = |apart: usize| {
        let pairs = lower.iter().zip(lower.iter().skip(apart));
        pairs
            .filter(|&(&first, &second)| follows(first, second))
            .count()
    };
    lower.len() >= 6 && (steps(1) * 2 >= lower.len() || steps(2) * 2 >= lower.len())
}

/// Whether `value` names where the secret is: a variable, a call, a path, a URL, an entry of a
/// vault.
pub(super) fn is_reference(value: &str) -> bool {
    const STARTS: [&str; 27] = [
        "./",
        "../",
        "~/",
        "\\",
        "arn:",
        "config.",
        "data:",
        "data.",
        "env.",
        "env:",
        "file:",
        "http:",
        "https:",
        "local.",
        "module.",
        "op://",
        "os.",
        "process.",
        "props.",
        "ref+",
        "secrets.",
        "self.",
        "settings.",
        "this.",
        "var.",
        "urn:",
        "otpauth:",
    ];
    const PARTS: [&str; 8] = [
        "://",
        "::",
        "->",
        "=>",
        "&&",
        "==",
        "process.env",
        ".example",
    ];
    const ENDS: [&str; 18] = [
        ".com", ".conf", ".crt", ".html", ".java", ".js", ".json", ".key", ".md", ".net", ".org",
        ".pem", ".php", ".py", ".txt", ".ts", ".yaml", ".yml",
    ];
    let lower = value.to_ascii_lowercase();
    // Base64 ends with `==` too.
    let unpadded = lower.trim_end_matches('=');
    STARTS.iter().any(|start| lower.starts_with(start))
        || PARTS.iter().any(|part| unpadded.contains(part))
        || ENDS.iter().any(|end| lower.ends_with(end))
        || is_absolute_path(value)
        || is_dotted(value)
}

/// Whether `value` begins with `/` and names directories: base64 may begin with `/` too.
fn is_absolute_path(value: &str) -> bool {
    let is_directory = |part: &str| {
        let Classes { lower, upper, .. } = Classes::of(part.as_bytes());
        let is_capitalised = upper == 1 && part.starts_with(|c: char| c.is_ascii_uppercase());
        lower == 0 || upper == 0 || is_capitalised || is_wordy(part.as_bytes())
    };
    value
        .strip_prefix('/')
        .is_some_and(|path| path.split('/').all(is_directory))
}

/// Whether `value` is identifiers with dots between them, and perhaps a colon before the last, as
/// in an entry point of Python.
fn is_dotted(value: &str) -> bool {
    let mut parts = value.split(['.', ':']);
    let is_identifier = |part: &str| {
        part.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
            && part
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
            && (part.len() <= 24 || is_wordy(part.as_bytes()))
    };
    value.contains('.') && parts.all(is_identifier)
}

/// Whether a value is inserted here later: `${x}`, `$x`, `{x}`, `<x>`, `%s`, `%X%`, `[x]`, `***`.
/// Passwords have `$`, `%` and `*` too.
pub(super) fn is_template(value: &str) -> bool {
    let follows = |mark: char, starts: fn(&str) -> bool| {
        value
            .match_indices(mark)
            .any(|(at, _)| starts(&value[at + 1..]))
    };
    let is_format = |rest: &str| {
        rest.starts_with(['s', 'd', 'i', 'r', 'x', 'v', 'u', '@', '%'])
            || rest
                .find('%')
                .is_some_and(|len| len > 1 && rest[..len].bytes().all(is_variable))
    };
    value.contains([
        '{', '}', '<', '>', '(', ')', '[', ']', '|', '`', ',', '\u{2026}',
    ]) || value.contains("...")
        || value.bytes().filter(|&byte| byte == b'*').count() > 1
        || follows('$', |rest| {
            rest.starts_with(|c: char| c == '_' || c.is_ascii_alphabetic())
        })
        || follows('%', is_format)
}

const fn is_variable(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_'
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_constants_and_functions_are_recognised() {
        for symbol in [
            "IQS7222_REG_KEY_PROX",
            "ath6kl_cfg80211_add_key",
            "&sifive_fu740_prci_data",
        ] {
            assert!(is_symbol(symbol.as_bytes()), "{symbol}");
        }
        assert!(!is_symbol(b"key_8f7d6e5c4b3a29180716"));
    }

    #[test]
    fn references_and_walks_are_recognised() {
        for reference in [
            "process.env.KEY",
            "/run/secrets/db",
            "op://vault/item",
            "config.auth.token",
            "https://x/y",
        ] {
            assert!(is_reference(reference), "{reference}");
        }
        assert!(!is_reference("kP3v8Qz1.Xy7Lm2Nw9Rt5Zq8wEr3yTuI0pAs1"));
        assert!(is_walk(b"qwerty123456") && is_walk(b"abcdefgh") && !is_walk(b"kP3v8Qz1"));
        assert!(is_uuid(b"7d9f2c4e-1b3a-4c5d-8e6f-a0b1c2d3e4f5") && !is_uuid(b"7d9f2c4e"));
    }
}
