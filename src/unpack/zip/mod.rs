//! Unpacks zip archives: the entries of the central directory, and those that only have a local
//! header.
//!
//! Programs disagree on which of the two headers counts, so an entry that they describe differently
//! is unpacked as each of them says.

mod headers;

use std::io::{self, Read};

use memchr::memmem;

use headers::{Directory, Entry, LOCAL};

pub(super) use headers::is_at_end;

use super::inflate::Inflate;
use super::peek::Peek;
use super::walk::Walk;
use super::{Problem, compress, number};

/// An entry, an archive without entries, or a part of an archive.
const MAGICS: [&[u8]; 4] = [
    LOCAL,
    b"PK\x05\x06",
    b"PK\x07\x08PK\x03\x04",
    b"PK00PK\x03\x04",
];

/// What may follow the content of an entry: its sizes and checksum.
const DESCRIPTOR: &[u8] = b"PK\x07\x08";

/// The longest descriptor.
const MAX_DESCRIPTOR: usize = 24;

pub(super) fn is_zip(first: &[u8]) -> bool {
    MAGICS.iter().any(|magic| first.starts_with(magic))
}

pub(super) fn read(bytes: &[u8], walk: &mut Walk<'_>) -> Result<(), Problem> {
    let (directory, result) = Directory::find(bytes, walk.budget().entries_left());
    let mut archive = Archive { bytes, done: 0 };
    for &(header, central) in &directory.entries {
        archive.gap(header, walk)?;
        let Some(mut entry) = Entry::central(bytes, central) else {
            continue;
        };
        entry.header = header;
        let local = Entry::local(bytes, header);
        let mut end = archive.content(&entry, walk)?;
        if let Some(local) = local.filter(|local| !local.agrees(&entry)) {
            end = end.min(archive.content(&local, walk)?);
        }
        if !entry.comment.is_empty() {
            walk.entry(b"", &mut &entry.comment[..])?;
        }
        archive.done = archive.done.max(end);
    }
    archive.gap(directory.range.start, walk)?;
    archive.done = archive.done.max(directory.range.end);
    archive.gap(bytes.len(), walk)?;
    result
}

/// An archive that is read from its beginning to its end.
struct Archive<'a> {
    bytes: &'a [u8],
    /// How far it was read.
    done: usize,
}

