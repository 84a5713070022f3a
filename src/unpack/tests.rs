//! Unpacks nested containers and bombs.

use std::io::{self, Read};
use std::slice;
use std::time::Instant;

use bstr::BStr;

use super::samples::{
    Found, Zipped, assert_entries, found, gz, problem, tar, tar_entry, tar_header, zip, zip_end,
    zip_of,
};
use super::{Limits, Problem, Sink, is_container, unpack};

const TEXT: &[u8] = b"name = value\n";

/// Counts entries and their bytes.
#[derive(Default)]
struct Count {
    entries: u64,
    bytes: u64,
    problems: Vec<Problem>,
}

impl Sink for Count {
    fn entry(&mut self, _: &BStr, content: &mut dyn Read) -> io::Result<()> {
        self.entries += 1;
        let mut buffer = vec![0; 1 << 16];
        loop {
            match content.read(&mut buffer)? {
                0 => return Ok(()),
                len => self.bytes += len as u64,
            }
        }
    }

    fn problem(&mut self, _: &BStr, problem: Problem) {
        self.problems.push(problem);
    }
}

/// Unpacks a bomb within a loose bound of time: builds of tests are slow.
#[track_caller]
fn bomb(bytes: &[u8]) -> Count {
    limited(bytes, &Limits::default())
}

#[track_caller]
fn limited(bytes: &[u8], limits: &Limits) -> Count {
    let start = Instant::now();
    let mut count = Count::default();
    unpack(bytes, limits, &mut count);
    let time = start.elapsed();
    assert!(time.as_secs() < 60, "{time:?}");
    assert!(!count.problems.is_empty(), "a bomb without a problem");
    assert!(count.problems.len() <= 102);
    count
}

#[test]
fn what_is_no_container_is_not_fed() {
    for text in [
        &b""[..],
        b"text",
        b"PK",
        b"hC is text",
        b"x\x9c",
        b"070701 of cpio",
        &[0; 512],
    ] {
        assert!(!is_container(text), "{text:?}");
        assert_eq!(found(text), Found::default());
    }
}

#[test]
fn containers_in_containers_have_a_path() {
    let archive = tar(&[
        ("lib/b.jar", &zip(&[("config.properties", TEXT)])),
        ("x", b""),
    ]);
    assert_entries(
        &gz(&archive),
        &[("lib/b.jar!config.properties", TEXT), ("x", b"")],
    );
    // Names that are missing are left out.
    assert_entries(&gz(&gz(TEXT)), &[("content", TEXT)]);
    assert_entries(&zip(&[("a.gz", &gz(TEXT))]), &[("a.gz", TEXT)]);
}

#[test]
fn an_image_of_containers() {
    let layer = tar(&[("etc/app.conf", TEXT)]);
    let config: &[u8] = br#"{"config":{"Env":["NAME=value"]}}"#;
    let image = tar(&[
        ("manifest.json", b"[]"),
        ("config.json", config),
        ("layer.tar", &layer),
        ("blobs/sha256/0", &gz(&layer)),
    ]);
    assert_entries(
        &image,
        &[
            ("manifest.json", b"[]"),
            ("config.json", config),
            ("layer.tar!etc/app.conf", TEXT),
            ("blobs/sha256/0!etc/app.conf", TEXT),
        ],
    );
}

#[test]
fn containers_that_are_too_deep_are_taken_as_they_are() {
    let deep = |depth: usize| (0..depth).fold(TEXT.to_vec(), |inner, _| zip(&[("a", &inner)]));
    assert_entries(&deep(8), &[("a!a!a!a!a!a!a!a", TEXT)]);
    let found = found(&deep(9));
    let path = "a!a!a!a!a!a!a!a".to_owned();
    assert_eq!(found.problems, [(path, Problem::TooDeep { limit: 8 })]);
    assert_eq!(found.entries[0].1, deep(1));
}

