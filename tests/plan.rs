//! `keysieve audit --plan` and `--timeline`: a plan can be followed to a clean repository, holds
//! values in one place only, and a timeline adds up.

mod followed;
mod timeline;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use keysieve::finding::history::Exposure;

use crate::support::keys::{access_key_id, secret_access_key};
use crate::support::{Ran, Repo, Run};

/// An access key as files hold it.
fn pair(seed: u64) -> String {
    format!(
        "aws_access_key_id = {}\naws_secret_access_key = {}\n",
        access_key_id(seed),
        secret_access_key(seed)
    )
}

/// A private key of several lines: the first sample of the built-in rule.
fn private_key() -> String {
    let rules = keysieve::rule::RuleSet::builtin_with_samples().unwrap();
    rules
        .rules
        .iter()
        .find(|rule| &*rule.id == "private-key")
        .unwrap()
        .source
        .examples[0]
        .clone()
}

/// Where the plan of a test goes.
fn plan_of(repo: &Repo) -> PathBuf {
    repo.sandbox().root().join("plan")
}

/// Writes the plan.
#[track_caller]
fn plan(repo: &Repo) -> (Ran, PathBuf) {
    let dir = plan_of(repo);
    let ran = repo.keysieve(["audit", "--plan"]).args([&dir]).run();
    (ran, dir)
}

fn files(dir: &Path) -> BTreeMap<String, String> {
    let read = |entry: fs::DirEntry| {
        let text = String::from_utf8_lossy(&fs::read(entry.path()).unwrap()).into_owned();
        (entry.file_name().into_string().unwrap(), text)
    };
    fs::read_dir(dir)
        .unwrap()
        .map(|entry| read(entry.unwrap()))
        .collect()
}

/// The commands of these sections of the check-list; the first has the number 0.
fn commands(page: &str, sections: &[usize]) -> String {
    let mut script = String::from("set -e\n");
    for (number, section) in page.split("\n## ").enumerate() {
        for block in section
            .split("```sh\n")
            .skip(1)
            .filter(|_| sections.contains(&number))
        {
            script.push_str(block.split("```").next().unwrap());
        }
    }
    script
}

/// A shell in a directory next to the repository, with the program on its path.
fn shell(repo: &Repo, script: &str) -> Run {
    let own = Path::new(Run::KEYSIEVE).parent().unwrap();
    let path = std::env::var_os("PATH").unwrap_or_default();
    let folders = [repo.sandbox().root().join("bin"), own.to_owned()]
        .into_iter()
        .chain(std::env::split_paths(&path));
    let folder = repo.sandbox().root().join("work");
    fs::create_dir_all(&folder).unwrap();
    let script = format!("cd '{}'\n{script}", folder.display());
    repo.program("sh")
        .args(["-c", &script])
        .env("PATH", std::env::join_paths(folders).unwrap())
}

/// A repository with secrets of several kinds, one of them published.
fn repository() -> Repo {
    let repo = Repo::new();
    let server = repo.sandbox().root().join("server.git");
    repo.git(
        ["init", "--quiet", "--bare"]
            .map(std::ffi::OsStr::new)
            .into_iter()
            .chain([server.as_os_str()]),
    );
    repo.git([
        "remote".as_ref(),
        "add".as_ref(),
        "origin".as_ref(),
        server.as_os_str(),
    ]);
    repo.add("app.ini", pair(1))
        .add("key.pem", format!("{}\n", private_key()))
        .commit("first");
    repo.git(["push", "--quiet", "origin", "main"]);
    repo.add("app.ini", "clean\n")
        .add("encoded.txt", format!("x: {}\n", STANDARD.encode(pair(2))));
    repo.commit("second");
    repo.add(format!("dir/{}/a.txt", access_key_id(3)), "a\n")
        .add("b.bin", format!("\0\u{1}{}", pair(4)));
    repo.commit(&format!("third\n\n{}", pair(5)));
    repo.git(["tag", "--annotate", "--message", &pair(6), "v1"]);
    repo.add("stashed.ini", pair(7)).git(["stash", "--quiet"]);
    repo.add("gone.ini", pair(8)).commit("gone");
    repo.git(["reset", "--quiet", "--hard", "HEAD~1"]);
    repo.add("staged.ini", pair(9));
    repo
}

