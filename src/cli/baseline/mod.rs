//! `keysieve baseline`: records known findings, updates the record, and lists what is gone.

mod scan;

use std::collections::HashSet;
use std::fmt::Write as _;
use std::io::{self, Write as _};
use std::path::Path;

use clap::{Args, Subcommand};
use jiff::civil::Date;
use keysieve::finding::Status;
use keysieve::fs::replace;
use keysieve::policy::{Baseline, BaselineEntry, EntryMetadata};
use keysieve::secret::Salt;
use keysieve::text::printable_path;

use super::error::CliError;
use super::redact::{builtin_prose, message};
use super::settings::today;
use scan::ScopeArgs;

/// Arguments of `keysieve baseline`.
#[derive(Args, Debug)]
pub(crate) struct BaselineArgs {
    #[command(subcommand)]
    action: Action,
}

#[derive(Subcommand, Debug)]
enum Action {
    /// Write a new baseline with everything that a scan reports
    #[command(after_long_help = "Example:
  keysieve baseline write --reason \"before keysieve\" --owner platform")]
    Write(WriteArgs),
    /// Add new findings, and remove entries whose findings are gone
    ///
    /// All other entries are kept as they are, with their reasons and owners.
    #[command(after_long_help = "Example:
  keysieve baseline update")]
    Update(UpdateArgs),
    /// List entries whose findings are gone or that have expired
    ///
    /// Exit status: 0 if there are none, 1 if there are some, 2 if the scan is incomplete.
    #[command(after_long_help = "Example:
  keysieve baseline check")]
    Check(ScopeArgs),
}

#[derive(Args, Debug)]
struct WriteArgs {
    /// Overwrite an existing baseline, with the reasons and owners in it
    #[arg(long)]
    force: bool,
    #[command(flatten)]
    update: UpdateArgs,
}

#[derive(Args, Debug)]
struct UpdateArgs {
    #[command(flatten)]
    scope: ScopeArgs,
    #[command(flatten)]
    metadata: MetadataArgs,
}

/// The metadata of new entries.
#[derive(Args, Debug)]
#[command(next_help_heading = "New entries")]
pub(super) struct MetadataArgs {
    /// Why the findings are allowed
    #[arg(long)]
    reason: Option<String>,
    /// Who is responsible for them
    #[arg(long)]
    owner: Option<String>,
    /// Last day on which they are allowed, such as 2027-01-31
    #[arg(long, value_name = "DATE")]
    until: Option<Date>,
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
    let UpdateArgs { scope, metadata } = args.update;
    let file = scope.file()?;
    let shown = printable_path(&file);
    if !args.force && file.symlink_metadata().is_ok() {
        let help = "'keysieve baseline update' keeps its entries; --force overwrites it";
        return Err(CliError::new(format!("{shown}: the baseline exists already")).help(help));
    }
    let metadata = metadata.checked()?;
    let scan = scope.scan()?;
    let salt = Salt::random()
        .map_err(|error| CliError::new(format!("cannot get random bytes: {error}")))?;
    let baseline = Baseline::new(&file, salt)
        .updated(&scan.seen, &metadata, |_| true)
        .baseline;
    save(&file, &baseline)?;
    say(&format!(
        "{shown}: wrote {}",
        entries(baseline.entries().len())
    ))?;
    Ok(Status::Clean)
}

fn update(args: UpdateArgs) -> Result<Status, CliError> {
    let file = args.scope.file()?;
    let shown = printable_path(&file);
    let before = load(&file)?;
    let metadata = args.metadata.checked()?;
    let scan = args.scope.scan()?;
    let after = before.updated(&scan.seen, &metadata, |known| scan.covers(known));
    save(&file, &after.baseline)?;
    let all = after.baseline.entries();
    say(&format!(
        "{shown}: {}: {} added, {} gone",
        entries(all.len()),
        after.added,
        after.removed
    ))?;
    let today = today();
    let expired = all.iter().filter(|known| known.is_expired(today)).count();
    if expired > 0 {
        say(&format!(
            "{shown}: {} expired and no longer allowed",
            entries(expired)
        ))?;
    }
    Ok(Status::Clean)
}

fn check(scope: ScopeArgs) -> Result<Status, CliError> {
    let file = scope.file()?;
    let shown = printable_path(&file);
    let baseline = load(&file)?;
    let scan = scope.scan()?;
    let today = today();
    let found: HashSet<_> = scan
        .seen
        .iter()
        .filter_map(|seen| baseline.entry_for(seen.fingerprint))
        .map(|known| known.fingerprint)
        .collect();
    let (mut text, mut count) = (String::new(), 0);
    for known in baseline.entries() {
        let state = match known.metadata.until {
            Some(day) if known.is_expired(today) => format!("expired on {day}"),
            _ if scan.covers(known) && !found.contains(&known.fingerprint) => "gone".to_owned(),
            _ => continue,
        };
        count += 1;
        // Writing to a String cannot fail.
        let _ = writeln!(text, "{shown}:{}: {state}: {}", known.line, about(known));
    }
    let all = entries(baseline.entries().len());
    say(&format!("{text}{shown}: {count} of {all} gone or expired"))?;
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
    for (label, value) in [("reason", reason), ("owner", owner)] {
        if let Some(value) = value {
            // Writing to a String cannot fail.
            let _ = write!(text, "; {label}: {value}");
        }
    }
    builtin_prose(&text)
}

fn entries(count: usize) -> String {
    format!("{count} {}", if count == 1 { "entry" } else { "entries" })
}

fn load(file: &Path) -> Result<Baseline, CliError> {
    Baseline::load(file)?.ok_or_else(|| {
        CliError::new(format!("{}: no baseline found", printable_path(file)))
            .help("create one with 'keysieve baseline write'")
    })
}

fn save(file: &Path, baseline: &Baseline) -> Result<(), CliError> {
    replace(file, |out| out.write_all(baseline.text().as_bytes()))
        .map_err(|error| CliError::new(format!("{}: {error}", printable_path(file))))
}

fn say(text: &str) -> Result<(), CliError> {
    Ok(writeln!(io::stdout(), "{}", message(text))?)
}

impl MetadataArgs {
    pub(super) fn checked(self) -> Result<EntryMetadata, CliError> {
        if self.until.is_some_and(|until| until < today()) {
            return Err(CliError::new("the entries would have expired already")
                .help("--until is the last day on which the entries apply"));
        }
        Ok(EntryMetadata {
            reason: not_empty(self.reason, "reason")?,
            owner: not_empty(self.owner, "owner")?,
            until: self.until,
        })
    }
}

/// The value of an option without the spaces around it; an error if nothing is left.
fn not_empty(value: Option<String>, option: &str) -> Result<Option<String>, CliError> {
    let value = value.map(|value| value.trim().to_owned());
    if value.as_ref().is_some_and(String::is_empty) {
        return Err(CliError::new(format!("--{option} needs a text")));
    }
    Ok(value)
}
