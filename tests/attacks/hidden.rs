//! Attacks that keep a secret in a place which a command does not read.

use std::fs;
use std::os::unix::fs::symlink;

use serde_json::Value;
use sha2::{Digest as _, Sha256};

use crate::support::keys::{access_key_id, seeded_id_line};
use crate::support::{Ran, Repo, Run, write_script};

/// Expects that the JSON report of `ran` lists `path` as skipped, for a reason that contains `why`.
#[track_caller]
fn skips(ran: &Ran, path: &str, why: &str) {
    let report = ran.json();
    let skipped = report["skipped"].as_array().into_iter().flatten();
    let reason = |skip: &Value| {
        skip["reason"]
            .as_str()
            .is_some_and(|text| text.contains(why))
    };
    if !skipped
        .clone()
        .any(|skip| skip["path"] == path && reason(skip))
    {
        ran.fail(&format!("{path} is not skipped because of {why:?}"));
    }
}

/// A folder has a git directory of its own, and the secret is in that.
#[test]
fn in_the_git_directory_of_another_repository() {
    let repo = Repo::new();
    repo.add("readme.txt", "hello\n").commit("first");
    repo.write("x/.git/HEAD", "ref: refs/heads/main\n")
        .write("x/.git/refs/heads/none", "")
        .write("x/.git/objects/secrets.env", seeded_id_line(1500));
    let ran = repo.keysieve(["scan", "-f", "json"]).status(0);
    skips(&ran, "x/.git", "keysieve audit");
    assert_eq!(ran.json()["skipped"].as_array().map(Vec::len), Some(1));
}

/// A folder's `.git` file leads to a git directory in another folder, or has a secret of its own.
#[test]
fn behind_a_file_that_points_to_a_git_directory() {
    let repo = Repo::new();
    let other = Repo::new();
    other.add("a.env", seeded_id_line(1501)).commit("a key");
    repo.add("readme.txt", "hello\n").commit("first");
    let store = other.path(".git");
    repo.write("x/.git", format!("gitdir: {}\n", store.display()));
    let ran = repo.keysieve(["scan", "-f", "json"]).status(0);
    skips(&ran, "x/.git", "keysieve audit");
    repo.write(
        "x/.git",
        format!("gitdir: nowhere\n{}", seeded_id_line(1502)),
    );
    let ran = repo.keysieve(["scan", "-f", "json"]).status(1);
    skips(&ran, "x/.git", "keysieve audit");
}

/// Not an attack: what an audit of the scanned repository reads is not worth a skip.
#[test]
fn the_git_directories_that_an_audit_reads_are_no_skips() {
    let (repo, inner) = (Repo::new(), Repo::new());
    inner.add("readme.txt", "hello\n").commit("first");
    repo.submodule(&inner, "sub").commit("a submodule");
    for tree in [&repo, &repo.worktree("topic")] {
        let ran = tree.keysieve(["scan", "-f", "json"]).status(0);
        assert_eq!(ran.json()["skipped"].as_array().map(Vec::len), Some(0));
    }
}

/// A secret is in the name of the author or the committer, in each way that git learns of it.
#[test]
fn in_who_wrote_a_commit() {
    let repo = Repo::new();
    repo.keysieve(["hook", "install"]).status(0);
    let id = access_key_id(1503);
    let commit = |words: &[&str]| {
        repo.program("git")
            .args(words)
            .args(["commit", "--allow-empty", "-qm", "message"])
    };
    let author = format!("{id} <a@b>");
    let refused = |run: Run| {
        let ran = run.status(1);
        ran.says("author and committer").never_says(&id);
    };
    refused(commit(&[]).args(["--author", &author]));
    refused(commit(&[]).env("GIT_AUTHOR_NAME", &id));
    refused(commit(&[]).env("GIT_COMMITTER_EMAIL", format!("{id}@b")));
    commit(&[]).status(0);
    refused(commit(&[]).args(["--amend", "--author", &author]));
    repo.config("committer.name", &id);
    let words = [
        "-u",
        "GIT_COMMITTER_NAME",
        "git",
        "commit",
        "--allow-empty",
        "-qm",
        "message",
    ];
    refused(repo.program("env").args(words));
}

/// A commit has no author that git accepts, and git's message about that quotes a secret.
#[test]
fn in_the_error_about_an_author() {
    let repo = Repo::new();
    let id = access_key_id(1509);
    repo.write("message", "a message\n");
    let ran = repo
        .keysieve(["hook", "run", "commit-msg", "message"])
        .env("GIT_AUTHOR_NAME", "")
        .env("GIT_AUTHOR_EMAIL", format!("{id}@b"))
        .status(2);
    ran.says("user.name").never_says(&id);
}

