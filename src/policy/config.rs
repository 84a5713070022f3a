//! Reads the configuration file `.keysieve.toml` and reports what is wrong with it.

use std::io;
use std::path::{Component, Path, PathBuf};

use serde::de::Error as _;
use serde::{Deserialize, Deserializer};
use sha2::{Digest as _, Sha256};
use toml::Spanned;

use super::allow::{AllowEntry, AllowSyntax, EntryProblem};
use super::encrypted::EncryptedSyntax;
use super::error::ConfigError;
use super::paths::PathPatterns;
use super::read::{if_exists, read_text};
use super::size::Size;
use crate::rule::{Confidence, RuleSet};
use crate::secret::Salt;
use crate::text::{line_at, printable_path, without_value};

/// The name of the configuration file, at the root of a repository.
pub const FILE_NAME: &str = ".keysieve.toml";

/// A configuration file, checked. What it does not set is `None`, so that flags and defaults can be
/// combined with it.
#[derive(Debug, Default)]
pub struct Config {
    /// The file, as errors name it.
    pub file: String,
    /// Findings below this are not reported.
    pub report: Option<Level>,
    /// Findings of this confidence or higher fail the run.
    pub block: Option<Level>,
    /// Extra pattern files, joined to the folder of the configuration file.
    pub rules: Vec<PathBuf>,
    /// Blobs larger than this, in bytes, are skipped.
    pub max_size: Option<u64>,
    /// Keys the fingerprints that reports show of values that could be guessed.
    pub salt: Option<Salt>,
    /// The allow entries, in the order of the file.
    pub allow: Vec<AllowEntry>,
    /// The paths of the `[[encrypted]]` entries, in the order of the file.
    pub(super) encrypted: Vec<PathPatterns>,
    /// Configuration files that this one extends, joined to its folder; the last is the strongest.
    pub extends: Vec<PathBuf>,
    /// SHA-256 of the text.
    pub(super) digest: [u8; 32],
}

/// A confidence that a configuration file sets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Level {
    /// The confidence.
    pub confidence: Confidence,
    /// The line that sets it, from 1.
    pub line: usize,
}

impl Config {
    /// Reads a configuration file; `None` if it does not exist.
    ///
    /// # Errors
    /// If it exists but cannot be read, or is not valid.
    pub fn load(path: &Path) -> Result<Option<Self>, ConfigError> {
        Self::from_read(path, folder_of(path), if_exists(read_text(path)))
    }

    /// The same, as a file whose entries are reported with its `name`.
    #[must_use]
    pub fn into_layer(mut self, name: &str) -> Self {
        for entry in &mut self.allow {
            entry.file = Some(name.to_owned());
        }
        self
    }

    /// Parses what was read from `path`. The files that it names are relative to `folder`.
    pub(super) fn from_read(
        path: &Path,
        folder: &Path,
        text: io::Result<Option<String>>,
    ) -> Result<Option<Self>, ConfigError> {
        match text {
            Ok(text) => text
                .map(|text| Self::parse_in(path, folder, &text))
                .transpose(),
            Err(source) => Err(ConfigError::Read {
                file: printable_path(path),
                source,
            }),
        }
    }

    /// Parses `text`, the content of the configuration file `path`.
    ///
    /// # Errors
    /// Names the file, the line and what is wrong. A broken regex, fingerprint, path or date is an
    /// error and never ignored: an allow entry must not silently allow something else.
    pub fn parse(path: &Path, text: &str) -> Result<Self, ConfigError> {
        Self::parse_in(path, folder_of(path), text)
    }

    fn parse_in(path: &Path, folder: &Path, text: &str) -> Result<Self, ConfigError> {
        let file = printable_path(path);
        let syntax: ConfigSyntax = toml::from_str(text).map_err(|error| {
            let line = line_at(text, error.span().map_or(0, |span| span.start));
            ConfigError::Syntax {
                file: file.clone(),
                line,
                message: message(
                    error.message(),
                    text.lines().nth(line - 1).unwrap_or_default(),
                ),
            }
        })?;
        let allow = (1..).zip(syntax.allow).map(|(number, entry)| {
            let line = line_at(text, entry.span().start);
            let entry = AllowEntry::new(number, line, entry.into_inner());
            entry.map_err(|problem| ConfigError::entry(&file, "allow", (line, number), problem))
        });
        let allow = allow.collect::<Result<_, _>>()?;
        let encrypted = (1..).zip(syntax.encrypted).map(|(number, entry)| {
            let line = line_at(text, entry.span().start);
            let paths = entry.into_inner().paths();
            paths.map_err(|problem| ConfigError::entry(&file, "encrypted", (line, number), problem))
        });
        let encrypted = encrypted.collect::<Result<_, _>>()?;
        let in_folder = |files: &[String]| files.iter().map(|file| join(folder, file)).collect();
        let level = |written: Spanned<Confidence>| Level {
            line: line_at(text, written.span().start),
            confidence: written.into_inner(),
        };
        Ok(Self {
            report: syntax.report.map(level),
            block: syntax.block.map(level),
            rules: in_folder(&syntax.rules),
            extends: in_folder(&syntax.extends),
            // Git may check it out with other line ends.
            digest: Sha256::digest(text.replace("\r\n", "\n")).into(),
            max_size: syntax.max_size.map(|Size(bytes)| bytes),
            salt: syntax.salt.map(|WrittenSalt(salt)| salt),
            allow,
            encrypted,
            file,
        })
    }