#[test]
fn a_truncated_container_is_reported_once() {
    let archive = gz(&tar(&[("a", TEXT), ("b", &noise(5000))]));
    let found = found(&archive[..archive.len() - 100]);
    assert_eq!(found.entries[0], ("a".to_owned(), TEXT.to_vec()));
    assert_eq!(found.entries[1].0, "b");
    assert_eq!(found.problems, [(String::new(), Problem::Truncated)]);
}

#[test]
fn a_corrupt_entry_does_not_hide_the_next_one() {
    let mut broken = gz(TEXT);
    let len = broken.len();
    broken[len - 6] ^= 1;
    let found = found(&tar(&[("a.gz", &broken), ("b", TEXT)]));
    assert_eq!(found.problems.len(), 1, "{found:?}");
    assert_eq!(found.problems[0].0, "a.gz");
    assert_eq!(found.entries, [("a.gz", TEXT), ("b", TEXT)].map(owned));
}

fn owned((path, bytes): (&str, &[u8])) -> (String, Vec<u8>) {
    (path.to_owned(), bytes.to_vec())
}

/// Bytes that do not compress.
fn noise(len: usize) -> Vec<u8> {
    let mut state = 1_u32;
    let mut next = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        state.to_be_bytes()[0]
    };
    (0..len).map(|_| next()).collect()
}

#[test]
fn the_sink_may_stop_or_read_less() {
    struct Some3(Vec<String>, bool);
    impl Sink for Some3 {
        fn entry(&mut self, path: &BStr, content: &mut dyn Read) -> io::Result<()> {
            self.0.push(path.to_string());
            let mut bytes = [0; 3];
            content.read_exact(&mut bytes)?;
            if self.1 {
                return Err(io::Error::other("enough"));
            }
            Ok(())
        }

        fn problem(&mut self, path: &BStr, problem: Problem) {
            panic!("{path}: {problem}");
        }
    }
    for archive in [
        tar(&[("a", TEXT), ("b", TEXT)]),
        zip(&[("a", TEXT), ("b", TEXT)]),
    ] {
        let mut part = Some3(Vec::new(), false);
        unpack(&gz(&archive), &Limits::default(), &mut part);
        assert_eq!(part.0, ["a", "b"]);
        let mut stopped = Some3(Vec::new(), true);
        unpack(&archive, &Limits::default(), &mut stopped);
        assert_eq!(stopped.0, ["a"]);
    }
}

#[test]
fn many_problems_are_counted() {
    let mut entry = Zipped::new("a", TEXT);
    entry.flags = 1;
    let found = found(&zip_of(&vec![entry; 150]));
    assert_eq!(found.problems.len(), 101);
    assert_eq!(found.problems[0], ("a".to_owned(), Problem::Encrypted));
    assert_eq!(found.problems[100], (String::new(), Problem::More(50)));
}

#[test]
fn zeros() {
    // Ten times each: 10 GB in 10 kB.
    let zeros = (0..2).fold(vec![0; 10 << 20], |zeros, _| gz(&zeros.repeat(10)));
    let count = bomb(&zeros);
    assert_eq!(count.problems, [Problem::TooDense { limit: 250 }]);
    assert!(count.bytes <= 64 << 20);
}

#[test]
fn a_file_that_contains_itself() {
    // Each container has the next ones sixteen times.
    let bomb_42 = (0..5).fold(gz(&vec![0; 1 << 20]), |inner, _| {
        let names: Vec<String> = (0..16).map(|number| number.to_string()).collect();
        let entries = names.iter().map(|name| Zipped::stored(name, &inner));
        gz(&zip_of(&entries.collect::<Vec<_>>()))
    });
    let count = bomb(&bomb_42);
    assert!(matches!(
        count.problems[..],
        [Problem::TooDense { .. } | Problem::TooDeep { .. }, ..]
    ));
    // As if it were in itself.
    let endless = (0..100).fold(TEXT.to_vec(), |inner, _| gz(&inner));
    let expected = (String::new(), Problem::TooDeep { limit: 8 });
    assert_eq!(problem(&endless), expected);
}