/// The hook's program is missing, and one in the repository is on `PATH` by way of a link.
#[test]
fn a_program_of_the_repository_in_place_of_the_hooks_own() {
    let repo = Repo::new();
    let folder = repo.sandbox().root();
    let program = folder.join("bin/keysieve");
    write_script(&program, "#!/bin/sh\nexit 0\n");
    let installed = repo.keysieve(["hook", "install"]).status(0);
    installed.says("pre-commit");
    let hook = repo.path(".git/hooks/pre-commit");
    let stub = fs::read_to_string(&hook).unwrap();
    write_script(&hook, &stub.replace(Run::KEYSIEVE, "/gone/keysieve"));
    write_script(repo.path("tools/keysieve"), "#!/bin/sh\nexit 0\n");
    symlink(repo.path("tools"), folder.join("linked folder")).unwrap();
    fs::create_dir(folder.join("linked file")).unwrap();
    symlink(
        "../repo/tools/keysieve",
        folder.join("linked file/keysieve"),
    )
    .unwrap();
    symlink(repo.root(), folder.join("alias")).unwrap();
    let commit = |repo: &Repo, on_path: &str| {
        let path = format!(
            "{}:{}",
            folder.join(on_path).display(),
            std::env::var("PATH").unwrap()
        );
        let words = ["commit", "--allow-empty", "-qm", "message"];
        repo.program("git").args(words).env("PATH", path)
    };
    for on_path in [
        "linked folder",
        "linked file",
        "alias/tools",
        "repo/../repo/tools",
    ] {
        commit(&repo, on_path)
            .status(1)
            .says("keysieve is not installed");
    }
    let topic = repo.worktree("topic");
    commit(&topic, "repo/tools")
        .status(1)
        .says("keysieve is not installed");
    fs::remove_file(repo.path(".git/hooks/commit-msg")).unwrap();
    symlink("bin", folder.join("other")).unwrap();
    commit(&repo, "other").status(0);
}

/// A submodule with a secret is named like a folder for which there is an allow entry.
#[test]
fn behind_the_name_of_a_submodule() {
    let (repo, inner) = (Repo::new(), Repo::new());
    let id = access_key_id(1504);
    inner.add("k.env", format!("id = {id}\n")).commit("a key");
    let add = |path: &str, name: &str| {
        let url = inner.root().to_str().unwrap();
        let add = ["submodule", "--quiet", "add", "--name", name, url, path];
        repo.git(["-c", "protocol.file.allow=always"].iter().chain(&add));
    };
    add("vendor/lib", "tests/fixtures");
    let entry = |path: &str| format!("[[allow]]\npath = \"{path}\"\nreason = \"made up\"\n");
    let audit = |status| {
        for cache in [&["--no-cache"][..], &[], &[]] {
            let words = ["audit", "-f", "json"].iter().chain(cache);
            let ran = repo.keysieve(words).status(status);
            for finding in ran.json()["findings"].as_array().into_iter().flatten() {
                assert_eq!(finding["path"], "vendor/lib/k.env");
            }
        }
    };
    repo.write(".keysieve.toml", entry("/tests/fixtures/**"));
    audit(1);
    repo.commit("a submodule");
    repo.git(["gc", "--quiet"]);
    audit(1);
    repo.write(".keysieve.toml", entry("/vendor/lib/**"));
    audit(0);
    repo.git(["mv", "vendor/lib", "vendored"]);
    repo.commit("moved");
    audit(1);
    repo.write(".keysieve.toml", entry("/vendor*/**"));
    audit(0);
}

/// Something else is where an object of Git LFS was.
#[test]
fn behind_the_id_of_an_lfs_object() {
    let repo = Repo::new();
    repo.add("readme.txt", "hello\n").commit("first");
    let id = "0123456789abcdef".repeat(4);
    repo.write(format!(".git/lfs/objects/01/23/{id}"), "harmless\n");
    let ran = repo.keysieve(["audit", "-f", "json"]).status(2);
    skips(&ran, &format!("LFS object {id}"), "does not match its id");
}

