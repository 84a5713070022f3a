//! Checks secrets of any provider for obvious dummies and word boundaries.

use super::wordy::is_camel_case;
use super::{Candidate, Detail, Verdict};
use crate::rule::words::Words;
use crate::text::Span;

/// Rejects what people write in place of a secret.
pub(super) fn placeholder(candidate: &Candidate<'_>, _: &mut Vec<Detail>) -> Verdict {
    if is_placeholder(candidate.secret()) {
        return Verdict::Reject("an obvious placeholder");
    }
    if is_camel_case(candidate.secret()) {
        return Verdict::Reject("an identifier");
    }
    if is_identity(candidate) {
        return Verdict::Reject("a hash or an id");
    }
    Verdict::Accept
}

/// Whether the name of hexadecimal digits or a UUID says that they are a hash or an id:
/// `GITHUB_SHA`, `HEROKU_APP_ID`.
fn is_identity(candidate: &Candidate<'_>) -> bool {
    const HASHES: [&[u8]; 9] = [
        b"checksum",
        b"commit",
        b"digest",
        b"md5",
        b"rev",
        b"revision",
        b"sha",
        b"sha1",
        b"sha256",
    ];
    const LAST: [&[u8]; 11] = [
        b"blob", b"build", b"etag", b"head", b"id", b"ref", b"release", b"tag", b"tree", b"uuid",
        b"version",
    ];
    const SECRETS: [&[u8]; 5] = [b"key", b"password", b"secret", b"session", b"token"];
    let is_of_identity = |name: Span| {
        let words = Words::new(name.of(candidate.text));
        let is_any = |of: &[&[u8]]| words.iter().any(|word| of.contains(&word));
        let ends_so = words.iter().last().is_some_and(|word| LAST.contains(&word));
        (ends_so || is_any(&HASHES)) && !is_any(&SECRETS)
    };
    let is_hex = |byte: &u8| byte.is_ascii_hexdigit() || *byte == b'-';
    candidate.secret().iter().all(is_hex) && candidate.name.is_some_and(is_of_identity)
}

/// Whether `text` is an obvious dummy. The words are long enough that a random secret of a hundred
/// characters contains one of them less than once in a million.
pub(crate) fn is_placeholder(text: &[u8]) -> bool {
    const WORDS: [&[u8]; 12] = [
        b"example",
        b"placeholder",
        b"changeme",
        b"change_this",
        b"changethis",
        b"redacted",
        b"replace",
        b"yourkey",
        b"your_",
        b"your-",
        b"abcdefghij",
        b"dummy",
    ];
    // MD5, SHA-1 and SHA-256 of nothing.
    const EMPTY: [&[u8]; 3] = [
        b"d41d8cd98f00b204e980",
        b"da39a3ee5e6b4b0d3255",
        b"e3b0c44298fc1c149afb",
    ];
    const DIGITS: [&[u8]; 3] = [b"1234567890", b"0123456789", b"9876543210"];
    let lower = text.to_ascii_lowercase();
    let holds = |word: &&'static [u8]| memchr::memmem::find(&lower, word).is_some();
    longest_repeat(text) >= 8
        || is_periodic(text)
        || WORDS.iter().any(holds)
        || DIGITS.iter().any(holds)
        || EMPTY.iter().any(|digest| lower.starts_with(digest))
}

/// How many characters of each kind a value has.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Classes {
    pub(super) lower: usize,
    pub(super) upper: usize,
    pub(super) digits: usize,
    pub(super) others: usize,
}

impl Classes {
    pub(super) fn of(value: &[u8]) -> Self {
        let mut classes = Self::default();
        for byte in value {
            *match byte {
                b'a'..=b'z' => &mut classes.lower,
                b'A'..=b'Z' => &mut classes.upper,
                b'0'..=b'9' => &mut classes.digits,
                _ => &mut classes.others,
            } += 1;
        }
        classes
    }

    pub(super) const fn letters(self) -> usize {
        self.lower + self.upper
    }

