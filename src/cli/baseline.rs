//! `keysieve baseline`: writes down the secrets that are known, keeps the list up to date, and says
//! what can go from it.

use std::collections::HashSet;
use std::fmt::Write as _;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use bstr::{BStr, BString, ByteVec as _};
use clap::{Args, Subcommand};
use jiff::civil::Date;
use keysieve::engine::{self, Progress};
use keysieve::finding::{Finding, Outcome, Status};
use keysieve::policy::{Baseline, BaselineEntry, EntryMetadata, SeenSecret};
use keysieve::report;
use keysieve::rule::Confidence;
use keysieve::secret::Salt;
use keysieve::text::{printable, printable_path};

use super::error::CliError;
use super::file::replace;
use super::scan::Paths;
use super::settings::{self, SettingsArgs};

/// Known secrets are written down by salted fingerprints, never by their values, in
/// `.keysieve-baseline.json` at the root of the repository. A scan lets pass what stands there,
/// wherever it stands in the repository; another secret in its place is reported.
#[derive(Args, Debug)]
pub(crate) struct BaselineArgs {
    #[command(subcommand)]
    action: Action,
}

#[derive(Subcommand, Debug)]
enum Action {
    /// Write a new baseline with all that a scan reports
    Write(WriteArgs),
    /// Add what is new and take out what is gone; what people wrote into the entries that stay is
    /// kept
    Update(UpdateArgs),
    /// List the entries whose secrets are gone and those that have expired
    ///
    /// The exit status is 0 where there are none, 1 where there are, and 2 where the scan was not
    /// completed.
    Check(Scope),
}

#[derive(Args, Debug)]
struct WriteArgs {
    #[command(flatten)]
    scope: Scope,
    #[command(flatten)]
    terms: TermsArgs,
    /// Write over a baseline that is there, with all that people wrote into it
    #[arg(long)]
    force: bool,
}

#[derive(Args, Debug)]
struct UpdateArgs {
    #[command(flatten)]
    scope: Scope,
    #[command(flatten)]
    terms: TermsArgs,
}

/// What new entries say.
#[derive(Args, Debug)]
#[command(next_help_heading = "What new entries say")]
struct TermsArgs {
    /// Why they may pass
    #[arg(long)]
    reason: Option<String>,
    /// Who answers for them
    #[arg(long)]
    owner: Option<String>,
    /// The last day on which they may pass, such as 2027-01-31
    #[arg(long, value_name = "DATE")]
    until: Option<Date>,
}

/// What is scanned, and how.
#[derive(Args, Debug)]
struct Scope {
    /// Files and directories [default: the whole repository]
    ///
    /// Where some are named, entries whose path lies elsewhere are left alone.
    #[arg(value_name = "PATH")]
    paths: Vec<PathBuf>,
    /// Also scan what git's ignore rules leave out, such as a `.env`
    #[arg(long)]
    no_ignore: bool,
    #[command(flatten)]
    settings: SettingsArgs,
}

impl BaselineArgs {
    pub(crate) fn run(self) -> Result<Status, CliError> {
        match self.action {
            Action::Write(args) => write(args),
            Action::Update(args) => update(args),
            Action::Check(scope) => check(scope),
        }
    }
}

fn write(args: WriteArgs) -> Result<Status, CliError> {
    let file = args.scope.file()?;
    if !args.force && file.symlink_metadata().is_ok() {
        return Err(CliError::new(format!(
            "{}: there is a baseline already",
            printable_path(&file)
        ))
        .hint("'keysieve baseline update' keeps what is in it; --force makes a new one"));
    }
    let terms = args.terms.checked()?;
    let scan = args.scope.scan()?;
    let salt = Salt::random()
        .map_err(|error| CliError::new(format!("no random number to be had: {error}")))?;
    let baseline = Baseline::new(&file, salt)
        .updated(&scan.seen, &terms, |_| true)
        .baseline;
    put(&file, &baseline)?;
    say(&format!(
        "{}: wrote {}",
        printable_path(&file),
        entries(baseline.entries().len())
    ))?;
    Ok(Status::Clean)
}

