//! Writes what was imported into the texts of the configuration file and of the rule file, and
//! leaves the rest of them unchanged.

use std::path::Path;

use serde::Deserialize;
use toml::Spanned;

use super::model::{Entry, text as toml_text};
use crate::policy::append::line_ending;
use crate::policy::config::Config;
use crate::policy::error::ConfigError;

/// Appends to the configuration `text` those of `entries`, from the file `from`, that it does not
/// have; returns the new text and how many were added.
///
/// # Errors
/// If `text` is not a valid configuration file.
pub fn add_entries(
    path: &Path,
    text: &str,
    entries: &[Entry],
    from: &str,
) -> Result<(String, usize), ConfigError> {
    Config::parse(path, text)?;
    let ending = line_ending(text);
    let (mut out, mut added) = (text.to_owned(), 0);
    for entry in entries {
        let block = entry.lines(from).join(ending) + ending;
        if out.contains(&block) {
            continue;
        }
        if !out.is_empty() {
            if !out.ends_with('\n') {
                out += ending;
            }
            out += ending;
        }
        out += &block;
        added += 1;
    }
    Config::parse(path, &out)?;
    Ok((out, added))
}

/// Adds the rule file `name` to `rules` of the configuration `text`, unless it is there.
///
/// # Errors
/// If `text` is not a valid configuration file.
pub fn name_rule_file(path: &Path, text: &str, name: &str) -> Result<String, ConfigError> {
    #[derive(Deserialize)]
    struct Rules {
        rules: Option<Spanned<Vec<String>>>,
    }
    let config = Config::parse(path, text)?;
    if config.rules.iter().any(|rules| rules.ends_with(name)) {
        return Ok(text.to_owned());
    }
    let written: Option<Rules> = toml::from_str(text).ok();
    let name = toml_text(name);
    let mut out = text.to_owned();
    match written.and_then(|written| written.rules) {
        Some(rules) => {
            let comma = if rules.get_ref().is_empty() { "" } else { ", " };
            out.insert_str(rules.span().start + 1, &format!("{name}{comma}"));
        }
        None => {
            let ending = line_ending(text);
            let gap = if text.is_empty() { "" } else { ending };
            out.insert_str(0, &format!("rules = [{name}]{ending}{gap}"));
        }
    }
    Config::parse(path, &out)?;
    Ok(out)
}

/// Appends to the rule file `text` those of `rules` whose id it does not have; returns the new text
/// and how many were added.
#[must_use]
pub fn add_rules(text: &str, rules: &[(String, String)]) -> (String, usize) {
    let (mut out, mut added) = (text.to_owned(), 0);
    for (id, rule) in rules {
        if out.contains(&format!("\nid = {}\n", toml_text(id))) {
            continue;
        }
        if !out.is_empty() {
            out.push('\n');
        }
        out += rule;
        added += 1;
    }
    (out, added)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn named(text: &str) -> String {
        name_rule_file(Path::new("x"), text, "r.toml").unwrap()
    }

    #[test]
    fn a_rule_file_is_named_once() {
        assert_eq!(named(""), "rules = ['r.toml']\n");
        assert_eq!(named("rules = [\"a\"]\n"), "rules = ['r.toml', \"a\"]\n");
        assert_eq!(named("# c\nrules = []"), "# c\nrules = ['r.toml']");
        let entry = "[[allow]]\r\nrule = 'a'\r\nreason = 'b'\r\n";
        assert_eq!(named(entry), format!("rules = ['r.toml']\r\n\r\n{entry}"));
        assert_eq!(named(&named(entry)), named(entry));
    }

    #[test]
    fn an_entry_and_a_rule_are_added_once() {
        let entry = Entry {
            path_regexes: vec!["^a".to_owned(), "it's".to_owned()],
            pattern: Some("b".to_owned()),
            ..Entry::default()
        };
        let add = |text: &str| {
            add_entries(Path::new("x"), text, std::slice::from_ref(&entry), "f").unwrap()
        };
        let (once, added) = add("report = 'low'");
        assert_eq!(added, 1);
        let expected = "report = 'low'\n\n[[allow]]\npath-regex = [\n  '^a',\n  \"it's\",\n]\n\
                        pattern = 'b'\nreason = \"imported from f\"\n";
        assert_eq!(once, expected);
        assert_eq!(add(&once), (once.clone(), 0));
        let rule = ("a".to_owned(), "[[rule]]\nid = 'a'\n".to_owned());
        let (text, _) = add_rules("", std::slice::from_ref(&rule));
        assert_eq!(add_rules(&text, &[rule]), (text.clone(), 0));
    }
}
