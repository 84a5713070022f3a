//! Compares the roots of real repositories with what git lists.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use keysieve::git::{self, ObjectId, RepoError, Root, RootKind, Roots};

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

/// The roots of a repository without unreadable parts.
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

fn lines_of(text: &str) -> BTreeSet<String> {
    text.lines().map(str::to_owned).collect()
}

/// `git rev-parse` resolves the name of every root to the same object. The old ids of reflog lines
/// and the files of a rebase have no such name.
#[track_caller]
fn assert_git_resolves_names(repo: &Repo, found: &Roots) {
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

/// The refs are exactly those that git lists, except the stash.
#[track_caller]
fn assert_refs_match_git(repo: &Repo, found: &Roots) {
    let mut expected = lines_of(&repo.git(["for-each-ref", "--format=%(refname) %(objectname)"]));
    expected.retain(|line| !line.starts_with("refs/stash "));
    let refs = found
        .roots
        .iter()
        .filter(|root| root.name.starts_with(b"refs/") && !root.name.contains(&b'@'));
    assert_eq!(lines(refs), expected);
}

/// The roots of a reflog are exactly the objects in its file.
#[track_caller]
fn assert_log_matches_git(repo: &Repo, found: &Roots, log: &str) {
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

/// A repository with a root of each kind.
fn repo_with_all_roots(repo: Repo) -> Repo {
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
fn assert_all_roots_match_git(repo: &Repo) {
    let found = roots(repo);
    assert_git_resolves_names(repo, &found);
    assert_refs_match_git(repo, &found);
    for log in ["HEAD", "refs/heads/main", "refs/stash"] {
        assert_log_matches_git(repo, &found, log);
    }
    let stashes = found
        .roots
        .iter()
        .filter(|root| root.kind == RootKind::Stash);
    let stashes: Vec<_> = stashes
        .map(|root| format!("{} {}", root.display_name(), root.target))
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
fn all_roots_match_git() {
    assert_all_roots_match_git(&repo_with_all_roots(Repo::new()));
}

#[test]
fn all_roots_of_a_sha256_repository_match_git() {
    assert_all_roots_match_git(&repo_with_all_roots(Repo::sha256()));
}

#[test]
fn each_root_has_its_kind() {
    let found = roots(&repo_with_all_roots(Repo::new()));
    for (name, kind) in [
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
            .filter(|root| root.display_name() == name)
            .map(|root| root.kind)
            .collect();
        assert_eq!(kinds, [kind], "{name}");
    }
    assert!(found.roots.is_sorted_by_key(|root| root.kind));
}

#[test]
fn linked_work_trees_have_roots_of_their_own() {
    let repo = repo_with_all_roots(Repo::new());
    let other = repo.worktree("other");
    other.add("b", "there\n").commit("in the other work tree");
    other.git(["bisect", "start", "HEAD", "HEAD~2"]);
    let found = roots(&repo);
    assert_git_resolves_names(&repo, &found);
    assert_refs_match_git(&repo, &found);
    let prefixes = found
        .roots
        .iter()
        .filter(|root| root.kind == RootKind::WorktreeHead);
    let prefixes: Vec<_> = prefixes
        .map(|root| (root.display_name().to_string(), root.target.to_string()))
        .collect();
    assert_eq!(
        prefixes,
        [(
            "HEAD of worktree other".to_owned(),
            other.git(["rev-parse", "HEAD"])
        )]
    );
    let names: BTreeSet<_> = found
        .roots
        .iter()
        .map(|root| root.display_name().to_string())
        .collect();
    for name in ["refs/bisect/bad", "BISECT_EXPECTED_REV", "HEAD@{1}"] {
        assert!(
            names.contains(&format!("{name} of worktree other")),
            "{name} in {names:?}"
        );
    }
    let from_other = roots(&other);
    assert_eq!(
        from_other.roots, found.roots,
        "the work tree does not matter"
    );
    assert_eq!(from_other.indexes, found.indexes);
}

#[test]
fn a_bare_repository_with_a_linked_work_tree() {
    let repo = repo_with_all_roots(Repo::new());
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
    let expected = lines_of(&repo.git(["for-each-ref", "--format=%(refname) %(objectname)"]));
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
fn a_reflog_with_deleted_lines_still_has_every_commit() {
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
    let commits: BTreeSet<_> = lines_of(&repo.git(["rev-list", "HEAD"]));
    assert_eq!(targets, commits);
    assert!(
        found
            .roots
            .iter()
            .any(|root| root.name == "before HEAD@{1}")
    );
    assert_git_resolves_names(&repo, &found);
}

#[test]
fn a_repository_is_opened_from_any_of_its_directories() {
    let repo = repo_with_all_roots(Repo::new());
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
    fs::write(repo.path(".git/refs"), "not a directory").unwrap();
    assert!(matches!(
        git::open(repo.root()),
        Err(RepoError::Broken { .. })
    ));
}

#[test]
fn refs_in_reftables_are_those_that_git_lists() {
    for format in ["sha1", "sha256"] {
        use RootKind::{Branch, Head, Operation, Stash, Tag, WorktreeHead};
        let repo = Repo::tables(format);
        repo.add("a", "1\n").commit("first");
        repo.git(["tag", "--annotate", "v1", "-m", "a tag"]);
        repo.git(["symbolic-ref", "refs/heads/alias", "refs/heads/main"]);
        let id = repo.git(["rev-parse", "HEAD"]);
        let created = (0..300).map(|number| format!("create refs/heads/folder/{number} {id}\n"));
        repo.program("git")
            .args(["update-ref", "--stdin"])
            .stdin(created.collect::<String>())
            .status(0);
        repo.git(["pack-refs", "--all"]);
        repo.git(["branch", "--delete", "--force", "folder/7"]);
        repo.add("a", "2\n").git(["stash", "push", "--quiet"]);
        repo.commit("second");
        repo.git(["reset", "--quiet", "--hard", "HEAD~"]);
        let topic = repo.worktree("topic");
        topic.commit("third");
        topic.git(["update-ref", "refs/bisect/bad", "HEAD"]);
        for tree in [&repo, &topic] {
            let found = roots(tree);
            assert_git_resolves_names(&repo, &found);
            let listed = |kinds: &[RootKind]| {
                lines(found.roots.iter().filter(|root| kinds.contains(&root.kind)))
            };

            let refs = ["for-each-ref", "--format=%(refname) %(objectname)"];
            let places = ["refs/heads", "refs/tags"];
            let expected = lines_of(&repo.git(refs.iter().chain(&places)));
            assert_eq!(listed(&[Branch, Tag]), expected);
            assert_eq!(expected.len(), 303);
            assert_eq!(listed(&[Head, WorktreeHead]).len(), 2);
            assert!(
                listed(&[Operation])
                    .iter()
                    .any(|line| line.contains("refs/bisect/bad"))
            );
            assert!(
                listed(&[Operation])
                    .iter()
                    .any(|line| line.starts_with("ORIG_HEAD"))
            );
            assert_eq!(listed(&[Stash]).len(), 1);
            let targets: BTreeSet<_> = found.roots.iter().map(|root| root.target).collect();
            let logs = repo.git(["reflog", "--all", "--format=%H"]);
            let logs: BTreeSet<_> = logs.lines().collect();
            assert_eq!(logs.len(), 4);
            for id in logs {
                assert!(
                    targets.contains(&ObjectId::from_hex(id.as_bytes()).unwrap()),
                    "{id}"
                );
            }
        }
    }
}

#[test]
fn a_broken_reftable_is_refused() {
    let repo = Repo::tables("sha1");
    repo.commit("first");
    let list = repo.path(".git/reftable/tables.list");
    let name = fs::read_to_string(&list).unwrap();
    let table = repo.path(".git/reftable").join(name.trim());
    let bytes = fs::read(&table).unwrap();
    let refused = || {
        let refused = git::open(repo.root()).err();
        assert!(
            matches!(refused, Some(RepoError::Refs { .. })),
            "{refused:?}"
        );
    };
    for at in 0..bytes.len() {
        let mut changed = bytes.clone();
        changed[at] ^= 0x55;
        fs::write(&table, &changed[..]).unwrap();
        // Either it is noticed, or the table has another valid content; it never panics.
        let _ = git::open(repo.root());
        fs::write(&table, &bytes[..at]).unwrap();
        refused();
    }
    fs::write(&table, &bytes).unwrap();
    git::open(repo.root()).unwrap();
    fs::write(&list, format!("../reftable/{name}")).unwrap();
    refused();
    fs::write(&list, format!("{name}missing.ref\n")).unwrap();
    refused();
    fs::remove_file(&list).unwrap();
    refused();
    repo.program("mkfifo").args([&list]).status(0);
    refused();
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
