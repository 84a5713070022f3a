//! Finds the texts in PDF documents: what pages show, embedded files, metadata and scripts.

mod filters;
mod text;

use std::borrow::Cow;
use std::io::{self, Read};
use std::vec;

use memchr::memmem;

use super::walk::Walk;
use super::{Problem, number};

const MAGIC: &[u8] = b"%PDF-";

/// How many blanks may be behind the keyword of a stream.
const MAX_BLANKS: usize = 16;

/// The longest dictionary in front of a stream.
const MAX_DICTIONARY: usize = 64 << 10;

/// The largest page whose text is put together, in bytes. A larger one is taken as it is.
const MAX_PAGE: u64 = 16 << 20;

/// Other bytes may precede a document.
pub(super) fn is_pdf(first: &[u8]) -> bool {
    let mut found = memmem::find_iter(first, MAGIC);
    found.any(|at| first.get(at + MAGIC.len()).is_some_and(u8::is_ascii_digit))
}

pub(super) fn read(bytes: &[u8], walk: &mut Walk<'_>) -> Result<(), Problem> {
    // A dictionary, or the number of one.
    let encryption = value(bytes, b"/Encrypt").and_then(<[u8]>::first);
    if encryption.is_some_and(|first| matches!(first, b'<' | b'0'..=b'9')) {
        return Err(Problem::Encrypted);
    }
    // Without its magic, or what is outside of streams would be a document again.
    let magic = memmem::find(bytes, MAGIC).unwrap_or(0);
    let mut done = magic + MAGIC.len();
    let mut objects = vec![&bytes[..magic]];
    while let Some(stream) = Stream::next(bytes, done) {
        objects.push(&bytes[done..stream.start]);
        done = stream.end;
        stream.read(walk)?;
    }
    objects.push(&bytes[done..]);
    // The engine searches the bytes of a document that is in no other container.
    if walk.is_nested() {
        walk.entry(b"", &mut Pieces(objects.into_iter(), b""))?;
    }
    Ok(())
}

/// What is outside of streams.
struct Pieces<'a>(vec::IntoIter<&'a [u8]>, &'a [u8]);

impl Read for Pieces<'_> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        while self.1.is_empty() {
            let Some(next) = self.0.next() else {
                return Ok(0);
            };
            self.1 = next;
        }
        self.1.read(buf)
    }
}

/// A stream of a document.
struct Stream<'a> {
    /// The number of its object, if it has one.
    object: Option<u64>,
    dictionary: Cow<'a, [u8]>,
    start: usize,
    end: usize,
    data: &'a [u8],
}

impl<'a> Stream<'a> {
    /// The first stream after `from`.
    fn next(bytes: &'a [u8], from: usize) -> Option<Self> {
        let rest = &bytes[from..];
        let starts = memmem::find_iter(rest, b"stream");
        let blanks = |at: usize| {
            let rest = bytes.get(at + 6..).unwrap_or_default().iter();
            rest.take_while(|&&byte| matches!(byte, b' ' | b'\t'))
                .take(MAX_BLANKS)
                .count()
        };
        let start = starts.map(|at| from + at).find(|&at| {
            let line_end = bytes.get(at + 6 + blanks(at));
            !bytes[..at].ends_with(b"end") && matches!(line_end, Some(b'\r' | b'\n'))
        })?;
        let keyword_end = start + 6 + blanks(start);
        let dictionary = &bytes[from.max(start.saturating_sub(MAX_DICTIONARY))..start];
        let (object, dictionary) = match memmem::rfind(dictionary, b" obj") {
            Some(at) => (object_number(&dictionary[..at]), &dictionary[at..]),
            None => (None, dictionary),
        };
        let dictionary = filters::plain(dictionary);
        let ends_in_two = bytes[keyword_end..].starts_with(b"\r\n");
        let data_start = keyword_end + 1 + usize::from(ends_in_two);
        let rest = bytes.get(data_start..)?;
        // The length may be a reference, and some programs write a wrong one.
        let declared = value(&dictionary, b"/Length").and_then(|text| {
            let is_digit = |byte: &u8| byte.is_ascii_digit();
            number::ascii(text.split(|byte| !is_digit(byte)).next()?, 10)
        });
        let declared = declared.map(number::index).filter(|len| {
            let after = rest.get(*len..).unwrap_or_default();
            let after = &after[..after.len().min(16)];
            after.trim_ascii_start().starts_with(b"endstream")
        });
        let len = declared.or_else(|| memmem::find(rest, b"endstream"));
        let data = &rest[..len.unwrap_or(rest.len())];
        Some(Self {
            object,
            dictionary,
            start,
            end: data_start + data.len(),
            data,
        })
    }

