//! Checks access key ids: `AKIA…`, `ASIA…` and the like.
//!
//! The body is base32 (RFC 4648) of ten bytes. Ids issued since about 2019 contain the number
//! of their account in bits 21 to 60. Bit 20 marks them, so their fifth character is one of
//! `Q-Z2-7`; see "A short note on AWS key id" (T. Be'ery, 2023) and "A bitwise analysis of AWS
//! access key identifiers" (WithSecure Labs).

use super::super::shape::{boundary, is_near, is_placeholder, longest_repeat};
use super::super::tool::decode_base32;
use super::super::{Candidate, Detail, Verdict, entropy};
use super::{Lazy, is_base64};
use crate::rule::Confidence;

/// Least entropy of the body, in bits per character. The least of 200,000 random bodies was 2.40.
const MIN_BODY_ENTROPY: f64 = 2.4;

/// Accounts of AWS's documentation and of emulators, whose keys are not secret.
const DOCUMENTATION_ACCOUNTS: [u64; 8] = [
    0,
    12_345_678_910,
    111_111_111_111,
    111_122_223_333,
    123_456_789_012,
    222_222_222_222,
    444_455_556_666,
    999_999_999_999,
];

/// Accounts of known canary tokens: keys that raise an alarm on use. From trufflehog's list of
/// 2026-08.
const CANARY_ACCOUNTS: [u64; 29] = [
    44_858_866_125,
    52_310_077_262,
    171_436_882_533,
    251_535_659_677,
    266_735_846_894,
    344_043_088_457,
    351_906_852_752,
    390_477_818_340,
    426_127_672_474,
    427_150_556_519,
    439_872_796_651,
    445_142_720_921,
    465_867_158_099,
    528_757_803_018,
    534_261_010_715,
    538_784_191_382,
    595_918_472_158,
    637_958_123_769,
    693_412_236_332,
    717_712_589_309,
    729_780_141_977,
    730_335_385_048,
    732_624_840_810,
    735_421_457_923,
    819_147_034_852,
    893_192_397_702,
    959_235_150_393,
    982_842_642_351,
    992_382_622_183,
];

static ID_NAME: Lazy = Lazy::new(right_before!(
    r"(?:access[_\-. ]?key(?:[_\-. ]?id)?|(?:aws|s3)[_\-. ]?key(?:[_\-. ]?id)?|key[_\-. ]?id)"
));

/// The text before an id in a request that is already signed.
static SIGNED_REQUEST: Lazy =
    Lazy::new(r"(?:x-amz-credential(?:=|%3d)|\bcredential=|[?&](?:amp;)?awsaccesskeyid=)$");

/// Checks an access key id: boundaries, alphabet, body, account number.
pub(in super::super) fn access_key_id(
    candidate: &Candidate<'_>,
    details: &mut Vec<Detail>,
) -> Verdict {
    let id = candidate.secret();
    let (prefix, body) = id.split_at(id.len().min(4));
    if let Verdict::Reject(reason) = boundary(candidate, details) {
        return Verdict::Reject(reason);
    }
    if is_dummy(id, body) {
        return Verdict::Reject("a published example or a dummy");
    }
    if inside_base64(candidate) {
        return Verdict::Reject("inside a longer stretch of base64");
    }
    let base32 = body.iter().all(|b| matches!(b, b'A'..=b'Z' | b'2'..=b'7'));
    if !base32 && !ID_NAME.found_in(candidate.before(120)) {
        return Verdict::Reject("not base32, and no name of an access key before it");
    }
    match account(id) {
        Some(number) if number >= 1_000_000_000_000 => {
            return Verdict::Reject("its account number cannot exist");
        }
        Some(number) if DOCUMENTATION_ACCOUNTS.contains(&number) => {
            return Verdict::Reject("a key of an account that only documentation uses");
        }
        Some(number) => describe_account(number, details),
        None => {}
    }
    details.push(Detail::new("key_type", key_type(prefix)));
    if SIGNED_REQUEST.found_in(candidate.before(40)) && has_signature(candidate.after(400)) {
        return Verdict::Grade(Confidence::Low);
    }
    Verdict::Accept
}

/// Prefixes of the ids that AWS issues since 2010.
const OTHER_PREFIXES: [&[u8; 4]; 14] = [
    b"AKIA", b"ASIA", b"ABIA", b"ACCA", b"APKA", b"ASCA", b"AIDA", b"AROA", b"AGPA", b"AIPA",
    b"ANPA", b"ANVA", b"LKIA", b"LSIA",
];

