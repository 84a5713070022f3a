//! Compares ours with what the original does, for command lines in repositories of many states.
//!
//! `tests/golden/git-secrets.txt` has what both do. Where they differ on purpose it has what ours
//! does, and the original must then do something else. If a change is intended, renew the file with
//! `KEYSIEVE_RENEW_GOLDEN=1 cargo test --test integration git_secrets` and read its diff.
//!
//! The original is `git-secrets` on the PATH. The test that needs it is ignored by default.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};

use rayon::prelude::*;

use super::groups::{GROUPS, Group};
use super::session::Session;
use crate::support::Run;

/// How many command lines are tested in some state of a repository, at least.
const PAIRS: usize = 120;

fn golden() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/git-secrets.txt")
}

/// The original.
fn original() -> PathBuf {
    let path = env::var_os("PATH").unwrap();
    let mut files = env::split_paths(&path).map(|folder| folder.join("git-secrets"));
    let is_script = |file: &PathBuf| fs::read(file).is_ok_and(|text| text.starts_with(b"#!"));
    files.find(is_script).expect("git-secrets is not installed")
}

/// What `program` does with the command lines of a group, and whether it may differ.
fn transcript(group: &Group, program: &Path) -> Vec<(String, bool)> {
    let session = Session::new(program);
    (group.state)(&session.repo);
    let is_writing = group.name.starts_with("writes");
    let lines = group.lines.iter().map(|line| {
        let (differs, line) = line
            .strip_prefix("≠ ")
            .map_or((false, *line), |line| (true, line));
        let text = format!("== {}\n{}", group.name, session.describe(line, is_writing));
        (text, differs)
    });
    lines.collect()
}

/// What `program` does with the command lines of all groups.
fn transcripts(program: &Path) -> Vec<(String, bool)> {
    let groups = GROUPS.par_iter();
    groups
        .flat_map_iter(|group| transcript(group, program))
        .collect()
}

#[test]
fn ours_does_what_the_golden_file_says() {
    let ours = Path::new(Run::KEYSIEVE);
    let all = transcripts(ours);
    assert!(all.len() >= PAIRS, "{} pairs", all.len());
    let now: String = all.into_iter().map(|(text, _)| text + "\n").collect();
    if env::var_os("KEYSIEVE_RENEW_GOLDEN").is_some() {
        fs::write(golden(), &now).unwrap();
    }
    let golden = fs::read_to_string(golden()).unwrap();
    assert_eq!(
        now,
        golden,
        "tests/golden/git-secrets.txt differs; see {}",
        file!()
    );
}

#[test]
#[ignore = "needs git-secrets"]
fn the_original_does_the_same_but_for_the_listed_differences() {
    let golden = fs::read_to_string(golden()).unwrap();
    let mut golden = golden.split("\n\n== ").map(|text| {
        let text = text.trim_end().trim_start_matches("== ");
        format!("== {text}")
    });
    let mut wrong = Vec::new();
    for (theirs, differs) in transcripts(&original()) {
        let ours = golden.next().unwrap();
        if (theirs.trim_end() == ours) == differs {
            let said = if differs {
                "is listed as a difference"
            } else {
                "differs"
            };
            wrong.push(format!("{said}; ours:\n{ours}\ntheirs:\n{theirs}"));
        }
    }
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}
