//! Merges with an old commit of the base, which can bring back what the base has removed.

use crate::server::pair::Pair;
use crate::support::keys::{access_key_id, seeded_id_line};
use crate::support::{Ran, Repo};

const ZERO: &str = "0000000000000000000000000000000000000000";

/// A base that had a key, removed it, and went on.
struct Base {
    /// The commit with the key.
    old: String,
    /// A later commit, without it.
    removed: String,
    head: String,
}

fn base(repo: &Repo) -> Base {
    repo.add("readme", "hello\n").commit("first");
    let text = seeded_id_line(1);
    let old = repo.add("a.env", text).commit("a key");
    repo.git(["rm", "--quiet", "a.env"]);
    let removed = repo.add("b", "b\n").commit("removed");
    let head = repo.add("c", "c\n").commit("more");
    Base { old, removed, head }
}

/// A commit with these parents and the tree of a revision.
fn commit(repo: &Repo, parents: &[&str], tree: &str) -> String {
    let tree = format!("{tree}^{{tree}}");
    let parents = parents.iter().flat_map(|parent| ["-p", parent]);
    let words = ["commit-tree", &tree, "-m", "a commit"].into_iter();
    repo.git(words.chain(parents))
}

fn gate(repo: &Repo, base: &str, head: &str) -> Ran {
    let range = format!("{base}..{head}");
    repo.keysieve(["gate", "--strict", &range]).run()
}

/// A merge of an old commit of the base that takes its tree, directly or with commits in between.
#[test]
fn a_merge_does_not_bring_back_what_the_base_removed() {
    let repo = Repo::new();
    let Base { old, head, .. } = base(&repo);
    let empty = commit(&repo, &[&old], &old);
    repo.git(["checkout", "--quiet", &old]);
    let changed = seeded_id_line(1) + "another line\n";
    let changed = repo.add("a.env", changed).commit("changed");
    repo.git(["checkout", "--quiet", "main"]);
    for side in [&old, &empty, &changed] {
        let merge = commit(&repo, &[&head, side], side);
        gate(&repo, &head, &merge)
            .has_status(1)
            .says("a.env:1")
            .says(&merge[..12]);
        let above = commit(&repo, &[&merge], &merge);
        gate(&repo, &head, &above).has_status(1).says("a.env:1");
        let line = format!("refs/heads/x {merge} refs/heads/x {ZERO}\n");
        repo.git(["update-ref", "refs/remotes/origin/main", &head]);
        repo.config("remote.origin.url", "/nowhere");
        repo.config("remote.origin.fetch", "+refs/heads/*:refs/remotes/origin/*");
        repo.keysieve(["hook", "run", "pre-push", "origin", "/nowhere"])
            .stdin(line)
            .status(1)
            .says("a.env:1");
    }
}

/// The same in a push: as a new branch, onto the branch, and next to a branch that has the key.
#[test]
fn a_pushed_merge_does_not_bring_back_what_the_base_removed() {
    let pair = Pair::new();
    let Base { old, head, .. } = base(&pair.repo);
    pair.push(&["main"]).has_status(0);
    let pair = pair.guard(&[]);
    let merge = commit(&pair.repo, &[&head, &old], &old);
    for name in ["main", "x"] {
        let update = format!("{merge}:refs/heads/{name}");
        pair.push(&[&update]).has_status(1).says("a.env:1");
    }
}

/// A file whose name holds a key comes back.
#[test]
fn a_merge_does_not_bring_back_a_name() {
    let repo = Repo::new();
    repo.add("readme", "hello\n").commit("first");
    let name = format!("{}.txt", access_key_id(1));
    let old = repo.add(&name, "x\n").commit("a name");
    repo.git(["rm", "--quiet", &name]);
    let head = repo.commit("removed");
    let merge = commit(&repo, &[&head, &old], &old);
    gate(&repo, &head, &merge).has_status(1);
}

/// A topic that forked off while the base had the key, and merges an older base in good order.
#[test]
fn a_topic_that_merges_an_older_base_is_clean() {
    let repo = Repo::new();
    let Base { old, removed, head } = base(&repo);
    repo.git(["checkout", "--quiet", "-b", "topic", &old]);
    repo.add("d", "d\n").commit("topic");
    gate(&repo, &head, "topic").has_status(0);
    repo.git(["merge", "--quiet", "--no-edit", &removed]);
    gate(&repo, &head, "topic").has_status(0);
    repo.git(["merge", "--quiet", "--no-edit", &head]);
    gate(&repo, &head, "topic").has_status(0);
    repo.git(["checkout", "--quiet", "main"]);
    repo.git(["merge", "--quiet", "--no-edit", "--no-ff", "topic"]);
    gate(&repo, &head, "main").has_status(0);
}

/// A key that such a topic adds is reported once, on the commit that adds it.
#[test]
fn a_new_key_is_reported_once() {
    let repo = Repo::new();
    let Base { old, removed, head } = base(&repo);
    repo.git(["checkout", "--quiet", "-b", "topic", &old]);
    let added = repo.add("d.env", seeded_id_line(2)).commit("topic");
    repo.git(["merge", "--quiet", "--no-edit", &removed]);
    let range = format!("{head}..topic");
    let report = repo.keysieve(["gate", "-f", "json", &range]).status(1);
    let report = report.json();
    assert_eq!(report["findings"].as_array().map(Vec::len), Some(1));
    assert_eq!(report["findings"][0]["path"], "d.env");
    assert_eq!(report["findings"][0]["origin"]["commit"], added);
}
