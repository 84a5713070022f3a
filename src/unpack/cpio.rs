//! Unpacks cpio archives, with headers in ASCII or binary: those of RPM packages and of the Linux
//! initramfs.

use std::io::{BufRead, Read};

use super::exact::Exact;
use super::peek::Peek;
use super::walk::Walk;
use super::{Problem, number};

/// The name of the last entry.
const TRAILER: &[u8] = b"TRAILER!!!";

/// Length of a header in binary.
const BINARY: usize = 26;

/// The longest header.
const HEADER: usize = 110;

/// The longest name.
const MAX_NAME: u64 = 1 << 16;

pub(super) fn is_cpio(first: &[u8]) -> bool {
    Header::parse(first).is_some()
}

/// What a header says.
struct Header {
    len: usize,
    name_len: u64,
    size: u64,
    /// What names and contents are padded to.
    align: u64,
}

impl Header {
    fn parse(first: &[u8]) -> Option<Self> {
        let field = |at: usize, len: usize, radix| number::ascii(first.get(at..at + len)?, radix);
        let header = match first.get(..6)? {
            b"070701" | b"070702" => Self {
                len: 110,
                name_len: field(94, 8, 16)?,
                size: field(54, 8, 16)?,
                align: 4,
            },
            b"070707" => Self {
                len: 76,
                name_len: field(59, 6, 8)?,
                size: field(65, 11, 8)?,
                align: 1,
            },
            _ => Self::binary(first)?,
        };
        (1..=MAX_NAME).contains(&header.name_len).then_some(header)
    }

    /// A header of old programs: numbers of 16 bits, the halves of larger ones in the order of a
    /// PDP-11. Two bytes of magic are few, so the mode and the name have to be valid too.
    fn binary(first: &[u8]) -> Option<Self> {
        let is_little = match first.get(..2)? {
            b"\xc7\x71" => true,
            b"\x71\xc7" => false,
            _ => return None,
        };
        let field = |at| {
            if is_little {
                number::little::<2>(first, at)
            } else {
                number::big::<2>(first, at)
            }
        };
        let (mode, name_len) = (field(6)?, field(20)?);
        let name_end = BINARY + number::index(name_len);
        let name = first.get(BINARY..first.len().min(name_end))?;
        let zero = memchr::memchr(0, name);
        let is_name = if first.len() < name_end {
            zero.is_none()
        } else {
            zero.is_some_and(|at| at + 1 == name.len())
        };
        let is_mode = mode == 0 || matches!(mode >> 12, 1 | 2 | 4 | 6 | 8 | 10 | 12);
        (is_name && is_mode).then_some(Self {
            len: BINARY,
            name_len,
            size: field(22)? << 16 | field(24)?,
            align: 2,
        })
    }

    /// How many bytes follow `len` bytes to pad them.
    fn padding(&self, len: u64) -> usize {
        number::index((self.align - len % self.align) % self.align)
    }
}

pub(super) fn read(mut input: Peek<'_>, walk: &mut Walk<'_>) -> Result<(), Problem> {
    let mut has_ended = false;
    loop {
        let first = input.peek(HEADER);
        let Some(header) = Header::parse(first) else {
            let is_empty = first.is_empty();
            walk.rest(input)?;
            return if has_ended {
                Ok(())
            } else if is_empty {
                Err(Problem::Truncated)
            } else {
                Err(Problem::corrupt("the header of an entry is not valid"))
            };
        };
        input.consume(header.len);
        let mut name = Vec::new();
        Exact::new(&mut input, header.name_len).read_to_end(&mut name)?;
        let padding = header.padding(header.len as u64 + header.name_len);
        input.skip(padding);
        let name = number::until_zero(&name);
        // Another archive may follow.
        has_ended = name == TRAILER && header.size == 0;
        if has_ended {
            input.skip_zeros()?;
            continue;
        }
        if !Exact::new(&mut input, header.size).pass_to(walk, name, b"")? {
            return Ok(());
        }
        let padding = header.padding(header.size);
        input.skip(padding);
    }
}

#[cfg(test)]
mod tests {
    use super::super::samples::{assert_entries, found, gz};
    use super::super::{Problem, is_container};

    const TEXT: &[u8] = b"name = value\n";

    fn newc(magic: &str, name: &str, content: &[u8]) -> Vec<u8> {
        let zeros = "0".repeat(8);
        let (size, name_len) = (content.len(), name.len() + 1);
        let mut entry = format!(
            "{magic}{}{size:08X}{}{name_len:08X}{zeros}{name}\0",
            zeros.repeat(6),
            zeros.repeat(4)
        )
        .into_bytes();
        entry.resize(entry.len().next_multiple_of(4), 0);
        entry.extend(content);
        entry.resize(entry.len().next_multiple_of(4), 0);
        entry
    }

    fn odc(name: &str, content: &[u8]) -> Vec<u8> {
        let (size, name_len) = (content.len(), name.len() + 1);
        let mut entry = format!(
            "070707{}{}{name_len:06o}{size:011o}{name}\0",
            "0".repeat(42),
            "0".repeat(11)
        )
        .into_bytes();
        entry.extend(content);
        entry
    }

    #[test]
    fn each_header() {
        for magic in ["070701", "070702"] {
            let archive = [
                newc(magic, "etc/conf", TEXT),
                newc(magic, "TRAILER!!!", b""),
            ]
            .concat();
            assert_entries(&archive, &[("etc/conf", TEXT)]);
        }
        let archive = [odc("etc/conf", TEXT), odc("TRAILER!!!", b"")].concat();
        assert_entries(&archive, &[("etc/conf", TEXT)]);
    }

    #[test]
    fn archives_behind_each_other() {
        let one = [
            newc("070701", "a", TEXT),
            newc("070701", "TRAILER!!!", b""),
            vec![0; 100],
        ];
        let one = one.concat();
        let archive = [&one[..], &one, &gz(&one)].concat();
        assert_entries(&archive, &[("a", TEXT), ("a", TEXT), ("a", TEXT)]);
    }

    #[test]
    fn truncated_and_corrupt() {
        let entry = newc("070701", "a", TEXT);
        let truncated = |path: &str| [(path.to_owned(), Problem::Truncated)];
        assert_eq!(found(&entry).problems, truncated(""));
        assert_eq!(found(&entry[..entry.len() - 8]).problems, truncated("a"));
        let found = found(&[&entry[..], b"something else"].concat());
        assert!(matches!(found.problems[..], [(_, Problem::Corrupt(_))]));
        assert!(!is_container(b"070701 is no header"));
    }

    #[test]
    fn a_header_in_binary_that_is_cut_is_none() {
        let header = [&b"\xc7\x71"[..], &[0; 18], &[2], &[0; 5], b"a\0"].concat();
        assert!(is_container(&header));
        for len in 0..super::BINARY {
            assert!(!is_container(&header[..len]), "{len}");
        }
    }
}