fn update(args: UpdateArgs) -> Result<Status, CliError> {
    let file = args.scope.file()?;
    let before = load(&file)?;
    let terms = args.terms.checked()?;
    let scan = args.scope.scan()?;
    let after = before.updated(&scan.seen, &terms, |known| scan.looked_at(known));
    let shown = printable_path(&file);
    put(&file, &after.baseline)?;
    let all = after.baseline.entries();
    let mut said = format!(
        "{shown}: {}: {} added, {} gone\n",
        entries(all.len()),
        after.added,
        after.removed
    );
    let expired = all
        .iter()
        .filter(|known| known.is_expired(settings::today()))
        .count();
    if expired > 0 {
        // Writing to a String cannot fail.
        let _ = writeln!(
            said,
            "{shown}: {} expired, which let nothing pass",
            entries(expired)
        );
    }
    say(said.trim_end())?;
    Ok(Status::Clean)
}

fn check(scope: Scope) -> Result<Status, CliError> {
    let file = scope.file()?;
    let baseline = load(&file)?;
    let scan = scope.scan()?;
    let today = settings::today();
    let there: HashSet<_> = scan
        .seen
        .iter()
        .filter_map(|seen| baseline.entry_for(seen.fingerprint))
        .map(|known| known.fingerprint)
        .collect();
    let (mut said, mut count) = (String::new(), 0);
    for known in baseline.entries() {
        let what = match known.metadata.until.filter(|_| known.is_expired(today)) {
            Some(day) => format!("expired on {day}"),
            None if scan.looked_at(known) && !there.contains(&known.fingerprint) => {
                "gone".to_owned()
            }
            None => continue,
        };
        count += 1;
        // Writing to a String cannot fail.
        let _ = writeln!(
            said,
            "{}:{}: {what}: {}",
            printable_path(&file),
            known.line,
            about(known)
        );
    }
    let _ = write!(
        said,
        "{}: {} of {} gone or expired",
        printable_path(&file),
        count,
        entries(baseline.entries().len())
    );
    say(&said)?;
    Ok(if count == 0 {
        Status::Clean
    } else {
        Status::Findings
    })
}

/// An entry in words.
fn about(known: &BaselineEntry) -> String {
    let rule = known.rule.as_deref().unwrap_or("some rule");
    let mut text = format!("{rule} at {}", known.path.as_deref().unwrap_or("some path"));
    let EntryMetadata { reason, owner, .. } = &known.metadata;
    for (label, said) in [("reason", reason), ("owner", owner)] {
        if let Some(said) = said {
            // Writing to a String cannot fail.
            let _ = write!(text, "; {label}: {said}");
        }
    }
    printable(text.as_bytes())
}

fn entries(count: usize) -> String {
    format!("{count} {}", if count == 1 { "entry" } else { "entries" })
}

fn load(file: &Path) -> Result<Baseline, CliError> {
    let missing = || CliError::new(format!("{}: there is no baseline", printable_path(file)));
    Baseline::load(file)?.ok_or_else(|| missing().hint("'keysieve baseline write' makes one"))
}

fn put(file: &Path, baseline: &Baseline) -> Result<(), CliError> {
    let written = replace(file, &|out| out.write_all(baseline.text().as_bytes()));
    written.map_err(|error| CliError::new(format!("{}: {error}", printable_path(file))))
}

fn say(text: &str) -> Result<(), CliError> {
    Ok(writeln!(io::stdout(), "{text}")?)
}

impl TermsArgs {
    fn checked(self) -> Result<EntryMetadata, CliError> {
        let said = |text: Option<String>, name: &str| match text.map(|text| text.trim().to_owned())
        {
            Some(text) if text.is_empty() => Err(CliError::new(format!("--{name} says nothing"))),
            text => Ok(text),
        };
        if self.until.is_some_and(|until| until < settings::today()) {
            return Err(CliError::new("the entries would have expired already")
                .hint("--until takes the last day they hold"));
        }
        Ok(EntryMetadata {
            reason: said(self.reason, "reason")?,
            owner: said(self.owner, "owner")?,
            until: self.until,
        })
    }
}

