//! What ours does better than the original, as `docs/from-git-secrets.md` lists it.

use std::fs;
use std::os::unix::fs::symlink;

use super::session::Session;
use crate::support::keys::secret_access_key;
use crate::support::{Repo, Run};

/// A repository with one pattern.
fn session() -> Session {
    let session = Session::ours();
    session.repo.config("secrets.patterns", "@todo");
    session
}

#[test]
fn attributes_hide_nothing() {
    let session = session();
    let repo = &session.repo;
    repo.add(".gitattributes", "*.txt -diff\n*.md binary\n");
    repo.add("a.txt", "@todo\n").add("b.md", "@todo\n");
    for words in [["--scan", "--cached"], ["--pre_commit_hook", "--"]] {
        session
            .run(words)
            .has_status(1)
            .says("a.txt:1:@todo")
            .says("b.md:1:@todo");
    }
    repo.commit("first");
    let ran = session.run(["--scan-history"]);
    ran.has_status(1)
        .says(":a.txt:1:@todo")
        .says(":b.md:1:@todo");
}

#[test]
fn names_that_git_quotes_are_scanned_by_the_hook() {
    let session = session();
    session.repo.add("other", "x").commit("first");
    session.repo.add("caf\u{e9} \"x\"", "@todo\n");
    let ran = session.run(["--pre_commit_hook", "--"]);
    ran.has_status(1).says(r#""caf\303\251 \"x\"":1:@todo"#);
    session.repo.config("core.quotePath", "false");
    session
        .run(["--pre_commit_hook", "--"])
        .says("\"caf\u{e9} \\\"x\\\"\":1:@todo");
}

#[test]
fn what_only_a_merge_has_is_found() {
    let session = session();
    let repo = &session.repo;
    repo.add("a", "1\n").commit("first");
    repo.git(["switch", "--quiet", "-c", "side"]);
    repo.add("b", "2\n").commit("side");
    repo.git(["switch", "--quiet", "main"]);
    repo.add("c", "3\n").commit("main");
    repo.git(["merge", "--quiet", "--no-commit", "--no-ff", "side"]);
    repo.add("a", "@todo\n");
    let merge = repo.commit("merge");
    repo.add("a", "1\n").commit("last");
    let ran = session.run(["--scan-history"]);
    ran.has_status(1).says(&format!("{merge}:a:1:@todo"));
}

/// A line that was copied from another version is not searched again, so packs must not change
/// what is found.
#[test]
fn the_history_of_deltas_is_that_of_whole_objects() {
    let session = session();
    let repo = &session.repo;
    repo.git(["config", "--add", "secrets.patterns", "^$|key$"]);
    let mut lines: Vec<_> = (0..200)
        .map(|number| format!("line {}", number * 7919))
        .collect();
    for step in 0..40 {
        let at = step * 37 % lines.len();
        match step % 5 {
            0 => lines.insert(at, format!("{step} @todo {step}")),
            1 => lines[at] += " key",
            2 => drop(lines.drain(at / 2..at / 2 + 3)),
            3 => lines.insert(at, String::new()),
            _ => lines.rotate_left(at),
        }
        repo.add("file", lines.join("\n")).commit("step");
    }
    let loose = session.run(["--scan-history"]);
    repo.git(["repack", "-adfq", "--depth=50", "--window=50"]);
    repo.git(["prune-packed"]);
    let packed = session.run(["--scan-history"]);
    assert_eq!(loose.has_status(1).stderr(), packed.stderr());
    assert!(loose.stderr().lines().count() > 200);
    let stored = repo
        .program("git")
        .args(["count-objects", "-v"])
        .status(0)
        .stdout();
    assert!(stored.starts_with("count: 0\n"), "{stored}");
}

#[test]
fn settings_of_git_hide_nothing() {
    let session = session();
    let repo = &session.repo;
    repo.config("color.ui", "always")
        .config("grep.column", "true");
    repo.config("grep.fullName", "true").add("a", "@todo\n");
    assert!(session.run(["--scan"]).stderr().starts_with("a:1:@todo\n"));
}

#[test]
fn a_merge_that_names_its_branch_in_words_is_scanned() {
    let session = session();
    let repo = &session.repo;
    repo.add("a", "1\n").commit("first");
    repo.git(["switch", "--quiet", "-c", "side"]);
    repo.add("b", "@todo\n");
    let side = repo.commit("side");
    repo.git(["switch", "--quiet", "main"]);
    let words = ["--prepare_commit_msg_hook", "--", "MSG", "merge"];
    let run = |name: &str| {
        let run = session.git_secrets(repo.root()).args(words);
        run.env(&format!("GITHEAD_{side}"), name).run()
    };
    for name in ["side", "branch 'side' of https://example.org/x"] {
        run(name)
            .has_status(1)
            .says("(standard input):")
            .says(":+@todo");
    }
    let id = ["MSG", "merge", &side];
    let ran = session.git_secrets(repo.root());
    ran.args(["--prepare_commit_msg_hook", "--"])
        .args(id)
        .status(0);
}

#[test]
fn hooks_are_written_where_git_looks_for_them() {
    let session = session();
    let repo = &session.repo;
    repo.add("a", "1\n").commit("first");
    let linked = repo.worktree("linked");
    session
        .git_secrets(linked.root())
        .args(["--install"])
        .status(0);
    assert!(repo.path(".git/hooks/pre-commit").is_file());
    repo.config("core.hooksPath", "my-hooks");
    session
        .run(["--install"])
        .has_status(0)
        .says("my-hooks/pre-commit");
    assert!(repo.path("my-hooks/commit-msg").is_file());
    let target = linked.root().to_str().unwrap();
    session.run(["--install", "-f", target]).has_status(0);
    assert!(linked.path("my-hooks/commit-msg").is_file());
    assert!(!linked.path("hooks").exists());
}

#[test]
fn rules_for_aws_add_what_the_patterns_miss_and_mask_it() {
    let session = session();
    let repo = &session.repo;
    let secret = secret_access_key(3);
    let text = format!("@todo\n<SecretAccessKey>{secret}</SecretAccessKey>\n");
    repo.add("a.xml", &text);
    let ran = session.run(["--scan"]);
    assert!(
        !ran.stderr().contains("SecretAccessKey"),
        "AWS is not registered"
    );
    session.run(["--register-aws"]).has_status(0);
    for words in [["--scan", "a.xml"], ["--scan", "--cached"]] {
        let ran = session.run(words);
        ran.has_status(1)
            .never_says(&secret)
            .says("[aws-secret-access-key]");
        assert!(
            ran.stderr()
                .starts_with("a.xml:1:@todo\na.xml:2:<SecretAccessKey>")
        );
    }
    repo.write(".gitallowed", "@todo\n^a.xml:2:.*SecretAccessKey\n");
    session.run(["--scan"]).has_status(0);
}

#[test]
fn a_file_that_cannot_be_read_fails_the_scan() {
    let session = session();
    let repo = &session.repo;
    let id = repo.add("a", "x\n").git(["rev-parse", ":a"]);
    fs::remove_file(repo.path(format!(".git/objects/{}/{}", &id[..2], &id[2..]))).unwrap();
    session
        .run(["--scan", "--cached"])
        .has_status(2)
        .says("is missing");
}

/// The files are pipes, which nobody writes to.
#[test]
fn what_only_copies_of_repositories_hold_fails_the_scan() {
    let session = session();
    let repo = &session.repo;
    repo.add("a", "@todo\n").commit("first");
    repo.program("mkfifo")
        .args([".gitallowed", ".git/MERGE_HEAD"])
        .status(0);
    session.run(["--scan"]).has_status(2).says(".gitallowed");
    let words = ["--prepare_commit_msg_hook", "--", "message", "merge"];
    session.run(words).has_status(2).says("MERGE_HEAD");
}

/// The hooks of another program are where only the repository says that hooks are.
#[test]
fn hooks_are_not_written_out_of_the_repository() {
    let session = session();
    let repo = &session.repo;
    let victim = repo.sandbox().root().join("victim");
    fs::create_dir(&victim).unwrap();
    repo.config("core.hooksPath", "../victim");
    session
        .run(["--install"])
        .has_status(1)
        .says("leads out of the repository");
    repo.config("core.hooksPath", "hk");
    fs::create_dir(repo.path("hk")).unwrap();
    symlink(victim.join("new"), repo.path("hk/pre-commit")).unwrap();
    session
        .run(["--install"])
        .has_status(1)
        .says("already exists");
    assert_eq!(fs::read_dir(&victim).unwrap().count(), 0);
    repo.config("core.hooksPath", "../victim");
    session.run(["--install", "-f"]).has_status(0);
}

#[test]
fn a_partial_clone_is_not_taken_for_a_clean_history() {
    let session = session();
    let repo = &session.repo;
    repo.add("a", "@todo\n").commit("first");
    repo.add("a", "x\n").commit("second");
    repo.git(["config", "uploadpack.allowFilter", "true"]);
    let clone = repo.sandbox().root().join("clone");
    let url = format!("file://{}", repo.root().display());
    let words = ["clone", "--quiet", "--filter=blob:none", &url];
    repo.program("git").args(words).args([&clone]).status(0);
    repo.git(["config", "--global", "secrets.patterns", "@todo"]);
    let ran = session.git_secrets(&clone).args(["--scan-history"]).run();
    ran.has_status(2).says("partial clone");
}

#[test]
fn the_commands_of_the_documentation_work() {
    let session = session();
    session.repo.add("a", "fine\n").commit("first");
    let lines = include_str!("../../docs/from-git-secrets.md").lines();
    let mut seen = 0;
    for line in lines.filter(|line| line.starts_with("git secrets ")) {
        let command = line.split('#').next().unwrap();
        let run = session.program("git", session.repo.root());
        run.args(command.split_whitespace().skip(1)).status(0);
        seen += 1;
    }
    assert_eq!(seen, 3);
}

#[test]
fn other_names_are_keysieve() {
    let repo = Repo::new();
    let link = repo.sandbox().root().join("git-secret");
    symlink(Run::KEYSIEVE, &link).unwrap();
    repo.program(&link)
        .args(["--version"])
        .status(0)
        .says("keysieve");
}

/// A file that git takes for unchanged, as `git grep` reads it, and a history without a common
/// commit.
#[test]
fn neither_a_flag_of_the_index_nor_a_setting_hides_a_file() {
    let session = session();
    let repo = &session.repo;
    repo.add("a", "@todo\n").commit("first");
    repo.git(["update-index", "--assume-unchanged", "a"]);
    repo.write("a", "clean\n");
    session.run(["--scan"]).has_status(1).says("a:1:@todo");
    fs::remove_file(repo.path("a")).unwrap();
    session.run(["--scan"]).has_status(1);
    repo.git(["checkout", "--quiet", "--orphan", "other"]);
    let other = repo.add("b", "@todo\n").commit("other");
    repo.git(["symbolic-ref", "HEAD", "refs/heads/main"]);
    repo.config("log.showRoot", "false");
    session
        .git_secrets(repo.root())
        .args(["--prepare_commit_msg_hook", "--", "MSG", "merge"])
        .env(&format!("GITHEAD_{other}"), "other")
        .status(1)
        .says("@todo");
}
