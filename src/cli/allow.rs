//! `keysieve allow`: adds an allow entry to the configuration file of the repository.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::{fs, io};

use clap::Args;
use jiff::civil::Date;
use keysieve::finding::Status;
use keysieve::fs::replace;
use keysieve::policy::{Appended, Config, FILE_NAME, NewEntry, append};
use keysieve::rule::RuleSet;
use keysieve::secret::Fingerprint;
use keysieve::text::{printable, printable_path};

use super::error::CliError;
use super::settings;

/// Arguments of `keysieve allow`.
#[derive(Args, Debug)]
pub(crate) struct AllowArgs {
    /// Fingerprint of the finding, 32 hex digits
    fingerprint: String,
    /// Why it is allowed
    #[arg(long)]
    reason: String,
    /// Last day on which it is allowed, such as 2027-01-31
    #[arg(long, value_name = "DATE")]
    until: Option<Date>,
    /// Allow it only for this rule
    #[arg(long, value_name = "ID")]
    rule: Option<String>,
    /// Configuration file to write to
    ///
    /// The default is `.keysieve.toml` at the root of the repository.
    #[arg(short, long, value_name = "FILE", env = "KEYSIEVE_CONFIG")]
    config: Option<PathBuf>,
    /// Allow it only in these files, in the syntax of .gitignore
    #[arg(long, value_name = "GLOB")]
    path: Option<String>,
}

impl AllowArgs {
    pub(crate) fn run(self) -> Result<Status, CliError> {
        let message = self.append_in(&settings::root_of(Path::new("."))?)?;
        writeln!(io::stdout(), "{message}")?;
        Ok(Status::Clean)
    }

    /// Appends the entry to the configuration of the repository at `root`; returns what to print.
    fn append_in(&self, root: &Path) -> Result<String, CliError> {
        let file = self.config.clone().unwrap_or_else(|| root.join(FILE_NAME));
        let shown = printable_path(&file);
        let failed = |error: io::Error| CliError::new(format!("{shown}: {error}"));
        let today = settings::today();
        let entry = self.entry(today)?;
        let before = match fs::read_to_string(&file) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => String::new(),
            read => read.map_err(failed)?,
        };
        if let Some(rule) = entry.rule {
            check_rule(&file, &before, rule)?;
        }
        Ok(match append(&file, &before, &entry, today)? {
            Appended::Exists { number, reason } => format!(
                "{shown}: unchanged, [[allow]] entry {number} allows it already ({})",
                safe(&reason)
            ),
            Appended::Text { text, number } => {
                replace(&file, |out| out.write_all(text.as_bytes())).map_err(failed)?;
                format!(
                    "{shown}: wrote [[allow]] entry {number} for {} ({})",
                    entry.value,
                    safe(entry.reason)
                )
            }
        })
    }

    /// The entry that the arguments describe.
    fn entry(&self, today: Date) -> Result<NewEntry<'_>, CliError> {
        // The argument is not repeated: it may be the secret itself.
        let value = Fingerprint::parse(self.fingerprint.trim()).ok_or_else(|| {
            CliError::new("the argument is not a fingerprint")
                .help("copy the 32 hex digits that the report shows for the finding")
        })?;
        let reason = self.reason.trim();
        if reason.is_empty() {
            return Err(CliError::new("an allow entry needs a reason")
                .help("add --reason \"why it is allowed\""));
        }
        if self.until.is_some_and(|until| until < today) {
            return Err(CliError::new("the entry would have expired already")
                .help("--until is the last day on which the entry applies"));
        }
        Ok(NewEntry {
            value,
            reason,
            until: self.until,
            rule: self.rule.as_deref(),
            path: self.path.as_deref(),
        })
    }
}

/// An entry for a rule that does not exist would make every later run fail.
fn check_rule(file: &Path, text: &str, rule: &str) -> Result<(), CliError> {
    let mut rules = RuleSet::builtin()?;
    settings::add_rules(&mut rules, &Config::parse(file, text)?.rules)?;
    if rules.has(rule) {
        return Ok(());
    }
    Err(CliError::new(format!("unknown rule '{}'", safe(rule)))
        .help("'keysieve rules list' lists the rules"))
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
    fn an_entry_is_written_once_and_the_rest_of_the_file_is_kept() {
        let root = tempfile::tempdir().unwrap();
        let file = root.path().join(FILE_NAME);
        fs::write(&file, "# ours\nreport = \"medium\"\n").unwrap();
        args(&"ab".repeat(16)).append_in(root.path()).unwrap();
        let text = fs::read_to_string(&file).unwrap();
        assert!(
            text.starts_with("# ours\nreport = \"medium\"\n\n[[allow]]\n"),
            "{text}"
        );
        args(&"ab".repeat(16)).append_in(root.path()).unwrap();
        assert_eq!(fs::read_to_string(&file).unwrap(), text);
        assert_eq!(
            fs::read_dir(root.path()).unwrap().count(),
            1,
            "no temporary file is left"
        );
    }

    #[test]
    fn wrong_arguments_write_nothing() {
        let root = tempfile::tempdir().unwrap();
        let fingerprint = "ab".repeat(16);
        for wrong in [
            args("AKIA"),
            AllowArgs {
                reason: " ".to_owned(),
                ..args(&fingerprint)
            },
            AllowArgs {
                rule: Some("no-such-rule".to_owned()),
                ..args(&fingerprint)
            },
            AllowArgs {
                until: Some(jiff::civil::date(2001, 1, 1)),
                ..args(&fingerprint)
            },
            AllowArgs {
                path: Some(String::new()),
                ..args(&fingerprint)
            },
        ] {
            assert!(wrong.append_in(root.path()).is_err());
        }
        assert_eq!(fs::read_dir(root.path()).unwrap().count(), 0);
    }
}
