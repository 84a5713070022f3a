//! The fast version: reads objects along their delta trees, carries hits over from delta bases, and
//! verifies only hits.

use std::io::Read;
use std::path::Path;
use std::sync::atomic::AtomicBool;

use keysieve::git::store::{DeltaBase, Kind, Object, ObjectIndex, ObjectStore, Problem, Visit};
use keysieve::scan::Hits;

use super::{All, SCANNER, Seen};

/// One thread.
struct Visitor<'a> {
    store: &'a ObjectStore,
    all: All,
    /// How many objects came as deltas.
    deltas: usize,
}

/// Everything in the repository at `dir`.
pub(super) fn all(dir: &Path) -> All {
    let hash = keysieve::git::open(dir).unwrap().hash_kind();
    let store = ObjectStore::open(&dir.join("objects"), hash);
    assert!(store.unread.is_empty(), "{:?}", store.unread);
    let mut visitors: Vec<Visitor<'_>> = (0..3)
        .map(|_| Visitor {
            store: &store,
            all: All::default(),
            deltas: 0,
        })
        .collect();
    let kinds = [Kind::Blob, Kind::Commit, Kind::Tag, Kind::Tree];
    store.visit(&kinds, &mut visitors, &AtomicBool::new(false));
    store.visit_unresolved(&mut visitors[0]);
    let mut all = All::default();
    for visitor in visitors {
        all.objects.extend(visitor.all.objects);
        all.seen.extend(visitor.all.seen);
    }
    all
}

impl Visit for Visitor<'_> {
    type State = Hits;

    fn object(&mut self, object: Object<'_>, base: Option<DeltaBase<'_, Hits>>) -> Hits {
        let id = self.store.id_of(object.number);
        let made = gix::objs::compute_hash(id.kind(), object.kind, object.bytes).unwrap();
        assert_eq!(made, id, "other bytes than git's");
        let id = id.to_string();
        self.deltas += usize::from(base.is_some());
        let mut hits = match base {
            Some(base) => SCANNER.hits_after(base.state, object.bytes, base.copied),
            None => SCANNER.hits(object.bytes),
        };
        if object.kind != Kind::Tree {
            let matches = SCANNER.verify_hits(object.bytes, &mut hits);
            self.all
                .seen
                .extend(matches.iter().map(|found| Seen::new(&id, found)));
        }
        self.all.objects.insert(id);
        hits
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

    fn broken(&mut self, number: ObjectIndex, problem: Problem) {
        panic!("{}: {problem}", self.store.id_of(number));
    }
}
