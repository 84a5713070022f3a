//! Tests that what is in archives and other containers is found, judged and reported as what is in
//! files, in every command.

use serde_json::Value;

use crate::support::archive::{named_gzip, tar, zip};
use crate::support::keys::seeded_id_line;
use crate::support::{Ran, Repo, Run};

mod bundles;
mod changes;
mod commands;
mod containers;
mod documents;
mod matrix;
mod places;
mod policy;
mod unsearched;

/// A zip with a jar, which has the key of `seed` in its third line.
fn nested(seed: u64) -> Vec<u8> {
    let text = format!("a\nb\n{}", seeded_id_line(seed));
    let jar = zip(&[("config.properties", text.as_bytes())]);
    zip(&[("readme.txt", b"nothing\n"), ("lib/b.jar", &jar)])
}

/// The place of the key in `nested`, below the path of the file.
const NESTED: &str = "!lib/b.jar!config.properties";

/// A compressed tar with a file for each text.
fn tar_gz(entries: &[(&str, &str)]) -> Vec<u8> {
    let entries: Vec<_> = entries
        .iter()
        .map(|(name, text)| (*name, text.as_bytes()))
        .collect();
    named_gzip("x.tar", &tar(&entries))
}

/// The paths of a list of a report.
fn paths(report: &Value, list: &str) -> Vec<String> {
    let items = report[list].as_array().expect("a list").iter();
    let path = |item: &Value| item["path"].as_str().unwrap_or_default().to_owned();
    items.map(path).collect()
}

/// Runs a command of the program with a JSON report.
fn json(repo: &Repo, args: &[&str]) -> Run {
    repo.keysieve(args).args(["--format", "json"])
}

/// Expects findings at exactly these paths.
#[track_caller]
fn finds(ran: &Ran, expected: &[&str]) {
    let found = paths(&ran.json(), "findings");
    if found != expected {
        ran.fail(&format!("expected {expected:?}, found {found:?}"));
    }
}
