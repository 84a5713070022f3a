//! Builds archives in code, since the programs that write them are missing on some machines.

use std::io::Write as _;

use flate2::write::{DeflateEncoder, GzEncoder, ZlibEncoder};
use flate2::{Compression, GzBuilder};

/// A compressed file that stores no name.
pub(crate) fn gzip(content: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(content).unwrap();
    encoder.finish().unwrap()
}

/// A compressed file that stores its name.
pub(crate) fn named_gzip(name: &str, content: &[u8]) -> Vec<u8> {
    let builder = GzBuilder::new().filename(name);
    let mut encoder = builder.write(Vec::new(), Compression::fast());
    encoder.write_all(content).unwrap();
    encoder.finish().unwrap()
}

/// A stream with the header and checksum of zlib.
pub(crate) fn zlib(content: &[u8]) -> Vec<u8> {
    let mut encoder = ZlibEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(content).unwrap();
    encoder.finish().unwrap()
}

/// A tar in the format ustar.
pub(crate) fn tar(entries: &[(&str, &[u8])]) -> Vec<u8> {
    let mut out: Vec<u8> = entries
        .iter()
        .flat_map(|(name, content)| tar_entry(name, '0', content))
        .collect();
    out.resize(out.len() + 1024, 0);
    out
}

/// A header of tar of this kind, and what follows it.
pub(crate) fn tar_entry(name: &str, kind: char, content: &[u8]) -> Vec<u8> {
    let mut out = vec![0; 512];
    let mut put = |at: usize, text: &str| {
        out[at..at + text.len()].copy_from_slice(text.as_bytes());
    };
    put(0, name);
    put(100, "0000644\0");
    put(108, "0000000\0");
    put(116, "0000000\0");
    put(124, &format!("{:011o}\0", content.len()));
    put(136, "00000000000\0");
    put(148, "        ");
    put(156, kind.encode_utf8(&mut [0; 4]));
    put(257, "ustar\x0000");
    let sum: u32 = out.iter().map(|&byte| u32::from(byte)).sum();
    out[148..156].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
    out.extend_from_slice(content);
    out.resize(out.len().next_multiple_of(512), 0);
    out
}

/// A zip of deflated entries.
pub(crate) fn zip(entries: &[(&str, &[u8])]) -> Vec<u8> {
    zip_as(Method::Deflated, entries)
}

/// A zip of entries that are all written in one way.
pub(crate) fn zip_as(method: Method, entries: &[(&str, &[u8])]) -> Vec<u8> {
    let entries = entries.iter().map(|(name, content)| Entry {
        name,
        content,
        method,
    });
    zip_of(&entries.collect::<Vec<_>>())
}

/// How an entry of a zip is written.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Method {
    Deflated,
    Stored,
    /// It is said to be encrypted.
    Encrypted,
    /// Its sizes follow its content, as programs write them that cannot seek.
    Streamed,
    /// Its sizes and its offset are those of zip64.
    Large,
}

/// An entry of a zip.
pub(crate) struct Entry<'a> {
    pub(crate) name: &'a str,
    pub(crate) content: &'a [u8],
    pub(crate) method: Method,
}

/// A field of 32 bits whose value is in a record of zip64.
const IN_ZIP64: u32 = u32::MAX;

impl Entry<'_> {
    /// The fields that both headers have, from the version that is needed to the extra field.
    fn fields(&self, [sum, packed, size]: [u32; 3], extra: usize) -> Vec<u8> {
        let flags = match self.method {
            Method::Encrypted => 1,
            Method::Streamed => 8,
            Method::Deflated | Method::Stored | Method::Large => 0,
        };
        let method = if self.method == Method::Stored { 0 } else { 8 };
        // The last two are the time.
        let mut fields = words([20, flags, method, 0, 0x21]);
        for number in [sum, packed, size] {
            fields.extend(number.to_le_bytes());
        }
        fields.extend(words([self.name.len() as u16, extra as u16]));
        fields
    }

    /// Appends the local header and the content to `out`, and the header of the central directory
    /// to `directory`.
    fn write(&self, out: &mut Vec<u8>, directory: &mut Vec<u8>) {
        let packed = match self.method {
            Method::Stored => self.content.to_vec(),
            _ => deflate(self.content),
        };
        let sum = crc32fast::hash(self.content);
        let known = [sum, size(packed.len()), size(self.content.len())];
        let large = [sum, IN_ZIP64, IN_ZIP64];
        let is_large = self.method == Method::Large;
        let (local, central) = match self.method {
            Method::Streamed => ([0; 3], known),
            Method::Large => (large, large),
            Method::Deflated | Method::Stored | Method::Encrypted => (known, known),
        };
        let at = out.len();
        let sizes = [self.content.len(), packed.len(), at];
        let extra = |count: u16| {
            let values = sizes[..usize::from(count)].iter();
            let values = values.flat_map(|&value| (value as u64).to_le_bytes());
            let field: Vec<u8> = words([1, 8 * count]).into_iter().chain(values).collect();
            if is_large { field } else { Vec::new() }
        };
        let (two, three) = (extra(2), extra(3));
        out.extend_from_slice(b"PK\x03\x04");
        out.extend(self.fields(local, two.len()));
        out.extend_from_slice(self.name.as_bytes());
        out.extend(two);
        out.extend(packed);
        if self.method == Method::Streamed {
            out.extend_from_slice(b"PK\x07\x08");
            out.extend(known.iter().flat_map(|number| number.to_le_bytes()));
        }
        directory.extend_from_slice(b"PK\x01\x02\x14\0");
        directory.extend(self.fields(central, three.len()));
        directory.extend_from_slice(&[0; 10]);
        directory.extend(if is_large { IN_ZIP64 } else { size(at) }.to_le_bytes());
        directory.extend_from_slice(self.name.as_bytes());
        directory.extend(three);
    }
}

/// A zip of such entries.
pub(crate) fn zip_of(entries: &[Entry<'_>]) -> Vec<u8> {
    let (mut out, mut directory) = (Vec::new(), Vec::new());
    for entry in entries {
        entry.write(&mut out, &mut directory);
    }
    let (start, len) = (out.len(), directory.len());
    out.extend(directory);
    let is_large = entries.iter().any(|entry| entry.method == Method::Large);
    if is_large {
        let end = out.len() as u64;
        out.extend_from_slice(b"PK\x06\x06\x2c\0\0\0\0\0\0\0\x2d\0\x2d\0");
        out.extend_from_slice(&[0; 8]);
        let count = entries.len();
        for number in [count, count, len, start] {
            out.extend((number as u64).to_le_bytes());
        }
        out.extend_from_slice(b"PK\x06\x07\0\0\0\0");
        out.extend(end.to_le_bytes());
        out.extend(1_u32.to_le_bytes());
    }
    let count = if is_large {
        u16::MAX
    } else {
        entries.len() as u16
    };
    out.extend_from_slice(b"PK\x05\x06\0\0\0\0");
    out.extend(words([count, count]));
    for number in [len, start] {
        out.extend(if is_large { IN_ZIP64 } else { size(number) }.to_le_bytes());
    }
    out.extend_from_slice(&[0; 2]);
    out
}

fn deflate(content: &[u8]) -> Vec<u8> {
    let mut encoder = DeflateEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(content).unwrap();
    encoder.finish().unwrap()
}

fn words<const N: usize>(words: [u16; N]) -> Vec<u8> {
    words.into_iter().flat_map(u16::to_le_bytes).collect()
}

fn size(len: usize) -> u32 {
    u32::try_from(len).unwrap()
}
