//! Collects the secrets that one thread finds in objects and names.

use std::cmp::Ordering;
use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::sync::Arc;

use bstr::BString;
use serde::{Deserialize, Serialize};

use super::container::{Container, ContainerKey};
use super::context::Context;
use crate::engine::LocatedMatch;
use crate::finding::{AllowedBy, Occurrence};
use crate::git::store::{ObjectIndex, ObjectStore};
use crate::policy::Nearby;
use crate::rule::Confidence;
use crate::secret::Fingerprint;

/// An occurrence in an object or a name, without the value. The cache stores these.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct StoredOccurrence {
    pub(super) container: ContainerKey,
    pub(super) secret: Fingerprint,
    pub(super) confidence: Confidence,
    /// The path of the entry, if the object is an archive or another container of files. It holds
    /// no value.
    pub(super) inside: Option<Arc<BString>>,
    /// Line and column of its first character, from 1.
    pub(super) line: u32,
    pub(super) column: u32,
    /// Whether the secret, or the other half of a pair, is not plain text.
    pub(super) encoded: bool,
    /// Whether git would take the object for binary.
    pub(super) binary: bool,
    /// The marker near it that allows it.
    pub(super) marker: Option<AllowedBy>,
}

/// Identifies an occurrence within its container: the fingerprint, the entry, and the line and the
/// column of the first character.
pub(super) type OccurrenceId = (Fingerprint, Option<Arc<BString>>, u32, u32);

impl StoredOccurrence {
    pub(super) fn id(&self) -> OccurrenceId {
        (self.secret, self.inside.clone(), self.line, self.column)
    }

    /// Where in its container it is.
    pub(super) fn position(&self) -> (Option<&BString>, u32, u32) {
        (self.inside.as_deref(), self.line, self.column)
    }

    /// Sorts the occurrences of a secret by where they are, and removes further copies of one. Ids
    /// decide, because the numbers of objects depend on packs, and on which of these are cached.
    pub(super) fn sort(all: &mut Vec<Self>, store: &ObjectStore) {
        all.sort_by(Self::order);
        all.dedup_by(|a, b| a.order(b).is_eq());
        all.sort_by_cached_key(|stored| match stored.container.container() {
            Container::Object(object) => Ok(store.id_of(object)),
            Container::Name(name) => Err(name),
        });
    }

    fn order(&self, other: &Self) -> Ordering {
        let by_container = self.container.cmp(&other.container);
        by_container.then_with(|| self.position().cmp(&other.position()))
    }
}

/// Identifies `occurrence` as [`StoredOccurrence::id`] does.
pub(super) fn id_of(occurrence: &Occurrence) -> OccurrenceId {
    let start = occurrence.place.start;
    let stored = |number: usize| u32::try_from(number).unwrap_or(u32::MAX);
    (
        occurrence.fingerprint,
        occurrence.place.inside.clone(),
        stored(start.line),
        stored(start.column),
    )
}

/// How many objects were read, and how many bytes they have: those in packs, which may be cached,
/// and the others.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct ReadTotals {
    pub(super) objects: u64,
    pub(super) packed: u64,
    pub(super) loose: u64,
}

impl ReadTotals {
    /// Counts an object.
    pub(super) fn add(&mut self, context: &Context<'_>, object: ObjectIndex, bytes: u64) {
        let sum = if object < context.store.first_loose() {
            &mut self.packed
        } else {
            &mut self.loose
        };
        *sum += bytes;
        self.objects += 1;
    }
}

/// The secrets that a thread finds.
#[derive(Default)]
pub(super) struct FoundSecrets {
    /// One occurrence of each secret, for its value and its rule.
    pub(super) secrets: HashMap<Fingerprint, Occurrence>,
    /// All occurrences.
    pub(super) occurrences: Vec<StoredOccurrence>,
    /// Whether one is in an object that is too large to be read a second time.
    pub(super) in_large: bool,
    pub(super) totals: ReadTotals,
}

impl FoundSecrets {
    /// Adds what was located in a container, which is text or `binary`.
    pub(super) fn add(
        &mut self,
        context: &Context<'_>,
        container: ContainerKey,
        located: &[LocatedMatch],
        binary: bool,
    ) {
        context.progress.add_found(located.len());
        for found in context.builder.occurrences(located) {
            let by_marker =
                self.add_one(context, container, binary, found.occurrence, &found.nearby);
            if by_marker && let Some(half) = found.first_half {
                self.add_one(context, container, binary, half.occurrence, &half.nearby);
            }
        }
    }

    /// Adds one occurrence. Returns whether a marker allows it; entries depend on paths, which are
    /// not known yet.
    fn add_one(
        &mut self,
        context: &Context<'_>,
        container: ContainerKey,
        binary: bool,
        occurrence: Occurrence,
        nearby: &Nearby,
    ) -> bool {
        if occurrence.confidence < context.policy.report {
            return false;
        }
        let marker = context.policy.marker(&occurrence, nearby);
        let by_marker = marker.is_some();
        let (secret, inside, line, column) = id_of(&occurrence);
        self.occurrences.push(StoredOccurrence {
            container,
            secret,
            confidence: occurrence.confidence,
            // A tool that rewrites history does not look into it either.
            binary: binary || inside.is_some(),
            inside,
            line,
            column,
            encoded: occurrence.is_encoded(),
            marker,
        });
        if let Entry::Vacant(entry) = self.secrets.entry(secret) {
            entry.insert(occurrence);
        }
        by_marker
    }

    /// Adds what another thread found.
    pub(super) fn merge(&mut self, other: Self) {
        self.occurrences.extend(other.occurrences);
        self.in_large |= other.in_large;
        self.totals.packed += other.totals.packed;
        self.totals.loose += other.totals.loose;
        self.totals.objects += other.totals.objects;
        for (fingerprint, occurrence) in other.secrets {
            self.secrets.entry(fingerprint).or_insert(occurrence);
        }
    }
}