    /// Checks that `rules` has every rule that an allow entry names.
    ///
    /// # Errors
    /// Names the first entry whose rule does not exist.
    pub fn check_rules(&self, rules: &RuleSet) -> Result<(), ConfigError> {
        for entry in &self.allow {
            if entry.rule.as_ref().is_some_and(|rule| !rules.has(rule)) {
                let (place, problem) = ((entry.line, entry.number), EntryProblem::UnknownRule);
                return Err(ConfigError::entry(&self.file, "allow", place, problem));
            }
        }
        Ok(())
    }
}

fn folder_of(path: &Path) -> &Path {
    path.parent().unwrap_or(Path::new(""))
}

/// The path of a file that a configuration in `folder` names. `..` undoes the name before it, as in
/// a commit, whose files have no other paths; links are not followed to find the parent.
fn join(folder: &Path, written: &str) -> PathBuf {
    let mut path = folder.to_path_buf();
    for part in Path::new(written).components() {
        let last = path.components().next_back();
        match part {
            Component::CurDir => {}
            Component::ParentDir if matches!(last, Some(Component::Normal(_))) => {
                path.pop();
            }
            part => path.push(part),
        }
    }
    path
}

/// The file as written.
#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct ConfigSyntax {
    report: Option<Spanned<Confidence>>,
    block: Option<Spanned<Confidence>>,
    #[serde(default)]
    rules: Vec<String>,
    #[serde(default)]
    extends: Vec<String>,
    max_size: Option<Size>,
    salt: Option<WrittenSalt>,
    #[serde(default)]
    allow: Vec<Spanned<AllowSyntax>>,
    #[serde(default)]
    encrypted: Vec<Spanned<EncryptedSyntax>>,
}

/// The parser's message about `line`, in the words of TOML and not of the parser.
fn message(error: &str, line: &str) -> String {
    for table in ["allow", "encrypted"] {
        if line.trim_start().starts_with(&format!("[{table}]")) {
            return format!(
                "an {table} entry begins with `[[{table}]]`, two brackets on each side"
            );
        }
    }
    without_value(error)
        .replace("invalid type: map", "invalid type: a table")
        .replace("invalid type: sequence", "invalid type: a list")
        .replace("expected a sequence", "expected a list")
        .replace("expected a map", "expected a table")
}

/// 32 hex digits. What is written instead of them is not repeated: it may be a pasted secret.
struct WrittenSalt(Salt);

impl<'de> Deserialize<'de> for WrittenSalt {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        const WANTED: &str =
            "'salt' must be 32 hex digits: remove it, and let `keysieve allow --salt` write one";
        let text: Option<String> = Deserialize::deserialize(deserializer).ok();
        let salt = text.as_deref().and_then(Salt::parse);
        salt.map(Self).ok_or_else(|| D::Error::custom(WANTED))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<Config, ConfigError> {
        Config::parse(Path::new("repo/.keysieve.toml"), text)
    }

    #[test]
    fn every_setting_is_parsed() {
        let print = "0123456789abcdef0123456789abcdef";
        let config = parse(&format!(
            "report = \"medium\"\nblock = \"high\"\nrules = [\"own.toml\"]\n\
             max-size = \"64MiB\"\n\n\
             [[allow]]\nrule = \"r\"\npath = [\"tests/\", \"*.md\"]\nvalue = \"{print}\"\n\
             pattern = \"^x\"\nreason = \"fixture\"\nuntil = 2027-01-31\n"
        ))
        .unwrap();
        assert_eq!(
            [config.report, config.block].map(|level| level.map(|set| (set.confidence, set.line))),
            [Some((Confidence::Medium, 1)), Some((Confidence::High, 2))]
        );
        assert_eq!(config.rules, [Path::new("repo/own.toml")]);
        assert_eq!(config.max_size, Some(64 << 20));
        let entry = &config.allow[0];
        assert_eq!(
            (entry.number, entry.line, entry.reason.as_str()),
            (1, 6, "fixture")
        );
        assert_eq!(entry.until, Some(jiff::civil::date(2027, 1, 31)));
        assert_eq!(parse("max-size = 7").unwrap().max_size, Some(7));
        assert!(parse("").unwrap().allow.is_empty());
    }