/// The secret is in a file that git has only as a Git LFS pointer.
#[test]
fn behind_an_lfs_pointer() {
    let repo = Repo::new();
    let base = repo.add("readme.txt", "hello\n").commit("first");
    let server = repo.sandbox().root().join("server.git");
    repo.git(["init", "--quiet", "--bare", server.to_str().unwrap()]);
    let content = format!("first\n{}", seeded_id_line(1505));
    let id = faster_hex::hex_string(&Sha256::digest(&content));
    let pointer = format!(
        "version https://git-lfs.github.com/spec/v1\noid sha256:{id}\nsize {}\n",
        content.len()
    );
    let object = format!(".git/lfs/objects/{}/{}/{id}", &id[..2], &id[2..4]);
    repo.add("a.bin", &pointer);
    skips(
        &repo.keysieve(["staged", "-f", "json"]).status(0),
        "a.bin",
        "git lfs fetch",
    );
    let range = format!("{base}..{}", repo.commit("a pointer"));
    let gate = |status| repo.keysieve(["gate", "-f", "json", &range]).status(status);
    skips(&gate(2), "a.bin", "git lfs fetch");
    repo.keysieve(["hook", "install"]).status(0);
    let push = |what: &str| {
        let words = ["push", "--quiet", server.to_str().unwrap(), what];
        repo.program("git").args(words).status(1)
    };
    push("HEAD:refs/heads/main").says("git lfs fetch");
    let blob = repo.git(["rev-parse", "HEAD:a.bin"]);
    push(&format!("{blob}:refs/tags/blob")).says("git lfs fetch");
    repo.write(&object, content.replace("first", "other"));
    skips(&gate(2), "a.bin", "does not match its id");
    repo.write(&object, &content);
    let ran = gate(1);
    assert_eq!(ran.json()["findings"][0]["path"], "a.bin");
    assert_eq!(ran.json()["findings"][0]["line"], 2);
    push("HEAD:refs/heads/main").says("a.bin:2:");
    repo.git(["mv", "a.bin", "b.bin"]);
    repo.keysieve(["staged"]).status(1).says("b.bin:2:");
}

/// The refs are stored as reftables, and the secret is in what they lead to or in themselves.
#[test]
fn behind_refs_in_reftables() {
    let repo = Repo::tables("sha1");
    let base = repo.add("readme.txt", "hello\n").commit("first");
    let (id, other, named) = (
        access_key_id(1506),
        access_key_id(1507),
        access_key_id(1508),
    );
    let server = repo.sandbox().root().join("server.git");
    let at = server.to_str().unwrap();
    repo.git(["init", "--quiet", "--bare", "--ref-format=reftable", at]);
    repo.git(["push", "--quiet", at, "main"]);
    repo.add("a.ini", format!("id = {id}\n"));
    repo.keysieve(["staged"]).status(1).says("a.ini:1:");
    let key = repo.commit("a key");
    repo.keysieve(["staged"]).status(0);
    for range in [
        "HEAD~..HEAD",
        "main~..main",
        &format!("{base}..refs/heads/main"),
    ] {
        let ran = repo.keysieve(["gate", "-f", "json", range]).status(1);
        assert_eq!(ran.json()["findings"][0]["origin"]["commit"], key.as_str());
    }
    repo.keysieve(["gate", "HEAD..main"]).status(0);
    let topic = repo.worktree("topic");
    topic.add("b.ini", format!("id = {id}\n"));
    topic.keysieve(["staged"]).status(1).says("b.ini:1:");
    topic.commit("another");
    topic.keysieve(["staged"]).status(0);
    topic.keysieve(["gate", "HEAD~..HEAD"]).status(1);
    repo.git(["worktree", "remove", "../topic"]);
    repo.git(["branch", "-D", "topic"]);
    repo.keysieve(["hook", "install"]).status(0);
    let push = |words: &[&str]| repo.program("git").args(["push", "-q", at]).args(words);
    push(&["main"]).status(1).says("a.ini:1:");
    repo.keysieve(["hook", "install", "--server", at]).status(0);
    push(&["--no-verify", "main"]).status(1).says("a.ini:1:");
    // What the server has is known there, and what a ref is named is not.
    push(&["--no-verify", "main~:refs/heads/clean"]).status(0);
    push(&["--no-verify", &format!("main~:refs/heads/{named}")]).status(1);
    repo.git(["reset", "--quiet", "--hard", "HEAD~"]);
    repo.git(["tag", &named]);
    repo.git(["update-ref", "-m", &other, "refs/heads/topic", "HEAD"]);
    let ran = repo.keysieve(["audit", "-f", "json", "--reveal"]).status(1);
    let report = ran.json();
    let findings = report["findings"].as_array().unwrap();
    for (value, exposure) in [(&id, "reflog"), (&other, ""), (&named, "")] {
        let found = findings
            .iter()
            .find(|finding| finding["secret"] == value.as_str());
        let found = found.unwrap_or_else(|| ran.fail(value));
        if !exposure.is_empty() {
            assert_eq!(found["history"]["exposure"], exposure);
        }
    }
}

