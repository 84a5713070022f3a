//! Unpacks lzma files, the predecessor of xz, and the streams in zip archives.

use std::io::{self, Read};

use lzma_rust2::{LzmaReader, lzma_get_memory_usage_by_props};

use super::peek::Peek;
use super::walk::Walk;
use super::{FIRST, Problem, number};

/// The size of a dictionary that is enough for the first bytes.
const SAMPLE_DICTIONARY: u32 = 1 << 16;

/// The header of lzma has no magic number, so its fields have to be those that programs write, and
/// what follows has to decode.
pub(super) fn is_lzma(first: &[u8]) -> bool {
    let (Some(&props), Some(dictionary), Some(size), Some(0)) = (
        first.first(),
        number::little::<4>(first, 1),
        number::little::<8>(first, 5),
        first.get(13),
    ) else {
        return false;
    };
    let (context_bits, position_bits) = (props % 9, props / 9 % 5);
    // Programs write a power of two, or one and a half of it; they read the largest number as well.
    let lowest_bit = 1 << dictionary.trailing_zeros().min(31);
    let is_dictionary = dictionary == u64::from(u32::MAX)
        || dictionary > 0 && matches!(dictionary / lowest_bit, 1 | 3);
    let is_size = size == u64::MAX || size < 1 << 38;
    if props >= 225 || context_bits + position_bits > 4 || !is_dictionary || !is_size {
        return false;
    }
    // A decoder takes no dictionary of the largest size. A few bytes need none.
    let mut sample = first.to_vec();
    sample[1..5].copy_from_slice(&SAMPLE_DICTIONARY.to_le_bytes());
    let Ok(content) = LzmaReader::new_mem_limit(&sample[..], u32::MAX, None) else {
        return false;
    };
    match io::copy(&mut content.take(1 << 16), &mut io::sink()) {
        Ok(len) => len > 0,
        Err(error) => first.len() == FIRST && error.kind() == io::ErrorKind::UnexpectedEof,
    }
}

pub(super) fn read(input: Peek<'_>, walk: &mut Walk<'_>) -> Result<(), Problem> {
    let window = walk.budget().window();
    let mut content = LzmaReader::new_mem_limit(input, number::kib(window.len), None)?;
    walk.decoded(b"", &mut content)?;
    let (rest, unused) = content.into_parts();
    walk.rest(Peek::new(&mut unused.chain(rest)))
}

/// A stream without a header, with at most `memory` bytes.
pub(super) fn raw<'a>(
    input: Peek<'a>,
    size: Option<u64>,
    (props, dictionary): (u8, u32),
    memory: u64,
) -> io::Result<Box<dyn Read + 'a>> {
    if lzma_get_memory_usage_by_props(dictionary, props)? > number::kib(memory) {
        return Err(Problem::TooMuchMemory.into());
    }
    let size = size.unwrap_or(u64::MAX);
    let content = LzmaReader::new_with_props(input, size, props, dictionary, None)?;
    Ok(Box::new(content))
}
