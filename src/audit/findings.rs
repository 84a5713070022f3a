//! From what was found to findings: each secret once, where it came in, what leads to it, and what
//! the policy says of it.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;

use bstr::{BStr, BString, ByteSlice};
use gix::{Repository, ThreadSafeRepository};
use rayon::prelude::*;

use super::reach::commits::Commits;
use super::reach::paths::{Paths, joined};
use super::reach::reverse_index::ReverseTreeIndex;
use super::reach::trace::{Sight, Start, Trace, Traced, UNREACHED};
use super::rescan::{commit_info, name_of, rescan_object, restore_values};
use super::scan_objects::Place;
use super::submodule::joined as joined_below;
use super::{Read, Shared, Since};
use crate::blob::{CommitInfo, Origin};
use crate::finding::history::{CommitPlace, Container, Exposure, History, ObjectPlace, RootRef};
use crate::finding::{Allowed, AllowedBy, Finding, Occurrence, Outcome};
use crate::git::store::ObjectIndex;
use crate::git::{Root, RootKind, Roots};
use crate::policy::{Judgement, Nearby};
use crate::secret::Fingerprint;
use crate::text::Location;

/// Where no marker can stand.
const NOTHING: Nearby<'static> = Nearby {
    line: b"",
    before: b"",
};

/// Takes what was `read` into `outcome`, which holds what was found beside the objects.
pub(super) fn conclude(
    shared: &Shared<'_>,
    repo: &ThreadSafeRepository,
    mut read: Read,
    outcome: &mut Outcome,
) {
    let roots = shared.roots;
    let mut secrets: BTreeMap<Fingerprint, Vec<Place>> = BTreeMap::new();
    for place in std::mem::take(&mut read.finds.places) {
        secrets.entry(place.secret).or_default().push(place);
    }
    if secrets.is_empty() {
        return;
    }
    restore_values(
        shared,
        &repo.to_thread_local(),
        &mut read,
        &secrets,
        outcome,
    );
    let seeds: HashSet<ObjectIndex> = secrets
        .values()
        .flatten()
        .map(|place| place.object)
        .collect();
    let mut staged: HashMap<ObjectIndex, Vec<BString>> = HashMap::new();
    for (path, id) in roots.indexes.iter().flat_map(|index| &index.entries) {
        if let Some(number) = shared
            .store
            .number_of(id)
            .filter(|number| seeds.contains(number))
        {
            staged.entry(number).or_default().push(path.clone());
        }
    }
    let (records, tree_diffs) = (
        std::mem::take(&mut read.commits),
        std::mem::take(&mut read.tree_diffs),
    );
    let (commits, reverse_index) = rayon::join(
        || Commits::new(records, shared.store),
        || ReverseTreeIndex::new(seeds, tree_diffs),
    );
    let tops = commits
        .list
        .iter()
        .filter_map(|commit| commit.tree)
        .collect();
    let paths = Paths::new(&reverse_index, &tops);
    let starts = starts(shared, roots);
    let number_of = |root: &Root| shared.store.number_of(&root.target);
    let head = roots
        .roots
        .iter()
        .find(|root| root.kind == RootKind::Head)
        .and_then(number_of);
    let mut trace = Trace::new(&commits, &reverse_index, &read.tags, &starts.list, head);
    trace.newer = newer(&commits, shared);
    let is_bare = repo.to_thread_local().is_bare();
    let court = FindingsBuilder {
        shared,
        read: &read,
        trace,
        paths,
        starts: &starts,
        staged,
        is_bare,
    };
    court.sit(repo, secrets, outcome);
}

/// Starting points, and what each is.
struct Starts {
    list: Vec<Start>,
    what: Vec<(RootRef, BString)>,
}

