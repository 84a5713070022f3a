//! Unpacks ar archives: static libraries, and packages of Debian.

use std::io::{self, BufRead, Read};

use super::exact::Exact;
use super::peek::Peek;
use super::walk::Walk;
use super::{Problem, number};

const MAGIC: &[u8] = b"!<arch>\n";

/// Length of the header of an entry.
const HEADER: usize = 60;

/// The longest table of names.
const MAX_NAMES: u64 = 16 << 20;

/// The longest name.
const MAX_NAME: u64 = 4096;

pub(super) fn is_ar(first: &[u8]) -> bool {
    first.starts_with(MAGIC)
}

pub(super) fn read(mut input: Peek<'_>, walk: &mut Walk<'_>) -> Result<(), Problem> {
    input.skip(MAGIC.len());
    let mut names = Vec::new();
    loop {
        let header = input.peek(HEADER);
        if header.is_empty() {
            return Ok(());
        }
        let is_header = header.len() == HEADER && header.ends_with(b"`\n");
        let size = header.get(48..58).and_then(|size| number::ascii(size, 10));
        let (Some(size), true) = (size, is_header) else {
            let is_cut = header.len() < HEADER;
            walk.rest(input)?;
            return Err(if is_cut {
                Problem::Truncated
            } else {
                Problem::corrupt("the header of an entry is not valid")
            });
        };
        let field = header[..16].trim_ascii_end().to_vec();
        input.consume(HEADER);
        let mut content = Exact::new(&mut input, size);
        if field == b"//" && size <= MAX_NAMES {
            names.clear();
            content.read_to_end(&mut names)?;
            walk.entry(b"//", &mut &names[..])?;
        } else {
            let name = name(&field, &names, &mut content)?;
            if !content.pass_to(walk, &name, b"")? {
                return Ok(());
            }
        }
        if size % 2 == 1 {
            input.skip(1);
        }
    }
}

/// The name of an entry: in the field, in the table of names as `/123`, or in front of the content
/// as `#1/20`.
fn name(field: &[u8], names: &[u8], content: &mut Exact<'_, '_>) -> io::Result<Vec<u8>> {
    let digits = field.strip_prefix(b"#1/");
    if let Some(len) = digits.and_then(|digits| number::ascii(digits, 10)) {
        let mut name = Vec::new();
        let mut in_front = content.take(len.min(MAX_NAME));
        in_front.read_to_end(&mut name)?;
        return Ok(number::until_zero(&name).to_vec());
    }
    let digits = field.strip_prefix(b"/");
    let at = digits.and_then(|digits| number::ascii(digits, 10));
    let name = match at.and_then(|at| names.get(number::index(at)..)) {
        Some(names) => {
            let names = &names[..names.len().min(number::index(MAX_NAME))];
            &names[..memchr::memchr(b'\n', names).unwrap_or(names.len())]
        }
        None => field,
    };
    // Programs of GNU end a name with a slash.
    let stem = name.strip_suffix(b"/").filter(|stem| !stem.is_empty());
    Ok(stem.unwrap_or(name).to_vec())
}

#[cfg(test)]
mod tests {
    use super::super::Problem;
    use super::super::samples::{assert_entries, found, tar};

    const TEXT: &[u8] = b"name = value\n";

    fn entry(name: &str, content: &[u8]) -> Vec<u8> {
        let mut entry = format!("{name:<16}{:<32}{:<10}`\n", "0", content.len()).into_bytes();
        entry.extend(content);
        entry.resize(entry.len().next_multiple_of(2), b'\n');
        entry
    }

    #[test]
    fn names_of_each_kind() {
        let names = entry("//", b"a name that is long.o/\nother.o/\n");
        let parts = [
            b"!<arch>\n".to_vec(),
            names.clone(),
            entry("/0", TEXT),
            entry("short.o/", TEXT),
            entry("#1/6", b"bsd.o\0name = value\n"),
            entry("data.tar", &tar(&[("etc/conf", TEXT)])),
        ];
        assert_entries(
            &parts.concat(),
            &[
                ("//", &names[60..]),
                ("a name that is long.o", TEXT),
                ("short.o", TEXT),
                ("bsd.o", TEXT),
                ("data.tar!etc/conf", TEXT),
            ],
        );
    }

    #[test]
    fn truncated_and_corrupt() {
        let archive = [b"!<arch>\n".to_vec(), entry("a", TEXT)].concat();
        let found_in = found(&archive[..archive.len() - 5]);
        assert_eq!(found_in.problems, [("a".to_owned(), Problem::Truncated)]);
        let found = found(&[&archive[..], &[b'x'; 70]].concat());
        assert!(matches!(found.problems[..], [(_, Problem::Corrupt(_))]));
        assert_eq!(found.entries[1].1, [b'x'; 70]);
    }
}
