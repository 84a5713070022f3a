//! `keysieve allow`: adds an allow entry to the configuration file of the repository.

mod line;

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::{fs, io};

use clap::Args;
use jiff::civil::Date;
use keysieve::finding::Status;
use keysieve::fs::replace;
use keysieve::policy::{Appended, Config, FILE_NAME, NewEntry, add_salt, append};
use keysieve::rule::RuleSet;
use keysieve::secret::{Salt, WrittenFingerprint};
use keysieve::text::printable_path;

use super::error::CliError;
use super::explain::FileLine;
use super::redact::{builtin_prose, log, message as message_of};
use super::settings::{self, Settings, SettingsArgs};
use line::ValueOnLine;

/// Arguments of `keysieve allow`.
#[derive(Args, Debug)]
pub(crate) struct AllowArgs {
    /// The finding: its fingerprint of 32 hex digits, or where it is
    ///
    /// `FILE:LINE` allows all findings on the line, `FILE:LINE:COLUMN` the one that begins there.
    #[arg(value_name = "FINGERPRINT|FILE:LINE", required_unless_present = "salt")]
    finding: Option<PathBuf>,
    /// Why it is allowed
    #[arg(long, required_unless_present = "salt")]
    reason: Option<String>,
    /// Allow nothing; write a salt for the fingerprints of passwords
    ///
    /// With a salt in the configuration file, reports show a fingerprint of a password that can be
    /// copied to an allow entry. FILE:LINE writes one where it needs it.
    #[arg(long, conflicts_with_all = ["finding", "reason", "until", "rule", "path"])]
    salt: bool,
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
        let here = settings::root_of(Path::new("."))?;
        for message in self.write_in(&here)? {
            writeln!(io::stdout(), "{}", log(&message))?;
        }
        Ok(Status::Clean)
    }

    /// Writes to the configuration of the repository at `here`, or of the one that contains the
    /// given file; returns what to print.
    fn write_in(&self, here: &Path) -> Result<Vec<String>, CliError> {
        let target = self.target(here)?;
        let root = match &target {
            Some(Target::Line(at)) => settings::root_of(&at.file)?,
            _ => here.to_path_buf(),
        };
        let path = self.config.clone().unwrap_or_else(|| root.join(FILE_NAME));
        let failed =
            |error: io::Error| CliError::new(format!("{}: {error}", printable_path(&path)));
        let text = match fs::read_to_string(&path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => String::new(),
            read => read.map_err(failed)?,
        };
        let mut file = ConfigFile::new(path.clone(), text);
        match target {
            None => {
                if !file.add_salt()? {
                    file.say("unchanged, it has a salt");
                }
            }
            Some(Target::Fingerprint(value)) => self.append(&mut file, [value])?,
            Some(Target::Line(at)) => {
                let found = ValueOnLine::all(&at, self.rule.as_deref(), &self.settings(&root)?)?;
                if found.iter().any(ValueOnLine::is_guessable) {
                    file.add_salt()?;
                }
                let salt = Config::parse(&file.path, &file.text)?.salt;
                self.append(
                    &mut file,
                    found.iter().filter_map(|value| value.written(salt)),
                )?;
            }
        }
        if file.is_changed {
            replace(&path, |out| out.write_all(file.text.as_bytes())).map_err(failed)?;
        }
        Ok(file.messages)
    }

    /// What to allow; `None` if only a salt is to be written.
    fn target(&self, here: &Path) -> Result<Option<Target>, CliError> {
        let Some(finding) = &self.finding else {
            return Ok(None);
        };
        let text = finding.to_str().unwrap_or_default().trim();
        if let Some(value) = WrittenFingerprint::parse(text) {
            return Ok(Some(Target::Fingerprint(value)));
        }
        // Reports of what is staged show paths from the root.
        let line = FileLine::parse(finding).or_else(|| FileLine::parse(&here.join(finding)));
        // The argument is not repeated: it may be the secret itself.
        line.map(|line| Some(Target::Line(line))).ok_or_else(|| {
            CliError::new("the argument is neither a fingerprint nor a line of a file").help(
                "copy the command that the report shows for the finding; FILE:LINE needs the file",
            )
        })
    }

    fn settings(&self, root: &Path) -> Result<Settings, CliError> {
        SettingsArgs::with_rules_of(self.config.clone()).resolve(root)
    }

    /// Adds an entry for each of `values`.
    fn append(
        &self,
        file: &mut ConfigFile,
        values: impl IntoIterator<Item = WrittenFingerprint>,
    ) -> Result<(), CliError> {
        let today = settings::today();
        for value in values {
            let entry = self.entry(value, today)?;
            if let Some(rule) = entry.rule {
                check_rule(&file.path, &file.text, rule)?;
            }
            match append(&file.path, &file.text, &entry, today)? {
                Appended::Exists { number, reason } => file.say(&format!(
                    "unchanged, [[allow]] entry {number} allows it already ({})",
                    builtin_prose(&reason)
                )),
                Appended::Text { text, number } => {
                    file.set(text);
                    let reason = builtin_prose(entry.reason);
                    file.say(&format!(
                        "wrote [[allow]] entry {number} for {value} ({reason})"
                    ));
                }
            }
        }
        Ok(())
    }

    /// The entry for `value` that the arguments describe.
    fn entry(&self, value: WrittenFingerprint, today: Date) -> Result<NewEntry<'_>, CliError> {
        let reason = self.reason.as_deref().unwrap_or_default().trim();
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

