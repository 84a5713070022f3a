//! Packs with a sound index whose entries lie: about sizes, about offsets, about what they are made
//! from, about their names.

use super::{audit_in, fails};
use crate::audit::ground::id_line;
use crate::audit::packer::{
    OFS_DELTA, Packer, REF_DELTA, Step, any_id, delta, distance, id_of, lying_delta, packed,
};
use crate::support::Repo;
use crate::support::keys::access_key_id;
use gix::ObjectId;
use keysieve::git::store::Kind;

const TEXT: &[u8] = b"some text that nobody would look at twice\n";

/// A repository with a pack in which something is wrong.
fn with(fill: impl FnOnce(&mut Packer)) -> Repo {
    let repo = Repo::new();
    let mut packer = Packer::default();
    fill(&mut packer);
    packer.write(&repo);
    repo
}

#[test]
fn a_sound_pack_is_none_of_these() {
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

#[test]
fn deltas_that_do_not_fit() {
    let copy = |from, len| vec![Step::Copy(from, len)];
    let len = TEXT.len();
    let cases = [
        (
            "another size of the base",
            lying_delta(len + 1, 5, &copy(0, 5)),
            "not one of its base",
        ),
        (
            "a huge base",
            lying_delta(1 << 40, 5, &copy(0, 5)),
            "not one of its base",
        ),
        (
            "another size of what it makes",
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
            "does not have",
        ),
        (
            "an offset far beyond the base",
            lying_delta(len, 5, &copy(0xffff_ffff, 5)),
            "does not have",
        ),
        (
            "a copy that reaches beyond",
            lying_delta(len, len + 1, &copy(0, len + 1)),
            "does not have",
        ),
        (
            "an instruction of none",
            [lying_delta(len, 5, &copy(0, 5)), vec![0]].concat(),
            "unknown",
        ),
        (
            "an insert without bytes",
            [lying_delta(len, 10, &copy(0, 5)), vec![5, b'x']].concat(),
            "too early",
        ),
        ("no end of a number", vec![0xff; 40], "size"),
        ("nothing at all", Vec::new(), "too early"),
    ];
    for (what, delta, word) in cases {
        for by_id in [false, true] {
            let made = any_id(1);
            let repo = with(|packer| {
                let base = packer.object(Kind::Blob, TEXT);
                let broken = packer.claim_delta(base, made, &delta, by_id);
                // What is made from it cannot be read either.
                packer.claim_delta(
                    broken,
                    any_id(2),
                    &super::super::packer::delta(5, &copy(0, 5)),
                    by_id,
                );
            });
            let ran = fails(&repo, &[&made.to_string(), word, &any_id(2).to_string()]);
            assert!(!ran.text().is_empty(), "{what}");
        }
    }
}

#[test]
fn entries_that_lie_about_their_size() {
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
fn bases_that_are_not_there() {
    let delta = packed(&delta(TEXT.len(), &[Step::Copy(0, 5)]));
    let rest_for = |id: ObjectId| [id.as_slice(), &delta].concat();
    let repo = with(|packer| {
        packer.object(Kind::Blob, TEXT);
        // Its base is nowhere; one is its own base; two are made from each other.
        packer.raw(any_id(1), REF_DELTA, 5, &rest_for(any_id(9)));
        packer.raw(any_id(2), REF_DELTA, 5, &rest_for(any_id(2)));
        packer.raw(any_id(3), REF_DELTA, 5, &rest_for(any_id(4)));
        packer.raw(any_id(4), REF_DELTA, 5, &rest_for(any_id(3)));
        // Between two entries, before the first, at itself, and before the pack.
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
fn kinds_that_there_are_not() {
    for kind in [0, 5] {
        let repo = with(|packer| {
            packer.raw(any_id(1), kind, TEXT.len(), &packed(TEXT));
        });
        fails(&repo, &[&any_id(1).to_string()]);
    }
    for content in [&b"\x78\x9c"[..], b"", b"no zlib at all"] {
        let repo = with(|packer| {
            packer.raw(any_id(1), 3, 30, content);
        });
        fails(&repo, &[&any_id(1).to_string()]);
    }
}

/// A tree under an id of our choice, with entries `(mode, name, id)`.
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
    format!("tree {tree}\n{parents}author A <a@example.org> 1704153600 +0000\ncommitter A <a@example.org> 1704153600 +0000\n\nx\n")
        .into_bytes()
}

/// Ids are hashes, so no tree of git's lists itself. One with a forged id does, and so do two that
/// list each other.
#[test]
fn trees_that_go_round() {
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

/// Commits and tags that lead to one another.
#[test]
fn commits_and_tags_that_go_round() {
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

/// Texts that are not what their kind says.
#[test]
fn objects_that_are_not_what_they_are_called() {
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
