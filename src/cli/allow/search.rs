//! Finds what `keysieve allow` allows by fingerprint, in all that the repository holds, and the
//! findings that stopped the last commit.

use std::path::Path;
use std::sync::atomic::AtomicBool;

use keysieve::audit::{self, Audit, Scope};
use keysieve::engine::{self, Keep, Progress};
use keysieve::finding::{Finding, Outcome};
use keysieve::git;
use keysieve::policy::PolicyFiles;
use keysieve::secret::{Salt, WrittenFingerprint};
use keysieve::source::Source;

use super::value::Value;
use crate::cli::error::CliError;
use crate::cli::scan::{PathArgs, staged_source};
use crate::cli::settings::{Reporting, Settings, SettingsArgs};

/// Where findings are searched for.
pub(super) struct Search<'a> {
    pub(super) root: &'a Path,
    pub(super) args: &'a SettingsArgs,
}

impl Search<'_> {
    /// The finding that a report shows with this fingerprint. The cheapest places come first: what
    /// is staged, the files, and then all that the repository holds.
    pub(super) fn with_fingerprint(
        &self,
        written: WrittenFingerprint,
        salt: Option<Salt>,
    ) -> Result<Option<Value>, CliError> {
        let is_it = |finding: &Finding| {
            let own = finding.fingerprint;
            finding.public_fingerprint.digits == written
                || written == own.into()
                || salt.is_some_and(|salt| written == own.salted(salt).into())
        };
        for outcome in [Self::staged, Self::files, Self::repository] {
            let Some(outcome) = outcome(self)? else {
                continue;
            };
            let allowed = outcome.allowed.iter().map(|allowed| &allowed.finding);
            let mut findings = outcome.findings.iter().chain(allowed);
            if let Some(found) = findings.find(|found| is_it(found)) {
                return Ok(Some(Value::of_finding(found, &self.settings()?.scanner)));
            }
        }
        Ok(None)
    }

    /// The findings that stop the next commit.
    pub(super) fn blocking(&self) -> Result<Vec<Value>, CliError> {
        let Some(outcome) = self.staged()? else {
            return Err(CliError::new("--last needs a repository"));
        };
        let scanner = self.settings()?.scanner;
        let blocking = outcome.findings.iter().filter(|found| found.blocking);
        Ok(blocking
            .map(|found| Value::of_finding(found, &scanner))
            .collect())
    }

    pub(super) fn settings(&self) -> Result<Settings, CliError> {
        let files = PolicyFiles::Disk(self.root.to_path_buf());
        self.args.resolve_from(&files, Reporting::Everything)
    }

    /// What the next commit would add; `None` outside of a repository.
    fn staged(&self) -> Result<Option<Outcome>, CliError> {
        let Ok(repo) = git::discover(self.root) else {
            return Ok(None);
        };
        if repo.work_dir().is_none() {
            return Ok(None);
        }
        let settings = self.settings()?;
        let source = staged_source(repo, &settings);
        run(&source, &settings).map(Some)
    }

    fn files(&self) -> Result<Option<Outcome>, CliError> {
        let paths = PathArgs::new(vec![self.root.to_path_buf()], true);
        let (source, mut settings) = paths.resolve(self.args, Reporting::Everything)?;
        settings.policy = settings.policy.with_encrypted_work_tree();
        run(&source, &settings).map(Some)
    }

    fn repository(&self) -> Result<Option<Outcome>, CliError> {
        let Ok(repo) = git::discover(self.root) else {
            return Ok(None);
        };
        let settings = self.settings()?;
        let audit = Audit {
            repo: &repo,
            scope: Scope::default(),
            jobs: settings.jobs,
            cache: None,
            stop: &AtomicBool::new(false),
        };
        let (scanner, policy) = (&settings.scanner, &settings.policy);
        let audited = audit::run(&audit, scanner, policy, &Progress::default())?;
        Ok(Some(audited.outcome))
    }
}

fn run(source: &dyn Source, settings: &Settings) -> Result<Outcome, CliError> {
    let (scanner, policy) = (&settings.scanner, &settings.policy);
    Ok(engine::run(
        source,
        scanner,
        policy,
        &Progress::default(),
        Keep::All,
    )?)
}
