//! The options of other scanners, and what each means in ours.

/// What an option means.
#[derive(Clone, Copy, Debug)]
pub(super) enum Meaning {
    /// What it asks for is always so.
    Always,
    /// The same, for an option with a value.
    AlwaysWith,
    /// This option of ours.
    Same(&'static str),
    /// This option of ours, with the same value.
    SameWith(&'static str),
    /// A path to scan.
    Path,
    /// The size limit, in megabytes.
    Megabytes,
    /// Options for `git log`.
    Range,
    /// The commit that a range starts from.
    Since,
    /// The branch, or other revision, that a range ends with.
    Branch,
    /// Only what is staged.
    Staged,
    /// Files instead of a history.
    NoGit,
    /// Nothing in ours: what to use instead.
    None(&'static str),
}

const VALIDATION: &str = "keysieve asks no provider whether a secret is valid; '--report certain' \
                          shows only what is proven offline";
const IMPORT: &str = "'keysieve import FILE' carries such a file over to .keysieve.toml, once";
const ALLOW: &str = "write an [[allow]] entry to .keysieve.toml; 'keysieve allow' does it for a \
                     finding";
const RULES: &str = "every rule runs; set 'report' and 'block' in .keysieve.toml, or allow a rule \
                     with an [[allow]] entry";
const TEMPLATE: &str = "use '--format json' and another program, such as jq";
const LINKS: &str = "name the target of the link: what a repository links to is not scanned";
const TIMEOUT: &str = "use timeout(1)";
const REFS: &str = "use '--ref REF', or '--since DATE|COMMIT', of 'keysieve audit'";

/// The options by name. Those of one letter are read after a command of another scanner only.
pub(super) const FLAGS: &[(&str, Meaning)] = &[
    // What is scanned.
    ("--source", Meaning::Path),
    ("-s", Meaning::Path),
    ("--repo-path", Meaning::Path),
    ("--directory", Meaning::Path),
    ("--staged", Meaning::Staged),
    ("--pre-commit", Meaning::Staged),
    ("--no-git", Meaning::NoGit),
    ("--log-opts", Meaning::Range),
    ("--since-commit", Meaning::Since),
    ("--branch", Meaning::Branch),
    ("--all-files", Meaning::Same("--no-ignore")),
    ("--recursive", Meaning::Always),
    ("--yes", Meaning::Always),
    ("--bare", Meaning::Always),
    ("--max-depth", Meaning::None(REFS)),
    ("--max-target-megabytes", Meaning::Megabytes),
    ("--max-archive-depth", Meaning::AlwaysWith),
    ("--max-decode-depth", Meaning::AlwaysWith),
    ("--follow-symlinks", Meaning::None(LINKS)),
    ("--exclude-paths", Meaning::None(IMPORT)),
    ("--include-paths", Meaning::None("name the paths to scan")),
    ("--exclude", Meaning::None(ALLOW)),
    ("--exclude-files", Meaning::None(ALLOW)),
    ("--exclude-lines", Meaning::None(ALLOW)),
    ("--exclude-secrets", Meaning::None(ALLOW)),
    ("--exclude-globs", Meaning::None(ALLOW)),
    ("--ignore-path", Meaning::None(ALLOW)),
    ("--gitleaks-ignore-path", Meaning::None(IMPORT)),
    ("-i", Meaning::None(IMPORT)),
    ("--string", Meaning::None("pipe it to 'keysieve scan -'")),
    // What is searched for.
    ("--enable-rule", Meaning::None(RULES)),
    ("--disable-plugin", Meaning::None(RULES)),
    ("--include-detectors", Meaning::None(RULES)),
    ("--exclude-detectors", Meaning::None(RULES)),
    ("--force-use-all-plugins", Meaning::Always),
    ("--only-verified", Meaning::None(VALIDATION)),
    ("--only-valid", Meaning::None(VALIDATION)),
    ("--results", Meaning::None(VALIDATION)),
    ("--no-verification", Meaning::Always),
    ("--no-validate", Meaning::Always),
    ("--no-verify", Meaning::Always),
    ("--confidence", Meaning::SameWith("--report")),
    ("--baseline-path", Meaning::SameWith("--baseline")),
    ("-b", Meaning::SameWith("--baseline")),
    ("--baseline-file", Meaning::SameWith("--baseline")),
    (
        "--ignore-gitleaks-allow",
        Meaning::None("'keysieve gate --strict' ignores markers"),
    ),
    // How it is reported.
    ("--report-format", Meaning::SameWith("--format")),
    ("--report-path", Meaning::SameWith("--output")),
    ("-r", Meaning::SameWith("--output")),
    ("--report-template", Meaning::None(TEMPLATE)),
    ("--json", Meaning::Same("--format=jsonl")),
    ("--sarif", Meaning::Same("--format=sarif")),
    ("--redact", Meaning::Always),
    ("--no-banner", Meaning::Always),
    ("--no-update", Meaning::Always),
    ("--no-update-check", Meaning::Always),
    ("--fail", Meaning::Always),
    ("--exit-zero", Meaning::Same("--exit-code=0")),
    ("--show-secrets", Meaning::None("'--reveal' shows secrets")),
    ("--log-level", Meaning::AlwaysWith),
    ("-l", Meaning::AlwaysWith),
    ("--platform", Meaning::AlwaysWith),
    ("--concurrency", Meaning::SameWith("--jobs")),
    ("--timeout", Meaning::None(TIMEOUT)),
    (
        "--update",
        Meaning::None("'keysieve baseline update' does this"),
    ),
];
