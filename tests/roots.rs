//! Where objects are reached from, held against what git itself says of real repositories.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use keysieve::git::{self, RepoError, Root, RootKind, Roots};

use crate::support::Repo;

mod broken;
mod index;
mod state;

/// The roots of the repository at `path`.
#[track_caller]
fn roots_at(path: &Path) -> Roots {
    let repo = git::open(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    git::roots(&repo)
}

/// The roots of a repository in which everything can be read.
#[track_caller]
fn roots(repo: &Repo) -> Roots {
    let found = roots_at(repo.root());
    assert_eq!(found.unread, []);
    found
}

/// Lines of `name id`, sorted.
fn lines<'a>(roots: impl IntoIterator<Item = &'a Root>) -> BTreeSet<String> {
    roots
        .into_iter()
        .map(|root| format!("{} {}", root.name, root.target))
        .collect()
}

fn said(text: &str) -> BTreeSet<String> {
    text.lines().map(str::to_owned).collect()
}

/// Every root's name means to git what it means to us; what a log's line replaced and notes of a
/// rebase have no such name.
#[track_caller]
fn git_agrees(repo: &Repo, found: &Roots) {
    let unnamed: [&[u8]; 3] = [b"before ", b"rebase-merge/", b"sequencer/"];
    let is_named = |root: &&Root| !unnamed.iter().any(|start| root.name.starts_with(start));
    let named: Vec<_> = found.roots.iter().filter(is_named).collect();
    let names: Vec<_> = named.iter().map(|root| root.name.to_string()).collect();
    let ids = repo.git(
        ["rev-parse".to_owned()]
            .into_iter()
            .chain(names.iter().cloned()),
    );
    for ((root, name), id) in named.iter().zip(&names).zip(ids.lines()) {
        assert_eq!(root.target.to_string(), id, "{name}");
    }
    assert_eq!(ids.lines().count(), names.len());
}

/// Every ref that git lists is there and no other, the stash aside.
#[track_caller]
fn refs_are_those_of_git(repo: &Repo, found: &Roots) {
    let mut expected = said(&repo.git(["for-each-ref", "--format=%(refname) %(objectname)"]));
    expected.retain(|line| !line.starts_with("refs/stash "));
    let refs = found
        .roots
        .iter()
        .filter(|root| root.name.starts_with(b"refs/") && !root.name.contains(&b'@'));
    assert_eq!(lines(refs), expected);
}

/// Every object that a log of git's tells of is there.
#[track_caller]
fn logs_are_those_of_git(repo: &Repo, found: &Roots, log: &str) {
    let path = repo.path(repo.git(["rev-parse", "--git-path", &format!("logs/{log}")]));
    let text = fs::read_to_string(path).unwrap();
    let ids = text
        .lines()
        .flat_map(|line| line.split(' ').take(2))
        .filter(|id| id.bytes().any(|byte| byte != b'0'));
    let expected: BTreeSet<_> = ids.map(str::to_owned).collect();
    let of_log = |root: &&Root| root.name.starts_with(format!("{log}@{{").as_bytes());
    let found: BTreeSet<_> = found
        .roots
        .iter()
        .filter(of_log)
        .map(|root| root.target.to_string())
        .collect();
    assert_eq!(found, expected, "{log}");
}

/// One root of each kind, and more.
fn furnished(repo: Repo) -> Repo {
    repo.add("a", "1\n").commit("first");
    repo.git(["tag", "light"]);
    repo.git(["tag", "--annotate", "--message=a tag", "v1.0"]);
    repo.git(["branch", "side/deep"]);
    repo.git(["pack-refs", "--all"]);
    repo.add("a", "2\n").commit("second");
    repo.git(["notes", "add", "--message=a note"]);
    repo.git(["update-ref", "refs/remotes/origin/main", "HEAD~"]);
    repo.git([
        "symbolic-ref",
        "refs/remotes/origin/HEAD",
        "refs/remotes/origin/main",
    ]);
    repo.git(["update-ref", "refs/pull/7/head", "HEAD"]);
    for round in 0..3 {
        repo.write("a", format!("stashed {round}\n"))
            .write("untracked", format!("{round}\n"));
        repo.git(["stash", "push", "--quiet", "--include-untracked"]);
    }
    repo.git(["stash", "drop", "--quiet", "stash@{1}"]);
    repo.add("a", "3\n").commit("third");
    repo.git(["reset", "--quiet", "--hard", "HEAD~"]);
    repo
}

