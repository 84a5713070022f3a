//! Builds archives in code, since the programs that write them are missing on some machines.

use std::io::Write as _;

use flate2::write::{DeflateEncoder, GzEncoder};
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

/// A tar in the format ustar.
pub(crate) fn tar(entries: &[(&str, &[u8])]) -> Vec<u8> {
    let mut out = Vec::new();
    for (name, content) in entries {
        let mut header = [0; 512];
        let mut put = |at: usize, text: &str| {
            header[at..at + text.len()].copy_from_slice(text.as_bytes());
        };
        put(0, name);
        put(100, "0000644\0");
        put(108, "0000000\0");
        put(116, "0000000\0");
        put(124, &format!("{:011o}\0", content.len()));
        put(136, "00000000000\0");
        put(148, "        ");
        put(156, "0");
        put(257, "ustar\x0000");
        let sum: u32 = header.iter().map(|&byte| u32::from(byte)).sum();
        header[148..156].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
        out.extend_from_slice(&header);
        out.extend_from_slice(content);
        out.resize(out.len().next_multiple_of(512), 0);
    }
    out.resize(out.len() + 1024, 0);
    out
}

/// A zip of deflated entries.
pub(crate) fn zip(entries: &[(&str, &[u8])]) -> Vec<u8> {
    let entries = entries.iter().map(|(name, content)| Entry {
        name,
        content,
        is_encrypted: false,
    });
    zip_of(&entries.collect::<Vec<_>>())
}

/// An entry of a zip.
pub(crate) struct Entry<'a> {
    pub(crate) name: &'a str,
    pub(crate) content: &'a [u8],
    /// Whether it is said to be encrypted.
    pub(crate) is_encrypted: bool,
}

/// A zip of such entries.
pub(crate) fn zip_of(entries: &[Entry<'_>]) -> Vec<u8> {
    let (mut out, mut directory) = (Vec::new(), Vec::new());
    let mut count = 0_u16;
    for entry in entries {
        let mut encoder = DeflateEncoder::new(Vec::new(), Compression::default());
        encoder.write_all(entry.content).unwrap();
        let packed = encoder.finish().unwrap();
        let sum = crc32fast::hash(entry.content);
        let mut about = Vec::new();
        // The version that is needed, flags, the method, and the time.
        for word in [20, u16::from(entry.is_encrypted), 8, 0, 0x21] {
            about.extend_from_slice(&word.to_le_bytes());
        }
        for size in [sum, size(packed.len()), size(entry.content.len())] {
            about.extend_from_slice(&size.to_le_bytes());
        }
        about.extend_from_slice(&u16::try_from(entry.name.len()).unwrap().to_le_bytes());
        about.extend_from_slice(&[0; 2]);
        let at = size(out.len());
        out.extend_from_slice(b"PK\x03\x04");
        out.extend_from_slice(&about);
        out.extend_from_slice(entry.name.as_bytes());
        out.extend_from_slice(&packed);
        directory.extend_from_slice(b"PK\x01\x02\x14\0");
        directory.extend_from_slice(&about);
        directory.extend_from_slice(&[0; 10]);
        directory.extend_from_slice(&at.to_le_bytes());
        directory.extend_from_slice(entry.name.as_bytes());
        count += 1;
    }
    let start = size(out.len());
    out.extend_from_slice(&directory);
    out.extend_from_slice(b"PK\x05\x06\0\0\0\0");
    out.extend_from_slice(&count.to_le_bytes());
    out.extend_from_slice(&count.to_le_bytes());
    out.extend_from_slice(&size(directory.len()).to_le_bytes());
    out.extend_from_slice(&start.to_le_bytes());
    out.extend_from_slice(&[0; 2]);
    out
}

fn size(len: usize) -> u32 {
    u32::try_from(len).unwrap()
}
