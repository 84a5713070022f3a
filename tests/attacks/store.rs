//! Attacks on the files of a git directory: on its objects, its refs, and how they are stored.

use std::fs;
use std::io::Write as _;
use std::path::Path;

use crate::support::keys::seeded_id_line;
use crate::support::{Ran, Repo};

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
    let raw = gix::ObjectId::from_hex(id.as_bytes()).unwrap();
    change_index(&repo, |index| {
        let mut ids = index.windows(20);
        let at = ids.position(|id| id == raw.as_bytes()).unwrap();
        index[at + 19] ^= 1;
    });
    audit_says_unread(&repo, "object", "content does not match its object id");
}

/// The ids in the index of a pack are in another order, so that some would not be found.
#[test]
fn a_pack_index_that_is_not_sorted() {
    let repo = harmless();
    change_index(&repo, |index| {
        // After the magic number, the version and the fan-out table.
        let (first, second) = index[8 + 4 * 256..][..40].split_at_mut(20);
        first.swap_with_slice(second);
    });
    audit_says_unread(&repo, ".idx", "its ids are not sorted");
}

/// Packs the repository and changes the index of the pack, but keeps its checksum right.
fn change_index(repo: &Repo, change: impl FnOnce(&mut [u8])) {
    repo.git(["gc", "-q"]);
    let path = fs::read_dir(repo.path(".git/objects/pack"))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .find(|path| path.extension().is_some_and(|extension| extension == "idx"))
        .unwrap();
    let mut index = fs::read(&path).unwrap();
    change(&mut index);
    let end = index.len() - 20;
    let mut hasher = gix::hash::hasher(gix::hash::Kind::Sha1);
    hasher.update(&index[..end]);
    let checksum = hasher.try_finalize().unwrap();
    index[end..].copy_from_slice(checksum.as_bytes());
    fs::remove_file(&path).unwrap();
    fs::write(&path, index).unwrap();
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

/// The id of the object, which is appended to a pack.
fn pack_object(pack: &mut Vec<u8>, kind: u8, content: &[u8]) -> gix::ObjectId {
    assert!(content.len() < 2048, "two bytes for kind and size");
    let [low, high] = u16::to_le_bytes(u16::try_from(content.len()).unwrap() << 4);
    pack.push(0x80 | kind << 4 | low >> 4);
    pack.push(high);
    let mut zlib = flate2::write::ZlibEncoder::new(pack, flate2::Compression::fast());
    zlib.write_all(content).unwrap();
    zlib.finish().unwrap();
    let kind = [
        gix::objs::Kind::Commit,
        gix::objs::Kind::Tree,
        gix::objs::Kind::Blob,
    ][usize::from(kind) - 1];
    gix::objs::compute_hash(gix::hash::Kind::Sha1, kind, content).unwrap()
}

/// Adds a commit whose tree is nested so deep, with a key in the deepest directory, and returns its
/// id.
fn nest(repo: &Repo, depth: u32, seed: u64) -> String {
    let mut pack = b"PACK\0\0\0\x02".to_vec();
    pack.extend_from_slice(&(depth + 2).to_be_bytes());
    let id = pack_object(&mut pack, 3, seeded_id_line(seed).as_bytes());
    let mut entry = [b"100644 a.env\0", id.as_bytes()].concat();
    for _ in 0..depth {
        let id = pack_object(&mut pack, 2, &entry);
        entry = [b"40000 d\0", id.as_bytes()].concat();
    }
    let tree = gix::ObjectId::from_bytes_or_panic(&entry[entry.len() - 20..]);
    let parent = id_of(repo, "HEAD");
    let who = "A U Thor <author@example.com> 1700000000 +0000";
    let text = format!("tree {tree}\nparent {parent}\nauthor {who}\ncommitter {who}\n\ndeep\n");
    let id = pack_object(&mut pack, 1, text.as_bytes());
    let mut hasher = gix::hash::hasher(gix::hash::Kind::Sha1);
    hasher.update(&pack);
    pack.extend_from_slice(hasher.try_finalize().unwrap().as_bytes());
    let index = ["index-pack", "--stdin"];
    repo.program("git").args(index).stdin(pack).status(0);
    id.to_string()
}

/// Directories are nested deeper than calls can be.
#[test]
fn trees_nested_deeper_than_the_stack() {
    for (depth, seed) in [(5_000, 1650), (20_000, 1651)] {
        let repo = harmless();
        let id = nest(&repo, depth, seed);
        repo.git(["update-ref", "refs/heads/deep", &id]);
        repo.keysieve(["gate", "main..deep"]).status(1);
        repo.keysieve(["audit"]).status(1);
        let old = id_of(&repo, "main");
        let push = format!("refs/heads/deep {id} refs/heads/deep {old}\n");
        let hook = ["hook", "run", "pre-push", "origin", "."];
        repo.keysieve(hook).stdin(push).status(1);
        let push = format!("{old} {id} refs/heads/main\n");
        let hook = ["hook", "run", "pre-receive"];
        repo.git(["update-ref", "-d", "refs/heads/deep"]);
        repo.keysieve(hook).stdin(push).status(1);
        repo.git(["update-ref", "refs/heads/deep", &id]);
        repo.git(["symbolic-ref", "HEAD", "refs/heads/deep"]);
        repo.keysieve(["staged"]).status(0);
        repo.git(["symbolic-ref", "HEAD", "refs/heads/main"]);
        repo.write("b.env", seeded_id_line(seed + 2));
        let blob = repo.git(["hash-object", "-w", "b.env"]);
        let entry = format!(
            "100644,{},{}b.env",
            blob.trim(),
            "d/".repeat(depth as usize)
        );
        repo.git(["update-index", "--add", "--cacheinfo", &entry]);
        // A path of this length may be more than an index can be read with.
        let ran = repo.keysieve(["staged"]).run();
        assert!(matches!(ran.code(), Some(1 | 2)), "{}", ran.text());
    }
}

/// Folders of the work tree are nested deeper than paths can be long, and calls deep.
#[test]
fn folders_nested_deeper_than_the_stack() {
    let repo = harmless();
    let mut top = repo.path("d");
    fs::create_dir(&top).unwrap();
    for _ in 0..5_000 {
        let above = repo.path("above");
        fs::create_dir(&above).unwrap();
        fs::rename(&top, above.join("d")).unwrap();
        top = repo.path("d");
        fs::rename(&above, &top).unwrap();
    }
    repo.keysieve(["scan"]).status(2).says("cannot be read");
    // The standard library removes only folders whose paths the system can open.
    flatten(&repo, &top);
}

/// Removes the folders that are nested in `top`.
fn flatten(repo: &Repo, top: &Path) {
    let rest = repo.path("rest");
    while top.join("d").is_dir() {
        fs::rename(top.join("d"), &rest).unwrap();
        fs::remove_dir(top).unwrap();
        fs::rename(&rest, top).unwrap();
    }
}

/// A named pipe is in the place of a file that is read to open the repository.
#[test]
fn a_pipe_instead_of_a_file_of_git() {
    for name in [
        "shallow",
        "packed-refs",
        "index",
        "HEAD",
        "config",
        "commondir",
        "info/exclude",
        "objects/info/alternates",
        "MERGE_HEAD",
        "refs/heads/main",
        "objects/pack/pack-1.idx",
        "objects/pack/pack-1.pack",
    ] {
        let repo = harmless();
        pipe(&repo, &format!(".git/{name}"));
        for command in [
            &["audit"][..],
            &["staged"],
            &["gate", "HEAD~0..HEAD"],
            &["scan"],
        ] {
            let ran = ended(&repo, command);
            if command != ["scan"] || ran.code() != Some(0) {
                ran.has_status(2).says(name);
            }
        }
    }
}

/// A named pipe is in the place of a file of the policy.
#[test]
fn a_pipe_instead_of_a_file_of_the_policy() {
    for name in [".keysieve.toml", ".keysieve-baseline.json"] {
        let repo = harmless();
        pipe(&repo, name);
        for command in [&["audit"][..], &["staged"], &["scan"]] {
            ended(&repo, command).has_status(2).says(name);
        }
    }
}

/// A named pipe is in the place of a file of ignore rules.
#[test]
fn a_pipe_instead_of_ignore_rules() {
    for name in [".gitignore", "x/.gitignore"] {
        let repo = harmless();
        repo.write("x/a.txt", "hello\n");
        pipe(&repo, name);
        for command in [&["scan"][..], &["scan", "x"]] {
            ended(&repo, command).has_status(2).says(name);
        }
    }
}

/// A named pipe is in the place of a file in another store, whose objects the repository uses.
#[test]
fn a_pipe_in_an_alternate_store() {
    for name in ["info/alternates", "pack/pack-1.idx", "pack/pack-1.pack"] {
        let (repo, near, far) = (harmless(), harmless(), harmless());
        // The store with the pipe is two steps away.
        for (from, to) in [(&repo, &near), (&near, &far)] {
            let objects = to.path(".git/objects").display().to_string();
            from.write(".git/objects/info/alternates", format!("{objects}\n"));
        }
        pipe(&far, &format!(".git/objects/{name}"));
        for command in [&["audit"][..], &["staged"], &["gate", "HEAD~0..HEAD"]] {
            ended(&repo, command).has_status(2).says(name);
        }
    }
}

/// A named pipe is in the place of the file that a split index shares its entries with.
#[test]
fn a_pipe_instead_of_a_shared_index() {
    let repo = harmless();
    repo.git(["update-index", "--split-index"]);
    let names = fs::read_dir(repo.path(".git")).unwrap();
    let shared: Vec<_> = names
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter(|name| name.starts_with("sharedindex."))
        .collect();
    assert!(!shared.is_empty(), "git wrote no split index");
    for name in &shared {
        pipe(&repo, &format!(".git/{name}"));
    }
    for command in [&["audit"][..], &["staged"], &["scan"]] {
        ended(&repo, command).has_status(2).says("sharedindex.");
    }
}

/// A named pipe is in the place of the message that a hook is to scan.
#[test]
fn a_pipe_instead_of_a_commit_message() {
    let repo = harmless();
    pipe(&repo, ".git/COMMIT_EDITMSG");
    let command = ["hook", "run", "commit-msg", ".git/COMMIT_EDITMSG"];
    ended(&repo, &command).has_status(2).says("COMMIT_EDITMSG");
}

fn pipe(repo: &Repo, path: &str) {
    let path = repo.path(path);
    drop(fs::remove_file(&path));
    repo.program("mkfifo").args([path]).status(0);
}

/// Runs keysieve, for at most a minute.
fn ended(repo: &Repo, command: &[&str]) -> Ran {
    let program = [env!("CARGO_BIN_EXE_keysieve")];
    let args = ["60"].iter().chain(&program).chain(command);
    repo.program("timeout").args(args).run()
}
