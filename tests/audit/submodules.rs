//! Audits the repositories of submodules that are in the git directory of the audited one.

use std::fs;

use super::ground::{Audited, Sandbox, id_line, reached, text};
use crate::support::Repo;
use crate::support::keys::access_key_id;

/// A repository with the submodule `lib` at `vendor/lib`, which holds a key in history, on a branch
/// and in a message, and itself has the submodule `inner`.
fn ground() -> Sandbox {
    let inner = Sandbox::new(Repo::new());
    inner.repo.add("inner.ini", id_line(&access_key_id(700)));
    inner.commit("inner");
    let lib = Sandbox::new(Repo::new());
    lib.repo.add("gone.ini", id_line(&access_key_id(701)));
    lib.commit("comes");
    lib.repo.git(["rm", "--quiet", "gone.ini"]);
    lib.commit(&format!("goes\n\n{}", id_line(&access_key_id(702))));
    add(&lib, &inner, "inner", "inner");
    lib.commit("with a submodule");
    let ground = Sandbox::new(Repo::new());
    ground.repo.add("own.ini", id_line(&access_key_id(703)));
    ground.commit("own");
    add(&ground, &lib, "lib", "vendor/lib");
    ground.commit("with a submodule");
    ground.repo.git([
        "-c",
        "protocol.file.allow=always",
        "submodule",
        "update",
        "--quiet",
        "--init",
        "--recursive",
    ]);
    ground
}

fn add(to: &Sandbox, from: &Sandbox, name: &str, path: &str) {
    let url = from.repo.root().to_str().unwrap();
    to.repo.git([
        "-c",
        "protocol.file.allow=always",
        "submodule",
        "add",
        "--quiet",
        "--name",
        name,
        url,
        path,
    ]);
}

#[test]
fn secrets_in_submodules_are_reported_below_their_paths() {
    let ground = ground();
    let repo = &ground.repo;
    let module = repo.path(".git/modules/lib");
    fs::write(module.join("description"), id_line(&access_key_id(704))).unwrap();
    assert!(
        module.join("modules/inner/objects").is_dir(),
        "there is no submodule in the submodule"
    );
    for args in [&["--no-cache"][..], &[], &[]] {
        let audited = Audited::of(repo, args);
        audited.ran.has_status(1);
        assert_eq!(audited.failures(), [""; 0]);
        let path = |seed| text(&audited.finding(&access_key_id(seed))["path"]).to_owned();
        assert_eq!(path(703), "own.ini");
        assert_eq!(path(701), "vendor/lib/gone.ini");
        assert_eq!(path(704), ".git/modules/lib/description");
        assert_eq!(path(700), "vendor/lib/inner/inner.ini");
        let finding = audited.finding(&access_key_id(701));
        let git = |words: &[&str]| repo.git(["-C", "vendor/lib"].iter().chain(words));
        let commits = git(&["log", "--all", "--format=%H", "--", "gone.ini"]);
        assert_eq!(finding["origin"]["commit"].as_str(), commits.lines().last());
        assert_eq!(finding["history"]["exposure"], "published");
        let names: Vec<_> = reached(finding)
            .into_iter()
            .map(|(_, name)| name.to_owned())
            .collect();
        assert!(
            names.contains(&"submodule lib: origin/main".to_owned()),
            "{names:?}"
        );
        let message = audited.finding(&access_key_id(702));
        assert_eq!(message["origin"]["kind"], "commit-text");
        assert_eq!(message["origin"]["commit"].as_str(), commits.lines().next());
        for finding in audited.findings() {
            assert!(!text(&finding["path"]).contains("/objects/"), "{finding:#}");
        }
    }
}

#[test]
fn a_submodule_that_cannot_be_read_makes_the_audit_incomplete() {
    let ground = ground();
    let repo = &ground.repo;
    let module = repo.path(".git/modules/lib");
    let config = fs::read(module.join("config")).unwrap();
    fs::write(module.join("config"), "[core\n").unwrap();
    repo.keysieve(["audit"]).status(2).says("lib");
    fs::write(module.join("config"), config).unwrap();
    fs::remove_file(module.join("HEAD")).unwrap();
    repo.keysieve(["audit"]).status(2).says("lib");
}
