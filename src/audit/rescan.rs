//! Reading single objects once more: for the lines around a finding, for what a commit says of
//! itself, and for values that are remembered by their fingerprints alone.

use std::collections::{BTreeMap, HashMap, HashSet};

use bstr::{BStr, ByteSlice};

use super::scan_objects::Place;
use super::{Read, Shared, unreadable};
use crate::blob::{Origin, Part};
use crate::finding::{Finding, Outcome};
use crate::git::store::ObjectIndex;
use crate::git::{self, LocalRepository};
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

/// The findings at these places of an object, with their values and the lines around them: the
/// object is read once more, and once for all of them. Nothing where it is too large for that.
pub(super) fn rescan_object(
    shared: &Shared<'_>,
    read: &Read,
    repo: &LocalRepository,
    object: ObjectIndex,
    wanted: &HashSet<Spot>,
) -> HashMap<Spot, Finding> {
    let bytes = match name_of(shared, read, object) {
        Some(name) => Some(name.to_vec()),
        None => {
            let id = shared.store.id_of(object);
            git::read(repo, id, Some(MAX_READ))
                .ok()
                .map(|object| object.bytes)
        }
    };
    let bytes = bytes.unwrap_or_default();
    let builder = shared.builder;
    let located = builder.sight(
        &bytes,
        &Part::whole(bytes.len()),
        builder.scanner.scan(&bytes),
    );
    let nowhere = Origin::Repository { place: "".into() };
    let mut seen = HashMap::new();
    builder.conclude(
        &nowhere,
        &located,
        &vec![true; located.len()],
        |found, _| {
            let short = |number: usize| u32::try_from(number).unwrap_or(u32::MAX);
            let spot = (
                found.fingerprint,
                short(found.place.start.line),
                short(found.place.start.column),
            );
            let is_wanted = wanted.contains(&spot);
            if is_wanted {
                seen.insert(spot, found);
            }
            // Where a marker splits a pair, the half is what is asked for.
            !is_wanted
        },
    );
    seen
}

/// Brings the values of secrets back that are remembered by their fingerprints alone. One that is
/// not found again is a memory that cannot be trusted, which must not pass.
pub(super) fn restore_values(
    shared: &Shared<'_>,
    repo: &LocalRepository,
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
