//! Unpacks tar archives: v7, ustar, PAX and those of GNU tar.
//!
//! Where programs disagree on how long an entry is, none of its bytes are left out: what is not the
//! content of one entry is the content of another one.

use std::io::Read;
use std::mem;

use bstr::ByteSlice;

use super::exact::Exact;
use super::peek::Peek;
use super::walk::Walk;
use super::{Problem, number};

const BLOCK: usize = 512;

/// The longest header of the kinds that describe the next entry. A longer one is taken as an entry.
const MAX_META: u64 = 1 << 20;

/// The largest size that eleven octal digits can have.
const MAX_OCTAL: u64 = (1 << 33) - 1;

/// How much of what is neither a header nor an entry is collected, in bytes.
const MAX_REMAINS: usize = 1 << 20;

/// A value that is shorter than this in a record that should be a name or a number is dropped.
const MIN_SECRET: usize = 16;

/// Records of PAX that are names or numbers.
const KNOWN_RECORDS: [&[u8]; 12] = [
    b"path",
    b"linkpath",
    b"size",
    b"mtime",
    b"atime",
    b"ctime",
    b"uid",
    b"gid",
    b"uname",
    b"gname",
    b"charset",
    b"hdrcharset",
];

pub(super) fn is_tar(first: &[u8]) -> bool {
    Header::parse(first).is_some() || is_ustar(first)
}

/// Whether a block has the magic number of a header. Programs disagree on valid checksums.
fn is_ustar(block: &[u8]) -> bool {
    block.len() >= BLOCK && block[257..].starts_with(b"ustar")
}

/// The header of an entry.
struct Header {
    name: Vec<u8>,
    link: Vec<u8>,
    kind: u8,
    /// `None` if the archive claims a negative size, or one that is no number.
    size: Option<u64>,
    /// Whether more blocks of a sparse map follow.
    is_extended: bool,
}

impl Header {
    /// `None` if the checksum does not match.
    fn parse(block: &[u8]) -> Option<Self> {
        let block: &[u8; BLOCK] = block.first_chunk()?;
        let expected = number::ascii(&block[148..156], 8)?;
        let sum: u64 = block.iter().map(|&byte| u64::from(byte)).sum();
        let field: u64 = block[148..156].iter().map(|&byte| u64::from(byte)).sum();
        // Old programs added signed bytes.
        let high = block.iter().filter(|byte| **byte >= 128).count() as u64 * 256;
        let unsigned = sum - field + 8 * u64::from(b' ');
        if expected != unsigned && Some(expected) != unsigned.checked_sub(high) {
            return None;
        }
        let kind = block[156];
        let mut name = number::until_zero(&block[..100]).to_vec();
        let prefix = number::until_zero(&block[345..500]);
        if &block[257..263] == b"ustar\0" && !prefix.is_empty() {
            name = [prefix, b"/", &name].concat();
        }
        Some(Self {
            name,
            link: number::until_zero(&block[157..257]).to_vec(),
            kind,
            size: size(&block[124..136]),
            is_extended: kind == b'S' && block[482] != 0,
        })
    }
}

/// A size in octal digits, or in base 256 if it has many digits.
fn size(field: &[u8]) -> Option<u64> {
    match field[0] {
        0x80 => number::big::<8>(field, 4).filter(|_| field[1..4] == [0; 3]),
        0x81.. => None,
        _ if number::until_zero(field).trim_ascii().is_empty() => Some(0),
        _ => number::ascii(field, 8),
    }
}

/// What headers say about the next entry.
#[derive(Default)]
struct Next {
    name: Option<Vec<u8>>,
    link: Option<Vec<u8>>,
    size: Option<u64>,
    is_sparse: bool,
}

impl Next {
    /// Adds a header with this body. What is not used is added to `remains`.
    fn add(&mut self, kind: u8, body: &[u8], remains: &mut Vec<u8>) {
        let text = || number::until_zero(body).to_vec();
        match kind {
            b'L' => self.name = Some(text()),
            b'K' => self.link = Some(text()),
            _ => self.add_records(kind, body, remains),
        }
    }

    /// Programs disagree on which of several sizes counts, and on one that is not only digits: such
    /// an entry is more than the archive has.
    fn add_size(&mut self, kind: u8, value: &[u8]) {
        let is_number = kind != b'g' && value.iter().all(u8::is_ascii_digit);
        let size = number::ascii(value, 10).filter(|_| is_number);
        let size = size.filter(|size| self.size.is_none_or(|old| old == *size));
        self.size = Some(size.unwrap_or(u64::MAX));
    }

    /// Adds records of PAX, `length key=value` with a line feed each.
    fn add_records(&mut self, kind: u8, mut body: &[u8], remains: &mut Vec<u8>) {
        while !number::until_zero(body).is_empty() {
            let Some((record, rest)) = split_record(body) else {
                remains.extend_from_slice(body);
                return;
            };
            body = rest;
            let (key, value) = record.split_once_str("=").unwrap_or((record, b""));
            self.is_sparse |= key.starts_with(b"GNU.sparse.");
            match key {
                // The records of a global header are for all entries, so these make no sense in it.
                b"path" if kind != b'g' => self.name = Some(value.to_vec()),
                b"linkpath" if kind != b'g' => self.link = Some(value.to_vec()),
                b"size" => self.add_size(kind, value),
                key if KNOWN_RECORDS.contains(&key) && value.len() < MIN_SECRET => {}
                _ => {
                    remains.extend_from_slice(record);
                    remains.push(b'\n');
                }
            }
        }
    }
}

