//! Joins the results of many repositories into one outcome, for `keysieve merge`: a secret that
//! several repositories hold is one finding.
//!
//! Results are read line by line. What stays in memory is the findings, each secret once, and what
//! was allowed or skipped.

mod convert;
mod line;

use std::collections::{BTreeSet, HashMap, HashSet};
use std::io::{self, BufRead};
use std::sync::Arc;

use bstr::{BString, ByteSlice as _};
use jiff::civil::Date;

use crate::blob::{Skip, SkipReason};
use crate::finding::{Allowed, AllowedBy, Finding, Outcome, Status};
use crate::policy::{Baseline, EntryMetadata, Judgement, Nearby, Policy, SeenSecret};
use crate::rule::NOT_ENCRYPTED;
use crate::secret::{Fingerprint, FingerprintOf, WrittenFingerprint};
use convert::{Rules, path_in};
use line::{FindingJson, ManifestLine, ReportJson, ResultLine, from_json};

/// What judges the findings of a fleet, after the policies of the audits.
pub struct FleetPolicy<'p> {
    /// Allow entries, whose paths begin with the name of a repository.
    pub policy: &'p Policy,
    /// A baseline; each of its entries is for one secret in one repository.
    pub baseline: Option<&'p Baseline>,
    /// Today's date.
    pub today: Date,
}

/// The results that were joined so far.
pub struct Fleet<'p> {
    judge: FleetPolicy<'p>,
    outcome: Outcome,
    /// The index of each secret among the findings.
    known: HashMap<SecretKey, usize>,
    rules: Rules,
    repositories: HashSet<String>,
    versions: Versions,
    seen: Vec<SeenSecret>,
    /// Files with findings that entries of the fleet allow there, and not everywhere.
    allowed_files: Vec<BString>,
}

/// The results of a fleet.
pub struct Merged {
    /// All findings, skips and totals.
    pub outcome: Outcome,
    /// Identifies the set of rules; `mixed` if the audits had different ones.
    pub rules_version: String,
    /// The same for their policies.
    pub policy_version: String,
    /// What a baseline of the fleet records.
    pub seen: Vec<SeenSecret>,
}

/// The versions of all rules and of all policies.
#[derive(Default)]
struct Versions {
    rules: BTreeSet<String>,
    policies: BTreeSet<String>,
}

/// What makes two findings one: the rule and the fingerprint of the value. A fingerprint that is
/// not of a value means nothing in another repository.
#[derive(PartialEq, Eq, Hash)]
struct SecretKey {
    rule: Arc<str>,
    digits: WrittenFingerprint,
    only_in: Option<String>,
}

impl SecretKey {
    fn new(repo: &str, finding: &Finding) -> Self {
        let print = finding.public_fingerprint;
        let is_of_value = print.of != FingerprintOf::Place && *finding.rule.id != *NOT_ENCRYPTED;
        Self {
            rule: finding.rule.id.clone(),
            digits: print.digits,
            only_in: (!is_of_value).then(|| repo.to_owned()),
        }
    }

    /// What a baseline records of the secret in `repo`; `None` if its value has no fingerprint.
    fn in_baseline(&self, repo: &str) -> Option<Fingerprint> {
        let name = format!("{}\0{repo}", self.rule);
        let digits = self.digits.to_string();
        let is_of_value = self.only_in.is_none();
        is_of_value.then(|| Fingerprint::new(&name, digits.as_bytes()))
    }
}

impl FleetPolicy<'_> {
    /// What the entries say of a finding, which they allow if they do so in each of its files.
    fn judge(&self, repo: &str, json: &FindingJson, rules: &mut Rules) -> (Finding, Judgement) {
        let mut found = convert::occurrence(json, rules);
        let mut judgement = None;
        for (path, inside) in convert::files(repo, json).into_iter().rev() {
            found.place.inside = inside;
            let here = self
                .policy
                .judge(&found, path.as_bstr(), &Nearby::default());
            if !matches!(judgement, Some(Judgement::Report { .. })) {
                judgement = Some(here);
            }
        }
        let judgement = judgement.unwrap_or(Judgement::Report { blocks: true });
        (convert::finding(repo, json, found), judgement)
    }

    /// Whether entries allow a finding also in a file of no repository.
    fn allows_everywhere(&self, json: &FindingJson, rules: &mut Rules) -> bool {
        let found = convert::occurrence(json, rules);
        let judgement = self
            .policy
            .judge(&found, b"\0".as_bstr(), &Nearby::default());
        matches!(judgement, Judgement::Allow(_))
    }

    fn baseline_entry(&self, print: Fingerprint) -> Option<AllowedBy> {
        let entry = self.baseline?.entry_for(print)?;
        let EntryMetadata { reason, owner, .. } = entry.metadata.clone();
        (!entry.is_expired(self.today)).then_some(AllowedBy::Baseline { reason, owner })
    }
}

