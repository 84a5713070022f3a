//! Files of policy, of hook managers and of other scanners that a repository brings, and what
//! reading them costs or gives away.

use std::fs;
use std::os::unix::fs::symlink;

use crate::support::keys::access_key_id;
use crate::support::{Repo, Run, write_script};

/// The most memory, in KiB.
const MEMORY: usize = 1 << 20;

/// keysieve with little memory and time.
fn limited(repo: &Repo, words: &[&str]) -> Run {
    let limited = format!("ulimit -v {MEMORY} && exec timeout 60 \"$0\" \"$@\"");
    repo.program("sh")
        .args(["-c", &limited, Run::KEYSIEVE])
        .args(words)
}

/// A change with a policy whose expressions take gigabytes, or that names thousands of files.
#[test]
fn a_gate_does_not_compile_the_policy_of_the_change() {
    let entry =
        |number| format!("[[allow]]\npattern = '(?u:\\w{{60}})x{number}'\nreason = \"r\"\n");
    let names: Vec<_> = (0..20_000).map(|number| format!("'r{number}'")).collect();
    for policy in [
        (0..500).map(entry).collect(),
        format!("rules = [{}]\n", names.join(",")),
    ] {
        let repo = Repo::new();
        for number in 0..3_000 {
            repo.write(format!("f{number}"), "");
        }
        repo.git(["add", "."]);
        let base = repo.commit("base");
        repo.add(".keysieve.toml", policy)
            .add("a.env", access_key_id(1))
            .commit("change");
        limited(&repo, &["gate", &format!("{base}..HEAD")])
            .status(1)
            .says(".keysieve.toml: added");
    }
}
