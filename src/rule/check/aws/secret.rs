//! Checks secret access keys: 30 random bytes in base64, so exactly 40 of `[A-Za-z0-9+/]` without
//! padding.
//!
//! Such a key has no prefix, so its shape must identify it. The thresholds reject almost no real
//! key: of 300,000 random ones, all of them together reject 0.047 %.

use super::super::ciphertext::is_rails_message;
use super::super::shape::{is_near, is_placeholder, longest_repeat};
use super::super::wordy::is_camel_case;
use super::super::{Candidate, Detail, Verdict, entropy};
use super::{Lazy, decode_base64, id, is_base64};
use crate::rule::Confidence;

/// Least entropy, in bits per character: 0.0003 % of real keys have less.
const MIN_ENTROPY: f64 = 4.1;
/// Least number of changes between upper case, lower case, digits and symbols: 0.01 % have fewer.
const MIN_CLASS_CHANGES: usize = 13;
/// Most letters in word-like stretches, a letter and three or more lower-case ones:
/// 0.01 % have more.
const MAX_WORD_LETTERS: usize = 26;
/// Most printable bytes among the 30 decoded ones: a value with more is base64 of a text.
const MAX_PRINTABLE: usize = 23;

/// A name right before the value, in any syntax.
static NAME_BEFORE: Lazy = Lazy::new(right_before!(
    r"(?:secret|aws[a-z0-9_.\- ]{0,24}key|s3[a-z0-9_.\- ]{0,16}key)[a-z0-9_.\- ]{0,40}"
));
/// A name before the value on its line.
static NAME_ON_LINE: Lazy =
    Lazy::new(r"secret|(?:aws|s3)[a-z0-9_.\- ]{0,24}key|aws[_\-. ]?cred|awscredentials");
/// An access key id and a separator, as in `s3a://id:secret@bucket` and `id/secret/us-east-1`.
static ID_BEFORE: Lazy = Lazy::new(r"(?-i:AKIA|ASIA|ABIA|ACCA)(?-i:[A-Z0-9]{16})(?:[:/+]|%3a)$");

/// Checks a run of 40 base64 characters.
pub(in super::super) fn secret_access_key(
    candidate: &Candidate<'_>,
    _: &mut Vec<Detail>,
) -> Verdict {
    let key = candidate.secret();
    if let Some(reason) = wrong_shape(key) {
        return Verdict::Reject(reason);
    }
    if candidate.after(1) == b"=" {
        return Verdict::Reject("padded base64 of another length");
    }
    if is_rails_message(candidate.after(48)) {
        return Verdict::Reject("ciphertext of Rails");
    }
    let before = candidate.before(200);
    let adjacent = holds_name(&NAME_BEFORE, before);
    let in_url = ID_BEFORE.found_in(&before[before.len().saturating_sub(24)..]);
    if adjacent || in_url {
        return Verdict::Grade(Confidence::High);
    }
    if let Some(reason) = wrong_place(candidate) {
        return Verdict::Reject(reason);
    }
    let line = before.rsplit(|&b| b == b'\n').next().unwrap_or_default();
    if holds_name(&NAME_ON_LINE, line) {
        return Verdict::Grade(Confidence::High);
    }
    Verdict::accept_if(!is_camel_case(key), "an identifier")
}

/// Whether 40 characters may be a secret access key in some context.
pub(in super::super) fn could_be(key: &[u8]) -> bool {
    wrong_shape(key).is_none()
}

/// Whether `text` contains a name of a secret access key that `names` matches. The name of an API
/// key does not count: API keys of AWS's services may be 40 characters long too.
fn holds_name(names: &Lazy, text: &[u8]) -> bool {
    names.regex().find(text).is_some_and(|name| {
        let name = name.as_bytes().to_ascii_lowercase();
        let holds = |word: &str| memchr::memmem::find(&name, word.as_bytes()).is_some();
        holds("secret")
            || !["api-key", "api_key", "apikey", "api key"]
                .iter()
                .any(|word| holds(word))
    })
}

