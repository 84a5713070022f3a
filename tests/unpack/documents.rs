//! Writes the documents, images and databases that carry a file as their text, for the matrix of
//! what is found.

use crate::support::archive::{zip, zlib};

/// A document of Word, in which each line is a paragraph.
pub(super) fn docx(content: &[u8]) -> Vec<u8> {
    let text = String::from_utf8_lossy(content);
    let lines = text.lines().map(|line| {
        let line = escaped(line);
        format!("<w:p><w:r><w:t xml:space=\"preserve\">{line}</w:t></w:r></w:p>")
    });
    let body: String = lines.collect();
    let document = format!("{XML}<w:document><w:body>{body}</w:body></w:document>");
    office("word/document.xml", &document)
}

/// A workbook of Excel, with the text in one cell.
pub(super) fn xlsx(content: &[u8]) -> Vec<u8> {
    let text = escaped(&String::from_utf8_lossy(content));
    let strings = format!(
        "{XML}<sst count=\"1\" uniqueCount=\"1\"><si><t xml:space=\"preserve\">{text}</t></si></sst>"
    );
    office("xl/sharedStrings.xml", &strings)
}

const XML: &str = "<?xml version=\"1.0\" encoding=\"UTF-8\" standalone=\"yes\"?>\r\n";

fn office(path: &str, part: &str) -> Vec<u8> {
    let types = format!("{XML}<Types/>");
    zip(&[
        ("[Content_Types].xml", types.as_bytes()),
        (path, part.as_bytes()),
    ])
}

fn escaped(text: &str) -> String {
    let text = text.replace('&', "&amp;").replace('<', "&lt;");
    text.replace('>', "&gt;")
}

/// A document with the text on its page.
pub(super) fn pdf_page(content: &[u8]) -> Vec<u8> {
    let text = String::from_utf8_lossy(content);
    let mut page = "BT\n/F1 10 Tf\n12 TL\n72 720 Td\n".to_owned();
    for line in text.lines() {
        let line = line.replace('\\', "\\\\").replace('(', "\\(");
        page += &format!("({}) Tj T*\n", line.replace(')', "\\)"));
    }
    page += "ET\n";
    pdf(&[
        ("/Type/Page/Contents 2 0 R", None),
        ("/Filter/FlateDecode", Some(&zlib(page.as_bytes()))),
    ])
}

/// A document with the file attached.
pub(super) fn pdf_attachment(content: &[u8]) -> Vec<u8> {
    pdf(&[
        ("/Type/Filespec/F(app.conf)/EF<</F 2 0 R>>", None),
        (
            "/Type/EmbeddedFile/Filter/FlateDecode",
            Some(&zlib(content)),
        ),
    ])
}

fn pdf(objects: &[(&str, Option<&[u8]>)]) -> Vec<u8> {
    let mut out = b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n".to_vec();
    for (number, (keys, data)) in (1..).zip(objects) {
        out.extend(format!("{number} 0 obj\n<<{keys}").into_bytes());
        if let Some(data) = data {
            out.extend(format!("/Length {}>>\nstream\n", data.len()).into_bytes());
            out.extend_from_slice(data);
            out.extend_from_slice(b"\nendstream\nendobj\n");
        } else {
            out.extend_from_slice(b">>\nendobj\n");
        }
    }
    out.extend_from_slice(b"trailer\n<</Size 3/Root 1 0 R>>\nstartxref\n0\n%%EOF\n");
    out
}

/// An image of one pixel with one chunk of this kind.
pub(super) fn png(kind: &[u8; 4], data: &[u8]) -> Vec<u8> {
    let mut out = b"\x89PNG\r\n\x1a\n".to_vec();
    let header = [0, 0, 0, 1, 0, 0, 0, 1, 8, 0, 0, 0, 0];
    let pixel = zlib(&[0, 0]);
    for (kind, data) in [
        (b"IHDR", &header[..]),
        (kind, data),
        (b"IDAT", &pixel),
        (b"IEND", b""),
    ] {
        let chunk = [&kind[..], data].concat();
        out.extend((data.len() as u32).to_be_bytes());
        out.extend_from_slice(&chunk);
        out.extend(crc32fast::hash(&chunk).to_be_bytes());
    }
    out
}

