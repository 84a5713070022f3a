//! Reads the configuration of gitleaks and betterleaks: `.gitleaks.toml`, `.betterleaks.toml`.

use serde::Deserialize;
use toml::{Table, Value};

use super::model::{Entry, Evidence, Foreign, Import, Known, rule_text};
use super::pattern::{any_of, rule_pattern};
use crate::text::{line_at, without_value};

/// A configuration. Keys are read in lower case, because the tools ignore their case.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Config {
    extend: Extend,
    rules: Vec<Rule>,
    allowlist: Option<Allowlist>,
    allowlists: Vec<Allowlist>,
    prefilter: String,
    filter: String,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Extend {
    path: String,
    url: String,
    usedefault: bool,
    disabledrules: Vec<String>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Rule {
    id: String,
    description: String,
    path: String,
    regex: String,
    secretgroup: u32,
    entropy: f64,
    allowlist: Option<Allowlist>,
    allowlists: Vec<Allowlist>,
    /// Keys that are rare: `required`, `filter`, `skipreport`.
    #[serde(flatten)]
    others: Table,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Allowlist {
    description: String,
    condition: String,
    targetrules: Vec<String>,
    commits: Vec<String>,
    paths: Vec<String>,
    regextarget: String,
    regexes: Vec<String>,
    stopwords: Vec<String>,
}

/// How many configurations may extend each other, as in gitleaks.
const MAX_DEPTH: usize = 2;

/// Reads a configuration, and those that it extends.
pub(super) fn read(file: &Foreign<'_>) -> Result<Import, String> {
    let mut import = Import::default();
    let has_rules = add(file, file.text, 0, &mut import)?;
    import.finds_nothing = !has_rules;
    Ok(import)
}

/// Adds a configuration; returns whether it has an active rule.
fn add(file: &Foreign<'_>, toml: &str, depth: usize, import: &mut Import) -> Result<bool, String> {
    let config = parse(toml)?;
    let extend = &config.extend;
    let mut has_rules = extend.usedefault || !config.rules.is_empty();
    if !extend.path.is_empty() && depth < MAX_DEPTH {
        match (file.read)(&extend.path) {
            Ok(text) => has_rules |= add(file, &text, depth + 1, import)?,
            Err(error) => import.leave(format!("extend.path '{}': {error}", extend.path)),
        }
    }
    if !extend.url.is_empty() {
        import.leave("extend.url: gitleaks does not read it either");
    }
    if depth == 0 && !extend.usedefault && has_rules {
        import.notes.push(
            "it has no extend.useDefault: keysieve's built-in rules find more than it does".into(),
        );
    }
    let mut ids = Ids::default();
    for rule in &config.rules {
        ids.add(rule, extend.usedefault, file, import);
    }
    ids.report(import);
    // Without an extended configuration, gitleaks ignores them.
    let extends = extend.usedefault || !extend.path.is_empty();
    for id in extend.disabledrules.iter().filter(|_| extends) {
        let entry = Entry {
            description: "a disabled rule".into(),
            ..Entry::default()
        };
        allow_for(&ids.here(id), entry, file, import);
    }
    for rule in &config.rules {
        let id = Some(ids.here(&rule.id));
        for list in rule.allowlist.iter().chain(&rule.allowlists) {
            add_allowlist(list, id.as_deref(), file, import);
        }
    }
    for list in config.allowlist.iter().chain(&config.allowlists) {
        if list.targetrules.is_empty() {
            add_allowlist(list, None, file, import);
        }
        for id in &list.targetrules {
            add_allowlist(list, Some(&ids.here(id)), file, import);
        }
    }
    for (key, value) in [("prefilter", &config.prefilter), ("filter", &config.filter)] {
        if !value.is_empty() {
            import.leave(format!("{key}: expressions have no equivalent"));
        }
    }
    Ok(has_rules)
}

fn parse(toml: &str) -> Result<Config, String> {
    let problem = |error: toml::de::Error| {
        let line = line_at(toml, error.span().map_or(0, |span| span.start));
        format!("line {line}: {}", without_value(error.message()))
    };
    let table: Table = toml::from_str(toml).map_err(problem)?;
    let lower = lower_case(Value::Table(table));
    lower.try_into().map_err(problem)
}

fn lower_case(value: Value) -> Value {
    match value {
        Value::Table(table) => {
            let pairs = table.into_iter();
            Value::Table(
                pairs
                    .map(|(key, value)| (key.to_lowercase(), lower_case(value)))
                    .collect(),
            )
        }
        Value::Array(all) => Value::Array(all.into_iter().map(lower_case).collect()),
        other => other,
    }
}

/// The ids that the rules of a configuration have here.
#[derive(Default)]
struct Ids {
    renamed: Vec<(String, String)>,
    builtin: Vec<String>,
}

impl Ids {
    fn here(&self, id: &str) -> String {
        let mut renamed = self.renamed.iter();
        let found = renamed.find(|(old, _)| old == id);
        found.map_or_else(|| id.to_owned(), |(_, new)| new.clone())
    }

    /// Adds a rule to `import`, unless it is built in or cannot be carried over.
    fn add(&mut self, rule: &Rule, extends: bool, file: &Foreign<'_>, import: &mut Import) {
        let id = &rule.id;
        let is_builtin = file.rules.has(id);
        if rule.regex.is_empty() {
            if !rule.path.is_empty() {
                import.leave(format!(
                    "rule '{id}': it reports paths, and a rule here needs a pattern"
                ));
            } else if rule.entropy != 0.0 || rule.secretgroup != 0 {
                import.leave(format!("rule '{id}': a built-in rule cannot be changed"));
            }
            return;
        }
        if is_builtin && !extends {
            self.builtin.push(id.clone());
            return;
        }
        let mut new = kebab_case(id);
        if is_builtin || file.rules.has(&new) || import.rules.iter().any(|(id, _)| *id == new) {
            new = format!("imported-{new}");
            import
                .notes
                .push(format!("rule '{id}' is '{new}', next to the built-in rule"));
        }
        match written(rule, &new, file.name) {
            Ok((text, note)) => {
                let note = note.map(|note| format!("rule '{id}': {note}"));
                import.notes.extend(note);
                import.rules.push((new.clone(), text));
                self.renamed.push((id.clone(), new));
                leave_parts(rule, import);
            }
            Err(problem) => import.leave(format!("rule '{id}': {problem}")),
        }
    }

    fn report(&self, import: &mut Import) {
        if !self.builtin.is_empty() {
            let ids = self.builtin.join(", ");
            import
                .notes
                .push(format!("the built-in rules of these ids apply: {ids}"));
        }
    }
}

/// The parts of a rule that narrow what it finds, and that a rule here does not have.
fn leave_parts(rule: &Rule, import: &mut Import) {
    let id = &rule.id;
    if !rule.path.is_empty() {
        import.leave(format!(
            "rule '{id}': 'path': it searches files at every path"
        ));
    }
    for key in ["required", "filter", "skipreport", "tokenefficiency"] {
        let value = rule.others.get(key);
        if value.is_some_and(|value| *value != Value::Boolean(false)) {
            import.leave(format!(
                "rule '{id}': '{key}': the rule reports every match"
            ));
        }
    }
}

/// A rule in the text of a pattern file, and what differs.
fn written(rule: &Rule, id: &str, file: &str) -> Result<(String, Option<&'static str>), String> {
    let pattern = rule_pattern(&rule.regex, rule.secretgroup)?;
    let description = match rule.description.trim() {
        "" => format!("Imported from {file}"),
        description => description.to_owned(),
    };
    let rule = rule_text(file, id, &description, &pattern.text, rule.entropy)?;
    Ok((rule, pattern.note))
}

fn kebab_case(id: &str) -> String {
    let letters = id.chars().map(|c| match c.to_ascii_lowercase() {
        c if c.is_ascii_alphanumeric() => c,
        _ => '-',
    });
    letters.collect()
}

/// Adds an allowlist, of one rule if there is one.
fn add_allowlist(list: &Allowlist, rule: Option<&str>, file: &Foreign<'_>, import: &mut Import) {
    let all_apply = matches!(list.condition.to_uppercase().as_str(), "AND" | "&&");
    let on_value = matches!(list.regextarget.as_str(), "" | "secret");
    let what = rule.map_or_else(
        || "allowlist".to_owned(),
        |rule| format!("allowlist of '{rule}'"),
    );
    if !on_value && !list.regexes.is_empty() {
        let target = &list.regextarget;
        import.leave(format!(
            "{what}: regexTarget = \"{target}\": an entry here is compared with the secret alone"
        ));
    }
    if all_apply {
        let has_two = !list.regexes.is_empty() && !list.stopwords.is_empty();
        if !on_value || has_two || !list.commits.is_empty() {
            import.leave(format!(
                "{what}: condition = \"AND\": an entry here has other conditions"
            ));
            return;
        }
    } else {
        import
            .known
            .extend(list.commits.iter().map(|commit| of_commit(commit, rule)));
    }
    let base = Entry {
        description: list.description.clone(),
        ..Entry::default()
    };
    let mut patterns = Vec::new();
    if on_value {
        patterns.extend(list.regexes.iter().cloned());
    }
    if !list.stopwords.is_empty() {
        patterns.push(any_of(&list.stopwords));
    }
    let entries = patterns.into_iter().map(|pattern| Entry {
        pattern: Some(pattern),
        ..base.clone()
    });
    let mut entries: Vec<_> = entries.collect();
    if all_apply && !entries.is_empty() {
        for entry in &mut entries {
            entry.path_regexes.clone_from(&list.paths);
        }
    } else if !list.paths.is_empty() {
        entries.push(Entry {
            path_regexes: list.paths.clone(),
            ..base
        });
    }
    for entry in entries {
        match rule {
            Some(rule) => allow_for(rule, entry, file, import),
            None => add_entry(entry, import),
        }
    }
}

/// Everything that `commit` adds.
fn of_commit(commit: &str, rule: Option<&str>) -> Known {
    Known {
        commit: Some(commit.trim().to_lowercase()),
        rule: rule.map(str::to_owned),
        ..Known::new(format!("commit {commit}"), Evidence::Line)
    }
}

/// Adds an entry for a rule, if the rule exists here.
fn allow_for(rule: &str, entry: Entry, file: &Foreign<'_>, import: &mut Import) {
    if !file.rules.has(rule) && !import.rules.iter().any(|(id, _)| id == rule) {
        import.note(format!(
            "no rule has the id '{rule}' here: there is nothing to allow"
        ));
        return;
    }
    add_entry(
        Entry {
            rule: Some(rule.to_owned()),
            ..entry
        },
        import,
    );
}

fn add_entry(entry: Entry, import: &mut Import) {
    match &entry.pattern {
        None if !entry.path_regexes.is_empty() => {
            import.allow_paths(&entry, &entry.path_regexes);
        }
        _ => import.allow("a pattern of an allowlist", entry),
    }
}