#[track_caller]
fn everything_is_as_git_says(repo: &Repo) {
    let found = roots(repo);
    git_agrees(repo, &found);
    refs_are_those_of_git(repo, &found);
    for log in ["HEAD", "refs/heads/main", "refs/stash"] {
        logs_are_those_of_git(repo, &found, log);
    }
    let stashes = found
        .roots
        .iter()
        .filter(|root| root.kind == RootKind::Stash);
    let stashes: Vec<_> = stashes
        .map(|root| format!("{} {}", root.shown(), root.target))
        .collect();
    assert_eq!(
        stashes.join("\n"),
        repo.git(["stash", "list", "--format=%gd %H"])
    );
    assert_eq!(stashes.len(), 2);
    let head = &found.roots[0];
    assert_eq!(
        (head.kind, &head.symbolic_target),
        (RootKind::Head, &Some("refs/heads/main".into()))
    );
    assert!(found.shallow.is_empty() && found.promisors.is_empty());
}

#[test]
fn a_furnished_repository() {
    everything_is_as_git_says(&furnished(Repo::new()));
}

#[test]
fn a_furnished_repository_of_sha256() {
    everything_is_as_git_says(&furnished(Repo::sha256()));
}

#[test]
fn kinds_are_told_apart() {
    let found = roots(&furnished(Repo::new()));
    for (shown, kind) in [
        ("main", RootKind::Branch),
        ("side/deep", RootKind::Branch),
        ("light", RootKind::Tag),
        ("v1.0", RootKind::Tag),
        ("origin/main", RootKind::Remote),
        ("origin/HEAD", RootKind::Remote),
        ("refs/notes/commits", RootKind::Note),
        ("refs/pull/7/head", RootKind::Other),
        ("stash@{1}", RootKind::Stash),
        ("main@{1}", RootKind::Reflog),
        ("ORIG_HEAD", RootKind::Operation),
    ] {
        let kinds: Vec<_> = found
            .roots
            .iter()
            .filter(|root| root.shown() == shown)
            .map(|root| root.kind)
            .collect();
        assert_eq!(kinds, [kind], "{shown}");
    }
    assert!(found.roots.is_sorted_by_key(|root| root.kind));
}

#[test]
fn linked_work_trees_have_their_own() {
    let repo = furnished(Repo::new());
    let other = repo.worktree("other");
    other.add("b", "there\n").commit("in the other work tree");
    other.git(["bisect", "start", "HEAD", "HEAD~2"]);
    let found = roots(&repo);
    git_agrees(&repo, &found);
    refs_are_those_of_git(&repo, &found);
    let prefixes = found
        .roots
        .iter()
        .filter(|root| root.kind == RootKind::WorktreeHead);
    let prefixes: Vec<_> = prefixes
        .map(|root| (root.shown().to_string(), root.target.to_string()))
        .collect();
    assert_eq!(
        prefixes,
        [(
            "HEAD of worktree other".to_owned(),
            other.git(["rev-parse", "HEAD"])
        )]
    );
    let shown: BTreeSet<_> = found
        .roots
        .iter()
        .map(|root| root.shown().to_string())
        .collect();
    for name in ["refs/bisect/bad", "BISECT_EXPECTED_REV", "HEAD@{1}"] {
        assert!(
            shown.contains(&format!("{name} of worktree other")),
            "{name} in {shown:?}"
        );
    }
    let there = roots(&other);
    assert_eq!(there.roots, found.roots, "the same, wherever one stands");
    assert_eq!(there.indexes, found.indexes);
}