/// What is to be allowed.
enum Target {
    Fingerprint(WrittenFingerprint),
    Line(FileLine),
}

/// The configuration file, and what was done to it.
struct ConfigFile {
    path: PathBuf,
    text: String,
    is_changed: bool,
    messages: Vec<String>,
}

impl ConfigFile {
    fn new(path: PathBuf, text: String) -> Self {
        Self {
            path,
            text,
            is_changed: false,
            messages: Vec::new(),
        }
    }

    fn set(&mut self, text: String) {
        self.text = text;
        self.is_changed = true;
    }

    fn say(&mut self, message: &str) {
        let path = message_of(&printable_path(&self.path));
        self.messages.push(format!("{path}: {message}"));
    }

    /// Adds a salt; returns whether there was none.
    fn add_salt(&mut self) -> Result<bool, CliError> {
        let salt = Salt::random()
            .map_err(|error| CliError::new(format!("cannot make a salt: {error}")))?;
        let Some(text) = add_salt(&self.path, &self.text, salt)? else {
            return Ok(false);
        };
        self.set(text);
        self.say("wrote a salt for fingerprints");
        Ok(true)
    }
}

/// An entry for a rule that does not exist would make every later run fail.
fn check_rule(file: &Path, text: &str, rule: &str) -> Result<(), CliError> {
    let mut rules = RuleSet::builtin()?;
    settings::add_rules(&mut rules, &Config::parse(file, text)?.rules)?;
    if rules.has(rule) {
        return Ok(());
    }
    Err(CliError::new(format!("unknown rule '{rule}'"))
        .help("'keysieve rules list' lists the rules"))
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "in a test a panic is the report")]
mod tests {
    use super::*;

    fn args(finding: &str) -> AllowArgs {
        AllowArgs {
            finding: Some(finding.into()),
            reason: Some("a fixture".to_owned()),
            salt: false,
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
        args(&"ab".repeat(16)).write_in(root.path()).unwrap();
        let text = fs::read_to_string(&file).unwrap();
        assert!(
            text.starts_with("# ours\nreport = \"medium\"\n\n[[allow]]\n"),
            "{text}"
        );
        args(&"ab".repeat(16)).write_in(root.path()).unwrap();
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
                reason: Some(" ".to_owned()),
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
            assert!(wrong.write_in(root.path()).is_err());
        }
        assert_eq!(fs::read_dir(root.path()).unwrap().count(), 0);
    }
}
