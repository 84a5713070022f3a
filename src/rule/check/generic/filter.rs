//! Lists what is no secret, for the checks of general values: each filter rejects values of one
//! kind, by their own bytes and the name that they are assigned to.

use bstr::ByteSlice as _;

use super::super::aws::id::has_form_of_id;
use super::super::dummy::{is_made_of_dummies, names_itself};
use super::super::entropy;
use super::super::login::is_dummy;
use super::super::published::{is_of_emulator, is_of_rfc};
use super::super::shape::{Classes, is_placeholder, is_symbol, longest_repeat};
use super::super::tool::decode_base64;
use super::super::wordy::{has_random_case, has_random_letters, is_camel_case, is_wordy};
use super::identity::{
    is_client_token, is_ethereum_address, is_fingerprint, is_foreign_word, is_installer_id,
    is_joined_words, is_public_key, is_resource, is_ticket, is_typed_number, is_uuid,
};
use super::name;
use super::value::{
    encodes_text, is_absolute_path, is_algorithm, is_assignment, is_date, is_dotted, is_hex,
    is_hex_number, is_identifier, is_random_short, is_reference, is_template, is_version, is_walk,
    is_web_token, is_windows_path,
};

/// A value and the name that it is assigned to, which may be empty.
#[derive(Clone, Copy)]
pub(super) struct Value<'t> {
    pub(super) bytes: &'t [u8],
    pub(super) name: &'t [u8],
}

impl Value<'_> {
    /// The reason of the first of `filters` that rejects it.
    pub(super) fn rejected_by(self, filters: &[Filter]) -> Option<&'static str> {
        let found = filters.iter().find(|filter| (filter.rejects)(self));
        found.map(|filter| filter.reason)
    }
}

/// A kind of values that are no secret.
pub(super) struct Filter {
    reason: &'static str,
    rejects: fn(Value<'_>) -> bool,
}

impl Filter {
    const fn new(reason: &'static str, rejects: fn(Value<'_>) -> bool) -> Self {
        Self { reason, rejects }
    }
}

/// The least length of a random value that may have any characters.
const MIN_RANDOM: usize = 16;

/// The least entropy of a random value of 16 characters, in bits per character.
const MIN_ENTROPY: f64 = 2.9;

/// What is no secret that is written out.
pub(super) static NO_LITERAL: [Filter; 23] = [
    Filter::new("an obvious placeholder", |v| is_placeholder(v.bytes)),
    Filter::new("an obvious placeholder", |v| longest_repeat(v.bytes) >= 5),
    Filter::new("an obvious placeholder", |v| is_walk(v.bytes)),
    Filter::new("its own name", |v| name::ends_with_value(v.name, v.bytes)),
    Filter::new("a template", |v| {
        is_template(&String::from_utf8_lossy(v.bytes))
    }),
    Filter::new("a template", |v| v.bytes.starts_with(b"!")),
    Filter::new("a template", |v| v.bytes.starts_with(b"@")),
    Filter::new("a number", |v| is_version(v.bytes)),
    Filter::new("a number", |v| is_hex_number(v.bytes)),
    Filter::new("a number", |v| is_typed_number(v.bytes)),
    Filter::new("a number", |v| is_ticket(v.bytes)),
    Filter::new("a date", |v| is_date(v.bytes)),
    // A pointer, a repetition of ABNF, or the hash of a password in MySQL.
    Filter::new("a type or a pattern", |v| {
        let first = v.bytes.trim_start_with(|c| c.is_ascii_digit());
        v.bytes.len() < first.len() + 2 && first.starts_with(b"*")
    }),
    Filter::new("too short", |v| {
        let escapes = v.bytes.iter().filter(|&&byte| byte == b'%').count();
        v.bytes.len() < 6 + 2 * escapes
    }),
    // Only the inputs of tests are written so.
    Filter::new("escaped bytes", |v| {
        let parts = [&br"\x"[..], br"\u"];
        parts
            .iter()
            .any(|part| memchr::memmem::find(v.bytes, part).is_some())
    }),
    Filter::new("an identifier", |v| is_symbol(v.bytes)),
    Filter::new("an encoding or an algorithm", |v| is_algorithm(v.bytes)),
    Filter::new("a reference to something else", |v| {
        is_reference(&String::from_utf8_lossy(v.bytes))
    }),
    Filter::new("a path", |v| {
        is_absolute_path(&String::from_utf8_lossy(v.bytes))
    }),
    Filter::new("a path", |v| is_windows_path(v.bytes)),
    Filter::new("a path", |v| is_resource(v.bytes)),
    Filter::new("a reference to something else", |v| {
        is_dotted(&String::from_utf8_lossy(v.bytes))
    }),
    Filter::new("base64 of a text", |v| encodes_no_secret(v.bytes)),
];

