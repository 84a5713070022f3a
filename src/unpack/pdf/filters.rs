//! Decodes the streams of PDF documents.

use std::borrow::Cow;
use std::io::{Cursor, Read};

use super::super::inflate::{self, Inflate};
use super::super::{FIRST, Problem};
use super::value;

/// Filters that have a second name in short.
const ASCII_85: [&[u8]; 2] = [b"ASCII85Decode", b"A85"];
const FLATE: [&[u8]; 2] = [b"FlateDecode", b"Fl"];
const ASCII_HEX: [&[u8]; 2] = [b"ASCIIHexDecode", b"AHx"];

/// How much text is decoded in memory.
const MAX_ENCODED: usize = 32 << 20;

/// Filters that are not known here.
const UNKNOWN: [&[u8]; 4] = [b"LZWDecode", b"LZW", b"RunLengthDecode", b"RL"];

/// The content of a stream.
pub(super) fn decode<'a>(dictionary: &[u8], data: &'a [u8]) -> Result<Box<dyn Read + 'a>, Problem> {
    let mut data = Cow::Borrowed(data);
    let mut is_deflated = false;
    for name in names(dictionary) {
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
