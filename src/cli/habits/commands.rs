//! The commands of other scanners, and what each means in ours.

use super::flags::{GGSHIELD, LEAKS, Options};

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

impl Kind {
    /// Our command for it.
    pub(super) fn words(self, has_no_git: bool) -> Vec<&'static str> {
        match self {
            Self::Own(command) => vec![command],
            Self::History if !has_no_git => vec!["audit"],
            Self::History | Self::Files => vec!["scan", "--no-ignore"],
            Self::Changes => vec!["scan"],
            Self::Staged => vec!["staged"],
            Self::Range => vec!["gate"],
            Self::Stdin => vec!["scan", "-"],
        }
    }

    /// Whether the history of a branch can be meant.
    pub(super) fn may_be_audit(self) -> bool {
        matches!(self, Self::History | Self::Own("scan" | "audit"))
    }
}

/// What a first word means.
#[derive(Clone, Copy, Debug)]
pub(super) enum Word {
    /// A scan, and the options that have another meaning in its scanner.
    Scan(Kind, &'static Options),
    /// These words of ours; what follows stays.
    Same(&'static [&'static str]),
    /// Nothing in ours: what to use instead.
    Unsupported(&'static str),
}

const OWN: &Options = &[];
const REMOTE: &str = "keysieve reads files and repositories on this machine: clone it first, then \
                      run 'keysieve audit DIR'";
const ACCOUNT: &str = "keysieve needs no account";

/// The words. A word of several parts is one of several words, as in `secret scan repo`; the first
/// row that fits counts.
pub(super) const WORDS: &[(&str, Word)] = &[
    ("scan", Word::Scan(Kind::Own("scan"), OWN)),
    ("staged", Word::Scan(Kind::Own("staged"), OWN)),
    ("audit", Word::Scan(Kind::Own("audit"), OWN)),
    ("gate", Word::Scan(Kind::Own("gate"), OWN)),
    // gitleaks, betterleaks and trufflehog.
    ("git", Word::Scan(Kind::History, LEAKS)),
    ("detect", Word::Scan(Kind::History, LEAKS)),
    ("protect", Word::Scan(Kind::Changes, LEAKS)),
    ("dir", Word::Scan(Kind::Files, LEAKS)),
    ("directory", Word::Scan(Kind::Files, LEAKS)),
    ("file", Word::Scan(Kind::Files, LEAKS)),
    ("files", Word::Scan(Kind::Files, LEAKS)),
    ("fs", Word::Scan(Kind::Files, LEAKS)),
    ("filesystem", Word::Scan(Kind::Files, LEAKS)),
    ("stdin", Word::Scan(Kind::Stdin, LEAKS)),
    ("github", Word::Unsupported(REMOTE)),
    ("gitlab", Word::Unsupported(REMOTE)),
    ("docker", Word::Unsupported(REMOTE)),
    ("s3", Word::Unsupported(REMOTE)),
    ("gcs", Word::Unsupported(REMOTE)),
    // ggshield.
    ("secret scan repo", Word::Scan(Kind::History, GGSHIELD)),
    ("secret scan path", Word::Scan(Kind::Files, GGSHIELD)),
    ("secret scan pre-commit", Word::Scan(Kind::Staged, GGSHIELD)),
    (
        "secret scan commit-range",
        Word::Scan(Kind::Range, GGSHIELD),
    ),
    ("secret scan ci", Word::Scan(Kind::Range, GGSHIELD)),
    (
        "secret scan pre-push",
        Word::Same(&["hook", "run", "pre-push"]),
    ),
    (
        "secret scan pre-receive",
        Word::Same(&["hook", "run", "pre-receive"]),
    ),
    (
        "secret scan changes",
        Word::Unsupported("name the range: 'keysieve gate origin/main..HEAD'"),
    ),
    ("secret scan archive", Word::Scan(Kind::Files, GGSHIELD)),
    ("secret scan docker", Word::Unsupported(REMOTE)),
    ("secret scan pypi", Word::Unsupported(REMOTE)),
    (
        "secret ignore",
        Word::Unsupported("'keysieve allow' allows a finding"),
    ),
    ("auth", Word::Unsupported(ACCOUNT)),
    ("api-status", Word::Unsupported(ACCOUNT)),
    ("quota", Word::Unsupported(ACCOUNT)),
    ("install -m local", Word::Same(&["hook", "install"])),
    ("install --mode local", Word::Same(&["hook", "install"])),
    (
        "install -m global",
        Word::Same(&["hook", "install", "--global"]),
    ),
    (
        "install --mode global",
        Word::Same(&["hook", "install", "--global"]),
    ),
    // git-secrets, under our name, and ripsecrets.
    ("--scan -r", Word::Scan(Kind::Own("scan"), OWN)),
    ("--scan", Word::Scan(Kind::Own("scan"), OWN)),
    ("--scan-history", Word::Scan(Kind::Own("audit"), OWN)),
    ("--install", Word::Same(&["hook", "install"])),
    ("--install-pre-commit", Word::Same(&["hook", "install"])),
    (
        "--register-aws",
        Word::Unsupported("the rules for AWS always run; nothing needs to be registered"),
    ),
    (
        "--add",
        Word::Unsupported(
            "'git secrets' keeps its options: './install.sh --git-secrets' installs it",
        ),
    ),
    ("--list", Word::Same(&["rules", "list"])),
    // What many programs have.
    ("install", Word::Same(&["hook", "install"])),
    ("uninstall", Word::Same(&["hook", "uninstall"])),
    ("version", Word::Same(&["--version"])),
    ("completion", Word::Same(&["generate", "completions"])),
    ("completions", Word::Same(&["generate", "completions"])),
    ("man", Word::Same(&["generate", "man"])),
    ("rule", Word::Same(&["rules", "show"])),
];

/// Our commands that scan.
pub(super) fn scans() -> impl Iterator<Item = &'static str> {
    WORDS.iter().filter_map(|(word, meaning)| match meaning {
        Word::Scan(Kind::Own(own), _) if own == word => Some(*word),
        _ => None,
    })
}
