//! Tests small inputs that expand or claim to expand: memory and time are bounded.

use std::io::Write as _;

use flate2::Compression;
use flate2::write::ZlibEncoder;
use gix::ObjectId;
use keysieve::git::store::Kind;

use super::{audit_in, fails};
use crate::audit::ground::id_line;
use crate::audit::packer::{Packer, Step, any_id, delta, id_of, packed};
use crate::support::Repo;
use crate::support::keys::access_key_id;

const MIB: usize = 1 << 20;

/// `mib` MiB of spaces followed by `end`, compressed.
fn blanks(mib: usize, end: &[u8]) -> Vec<u8> {
    let mut encoder = ZlibEncoder::new(Vec::new(), Compression::best());
    let piece = vec![b' '; MIB];
    (0..mib).for_each(|_| encoder.write_all(&piece).unwrap());
    encoder.write_all(end).unwrap();
    encoder.finish().unwrap()
}

#[test]
fn a_delta_chain_of_ten_thousand() {
    let mut packer = Packer::default();
    let filler: String = (0..120)
        .map(|line| format!("line {line} of a file that grows\n"))
        .collect();
    let mut text = filler.into_bytes();
    let mut entry = packer.object(Kind::Blob, &text);
    for link in 0..10_000 {
        let insert = match link {
            5_000 => id_line(&access_key_id(630)),
            9_999 => id_line(&access_key_id(631)),
            _ => format!("{link:05}\n"),
        };
        // Replaces what the previous delta inserted in the middle.
        let cut = 1000 + 6 * usize::from(link > 0);
        let steps = [
            Step::Copy(0, 1000),
            Step::Insert(insert.clone().into_bytes()),
            Step::Copy(cut, text.len() - cut),
        ];
        let made = [&text[..1000], insert.as_bytes(), &text[cut..]].concat();
        entry = packer.delta(
            entry,
            Kind::Blob,
            &made,
            &delta(text.len(), &steps),
            link % 2 == 0,
        );
        text = made;
    }
    let repo = Repo::new();
    packer.write(&repo);
    repo.git(["verify-pack", &packer.index(&repo)]);
    let ran = audit_in(1024, &repo);
    ran.has_status(1);
    let findings = ran.json()["findings"].as_array().unwrap().len();
    assert_eq!(findings, 2);
}

#[test]
fn a_blob_of_many_mib_is_read_in_parts() {
    let key = id_line(&access_key_id(632));
    let end = format!("\n{key}");
    let content = blanks(100, end.as_bytes());
    assert!(content.len() < MIB);
    let size = 100 * MIB + end.len();
    let repo = Repo::new();
    let mut packer = Packer::default();
    packer.raw(any_id(1), 3, size, &content);
    packer.write(&repo);
    let ran = audit_in(512, &repo);
    ran.has_status(1);
    assert_eq!(ran.json()["findings"][0]["line"], 2);
}

#[test]
fn a_loose_blob_of_many_mib_is_read_in_parts() {
    let repo = Repo::new();
    let key = id_line(&access_key_id(633));
    let mut content = vec![0; 60 * MIB];
    content.extend(key.as_bytes());
    repo.write("big", &content);
    repo.git(["-c", "core.bigFileThreshold=1g", "hash-object", "-w", "big"]);
    std::fs::remove_file(repo.path("big")).unwrap();
    audit_in(512, &repo).has_status(1);
}

#[test]
fn entries_of_a_few_kib_that_declare_gigabytes_are_reported() {
    let content = blanks(4, b"");
    for gib in [1, 4, 64] {
        for kind in [1, 2, 3, 4] {
            let repo = Repo::new();
            let mut packer = Packer::default();
            packer.raw(any_id(1), kind, gib << 30, &content);
            packer.write(&repo);
            fails(&repo, &[&any_id(1).to_string()]);
        }
    }
}

/// A tree that really has 700 MiB. Git writes no such tree, so no memory is reserved for it.
#[test]
fn a_huge_tree_is_reported() {
    let repo = Repo::new();
    let mut packer = Packer::default();
    packer.raw(any_id(1), 2, 700 * MIB, &blanks(700, b""));
    packer.write(&repo);
    fails(&repo, &[&any_id(1).to_string()]);
}

/// A delta of a few hundred bytes that copies its base again and again.
#[test]
fn deltas_that_make_gigabytes_are_reported() {
    let base_len = 16 * MIB - 1;
    for times in [40, 200, 4000] {
        let repo = Repo::new();
        let mut packer = Packer::default();
        let base = packer.raw(any_id(1), 3, base_len, &packed(&vec![0; base_len]));
        let steps: Vec<Step> = (0..times).map(|_| Step::Copy(0, base_len)).collect();
        packer.claim_delta(base, any_id(2), &delta(base_len, &steps), false);
        packer.write(&repo);
        fails(&repo, &[&any_id(2).to_string(), "larger than 512 MiB"]);
    }
}

/// Each delta is below the size limit, but many would have to be held at once: every entry has two
/// children of the same weight.
#[test]
fn a_balanced_tree_of_large_deltas_is_bounded() {
    let size = 96 * MIB;
    let repo = Repo::new();
    let mut packer = Packer::default();
    let base = packer.raw(any_id(0), 3, size, &blanks(96, b""));
    let steps: Vec<Step> = (0..6)
        .map(|_| Step::Copy(0, 0xff_ffff))
        .chain([Step::Copy(0, size - 6 * 0xff_ffff)])
        .collect();
    let change = delta(size, &steps);
    let mut level = vec![base];
    let mut number = 1;
    for _ in 0..5 {
        let mut next = Vec::new();
        for &parent in &level {
            for _ in 0..2 {
                next.push(packer.claim_delta(parent, any_id(number), &change, false));
                number += 1;
            }
        }
        level = next;
    }
    packer.write(&repo);
    audit_in(2048, &repo).has_status(0);
}

/// A few nested trees with more paths than could ever be listed.
#[test]
fn trees_with_too_many_paths_end() {
    let repo = Repo::new();
    let mut packer = Packer::default();
    let key = id_line(&access_key_id(634));
    let blob = packer.object(Kind::Blob, key.as_bytes());
    let mut inner: (&str, ObjectId) = ("100644", packer.id(blob));
    for _ in 0..64 {
        let mut bytes = Vec::new();
        for name in 0..10 {
            bytes.extend(format!("{} {name}\0", inner.0).into_bytes());
            bytes.extend(inner.1.as_slice());
        }
        packer.object(Kind::Tree, &bytes);
        inner = ("40000", id_of(Kind::Tree, &bytes));
    }
    let who = "A <a@example.org> 1704153600 +0000";
    let commit = format!("tree {}\nauthor {who}\ncommitter {who}\n\nx\n", inner.1);
    packer.object(Kind::Commit, commit.as_bytes());
    repo.write(
        ".git/refs/heads/main",
        format!("{}\n", id_of(Kind::Commit, commit.as_bytes())),
    );
    packer.write(&repo);
    let ran = audit_in(512, &repo);
    ran.has_status(1).says("0/0/0/0");
}