/// Everything that is needed to judge.
struct FindingsBuilder<'a> {
    shared: &'a Shared<'a>,
    read: &'a Read,
    trace: Trace<'a>,
    paths: Paths,
    starts: &'a Starts,
    /// The paths of objects with secrets in the indexes of work trees.
    staged: HashMap<ObjectIndex, Vec<BString>>,
    /// Whether the repository has no work tree: what its branches lead to is there for others to
    /// fetch.
    is_bare: bool,
}

/// A secret, and where it stands.
struct SecretOccurrences {
    occurrence: Occurrence,
    /// Each object once, the first place in it.
    places: Vec<Place>,
    /// What lets it pass everywhere; none where it has to be reported.
    allowed: Option<AllowedBy>,
}

impl SecretOccurrences {
    /// The place to show: in the object that the first commit has, or else the first of all.
    fn first(&self, traced: &Traced) -> &Place {
        let of_first = |sight: &Sight| {
            self.places
                .iter()
                .find(|place| place.object == sight.object)
        };
        traced
            .first
            .as_ref()
            .and_then(of_first)
            .unwrap_or(&self.places[0])
    }
}

impl FindingsBuilder<'_> {
    fn sit(
        &self,
        repo: &ThreadSafeRepository,
        secrets: BTreeMap<Fingerprint, Vec<Place>>,
        outcome: &mut Outcome,
    ) {
        let cases: Vec<SecretOccurrences> = secrets
            .into_iter()
            .filter_map(|(secret, places)| self.case(secret, places))
            .collect();
        let subjects: Vec<Vec<ObjectIndex>> = cases
            .iter()
            .map(|case| case.places.iter().map(|place| place.object).collect())
            .collect();
        let traced = self.trace.follow(&subjects);
        let wanted = cases
            .into_iter()
            .zip(traced)
            .filter(|(_, traced)| self.in_scope(traced));
        // What stands in one object is looked at together: a dump of keys is read once.
        let mut by_object: BTreeMap<ObjectIndex, Vec<(SecretOccurrences, Traced)>> =
            BTreeMap::new();
        for (case, traced) in wanted {
            by_object
                .entry(case.first(&traced).object)
                .or_default()
                .push((case, traced));
        }
        let together =
            |repo: &mut Repository,
             (object, cases): (ObjectIndex, Vec<(SecretOccurrences, Traced)>)| {
                let spots = cases
                    .iter()
                    .map(|(case, traced)| case.first(traced).spot())
                    .collect();
                let mut seen = rescan_object(self.shared, self.read, repo, object, &spots);
                let one = |(case, traced): (SecretOccurrences, Traced)| {
                    let seen = seen.remove(&case.first(&traced).spot());
                    self.verdict(repo, case, &traced, seen)
                };
                cases.into_iter().map(one).collect::<Vec<_>>()
            };
        let concluded: Vec<(Finding, Option<AllowedBy>)> = by_object
            .into_par_iter()
            .map_init(|| repo.to_thread_local(), together)
            .flatten_iter()
            .collect();
        let mut elsewhere: HashMap<Fingerprint, Vec<BString>> = HashMap::new();
        // What lets it pass in history may hold for its paths there only.
        let reported = concluded.iter().filter(|(_, allowed)| allowed.is_none());
        let known: HashSet<Fingerprint> =
            reported.map(|(finding, _)| finding.fingerprint).collect();
        outcome.findings.retain(|finding| {
            let twice = known.contains(&finding.fingerprint);
            if twice {
                elsewhere
                    .entry(finding.fingerprint)
                    .or_default()
                    .push(finding.origin.path().to_owned());
            }
            !twice
        });
        for (mut finding, allowed) in concluded {
            if let Some(history) = &mut finding.history {
                history.elsewhere = elsewhere.remove(&finding.fingerprint).unwrap_or_default();
            }
            match allowed {
                Some(by) => outcome.allowed.push(Allowed { finding, by }),
                None => {
                    finding.blocking = self.shared.policy.blocks(finding.confidence);
                    outcome.findings.push(finding);
                }
            }
        }
    }

    fn in_scope(&self, traced: &Traced) -> bool {
        let scope = self.shared.scope;
        let starts = || {
            traced.starts.iter().map(|&at| {
                (
                    &self.starts.list[at as usize],
                    &self.starts.what[at as usize],
                )
            })
        };
        (!scope.reachable || starts().any(|(start, _)| start.class == 0))
            && (scope.refs.is_empty()
                || starts().any(|(_, (reached, full))| {
                    scope
                        .refs
                        .iter()
                        .any(|name| name == full || *name == reached.name)
                }))
            && (scope.since.is_none() || traced.is_newer)
    }

    /// Judges every place; of those that do not pass, or else of all, each object once.
    fn case(&self, secret: Fingerprint, mut places: Vec<Place>) -> Option<SecretOccurrences> {
        let mut occurrence = self.read.finds.secrets.get(&secret)?.clone();
        places.sort_by_key(|place| (place.object, place.line, place.column));
        places.dedup_by_key(|place| (place.object, place.line, place.column));
        let judged: Vec<Option<AllowedBy>> = places
            .iter()
            .map(|place| self.exception(&occurrence, place))
            .collect();
        let allowed = judged
            .iter()
            .all(Option::is_some)
            .then(|| judged.iter().flatten().next().cloned())
            .flatten();
        let mut open: Vec<Place> = match allowed {
            Some(_) => places,
            None => places
                .into_iter()
                .zip(&judged)
                .filter(|(_, by)| by.is_none())
                .map(|(place, _)| place)
                .collect(),
        };
        occurrence.confidence = open.iter().map(|place| place.confidence).max()?;
        open.dedup_by(|next, kept| {
            let same = next.object == kept.object;
            kept.encoded |= same && next.encoded;
            same
        });
        Some(SecretOccurrences {
            occurrence,
            places: open,
            allowed,
        })
    }

    /// What lets a secret pass at a place: a marker beside it, or an entry for every path that it
    /// has there.
    fn exception(&self, occurrence: &Occurrence, place: &Place) -> Option<AllowedBy> {
        if place.marker.is_some() {
            return place.marker.clone();
        }
        let occurrence = Occurrence {
            confidence: place.confidence,
            ..occurrence.clone()
        };
        let judge = |path: &BStr| match self.shared.policy.judge(&occurrence, path, NOTHING) {
            Judgement::Allow(by) => Some(by),
            Judgement::Report { .. } | Judgement::Ignore => None,
        };
        let (mut paths, more) = self.paths_of(place.object);
        paths.extend(
            self.staged
                .get(&place.object)
                .into_iter()
                .flatten()
                .cloned(),
        );
        if paths.is_empty() || more {
            return judge(b"".into());
        }
        let mut by = None;
        for path in paths {
            // Entries speak of paths as they are shown.
            let path = self
                .shared
                .submodule
                .map_or(path.clone(), |name| joined_below(name.as_bstr(), &path));
            by = Some(judge(path.as_bstr())?);
        }
        by
    }

    fn paths_of(&self, object: ObjectIndex) -> (Vec<BString>, bool) {
        let place = self.trace.reverse_index.place_of(object);
        place.map_or_else(Default::default, |place| {
            self.paths.of(place, &self.read.names)
        })
    }

    /// What to say of a case, whose first place looks as `seen` where it could be looked at again.
    fn verdict(
        &self,
        repo: &Repository,
        case: SecretOccurrences,
        traced: &Traced,
        seen: Option<Occurrence>,
    ) -> (Finding, Option<AllowedBy>) {
        let first = case.first(traced);
        let place = Location {
            line: first.line as usize,
            column: first.column as usize,
        };
        let SecretOccurrences {
            mut occurrence,
            places,
            allowed,
        } = case;
        (occurrence.place.start, occurrence.place.end) = (place, place);
        if let Some(seen) = seen {
            occurrence = Occurrence {
                confidence: occurrence.confidence,
                ..seen
            };
        }
        let origin = self.origin(repo, &places, traced);
        let mut finding = Finding::new(occurrence, origin);
        finding.history = Some(Box::new(self.history(repo, &places, traced)));
        (finding, allowed)
    }

    /// The name that a number stands for.
    fn name_of(&self, object: ObjectIndex) -> Option<&BStr> {
        name_of(self.shared, self.read, object)
    }

    /// Where the secret came in, or, where no commit holds it, where it stands.
    fn origin(&self, repo: &Repository, places: &[Place], traced: &Traced) -> Origin {
        if let Some(sight) = &traced.first {
            let commit = self.commit(repo, sight);
            let path = joined(&sight.path, &self.read.names);
            return match self.name_of(sight.object) {
                Some(_) => Origin::Name {
                    path,
                    commit: Some(commit),
                },
                None if sight.path.is_empty() => Origin::CommitText { commit },
                None => Origin::Commit {
                    commit,
                    path,
                    id: self.shared.store.id_of(sight.object).to_string(),
                },
            };
        }
        let object = places[0].object;
        let (mut paths, _) = self.paths_of(object);
        if self.name_of(object).is_some() {
            return Origin::Name {
                path: paths.pop().unwrap_or_default(),
                commit: None,
            };
        }
        let id = self.shared.store.id_of(object);
        let start = traced
            .starts
            .first()
            .map(|&at| &self.starts.what[at as usize].0);
        if self
            .read
            .tags
            .binary_search_by_key(&object, |&(tag, _)| tag)
            .is_ok()
        {
            let name =
                start.map_or_else(|| BString::from(id.to_string()), |start| start.name.clone());
            return Origin::TagText {
                name,
                id: id.to_string(),
            };
        }
        let staged = self
            .shared
            .roots
            .indexes
            .iter()
            .flat_map(|index| &index.entries)
            .find(|(_, entry)| *entry == id);
        if let Some((path, _)) = staged {
            return Origin::Staged {
                path: path.clone(),
                id: id.to_string(),
            };
        }
        match start {
            Some(start) => Origin::Repository {
                place: start.name.clone(),
            },
            None => Origin::Repository {
                place: format!("dangling blob {id}").into(),
            },
        }
    }

    fn commit(&self, repo: &Repository, sight: &Sight) -> Arc<CommitInfo> {
        let record = &self.trace.commits.list[sight.commit as usize];
        let id = self.shared.store.id_of(record.number);
        let bytes = repo
            .find_object(id)
            .map(|object| object.detach().data)
            .unwrap_or_default();
        Arc::new(commit_info(id, record.time, &bytes, self.shared.hash))
    }

    fn history(&self, repo: &Repository, places: &[Place], traced: &Traced) -> History {
        let line_in = |object: ObjectIndex| {
            places
                .iter()
                .find(|place| place.object == object)
                .map_or(1, |place| place.line)
        };
        let spot = |sight: &Sight| CommitPlace {
            commit: self.commit(repo, sight),
            path: joined(&sight.path, &self.read.names),
            line: line_in(sight.object) as usize,
        };
        let standing = |place: &Place| ObjectPlace {
            kind: self.container(place.object),
            object: self
                .name_of(place.object)
                .is_none()
                .then(|| self.shared.store.id_of(place.object).to_string()),
            paths: self.paths_of(place.object).0,
            line: place.line as usize,
            column: place.column as usize,
            encoded: place.encoded,
            binary: place.binary,
        };
        let mut reached: Vec<RootRef> = traced
            .starts
            .iter()
            .map(|&at| self.starts.what[at as usize].0.clone())
            .collect();
        reached.sort();
        reached.dedup();
        History {
            exposure: self.exposure(traced),
            in_head: traced.in_head,
            last: traced.last.as_ref().filter(|_| !traced.in_head).map(spot),
            reached_from: reached,
            places: places.iter().map(standing).collect(),
            elsewhere: Vec::new(),
        }
    }

    fn container(&self, object: ObjectIndex) -> Container {
        if self.shared.name_of(object).is_some() {
            Container::Name
        } else if self.trace.commits.place_of(object).is_some() {
            Container::Commit
        } else if self
            .read
            .tags
            .binary_search_by_key(&object, |&(tag, _)| tag)
            .is_ok()
        {
            Container::Tag
        } else {
            Container::Blob
        }
    }

    fn exposure(&self, traced: &Traced) -> Exposure {
        let class = traced
            .starts
            .iter()
            .map(|&at| self.starts.list[at as usize].class)
            .min()
            .unwrap_or(UNREACHED);
        let is_remote = |&at: &u32| {
            let (reached, full) = &self.starts.what[at as usize];
            // What a remote once had, it was given, whatever it has now.
            const REMOTE: [&str; 6] = [
                "refs/remotes/",
                "before refs/remotes/",
                "refs/prefetch/",
                "refs/pull/",
                "refs/merge-requests/",
                "FETCH_HEAD",
            ];
            reached.kind == RootKind::Remote
                || REMOTE
                    .iter()
                    .any(|prefix| full.starts_with(prefix.as_bytes()))
        };
        match class {
            _ if traced.starts.iter().any(is_remote) => Exposure::Published,
            0 if self.is_bare => Exposure::Published,
            0 => Exposure::Local,
            1 => Exposure::Stash,
            2 => Exposure::Index,
            3 => Exposure::Reflog,
            _ => Exposure::Unreachable,
        }
    }
}

