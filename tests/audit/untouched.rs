//! An audit changes nothing in the repository, and runs nothing that the repository names.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use super::everywhere::Everywhere;
use super::ground::Sandbox;
use crate::support::{Repo, write_script};

/// Name, mode, time of the last change, and content of everything in `folders`.
fn snapshot(folders: &[&Path]) -> BTreeMap<PathBuf, (u32, i64, i64, Vec<u8>)> {
    let mut found = BTreeMap::new();
    let mut open: Vec<PathBuf> = folders.iter().map(|folder| folder.to_path_buf()).collect();
    while let Some(path) = open.pop() {
        let about = fs::symlink_metadata(&path).unwrap();
        let mut content = Vec::new();
        if about.is_dir() {
            open.extend(
                fs::read_dir(&path)
                    .unwrap()
                    .map(|entry| entry.unwrap().path()),
            );
        } else if about.is_symlink() {
            content = fs::read_link(&path)
                .unwrap()
                .into_os_string()
                .into_encoded_bytes();
        } else {
            content = fs::read(&path).unwrap();
        }
        found.insert(
            path,
            (about.mode(), about.mtime(), about.mtime_nsec(), content),
        );
    }
    found
}

#[test]
fn nothing_is_changed() {
    let all = Everywhere::new(Repo::new());
    let repo = &all.ground.repo;
    let args: [&[&str]; 5] = [
        &[],
        &["--reachable"],
        &["--since", "2020-01-01"],
        &["--ref", "main", "--jobs", "16"],
        &["--format", "json"],
    ];
    let audit_all = || {
        let before = snapshot(&[repo.root(), all.other.root()]);
        for args in args {
            repo.keysieve(["audit"]).args(args).status(1);
        }
        let after = snapshot(&[repo.root(), all.other.root()]);
        assert_eq!(
            before.keys().collect::<Vec<_>>(),
            after.keys().collect::<Vec<_>>()
        );
        for (path, about) in &before {
            assert!(&after[path] == about, "{} has changed", path.display());
        }
    };
    audit_all();
    repo.git(["repack", "-q", "-a", "-d", "-k"]);
    repo.git(["pack-refs", "--all"]);
    audit_all();
}

/// A repository in which everything that git would run leaves a trace.
fn trapped() -> (Sandbox, PathBuf) {
    let ground = Sandbox::new(Repo::new());
    let repo = &ground.repo;
    let trace = repo.sandbox().root().join("trace");
    let trap = repo.sandbox().root().join("trap");
    let script = format!("#!/bin/sh\necho \"$0 $*\" >> '{}'\n", trace.display());
    write_script(&trap, &script);
    repo.add(
        ".gitattributes",
        "* filter=trap diff=trap merge=trap working-tree-encoding=UTF-8\n",
    );
    repo.add("a.txt", "a\n").add("b.txt", "b\n");
    ground.commit("first");
    let trap = trap.to_str().unwrap();
    for key in [
        "core.fsmonitor",
        "core.pager",
        "core.editor",
        "core.sshCommand",
        "core.askPass",
        "core.gitProxy",
        "core.alternateRefsCommand",
        "alias.audit",
        "alias.cat-file",
        "diff.external",
        "diff.trap.command",
        "diff.trap.textconv",
        "merge.trap.driver",
        "filter.trap.clean",
        "filter.trap.smudge",
        "filter.trap.process",
        "gpg.program",
        "credential.helper",
        "uploadpack.packObjectsHook",
        "remote.origin.uploadpack",
        "sequence.editor",
        "trace2.eventTarget",
    ] {
        repo.config(key, trap);
    }
    let hooks = repo.sandbox().root().join("hooks");
    for hook in [
        "post-index-change",
        "reference-transaction",
        "pre-commit",
        "fsmonitor-watchman",
        "post-checkout",
    ] {
        write_script(hooks.join(hook), &script);
    }
    repo.config("core.hooksPath", hooks.to_str().unwrap());
    (ground, trace)
}

#[test]
fn nothing_that_the_repository_names_is_run() {
    let (ground, trace) = trapped();
    let _ = fs::remove_file(&trace);
    ground.repo.keysieve(["audit"]).status(0);
    assert!(!trace.exists(), "{}", fs::read_to_string(&trace).unwrap());
    // The traps work: git runs them.
    ground.repo.try_git(["status"]);
    assert!(trace.exists(), "git ran nothing: the test tests nothing");
}

/// A missing object of a partial clone is not fetched, neither by keysieve nor by git.
#[test]
fn a_partial_clone_fetches_nothing() {
    let (ground, trace) = trapped();
    let repo = &ground.repo;
    let trap = repo.sandbox().root().join("trap");
    let id = repo.git(["-c", "core.fsmonitor=false", "rev-parse", "HEAD:a.txt"]);
    for (key, value) in [
        ("core.repositoryFormatVersion", "1"),
        ("extensions.partialClone", "origin"),
        ("remote.origin.promisor", "true"),
        ("protocol.ext.allow", "always"),
        ("remote.origin.url", &format!("ext::{}", trap.display())),
    ] {
        repo.config(key, value);
    }
    fs::remove_file(repo.path(format!(".git/objects/{}/{}", &id[..2], &id[2..]))).unwrap();
    let _ = fs::remove_file(&trace);
    let ran = repo.keysieve(["audit"]).status(2);
    ran.says(&id).says("git fetch --refetch --no-filter origin");
    assert!(!trace.exists(), "{}", fs::read_to_string(&trace).unwrap());
    repo.try_git(["cat-file", "-p", &id]);
    assert!(
        trace.exists(),
        "git fetches nothing: the test tests nothing"
    );
}
