//! Attacks on the files of a git directory: on its objects, its refs, and how they are stored.

use std::fs;
use std::io::Write as _;

use crate::support::Repo;
use crate::support::keys::seeded_id_line;

/// Expects that an audit of `repo` is incomplete, because it could not read `path`.
#[track_caller]
fn audit_says_unread(repo: &Repo, path: &str, why: &str) {
    let ran = repo.keysieve(["audit", "-f", "json"]).status(2);
    let report = ran.json();
    let found = report["skipped"]
        .as_array()
        .into_iter()
        .flatten()
        .any(|skip| {
            let text = |key: &str| skip[key].as_str().unwrap_or_default().to_owned();
            text("path").contains(path) && text("reason").contains(why)
        });
    if !found {
        ran.fail(&format!("{path} is not skipped because of {why:?}"));
    }
}

/// The path below `.git` of the loose object `id`.
fn loose(id: &str) -> String {
    format!(".git/objects/{}/{}", &id[..2], &id[2..])
}

/// A repository with one harmless commit.
fn harmless() -> Repo {
    let repo = Repo::new();
    repo.add("readme.txt", "hello\n").commit("first");
    repo
}

/// A file among the packs or objects that git would not write has the secret in it.
#[test]
fn a_foreign_file_in_the_object_store() {
    for (seed, path) in (1600..).zip([
        "objects/pack/notes.txt",
        "objects/pack/pack-1.rev",
        "objects/pack/x/y.pack",
        "objects/info/commit-graph",
        "objects/odd/name",
        "objects/abc",
    ]) {
        let repo = harmless();
        repo.write(format!(".git/{path}"), seeded_id_line(seed));
        repo.keysieve(["audit"]).status(1);
    }
}

/// The secret is in an object or a pack that git did not complete.
#[test]
fn a_temporary_file_in_the_object_store() {
    for (path, named) in [
        ("objects/pack/tmp_pack_Ab12", "pack/tmp_pack_Ab12"),
        ("objects/tmp_obj_Ab12", "objects/tmp_obj_Ab12"),
        ("objects/ab/tmp_obj_Ab12", "ab/tmp_obj_Ab12"),
        ("objects/tmp_objdir-1/pack/a.pack", "objects/tmp_objdir-1"),
        ("objects/incoming-1/ab/1", "objects/incoming-1"),
    ] {
        let repo = harmless();
        repo.write(format!(".git/{path}"), "PACK");
        audit_says_unread(&repo, named, "not a git object");
    }
}

/// The file of a loose object has more bytes than the object.
#[test]
fn behind_the_end_of_a_loose_object() {
    let repo = harmless();
    let id = repo.git(["rev-parse", "HEAD:readme.txt"]);
    let path = repo.path(loose(id.trim()));
    let mut bytes = fs::read(&path).unwrap();
    bytes.write_all(seeded_id_line(1610).as_bytes()).unwrap();
    fs::remove_file(&path).unwrap();
    fs::write(&path, bytes).unwrap();
    audit_says_unread(&repo, id.trim(), "after the end of the object");
}

/// A folder of loose objects is a link to another place.
#[test]
fn a_linked_folder_of_objects() {
    let repo = harmless();
    std::os::unix::fs::symlink("/", repo.path(".git/objects/0f")).unwrap();
    audit_says_unread(&repo, "objects/0f", "not a git object");
}