/// An index that the environment names by a relative path, in a subfolder: git finds it from the top
/// of the work tree. One that the repository's configuration names: git does not use it.
#[test]
fn the_index_is_the_one_that_git_uses() {
    let repo = Repo::new();
    repo.add("sub/a.txt", "a\n").commit("first");
    let with = |program: &str, words: &[&str]| {
        Run::new(program, &repo.path("sub"), repo.sandbox())
            .args(words)
            .env("GIT_INDEX_FILE", "alternate")
    };
    repo.write("sub/a.env", seeded_id_line(1));
    with("git", &["add", "a.env"]).status(0);
    assert!(repo.path("alternate").exists());
    with(Run::KEYSIEVE, &["staged"]).status(1).says("sub/a.env");
    repo.keysieve(["staged"]).status(0);
    repo.git(["read-tree", "HEAD"]);
    fs::copy(repo.path(".git/index"), repo.path(".git/other")).expect("an index");
    repo.config("gitoxide.core.indexFile", "other");
    repo.stage("sub/a.env");
    repo.keysieve(["staged"]).status(1).says("sub/a.env");
}

/// A submodule was never cloned, so that the audit does not read what is in it.
#[test]
fn in_a_submodule_that_is_absent() {
    let lib = Repo::new();
    lib.add("key.ini", seeded_id_line(1510)).commit("a key");
    let repo = Repo::new();
    repo.submodule(&lib, "vendor/lib").commit("a submodule");
    let audit = |repo: &Repo| repo.keysieve(["audit", "-f", "json"]);
    let ran = audit(&repo).status(1);
    assert_eq!(ran.json()["skipped"].as_array().map(Vec::len), Some(0));
    // A newer commit of an audited one is not another submodule.
    let link = format!("160000,{},vendor/lib", "1".repeat(40));
    repo.git(["update-index", "--cacheinfo", &link]);
    repo.commit("another commit of it");
    let ran = audit(&repo).status(1);
    assert_eq!(ran.json()["skipped"].as_array().map(Vec::len), Some(0));
    fs::remove_dir_all(repo.path(".git/modules")).expect("the submodule");
    fs::remove_dir_all(repo.path("vendor")).expect("its work tree");
    let why = "a submodule whose repository is not here";
    skips(&audit(&repo).status(0), "vendor/lib", why);
    repo.keysieve(["audit"]).status(0).says(why);
    // From a cache, and one that only the history has.
    repo.git(["rm", "--quiet", "--cached", "vendor/lib"]);
    repo.commit("without it");
    repo.git(["repack", "-q", "-a", "-d"]);
    for _ in 0..2 {
        skips(&audit(&repo).status(0), "lib", why);
    }
}

/// A directory has the mode of a file, so that nothing seems to lead to what is in it.
#[test]
fn in_a_directory_with_the_mode_of_a_file() {
    let repo = Repo::new();
    let make = |args: &[&str], input: Vec<u8>| {
        let run = repo.program("git").args(args).stdin(input).status(0);
        run.stdout().trim().to_owned()
    };
    let blob = make(
        &["hash-object", "-w", "--stdin"],
        seeded_id_line(1511).into(),
    );
    let inner = make(&["mktree"], format!("100644 blob {blob}\tkey.ini\n").into());
    let bytes: Vec<u8> = (0..inner.len())
        .step_by(2)
        .map(|at| u8::from_str_radix(&inner[at..at + 2], 16).expect("hex"))
        .collect();
    let tree = [&b"100644 d\0"[..], &bytes].concat();
    let words = ["hash-object", "-t", "tree", "-w", "--stdin", "--literally"];
    let tree = make(&words, tree);
    let commit = make(&["commit-tree", "-m", "x", &tree], Vec::new());
    repo.git(["update-ref", "refs/heads/main", &commit]);
    for _ in 0..3 {
        for scope in ["--reachable", "--ref=main"] {
            let ran = repo.keysieve(["audit", scope]).status(2);
            ran.says("d/key.ini:1:6").says("mode of a file");
        }
        repo.git(["repack", "-q", "-d"]);
    }
}