    fn read(&self, walk: &mut Walk<'_>) -> Result<(), Problem> {
        // Pixels have no text, but what shows text may claim to be pixels.
        let kind = value(&self.dictionary, b"/Subtype");
        let is_image = kind.is_some_and(|kind| kind.starts_with(b"/Image"));
        let object = self
            .object
            .map_or_else(|| "?".to_owned(), |number| number.to_string());
        let name = format!("object {object}");
        let mut content = match filters::decode(&self.dictionary, self.data, walk.budget()) {
            Ok(content) => content,
            Err(_) if is_image => return Ok(()),
            Err(problem) => {
                walk.entry_problem(name.as_bytes(), problem);
                return walk.entry(name.as_bytes(), &mut &self.data[..]);
            }
        };
        let mut page = Vec::new();
        let result = content.by_ref().take(MAX_PAGE).read_to_end(&mut page);
        walk.budget().spend(page.len() as u64)?;
        let predictor = filters::Predictor::of(&self.dictionary);
        if let Some(predictor) = predictor.filter(|_| !is_image) {
            // Only what fits into memory is decoded.
            if !predictor.undo(&mut page) || page.len() as u64 == MAX_PAGE {
                let problem = Problem::UnknownCompression("predictor of PDF".to_owned());
                walk.entry_problem(name.as_bytes(), problem);
            }
        }
        if is_image && !text::is_page(&page) {
            return Ok(());
        }
        // An attached archive may contain the operators by chance.
        if (walk.format_of())(&page).is_none() && text::is_page(&page) {
            page = text::of_page(&page);
        }
        match result {
            Ok(_) => walk.decoded(name.as_bytes(), &mut page.chain(content)),
            Err(error) => {
                walk.entry_problem(name.as_bytes(), error.into());
                walk.entry(name.as_bytes(), &mut &page[..])
            }
        }
    }
}

/// The number in front of a generation: `12 0`.
fn object_number(text: &[u8]) -> Option<u64> {
    let mut words = text.rsplit(u8::is_ascii_whitespace);
    number::ascii(words.nth(1)?, 10)
}

/// What follows a key in a dictionary.
fn value<'a>(dictionary: &'a [u8], key: &[u8]) -> Option<&'a [u8]> {
    let mut values = memmem::find_iter(dictionary, key).map(|at| &dictionary[at + key.len()..]);
    let value = values.find(|value| !value.first().is_some_and(u8::is_ascii_alphanumeric));
    value.map(<[u8]>::trim_ascii_start)
}

#[cfg(test)]
mod tests {
    use super::super::Problem;
    use super::super::samples::{assert_entries, found, gz, problem, zlib};

    const TEXT: &[u8] = b"name = value\n";

    fn document(streams: &[(&str, &[u8])]) -> Vec<u8> {
        let mut document = b"%PDF-1.7\n".to_vec();
        for (number, (keys, data)) in streams.iter().enumerate() {
            let (number, len) = (number + 1, data.len());
            document.extend(
                format!("{number} 0 obj\n<</Length {len}{keys}>>\nstream\r\n").into_bytes(),
            );
            document.extend(*data);
            document.extend(b"\nendstream\nendobj\n");
        }
        document.extend(b"trailer\n<</Title (a title)>>\n%%EOF\n");
        document
    }

    const PAGE: &[u8] = b"q BT /F1 12 Tf 72 712 Td (name = ) Tj [(val) -20 <75 65>] TJ 0 -14 Td\n\
        [(two) -300 (words \\(here\\)\\051)] TJ (next \\\nline) ' ET Q\n";

    const PAGE_TEXT: &[u8] = b"name = value\ntwo words (here))\nnext line\n";

    #[test]
    fn pages() {
        for (keys, data) in [
            ("", PAGE.to_vec()),
            ("/Filter/FlateDecode", zlib(PAGE)),
            (
                "/Filter [/AHx /FlateDecode]",
                faster_hex::hex_string(&zlib(PAGE)).into_bytes(),
            ),
        ] {
            assert_entries(&document(&[(keys, &data)]), &[("object 1", PAGE_TEXT)]);
        }
    }

    #[test]
    fn ascii_85() {
        let data = b"DIb:@FD,*)+C]U=Eb0,uATJ~>";
        let found = found(&document(&[("/Filter/ASCII85Decode", data)]));
        assert_eq!(found.entries.len(), 1);
    }

    #[test]
    fn files_metadata_and_images() {
        let document = document(&[
            ("/Type/EmbeddedFile/Filter/FlateDecode", &zlib(&gz(TEXT))),
            ("/Subtype/Image/Filter/FlateDecode", &zlib(TEXT)),
            ("/Length1 5/Resources<</ProcSet[/PDF/ImageB]>>", TEXT),
        ]);
        assert_entries(&document, &[("object 1", TEXT), ("object 3", TEXT)]);
        // In another container, what is outside of streams is taken as well.
        let found = found(&gz(&document));
        assert!(
            found.entries[2]
                .1
                .windows(9)
                .any(|part| part == b"(a title)")
        );
    }

    #[test]
    fn what_cannot_be_read() {
        let mut encrypted = document(&[]);
        encrypted.extend(b"<</Encrypt 1 0 R>>");
        assert_eq!(problem(&encrypted), (String::new(), Problem::Encrypted));
        let lzw = document(&[("/Filter/LZWDecode", TEXT)]);
        let expected = Problem::UnknownCompression("LZWDecode of PDF".to_owned());
        assert_eq!(problem(&lzw), ("object 1".to_owned(), expected));
        let packed = zlib(&TEXT.repeat(100));
        let cut = document(&[("/Filter/FlateDecode", &packed[..packed.len() - 8])]);
        assert_eq!(problem(&cut).0, "object 1");
    }
}
