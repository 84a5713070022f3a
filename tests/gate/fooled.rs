//! Checks inputs that once made the gate scan nothing.

use std::io::Write as _;

use gix::ObjectId;
use gix::objs::Kind;
use serde_json::json;

use super::ci::{Server, ZERO, land};
use super::{gate, id_line, started};
use crate::support::keys::access_key_id;

/// A clone with two new branches at the same new commit.
fn two_branches_at_one_commit() -> (Server, String) {
    let server = Server::new();
    server
        .repo
        .git(["checkout", "--quiet", "-b", "one", "main"]);
    let bad = land(&server.repo, 1400);
    server.repo.git(["branch", "two"]);
    server.repo.git(["checkout", "--quiet", "main"]);
    server.clone(&[]);
    (server, bad)
}

#[test]
fn a_commit_pushed_to_two_new_branches_is_scanned_on_both() {
    let (server, bad) = two_branches_at_one_commit();
    for branch in ["one", "two"] {
        let name = format!("refs/heads/{branch}");
        let repository = json!({"default_branch": "main"});
        let event = json!({"ref": name, "before": ZERO, "after": bad, "repository": repository});
        server.gate_on("push", &event).status(1).says(&bad);
        // The variables do not name the default branch: the clone does.
        let bitbucket = [
            ("BITBUCKET_BUILD_NUMBER", "1"),
            ("BITBUCKET_BRANCH", branch),
            ("BITBUCKET_COMMIT", bad.as_str()),
        ];
        server.gate(&[], &bitbucket).status(1).says(&bad);
    }
}

#[test]
fn a_range_without_a_base_is_refused() {
    let (repo, _) = started();
    repo.add("a.ini", id_line(&access_key_id(1401)))
        .commit("a key");
    for range in ["..", "..HEAD", "...", "...HEAD"] {
        gate(&repo, &[range])
            .status(2)
            .says("is a variable not set?");
    }
}

#[test]
fn a_tag_named_like_a_branch_makes_the_range_ambiguous() {
    let (server, bad) = two_branches_at_one_commit();
    server.git(&["checkout", "--quiet", "--detach", "origin/one"]);
    server.git(&["tag", "origin/main", &bad]);
    server
        .gate(&["origin/main..HEAD"], &[])
        .status(2)
        .says("names several refs");
    server
        .gate(&["refs/remotes/origin/main..HEAD"], &[])
        .status(1)
        .says(&bad);
}

#[test]
fn an_event_without_a_commit_is_not_taken_for_a_deleted_branch() {
    let (server, _) = two_branches_at_one_commit();
    let event = json!({
        "ref": "refs/heads/one", "before": ZERO, "after": "",
        "repository": {"default_branch": "main"}
    });
    server
        .gate_on("push", &event)
        .status(2)
        .says("refs/heads/one");
}

#[test]
fn an_object_that_does_not_match_its_id_is_not_judged_clean() {
    let (repo, base) = started();
    let id = access_key_id(1402);
    repo.add("a.ini", id_line(&id)).commit("a key");
    let blob = repo.git(["rev-parse", "HEAD:a.ini"]);
    let other = repo
        .program("git")
        .args(["hash-object", "-w", "--stdin"])
        .stdin("harmless\n")
        .status(0);
    let place = |id: &str| repo.path(format!(".git/objects/{}/{}", &id[..2], &id[2..]));
    let harmless = std::fs::read(place(other.stdout().trim())).unwrap();
    std::fs::remove_file(place(&blob)).unwrap();
    std::fs::write(place(&blob), harmless).unwrap();
    gate(&repo, &[&format!("{base}..HEAD")])
        .status(2)
        .says("does not match its id");
}

#[test]
fn refs_in_reftables_are_refused() {
    let (repo, _) = started();
    std::fs::create_dir(repo.path(".git/reftable")).unwrap();
    gate(&repo, &["HEAD"]).status(2).says("reftable");
}

/// A stack of one frame for each folder would overflow.
#[test]
fn folders_nested_thirty_thousand_deep_are_read() {
    let (repo, base) = started();
    let id = access_key_id(1403);
    let tree = |mode: &str, name: &str, id: &ObjectId| {
        [format!("{mode} {name}\0").as_bytes(), id.as_bytes()].concat()
    };
    let pack = repo.path(".git/objects");
    let write = |kind: Kind, content: &[u8]| {
        let hash = gix::objs::compute_hash(gix::hash::Kind::Sha1, kind, content).unwrap();
        let hex = hash.to_string();
        let folder = pack.join(&hex[..2]);
        std::fs::create_dir_all(&folder).unwrap();
        let mut file = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::fast());
        file.write_all(format!("{kind} {}\0", content.len()).as_bytes())
            .unwrap();
        file.write_all(content).unwrap();
        std::fs::write(folder.join(&hex[2..]), file.finish().unwrap()).unwrap();
        hash
    };
    let blob = write(Kind::Blob, id_line(&id).as_bytes());
    let mut top = write(Kind::Tree, &tree("100644", "a.ini", &blob));
    for _ in 0..30_000 {
        top = write(Kind::Tree, &tree("40000", "a", &top));
    }
    let commit = format!(
        "tree {top}\nparent {base}\nauthor A <a@b> 1 +0000\ncommitter A <a@b> 1 +0000\n\ndeep\n"
    );
    let commit = write(Kind::Commit, commit.as_bytes());
    let ran = gate(&repo, &[&format!("{base}..{commit}")]).status(1);
    assert_eq!(ran.json()["findings"][0]["line"], 1);
}

/// What the second range leaves out would be left out of the first.
#[test]
fn a_second_range() {
    let (repo, _) = started();
    repo.add("a.ini", id_line(&access_key_id(1405)))
        .commit("a key");
    gate(&repo, &["HEAD~1..HEAD"]).status(1);
    gate(&repo, &["HEAD~1..HEAD", "HEAD..HEAD"])
        .status(2)
        .says("run the gate once for each range");
}
