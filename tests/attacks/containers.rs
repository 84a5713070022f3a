//! Attacks that hide a secret in an archive or a compressed file that other programs read, or that
//! make unpacking take very long.

use std::time::{Duration, Instant};

use crate::support::Repo;
use crate::support::archive::{gzip, tar};
use crate::support::keys::seeded_id_line;

/// Text whose compressed form has no plain piece of it.
fn text(seed: u64) -> Vec<u8> {
    seeded_id_line(seed).repeat(40).into_bytes()
}

/// Expects that `content` is not passed, in the work tree, staged, in a commit and in a history:
/// with status 1 if it is read, or else 2.
#[track_caller]
fn refused(name: &str, content: &[u8], status: i32) {
    let repo = Repo::new();
    repo.add("readme", "nothing\n").commit("first");
    repo.add(name, content);
    repo.keysieve(["scan"]).status(status);
    repo.keysieve(["staged"]).status(status);
    repo.commit("a container");
    repo.keysieve(["gate", "HEAD~1..HEAD"]).status(status);
    repo.keysieve(["audit", "--no-cache"]).status(status);
}

/// Deflated text without a header.
fn deflated(text: &[u8]) -> Vec<u8> {
    let packed = gzip(text);
    packed[10..packed.len() - 8].to_vec()
}

fn little(words: &[u32], bytes: &[usize]) -> Vec<u8> {
    let fields = words.iter().zip(bytes);
    let fields = fields.flat_map(|(word, len)| word.to_le_bytes()[..*len].to_vec());
    fields.collect()
}

fn len(bytes: &[u8]) -> u32 {
    u32::try_from(bytes.len()).expect("small")
}

/// The entry `a` of a zip, packed with `method`.
fn local(method: u32, flags: u32, data: &[u8]) -> Vec<u8> {
    let packed = if flags & 8 == 0 { len(data) } else { 0 };
    let fields = [20, flags, method, 0, 0x21, 0, packed, packed, 1, 0];
    let fields = little(&fields, &[2, 2, 2, 2, 2, 4, 4, 4, 2, 2]);
    [b"PK\x03\x04", &fields[..], b"a", data].concat()
}

/// Its header in the central directory.
fn central(method: u32, flags: u32, packed: u32, size: u32, offset: u32) -> Vec<u8> {
    let fields = [
        20, 20, flags, method, 0, 0x21, 0, packed, size, 1, 0, 0, 0, 0, 0, offset,
    ];
    let lens = [2, 2, 2, 2, 2, 2, 4, 4, 4, 2, 2, 2, 2, 2, 4, 4];
    [b"PK\x01\x02", &little(&fields, &lens)[..], b"a"].concat()
}

/// An end record for a directory of `size` bytes at `offset`, before a comment.
fn end(size: u32, offset: u32, comment: &[u8]) -> Vec<u8> {
    let fields = [0, 0, 1, 1, size, offset, len(comment)];
    let fields = little(&fields, &[2, 2, 2, 2, 4, 4, 2]);
    [b"PK\x05\x06", &fields[..], comment].concat()
}

/// A zip whose local header says that the entry is not compressed, behind `stub`, with offsets from
/// the end of that.
fn zip_behind(stub: &[u8], comment: &[u8]) -> Vec<u8> {
    let (text, data) = (text(1), deflated(&text(1)));
    let (local, central) = (local(0, 0, &data), central(8, 0, len(&data), len(&text), 0));
    let end = end(len(&central), len(&local), comment);
    [stub, &local, &central, &end].concat()
}

