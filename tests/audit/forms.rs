//! Audits one repository in every form in which git stores it: all reports are the same.

use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::path::Path;

use serde_json::Value;

use super::everywhere::Everywhere;
use super::ground::{reached, text};
use crate::support::{Repo, Run};

/// What an audit of the repository at `path` finds.
fn audit(repo: &Repo, path: &Path) -> Value {
    let found = |option: &[&str]| {
        let words = ["audit", "--format", "json", "--reveal"];
        let ran = Run::new(Run::KEYSIEVE, repo.sandbox().root(), repo.sandbox())
            .args(words)
            .args(option)
            .args([path])
            .run();
        ran.has_status(1);
        ran.json()["findings"].clone()
    };
    let anew = found(&["--no-cache"]);
    assert_eq!(found(&[]), anew, "what is remembered changes what is found");
    anew
}

/// Findings with a history, and those without.
fn parts(findings: &Value) -> [Vec<&Value>; 2] {
    let (inside, outside) = findings
        .as_array()
        .unwrap()
        .iter()
        .partition(|found| found["history"].is_object());
    [inside, outside]
}

#[track_caller]
fn same(all: &Everywhere, before: &Value) {
    let now = audit(&all.ground.repo, all.ground.repo.root());
    let ([now, now_outside], [before, outside]) = (parts(&now), parts(before));
    for (now, before) in now.iter().zip(&before) {
        assert_eq!(now, before);
    }
    assert_eq!(now.len(), before.len());
    // Other files of the git directory differ: git repeats the names of refs in `info/refs`.
    let secrets = |found: &[&Value]| {
        found
            .iter()
            .map(|found| text(&found["secret"]).to_owned())
            .collect::<BTreeSet<_>>()
    };
    assert_eq!(secrets(&now_outside), secrets(&outside));
}

#[test]
fn packed_in_every_way() {
    let all = Everywhere::new(Repo::new());
    let repo = &all.ground.repo;
    let before = audit(repo, repo.root());
    assert!(before.as_array().unwrap().len() >= all.planted.len());
    let gc = ["gc", "--quiet", "--prune=never"];
    let rounds: [&[&str]; 8] = [
        // Some in a pack and some loose.
        &["repack", "-q", "-d", "-l"],
        &["pack-refs", "--all"],
        &[
            "repack",
            "-q",
            "-a",
            "-d",
            "-f",
            "-k",
            "--depth=50",
            "--window=50",
        ],
        &[
            "-c",
            "repack.useDeltaBaseOffset=false",
            "repack",
            "-q",
            "-a",
            "-d",
            "-f",
            "-k",
            "--depth=250",
            "--window=250",
        ],
        &["repack", "-q", "-a", "-d", "-F", "--cruft", "--depth=50"],
        &gc,
        &["multi-pack-index", "write", "--bitmap"],
        &["commit-graph", "write", "--reachable"],
    ];
    for round in rounds {
        repo.git(round);
        same(&all, &before);
    }
    assert_eq!(
        repo.git(["count-objects", "-v"]).lines().next(),
        Some("count: 0"),
        "some are loose still"
    );
    // Everything twice: loose and in several packs.
    let ids = repo.git([
        "cat-file",
        "--batch-all-objects",
        "--batch-check=%(objectname)",
    ]);
    repo.program("git")
        .args(["pack-objects", "-q", ".git/objects/pack/pack"])
        .stdin(ids + "\n")
        .status(0);
    same(&all, &before);
}

#[test]
fn loose_and_packed_at_once() {
    let all = Everywhere::new(Repo::new());
    let repo = &all.ground.repo;
    let before = audit(repo, repo.root());
    let ids = repo.git([
        "cat-file",
        "--batch-all-objects",
        "--batch-check=%(objectname)",
    ]);
    for _ in 0..2 {
        repo.program("git")
            .args(["pack-objects", "-q", ".git/objects/pack/pack"])
            .stdin(ids.clone() + "\n")
            .status(0);
        same(&all, &before);
    }
    repo.git(["multi-pack-index", "write"]);
    same(&all, &before);
}

