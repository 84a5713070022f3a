//! Reads which hooks of keysieve the configuration of the pre-commit framework or of prek runs, and
//! gives the lines to add for those that are missing.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use serde::Deserialize;
use serde::de::IgnoredAny;

use super::{HOOKS, Hook, HookInput};

/// The file that both programs read.
const YAML: &str = ".pre-commit-config.yaml";

/// The file that prek prefers.
const TOML: &str = "prek.toml";

/// What runs a hook of keysieve in a local repository.
const RUN: &str = "keysieve hook run ";

/// The programs.
pub(super) const PRE_COMMIT: &str = "pre-commit";
pub(super) const PREK: &str = "prek";

/// The indentation of the fields of a hook in [`YAML`].
const INDENT: &str = "        ";

/// Keys of which only the presence matters.
type Others = BTreeMap<String, Option<IgnoredAny>>;

/// The configuration, as far as it is about hooks.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Framework {
    #[serde(default)]
    repos: Vec<Repo>,
    #[serde(default)]
    default_stages: Vec<String>,
    #[serde(flatten)]
    others: Others,
}

/// A source of hooks: `local`, or where to clone them from.
#[derive(Debug, Deserialize)]
struct Repo {
    repo: String,
    #[serde(default)]
    hooks: Vec<Entry>,
}

/// A hook.
#[derive(Debug, Deserialize)]
struct Entry {
    #[serde(default)]
    id: String,
    entry: Option<String>,
    language: Option<String>,
    #[serde(default)]
    stages: Vec<String>,
    #[serde(default)]
    always_run: bool,
    #[serde(flatten)]
    others: Others,
}

/// The keys that limit a hook to some files, unless it always runs.
const FILTERS: [&str; 5] = ["files", "exclude", "types", "types_or", "exclude_types"];

/// Who runs a hook of keysieve.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Runner {
    /// The program on `PATH`.
    Path,
    /// The program on `PATH`, but not as the lines that are given here run it: with arguments, or
    /// only if some files change.
    Limited,
    /// A program that the framework installs or that the configuration names otherwise.
    Other,
}

/// The configuration files of `program`, the one that it prefers first.
pub(super) fn files(program: &str, top: &Path) -> Vec<PathBuf> {
    let names: &[&str] = match program {
        PREK => &[TOML, YAML],
        _ => &[YAML],
    };
    names.iter().map(|name| top.join(name)).collect()
}

impl Framework {
    /// The configuration that `program` reads in the work tree `top`; an empty one if there is none
    /// or if it cannot be read, which the framework itself reports.
    pub(super) fn read(program: &str, top: &Path) -> Self {
        let mut files = files(program, top).into_iter();
        let Some(file) = files.find(|file| file.is_file()) else {
            return Self::default();
        };
        let text = fs::read_to_string(&file).unwrap_or_default();
        let parsed = if file.ends_with(TOML) {
            toml::from_str(&text).ok()
        } else {
            serde_saphyr::from_str(&text).ok()
        };
        parsed.unwrap_or_default()
    }

    /// Who runs `hook`, if something does.
    pub(super) fn runner(&self, hook: Hook) -> Option<Runner> {
        let entries = self
            .repos
            .iter()
            .flat_map(|repo| repo.hooks.iter().map(move |entry| (repo, entry)));
        let mut own =
            entries.filter(|(repo, entry)| entry.is_for(hook) && self.runs_at(repo, entry, hook));
        let (repo, entry) = own.next()?;
        let is_system = matches!(entry.language.as_deref(), Some("system" | "unsupported"));
        let runs = entry
            .entry
            .as_deref()
            .and_then(|line| line.strip_prefix(RUN));
        let is_plain = runs.is_some_and(|name| HOOKS.iter().any(|hook| hook.name == name));
        Some(if repo.repo != "local" || !is_system || !is_plain {
            Runner::Other
        } else if self.limits(entry) {
            Runner::Limited
        } else {
            Runner::Path
        })
    }