/// Why 40 characters cannot be a secret access key in any context.
fn wrong_shape(key: &[u8]) -> Option<&'static str> {
    let one_case_hex = |upper: bool| {
        key.iter().all(|&b| {
            b.is_ascii_digit() || matches!((b, upper), (b'a'..=b'f', false) | (b'A'..=b'F', true))
        })
    };
    if one_case_hex(false) || one_case_hex(true) {
        return Some("hexadecimal: a digest");
    }
    let any = |class: fn(&u8) -> bool| key.iter().any(class);
    if !any(u8::is_ascii_uppercase)
        || !any(u8::is_ascii_lowercase)
        || !any(|b| !b.is_ascii_alphabetic())
    {
        return Some("no mix of upper case, lower case and other characters");
    }
    if entropy(key) < MIN_ENTROPY || class_changes(key) < MIN_CLASS_CHANGES {
        return Some("not random enough");
    }
    let least = if key.starts_with(b"/") { 2 } else { 3 };
    if word_letters(key) > MAX_WORD_LETTERS || path_words(key) >= least {
        return Some("words of an identifier or a path");
    }
    let decoded = decode_base64(key);
    if decoded
        .iter()
        .filter(|b| matches!(b, b' '..=b'~' | b'\n' | b'\t' | b'\r'))
        .count()
        > MAX_PRINTABLE
    {
        return Some("base64 of a text");
    }
    is_dummy(key).then_some("a published example or a dummy")
}

/// How the keys in AWS's documentation begin. People write them with another end, or with a letter
/// or two changed.
const DOCUMENTED: [&[u8]; 3] = [
    b"wJalrXUtnFEMI/K7MDEN",
    b"je7MtGbClwBF/2Zp9Utk",
    b"nNYiytVbZPQUQ5Yaxu2j",
];

fn is_dummy(key: &[u8]) -> bool {
    const WORDS: [&[u8]; 4] = [b"FakeValue", b"SECRETSKEY", b"fakeSecret", b"notasecret"];
    is_placeholder(key)
        || DOCUMENTED
            .iter()
            .any(|known| is_near(&key[..key.len().min(known.len())], known))
        || longest_repeat(key) >= 6
        || WORDS
            .iter()
            .any(|word| memchr::memmem::find(key, word).is_some())
}

fn class_changes(key: &[u8]) -> usize {
    let class = |b: &u8| match b {
        b'A'..=b'Z' => 0,
        b'a'..=b'z' => 1,
        b'0'..=b'9' => 2,
        _ => 3,
    };
    key.windows(2)
        .filter(|pair| class(&pair[0]) != class(&pair[1]))
        .count()
}

/// Letters in stretches of at least three lower-case letters, with the capital before each.
fn word_letters(key: &[u8]) -> usize {
    let mut letters = 0;
    let mut at = 0;
    while at < key.len() {
        let capital = usize::from(key[at].is_ascii_uppercase());
        let lower = key[at + capital..]
            .iter()
            .take_while(|b| b.is_ascii_lowercase())
            .count();
        if lower >= 3 {
            letters += capital + lower;
        }
        at += (capital + lower).max(1);
    }
    letters
}

/// How many parts between slashes are words, as in `8080/api/v3/repos/user`.
fn path_words(key: &[u8]) -> usize {
    let word = |part: &[u8]| {
        part.len() >= 3
            && part[1..].iter().filter(|b| b.is_ascii_lowercase()).count() * 10 >= part.len() * 6
            && part.iter().all(u8::is_ascii_alphabetic)
    };
    if !key.contains(&b'/') {
        return 0;
    }
    key.split(|&b| b == b'/').filter(|part| word(part)).count()
}

