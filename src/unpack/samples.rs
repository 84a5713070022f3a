//! Builds containers for the tests.

use std::io::{self, Read, Write};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bstr::BStr;
use flate2::Compression;
use flate2::read::GzDecoder;
use flate2::write::{DeflateEncoder, GzEncoder, ZlibEncoder};

use super::{Limits, Problem, Sink, unpack};

/// What a container unpacks to.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Found {
    pub(super) entries: Vec<(String, Vec<u8>)>,
    pub(super) problems: Vec<(String, Problem)>,
}

impl Sink for Found {
    fn entry(&mut self, path: &BStr, content: &mut dyn Read) -> io::Result<()> {
        let mut bytes = Vec::new();
        let result = content.read_to_end(&mut bytes);
        self.entries.push((path.to_string(), bytes));
        result.map(drop)
    }

    fn problem(&mut self, path: &BStr, problem: Problem) {
        self.problems.push((path.to_string(), problem));
    }
}

pub(super) fn found(container: &[u8]) -> Found {
    let mut found = Found::default();
    unpack(container, &Limits::default(), &mut found);
    found
}

/// The only problem of a container.
#[track_caller]
pub(super) fn problem(container: &[u8]) -> (String, Problem) {
    let mut found = found(container);
    assert_eq!(found.problems.len(), 1, "{found:?}");
    found.problems.remove(0)
}

/// A container that has no problem has exactly these entries.
#[track_caller]
pub(super) fn assert_entries(container: &[u8], expected: &[(&str, &[u8])]) {
    let found = found(container);
    assert_eq!(found.problems, []);
    let entries = found.entries.iter();
    let entries: Vec<_> = entries
        .map(|(path, bytes)| (path.as_str(), &bytes[..]))
        .collect();
    assert_eq!(entries, expected);
}

pub(super) fn base64(text: &str) -> Vec<u8> {
    STANDARD.decode(text).expect("base64")
}

pub(super) fn gz(content: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(content).expect("to memory");
    encoder.finish().expect("to memory")
}

pub(super) fn gunzip(packed: &[u8]) -> Vec<u8> {
    let mut content = Vec::new();
    GzDecoder::new(packed)
        .read_to_end(&mut content)
        .expect("gzip");
    content
}

pub(super) fn zlib(content: &[u8]) -> Vec<u8> {
    let mut encoder = ZlibEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(content).expect("to memory");
    encoder.finish().expect("to memory")
}

pub(super) fn deflate(content: &[u8]) -> Vec<u8> {
    let mut encoder = DeflateEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(content).expect("to memory");
    encoder.finish().expect("to memory")
}

/// A block of a tar archive.
pub(super) fn tar_header(name: &str, kind: u8, size: &[u8]) -> Vec<u8> {
    let mut block = vec![0; 512];
    block[..name.len()].copy_from_slice(name.as_bytes());
    block[124..124 + size.len()].copy_from_slice(size);
    block[156] = kind;
    block[257..265].copy_from_slice(b"ustar\x0000");
    tar_checksum(&mut block);
    block
}

pub(super) fn tar_checksum(block: &mut [u8]) {
    block[148..156].fill(b' ');
    let sum: u32 = block.iter().map(|&byte| u32::from(byte)).sum();
    block[148..155].copy_from_slice(format!("{sum:06o}\0").as_bytes());
}

/// An entry of a tar archive.
pub(super) fn tar_entry(name: &str, kind: u8, content: &[u8]) -> Vec<u8> {
    let size = format!("{:011o}", content.len());
    let mut entry = tar_header(name, kind, size.as_bytes());
    entry.extend_from_slice(content);
    entry.resize(entry.len().next_multiple_of(512), 0);
    entry
}

pub(super) fn tar(entries: &[(&str, &[u8])]) -> Vec<u8> {
    let entries = entries.iter();
    let mut archive: Vec<u8> = entries
        .flat_map(|(name, content)| tar_entry(name, b'0', content))
        .collect();
    archive.resize(archive.len() + 1024, 0);
    archive
}

/// An entry of a zip archive, as its headers describe it.
#[derive(Clone)]
pub(super) struct Zipped<'a> {
    pub(super) name: &'a str,
    pub(super) method: u16,
    pub(super) flags: u16,
    pub(super) size: usize,
    pub(super) data: Vec<u8>,
}

impl<'a> Zipped<'a> {
    pub(super) fn new(name: &'a str, content: &[u8]) -> Self {
        Self {
            name,
            method: 8,
            flags: 0,
            size: content.len(),
            data: deflate(content),
        }
    }

    pub(super) fn stored(name: &'a str, content: &[u8]) -> Self {
        Self {
            method: 0,
            data: content.to_vec(),
            ..Self::new(name, content)
        }
    }

    fn fields(&self, is_streamed: bool) -> Vec<u8> {
        let field = |len: usize| u32::try_from(len).expect("a small archive").to_le_bytes();
        let flags = self.flags | if is_streamed { 8 } else { 0 };
        let sizes = if is_streamed {
            [0; 2]
        } else {
            [self.data.len(), self.size]
        };
        let mut fields = [20, flags, self.method, 0, 0]
            .map(u16::to_le_bytes)
            .concat();
        fields.extend([0; 4]);
        fields.extend(sizes.map(field).concat());
        let name_len = u16::try_from(self.name.len()).expect("a short name");
        fields.extend(name_len.to_le_bytes());
        fields.extend([0; 2]);
        fields
    }

    /// The local header and the content.
    pub(super) fn local(&self) -> Vec<u8> {
        let parts: [&[u8]; 4] = [
            b"PK\x03\x04",
            &self.fields(false),
            self.name.as_bytes(),
            &self.data,
        ];
        parts.concat()
    }

    /// The same with the sizes behind the content.
    pub(super) fn streamed(&self) -> Vec<u8> {
        let parts: [&[u8]; 6] = [
            b"PK\x03\x04",
            &self.fields(true),
            self.name.as_bytes(),
            &self.data,
            b"PK\x07\x08",
            &[0; 12],
        ];
        parts.concat()
    }

    /// The header in the central directory.
    pub(super) fn central(&self, header: usize) -> Vec<u8> {
        let header = u32::try_from(header).expect("a small archive");
        let parts: [&[u8]; 6] = [
            b"PK\x01\x02\x14\0",
            &self.fields(false),
            &[0; 10],
            &header.to_le_bytes(),
            self.name.as_bytes(),
            b"",
        ];
        parts.concat()
    }
}

/// The end of a zip archive whose central directory is the last `len` bytes of `start` bytes.
pub(super) fn zip_end(directory: &[u8], start: usize) -> Vec<u8> {
    let field = |len: usize| u32::try_from(len).expect("a small archive").to_le_bytes();
    let parts: [&[u8]; 5] = [
        b"PK\x05\x06\0\0\0\0\x01\0\x01\0",
        &field(directory.len()),
        &field(start),
        b"\0\0",
        b"",
    ];
    parts.concat()
}

pub(super) fn zip_of(entries: &[Zipped<'_>]) -> Vec<u8> {
    let (mut archive, mut directory) = (Vec::new(), Vec::new());
    for entry in entries {
        directory.extend(entry.central(archive.len()));
        archive.extend(entry.local());
    }
    let end = zip_end(&directory, archive.len());
    [archive, directory, end].concat()
}

pub(super) fn zip(entries: &[(&str, &[u8])]) -> Vec<u8> {
    let entries = entries.iter();
    let entries: Vec<_> = entries
        .map(|(name, content)| Zipped::new(name, content))
        .collect();
    zip_of(&entries)
}
