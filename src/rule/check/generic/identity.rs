//! Judges values: whether one counts, locates or identifies something that is public, instead of
//! protecting it.

use super::super::shape::Classes;
use super::super::wordy::{has_random_letters, is_wordy};
use super::value::{is_hex, is_hex_number};
use crate::rule::words::Words;

/// Whether `value` is a public key: of SSH (RFC 4253, section 6.6), in DER (RFC 5280, section 4.1:
/// RSA, elliptic curves, Ed25519), or a point of a curve of 256 bits in hex (SEC 1, section 2.3.3).
pub(super) fn is_public_key(value: &[u8]) -> bool {
    const STARTS: [&str; 12] = [
        "AAAAB3NzaC1",
        "AAAAC3NzaC1",
        "AAAAE2VjZHNh",
        "AAAAG3NrLXNz",
        "MCowBQYDK2V",
        "MFkwEwYHKoZIzj0",
        "MFswDQYJKoZIhvc",
        "MFwwDQYJKoZIhvc",
        "MHYwEAYHKoZIzj0",
        "MIGbMBAGByqGSM49",
        "MIGfMA0GCSqGSIb3",
        "MIIBIjANBgkqhkiG",
    ];
    let is_point = match value {
        [b'0', b'4', ..] => value.len() == 130,
        [b'0', b'2' | b'3', ..] => value.len() == 66,
        _ => false,
    };
    is_point && is_hex(value)
        || STARTS
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

/// Whether `value` is the address of an account of Ethereum (EIP-55), which is public.
pub(super) fn is_ethereum_address(value: &[u8]) -> bool {
    value.len() == 42 && value.starts_with(b"0x") && value[2..].iter().all(u8::is_ascii_hexdigit)
}

/// Whether `value` is a number with its type, as Rust writes them: `22528u16`, `0x5801_u32`.
pub(super) fn is_typed_number(value: &[u8]) -> bool {
    const TYPES: [&str; 14] = [
        "f32", "f64", "i8", "i16", "i32", "i64", "i128", "isize", "u8", "u16", "u32", "u64",
        "u128", "usize",
    ];
    let is_number = |number: &[u8]| {
        let is_decimal = number
            .iter()
            .all(|byte| byte.is_ascii_digit() || *byte == b'_');
        number.first().is_some_and(u8::is_ascii_digit) && (is_decimal || is_hex_number(number))
    };
    TYPES
        .iter()
        .filter_map(|kind| value.strip_suffix(kind.as_bytes()))
        .any(|number| is_number(number.strip_suffix(b"_").unwrap_or(number)))
}

/// Whether `value` is the number of a bug, a change or a document: `Bug#3994`, `RFC2307`.
pub(super) fn is_ticket(value: &[u8]) -> bool {
    const SERIES: [&str; 8] = ["bug", "cve", "gh", "iso", "issue", "pr", "rfc", "ticket"];
    let lower = value.to_ascii_lowercase();
    let is_number = |rest: &[u8]| {
        !rest.is_empty()
            && rest
                .iter()
                .all(|byte| byte.is_ascii_digit() || b"#-".contains(byte))
    };
    SERIES
        .iter()
        .filter_map(|series| lower.strip_prefix(series.as_bytes()))
        .any(is_number)
}

/// Whether `value` is the id of a file in a project of Visual Studio's installers, with its type:
/// `8:_5C194097516B0D2D5B121817EE6AA353`.
pub(super) fn is_installer_id(value: &[u8]) -> bool {
    let id = value.strip_prefix(b"8:_");
    id.is_some_and(|id| id.len() == 32 && is_hex(id))
}

/// Whether `value` under `name` is the fingerprint of a key, which programs print with colons
/// between the bytes, or, if the key signs software, in capitals.
pub(super) fn is_fingerprint(value: &[u8], name: &[u8]) -> bool {
    const SIGNS: [&[u8]; 8] = [
        b"gpg", b"pgp", b"openpgp", b"release", b"sig", b"sign", b"signer", b"signing",
    ];
    let words = Words::new(name);
    let Classes { lower, upper, .. } = Classes::of(value);
    let is_upper = value.len() == 40 && is_hex(value) && lower == 0 && upper > 0;
    let mut bytes = value.split(|&byte| byte == b':');
    words.iter().last() == Some(b"key")
        && (is_upper && words.iter().any(|word| SIGNS.contains(&word))
            || value.len() >= 47 && bytes.all(|byte| byte.len() == 2 && is_hex(byte)))
}

/// Whether `value` under `name` is a token that a client makes up so that a request counts once, as
/// AWS's APIs call it. Vault writes `client_token`.
pub(super) fn is_client_token(value: &[u8], name: &[u8]) -> bool {
    let words = Words::new(name);
    let last = words.joined(words.count().saturating_sub(2), words.count());
    last == b"clienttoken" && !name.contains(&b'_') && is_uuid(value)
}

/// Whether `value` is words with something between them, each perhaps with a number after it:
/// `PortGroup-vmnet0`. Of random values of 16 letters, digits and signs 3 in 1,000 are so.
pub(super) fn is_joined_words(value: &[u8]) -> bool {
    let mut parts = value.split(|byte| b"-_./:".contains(byte));
    let is_word = |part: &[u8]| {
        let digits = part.iter().rev().take_while(|byte| byte.is_ascii_digit());
        let letters = &part[..part.len() - digits.count()];
        letters.len() >= 2
            && part.len() - letters.len() <= 2
            && letters.iter().all(u8::is_ascii_alphabetic)
            && letters.windows(2).filter(changes_case).count() * 3 <= letters.len()
            && !has_random_letters(letters)
    };
    value.iter().any(|byte| b"-_./:".contains(byte)) && parts.all(is_word)
}

fn changes_case(pair: &&[u8]) -> bool {
    pair[0].is_ascii_lowercase() != pair[1].is_ascii_lowercase()
}

/// Whether `value` is the path of a resource: four names or more in lower case, with words among
/// them: `projects/7/secrets/db-login/versions/1`.
pub(super) fn is_resource(value: &[u8]) -> bool {
    let parts = value.split(|&byte| byte == b'/');
    let is_name = |part: &[u8]| {
        let Classes { upper, others, .. } = Classes::of(part);
        let joints = part.iter().filter(|byte| b"-_.".contains(byte)).count();
        upper == 0 && others == joints && !part.is_empty()
    };
    let words = parts.clone().filter(|part| is_wordy(part)).count();
    parts.clone().count() >= 4 && words > 0 && parts.clone().all(is_name)
}

/// Whether `value` is a word of a language that has letters outside of ASCII, as in the help of
/// programs.
pub(super) fn is_foreign_word(value: &[u8]) -> bool {
    let text = String::from_utf8_lossy(value);
    let word = text.trim_end_matches(|c: char| c.is_ascii_punctuation());
    !word.is_ascii() && word.chars().all(|c| c.is_alphabetic() || c == '_')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_and_ids_are_recognised() {
        assert!(is_typed_number(b"22528u16") && is_typed_number(b"0x5801_u32"));
        assert!(!is_typed_number(b"q7u16") && !is_typed_number(b"u16"));
        assert!(is_ticket(b"Bug#3994") && is_ticket(b"CVE-2031-1234"));
        assert!(!is_ticket(b"bug") && !is_ticket(b"prxk7q2z"));
        let upper = "5C194097516B0D2D5B121817EE6AA3530A1B2C3D";
        assert!(is_fingerprint(upper.as_bytes(), b"releaseManagerKey"));
        assert!(is_fingerprint(
            "5C:19:".repeat(10).trim_end_matches(':').as_bytes(),
            b"sig_key"
        ));
        assert!(!is_fingerprint(upper.as_bytes(), b"client_secret"));
        assert!(!is_fingerprint(upper.as_bytes(), b"API_KEY"));
        assert!(!is_fingerprint(upper.to_lowercase().as_bytes(), b"key"));
        let uuid = b"7d9f2c4e-1b3a-4c5d-8e6f-a0b1c2d3e4f5";
        assert!(is_uuid(uuid) && !is_uuid(b"7d9f2c4e"));
        assert!(is_client_token(uuid, b"ClientToken") && is_client_token(uuid, b"--client-token"));
        assert!(!is_client_token(uuid, b"client_token") && !is_client_token(uuid, b"token"));
    }

    #[test]
    fn names_of_things_are_recognised() {
        for words in ["PortGroup-vmnet0", "gateway.internal.zone12"] {
            assert!(is_joined_words(words.as_bytes()), "{words}");
        }
        for random in [
            "rgCWkinP-zQtLpXwv",
            "q7zxk-2vb5w",
            "kP3v8Qz1",
            "mob-q7zxk2vb",
        ] {
            assert!(!is_joined_words(random.as_bytes()), "{random}");
        }
        assert!(is_resource(b"projects/7/secrets/db-login/versions/1"));
        assert!(!is_resource(b"q7zx/k2vb/5w9t/m4hj") && !is_resource(b"secrets/db-login"));
        assert!(is_foreign_word("vynut\u{ed}".as_bytes()) && !is_foreign_word(b"force"));
    }
}