#[test]
fn packed_where_objects_are_named_by_sha_256() {
    let all = Everywhere::new(Repo::sha256());
    let repo = &all.ground.repo;
    let before = audit(repo, repo.root());
    repo.git([
        "repack",
        "-q",
        "-a",
        "-d",
        "-f",
        "-k",
        "--depth=50",
        "--window=50",
    ]);
    same(&all, &before);
    repo.git(["multi-pack-index", "write"]);
    same(&all, &before);
}

#[test]
fn reached_through_any_of_its_work_trees() {
    let all = Everywhere::new(Repo::new());
    let repo = &all.ground.repo;
    let before = audit(repo, repo.root());
    assert_eq!(audit(repo, all.other.root()), before, "a linked work tree");
    all.other.write("sub/folder/x", "x");
    assert_eq!(
        audit(repo, &all.other.path("sub/folder")),
        before,
        "a folder in it"
    );
    assert_eq!(audit(repo, &repo.path(".git")), before, "the git directory");
}

/// The keys that refs and stashes lead to.
fn refs_lead_to(all: &Everywhere) -> impl Iterator<Item = &super::everywhere::Planted> {
    let counts = |exposure| matches!(exposure, Some("local" | "published"));
    all.planted
        .iter()
        .filter(move |planted| counts(planted.exposure))
}

#[test]
fn a_bare_mirror() {
    let all = Everywhere::new(Repo::new());
    let repo = &all.ground.repo;
    let mirror = repo.sandbox().root().join("mirror.git");
    repo.git([
        OsStr::new("clone"),
        OsStr::new("--quiet"),
        OsStr::new("--mirror"),
        OsStr::new("."),
        mirror.as_os_str(),
    ]);
    let found = audit(repo, &mirror);
    let found = found.as_array().unwrap();
    for planted in refs_lead_to(&all) {
        let finding = found
            .iter()
            .find(|finding| finding["secret"] == planted.id.as_str());
        let finding = finding.unwrap_or_else(|| panic!("{} is not found", planted.what));
        assert_eq!(
            finding["history"]["exposure"], "published",
            "{}",
            planted.what
        );
        assert_eq!(text(&finding["path"]), planted.path, "{}", planted.what);
        let names: Vec<_> = reached(finding).into_iter().map(|(_, name)| name).collect();
        assert!(
            planted.from.iter().all(|name| names.contains(name)),
            "{}: {names:?}",
            planted.what
        );
    }
    // Only the newest stash is a ref; a clone on the same disk has the objects of all stashes.
    let newest = all
        .planted
        .iter()
        .rfind(|planted| planted.path == "untracked.ini")
        .unwrap();
    let stash = found
        .iter()
        .find(|finding| finding["secret"] == newest.id.as_str())
        .expect("the newest stash");
    assert_eq!(reached(stash), [("stash", "stash")]);
}

#[test]
fn a_clone_that_borrows_all_objects() {
    let all = Everywhere::new(Repo::new());
    let repo = &all.ground.repo;
    let clone = repo.sandbox().root().join("clone");
    repo.git([
        OsStr::new("clone"),
        OsStr::new("--quiet"),
        OsStr::new("--shared"),
        OsStr::new("."),
        clone.as_os_str(),
    ]);
    let check = || {
        let found = audit(repo, &clone);
        let found = found.as_array().unwrap();
        for planted in all
            .planted
            .iter()
            .filter(|planted| planted.exposure.is_some())
        {
            // A blob that only the index of the other repository names has no name here.
            if planted.what == "name in an index" {
                continue;
            }
            let finding = found
                .iter()
                .find(|finding| finding["secret"] == planted.id.as_str());
            assert!(finding.is_some(), "{} is not found", planted.what);
        }
    };
    check();
    repo.git(["repack", "-q", "-a", "-d", "-k"]);
    check();
}
