//! Translates the files of other scanners into allow entries, rules and baseline entries, for
//! `keysieve import`. An entry never allows more than the file does.

mod evidence;
mod git_secrets;
mod gitleaks;
mod glob;
mod ignore;
mod json;
mod model;
mod pattern;
mod write;
mod yaml;

pub use evidence::{Marks, talisman_checksum};
pub use model::{Entry, Evidence, Foreign, Import, Known};
pub use write::{add_entries, add_rules, name_rule_file};

/// A file format of another tool.
pub struct Format {
    /// The tool.
    pub tool: &'static str,
    /// The names of its files at the root of a repository, the preferred one first.
    pub names: &'static [&'static str],
    /// A text that a file with another name contains if it has this format.
    pub sign: &'static str,
    /// Reads a file.
    pub read: fn(&Foreign<'_>) -> Result<Import, String>,
}

const fn format(
    tool: &'static str,
    names: &'static [&'static str],
    sign: &'static str,
    read: fn(&Foreign<'_>) -> Result<Import, String>,
) -> Format {
    Format {
        tool,
        names,
        sign,
        read,
    }
}

/// The name of what is not a file: the lines of `git config --get-regexp` for git-secrets.
pub const GIT_CONFIGURATION: &str = "git config";

/// All formats, in the order in which files are carried over: rules before what names them.
pub const FORMATS: &[Format] = &[
    format("betterleaks", &[".betterleaks.toml"], "", gitleaks::read),
    format("gitleaks", &[".gitleaks.toml"], "[[rules]]", gitleaks::read),
    format("betterleaks", &[".betterleaksignore"], "", |file| {
        Ok(ignore::gitleaks(file))
    }),
    format("gitleaks", &[".gitleaksignore"], "", |file| {
        Ok(ignore::gitleaks(file))
    }),
    format(
        "gitleaks",
        // Not every report is a baseline: the user names the one that is.
        &[],
        "\"RuleID\"",
        json::gitleaks_report,
    ),
    format(
        "detect-secrets",
        &[".secrets.baseline"],
        "\"plugins_used\"",
        json::detect_secrets,
    ),
    format("ripsecrets", &[".secretsignore"], "[secrets]\n", |file| {
        Ok(ignore::ripsecrets(file))
    }),
    format("trufflehog", &[], "", |file| Ok(ignore::path_regexes(file))),
    format(
        "ggshield",
        &[".gitguardian.yaml", ".gitguardian.yml", ".gitguardian"],
        "ignored_matches:",
        yaml::ggshield,
    ),
    format(
        "talisman",
        &[".talismanrc"],
        "fileignoreconfig:",
        yaml::talisman,
    ),
    format(
        "kingfisher",
        &["baseline-file.yaml"],
        "fingerprint_algorithm: kingfisher",
        yaml::kingfisher,
    ),
    format(
        "secretlint",
        &[".secretlintrc.json", ".secretlintrc"],
        "secretlint-rule",
        json::secretlint,
    ),
    format("git-secrets", &[".gitallowed"], "", |file| {
        Ok(git_secrets::gitallowed(file))
    }),
    format("git-secrets", &[GIT_CONFIGURATION], "", |file| {
        Ok(git_secrets::configuration(file))
    }),
    format("secretlint", &[".secretlintignore"], "", |file| {
        Ok(ignore::globs(file))
    }),
];