    /// Whether the stages of `entry` have `hook`. Without stages, it runs at all of them.
    fn runs_at(&self, repo: &Repo, entry: &Entry, hook: Hook) -> bool {
        // Elsewhere, the repository of the hook says its stages.
        let defaults = Some(&self.default_stages).filter(|_| repo.repo == "local");
        let stages = [Some(&entry.stages), defaults].into_iter().flatten();
        // Earlier versions have shorter names: `commit`, `push` and `merge-commit`.
        let is_it = |stage: &String| {
            *stage == hook.name || hook.name.strip_prefix("pre-") == Some(stage.as_str())
        };
        let mut stages = stages.filter(|stages| !stages.is_empty());
        stages.next().is_none_or(|stages| stages.iter().any(is_it))
    }

    /// Whether `entry` has arguments, or does not run for every commit.
    fn limits(&self, entry: &Entry) -> bool {
        let has = |keys: &Others, key: &str| matches!(keys.get(key), Some(Some(_)));
        let is_filter = |key: &&str| has(&self.others, key) || has(&entry.others, key);
        has(&entry.others, "args") || (!entry.always_run && FILTERS.iter().any(is_filter))
    }
}

impl Entry {
    /// Whether it runs `hook`: by its command in a local repository, or by its id.
    fn is_for(&self, hook: Hook) -> bool {
        let by_command = self.entry.as_deref().and_then(|entry| {
            let name = entry.split_once(RUN)?.1.split_whitespace().next()?;
            Hook::named(name).ok()
        });
        let id = match by_command {
            Some(named) => named.framework_id.map(plain_id),
            None => Some(plain_id(&self.id)),
        };
        id.is_some() && id == hook.framework_id.map(plain_id)
    }
}

/// An id without the part that says how the program is installed.
fn plain_id(id: &str) -> String {
    id.replacen("-system", "", 1).replacen("-src", "", 1)
}

/// The command that makes a framework write the hooks that git runs.
pub(super) fn install_command(program: &str, hooks: &[Hook]) -> String {
    let types = hooks.iter().filter(|hook| hook.framework_id.is_some());
    let types: String = types
        .map(|hook| format!(" --hook-type {}", hook.name))
        .collect();
    format!("{program} install{types}")
}

/// The lines to add to `file` for `hooks`; none if there are no hooks.
pub(super) fn lines(program: &str, file: &Path, hooks: &[Hook]) -> String {
    let mut groups = hooks
        .chunk_by(|hook, next| hook.framework_id == next.framework_id)
        .filter_map(|group| Some((group[0].framework_id?, group)))
        .peekable();
    if groups.peek().is_none() {
        return String::new();
    }
    let is_toml = file.ends_with(TOML);
    let head = if is_toml {
        "[[repos]]\nrepo = \"local\"\nhooks = [\n"
    } else {
        "repos:\n  - repo: local\n    hooks:\n"
    };
    let mut lines = head.to_owned();
    for (id, group) in groups {
        let name = group[0].name;
        let stages: Vec<_> = group.iter().map(|hook| hook.name).collect();
        let pass_filenames = group[0].input == HookInput::MessageFile;
        lines += &if is_toml {
            format!(
                "  {{ id = \"{id}\", name = \"keysieve\", entry = \"{RUN}{name}\", language = \
                 \"system\", pass_filenames = {pass_filenames}, always_run = true, stages = \
                 {stages:?} }},\n"
            )
        } else {
            format!(
                "      - id: {id}\n{INDENT}name: keysieve\n{INDENT}entry: {RUN}{name}\n\
                 {INDENT}language: system\n{INDENT}pass_filenames: {pass_filenames}\n\
                 {INDENT}always_run: true\n{INDENT}stages: [{}]\n",
                stages.join(", ")
            )
        };
    }
    if is_toml {
        lines += "]\n";
    }
    lines + &format!("# then run once: {}\n", install_command(program, hooks))
}
