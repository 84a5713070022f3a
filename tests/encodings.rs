//! Tests that secrets are found in every encoding and in pieces, in the files in which both occur,
//! and that ciphertext is not reported.

use serde_json::Value;

use crate::support::{Run, Sandbox};

mod ciphertext;
mod files;
mod forms;
mod matrix;
mod pieces;
pub(crate) mod samples;
mod structured;

pub(crate) use matrix::is_missed_in_plain;
use samples::Sample;

/// A form in which texts contain secrets.
pub(crate) struct Form {
    pub(crate) name: &'static str,
    /// The content of a file with the sample in this form.
    pub(crate) write: fn(&Sample) -> Vec<u8>,
}

/// All forms, from the most common one on: encodings, and ways to join pieces.
pub(crate) fn forms() -> impl Iterator<Item = &'static Form> {
    forms::ENCODINGS.iter().chain(pieces::PIECES)
}

/// Scans a folder with these files and returns the findings of each, unmasked and in order.
#[track_caller]
pub(crate) fn scan_all<T: AsRef<[u8]>>(texts: &[T]) -> Vec<Vec<Value>> {
    let sandbox = Sandbox::new();
    let folder = sandbox.root().join("in");
    std::fs::create_dir(&folder).unwrap();
    for (number, text) in texts.iter().enumerate() {
        std::fs::write(folder.join(number.to_string()), text).unwrap();
    }
    let ran = Run::new(Run::KEYSIEVE, &folder, &sandbox)
        .args(["scan", "-f", "json", "--reveal"])
        .run();
    let report = ran.json();
    assert_eq!(report["scanned"]["blobs"], texts.len(), "all were scanned");
    let mut found = vec![Vec::new(); texts.len()];
    for finding in report["findings"].as_array().unwrap() {
        let path = finding["path"].as_str().unwrap();
        // An entry of a container is behind its first `!`.
        let file = path.split('!').next().unwrap();
        let number: usize = file.parse().unwrap();
        found[number].push(finding.clone());
    }
    found
}

/// What is found, in a line for a failed test.
fn brief(found: &[Value]) -> String {
    let each = found.iter().map(|finding| {
        let part = |name: &str| finding[name].as_str().unwrap_or_default();
        let (line, encoding) = (&finding["line"], part("encoding"));
        format!(
            "{} {} line {line} {encoding}",
            part("confidence"),
            part("rule")
        )
    });
    each.collect::<Vec<_>>().join("; ")
}
