//! The gate reads the baseline from the base of a change, so a change cannot allow its own keys.

use super::{FILE, amend, key, known, text};

#[test]
fn the_baseline_of_the_base_applies_and_a_change_to_it_is_reported() {
    let repo = known(&[1, 2]);
    repo.stage(FILE).add("start", "x\n");
    repo.commit("the baseline");
    repo.git(["branch", "base"]);
    repo.git(["add", "--all"]);
    repo.commit("what is known");
    let ran = repo.keysieve(["gate", "base..HEAD"]).status(0);
    ran.says("2 allowed")
        .says("by the baseline")
        .never_says("alters what keysieve ignores");
    repo.add("new.ini", key(3));
    repo.keysieve(["baseline", "update"])
        .status(0)
        .says("1 added");
    repo.stage(FILE);
    repo.commit("a key, and a baseline entry for it");
    let ran = repo.keysieve(["gate", "base..HEAD"]).status(1);
    ran.says("new.ini").says(&format!("{FILE}: changed"));
    repo.keysieve(["gate", "--policy", "head", "base..HEAD"])
        .status(0)
        .says("3 allowed");
    repo.keysieve(["gate", "--no-baseline", "base..HEAD"])
        .status(1)
        .says("3 findings");
}

#[test]
fn a_change_to_a_large_baseline_is_reported() {
    let repo = known(&[1]);
    repo.write(FILE, text(&repo) + &" ".repeat(5 << 20))
        .stage(FILE)
        .stage("src/1.ini");
    repo.commit("all");
    amend(&repo, "src/1.ini", "\"owner\":\"ops\"");
    repo.stage(FILE);
    repo.commit("an owner");
    repo.keysieve(["gate", "HEAD~1..HEAD"])
        .status(0)
        .says(&format!("{FILE}: changed"));
}