    /// How many kinds there are.
    pub(super) fn count(self) -> usize {
        let all = [self.lower, self.upper, self.digits, self.others];
        all.into_iter().filter(|&count| count > 0).count()
    }
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

/// Whether `text` is the same few bytes again and again. Of random values of 12 hex digits one in
/// ten million is.
fn is_periodic(text: &[u8]) -> bool {
    let mut periods = 1..=text.len() / 2;
    text.len() >= 12 && periods.any(|period| text[period..] == text[..text.len() - period])
}

/// Whether two values have the same length and differ in at most two bytes.
pub(crate) fn is_near(one: &[u8], other: &[u8]) -> bool {
    let differences = one.iter().zip(other).filter(|(a, b)| a != b).count();
    one.len() == other.len() && differences <= 2
}

/// Length of the longest run of one byte.
pub(crate) fn longest_repeat(text: &[u8]) -> usize {
    text.chunk_by(|a, b| a == b)
        .map(<[u8]>::len)
        .max()
        .unwrap_or(0)
}

/// Rejects a candidate that begins or ends in the middle of a word.
pub(super) fn boundary(candidate: &Candidate<'_>, _: &mut Vec<Detail>) -> Verdict {
    let ends_inside = candidate.after(1).iter().any(u8::is_ascii_alphanumeric);
    if starts_inside_word(candidate) || ends_inside {
        return Verdict::Reject("part of a longer word");
    }
    Verdict::Accept
}

/// Whether a letter or digit that is not part of an escape is right before the candidate.
///
/// In `\nAKIA…`, `\u0022AKIA…`, `%3DAKIA…` and `ESC[32mAKIA…` the character before is part of an
/// escape, so the candidate is a word of its own. `\b` of a regular expression would not match
/// there.
pub(crate) fn starts_inside_word(candidate: &Candidate<'_>) -> bool {
    let before = candidate.before(16);
    before.last().is_some_and(u8::is_ascii_alphanumeric) && !ends_in_escape(before)
}

fn ends_in_escape(before: &[u8]) -> bool {
    let hex = |count: usize, lead: &[u8]| {
        let digits = before.len().checked_sub(count);
        digits.is_some_and(|at| {
            before[at..].iter().all(u8::is_ascii_hexdigit) && before[..at].ends_with(lead)
        })
    };
    let letter = matches!(
        before,
        [
            ..,
            b'\\',
            b'n' | b't' | b'r' | b'f' | b'v' | b'b' | b'0' | b'a' | b'e'
        ]
    );
    letter || hex(2, b"%") || hex(2, b"\\x") || hex(4, b"\\u") || ends_in_ansi(before)
}

/// A "select graphic rendition" or an "erase in line" of ECMA-48: ESC, `[`, digits and semicolons,
/// `m` or `K`; ESC is raw or escaped. grep writes both before what it colours.
fn ends_in_ansi(before: &[u8]) -> bool {
    let Some(body) = before
        .strip_suffix(b"m")
        .or_else(|| before.strip_suffix(b"K"))
    else {
        return false;
    };
    let digits = body
        .iter()
        .rev()
        .take_while(|b| b.is_ascii_digit() || **b == b';')
        .count();
    let Some(lead) = body[..body.len() - digits].strip_suffix(b"[") else {
        return false;
    };
    [&b"\x1b"[..], b"\\033", b"\\x1b", b"\\e", b"\\u001b"]
        .iter()
        .any(|escape| lead.ends_with(escape))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escapes_are_boundaries_and_letters_are_not() {
        for (before, inside) in [
            ("x", true),
            ("7", true),
            ("n", true),
            ("32m", true),
            ("", false),
            ("_", false),
            ("-", false),
            ("\\n", false),
            ("\\t", false),
            ("%3D", false),
            ("\\u0022", false),
            ("\\x22", false),
            ("\x1b[32m", false),
            ("\\033[1;32m", false),
        ] {
            let text = format!("{before}SECRET");
            let span = Span::new(before.len(), text.len());
            let candidate = Candidate::new(text.as_bytes(), span);
            assert_eq!(starts_inside_word(&candidate), inside, "{before:?}");
        }
    }

    #[test]
    fn placeholders_are_recognized() {
        for dummy in [
            "xxxxxxxxxxxxxxxx",
            "abcEXAMPLEdef",
            "key1234567890",
            "YOUR_KEY",
            "k3jH8sk3jH8sk3jH",
            "D41D8CD98F00B204E9800998ECF8427E",
        ] {
            assert!(is_placeholder(dummy.as_bytes()), "{dummy}");
        }
        assert!(!is_placeholder(b"k3jH8sLqP0zXv2NnT7"));
    }

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
}
