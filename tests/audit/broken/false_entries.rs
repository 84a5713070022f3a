//! Tests packs with a valid index and false entries: wrong sizes, offsets, delta bases or ids.

use super::{audit_in, fails};
use crate::audit::ground::{id_line, reached};
use crate::audit::packer::{
    OFS_DELTA, Packer, REF_DELTA, Step, any_id, delta, distance, id_of, lying_delta, packed,
};
use crate::support::Repo;
use crate::support::keys::access_key_id;
use gix::ObjectId;
use keysieve::git::store::Kind;

const TEXT: &[u8] = b"some text without any secret\n";

/// A repository with the pack that `fill` writes.
fn with(fill: impl FnOnce(&mut Packer)) -> Repo {
    let repo = Repo::new();
    let mut packer = Packer::default();
    fill(&mut packer);
    packer.write(&repo);
    repo
}

#[test]
fn a_valid_pack_is_read() {
    let made = [TEXT, id_line(&access_key_id(620)).as_bytes()].concat();
    let steps = [
        Step::Copy(0, TEXT.len()),
        Step::Insert(made[TEXT.len()..].to_vec()),
    ];
    for by_id in [false, true] {
        let repo = with(|packer| {
            let base = packer.object(Kind::Blob, TEXT);
            packer.delta(base, Kind::Blob, &made, &delta(TEXT.len(), &steps), by_id);
        });
        let ran = audit_in(2048, &repo);
        ran.has_status(1).says("dangling blob");
    }
}

/// Deltas of [`TEXT`] that cannot be applied: what is wrong, the delta, and the words of the error.
fn invalid_deltas() -> [(&'static str, Vec<u8>, &'static str); 11] {
    let copy = |from, len| vec![Step::Copy(from, len)];
    let len = TEXT.len();
    [
        (
            "another size of the base",
            lying_delta(len + 1, 5, &copy(0, 5)),
            "base size does not match",
        ),
        (
            "a huge base",
            lying_delta(1 << 40, 5, &copy(0, 5)),
            "base size does not match",
        ),
        (
            "another size of its result",
            lying_delta(len, 6, &copy(0, 5)),
            "another size",
        ),
        (
            "a huge result",
            lying_delta(len, 1 << 45, &copy(0, 5)),
            "larger than",
        ),
        (
            "an offset beyond the base",
            lying_delta(len, 5, &copy(len, 5)),
            "past the end of its base",
        ),
        (
            "an offset far beyond the base",
            lying_delta(len, 5, &copy(0xffff_ffff, 5)),
            "past the end of its base",
        ),
        (
            "a copy that reaches beyond",
            lying_delta(len, len + 1, &copy(0, len + 1)),
            "past the end of its base",
        ),
        (
            "an unknown instruction",
            [lying_delta(len, 5, &copy(0, 5)), vec![0]].concat(),
            "unknown delta instruction",
        ),
        (
            "an insert without bytes",
            [lying_delta(len, 10, &copy(0, 5)), vec![5, b'x']].concat(),
            "truncated delta",
        ),
        ("no end of a number", vec![0xff; 40], "size"),
        ("nothing at all", Vec::new(), "truncated delta"),
    ]
}

#[test]
fn deltas_that_cannot_be_applied_are_reported() {
    for (what, delta, word) in invalid_deltas() {
        for by_id in [false, true] {
            let made = any_id(1);
            let repo = with(|packer| {
                let base = packer.object(Kind::Blob, TEXT);
                let broken = packer.claim_delta(base, made, &delta, by_id);
                // A delta based on it cannot be read either.
                packer.claim_delta(
                    broken,
                    any_id(2),
                    &super::super::packer::delta(5, &[Step::Copy(0, 5)]),
                    by_id,
                );
            });
            let ran = fails(&repo, &[&made.to_string(), word, &any_id(2).to_string()]);
            assert!(!ran.text().is_empty(), "{what}");
        }
    }
}

