//! Tests `keysieve scan` on files, directories and standard input.

use serde_json::Value;

use crate::support::keys::{access_key_id, secret_access_key};
use crate::support::{Ran, Repo, Run, Sandbox};

mod allowed;
mod broken;
mod ignored;
mod key_files;
mod large;
mod output;
mod reports;
mod settings;
#[cfg(unix)]
mod special;

/// A line with the key of this seed.
fn key(seed: u64) -> String {
    format!("aws_access_key_id = {}\n", access_key_id(seed))
}

/// Two lines with an id and its secret.
fn pair(seed: u64) -> String {
    format!(
        "{}aws_secret_access_key = {}\n",
        key(seed),
        secret_access_key(seed)
    )
}

/// A folder outside of any repository, with this file in it.
fn outside(name: &str, content: impl AsRef<[u8]>) -> Sandbox {
    let sandbox = Sandbox::new();
    std::fs::create_dir(sandbox.root().join("in")).unwrap();
    std::fs::write(sandbox.root().join("in").join(name), content).unwrap();
    sandbox
}

/// Runs the program in that folder.
fn there(sandbox: &Sandbox, args: &[&str]) -> Run {
    Run::new(Run::KEYSIEVE, &sandbox.root().join("in"), sandbox).args(args)
}

/// Scans as JSON and expects findings in these files and no others.
#[track_caller]
fn finds_in(repo: &Repo, args: &[&str], paths: &[&str]) -> Value {
    let ran = repo
        .keysieve(["scan", "-f", "json"])
        .args(args)
        .status(i32::from(!paths.is_empty()));
    assert_eq!(paths_of(&ran), paths, "{}", ran.text());
    ran.json()
}

/// The paths of all findings.
#[track_caller]
fn paths_of(ran: &Ran) -> Vec<String> {
    let report = ran.json();
    let findings = report["findings"].as_array().unwrap();
    findings
        .iter()
        .map(|finding| finding["path"].as_str().unwrap().to_owned())
        .collect()
}

#[test]
fn a_clean_folder_exits_0() {
    let sandbox = outside("a.txt", "hello\n");
    there(&sandbox, &["scan"]).status(0).says("clean; 1 blob");
}

#[test]
fn a_finding_exits_1_and_shows_its_position() {
    let sandbox = outside("a.ini", format!("[default]\n{}", pair(1)));
    let ran = there(&sandbox, &["scan"]).status(1);
    ran.says("a.ini:3:25")
        .says("a.ini:2:21")
        .never_says(&access_key_id(1))
        .never_says(&secret_access_key(1));
}

#[test]
fn outside_of_a_work_tree_everything_is_scanned() {
    let sandbox = outside(".gitignore", "*.log\nhidden/\n");
    let folder = sandbox.root().join("in");
    std::fs::create_dir_all(folder.join(".hidden/deep")).unwrap();
    std::fs::write(folder.join("a.log"), key(1)).unwrap();
    std::fs::write(folder.join(".hidden/deep/.env"), key(2)).unwrap();
    let ran = there(&sandbox, &["scan", "-f", "json"]).status(1);
    assert_eq!(paths_of(&ran), [".hidden/deep/.env", "a.log"]);
}

#[test]
fn binary_files_are_scanned() {
    let mut bytes: Vec<u8> = (0..=255).cycle().take(5000).collect();
    bytes.extend(access_key_id(1).bytes());
    bytes.extend([0, 1, 2, 255]);
    let sandbox = outside("a.bin", bytes);
    there(&sandbox, &["scan"]).status(1).says("a.bin");
}

#[test]
fn an_empty_file_and_an_empty_folder_are_clean() {
    let sandbox = outside("empty", "");
    there(&sandbox, &["scan"]).status(0).says("1 blob (0 B)");
    std::fs::remove_file(sandbox.root().join("in/empty")).unwrap();
    there(&sandbox, &["scan"]).status(0).says("0 blobs");
}

#[test]
fn standard_input_is_scanned() {
    let sandbox = Sandbox::new();
    let run = || Run::new(Run::KEYSIEVE, sandbox.root(), &sandbox);
    let ran = run()
        .args(["scan", "-", "-f", "json"])
        .stdin(pair(1))
        .status(1);
    assert_eq!(ran.json()["findings"][0]["origin"]["kind"], "stdin");
    run().args(["scan", "-"]).stdin("").status(0);
    run()
        .args(["scan", "-", "."])
        .stdin("")
        .status(2)
        .says("'-' (standard input) cannot be combined");
}