#[test]
fn a_bare_repository_with_a_work_tree() {
    let repo = furnished(Repo::new());
    let bare = repo.sandbox().root().join("bare.git");
    repo.git([
        "clone".as_ref(),
        "--quiet".as_ref(),
        "--mirror".as_ref(),
        repo.root().as_os_str(),
        bare.as_os_str(),
    ]);
    let found = roots_at(&bare);
    assert_eq!((found.unread.len(), found.indexes.len()), (0, 0));
    let expected = said(&repo.git(["for-each-ref", "--format=%(refname) %(objectname)"]));
    assert!(
        lines(&found.roots).is_superset(&expected),
        "the stash of a mirror has no log"
    );
    let tree = repo.sandbox().root().join("tree");
    let bare_git = |args: &[&str]| repo.git([&["-C", bare.to_str().unwrap()], args].concat());
    bare_git(&[
        "worktree",
        "add",
        "--quiet",
        tree.to_str().unwrap(),
        "side/deep",
    ]);
    let found = roots_at(&tree);
    assert!(
        found
            .roots
            .iter()
            .any(|root| root.name == "worktrees/tree/HEAD")
    );
    assert_eq!(found.indexes[0].name, "index of worktree tree");
}

#[test]
fn a_log_with_gaps_still_tells_of_everything() {
    let repo = Repo::new();
    for number in 0..5 {
        repo.add("a", format!("{number}\n")).commit("next");
    }
    repo.git(["reflog", "delete", "HEAD@{2}"]);
    repo.git(["reflog", "delete", "HEAD@{3}"]);
    let found = roots(&repo);
    let of_head = |root: &&Root| {
        root.kind == RootKind::Reflog && root.name.ends_with(b"}") && !root.name.contains(&b'/')
    };
    let targets: BTreeSet<_> = found
        .roots
        .iter()
        .filter(of_head)
        .map(|root| root.target.to_string())
        .collect();
    let commits: BTreeSet<_> = said(&repo.git(["rev-list", "HEAD"]));
    assert_eq!(targets, commits);
    assert!(
        found
            .roots
            .iter()
            .any(|root| root.name == "before HEAD@{1}")
    );
    git_agrees(&repo, &found);
}

#[test]
fn a_repository_is_opened_wherever_one_points() {
    let repo = furnished(Repo::new());
    let other = repo.worktree("other");
    repo.write("deep/down/file", "x");
    let expected = roots(&repo).roots;
    for path in [
        repo.path("deep/down"),
        repo.path(".git"),
        other.root().to_owned(),
        repo.path(".git/worktrees/other"),
    ] {
        assert_eq!(roots_at(&path).roots, expected, "{}", path.display());
    }
    assert!(matches!(
        git::open(&repo.sandbox().home()),
        Err(RepoError::NotARepository { .. })
    ));
    fs::remove_dir_all(repo.path(".git/refs")).unwrap();
    fs::write(repo.path(".git/refs"), "no folder").unwrap();
    assert!(matches!(
        git::open(repo.root()),
        Err(RepoError::Broken { .. })
    ));
}

#[test]
fn refs_in_a_reftable_cannot_be_read() {
    let repo = Repo::new();
    repo.git(["init", "--quiet", "--ref-format=reftable", "tables"]);
    assert!(matches!(
        git::open(&repo.path("tables")),
        Err(RepoError::Reftable { .. })
    ));
}

#[test]
fn an_empty_repository_has_no_roots() {
    let found = roots(&Repo::new());
    assert_eq!((found.roots.len(), found.indexes.len()), (0, 0));
    let repo = Repo::new();
    repo.add("a", "1\n").commit("first");
    fs::remove_file(repo.path(".git/config")).unwrap();
    assert_eq!(
        roots(&repo).roots[0].name,
        "HEAD",
        "also without a configuration"
    );
}
