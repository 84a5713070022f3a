//! Tests files of the object store that were truncated, changed, or removed.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::Read;
use std::os::unix::fs::symlink;
use std::path::PathBuf;
use std::sync::atomic::AtomicBool;

use gix::ObjectId;
use keysieve::git::store::{DeltaBase, Kind, Object, ObjectIndex, ObjectStore, Problem, Visit};

use super::{audit_in, fails};
use crate::audit::ground::{Sandbox, id_line};
use crate::support::Repo;
use crate::support::keys::access_key_id;

/// A packed repository with deltas of trees and of blobs, and the path of its pack without the
/// extension.
fn packed() -> (Repo, PathBuf) {
    let ground = Sandbox::new(Repo::new());
    let repo = &ground.repo;
    let filler: String = (0..40)
        .map(|line| format!("line {line} that stays as it is\n"))
        .collect();
    for round in 0..6 {
        let key = if round == 3 {
            id_line(&access_key_id(610))
        } else {
            String::new()
        };
        repo.add("folder/file.txt", format!("{filler}{round}\n{key}"));
        (0..8).for_each(|file| {
            _ = repo.add(
                format!("folder/{file}.txt"),
                format!("{file} {}\n", round / 3),
            );
        });
        ground.commit(&format!("round {round}"));
    }
    ground.later(&["tag", "-a", "-m", "a tag", "v1"]).status(0);
    repo.git(["repack", "-q", "-a", "-d", "-f", "--depth=50"]);
    let folder = repo.path(".git/objects/pack");
    let pack = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path());
    let pack = pack
        .into_iter()
        .find(|path| path.extension().is_some_and(|ending| ending == "pack"))
        .unwrap();
    (ground.repo, pack.with_extension(""))
}

/// Git writes packs read-only.
fn overwrite(path: &std::path::Path, bytes: &[u8]) {
    let _ = fs::remove_file(path);
    fs::write(path, bytes).unwrap();
}

#[derive(Default)]
struct Reader {
    read: BTreeMap<ObjectIndex, ObjectId>,
    broken: BTreeSet<ObjectIndex>,
}

impl Visit for Reader {
    type State = ();

    fn object(&mut self, object: Object<'_>, _: Option<DeltaBase<'_, ()>>) {
        let id = gix::objs::compute_hash(gix::hash::Kind::Sha1, object.kind, object.bytes).unwrap();
        self.read.insert(object.number, id);
    }

    fn stream(&mut self, number: ObjectIndex, content: &mut dyn Read) -> std::io::Result<()> {
        let mut bytes = Vec::new();
        content.read_to_end(&mut bytes)?;
        self.object(
            Object {
                number,
                kind: Kind::Blob,
                bytes: &bytes,
                is_base: false,
            },
            None,
        );
        Ok(())
    }

    fn broken(&mut self, number: ObjectIndex, _: Problem) {
        self.broken.insert(number);
    }
}

/// Reads all objects: each of `ids` is read correctly, or something is reported as broken. Returns
/// whether all were read.
#[track_caller]
fn reads_or_says(repo: &Repo, ids: &BTreeSet<ObjectId>, what: &str) -> bool {
    let store = ObjectStore::open(&repo.path(".git/objects"), gix::hash::Kind::Sha1);
    let mut readers = [Reader::default()];
    let kinds = [Kind::Blob, Kind::Tree, Kind::Commit, Kind::Tag];
    store.visit(&kinds, &mut readers, &AtomicBool::new(false));
    let [mut reader] = readers;
    store.visit_unresolved(&mut reader);
    if !store.unread.is_empty() || !reader.broken.is_empty() {
        return false;
    }
    let read: BTreeSet<ObjectId> = reader.read.values().copied().collect();
    assert!(
        read == *ids,
        "{what}: an object is missing or wrong, and nothing is reported"
    );
    true
}

fn ids(repo: &Repo) -> BTreeSet<ObjectId> {
    let listed = repo.git([
        "cat-file",
        "--batch-all-objects",
        "--batch-check=%(objectname)",
    ]);
    listed
        .lines()
        .map(|id| ObjectId::from_hex(id.as_bytes()).unwrap())
        .collect()
}

/// Changes every byte of the pack and of its index: several bits of some, one bit of each.
#[test]
fn a_changed_byte_is_never_missed() {
    let (repo, base) = packed();
    let ids = ids(&repo);
    assert!(reads_or_says(&repo, &ids, "unchanged"));
    for ending in ["pack", "idx"] {
        let path = base.with_extension(ending);
        let sound = fs::read(&path).unwrap();
        let mut said = 0;
        // In an index, the highest bit of an offset says that it is in another table.
        let offsets = sound.len() - 40 - 4 * ids.len()..sound.len() - 40;
        for at in 0..sound.len() {
            let is_offset = ending == "idx" && offsets.contains(&at);
            let bits: &[u8] = if at < 40 || at % 97 == 0 || is_offset {
                &[0x01, 0x10, 0x80, 0xff]
            } else {
                &[1 << (at % 8)]
            };
            for flip in bits {
                let mut damaged = sound.clone();
                damaged[at] ^= flip;
                overwrite(&path, &damaged);
                said += usize::from(!reads_or_says(
                    &repo,
                    &ids,
                    &format!("{ending}, byte {at} ^ {flip:#x}"),
                ));
            }
        }
        assert!(
            said * 10 > sound.len() * 9,
            "{ending}: only {said} of {} changes are noticed",
            sound.len()
        );
        overwrite(&path, &sound);
    }
}