/// The first record of a body of PAX without its length and line feed, and what follows it.
fn split_record(body: &[u8]) -> Option<(&[u8], &[u8])> {
    let (len, _) = body.split_once_str(" ")?;
    let total = number::index(number::ascii(len, 10)?);
    let (record, rest) = body.split_at_checked(total)?;
    Some((record.get(len.len() + 1..)?.strip_suffix(b"\n")?, rest))
}

pub(super) fn read(input: Peek<'_>, walk: &mut Walk<'_>) -> Result<(), Problem> {
    let mut archive = Archive {
        input,
        next: Next::default(),
        remains: Vec::new(),
    };
    let result = loop {
        match archive.entry(walk) {
            Ok(true) => {}
            Ok(false) => break Ok(()),
            Err(problem) => break Err(problem),
        }
    };
    archive.flush(walk)?;
    walk.rest(archive.input)?;
    result
}

/// An archive that is read.
struct Archive<'a> {
    input: Peek<'a>,
    next: Next,
    /// What is neither a header nor an entry.
    remains: Vec<u8>,
}

impl Archive<'_> {
    /// Reads one entry or header; `false` at the end.
    fn entry(&mut self, walk: &mut Walk<'_>) -> Result<bool, Problem> {
        // An archive may follow another one after its end, which is blocks of zeros.
        let mut has_ended = false;
        while let block @ [_, ..] = self.input.peek(BLOCK)
            && block.iter().all(|&byte| byte == 0)
        {
            has_ended = true;
            self.input.skip(BLOCK);
        }
        let block = self.input.peek(BLOCK);
        let Some(mut header) = Header::parse(block) else {
            if block.is_empty() || has_ended {
                return Ok(false);
            }
            if block.len() < BLOCK {
                return Err(Problem::Truncated);
            }
            if is_ustar(block) {
                // What follows may be an archive again.
                self.remains.extend_from_slice(&block[..BLOCK]);
                self.input.skip(BLOCK);
            }
            return Err(Problem::corrupt("the header of an entry is not valid"));
        };
        self.input.skip(BLOCK);
        while header.is_extended {
            let more = self.input.peek(BLOCK).get(504);
            header.is_extended = more.is_some_and(|byte| *byte != 0);
            self.input.skip(BLOCK);
        }
        self.content(header, walk)
    }

    fn content(&mut self, header: Header, walk: &mut Walk<'_>) -> Result<bool, Problem> {
        let is_meta = matches!(header.kind, b'x' | b'X' | b'g' | b'L' | b'K');
        // A size in a header of PAX is that of the entry, which is too large for its own header.
        let size = match (self.next.size.filter(|_| !is_meta), header.size) {
            (None, size) => size,
            (Some(large), Some(1..)) if header.size != Some(large) && large <= MAX_OCTAL => None,
            (large, _) => large,
        };
        let mut size = size.ok_or_else(|| Problem::corrupt("the size of an entry is not valid"))?;
        // Some programs ignore the size of what is not a file, others do not.
        if !is_meta && matches!(header.kind, b'1'..=b'6') && size > 0 {
            let next = self.input.peek(BLOCK);
            if next.iter().all(|&byte| byte == 0) || Header::parse(next).is_some() {
                size = 0;
            } else {
                let problem = Problem::corrupt("an entry that is no file has content");
                walk.entry_problem(&header.name, problem);
            }
        }
        let mut content = Exact::new(&mut self.input, size);
        if is_meta && size <= MAX_META {
            let mut body = Vec::new();
            content.read_to_end(&mut body)?;
            self.next.add(header.kind, &body, &mut self.remains);
        } else {
            let next = mem::take(&mut self.next);
            let name = next.name.unwrap_or(header.name);
            // Its parts may be in any order.
            if next.is_sparse || header.kind == b'S' {
                let problem = Problem::UnknownCompression("sparse file of tar".to_owned());
                walk.entry_problem(&name, problem);
            }
            // The target of a link is its content, as in git.
            let is_link = matches!(header.kind, b'1' | b'2');
            let link = next.link.unwrap_or(header.link);
            let link = if is_link { &link[..] } else { b"" };
            if !content.pass_to(walk, &name, link)? {
                return Ok(false);
            }
        }
        let padding = (BLOCK - number::index(size) % BLOCK) % BLOCK;
        let zeros = self.input.peek(padding);
        if zeros.iter().any(|&byte| byte != 0) {
            self.remains.extend_from_slice(zeros);
            self.remains.push(b'\n');
        }
        self.input.skip(padding);
        if self.remains.len() > MAX_REMAINS {
            self.flush(walk)?;
        }
        Ok(true)
    }

    /// Takes what was collected as an entry without a name.
    fn flush(&mut self, walk: &mut Walk<'_>) -> Result<(), Problem> {
        let remains = mem::take(&mut self.remains);
        if remains.is_empty() {
            return Ok(());
        }
        walk.entry(b"", &mut &remains[..])
    }
}

