//! Files of policy, of hook managers and of other scanners that a repository brings, and what
//! reading them costs or gives away.

use std::fs;
use std::os::unix::fs::symlink;

use crate::encrypted::{self, ENTRY, PLAIN};
use crate::support::keys::access_key_id;
use crate::support::{Repo, Run, write_script};

/// The most memory, in KiB.
const MEMORY: usize = 1 << 20;

/// keysieve with little memory and time.
fn limited(repo: &Repo, words: &[&str]) -> Run {
    let limited = format!("ulimit -v {MEMORY} && exec timeout 60 \"$0\" \"$@\"");
    repo.program("sh")
        .args(["-c", &limited, Run::KEYSIEVE])
        .args(words)
}

/// A change with a policy whose expressions take gigabytes, or that names thousands of files.
#[test]
fn a_gate_does_not_compile_the_policy_of_the_change() {
    let entry =
        |number| format!("[[allow]]\npattern = '(?u:\\w{{60}})x{number}'\nreason = \"r\"\n");
    let names: Vec<_> = (0..20_000).map(|number| format!("'r{number}'")).collect();
    for policy in [
        (0..500).map(entry).collect(),
        format!("rules = [{}]\n", names.join(",")),
    ] {
        let repo = Repo::new();
        for number in 0..3_000 {
            repo.write(format!("f{number}"), "");
        }
        repo.git(["add", "."]);
        let base = repo.commit("base");
        repo.add(".keysieve.toml", policy)
            .add("a.env", access_key_id(1))
            .commit("change");
        limited(&repo, &["gate", &format!("{base}..HEAD")])
            .status(1)
            .says(".keysieve.toml: added");
    }
}

/// A link to a file that never ends, where commands that write, or that install, read a file.
#[test]
fn a_link_to_a_device_is_not_read() {
    let repo = Repo::new();
    repo.write("a.env", access_key_id(1));
    symlink("/dev/zero", repo.path(".keysieve.toml")).unwrap();
    for words in [
        &["allow", "a.env:1", "--reason", "r"][..],
        &["allow", "--last", "--reason", "r"],
        &["allow", "--salt"],
    ] {
        limited(&repo, words)
            .status(2)
            .says("not a regular file of at most");
    }
    fs::remove_file(repo.path(".keysieve.toml")).unwrap();
    symlink("/dev/zero", repo.path("lefthook.yml")).unwrap();
    write_script(
        repo.path(".git/hooks/pre-commit"),
        "#!/bin/sh\ncall_lefthook\n",
    );
    limited(&repo, &["hook", "install"])
        .status(2)
        .says("lefthook.yml");
    limited(&repo, &["hook", "status"]).status(1);
}

/// A link in place of a file of another scanner: its target would be written into files that the
/// user commits.
#[test]
fn import_does_not_follow_a_link_out_of_the_repository() {
    let repo = Repo::new();
    let outside = repo.sandbox().root().join("netrc");
    fs::write(&outside, "machine a login b password correct-horse\n").unwrap();
    for name in [".secretlintignore", ".gitallowed", ".gitleaks.toml"] {
        symlink(&outside, repo.path(name)).unwrap();
        for words in [&["import"][..], &["import", "--check"]] {
            repo.keysieve(words)
                .status(2)
                .says("outside of the repository")
                .never_says("correct-horse");
        }
        assert!(!repo.path(".keysieve.toml").exists());
        fs::remove_file(repo.path(name)).unwrap();
    }
    repo.write("ignore", "fixtures/\n");
    symlink("ignore", repo.path(".secretlintignore")).unwrap();
    repo.keysieve(["import"]).status(0);
}

/// An expression that closes the group that is put around it.
#[test]
fn an_imported_pattern_allows_no_more_than_it_matches() {
    let repo = Repo::new();
    repo.write(".talismanrc", "allowed_patterns:\n  - 'x)|(?:.+'\n")
        .write("a.env", access_key_id(1));
    repo.keysieve(["import"])
        .status(1)
        .says("an allowed pattern: it is not a regular expression");
    repo.keysieve(["scan"]).status(1);
}

