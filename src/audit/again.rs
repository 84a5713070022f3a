//! Reading single objects once more: for the lines around a finding, for what a commit says of itself, and for values that
//! are remembered by their fingerprints alone.

use std::collections::BTreeMap;

use bstr::{BStr, ByteSlice};
use gix::Repository;

use super::texts::Place;
use super::{Read, Shared, unreadable};
use crate::blob::{CommitInfo, Origin, Part};
use crate::finding::{Finding, Outcome};
use crate::objects::Number;
use crate::secret::Fingerprint;

/// Objects larger than this are not read once more, in bytes.
const MAX_READ: u64 = 32 << 20;

/// The name that a number stands for.
pub(super) fn name_of<'r>(shared: &Shared<'_>, read: &'r Read, object: Number) -> Option<&'r BStr> {
    read.names.get(shared.name_of(object)? as usize).map(|name| name.as_bstr())
}

/// The finding at `place` with its value and the lines around it: the object is read once more. Nothing where it is too
/// large for that.
pub(super) fn look_again(
    shared: &Shared<'_>,
    read: &Read,
    repo: &Repository,
    place: &Place,
    origin: &Origin,
) -> Option<Finding> {
    let bytes = match name_of(shared, read, place.object) {
        Some(name) => name.to_vec(),
        None => {
            let id = shared.store.id_of(place.object);
            let small = repo.find_header(id).is_ok_and(|header| header.size() <= MAX_READ);
            small.then(|| repo.find_object(id).ok())??.detach().data
        }
    };
    let examiner = shared.examiner;
    let sightings = examiner.sight(&bytes, &Part::whole(bytes.len()), examiner.scanner.scan(&bytes));
    let (line, column) = (place.line as usize, place.column as usize);
    let mut seen = None;
    examiner.conclude(origin, &sightings, &vec![true; sightings.len()], |found, _| {
        let start = found.place.start;
        let same = found.fingerprint == place.secret && (start.line, start.column) == (line, column);
        if same {
            seen = Some(found);
        }
        // Where a marker splits a pair, the half is what was asked for.
        !same
    });
    seen
}

/// Brings the values of secrets back that are remembered by their fingerprints alone. One that is not found again is a
/// memory that cannot be trusted, which must not pass.
pub(super) fn bring_back(
    shared: &Shared<'_>,
    repo: &Repository,
    read: &mut Read,
    secrets: &BTreeMap<Fingerprint, Vec<Place>>,
    outcome: &mut Outcome,
) {
    for (secret, places) in secrets {
        if read.finds.secrets.contains_key(secret) {
            continue;
        }
        let nowhere = Origin::Repository { place: "".into() };
        match places.iter().find_map(|place| look_again(shared, read, repo, place, &nowhere)) {
            Some(finding) => {
                read.finds.secrets.insert(*secret, finding);
            }
            None => {
                let problem = "a secret that the cache tells of is not there: run it with --no-cache".to_owned();
                let path = format!("object {}", shared.store.id_of(places[0].object)).into();
                outcome.skipped.push(unreadable(path, problem));
            }
        }
    }
}

/// What a commit says of itself, for reports.
pub(super) fn commit_info(id: gix::ObjectId, time: i64, bytes: &[u8], hash: gix::hash::Kind) -> CommitInfo {
    let commit = || gix::objs::CommitRefIter::from_bytes(bytes, hash);
    let author = commit().author().map(|who| format!("{} <{}>", who.name, who.email)).unwrap_or_default();
    let message = commit().message().unwrap_or_default();
    let subject = message.lines().next().unwrap_or_default();
    CommitInfo { time, id: id.to_string(), author: author.into(), subject: subject.into() }
}