/// Every value of [`repository`].
fn values() -> Vec<String> {
    let keys = [1, 2, 4, 5, 6, 7, 8, 9]
        .into_iter()
        .flat_map(|seed| [access_key_id(seed), secret_access_key(seed)]);
    keys.chain([access_key_id(3)]).collect()
}

#[test]
fn only_one_file_holds_values() {
    let repo = repository();
    let (ran, dir) = plan(&repo);
    ran.has_status(1)
        .says("WARNING")
        .says("in PLAIN TEXT")
        .says("replacements.txt");
    let files = files(&dir);
    let names: Vec<_> = files.keys().map(String::as_str).collect();
    assert_eq!(
        names,
        [
            "CHECKLIST.md",
            "blobs.txt",
            "paths.txt",
            "refs.txt",
            "replacements.txt"
        ]
    );
    for value in values() {
        assert!(
            files["replacements.txt"].contains(&format!("literal:{value}==>***REMOVED-")),
            "{value} is not replaced"
        );
        let percent: String = value.bytes().map(|byte| format!("%{byte:02X}")).collect();
        let reserved = value.replace('/', "%2F").replace('+', "%2B");
        for form in [value.clone(), STANDARD.encode(&value), percent, reserved] {
            for (name, text) in files.iter().filter(|(name, _)| *name != "replacements.txt") {
                assert!(!text.contains(&form), "{name} holds {form}");
            }
            ran.never_says(&form);
        }
    }
    assert!(files["replacements.txt"].starts_with("literal:THIS FILE CONTAINS UNMASKED SECRETS"));
    assert!(
        files["replacements.txt"].contains("\nregex:\\x2d\\x2d\\x2d\\x2d\\x2dBEGIN"),
        "a key of many lines"
    );
}

#[cfg(unix)]
#[test]
fn nobody_else_may_read_a_plan() {
    use std::os::unix::fs::PermissionsExt as _;
    let repo = repository();
    let dir = plan_of(&repo);
    // Even where the directory was there and is open to all.
    fs::create_dir(&dir).unwrap();
    fs::set_permissions(&dir, fs::Permissions::from_mode(0o777)).unwrap();
    shell(
        &repo,
        "umask 0; keysieve audit --plan \"$0\" ../repo; test $? -eq 1",
    )
    .args([&dir])
    .status(0);
    for entry in fs::read_dir(&dir).unwrap() {
        let entry = entry.unwrap();
        assert_eq!(
            entry.metadata().unwrap().permissions().mode() & 0o777,
            0o600,
            "{:?}",
            entry.file_name()
        );
    }
}

#[test]
fn a_plan_goes_to_a_new_directory_outside() {
    let repo = repository();
    let other = repo.worktree("other");
    let full = repo.sandbox().root().join("full");
    fs::create_dir(&full).unwrap();
    fs::write(full.join("file"), "").unwrap();
    let inside = [
        repo.path("plan"),
        repo.path(".git/plan"),
        other.path("a/b"),
        repo.path("app.ini/x"),
        full.clone(),
    ];
    for dir in inside {
        let ran = repo.keysieve(["audit", "--plan"]).args([&dir]).status(2);
        assert!(ran.stdout().is_empty(), "nothing is audited in vain");
        assert!(!dir.join("CHECKLIST.md").exists() && !dir.join("replacements.txt").exists());
        assert!(dir == full || !dir.exists());
    }
    // Nor through a link, or a way that is not there.
    #[cfg(unix)]
    {
        let link = repo.sandbox().root().join("link");
        std::os::unix::fs::symlink(repo.root(), &link).unwrap();
        repo.keysieve(["audit", "--plan"])
            .args([link.join("plan")])
            .status(2)
            .says("cannot be inside the repository");
    }
    let absent = repo.sandbox().root().join("absent/../repo/plan");
    repo.keysieve(["audit", "--plan"]).args([&absent]).status(2);
    assert!(!repo.sandbox().root().join("absent").exists() && !repo.path("plan").exists());
}

