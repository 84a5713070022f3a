//! Collects what only the audited repository holds: stashes, indexes, reflogs, unfinished
//! operations and files of git, and the commands that remove secrets from them.

use std::collections::BTreeSet;

use bstr::{BStr, BString, ByteSlice};

use super::{Plan, PlanItem};
use crate::blob::Origin;
use crate::git::RootKind;

/// Step 3 of the checklist. It leaves out what else leads to commits that step 4 rewrites (a
/// stash leads to all history): that disappears with the repository itself, in step 5.
pub(super) struct LocalCleanup {
    /// Secrets outside the object store, each to be removed by hand.
    pub(super) outside_objects: Vec<String>,
    /// Secrets in repositories of submodules.
    pub(super) submodules: Vec<String>,
    /// Shell commands and comments, in order.
    pub(super) commands: Vec<String>,
}

/// What holds secrets that no branch, tag or other ref leads to.
#[derive(Default)]
struct LocalHolders {
    /// Numbers of stashes.
    stashes: BTreeSet<u32>,
    /// Paths in indexes, with the linked work tree if it is not the main one.
    staged: BTreeSet<(Option<BString>, BString)>,
    /// Reflogs with entries that lead to secrets, by the name that git expects.
    reflogs: BTreeSet<BString>,
    /// Reflogs whose messages contain secrets.
    reflog_messages: BTreeSet<BString>,
    /// Files of unfinished operations, relative to the git directory.
    operations: BTreeSet<BString>,
    /// Whether there are unreachable objects.
    has_unreachable: bool,
}

impl LocalCleanup {
    pub(super) fn new(plan: &Plan<'_>) -> Self {
        let holders = LocalHolders::of(plan.items);
        let submodules = plan.items.iter().filter_map(|item| {
            let name = item.submodule()?;
            Some(format!(
                "{}: in the repository of the submodule {}, which needs its own clean-up: write a \
                 plan for `.git/modules/{}` or, better, for the repository it was cloned from",
                item.title(),
                plan.code(name),
                plan.name(name)
            ))
        });
        Self {
            outside_objects: outside_objects(plan),
            submodules: submodules.collect(),
            commands: holders.commands(plan),
        }
    }
}