/// Whether `value` has the form of an id that AWS issues, such as one of an example or a canary.
pub(crate) fn has_form_of_id(value: &[u8]) -> bool {
    let is_body = |byte: &u8| byte.is_ascii_uppercase() || byte.is_ascii_digit();
    let has_prefix = |prefix: &&[u8; 4]| value.starts_with(*prefix);
    value.len() == 20 && OTHER_PREFIXES.iter().any(has_prefix) && value.iter().all(is_body)
}

/// Checks a value after the name of an access key id, without a prefix: ids from before 2010.
pub(in super::super) fn legacy_access_key_id(
    candidate: &Candidate<'_>,
    details: &mut Vec<Detail>,
) -> Verdict {
    let id = candidate.secret();
    let digits = id.iter().filter(|b| b.is_ascii_digit()).count();
    if let Verdict::Reject(reason) = boundary(candidate, details) {
        return Verdict::Reject(reason);
    }
    if OTHER_PREFIXES.iter().any(|prefix| id.starts_with(*prefix)) {
        return Verdict::Reject("an id of another kind");
    }
    if is_dummy(id, id) || !(2..=15).contains(&digits) || entropy(id) < 3.0 {
        return Verdict::Reject("not random enough");
    }
    if SIGNED_REQUEST.found_in(candidate.before(40)) && has_signature(candidate.after(400)) {
        return Verdict::Grade(Confidence::Low);
    }
    Verdict::Accept
}

fn describe_account(number: u64, details: &mut Vec<Detail>) {
    details.push(Detail::new("account", format!("{number:012}")));
    if CANARY_ACCOUNTS.contains(&number) {
        details.push(Detail::new(
            "canary",
            "a canary token's account: using this key raises an alarm",
        ));
    }
}

/// The account number in a new-generation id; `None` for an older one.
pub(super) fn account(id: &[u8]) -> Option<u64> {
    let body = id.get(4..20)?;
    // Ten characters contain the generation bit, the 40 bits of the number and nine bits of unknown
    // meaning, of which the last two fill no byte.
    let bytes = decode_base32(&body[..10])?;
    let bits = bytes
        .iter()
        .fold(0, |bits, &byte| bits << 8 | u64::from(byte));
    let new_generation = bits >> 47 == 1;
    new_generation.then_some((bits >> 7) & 0xff_ffff_ffff)
}

fn key_type(prefix: &[u8]) -> &'static str {
    match prefix {
        b"AKIA" => "long-term access key",
        b"ASIA" => "temporary access key",
        b"ABIA" => "service bearer token",
        _ => "service-specific credential",
    }
}

/// The bodies of the ids in AWS's documentation, which people write with a letter or two changed.
const DOCUMENTED: [&[u8]; 2] = [b"IOSFODNN7EXAMPLE", b"I44QH8DHBEXAMPLE"];

fn is_dummy(id: &[u8], body: &[u8]) -> bool {
    const WORDS: [&[u8]; 8] = [
        b"EXAMPLE",
        b"TEST",
        b"FAKE",
        b"DUMMY",
        b"SAMPLE",
        b"ABCDEFGH",
        b"ZYXWVUTS",
        b"QWERTY",
    ];
    let words = WORDS
        .iter()
        .any(|word| memchr::memmem::find(body, word).is_some());
    let documented = DOCUMENTED.iter().any(|known| is_near(body, known));
    words
        || documented
        || is_placeholder(id)
        || is_placeholder(body)
        || longest_repeat(body) >= 6
        || entropy(body) < MIN_BODY_ENTROPY
}

/// Whether the candidate is in the middle of base64, next to a `+`.
///
/// A slash ends a segment of a path or the half of a pair. Random base64 has it on both sides of an
/// id in one of 10^14 places, so it is no sign of base64.
fn inside_base64(candidate: &Candidate<'_>) -> bool {
    let base64 = |b: &&u8| is_base64(b);
    let before = candidate.before(64);
    let before = &before[before.len() - before.iter().rev().take_while(base64).count()..];
    let after = candidate.after(64);
    let after = &after[..after.iter().take_while(base64).count()];
    let mixed = |part: &[u8]| {
        part.len() >= 16
            && part.iter().any(u8::is_ascii_lowercase)
            && part.iter().any(u8::is_ascii_uppercase)
            && part.iter().any(u8::is_ascii_digit)
            && entropy(part) > 3.5
    };
    (before.ends_with(b"+") || after.starts_with(b"+")) && mixed(before) && mixed(after)
}

