//! Reads single objects a second time: for the code frames of what is reported, and for the values
//! of secrets that the cache knows by their fingerprints only.

use std::collections::{BTreeMap, HashMap, HashSet};

use super::collected::Collected;
use super::container::{Container, ContainerKey};
use super::context::{Context, MAX_RESCAN};
use super::found::{OccurrenceId, StoredOccurrence, id_of};
use super::skips::unreadable;
use crate::engine::Frames;
use crate::finding::{Occurrence, Outcome};
use crate::git::{self, LocalRepository};
use crate::secret::Fingerprint;

/// The `wanted` occurrences in a container, with their values and code frames. Reads the container
/// once for all of them. Empty if it cannot be read, or has more than [`MAX_RESCAN`] bytes.
pub(super) fn rescan(
    context: &Context<'_>,
    collected: &Collected,
    repo: &LocalRepository,
    container: ContainerKey,
    wanted: &HashSet<OccurrenceId>,
) -> HashMap<OccurrenceId, Occurrence> {
    let bytes = match container.container() {
        Container::Name(_) => collected.name_of(container).map(|name| name.to_vec()),
        Container::Object(object) => git::read(repo, context.store.id_of(object), Some(MAX_RESCAN))
            .ok()
            .map(|object| object.bytes),
    };
    let bytes = bytes.unwrap_or_default();
    let located = match container.container() {
        Container::Name(_) => context.builder.scan(&bytes, Frames::Build),
        Container::Object(_) => context.builder.scan_blob(&bytes, Frames::Build).located,
    };
    let mut found = HashMap::new();
    for pair_or_single in context.builder.occurrences(&located) {
        // The first half is wanted by itself if a marker allows the pair.
        let half = pair_or_single.first_half.map(|half| half.occurrence);
        for occurrence in half.into_iter().chain([pair_or_single.occurrence]) {
            let id = id_of(&occurrence);
            if wanted.contains(&id) {
                found.insert(id, occurrence);
            }
        }
    }
    found
}

/// Restores the values of secrets that are known by their fingerprints only. A value that is not
/// found again means that the cache cannot be trusted, so the audit is incomplete.
pub(super) fn restore_values(
    context: &Context<'_>,
    repo: &LocalRepository,
    collected: &mut Collected,
    secrets: &BTreeMap<Fingerprint, Vec<StoredOccurrence>>,
    outcome: &mut Outcome,
) {
    let mut unknown: BTreeMap<ContainerKey, HashSet<OccurrenceId>> = BTreeMap::new();
    for (secret, occurrences) in secrets {
        if !collected.found.secrets.contains_key(secret) {
            let first = &occurrences[0];
            unknown
                .entry(first.container)
                .or_default()
                .insert(first.id());
        }
    }
    for (container, wanted) in unknown {
        let found = rescan(context, collected, repo, container, &wanted);
        if found.len() < wanted.len() {
            outcome.skipped.push(unreadable(
                context.label_of(container),
                "a cached finding is not in it any more; rerun with --no-cache".to_owned(),
            ));
        }
        let values = found.into_values();
        collected
            .found
            .secrets
            .extend(values.map(|occurrence| (occurrence.fingerprint, occurrence)));
    }
}
