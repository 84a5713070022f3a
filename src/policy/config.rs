//! The configuration file `.keysieve.toml`: what it may say, what it means, and what is wrong with
//! it.

use std::fmt;
use std::path::{Path, PathBuf};
use std::{fs, io};

use serde::de::{Deserializer, Error as _, SeqAccess, Visitor};
use serde::{Deserialize, de};
use toml::Spanned;
use toml::value::Datetime;

use super::allow::{Allow, EntryProblem};
use crate::rule::{Confidence, RuleSet};
use crate::text::{line_at, printable, printable_path};

/// The name of the configuration file, at the root of a repository.
pub const FILE_NAME: &str = ".keysieve.toml";

/// The largest file of configuration or of rules that is read, in bytes.
pub(super) const MAX_SIZE: u64 = 4 << 20;

/// Reads a file of configuration or of rules. A repository may put anything in its place, so what
/// is no regular file, or is far too large for one, is not read.
///
/// # Errors
/// Those of the system, and one for each of these.
pub fn read_text(path: &Path) -> io::Result<String> {
    read_at_most(path, MAX_SIZE)
}

/// The same for a file that may have `limit` bytes.
pub(super) fn read_at_most(path: &Path, limit: u64) -> io::Result<String> {
    let data = fs::metadata(path)?;
    if !data.is_file() || data.len() > limit {
        return Err(io::Error::other(format!(
            "not a regular file of at most {limit} bytes"
        )));
    }
    fs::read_to_string(path)
}

/// A configuration file, checked. What it does not say is `None`, so that flags and defaults can be
/// laid over it.
#[derive(Debug, Default)]
pub struct Config {
    /// The file, as errors name it.
    pub file: String,
    /// Findings below this are not reported.
    pub report: Option<Confidence>,
    /// Findings from this on fail the run.
    pub block: Option<Confidence>,
    /// Extra pattern files; already joined to the folder of the configuration file.
    pub rules: Vec<PathBuf>,
    /// Blobs larger than this, in bytes, are skipped.
    pub max_size: Option<u64>,
    /// The exceptions, in the order of the file.
    pub allow: Vec<Allow>,
}

/// What is wrong with a configuration file.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// It exists and cannot be read, or is not UTF-8.
    #[error("{file}: cannot be read")]
    Read {
        /// The file.
        file: String,
        /// Why.
        source: io::Error,
    },
    /// It is not the TOML of a configuration file.
    #[error("{file}:{line}: {message}")]
    Syntax {
        /// The file.
        file: String,
        /// The line, from 1.
        line: usize,
        /// What the parser says. Never the text of the line: somebody may have pasted a secret
        /// there.
        message: String,
    },
    /// An `[[allow]]` entry says something that cannot be.
    #[error("{file}:{line}: [[allow]] entry {number}: {problem}")]
    Entry {
        /// The file.
        file: String,
        /// The line on which the entry begins, from 1.
        line: usize,
        /// Its number in the file, from 1.
        number: usize,
        /// What is wrong.
        problem: EntryProblem,
    },
}

impl Config {
    /// Reads a configuration file; `None` where there is none.
    ///
    /// # Errors
    /// Everything but the absence of the file.
    pub fn load(path: &Path) -> Result<Option<Self>, ConfigError> {
        match read_text(path) {
            Ok(text) => Self::parse(path, &text).map(Some),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(source) => Err(ConfigError::Read {
                file: printable_path(path),
                source,
            }),
        }
    }

    /// Understands `text` as the content of the configuration file `path`.
    ///
    /// # Errors
    /// Names the file, the line and what is wrong. A broken regex, fingerprint, path or date is an
    /// error, never ignored: an exception that silently means something else is worse than none.
    pub fn parse(path: &Path, text: &str) -> Result<Self, ConfigError> {
        let file = printable_path(path);
        let syntax: ConfigSyntax = toml::from_str(text).map_err(|error| ConfigError::Syntax {
            file: file.clone(),
            line: line_at(text, error.span().map_or(0, |span| span.start)),
            message: error.message().trim_end().to_owned(),
        })?;
        let mut allow = Vec::with_capacity(syntax.allow.len());
        for (index, entry) in syntax.allow.into_iter().enumerate() {
            let (number, line) = (index + 1, line_at(text, entry.span().start));
            let fault = |problem| ConfigError::Entry {
                file: file.clone(),
                line,
                number,
                problem,
            };
            allow.push(Allow::new(number, line, entry.into_inner()).map_err(fault)?);
        }
        let folder = path.parent().unwrap_or(Path::new(""));
        Ok(Self {
            report: syntax.report,
            block: syntax.block,
            rules: syntax
                .rules
                .iter()
                .map(|rules| folder.join(rules))
                .collect(),
            max_size: syntax.max_size.map(|Size(bytes)| bytes),
            allow,
            file,
        })
    }

    /// Checks that every rule an entry names is one of `rules`.
    ///
    /// # Errors
    /// Names the first entry whose rule does not exist.
    pub fn check_rules(&self, rules: &RuleSet) -> Result<(), ConfigError> {
        let unknown = self.allow.iter().find_map(|entry| {
            let rule = entry.rule.as_ref().filter(|rule| !rules.has(rule))?;
            Some((entry, rule.clone()))
        });
        match unknown {
            None => Ok(()),
            Some((entry, rule)) => Err(ConfigError::Entry {
                file: self.file.clone(),
                line: entry.line,
                number: entry.number,
                problem: EntryProblem::UnknownRule(rule),
            }),
        }
    }
}

