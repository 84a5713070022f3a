//! Tests of the layout and the MAC of the cache.

use std::sync::Arc;

use super::super::container::ContainerKey;
use super::*;
use crate::finding::AllowedBy;
use crate::git::ObjectId;
use crate::git::store::Kind;
use crate::rule::Confidence;
use crate::secret::Fingerprint;

/// One of everything that a cache can hold.
fn content() -> Content<'static> {
    let child = NamedChild {
        child: ContainerKey::object(2),
        name: 0,
    };
    Content {
        key: "0.1.0 rules low".into(),
        // Checksum, size, number of objects and time of the last change.
        packs: vec![postcard::from_bytes(&[2, b'a', b'b', 7, 3, 1, 9]).unwrap()],
        occurrences: vec![StoredOccurrence {
            container: ContainerKey::object(2),
            secret: Fingerprint::parse(&"07".repeat(16)).unwrap(),
            confidence: Confidence::Medium,
            inside: Some(Arc::new("a".into())),
            line: 1,
            column: 300,
            encoded: true,
            binary: false,
            marker: Some(AllowedBy::Marker {
                word: "w".to_owned(),
                reason: None,
            }),
        }],
        bytes: 1000,
        commits: vec![CommitRecord {
            number: 4,
            tree: Some(5),
            parents: [6].into_iter().collect(),
            time: Some(-1),
        }],
        tags: vec![(7, 4)],
        tree_diffs: TreeDiffs {
            added: vec![(5, child)],
            removed: vec![(8, child)],
            derived: vec![(5, 8)],
        },
        names: vec!["key.ini".into()],
        missing: vec![MissingReference {
            id: ObjectId::from_hex("ab".repeat(20).as_bytes()).unwrap(),
            kind: Kind::Blob,
            from: 5,
        }],
        unsearched: vec![(
            2,
            Unsearched {
                inside: "b".into(),
                problem: "c".to_owned(),
            },
        )],
    }
}

/// The body of a cache with [`content`], as hex.
const GOLDEN: &str = concat!(
    "0f302e312e302072756c6573206c6f77010261620703010901020707070707070707070707070707",
    "07070101016101ac0201000101017700e80701040105010601010107040105020001080200010508",
    "01076b65792e696e6901286162616261626162616261626162616261626162616261626162616261",
    "626162616261626162616204626c6f6205010201620163",
);

const MAC_KEY: MacKey = [9; 32];

/// If this fails because the layout changed, [`HEAD`] needs a new number.
#[test]
fn the_layout_is_that_of_the_version() {
    let file = content().to_file(&MAC_KEY).unwrap();
    let body = &file[HEAD.len() + 32..];
    let hex = faster_hex::hex_string(body);
    assert_eq!(HEAD, b"keysieve audit cache 5\n");
    assert_eq!(hex, GOLDEN);
}

#[test]
fn a_changed_byte_or_another_key_makes_a_cache_invalid() {
    let file = content().to_file(&MAC_KEY).unwrap();
    let (_, sealed) = file.split_at(HEAD.len());
    let read = Content::parse(sealed, &MAC_KEY).unwrap();
    assert_eq!(read.to_file(&MAC_KEY).unwrap(), file);
    assert!(Content::parse(sealed, &[8; 32]).is_none());
    for at in 0..sealed.len() {
        let mut changed = sealed.to_vec();
        changed[at] ^= 1;
        assert!(Content::parse(&changed, &MAC_KEY).is_none(), "byte {at}");
    }
}
