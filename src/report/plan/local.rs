//! The part of the check-list on what only this repository has: what git keeps beside branches and
//! tags.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use bstr::{BString, ByteSlice};

use super::{Item, Sheet};
use crate::blob::Origin;
use crate::git::RootKind;

/// What holds secrets that no branch, tag or other ref leads to.
#[derive(Default)]
struct Holds {
    /// Numbers of stashes.
    stashes: BTreeSet<u32>,
    /// Paths in indexes, by the work tree; none is the main one.
    staged: BTreeSet<(Option<BString>, BString)>,
    /// Reflogs, as git is told of them.
    logs: BTreeSet<BString>,
    /// Reflogs whose own text holds some of it.
    told: BTreeSet<BString>,
    /// Files of what is under way, below the git directory.
    operations: BTreeSet<BString>,
    /// Whether something is just left over.
    left_over: bool,
}

impl Holds {
    /// What else leads to what is rewritten goes with the repository itself, in step 5: a stash,
    /// say, leads to all history.
    fn of(items: &[Item<'_>]) -> Self {
        let mut holds = Self::default();
        for item in items {
            if item.needs_rewriting() || item.submodule().is_some() {
                continue;
            }
            let logs = item
                .beside
                .iter()
                .filter_map(|place| place.strip_prefix(b"reflog of "));
            holds.told.extend(logs.map(below));
            let Some(history) = item.history() else {
                continue;
            };
            holds.left_over |= history.reached_from.is_empty();
            for reached in &history.reached_from {
                match reached.kind {
                    // Without a log there is but one.
                    RootKind::Stash => {
                        holds.stashes.insert(number(&reached.name).unwrap_or(0));
                    }
                    RootKind::Reflog => drop(holds.logs.insert(below(&reached.name))),
                    RootKind::Operation => drop(holds.operations.insert(below(&reached.name))),
                    RootKind::Index => holds.staged.extend(staged(item, &reached.name)),
                    _ => {}
                }
            }
        }
        holds
    }

    fn is_empty(&self) -> bool {
        let Self {
            stashes,
            staged,
            logs,
            told,
            operations,
            left_over,
        } = self;
        let is_held = !(stashes.is_empty() && staged.is_empty() && operations.is_empty());
        !is_held && logs.is_empty() && told.is_empty() && !left_over
    }
}

/// What of `item` is in the index of this name, by its work tree. Where a stash has it too, say,
/// only its paths there are known: in an index it hardly has others.
fn staged(item: &Item<'_>, index: &[u8]) -> Vec<(Option<BString>, BString)> {
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

/// Appends the part to `page`.
pub(super) fn write(sheet: &Sheet<'_>, page: &mut String) {
    let holds = Holds::of(sheet.items);
    page.push_str("\n## 3. Clear what only this repository has\n\n");
    beside(sheet, page);
    submodules(sheet, page);
    if holds.is_empty() {
        page.push_str("No stash, index or reflog holds anything that nothing else leads to.\n");
        return;
    }
    page.push_str(
        "These commands cannot be undone. Look before each (`git stash show -p stash@{0}`, `git log -g`), and keep what you \
         need. Or throw this repository away once step 5 is done, and clone it anew.\n\n```sh\n",
    );
    // From the highest number down: each drop moves those above it.
    for number in holds.stashes.iter().rev() {
        let _ = writeln!(page, "git -C \"$repo\" stash drop 'stash@{{{number}}}'");
    }
    for (worktree, path) in &holds.staged {
        let path = sheet.word(path);
        let _ = match worktree {
            None => writeln!(page, "git -C \"$repo\" reset --quiet -- {path}"),
            Some(name) => writeln!(
                page,
                "# in the work tree {}: git reset --quiet -- {path}",
                sheet.name(name)
            ),
        };
    }
    for name in &holds.operations {
        let _ = writeln!(
            page,
            "# {}: finish or abort what is under way; if nothing is:",
            sheet.name(name)
        );
        let _ = writeln!(
            page,
            "rm -f \"$(git -C \"$repo\" rev-parse --path-format=absolute --git-common-dir)\"/{}",
            sheet.word(name)
        );
    }
    for log in &holds.logs {
        let _ = writeln!(
            page,
            "git -C \"$repo\" reflog expire --expire-unreachable=now {}",
            sheet.word(log)
        );
    }
    for log in &holds.told {
        let _ = match log.as_slice() {
            // To let its log expire is to drop every stash.
            b"stash" => writeln!(
                page,
                "# a stash has it in its name ('git stash list'): drop it"
            ),
            log => writeln!(
                page,
                "git -C \"$repo\" reflog expire --expire=now {}",
                sheet.word(log)
            ),
        };
    }
    page.push_str(
        "git -C \"$repo\" gc --prune=now   # takes away what nothing leads to any more\n```\n\n",
    );
    if sheet.rewrites() {
        page.push_str(
            "Stashes and reflogs go on leading to what step 4 rewrites: this repository is not clean before step 5.\n",
        );
    }
}

/// What stands in no object, so that nothing but a hand can take it away.
fn beside(sheet: &Sheet<'_>, page: &mut String) {
    for item in sheet.items {
        for place in item
            .beside
            .iter()
            .filter(|place| !place.starts_with(b"reflog of "))
        {
            let what = if place.starts_with(b"refs/") {
                "the name of a ref: rename or delete it, here and on every server"
            } else if place.starts_with(b"LFS object ") {
                "a file of Git LFS: rewriting does not reach it; delete it here and have it deleted on the server"
            } else {
                "a file of git's own: edit or delete it"
            };
            let _ = writeln!(
                page,
                "- [ ] {}: {}, {what}",
                item.title(),
                sheet.code(place)
            );
        }
    }
    if sheet.items.iter().any(|item| !item.beside.is_empty()) {
        page.push('\n');
    }
}

/// What stands in the repository of a submodule.
fn submodules(sheet: &Sheet<'_>, page: &mut String) {
    for item in sheet.items {
        if let Some(name) = item.submodule() {
            let _ = writeln!(
                page,
                "- [ ] {}: in the repository of the submodule {}, which is cleaned up by itself: make a plan for \
                 `.git/modules/{}` or, better, for where it was cloned from",
                item.title(),
                sheet.code(name),
                sheet.name(name)
            );
        }
    }
    if sheet.items.iter().any(|item| item.submodule().is_some()) {
        page.push('\n');
    }
}

/// The number of a stash.
fn number(name: &[u8]) -> Option<u32> {
    let (_, rest) = name.split_once_str("@{")?;
    rest.strip_suffix(b"}")?.to_str().ok()?.parse().ok()
}

/// A ref as `git reflog` takes it, or a file below the git directory: `main` for `before main@{3}`,
/// `worktrees/topic/HEAD` for that of another work tree.
fn below(name: impl AsRef<[u8]>) -> BString {
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
    fn reflogs_are_named_as_git_takes_them() {
        for (name, expected) in [
            ("main@{0}", "main"),
            ("before feature/a@{12}", "feature/a"),
            ("HEAD@{1} of worktree topic", "worktrees/topic/HEAD"),
            ("HEAD", "HEAD"),
        ] {
            assert_eq!(below(name), expected);
        }
        assert_eq!((number(b"stash@{3}"), number(b"stash")), (Some(3), None));
    }
}