    #[test]
    fn a_file_is_relative_to_the_folder() {
        for (folder, written, path) in [
            ("repo", "./a", "repo/a"),
            ("repo/policy", "../b", "repo/b"),
            ("", "x/../a", "a"),
            ("", "../a", "../a"),
            (".", "x/../../a", "./../a"),
            ("repo", "/etc/a", "/etc/a"),
        ] {
            assert_eq!(join(Path::new(folder), written), Path::new(path));
        }
    }

    #[test]
    fn an_error_names_the_line() {
        let entry = |line: &str| {
            format!("\n[[allow]]\nrule = \"a\"\nreason = \"r\"\n\n[[allow]]\n{line}\n")
        };
        for (text, expected) in [
            (
                "\nreprot = \"low\"\n".to_owned(),
                "2: unknown field, expected one of `report`",
            ),
            (
                "report = \"lower\"".to_owned(),
                "1: unknown variant, expected one of `low`",
            ),
            ("\n\nmax-size = \"64 stones\"".to_owned(), "3: not a size"),
            ("max-size = -1".to_owned(), "cannot be negative"),
            ("a = [".to_owned(), "repo/.keysieve.toml:1: "),
            (
                entry("rule = \"x\""),
                "6: [[allow]] entry 2: has no 'reason'",
            ),
            (
                entry("rule = \"x\"\nreason = \" \""),
                "entry 2: has no 'reason'",
            ),
            (entry("reason = \"r\""), "entry 2: has no condition"),
            (
                entry("reason = \"r\"\nwhy = \"r\""),
                "8: unknown field, expected one of",
            ),
            (
                entry("reason = \"r\"\npattern = \"(\""),
                "entry 2: 'pattern' is not a regular expression",
            ),
            (
                entry("reason = \"r\"\npattern = \"x*\""),
                "entry 2: 'pattern' matches the empty string",
            ),
            (
                entry("reason = \"r\"\nvalue = \"abc\""),
                "entry 2: 'value' number 1 is not a fingerprint",
            ),
            (
                entry("reason = \"r\"\nvalue = []"),
                "entry 2: 'value' is an empty list",
            ),
            (
                entry("reason = \"r\"\nvalue = 5"),
                "a string or a list of strings",
            ),
            (
                entry("reason = \"r\"\npath = \"# c\""),
                "entry 2: 'path' number 1",
            ),
            (
                entry("reason = \"r\"\npath = \"[z-a]\""),
                "entry 2: 'path' number 1",
            ),
            (
                entry("rule = \"x\"\nreason = \"r\"\nuntil = 2027-01-31T10:00:00"),
                "entry 2: 'until' must be a day",
            ),
            (
                entry("rule = \"x\"\nreason = \"r\"\nuntil = \"2027-01-31\""),
                "invalid type",
            ),
            (
                entry("rule = \"x\"\nreason = \"r\"\nuntil = 2027-02-31"),
                ":9: ",
            ),
        ] {
            let message = parse(&text).expect_err(&text).to_string();
            assert!(
                message.starts_with("repo/.keysieve.toml:") && message.contains(expected),
                "{text}\n{message}"
            );
        }
    }

    #[test]
    fn a_pasted_secret_is_not_repeated() {
        let pasted = ["AKIA", "QYLPMN5HHHFPZAM2"].concat();
        for text in [
            format!("[[allow]]\nreason = \"r\"\nvalue = \"{pasted}\"\n"),
            format!("[[allow]]\nreason = \"r\"\nvalue = \"{pasted}\n"),
        ] {
            let message = parse(&text).expect_err("a broken value").to_string();
            assert!(!message.contains(&pasted), "{message}");
        }
    }

    #[test]
    fn an_unknown_rule_is_an_error() {
        let config = parse("[[allow]]\nrule = \"no-such-rule\"\nreason = \"r\"\n").unwrap();
        let message = config
            .check_rules(&RuleSet::builtin().unwrap())
            .expect_err("unknown")
            .to_string();
        assert!(
            message.contains(":1: [[allow]] entry 1: 'rule' names no rule"),
            "{message}"
        );
    }

    #[test]
    fn a_missing_file_is_no_configuration_but_an_unreadable_one_is_an_error() {
        let folder = tempfile::tempdir().unwrap();
        assert!(
            Config::load(&folder.path().join(FILE_NAME))
                .unwrap()
                .is_none()
        );
        assert!(
            Config::load(folder.path()).is_err(),
            "a folder cannot be read"
        );
    }
}
