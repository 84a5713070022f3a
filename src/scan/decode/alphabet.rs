//! Defines base64, base32 (RFC 4648) and hex: what their digits are, and what these encode.

use super::wide::is_text;

/// The shortest encoded text that is decoded, in digits.
const MIN_DIGITS: usize = 40;

/// How many bytes at the start decide whether digits encode text.
const HEAD: usize = 12;

/// The same for few digits of many bytes: words of prose and digests are digits too.
const LONG_HEAD: usize = 16;

/// An encoding of bytes as digits.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Alphabet {
    /// Its name in reports.
    pub(super) name: &'static str,
    /// How many bits a digit encodes.
    pub(super) bits: usize,
    /// For each byte the value of that digit, or [`NONE`].
    values: [u8; 256],
}

/// The value of a byte that is no digit.
const NONE: u8 = 0xff;

pub(super) static BASE64: Alphabet = Alphabet::new(
    "base64",
    6,
    b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/",
);
pub(super) static URL_SAFE: Alphabet = Alphabet::new(
    "base64",
    6,
    b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_",
);
static BASE32: Alphabet = Alphabet::new("base32", 5, b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567");
pub(super) static HEX: Alphabet = Alphabet::new("hex", 4, b"0123456789abcdef").in_any_case();

impl Alphabet {
    const fn new(name: &'static str, bits: usize, digits: &[u8]) -> Self {
        let mut values = [NONE; 256];
        let mut value = 0;
        while value < digits.len() {
            values[digits[value] as usize] = value as u8;
            value += 1;
        }
        Self { name, bits, values }
    }

    const fn in_any_case(mut self) -> Self {
        let mut byte = b'a';
        while byte <= b'z' {
            self.values[byte.to_ascii_uppercase() as usize] = self.values[byte as usize];
            byte += 1;
        }
        self
    }

    /// Whether `byte` is a digit.
    pub(super) const fn has(&self, byte: u8) -> bool {
        self.values[byte as usize] != NONE
    }

    /// The bytes that `digits` encode, without surplus bits at the end.
    pub(super) fn decode<'d>(&'d self, digits: &'d [u8]) -> impl Iterator<Item = u8> + 'd {
        let (mut bits, mut count) = (0_u32, 0);
        digits.iter().filter_map(move |&digit| {
            bits = bits << self.bits | u32::from(self.values[usize::from(digit)]);
            count += self.bits;
            count.checked_sub(8).map(|rest| {
                count = rest;
                (bits >> rest & 0xff) as u8
            })
        })
    }

    /// Where the digits of the byte with this index begin.
    pub(super) const fn digit_of(&self, index: usize) -> usize {
        index * 8 / self.bits
    }

    /// How many digits `bytes` begins with.
    pub(super) fn count(&self, bytes: &[u8]) -> usize {
        bytes.iter().take_while(|&&byte| self.has(byte)).count()
    }
}

/// The encoding of a text or of something compressed that `digits` begins with, if `base64` is what
/// long digits are.
pub(super) fn of_text(digits: &[u8], base64: &'static Alphabet) -> Option<&'static Alphabet> {
    let digits = digits.get(..MIN_DIGITS)?;
    let begins_with_text = |alphabet: &&&Alphabet| {
        alphabet.count(digits) == MIN_DIGITS && alphabet.decode(digits).take(LONG_HEAD).all(is_text)
    };
    let is_base64 = || {
        (is_compressed(digits) || begins_like_text(base64, digits))
            && base64.count(digits) == MIN_DIGITS
    };
    let rarer = [&HEX, &BASE32];
    let rarer = rarer.iter().find(begins_with_text).copied();
    rarer.or_else(|| is_base64().then_some(base64))
}

/// Whether `digits` in base64 begin like a stream of gzip or zlib (RFC 1952 and 1950): `1f 8b 08`,
/// or `78` and one of the four levels.
fn is_compressed(digits: &[u8]) -> bool {
    matches!(
        digits,
        [b'H', b'4', b's', b'I', ..]
            | [b'e', b'A', b'E'..=b'H', ..]
            | [b'e', b'F', b'4'..=b'7', ..]
            | [b'e', b'J', b'w'..=b'z', ..]
            | [b'e', b'N', b'o'..=b'r', ..]
    )
}

/// Whether the first bytes that `digits` encode are text, in ASCII, UTF-8 or UTF-16. Random bytes
/// seldom are.
fn begins_like_text(alphabet: &Alphabet, digits: &[u8]) -> bool {
    let mut head = [0; HEAD];
    for (to, byte) in head.iter_mut().zip(alphabet.decode(digits)) {
        // Neither ASCII nor in UTF-8 or a mark of UTF-16.
        if !is_text(byte) && !matches!(byte, 0 | 0x80..) {
            return false;
        }
        *to = byte;
    }
    let printable = head.iter().filter(|&&byte| is_text(byte)).count();
    let is_wide = printable >= 5
        && head
            .iter()
            .all(|&byte| is_text(byte) || matches!(byte, 0 | 0xfe | 0xff));
    printable == head.len() || is_wide || (printable >= 4 && is_utf8_so_far(&head))
}

/// Whether `head` is UTF-8 without control characters. Its end may cut a character.
fn is_utf8_so_far(head: &[u8]) -> bool {
    let valid = match std::str::from_utf8(head) {
        Ok(text) => text,
        Err(error) if error.error_len().is_none() => {
            std::str::from_utf8(&head[..error.valid_up_to()]).unwrap_or_default()
        }
        Err(_) => return false,
    };
    valid
        .chars()
        .all(|c| !c.is_control() || matches!(c, '\t' | '\r' | '\n'))
}
