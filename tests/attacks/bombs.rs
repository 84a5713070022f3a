//! Trees that name themselves again and again, so that a change of a few bytes has more paths than
//! any memory can hold.

use crate::server::pair::Pair;
use crate::support::keys::{access_key_id, seeded_id_line};
use crate::support::{Repo, Run};

/// The most memory that may be used, in KiB. The changes here asked for all that there is.
const MEMORY: usize = 2 << 20;

const ZERO: &str = "0000000000000000000000000000000000000000";

/// The id of a tree of `levels` levels. At each level ten names have the same entry. Every path ends
/// at a file with this `content`.
fn bomb(repo: &Repo, levels: usize, content: &str) -> String {
    let file = ["hash-object", "-w", "--stdin"];
    let ran = repo.program("git").args(file).stdin(content).status(0);
    let (mut entry, mut id) = ("100644 blob", ran.stdout().trim().to_owned());
    for _ in 0..levels {
        let names = (0..10).map(|number| format!("{entry} {id}\tf{number}\n"));
        let tree: String = names.collect();
        let ran = repo.program("git").args(["mktree"]).stdin(tree).status(0);
        (entry, id) = ("040000 tree", ran.stdout().trim().to_owned());
    }
    id
}

fn commit(repo: &Repo, tree: &str) -> String {
    repo.git(["commit-tree", "-p", "HEAD", "-m", "bomb", tree])
}

/// The program under test, with little memory.
fn limited(repo: &Repo, words: &[&str]) -> Run {
    let limited = format!("ulimit -v {MEMORY} && exec \"$0\" \"$@\"");
    repo.program("sh")
        .args(["-c", &limited, Run::KEYSIEVE])
        .args(words)
}

/// Twelve levels of trees of ten entries: a push of two kilobytes has 10^12 paths.
#[test]
fn a_tree_with_more_paths_than_memory_is_not_passed() {
    let pair = Pair::guarded();
    let repo = &pair.repo;
    let tree = bomb(repo, 12, "clean\n");
    let head = commit(repo, &tree);
    let text = "too many paths for its size";
    for jobs in ["1", "2"] {
        let range = format!("HEAD..{head}");
        limited(repo, &["gate", "--jobs", jobs, &range])
            .status(2)
            .says(text)
            .says(&head[..12]);
    }
    for id in [&head, &tree] {
        let line = format!("refs/tags/x {id} refs/tags/x {ZERO}\n");
        limited(repo, &["hook", "run", "pre-push", "origin", "/nowhere"])
            .stdin(line)
            .status(2)
            .says(text);
        let ran = pair.push(&[&format!("{id}:refs/tags/x")]);
        ran.has_status(1).says(text);
    }
}

/// The same tree in the commit that the next one follows: a finding is compared with all that the
/// commit removes.
#[test]
fn a_tree_with_more_paths_than_memory_hides_no_staged_key() {
    let repo = Repo::new();
    repo.add("a.txt", "a\n").commit("first");
    let head = commit(&repo, &bomb(&repo, 12, "clean\n"));
    repo.git(["update-ref", "HEAD", &head]);
    repo.add("a.env", seeded_id_line(1));
    limited(&repo, &["staged"]).status(1).says("a.env");
}

/// Deep directories with long names take much more memory than their trees.
#[test]
fn deep_directories_with_long_names_are_not_passed() {
    let repo = Repo::new();
    repo.add("a.txt", "a\n").commit("first");
    let blob = repo.git(["rev-parse", "HEAD:a.txt"]);
    let name = "n".repeat(4000);
    let mut commits = String::from("commit refs/heads/deep\ncommitter A <a@b> 0 +0000\ndata 0\n");
    let mut path = String::new();
    for _ in 0..400 {
        commits += &format!("M 100644 {blob} {path}a\n");
        path += &format!("{name}/");
    }
    let import = ["fast-import", "--quiet"];
    repo.program("git").args(import).stdin(commits).status(0);
    limited(&repo, &["gate", "main..deep"])
        .status(2)
        .says("too many paths for its size");
}

/// A key at ten thousand paths of two kilobytes of trees makes as many findings.
#[test]
fn copies_of_a_key_are_counted_together() {
    let repo = Repo::new();
    repo.add("a.txt", "a\n").commit("first");
    let head = commit(&repo, &bomb(&repo, 4, &seeded_id_line(1)));
    let range = format!("HEAD..{head}");
    let ran = repo.keysieve(["gate", "-f", "json", &range]).status(1);
    let report = ran.json();
    assert_eq!(report["findings"].as_array().map(Vec::len), Some(1000));
    assert_eq!(report["skipped"].as_array().map(Vec::len), Some(1));
    assert_eq!(report["skipped"][0]["path"], "f0/f0/f0/f0");
    assert_eq!(
        report["skipped"][0]["reason"],
        "9000 more findings of aws-access-token (medium) are not listed"
    );
    repo.git(["read-tree", &head]);
    repo.keysieve(["staged"])
        .status(1)
        .says("9000 more findings");
}

/// Most copies of a key are in an allowed folder, and one is not.
#[test]
fn a_copy_outside_of_an_allowed_folder_is_reported() {
    let repo = Repo::new();
    let policy = "[[allow]]\npath = \"f?/**\"\nreason = \"fixtures\"\n";
    repo.add(".keysieve.toml", policy).commit("policy");
    repo.git(["read-tree", &bomb(&repo, 4, &seeded_id_line(1))]);
    repo.add("z.env", seeded_id_line(1));
    repo.keysieve(["staged"]).status(1).says("z.env:1");
}

/// Many files of keys, each with as many as are listed of one.
#[test]
fn of_many_files_of_keys_the_first_are_listed_and_the_rest_counted() {
    let repo = Repo::new();
    for file in 0..21_u64 {
        let ids = (0..1000).map(|seed| access_key_id(file * 1000 + seed) + "\n");
        repo.write(format!("{file:02}.txt"), ids.collect::<String>());
    }
    let mut reports = ["1", "2"].map(|jobs| {
        let ran = repo.keysieve(["scan", "-f", "json", "--jobs", jobs]);
        ran.status(1).json()
    });
    for report in &mut reports {
        let findings = report["findings"].as_array().expect("findings");
        assert_eq!(findings.len(), 10_000);
        assert_eq!(findings[9_999]["path"], "09.txt");
        assert_eq!(report["skipped"][0]["path"], "all files");
        assert_eq!(
            report["skipped"][0]["reason"],
            "11000 more findings of aws-access-token (medium) are not listed"
        );
    }
    assert_eq!(reports[0]["findings"], reports[1]["findings"]);
}
