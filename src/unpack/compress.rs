//! Unpacks compressed files: gzip, zlib, bzip2, xz and zstd.

use std::io::{self, BufRead, Read};

use bzip2::bufread::BzDecoder;
use flate2::bufread::GzDecoder;
use lzma_rust2::XzReader;
use ruzstd::decoding::StreamingDecoder;
use ruzstd::decoding::errors::FrameDecoderError;

use super::budget::Budget;
use super::peek::Peek;
use super::walk::Walk;
use super::{FIRST, Problem, inflate, lzma, number};

/// The longest beginning of a member that decides what it is.
const MAX_MAGIC: usize = 10;

/// A decoder of one member of a compressed file.
trait Decoder<'a>: Read + Sized {
    /// What it costs to begin a member, as the number of bytes that take as long to decode.
    const COST: u64;

    /// Whether a member begins like this.
    fn is(first: &[u8]) -> bool;

    /// A decoder that uses at most `memory` bytes.
    fn open(input: Peek<'a>, memory: u64) -> io::Result<Self>;

    /// What follows the member, once it was read to its end.
    fn close(self) -> Peek<'a>;
}

/// The content of a file of several members, which are one content: `cat a.gz b.gz`.
struct Members<'a, 'b, D> {
    decoder: Option<D>,
    rest: Option<Peek<'a>>,
    memory: u64,
    budget: &'b Budget,
}

impl<'a, D: Decoder<'a>> Read for Members<'a, '_, D> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        loop {
            if let Some(decoder) = &mut self.decoder {
                let len = decoder.read(buf)?;
                if len > 0 || buf.is_empty() {
                    return Ok(len);
                }
                self.rest = self.decoder.take().map(D::close);
            }
            let next = self.rest.take_if(|rest| D::is(rest.peek(MAX_MAGIC)));
            let Some(next) = next else {
                return Ok(0);
            };
            self.budget.spend(D::COST)?;
            self.decoder = Some(D::open(next, self.memory)?);
        }
    }
}

/// Takes the content of a file that begins with the member `first`, and what follows it.
fn unpack<'a, D: Decoder<'a>>(
    name: &[u8],
    first: D,
    memory: u64,
    walk: &mut Walk<'_>,
) -> Result<(), Problem> {
    let mut members = Members {
        decoder: Some(first),
        rest: None,
        memory,
        budget: walk.budget(),
    };
    walk.decoded(name, &mut members)?;
    members.rest.map_or(Ok(()), |rest| walk.rest(rest))
}

pub(super) fn is_gzip(first: &[u8]) -> bool {
    // The upper bits of the flags are reserved (RFC 1952), but many programs ignore them.
    first.starts_with(b"\x1f\x8b\x08")
}

pub(super) fn gzip(input: Peek<'_>, walk: &mut Walk<'_>) -> Result<(), Problem> {
    let decoder = GzDecoder::open(input, 0)?;
    let header = decoder.header();
    let name = header.and_then(|header| header.filename());
    let name = name.unwrap_or_default().to_vec();
    unpack(&name, decoder, 0, walk)
}

impl<'a> Decoder<'a> for GzDecoder<Peek<'a>> {
    const COST: u64 = 1 << 10;

    fn is(first: &[u8]) -> bool {
        is_gzip(first)
    }

    fn open(input: Peek<'a>, _: u64) -> io::Result<Self> {
        Ok(Self::new(input))
    }

    fn close(self) -> Peek<'a> {
        self.into_inner()
    }
}

pub(super) fn is_bzip2(first: &[u8]) -> bool {
    let [b'B', b'Z', b'h', b'1'..=b'9', blocks @ ..] = first else {
        return false;
    };
    // The first block, or the end.
    blocks.starts_with(b"1AY&SY") || blocks.starts_with(b"\x17rE8P\x90")
}

pub(super) fn bzip2(input: Peek<'_>, walk: &mut Walk<'_>) -> Result<(), Problem> {
    unpack(b"", BzDecoder::open(input, 0)?, 0, walk)
}

impl<'a> Decoder<'a> for BzDecoder<Peek<'a>> {
    const COST: u64 = 1 << 15;

    fn is(first: &[u8]) -> bool {
        is_bzip2(first)
    }

    fn open(input: Peek<'a>, _: u64) -> io::Result<Self> {
        Ok(Self::new(input))
    }

    fn close(self) -> Peek<'a> {
        self.into_inner()
    }
}

