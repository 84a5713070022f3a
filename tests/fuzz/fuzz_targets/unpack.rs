//! Unpacks any bytes as a container of each kind: it ends, it stays within its budget, and it gives
//! the same twice.
#![no_main]

use std::io::{self, Read};

use keysieve::unpack::{Limits, Problem, Sink, is_container, unpack};
use libfuzzer_sys::fuzz_target;

/// Small, so that bombs are found soon.
const LIMITS: Limits = Limits {
    bytes: 1 << 22,
    ratio: 250,
    free_bytes: 1 << 20,
    entries: 1000,
    depth: 8,
    memory: 1 << 24,
};

#[derive(Default, PartialEq, Eq)]
struct Found {
    entries: Vec<(Vec<u8>, Vec<u8>)>,
    problems: Vec<(Vec<u8>, Problem)>,
}

impl Sink for Found {
    fn entry(&mut self, path: &bstr::BStr, content: &mut dyn Read) -> io::Result<()> {
        let mut bytes = Vec::new();
        let result = content.read_to_end(&mut bytes);
        self.entries.push((path.to_vec(), bytes));
        result.map(drop)
    }

    fn problem(&mut self, path: &bstr::BStr, problem: Problem) {
        self.problems.push((path.to_vec(), problem));
    }
}

fn found(bytes: &[u8]) -> Found {
    let mut found = Found::default();
    unpack(bytes, &LIMITS, &mut found);
    found
}

/// How containers begin whose first bytes are hard to guess.
const MAGICS: [&[u8]; 15] = [
    b"",
    b"\x1f\x8b\x08",
    b"BZh91AY&SY",
    b"\xfd7zXZ\0",
    b"\x28\xb5\x2f\xfd",
    b"PK\x03\x04",
    b"!<arch>\n",
    b"070701",
    b"070707",
    b"SQLite format 3\0",
    b"# v2 git bundle\n\nPACK\0\0\0\x02\0\0\0",
    b"%PDF-1.7\n",
    b"\x89PNG\r\n\x1a\n",
    b"x\x9c",
    b"\x5d\0\0\x80\0",
];

fuzz_target!(|input: &[u8]| {
    let Some((&kind, rest)) = input.split_first() else {
        return;
    };
    let magic = MAGICS[usize::from(kind) % MAGICS.len()];
    let bytes = [magic, rest].concat();
    let first = found(&bytes);
    if !is_container(&bytes[..bytes.len().min(512)]) {
        assert!(
            first == Found::default(),
            "what is no container is unpacked"
        );
    }
    assert!(first.entries.len() <= 1000 && first.problems.len() <= 101);
    assert!(first == found(&bytes), "the same bytes unpack in two ways");
});