impl<'p> Fleet<'p> {
    /// A fleet without results.
    #[must_use]
    pub fn new(judge: FleetPolicy<'p>) -> Self {
        Self {
            judge,
            outcome: Outcome::default(),
            known: HashMap::new(),
            rules: Rules::default(),
            repositories: HashSet::new(),
            versions: Versions::default(),
            seen: Vec::new(),
            allowed_files: Vec::new(),
        }
    }

    /// Adds the results of a file. A line that is not a result makes the outcome incomplete.
    ///
    /// # Errors
    /// If the file cannot be read.
    pub fn add_results(&mut self, file: &str, input: &mut dyn BufRead) -> io::Result<()> {
        each_line(input, |number, line| match ResultLine::parse(line) {
            Ok(result) => self.add(result, &format!("{file}:{number}")),
            Err(problem) => {
                let problem = format!("not a result: {problem}");
                self.incomplete(&format!("{file}:{number}"), problem);
            }
        })
    }

    /// Makes the outcome incomplete for each repository of a manifest that has no result, and for
    /// an empty manifest.
    ///
    /// # Errors
    /// If the manifest cannot be read.
    pub fn expect(&mut self, file: &str, input: &mut dyn BufRead) -> io::Result<()> {
        let mut is_empty = true;
        each_line(input, |number, line| {
            is_empty = false;
            match from_json(line) {
                Ok(ManifestLine { repo }) if self.repositories.contains(&repo) => {}
                Ok(ManifestLine { repo }) => self.incomplete(&repo, "it has no result".to_owned()),
                Err(problem) => {
                    let problem = format!("not a line of a manifest: {problem}");
                    self.incomplete(&format!("{file}:{number}"), problem);
                }
            }
        })?;
        if is_empty {
            self.incomplete(file, "it names no repositories".to_owned());
        }
        Ok(())
    }

    /// The joined results.
    #[must_use]
    pub fn finish(mut self) -> Merged {
        self.refuse_ambiguous_files();
        let findings = self.outcome.findings.iter_mut();
        for history in findings.filter_map(|finding| finding.history.as_mut()) {
            history.repositories.sort();
            history.repositories.dedup();
        }
        self.outcome.unused = self.judge.policy.unused(&self.outcome);
        self.outcome.totals.repositories = self.repositories.len() as u64;
        self.outcome.sort();
        Merged {
            outcome: self.outcome,
            rules_version: only(self.versions.rules),
            policy_version: only(self.versions.policies),
            seen: self.seen,
        }
    }

    fn add(&mut self, result: ResultLine, place: &str) {
        let ResultLine { repo, report, .. } = result;
        if !self.repositories.insert(repo.clone()) {
            self.incomplete(&repo, format!("it has another result at {place}"));
        }
        let mut skips = report.iter().flat_map(|report| &report.skipped);
        let is_explained = skips.any(|skip| skip.failure);
        let error = result.error.or_else(|| {
            let is_unexplained = result.status == Status::Incomplete && !is_explained;
            is_unexplained.then(|| "the audit is incomplete".to_owned())
        });
        if let Some(error) = error {
            self.incomplete(&repo, error);
        }
        if let Some(report) = report {
            self.add_report(&repo, report);
        }
    }

    fn add_report(&mut self, repo: &str, report: ReportJson) {
        let totals = &mut self.outcome.totals;
        totals.blobs += report.scanned.blobs;
        totals.objects += report.scanned.objects;
        totals.bytes += report.scanned.bytes;
        self.versions.rules.insert(report.tool.rules);
        self.versions.policies.insert(report.tool.policy);
        let skips = report.skipped.into_iter().map(|skip| Skip {
            path: path_in(repo, &skip.path.bytes()),
            reason: SkipReason::Recorded {
                is_failure: skip.failure,
                reason: skip.reason,
            },
        });
        self.outcome.skipped.extend(skips);
        for mut found in report.findings.into_iter().chain(report.allowed) {
            let by = found.by.take().map(AllowedBy::from);
            self.add_finding(repo, &found, by);
        }
    }