/// What is no random value that is secret.
pub(super) static NO_RANDOM_VALUE: [Filter; 17] = [
    Filter::new("an AWS id, which has a rule of its own", |v| {
        has_form_of_id(v.bytes)
    }),
    Filter::new("a JSON web token, which has a rule of its own", |v| {
        is_web_token(v.bytes)
    }),
    Filter::new("not random enough", |v| {
        let classes = Classes::of(v.bytes);
        (classes.digits == 0 || classes.letters() == 0)
            && !has_random_case(v.bytes)
            && !has_random_letters(v.bytes)
    }),
    Filter::new("not random enough", |v| {
        v.bytes.len() >= MIN_RANDOM && entropy(v.bytes) < MIN_ENTROPY
    }),
    Filter::new("not random enough", |v| {
        v.bytes.len() < MIN_RANDOM && !is_random_short(v.bytes) && !has_random_letters(v.bytes)
    }),
    Filter::new("made of words", |v| {
        // A third of digits between letters is more than identifiers have.
        let classes = Classes::of(v.bytes);
        let has_digits_between = classes.others == 0 && classes.digits * 3 > v.bytes.len();
        !has_digits_between && !is_hex(v.bytes) && !is_uuid(v.bytes) && is_wordy(v.bytes)
    }),
    Filter::new("made of words", |v| is_camel_case(v.bytes)),
    Filter::new("made of words", |v| is_joined_words(v.bytes)),
    Filter::new("an obvious placeholder", |v| {
        is_made_of_dummies(v.bytes, v.name)
    }),
    Filter::new("a public key", |v| is_public_key(v.bytes)),
    Filter::new("a public key", |v| is_fingerprint(v.bytes, v.name)),
    Filter::new("the id of something", |v| is_installer_id(v.bytes)),
    Filter::new("the id of something", |v| is_client_token(v.bytes, v.name)),
    Filter::new("an address", |v| is_ethereum_address(v.bytes)),
    Filter::new("an example of an RFC", |v| is_of_rfc(v.bytes)),
    Filter::new("the key of an emulator", |v| is_of_emulator(v.bytes)),
    Filter::new("an assignment to another name", |v| is_assignment(v.bytes)),
];

/// What is no password.
pub(super) static NO_PASSWORD: [Filter; 10] = [
    Filter::new("an obvious placeholder", |v| {
        is_dummy("", &String::from_utf8_lossy(v.bytes))
    }),
    Filter::new("an obvious placeholder", |v| {
        is_made_of_dummies(v.bytes, v.name)
    }),
    Filter::new("an obvious placeholder", |v| names_itself(v.bytes)),
    Filter::new("a number", |v| {
        let classes = Classes::of(v.bytes);
        classes.letters() == 0 && classes.digits < 8
    }),
    Filter::new("made of words", |v| {
        // A full stop may end a sentence.
        let word = v.bytes.trim_end_with(|c| c == '.');
        Classes::of(word).letters() == word.len() && !has_random_case(word)
    }),
    Filter::new("made of words", |v| {
        Classes::of(v.bytes).digits == 0 && is_wordy(v.bytes)
    }),
    Filter::new("a word", |v| is_foreign_word(v.bytes)),
    Filter::new("an identifier", |v| is_identifier(v.bytes)),
    Filter::new("an assignment to another name", |v| {
        let name = v.bytes.split(|&byte| byte == b'=').next();
        let has_capital = name.is_some_and(|name| name.iter().any(u8::is_ascii_uppercase));
        is_assignment(v.bytes) && !has_capital
    }),
    // People and generators choose passwords of other forms.
    Filter::new("the id of something", |v| is_uuid(v.bytes)),
];

