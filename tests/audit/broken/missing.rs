//! Tests missing objects: deleted ones, and those that a shallow or a partial clone leaves out.

use std::ffi::OsStr;
use std::fs;
use std::path::Path;

use super::fails;
use crate::audit::ground::{Audited, Sandbox, id_line};
use crate::support::keys::access_key_id;
use crate::support::{Repo, Run};

/// A repository of three commits with a folder, a tag, and a key in the first.
fn ground() -> Sandbox {
    let ground = Sandbox::new(Repo::new());
    let repo = &ground.repo;
    repo.add("folder/key.ini", id_line(&access_key_id(600)))
        .add("other.txt", "other\n");
    ground.commit("one");
    repo.add("folder/two.txt", "two\n");
    ground.commit("two");
    ground.later(&["tag", "-a", "-m", "a tag", "v1"]).status(0);
    repo.add("three.txt", "three\n");
    ground.commit("three");
    ground
}

fn remove(repo: &Repo, name: &str) -> String {
    let id = repo.git(["rev-parse", name]);
    fs::remove_file(repo.path(format!(".git/objects/{}/{}", &id[..2], &id[2..]))).unwrap();
    id
}

#[test]
fn a_missing_object_fails_the_audit() {
    for name in [
        "HEAD:folder/key.ini",
        "HEAD~1:folder/two.txt",
        "HEAD:folder",
        "HEAD^{tree}",
        "HEAD~1^{tree}",
        "HEAD~1",
        "HEAD~2",
        // Objects that only a ref names.
        "HEAD",
        "v1",
    ] {
        let ground = ground();
        let id = remove(&ground.repo, name);
        fails(&ground.repo, &[&id, "missing"]);
    }
}

#[test]
fn a_missing_staged_object_fails_the_audit() {
    let ground = ground();
    ground.repo.add("staged.txt", "staged\n");
    let id = remove(&ground.repo, ":staged.txt");
    fails(&ground.repo, &[&id, "staged.txt"]);
}

/// Reflog lines outlive their objects: git itself expires the objects first.
#[test]
fn a_reflog_of_a_missing_object_does_not_stop_the_audit() {
    let ground = ground();
    let repo = &ground.repo;
    repo.add("reset.txt", "reset\n");
    ground.commit("to be reset");
    repo.git(["reset", "--quiet", "--hard", "HEAD~1"]);
    remove(repo, "ORIG_HEAD");
    fs::remove_file(repo.path(".git/ORIG_HEAD")).unwrap();
    let audited = Audited::of(repo, &["--no-cache"]);
    assert!(audited.finds(&access_key_id(600)));
    audited.ran.has_status(1);
    assert_eq!(audited.failures(), [""; 0]);
}

/// Clones `of` with `options`, and allows filters.
fn clone(of: &Repo, options: &[&str]) -> std::path::PathBuf {
    for key in ["uploadpack.allowFilter", "uploadpack.allowAnySHA1InWant"] {
        of.config(key, "true");
    }
    let to = of.sandbox().root().join("clone");
    let url = format!("file://{}", of.root().display());
    let words = ["clone", "--quiet", "--no-checkout"]
        .into_iter()
        .chain(options.iter().copied())
        .chain([url.as_str()]);
    of.git(words.map(OsStr::new).chain([to.as_os_str()]));
    to
}

fn audit(repo: &Repo, path: &Path, args: &[&str]) -> crate::support::Ran {
    Run::new(Run::KEYSIEVE, path, repo.sandbox())
        .args(["audit", "--format", "json"])
        .args(args)
        .run()
}

#[test]
fn partial_clones() {
    for filter in ["blob:none", "tree:0", "blob:limit=10"] {
        let ground = ground();
        let repo = &ground.repo;
        let partial = clone(repo, &["--filter", filter]);
        for args in [&["--no-cache"][..], &[], &[]] {
            let ran = audit(repo, &partial, args);
            ran.has_status(2);
            ran.says("missing")
                .says("partial clone: run 'git fetch --refetch --no-filter origin'");
        }
        // Without a repack in the background, which would run during the audit.
        let refetch = [
            "-c",
            "gc.auto=0",
            "-c",
            "maintenance.auto=false",
            "fetch",
            "--quiet",
            "--refetch",
            "--no-filter",
            "origin",
        ];
        Run::new("git", &partial, repo.sandbox())
            .args(refetch)
            .status(0);
        for args in [&["--no-cache"][..], &[], &[]] {
            audit(repo, &partial, args)
                .has_status(1)
                .says("folder/key.ini");
        }
    }
}

#[test]
fn a_shallow_clone() {
    let ground = ground();
    let repo = &ground.repo;
    let shallow = clone(repo, &["--depth=1"]);
    for args in [&["--no-cache"][..], &[], &[]] {
        let ran = audit(repo, &shallow, args);
        ran.has_status(2)
            .says("git fetch --unshallow")
            .says("the history before 1 commit");
        ran.never_says("missing object");
    }
    Run::new("git", &shallow, repo.sandbox())
        .args(["fetch", "--quiet", "--unshallow"])
        .status(0);
    for args in [&["--no-cache"][..], &[], &[]] {
        audit(repo, &shallow, args).has_status(1);
    }
}

#[test]
fn a_missing_reftable_fails_the_audit() {
    let repo = Repo::tables("sha1");
    audit(&repo, repo.root(), &[]).has_status(0);
    fs::remove_file(repo.path(".git/reftable/tables.list")).unwrap();
    let ran = audit(&repo, repo.root(), &[]);
    ran.has_status(2).says("reftable");
}

#[test]
fn an_empty_repository_is_clean() {
    Repo::new().keysieve(["audit"]).status(0);
    Repo::sha256().keysieve(["audit"]).status(0);
}
