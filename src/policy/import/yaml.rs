//! Reads YAML files: `.gitguardian.yaml` of ggshield, `.talismanrc`, and kingfisher's baseline.

use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::glob;
use super::model::{Entry, Evidence, Foreign, Import, Known, rule_text};
use super::pattern::rule_pattern;

/// Parses a file. The error never quotes it.
fn parse<T: DeserializeOwned>(file: &Foreign<'_>) -> Result<T, String> {
    serde_saphyr::from_str(file.text).map_err(|error| {
        let line = error.location().map_or(0, |location| location.line());
        format!("line {line}: not the YAML that the tool reads")
    })
}

/// `.gitguardian.yaml`, of version 1 or 2.
pub(super) fn ggshield(file: &Foreign<'_>) -> Result<Import, String> {
    let config: Value = parse(file)?;
    // Keys may have hyphens.
    let get = |table: &Value, key: &str| -> Value {
        let found = table.get(key).or_else(|| table.get(key.replace('_', "-")));
        found.cloned().unwrap_or_default()
    };
    let is_new = config.get("version").is_some_and(|version| *version == 2);
    let secret = get(&config, "secret");
    let (table, paths, matches, detectors) = if is_new {
        (
            &secret,
            "ignored_paths",
            "ignored_matches",
            "ignored_detectors",
        )
    } else {
        (
            &config,
            "paths_ignore",
            "matches_ignore",
            "banlisted_detectors",
        )
    };
    let mut import = Import::default();
    let strings = |value: Value| -> Vec<String> {
        let all = value.as_array().cloned().unwrap_or_default();
        all.iter()
            .filter_map(Value::as_str)
            .map(str::to_owned)
            .collect()
    };
    let paths = strings(get(table, paths));
    let regexes: Vec<_> = paths.iter().map(|path| glob::ggshield(path)).collect();
    import.allow_paths(&Entry::default(), &regexes);
    let matches = get(table, matches);
    for (index, entry) in matches.as_array().into_iter().flatten().enumerate() {
        let label = format!("ignored match {}", index + 1);
        let value = entry.get("match").unwrap_or(entry).as_str();
        match value {
            Some(value) => import.known.push(of_match(label, value)),
            None => import.leave(label),
        }
    }
    for detector in strings(get(table, detectors)) {
        import.leave(format!(
            "the ignored detector '{detector}': rules here have other names"
        ));
    }
    for key in ["exit_zero", "ignore_known_secrets"] {
        if get(&config, key) == true || get(&secret, key) == true {
            import.leave(format!("{key}: use '--block' to choose what fails"));
        }
    }
    Ok(import)
}

/// A match is a value, or a digest.
fn of_match(label: String, value: &str) -> Known {
    let is_digest = value.len() == 64 && value.bytes().all(|byte| byte.is_ascii_hexdigit());
    if is_digest {
        Known::new(label, Evidence::Ggshield(value.to_lowercase()))
    } else {
        Known::of_value(label, value)
    }
}

/// `.talismanrc`.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Talisman {
    fileignoreconfig: Vec<Ignored>,
    scopeconfig: Vec<Scope>,
    custom_patterns: Vec<String>,
    custom_severities: Vec<Value>,
    allowed_patterns: Vec<String>,
    threshold: String,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Ignored {
    filename: String,
    checksum: String,
    ignore_detectors: Vec<String>,
    allowed_patterns: Vec<String>,
}

#[derive(Deserialize)]
struct Scope {
    scope: String,
}

/// The files of talisman's scopes; see its README, "Ignoring files by specifying language scope".
const SCOPES: &[(&str, &[&str])] = &[
    (
        "node",
        &["pnpm-lock.yaml", "yarn.lock", "package-lock.json"],
    ),
    (
        "go",
        &[
            "makefile",
            "go.mod",
            "go.sum",
            "Gopkg.toml",
            "Gopkg.lock",
            "glide.yaml",
            "glide.lock",
        ],
    ),
    ("images", &["*.jpeg", "*.jpg", "*.png", "*.tiff", "*.bmp"]),
    ("bazel", &["*.bzl"]),
    ("terraform", &[".terraform.lock.hcl"]),
    ("php", &["composer.lock"]),
    (
        "python",
        &["poetry.lock", "Pipfile.lock", "requirements.txt", "uv.lock"],
    ),
];

