//! Checks that in files which are read in parts a key at a boundary is found once, at its position.

use serde_json::Value;

use super::{outside, there};
use crate::support::keys::{access_key_id, secret_access_key};

/// The sizes of `src/source/read.rs`.
const PART: usize = 8 << 20;
const OVERLAP: usize = 128 << 10;

/// Lines without a key, with these texts at these offsets.
fn filler_with(size: usize, texts: &[(usize, String)]) -> Vec<u8> {
    let mut bytes: Vec<u8> =
        b"nothing to see in this line of the file, nothing at all in here\n".repeat(size / 64 + 1);
    bytes.truncate(size);
    for (at, text) in texts {
        bytes[*at..at + text.len()].copy_from_slice(text.as_bytes());
    }
    bytes
}

fn findings(bytes: &[u8]) -> Vec<Value> {
    let sandbox = outside("large", bytes);
    let report = there(&sandbox, &["scan", "-f", "json", "--reveal"])
        .run()
        .json();
    assert_eq!(report["scanned"]["bytes"], bytes.len());
    assert_eq!(report["scanned"]["blobs"], 1);
    report["findings"].as_array().unwrap().clone()
}

#[test]
fn keys_around_a_part_boundary_are_found_once() {
    let mut texts = Vec::new();
    for (number, seam) in [PART - OVERLAP, PART - OVERLAP / 2, PART]
        .into_iter()
        .enumerate()
    {
        for (step, shift) in [-4000_isize, -15, 4000].into_iter().enumerate() {
            let at = seam.checked_add_signed(shift).unwrap();
            texts.push((
                at,
                format!(" {} ", access_key_id((number * 3 + step) as u64 + 50)),
            ));
        }
    }
    let bytes = filler_with(PART + PART / 8, &texts);
    let found = findings(&bytes);
    assert_eq!(found.len(), texts.len());
    for (finding, (at, text)) in found.iter().zip(&texts) {
        assert_eq!(finding["secret"], text.trim());
        let before = &bytes[..at + 1];
        let line = before.iter().filter(|&&byte| byte == b'\n').count() + 1;
        let column = before
            .iter()
            .rev()
            .take_while(|&&byte| byte != b'\n')
            .count()
            + 1;
        assert_eq!(
            (&finding["line"], &finding["column"]),
            (&line.into(), &column.into()),
            "at {at}"
        );
    }
}

#[test]
fn a_pair_is_joined_across_parts() {
    let id = (1000, format!(" {} ", access_key_id(1)));
    let secret = (PART + 5000, format!(" secret = {} ", secret_access_key(1)));
    let found = findings(&filler_with(PART + PART / 8, &[id, secret]));
    assert_eq!(
        (found.len(), &found[0]["rule"]),
        (1, &"aws-access-key-pair".into())
    );
    assert_eq!(found[0]["partner"]["secret"], *access_key_id(1));
}

#[test]
fn a_key_at_the_very_end_of_a_part_sized_file_is_found() {
    let id = (PART - 21, format!(" {}", access_key_id(1)));
    assert_eq!(findings(&filler_with(PART, &[id])).len(), 1);
}

#[test]
fn files_above_the_size_limit_are_reported_as_skipped() {
    let sandbox = outside(
        "large",
        format!("{} {}", access_key_id(1), "x ".repeat(2000)),
    );
    std::fs::write(sandbox.root().join("in/small"), access_key_id(2)).unwrap();
    let ran = there(&sandbox, &["scan", "-f", "json", "--max-size", "1KiB"]).status(1);
    let report = ran.json();
    assert_eq!(report["skipped"][0]["path"], "large");
    assert_eq!(report["skipped"][0]["failure"], false);
    assert_eq!(report["findings"].as_array().unwrap().len(), 1);
    there(&sandbox, &["scan", "--max-size", "1KiB"])
        .status(1)
        .says("not scanned: 1")
        .says("larger than the size limit");
    there(&sandbox, &["scan", "--max-size", "1KiB", "large"])
        .status(0)
        .says("larger than the size limit");
    there(&sandbox, &["scan", "--max-size", "many"]).status(2);
}
