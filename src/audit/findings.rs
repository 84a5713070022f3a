//! Builds the findings of an audit: each secret once, as the policy judges all of its occurrences.

use std::collections::{BTreeMap, HashMap, HashSet};

use bstr::{BString, ByteSlice};
use rayon::prelude::*;

use super::collected::Collected;
use super::container::ContainerKey;
use super::context::Context;
use super::found::{OccurrenceId, StoredOccurrence};
use super::reach::commits::Commits;
use super::reach::paths::Paths;
use super::reach::reverse_index::ReverseTreeIndex;
use super::reach::starting_points::starting_points;
use super::reach::trace::{CommitOccurrence, Reachability, Trace};
use super::rescan::{rescan, restore_values};
use super::submodule;
use crate::blob::Skip;
use crate::engine::{Keep, KeptCounts, place};
use crate::finding::{Allowed, AllowedBy, Finding, Occurrence, Outcome};
use crate::git::{LocalRepository, Repository, RootKind};
use crate::policy::{Judgement, Nearby};
use crate::secret::Fingerprint;
use crate::text::Location;

/// Everything that findings are built from.
pub(super) struct FindingsBuilder<'a> {
    pub(super) context: &'a Context<'a>,
    pub(super) collected: &'a Collected,
    pub(super) trace: Trace<'a>,
    paths: Paths,
    /// The paths of the containers in the indexes of work trees.
    staged: HashMap<ContainerKey, Vec<BString>>,
    /// A repository without a work tree exists for others to fetch from.
    pub(super) is_bare: bool,
}

/// A secret and the occurrences of it that are reported.
struct SecretOccurrences {
    occurrence: Occurrence,
    /// One for each container, the first in it.
    stored: Vec<StoredOccurrence>,
    /// What allows all of them; `None` if the secret is reported.
    allowed: Option<AllowedBy>,
    /// Whether the paths of all of them make it less sure.
    is_lowered: bool,
}

/// The same with what leads to the secret.
struct TracedSecret {
    secret: SecretOccurrences,
    reach: Reachability,
}

impl TracedSecret {
    /// The occurrence to show: the one in the first commit that holds the secret, or the first.
    fn first(&self) -> &StoredOccurrence {
        let stored = &self.secret.stored;
        let in_commit = |first: &CommitOccurrence| {
            stored
                .iter()
                .find(|stored| stored.container == first.container)
        };
        let first = self.reach.first.as_ref();
        first.and_then(in_commit).unwrap_or(&stored[0])
    }
}

/// Adds to `outcome`, which holds the findings of the git directory, those of the objects.
pub(super) fn add_findings(
    context: &Context<'_>,
    repo: &Repository,
    mut collected: Collected,
    outcome: &mut Outcome,
) {
    let mut secrets: BTreeMap<Fingerprint, Vec<StoredOccurrence>> = BTreeMap::new();
    for stored in std::mem::take(&mut collected.found.occurrences) {
        secrets.entry(stored.secret).or_default().push(stored);
    }
    if secrets.is_empty() && collected.unsearched.is_empty() {
        return;
    }
    restore_values(context, &repo.local(), &mut collected, &secrets, outcome);
    let all = secrets.values().flatten();
    let unsearched = collected.unsearched.iter();
    let unsearched = unsearched.map(|(object, _)| ContainerKey::object(*object));
    let containers = all.map(|stored| stored.container).chain(unsearched);
    let containers: HashSet<ContainerKey> = containers.collect();
    let staged = staged_paths(context, &containers);
    let records = std::mem::take(&mut collected.commits);
    let tree_diffs = std::mem::take(&mut collected.tree_diffs);
    let counts = collected.key_counts(context.store);
    let (commits, index) = rayon::join(
        || {
            Commits::new(records, context.store.len(), |number| {
                context.store.id_of(number)
            })
        },
        || ReverseTreeIndex::new(containers, &tree_diffs, counts),
    );
    drop(tree_diffs);
    let trees = commits.list.iter().filter_map(|commit| commit.tree);
    let trees = trees.map(ContainerKey::object).collect();
    let starts = starting_points(context.store, context.roots);
    let mut roots = context.roots.roots.iter();
    let head = roots
        .find(|root| root.kind == RootKind::Head)
        .and_then(|root| context.store.number_of(&root.target));
    let (mut trace, paths) = rayon::join(
        || Trace::new(&commits, &index, &collected.tags, &starts, head),
        || Paths::new(&index, &trees),
    );
    trace.newer = context.scope.newer(context.store, &commits);
    let builder = FindingsBuilder {
        context,
        collected: &collected,
        trace,
        paths,
        staged,
        is_bare: repo.is_bare(),
    };
    outcome.skipped.extend(builder.unsearched());
    let built = builder.build(repo, secrets, outcome);
    builder.add_to(outcome, built);
}

