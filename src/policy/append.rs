//! Appends an `[[allow]]` entry to a configuration file and leaves the rest of it unchanged.

use std::path::Path;

use jiff::civil::Date;

use super::config::Config;
use super::error::ConfigError;
use crate::secret::{Salt, WrittenFingerprint};
use crate::text::printable;

/// An `[[allow]]` entry to write.
#[derive(Clone, Copy, Debug)]
pub struct NewEntry<'a> {
    /// What a comment says of it, such as the rule and the place; one line without secrets.
    pub about: Option<&'a str>,
    /// The fingerprint that it allows.
    pub value: WrittenFingerprint,
    /// Why it is allowed.
    pub reason: &'a str,
    /// The last day on which it is allowed.
    pub until: Option<Date>,
    /// If given, the only rule for which it is allowed.
    pub rule: Option<&'a str>,
    /// If given, the only path, in the syntax of `.gitignore`, at which it is allowed.
    pub path: Option<&'a str>,
}

/// The result of [`append`].
#[derive(Debug, PartialEq, Eq)]
pub enum Appended {
    /// The file with the entry, and the entry's number.
    Text {
        /// All of the new file.
        text: String,
        /// The new entry's number, from 1.
        number: usize,
    },
    /// An entry that allows the same exists, and has not expired.
    Exists {
        /// Its number, from 1.
        number: usize,
        /// Its reason.
        reason: String,
    },
}

/// Adds `entry` to `text`, the content of the configuration file `path`. No byte of `text` changes.
///
/// # Errors
/// If `text`, or the new text, is not a valid configuration file. Then nothing should be written.
pub fn append(
    path: &Path,
    text: &str,
    entry: &NewEntry<'_>,
    today: Date,
) -> Result<Appended, ConfigError> {
    let before = Config::parse(path, text)?;
    if let Some(old) = before
        .allow
        .iter()
        .find(|old| !old.is_expired(today) && old.covers(entry.value, entry.rule, entry.path))
    {
        return Ok(Appended::Exists {
            number: old.number,
            reason: old.reason.clone(),
        });
    }
    let ending = line_ending(text);
    let mut out = text.to_owned();
    if !text.is_empty() {
        if !text.ends_with('\n') {
            out.push_str(ending);
        }
        out.push_str(ending);
    }
    for line in lines(entry) {
        out.push_str(&line);
        out.push_str(ending);
    }
    let after = Config::parse(path, &out)?;
    Ok(Appended::Text {
        text: out,
        number: after.allow.len(),
    })
}

/// Adds `salt` to `text`, the content of the configuration file `path`, before all else: a key of
/// the file itself cannot follow an entry. `None` if it has a salt already.
///
/// # Errors
/// If `text`, or the new text, is not a valid configuration file. Then nothing should be written.
pub fn add_salt(path: &Path, text: &str, salt: Salt) -> Result<Option<String>, ConfigError> {
    if Config::parse(path, text)?.salt.is_some() {
        return Ok(None);
    }
    let ending = line_ending(text);
    let mut out = format!("salt = \"{salt}\"{ending}");
    if !text.is_empty() {
        out.push_str(ending);
        out.push_str(text);
    }
    Config::parse(path, &out)?;
    Ok(Some(out))
}

/// How the lines of a file end.
pub(super) fn line_ending(text: &str) -> &'static str {
    if text.contains("\r\n") { "\r\n" } else { "\n" }
}

fn lines(entry: &NewEntry<'_>) -> Vec<String> {
    let about = entry
        .about
        .map(|about| format!("# {}", printable(about.as_bytes())));
    let mut lines: Vec<String> = about.into_iter().collect();
    lines.push("[[allow]]".to_owned());
    lines.push(format!("value = \"{}\"", entry.value));
    if let Some(rule) = entry.rule {
        lines.push(format!("rule = {}", quoted(rule)));
    }
    if let Some(path) = entry.path {
        lines.push(format!("path = {}", quoted(path)));
    }
    lines.push(format!("reason = {}", quoted(entry.reason)));
    if let Some(until) = entry.until {
        lines.push(format!("until = {until}"));
    }
    lines
}