/// Whether `value` is base64 of a text that is no secret.
fn encodes_no_secret(value: &[u8]) -> bool {
    let text = decode_base64(value);
    encodes_text(value) && !text.starts_with(b"Salted__") && {
        let is_prose = Classes::of(&text).digits == 0 && is_wordy(&text);
        let value = Value {
            bytes: &text,
            name: b"",
        };
        is_prose || value.rejected_by(&NO_LITERAL).is_some() || is_made_of_dummies(&text, b"")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Values in pieces, each under a name. All but one of the filters let each of them pass.
    const SAMPLES: [(&str, &[&str]); 50] = [
        ("api_key", &["q7ZxK2vbReplaceW9t", "M4hJ6sLp"]),
        ("api_key", &["q7Zxxxxxx", "K2vb5W9tM4hJ6sLp"]),
        ("password", &["lkjhgf", "Xb3!"]),
        ("api_key", &["q7ZxK2vb5W9t*", "M4hJ6*sLp"]),
        ("api_key", &["!q7ZxK2vb", "5W9tM4hJ6sLp"]),
        ("password", &["@q7ZxK2vb", "5W9tM4hJ6sLp"]),
        ("api_key", &["3006.0+0na.", "5b18e86c4d"]),
        ("password", &["0x9b3F", "7c2E"]),
        ("password", &["22528", "u16"]),
        ("password", &["RFC", "2307"]),
        ("password", &["2031-09-27", "T04:05:06.7Kq"]),
        ("password", &["1*q7Zx", "K2vb"]),
        ("password", &["q7!Z", "x"]),
        ("password", &["q7ZxK\\x00", "2vb5W9t"]),
        ("api_key", &["IQS7222_REG_", "KZQX_PROW"]),
        ("password", &["aes-256", "-gcm"]),
        ("api_key", &["https:q7ZxK2vb", "5W9tM4hJ6sLp"]),
        ("password", &["/srv/q7zx/", "k2vb"]),
        ("password", &["C:\\q7Zx", "K2vb"]),
        ("password", &["teams/7/hosting", "/db9/v/1"]),
        ("password", &["q7zxk.K2vb5", ".W9tM4h"]),
        ("api_key", &["L3Nydi9r", "ZXlz", "L2Fw", "cDE="]),
        ("api_key", &["AKIAQ7ZX", "K2VB5WTM", "QJS7"]),
        ("api_key", &["eyJhbGciOiJub25lIn0.", "eyJzdWIiOiJxN1oifQ."]),
        ("api_key", &["kq!zv#xw+", "jt~rm!pl"]),
        ("api_key", &["q7q7Zq7q", "Zq7q7ZZq7"]),
        ("api_key", &["bravo", "2024"]),
        ("api_key", &["jira-server-", "oauth-2-of-cloud"]),
        ("api_key", &["quickbooks", "OAuth2Api"]),
        ("api_key", &["PortGroup-", "vmnet0"]),
        ("api_key", &["MyN3wS3cur3", "P@ssw0rd"]),
        ("api_key", &["AAAAC3NzaC1lZDI1NTE5", "AAAAIK7tXq2ZpL9w"]),
        (
            "release_key",
            &["5C194097516B0D2D5B12", "1817EE6AA3530A1B2C3D"],
        ),
        ("owner_key", &["8:_5C194097516B0D2D", "5B121817EE6AA353"]),
        ("ClientToken", &["7d9f2c4e-1b3a", "-4c5d-8e6f-a0b1c2d3e4f5"]),
        ("token", &["2YotnFZFEjr1", "zCsicMWpAA"]),
        ("token", &["0xA6040608D0923Ff400e8", "c6f5290461A83AEDACec"]),
        (
            "api_key",
            &["Eby8vdM02xNOcqFlqUwJPLlm", "EtlCDXJ1OUzFT50uSRZ6"],
        ),
        ("api_key", &["UUID=5f0c93e1", "-b7a24d68"]),
        ("password", &["mysql", "88"]),
        ("conf.svc9Qx7_key", &["Svc9-Qx", "7Key2"]),
        ("password", &["Sup3rS3cr3t", "P@ssw0rd"]),
        ("password", &["acmedbPass", "word1"]),
        ("password", &["94-72", "-61"]),
        ("password", &["qzkxvw", "jt"]),
        ("password", &["the#river#", "banks"]),
        ("password", &["vynut\u{ed}", "xqz"]),
        ("password", &["xkq9-demo", "-7zw"]),
        ("password", &["vpp_rkrga=q7zx", "=bgra:afbc=1"]),
        ("password", &["7d9f2c4e-1b3a", "-4c5d-8e6f-a0b1c2d3e4f5"]),
    ];

    /// The only one of `filters` that rejects a sample, if it is the only one.
    fn deciding<'f>(filters: &[&'f Filter], (name, pieces): (&str, &[&str])) -> Option<&'f Filter> {
        let (bytes, name) = (pieces.concat(), name.as_bytes());
        let bytes = bytes.as_bytes();
        let value = Value { bytes, name };
        let mut rejecting = filters.iter().filter(|filter| (filter.rejects)(value));
        rejecting
            .next()
            .filter(|_| rejecting.next().is_none())
            .copied()
    }

    #[test]
    fn without_any_one_filter_a_sample_is_found() {
        let lists = [&NO_RANDOM_VALUE[..], &NO_PASSWORD];
        let lists = lists.map(|own| NO_LITERAL.iter().chain(own).collect::<Vec<_>>());
        let decide = |sample| lists.iter().filter_map(move |list| deciding(list, sample));
        let deciding: Vec<_> = SAMPLES.into_iter().flat_map(decide).collect();
        for (index, filter) in lists.iter().flatten().enumerate() {
            let is_needed = deciding.iter().any(|other| std::ptr::eq(*other, *filter));
            assert!(
                is_needed,
                "no sample needs filter {index}: {}",
                filter.reason
            );
        }
    }
}
