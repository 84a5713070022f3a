//! Finds the secrets that another tool knows, so that the baseline can hold their fingerprints.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::{Component, Path};

use bstr::ByteSlice as _;
use keysieve::engine::{self, Frames, Keep, OccurrenceBuilder, Progress};
use keysieve::finding::{Occurrence, Outcome};
use keysieve::fs::read_regular;
use keysieve::git::{self, Repository, range};
use keysieve::policy::import::{Evidence, Known, Marks, talisman_checksum};
use keysieve::policy::{Policy, SeenSecret};
use keysieve::rule::Confidence;
use keysieve::scan::Scanner;
use keysieve::source::{Files, Range, Source};

use crate::cli::error::CliError;
use crate::cli::redact::name;

/// The largest file of a commit that is searched, in bytes.
const MAX_FILE: u64 = 256 << 20;

/// What was found of the known secrets.
#[derive(Default)]
pub(super) struct Resolved {
    pub(super) seen: Vec<SeenSecret>,
    /// What cannot be carried over.
    pub(super) left: Vec<String>,
    /// How many need no entry, because nothing is reported for them.
    pub(super) unneeded: usize,
}

/// Searches the repository, or the directory, at `root` for `known` secrets.
pub(super) fn resolve(
    root: &Path,
    scanner: &Scanner,
    known: &[Known],
) -> Result<Resolved, CliError> {
    Search { root, scanner }.resolve(known)
}

/// Searches a repository, or a directory, for known secrets.
struct Search<'a> {
    root: &'a Path,
    scanner: &'a Scanner,
}

impl Search<'_> {
    fn resolve(&self, known: &[Known]) -> Result<Resolved, CliError> {
        let repo = git::discover_work_tree(self.root)?;
        let mut resolved = Resolved::default();
        let mut of_files: BTreeMap<_, Vec<&Known>> = BTreeMap::new();
        let mut of_commits: BTreeMap<_, Vec<&Known>> = BTreeMap::new();
        let mut anywhere = Vec::new();
        for entry in known {
            match (&entry.path, &entry.commit) {
                (Some(path), commit) => of_files.entry((commit, path)).or_default().push(entry),
                (None, Some(commit)) => of_commits.entry(commit).or_default().push(entry),
                (None, None) => anywhere.push(entry),
            }
        }
        for ((commit, path), entries) in of_files {
            let text = match commit {
                Some(commit) => committed(repo.as_ref(), commit, path),
                None => self.on_disk(path),
            };
            match text {
                Ok(Some(text)) => self.add_file(&text, path, &entries, &mut resolved),
                Ok(None) => resolved.unneeded += entries.len(),
                Err(problem) => {
                    let lines = entries
                        .iter()
                        .map(|entry| format!("{}: {problem}", entry.label));
                    resolved.left.extend(lines);
                }
            }
        }
        for (commit, entries) in of_commits {
            let outcome = self.added_by(repo.as_ref(), commit)?;
            for entry in entries {
                match &outcome {
                    Some(outcome) => add_all(outcome, &[entry], &mut resolved),
                    None => resolved.left.push(format!("{}: {NO_COMMIT}", entry.label)),
                }
            }
        }
        if !anywhere.is_empty() {
            let files = Files {
                reports: Vec::new(),
                paths: vec![self.root.to_path_buf()],
                ignore_rules: true,
                max_size: None,
                jobs: 1,
            };
            let mut outcome = self.run(&files)?;
            outcome.findings.retain(|finding| {
                let value = finding.secret.reveal();
                anywhere.iter().any(|entry| entry.is_value(value))
            });
            resolved.unneeded += unfound(&outcome, &anywhere);
            add_all(&outcome, &[], &mut resolved);
        }
        Ok(resolved)
    }

    /// The text of a file of the work tree; `None` if there is no such file.
    fn on_disk(&self, path: &str) -> Result<Option<Vec<u8>>, String> {
        let is_inside = |part| matches!(part, Component::Normal(_) | Component::CurDir);
        if !Path::new(path).components().all(is_inside) {
            return Err("its path leads out of the repository".to_owned());
        }
        match read_regular(&self.root.join(path)) {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error.to_string()),
            Ok(text) => Ok(Some(text)),
        }
    }

    /// Adds what `entries` cover of a file.
    fn add_file(&self, text: &[u8], path: &str, entries: &[&Known], resolved: &mut Resolved) {
        let builder = OccurrenceBuilder::new(self.scanner);
        let located = builder.scan(text, Frames::Omit);
        let found = builder.occurrences(&located).map(|found| found.occurrence);
        let found: Vec<Occurrence> = found.collect();
        let lines: Vec<_> = text.lines().collect();
        // Many findings can be on one long line, and many entries for one file.
        let mut marks = HashMap::new();
        for found in &found {
            let (number, value) = (found.place.start.line, found.secret.reveal());
            let line = lines.get(number - 1).copied().unwrap_or_default();
            let of_value = || Marks::new(entries, text, line, value);
            marks.entry((number, value)).or_insert_with(of_value);
        }
        let has_checksum = |entry: &&Known| matches!(entry.evidence, Evidence::TalismanFile(_));
        let checksum = entries
            .iter()
            .any(has_checksum)
            .then(|| talisman_checksum(path, text));
        let covers = |entry: &Known, found: &Occurrence| {
            let marks = &marks[&(found.place.start.line, found.secret.reveal())];
            entry.covers(found, marks, checksum.as_deref())
        };
        let mut covered = BTreeSet::new();
        for entry in entries {
            let of_entry = (0..found.len()).filter(|&at| covers(entry, &found[at]));
            let of_entry: Vec<_> = of_entry.collect();
            if of_entry.is_empty() {
                match found.iter().find(|found| entry.touches(found)) {
                    Some(other) if entry.line.is_some() => resolved.left.push(format!(
                        "{}: the finding of '{}' there is not what it allows",
                        entry.label, other.rule.id
                    )),
                    _ => resolved.unneeded += 1,
                }
            }
            covered.extend(of_entry);
        }
        let secrets = covered.into_iter().map(|at| SeenSecret {
            fingerprint: found[at].fingerprint,
            rule: found[at].rule.id.to_string(),
            path: name(self.scanner, path),
            wanted: true,
        });
        resolved.seen.extend(secrets);
    }

    /// What a commit adds; `None` if it is not in the clone.
    fn added_by(&self, repo: Option<&Repository>, id: &str) -> Result<Option<Outcome>, CliError> {
        let commit = repo.and_then(|repo| Some((repo, commit_of(repo, id)?)));
        let Some((repo, commit)) = commit else {
            return Ok(None);
        };
        let local = repo.local();
        let selection = range::named(&local, &[commit.to_string()])?.selection;
        let source = Range {
            repo: repo.clone(),
            names: Vec::new(),
            history: range::list(&local, &selection)?,
            max_size: None,
            jobs: 1,
        };
        self.run(&source).map(Some)
    }

    /// All findings of a source, allowed ones too.
    fn run(&self, source: &dyn Source) -> Result<Outcome, CliError> {
        let policy = Policy::new(Confidence::Low, Confidence::Low, self.scanner.rules());
        let policy = policy.without_markers();
        let progress = Progress::default();
        Ok(engine::run(
            source,
            self.scanner,
            &policy,
            &progress,
            Keep::All,
        )?)
    }
}