/// Many entries for a file with many findings on one long line: the time was their product.
#[test]
fn an_import_looks_at_a_long_line_once_for_all_entries() {
    let repo = Repo::new();
    let ids: String = (0..300)
        .map(|seed| format!("k=\"{}\";", access_key_id(seed)))
        .collect();
    repo.write("a.js", ids + &"\"\"".repeat(50_000));
    let hashed = |number| format!("{{\"hashed_secret\": \"{number:040x}\", \"line_number\": 1}}");
    let hashed: Vec<_> = (0..1_000).map(hashed).collect();
    let results = hashed.join(", ");
    repo.write(
        ".secrets.baseline",
        format!(
            "{{\"version\": \"1.5.0\", \"plugins_used\": [{{}}], \
             \"results\": {{\"a.js\": [{results}]}}}}"
        ),
    );
    let hashes = (0..1_000).map(|number| {
        format!("  - {{filepath: a.js, fingerprint: '{number}', linenum: 1, rule_id: x}}\n")
    });
    let hashes: String = hashes.collect();
    repo.write(
        "baseline-file.yaml",
        format!("fingerprint_algorithm: kingfisher\nExactFindings:\n  matches:\n{hashes}"),
    );
    for tool in ["detect-secrets", "kingfisher"] {
        limited(&repo, &["import", tool, "--check"])
            .status(1)
            .says("0 baseline entries are new");
    }
}

/// A framework that runs keysieve at another stage, or only for some files.
#[test]
fn status_is_not_live_if_the_framework_does_not_run_the_hook() {
    let repo = Repo::new();
    let bin = repo.sandbox().root().join("bin");
    fs::create_dir(&bin).unwrap();
    let path = format!("{}:{}", bin.display(), std::env::var("PATH").unwrap());
    let keysieve = Run::KEYSIEVE;
    write_script(
        bin.join("pre-commit"),
        &format!("#!/bin/sh\nexec '{keysieve}' hook run pre-commit\n"),
    );
    write_script(
        repo.path(".git/hooks/pre-commit"),
        "#!/bin/sh\n# File generated by pre-commit: https://pre-commit.com\n",
    );
    for (top, keys, status) in [
        ("", "always_run: true", 0),
        ("exclude: '.*'", "always_run: true", 0),
        ("", "stages: [commit]", 0),
        ("default_stages: [manual]", "stages: [pre-commit]", 0),
        ("", "stages: [manual]", 2),
        ("", "stages: [pre-push, merge-commit]", 2),
        ("default_stages: [pre-push]", "always_run: true", 2),
        ("", "exclude: '.*'", 2),
        ("", "types: [python]", 2),
        ("exclude: '.*'", "always_run: false", 2),
        ("", "args: [--help]", 2),
    ] {
        let config = format!(
            "{top}\nrepos:\n  - repo: local\n    hooks:\n      - id: keysieve\n        \
             entry: keysieve hook run pre-commit\n        language: system\n        {keys}\n"
        );
        repo.write(".pre-commit-config.yaml", &config);
        let ran = repo.keysieve(["hook", "status"]).env("PATH", &path).run();
        assert_eq!(ran.code(), Some(status), "{config}{}", ran.text());
    }
}

/// A change that weakens the policy with which it is judged.
#[test]
fn a_change_does_not_end_its_duty_to_encrypt() {
    for policy in [
        None,
        Some("[[encrypted]]\npath = [\"secrets/**\", \"!*\"]\n"),
        Some("x = 1"),
    ] {
        let (repo, base) = encrypted::started();
        match policy {
            None => drop(repo.git(["rm", "--quiet", ".keysieve.toml"])),
            Some(policy) => drop(repo.add(".keysieve.toml", policy)),
        }
        repo.add("secrets/db.yaml", PLAIN).commit("plain");
        assert_eq!(encrypted::gate(&repo, &base), ["secrets/db.yaml"]);
        // Nor does one in two commits, or one that is undone.
        repo.add("secrets/db.yaml", encrypted::sops(1))
            .add(".keysieve.toml", ENTRY)
            .commit("as before");
        assert_eq!(encrypted::gate(&repo, &base), ["secrets/db.yaml"]);
    }
}