/// Runs the program on some of these.
#[test]
fn a_changed_byte_fails_the_audit() {
    let (repo, base) = packed();
    for (ending, step) in [("pack", 13), ("idx", 7)] {
        let path = base.with_extension(ending);
        let sound = fs::read(&path).unwrap();
        for part in 0..step {
            let at = sound.len() * part / step + 2;
            let mut damaged = sound.clone();
            damaged[at] ^= 0x15;
            overwrite(&path, &damaged);
            let ran = audit_in(2048, &repo);
            assert_eq!(ran.code(), Some(2), "{ending}, byte {at}\n{}", ran.text());
        }
        overwrite(&path, &sound);
    }
    repo.keysieve(["audit"]).status(1);
}

#[test]
fn a_truncated_pack_or_index_fails_the_audit() {
    let (repo, base) = packed();
    let ids = ids(&repo);
    for ending in ["pack", "idx"] {
        let path = base.with_extension(ending);
        let sound = fs::read(&path).unwrap();
        for len in (0..sound.len()).step_by(11) {
            overwrite(&path, &sound[..len]);
            assert!(!reads_or_says(
                &repo,
                &ids,
                &format!("{ending} of {len} bytes")
            ));
        }
        for len in [
            0,
            1,
            11,
            12,
            30,
            sound.len() / 2,
            sound.len() - 21,
            sound.len() - 1,
        ] {
            overwrite(&path, &sound[..len]);
            let said = fails(&repo, &[]).text();
            let name = base.file_name().unwrap().to_str().unwrap();
            assert!(
                said.contains(name) || said.contains("\"object "),
                "{ending} of {len} bytes: {said}"
            );
        }
        let longer = [&sound[..], &[0; 64]].concat();
        overwrite(&path, &longer);
        fails(&repo, &[]);
        overwrite(&path, &sound);
    }
}

#[test]
fn a_pack_without_its_index_and_an_index_without_its_pack_fail_the_audit() {
    let (repo, base) = packed();
    let aside = repo.sandbox().root().join("aside");
    for (ending, word) in [
        (
            "idx",
            "the pack has no index; run 'git index-pack' to create it",
        ),
        ("pack", ".pack"),
    ] {
        let path = base.with_extension(ending);
        fs::rename(&path, &aside).unwrap();
        fails(&repo, &[word]);
        fs::rename(&aside, &path).unwrap();
    }
}

#[test]
fn damaged_loose_objects_are_reported() {
    let ground = Sandbox::new(Repo::new());
    let repo = &ground.repo;
    repo.add("a.txt", "a\n".repeat(400)).add("b.txt", "b\n");
    ground.commit("one");
    let id = repo.git(["rev-parse", "HEAD:a.txt"]);
    let path = repo.path(format!(".git/objects/{}/{}", &id[..2], &id[2..]));
    let other = repo.git(["rev-parse", "HEAD:b.txt"]);
    let other =
        fs::read(repo.path(format!(".git/objects/{}/{}", &other[..2], &other[2..]))).unwrap();
    let sound = fs::read(&path).unwrap();
    let cut = sound[..sound.len() - 5].to_vec();
    for content in [
        Vec::new(),
        b"not an object".to_vec(),
        cut,
        other,
        [sound.clone(), sound.clone()].concat(),
    ] {
        overwrite(&path, &content);
        let ran = audit_in(2048, repo);
        // Git reports bytes after the object as garbage; to accept them is fine, since the object
        // itself was read.
        let expected: &[i32] = if content.len() == 2 * sound.len() {
            &[0, 2]
        } else {
            &[2]
        };
        assert!(expected.contains(&ran.code().unwrap()), "{}", ran.text());
        if ran.code() == Some(2) {
            ran.says(&id);
        }
    }
    for at in 0..sound.len() {
        let mut damaged = sound.clone();
        damaged[at] ^= 1 << (at % 8);
        overwrite(&path, &damaged);
        let all = ids(repo);
        reads_or_says(repo, &all, &format!("byte {at}"));
    }
    fs::remove_file(&path).unwrap();
    fs::create_dir(&path).unwrap();
    fails(repo, &[&id]);
    fs::remove_dir(&path).unwrap();
    symlink("nowhere", &path).unwrap();
    fails(repo, &[&id]);
}

/// A dangling link is as unreadable as a file without permissions, and also for root, which CI
/// often runs as.
#[test]
fn unreadable_files_fail_the_audit() {
    let (repo, base) = packed();
    for ending in ["pack", "idx"] {
        let path = base.with_extension(ending);
        let sound = fs::read(&path).unwrap();
        fs::remove_file(&path).unwrap();
        symlink("nowhere", &path).unwrap();
        fails(&repo, &[&format!(".{ending}")]);
        overwrite(&path, &sound);
    }
    repo.write(".git/objects/info/alternates", "/nowhere/at/all\n");
    fails(&repo, &["/nowhere/at/all"]);
    fs::remove_file(repo.path(".git/objects/info/alternates")).unwrap();
    for (name, content) in [
        ("HEAD", "not a ref\n"),
        ("refs/heads/bad", "not an id\n"),
        ("index", "not an index"),
        ("packed-refs", "x\n"),
    ] {
        let path = repo.path(".git").join(name);
        let sound = fs::read(&path).ok();
        fs::write(&path, content).unwrap();
        let ran = audit_in(2048, &repo);
        assert_eq!(ran.code(), Some(2), "{name}\n{}", ran.text());
        match sound {
            Some(sound) => fs::write(&path, sound).unwrap(),
            None => fs::remove_file(&path).unwrap(),
        }
    }
    repo.keysieve(["audit"]).status(1);
}
