//! Looks for every secret in every form, and lists what is missed with the reason.

use std::fmt::Write as _;

use super::forms::compressed;
use super::samples::{Sample, samples, token};
use super::{brief, forms, scan_all};

/// What is not found, and why.
const MISSES: &[(&str, &str, &str)] = &[
    ("base64, after bytes that are no text", "token", NO_TEXT),
    (
        "base64, after bytes that are no text",
        "private key",
        NO_TEXT,
    ),
    ("implode", "AWS pair", LIST),
    ("implode", "token", LIST),
    ("concat!", "AWS pair", LIST),
    ("concat!", "token", LIST),
    ("CONCAT", "AWS pair", LIST),
    ("CONCAT", "token", LIST),
    ("+=", "AWS pair", STATEMENTS),
    ("+=", "token", STATEMENTS),
    ("+=", "private key", STATEMENTS),
];

const NO_TEXT: &str = "base64 that does not begin with text is searched for access key ids only";
const LIST: &str = "a list is joined only at `join`: a literal of the prefilter for each of these \
    calls costs more than they are worth";
const STATEMENTS: &str = "only an interpreter knows what several statements build";

/// Whether a sample in a form is not found in a file that is in no container.
pub(crate) fn is_missed_in_plain(form: &str, sample: &Sample) -> bool {
    let mut misses = MISSES.iter();
    misses.any(|miss| (miss.0, miss.1) == (form, sample.name))
}

/// The least part of all that is found, in percent.
const FOUND: usize = 95;

#[test]
fn secrets_are_found_in_every_encoding_and_in_pieces() {
    let samples = samples();
    let cells: Vec<_> = forms()
        .flat_map(|form| samples.iter().map(move |sample| (form.name, sample)))
        .collect();
    let texts: Vec<_> = forms()
        .flat_map(|form| samples.iter().map(|sample| (form.write)(sample)))
        .collect();
    let (mut table, mut missed) = (String::new(), Vec::new());
    for ((form, sample), found) in cells.iter().zip(scan_all(&texts)) {
        if !found.iter().any(|finding| sample.is_found(finding)) {
            missed.push((*form, sample.name));
            // Writing to a String cannot fail.
            let _ = writeln!(
                table,
                "{form:44} {:12} found: {}",
                sample.name,
                brief(&found)
            );
        }
    }
    println!("{} of {} are missed\n{table}", missed.len(), cells.len());
    let expected: Vec<_> = MISSES
        .iter()
        .map(|(form, sample, _)| (*form, *sample))
        .collect();
    assert_eq!(missed, expected, "MISSES lists what is not found\n{table}");
    assert!((cells.len() - missed.len()) * 100 >= cells.len() * FOUND);
}

/// Several secrets in one stream have no exact place each.
#[test]
fn all_secrets_of_a_compressed_file_are_found() {
    let samples = samples();
    let files: String = samples.iter().map(Sample::file).collect();
    let found = scan_all(&[compressed(&files)]).remove(0);
    for sample in &samples {
        let is_found = found.iter().any(|finding| sample.is_found(finding));
        assert!(is_found, "{}: {}", sample.name, brief(&found));
    }
    let tokens: String = (1..=50).map(|seed| format!("{}\n", token(seed))).collect();
    let found = scan_all(&[compressed(&tokens)]).remove(0);
    assert_eq!(found.len(), 50, "{}", brief(&found));
}