#[test]
fn entries_with_a_wrong_size_are_reported() {
    let content = packed(TEXT);
    for size in [
        0,
        1,
        TEXT.len() - 1,
        TEXT.len() + 1,
        1 << 20,
        40 << 20,
        600 << 20,
        1 << 40,
        usize::MAX >> 3,
    ] {
        let id = id_of(Kind::Blob, TEXT);
        let repo = with(|packer| {
            packer.raw(id, 3, size, &content);
        });
        fails(&repo, &[&id.to_string()]);
        let repo = with(|packer| {
            let base = packer.object(Kind::Blob, TEXT);
            let id = [
                packer.id(base).as_slice(),
                &packed(&delta(TEXT.len(), &[Step::Copy(0, 5)])),
            ]
            .concat();
            packer.raw(any_id(3), REF_DELTA, size, &id);
        });
        fails(&repo, &[&any_id(3).to_string()]);
    }
}

#[test]
fn deltas_without_a_base_are_reported() {
    let delta = packed(&delta(TEXT.len(), &[Step::Copy(0, 5)]));
    let rest_for = |id: ObjectId| [id.as_slice(), &delta].concat();
    let repo = with(|packer| {
        packer.object(Kind::Blob, TEXT);
        // A base that is missing, a delta of itself, and two deltas of each other.
        packer.raw(any_id(1), REF_DELTA, 5, &rest_for(any_id(9)));
        packer.raw(any_id(2), REF_DELTA, 5, &rest_for(any_id(2)));
        packer.raw(any_id(3), REF_DELTA, 5, &rest_for(any_id(4)));
        packer.raw(any_id(4), REF_DELTA, 5, &rest_for(any_id(3)));
        // A base between two entries, before the first, at the delta itself, and before the pack.
        for (id, back) in [(5, 13), (6, 150), (7, 0), (8, 1 << 40)] {
            packer.raw(
                any_id(id),
                OFS_DELTA,
                5,
                &[distance(back), delta.clone()].concat(),
            );
        }
    });
    let ids: Vec<String> = (1..9).map(|id| any_id(id).to_string()).collect();
    fails(&repo, &ids.iter().map(String::as_str).collect::<Vec<_>>());
}

#[test]
fn unknown_kinds_and_invalid_zlib_streams_are_reported() {
    for kind in [0, 5] {
        let repo = with(|packer| {
            packer.raw(any_id(1), kind, TEXT.len(), &packed(TEXT));
        });
        fails(&repo, &[&any_id(1).to_string()]);
    }
    for content in [&b"\x78\x9c"[..], b"", b"not a zlib stream"] {
        let repo = with(|packer| {
            packer.raw(any_id(1), 3, 30, content);
        });
        fails(&repo, &[&any_id(1).to_string()]);
    }
}

/// A tree with the entries `(mode, name, id)`.
fn tree(entries: &[(&str, &str, ObjectId)]) -> Vec<u8> {
    let mut bytes = Vec::new();
    for (mode, name, id) in entries {
        bytes.extend(format!("{mode} {name}\0").into_bytes());
        bytes.extend(id.as_slice());
    }
    bytes
}

fn commit(tree: ObjectId, parents: &[ObjectId]) -> Vec<u8> {
    let parents: String = parents.iter().map(|id| format!("parent {id}\n")).collect();
    let who = "A <a@example.org> 1704153600 +0000";
    format!("tree {tree}\n{parents}author {who}\ncommitter {who}\n\nx\n").into_bytes()
}

/// Ids are hashes, so a tree can contain itself only under a forged id; two trees can then contain
/// each other.
#[test]
fn cycles_of_trees_end() {
    let key = id_line(&access_key_id(621));
    let repo = with(|packer| {
        let blob = packer.object(Kind::Blob, key.as_bytes());
        let blob = packer.id(blob);
        let (a, b, own) = (any_id(1), any_id(2), any_id(3));
        packer.claim(
            own,
            Kind::Tree,
            &tree(&[("40000", "again", own), ("100644", "key.ini", blob)]),
        );
        packer.claim(
            a,
            Kind::Tree,
            &tree(&[("40000", "b", b), ("40000", "own", own)]),
        );
        packer.claim(
            b,
            Kind::Tree,
            &tree(&[("40000", "a", a), ("100644", "key.ini", blob)]),
        );
        packer.object(Kind::Commit, &commit(own, &[]));
        packer.object(Kind::Commit, &commit(a, &[]));
    });
    let ran = audit_in(2048, &repo);
    ran.says("key.ini");
}

