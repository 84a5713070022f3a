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
    /// The file of the report; its name says the format, if nothing else does.
    Report,
    /// A path to scan.
    Path,
    /// The size limit, in megabytes.
    Megabytes,
    /// Options for `git log`.
    LogOptions,
    /// The commit that a range starts from.
    Since,
    /// The branch, or other revision, that a range ends with.
    Branch,
    /// Only what is staged.
    Staged,
    /// Only what is not committed: what is staged, if the options say so as well.
    PreCommit,
    /// Files instead of a history.
    NoGit,
    /// Nothing in ours: what to use instead.
    Unsupported(&'static str),
}

impl Meaning {
    /// Whether the option is followed by a value.
    pub(super) fn has_value(self) -> bool {
        !matches!(
            self,
            Self::Always
                | Self::Same(_)
                | Self::Staged
                | Self::PreCommit
                | Self::NoGit
                | Self::Unsupported(_)
        )
    }
}

/// Options by name.
pub(super) type Options = [(&'static str, Meaning)];

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

pub(super) const CLONE: &str = "clone it first, then run 'keysieve audit DIR'";
const REVEAL: &str = "'--reveal' shows secrets";
const BASELINE: &str = "'keysieve baseline update' does this";

/// What gitleaks, betterleaks and trufflehog mean.
pub(super) const LEAKS: &Options = &[
    ("-s", Meaning::Path),
    ("-r", Meaning::Report),
    ("-b", Meaning::SameWith("--baseline")),
    ("-l", Meaning::AlwaysWith),
    ("-i", Meaning::Unsupported(IMPORT)),
    ("-x", Meaning::Unsupported(IMPORT)),
    ("-j", Meaning::Same("--format=jsonl")),
    ("--json", Meaning::Same("--format=jsonl")),
];

/// What ggshield means.
pub(super) const GGSHIELD: &Options = &[
    ("-r", Meaning::Always),
    ("-y", Meaning::Always),
    ("-b", Meaning::Unsupported(RULES)),
];

/// What all of them mean.
pub(super) const FLAGS: &Options = &[
    // What is scanned.
    ("--source", Meaning::Path),
    ("--repo-path", Meaning::Path),
    ("--directory", Meaning::Path),
    ("--staged", Meaning::Staged),
    ("--pre-commit", Meaning::PreCommit),
    ("--no-git", Meaning::NoGit),
    ("--log-opts", Meaning::LogOptions),
    ("--since-commit", Meaning::Since),
    ("--branch", Meaning::Branch),
    ("--all-files", Meaning::Same("--no-ignore")),
    ("--untracked", Meaning::Always),
    ("--no-index", Meaning::Same("--no-ignore")),
    (
        "--cached",
        Meaning::Unsupported("'keysieve staged' scans what is staged"),
    ),
    ("--git-url", Meaning::Unsupported(CLONE)),
    (
        "--git-history",
        Meaning::Unsupported("'keysieve audit' scans the history, and 'keysieve scan' the files"),
    ),
    ("--clone-path", Meaning::AlwaysWith),
    ("--trust-local-git-config", Meaning::Always),
    ("--recursive", Meaning::Always),
    ("--use-gitignore", Meaning::Always),
    ("--yes", Meaning::Always),
    ("--bare", Meaning::Always),
    ("--max-depth", Meaning::Unsupported(REFS)),
    ("--max-target-megabytes", Meaning::Megabytes),
    ("--max-file-size", Meaning::Megabytes),
    ("--max-archive-depth", Meaning::AlwaysWith),
    ("--archive-max-depth", Meaning::AlwaysWith),
    ("--archive-max-size", Meaning::AlwaysWith),
    ("--archive-timeout", Meaning::AlwaysWith),
    ("--max-decode-depth", Meaning::AlwaysWith),
    ("--follow-symlinks", Meaning::Unsupported(LINKS)),
    ("--exclude-paths", Meaning::Unsupported(IMPORT)),
    (
        "--include-paths",
        Meaning::Unsupported("name the paths to scan"),
    ),
    ("--secretlintignore", Meaning::Unsupported(IMPORT)),
    ("--secretlintrc", Meaning::Unsupported(IMPORT)),
    ("--exclude", Meaning::Unsupported(ALLOW)),
    ("--exclude-files", Meaning::Unsupported(ALLOW)),
    ("--exclude-lines", Meaning::Unsupported(ALLOW)),
    ("--exclude-secrets", Meaning::Unsupported(ALLOW)),
    ("--exclude-globs", Meaning::Unsupported(ALLOW)),
    ("--ignore-path", Meaning::Unsupported(ALLOW)),
    ("--gitleaks-ignore-path", Meaning::Unsupported(IMPORT)),
    (
        "--string",
        Meaning::Unsupported("pipe it to 'keysieve scan -'"),
    ),
    // What is searched for.
    ("--enable-rule", Meaning::Unsupported(RULES)),
    ("--disable-plugin", Meaning::Unsupported(RULES)),
    ("--banlist-detector", Meaning::Unsupported(RULES)),
    (
        "--list-all-plugins",
        Meaning::Unsupported("'keysieve rules list' lists the rules"),
    ),
    (
        "--only-allowlisted",
        Meaning::Unsupported("'--show-allowed' lists what is allowed"),
    ),
    ("--include-detectors", Meaning::Unsupported(RULES)),
    ("--exclude-detectors", Meaning::Unsupported(RULES)),
    ("--force-use-all-plugins", Meaning::Always),
    ("--only-verified", Meaning::Unsupported(VALIDATION)),
    ("--only-valid", Meaning::Unsupported(VALIDATION)),
    ("--results", Meaning::Unsupported(VALIDATION)),
    ("--no-verification", Meaning::Always),
    ("--access-map", Meaning::Unsupported(VALIDATION)),
    ("--allow-verification-overlap", Meaning::Always),
    ("--filter-unverified", Meaning::Always),
    ("--no-validate", Meaning::Always),
    ("--no-verify", Meaning::Always),
    ("--confidence", Meaning::SameWith("--report")),
    ("--baseline-path", Meaning::SameWith("--baseline")),
    ("--baseline-file", Meaning::SameWith("--baseline")),
    (
        "--ignore-gitleaks-allow",
        Meaning::Unsupported("'keysieve gate --strict' ignores markers"),
    ),
    // How it is reported.
    ("--report-format", Meaning::SameWith("--format")),
    ("--report-path", Meaning::Report),
    ("--report-template", Meaning::Unsupported(TEMPLATE)),
    ("--json", Meaning::Same("--format=json")),
    ("--sarif", Meaning::Same("--format=sarif")),
    ("--redact", Meaning::Always),
    ("--no-banner", Meaning::Always),
    ("--no-update", Meaning::Always),
    ("--no-update-check", Meaning::Always),
    ("--fail", Meaning::Always),
    ("--exit-zero", Meaning::Same("--exit-code=0")),
    ("--show-secrets", Meaning::Unsupported(REVEAL)),
    ("--no-maskSecrets", Meaning::Unsupported(REVEAL)),
    ("--maskSecrets", Meaning::Always),
    ("--github-actions", Meaning::Same("--format=github")),
    (
        "--view-report",
        Meaning::Unsupported("use '--format html:FILE', and open the file"),
    ),
    ("--log-level", Meaning::AlwaysWith),
    ("--platform", Meaning::AlwaysWith),
    ("--concurrency", Meaning::SameWith("--jobs")),
    ("--timeout", Meaning::Unsupported(TIMEOUT)),
    ("--update", Meaning::Unsupported(BASELINE)),
    ("--manage-baseline", Meaning::Unsupported(BASELINE)),
    ("--ignore-known-secrets", Meaning::Unsupported(BASELINE)),
];
