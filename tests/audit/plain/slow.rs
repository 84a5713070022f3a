//! The slow version: `git cat-file` prints every object, and each is scanned alone.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Mutex;

use bstr::ByteSlice;
use keysieve::blob::Part;
use keysieve::engine::{Frames, OccurrenceBuilder};
use keysieve::scan::Match;
use rayon::prelude::*;

use super::{All, POLICY, SCANNER, Seen};

/// An object as git gives it.
struct Object {
    id: String,
    kind: String,
    bytes: Vec<u8>,
}

/// Everything in the repository at `dir`.
pub(super) fn all(dir: &Path) -> All {
    let mut git = Command::new("git");
    git.args(["cat-file", "--batch-all-objects", "--batch", "--unordered"])
        .env("GIT_DIR", dir)
        .stdout(Stdio::piped());
    let mut git = git.spawn().unwrap();
    let mut out = BufReader::new(git.stdout.take().unwrap());
    let objects = std::iter::from_fn(|| next(&mut out));
    let gathered = Mutex::new(All::default());
    objects
        .par_bridge()
        .for_each(|object| one(&object, &gathered));
    assert!(git.wait().unwrap().success());
    gathered.into_inner().unwrap()
}

fn next(out: &mut impl BufRead) -> Option<Object> {
    let mut line = String::new();
    if out.read_line(&mut line).unwrap() == 0 {
        return None;
    }
    let [id, kind, size] = line.split_whitespace().collect::<Vec<_>>()[..] else {
        panic!("{line:?}")
    };
    let mut bytes = vec![0; size.parse::<usize>().unwrap() + 1];
    out.read_exact(&mut bytes).unwrap();
    assert_eq!(bytes.pop(), Some(b'\n'));
    Some(Object {
        id: id.to_owned(),
        kind: kind.to_owned(),
        bytes,
    })
}

fn one(object: &Object, gathered: &Mutex<All>) {
    let Object { id, kind, bytes } = object;
    if kind == "tree" {
        let found: Vec<_> = names(bytes, id.len() / 2)
            .flat_map(|name| fingerprints(name).map(|f| (name.into(), f)))
            .collect();
        let mut all = gathered.lock().unwrap();
        all.names.extend(found);
        all.objects.insert(id.clone());
        return;
    }
    let matches = SCANNER.scan(bytes);
    let seen: Vec<Seen> = matches.iter().map(|found| Seen::new(id, found)).collect();
    let findings = findings(bytes, matches);
    let mut all = gathered.lock().unwrap();
    all.objects.insert(id.clone());
    all.seen.extend(seen);
    all.findings.extend(
        findings
            .into_iter()
            .map(|fingerprint| (id.clone(), fingerprint)),
    );
}

/// Names in a tree whose ids are `hash` bytes long. Names that are too short for the library to
/// search are included, to test that they hold nothing.
fn names(mut tree: &[u8], hash: usize) -> impl Iterator<Item = &[u8]> {
    std::iter::from_fn(move || {
        let start = tree.find_byte(b' ')? + 1;
        let end = tree.find_byte(0).unwrap();
        let name = &tree[start..end];
        tree = &tree[end + 1 + hash..];
        Some(name)
    })
}

fn fingerprints(name: &[u8]) -> std::vec::IntoIter<String> {
    findings(name, SCANNER.scan(name)).into_iter()
}

/// Fingerprints of the findings in `text` with these `matches`.
fn findings(text: &[u8], matches: Vec<Match>) -> Vec<String> {
    if matches.is_empty() {
        return Vec::new();
    }
    let builder = OccurrenceBuilder::new(&SCANNER);
    let part = Part::whole(text.len());
    let located = builder.locate(text, &part, matches, Frames::Omit);
    let mut found = Vec::new();
    for seen in builder.occurrences(&located) {
        found.push(seen.occurrence.fingerprint.to_string());
        if let Some(half) = seen.first_half
            && POLICY.marker(&seen.occurrence, &seen.nearby).is_some()
        {
            found.push(half.occurrence.fingerprint.to_string());
        }
    }
    found
}