/// A database with the content in a row of the only table: as text, or as a blob if it is no text.
pub(super) fn sqlite(page_size: usize, content: &[u8]) -> Vec<u8> {
    let sql = "CREATE TABLE config(name TEXT, value)";
    let schema = record(&[
        (b"table", 1),
        (b"config", 1),
        (b"config", 1),
        (&[2], 0),
        (sql.as_bytes(), 1),
    ]);
    let is_text = u64::from(std::str::from_utf8(content).is_ok());
    let row = record(&[(b"app.conf", 1), (content, is_text)]);
    let (row, overflow) = row.split_at(local_len(page_size, row.len()));
    let pages: Vec<_> = overflow.chunks(page_size - 4).collect();
    let mut cell = [
        varint((row.len() + overflow.len()) as u64),
        varint(1),
        row.to_vec(),
    ]
    .concat();
    if !overflow.is_empty() {
        cell.extend(3_u32.to_be_bytes());
    }
    let schema = [varint(schema.len() as u64), varint(1), schema].concat();
    let mut out = leaf(page_size, 100, &schema);
    out.extend(leaf(page_size, 0, &cell));
    for (next, page) in (4_u32..).zip(&pages) {
        let is_last = next as usize == pages.len() + 3;
        let next = if is_last { 0 } else { next };
        let start = out.len();
        out.extend(next.to_be_bytes());
        out.extend_from_slice(page);
        out.resize(start + page_size, 0);
    }
    let count = (out.len() / page_size) as u32;
    out[..100].copy_from_slice(&database_header(page_size, count));
    out
}

fn database_header(page_size: usize, count: u32) -> Vec<u8> {
    let mut header = b"SQLite format 3\0".to_vec();
    header.extend((page_size as u16).to_be_bytes());
    header.extend([1, 1, 0, 64, 32, 32]);
    // The counter of changes, the pages, the freelist, the schema, and the encoding, which is UTF-8.
    for field in [1, count, 0, 0, 1, 4, 0, 0, 1, 0, 0, 0] {
        header.extend(field.to_be_bytes());
    }
    header.resize(92, 0);
    header.extend([1_u32, 3_045_000].map(u32::to_be_bytes).concat());
    header
}

/// A page with one cell. A header of the file may precede it.
fn leaf(page_size: usize, header: usize, cell: &[u8]) -> Vec<u8> {
    let at = page_size - cell.len();
    let mut page = vec![0; header];
    // A leaf of a table, no free block, one cell, and where cells begin.
    page.extend([13, 0, 0, 0, 1]);
    page.extend((at as u16).to_be_bytes());
    page.push(0);
    page.extend((at as u16).to_be_bytes());
    page.resize(at, 0);
    page.extend_from_slice(cell);
    page
}

/// How much of a record of a table is on its page.
fn local_len(page_size: usize, len: usize) -> usize {
    let (min, max) = ((page_size - 12) * 32 / 255 - 23, page_size - 35);
    let local = min + len.saturating_sub(min) % (page_size - 4);
    match local {
        _ if len <= max => len,
        local if local <= max => local,
        _ => min,
    }
}

/// A record of numbers of a byte (kind 0), and of texts (1) and blobs (0) of more.
fn record(values: &[(&[u8], u64)]) -> Vec<u8> {
    let kinds = values.iter().map(|(value, is_text)| match value.len() {
        1 => varint(1),
        len => varint(len as u64 * 2 + 12 + is_text),
    });
    let kinds = kinds.collect::<Vec<_>>().concat();
    let values = values.iter().flat_map(|(value, _)| value.iter().copied());
    // The length counts itself.
    let head = varint(kinds.len() as u64 + 1);
    head.into_iter().chain(kinds).chain(values).collect()
}

/// Seven bits in a byte, the highest first.
fn varint(number: u64) -> Vec<u8> {
    let mut bytes = vec![(number & 0x7f) as u8];
    let mut rest = number >> 7;
    while rest > 0 {
        bytes.insert(0, (rest & 0x7f) as u8 | 0x80);
        rest >>= 7;
    }
    bytes
}
