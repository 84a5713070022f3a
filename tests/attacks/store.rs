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

/// Puts the content of the object `from` in the place of the object `id`, as a loose object.
fn swap(repo: &Repo, id: &str, from: &str) {
    let paths = [id, from].map(|id| repo.path(loose(id.trim())));
    fs::remove_file(&paths[0]).unwrap();
    fs::copy(&paths[1], &paths[0]).unwrap();
}

/// The id of a revision.
fn id_of(repo: &Repo, rev: &str) -> String {
    repo.git(["rev-parse", rev]).trim().to_owned()
}

/// A commit, a tree or the policy's blob of what is already trusted is swapped for one that makes
/// the new secret look old or allowed.
#[test]
fn a_trusted_object_that_is_not_what_its_id_says() {
    for (seed, swapped) in (1620..).zip(["main", "main^{tree}", "main:.keysieve.toml"]) {
        let repo = harmless();
        repo.add(".keysieve.toml", "").commit("policy");
        repo.git(["switch", "-qc", "topic"]);
        repo.add("a.env", seeded_id_line(seed));
        repo.add(".keysieve.toml", "[[allow]]\npath = \"*\"\n")
            .commit("a key");
        swap(
            &repo,
            &id_of(&repo, swapped),
            &id_of(&repo, &swapped.replace("main", "topic")),
        );
        let ran = repo.keysieve(["gate", "main..topic"]).status(2);
        ran.says("does not match its id");
        repo.git(["symbolic-ref", "HEAD", "refs/heads/main"]);
        if !swapped.ends_with("toml") {
            repo.keysieve(["staged"]).status(2);
        }
    }
}

/// An annotated tag that names the start of the range is swapped for one that names its end.
#[test]
fn a_tag_that_is_not_what_its_id_says() {
    let repo = harmless();
    repo.git(["tag", "-am", "old", "old"]);
    repo.add("a.env", seeded_id_line(1630)).commit("a key");
    repo.git(["tag", "-am", "new", "new"]);
    swap(&repo, &id_of(&repo, "old"), &id_of(&repo, "new"));
    repo.keysieve(["gate", "old..main"])
        .status(2)
        .says("does not match its id");
    repo.keysieve(["audit", "--since", "old"]).status(2);
}

/// The index of a pack has another id for the commit than the pack's content.
#[test]
fn a_pack_whose_content_is_not_what_its_index_says() {
    let repo = harmless();
    let id = id_of(&repo, "HEAD");
    repo.git(["gc", "-q"]);
    let index = fs::read_dir(repo.path(".git/objects/pack"))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .find(|path| path.extension().is_some_and(|extension| extension == "idx"))
        .unwrap();
    let mut bytes = fs::read(&index).unwrap();
    let raw = gix::ObjectId::from_hex(id.as_bytes()).unwrap();
    let at = bytes
        .windows(20)
        .position(|window| window == raw.as_bytes());
    let at = at.unwrap();
    bytes[at + 19] ^= 1;
    let end = bytes.len() - 20;
    let mut hasher = gix::hash::hasher(gix::hash::Kind::Sha1);
    hasher.update(&bytes[..end]);
    let checksum = hasher.try_finalize().unwrap();
    bytes[end..].copy_from_slice(checksum.as_bytes());
    fs::remove_file(&index).unwrap();
    fs::write(&index, bytes).unwrap();
    audit_says_unread(&repo, "object", "content does not match its object id");
}

/// A directory whose tree is missing hides the rest of its commit: the message and other files.
#[test]
fn a_commit_with_a_directory_that_cannot_be_read() {
    let repo = harmless();
    repo.add("b/x.txt", "x\n")
        .add("a.env", seeded_id_line(1640));
    repo.commit(&seeded_id_line(1641));
    let tree = id_of(&repo, "HEAD:b");
    fs::remove_file(repo.path(loose(&tree))).unwrap();
    let ran = repo.keysieve(["gate", "HEAD~1..HEAD", "-f", "json"]);
    let ran = ran.status(2);
    let report = ran.json();
    assert_eq!(report["findings"].as_array().map(Vec::len), Some(2));
    ran.says(&tree).says(":b/");
}

/// A folder of refs or reflogs is a link to all of the file system.
#[test]
fn a_linked_folder_of_refs() {
    for path in ["refs/heads/root", "logs/root"] {
        let repo = harmless();
        std::os::unix::fs::symlink("/", repo.path(format!(".git/{path}"))).unwrap();
        audit_says_unread(&repo, "root", "not followed");
    }
}
