//! Finds a secret in every place that can hold one, and compares the report with git.

use super::everywhere::{Everywhere, Planted};
use super::ground::{Audited, reached, text};
use super::oracle::Oracle;
use crate::support::Repo;

/// Checks what the report contains about a planted key.
#[track_caller]
pub(super) fn check(audited: &Audited, planted: &Planted) {
    let Planted {
        what,
        id,
        path,
        commit,
        exposure,
        from,
    } = planted;
    let finding = audited.finding(id);
    assert_eq!(text(&finding["path"]), path, "{what}\n{finding:#}");
    assert!(!text(&finding["path"]).contains("objects"), "{what}");
    let Some(exposure) = exposure else {
        assert!(
            finding["history"].is_null(),
            "{what} has no history\n{finding:#}"
        );
        return;
    };
    assert_eq!(
        finding["history"]["exposure"], *exposure,
        "{what}\n{finding:#}"
    );
    if let Some(commit) = commit {
        assert_eq!(
            finding["origin"]["commit"],
            commit.as_str(),
            "{what}\n{finding:#}"
        );
    }
    let names: Vec<&str> = reached(finding).into_iter().map(|(_, name)| name).collect();
    let lost: Vec<_> = from.iter().filter(|name| !names.contains(name)).collect();
    assert!(
        lost.is_empty(),
        "{what} is reached from {lost:?}\n{finding:#}"
    );
    let dangles = *exposure == "unreachable";
    assert_eq!(names.is_empty(), dangles, "{what}\n{finding:#}");
}

fn everything(repo: Repo) {
    let all = Everywhere::new(repo);
    let audited = Audited::of(&all.ground.repo, &[]);
    audited.ran.has_status(1);
    assert_eq!(audited.failures(), [""; 0]);
    for planted in &all.planted {
        check(&audited, planted);
    }
    let ids: Vec<&str> = all
        .planted
        .iter()
        .map(|planted| planted.id.as_str())
        .collect();
    for finding in audited.findings() {
        assert!(
            ids.contains(&text(&finding["secret"])),
            "this was not planted\n{finding:#}"
        );
    }
    let oracle = Oracle::new(&all.ground.repo);
    for finding in audited
        .findings()
        .iter()
        .filter(|finding| !finding["history"].is_null())
    {
        oracle.confirms(finding);
    }
}

#[test]
fn secrets_are_found_in_every_place() {
    everything(Repo::new());
}

#[test]
fn secrets_are_found_in_every_place_of_a_sha_256_repository() {
    everything(Repo::sha256());
}

#[test]
fn no_report_shows_a_key() {
    let all = Everywhere::new(Repo::new());
    for format in ["human", "json", "jsonl"] {
        let ran = all
            .ground
            .repo
            .keysieve(["audit", "--format", format])
            .status(1);
        for planted in &all.planted {
            ran.never_says(&planted.id);
        }
    }
    let human = all.ground.repo.keysieve(["audit", "--full"]).status(1);
    human.never_says(".git/objects");
    for name in [
        "stash@{0}",
        "stash@{1}",
        "refs/notes/commits",
        "refs/pull/7/head",
        "origin/main",
        "index of worktree other",
    ] {
        human.says(name);
    }
}

#[test]
fn a_key_in_several_places_is_one_finding() {
    let ground = super::ground::Sandbox::new(Repo::new());
    let repo = &ground.repo;
    let id = crate::support::keys::access_key_id(150);
    let line = super::ground::id_line(&id);
    repo.add("a.ini", &line);
    let first = ground.commit("comes");
    repo.add("a.ini", format!("# moved down\n{line}"))
        .add("deep/b.ini", &line);
    ground.commit("changes");
    repo.git(["rm", "--quiet", "-r", "a.ini", "deep"]);
    ground.commit("goes");
    repo.add("c.ini", format!("[again]\n\n{line}"));
    let last = ground.commit("comes again");
    repo.git(["rm", "--quiet", "c.ini"]);
    ground.commit("goes again");
    repo.write(".git/lfs/objects/x", &line);
    let audited = Audited::of(repo, &[]);
    let finding = audited.finding(&id);
    assert_eq!(
        (&finding["path"], &finding["line"], &finding["column"]),
        (&"a.ini".into(), &1.into(), &21.into())
    );
    assert_eq!(finding["origin"]["commit"], first.as_str());
    let history = &finding["history"];
    let (path, line) = (&history["last"]["path"], &history["last"]["line"]);
    assert_eq!(
        (&history["last"]["commit"], path, line),
        (&last.as_str().into(), &"c.ini".into(), &3.into())
    );
    assert_eq!(
        history["elsewhere"],
        serde_json::json!([".git/lfs/objects/x"])
    );
    let mut places: Vec<(Vec<&str>, u64)> = Vec::new();
    for place in history["places"].as_array().unwrap() {
        let paths = place["paths"]
            .as_array()
            .unwrap()
            .iter()
            .map(text)
            .collect();
        places.push((paths, place["line"].as_u64().unwrap()));
    }
    places.sort();
    assert_eq!(
        places,
        [
            (vec!["a.ini"], 2),
            (vec!["a.ini", "deep/b.ini"], 1),
            (vec!["c.ini"], 3)
        ]
    );
    Oracle::new(repo).confirms(finding);
}
