//! Helpers for the tests of the audit: commits one hour apart, and parsed JSON reports.

use std::cell::Cell;

use serde_json::Value;

use crate::support::{Ran, Repo, Run};

/// A line with an access key id; the id begins at column 21.
pub(super) fn id_line(id: &str) -> String {
    format!("aws_access_key_id = {id}\n")
}

/// An empty repository with the same object format as `repo`.
pub(super) fn like(repo: &Repo) -> Repo {
    match repo.git(["rev-parse", "--show-object-format"]).as_str() {
        "sha256" => Repo::sha256(),
        _ => Repo::new(),
    }
}

/// A repository in which every commit is one hour later, so that history has one order.
pub(super) struct Sandbox {
    pub(super) repo: Repo,
    hours: Cell<u64>,
}

impl Sandbox {
    pub(super) fn new(repo: Repo) -> Self {
        Self {
            repo,
            hours: Cell::new(0),
        }
    }

    /// Git in the work tree, an hour later.
    pub(super) fn later(&self, args: &[&str]) -> Run {
        self.later_in(&self.repo, args)
    }

    /// Git in another work tree, an hour later.
    pub(super) fn later_in(&self, repo: &Repo, args: &[&str]) -> Run {
        self.hours.set(self.hours.get() + 1);
        // 2024-01-02, the day of the sandbox.
        let now = format!("{} +0000", 1_704_153_600 + 3600 * self.hours.get());
        repo.program("git")
            .args(args)
            .env("GIT_AUTHOR_DATE", &now)
            .env("GIT_COMMITTER_DATE", &now)
    }

    /// Commits what is staged, an hour later, and returns the commit's id.
    #[track_caller]
    pub(super) fn commit(&self, message: &str) -> String {
        self.later(&[
            "commit",
            "--quiet",
            "--no-verify",
            "--allow-empty",
            "--message",
            message,
        ])
        .status(0);
        self.head()
    }

    /// A commit that no ref leads to: `content` at `path` on top of `HEAD`.
    #[track_caller]
    pub(super) fn loose_commit(&self, path: &str, content: &str) -> String {
        let index = self.repo.sandbox().root().join("other.index");
        let git = |args: &[&str], stdin: &str| {
            let run = self.later(args).env("GIT_INDEX_FILE", &index).stdin(stdin);
            run.status(0).stdout().trim().to_owned()
        };
        git(&["read-tree", "HEAD"], "");
        let blob = git(&["hash-object", "-w", "--stdin"], content);
        git(
            &[
                "update-index",
                "--add",
                "--cacheinfo",
                &format!("100644,{blob},{path}"),
            ],
            "",
        );
        let tree = git(&["write-tree"], "");
        git(&["commit-tree", "-p", "HEAD", "-m", path, &tree], "")
    }

    #[track_caller]
    pub(super) fn head(&self) -> String {
        self.repo.git(["rev-parse", "HEAD"])
    }
}

/// The report of an audit, unmasked.
pub(super) struct Audited {
    pub(super) ran: Ran,
    pub(super) json: Value,
}

impl Audited {
    /// Audits `repo`.
    #[track_caller]
    pub(super) fn of(repo: &Repo, args: &[&str]) -> Self {
        let ran = repo
            .keysieve(["audit", "--format", "json", "--reveal"])
            .args(args)
            .run();
        let json = ran.json();
        Self { ran, json }
    }

    pub(super) fn findings(&self) -> &[Value] {
        self.json["findings"].as_array().unwrap()
    }

    /// The one finding of a secret.
    #[track_caller]
    pub(super) fn finding(&self, secret: &str) -> &Value {
        let found: Vec<_> = self
            .findings()
            .iter()
            .filter(|finding| finding["secret"] == secret)
            .collect();
        match found[..] {
            [one] => one,
            _ => self
                .ran
                .fail(&format!("{secret} is reported {} times", found.len())),
        }
    }

    pub(super) fn finds(&self, secret: &str) -> bool {
        self.findings()
            .iter()
            .any(|finding| finding["secret"] == secret)
    }

    /// The skips that make the audit incomplete.
    pub(super) fn failures(&self) -> Vec<String> {
        let skips = self.json["skipped"].as_array().unwrap().iter();
        let failures = skips.filter(|skip| skip["failure"] == true);
        failures
            .map(|skip| format!("{}: {}", text(&skip["path"]), text(&skip["reason"])))
            .collect()
    }
}

pub(super) fn text(value: &Value) -> &str {
    value
        .as_str()
        .unwrap_or_else(|| panic!("{value} is no text"))
}

/// `(kind, name)` of everything that leads to a finding.
pub(super) fn reached(finding: &Value) -> Vec<(&str, &str)> {
    let reached = finding["history"]["reached_from"].as_array().unwrap();
    reached
        .iter()
        .map(|from| (text(&from["kind"]), text(&from["name"])))
        .collect()
}
