//! Asks git where an object is, by listing everything that each commit and each ref holds.

use std::collections::{BTreeSet, HashSet};

use serde_json::Value;

use super::ground::{reached, text};
use crate::support::Repo;

/// A commit that refs lead to.
struct Held {
    id: String,
    /// Its own id, and the ids of everything in its tree.
    ids: HashSet<String>,
    paths: HashSet<String>,
}

/// All that refs lead to.
pub(super) struct Oracle<'r> {
    repo: &'r Repo,
    /// Parents first.
    commits: Vec<Held>,
    /// Full names of refs, except stashes.
    refs: Vec<String>,
}

/// Kinds of starting points that keep objects until they are changed.
const LASTING: [&str; 7] = [
    "head",
    "branch",
    "tag",
    "remote-tracking",
    "notes",
    "ref",
    "worktree-head",
];

impl<'r> Oracle<'r> {
    pub(super) fn new(repo: &'r Repo) -> Self {
        let commits = repo.git([
            "rev-list",
            "--reverse",
            "--date-order",
            "--exclude=refs/stash",
            "--all",
        ]);
        let held = |id: &str| {
            let ran = repo.try_git(["ls-tree", "-r", "-t", "-z", "--full-tree", id]);
            let entries: Vec<(String, String)> =
                ran.stdout().split_terminator('\0').map(entry).collect();
            let ids = entries
                .iter()
                .map(|(id, _)| id.clone())
                .chain([id.to_owned()])
                .collect();
            Held {
                id: id.to_owned(),
                ids,
                paths: entries.into_iter().map(|(_, path)| path).collect(),
            }
        };
        let refs = repo.git(["for-each-ref", "--format=%(refname)"]);
        let refs = refs
            .lines()
            .filter(|name| *name != "refs/stash")
            .map(str::to_owned)
            .collect();
        Self {
            repo,
            commits: commits.lines().map(held).collect(),
            refs,
        }
    }

    /// Compares a finding with the answer of git.
    #[track_caller]
    pub(super) fn confirms(&self, finding: &Value) {
        let history = &finding["history"];
        let places = history["places"].as_array().unwrap();
        let holds = |held: &Held| {
            places.iter().any(|place| match place["object"].as_str() {
                Some(id) => held.ids.contains(id),
                None => place["paths"]
                    .as_array()
                    .unwrap()
                    .iter()
                    .any(|path| held.paths.contains(text(path))),
            })
        };
        let reverse_index: Vec<&Held> = self.commits.iter().filter(|held| holds(held)).collect();
        let said: BTreeSet<&str> = reached(finding)
            .into_iter()
            .filter(|(kind, _)| LASTING.contains(kind))
            .map(|(_, name)| name)
            .collect();
        let is_lasting = matches!(text(&history["exposure"]), "local" | "published");
        assert_eq!(is_lasting, !said.is_empty(), "{finding:#}");
        if let (Some(first), Some(last)) = (reverse_index.first(), reverse_index.last()) {
            assert!(is_lasting, "git: {} holds it\n{finding:#}", first.id);
            assert_eq!(
                finding["origin"]["commit"],
                first.id.as_str(),
                "the first commit\n{finding:#}"
            );
            let head = self.repo.git(["rev-parse", "HEAD"]);
            let in_head = reverse_index.iter().any(|held| held.id == head);
            assert_eq!(history["in_head"], in_head, "{finding:#}");
            match in_head {
                true => assert!(history["last"].is_null(), "{finding:#}"),
                false => assert_eq!(
                    history["last"]["commit"],
                    last.id.as_str(),
                    "the last commit\n{finding:#}"
                ),
            }
        }
        if places.iter().all(|place| place["object"].is_string()) {
            let queue = |name: &&String| {
                places
                    .iter()
                    .any(|place| self.leads_to(name, text(&place["object"])))
            };
            let expected: BTreeSet<&str> = self
                .refs
                .iter()
                .filter(queue)
                .map(|name| short(name))
                .collect();
            let prefixes = |name: &&str| name.starts_with("HEAD");
            let said: BTreeSet<&str> = said.into_iter().filter(|name| !prefixes(name)).collect();
            assert_eq!(said, expected, "{finding:#}");
            for (kind, name) in reached(finding)
                .iter()
                .filter(|(kind, _)| matches!(*kind, "stash" | "reflog"))
            {
                let queue = places
                    .iter()
                    .any(|place| self.leads_to(name, text(&place["object"])));
                assert!(
                    queue || name.starts_with("before "),
                    "{kind} {name} does not lead to it\n{finding:#}"
                );
            }
        }
    }

    /// The commit of a line of a reflog, as `git reflog` lists it: `git rev-parse` is wrong if a
    /// log has a gap.
    fn logged(&self, name: &str) -> Option<String> {
        let (log, rest) = name.split_once("@{")?;
        let (number, of) = rest.split_once('}')?;
        let log = match of.strip_prefix(" of worktree ") {
            Some(worktree) => format!("worktrees/{worktree}/{log}"),
            None => log.to_owned(),
        };
        let lines = self.repo.git(["reflog", "show", "--format=%H", &log]);
        lines.lines().nth(number.parse().ok()?).map(str::to_owned)
    }

    /// Whether a name that git knows leads to an object.
    fn leads_to(&self, name: &str, object: &str) -> bool {
        if let Some(id) = self.logged(name) {
            return self.leads_to(&id, object);
        }
        // `HEAD@{1} of worktree other` is `worktrees/other/HEAD@{1}` to git.
        let name = match name.split_once(" of worktree ") {
            Some((name, worktree)) => format!("worktrees/{worktree}/{name}"),
            None => name.to_owned(),
        };
        let listed = self
            .repo
            .git(["rev-list", "--objects", "--no-object-names", &name]);
        listed.lines().any(|id| id == object) || self.repo.git(["rev-parse", &name]) == object
    }
}

/// Id and path of a line of `git ls-tree`.
fn entry(line: &str) -> (String, String) {
    let (about, path) = line.split_once('\t').unwrap();
    (
        about.rsplit(' ').next().unwrap().to_owned(),
        path.to_owned(),
    )
}

fn short(name: &str) -> &str {
    let prefixes = ["refs/heads/", "refs/tags/", "refs/remotes/"];
    prefixes
        .iter()
        .find_map(|prefix| name.strip_prefix(prefix))
        .unwrap_or(name)
}