#[test]
fn where_nothing_was_found_there_is_no_plan() {
    let repo = Repo::new();
    repo.add("a.txt", "a\n").commit("first");
    let (ran, dir) = plan(&repo);
    ran.has_status(0).says("there is no plan");
    assert!(!dir.exists());
}

#[test]
fn an_incomplete_audit_makes_an_incomplete_plan() {
    let repo = Repo::new();
    repo.add("a.ini", pair(1))
        .add("b.txt", "b\n")
        .commit("first");
    let id = repo.git(["rev-parse", "HEAD:b.txt"]);
    fs::remove_file(repo.path(format!(".git/objects/{}/{}", &id[..2], &id[2..]))).unwrap();
    let (ran, dir) = plan(&repo);
    ran.has_status(2);
    assert!(files(&dir)["CHECKLIST.md"].contains("**The audit was not completed.**"));
}

#[test]
fn the_report_counts_objects_and_says_what_to_do_once() {
    let repo = repository();
    let objects = repo.git([
        "cat-file",
        "--batch-all-objects",
        "--batch-check=%(objectsize)",
    ]);
    let bytes: u64 = objects
        .lines()
        .map(|size| size.parse::<u64>().unwrap())
        .sum();
    let ran = repo
        .keysieve(["audit", "--format", "json"])
        .status(1)
        .json();
    assert_eq!(ran["scanned"]["objects"], objects.lines().count());
    assert!(
        ran["scanned"]["bytes"].as_u64().unwrap() >= bytes
            && ran["scanned"]["blobs"].as_u64().unwrap() > 0
    );
    let text = repo.keysieve(["audit"]).status(1).stdout();
    let words = text.split_whitespace().collect::<Vec<_>>().join(" ");
    for exposure in [
        Exposure::Published,
        Exposure::Local,
        Exposure::Stash,
        Exposure::Index,
        Exposure::Reflog,
    ] {
        assert_eq!(
            words.matches(exposure.advice()).count(),
            1,
            "{exposure:?}\n{text}"
        );
    }
    assert!(
        text.contains("published (2)\n") && text.contains("keysieve audit --plan DIR"),
        "{text}"
    );
    assert!(
        text.contains(&format!("{} objects and ", objects.lines().count())),
        "{text}"
    );
}

#[test]
fn a_second_audit_counts_and_plans_the_same() {
    let repo = repository();
    // Only packed objects are cached.
    repo.git(["repack", "--quiet", "-ad"]);
    let report = || {
        repo.keysieve(["audit", "--format", "json"])
            .status(1)
            .json()
    };
    let first = report();
    plan(&repo);
    let files_of_first = files(&plan_of(&repo));
    fs::remove_dir_all(plan_of(&repo)).unwrap();
    assert_eq!(report(), first);
    plan(&repo);
    assert_eq!(files(&plan_of(&repo)), files_of_first);
    let uncached = repo
        .keysieve(["audit", "--no-cache", "--format", "json"])
        .status(1)
        .json();
    assert_eq!(uncached["scanned"], first["scanned"]);
}

#[test]
fn a_submodule_is_cleaned_up_by_itself() {
    let (repo, lib) = (Repo::new(), Repo::new());
    lib.add("lib.ini", pair(2)).commit("lib");
    repo.add("app.ini", pair(1)).commit("app");
    let add = [
        "-c",
        "protocol.file.allow=always",
        "submodule",
        "--quiet",
        "add",
    ]
    .map(std::ffi::OsStr::new);
    repo.git(
        add.into_iter()
            .chain([lib.root().as_os_str(), "lib".as_ref()]),
    );
    let (ran, dir) = plan(&repo);
    ran.has_status(1);
    let page = &files(&dir)["CHECKLIST.md"];
    assert!(
        page.contains("in the repository of the submodule `lib`, which needs its own clean-up"),
        "{page}"
    );
    let rewrite = page.split("\n## 4.").nth(1).unwrap();
    let masked = |seed| format!("`{}*", &secret_access_key(seed)[..4]);
    assert!(
        rewrite.contains(&masked(1)) && !rewrite.contains(&masked(2)),
        "{rewrite}"
    );
    assert!(!commands(page, &[3]).contains("submodule"), "{page}");
}
