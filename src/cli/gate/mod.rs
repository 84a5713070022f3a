//! `keysieve gate`: scans the commits that a pull request, a push or a tag brings, with the policy
//! of the commit that they start from.

mod fetch;
mod range;

use std::io::Write as _;
use std::path::PathBuf;

use clap::{Args, ValueEnum};
use keysieve::finding::{Outcome, Status};
use keysieve::git;
use keysieve::policy::{self, PolicyFiles};
use keysieve::source::Range;
use keysieve::text::printable_path;

use super::error::CliError;
use super::output::Reports;
use super::redact::message;
use super::scan::{self, Common};
use super::settings::{Settings, replaces};
use fetch::Fetch;
use range::{RangeRequest, ResolvedRange};

/// Arguments of `keysieve gate`.
#[derive(Args, Debug)]
pub(crate) struct GateArgs {
    /// `BASE..HEAD`, `BASE...HEAD`, or single commits
    ///
    /// The default is the range that the CI environment describes.
    ///
    /// Scans every commit that HEAD has and BASE does not have: its changes against all of its
    /// parents, its message and its file names. The policy is that of BASE. Single commits have no
    /// base, so only built-in rules apply, unless `--policy` or `--config` says otherwise.
    #[arg(value_name = "RANGE")]
    range: Vec<String>,
    /// The repository, or a directory in it
    #[arg(long, value_name = "DIR", default_value = ".")]
    repo: PathBuf,
    /// Fetch commits of the range that are missing here
    ///
    /// Runs `git fetch`. Nothing else in keysieve uses the network.
    #[arg(long)]
    fetch: bool,
    /// Commit whose `.keysieve.toml`, rules and baseline apply
    #[arg(long, value_name = "COMMIT", value_enum, default_value_t)]
    policy: PolicyCommit,
    /// Ignore inline markers such as `keysieve:allow`
    ///
    /// A marker next to a new secret came with it.
    #[arg(long)]
    strict: bool,
    #[command(flatten)]
    common: Common,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
enum PolicyCommit {
    /// The commit that the range starts from, which the range cannot change
    #[default]
    Base,
    /// The last commit of the range
    Head,
}

impl GateArgs {
    pub(crate) fn run(self) -> Result<Status, CliError> {
        let reports = self.common.output.reports()?.with_allowed();
        let request = RangeRequest::new(&self.range)?;
        let mut range = request.resolve(&self.repo, self.fetch)?;
        if !range.what.is_empty() && !self.common.output.is_quiet() {
            say(&format!("{}; {}", range.what, self.policy_of(&range)));
        }
        let mut scanned = self.scan(&range, &reports);
        let is_complete = scanned
            .as_ref()
            .is_ok_and(|(outcome, _)| outcome.status() < Status::Incomplete);
        if self.fetch && !is_complete && range.repo.is_partial() {
            Fetch::new(&self.repo, &range.repo.local())?.all_objects()?;
            range.repo = git::discover(&self.repo)?;
            scanned = self.scan(&range, &reports);
        }
        let (outcome, settings) = scanned?;
        let about = scan::about(&range.repo, &range.what);
        reports.write(&outcome, settings.versions(), about)?;
        Ok(outcome.status())
    }

    /// Which policy applies, for people.
    fn policy_of(&self, range: &ResolvedRange) -> String {
        let of_commit = self.commit_of_policy(range);
        match self.common.settings.named_config() {
            Some(file) if replaces(file) => format!("policy of {}", printable_path(file)),
            Some(file) => format!("{of_commit}, and {}", printable_path(file)),
            None => of_commit,
        }
    }

    fn commit_of_policy(&self, range: &ResolvedRange) -> String {
        match (self.policy, range.base) {
            (PolicyCommit::Head, _) => "policy of the last commit".to_owned(),
            (PolicyCommit::Base, Some(id)) => format!("policy of {}", id.to_hex_with_len(12)),
            (PolicyCommit::Base, None) => {
                "no policy is read from commits, as there is no base".to_owned()
            }
        }
    }

    /// Scans a range; returns the outcome and the settings that applied.
    fn scan(
        &self,
        range: &ResolvedRange,
        reports: &Reports<'_>,
    ) -> Result<(Outcome, Settings), CliError> {
        let base = PolicyFiles::of_commit(&range.repo, range.base);
        let head = PolicyFiles::of_commit(&range.repo, range.history.tips.first().copied());
        let files = match self.policy {
            PolicyCommit::Base => &base,
            PolicyCommit::Head => &head,
        };
        let mut settings = self.common.settings.resolve_for_others(files)?;
        if self.strict {
            settings.policy = settings.policy.without_markers();
        }
        let source = Range {
            repo: range.repo.clone(),
            names: range.name.iter().cloned().collect(),
            history: range.history.clone(),
            max_size: settings.max_size,
            jobs: settings.jobs,
        };
        let outcome = Outcome {
            policy_changes: policy::changes(&base, &head),
            ..scan::scan(reports, &source, &settings)?
        };
        Ok((outcome, settings))
    }
}

/// Prints a line for the reader of the log. If standard error is closed, the report still shows
/// the findings.
fn say(text: &str) {
    let _ = writeln!(std::io::stderr(), "keysieve gate: {}", message(text));
}
