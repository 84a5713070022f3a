//! `keysieve allow`: adds an allow entry to the configuration file of the repository.

mod line;
mod search;
mod value;

use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use clap::Args;
use jiff::civil::Date;
use keysieve::finding::Status;
use keysieve::fs::replace;
use keysieve::policy::{Appended, Config, FILE_NAME, NewEntry, add_salt, append, read_or_empty};
use keysieve::secret::{Salt, WrittenFingerprint};
use keysieve::text::printable_path;

use super::error::CliError;
use super::explain::FileLine;
use super::redact::{builtin_prose, log, message as message_of};
use super::rules::RuleIds;
use super::settings::{self, SettingsArgs};
use line::values_on_line;
use search::Search;
use value::Value;

/// Arguments of `keysieve allow`.
#[derive(Args, Debug)]
pub(crate) struct AllowArgs {
    /// The finding: its fingerprint of 32 hex digits, or where it is
    ///
    /// `FILE:LINE` allows all findings on the line, `FILE:LINE:COLUMN` the one that begins there.
    #[arg(value_name = "FINGERPRINT|FILE:LINE", required_unless_present_any = ["salt", "last"])]
    finding: Option<PathBuf>,
    /// The finding that stopped the last commit
    ///
    /// It is found in what is staged. If there are several, it lists them, and nothing is
    /// written without `--all`.
    #[arg(long, conflicts_with = "finding")]
    last: bool,
    /// With --last: all findings that stopped it
    #[arg(long, requires = "last")]
    all: bool,
    /// Write the entry even if the repository has no finding with this fingerprint
    #[arg(long, requires = "finding")]
    force: bool,
    /// Why it is allowed
    #[arg(long, required_unless_present = "salt")]
    reason: Option<String>,
    /// Allow nothing; write a salt for the fingerprints of passwords
    ///
    /// With a salt in the configuration file, reports show a fingerprint of a password that can be
    /// copied to an allow entry. FILE:LINE writes one where it needs it.
    #[arg(long, conflicts_with_all = ["finding", "last", "reason", "until", "rule", "path"])]
    salt: bool,
    /// Last day on which it is allowed, such as 2027-01-31
    #[arg(long, value_name = "DATE")]
    until: Option<Date>,
    /// Allow it only for this rule
    #[arg(long, value_name = "ID", value_parser = RuleIds, hide_possible_values = true)]
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
            Target::Line(at) => settings::root_of(&at.path.file)?,
            _ => here.to_path_buf(),
        };
        let named = self
            .config
            .clone()
            .filter(|config| settings::replaces(config));
        let path = named.unwrap_or_else(|| root.join(FILE_NAME));
        let failed =
            |error: io::Error| CliError::new(format!("{}: {error}", printable_path(&path)));
        let text = read_or_empty(&path).map_err(failed)?;
        let mut file = ConfigFile::new(path.clone(), text);
        let args = SettingsArgs::with_rules_of(self.config.clone());
        let search = Search {
            root: &root,
            args: &args,
        };
        match target {
            Target::Salt => {
                if !file.add_salt()? {
                    file.say("unchanged, it has a salt");
                }
            }
            Target::Last => self.append(&search, &mut file, self.last(&search)?)?,
            Target::Line(at) => {
                let settings = args.resolve(&root)?;
                let found = values_on_line(&at, self.rule.as_deref(), &settings)?;
                self.append(&search, &mut file, found)?;
            }
            Target::Fingerprint(value) if self.force => {
                self.append_one(&search, &mut file, value, None)?;
            }
            Target::Fingerprint(value) => {
                let salt = Config::parse(&file.path, &file.text)?.salt;
                let found = search.with_fingerprint(value, salt)?;
                let found = found.ok_or_else(|| not_found(value))?;
                self.append(&search, &mut file, vec![found])?;
            }
        }
        if file.is_changed {
            replace(&path, |out| out.write_all(file.text.as_bytes())).map_err(failed)?;
        }
        Ok(file.messages)
    }

    fn target(&self, here: &Path) -> Result<Target, CliError> {
        let Some(finding) = &self.finding else {
            return Ok(if self.last {
                Target::Last
            } else {
                Target::Salt
            });
        };
        let text = finding.to_str().unwrap_or_default().trim();
        if let Some(value) = WrittenFingerprint::parse(text) {
            return Ok(Target::Fingerprint(value));
        }
        // Reports of what is staged show paths from the root.
        let line = FileLine::parse(finding).or_else(|| FileLine::parse(&here.join(finding)));
        // The argument is not repeated: it may be the secret itself.
        line.map(Target::Line).ok_or_else(|| {
            CliError::new("the argument is neither a fingerprint nor a line of a file").help(
                "copy the command that the report shows for the finding; FILE:LINE needs the file",
            )
        })
    }

    /// The finding that stopped the last commit, or with `--all` all of them.
    fn last(&self, search: &Search<'_>) -> Result<Vec<Value>, CliError> {
        let found = search.blocking()?;
        match found.len() {
            0 => Err(CliError::new("no finding in what is staged stops a commit")
                .help("copy the command that the report shows for the finding, or give FILE:LINE")),
            1 => Ok(found),
            _ if self.all => Ok(found),
            many => {
                let places: Vec<_> = found.iter().map(|value| value.about.as_str()).collect();
                let message = format!(
                    "{many} findings stop the commit:\n  {}",
                    places.join("\n  ")
                );
                Err(CliError::new(message).help("allow one by FILE:LINE, or all with --last --all"))
            }
        }
    }

    /// Adds an entry for each of `values`.
    fn append(
        &self,
        search: &Search<'_>,
        file: &mut ConfigFile,
        values: Vec<Value>,
    ) -> Result<(), CliError> {
        if values.iter().any(Value::is_guessable) {
            file.add_salt()?;
        }
        let salt = Config::parse(&file.path, &file.text)?.salt;
        for value in values {
            if let Some(written) = value.written(salt) {
                self.append_one(search, file, written, Some(&value.about))?;
            }
        }
        Ok(())
    }

    /// Adds an entry for `value`, with a comment `about` it.
    fn append_one(
        &self,
        search: &Search<'_>,
        file: &mut ConfigFile,
        value: WrittenFingerprint,
        about: Option<&str>,
    ) -> Result<(), CliError> {
        let today = settings::today();
        let entry = NewEntry {
            about,
            ..self.entry(value, today)?
        };
        if let Some(rule) = entry.rule {
            check_rule(search, rule)?;
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
            about: None,
            reason,
            until: self.until,
            rule: self.rule.as_deref(),
            path: self.path.as_deref(),
        })
    }
}

/// What is to be allowed.
enum Target {
    /// Nothing: only a salt is written.
    Salt,
    /// What stopped the last commit.
    Last,
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

fn not_found(value: WrittenFingerprint) -> CliError {
    CliError::new(format!(
        "no finding of this repository has the fingerprint {value}"
    ))
    .help("run it in the repository of the finding, or add --force to write the entry all the same")
}

/// An entry for a rule that does not exist would make every later run fail.
fn check_rule(search: &Search<'_>, rule: &str) -> Result<(), CliError> {
    if search.settings()?.scanner.rules().has(rule) {
        return Ok(());
    }
    Err(CliError::new(format!("unknown rule '{rule}'"))
        .help("'keysieve rules list' lists the rules"))
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "in a test a panic is the report")]
mod tests {
    use std::fs;

    use super::*;

    fn args(finding: &str) -> AllowArgs {
        AllowArgs {
            finding: Some(finding.into()),
            reason: Some("a fixture".to_owned()),
            last: false,
            all: false,
            force: true,
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