pub(super) fn is_xz(first: &[u8]) -> bool {
    first.starts_with(b"\xfd7zXZ\0")
}

pub(super) fn xz(input: Peek<'_>, walk: &mut Walk<'_>) -> Result<(), Problem> {
    let window = walk.budget().window();
    unpack(b"", XzReader::open(input, window.len)?, window.len, walk)
}

impl<'a> Decoder<'a> for XzReader<Peek<'a>> {
    const COST: u64 = 1 << 12;

    fn is(first: &[u8]) -> bool {
        is_xz(first)
    }

    fn open(input: Peek<'a>, memory: u64) -> io::Result<Self> {
        Ok(Self::new_mem_limit(input, false, number::kib(memory)))
    }

    fn close(self) -> Peek<'a> {
        self.into_inner()
    }
}

pub(super) fn is_zstd(first: &[u8]) -> bool {
    first.starts_with(b"\x28\xb5\x2f\xfd") || is_skippable(first)
}

/// A frame that is not compressed, for the data of other programs.
fn is_skippable(first: &[u8]) -> bool {
    matches!(first, [0x50..=0x5f, 0x2a, 0x4d, 0x18, ..])
}

pub(super) fn zstd(input: Peek<'_>, walk: &mut Walk<'_>) -> Result<(), Problem> {
    let window = walk.budget().window();
    unpack(b"", Zstd::open(input, window.len)?, window.len, walk)
}

/// A frame of zstd.
enum Zstd<'a> {
    Frame(Box<StreamingDecoder<Peek<'a>, ruzstd::decoding::FrameDecoder>>),
    Skippable(io::Take<Peek<'a>>),
}

impl<'a> Decoder<'a> for Zstd<'a> {
    const COST: u64 = 1 << 12;

    fn is(first: &[u8]) -> bool {
        is_zstd(first)
    }

    fn open(mut input: Peek<'a>, memory: u64) -> io::Result<Self> {
        let first = input.peek(8);
        if is_skippable(first) {
            let len = number::little::<4>(first, 4).ok_or(Problem::Truncated)?;
            input.consume(8);
            return Ok(Self::Skippable(input.take(len)));
        }
        let decoder = StreamingDecoder::new_with_max_window_size(input, memory);
        let decoder = decoder.map_err(|error| match error {
            FrameDecoderError::WindowSizeTooBig { .. } => Problem::TooMuchMemory.into(),
            error => io::Error::other(error),
        })?;
        Ok(Self::Frame(Box::new(decoder)))
    }

    fn close(self) -> Peek<'a> {
        match self {
            Self::Frame(decoder) => decoder.into_inner(),
            Self::Skippable(content) => content.into_inner(),
        }
    }
}

impl Read for Zstd<'_> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::Frame(decoder) => decoder.read(buf),
            Self::Skippable(content) => content.read(buf),
        }
    }
}

/// The content of an entry of a zip archive that is compressed with a `method`, and has this `size`
/// if it is known, with at most `memory` bytes. `None` if the method is not known here.
pub(super) fn method<'a>(
    method: u16,
    mut input: Peek<'a>,
    size: Option<u64>,
    (memory, budget): (u64, &'a Budget),
) -> Option<io::Result<Box<dyn Read + 'a>>> {
    match method {
        12 => Some(members::<BzDecoder<_>>(input, memory, budget)),
        14 => {
            let header = input.peek(9);
            let (props, dictionary) = (*header.get(4)?, number::little::<4>(header, 5)?);
            input.consume(9);
            let dictionary = u32::try_from(dictionary).unwrap_or(u32::MAX);
            Some(lzma::raw(input, size, (props, dictionary), memory))
        }
        // The older number of zstd is 20.
        20 | 93 => Some(members::<Zstd<'_>>(input, memory, budget)),
        95 => Some(members::<XzReader<_>>(input, memory, budget)),
        _ => None,
    }
}

fn members<'a, D: Decoder<'a> + 'a>(
    input: Peek<'a>,
    memory: u64,
    budget: &'a Budget,
) -> io::Result<Box<dyn Read + 'a>> {
    Ok(Box::new(Members {
        decoder: Some(D::open(input, memory)?),
        rest: None,
        memory,
        budget,
    }))
}