/// Python, Java and unzip look for a zip from its end: what precedes it may be anything.
#[test]
fn an_archive_behind_something_else() {
    for stub in [
        &b"#!/usr/bin/env python3\n"[..],
        b"MZ\0\0\0\0\0\0\0\0",
        b"GIF89a",
        b"\n",
    ] {
        refused("tool", &zip_behind(stub, b""), 1);
        refused("tool", &zip_behind(stub, b"a comment"), 1);
    }
    let nested = tar(&[("tool", &zip_behind(b"#!/usr/bin/env python3\n", b""))]);
    refused("a.tar.gz", &gzip(&nested), 1);
    let program = [&b"\x7fELF"[..], &vec![0; 9 << 20]].concat();
    refused("program", &zip_behind(&program, b""), 1);
}

/// Programs count offsets back from the end, if another archive precedes the directory.
#[test]
fn a_directory_that_is_not_at_its_offset() {
    let other = local(0, 0, b"nothing");
    refused("a.zip", &zip_behind(&other, b""), 1);
}

/// Java takes the end record whose comment ends the file, others take the last one.
#[test]
fn an_end_record_in_a_comment() {
    let comment = [b"x", &end(0, 0, b"")[..], b"yyyyy"].concat();
    refused("a.zip", &zip_behind(b"", &comment), 1);
}

/// Python takes the record of zip64 whenever it is there.
#[test]
fn a_record_of_zip64_that_other_programs_ignore() {
    let (text, data) = (text(2), deflated(&text(2)));
    let local = local(0, 0, &data);
    let real = central(8, 0, len(&data), len(&text), 0);
    let decoy = central(0, 0, len(&data), len(&data), 0);
    let body = [&local[..], &real, &decoy].concat();
    let fields = [
        44,
        0,
        45,
        45,
        0,
        0,
        1,
        0,
        1,
        0,
        len(&real),
        0,
        len(&local),
        0,
    ];
    let lens = [4, 4, 2, 2, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4];
    let record = [b"PK\x06\x06", &little(&fields, &lens)[..]].concat();
    let locator = little(&[0, len(&body), 0, 1], &[4; 4]);
    let locator = [b"PK\x06\x07", &locator[..]].concat();
    let end = end(len(&decoy), len(&local) + len(&real), b"");
    refused("a.zip", &[body, record, locator, end].concat(), 1);
}

/// The length of an entry that is encrypted was looked for once for each header that names it.
#[test]
fn a_zip_whose_headers_all_name_one_long_entry() {
    let local = local(0, 9, &vec![b'x'; 4 << 20]);
    let headers = central(8, 1, 0, 0, 0).repeat(40_000);
    let end = end(len(&headers), len(&local), b"");
    let repo = Repo::new();
    repo.add("a.zip", [local, headers, end].concat());
    let started = Instant::now();
    repo.keysieve(["scan"]).status(2);
    assert!(started.elapsed() < Duration::from_secs(60));
}

/// Python, Go and Java ignore flags of gzip that have no meaning.
#[test]
fn reserved_flags_of_gzip() {
    let mut packed = gzip(&text(3));
    packed[3] |= 0x80;
    refused("a.gz", &packed, 2);
    refused("a.gz", &[gzip(b"nothing"), packed].concat(), 2);
}

/// A header of a tar for `size` bytes, with this kind.
fn header(kind: u8, size: usize) -> Vec<u8> {
    let mut block = tar(&[("a", b"")])[..512].to_vec();
    block[124..135].copy_from_slice(format!("{size:011o}").as_bytes());
    block[156] = kind;
    checksum(&mut block);
    block
}

fn checksum(block: &mut [u8]) {
    block[148..156].fill(b' ');
    let sum: u32 = block.iter().map(|&byte| u32::from(byte)).sum();
    block[148..156].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
}

fn entry(kind: u8, content: &[u8]) -> Vec<u8> {
    let mut entry = header(kind, content.len());
    entry.extend_from_slice(content);
    entry.resize(entry.len().next_multiple_of(512), 0);
    entry
}

/// A record of PAX.
fn record(key: &str, value: &str) -> Vec<u8> {
    let len = key.len() + value.len() + 3;
    let len = len + (len + 2).to_string().len();
    format!("{len} {key}={value}\n").into_bytes()
}