#[test]
fn entries_on_top_of_each_other() {
    let kernel = Zipped::new("a", &vec![0; 1 << 20]);
    let mut directory = Vec::new();
    for _ in 0..5000 {
        directory.extend(kernel.central(0));
    }
    let local = kernel.local();
    let end = zip_end(&directory, local.len());
    let count = bomb(&[local, directory, end].concat());
    assert_eq!(count.problems, [Problem::TooDense { limit: 250 }]);
}

#[test]
fn millions_of_entries() {
    // A thousandth of the default, since builds of tests are slow.
    let limits = Limits {
        entries: 1000,
        ..Limits::default()
    };
    let too_many = Problem::TooManyEntries { limit: 1000 };
    let local = Zipped::stored("", b"").local();
    let directory = Zipped::stored("", b"").central(0).repeat(1100);
    let end = zip_end(&directory, local.len());
    let count = limited(&[local, directory, end].concat(), &limits);
    assert_eq!(
        (count.problems, count.entries),
        (vec![too_many.clone()], 1000)
    );
    let inner = gz(&tar_entry("a", b'0', b"").repeat(100));
    let count = limited(&tar(&[("a.gz", &inner)]).repeat(11), &limits);
    assert_eq!(count.problems, [too_many]);
}

#[test]
fn a_long_name_of_many_entries_is_work() {
    let header = |name: &str, size: usize| format!("{name:<48}{size:<10}`\n").into_bytes();
    let names = [header("//", 4000), vec![b'x'; 4000]].concat();
    let archive = [b"!<arch>\n".to_vec(), names, header("/0", 0).repeat(500)].concat();
    let limit = 1 << 20;
    let limits = Limits {
        bytes: limit,
        ..Limits::default()
    };
    let count = limited(&archive, &limits);
    assert_eq!(count.problems, [Problem::TooLarge { limit }]);
}

#[test]
fn sizes_that_are_lies() {
    let truncated = Problem::Truncated;
    // More than there is, negative, and as a record of PAX.
    let mut huge = [0x80; 12];
    huge[1..5].fill(0);
    for (size, expected) in [
        (&b"77777777777"[..], Some(&truncated)),
        (&huge, Some(&truncated)),
        (&[0xff; 12], None),
        (b"-1", None),
    ] {
        let archive = [tar_header("a", b'0', size), TEXT.to_vec()].concat();
        let count = bomb(&archive);
        assert_eq!(count.bytes, TEXT.len() as u64, "{size:?}");
        if let Some(expected) = expected {
            assert_eq!(count.problems, slice::from_ref(expected));
        }
    }
    let record = tar_entry("pax", b'x', b"29 size=99999999999999999999\n");
    bomb(&[record, tar(&[("a", TEXT)])].concat());
    let mut entry = Zipped::new("a", TEXT);
    entry.size = 3;
    let lie = Problem::Corrupt("its size is not the declared one".to_owned());
    assert_eq!(problem(&zip_of(&[entry])), ("a".to_owned(), lie));
}

#[test]
fn memory_is_bounded() {
    let data = vec![0; 70 << 20];
    let archive = zip_of(&[Zipped::stored(
        "a.zip",
        &zip_of(&[Zipped::stored(
            "a.zip",
            &zip_of(&[Zipped::stored("a", &data)]),
        )]),
    )]);
    let limits = Limits {
        memory: 100 << 20,
        bytes: 1 << 30,
        ..Limits::default()
    };
    let mut count = Count::default();
    unpack(&archive, &limits, &mut count);
    assert_eq!(count.problems, [Problem::TooMuchMemory]);
    // It is searched as it is.
    assert!(count.bytes >= data.len() as u64);
}

#[test]
fn empty_blocks_are_work() {
    // Blocks without content are read for each entry.
    let mut entry = Zipped::new("a", b"");
    entry.data = [0, 0, 0, 0xff, 0xff].repeat(20_000);
    let local = entry.local();
    let directory = entry.central(0).repeat(5000);
    let end = zip_end(&directory, local.len());
    let count = bomb(&[local, directory, end].concat());
    assert!(count.problems.contains(&Problem::TooDense { limit: 250 }));
}
