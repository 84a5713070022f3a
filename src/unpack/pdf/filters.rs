//! Decodes the streams of PDF documents.

use std::borrow::Cow;
use std::io::{Cursor, Read};

use super::super::budget::Budget;
use super::super::inflate::{self, Inflate};
use super::super::{FIRST, Problem, number};
use super::value;

/// Filters that have a second name in short.
const ASCII_85: [&[u8]; 2] = [b"ASCII85Decode", b"A85"];
const FLATE: [&[u8]; 2] = [b"FlateDecode", b"Fl"];
const ASCII_HEX: [&[u8]; 2] = [b"ASCIIHexDecode", b"AHx"];

/// How much text is decoded in memory.
const MAX_ENCODED: usize = 16 << 20;

/// Filters that are not known here.
const UNKNOWN: [&[u8]; 4] = [b"LZWDecode", b"LZW", b"RunLengthDecode", b"RL"];

/// The content of a stream.
pub(super) fn decode<'a>(
    dictionary: &[u8],
    data: &'a [u8],
    budget: &Budget,
) -> Result<Box<dyn Read + 'a>, Problem> {
    let mut data = Cow::Borrowed(data);
    let mut is_deflated = false;
    for name in names(dictionary) {
        if is_deflated && !name.is_empty() {
            let mut inflated = Vec::new();
            let limit = MAX_ENCODED as u64 + 1;
            Inflate::zlib(&data[..])
                .take(limit)
                .read_to_end(&mut inflated)?;
            budget.spend(inflated.len() as u64)?;
            (data, is_deflated) = (Cow::Owned(inflated), false);
        }
        if [ASCII_85, ASCII_HEX].concat().contains(&name) && data.len() > MAX_ENCODED {
            return Err(Problem::TooMuchMemory);
        }
        if ASCII_85.contains(&name) {
            data = Cow::Owned(ascii_85(&data));
        } else if ASCII_HEX.contains(&name) {
            data = Cow::Owned(hex(&data).0);
        } else if FLATE.contains(&name) {
            is_deflated = true;
        } else if UNKNOWN.contains(&name) {
            let name = String::from_utf8_lossy(name);
            return Err(Problem::UnknownCompression(format!("{name} of PDF")));
        }
    }
    // The filter may be in another object.
    let first = &data[..data.len().min(FIRST)];
    if is_deflated || inflate::is_zlib(first, data.len() < FIRST) {
        return Ok(Box::new(Inflate::zlib(Cursor::new(data))));
    }
    let is_elsewhere = |filter: &[u8]| filter.first().is_some_and(u8::is_ascii_digit);
    if value(dictionary, b"/Filter").is_some_and(is_elsewhere) {
        let filter = "a filter of PDF in another object".to_owned();
        return Err(Problem::UnknownCompression(filter));
    }
    Ok(Box::new(Cursor::new(data)))
}

/// The names of the filters, in the order in which they are applied.
fn names(dictionary: &[u8]) -> impl Iterator<Item = &[u8]> {
    let list = value(dictionary, b"/Filter").unwrap_or_default();
    let end = |byte: &u8| matches!(byte, b']' | b'>' | b'<');
    let list = match list.first() {
        Some(b'[') => &list[1..],
        // One name: what follows it is the next key.
        Some(b'/') => {
            let len = list[1..]
                .iter()
                .position(|byte| !byte.is_ascii_alphanumeric());
            &list[..len.map_or(list.len(), |len| 1 + len)]
        }
        _ => b"",
    };
    let list = list.split(end).next().unwrap_or_default();
    list.split(|&byte| byte == b'/').map(<[u8]>::trim_ascii)
}

/// A dictionary without comments, and with the names that `#` and hex digits spell; what comments
/// may be strings, so the original follows.
pub(super) fn plain(dictionary: &[u8]) -> Cow<'_, [u8]> {
    if memchr::memchr2(b'#', b'%', dictionary).is_none() {
        return Cow::Borrowed(dictionary);
    }
    let mut plain = Vec::new();
    let mut rest = dictionary;
    while let Some((&byte, after)) = rest.split_first() {
        let escape = after.get(..2).filter(|_| byte == b'#');
        let escape = escape.and_then(|digits| number::ascii(digits, 16));
        rest = match (byte, escape.and_then(|code| u8::try_from(code).ok())) {
            (b'%', _) => {
                let is_end = |byte: &u8| matches!(byte, b'\r' | b'\n');
                &after[after.iter().position(is_end).unwrap_or(after.len())..]
            }
            (_, Some(code)) => {
                plain.push(code);
                &after[2..]
            }
            _ => {
                plain.push(byte);
                after
            }
        };
    }
    plain.push(b'\n');
    plain.extend_from_slice(dictionary);
    Cow::Owned(plain)
}