/// Programs disagree on the size of an entry, so that it hides the header of the next one.
#[test]
fn sizes_of_tar_that_hide_the_next_entry() {
    let hidden = entry(b'0', &gzip(&text(4)));
    let (junk, size) = ([b'j'; 512], 512 + hidden.len());
    let hide = |headers: &[&[u8]]| {
        let archive = [&headers.concat(), &junk[..], &hidden, &[0; 1024]];
        refused("a.tar", &archive.concat(), 2);
    };
    let large = record("size", &size.to_string());
    let small = record("size", "512");
    let odd = record("size", &format!("{size} x"));
    for records in [
        vec![&large],
        vec![&odd],
        vec![&small, &large],
        vec![&large, &small],
    ] {
        let records: Vec<_> = records.iter().map(|body| entry(b'x', body)).collect();
        hide(&[&records.concat(), &header(b'0', 512)]);
    }
    hide(&[&entry(b'g', &small), &header(b'0', size)]);
    hide(&[&entry(b'X', &small), &header(b'0', size)]);
    for kind in [b'1', b'5'] {
        hide(&[&header(kind, size)]);
    }
}

/// A sparse file of GNU tar begins with the list of its parts, which may be in any order.
#[test]
fn sparse_files_of_tar() {
    let packed = gzip(&text(5));
    let mut content = format!("1\n0\n{}\n", packed.len()).into_bytes();
    content.resize(512, 0);
    content.extend(&packed);
    let records = [
        record("GNU.sparse.major", "1"),
        record("GNU.sparse.minor", "0"),
        record("GNU.sparse.realsize", &packed.len().to_string()),
    ];
    let archive = [
        entry(b'x', &records.concat()),
        entry(b'0', &content),
        vec![0; 1024],
    ];
    refused("a.tar", &archive.concat(), 2);
}

/// Python reads a checksum in base 256.
#[test]
fn a_checksum_of_tar_in_another_form() {
    let mut archive = entry(b'0', &gzip(&text(6)));
    checksum(&mut archive[..512]);
    let sum: u32 = archive[..512].iter().map(|&byte| u32::from(byte)).sum();
    let field: u32 = archive[148..156].iter().map(|&byte| u32::from(byte)).sum();
    let sum = u64::from(sum - field + 8 * u32::from(b' '));
    archive[148..156].copy_from_slice(&(sum | 1 << 63).to_be_bytes());
    archive.resize(archive.len() + 1024, 0);
    refused("a.tar", &archive, 2);
}

/// The format that cpio writes by default.
#[test]
fn cpio_with_headers_in_binary() {
    let packed = gzip(&text(7));
    let entry = |name: &str, mode: u16, content: &[u8]| {
        let (name_len, size) = (u16::try_from(name.len() + 1), u16::try_from(content.len()));
        let fields = [
            0o070_707,
            0,
            1,
            mode,
            0,
            0,
            1,
            0,
            0,
            0,
            name_len.unwrap(),
            0,
            size.unwrap(),
        ];
        let mut entry: Vec<u8> = fields.into_iter().flat_map(u16::to_le_bytes).collect();
        for part in [&[name.as_bytes(), b"\0"].concat(), content] {
            entry.extend_from_slice(part);
            entry.resize(entry.len().next_multiple_of(2), 0);
        }
        entry
    };
    let archive = [entry("a", 0o100_644, &packed), entry("TRAILER!!!", 0, b"")].concat();
    refused("a.cpio", &archive, 1);
}

/// A number as SQLite writes it.
fn varint(number: usize) -> Vec<u8> {
    let groups = (0..4).rev().map(|group| (number >> (7 * group)) as u8);
    let bytes = groups.enumerate();
    bytes
        .map(|(at, byte)| byte & 0x7f | u8::from(at < 3) << 7)
        .collect()
}