/// The paths of those containers that an index lists.
fn staged_paths(
    context: &Context<'_>,
    containers: &HashSet<ContainerKey>,
) -> HashMap<ContainerKey, Vec<BString>> {
    let mut staged: HashMap<ContainerKey, Vec<BString>> = HashMap::new();
    let indexes = context.roots.indexes.iter();
    for (path, id) in indexes.flat_map(|index| &index.entries) {
        let container = context.store.number_of(id).map(ContainerKey::object);
        if let Some(container) = container
            && containers.contains(&container)
        {
            staged.entry(container).or_default().push(path.clone());
        }
    }
    staged
}

/// Whether the path of a blob, or that of an entry in it, makes a secret less sure.
fn is_low(path: &BString, stored: &StoredOccurrence) -> bool {
    let inside = stored.inside.as_ref();
    place::is_low(path.as_bstr()) || inside.is_some_and(|inside| place::is_low(inside.as_bstr()))
}

impl FindingsBuilder<'_> {
    /// The findings of all secrets in scope, each with what allows it, if any. Of a container with
    /// very many, the first; the rest are counted in `outcome`.
    fn build(
        &self,
        repo: &Repository,
        secrets: BTreeMap<Fingerprint, Vec<StoredOccurrence>>,
        outcome: &mut Outcome,
    ) -> Vec<(Finding, Option<AllowedBy>)> {
        let secrets: Vec<SecretOccurrences> = secrets
            .into_iter()
            .filter_map(|(secret, stored)| self.judge_all(secret, stored))
            .collect();
        // Secrets of one object are described together, so that a dump of keys is read once.
        let mut by_container: BTreeMap<ContainerKey, Vec<TracedSecret>> = BTreeMap::new();
        for traced in self.trace_in_scope(secrets) {
            let container = traced.first().container;
            by_container.entry(container).or_default().push(traced);
        }
        for (container, secrets) in &mut by_container {
            outcome.skipped.extend(self.keep_first(*container, secrets));
        }
        by_container
            .into_par_iter()
            .map_init(
                || repo.local(),
                |repo, (container, secrets)| self.describe_all(repo, container, secrets),
            )
            .flatten_iter()
            .collect()
    }

    /// Removes the secrets of a container that are too many to be listed. Returns how many.
    fn keep_first(&self, container: ContainerKey, secrets: &mut Vec<TracedSecret>) -> Vec<Skip> {
        let mut counts = KeptCounts::new(Keep::FOR_REPORT);
        let all = secrets.len();
        secrets.sort_by(|a, b| a.first().position().cmp(&b.first().position()));
        secrets.retain(|TracedSecret { secret, .. }| {
            counts.take(&secret.occurrence, secret.allowed.as_ref())
        });
        if secrets.len() == all {
            return Vec::new();
        }
        let path = self.paths_of(container).0.into_iter().next();
        let path = path.unwrap_or_else(|| self.context.label_of(container));
        counts.finish(path.as_bstr())
    }

    fn trace_in_scope(&self, secrets: Vec<SecretOccurrences>) -> Vec<TracedSecret> {
        let containers: Vec<Vec<ContainerKey>> = secrets
            .iter()
            .map(|secret| {
                secret
                    .stored
                    .iter()
                    .map(|stored| stored.container)
                    .collect()
            })
            .collect();
        let traced = self.trace.trace(&containers);
        secrets
            .into_iter()
            .zip(traced)
            .filter(|(_, reach)| self.context.scope.includes(reach, self.trace.starts))
            .map(|(secret, reach)| TracedSecret { secret, reach })
            .collect()
    }

    /// Judges every occurrence of a secret. The secret is allowed if all of them are; otherwise
    /// those that are not allowed remain.
    fn judge_all(
        &self,
        secret: Fingerprint,
        mut stored: Vec<StoredOccurrence>,
    ) -> Option<SecretOccurrences> {
        let mut occurrence = self.collected.found.secrets.get(&secret)?.clone();
        StoredOccurrence::sort(&mut stored, self.context.store);
        let surest =
            |stored: &[StoredOccurrence]| stored.iter().map(|stored| stored.confidence).max();
        let ungraded = surest(&stored);
        let mut allowances: Vec<Option<AllowedBy>> = Vec::with_capacity(stored.len());
        stored.retain_mut(|stored| {
            let paths = self.all_paths(stored.container);
            if let Some(paths) = &paths
                && paths.iter().all(|path| is_low(path, stored))
            {
                stored.confidence = place::lowered(&occurrence.rule.id, stored.confidence);
            }
            let is_shown = stored.confidence >= self.context.policy.report;
            if is_shown {
                allowances.push(self.allowed_by(&occurrence, stored, paths));
            }
            is_shown
        });
        let mut allowed = None;
        if allowances.iter().all(Option::is_some) {
            allowed = allowances.into_iter().flatten().next();
        } else {
            let mut allowances = allowances.iter();
            stored.retain(|_| allowances.next().is_some_and(Option::is_none));
        }
        occurrence.confidence = surest(&stored)?;
        let is_lowered = Some(occurrence.confidence) < ungraded;
        stored.dedup_by(|next, first| {
            let is_same = next.container == first.container;
            first.encoded |= is_same && next.encoded;
            is_same
        });
        Some(SecretOccurrences {
            occurrence,
            stored,
            allowed,
            is_lowered,
        })
    }

    /// All paths of a container, in trees and indexes; `None` if it has none, or more than are
    /// known.
    pub(super) fn all_paths(&self, container: ContainerKey) -> Option<Vec<BString>> {
        let (mut paths, has_more) = self.paths_of(container);
        let staged = self.staged.get(&container);
        paths.extend(staged.into_iter().flatten().cloned());
        (!paths.is_empty() && !has_more).then_some(paths)
    }

    /// What allows an occurrence: a marker near it, or an entry for every path that
    /// it has.
    fn allowed_by(
        &self,
        secret: &Occurrence,
        stored: &StoredOccurrence,
        paths: Option<Vec<BString>>,
    ) -> Option<AllowedBy> {
        if stored.marker.is_some() {
            return stored.marker.clone();
        }
        let mut occurrence = secret.clone();
        occurrence.confidence = stored.confidence;
        occurrence.place.inside.clone_from(&stored.inside);
        let paths = match (paths, self.context.submodule) {
            (None, _) => vec![BString::default()],
            (Some(paths), None) => paths,
            (Some(paths), Some(places)) => submodule::paths_below(places, &paths),
        };
        // Markers were searched for when the object was read.
        let no_marker = Nearby::default();
        let mut allowed_by = None;
        for path in paths {
            let judgement = self
                .context
                .policy
                .judge(&occurrence, path.as_bstr(), &no_marker);
            match judgement {
                Judgement::Allow(by) => allowed_by = Some(by),
                Judgement::Report { .. } | Judgement::Ignore => return None,
            }
        }
        allowed_by
    }

    /// The paths that a container has had in trees, and whether there are more.
    pub(super) fn paths_of(&self, container: ContainerKey) -> (Vec<BString>, bool) {
        match self.trace.index.place_of(container) {
            Some(place) => self.paths.of(place, &self.collected.names),
            None => (Vec::new(), false),
        }
    }

    /// The findings of secrets whose first occurrence is in one container.
    fn describe_all(
        &self,
        repo: &LocalRepository,
        container: ContainerKey,
        secrets: Vec<TracedSecret>,
    ) -> Vec<(Finding, Option<AllowedBy>)> {
        let wanted: HashSet<OccurrenceId> =
            secrets.iter().map(|traced| traced.first().id()).collect();
        let mut found = rescan(self.context, self.collected, repo, container, &wanted);
        secrets
            .into_iter()
            .map(|traced| {
                let found = found.remove(&traced.first().id());
                self.describe(repo, traced, found)
            })
            .collect()
    }

    /// The finding of a secret, with the frame of the first occurrence if that was `found` again.
    fn describe(
        &self,
        repo: &LocalRepository,
        traced: TracedSecret,
        found: Option<Occurrence>,
    ) -> (Finding, Option<AllowedBy>) {
        let first = traced.first();
        let inside = first.inside.clone();
        let start = Location {
            line: first.line as usize,
            column: first.column as usize,
        };
        let TracedSecret { secret, reach } = traced;
        let confidence = secret.occurrence.confidence;
        let mut occurrence = found.unwrap_or_else(|| {
            let mut occurrence = secret.occurrence;
            (occurrence.place.start, occurrence.place.end) = (start, start);
            occurrence.place.inside = inside;
            occurrence
        });
        occurrence.confidence = confidence;
        let detail = secret.is_lowered.then(place::detail);
        occurrence.details.extend(detail);
        let mut finding = Finding::new(occurrence, self.origin(repo, &secret.stored, &reach));
        finding.history = Some(Box::new(self.history(repo, &secret.stored, &reach)));
        (finding, secret.allowed)
    }

    /// Adds findings to the outcome. A secret that history and the git directory both hold is one
    /// finding: the places in the git directory are listed in it.
    fn add_to(&self, outcome: &mut Outcome, built: Vec<(Finding, Option<AllowedBy>)>) {
        // An allow entry may apply to paths in history only, so it does not cover the git
        // directory.
        let reported: HashSet<Fingerprint> = built
            .iter()
            .filter(|(_, allowed)| allowed.is_none())
            .map(|(finding, _)| finding.fingerprint)
            .collect();
        let mut elsewhere: HashMap<Fingerprint, Vec<BString>> = HashMap::new();
        for finding in outcome
            .findings
            .extract_if(.., |finding| reported.contains(&finding.fingerprint))
        {
            let paths = elsewhere.entry(finding.fingerprint).or_default();
            paths.push(finding.path().into_owned());
        }
        for (mut finding, allowed) in built {
            if let Some(by) = allowed {
                outcome.allowed.push(Allowed { finding, by });
                continue;
            }
            if let Some(history) = &mut finding.history {
                history.elsewhere = elsewhere.remove(&finding.fingerprint).unwrap_or_default();
            }
            finding.blocking = self.context.policy.blocks(finding.confidence);
            outcome.findings.push(finding);
        }
    }
}
