//! `keysieve allow`: writes an exception into the configuration file of the repository.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::{fs, io};

use clap::Args;
use jiff::civil::Date;
use keysieve::finding::Status;
use keysieve::policy::{Appended, Config, FILE_NAME, NewEntry, append, read_text};
use keysieve::rule::RuleSet;
use keysieve::secret::Fingerprint;
use keysieve::text::{printable, printable_path};

use crate::cli::error::CliError;
use crate::cli::file::replace;

/// The words of `keysieve allow`.
#[derive(Args, Debug)]
pub(crate) struct AllowArgs {
    /// The finding: the 32 hex digits that the report shows.
    fingerprint: String,
    /// Why it may pass.
    #[arg(long)]
    reason: String,
    /// The last day on which it may pass, such as 2027-01-31.
    #[arg(long, value_name = "DATE")]
    until: Option<Date>,
    /// Only when this rule found it.
    #[arg(long, value_name = "ID")]
    rule: Option<String>,
    /// Write to this file instead of `.keysieve.toml` at the root of the repository.
    #[arg(short, long, value_name = "FILE", env = "KEYSIEVE_CONFIG")]
    config: Option<PathBuf>,
    /// Only in these files, in the syntax of .gitignore.
    #[arg(long, value_name = "GLOB")]
    path: Option<String>,
}

/// Writes the entry to `.keysieve.toml` in `root` and says so.
#[expect(clippy::needless_pass_by_value, reason = "a command owns its words")]
pub(crate) fn run(args: AllowArgs, root: &Path) -> Result<Status, CliError> {
    let file = args.config.clone().unwrap_or_else(|| root.join(FILE_NAME));
    let today = jiff::Zoned::now().date();
    let entry = checked(&args, today)?;
    let before = match fs::read_to_string(&file) {
        Ok(text) => text,
        Err(error) if error.kind() == io::ErrorKind::NotFound => String::new(),
        Err(error) => return Err(CliError::new(format!("{}: {error}", printable_path(&file)))),
    };
    if let Some(rule) = entry.rule {
        check_rule(&file, &before, rule)?;
    }
    let said = match append(&file, &before, &entry, today)? {
        Appended::Exists { number, reason } => {
            format!(
                "{}: unchanged, [[allow]] entry {number} lets it pass already ({})",
                printable_path(&file),
                safe(&reason)
            )
        }
        Appended::Text { text, number } => {
            let written = replace(&file, &|out| out.write_all(text.as_bytes()));
            written
                .map_err(|error| CliError::new(format!("{}: {error}", printable_path(&file))))?;
            format!(
                "{}: wrote [[allow]] entry {number} for {} ({})",
                printable_path(&file),
                entry.value,
                safe(entry.reason)
            )
        }
    };
    writeln!(io::stdout(), "{said}")?;
    Ok(Status::Clean)
}

fn checked(args: &AllowArgs, today: Date) -> Result<NewEntry<'_>, CliError> {
    // The word is not repeated: somebody may have pasted the secret itself.
    let value = Fingerprint::parse(args.fingerprint.trim()).ok_or_else(|| {
        CliError::new("that is not a fingerprint")
            .hint("copy the 32 hex digits that the report shows for the finding")
    })?;
    if args.reason.trim().is_empty() {
        return Err(
            CliError::new("an exception needs a reason").hint("say --reason \"why it may pass\"")
        );
    }
    if args.until.is_some_and(|until| until < today) {
        return Err(CliError::new("the entry would have expired already")
            .hint("--until takes the last day it holds"));
    }
    let (rule, path) = (args.rule.as_deref(), args.path.as_deref());
    Ok(NewEntry {
        value,
        reason: args.reason.trim(),
        until: args.until,
        rule,
        path,
    })
}

/// An entry for a rule that does not exist would make every later run fail.
fn check_rule(file: &Path, text: &str, rule: &str) -> Result<(), CliError> {
    let mut rules = RuleSet::builtin()?;
    for extra in Config::parse(file, text)?.rules {
        let text = read_text(&extra)
            .map_err(|error| CliError::new(format!("{}: {error}", printable_path(&extra))))?;
        rules.extend(&printable_path(&extra), &text)?;
    }
    if rules.has(rule) {
        return Ok(());
    }
    Err(CliError::new(format!("there is no rule '{}'", safe(rule)))
        .hint("`keysieve rules list` shows them all"))
}

fn safe(text: &str) -> String {
    printable(text.as_bytes())
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "in a test a panic is the report")]
mod tests {
    use super::*;

    fn args(fingerprint: &str) -> AllowArgs {
        let fingerprint = fingerprint.to_owned();
        AllowArgs {
            fingerprint,
            reason: "a fixture".to_owned(),
            until: None,
            rule: None,
            path: None,
            config: None,
        }
    }

    #[test]
    fn writes_once_and_keeps_the_rest() {
        let root = tempfile::tempdir().unwrap();
        let file = root.path().join(FILE_NAME);
        fs::write(&file, "# ours\nreport = \"medium\"\n").unwrap();
        run(args(&"ab".repeat(16)), root.path()).unwrap();
        let text = fs::read_to_string(&file).unwrap();
        assert!(
            text.starts_with("# ours\nreport = \"medium\"\n\n[[allow]]\n"),
            "{text}"
        );
        run(args(&"ab".repeat(16)), root.path()).unwrap();
        assert_eq!(fs::read_to_string(&file).unwrap(), text);
        assert_eq!(
            fs::read_dir(root.path()).unwrap().count(),
            1,
            "nothing is left behind"
        );
    }

    #[test]
    fn a_mistake_writes_nothing() {
        let root = tempfile::tempdir().unwrap();
        let print = "ab".repeat(16);
        for wrong in [
            args("AKIA"),
            AllowArgs {
                reason: " ".to_owned(),
                ..args(&print)
            },
            AllowArgs {
                rule: Some("no-such-rule".to_owned()),
                ..args(&print)
            },
            AllowArgs {
                until: Some(jiff::civil::date(2001, 1, 1)),
                ..args(&print)
            },
            AllowArgs {
                path: Some(String::new()),
                ..args(&print)
            },
        ] {
            assert!(run(wrong, root.path()).is_err());
        }
        assert_eq!(fs::read_dir(root.path()).unwrap().count(), 0);
    }
}