/// What a scan for the sake of a baseline saw.
struct Scanned {
    seen: Vec<SeenSecret>,
    /// The paths that were scanned, from the root; empty for all of it.
    below: Vec<BString>,
}

impl Scope {
    /// The paths to scan.
    fn paths(&self) -> Result<Vec<PathBuf>, CliError> {
        if self.paths.iter().any(|path| path == Path::new("-")) {
            return Err(CliError::new("a baseline is of files: '-' is none"));
        }
        match self.paths.as_slice() {
            [] => Ok(vec![settings::root_of(Path::new("."))?]),
            paths => Ok(paths.to_vec()),
        }
    }

    /// The file of the baseline.
    fn file(&self) -> Result<PathBuf, CliError> {
        let root = settings::common_root(&self.settings, &self.paths()?)?;
        Ok(self.settings.baseline_file(&root))
    }

    /// Scans whatever the confidence, as if there were no baseline.
    fn scan(self) -> Result<Scanned, CliError> {
        let paths = self.paths()?;
        let settings = self.settings.without_baseline()?;
        let (source, mut settings) = Paths::new(paths, self.no_ignore).settle(&settings)?;
        let report = settings.policy.report;
        settings.policy.report = Confidence::Low;
        let outcome = engine::run(
            &source,
            &settings.scanner,
            &settings.policy,
            &Progress::default(),
        )?;
        complete(&outcome)?;
        let shown = report::masker(&outcome);
        let seen = |finding: &Finding, wanted| SeenSecret {
            fingerprint: finding.fingerprint,
            rule: finding.rule.id.to_string(),
            path: shown(&settings.policy.path_of(&finding.origin)),
            wanted,
        };
        let reported = outcome
            .findings
            .iter()
            .map(|finding| seen(finding, finding.confidence >= report));
        // What another exception lets pass is no news to the baseline, and not gone either.
        let allowed = outcome
            .allowed
            .iter()
            .map(|allowed| seen(&allowed.finding, false));
        let below = self.paths.iter().map(|path| {
            let path = Vec::from_path_lossy(path);
            settings
                .policy
                .relative_to_root(BStr::new(path.as_ref()))
                .into_owned()
        });
        Ok(Scanned {
            seen: reported.chain(allowed).collect(),
            below: below.collect(),
        })
    }
}

impl Scanned {
    /// Whether the secret of this entry was looked for where it stood. Without a path only a scan
    /// of all says so.
    fn looked_at(&self, known: &BaselineEntry) -> bool {
        let path = known.path.as_deref().unwrap_or_default().as_bytes();
        let holds = |folder: &BString| {
            folder.is_empty()
                || path
                    .strip_prefix(folder.as_slice())
                    .is_some_and(|rest| matches!(rest, [] | [b'/', ..]))
        };
        self.below.is_empty() || self.below.iter().any(holds)
    }
}

/// Of what was not read nobody knows whether it holds a secret.
fn complete(outcome: &Outcome) -> Result<(), CliError> {
    const MAX_SHOWN: usize = 10;
    let shown = report::masker(outcome);
    let failed: Vec<_> = outcome
        .skipped
        .iter()
        .filter(|skip| skip.reason.is_failure())
        .collect();
    if failed.is_empty() {
        return Ok(());
    }
    let mut message = format!(
        "{} could not be read, so nothing is known about what is there",
        failed.len()
    );
    for skip in failed.iter().take(MAX_SHOWN) {
        let (path, reason) = (shown(&skip.path), shown(skip.reason.to_string().as_bytes()));
        // Writing to a String cannot fail.
        let _ = write!(message, "\n  {path}: {reason}");
    }
    Err(CliError::new(message).hint("the baseline was left as it is"))
}