const NO_COMMIT: &str = "the commit is not in this clone";

fn commit_of(repo: &Repository, id: &str) -> Option<git::ObjectId> {
    let is_id = id.len() >= 7 && id.bytes().all(|byte| byte.is_ascii_hexdigit());
    is_id.then(|| git::resolve_commit(repo, id)).flatten()
}

/// The text of a file of a commit; `None` if the commit does not have it.
fn committed(repo: Option<&Repository>, id: &str, path: &str) -> Result<Option<Vec<u8>>, String> {
    let commit = repo.and_then(|repo| Some((repo, commit_of(repo, id)?)));
    let (repo, commit) = commit.ok_or(NO_COMMIT)?;
    git::read_file(&repo.local(), commit, path.as_bytes(), MAX_FILE)
        .map_err(|error| error.to_string())
}

/// How many of `entries` have none of the findings.
fn unfound(outcome: &Outcome, entries: &[&Known]) -> usize {
    let is_unfound = |entry: &&&Known| {
        let mut findings = outcome.findings.iter();
        !findings.any(|finding| entry.is_value(finding.secret.reveal()))
    };
    entries.iter().filter(is_unfound).count()
}

/// Adds the findings that all of `entries` name.
fn add_all(outcome: &Outcome, entries: &[&Known], resolved: &mut Resolved) {
    let mask = keysieve::report::masker(outcome);
    let is_named = |rule: &str| entries.iter().all(|entry| entry.names(rule));
    let findings = outcome.findings.iter();
    let named = findings.filter(|finding| is_named(&finding.rule.id));
    resolved.seen.extend(named.map(|finding| SeenSecret {
        fingerprint: finding.fingerprint,
        rule: finding.rule.id.to_string(),
        path: mask(&finding.path()),
        wanted: true,
    }));
}