/// Every starting point that leads to an object which is there.
fn starts(shared: &Shared<'_>, roots: &Roots) -> Starts {
    let mut starts = Starts {
        list: Vec::new(),
        what: Vec::new(),
    };
    for root in &roots.roots {
        if let Some(target) = shared.store.number_of(&root.target) {
            starts.list.push(Start {
                targets: vec![target],
                class: class_of(root.kind),
            });
            starts.what.push((
                RootRef {
                    kind: root.kind,
                    name: root.shown(),
                },
                root.name.clone(),
            ));
        }
    }
    for index in &roots.indexes {
        let targets = index
            .entries
            .iter()
            .filter_map(|(_, id)| shared.store.number_of(id))
            .collect();
        starts.list.push(Start {
            targets,
            class: class_of(RootKind::Index),
        });
        starts.what.push((
            RootRef {
                kind: RootKind::Index,
                name: index.name.clone(),
            },
            index.name.clone(),
        ));
    }
    starts
}

/// How firmly a starting point of this kind holds what it leads to; see [`Start::class`].
const fn class_of(kind: RootKind) -> u8 {
    match kind {
        RootKind::Stash => 1,
        RootKind::Index => 2,
        RootKind::Operation | RootKind::Reflog => 3,
        RootKind::Head
        | RootKind::Branch
        | RootKind::Tag
        | RootKind::Remote
        | RootKind::Note
        | RootKind::Other
        | RootKind::WorktreeHead => 0,
    }
}

/// Which commits count as newer.
fn newer(commits: &Commits, shared: &Shared<'_>) -> Option<Vec<bool>> {
    match shared.scope.since? {
        Since::Time(time) => Some(
            commits
                .list
                .iter()
                .map(|commit| commit.time.is_none_or(|at| at >= time))
                .collect(),
        ),
        Since::Commit(id) => {
            let mut newer = vec![true; commits.list.len()];
            if let Some(place) = shared
                .store
                .number_of(&id)
                .and_then(|number| commits.place_of(number))
            {
                newer[place as usize] = false;
            }
            for place in (0..newer.len()).rev() {
                if !newer[place] {
                    commits.parents[place]
                        .iter()
                        .for_each(|&parent| newer[parent as usize] = false);
                }
            }
            Some(newer)
        }
    }
}