#[test]
fn several_paths_are_scanned_and_sorted() {
    let sandbox = outside("a", key(1));
    std::fs::write(sandbox.root().join("in/b"), key(2)).unwrap();
    let ran = there(&sandbox, &["scan", "-f", "json", "b", "a"]).status(1);
    assert_eq!(paths_of(&ran), ["a", "b"]);
}

#[test]
fn a_key_in_the_name_of_a_file_or_a_folder_is_found() {
    let repo = Repo::new();
    repo.write(format!("{}.txt", access_key_id(1)), "")
        .write(format!("x/{}/y", access_key_id(2)), "");
    let ran = repo.keysieve(["scan", "-f", "json"]).status(1);
    ran.never_says(&access_key_id(1))
        .never_says(&access_key_id(2));
    assert_eq!(ran.json()["findings"].as_array().unwrap().len(), 2);
    assert_eq!(ran.json()["findings"][0]["origin"]["kind"], "name");
    repo.keysieve(["scan"])
        .status(1)
        .never_says(&access_key_id(1))
        .never_says(&access_key_id(2));
}

#[test]
fn the_number_of_threads_does_not_change_the_report() {
    let repo = Repo::new();
    for seed in 0..60 {
        repo.write(
            format!("d{}/f{seed}", seed % 7),
            pair(seed).repeat(2) + &key(seed + 100),
        );
    }
    for format in ["human", "json", "jsonl"] {
        let answer = |jobs: &str| {
            repo.keysieve(["scan", "-f", format, "--jobs", jobs])
                .status(1)
        };
        let one = answer("1");
        for jobs in ["2", "16"] {
            assert!(
                one.stdout_bytes() == answer(jobs).stdout_bytes(),
                "{format} with {jobs} threads"
            );
        }
    }
}

#[test]
fn a_linked_worktree_is_scanned_by_its_own_index() {
    let repo = Repo::new();
    repo.add(".gitignore", "*.log\n").commit("first");
    let linked = repo.worktree("linked");
    linked.add("kept.log", key(1)).write("left.log", key(2));
    finds_in(&linked, &[], &["kept.log"]);
    finds_in(&repo, &[], &[]);
}

#[test]
fn files_of_a_submodule_are_scanned() {
    let inner = Repo::new();
    inner.add("inner.txt", key(1)).commit("inner");
    let repo = Repo::new();
    repo.submodule(&inner, "sub");
    finds_in(&repo, &[], &["sub/inner.txt"]);
}

#[test]
fn a_repository_in_another_is_scanned_by_its_own_index_and_rules() {
    let inner = Repo::new();
    inner
        .add(".gitignore", "*.log\n")
        .add("kept.log", key(1))
        .commit("inner");
    let repo = Repo::new();
    repo.submodule(&inner, "sub");
    repo.write("sub/left.log", key(2)).write("sub/new", key(3));
    let report = finds_in(&repo, &[], &["sub/kept.log", "sub/new"]);
    assert_eq!(report["scanned"]["left_out"], 1);
    repo.write(".gitignore", "sub/\n");
    finds_in(&repo, &[], &["sub/kept.log", "sub/new"]);
    finds_in(&repo, &["sub"], &["sub/kept.log", "sub/new"]);
    finds_in(
        &repo,
        &["--no-ignore"],
        &["sub/kept.log", "sub/left.log", "sub/new"],
    );
    repo.write(".gitignore", "*.tmp\n");
    let url = inner.root().to_str().unwrap();
    repo.git(["clone", "--quiet", url, "clone"]);
    finds_in(&repo, &[], &["clone/kept.log", "sub/kept.log", "sub/new"]);
    repo.write("sub/.git", "gitdir: ../nowhere\n");
    finds_in(
        &repo,
        &[],
        &["clone/kept.log", "sub/kept.log", "sub/left.log", "sub/new"],
    );
}

#[test]
fn the_git_directory_is_not_scanned() {
    let repo = Repo::new();
    repo.write(".git/note.txt", key(1));
    finds_in(&repo, &[], &[]);
    repo.write("x/.git", key(2));
    finds_in(&repo, &[".git/note.txt"], &[".git/note.txt"]);
}

#[test]
fn git_ceiling_directories_elsewhere_do_not_matter() {
    let repo = Repo::new();
    repo.add(".gitignore", "*.log\n").write("a.log", key(1));
    repo.keysieve(["scan"])
        .env("GIT_CEILING_DIRECTORIES", "/nowhere:/home")
        .status(0)
        .says("1 entry left out");
}