/// `.talismanrc`.
pub(super) fn talisman(file: &Foreign<'_>) -> Result<Import, String> {
    let config: Talisman = parse(file)?;
    let mut import = Import::default();
    for ignored in &config.fileignoreconfig {
        add_ignored(ignored, &mut import);
    }
    for Scope { scope } in &config.scopeconfig {
        match SCOPES.iter().find(|(name, _)| name == scope) {
            Some((_, names)) => {
                let regexes: Vec<_> = names.iter().map(|name| glob::of_name(name)).collect();
                let description = format!("scope {scope}");
                let entry = Entry {
                    description,
                    ..Entry::default()
                };
                import.allow_paths(&entry, &regexes);
            }
            None => import.leave(format!("the unknown scope '{scope}'")),
        }
    }
    for pattern in &config.allowed_patterns {
        allow_whole(pattern, None, &mut import);
    }
    for (index, pattern) in config.custom_patterns.iter().enumerate() {
        add_pattern(pattern, index + 1, file, &mut import);
    }
    if !config.threshold.is_empty() || !config.custom_severities.is_empty() {
        import.leave("severities: use 'report' and 'block' to choose what is reported and fails");
    }
    Ok(import)
}

fn add_ignored(ignored: &Ignored, import: &mut Import) {
    let name = &ignored.filename;
    if name.is_empty() {
        return;
    }
    let path = glob::talisman(name);
    if ignored
        .ignore_detectors
        .iter()
        .any(|detector| detector == "filecontent")
    {
        import.allow_paths(&Entry::default(), std::slice::from_ref(&path));
    } else if !ignored.checksum.is_empty() && glob::is_exact(name) {
        let evidence = Evidence::TalismanFile(ignored.checksum.to_lowercase());
        import.known.push(Known {
            path: Some(name.clone()),
            ..Known::new(name, evidence)
        });
    } else if !ignored.checksum.is_empty() {
        import.leave(format!(
            "'{name}': its checksum is of all files that the pattern matches"
        ));
    }
    for pattern in &ignored.allowed_patterns {
        allow_whole(pattern, Some(path.clone()), import);
    }
}

/// Allows what `pattern` matches as a whole. Talisman removes the matches before it searches.
fn allow_whole(pattern: &str, path: Option<String>, import: &mut Import) {
    let what = "an allowed pattern";
    // One that closes more groups than it opens would open what is put around it.
    if regex::bytes::Regex::new(pattern).is_err() {
        return import.leave(format!("{what}: it is not a regular expression here"));
    }
    import.leave(format!(
        "{what}: in part; it allows secrets that it matches as a whole"
    ));
    let entry = Entry {
        pattern: Some(format!(r"\A(?:{pattern})\z")),
        path_regexes: path.into_iter().collect(),
        ..Entry::default()
    };
    import.allow(what, entry);
}

fn add_pattern(pattern: &str, number: usize, file: &Foreign<'_>, import: &mut Import) {
    let id = format!("talisman-custom-{number}");
    let description = format!("Imported from {}", file.name);
    let rule = rule_pattern(pattern, 0)
        .map_err(str::to_owned)
        .and_then(|pattern| rule_text(file.name, &id, &description, &pattern.text, 0.0));
    match rule {
        Ok(rule) => import.rules.push((id, rule)),
        Err(problem) => import.leave(format!("custom pattern {number}: {problem}")),
    }
}

/// A baseline of kingfisher.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Kingfisher {
    repositories: Vec<Repository>,
    /// Of the first version.
    #[serde(rename = "ExactFindings")]
    exact: Exact,
}

#[derive(Deserialize)]
struct Repository {
    #[serde(default)]
    findings: Vec<Fingerprint>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Exact {
    matches: Vec<Fingerprint>,
}

#[derive(Deserialize)]
struct Fingerprint {
    #[serde(alias = "filepath")]
    path: String,
    fingerprint: String,
    #[serde(alias = "linenum")]
    line: Option<usize>,
    rule_id: Option<String>,
}

/// A baseline of kingfisher.
pub(super) fn kingfisher(file: &Foreign<'_>) -> Result<Import, String> {
    let baseline: Kingfisher = parse(file)?;
    let of_repositories = baseline
        .repositories
        .into_iter()
        .flat_map(|all| all.findings);
    let mut import = Import::default();
    for finding in of_repositories.chain(baseline.exact.matches) {
        let label = format!("{}:{}", finding.path, finding.line.unwrap_or(0));
        // Older versions write the hash in hex.
        let text = &finding.fingerprint;
        let hash = text.parse().or_else(|_| u64::from_str_radix(text, 16));
        let Ok(hash) = hash else {
            import.leave(format!("{label}: its fingerprint is not a number"));
            continue;
        };
        import.known.push(Known {
            path: Some(finding.path.trim_start_matches("./").to_owned()),
            line: finding.line,
            rule: finding.rule_id,
            ..Known::new(label, Evidence::Kingfisher(hash))
        });
    }
    Ok(import)
}
