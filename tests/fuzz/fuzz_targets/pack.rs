//! Reads forged packs: every entry must be reported exactly once, and the honest ones with their
//! content.
#![no_main]

use std::fs;
use std::io::Read;
use std::path::Path;
use std::sync::LazyLock;
use std::sync::atomic::AtomicBool;

use gix_hash::Kind as HashKind;
use keysieve::git::store::{DeltaBase, Kind, Object, ObjectIndex, ObjectStore, Problem, Visit};
use keysieve_fuzz::pack::{Entry, ForgedPack, forge};
use libfuzzer_sys::fuzz_target;
use tempfile::TempDir;

/// One directory for all inputs: to create one takes longer than to read most of them.
static OBJECTS: LazyLock<TempDir> = LazyLock::new(|| {
    let objects = TempDir::new().expect("cannot create a directory");
    fs::create_dir(objects.path().join("pack")).expect("cannot create a directory");
    objects
});

/// What was reported for each object: its content, or `None` if it is broken.
struct Reported(Vec<Vec<Option<Vec<u8>>>>);

impl Reported {
    fn add(&mut self, number: ObjectIndex, content: Option<Vec<u8>>) {
        self.0[number as usize].push(content);
    }
}

impl Visit for Reported {
    type State = Vec<u8>;

    fn object(&mut self, object: Object<'_>, base: Option<DeltaBase<'_, Vec<u8>>>) -> Vec<u8> {
        if let Some(base) = base {
            for span in base.copied {
                assert_eq!(
                    object.bytes[span.to..span.to + span.len],
                    base.state[span.from..span.from + span.len]
                );
            }
        }
        self.add(object.number, Some(object.bytes.to_vec()));
        object.bytes.to_vec()
    }

    fn stream(&mut self, number: ObjectIndex, content: &mut dyn Read) -> std::io::Result<()> {
        let size = std::io::copy(content, &mut std::io::sink());
        // No forged entry really is that large.
        assert!(size.is_err(), "{number} was streamed to its end: {size:?}");
        self.add(number, None);
        Ok(())
    }

    fn broken(&mut self, number: ObjectIndex, _: Problem) {
        self.add(number, None);
    }
}

fuzz_target!(|entries: Vec<Entry>| {
    let forged = forge(&entries);
    write(&forged, OBJECTS.path());
    let store = ObjectStore::open(OBJECTS.path(), HashKind::Sha1);
    if store.len() != forged.contents.len() {
        assert!(!store.unread.is_empty(), "a pack is refused in silence");
        assert!(
            forged.contents.iter().any(Option::is_none),
            "an honest pack is refused: {:?}",
            store.unread
        );
        return;
    }
    let mut visitors = [Reported(vec![Vec::new(); store.len()])];
    let kinds = [Kind::Commit, Kind::Tree, Kind::Blob, Kind::Tag];
    store.visit(&kinds, &mut visitors, &AtomicBool::new(false));
    let [mut reported] = visitors;
    store.visit_unresolved(&mut reported);
    for (at, (reported, expected)) in reported.0.iter().zip(&forged.contents).enumerate() {
        assert_eq!(reported.len(), 1, "entry {at} was not reported once");
        if expected.is_some() {
            assert_eq!(&reported[0], expected, "entry {at}");
        }
    }
});

fn write(forged: &ForgedPack, objects: &Path) {
    fs::write(objects.join("pack/pack-forged.pack"), &forged.pack).expect("cannot write the pack");
    fs::write(objects.join("pack/pack-forged.idx"), &forged.index).expect("cannot write the index");
}