fn has_signature(after: &[u8]) -> bool {
    memchr::memmem::find(after, b"ignature").is_some()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::Span;

    fn verdict(text: &str, id: &str) -> Verdict {
        let start = text.find(id).expect("the id is in the text");
        let span = Span::new(start, start + id.len());
        access_key_id(&Candidate::new(text.as_bytes(), span), &mut Vec::new())
    }

    #[test]
    fn account_numbers_of_published_ids_are_decoded() {
        for (pieces, number) in [
            (["ASIA", "Y34FZKBO", "KMUTVV7A"], 609_629_065_308),
            (["AKIA", "SP2TPHJS", "QH3FJRUX"], 171_436_882_533),
            (["AKIA", "ZAVB57H5", "5F3T4BKH"], 619_888_638_459),
            (["ASIA", "QAAAAAAA", "GMKEM7X5"], 0),
            (["AKIA", "RZPUZDIK", "GB2VALC4"], 123_456_789_012),
            (["LSIA", "QAAAAAAV", "NCBMPNSG"], 42),
        ] {
            let id = pieces.concat();
            assert_eq!(account(id.as_bytes()), Some(number), "{id}");
        }
        let old = ["AKIA", "ISTNZFOV", "BIJMK3TQ"].concat();
        assert_eq!(account(old.as_bytes()), None, "an id of the old generation");
    }

    #[test]
    fn dummies_and_ids_of_documentation_are_rejected() {
        for id in [
            ["AKIA", "IOSFODNN7", "EXAMPLE"],
            ["AKIA", "XXXXXXXX", "XXXXXXXX"],
            ["AKIA", "TESTTEST", "TESTTEST"],
            ["AKIA", "DEADBEEF", "DEADBEEF"],
            ["AKIA", "RZPUZDIK", "GB2VALC4"],
            ["ACCA", "GTTACCAG", "TTACCAGT"],
            ["AKIA", "IOSFODNN", "7EXAMPLF"],
            ["AKIA", "IOSFQDNN", "7EXAMQLE"],
            ["AKIA", "I44QH8DH", "BEXMPLES"],
            ["AKIA", "QWERTYUI", "OPASDFGH"],
            ["AKIA", "23456723", "45672345"],
        ] {
            let id = id.concat();
            assert!(matches!(verdict(&id, &id), Verdict::Reject(_)), "{id}");
        }
    }

    /// An id of the new generation whose account is `number`.
    fn id_of(number: u64) -> String {
        let bits = 1 << 49 | number << 9 | 0x1a5;
        let digit = |shift: u32| match (bits >> shift & 31) as u8 {
            value @ 0..26 => (b'A' + value) as char,
            value => (b'2' + value - 26) as char,
        };
        let body: String = (0..10).rev().map(|at| digit(at * 5)).collect();
        ["AKIA", &body, "KMUTVX"].concat()
    }

    #[test]
    fn canaries_are_named() {
        for number in CANARY_ACCOUNTS {
            let id = id_of(number);
            assert_eq!(account(id.as_bytes()), Some(number), "{id}");
            let mut details = Vec::new();
            let candidate = Candidate::new(id.as_bytes(), Span::new(0, id.len()));
            assert_eq!(access_key_id(&candidate, &mut details), Verdict::Accept);
            assert!(details.iter().any(|detail| detail.key == "canary"), "{id}");
        }
        assert!(CANARY_ACCOUNTS.is_sorted());
    }

    #[test]
    fn a_signed_request_is_low_and_a_name_allows_other_digits() {
        let id = super::super::samples::id();
        let url = format!(
            "https://b.s3.amazonaws.com/k?X-Amz-Credential={id}%2F20130524%2Fs3&X-Amz-Signature=ab"
        );
        assert_eq!(verdict(&url, &id), Verdict::Grade(Confidence::Low));
        let odd = id.replace("KM", "K9");
        assert!(matches!(
            verdict(&format!("x {odd}"), &odd),
            Verdict::Reject(_)
        ));
        assert_eq!(
            verdict(&format!("aws_access_key_id = '{odd}'"), &odd),
            Verdict::Accept
        );
    }

    #[test]
    fn an_id_inside_base64_is_rejected() {
        let id = super::super::samples::id();
        let blob = format!("d2hhdCBhIG5pY2UgZGF5IGZvcg/{id}+dGhpcyBpcyBhIHRlc3Q0");
        assert!(matches!(verdict(&blob, &id), Verdict::Reject(_)));
        for fine in [
            format!("s3a://{id}:"),
            format!("/var/lib/keys/{id}/x"),
            format!("{id}/20130524/us-east-1"),
            format!("{id}/{}/us-east-1", super::super::samples::secret()),
            format!("a1B2c3D4e5F6g7H8/{id}/a1B2c3D4e5F6g7H8"),
        ] {
            assert_eq!(verdict(&fine, &id), Verdict::Accept, "{fine}");
        }
    }

    #[test]
    fn patterns_compile() {
        for lazy in [&ID_NAME, &SIGNED_REQUEST] {
            lazy.regex();
        }
    }
}
