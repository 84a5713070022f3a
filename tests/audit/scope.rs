//! Tests which secrets an audit reports: scopes, exceptions and markers.

use super::ground::{Audited, Sandbox, id_line, reached};
use crate::server::pair::Pair;
use crate::support::Repo;
use crate::support::keys::access_key_id;

/// `main` with an old and a new key, a branch, a stash, what a reflog holds, and a dangling blob:
/// seeds 200 to 205.
struct Scene {
    ground: Sandbox,
    keys: [String; 6],
    old: String,
}

const ALL: [usize; 6] = [0, 1, 2, 3, 4, 5];

impl Scene {
    fn new() -> Self {
        let keys = [200, 201, 202, 203, 204, 205].map(access_key_id);
        let ground = Sandbox::new(Repo::new());
        let repo = &ground.repo;
        repo.add("old.ini", id_line(&keys[0]));
        let old = ground.commit("old");
        repo.git(["checkout", "--quiet", "-b", "topic"]);
        repo.add("topic.ini", id_line(&keys[1]));
        ground.commit("topic");
        repo.git(["checkout", "--quiet", "main"]);
        repo.add("new.ini", id_line(&keys[2]));
        ground.commit("new");
        repo.write("new.ini", id_line(&keys[3]));
        repo.git(["stash", "push", "--quiet"]);
        repo.add("reset.ini", id_line(&keys[4]));
        ground.commit("to be reset");
        repo.git(["reset", "--quiet", "--hard", "HEAD~1"]);
        repo.program("git")
            .args(["hash-object", "-w", "--stdin"])
            .stdin(id_line(&keys[5]))
            .status(0);
        Self { ground, keys, old }
    }

    /// Which of the keys an audit reports.
    #[track_caller]
    fn reports(&self, args: &[&str], expected: &[usize]) -> Audited {
        let audited = Audited::of(&self.ground.repo, args);
        audited.ran.has_status(i32::from(!expected.is_empty()));
        let found: Vec<usize> = ALL
            .into_iter()
            .filter(|&key| audited.finds(&self.keys[key]))
            .collect();
        assert_eq!(found, expected, "{args:?}");
        audited
    }
}

#[test]
fn everything_is_reported_by_default() {
    Scene::new().reports(&[], &ALL);
}

#[test]
fn reachable_reports_only_what_refs_lead_to() {
    Scene::new().reports(&["--reachable"], &[0, 1, 2]);
}

#[test]
fn ref_reports_only_what_the_ref_leads_to() {
    let scene = Scene::new();
    for name in ["topic", "refs/heads/topic"] {
        scene.reports(&["--ref", name], &[0, 1]);
    }
    scene.reports(&["--ref", "main"], &[0, 2]);
    scene.reports(&["--ref", "main", "--ref", "topic"], &[0, 1, 2]);
    scene.reports(&["--ref", "HEAD"], &[0, 2]);
    scene.reports(&["--ref", "stash@{0}"], &[0, 2, 3]);
    scene.reports(&["--ref", "main@{1}"], &[0, 2, 4]);
}

#[test]
fn a_ref_that_does_not_exist_is_an_error() {
    let scene = Scene::new();
    for name in ["nowhere", "", "refs/heads/", "top", "main~1"] {
        let ran = scene
            .ground
            .repo
            .keysieve(["audit", "--ref", name])
            .status(2);
        assert!(
            ran.stderr().contains(&format!("'{name}'")),
            "{}",
            ran.text()
        );
        assert!(ran.stdout().is_empty(), "{}", ran.text());
    }
}

/// A commit that claims to be old follows one that is not.
#[test]
fn a_time_that_a_commit_claims_does_not_take_it_out_of_the_scope() {
    let repo = Repo::new();
    repo.add("readme", "clean\n").commit("first");
    repo.add("a", id_line(&access_key_id(206)));
    let old = "1000000000 +0000";
    let mut commit = repo.program("git");
    commit = commit
        .args(["commit", "-qm", "old"])
        .env("GIT_COMMITTER_DATE", old);
    commit.env("GIT_AUTHOR_DATE", old).status(0);
    repo.keysieve(["audit", "--since", "2010-01-01"]).status(1);
}

#[test]
fn since_reports_only_what_newer_commits_added() {
    let scene = Scene::new();
    let repo = &scene.ground.repo;
    scene.reports(&["--since", &scene.old, "--reachable"], &[1, 2]);
    scene.reports(&["--since", "main", "--reachable"], &[1]);
    scene.reports(&["--since", "topic", "--reachable"], &[2]);
    scene.reports(&["--since", "main~1", "--reachable"], &[1, 2]);
    scene.reports(&["--since", "2024-01-02", "--reachable"], &[0, 1, 2]);
    scene.reports(&["--since", "2024-01-03", "--reachable"], &[]);
    for wrong in ["soon", "2024-13-01", "", "HEAD:old.ini", "main^{tree}"] {
        let ran = repo.keysieve(["audit", "--since", wrong]).status(2);
        assert!(ran.stderr().contains("--since"), "{}", ran.text());
    }
}