/// Files that leave the path, and come back, within a change.
#[test]
fn a_detour_through_another_path_does_not_make_plain_text_known() {
    let (repo, base) = encrypted::started();
    repo.add("notes.yaml", PLAIN).commit("elsewhere");
    repo.git(["mv", "--force", "notes.yaml", "secrets/db.yaml"]);
    repo.commit("moved in");
    assert_eq!(encrypted::gate(&repo, &base), ["secrets/db.yaml"]);
    repo.git(["mv", "secrets/db.yaml", "notes.yaml"]);
    repo.commit("moved out");
    assert_eq!(encrypted::gate(&repo, &base), ["secrets/db.yaml"]);
}

/// A merge with an old commit, in which the file was plain text.
#[test]
fn a_merge_does_not_bring_back_plain_text() {
    let (repo, old) = encrypted::started();
    repo.add("secrets/db.yaml", PLAIN);
    let plain = repo.commit("plain");
    repo.add("secrets/db.yaml", encrypted::sops(2));
    let base = repo.commit("encrypted");
    repo.git(["checkout", "--quiet", "-b", "side", &old]);
    repo.add("x", "x\n").commit("x");
    repo.git(["merge", "--quiet", "--no-edit", "--strategy=ours", &base]);
    repo.git(["checkout", &plain, "--", "secrets/db.yaml"]);
    repo.git(["commit", "--quiet", "--amend", "--no-edit"]);
    assert_eq!(encrypted::gate(&repo, &base), ["secrets/db.yaml"]);
}

/// Links, markers and pointers of Git LFS in place of ciphertext.
#[test]
fn what_only_looks_like_ciphertext_must_be_encrypted() {
    let (repo, base) = encrypted::started();
    repo.add("elsewhere", PLAIN);
    fs::remove_file(repo.path("secrets/db.yaml")).unwrap();
    symlink("../elsewhere", repo.path("secrets/db.yaml")).unwrap();
    repo.stage("secrets/db.yaml").commit("link");
    assert_eq!(encrypted::gate(&repo, &base), ["secrets/db.yaml"]);

    let value = encrypted::sops(3);
    let commented = value
        .replace("greeting", "# greeting")
        .replace("    mac", "    # mac");
    for text in [
        format!("# ENC[AES256_GCM,data:x]\n{PLAIN}"),
        format!("{PLAIN}{commented}"),
        format!("# keysieve:allow\n{PLAIN}"),
        format!("# keysieve:allow not-encrypted: a fixture\n# keysieve:allow\n{PLAIN}"),
        PLAIN.replace('\n', " # keysieve:allow gitleaks:allow\n"),
        format!("$ANSIBLE_VAULT;1.1;AES256\n{PLAIN}"),
        format!("\0GITCRYPT\0{PLAIN}"),
    ] {
        let (repo, base) = encrypted::started();
        repo.add("secrets/db.yaml", &text);
        repo.keysieve(["staged"]).status(1).says("not-encrypted");
        repo.commit("plain");
        assert_eq!(encrypted::gate(&repo, &base), ["secrets/db.yaml"], "{text}");
    }
    let (repo, _) = encrypted::started();
    let id = "ab".repeat(32);
    let pointer = format!("version https://git-lfs.github.com/spec/v1\noid sha256:{id}\nsize 9\n");
    repo.add("secrets/db.yaml", pointer);
    repo.keysieve(["staged"]).run().says("high[not-encrypted]");
}

/// A file of one line with millions of marks: the time must not be their product.
#[test]
fn many_marks_of_ciphertext_take_linear_time() {
    let (repo, base) = encrypted::started();
    let value = "ENC[AES256_GCM,data:AA==,iv:AAAAAAAAAAAAAAAA,tag:AA,type:str]";
    repo.add("secrets/a", format!("# {}", value.repeat(200_000)))
        .add("secrets/b", value.repeat(200_000))
        .add("secrets/c", "kind: SealedSecret\n---\n".repeat(400_000))
        .commit("marks");
    let range = format!("{base}..HEAD");
    let ran = limited(&repo, &["gate", &range]).status(1);
    ran.says("secrets/a").says("secrets/b").says("secrets/c");
}
