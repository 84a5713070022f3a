//! Reading single objects once more: for the lines around a finding, for what a commit says of
//! itself, and for values that are remembered by their fingerprints alone.

use std::collections::{BTreeMap, HashMap, HashSet};

use bstr::{BStr, ByteSlice};
use gix::Repository;

use super::scan_objects::{Place, saturated};
use super::{Read, Shared, unreadable};
use crate::blob::CommitInfo;
use crate::engine::Frames;
use crate::finding::{Occurrence, Outcome};
use crate::git::store::ObjectIndex;
use crate::secret::Fingerprint;

/// Objects larger than this are not read once more, in bytes.
pub(super) const MAX_READ: u64 = 32 << 20;

/// The name that a number stands for.
pub(super) fn name_of<'r>(
    shared: &Shared<'_>,
    read: &'r Read,
    object: ObjectIndex,
) -> Option<&'r BStr> {
    read.names
        .get(shared.name_of(object)? as usize)
        .map(|name| name.as_bstr())
}

/// Where in an object a secret stands: which, and the line and the column of its first character.
pub(super) type Spot = (Fingerprint, u32, u32);

impl Place {
    pub(super) fn spot(&self) -> Spot {
        (self.secret, self.line, self.column)
    }
}

fn spot_of(found: &Occurrence) -> Spot {
    let start = found.place.start;
    (
        found.fingerprint,
        saturated(start.line),
        saturated(start.column),
    )
}

/// The findings at these places of an object, with their values and the lines around them: the
/// object is read once more, and once for all of them. Nothing where it is too large for that.
pub(super) fn rescan_object(
    shared: &Shared<'_>,
    read: &Read,
    repo: &Repository,
    object: ObjectIndex,
    wanted: &HashSet<Spot>,
) -> HashMap<Spot, Occurrence> {
    let bytes = match name_of(shared, read, object) {
        Some(name) => Some(name.to_vec()),
        None => {
            let id = shared.store.id_of(object);
            let small = repo
                .find_header(id)
                .is_ok_and(|header| header.size() <= MAX_READ);
            small
                .then(|| repo.find_object(id).ok())
                .flatten()
                .map(|object| object.detach().data)
        }
    };
    let bytes = bytes.unwrap_or_default();
    let located = shared.builder.scan(&bytes, Frames::Build);
    // Where a marker splits a pair, its first half is wanted.
    shared
        .builder
        .occurrences(&located)
        .flat_map(|found| {
            let half = found.first_half.map(|half| half.occurrence);
            std::iter::once(found.occurrence).chain(half)
        })
        .map(|found| (spot_of(&found), found))
        .filter(|(spot, _)| wanted.contains(spot))
        .collect()
}

/// Brings the values of secrets back that are remembered by their fingerprints alone. One that is
/// not found again is a memory that cannot be trusted, which must not pass.
pub(super) fn restore_values(
    shared: &Shared<'_>,
    repo: &Repository,
    read: &mut Read,
    secrets: &BTreeMap<Fingerprint, Vec<Place>>,
    outcome: &mut Outcome,
) {
    let mut forgotten: BTreeMap<ObjectIndex, HashSet<Spot>> = BTreeMap::new();
    for (secret, places) in secrets {
        if !read.finds.secrets.contains_key(secret) {
            forgotten
                .entry(places[0].object)
                .or_default()
                .insert(places[0].spot());
        }
    }
    for (object, wanted) in forgotten {
        let seen = rescan_object(shared, read, repo, object, &wanted);
        if seen.len() < wanted.len() {
            let problem =
                "a secret that the cache tells of is not there: run it with --no-cache".to_owned();
            outcome.skipped.push(unreadable(
                format!("object {}", shared.store.id_of(object)).into(),
                problem,
            ));
        }
        read.finds.secrets.extend(
            seen.into_values()
                .map(|finding| (finding.fingerprint, finding)),
        );
    }
}

/// What a commit says of itself, for reports.
pub(super) fn commit_info(
    id: gix::ObjectId,
    time: Option<i64>,
    bytes: &[u8],
    hash: gix::hash::Kind,
) -> CommitInfo {
    let commit = || gix::objs::CommitRefIter::from_bytes(bytes, hash);
    let author = commit()
        .author()
        .map(|who| format!("{} <{}>", who.name, who.email))
        .unwrap_or_default();
    let message = commit().message().unwrap_or_default();
    let subject = message.lines().next().unwrap_or_default();
    CommitInfo {
        time: time.unwrap_or_default(),
        id: id.to_string(),
        author: author.into(),
        subject: subject.into(),
    }
}
