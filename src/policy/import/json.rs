//! Reads JSON files: a report of gitleaks or betterleaks that is used as a baseline,
//! `.secrets.baseline` of detect-secrets, and `.secretlintrc.json`.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::ignore::fingerprint;
use super::model::{Entry, Evidence, Foreign, Import, Known};
use super::pattern::javascript;
use crate::secret::Secret;

/// Parses a file. The error never quotes it.
fn parse<T: DeserializeOwned>(file: &Foreign<'_>) -> Result<T, String> {
    serde_json::from_str(file.text)
        .map_err(|error| format!("line {}: not the JSON that the tool writes", error.line()))
}

/// A finding of a report.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Reported {
    #[serde(rename = "RuleID")]
    rule: String,
    start_line: usize,
    #[serde(default)]
    secret: String,
    #[serde(default)]
    file: String,
    #[serde(default)]
    commit: String,
    #[serde(default)]
    fingerprint: String,
    /// Where newer versions of betterleaks say which file it is.
    #[serde(default)]
    attributes: BTreeMap<String, String>,
}

/// A report of gitleaks or betterleaks.
pub(super) fn gitleaks_report(file: &Foreign<'_>) -> Result<Import, String> {
    let reported: Vec<Reported> = parse(file)?;
    let known = reported.into_iter().map(Reported::known).collect();
    Ok(Import {
        known,
        ..Import::default()
    })
}

impl Reported {
    fn known(self) -> Known {
        let attribute = |name: &str| self.attributes.get(name).cloned().unwrap_or_default();
        let or = |text: String, name: &str| {
            if text.is_empty() {
                attribute(name)
            } else {
                text
            }
        };
        let path = or(self.file.clone(), "path");
        let commit = or(self.commit.clone(), "git.sha");
        let is_redacted = self.secret.is_empty() || self.secret.contains("REDACTED");
        let evidence = if is_redacted {
            Evidence::Line
        } else {
            Evidence::Value(Secret::new(self.secret.as_bytes()))
        };
        let named = fingerprint(&self.fingerprint);
        Known {
            label: format!("{}:{}:{}", path, self.rule, self.start_line),
            path: Some(path).filter(|path| !path.is_empty()),
            commit: Some(commit).filter(|commit| !commit.is_empty()),
            line: Some(self.start_line),
            rule: Some(self.rule),
            evidence,
        }
        .or_named(named)
    }
}

impl Known {
    /// The same, with the path of `other` if it has none.
    fn or_named(self, other: Option<Self>) -> Self {
        match other {
            Some(other) if self.path.is_none() => Self {
                path: other.path,
                commit: other.commit,
                ..self
            },
            _ => self,
        }
    }
}

/// A baseline of detect-secrets.
#[derive(Deserialize)]
struct SecretsBaseline {
    #[serde(default)]
    plugins_used: Vec<Value>,
    #[serde(default)]
    filters_used: Vec<Filter>,
    /// Before version 1.0.
    #[serde(default)]
    exclude: Exclude,
    results: BTreeMap<String, Vec<Hashed>>,
}

#[derive(Default, Deserialize)]
struct Exclude {
    files: Option<String>,
    lines: Option<String>,
}

#[derive(Deserialize)]
struct Filter {
    path: String,
    #[serde(default)]
    pattern: Vec<String>,
}

#[derive(Deserialize)]
struct Hashed {
    hashed_secret: String,
    line_number: Option<usize>,
    is_secret: Option<bool>,
}

/// `.secrets.baseline`.
pub(super) fn detect_secrets(file: &Foreign<'_>) -> Result<Import, String> {
    let baseline: SecretsBaseline = parse(file)?;
    let mut import = Import {
        finds_nothing: baseline.plugins_used.is_empty(),
        ..Import::default()
    };
    for plugin in &baseline.plugins_used {
        let name = plugin["name"].as_str().unwrap_or("a plugin");
        if plugin.get("path").is_some() {
            import.leave(format!("the plugin '{name}': it is a program of the user"));
        }
        let excluded = plugin["keyword_exclude"].as_str();
        if excluded.is_some_and(|regex| !regex.is_empty()) {
            import.leave(format!(
                "'keyword_exclude' of '{name}': an entry does not see lines"
            ));
        }
    }
    let old = baseline.exclude;
    let old_filter = |name: &str, regex: Option<String>| Filter {
        path: format!("detect_secrets.filters.regex.{name}"),
        pattern: regex
            .into_iter()
            .filter(|regex| !regex.is_empty())
            .collect(),
    };
    let mut filters = baseline.filters_used;
    filters.push(old_filter("should_exclude_file", old.files));
    filters.push(old_filter("should_exclude_line", old.lines));
    for filter in filters {
        add_filter(&filter, &mut import);
    }
    for (path, all) in baseline.results {
        for hashed in all {
            if hashed.is_secret == Some(true) {
                import
                    .notes
                    .push(format!("{path}: an entry is audited as a real secret"));
            }
            let label = format!("{path}:{}", hashed.line_number.unwrap_or(0));
            let evidence = Evidence::Sha1(hashed.hashed_secret.to_lowercase());
            import.known.push(Known {
                path: Some(path.replace('\\', "/")),
                line: hashed.line_number,
                ..Known::new(label, evidence)
            });
        }
    }
    Ok(import)
}

