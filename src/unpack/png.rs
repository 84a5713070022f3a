//! Finds the texts in PNG images: what programs write about an image, such as its prompt.

use std::io::Read;

use super::inflate::Inflate;
use super::walk::Walk;
use super::{Problem, number};

const MAGIC: &[u8] = b"\x89PNG\r\n\x1a\n";

pub(super) fn is_png(first: &[u8]) -> bool {
    first.starts_with(MAGIC)
}

pub(super) fn read(bytes: &[u8], walk: &mut Walk<'_>) -> Result<(), Problem> {
    let mut rest = bytes.get(MAGIC.len()..).unwrap_or_default();
    while let (Some(len), Some(kind)) = (number::big::<4>(rest, 0), rest.get(4..8)) {
        let after = &rest[8..];
        let data = &after[..after.len().min(number::index(len))];
        text(kind, data, walk)?;
        if data.len() as u64 != len {
            // An image that is cut short hides no text.
            return if kind == b"IDAT" {
                Ok(())
            } else {
                Err(Problem::Truncated)
            };
        }
        // A checksum follows.
        rest = after.get(data.len() + 4..).unwrap_or_default();
        if kind == b"IEND" {
            break;
        }
    }
    walk.remains(rest)
}

/// Takes a chunk if it may be text.
fn text(kind: &[u8], data: &[u8], walk: &mut Walk<'_>) -> Result<(), Problem> {
    let mut fields = data.splitn(2, |&byte| byte == 0);
    let (keyword, value) = (
        fields.next().unwrap_or_default(),
        fields.next().unwrap_or_default(),
    );
    match (kind, value) {
        (b"tEXt", value) => walk.entry(keyword, &mut &value[..]),
        (b"zTXt", [0, value @ ..]) => walk.decoded(keyword, &mut Inflate::zlib(value)),
        (b"iTXt", [is_compressed, _, value @ ..]) => {
            // The language, the translated keyword, and the text.
            let mut fields = value.splitn(3, |&byte| byte == 0);
            let mut about = fields
                .next()
                .unwrap_or_default()
                .chain(fields.next().unwrap_or_default());
            let text = fields.next().unwrap_or_default();
            match is_compressed {
                1 => walk.decoded(keyword, &mut Inflate::zlib(text)),
                _ => walk.entry(keyword, &mut text.chain(&mut about)),
            }
        }
        // Chunks of the image have no text, others may.
        (b"IHDR" | b"PLTE" | b"IDAT" | b"IEND" | b"fdAT" | b"fcTL" | b"acTL", _) => Ok(()),
        (b"iCCP", [0, value @ ..]) => walk.decoded(keyword, &mut Inflate::zlib(value)),
        _ if data.len() < 16 => Ok(()),
        _ => walk.entry(kind, &mut &data[..]),
    }
}

#[cfg(test)]
mod tests {
    use super::super::Problem;
    use super::super::samples::{assert_entries, found, zlib};
    use super::MAGIC;

    const TEXT: &[u8] = b"name = value\n";

    fn chunk(kind: &[u8], data: &[u8]) -> Vec<u8> {
        let len = u32::try_from(data.len()).unwrap().to_be_bytes();
        [&len, kind, data, &[0; 4]].concat()
    }

    #[test]
    fn texts() {
        let packed = zlib(TEXT);
        let image = [
            MAGIC.to_vec(),
            chunk(b"IHDR", &[0; 13]),
            chunk(b"tEXt", &[b"Comment\0", TEXT].concat()),
            chunk(b"zTXt", &[&b"prompt\0\0"[..], &packed].concat()),
            chunk(b"iTXt", &[b"xmp\0\0\0en\0\0", TEXT].concat()),
            chunk(b"iTXt", &[&b"packed\0\x01\0\0\0"[..], &packed].concat()),
            chunk(b"eXIf", &TEXT.repeat(2)),
            chunk(b"IDAT", &[7; 100]),
            chunk(b"IEND", b""),
            b"behind".to_vec(),
        ];
        assert_entries(
            &image.concat(),
            &[
                ("Comment", TEXT),
                ("prompt", TEXT),
                ("xmp", &[TEXT, b"en"].concat()),
                ("packed", TEXT),
                ("eXIf", &TEXT.repeat(2)),
                ("content", b"behind"),
            ],
        );
    }

    #[test]
    fn truncated() {
        let text = chunk(b"tEXt", &[b"Comment\0", TEXT].concat());
        let found = found(&[MAGIC, &text[..20]].concat());
        assert_eq!(found.problems, [(String::new(), Problem::Truncated)]);
        assert_eq!(found.entries.len(), 1);
        let pixels = chunk(b"IDAT", &[7; 100]);
        assert_entries(&[MAGIC, &pixels[..20]].concat(), &[]);
    }
}
