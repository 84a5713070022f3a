//! Runs the commands of checklists as they are printed.

use std::fs;

use super::{commands, files, pair, plan, private_key, repository, shell, values};
use crate::support::Repo;
use crate::support::keys::access_key_id;

/// Where every secret of `repo` is, by how exposed it is.
fn exposed(repo: &Repo) -> Vec<String> {
    let report = repo.keysieve(["audit", "--format", "json"]).run().json();
    let findings = report["findings"].as_array().unwrap();
    let mut words: Vec<_> = findings
        .iter()
        .map(|found| found["history"]["exposure"].as_str().unwrap().to_owned())
        .collect();
    words.sort();
    words
}

#[cfg(unix)]
#[test]
fn the_commands_for_aws_name_each_key_once() {
    use crate::support::write_script;
    let repo = repository();
    let (_, dir) = plan(&repo);
    let bin = repo.sandbox().root().join("bin");
    let fake = "#!/bin/sh\necho \"$*\" >> \"$0.log\"\ncase \"$*\" in *describe-regions*) echo r1 r2;; *last-used*) echo bob;; esac\n";
    write_script(bin.join("aws"), fake);
    shell(&repo, &commands(&files(&dir)["CHECKLIST.md"], &[0, 1])).status(0);
    let log = fs::read_to_string(bin.join("aws.log")).unwrap();
    for seed in 1..=9 {
        let id = access_key_id(seed);
        for (command, times) in [
            (
                format!(
                    "iam update-access-key --user-name bob --status Inactive --access-key-id {id}\n"
                ),
                1,
            ),
            (
                format!(
                    "--region r2 --lookup-attributes AttributeKey=AccessKeyId,AttributeValue={id}\n"
                ),
                1,
            ),
            (format!("sts get-access-key-info --access-key-id {id}\n"), 1),
        ] {
            assert_eq!(log.matches(&command).count(), times, "{command}\n{log}");
        }
    }
    assert!(!log.contains("delete-access-key"), "{log}");
}

#[test]
fn what_only_this_repository_has_is_cleared() {
    let repo = repository();
    let words = ["index", "reflog", "stash"];
    // A stash on top that holds nothing itself stays, though it leads to all history.
    repo.git(["reset", "--quiet", "--hard"]);
    repo.add("harmless.txt", "x\n").git(["stash", "--quiet"]);
    // One that was taken out again leaves its content in the index and in what is left over.
    repo.add("staged.ini", pair(9)).git(["stash", "--quiet"]);
    repo.git(["stash", "pop", "--quiet", "--index"]);
    repo.add("both.ini", pair(10)).git(["stash", "--quiet"]);
    repo.git(["stash", "apply", "--quiet", "--index"]);
    repo.add("only.ini", pair(11));
    let had = exposed(&repo);
    assert!(
        words.iter().all(|word| had.iter().any(|had| had == word)),
        "{had:?}"
    );
    // And one that is only in the text of a reflog.
    repo.git(["checkout", "--quiet", "-b", "noted"]);
    let log = repo.path(".git/logs/refs/heads/noted");
    let line = fs::read_to_string(&log).unwrap().trim_end().to_owned();
    fs::write(&log, format!("{line} {}\n", access_key_id(12))).unwrap();
    let (_, dir) = plan(&repo);
    shell(&repo, &commands(&files(&dir)["CHECKLIST.md"], &[0, 3])).status(0);
    assert!(
        !fs::read_to_string(&log)
            .unwrap()
            .contains(&access_key_id(12))
    );
    let has = exposed(&repo);
    let words = [&words[..], &["unreachable"]].concat();
    assert!(
        !has.iter().any(|has| words.contains(&has.as_str())),
        "{has:?}"
    );
    let left: Vec<_> = had
        .into_iter()
        .filter(|word| !words.contains(&word.as_str()))
        .collect();
    assert_eq!(has, left, "and nothing else");
    assert_eq!(repo.git(["stash", "list"]).lines().count(), 1);
}

#[test]
fn the_plan_of_a_published_history_rewrites_and_pushes() {
    let repo = repository();
    let (_, dir) = plan(&repo);
    let page = &files(&dir)["CHECKLIST.md"];
    for words in [
        "git push --force \"$server\"",
        "--strip-blobs-with-ids",
        "--filename-callback",
        "--replace-message",
    ] {
        assert!(page.contains(words), "{page}");
    }
}

#[test]
#[ignore = "needs git-filter-repo; .ci/run installs it"]
fn a_published_history_is_rewritten_and_pushed() {
    let repo = repository();
    let (_, dir) = plan(&repo);
    let page = files(&dir).remove("CHECKLIST.md").unwrap();
    shell(&repo, &commands(&page, &[0, 3, 4, 5]))
        .status(0)
        .says("keysieve: clean;");
    let server = repo.sandbox().root().join("server.git");
    repo.git([
        "-C".as_ref(),
        server.as_os_str(),
        "gc".as_ref(),
        "--quiet".as_ref(),
        "--prune=now".as_ref(),
    ]);
    repo.keysieve(["audit"]).args([&server]).status(0);
    let shown = repo.git([
        "-C".as_ref(),
        server.as_os_str(),
        "show".as_ref(),
        "main:key.pem".as_ref(),
    ]);
    assert!(
        shown.starts_with("***REMOVED-") && shown.trim_end().ends_with("***"),
        "{shown}"
    );
    let all = repo.git([
        "-C".as_ref(),
        server.as_os_str(),
        "log".as_ref(),
        "--all".as_ref(),
        "-p".as_ref(),
    ]);
    assert!(values().iter().all(|value| !all.contains(value)), "{all}");
}

/// A repository without a remote, with secrets in a file and in a message; and its check-list.
fn local() -> (Repo, String) {
    let repo = Repo::new();
    repo.add("app.ini", pair(1))
        .add("key.pem", private_key())
        .commit("first");
    repo.git(["branch", "topic"]);
    repo.add("app.ini", "clean\n")
        .commit(&format!("second\n\n{}", pair(2)));
    let (_, dir) = plan(&repo);
    let page = files(&dir).remove("CHECKLIST.md").unwrap();
    (repo, page)
}

#[test]
fn the_plan_of_a_local_history_replaces_the_folder() {
    let (_, page) = local();
    assert!(
        page.contains("mv \"$repo\"") && !page.contains("git push"),
        "{page}"
    );
}

#[test]
#[ignore = "needs git-filter-repo; .ci/run installs it"]
fn a_local_history_is_replaced() {
    let (repo, page) = local();
    shell(&repo, &commands(&page, &[0, 3, 4, 5])).status(0);
    // The old folder was moved away from under us.
    let fresh = repo
        .program("git")
        .args(["-C"])
        .args([repo.root()])
        .args(["for-each-ref", "--format=%(refname)"]);
    assert_eq!(
        fresh.status(0).stdout(),
        "refs/heads/main\nrefs/heads/topic\n"
    );
    repo.keysieve(["audit"]).args([repo.root()]).status(0);
}
