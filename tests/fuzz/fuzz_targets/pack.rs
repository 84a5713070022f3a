//! A forged pack: every entry is told of exactly once, and the honest ones hold what was put into
//! them.
#![no_main]

use std::fs;
use std::io::Read;
use std::path::Path;
use std::sync::LazyLock;
use std::sync::atomic::AtomicBool;

use gix_hash::Kind as HashKind;
use keysieve::git::store::{DeltaBase, Kind, Object, ObjectIndex, Problem, ObjectStore, Visit};
use keysieve_fuzz::{Entry, Forged, forge};
use libfuzzer_sys::fuzz_target;
use tempfile::TempDir;

/// One folder for all inputs: making one takes longer than most of them.
static FOLDER: LazyLock<TempDir> = LazyLock::new(|| {
    let folder = TempDir::new().expect("there is room for a folder");
    fs::create_dir(folder.path().join("pack")).expect("there is room for a folder");
    folder
});

/// What was told of each object.
struct Told(Vec<Vec<Option<Vec<u8>>>>);

impl Told {
    fn tell(&mut self, number: ObjectIndex, content: Option<Vec<u8>>) {
        self.0[number as usize].push(content);
    }
}

impl Visit for Told {
    type State = Vec<u8>;

    fn object(&mut self, object: Object<'_>, base: Option<DeltaBase<'_, Vec<u8>>>) -> Vec<u8> {
        for stretch in base.iter().flat_map(|base| base.copied) {
            let taken = &base.as_ref().expect("it has stretches").state
                [stretch.from..stretch.from + stretch.len];
            assert_eq!(&object.bytes[stretch.to..stretch.to + stretch.len], taken);
        }
        self.tell(object.number, Some(object.bytes.to_vec()));
        object.bytes.to_vec()
    }

    fn stream(&mut self, number: ObjectIndex, content: &mut dyn Read) -> std::io::Result<()> {
        let size = std::io::copy(content, &mut std::io::sink());
        // Nothing that a forged pack holds in truth is that large.
        assert!(size.is_err(), "{number} was streamed to its end: {size:?}");
        self.tell(number, None);
        Ok(())
    }

    fn broken(&mut self, number: ObjectIndex, _: Problem) {
        self.tell(number, None);
    }
}

fuzz_target!(|entries: Vec<Entry>| {
    let forged = forge(&entries);
    write(&forged, FOLDER.path());
    let store = ObjectStore::open(FOLDER.path(), HashKind::Sha1);
    if store.len() != forged.contents.len() {
        assert!(!store.unread.is_empty(), "a pack is refused in silence");
        assert!(
            forged.contents.iter().any(Option::is_none),
            "an honest pack is refused: {:?}",
            store.unread
        );
        return;
    }
    let mut told = [Told(vec![Vec::new(); store.len()])];
    let kinds = [Kind::Commit, Kind::Tree, Kind::Blob, Kind::Tag];
    store.visit(&kinds, &mut told, &AtomicBool::new(false));
    store.visit_unresolved(&mut told[0]);
    for (at, (told, expected)) in told[0].0.iter().zip(&forged.contents).enumerate() {
        assert_eq!(told.len(), 1, "entry {at} was told of {} times", told.len());
        if expected.is_some() {
            assert_eq!(&told[0], expected, "entry {at}");
        }
    }
});

fn write(forged: &Forged, folder: &Path) {
    fs::write(folder.join("pack/pack-forged.pack"), &forged.pack)
        .expect("there is room for a pack");
    fs::write(folder.join("pack/pack-forged.idx"), &forged.index)
        .expect("there is room for an index");
}