/// Reads a size: a number of bytes, or a number with a unit. `kB`, `MB` and `GB` are powers of
/// 1000; `KiB`, `MiB`, `GiB` and the bare `K`, `M`, `G` are powers of 1024. Upper and lower case
/// are the same.
///
/// # Errors
/// One sentence that says what a size looks like.
pub fn parse_size(text: &str) -> Result<u64, String> {
    let fault = || {
        format!(
            "'{}' is not a size: write bytes, or a number with a unit such as 64MiB",
            printable(text.as_bytes())
        )
    };
    let text = text.trim();
    let digits = text
        .find(|c: char| !c.is_ascii_digit())
        .unwrap_or(text.len());
    let (number, unit) = text.split_at(digits);
    let factor: u64 = match unit.trim_start().to_ascii_lowercase().as_str() {
        "" | "b" => 1,
        "kb" => 1000,
        "mb" => 1000 * 1000,
        "gb" => 1000 * 1000 * 1000,
        "k" | "kib" => 1 << 10,
        "m" | "mib" => 1 << 20,
        "g" | "gib" => 1 << 30,
        _ => return Err(fault()),
    };
    let number: u64 = number.parse().map_err(|_| fault())?;
    number.checked_mul(factor).ok_or_else(fault)
}

/// The file as written.
#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct ConfigSyntax {
    report: Option<Confidence>,
    block: Option<Confidence>,
    #[serde(default)]
    rules: Vec<String>,
    max_size: Option<Size>,
    #[serde(default)]
    allow: Vec<Spanned<AllowSyntax>>,
}

/// An `[[allow]]` entry as written.
#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct AllowSyntax {
    pub(super) rule: Option<String>,
    pub(super) path: Option<Strings>,
    pub(super) value: Option<Strings>,
    pub(super) pattern: Option<String>,
    pub(super) reason: Option<String>,
    pub(super) until: Option<Datetime>,
}

/// A string or a list of strings. Written out, because serde's untagged enums cannot say what they
/// wanted.
pub(super) struct Strings(pub(super) Vec<String>);

impl<'de> Deserialize<'de> for Strings {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Either;

        impl<'de> Visitor<'de> for Either {
            type Value = Strings;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a string or a list of strings")
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<Strings, E> {
                Ok(Strings(vec![text.to_owned()]))
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Strings, A::Error> {
                let mut all = Vec::new();
                while let Some(text) = list.next_element()? {
                    all.push(text);
                }
                Ok(Strings(all))
            }
        }

        deserializer.deserialize_any(Either)
    }
}

/// A size in bytes, from an integer or a string.
struct Size(u64);

impl<'de> Deserialize<'de> for Size {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Either;

        impl Visitor<'_> for Either {
            type Value = Size;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a size: bytes, or a string such as \"64MiB\"")
            }

            fn visit_i64<E: de::Error>(self, bytes: i64) -> Result<Size, E> {
                u64::try_from(bytes)
                    .map(Size)
                    .map_err(|_| E::custom("a size cannot be negative"))
            }

            fn visit_u64<E: de::Error>(self, bytes: u64) -> Result<Size, E> {
                Ok(Size(bytes))
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<Size, E> {
                parse_size(text).map(Size).map_err(E::custom)
            }
        }

        deserializer
            .deserialize_any(Either)
            .map_err(D::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<Config, ConfigError> {
        Config::parse(Path::new("repo/.keysieve.toml"), text)
    }

    #[test]
    fn everything_that_may_be_said_is_understood() {
        let print = "0123456789abcdef0123456789abcdef";
        let config = parse(&format!(
            "report = \"medium\"\nblock = \"high\"\nrules = [\"own.toml\"]\nmax-size = \"64MiB\"\n\n[[allow]]\nrule = \"r\"\n\
             path = [\"tests/\", \"*.md\"]\nvalue = \"{print}\"\npattern = \"^x\"\nreason = \"fixture\"\nuntil = 2027-01-31\n"
        ))
        .unwrap();
        assert_eq!(
            (config.report, config.block),
            (Some(Confidence::Medium), Some(Confidence::High))
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
    fn what_is_wrong_is_named_with_its_line() {
        let entry = |line: &str| {
            format!("\n[[allow]]\nrule = \"a\"\nreason = \"r\"\n\n[[allow]]\n{line}\n")
        };
        for (text, expected) in [
            (
                "\nreprot = \"low\"\n".to_owned(),
                "2: unknown field `reprot`",
            ),
            (
                "report = \"lower\"".to_owned(),
                "1: unknown variant `lower`",
            ),
            ("\n\nmax-size = \"64 stones\"".to_owned(), "is not a size"),
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
            (entry("reason = \"r\""), "entry 2: names nothing"),
            (
                entry("reason = \"r\"\nwhy = \"r\""),
                "8: unknown field `why`",
            ),
            (
                entry("reason = \"r\"\npattern = \"(\""),
                "entry 2: 'pattern' is not a regular expression",
            ),
            (
                entry("reason = \"r\"\npattern = \"x*\""),
                "entry 2: 'pattern' matches the empty text",
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
                "entry 2: 'until' is a day",
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
            message.contains(":1: [[allow]] entry 1: there is no rule 'no-such-rule'"),
            "{message}"
        );
    }

    #[test]
    fn sizes_have_units() {
        assert_eq!(parse_size("10"), Ok(10));
        assert_eq!(parse_size("2 kb"), Ok(2000));
        assert_eq!(parse_size("2KiB"), Ok(2048));
        assert_eq!(parse_size("1G"), Ok(1 << 30));
        for wrong in ["", "x", "1.5M", "1TB", "99999999999G", "-1"] {
            assert!(parse_size(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn only_an_absent_file_is_no_configuration() {
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