fn add_filter(filter: &Filter, import: &mut Import) {
    let Some((module, name)) = filter.path.rsplit_once('.') else {
        return;
    };
    match (module, name) {
        ("detect_secrets.filters.regex", "should_exclude_file") => {
            import.allow_paths(&Entry::default(), &filter.pattern);
        }
        ("detect_secrets.filters.regex", "should_exclude_secret") => {
            for (regex, number) in filter.pattern.iter().zip(1..) {
                let entry = Entry {
                    pattern: Some(regex.clone()),
                    ..Entry::default()
                };
                import.allow(&format!("pattern {number} of {name}"), entry);
            }
        }
        ("detect_secrets.filters.regex", _) => {
            for number in 1..=filter.pattern.len() {
                import.leave(format!(
                    "pattern {number} of {name}: an entry does not see lines"
                ));
            }
        }
        ("detect_secrets.filters.wordlist", _) => {
            import.leave("the word list: an entry has no list of words");
        }
        (module, _) if !module.starts_with("detect_secrets.") => {
            import.leave(format!("the filter '{name}': it is a program of the user"));
        }
        // The heuristics of the tool; the checks of the rules here do their work.
        _ => {}
    }
}

/// A rule of secretlint; a preset has rules of its own.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct LintRule {
    id: String,
    #[serde(default)]
    disabled: bool,
    #[serde(default)]
    options: Value,
    #[serde(default)]
    allow_message_ids: Vec<String>,
    #[serde(default)]
    rules: Vec<Self>,
}

#[derive(Deserialize)]
struct LintConfig {
    rules: Vec<LintRule>,
}

/// `.secretlintrc.json`.
pub(super) fn secretlint(file: &Foreign<'_>) -> Result<Import, String> {
    let config: LintConfig = parse(file)?;
    let mut import = Import {
        finds_nothing: config.rules.iter().all(|rule| rule.disabled),
        ..Import::default()
    };
    add_lint_rules(&config.rules, file, &mut import);
    Ok(import)
}

fn add_lint_rules(rules: &[LintRule], file: &Foreign<'_>, import: &mut Import) {
    for rule in rules {
        let id = &rule.id;
        if rule.disabled {
            import.leave(format!("'{id}' is disabled: its rules here stay active"));
        }
        if !rule.allow_message_ids.is_empty() {
            import.leave(format!(
                "allowMessageIds of '{id}': messages have no ids here"
            ));
        }
        add_lint_rules(&rule.rules, file, import);
        let Some(options) = rule.options.as_object() else {
            continue;
        };
        let name = id.rsplit("secretlint-rule-").next().unwrap_or(id);
        for (key, value) in options {
            let allows = value.as_array().filter(|_| key == "allows");
            let Some(allows) = allows else {
                import.leave(format!("the option '{key}' of '{id}'"));
                continue;
            };
            let allows = allows.iter().filter_map(Value::as_str);
            for (allow, number) in allows.zip(1..) {
                match javascript(allow) {
                    Ok(pattern) => allow_provider(&pattern, name, file, import),
                    Err(problem) => import.leave(format!("allow {number} of '{id}': {problem}")),
                }
            }
        }
    }
}

/// Adds an entry for each rule of the provider `name`, which is what the rule of secretlint finds.
fn allow_provider(pattern: &str, name: &str, file: &Foreign<'_>, import: &mut Import) {
    let prefix = format!("{name}-");
    let ids = file.rules.rules.iter().map(|rule| &rule.id);
    let pairs = file.rules.pairs.iter().map(|pair| &pair.id);
    let ids: Vec<_> = ids
        .chain(pairs)
        .filter(|id| ***id == *name || id.starts_with(&prefix))
        .collect();
    if ids.is_empty() {
        import.leave(format!("an allow of '{name}': no rule here belongs to it"));
    }
    for id in ids {
        let entry = Entry {
            rule: Some(id.to_string()),
            pattern: Some(pattern.to_owned()),
            ..Entry::default()
        };
        import.allow(&format!("an allow of '{name}'"), entry);
    }
}