impl Archive<'_> {
    /// Unpacks what is between the entries of the central directory, up to `end`.
    fn gap(&mut self, end: usize, walk: &mut Walk<'_>) -> Result<(), Problem> {
        let end = end.min(self.bytes.len());
        let mut from = self.done;
        while let Some(at) = self
            .bytes
            .get(from..end)
            .and_then(|gap| memmem::find(gap, LOCAL))
        {
            let at = from + at;
            from = at + LOCAL.len();
            if let Some(entry) = Entry::local(self.bytes, at) {
                self.remains(at, walk)?;
                self.done = self.content(&entry, walk)?.max(from);
                from = self.done;
            }
        }
        self.remains(end, walk)
    }

    /// Takes what is no entry, up to `end`.
    fn remains(&mut self, end: usize, walk: &mut Walk<'_>) -> Result<(), Problem> {
        let Some(remains) = self.bytes.get(self.done..end) else {
            return Ok(());
        };
        self.done = end;
        let is_descriptor =
            remains.starts_with(DESCRIPTOR) || remains.len() < DESCRIPTOR.len() + 12;
        if is_descriptor && remains.len() <= MAX_DESCRIPTOR {
            return Ok(());
        }
        walk.remains(remains)
    }

    /// Unpacks an entry, and returns where its content ends.
    fn content(&self, entry: &Entry<'_>, walk: &mut Walk<'_>) -> Result<usize, Problem> {
        let Some(start) = headers::content_start(self.bytes, entry.header) else {
            let problem = Problem::corrupt("the central directory has an entry that is missing");
            walk.entry_problem(entry.name, problem);
            return Ok(self.done);
        };
        let rest = self.bytes.get(start..).unwrap_or_default();
        if entry.is_encrypted() {
            walk.entry_problem(entry.name, Problem::Encrypted);
            let len = entry.packed.map_or(0, number::index);
            return Ok(start + len.min(rest.len()));
        }
        let packed = entry.packed.or_else(|| entry.len_before_record(rest));
        let len = packed.map_or(rest.len(), number::index);
        let data = &rest[..rest.len().min(len)];
        let is_cut = entry.method == 0 && len > rest.len();
        let size = entry.size.filter(|_| !is_cut);
        let mut consumed = data.len();
        let produced = match entry.method {
            0 => decode(&mut &data[..], entry.name, size, walk)?,
            8 => {
                let mut content = Inflate::raw(data);
                let produced = decode(&mut content, entry.name, size, walk)?;
                consumed = number::index(content.totals().0);
                produced
            }
            method => {
                let (budget, mut input) = (walk.budget(), data);
                let window = budget.window();
                let input = Peek::new(&mut input);
                match compress::method(method, input, entry.size, (window.len, budget)) {
                    Some(Ok(mut content)) => decode(&mut *content, entry.name, size, walk)?,
                    Some(Err(error)) => {
                        walk.entry_problem(entry.name, error.into());
                        0
                    }
                    None => {
                        walk.entry_problem(entry.name, unknown(method));
                        0
                    }
                }
            }
        };
        if is_cut {
            walk.entry_problem(entry.name, Problem::Truncated);
        }
        // Entries may have the same bytes, which are then decompressed for each of them.
        walk.budget()
            .spend((consumed as u64).saturating_sub(produced))?;
        Ok(start + consumed)
    }
}

/// Takes the content of an entry, and compares its size with the declared one. Returns the size.
fn decode(
    content: &mut dyn Read,
    name: &[u8],
    size: Option<u64>,
    walk: &mut Walk<'_>,
) -> Result<u64, Problem> {
    let mut content = Measured {
        reader: content,
        len: 0,
        has_ended: false,
    };
    walk.decoded(name, &mut content)?;
    if content.has_ended && size.is_some_and(|size| size != content.len) {
        let problem = Problem::corrupt("its size is not the declared one");
        walk.entry_problem(name, problem);
    }
    Ok(content.len)
}

/// A reader that knows how long its content was.
struct Measured<'a> {
    reader: &'a mut dyn Read,
    len: u64,
    has_ended: bool,
}

impl Read for Measured<'_> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        let len = self.reader.read(buf)?;
        self.len += len as u64;
        self.has_ended |= len == 0 && !buf.is_empty();
        Ok(len)
    }
}

fn unknown(method: u16) -> Problem {
    let name = match method {
        1 => "shrink",
        2..=5 => "reduce",
        6 => "implode",
        9 => "deflate64",
        94 => "mp3",
        96 => "jpeg",
        97 => "wavpack",
        98 => "ppmd",
        _ => "unknown",
    };
    Problem::UnknownCompression(format!("method {method} of zip ({name})"))
}

#[cfg(test)]
mod tests {
    use super::super::samples::{
        Zipped, assert_entries, deflate, found, problem, zip, zip_end, zip_of,
    };
    use super::Problem;

    const TEXT: &[u8] = b"name = value\n";

    #[test]
    fn stored_and_deflated() {
        assert_entries(
            &zip(&[("a/b", TEXT), ("c/", b"")]),
            &[("a/b", TEXT), ("c/", b"")],
        );
        assert_entries(&zip_of(&[Zipped::stored("a", TEXT)]), &[("a", TEXT)]);
        assert_entries(&zip(&[]), &[]);
    }