pub(super) fn is_zlib(first: &[u8]) -> bool {
    inflate::is_zlib(first, first.len() < FIRST)
}

pub(super) fn zlib(input: Peek<'_>, walk: &mut Walk<'_>) -> Result<(), Problem> {
    let mut content = inflate::Inflate::zlib(input);
    walk.decoded(b"", &mut content)?;
    walk.rest(content.into_inner())
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use bzip2::write::BzEncoder;

    use super::super::samples::{assert_entries, base64, found, gz, problem, zlib};
    use super::super::{Problem, is_container};

    const TEXT: &[u8] = b"name = value\n";

    fn bz(content: &[u8]) -> Vec<u8> {
        let mut encoder = BzEncoder::new(Vec::new(), bzip2::Compression::fast());
        encoder.write_all(content).unwrap();
        encoder.finish().unwrap()
    }

    fn xz() -> Vec<u8> {
        base64(
            "/Td6WFoAAATm1rRGAgAhARYAAAB0L+WjAQAMbmFtZSA9IHZhbHVlCgAAAAC2nyRsTzhRywABJQ1xGcS2H7bz\
             fQEAAAAABFla",
        )
    }

    fn lzma() -> Vec<u8> {
        base64("XQAAgAD//////////wA3GEn9+d2Kwpo0ueTHNyFqiT//6acAAA==")
    }

    fn zstd() -> Vec<u8> {
        base64("KLUv/QRYaQAAbmFtZSA9IHZhbHVlCsIfAYI=")
    }

    #[test]
    fn each_compression() {
        for packed in [gz(TEXT), zlib(TEXT), bz(TEXT), xz(), lzma(), zstd()] {
            assert_entries(&packed, &[("content", TEXT)]);
        }
    }

    #[test]
    fn members_are_one_content_and_what_follows_is_another() {
        let twice = TEXT.repeat(2);
        for packed in [gz(TEXT), bz(TEXT), xz(), zstd()] {
            assert_entries(&packed.repeat(2), &[("content", &twice)]);
            assert_entries(
                &[&packed[..], b"\0\0behind"].concat(),
                &[("content", TEXT), ("content", b"behind")],
            );
        }
        let skippable = [&b"\x50\x2a\x4d\x18\x05\0\0\0extra"[..], &zstd()].concat();
        assert_entries(&skippable, &[("content", &[b"extra", TEXT].concat())]);
    }

    #[test]
    fn a_truncated_file_is_read_up_to_there() {
        for packed in [gz(TEXT), bz(TEXT), xz(), zstd()] {
            let cut = &packed[..packed.len() - 3];
            assert_eq!(problem(cut), (String::new(), Problem::Truncated));
        }
        let found = found(&gz(TEXT)[..gz(TEXT).len() - 3]);
        assert_eq!(found.entries, [("content".to_owned(), TEXT.to_vec())]);
    }

    #[test]
    fn members_without_content_are_work() {
        let found = found(&bz(b"").repeat(3000));
        assert_eq!(found.entries, [("content".to_owned(), vec![])]);
        let too_dense = Problem::TooDense { limit: 250 };
        assert_eq!(found.problems, [(String::new(), too_dense)]);
    }

    #[test]
    fn dictionaries_that_programs_read_but_do_not_write() {
        let mut packed = lzma();
        for dictionary in [1_u32, 1 << 10, 3 << 9] {
            packed[1..5].copy_from_slice(&dictionary.to_le_bytes());
            assert_entries(&packed, &[("content", TEXT)]);
        }
        packed[1..5].fill(0xff);
        assert!(is_container(&packed));
        assert_eq!(found(&packed).problems.len(), 1);
    }

    #[test]
    fn the_name_in_a_header_is_shown() {
        let mut packed = gz(TEXT);
        packed[3] = 8;
        packed.splice(10..10, *b"a.conf\0");
        assert_entries(&packed, &[("a.conf", TEXT)]);
    }

    #[test]
    fn weak_magic_numbers_alone_are_no_container() {
        let lzma = lzma();
        assert!(is_container(&lzma) && is_container(&zlib(TEXT)));
        for text in [
            &b"x\x9c is not compressed"[..],
            &zlib(TEXT)[..9],
            &lzma[..20],
        ] {
            assert!(!is_container(text), "{text:?}");
        }
    }
}