impl LocalHolders {
    fn of(items: &[PlanItem<'_>]) -> Self {
        let mut holders = Self::default();
        for item in items.iter().filter(|item| item.is_only_local()) {
            let logs = item
                .outside_objects
                .iter()
                .filter_map(|place| reflog_of(place));
            holders.reflog_messages.extend(logs);
            let Some(history) = item.history() else {
                continue;
            };
            holders.has_unreachable |= history.reached_from.is_empty();
            for root in &history.reached_from {
                holders.add(item, root.kind, root.name.as_bstr());
            }
        }
        holders
    }

    fn add(&mut self, item: &PlanItem<'_>, kind: RootKind, name: &BStr) {
        match kind {
            RootKind::Stash => {
                // Without a reflog there is only one stash.
                self.stashes.insert(stash_number(name).unwrap_or(0));
            }
            RootKind::Reflog => {
                self.reflogs.insert(reflog_ref(name));
            }
            RootKind::Operation => {
                self.operations.insert(reflog_ref(name));
            }
            RootKind::Index => self.staged.extend(staged_paths(item, name)),
            _ => {}
        }
    }

    fn commands(&self, plan: &Plan<'_>) -> Vec<String> {
        let mut commands = Vec::new();
        // From the highest number down: dropping a stash renumbers those above it.
        for number in self.stashes.iter().rev() {
            commands.push(format!("git -C \"$repo\" stash drop 'stash@{{{number}}}'"));
        }
        for (worktree, path) in &self.staged {
            let path = plan.word(path);
            commands.push(match worktree {
                None => format!("git -C \"$repo\" reset --quiet -- {path}"),
                Some(name) => {
                    format!(
                        "# in the work tree {}: git reset --quiet -- {path}",
                        plan.name(name)
                    )
                }
            });
        }
        for name in &self.operations {
            let (shown, word) = (plan.name(name), plan.word(name));
            commands.push(format!(
                "# {shown}: finish or abort the operation; if none is running:"
            ));
            commands.push(format!(
                "rm -f \"$(git -C \"$repo\" rev-parse --path-format=absolute --git-common-dir)\"\
                 /{word}"
            ));
        }
        for log in &self.reflogs {
            commands.push(expire("expire-unreachable", &plan.word(log)));
        }
        for log in &self.reflog_messages {
            commands.push(match log.as_slice() {
                // Expiring this log would drop every stash.
                b"stash" => "# the message of a stash has it ('git stash list'): drop that".into(),
                log => expire("expire", &plan.word(log)),
            });
        }
        if commands.is_empty() && self.has_unreachable {
            commands.push("# unreachable objects only:".to_owned());
        }
        commands
    }
}

fn expire(option: &str, log: &str) -> String {
    format!("git -C \"$repo\" reflog expire --{option}=now {log}")
}

/// The paths of `item` in this index, with its work tree. If a stash has the secret too, all its
/// paths are taken, which hardly ever are more than those in the index.
fn staged_paths(item: &PlanItem<'_>, index: &[u8]) -> Vec<(Option<BString>, BString)> {
    let worktree = index.strip_prefix(b"index of worktree ").map(BString::from);
    let paths: Vec<&BString> = match &item.finding.origin {
        Origin::Staged { path, .. } => vec![path],
        _ => item
            .places()
            .iter()
            .flat_map(|place| &place.paths)
            .collect(),
    };
    paths
        .into_iter()
        .map(|path| (worktree.clone(), path.clone()))
        .collect()
}

fn outside_objects(plan: &Plan<'_>) -> Vec<String> {
    let mut lines = Vec::new();
    for item in plan.items {
        let places = item.outside_objects.iter();
        for place in places.filter(|place| reflog_of(place).is_none()) {
            let what = if place.starts_with(b"refs/") {
                "the name of a ref: rename or delete it, here and on every server"
            } else if place.starts_with(b"LFS object ") {
                "a file of Git LFS, which rewriting does not change: \
                 delete it here and on the server"
            } else {
                "a file of git: edit or delete it"
            };
            lines.push(format!("{}: {}, {what}", item.title(), plan.code(place)));
        }
    }
    lines
}

/// The ref of a reflog whose messages contain a secret.
fn reflog_of(place: &[u8]) -> Option<BString> {
    place.strip_prefix(b"reflog of ").map(reflog_ref)
}

/// The number of a stash.
fn stash_number(name: &[u8]) -> Option<u32> {
    let (_, rest) = name.split_once_str("@{")?;
    rest.strip_suffix(b"}")?.to_str().ok()?.parse().ok()
}

/// A ref as `git reflog` expects it, or a file relative to the git directory: `main` for
/// `before main@{3}`, `worktrees/topic/HEAD` for the one of another work tree.
fn reflog_ref(name: impl AsRef<[u8]>) -> BString {
    let name = name.as_ref();
    let name = name.strip_prefix(b"before ").unwrap_or(name);
    let (name, worktree) = match name.rsplit_once_str(" of worktree ") {
        Some((name, worktree)) => (name, Some(worktree)),
        None => (name, None),
    };
    let name = name.rsplit_once_str("@{").map_or(name, |(name, _)| name);
    match worktree {
        Some(worktree) => [b"worktrees/", worktree, b"/", name].concat().into(),
        None => name.into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reflogs_are_named_as_git_expects_them() {
        for (name, expected) in [
            ("main@{0}", "main"),
            ("before feature/a@{12}", "feature/a"),
            ("HEAD@{1} of worktree topic", "worktrees/topic/HEAD"),
            ("HEAD", "HEAD"),
        ] {
            assert_eq!(reflog_ref(name), expected);
        }
        assert_eq!(
            (stash_number(b"stash@{3}"), stash_number(b"stash")),
            (Some(3), None)
        );
    }
}