/// A TOML basic string on one line, with every special character escaped.
pub(super) fn quoted(text: &str) -> String {
    use std::fmt::Write as _;

    let mut out = String::from("\"");
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            c if c.is_control() => {
                // Writing to a String cannot fail.
                let _ = write!(out, "\\u{:04x}", u32::from(c));
            }
            c => out.push(c),
        }
    }
    out + "\""
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    const VALUE: &str = "0123456789abcdef0123456789abcdef";

    fn entry(reason: &str) -> NewEntry<'_> {
        NewEntry {
            about: None,
            value: WrittenFingerprint::parse(VALUE).unwrap(),
            reason,
            until: None,
            rule: None,
            path: None,
        }
    }

    fn add(text: &str, entry: &NewEntry<'_>) -> Result<Appended, ConfigError> {
        append(Path::new(".keysieve.toml"), text, entry, date(2026, 6, 1))
    }

    fn added(text: &str, entry: &NewEntry<'_>) -> String {
        match add(text, entry).unwrap() {
            Appended::Text { text, .. } => text,
            exists @ Appended::Exists { .. } => panic!("{exists:?}"),
        }
    }

    #[test]
    fn a_new_file_holds_the_entry() {
        let all = NewEntry {
            about: Some("r at a/b\n:3"),
            until: Some(date(2027, 1, 31)),
            rule: Some("r"),
            path: Some("a/*"),
            ..entry("why")
        };
        let expected = format!(
            "# r at a/b\\n:3\n[[allow]]\nvalue = \"{VALUE}\"\nrule = \"r\"\npath = \"a/*\"\nreason = \"why\"\n\
             until = 2027-01-31\n"
        );
        assert_eq!(added("", &all), expected);
    }

    #[test]
    fn the_existing_text_does_not_change() {
        for before in [
            "# c\r\nreport = \"low\" # x\r\n",
            "report = 'low'",
            "[[allow]]\nrule='a'\nreason='b'\n\n",
        ] {
            let after = added(before, &entry("why"));
            assert!(after.starts_with(before), "{after}");
            assert_eq!(after.contains("\r\n"), before.contains("\r\n"));
        }
        assert!(
            add("report = 'no'", &entry("why")).is_err(),
            "a broken file is not added to"
        );
        assert!(
            add("allow = []", &entry("why")).is_err(),
            "nor is one that the entry would break"
        );
        assert!(add("", &entry(" ")).is_err(), "an entry needs a reason");
    }

    #[test]
    fn a_salt_is_written_once_and_before_the_entries() {
        let salt = Salt::parse(VALUE).unwrap();
        for before in ["", "[[allow]]\r\nrule = 'a'\r\nreason = 'b'\r\n", "# c\n"] {
            let path = Path::new(".keysieve.toml");
            let after = add_salt(path, before, salt).unwrap().unwrap();
            assert!(after.ends_with(before), "{after}");
            assert_eq!(Config::parse(path, &after).unwrap().salt, Some(salt));
            assert_eq!(add_salt(path, &after, salt).unwrap(), None);
        }
    }

    #[test]
    fn every_reason_is_quoted_so_that_it_can_be_read_back() {
        for reason in [
            "a \"quote\" and \\n",
            "two\nlines\u{7f}\u{1b}[0m",
            "'''\"\"\"",
            "caf\u{e9} \u{202e}",
        ] {
            let text = added("", &entry(reason));
            assert_eq!(
                Config::parse(Path::new("x"), &text).unwrap().allow[0].reason,
                reason
            );
        }
    }

    #[test]
    fn the_same_entry_is_not_written_twice() {
        let once = added("", &entry("why"));
        assert_eq!(
            add(&once, &entry("again")).unwrap(),
            Appended::Exists {
                number: 1,
                reason: "why".to_owned()
            }
        );
        let narrow = added(
            "",
            &NewEntry {
                path: Some("a/*"),
                ..entry("why")
            },
        );
        assert!(matches!(
            add(&narrow, &entry("wider")),
            Ok(Appended::Text { number: 2, .. })
        ));
        let expired = added(
            "",
            &NewEntry {
                until: Some(date(2026, 5, 31)),
                ..entry("why")
            },
        );
        assert!(matches!(
            add(&expired, &entry("again")),
            Ok(Appended::Text { number: 2, .. })
        ));
    }
}
