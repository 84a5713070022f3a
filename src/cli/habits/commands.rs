//! The commands of other scanners, and what each means in ours.

/// What a command scans.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// One of our commands that scan.
    Own(&'static str),
    /// A history.
    History,
    /// Files.
    Files,
    /// Changes that are not committed.
    Changes,
    /// What is staged.
    Staged,
    /// A range of commits.
    Range,
    /// Standard input.
    Stdin,
}

/// What a first word means.
#[derive(Clone, Copy, Debug)]
pub(super) enum Word {
    /// A scan.
    Scan(Kind),
    /// These words of ours; what follows stays.
    Words(&'static [&'static str]),
    /// Nothing in ours: what to use instead.
    None(&'static str),
}

const REMOTE: &str = "keysieve reads files and repositories on this machine: clone it first, then \
                      run 'keysieve audit DIR'";

/// The words. A word of several parts is one of several words, as in `secret scan repo`.
pub(super) const WORDS: &[(&str, Word)] = &[
    ("scan", Word::Scan(Kind::Own("scan"))),
    ("staged", Word::Scan(Kind::Own("staged"))),
    ("audit", Word::Scan(Kind::Own("audit"))),
    ("gate", Word::Scan(Kind::Own("gate"))),
    // gitleaks, betterleaks and trufflehog.
    ("git", Word::Scan(Kind::History)),
    ("detect", Word::Scan(Kind::History)),
    ("protect", Word::Scan(Kind::Changes)),
    ("dir", Word::Scan(Kind::Files)),
    ("directory", Word::Scan(Kind::Files)),
    ("file", Word::Scan(Kind::Files)),
    ("files", Word::Scan(Kind::Files)),
    ("fs", Word::Scan(Kind::Files)),
    ("filesystem", Word::Scan(Kind::Files)),
    ("stdin", Word::Scan(Kind::Stdin)),
    ("github", Word::None(REMOTE)),
    ("gitlab", Word::None(REMOTE)),
    ("docker", Word::None(REMOTE)),
    ("s3", Word::None(REMOTE)),
    ("gcs", Word::None(REMOTE)),
    // ggshield.
    ("secret scan repo", Word::Scan(Kind::History)),
    ("secret scan path", Word::Scan(Kind::Files)),
    ("secret scan pre-commit", Word::Scan(Kind::Staged)),
    ("secret scan commit-range", Word::Scan(Kind::Range)),
    ("secret scan ci", Word::Words(&["gate"])),
    ("secret scan docker", Word::None(REMOTE)),
    (
        "secret ignore",
        Word::None("'keysieve allow' allows a finding"),
    ),
    // git-secrets, under our name.
    ("--scan -r", Word::Scan(Kind::Own("scan"))),
    ("--scan", Word::Scan(Kind::Own("scan"))),
    ("--scan-history", Word::Scan(Kind::Own("audit"))),
    ("--install", Word::Words(&["hook", "install"])),
    (
        "--register-aws",
        Word::None("the rules for AWS always run; nothing needs to be registered"),
    ),
    (
        "--add",
        Word::None("'git secrets' keeps its options: './install.sh --git-secrets' installs it"),
    ),
    ("--list", Word::Words(&["rules", "list"])),
    // What many programs have.
    ("install", Word::Words(&["hook", "install"])),
    ("uninstall", Word::Words(&["hook", "uninstall"])),
    ("version", Word::Words(&["--version"])),
    ("completion", Word::Words(&["generate", "completions"])),
    ("completions", Word::Words(&["generate", "completions"])),
    ("man", Word::Words(&["generate", "man"])),
    ("rule", Word::Words(&["rules", "show"])),
];

/// Whether a command of ours scans.
pub(super) fn scans(command: &str) -> bool {
    WORDS.iter().any(|(word, _)| *word == command)
}
