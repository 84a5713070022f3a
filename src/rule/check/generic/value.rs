//! Judges values: whether one is random, made of words, or a reference to something else.

use super::super::shape::Classes;
use super::super::tool::decode_base64;
use super::super::wordy::is_wordy;

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

/// Whether all of `value` is hex digits.
pub(super) fn is_hex(value: &[u8]) -> bool {
    value.iter().all(u8::is_ascii_hexdigit)
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
        .take_while(|byte| byte.is_ascii_alphabetic() || **byte == b'_')
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

/// Whether `value` is a date or begins with one (RFC 3339).
pub(super) fn is_date(value: &[u8]) -> bool {
    value.len() >= 10
        && value[..10].iter().enumerate().all(|(at, byte)| match at {
            4 | 7 => *byte == b'-',
            _ => byte.is_ascii_digit(),
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

/// Whether `value` names where the secret is: a variable, a call, a file, a URL, an entry of a
/// vault.
pub(super) fn is_reference(value: &str) -> bool {
    const STARTS: [&str; 32] = [
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
        "sha1-",
        "sha256-",
        "sha256:",
        "sha384-",
        "sha512-",
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
    const ENDS: [&str; 27] = [
        ".com", ".conf", ".crt", ".csv", ".gz", ".html", ".jar", ".java", ".js", ".json", ".key",
        ".md", ".net", ".org", ".ova", ".pdf", ".pem", ".php", ".png", ".py", ".tar", ".txt",
        ".ts", ".xml", ".yaml", ".yml", ".zip",
    ];
    let lower = value.to_ascii_lowercase();
    // Base64 ends with `==` too.
    let unpadded = lower.trim_end_matches('=');
    STARTS.iter().any(|start| lower.starts_with(start))
        || PARTS.iter().any(|part| unpadded.contains(part))
        || ENDS.iter().any(|end| lower.ends_with(end))
}

/// Whether `value` begins with a drive of Windows: `C:\\Users`, `D:/data`.
pub(super) fn is_windows_path(value: &[u8]) -> bool {
    matches!(value, [drive, b':', b'\\' | b'/', ..] if drive.is_ascii_alphabetic())
}

/// Whether `value` is the name of an encoding or of an algorithm, which calls take next to a
/// password: `latin1`, `utf-8`, `aes-256-gcm`, `HmacSHA256`.
pub(super) fn is_algorithm(value: &[u8]) -> bool {
    const FAMILIES: [&str; 16] = [
        "aes", "argon", "ascii", "base", "bcrypt", "blowfish", "chacha", "hex", "hmac", "iso",
        "latin", "md", "pbkdf", "scrypt", "sha", "utf",
    ];
    const MODES: [&str; 14] = [
        "be", "cbc", "ccm", "ctr", "ecb", "gcm", "id", "le", "mb", "poly", "siv", "url", "with",
        "xts",
    ];
    let letters = value.to_ascii_lowercase();
    let mut words = letters
        .split(|byte| !byte.is_ascii_alphabetic())
        .filter(|word| !word.is_empty());
    let is_any = |word: &[u8], of: &[&str]| of.iter().any(|known| known.as_bytes() == word);
    words.next().is_some_and(|first| {
        let of_hmac = first.strip_prefix(b"hmac").unwrap_or_default();
        is_any(first, &FAMILIES) || is_any(of_hmac, &FAMILIES)
    }) && words.all(|word| is_any(word, &MODES) || is_any(word, &FAMILIES))
}

/// Whether `value` is a JSON web token, or begins like one: two parts of JSON in base64.
pub(super) fn is_web_token(value: &[u8]) -> bool {
    let mut parts = value.split(|&byte| byte == b'.');
    let mut next_is_json = || parts.next().is_some_and(|part| part.starts_with(b"eyJ"));
    next_is_json() && next_is_json()
}

/// Whether `value`, which is shorter than a key that a machine makes should be, has a part whose
/// letters, digits and signs take turns, as in `q7ZxK2vb`, and not in `token123` or `2024-01-01`.
/// Of random values of 8 to 15 letters and digits three of four are so.
pub(super) fn is_random_short(value: &[u8]) -> bool {
    let mut parts = value.split(|&byte| matches!(byte, b'-' | b'_' | b'.' | b'/' | b':' | b'='));
    parts.any(|part| {
        let changes = part.windows(2).filter(changes_kind).count();
        part.len() >= MIN_SHORT
            && Classes::of(part).digits > 0
            && (1 + changes) * 3 > part.len()
            && !is_wordy(part)
    })
}

/// The least length of a random value. Shorter ones are codes and numbers of versions.
const MIN_SHORT: usize = 8;

/// Whether two bytes that follow each other are of different kinds. A capital letter begins a word
/// with the letter after it.
fn changes_kind(pair: &&[u8]) -> bool {
    let kinds = [pair[0], pair[1]].map(|byte| match byte {
        b'0'..=b'9' => 0,
        b'A'..=b'Z' => 1,
        b'a'..=b'z' => 2,
        _ => 3,
    });
    kinds[0] != kinds[1] && kinds != [1, 2]
}

/// Whether `value` begins with `/` and names directories: base64 may begin with `/` too.
pub(super) fn is_absolute_path(value: &str) -> bool {
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
pub(super) fn is_dotted(value: &str) -> bool {
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
            || is_padded_format(rest)
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
        || value.strip_prefix('%').is_some_and(begins_with_format)
}

/// Whether a format of C with zeros before the number follows the `%` before `rest`: `%016llx`.
/// The escape of a URL that begins with 0 is a control character.
fn is_padded_format(rest: &str) -> bool {
    rest.strip_prefix('0').is_some_and(|width| {
        let size = width.trim_start_matches(|c: char| c.is_ascii_digit());
        let kind = size.trim_start_matches(['h', 'l', 'L', 'z']);
        size.len() < width.len() && kind.starts_with(['d', 'i', 'u', 'x', 'X'])
    })
}

/// Whether any format may follow the `%` before `rest`, such as `%T`: no escape of a URL.
fn begins_with_format(rest: &str) -> bool {
    let is_escape = rest.len() >= 2 && is_hex(&rest.as_bytes()[..2]);
    rest.starts_with(|c: char| c.is_ascii_alphabetic()) && !is_escape
}

const fn is_variable(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_'
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn references_and_walks_are_recognised() {
        for reference in [
            "process.env.KEY",
            "op://vault/item",
            "config.auth.token",
            "dumps/users.sql.gz",
            "https://x/y",
        ] {
            assert!(is_reference(reference), "{reference}");
        }
        assert!(!is_reference("kP3v8Qz1.Xy7Lm2Nw9Rt5Zq8wEr3yTuI0pAs1"));
        assert!(is_absolute_path("/run/secrets/db") && is_dotted("auth.v2:Token"));
        assert!(is_windows_path(b"D:\\\\data") && !is_windows_path(b"kP3v8Qz1"));
        assert!(is_walk(b"qwerty123456") && is_walk(b"abcdefgh") && !is_walk(b"kP3v8Qz1"));
    }

    #[test]
    fn encodings_and_algorithms_are_no_passwords() {
        for name in [
            "latin1",
            "UTF-8",
            "utf8mb4",
            "aes-256-gcm",
            "HmacSHA256",
            "base64url",
        ] {
            assert!(is_algorithm(name.as_bytes()), "{name}");
        }
        for value in ["sharp1", "hexagon77", "md5lover!", "1234", "baseball9"] {
            assert!(!is_algorithm(value.as_bytes()), "{value}");
        }
    }

    #[test]
    fn short_values_are_random_if_their_characters_take_turns() {
        for value in [
            "q7ZxK2vb",
            "x4h9rkpp",
            "mob-q7zxk2vb",
            "640c8a53",
            "qz7#K2vb!",
        ] {
            assert!(is_random_short(value.as_bytes()), "{value}");
        }
        for value in [
            "token123",
            "sha256Hex",
            "2024-01-01",
            "us-east-1a",
            "iPhone12Pro",
            "q7ZxK2v",
            "bravo2024",
        ] {
            assert!(!is_random_short(value.as_bytes()), "{value}");
        }
    }
}
