//! Baselines of two branches can be merged by git.

use super::{FILE, key, known, lines, text};
use crate::support::Repo;

/// A commit on a new branch that adds keys and their entries.
fn branch(repo: &Repo, name: &str, seeds: std::ops::Range<u64>) {
    repo.git(["switch", "--quiet", "--create", name, "main"]);
    for seed in seeds {
        let path = format!("{name}/{seed}.ini");
        repo.write(&path, key(seed)).stage(&path);
    }
    repo.keysieve(["baseline", "update"]).status(0);
    repo.stage(FILE).commit(name);
}

/// A repository with 40 baseline entries, and two branches that add more.
fn branched(left: std::ops::Range<u64>, right: std::ops::Range<u64>) -> Repo {
    let repo = known(&(1..=40).collect::<Vec<_>>());
    repo.git(["add", "."]);
    repo.commit("known");
    branch(&repo, "left", left);
    branch(&repo, "right", right);
    repo
}

/// Whether the two branches add lines at different places. The salt is random, so the order of
/// lines is too, and lines that meet are a conflict, which another test covers.
fn additions_do_not_meet(repo: &Repo) -> bool {
    let of = |branch: &str| {
        let whole = repo.git(["show", &format!("{branch}:{FILE}")]);
        whole.lines().map(str::to_owned).collect::<Vec<_>>()
    };
    let (base, left, right) = (of("main"), of("left"), of("right"));
    let gaps = |side: &[String]| -> Vec<usize> {
        let new = side.iter().filter(|line| !base.contains(line));
        new.map(|line| {
            base.iter()
                .filter(|old| old.starts_with("{\"p") && *old < line)
                .count()
        })
        .collect()
    };
    let right = gaps(&right);
    gaps(&left).iter().all(|gap| !right.contains(gap))
}

#[test]
fn additions_of_two_branches_merge_cleanly() {
    let repo = (0..20)
        .map(|_| branched(100..102, 200..202))
        .find(additions_do_not_meet)
        .expect("lines that do not meet");
    repo.git(["merge", "--quiet", "--no-edit", "left"]);
    assert_eq!(lines(&repo).len(), 44);
    repo.keysieve(["scan"]).status(0).says("44 allowed");
    repo.keysieve(["baseline", "check"]).status(0);
    let before = text(&repo);
    repo.keysieve(["baseline", "update"]).status(0);
    assert_eq!(
        text(&repo),
        before,
        "an update changes nothing in the merged file"
    );
}

#[test]
fn additions_and_removals_merge() {
    let repo = known(&[1, 2, 3, 4, 5, 6, 7, 8]);
    repo.git(["add", "."]);
    repo.commit("known");
    let gone: Vec<_> = [1, 8]
        .map(|index: usize| lines(&repo)[index - 1].clone())
        .into();
    let seed = |line: &str| {
        line.split("src/")
            .nth(1)
            .unwrap()
            .split('"')
            .next()
            .unwrap()
            .to_owned()
    };
    // One branch removes the first entry, the other one the last, so the changes do not meet.
    for (name, line) in ["left", "right"].into_iter().zip(&gone) {
        repo.git(["switch", "--quiet", "--create", name, "main"]);
        repo.git(["rm", "--quiet", &format!("src/{}", seed(line))]);
        repo.keysieve(["baseline", "update"])
            .status(0)
            .says("1 gone");
        repo.stage(FILE).commit(name);
    }
    repo.git(["merge", "--quiet", "--no-edit", "left"]);
    assert_eq!(lines(&repo).len(), 6);
    repo.keysieve(["scan"]).status(0).says("6 allowed");
    repo.keysieve(["baseline", "check"]).status(0);
}

/// Both branches add the whole list, so all lines meet.
fn meeting(attributes: bool) -> Repo {
    let repo = known(&[]);
    if attributes {
        repo.write(".gitattributes", format!("{FILE} merge=union\n"));
    }
    repo.git(["add", "."]);
    repo.commit("an empty one");
    branch(&repo, "left", 100..105);
    branch(&repo, "right", 200..205);
    repo
}

#[test]
fn a_conflict_is_reported_and_resolved_by_keeping_both_sides() {
    let repo = meeting(false);
    repo.try_git(["merge", "--quiet", "--no-edit", "left"])
        .has_status(1);
    let ran = repo.keysieve(["scan"]).status(2);
    ran.says(&format!("{FILE}:5: unresolved merge conflict"))
        .never_says("<<<<");
    let kept = text(&repo);
    let kept = kept.lines().filter(|line| {
        !["<<<<<<<", "=======", ">>>>>>>"]
            .iter()
            .any(|mark| line.starts_with(mark))
    });
    repo.write(
        FILE,
        kept.map(|line| format!("{line}\n")).collect::<String>(),
    );
    repo.keysieve(["scan"]).status(0).says("10 allowed");
    repo.keysieve(["baseline", "update"])
        .status(0)
        .says("10 entries: 0 added, 0 gone");
    assert!(lines(&repo).is_sorted());
}

#[test]
fn a_union_merge_never_conflicts() {
    let repo = meeting(true);
    repo.git(["merge", "--quiet", "--no-edit", "left"]);
    repo.keysieve(["scan"]).status(0).says("10 allowed");
    serde_json::from_str::<serde_json::Value>(&text(&repo)).expect("valid JSON");
}