/// A record of SQLite with blobs.
fn record_of(values: &[&[u8]]) -> Vec<u8> {
    let types: Vec<u8> = values
        .iter()
        .flat_map(|value| varint(value.len() * 2 + 12))
        .collect();
    [varint(types.len() + 4), types, values.concat()].concat()
}

/// A database of one table with these blobs. The first one is on many pages.
fn database(long: &[u8], short: &[u8]) -> Vec<u8> {
    const PAGE: usize = 1 << 16;
    let least = (PAGE - 12) * 32 / 255 - 23;
    let (long, short) = (record_of(&[long]), record_of(&[short]));
    let here = least + (long.len() - least) % (PAGE - 4);
    let here = if here <= PAGE - 35 { here } else { least };
    let (here, overflow) = long.split_at(here);
    let cell = |len: usize, content: &[u8], next: &[u8]| {
        [varint(len), vec![1], content.to_vec(), next.to_vec()].concat()
    };
    let schema = record_of(&[b"table", b"t", b"t", b"\x02", b""]);
    let cells = [
        vec![cell(schema.len(), &schema, b"")],
        vec![
            cell(long.len(), here, &[0, 0, 0, 3]),
            cell(short.len(), &short, b""),
        ],
    ];
    let mut pages = Vec::new();
    for (number, cells) in cells.iter().enumerate() {
        let mut page = vec![0; PAGE];
        let (start, mut at) = (if number == 0 { 100 } else { 0 }, PAGE);
        page[start..start + 5].copy_from_slice(&[13, 0, 0, 0, cells.len() as u8]);
        for (index, cell) in cells.iter().enumerate() {
            at -= cell.len();
            page[at..at + cell.len()].copy_from_slice(cell);
            page[start + 8 + 2 * index..][..2].copy_from_slice(&(at as u16).to_be_bytes());
        }
        pages.push(page);
    }
    pages[0][..16].copy_from_slice(b"SQLite format 3\0");
    pages[0][16..24].copy_from_slice(&[0, 1, 1, 1, 0, 64, 32, 32]);
    pages[0][56..60].copy_from_slice(&[0, 0, 0, 1]);
    let parts: Vec<_> = overflow.chunks(PAGE - 4).collect();
    for (number, part) in (4_u32..).zip(&parts) {
        let next = if number - 3 < parts.len() as u32 {
            number
        } else {
            0
        };
        let mut page = [&next.to_be_bytes(), *part].concat();
        page.resize(PAGE, 0);
        pages.push(page);
    }
    pages.concat()
}

/// The values of a table that are containers are put aside, and there was no place for more.
#[test]
fn a_value_of_a_database_behind_many_containers() {
    let mut noise = 1_u64;
    let random = (0..30 << 20).map(|_| {
        noise ^= noise << 13;
        noise ^= noise >> 7;
        noise ^= noise << 17;
        noise as u8
    });
    let mut long = gzip(&random.take(29 << 20).collect::<Vec<u8>>());
    // The longest record that is read: eight bytes are its header.
    long.resize((32 << 20) - 8, 0);
    let repo = Repo::new();
    repo.add("a.db", database(&long, &gzip(&text(8))));
    repo.keysieve(["scan"]).status(1);
}

/// A few kilobytes that unpack to far more places that have to be verified than text of that size
/// has.
#[test]
fn a_container_with_too_many_places_to_verify() {
    let places = ["AK", "IA "].concat().repeat(1_100_000);
    let archive = tar(&[("a.txt", places.as_bytes()), ("b.txt", &text(7))]);
    let repo = Repo::new();
    repo.add("a.tar.gz", gzip(&archive));
    let ran = repo.keysieve(["scan"]);
    ran.status(2).says("places that may be secrets");
    // Text of this size may have as many.
    repo.add("a.tar.gz", archive);
    repo.keysieve(["scan"]).status(1).says("b.txt");
}
