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
    None(&'static str),
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
                | Self::None(_)
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

const CLONE: &str = "clone it first, then run 'keysieve audit DIR'";
const REVEAL: &str = "'--reveal' shows secrets";
const BASELINE: &str = "'keysieve baseline update' does this";

/// What gitleaks, betterleaks and trufflehog mean.
pub(super) const LEAKS: &Options = &[
    ("-s", Meaning::Path),
    ("-r", Meaning::Report),
    ("-b", Meaning::SameWith("--baseline")),
    ("-l", Meaning::AlwaysWith),
    ("-i", Meaning::None(IMPORT)),
    ("-x", Meaning::None(IMPORT)),
    ("-j", Meaning::Same("--format=jsonl")),
    ("--json", Meaning::Same("--format=jsonl")),
];

/// What ggshield means.
pub(super) const GGSHIELD: &Options = &[
    ("-r", Meaning::Always),
    ("-y", Meaning::Always),
    ("-b", Meaning::None(RULES)),
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
        Meaning::None("'keysieve staged' scans what is staged"),
    ),
    ("--git-url", Meaning::None(CLONE)),
    (
        "--git-history",
        Meaning::None("'keysieve audit' scans the history, and 'keysieve scan' the files"),
    ),
    ("--clone-path", Meaning::AlwaysWith),
    ("--trust-local-git-config", Meaning::Always),
    ("--recursive", Meaning::Always),
    ("--use-gitignore", Meaning::Always),
    ("--yes", Meaning::Always),
    ("--bare", Meaning::Always),
    ("--max-depth", Meaning::None(REFS)),
    ("--max-target-megabytes", Meaning::Megabytes),
    ("--max-file-size", Meaning::Megabytes),
    ("--max-archive-depth", Meaning::AlwaysWith),
    ("--archive-max-depth", Meaning::AlwaysWith),
    ("--archive-max-size", Meaning::AlwaysWith),
    ("--archive-timeout", Meaning::AlwaysWith),
    ("--max-decode-depth", Meaning::AlwaysWith),
    ("--follow-symlinks", Meaning::None(LINKS)),
    ("--exclude-paths", Meaning::None(IMPORT)),
    ("--include-paths", Meaning::None("name the paths to scan")),
    ("--secretlintignore", Meaning::None(IMPORT)),
    ("--secretlintrc", Meaning::None(IMPORT)),
    ("--exclude", Meaning::None(ALLOW)),
    ("--exclude-files", Meaning::None(ALLOW)),
    ("--exclude-lines", Meaning::None(ALLOW)),
    ("--exclude-secrets", Meaning::None(ALLOW)),
    ("--exclude-globs", Meaning::None(ALLOW)),
    ("--ignore-path", Meaning::None(ALLOW)),
    ("--gitleaks-ignore-path", Meaning::None(IMPORT)),
    ("--string", Meaning::None("pipe it to 'keysieve scan -'")),
    // What is searched for.
    ("--enable-rule", Meaning::None(RULES)),
    ("--disable-plugin", Meaning::None(RULES)),
    ("--banlist-detector", Meaning::None(RULES)),
    (
        "--list-all-plugins",
        Meaning::None("'keysieve rules list' lists the rules"),
    ),
    (
        "--only-allowlisted",
        Meaning::None("'--show-allowed' lists what is allowed"),
    ),
    ("--include-detectors", Meaning::None(RULES)),
    ("--exclude-detectors", Meaning::None(RULES)),
    ("--force-use-all-plugins", Meaning::Always),
    ("--only-verified", Meaning::None(VALIDATION)),
    ("--only-valid", Meaning::None(VALIDATION)),
    ("--results", Meaning::None(VALIDATION)),
    ("--no-verification", Meaning::Always),
    ("--access-map", Meaning::None(VALIDATION)),
    ("--allow-verification-overlap", Meaning::Always),
    ("--filter-unverified", Meaning::Always),
    ("--no-validate", Meaning::Always),
    ("--no-verify", Meaning::Always),
    ("--confidence", Meaning::SameWith("--report")),
    ("--baseline-path", Meaning::SameWith("--baseline")),
    ("--baseline-file", Meaning::SameWith("--baseline")),
    (
        "--ignore-gitleaks-allow",
        Meaning::None("'keysieve gate --strict' ignores markers"),
    ),
    // How it is reported.
    ("--report-format", Meaning::SameWith("--format")),
    ("--report-path", Meaning::Report),
    ("--report-template", Meaning::None(TEMPLATE)),
    ("--json", Meaning::Same("--format=json")),
    ("--sarif", Meaning::Same("--format=sarif")),
    ("--redact", Meaning::Always),
    ("--no-banner", Meaning::Always),
    ("--no-update", Meaning::Always),
    ("--no-update-check", Meaning::Always),
    ("--fail", Meaning::Always),
    ("--exit-zero", Meaning::Same("--exit-code=0")),
    ("--show-secrets", Meaning::None(REVEAL)),
    ("--no-maskSecrets", Meaning::None(REVEAL)),
    ("--maskSecrets", Meaning::Always),
    ("--github-actions", Meaning::Same("--format=github")),
    (
        "--view-report",
        Meaning::None("use '--format html:FILE', and open the file"),
    ),
    ("--log-level", Meaning::AlwaysWith),
    ("--platform", Meaning::AlwaysWith),
    ("--concurrency", Meaning::SameWith("--jobs")),
    ("--timeout", Meaning::None(TIMEOUT)),
    ("--update", Meaning::None(BASELINE)),
    ("--manage-baseline", Meaning::None(BASELINE)),
    ("--ignore-known-secrets", Meaning::None(BASELINE)),
];
