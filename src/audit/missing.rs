//! Reports missing objects: what a shallow or partial clone left out, or what is gone.

use std::collections::HashSet;

use bstr::{BString, ByteSlice as _};
use serde::{Deserialize, Serialize};

use crate::git::store::{Kind, ObjectIndex, ObjectStore};
use crate::git::{ObjectId, RootKind, Roots};

/// A missing object that another object refers to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(super) struct MissingReference {
    /// Its id.
    #[serde(with = "hex")]
    pub(super) id: ObjectId,
    /// The kind that it should have.
    #[serde(with = "kind")]
    pub(super) kind: Kind,
    /// An object that refers to it.
    pub(super) from: ObjectIndex,
}

/// Stores kinds by their names.
mod kind {
    use serde::{Deserialize as _, Deserializer, Serialize as _, Serializer, de};

    use crate::git::store::Kind;

    pub(super) fn serialize<S: Serializer>(kind: &Kind, out: S) -> Result<S::Ok, S::Error> {
        kind.as_bytes().serialize(out)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Kind, D::Error> {
        Kind::from_bytes(&Vec::<u8>::deserialize(from)?).map_err(de::Error::custom)
    }
}

/// Stores ids as hex.
mod hex {
    use serde::{Deserialize as _, Deserializer, Serialize as _, Serializer, de};

    use crate::git::ObjectId;

    pub(super) fn serialize<S: Serializer>(id: &ObjectId, out: S) -> Result<S::Ok, S::Error> {
        id.to_string().serialize(out)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<ObjectId, D::Error> {
        ObjectId::from_hex(String::deserialize(from)?.as_bytes()).map_err(de::Error::custom)
    }
}

/// How many missing objects are listed one by one.
const MAX_LISTED: usize = 1000;

/// The objects that are missing, each once, with what can restore them.
pub(super) fn describe(
    references: &[MissingReference],
    roots: &Roots,
    store: &ObjectStore,
) -> Vec<(BString, String)> {
    let remedy = remedy(roots);
    let mut missing = references.to_vec();
    missing.sort_unstable_by_key(|reference| (reference.kind as u8, reference.id, reference.from));
    missing.dedup_by_key(|reference| reference.id);
    let referenced: HashSet<ObjectId> = missing.iter().map(|reference| reference.id).collect();
    let mut targets: Vec<(ObjectId, BString)> = missing_targets(roots, store)
        .filter(|(id, _)| !referenced.contains(id))
        .collect();
    targets.sort_unstable();
    targets.dedup_by_key(|(id, _)| *id);
    let mut described = Vec::new();
    for MissingReference { id, kind, from } in missing.iter().take(MAX_LISTED) {
        let from = store.id_of(*from);
        described.push((
            format!("{kind} {id}").into(),
            format!("missing object, referenced by {from}; {remedy}"),
        ));
    }
    for (id, name) in targets.iter().take(MAX_LISTED) {
        described.push((
            format!("object {id}").into(),
            format!("missing object, referenced by {name}; {remedy}"),
        ));
    }
    let more = (missing.len() + targets.len()).saturating_sub(described.len());
    if more > 0 {
        let problem = format!("{more} more are missing; {remedy}");
        described.push(("objects".into(), problem));
    }
    described.extend(shallow_history(roots.shallow.len()));
    described
}

/// The history that a shallow clone left out before so many commits.
fn shallow_history(cuts: usize) -> Option<(BString, String)> {
    let commits = match cuts {
        0 => return None,
        1 => "1 commit".to_owned(),
        many => format!("{many} commits"),
    };
    Some((
        "history".into(),
        format!(
            "shallow clone: the history before {commits} is missing; run 'git fetch --unshallow'"
        ),
    ))
}

/// The missing objects that refs and indexes name, and what names them. Those of a reflog or of an
/// operation that is over may be missing: git does not keep them.
fn missing_targets<'r>(
    roots: &'r Roots,
    store: &'r ObjectStore,
) -> impl Iterator<Item = (ObjectId, BString)> + 'r {
    let refs = roots
        .roots
        .iter()
        .filter(|root| !matches!(root.kind, RootKind::Reflog | RootKind::Operation))
        .map(|root| (root.target, root.display_name()));
    let staged = roots.indexes.iter().flat_map(|index| {
        index.entries.iter().map(|(path, id)| {
            let name = [path.as_slice(), b" in the ", &index.name];
            (*id, bstr::concat(name).into())
        })
    });
    refs.chain(staged)
        .filter(|(id, _)| store.number_of(id).is_none())
}

/// The command that restores what is missing.
fn remedy(roots: &Roots) -> String {
    match roots.promisors.first() {
        // A remote that is named by its URL may have a password in its name.
        Some(promisor) if promisor.remote.contains_str("://") => {
            "partial clone: run 'git fetch --refetch --no-filter' with its remote".to_owned()
        }
        Some(promisor) => format!(
            "partial clone: run 'git fetch --refetch --no-filter {}'",
            promisor.remote
        ),
        None => "run 'git fsck', or use a fresh clone".to_owned(),
    }
}