/// Two trees contain each other, and each has a key: both commits hold both keys.
#[test]
fn secrets_in_a_cycle_of_trees_are_reached_from_all_of_it() {
    let trees = [any_id(1), any_id(2)];
    let commits = trees.map(|tree| commit(tree, &[]));
    let repo = with(|packer| {
        for (at, id) in trees.into_iter().enumerate() {
            let key = id_line(&access_key_id(623 + at as u64));
            let blob = packer.object(Kind::Blob, key.as_bytes());
            let blob = packer.id(blob);
            let entries = [
                ("40000", "again", trees[1 - at]),
                ("100644", "key.ini", blob),
            ];
            packer.claim(id, Kind::Tree, &tree(&entries));
            packer.object(Kind::Commit, &commits[at]);
        }
    });
    for (name, commit) in ["one", "two"].into_iter().zip(&commits) {
        let id = id_of(Kind::Commit, commit);
        repo.write(format!(".git/refs/heads/{name}"), format!("{id}\n"));
    }
    let json = repo.keysieve(["audit", "--format", "json"]).run().json();
    let findings = json["findings"].as_array().unwrap();
    assert_eq!(findings.len(), 2, "{json:#}");
    for finding in findings {
        assert_eq!(reached(finding), [("branch", "one"), ("branch", "two")]);
    }
}

#[test]
fn cycles_of_commits_and_tags_end() {
    let key = id_line(&access_key_id(622));
    let repo = with(|packer| {
        let blob = packer.object(Kind::Blob, key.as_bytes());
        let top = tree(&[("100644", "key.ini", packer.id(blob))]);
        packer.object(Kind::Tree, &top);
        let top = id_of(Kind::Tree, &top);
        packer.claim(any_id(1), Kind::Commit, &commit(top, &[any_id(1)]));
        packer.claim(any_id(2), Kind::Commit, &commit(top, &[any_id(3)]));
        packer.claim(any_id(3), Kind::Commit, &commit(top, &[any_id(2)]));
        for (tag, target) in [(4, 4), (5, 6), (6, 5)] {
            let text = format!(
                "object {}\ntype tag\ntag x\ntagger A <a@example.org> 1 +0000\n\nx\n",
                any_id(target)
            );
            packer.claim(any_id(tag), Kind::Tag, text.as_bytes());
        }
    });
    std::fs::create_dir_all(repo.path(".git/refs/tags")).unwrap();
    for (name, id) in [("heads/main", 3), ("tags/own", 4), ("tags/five", 5)] {
        repo.write(format!(".git/refs/{name}"), format!("{}\n", any_id(id)));
    }
    audit_in(2048, &repo)
        .says("dangling blob")
        .never_says(&access_key_id(622));
}

#[test]
fn malformed_trees_commits_and_tags_are_reported() {
    let cases = [
        (Kind::Tree, &b"no tree"[..]),
        (Kind::Tree, b"100644 name without an end"),
        (Kind::Tree, b"100644 short\0id"),
        (Kind::Tree, b"\0\0\0"),
        (Kind::Commit, b""),
        (Kind::Commit, b"no commit\n"),
        (Kind::Commit, b"tree 123\n"),
        (Kind::Tag, b""),
        (Kind::Tag, b"object x\n"),
    ];
    for (kind, text) in cases {
        let repo = with(|packer| {
            packer.object(kind, text);
        });
        fails(&repo, &[&id_of(kind, text).to_string()]);
    }
}