    /// Adds a finding, which its audit reported or allowed.
    fn add_finding(&mut self, repo: &str, json: &FindingJson, by: Option<AllowedBy>) {
        let (finding, judgement) = self.judge.judge(repo, json, &mut self.rules);
        let by = match judgement {
            Judgement::Ignore => return,
            Judgement::Allow(entry) => by.or_else(|| {
                if !self.judge.allows_everywhere(json, &mut self.rules) {
                    let files = convert::files(repo, json).into_iter();
                    self.allowed_files.extend(files.map(|(path, _)| path));
                }
                Some(entry)
            }),
            Judgement::Report { .. } => by,
        };
        let key = SecretKey::new(repo, &finding);
        let print = key
            .in_baseline(repo)
            .filter(|_| self.judge.baseline.is_some());
        if let Some(fingerprint) = print {
            self.seen.push(SeenSecret {
                fingerprint,
                rule: finding.rule.id.to_string(),
                path: finding.path().to_string(),
                wanted: by.is_none(),
            });
        }
        match by.or_else(|| self.judge.baseline_entry(print?)) {
            Some(by) => self.outcome.allowed.push(Allowed { finding, by }),
            None => self.join(key, finding),
        }
    }

    /// Adds a finding, or its place to the same secret in another repository.
    fn join(&mut self, key: SecretKey, mut finding: Finding) {
        let new = self.outcome.findings.len();
        let index = *self.known.entry(key).or_insert(new);
        let Some(first) = self.outcome.findings.get_mut(index) else {
            return self.outcome.findings.push(finding);
        };
        // The report is the same for any order of the results.
        if finding.order(first).is_lt() {
            std::mem::swap(first, &mut finding);
        }
        first.confidence = first.confidence.max(finding.confidence);
        first.blocking |= finding.blocking;
        if let (Some(all), Some(one)) = (&mut first.history, finding.history) {
            all.exposure = all.exposure.min(one.exposure);
            all.in_head |= one.in_head;
            all.repositories.extend(one.repositories);
        }
    }

    /// An entry for `/team/lab/` is for the repository `team/lab`, or for the folder `lab` of
    /// `team`, whose authors could hide secrets there. If both exist, the outcome is incomplete.
    fn refuse_ambiguous_files(&mut self) {
        let mut ambiguous = BTreeSet::new();
        for path in std::mem::take(&mut self.allowed_files) {
            let ends = path.find_iter("/").map(|end| path[..end].to_str());
            let names = ends.filter_map(Result::ok);
            let mut names = names.filter(|name| self.repositories.contains(*name));
            if let (Some(outer), Some(inner)) = (names.next(), names.next()) {
                ambiguous.insert((outer.to_owned(), inner.to_owned()));
            }
        }
        for (outer, inner) in ambiguous {
            let reason = format!(
                "its folder has the name of the repository '{inner}': allow entries cannot tell \
                 them apart; rename one in the manifest"
            );
            self.incomplete(&outer, reason);
        }
    }

    fn incomplete(&mut self, path: &str, reason: String) {
        self.outcome.skipped.push(Skip {
            path: path.into(),
            reason: SkipReason::Recorded {
                reason,
                is_failure: true,
            },
        });
    }
}

/// Calls `take` with each line that is not blank and its number, from 1.
fn each_line(input: &mut dyn BufRead, mut take: impl FnMut(usize, &[u8])) -> io::Result<()> {
    let (mut line, mut number) = (Vec::new(), 0);
    while input.read_until(b'\n', &mut line)? > 0 {
        number += 1;
        let text = line.trim();
        if !text.is_empty() {
            take(number, text);
        }
        line.clear();
    }
    Ok(())
}

/// The only version, or `mixed`.
fn only(mut versions: BTreeSet<String>) -> String {
    let first = versions.pop_first().unwrap_or_default();
    if versions.is_empty() {
        first
    } else {
        "mixed".to_owned()
    }
}