    #[test]
    fn other_compressions() {
        let mut entry = Zipped::new("a", TEXT);
        entry.method = 93;
        entry.data = super::super::samples::base64("KLUv/QRYaQAAbmFtZSA9IHZhbHVlCsIfAYI=");
        assert_entries(&zip_of(&[entry.clone()]), &[("a", TEXT)]);
        entry.method = 9;
        let expected = Problem::UnknownCompression("method 9 of zip (deflate64)".to_owned());
        assert_eq!(problem(&zip_of(&[entry])), ("a".to_owned(), expected));
    }

    #[test]
    fn encrypted() {
        let mut entry = Zipped::new("a", TEXT);
        entry.flags = 1;
        assert_eq!(
            problem(&zip_of(&[entry])),
            ("a".to_owned(), Problem::Encrypted)
        );
    }

    /// An archive of these local entries and a directory that only has `central`.
    fn archive(locals: &[Vec<u8>], central: &[(&Zipped<'_>, usize)]) -> Vec<u8> {
        let locals = locals.concat();
        let directory = central.iter().flat_map(|(entry, at)| entry.central(*at));
        let directory: Vec<u8> = directory.collect();
        let end = zip_end(&directory, locals.len());
        [locals, directory, end].concat()
    }

    #[test]
    fn entries_that_only_have_a_local_header() {
        let (a, b, c) = (
            Zipped::new("a", TEXT),
            Zipped::new("b", TEXT),
            Zipped::stored("c", TEXT),
        );
        for (first, last) in [(a.local(), c.local()), (a.streamed(), c.streamed())] {
            let at = first.len();
            let archive = archive(&[first, b.local(), last], &[(&b, at)]);
            assert_entries(&archive, &[("a", TEXT), ("b", TEXT), ("c", TEXT)]);
        }
    }

    #[test]
    fn headers_that_disagree() {
        let local = Zipped::new("a", TEXT);
        let mut central = Zipped::stored("b", b"");
        central.data = local.data.clone();
        central.size = local.data.len();
        let archive = archive(&[local.local()], &[(&central, 0)]);
        assert_entries(&archive, &[("b", &deflate(TEXT)), ("a", TEXT)]);
    }

    #[test]
    fn an_entry_behind_the_end_of_the_stream_of_another() {
        let hidden = Zipped::new("hidden", TEXT);
        let mut entry = Zipped::new("a", TEXT);
        entry.data.extend(hidden.local());
        let found = found(&zip_of(&[entry]));
        let paths: Vec<_> = found
            .entries
            .iter()
            .map(|(path, _)| path.as_str())
            .collect();
        assert_eq!((paths, found.problems), (vec!["a", "hidden"], vec![]));
    }

    #[test]
    fn truncated() {
        let archive = zip(&[("a", TEXT), ("b", TEXT)]);
        let found = found(&archive[..archive.len() - 40]);
        // The beginning of the central directory is taken as it is.
        assert_eq!(found.entries.len(), 3);
        assert_eq!(found.problems, [(String::new(), Problem::Truncated)]);
        let entry = Zipped::stored("a", TEXT).local();
        let found = super::super::samples::found(&entry[..entry.len() - 3]);
        let truncated = |path: &str| (path.to_owned(), Problem::Truncated);
        assert_eq!(found.problems, [truncated("a"), truncated("")]);
        assert_eq!(found.entries[0].1, TEXT[..TEXT.len() - 3]);
    }

    #[test]
    fn comments_and_what_is_between_entries() {
        let (a, b) = (Zipped::new("a", TEXT), Zipped::new("b", TEXT));
        let between = b"something that is between entries".to_vec();
        let at = a.local().len() + between.len();
        let mut archive = archive(
            &[a.local(), between.clone(), b.local()],
            &[(&a, 0), (&b, at)],
        );
        let comment = b"a comment of the archive";
        archive.extend(comment);
        assert_entries(
            &archive,
            &[
                ("a", TEXT),
                ("content", &between),
                ("b", TEXT),
                ("content", comment),
            ],
        );
    }
}