/// What was done to the rows of a content before it was deflated.
pub(super) struct Predictor {
    kind: u64,
    /// Bytes of a pixel and of a row.
    pixel: usize,
    row: usize,
}

impl Predictor {
    /// The predictor of a stream; `None` if it has none.
    pub(super) fn of(dictionary: &[u8]) -> Option<Self> {
        let field = |key: &[u8]| {
            let is_digit = |byte: &u8| byte.is_ascii_digit();
            let digits = value(dictionary, key)?.split(|byte| !is_digit(byte));
            number::ascii(digits.into_iter().next()?, 10)
        };
        let kind = field(b"/Predictor").filter(|kind| *kind > 1)?;
        let number = |key: &[u8], default| field(key).unwrap_or(default).min(1 << 16);
        let pixel = number(b"/Colors", 1) * number(b"/BitsPerComponent", 8);
        let row = pixel * number(b"/Columns", 1);
        Some(Self {
            kind,
            pixel: number::index(pixel.div_ceil(8)).max(1),
            row: number::index(row.div_ceil(8)).max(1),
        })
    }

    /// Undoes it, if it is one of PNG; `false` if not.
    pub(super) fn undo(&self, content: &mut Vec<u8>) -> bool {
        if self.kind < 10 {
            return false;
        }
        let mut done: Vec<u8> = Vec::with_capacity(content.len());
        for row in content.chunks(self.row.saturating_add(1)) {
            let start = done.len();
            for (at, &byte) in row[1..].iter().enumerate() {
                let get = |from: Option<usize>| from.map_or(0, |from| done[from]);
                let is_first = at < self.pixel;
                let left = get((!is_first).then(|| start + at - self.pixel));
                let up = get((start + at).checked_sub(self.row));
                let corner = (start + at).checked_sub(self.row + self.pixel);
                let corner = get(corner.filter(|_| !is_first));
                let guess = match row[0] {
                    1 => left,
                    2 => up,
                    3 => left.midpoint(up),
                    4 => paeth(left, up, corner),
                    _ => 0,
                };
                done.push(byte.wrapping_add(guess));
            }
        }
        *content = done;
        true
    }
}

/// The neighbour of a byte that is nearest to their sum (RFC 2083, section 6.6).
fn paeth(left: u8, up: u8, corner: u8) -> u8 {
    let sum = i16::from(left) + i16::from(up) - i16::from(corner);
    let distance = |byte: u8| sum.abs_diff(i16::from(byte));
    match (distance(left), distance(up), distance(corner)) {
        (a, b, c) if a <= b && a <= c => left,
        (_, b, c) if b <= c => up,
        _ => corner,
    }
}

/// Decodes five characters to four bytes, up to `~>`.
fn ascii_85(text: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(text.len() / 5 * 4);
    let (mut group, mut count) = (0u32, 0);
    for &byte in text {
        match byte {
            b'!'..=b'u' => {
                group = group.wrapping_mul(85).wrapping_add(u32::from(byte - b'!'));
                count += 1;
                if count == 5 {
                    bytes.extend_from_slice(&group.to_be_bytes());
                    (group, count) = (0, 0);
                }
            }
            b'z' if count == 0 => bytes.extend_from_slice(&[0; 4]),
            b'~' => break,
            _ => {}
        }
    }
    if count > 1 {
        for _ in count..5 {
            group = group.wrapping_mul(85).wrapping_add(84);
        }
        bytes.extend_from_slice(&group.to_be_bytes()[..count - 1]);
    }
    bytes
}

/// Decodes digits up to `>`, and returns how many characters it read.
pub(super) fn hex(text: &[u8]) -> (Vec<u8>, usize) {
    let end = memchr::memchr(b'>', text).unwrap_or(text.len());
    let digits = text[..end]
        .iter()
        .filter_map(|&byte| char::from(byte).to_digit(16));
    let digits: Vec<_> = digits
        .filter_map(|digit| u8::try_from(digit).ok())
        .collect();
    let byte = |pair: &[u8]| pair[0] << 4 | pair.get(1).unwrap_or(&0);
    (digits.chunks(2).map(byte).collect(), end)
}
