//! A baseline that is broken, foreign or of another version stops the run, and is never quoted.

use super::{FILE, known, text};
use crate::support::Repo;
use crate::support::keys::access_key_id;

/// Every command that reads a baseline fails with the same error.
#[track_caller]
fn refused(repo: &Repo, expected: &str, never: &str) {
    let before = text(repo);
    for words in [
        &["scan"][..],
        &["staged"],
        &["baseline", "update"],
        &["baseline", "check"],
        &["explain", "src/1.ini"],
    ] {
        repo.keysieve(words)
            .status(2)
            .says(&format!("{FILE}:{expected}"))
            .never_says(never);
    }
    assert_eq!(text(repo), before);
}

#[test]
fn an_error_names_the_line_and_quotes_nothing() {
    let pasted = access_key_id(9);
    let repo = known(&[1]);
    let good = text(&repo);
    let line = good.lines().nth(4).unwrap();
    let print = &line[10..42];
    for (broken, expected) in [
        (
            good.replace(print, &pasted),
            "5: 'print' is not 32 hex digits",
        ),
        (
            good.replace("null", &format!("\"{pasted}\"")),
            "6: 'findings' is not a list of objects",
        ),
        (good.replace("null", &pasted), "6: not valid JSON"),
        (
            good.replace("\"path\"", &format!("\"{pasted}\"")),
            "5: unknown field: the fields are print, rule, path",
        ),
        (
            good.replace("\"path\":", &format!("\"until\":\"{pasted}\",\"path\":")),
            "5: 'until' is not a day",
        ),
        (
            good.replace("line\": 1", &format!("line\": \"{pasted}\"")),
            "2: unsupported baseline version",
        ),
        (
            good.replace("line\": 1", "line\": 2"),
            "2: unsupported baseline version",
        ),
        (
            format!("{{\"version\": \"1.5.0\", \"results\": {{\"{pasted}\": []}}}}"),
            "1: not a keysieve baseline",
        ),
        (
            format!("[{{\"Secret\": \"{pasted}\"}}]"),
            "1: not a keysieve baseline",
        ),
        (good[..good.len() / 2].to_owned(), ""),
        (String::new(), "1: the file is truncated"),
    ] {
        repo.write(FILE, broken);
        refused(&repo, expected, &pasted);
    }
}

#[test]
fn two_merged_baselines_are_an_error() {
    let repo = known(&[1]);
    let salt = text(&repo).lines().nth(2).unwrap().to_owned();
    repo.write(
        FILE,
        text(&repo).replace(&salt, &format!("{salt}\n{}", salt.replace('0', "1"))),
    );
    refused(&repo, "4: 'salt' occurs twice", &salt);
}

#[test]
fn a_folder_or_a_file_that_is_not_utf8_is_an_error() {
    let repo = Repo::new();
    std::fs::create_dir(repo.path(FILE)).unwrap();
    repo.keysieve(["scan"])
        .status(2)
        .says(FILE)
        .says("cannot be read");
    std::fs::remove_dir(repo.path(FILE)).unwrap();
    repo.write(FILE, b"\xff\xfe{}");
    repo.keysieve(["scan"]).status(2).says("cannot be read");
}
