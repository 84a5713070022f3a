//! Compares the audit with a plain version, which reads every object with git and scans it whole:
//! both must find exactly the same.

mod chains;
mod histories;
mod slow;
mod swift;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::LazyLock;
use std::sync::atomic::AtomicBool;

use bstr::BString;
use keysieve::audit::{self, Audit, Scope};
use keysieve::blob::Origin;
use keysieve::engine::Progress;
use keysieve::finding::Finding;
use keysieve::finding::history::Exposure;
use keysieve::git;
use keysieve::policy::Policy;
use keysieve::rule::{Confidence, RuleSet};
use keysieve::scan::{Match, Scanner};

/// A match in an object.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Seen {
    object: String,
    rule: usize,
    start: usize,
    end: usize,
    value: BString,
    confidence: Confidence,
    encoding: Option<&'static str>,
}

impl Seen {
    fn new(object: &str, found: &Match) -> Self {
        Self {
            object: object.to_owned(),
            rule: found.rule,
            start: found.span.start,
            end: found.span.end,
            value: found.value.reveal().into(),
            confidence: found.confidence,
            encoding: found.encoding,
        }
    }
}

/// What one of the two versions found.
#[derive(Debug, Default)]
struct All {
    /// Ids of all objects.
    objects: BTreeSet<String>,
    /// Matches in the text of blobs, commits and tags.
    seen: BTreeSet<Seen>,
    /// Object and fingerprint of every finding.
    findings: BTreeSet<(String, String)>,
    /// Names in trees that hold a secret, and its fingerprint.
    names: BTreeSet<(BString, String)>,
    /// How many objects are missing.
    missing: usize,
}

static SCANNER: LazyLock<Scanner> =
    LazyLock::new(|| Scanner::new(RuleSet::builtin().unwrap()).unwrap());

static POLICY: LazyLock<Policy> =
    LazyLock::new(|| Policy::new(Confidence::Low, Confidence::Medium, SCANNER.rules()));

/// The git directory that all work trees of the repository at `path` share.
fn common_dir(path: &Path) -> PathBuf {
    let output = Command::new("git")
        .arg("-C")
        .arg(path)
        .args(["rev-parse", "--git-common-dir"])
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", path.display());
    path.join(String::from_utf8(output.stdout).unwrap().trim_end())
}

/// Compares the two versions on the complete repository at `path`; returns the number of matches.
#[track_caller]
fn compare(path: &Path) -> usize {
    let (matches, missing) = compare_incomplete(path);
    assert_eq!(missing, 0);
    matches
}

/// Compares the two versions on the repository at `path`; returns the numbers of matches and of
/// missing objects.
#[track_caller]
fn compare_incomplete(path: &Path) -> (usize, usize) {
    let dir = common_dir(path);
    let slow = slow::all(&dir);
    let swift = swift::all(&dir);
    same("objects", &slow.objects, &swift.objects);
    same("matches", &slow.seen, &swift.seen);
    let cache = tempfile::tempdir().unwrap();
    let mut missing = 0;
    // Without a cache, with an empty one, and with what the second audit cached.
    for cache in [None, Some(cache.path()), Some(cache.path())] {
        let audited = audited(path, cache);
        missing = audited.missing;
        same("findings", &slow.findings, &audited.findings);
        same("names", &slow.names, &audited.names);
    }
    (slow.seen.len() + slow.names.len(), missing)
}

#[track_caller]
fn same<T: Ord + std::fmt::Debug>(what: &str, slow: &BTreeSet<T>, swift: &BTreeSet<T>) {
    let lost: Vec<_> = slow.difference(swift).take(5).collect();
    let extra: Vec<_> = swift.difference(slow).take(5).collect();
    let counts = (slow.len(), swift.len());
    assert!(
        lost.is_empty() && extra.is_empty(),
        "{what} {counts:?}: missing {lost:#?}, extra {extra:#?}"
    );
}

fn is_name(finding: &Finding) -> bool {
    matches!(finding.origin, Origin::Name { .. })
}

/// What the audit finds, in the form of the plain version.
fn audited(path: &Path, cache: Option<&Path>) -> All {
    let repo = git::open(path).unwrap();
    let stop = AtomicBool::new(false);
    let audit = Audit {
        repo: &repo,
        scope: Scope::default(),
        jobs: 4,
        cache,
        stop: &stop,
    };
    let outcome = audit::run(&audit, &SCANNER, &POLICY, &Progress::default())
        .unwrap()
        .outcome;
    let (missing, failures): (Vec<_>, Vec<_>) = outcome
        .skipped
        .iter()
        .filter(|skip| skip.reason.is_failure())
        .partition(|skip| skip.reason.to_string().contains("missing object"));
    assert!(failures.is_empty(), "{failures:?}");
    let mut all = All {
        missing: missing.len(),
        ..All::default()
    };
    let allowed = outcome.allowed.iter().map(|allowed| &allowed.finding);
    for finding in outcome.findings.iter().chain(allowed) {
        // Names that only an index contains are in no tree.
        let history = finding
            .history
            .iter()
            .filter(|history| history.exposure != Exposure::Index || !is_name(finding));
        for place in history.flat_map(|history| &history.places) {
            let fingerprint = finding.fingerprint.to_string();
            match &place.object {
                Some(id) => _ = all.findings.insert((id.clone(), fingerprint)),
                None => {
                    assert!(
                        !place.paths.is_empty(),
                        "a name without a path: {finding:?}"
                    );
                    let name = |path: &BString| {
                        path.rsplit(|&byte| byte == b'/')
                            .next()
                            .unwrap_or_default()
                            .into()
                    };
                    all.names.extend(
                        place
                            .paths
                            .iter()
                            .map(|path| (name(path), fingerprint.clone())),
                    );
                }
            }
        }
    }
    all
}
