//! Objects that are named and are not there: what a shallow or partial clone left out, or what was
//! lost.

use std::collections::HashSet;

use bstr::{BString, ByteSlice as _};
use serde::{Deserialize, Serialize};

use crate::blob::{Skip, SkipReason};
use crate::git::store::{Kind, ObjectIndex, ObjectStore};
use crate::git::{ObjectId, RootKind, Roots};

/// An object that another names and that is not there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(super) struct Reference {
    /// Its id.
    #[serde(with = "hex")]
    pub(super) id: ObjectId,
    /// What it should be.
    #[serde(with = "kind")]
    pub(super) kind: Kind,
    /// An object that names it.
    pub(super) from: ObjectIndex,
}

/// Kinds by their names.
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

/// Ids as they are written.
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

/// How many missing objects are told one by one.
const MAX_LISTED: usize = 1000;

/// What `references` say of objects that are not there, each once, with what would bring it.
pub(super) fn skips(references: &[Reference], roots: &Roots, store: &ObjectStore) -> Vec<Skip> {
    let mut missing = references.to_vec();
    missing.sort_unstable_by_key(|reference| (reference.kind as u8, reference.id, reference.from));
    missing.dedup_by_key(|reference| reference.id);
    let way_out = way_out(roots);
    let skip = |path: BString, problem: String| Skip {
        path,
        reason: SkipReason::Unreadable(problem),
    };
    let mut skips: Vec<Skip> = missing
        .iter()
        .take(MAX_LISTED)
        .map(|Reference { id, kind, from }| {
            let problem = format!("missing, though {} names it; {way_out}", store.id_of(*from));
            skip(format!("{kind} {id}").into(), problem)
        })
        .collect();
    let told: HashSet<ObjectId> = missing.iter().map(|reference| reference.id).collect();
    let mut unled: Vec<_> = unled(roots, store)
        .filter(|(id, _)| !told.contains(id))
        .collect();
    unled.sort_unstable();
    unled.dedup_by_key(|(id, _)| *id);
    skips.extend(unled.iter().take(MAX_LISTED).map(|(id, name)| {
        skip(
            format!("object {id}").into(),
            format!("missing, though {name} leads to it; {way_out}"),
        )
    }));
    if let Some(more) = (missing.len() + unled.len())
        .checked_sub(skips.len())
        .filter(|&more| more > 0)
    {
        skips.push(skip(
            "objects".into(),
            format!("{more} more are missing; {way_out}"),
        ));
    }
    if !roots.shallow.is_empty() {
        let problem = format!(
            "a shallow clone: the history before {} is not here; 'git fetch --unshallow' brings it",
            match roots.shallow.len() {
                1 => "1 commit".to_owned(),
                many => format!("{many} commits"),
            }
        );
        skips.push(skip("history".into(), problem));
    }
    skips
}

/// Objects that refs and indexes lead to and that are not there, and who does. What a reflog or an
/// operation that is over tells of may be gone: git does not hold on to it.
fn unled<'r>(
    roots: &'r Roots,
    store: &'r ObjectStore,
) -> impl Iterator<Item = (ObjectId, BString)> + 'r {
    let lasts = |kind| !matches!(kind, RootKind::Reflog | RootKind::Operation);
    let refs = roots
        .roots
        .iter()
        .filter(move |root| lasts(root.kind))
        .map(|root| (root.target, root.display_name()));
    let staged = roots.indexes.iter().flat_map(|index| {
        index.entries.iter().map(|(path, id)| {
            (
                *id,
                bstr::concat([path.as_slice(), b" in the ", &index.name]).into(),
            )
        })
    });
    refs.chain(staged)
        .filter(|(id, _)| store.number_of(id).is_none())
}

/// The command that brings what is missing.
fn way_out(roots: &Roots) -> String {
    match roots.promisors.first() {
        // A remote that is named after its address may have a password in its name.
        Some(promisor) if promisor.remote.contains_str("://") => {
            "a partial clone: 'git fetch --refetch --no-filter' with its remote brings it"
                .to_owned()
        }
        Some(promisor) => format!(
            "a partial clone: 'git fetch --refetch --no-filter {}' brings it",
            promisor.remote
        ),
        None => "'git fsck' tells more, and a fresh clone may have it".to_owned(),
    }
}