/// Why a key of the right shape and without a name is something else, by its context.
fn wrong_place(candidate: &Candidate<'_>) -> Option<&'static str> {
    let part_of =
        |b: Option<&u8>| b.is_some_and(|b| matches!(b, b'.' | b'-' | b'_' | b'@' | b'%' | b'$'));
    let after = candidate.after(2);
    // A full stop that ends a sentence is not part of a name.
    let sentence = after.first() == Some(&b'.') && after.get(1).is_none_or(u8::is_ascii_whitespace);
    if part_of(candidate.before(1).last()) || (part_of(after.first()) && !sentence) {
        return Some("part of a longer name, address or hash");
    }
    let line_before = candidate
        .before(400)
        .rsplit(|&b| b == b'\n')
        .next()
        .unwrap_or_default();
    if ["integrity", "resolved", "sha256", "sha512", "sha1"]
        .iter()
        .any(|word| holds(line_before, word))
    {
        return Some("a checksum of a package");
    }
    if inside_armour(candidate) {
        return Some("inside a PEM or PGP block");
    }
    wrapped(candidate).then_some("a line of a longer base64 text")
}

fn holds(text: &[u8], word: &str) -> bool {
    memchr::memmem::find(text, word.as_bytes()).is_some()
}

/// Whether the last armour line within 16 KiB before is a `-----BEGIN`.
fn inside_armour(candidate: &Candidate<'_>) -> bool {
    let before = candidate.before(16 * 1024);
    let begin = memchr::memmem::rfind(before, b"-----BEGIN ");
    let end = memchr::memmem::rfind(before, b"-----END ");
    begin.is_some() && begin > end
}

/// Whether it is a part of longer base64: there is a long word on the same line, or the line before
/// or after is base64.
fn wrapped(candidate: &Candidate<'_>) -> bool {
    let before = candidate.before(120);
    let above = before
        .strip_suffix(b"\n")
        .map(|rest| rest.strip_suffix(b"\r").unwrap_or(rest));
    let above = above.map_or(0, |rest| {
        rest.iter().rev().take_while(|b| is_base64(b)).count()
    });
    let after = candidate.after(120);
    let below = after
        .strip_prefix(b"\r")
        .unwrap_or(after)
        .strip_prefix(b"\n");
    let below = below.map_or(0, |rest| rest.iter().take_while(|b| is_base64(b)).count());
    let words = |text: &[u8]| {
        text.split(|b| !is_base64(b))
            .any(|word| word.len() > 40 && !word.iter().all(u8::is_ascii_hexdigit))
    };
    let same_line_before = before.rsplit(|&b| b == b'\n').next().unwrap_or_default();
    let same_line_after = after.split(|&b| b == b'\n').next().unwrap_or_default();
    above >= 56 || below >= 56 || words(same_line_before) || words(same_line_after)
}

/// Whether `text` contains an access key id, for checks of the context.
pub(super) fn has_id(text: &[u8]) -> bool {
    let starts = ["AKIA", "ASIA"]
        .into_iter()
        .flat_map(|prefix| memchr::memmem::find_iter(text, prefix));
    starts.into_iter().any(|at| {
        text.get(at..at + 20)
            .is_some_and(|id| id::account(id).is_some())
    })
}

#[cfg(test)]
mod tests {
    use super::super::samples;
    use super::*;
    use crate::text::Span;

    fn verdict_of(text: &str, key: &str) -> Verdict {
        let start = text.find(key).expect("the key is in the text");
        let span = Span::new(start, start + key.len());
        secret_access_key(&Candidate::new(text.as_bytes(), span), &mut Vec::new())
    }

    fn verdict(text: &str) -> Verdict {
        let key = samples::secret();
        verdict_of(&text.replace('§', &key), &key)
    }

    #[test]
    fn a_name_before_a_key_makes_it_high() {
        for text in [
            "aws_secret_access_key = §",
            "AWS_SECRET_ACCESS_KEY=\"§\"",
            "secretKey: §",
            "  \"SecretAccessKey\" : \"§\",",
            "'secret' => '§',",
            "secret := `§`",
            "SECRET ?= §",
            "aws configure set aws_secret_access_key §",
            "setenv AWS_SECRET_KEY §",
            "--secret-key §",
            "Set-AWSCredential -AccessKey A -SecretKey §",
            "setProperty(\"aws.secretKey\", \"§\")",
            "<secretKey>§</secretKey>",
            "<name>fs.s3a.secret.key</name>\n  <value>§</value>",
            "<add key=\"AWSSecretKey\" value=\"§\"/>",
            "| secret access key | § |",
            "aws_secret_access_key: >-\n    §\n",
            "env['AWS_SECRET']='§'",
            "conf[\"s3_secret_key\"]=\"§\"",
            "secret_key: str = \"§\"",
            "secret -> §",
            "AWSSecretKey=§&x=1",
            "secret=§#",
        ] {
            assert_eq!(verdict(text), Verdict::Grade(Confidence::High), "{text}");
        }
        assert_eq!(
            verdict("aws apigateway update-api-key --api-key §"),
            Verdict::Accept
        );
        assert_eq!(verdict("§"), Verdict::Accept);
        assert_eq!(verdict("x = '§'"), Verdict::Accept);
        let url = format!("s3a://{}:§@bucket", samples::id());
        assert_eq!(verdict(&url), Verdict::Grade(Confidence::High));
    }

    #[test]
    fn values_in_other_contexts_are_rejected() {
        let line =
            "QmFzZTY0IHRleHQgdGhhdCBnb2VzIG9uIGFuZCBvbiBmb3IgYSB3aGlsZSBpbiBsaW5lcw".to_owned();
        for text in [
            "https://docs.google.com/d/x-§".to_owned(),
            "scrypt$16384$salt$8$1$§".to_owned(),
            "§=".to_owned(),
            "§.example".to_owned(),
            "-----BEGIN CERTIFICATE-----\nabc\n§\n".to_owned(),
            format!("{line}\n§\n"),
            format!("§\n{line}\n"),
            "\"integrity\": \"sha384 §\"".to_owned(),
        ] {
            assert!(matches!(verdict(&text), Verdict::Reject(_)), "{text}");
        }
        let name = "SVGA3dCmdDXSetVertexBuffersOffsetAndSize";
        let statement = format!("typedef struct {name} {{");
        assert_eq!(
            verdict_of(&statement, name),
            Verdict::Reject("an identifier")
        );
        assert_eq!(verdict("It is §.\n"), Verdict::Accept);
        assert_eq!(
            verdict("-----BEGIN X-----\nabc\n-----END X-----\n§\n"),
            Verdict::Accept
        );
    }

    #[test]
    fn values_of_other_shapes_are_rejected() {
        for key in [
            "66008953a1b2c3d4e5f60718293a4b5c6d7e8f90",
            "8FCCA13FEF1D0C2E91008E09770F7A9A5AE15600",
            "RegisterTaskWithMaintenanceWindowRequest",
            "AwsEc2LaunchTemplateDataPlacementDetails",
            "createMultiRegionIoT1ClickDevicesService",
            "MDM6UmVmMjgyMzc3ODQyOnJlZnMvdGFncy92MS4y",
            "8080/api/v3/repos/PyGithub/PyGithub/keys",
            "tests/aws/services/stepfunctions/v2/test",
            "eyJ2ZXJzaW9uIjozLCJzb3VyY2VzIjpbIl9zcmMv",
        ] {
            assert!(wrong_shape(key.as_bytes()).is_some(), "{key}");
        }
        for pieces in [
            ["wJalrXUtnFEMI/K7MDENG", "/bPxRfiCYEXAMPLEKEY"],
            ["je7MtGbClwBF/2Zp9Utk/", "h3yCo8nvbEXAMPLEKEY"],
            ["wJalrXUtmFEMI/K7MDENG", "/bPxRfiCYzUHqEK8tQ2"],
        ] {
            assert!(wrong_shape(pieces.concat().as_bytes()).is_some());
        }
        assert_eq!(wrong_shape(samples::secret().as_bytes()), None);
    }

    #[test]
    fn at_most_one_random_key_in_a_thousand_is_rejected() {
        const ALPHABET: &[u8; 64] =
            b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
        let mut state = 7_u64;
        let mut rejected = 0;
        for _ in 0..20_000 {
            let key: Vec<u8> = (0..40)
                .map(|_| {
                    state = state
                        .wrapping_mul(6_364_136_223_846_793_005)
                        .wrapping_add(1_442_695_040_888_963_407);
                    ALPHABET[(state >> 58) as usize]
                })
                .collect();
            rejected += usize::from(wrong_shape(&key).is_some());
        }
        assert!(
            rejected <= 20,
            "{rejected} of 20,000 random keys rejected: more than 0.1 %"
        );
    }

    #[test]
    fn patterns_compile() {
        for lazy in [&NAME_BEFORE, &NAME_ON_LINE, &ID_BEFORE] {
            lazy.regex();
        }
    }
}