#[cfg(test)]
mod tests {
    use super::super::samples::{
        assert_entries, found, gz, tar, tar_checksum, tar_entry, tar_header,
    };
    use super::super::{Problem, is_container};

    const TEXT: &[u8] = b"name = value\n";

    #[test]
    fn each_kind_of_header() {
        let mut v7 = tar(&[("a", TEXT)]);
        v7[257..265].fill(0);
        tar_checksum(&mut v7[..512]);
        assert_entries(&v7, &[("a", TEXT)]);
        let mut prefixed = tar(&[("a", TEXT)]);
        prefixed[345..348].copy_from_slice(b"dir");
        tar_checksum(&mut prefixed[..512]);
        assert_entries(&prefixed, &[("dir/a", TEXT)]);
        let long = "long/".repeat(30);
        let named = tar(&[("a", TEXT)]);
        let gnu = [
            tar_entry("././@LongLink", b'L', long.as_bytes()),
            named.clone(),
        ]
        .concat();
        assert_entries(&gnu, &[(&long, TEXT)]);
        let record = tar_entry("pax", b'x', b"15 path=in pax\n");
        assert_entries(&[record, named].concat(), &[("in pax", TEXT)]);
    }

    #[test]
    fn sizes_in_base_256_and_in_records() {
        let mut size = [0; 12];
        (size[0], size[11]) = (0x80, 13);
        let mut entry = [tar_header("a", b'0', &size), TEXT.to_vec()].concat();
        entry.resize(1024, 0);
        assert_entries(&entry, &[("a", TEXT)]);
        let mut entry = tar_header("a", b'0', b"0");
        entry.extend(tar_entry("", b'0', TEXT).split_off(512));
        let record = tar_entry("pax", b'x', b"11 size=13\n");
        assert_entries(&[record, entry].concat(), &[("a", TEXT)]);
    }

    #[test]
    fn sparse_files_with_more_blocks_of_their_map() {
        let mut entry = tar_entry("a", b'S', TEXT);
        entry[482] = 1;
        tar_checksum(&mut entry[..512]);
        entry.splice(512..512, [0; 512]);
        let found = found(&entry);
        assert_eq!(found.entries, [("a".to_owned(), TEXT.to_vec())]);
        let expected = Problem::UnknownCompression("sparse file of tar".to_owned());
        assert_eq!(found.problems, [("a".to_owned(), expected)]);
    }

    #[test]
    fn links_have_their_target_as_content() {
        let mut entry = tar_entry("a", b'2', b"");
        entry[157..163].copy_from_slice(b"target");
        tar_checksum(&mut entry);
        assert_entries(&entry, &[("a", b"target")]);
    }

    #[test]
    fn a_directory_with_a_size_hides_no_entry() {
        let name = "a directory/";
        let directory = tar_header(name, b'5', b"00000001000");
        let next = tar(&[("a.gz", &gz(TEXT))]);
        let archive = [directory.clone(), next].concat();
        assert_entries(&archive, &[(name, b""), ("a.gz", TEXT)]);
        let archive = [directory, vec![b'x'; 512], tar(&[("a", TEXT)])].concat();
        let found = found(&archive);
        assert_eq!(found.entries[0].1, [b'x'; 512]);
        assert_eq!(found.entries[1].1, TEXT);
        assert!(matches!(&found.problems[..], [(path, Problem::Corrupt(_))] if path == name));
    }

    #[test]
    fn what_is_no_entry_is_taken_as_well() {
        let mut archive = tar(&[("a", TEXT)]);
        archive[600..616].copy_from_slice(b"in the padding =");
        let comment = tar_entry("pax", b'g', b"21 comment=something\n");
        let other = tar(&[("b", TEXT)]);
        let found = found(&gz(&[&comment[..], &archive, &other, b"behind"].concat()));
        assert_eq!(found.problems, []);
        let paths: Vec<_> = found
            .entries
            .iter()
            .map(|(path, _)| path.as_str())
            .collect();
        assert_eq!(paths, ["a", "b", "content", "content"]);
        let remains = &found.entries[2].1;
        assert!(remains.starts_with(b"comment=something\n"));
        assert!(remains.windows(16).any(|part| part == b"in the padding ="));
        assert_eq!(found.entries[3].1, b"behind");
    }

    #[test]
    fn a_header_that_is_not_valid() {
        let archive = [&tar_entry("a", b'0', TEXT)[..], &[b'x'; 600]].concat();
        let found = found(&archive);
        assert_eq!(found.entries[1].1, [b'x'; 600]);
        assert!(matches!(found.problems[..], [(_, Problem::Corrupt(_))]));
        assert!(!is_container(&[b'7'; 512]));
    }
}
