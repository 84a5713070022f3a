//! Unpacks the input of a fuzzer as a container of one format: it must end, stay within its budget,
//! and give the same twice.

use std::io::{self, Read};

use keysieve::unpack::{Limits, Problem, Sink, is_container, unpack};

pub use libfuzzer_sys::{Corpus, fuzz_target};

/// Small, so that bombs are found soon.
const LIMITS: Limits = Limits {
    bytes: 1 << 22,
    ratio: 250,
    free_bytes: 1 << 20,
    entries: 1000,
    depth: 8,
    memory: 1 << 24,
};

/// What entries may have beyond the limit: what is not decoded, and what was read at once.
const SLACK: u64 = 1 << 20;

/// A hundred, why the unpacking is over, and how many more there are.
const MAX_PROBLEMS: usize = 102;

/// Makes a target of the beginnings that containers of a format have, and of what has to be mended
/// that a fuzzer does not guess.
#[macro_export]
macro_rules! container {
    ([$($magic:expr),+]) => {
        $crate::container!([$($magic),+], |_: &mut [u8]| {});
    };
    ([$($magic:expr),+], $mend:expr) => {
        $crate::container::fuzz_target!(|input: &[u8]| -> $crate::container::Corpus {
            $crate::container::check(input, &[$($magic),+], $mend)
        });
    };
}

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

/// Checks one input, which gets the first magic if it has none. What still is no container is not
/// kept for later.
pub fn check(input: &[u8], magics: &[&[u8]], mend: fn(&mut [u8])) -> Corpus {
    let mut bytes = input.to_vec();
    if !magics.iter().any(|magic| bytes.starts_with(magic)) {
        bytes.resize(bytes.len().max(magics[0].len()), 0);
        bytes[..magics[0].len()].copy_from_slice(magics[0]);
    }
    mend(&mut bytes);
    let first = found(&bytes);
    assert!(first == found(&bytes), "the same bytes unpack in two ways");
    if first == Found::default() && !is_container(&bytes) {
        return Corpus::Reject;
    }
    let len: usize = first.entries.iter().map(|(_, bytes)| bytes.len()).sum();
    assert!(len as u64 <= LIMITS.bytes + SLACK, "unpacks to {len} bytes");
    assert!(first.entries.len() as u64 <= LIMITS.entries);
    assert!(first.problems.len() <= MAX_PROBLEMS);
    Corpus::Keep
}