#[test]
fn a_key_that_came_back_after_the_day_counts() {
    let scene = Scene::new();
    let repo = &scene.ground.repo;
    repo.git(["rm", "--quiet", "old.ini"]);
    let gone = scene.ground.commit("gone");
    scene.reports(&["--since", &gone, "--ref", "main"], &[]);
    repo.add("old.ini", id_line(&scene.keys[0]));
    scene.ground.commit("back");
    scene.reports(&["--since", &gone, "--ref", "main"], &[0]);
}

/// A marker in an old version of a file counts for that version only.
#[test]
fn a_marker_counts_for_its_own_version_only() {
    let ground = Sandbox::new(Repo::new());
    let repo = &ground.repo;
    let [marked, both] = [210, 211].map(access_key_id);
    let line = |id: &str| format!("aws_access_key_id = {id} # keysieve:allow a test\n");
    repo.add("marked.ini", line(&marked))
        .add("both.ini", line(&both));
    ground.commit("marked");
    repo.git(["rm", "--quiet", "marked.ini"]);
    repo.add("both.ini", id_line(&both));
    let bare = ground.commit("one of them no more");
    let audited = Audited::of(repo, &[]);
    assert!(!audited.finds(&marked));
    let finding = audited.finding(&both);
    assert_eq!(
        finding["origin"]["commit"],
        bare.as_str(),
        "the version without a marker"
    );
    assert_eq!(finding["history"]["places"].as_array().unwrap().len(), 1);
    let allowed = audited.json["allowed"].as_array().unwrap();
    assert_eq!(allowed.len(), 1);
    assert_eq!(
        (&allowed[0]["path"], &allowed[0]["by"]["kind"]),
        (&"marked.ini".into(), &"marker".into())
    );
}

#[test]
fn an_entry_by_path_allows_a_secret_only_if_it_matches_every_path() {
    let ground = Sandbox::new(Repo::new());
    let repo = &ground.repo;
    let [inside, also_outside, elsewhere] = [212, 213, 214].map(access_key_id);
    repo.add("fixtures/a.ini", id_line(&inside))
        .add("fixtures/b.ini", id_line(&also_outside));
    repo.add("c.ini", id_line(&elsewhere));
    ground.commit("first");
    repo.git(["mv", "fixtures/b.ini", "b.ini"]);
    ground.commit("one comes out");
    repo.write(
        ".keysieve.toml",
        "[[allow]]\npath = \"fixtures/**\"\nreason = \"made up\"\n",
    );
    let audited = Audited::of(repo, &[]);
    audited.ran.has_status(1);
    assert!(!audited.finds(&inside));
    assert!(audited.finds(&also_outside) && audited.finds(&elsewhere));
    assert_eq!(
        audited.json["allowed"][0]["secret"]
            .as_str()
            .map(|text| text == inside),
        Some(false),
        "not masked"
    );
}

#[test]
fn an_entry_by_value_allows_a_secret_everywhere() {
    let scene = Scene::new();
    let repo = &scene.ground.repo;
    let audited = scene.reports(&[], &ALL);
    let entries: String = audited
        .findings()
        .iter()
        .map(|finding| {
            format!(
                "[[allow]]\nvalue = {}\nreason = \"revoked\"\n\n",
                finding["fingerprint"]
            )
        })
        .collect();
    repo.write(".keysieve.toml", entries);
    let audited = scene.reports(&[], &[]);
    assert_eq!(audited.json["allowed"].as_array().unwrap().len(), ALL.len());
    assert_eq!(audited.json["unused"].as_array().unwrap().len(), 0);
    repo.keysieve(["audit", "--no-config"]).status(1);
}

#[test]
fn a_branch_and_a_tag_with_the_same_name_are_listed_separately() {
    let scene = Scene::new();
    let repo = &scene.ground.repo;
    repo.git(["tag", "topic", &scene.old]);
    scene.reports(&["--ref", "refs/tags/topic"], &[0]);
    scene.reports(&["--ref", "refs/heads/topic"], &[0, 1]);
    let audited = scene.reports(&["--ref", "topic"], &[0, 1]);
    let names: Vec<_> = reached(audited.finding(&scene.keys[0]));
    assert!(
        names.contains(&("branch", "topic")) && names.contains(&("tag", "topic")),
        "{names:?}"
    );
}

#[test]
fn a_bare_repository_may_be_at_a_relative_path() {
    let pair = Pair::new();
    pair.repo.keysieve(["audit", "../server.git"]).status(0);
    let words = ["gate", "--repo", "../server.git", "main"];
    pair.repo.keysieve(words).status(0);
}
